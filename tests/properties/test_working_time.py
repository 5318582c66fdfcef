"""Working time on both sides of clock changes: arithmetic agrees with itself and with the wall clock."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.calendar import (
    TimeSlot,
    add_working_days,
    add_working_time,
    iso_week,
    next_working_instant,
    same_iso_week,
    working_slots,
    working_time_between,
)
from graphsync.mentoring import Absence, DayHours, WeeklyHours

MINUTE = timedelta(minutes=1)

# Each zone with instants of its changes in 2026; India has none, Lord Howe moves by half an hour.
CHANGES = {
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/New_York": [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)],
    "Australia/Sydney": [datetime(2026, 4, 4, 16, tzinfo=UTC), datetime(2026, 10, 3, 16, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)],
    "Asia/Kolkata": [datetime(2026, 3, 29, 1, tzinfo=UTC)],
}


@st.composite
def day_hours(draw, shortest=1):
    start = draw(st.integers(0, 24 * 60 - 1 - shortest))
    end = draw(st.integers(start + shortest, 24 * 60 - 1))
    return DayHours(weekday=draw(st.integers(0, 6)), start=time(*divmod(start, 60)), end=time(*divmod(end, 60)))


@st.composite
def situations(draw):
    """Draw hours in a zone, an instant within five days of a change of its clocks, and absences around it."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    # Two hours and a half a week at least, so that all that is asked for lies within the search's horizon.
    spans = [draw(day_hours(shortest=150)), *draw(st.lists(day_hours(), max_size=5))]
    hours = WeeklyHours(time_zone=zone, hours=tuple(spans))
    start = draw(st.sampled_from(CHANGES[zone])) + draw(st.integers(-7200, 7200)) * MINUTE
    absences = []
    for _ in range(draw(st.integers(0, 2))):
        gone = start + draw(st.integers(-4000, 4000)) * MINUTE
        absences.append(Absence(starts_at=gone, ends_at=gone + draw(st.integers(1, 4000)) * MINUTE))
    return hours, start, tuple(absences)


def works(instant, hours, absences):
    local = instant.astimezone(ZoneInfo(hours.time_zone))
    return any(
        span.weekday == local.weekday() and span.start <= local.time() < span.end for span in hours.hours
    ) and not any(absence.covers(instant) for absence in absences)


@given(situations(), st.integers(1, 3000))
@settings(max_examples=60, deadline=None)
def test_an_instant_is_working_time_exactly_when_the_wall_clock_says_so(situation, length):
    hours, start, absences = situation
    slots = working_slots(hours, TimeSlot(start=start, end=start + length * MINUTE), absences=absences)
    for minute in range(0, length, 5):
        instant = start + minute * MINUTE
        assert works(instant, hours, absences) == any(slot.covers(instant) for slot in slots)
    assert all(earlier.end < later.start for earlier, later in pairwise(slots))


@given(situations(), st.integers(0, 6000))
@settings(max_examples=100, deadline=None)
def test_working_time_added_is_working_time_between(situation, minutes):
    hours, start, absences = situation
    end = add_working_time(start, minutes * MINUTE, hours, absences=absences)
    assert working_time_between(start, end, hours, absences=absences) == minutes * MINUTE


@given(situations(), st.integers(0, 20_000))
@settings(max_examples=100, deadline=None)
def test_working_time_between_added_leads_back_over_nothing_but_free_time(situation, minutes):
    hours, start, absences = situation
    end = start + minutes * MINUTE
    between = working_time_between(start, end, hours, absences=absences)
    reached = add_working_time(start, between, hours, absences=absences)
    assert reached <= end
    assert working_time_between(reached, end, hours, absences=absences) == timedelta(0)


@given(situations(), st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_working_time_adds_up(situation, first, second):
    hours, start, absences = situation
    middle, end = start + first * MINUTE, start + (first + second) * MINUTE
    parts = working_time_between(start, middle, hours, absences=absences) + working_time_between(
        middle, end, hours, absences=absences
    )
    assert parts == working_time_between(start, end, hours, absences=absences)


@given(situations())
@settings(max_examples=60, deadline=None)
def test_next_working_instant_is_the_first(situation):
    hours, start, absences = situation
    found = next_working_instant(start, hours, absences=absences)
    assert works(found, hours, absences)
    assert working_time_between(start, found, hours, absences=absences) == timedelta(0)


@given(situations(), st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_working_days_are_counted_by_local_days_with_working_time(situation, days):
    hours, start, absences = situation
    clock = ZoneInfo(hours.time_zone)
    begin = next_working_instant(start, hours, absences=absences)
    found = add_working_days(start, days, hours, absences=absences)
    worked = {
        day
        for slot in working_slots(hours, TimeSlot(start=begin, end=found + timedelta(days=1)), absences=absences)
        for day in (slot.start.astimezone(clock).date(), (slot.end - MINUTE).astimezone(clock).date())
    }
    counted = [
        day for day in worked if begin.astimezone(clock).date() < day <= (found - MINUTE).astimezone(clock).date()
    ]
    assert len(counted) in {days - 1, days}  # found may be the very beginning of the last of them
    assert works(found, hours, absences) or works(found - MINUTE, hours, absences)


@given(situations())
def test_iso_weeks_follow_each_other_and_hold_their_instant(situation):
    hours, instant, _ = situation
    week = iso_week(instant, hours.time_zone)
    assert week.covers(instant)
    assert iso_week(week.end, hours.time_zone).start == week.end
    assert week.start.astimezone(ZoneInfo(hours.time_zone)).isocalendar()[1:] == (
        instant.astimezone(ZoneInfo(hours.time_zone)).isocalendar()[1],
        1,
    )
    assert same_iso_week(week.start, instant, hours.time_zone)
    assert not same_iso_week(week.end, instant, hours.time_zone)
