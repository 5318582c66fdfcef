"""Free/busy of many people by getSchedule: cut to what one call takes, put together again per person.

Source: https://learn.microsoft.com/graph/api/calendar-getschedule and
https://learn.microsoft.com/graph/outlook-get-free-busy-schedule
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from graphsync.calendar.events import SHOW_AS, VIEW_INTERVAL, Schedule, ScheduleItem
from graphsync.calendar.slots import TimeSlot
from graphsync.graph import sdk, wire
from graphsync.graph.bridge import all_of
from graphsync.graph.decoding import word_of
from graphsync.graph.times import sdk_times, zoned_instant
from graphsync.graph.transport import Transport

MOST_ADDRESSES: Final = 20
LONGEST_SPAN: Final = timedelta(days=61)
"""The span has to be under 62 days; a whole number of days keeps the digits of the views in step."""

NOT_ANSWERED: Final = "not_answered"
"""Why a schedule is unreadable that Graph's answer leaves out."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Gathered:
    """What the calls have said about one address so far; `view` is None once it cannot be trusted."""

    items: dict[ScheduleItem, None] = field(default_factory=dict)
    view: str | None = ""
    unreadable: str | None = None


async def get_schedule(
    transport: Transport, requester: str, addresses: Sequence[str], window: TimeSlot
) -> dict[str, Schedule]:
    """Return free/busy by address, under the addresses as they were given.

    Args:
        transport: where the requests go.
        requester: the mailbox the calls are made from; its limits count.
        addresses: any number, repeats and mixed case allowed.
        window: of any length; it is asked for up to a full `VIEW_INTERVAL`.

    Returns:
        A schedule for every address; `unreadable` holds Graph's `responseCode` where one part of it could not be
        read, for a schedule with holes would show time as free that is not.
    """
    asked = list(dict.fromkeys(address.casefold() for address in addresses))
    spans = _spans(window)
    groups = [asked[first : first + MOST_ADDRESSES] for first in range(0, len(asked), MOST_ADDRESSES)]
    calls = [(group, span) for span in spans for group in groups]
    answers = await all_of(_read(transport, requester, group, span) for group, span in calls)
    gathered = {address: _Gathered() for address in asked}
    for (group, span), answer in zip(calls, answers, strict=True):
        by_address = {(found.schedule_id or "").casefold(): found for found in answer.value}
        for address in group:
            _take(gathered[address], by_address.get(address), span)
    return {address: _schedule(address, gathered[address.casefold()], window) for address in addresses}


def _spans(window: TimeSlot) -> list[TimeSlot]:
    """Return `window` in parts that one call takes, each a whole number of view intervals."""
    # The interval must be shorter than the span.
    intervals = max(-(-window.length // VIEW_INTERVAL), 2)
    end = window.start + intervals * VIEW_INTERVAL
    spans, start = [], window.start
    while start < end:
        stop = min(start + LONGEST_SPAN, end)
        if end - stop == VIEW_INTERVAL:
            stop -= VIEW_INTERVAL  # leaves the last part two intervals
        spans.append(TimeSlot(start=start, end=stop))
        start = stop
    return spans


async def _read(
    transport: Transport, requester: str, addresses: list[str], span: TimeSlot
) -> wire.Page[wire.ScheduleInformation]:
    start, end = sdk_times(span.start, span.end, "UTC")
    body = sdk.GetSchedulePostRequestBody(
        schedules=addresses,
        start_time=start,
        end_time=end,
        availability_view_interval=VIEW_INTERVAL // timedelta(minutes=1),
    )
    info = transport.graph.users.by_user_id(requester).calendar.get_schedule.to_post_request_information(body)
    # A POST that changes nothing: as safe to repeat as a GET.
    return await transport.read("get_schedule", info, wire.Page[wire.ScheduleInformation], mailbox=requester)


def _take(gathered: _Gathered, found: wire.ScheduleInformation | None, span: TimeSlot) -> None:
    if found is None:
        gathered.unreadable = gathered.unreadable or NOT_ANSWERED
        return
    if found.error is not None:
        gathered.unreadable = found.error.response_code or "no_response_code"
        return
    for item in found.schedule_items or ():
        _take_item(gathered, item)
    view = found.availability_view or ""
    if gathered.view is None or len(view) != span.length // VIEW_INTERVAL or not set(view) <= set("01234"):
        gathered.view = None
    else:
        gathered.view += view


def _take_item(gathered: _Gathered, item: wire.ScheduleItem) -> None:
    try:
        start, end = zoned_instant(item.start), zoned_instant(item.end)
    except ValueError as error:
        # Time that is taken and cannot be placed: to leave it out would be to show it as free.
        _log.warning("get_schedule: an item without readable times: %s", error)
        gathered.unreadable = "unreadable_item"
        return
    if start < end:
        status = word_of(item.status, SHOW_AS, otherwise="unknown")
        gathered.items[ScheduleItem(slot=TimeSlot(start=start, end=end), status=status)] = None


def _schedule(address: str, gathered: _Gathered, window: TimeSlot) -> Schedule:
    if gathered.unreadable is not None:
        return Schedule(address=address, unreadable=gathered.unreadable)
    return Schedule(
        address=address,
        items=tuple(gathered.items),
        availability_view=gathered.view or "",
        view_starts_at=window.start,
        view_interval=VIEW_INTERVAL,
    )
