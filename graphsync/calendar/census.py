"""Where the times of a window went: for each of the two, how many starts fell away, and for what reason.

`reasons` says why a session could not be placed at all; this says, of every start there would have been, what took it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphsync.calendar.availability import PersonAvailability, blocked_starts, cells_of, grid_over, mask
from graphsync.calendar.bookings import BookingRequest, Reason
from graphsync.calendar.candidates import (
    EDGE,
    full_starts,
    limited_periods,
    padded_busy,
    pair_hours,
    people_of,
    starts_in,
)
from graphsync.calendar.slots import TimeSlot
from graphsync.mentoring import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What became of the starts of one window.

    Attributes:
        window: the span looked at.
        starts: how many starts it has, the clock alone considered.
        fell_away: for each of the two, how many starts each reason took that the ones before it had left. The reasons
            of one person add up to what that person could not do; those of both overlap.
        left: how many starts suit both.
    """

    window: TimeSlot
    starts: int
    fell_away: Mapping[PersonId, Mapping[Reason, int]]
    left: int


def census(request: BookingRequest, availability: Mapping[PersonId, PersonAvailability], at: int = 0) -> Census:
    """Return what became of the starts in the window number `at` of a request.

    Args:
        request: whose window it is.
        availability: of the two, as `schedule` had it.
        at: which window, from 0.
    """
    window = request.windows[at]
    grid = grid_over([TimeSlot(start=window.start - EDGE, end=window.end + EDGE)])
    pair = (request.mentor, request.mentee)
    people = people_of(request, availability, grid)
    everything = mask([grid], grid)
    starts = starts_in(everything, window, request.length, grid)
    cells = cells_of(request.length)
    hours = pair_hours(request, window, people, grid)
    full = 0
    if request.mentor_limits is not None:
        periods = limited_periods(request.mentor_limits, request.mentor_sessions, request.mentor_zone, grid)
        full = full_starts(periods)
    blocked = blocked_starts(mask(request.blocked, grid), cells) if window.length > request.length else 0
    fell_away: dict[PersonId, dict[Reason, int]] = {}
    both = starts & ~blocked
    for person in pair:
        masks = people[person]
        obstacles = [
            (Reason.UNREADABLE, everything if masks.unreadable else 0),
            (Reason.OUTSIDE_HOURS, starts & ~starts_in(hours[person], window, request.length, grid)),
            (Reason.AWAY, blocked_starts(masks.away, cells)),
            (Reason.BUSY, blocked_starts(padded_busy(request, window, masks.busy), cells)),
            (Reason.LIMIT, full if person == request.mentor else 0),
        ]
        left, taken = starts, {}
        for reason, obstacle in obstacles:
            if left & obstacle:
                taken[reason] = (left & obstacle).bit_count()
            left &= ~obstacle
        fell_away[person] = taken
        both &= left
    return Census(window=window, starts=starts.bit_count(), fell_away=fell_away, left=both.bit_count())
