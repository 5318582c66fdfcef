"""Rounds of calendarView/delta on programme mailboxes, whole or not at all.

The call takes no `$select`, so answers hold subjects and bodies: the decoder passes them over. It takes no `$expand`
either, so the events of a round carry no tag; who needs it fetches the event by id.

Source: https://learn.microsoft.com/graph/api/event-delta and https://learn.microsoft.com/graph/delta-query-events
"""

from __future__ import annotations

from typing import Final

import msgspec

from graphsync.calendar.events import CalendarEvent
from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports import DeltaRound
from graphsync.errors import GraphNotFound, GraphUnavailable
from graphsync.graph import sdk, wire
from graphsync.graph.decoding import readable_event
from graphsync.graph.events import SELECT
from graphsync.graph.times import utc_text
from graphsync.graph.transport import Transport, query

OPERATION: Final = "calendar_view_delta"
PAGE_PREFERENCE: Final = "odata.maxpagesize=50"

MASTER_SELECT: Final = [
    name for name in SELECT if name not in ("iCalUId", "changeKey", "start", "end", "seriesMasterId")
]

_FROM_MASTER: Final = (
    "is_all_day",
    "is_cancelled",
    "is_organizer",
    "organizer",
    "attendees",
    "show_as",
    "is_online_meeting",
    "online_meeting",
    "response_status",
)


async def calendar_view_delta(transport: Transport, user: str, window: TimeSlot, delta_link: str | None) -> DeltaRound:
    """Return a whole round: a first one over `window`, or what has changed since `delta_link`.

    Items may be repeated and come in any order; the last one of an id counts. Series masters are left out; what
    Graph leaves out of their occurrences (attendees, organizer, …) is filled in from the master, but for the iCalUId,
    which is each one's own. Ids reported removed may never have been seen.

    Raises:
        DeltaExpired: the token is lost, at its first use or in the middle; begin a first round.
    """
    items: dict[str, wire.Event] = {}
    link: str | None = None
    info = transport.link(delta_link) if delta_link else _first_request(transport, user, window)
    pages = transport.pages(OPERATION, info, wire.Event, mailbox=user, delta=True, prefer=(PAGE_PREFERENCE,))
    async for page in pages:
        for found in page.value:
            if found.id:
                items.pop(found.id, None)
                items[found.id] = found
            else:
                readable_event(found, OPERATION)  # logs it
        link = page.delta_link or link
    if link is None:
        raise GraphUnavailable(OPERATION, status=200, code="no_delta_link")
    return await _merged(transport, user, items, link)


def _first_request(transport: Transport, user: str, window: TimeSlot) -> sdk.RequestInformation:
    parameters = sdk.DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=utc_text(window.start), end_date_time=utc_text(window.end)
    )
    builder = transport.graph.users.by_user_id(user).calendar_view.delta
    return builder.to_get_request_information(query(parameters))


async def _merged(transport: Transport, user: str, items: dict[str, wire.Event], link: str) -> DeltaRound:
    events: list[CalendarEvent] = []
    removed: list[str] = []
    masters: dict[str, wire.Event | None] = {
        key: found for key, found in items.items() if (found.type or "").casefold() == "seriesmaster"
    }
    for key, found in items.items():
        if found.removed is not None:
            removed.append(key)
            continue
        if key in masters:
            continue
        whole: wire.Event | None = found
        if found.series_master_id and found.organizer is None:
            whole = await _with_master(transport, user, found, found.series_master_id, masters)
        if whole is None:
            removed.append(key)  # the series is gone, and this with it
            continue
        event = readable_event(whole, OPERATION)
        if event is not None:
            events.append(event)
    return DeltaRound(events=tuple(events), removed_ids=tuple(removed), delta_link=link)


async def _with_master(
    transport: Transport, user: str, found: wire.Event, master_id: str, masters: dict[str, wire.Event | None]
) -> wire.Event | None:
    """Return an occurrence completed from its series master, None where the series is gone."""
    if master_id not in masters:
        masters[master_id] = await _series_master(transport, user, master_id)
    master = masters[master_id]
    if master is None or master.removed is not None:
        return None
    missing = {name: getattr(master, name) for name in _FROM_MASTER if getattr(found, name) is None}
    return msgspec.structs.replace(found, **missing)


async def _series_master(transport: Transport, user: str, master_id: str) -> wire.Event | None:
    # Without the tag: it would make every occurrence look like the one session it stands for.
    parameters = sdk.EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(select=MASTER_SELECT)
    builder = transport.graph.users.by_user_id(user).events.by_event_id(master_id)
    info = builder.to_get_request_information(query(parameters))
    try:
        return await transport.read("get_series_master", info, wire.Event, mailbox=user)
    except GraphNotFound:
        return None
