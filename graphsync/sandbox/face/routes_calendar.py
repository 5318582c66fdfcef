"""Routes of calendars: events, calendar views, delta, free and busy times, mailbox settings.

Sources: https://learn.microsoft.com/graph/api/resources/calendar and the pages named by the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from graphsync.sandbox.face.bodies import flag_of, object_of, parameters_of, text_of, zoned_time
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Route, collection, page
from graphsync.sandbox.face.odata import (
    Lookup,
    Query,
    expanded_exceptions,
    expanded_properties,
    invalid_query,
    matches,
)
from graphsync.sandbox.face.wire import (
    CALENDAR_NAMES,
    CANCELLED_OCCURRENCES,
    EVENT_NAMES,
    EXCEPTION_OCCURRENCES,
    MASTER_NAMES,
    Json,
    calendar_json,
    cancelled_occurrences,
    event_json,
    mailbox_settings_json,
    skeleton_json,
)
from graphsync.sandbox.outlook.delta import DeltaPage
from graphsync.sandbox.outlook.events import Answer as EventAnswer
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.mailboxes import UserCalendar
from graphsync.sandbox.outlook.series import exceptions, occurrences
from graphsync.sandbox.refusals import GraphRefusal, close_to, invalid_request, item_not_found, not_served
from graphsync.sandbox.tenant.directory import User
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
    context = f"{METADATA}{_root(call)}/events/$entity"
    return Answer(status=status, body={"@odata.context": context, **_shown(call, event, None, ())})


def _root(call: Call) -> str:
    calendar_id = call.keys.get("calendar")
    return f"users('{call.user.id}')" + (f"/calendars('{calendar_id}')" if calendar_id else "")


def group_id(world: World, user: User) -> str:
    """Return the id of the one group of calendars a mailbox has."""
    return world.draws.item_id("calendar-group", user.id)


def check_group(world: World, call: Call) -> None:
    """Refuse a path below a group of calendars that is not in this mailbox."""
    if call.keys.get("group", group_id(world, call.user)) != group_id(world, call.user):
        raise item_not_found()


def calendar_of(world: World, call: Call) -> UserCalendar:
    """Return the calendar the path is about: the one it names, or the default one."""
    check_group(world, call)
    named = call.keys.get("calendar")
    return world.calendar_folders.default(call.user) if named is None else world.calendar_folders.find(call.user, named)


def _event(world: World, call: Call) -> Event:
    """Return the event of the path; below a named calendar it must be in it."""
    held_id = calendar_of(world, call).held_id if "calendar" in call.keys else None
    return world.calendars.find(call.user, call.keys["event"], held_id)


def calendar_answer(call: Call, calendar: UserCalendar, status: int, select: tuple[str, ...] | None = None) -> Answer:
    """Return the answer that is one calendar."""
    collection_name = "calendar" if call.request.path.lower().rstrip("/").endswith("/calendar") else "calendars"
    context = f"{METADATA}users('{call.user.id}')/{collection_name}/$entity"
    return Answer(status=status, body={"@odata.context": context, **calendar_json(call.user, calendar, select)})


def get_calendar(world: World, call: Call) -> Answer:
    """GET a calendar, the default one if none is named: https://learn.microsoft.com/graph/api/calendar-get."""
    select = call.query.select(CALENDAR_NAMES)
    call.query.finish()
    return calendar_answer(call, calendar_of(world, call), 200, select)


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
    held_id = calendar_of(world, call).held_id
    return _entity(call, world.calendars.create(call.user, call.json(), actor=call.actor, calendar_id=held_id), 201)


def get_event(world: World, call: Call) -> Answer:
    """GET an event or an occurrence: https://learn.microsoft.com/graph/api/event-get."""
    select = call.query.select(MASTER_NAMES)
    wants_exceptions, inner, rest = expanded_exceptions(call.query.take("$expand"))
    expand = expanded_properties(rest)
    of_exceptions = None if inner is None else Query({"$select": inner}).select(EVENT_NAMES)
    call.query.finish()
    event = _event(world, call)
    chosen = "" if select is None else f"({','.join(select)})"
    context = f"{METADATA}{_root(call)}/events{chosen}/$entity"
    body = {"@odata.context": context, **_shown(call, event, select, expand)}
    if select is not None and event.type == "seriesMaster":
        if CANCELLED_OCCURRENCES in select:
            body[CANCELLED_OCCURRENCES] = cancelled_occurrences(event)
        # Both $select and $expand are needed: https://learn.microsoft.com/graph/api/resources/event
        if EXCEPTION_OCCURRENCES in select and wants_exceptions:
            body[EXCEPTION_OCCURRENCES] = [_shown(call, item, of_exceptions, ()) for item in exceptions(event)]
    return Answer(status=200, body=body)


def list_instances(world: World, call: Call) -> Answer:
    """GET the occurrences and exceptions of a series: https://learn.microsoft.com/graph/api/event-list-instances."""
    start, end = _window(call)
    event = _event(world, call)
    if event.type != "seriesMaster":
        # Which code Graph gives for another event is not documented.
        raise invalid_request("Your request can't be completed. The event is not the master of a series.")
    return _list(world, call, list(occurrences(event, start, end)), "instances")


def instances_delta(world: World, call: Call) -> Answer:
    """GET instances/delta, which the SDK has and no page describes."""
    raise not_served("instances/delta; calendarView/delta is.")


def events_delta(world: World, call: Call) -> Answer:
    """GET events/delta, which the pages have for beta alone: https://learn.microsoft.com/graph/api/event-delta."""
    raise not_served("events/delta, which is documented for beta alone; calendarView/delta is.")


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
    return _list(world, call, world.events(call.user, calendar_of(world, call).held_id), "events")


def list_calendar_view(world: World, call: Call) -> Answer:
    """GET what is in a span of time, series expanded: https://learn.microsoft.com/graph/api/user-list-calendarview."""
    start, end = _window(call)
    held_id = calendar_of(world, call).held_id
    return _list(world, call, world.calendar_view(call.user, start, end, held_id), "calendarView")


def _list(world: World, call: Call, found: list[Event], name: str) -> Answer:
    _refuse_search(call)
    select = call.query.select(MASTER_NAMES)
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
    answer = collection(call, f"{_root(call)}/{name}", items, next_link)
    call.query.finish()
    return answer


def _refuse_search(call: Call) -> None:
    if call.query.take("$search") is not None:
        raise not_served("$search; $filter is.")


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
    held_id = calendar_of(world, call).held_id
    if token is None:
        start, end = _window(call)
        found = world.delta.begin(call.user, start, end, size, held_id)
    else:
        call.query.take("startDateTime")
        call.query.take("endDateTime")
        kind: Literal["skip", "delta"] = "skip" if skip is not None else "delta"
        found = world.delta.resume(call.user, token, kind, size, held_id)
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
    event_id = _event(world, call).id
    event = world.calendars.patch(call.user, event_id, call.json(), actor=call.actor, if_match=if_match)
    return _entity(call, event, 200)


def delete_event(world: World, call: Call) -> Answer:
    """DELETE an event: https://learn.microsoft.com/graph/api/event-delete."""
    call.query.finish()
    world.calendars.delete(
        call.user, _event(world, call).id, actor=call.actor, if_match=call.request.headers.get("if-match")
    )
    return Answer(status=204)


def cancel_event(world: World, call: Call) -> Answer:
    """POST cancel: https://learn.microsoft.com/graph/api/event-cancel."""
    call.query.finish()
    found = parameters_of(call.json(), ("comment",), "cancel")
    comment = text_of(found.get("comment") or "", "comment")
    world.calendars.cancel(call.user, _event(world, call).id, comment, actor=call.actor)
    return Answer(status=202)


def _respond(world: World, call: Call, answer: EventAnswer, action: str) -> Answer:
    call.query.finish()
    known = ("comment", "sendResponse", "proposedNewTime")
    found = parameters_of(call.json(), known[: 2 if action == "accept" else 3], action)
    send = found.get("sendResponse")
    world.invitations.respond(
        call.user,
        _event(world, call).id,
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


_NAMED = ("/calendars/{calendar}", "/calendarGroups/{group}/calendars/{calendar}")


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
        for middle in ("", "/calendar", *_NAMED)
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


def _calendars(method: str, tail: str, operation: str, handler: Any) -> list[Route]:
    places = ("calendar", *(middle.lstrip("/") for middle in _NAMED))
    return [_mailbox(method, f"{place}{tail}", operation, READ_BASIC + READ, handler) for place in places]


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
    *_calendars("GET", "", "getCalendar", get_calendar),
    *_events("POST", "", "createEvent", WRITE, create_event),
    *_events("GET", "", "listEvents", READ_BASIC + READ, list_events),
    *_events("GET", "/{event}", "getEvent", READ_BASIC + READ, get_event),
    *_events("GET", "/{event}/instances", "listInstances", READ_BASIC + READ, list_instances),
    *_events("GET", "/{event}/instances/delta", "instancesDelta", READ_BASIC + READ, instances_delta),
    *_events("GET", "/delta", "eventsDelta", READ_BASIC + READ, events_delta),
    *_events("PATCH", "/{event}", "updateEvent", WRITE, update_event),
    *_events("DELETE", "/{event}", "deleteEvent", WRITE, delete_event),
    *_events("POST", "/{event}/cancel", "cancelEvent", WRITE, cancel_event),
    *_events("POST", "/{event}/accept", "acceptEvent", WRITE, accept_event),
    *_events("POST", "/{event}/decline", "declineEvent", WRITE, decline_event),
    *_events("POST", "/{event}/tentativelyAccept", "tentativelyAcceptEvent", WRITE, tentatively_accept_event),
    _mailbox("POST", "calendar/getSchedule", "getSchedule", READ_BASIC + READ, get_schedule),
    _mailbox("GET", "calendarView", "listCalendarView", READ_BASIC + READ, list_calendar_view),
    *_calendars("GET", "/calendarView", "listCalendarView", list_calendar_view),
    _mailbox("GET", "calendarView/delta", "calendarViewDelta", READ_BASIC + READ, calendar_view_delta),
    *_calendars("GET", "/calendarView/delta", "calendarViewDelta", calendar_view_delta),
    _mailbox("POST", "findMeetingTimes", "findMeetingTimes", (), find_meeting_times),
]
