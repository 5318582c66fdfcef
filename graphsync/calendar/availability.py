"""When people can meet, as bits: a span of time is cut into cells of five minutes, and an int holds one bit each.

Finding the starts at which two people are free for fifty minutes is then a handful of `&` and `>>` on two ints,
whatever the number of meetings. The lowest bit is the first cell. A cell that is only partly taken is taken, one that
is only partly within hours is not: rounding never books over anything.

Sessions start on the quarter hour of UTC, and so on the quarter hour of every wall clock: all zones in use differ
from UTC by a multiple of 15 minutes, those at :30 and :45 among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType
from typing import Final

from graphsync.calendar.events import Schedule
from graphsync.calendar.slots import TimeSlot, merged
from graphsync.calendar.time_zones import zone
from graphsync.calendar.working_time import absence_slots, constant_offsets, working_slots
from graphsync.mentoring import Absence, PersonId, WeeklyHours

CELL: Final = timedelta(minutes=5)
"""One bit: the finest step Graph's free/busy has (https://learn.microsoft.com/graph/api/calendar-getschedule)."""

CELLS_A_START: Final = 3
"""Sessions start on the quarter hour, which is every third cell."""

QUARTER: Final = CELL * CELLS_A_START

# An item of the calendar blocks a session unless it says that the person can be had: Graph's own view counts
# workingElsewhere as free, and an unknown status is not a promise.
# https://learn.microsoft.com/graph/api/resources/scheduleitem
_BLOCKING: Final = frozenset({"busy", "tentative", "oof", "unknown"})
_FREE_DIGITS: Final = frozenset("04")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Many people share the same hours, and a call has one window: few entries serve a whole tenant.
_CACHED_MASKS: Final = 4096
# What a wall clock shows through two months takes half a megabyte, and each round has a window of its own.
_CACHED_CLOCKS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAvailability:
    """All that says when one person can meet.

    `hours` are their own, `offered` hours beyond them that they have offered to this programme. `busy` and
    `absences` may overlap. To a request that moves a session they are busy as `busy_to_moves` says under its key, where
    that session itself is left out; it stands in the way of all others. `unreadable` says why their calendar could not
    be read; such a person is never placed. An external person, whose calendar nobody can read, is handed in as
    readable, with what is known of them.
    """

    person: PersonId
    hours: WeeklyHours
    offered: WeeklyHours | None = None
    busy: tuple[TimeSlot, ...] = ()
    busy_to_moves: Mapping[str, tuple[TimeSlot, ...]] = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    unreadable: str = ""

    def busy_to(self, request: str) -> tuple[TimeSlot, ...]:
        """Return when the person is busy to the request of that key."""
        return self.busy_to_moves.get(request, self.busy)


def busy_from(schedule: Schedule, *, own: Sequence[TimeSlot]) -> tuple[TimeSlot, ...]:
    """Return when somebody is busy by their free/busy, earliest first and merged.

    Args:
        schedule: a schedule that could be read.
        own: times of our own entries that do not count, such as the session about to be moved and its buffers. Each
            takes away one item with exactly its start and end: a second meeting at the same time stays.

    Returns:
        The items that are busy, tentative, oof or unknown. Where Graph gave no items, the digits of the availability
        view; they do not tell entries apart, so `own` takes nothing from them.

    Raises:
        ValueError: the schedule could not be read, which is not the same as free; or it has digits and no
            `view_starts_at`.
    """
    if schedule.unreadable is not None:
        raise ValueError("a schedule that could not be read tells nothing; expected the person to be marked unreadable")
    if not schedule.items:
        return _busy_by_view(schedule)
    blocking = [item.slot for item in schedule.items if item.status in _BLOCKING]
    for slot in own:
        if slot in blocking:
            blocking.remove(slot)
    return tuple(merged(blocking))


def grid_over(windows: Iterable[TimeSlot]) -> TimeSlot:
    """Return the shortest span from one quarter hour to another that holds all `windows`; at least one."""
    spans = list(windows)
    start = min(span.start for span in spans)
    end = max(span.end for span in spans)
    return TimeSlot(
        start=_EPOCH + (start - _EPOCH) // QUARTER * QUARTER, end=_EPOCH - (_EPOCH - end) // QUARTER * QUARTER
    )


def cell_count(grid: TimeSlot) -> int:
    """Return how many bits a mask over `grid` has."""
    return grid.length // CELL


def mask(slots: Iterable[TimeSlot], grid: TimeSlot) -> int:
    """Return a bit for each cell of `grid` that any of `slots` touches: for what blocks.

    Args:
        slots: in any order; they may overlap and reach outside.
        grid: as `grid_over` makes it.
    """
    cells, bits = cell_count(grid), 0
    for slot in slots:
        first = max((slot.start - grid.start) // CELL, 0)
        end = min(-((grid.start - slot.end) // CELL), cells)
        if first < end:
            bits |= ((1 << end - first) - 1) << first
    return bits


def whole_mask(slots: Iterable[TimeSlot], grid: TimeSlot) -> int:
    """Return a bit for each cell of `grid` that lies wholly in one of `slots`: for what allows.

    Args:
        slots: in any order; they may reach outside. Slots that touch within a cell are merged beforehand.
        grid: as `grid_over` makes it.
    """
    cells, bits = cell_count(grid), 0
    for slot in slots:
        first = max(-((grid.start - slot.start) // CELL), 0)
        end = min((slot.end - grid.start) // CELL, cells)
        if first < end:
            bits |= ((1 << end - first) - 1) << first
    return bits


def cells_of(length: timedelta) -> int:
    """Return how many cells a session of `length`, over zero, takes; a cell begun is taken."""
    return -(-length // CELL)


def slot_at(grid: TimeSlot, cell: int, length: timedelta) -> TimeSlot:
    """Return the session of `length` that starts with bit `cell` of a mask over `grid`."""
    start = grid.start + cell * CELL
    return TimeSlot(start=start, end=start + length)


def runs(free: int, cells: int) -> int:
    """Return a bit for each cell from which on `cells` cells in a row are set in `free`; `cells` is 1 or more."""
    have = 1
    while have < cells:
        step = min(have, cells - have)
        free &= free >> step
        have += step
    return free


def start_mask(free: int, cells: int, grid: TimeSlot) -> int:
    """Return a bit for each quarter hour at which a session of `cells` cells can start within `free`."""
    return runs(free, cells) & _quarter_hours(cell_count(grid))


def blocked_starts(taken: int, cells: int) -> int:
    """Return a bit for each start at which a session of `cells` cells would meet a cell set in `taken`."""
    have = 1
    while have < cells:
        step = min(have, cells - have)
        taken |= taken >> step
        have += step
    return taken


def cells_set(bits: int) -> list[int]:
    """Return the numbers of the bits set, lowest first."""
    text = bin(bits)[:1:-1]
    found, at = [], text.find("1")
    while at >= 0:
        found.append(at)
        at = text.find("1", at + 1)
    return found


@lru_cache(maxsize=_CACHED_MASKS)
def hours_mask(hours: WeeklyHours, grid: TimeSlot) -> int:
    """Return a bit for each cell of `grid` that lies wholly within `hours`."""
    return whole_mask(working_slots(hours, grid), grid)


def absence_mask(absences: Sequence[Absence], grid: TimeSlot) -> int:
    """Return a bit for each cell of `grid` that an absence touches; one without an end lasts to the end of `grid`."""
    return mask(absence_slots(absences, grid), grid) if absences else 0


@lru_cache(maxsize=_CACHED_CLOCKS)
def local_quarters(time_zone: str, grid: TimeSlot) -> tuple[tuple[int, int], ...]:
    """Return what the wall clock shows at each quarter hour of `grid`: the day, and the minute of that day.

    Days count from 1 January 1970, which was a Thursday. Where clocks go back the list is not sorted.
    """
    shown: list[tuple[int, int]] = []
    for stretch, offset in constant_offsets(zone(time_zone), grid):
        start = -((grid.start - stretch.start) // QUARTER)
        end = -((grid.start - stretch.end) // QUARTER)
        first = (grid.start - _EPOCH + offset) // timedelta(minutes=1)
        shown.extend(divmod(first + 15 * quarter, 24 * 60) for quarter in range(start, end))
    return tuple(shown)


@lru_cache(maxsize=_CACHED_CLOCKS)
def local_days(time_zone: str, grid: TimeSlot) -> Mapping[int, int]:
    """Return for each local day of `grid`, numbered as in `local_quarters`, a bit for each cell of it."""
    days: dict[int, int] = {}
    for quarter, (day, _) in enumerate(local_quarters(time_zone, grid)):
        days[day] = days.get(day, 0) | ((1 << CELLS_A_START) - 1) << quarter * CELLS_A_START
    return MappingProxyType(days)


@lru_cache(maxsize=_CACHED_CLOCKS)
def _quarter_hours(cells: int) -> int:
    return sum(1 << cell for cell in range(0, cells, CELLS_A_START))


def _busy_by_view(schedule: Schedule) -> tuple[TimeSlot, ...]:
    view = schedule.availability_view
    if not set(view) - _FREE_DIGITS:
        return ()
    if schedule.view_starts_at is None:
        raise ValueError("an availability view is read from view_starts_at on; found none")
    busy, at = [], schedule.view_starts_at
    for is_free, digits in groupby(view, key=_FREE_DIGITS.__contains__):
        end = at + len(list(digits)) * schedule.view_interval
        if not is_free:
            busy.append(TimeSlot(start=at, end=end))
        at = end
    return tuple(busy)
