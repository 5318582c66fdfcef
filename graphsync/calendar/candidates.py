"""Finds the starts that are open to one booking request, and says how well each suits.

A score is a whole number and only compares times within one request. The weights below are ordered so that a pair's
standing time outweighs all else, and a day nearer to the target outweighs a nicer hour. Where the earliest time is
wanted, as for a session to be put back, the day comes first and of the standing time only its hour counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from graphsync.calendar.availability import (
    CELLS_A_START,
    PersonAvailability,
    absence_mask,
    cells_of,
    cells_set,
    hours_mask,
    local_days,
    local_quarters,
    mask,
    runs,
    start_mask,
    whole_mask,
)
from graphsync.calendar.bookings import BookingRequest, Limits
from graphsync.calendar.slots import TimeSlot
from graphsync.calendar.time_zones import zone
from graphsync.mentoring import PersonId

STANDING: Final = 1000
"""The pair's own weekday and time: a fixed habit is what keeps meetings happening, so nothing outweighs it."""

STANDING_DAY: Final = 60
"""The standing weekday at another time: half a habit, worth three days off the target but never a whole week."""

STANDING_TIME: Final = 60
"""The standing time on another weekday: the same half."""

A_DAY_NEARER: Final = 20
"""Each day nearer to the target keeps the cadence."""

NEAR_DAYS: Final = 20
"""Beyond so many days off, one day more or less makes no difference: the cadence is broken anyway."""

A_DAY_SOONER: Final = 100
"""Each day sooner, where the earliest is wanted: over STANDING_TIME and MIDDLE together, so that the day decides."""

SOON_DAYS: Final = 62
"""How many days into a window sooner is told from later: free/busy reaches no further (calendar-getschedule)."""

MIDDLE: Final = 10
"""Not within the first or last half hour of either's hours, where people arrive late or have to leave."""

MAX_SCORE: Final = STANDING + A_DAY_SOONER * SOON_DAYS + MIDDLE
"""No start scores more."""

EDGE: Final = timedelta(minutes=30)
"""How much of either end of somebody's hours is not the middle."""

_WEEK_DAYS: Final = 7
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# Day 0 of `local_quarters` was a Thursday.
_FIRST_WEEKDAY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMasks:
    """One person's availability over the grid; a bit each, see `availability`."""

    hours: int
    offered: int
    away: int
    busy: int
    unreadable: bool


def people_of(
    request: BookingRequest, availability: Mapping[PersonId, PersonAvailability], grid: TimeSlot
) -> dict[PersonId, PersonMasks]:
    """Return what the two of a request have over `grid`, as it concerns the request."""
    return {person: _masks(availability[person], request.key, grid) for person in (request.mentor, request.mentee)}


def _masks(person: PersonAvailability, request: str, grid: TimeSlot) -> PersonMasks:
    return PersonMasks(
        hours=hours_mask(person.hours, grid),
        offered=hours_mask(person.offered, grid) if person.offered else 0,
        away=absence_mask(person.absences, grid),
        busy=mask(person.busy_to(request), grid),
        unreadable=bool(person.unreadable),
    )


def pair_hours(
    request: BookingRequest, window: TimeSlot, people: Mapping[PersonId, PersonMasks], grid: TimeSlot
) -> dict[PersonId, int]:
    """Return the hours of mentor and mentee that count in `window`.

    Their own, but for those in which the request wants no session; where these leave no room for the session together,
    with the offered ones of `request.use_offered`. They are not cut to the window.
    """
    pair = (request.mentor, request.mentee)
    own = {person: people[person].hours for person in pair}
    if window.length > request.length:
        for person, hours in request.not_during:
            own[person] &= ~hours_mask(hours, grid)
    if starts_in(own[request.mentor] & own[request.mentee], window, request.length, grid):
        return own
    return {
        person: hours | (people[person].offered if person in request.use_offered else 0)
        for person, hours in own.items()
    }


def padded_busy(request: BookingRequest, window: TimeSlot, busy: int) -> int:
    """Return the cells a session in `window` may not touch: the busy ones, and the buffer around them."""
    if not request.buffer or window.length == request.length:
        return busy
    cells = cells_of(request.buffer)
    for _ in range(cells):
        busy |= busy << 1 | busy >> 1
    return busy


def starts_in(free: int, window: TimeSlot, length: timedelta, grid: TimeSlot) -> int:
    """Return a bit for each start at which a session of `length` lies within `free` and within `window`.

    Starts are quarter hours. A window just as long as the session was asked for by name (somebody proposed this time)
    and has its own start, which need only be on a cell.
    """
    free &= whole_mask([window], grid)
    if window.length == length:
        return runs(free, cells_of(length))
    return start_mask(free, cells_of(length), grid)


def candidates(
    request: BookingRequest, people: Mapping[PersonId, PersonMasks], full: int, grid: TimeSlot
) -> list[dict[int, int]]:
    """Return for each window the starts at which both can meet, earliest first, and the score of each.

    The other requests are left aside. No start is in two windows.

    Args:
        request: whose windows are searched.
        people: what is known of the two.
        full: a bit for each start on a day or in a week of which the mentor has had enough.
        grid: the span that all masks cover.
    """
    cells = cells_of(request.length)
    mentor, mentee = people[request.mentor], people[request.mentee]
    if mentor.unreadable or mentee.unreadable:
        return [{} for _ in request.windows]
    away, busy = mentor.away | mentee.away, mentor.busy | mentee.busy
    blocked = mask(request.blocked, grid)
    result: list[dict[int, int]] = []
    for window in request.windows:
        hours = pair_hours(request, window, people, grid)
        free = hours[request.mentor] & hours[request.mentee] & ~away & ~padded_busy(request, window, busy)
        if window.length > request.length:
            free &= ~blocked
        starts = starts_in(free, window, request.length, grid) & ~full
        full |= starts
        middle = runs(_middle(hours[request.mentor]) & _middle(hours[request.mentee]), cells)
        result.append(dict(_scores(request, window, starts, middle, grid)))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A local day or week of a mentor: a bit for each start in it, and how many sessions more it may take."""

    starts: int
    room: int


def full_starts(periods: Sequence[Period], starts: Sequence[int] = ()) -> int:
    """Return a bit for each start in a period that has no room once sessions begin at `starts`."""
    full = 0
    for period in periods:
        if sum(period.starts >> start & 1 for start in starts) >= period.room:
            full |= period.starts
    return full


def limited_periods(limits: Limits, sessions: Sequence[datetime], time_zone: str, grid: TimeSlot) -> list[Period]:
    """Return the days, then the ISO weeks, of `grid` in `time_zone`, with what `sessions` leave of `limits`.

    `sessions` count where they fall into a day or week that `grid` touches, outside of `grid` itself as well.
    """
    days = Counter(day_of(session, time_zone) for session in sessions)
    weeks = Counter(map(_week_of, days.elements()))
    starts_by_week: dict[int, int] = {}
    for day, starts in local_days(time_zone, grid).items():
        starts_by_week[_week_of(day)] = starts_by_week.get(_week_of(day), 0) | starts
    return [
        *(
            Period(starts=starts, room=max(limits.per_day - days[day], 0))
            for day, starts in local_days(time_zone, grid).items()
        ),
        *(Period(starts=starts, room=max(limits.per_week - weeks[week], 0)) for week, starts in starts_by_week.items()),
    ]


def day_of(instant: datetime, time_zone: str) -> int:
    """Return the local day of `instant`, numbered as in `local_quarters`."""
    return instant.astimezone(zone(time_zone)).toordinal() - _EPOCH_DAY


def weekday_of(day: int) -> int:
    """Return the weekday of a day so numbered; 0 is Monday."""
    return (day + _FIRST_WEEKDAY) % _WEEK_DAYS


def _scores(
    request: BookingRequest, window: TimeSlot, starts: int, middle: int, grid: TimeSlot
) -> Iterator[tuple[int, int]]:
    clock = local_quarters(request.week_zone, grid)
    weekday, time = _standing(request)
    # For each day what any start scores, and what is added at the standing time.
    by_day: dict[int, tuple[int, int]] = {}
    for start in cells_set(starts):
        day, minute = clock[start // CELLS_A_START]
        if day not in by_day:
            by_day[day] = _day_scores(request, window, day, on_weekday=weekday == weekday_of(day))
        score, at_time = by_day[day]
        if minute == time:
            score += at_time
        if middle >> start & 1:
            score += MIDDLE
        yield start, score


def _day_scores(request: BookingRequest, window: TimeSlot, day: int, *, on_weekday: bool) -> tuple[int, int]:
    """Return what a start on this local day scores for the day, and what more at the standing time."""
    if request.earliest:
        score = A_DAY_SOONER * max(SOON_DAYS - (day - day_of(window.start, request.week_zone)), 0)
    elif request.target is not None:
        score = A_DAY_NEARER * max(NEAR_DAYS - abs(day - day_of(request.target, request.week_zone)), 0)
    else:
        score = 0
    return (score + STANDING_DAY, STANDING - STANDING_DAY) if on_weekday else (score, STANDING_TIME)


def _standing(request: BookingRequest) -> tuple[int | None, int | None]:
    """Return the weekday and the minute of the day that the pair likes best, as far as they count."""
    if request.standing is None:
        return None, None
    # A standing time off the quarter hour is met by the start just before it.
    time = (request.standing.at.hour * 60 + request.standing.at.minute) // 15 * 15
    return None if request.earliest else request.standing.weekday, time


def _middle(hours: int) -> int:
    """Return `hours` less half an hour at the beginning and at the end of each stretch."""
    cells = cells_of(EDGE)
    return runs(hours, 2 * cells + 1) << cells


def _week_of(day: int) -> int:
    return (day + _FIRST_WEEKDAY) // _WEEK_DAYS
