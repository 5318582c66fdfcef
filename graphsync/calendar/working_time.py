"""Working hours as instants, and arithmetic in working time.

An instant is within somebody's hours when the wall clock of their zone then reads a time within them. That settles
the days on which the clocks change: a time that the clocks leap over does not exist, so hours that begin in the gap
begin when it ends; a time that comes twice counts both times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from graphsync.calendar.slots import NO_TIME, TimeSlot, checked_utc, merged, without
from graphsync.calendar.time_zones import zone
from graphsync.mentoring import Absence, DayHours, WeeklyHours

SEARCH_HORIZON: Final = timedelta(days=400)
"""How far working time is looked for: over a year, so that a long leave ends within it; then something is wrong."""

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
# Searched at a time: two weeks hold working time for nearly everyone, so one step is usually all.
_STEP: Final = timedelta(days=14)


def working_slots(hours: WeeklyHours, window: TimeSlot, *, absences: Sequence[Absence] = ()) -> list[TimeSlot]:
    """Return when somebody works within `window`, earliest first, merged and cut to it.

    Args:
        hours: by the wall clock; hours of one day may overlap.
        window: the span looked at.
        absences: cut out; without an end they last to the end of `window`.

    Raises:
        UnknownTimeZone: the zone of `hours` has no such name.
    """
    slots = [
        slot
        for stretch, offset in constant_offsets(zone(hours.time_zone), window)
        for slot in _slots_at_offset(hours.hours, stretch, offset)
    ]
    return without(slots, absence_slots(absences, window))


def absence_slots(absences: Sequence[Absence], window: TimeSlot) -> list[TimeSlot]:
    """Return the absences that fall into `window`, cut to it, merged, earliest first."""
    slots = []
    for absence in absences:
        start = max(absence.starts_at.astimezone(UTC), window.start)
        end = window.end if absence.ends_at is None else min(absence.ends_at.astimezone(UTC), window.end)
        if start < end:
            slots.append(TimeSlot(start=start, end=end))
    return merged(slots)


def constant_offsets(clock: tzinfo, window: TimeSlot) -> list[tuple[TimeSlot, timedelta]]:
    """Return `window` cut where the clocks change, earliest first, each part with its distance from UTC.

    Looks at the clock once a day and finds the second of a change by halving; clocks that change twice within a
    day and end up where they were would go unseen, which has never been done.
    """
    parts = []
    start, offset = window.start, _offset(clock, window.start)
    looked_at = start
    while looked_at < window.end:
        ahead = min(looked_at + _DAY, window.end)
        if _offset(clock, ahead) != offset:
            change = _change_between(clock, looked_at, ahead)
            if change < window.end:
                parts.append((TimeSlot(start=start, end=change), offset))
                start, offset = change, _offset(clock, change)
        looked_at = ahead
    parts.append((TimeSlot(start=start, end=window.end), offset))
    return parts


def add_working_time(
    start: datetime, duration: timedelta, hours: WeeklyHours, *, absences: Sequence[Absence] = ()
) -> datetime:
    """Return the earliest instant by which `duration` of working time has passed since `start`.

    It may be the very end of a day's hours; for no duration it is `start` itself, within hours or not.

    Args:
        start: an aware instant in UTC.
        duration: zero or more.
        hours: whose working time counts.
        absences: time that does not count.

    Raises:
        ValueError: `duration` is negative; or there is not that much working time within `SEARCH_HORIZON`.
    """
    checked_utc(start, "start")
    if duration < NO_TIME:
        raise ValueError(f"working time is added, not taken off; found {duration}")
    if duration == NO_TIME:
        return start
    left = duration
    for slot in _working_time_from(start, hours, absences):
        if slot.length >= left:
            return slot.start + left
        left -= slot.length
    raise _no_working_time(f"{duration} of working time", start)


def working_time_between(
    start: datetime, end: datetime, hours: WeeklyHours, *, absences: Sequence[Absence] = ()
) -> timedelta:
    """Return how much working time lies between `start` and `end`, aware instants in UTC.

    Raises:
        ValueError: `end` lies before `start`.
    """
    checked_utc(start, "start")
    checked_utc(end, "end")
    if end < start:
        raise ValueError(f"end {end.isoformat()} lies before start {start.isoformat()}")
    if end == start:
        return NO_TIME
    slots = working_slots(hours, TimeSlot(start=start, end=end), absences=absences)
    return sum((slot.length for slot in slots), NO_TIME)


def next_working_instant(start: datetime, hours: WeeklyHours, *, absences: Sequence[Absence] = ()) -> datetime:
    """Return `start` where it lies within working time, else the beginning of the working time that follows.

    Raises:
        ValueError: no working time follows within `SEARCH_HORIZON`.
    """
    checked_utc(start, "start")
    for slot in _working_time_from(start, hours, absences):
        return slot.start
    raise _no_working_time("working time", start)


def add_working_days(start: datetime, days: int, hours: WeeklyHours, *, absences: Sequence[Absence] = ()) -> datetime:
    """Return the instant `days` working days after `start`, or before it where `days` is negative.

    Outside working time counting begins with the next working instant (backwards: with the end of the last working
    time). From there it goes to the same wall-clock time on the n-th working day after (before), moved into that
    day's hours: to their beginning where they begin later, to their end where they are over by then, to the end of
    a break. Days without hours and days wholly absent are skipped. No days: where counting begins.

    Args:
        start: an aware instant in UTC.
        days: how many; negative to count back.
        hours: whose days count, by the zone they are kept in.
        absences: time that does not count.

    Raises:
        ValueError: there are not that many working days within `SEARCH_HORIZON`.
    """
    checked_utc(start, "start")
    clock = zone(hours.time_zone)
    step = 1 if days >= 0 else -1
    from_here = next_working_instant(start, hours, absences=absences) if days >= 0 else _last(start, hours, absences)
    if days == 0:
        return from_here
    local = from_here.astimezone(clock)
    left = abs(days)
    for day, slots in _working_days(local.date(), step, hours, absences):
        left -= 1
        if left == 0:
            return _moved_into(slots, _instant(day, local.time(), clock))
    raise _no_working_time(f"{days} working days", start)


def start_of_day(day: date, time_zone: str) -> datetime:
    """Return the instant at which `day` begins in `time_zone`: midnight, or the end of a gap that swallows it."""
    return _instant(day, time.min, zone(time_zone))


def iso_week(instant: datetime, time_zone: str) -> TimeSlot:
    """Return the ISO week of `instant`: Monday 00:00 to the next Monday 00:00 in `time_zone`, as instants in UTC.

    It has 168 hours, but for weeks in which the clocks change.
    """
    day = checked_utc(instant, "instant").astimezone(zone(time_zone)).date()
    monday = day - timedelta(days=day.weekday())
    return TimeSlot(start=start_of_day(monday, time_zone), end=start_of_day(monday + 7 * _DAY, time_zone))


def same_iso_week(a: datetime, b: datetime, time_zone: str) -> bool:
    """Tell whether both instants lie in one ISO week of `time_zone`."""
    return iso_week(a, time_zone).covers(b)


def _offset(clock: tzinfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(clock).utcoffset()
    assert offset is not None  # an aware datetime has one
    return offset


def _change_between(clock: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the second in (before, after] at which the clock changes; the two have different offsets."""
    offset = _offset(clock, before)
    start = before.replace(microsecond=0)
    unchanged, changed = 0, math.ceil((after - start) / _SECOND)
    while changed - unchanged > 1:
        middle = (unchanged + changed) // 2
        if _offset(clock, start + middle * _SECOND) == offset:
            unchanged = middle
        else:
            changed = middle
    return start + changed * _SECOND


def _slots_at_offset(hours: Sequence[DayHours], stretch: TimeSlot, offset: timedelta) -> Iterator[TimeSlot]:
    """Yield the hours that fall into `stretch`, a span through which the clock keeps one distance from UTC."""
    day = (stretch.start + offset).date()
    last = (stretch.end + offset).date()
    while day <= last:
        for span in hours:
            if span.weekday == day.weekday():
                start = datetime.combine(day, span.start, UTC) - offset
                end = datetime.combine(day, span.end, UTC) - offset
                if start < stretch.end and stretch.start < end:
                    yield TimeSlot(start=max(start, stretch.start), end=min(end, stretch.end))
        day += _DAY


def _working_time_from(start: datetime, hours: WeeklyHours, absences: Sequence[Absence]) -> Iterator[TimeSlot]:
    """Yield working time from `start` to the horizon, earliest first; slots may be cut where one step ends."""
    horizon = start + SEARCH_HORIZON
    while start < horizon:
        end = min(start + _STEP, horizon)
        yield from working_slots(hours, TimeSlot(start=start, end=end), absences=absences)
        start = end


def _last(start: datetime, hours: WeeklyHours, absences: Sequence[Absence]) -> datetime:
    """Return `start` where working time ends or goes on there, else the end of the working time before it."""
    end = start
    while end > start - SEARCH_HORIZON:
        slots = working_slots(hours, TimeSlot(start=end - _STEP, end=end), absences=absences)
        if slots:
            return slots[-1].end
        end -= _STEP
    raise _no_working_time("working time", start)


def _working_days(
    day: date, step: int, hours: WeeklyHours, absences: Sequence[Absence]
) -> Iterator[tuple[date, list[TimeSlot]]]:
    """Yield each working day after `day` (before it for step -1), to the horizon, with its working time."""
    for distance in range(1, SEARCH_HORIZON.days + 1):
        that_day = day + timedelta(days=distance * step)
        start = start_of_day(that_day, hours.time_zone)
        end = start_of_day(that_day + _DAY, hours.time_zone)
        if start < end:  # a day that a zone left out when it crossed the date line has no time
            slots = working_slots(hours, TimeSlot(start=start, end=end), absences=absences)
            if slots:
                yield that_day, slots


def _moved_into(slots: Sequence[TimeSlot], instant: datetime) -> datetime:
    for slot in slots:
        if instant <= slot.end:
            return max(instant, slot.start)
    return slots[-1].end


def _instant(day: date, at: time, clock: tzinfo) -> datetime:
    # In a gap the standard library counts on by the offset before it, which at midnight is the end of the gap.
    return datetime.combine(day, at, clock).astimezone(UTC)


def _no_working_time(what: str, start: datetime) -> ValueError:
    return ValueError(
        f"no {what} within {SEARCH_HORIZON.days} days of {start.isoformat()}:"
        " the hours are empty, or an absence has no end; give this person hours or end the absence"
    )
