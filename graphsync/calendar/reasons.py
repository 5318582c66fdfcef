"""Says, for each of the two people of a request, why they could not meet in the window that was wanted most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphsync.calendar.availability import blocked_starts, cells_of, mask
from graphsync.calendar.bookings import BookingRequest, Reason
from graphsync.calendar.candidates import PersonMasks, padded_busy, pair_hours, starts_in
from graphsync.calendar.slots import TimeSlot
from graphsync.mentoring import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What stands in a request's way besides hours, absences and calendars.

    `full` has a bit for each start at which a limit of the mentor is reached; `by_others` has, for both people, a bit
    for each cell that another session placed in the same call takes.
    """

    full: int
    by_others: Mapping[PersonId, int]


def reasons(
    request: BookingRequest, people: Mapping[PersonId, PersonMasks], taken: Taken, grid: TimeSlot
) -> dict[PersonId, Reason]:
    """Return why the two could not meet in the first window: at least one reason, for one of them or both.

    Hours are looked at first, then absences, then calendars, then limits, as one would explain it. Somebody who
    could not meet even alone is named by themselves; where both could, but never at the same time, both are.
    """
    unreadable = {person: Reason.UNREADABLE for person in (request.mentor, request.mentee) if people[person].unreadable}
    return unreadable or _alone(request, people, grid) or _together(request, people, taken, grid)


def _alone(request: BookingRequest, people: Mapping[PersonId, PersonMasks], grid: TimeSlot) -> dict[PersonId, Reason]:
    """Return the reasons of those who have no time for the session, whoever it were with."""
    window = request.windows[0]
    found = {}
    for person, hours in pair_hours(request, window, people, grid).items():
        masks = people[person]
        if not starts_in(hours, window, request.length, grid):
            found[person] = Reason.OUTSIDE_HOURS
        elif not starts_in(hours & ~masks.away, window, request.length, grid):
            found[person] = Reason.AWAY
        elif not starts_in(
            hours & ~masks.away & ~padded_busy(request, window, masks.busy), window, request.length, grid
        ):
            found[person] = Reason.BUSY
    return found


def _together(
    request: BookingRequest, people: Mapping[PersonId, PersonMasks], taken: Taken, grid: TimeSlot
) -> dict[PersonId, Reason]:
    """Return the reasons of the two where each has time for the session alone."""
    window, cells = request.windows[0], cells_of(request.length)
    pair = (request.mentor, request.mentee)
    hours = pair_hours(request, window, people, grid)
    starts = starts_in(hours[request.mentor] & hours[request.mentee], window, request.length, grid)
    if not starts:
        return dict.fromkeys(pair, Reason.NO_OVERLAP)
    # Times ruled out for the pair count to both, as somebody's own plans do.
    ruled_out = mask(request.blocked, grid) if window.length > request.length else 0
    obstacles = {
        person: [
            (Reason.AWAY, blocked_starts(people[person].away, cells)),
            (Reason.BUSY, blocked_starts(padded_busy(request, window, people[person].busy), cells)),
            (Reason.LIMIT, taken.full if person == request.mentor else 0),
            (Reason.BUSY, blocked_starts(taken.by_others[person] | ruled_out, cells)),
        ]
        for person in pair
    }
    by_one = {person: reason for person in pair if (reason := _last_taken_by(starts, obstacles[person]))}
    return by_one or {person: reason for person in pair if (reason := _first_taken_by(starts, obstacles[person]))}


def _last_taken_by(starts: int, obstacles: Sequence[tuple[Reason, int]]) -> Reason | None:
    """Return the obstacle by which, one after the other, none of `starts` is left; None if some are."""
    for reason, blocked in obstacles:
        starts &= ~blocked
        if not starts:
            return reason
    return None


def _first_taken_by(starts: int, obstacles: Sequence[tuple[Reason, int]]) -> Reason | None:
    """Return the first obstacle that takes any of `starts`; None if none does."""
    return next((reason for reason, blocked in obstacles if starts & blocked), None)
