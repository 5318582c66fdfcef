"""Routes of calendars: events, calendar views, delta, free and busy times, mailbox settings.

Sources: https://learn.microsoft.com/graph/api/resources/calendar and the pages named by the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from graphsync.sandbox.bodies import flag_of, object_of, parameters_of, text_of, zoned_time
from graphsync.sandbox.calls import METADATA, Answer, Call, Route, collection, page
from graphsync.sandbox.delta import DeltaPage
from graphsync.sandbox.events import Answer as EventAnswer
from graphsync.sandbox.events import Event
from graphsync.sandbox.odata import Lookup, expanded_properties, invalid_query, matches
from graphsync.sandbox.refusals import GraphRefusal, close_to
from graphsync.sandbox.wire import (
    CALENDAR_NAMES,
    EVENT_NAMES,
    Json,
    calendar_json,
    event_json,
    mailbox_settings_json,
    skeleton_json,
)
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import wall_time

READ_BASIC = ("Calendars.ReadBasic",)
READ = ("Calendars.Read", "Calendars.ReadWrite")
WRITE = ("Calendars.ReadWrite",)
DEFAULT_PAGE, LARGEST_PAGE = 10, 1000

FILTERABLE = (
    "iCalUId",
    "subject",
    "start/dateTime",
    "end/dateTime",
    "isCancelled",
    "isOrganizer",
    "type",
    "showAs",
    "seriesMasterId",
    "createdDateTime",
    "lastModifiedDateTime",
    "singleValueExtendedProperties",
)
ORDERABLE = ("start/dateTime", "end/dateTime", "subject", "createdDateTime", "lastModifiedDateTime")


def _shown(call: Call, event: Event, select: tuple[str, ...] | None, expand: tuple[str, ...]) -> Json:
    basic = call.covered_only_by(READ_BASIC, READ)
    return event_json(event, call.view, select, expand, basic=basic)


def _entity(call: Call, event: Event, status: int) -> Answer:
    context = f"{METADATA}users('{call.user.id}')/events/$entity"
    return Answer(status=status, body={"@odata.context": context, **_shown(call, event, None, ())})


def get_calendar(world: World, call: Call) -> Answer:
    """GET the default calendar: https://learn.microsoft.com/graph/api/calendar-get."""
    select = call.query.select(CALENDAR_NAMES)
    call.query.finish()
    shown = calendar_json(call.user, world.draws.item_id("calendar", call.user.id))
    if select is not None:
        shown = {name: shown[name] for name in ("id", *select)}
    context = f"{METADATA}users('{call.user.id}')/calendar/$entity"
    return Answer(status=200, body={"@odata.context": context, **shown})


def get_mailbox_settings(world: World, call: Call) -> Answer:
    """GET mailboxSettings: https://learn.microsoft.com/graph/api/user-get-mailboxsettings."""
    shown = mailbox_settings_json(call.user, world.clock.now())
    select = call.query.select(shown)
    call.query.finish()
    context = f"{METADATA}users('{call.user.id}')/mailboxSettings"
    part = call.keys.get("setting")
    if part is None:
        chosen = shown if select is None else {name: shown[name] for name in select}
        return Answer(status=200, body={"@odata.context": context, **chosen})
    name = next((known for known in shown if known.lower() == part.lower()), None)
    if name is None:
        raise GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{part}'{close_to(part, shown)}.")
    value = shown[name]
    content = value if isinstance(value, dict) else {"value": value}
    return Answer(status=200, body={"@odata.context": f"{context}/{name}", **content})


def create_event(world: World, call: Call) -> Answer:
    """POST an event; 201 also for one that was made before with the same `transactionId`."""
    call.query.finish()
    return _entity(call, world.calendars.create(call.user, call.json(), actor=call.actor), 201)


def get_event(world: World, call: Call) -> Answer:
    """GET an event or an occurrence: https://learn.microsoft.com/graph/api/event-get."""
    select = call.query.select(EVENT_NAMES)
    expand = expanded_properties(call.query.take("$expand"))
    call.query.finish()
    event = world.calendars.find(call.user, call.keys["event"])
    chosen = "" if select is None else f"({','.join(select)})"
    context = f"{METADATA}users('{call.user.id}')/events{chosen}/$entity"
    return Answer(status=200, body={"@odata.context": context, **_shown(call, event, select, expand)})


def _lookup(event: Event) -> Lookup:
    def lookup(path: tuple[str, ...]) -> Any:
        match "/".join(path):
            case "iCalUId":
                return event.ical_uid
            case "start/dateTime":
                return wall_time(event.start, "UTC")
            case "end/dateTime":
                return wall_time(event.end, "UTC")
            case "createdDateTime":
                return event.created_at
            case "lastModifiedDateTime":
                return event.modified_at
            case "isCancelled":
                return event.is_cancelled
            case "isOrganizer":
                return event.is_organizer
            case "showAs":
                return event.show_as
            case "seriesMasterId":
                return event.series_master_id
            case "singleValueExtendedProperties":
                return [{"id": name, "value": value} for name, value in event.extended_properties.items()]
            case name:
                return getattr(event, name)

    return lookup


def list_events(world: World, call: Call) -> Answer:
    """GET single instances and series masters: https://learn.microsoft.com/graph/api/user-list-events."""
    return _list(world, call, world.events(call.user), "events")


def list_calendar_view(world: World, call: Call) -> Answer:
    """GET what is in a span of time, series expanded: https://learn.microsoft.com/graph/api/user-list-calendarview."""
    start, end = _window(call)
    return _list(world, call, world.calendar_view(call.user, start, end), "calendarView")


def _list(world: World, call: Call, found: list[Event], name: str) -> Answer:
    select = call.query.select(EVENT_NAMES)
    expand = expanded_properties(call.query.take("$expand"))
    wanted = call.query.filter(FILTERABLE)
    order = call.query.order(ORDERABLE)
    size = call.query.number("$top", call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    if wanted is not None:
        found = [event for event in found if matches(wanted, _lookup(event))]
    for key, descending in reversed(order):
        found.sort(key=lambda event: _lookup(event)(tuple(key.split("/"))), reverse=descending)
    part, next_link = page(call, found, size)
    items = [_shown(call, event, select, expand) for event in part]
    answer = collection(call, f"users('{call.user.id}')/{name}", items, next_link)
    call.query.finish()
    return answer


def _window(call: Call) -> tuple[datetime, datetime]:
    return _instant(call, "startDateTime"), _instant(call, "endDateTime")


def _instant(call: Call, name: str) -> datetime:
    text = call.query.take(name)
    if text is None:
        raise GraphRefusal(400, "ErrorInvalidParameter", f"This request requires the query parameter '{name}'.")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise GraphRefusal(400, "ErrorInvalidParameter", f"'{text}' of '{name}' is not ISO 8601.") from error
    # Without an offset the value is UTC, whatever the Prefer header says.
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def calendar_view_delta(world: World, call: Call) -> Answer:
    """GET a page of a delta round; see delta.py."""
    skip, delta = call.query.take("$skiptoken"), call.query.take("$deltatoken")
    for name in ("$select", "$expand", "$filter", "$orderby", "$search", "$top"):
        if call.query.take(name) is not None:
            raise invalid_query(
                f"The following parameters are not supported with change tracking over the 'Events' resource: '{name}'."
            )
    size = call.prefer.page_size or DEFAULT_PAGE
    token = skip or delta
    if token is None:
        start, end = _window(call)
        found = world.delta.begin(call.user, start, end, size)
    else:
        call.query.take("startDateTime")
        call.query.take("endDateTime")
        kind: Literal["skip", "delta"] = "skip" if skip is not None else "delta"
        found = world.delta.resume(call.user, token, kind, size)
    call.query.finish()
    return _delta_answer(call, found)


def _delta_answer(call: Call, found: DeltaPage) -> Answer:
    items: list[Json] = []
    for item in found.items:
        if isinstance(item, str):
            items.append({"@odata.type": "#microsoft.graph.event", "id": item, "@removed": {"reason": "deleted"}})
        elif item.type == "occurrence":
            items.append(skeleton_json(item, call.view))
        else:
            items.append({"@odata.type": "#microsoft.graph.event", **_shown(call, item, None, ())})
    name, option = ("@odata.nextLink", "$skiptoken") if found.kind == "skip" else ("@odata.deltaLink", "$deltatoken")
    link = call.url(call.request.path, {option: found.token})
    body = {"@odata.context": METADATA + "Collection(event)", name: link, "value": items}
    return Answer(status=200, body=body, headers={"Preference-Applied": "odata.track-changes"})


def update_event(world: World, call: Call) -> Answer:
    """PATCH an event: https://learn.microsoft.com/graph/api/event-update."""
    call.query.finish()
    if_match = call.request.headers.get("if-match")
    event = world.calendars.patch(call.user, call.keys["event"], call.json(), actor=call.actor, if_match=if_match)
    return _entity(call, event, 200)


def delete_event(world: World, call: Call) -> Answer:
    """DELETE an event: https://learn.microsoft.com/graph/api/event-delete."""
    call.query.finish()
    world.calendars.delete(
        call.user, call.keys["event"], actor=call.actor, if_match=call.request.headers.get("if-match")
    )
    return Answer(status=204)


def cancel_event(world: World, call: Call) -> Answer:
    """POST cancel: https://learn.microsoft.com/graph/api/event-cancel."""
    call.query.finish()
    found = parameters_of(call.json(), ("comment",), "cancel")
    comment = text_of(found.get("comment") or "", "comment")
    world.calendars.cancel(call.user, call.keys["event"], comment, actor=call.actor)
    return Answer(status=202)


def _respond(world: World, call: Call, answer: EventAnswer, action: str) -> Answer:
    call.query.finish()
    known = ("comment", "sendResponse", "proposedNewTime")
    found = parameters_of(call.json(), known[: 2 if action == "accept" else 3], action)
    send = found.get("sendResponse")
    world.invitations.respond(
        call.user,
        call.keys["event"],
        answer,
        actor=call.actor,
        comment=text_of(found.get("comment") or "", "comment"),
        send_response=True if send is None else flag_of(send, "sendResponse"),
        proposed=_proposed(found),
    )
    return Answer(status=202)


def _proposed(found: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    if found.get("proposedNewTime") is None:
        return None
    slot = parameters_of(object_of(found["proposedNewTime"], "proposedNewTime"), ("start", "end"), "timeSlot")
    return zoned_time(slot.get("start"), "start")[0], zoned_time(slot.get("end"), "end")[0]


def accept_event(world: World, call: Call) -> Answer:
    """POST accept: https://learn.microsoft.com/graph/api/event-accept."""
    return _respond(world, call, "accepted", "accept")


def decline_event(world: World, call: Call) -> Answer:
    """POST decline: https://learn.microsoft.com/graph/api/event-decline."""
    return _respond(world, call, "declined", "decline")


def tentatively_accept_event(world: World, call: Call) -> Answer:
    """POST tentativelyAccept: https://learn.microsoft.com/graph/api/event-tentativelyaccept."""
    return _respond(world, call, "tentativelyAccepted", "tentativelyAccept")


def get_schedule(world: World, call: Call) -> Answer:
    """POST getSchedule; see schedules.py."""
    call.query.finish()
    found = world.schedules.read(call.json(), zone=call.prefer.zone, application=call.application)
    body = {"@odata.context": METADATA + "Collection(microsoft.graph.scheduleInformation)", "value": found}
    return Answer(status=200, body=body)


def find_meeting_times(world: World, call: Call) -> Answer:
    """POST findMeetingTimes has no application permission: https://learn.microsoft.com/graph/api/user-findmeetingtimes."""
    raise GraphRefusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _events(method: str, tail: str, operation: str, permissions: tuple[str, ...], handler: Any) -> list[Route]:
    return [
        Route(
            method=method,
            pattern=f"users/{{user}}{middle}/events{tail}",
            operation=operation,
            permissions=permissions,
            subject="mailbox",
            handler=handler,
        )
        for middle in ("", "/calendar")
    ]


def _mailbox(method: str, tail: str, operation: str, permissions: tuple[str, ...], handler: Any) -> Route:
    return Route(
        method=method,
        pattern=f"users/{{user}}/{tail}",
        operation=operation,
        permissions=permissions,
        subject="mailbox",
        handler=handler,
    )


ROUTES: list[Route] = [
    _mailbox(
        "GET",
        "mailboxSettings",
        "getMailboxSettings",
        ("MailboxSettings.Read", "MailboxSettings.ReadWrite"),
        get_mailbox_settings,
    ),
    _mailbox(
        "GET",
        "mailboxSettings/{setting}",
        "getMailboxSettings",
        ("MailboxSettings.Read", "MailboxSettings.ReadWrite"),
        get_mailbox_settings,
    ),
    _mailbox("GET", "calendar", "getCalendar", READ_BASIC + READ, get_calendar),
    *_events("POST", "", "createEvent", WRITE, create_event),
    *_events("GET", "", "listEvents", READ_BASIC + READ, list_events),
    *_events("GET", "/{event}", "getEvent", READ_BASIC + READ, get_event),
    *_events("PATCH", "/{event}", "updateEvent", WRITE, update_event),
    *_events("DELETE", "/{event}", "deleteEvent", WRITE, delete_event),
    *_events("POST", "/{event}/cancel", "cancelEvent", WRITE, cancel_event),
    *_events("POST", "/{event}/accept", "acceptEvent", WRITE, accept_event),
    *_events("POST", "/{event}/decline", "declineEvent", WRITE, decline_event),
    *_events("POST", "/{event}/tentativelyAccept", "tentativelyAcceptEvent", WRITE, tentatively_accept_event),
    _mailbox("POST", "calendar/getSchedule", "getSchedule", READ_BASIC + READ, get_schedule),
    _mailbox("GET", "calendarView", "listCalendarView", READ_BASIC + READ, list_calendar_view),
    _mailbox("GET", "calendar/calendarView", "listCalendarView", READ_BASIC + READ, list_calendar_view),
    _mailbox("GET", "calendarView/delta", "calendarViewDelta", READ_BASIC + READ, calendar_view_delta),
    _mailbox("GET", "calendar/calendarView/delta", "calendarViewDelta", READ_BASIC + READ, calendar_view_delta),
    _mailbox("POST", "findMeetingTimes", "findMeetingTimes", (), find_meeting_times),
]
