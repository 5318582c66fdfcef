"""Calendar events by id, by tag, by iCalUId and by window; creating and changing them.

Sources: https://learn.microsoft.com/graph/api/event-get, https://learn.microsoft.com/graph/api/user-list-calendarview,
https://learn.microsoft.com/graph/api/user-post-events, https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from typing import Final

from graphsync.calendar.events import CalendarEvent
from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports import EventChange, EventDraft
from graphsync.errors import GraphConflict, GraphNotFound, GraphRejected
from graphsync.graph import sdk, wire
from graphsync.graph.decoding import PROPERTY_ID, event_of, readable_event, tag_of
from graphsync.graph.event_bodies import changed_event, drafted_event
from graphsync.graph.retrying import Repeat
from graphsync.graph.times import utc_text
from graphsync.graph.transport import Transport, query, quoted

SELECT: Final = [
    "id",
    "iCalUId",
    "changeKey",
    "start",
    "end",
    "isAllDay",
    "isCancelled",
    "isOrganizer",
    "organizer",
    "attendees",
    "showAs",
    "type",
    "seriesMasterId",
    "isOnlineMeeting",
    "onlineMeeting",
    "responseStatus",
]
"""All that is asked of events: no subject, no body, no place."""

ROOM_SELECT: Final = ["attendees", "location"]
"""What is read of a session of ours in person, to put another room in the place of one that turned it down."""

EXPAND: Final = [f"singleValueExtendedProperties($filter=id eq {quoted(PROPERTY_ID)})"]

PAGE_SIZE: Final = 100
"""Up to 1,000 are allowed; the default is 10."""

_FEW: Final = 10


async def get_event(transport: Transport, user: str, event_id: str) -> CalendarEvent:
    """Return the copy of an event in this mailbox."""
    builder = transport.graph.users.by_user_id(user).events.by_event_id(event_id)
    parameters = sdk.EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=SELECT, expand=EXPAND)
    info = builder.to_get_request_information(query(parameters))
    return _readable("get_event", await transport.read("get_event", info, wire.Event, mailbox=user))


async def find_event_by_ical_uid(transport: Transport, user: str, ical_uid: str) -> CalendarEvent | None:
    """Return this mailbox's copy of the meeting with that iCalUId, None where it has none.

    A cancelled copy is returned only where there is no other.
    """
    return await _find(transport, "find_event_by_ical_uid", user, f"iCalUId eq {quoted(ical_uid)}")


async def find_event_by_tag(transport: Transport, user: str, tag: str) -> CalendarEvent | None:
    """Return the event that carries exactly this tag, None where there is none.

    Graph compares without regard to case, so what it finds is looked at again.

    Source: https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    condition = f"ep/id eq {quoted(PROPERTY_ID)} and ep/value eq {quoted(tag)}"
    filter_text = f"singleValueExtendedProperties/Any(ep: {condition})"
    return await _find(transport, "find_event_by_tag", user, filter_text, tag=tag)


async def list_calendar_view(transport: Transport, user: str, window: TimeSlot) -> list[CalendarEvent]:
    """Return the events of the default calendar within `window`: occurrences and single ones, no series masters."""
    parameters = sdk.CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
        start_date_time=utc_text(window.start),
        end_date_time=utc_text(window.end),
        select=SELECT,
        expand=EXPAND,
        top=PAGE_SIZE,
    )
    info = transport.graph.users.by_user_id(user).calendar_view.to_get_request_information(query(parameters))
    events: dict[str, CalendarEvent] = {}
    async for page in transport.pages("list_calendar_view", info, wire.Event, mailbox=user):
        for found in page.value:
            event = readable_event(found, "list_calendar_view")
            if event is not None:
                events[event.id] = event  # the calendar may change between two pages and show an event on both
    return list(events.values())


def event_body(transport: Transport, draft: EventDraft) -> str:
    """Return the JSON that `create_event` sends: one line, the same for the same draft."""
    builder = transport.graph.users.by_user_id("-").events
    content: bytes = builder.to_post_request_information(drafted_event(draft)).content
    return content.decode()


async def create_event(transport: Transport, user: str, body: str) -> CalendarEvent:
    """Create an event from a stored body, byte for byte; with the same body again, Graph returns the same event.

    Invitations go out at once. Graph answers 201 with `is_online_meeting` false where the licence is missing.

    Raises:
        GraphConflict: the transaction id was used for another event; `existing_id` is that event, if Graph says.
    """
    sent = wire.decode(wire.SentEvent, body)
    info = transport.graph.users.by_user_id(user).events.to_post_request_information(sdk.Event())
    info.content = body.encode()
    repeat = Repeat.ALWAYS if sent.transaction_id else Repeat.IF_NOT_DONE
    found = await transport.read("create_event", info, wire.Event, mailbox=user, repeat=repeat)
    return _readable("create_event", found, tag=tag_of(sent.single_value_extended_properties))


async def update_event(transport: Transport, user: str, event_id: str, change: EventChange) -> CalendarEvent:
    """Write what changes and return the event as it is then; people are mailed where a time or an attendee changes.

    Raises:
        GraphConflict: the room that is to come off the event is not on it: somebody was quicker.
    """
    builder = transport.graph.users.by_user_id(user).events.by_event_id(event_id)
    found = None if change.room is None else await _with_room(transport, user, event_id, change.room.remove)
    info = builder.to_patch_request_information(changed_event(change, found))
    written = await transport.read("update_event", info, wire.Event, mailbox=user)
    if change.tag is None:
        # The answer to a PATCH holds no extended property, and an event without its tag is another event to us.
        return await get_event(transport, user, event_id)
    return _readable("update_event", written, tag=change.tag)


async def _with_room(transport: Transport, user: str, event_id: str, room: str) -> wire.RoomsOfEvent:
    """Return who is invited to an event by now, and where it is; a room is to be among them."""
    builder = transport.graph.users.by_user_id(user).events.by_event_id(event_id)
    parameters = sdk.EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=ROOM_SELECT)
    info = builder.to_get_request_information(query(parameters))
    found = await transport.read("get_event", info, wire.RoomsOfEvent, mailbox=user)
    addresses = [one.email_address.address or "" for one in found.attendees or () if one.email_address]
    if room.casefold() not in map(str.casefold, addresses):
        raise GraphConflict("update_event", status=200, code="room_not_invited")
    return found


async def cancel_event(transport: Transport, user: str, event_id: str, comment: str) -> None:
    """Cancel a meeting as its organizer; everybody invited is mailed `comment`.

    Source: https://learn.microsoft.com/graph/api/event-cancel
    """
    builder = transport.graph.users.by_user_id(user).events.by_event_id(event_id).cancel
    info = builder.to_post_request_information(sdk.CancelPostRequestBody(comment=comment))
    await transport.do("cancel_event", info, mailbox=user, repeat=Repeat.IF_NOT_DONE)


async def delete_event(transport: Transport, user: str, event_id: str) -> None:
    """Delete an event that invites nobody; one that is gone already is what was wanted."""
    info = transport.graph.users.by_user_id(user).events.by_event_id(event_id).to_delete_request_information()
    try:
        await transport.do("delete_event", info, mailbox=user, repeat=Repeat.ALWAYS)
    except GraphNotFound:
        return


async def _find(
    transport: Transport, operation: str, user: str, filter_text: str, *, tag: str | None = None
) -> CalendarEvent | None:
    parameters = sdk.EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
        filter=filter_text, select=SELECT, expand=EXPAND, top=_FEW
    )
    info = transport.graph.users.by_user_id(user).events.to_get_request_information(query(parameters))
    cancelled = None
    async for page in transport.pages(operation, info, wire.Event, mailbox=user):
        for found in page.value:
            event = readable_event(found, operation)
            if event is None or (tag is not None and event.tag != tag):
                continue
            if not event.is_cancelled:
                return event
            cancelled = cancelled or event
    return cancelled


def _readable(operation: str, found: wire.Event, *, tag: str | None = None) -> CalendarEvent:
    try:
        return event_of(found, tag=tag)
    except ValueError as error:
        raise GraphRejected(operation, status=200, code="unreadable_event") from error
