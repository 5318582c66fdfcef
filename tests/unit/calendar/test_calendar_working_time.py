from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from graphsync.calendar import (
    TimeSlot,
    UnknownTimeZone,
    add_working_days,
    add_working_time,
    iso_week,
    next_working_instant,
    same_iso_week,
    start_of_day,
    working_slots,
    working_time_between,
)
from graphsync.calendar.working_time import constant_offsets
from graphsync.mentoring import Absence, DayHours, WeeklyHours

HOUR = timedelta(hours=1)


def hours_of(zone="Europe/Berlin", start="09:00", end="17:00", weekdays=range(5)):
    return WeeklyHours(
        time_zone=zone,
        hours=tuple(
            DayHours(weekday=day, start=time.fromisoformat(start), end=time.fromisoformat(end)) for day in weekdays
        ),
    )


OFFICE = hours_of()
BREAK = WeeklyHours(
    time_zone="Europe/Berlin",
    hours=tuple(
        DayHours(weekday=day, start=time(start), end=time(end))
        for day in range(5)
        for start, end in ((13, 17), (9, 12))
    ),
)
NONE = WeeklyHours(time_zone="Europe/Berlin", hours=())


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text, zone="Europe/Berlin", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def slot(start, end):
    return TimeSlot(start=utc(start), end=utc(end))


def test_hours_are_read_off_the_wall_clock_and_cut_to_the_window():
    window = slot("2026-11-02T12:00", "2026-11-04T09:30")
    assert working_slots(OFFICE, window) == [
        slot("2026-11-02T12:00", "2026-11-02T16:00"),
        slot("2026-11-03T08:00", "2026-11-03T16:00"),
        slot("2026-11-04T08:00", "2026-11-04T09:30"),
    ]


def test_overlapping_hours_are_merged():
    hours = WeeklyHours(
        time_zone="UTC",
        hours=(
            DayHours(weekday=0, start=time(9), end=time(12)),
            DayHours(weekday=0, start=time(11), end=time(13)),
        ),
    )
    assert working_slots(hours, slot("2026-11-02T00:00", "2026-11-03T00:00")) == [
        slot("2026-11-02T09:00", "2026-11-02T13:00")
    ]


def test_absences_are_cut_out_and_one_without_end_takes_the_rest():
    absences = [
        Absence(starts_at=utc("2026-11-02T10:00"), ends_at=utc("2026-11-02T11:00")),
        Absence(starts_at=local("2026-11-04T00:00")),
        Absence(starts_at=utc("2026-10-01T00:00"), ends_at=utc("2026-10-02T00:00")),
    ]
    assert working_slots(OFFICE, slot("2026-11-02T00:00", "2026-11-07T00:00"), absences=absences) == [
        slot("2026-11-02T08:00", "2026-11-02T10:00"),
        slot("2026-11-02T11:00", "2026-11-02T16:00"),
        slot("2026-11-03T08:00", "2026-11-03T16:00"),
    ]


def test_an_unknown_zone_is_an_error():
    with pytest.raises(UnknownTimeZone):
        working_slots(hours_of("Europe/Atlantis"), slot("2026-11-02T00:00", "2026-11-03T00:00"))


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Europe/Berlin", "2026-03-27", "2026-03-30"),
        ("Europe/Berlin", "2026-10-23", "2026-10-26"),
        ("America/New_York", "2026-03-06", "2026-03-09"),
        ("America/New_York", "2026-10-30", "2026-11-02"),
        ("Australia/Sydney", "2026-04-03", "2026-04-06"),
        ("Australia/Sydney", "2026-10-02", "2026-10-05"),
        ("Australia/Lord_Howe", "2026-04-03", "2026-04-06"),
        ("Asia/Kolkata", "2026-03-27", "2026-03-30"),
    ],
)
def test_hours_keep_to_the_wall_clock_on_both_sides_of_a_clock_change(zone, before, after):
    window = TimeSlot(start=local(f"{before}T00:00", zone), end=local(f"{after}T23:00", zone))
    assert working_slots(hours_of(zone), window) == [
        TimeSlot(start=local(f"{day}T09:00", zone), end=local(f"{day}T17:00", zone)) for day in (before, after)
    ]


NIGHT_OF_CHANGE = slot("2026-03-28T12:00", "2026-03-29T12:00")
NIGHT_OF_RETURN = slot("2026-10-24T12:00", "2026-10-25T12:00")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("02:30", "05:00", [("01:00", "03:00")], id="begins in the gap: from the change on"),
        pytest.param("01:00", "02:30", [("00:00", "01:00")], id="ends in the gap: until the change"),
        pytest.param("01:00", "05:00", [("00:00", "03:00")], id="across the gap: an hour shorter"),
        pytest.param("02:00", "03:00", [], id="the gap itself: nothing"),
    ],
)
def test_hours_that_the_clocks_leap_over_do_not_exist(start, end, expected):
    found = working_slots(hours_of(start=start, end=end, weekdays=[6]), NIGHT_OF_CHANGE)
    assert found == [slot(f"2026-03-29T{a}", f"2026-03-29T{b}") for a, b in expected]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("02:00", "03:00", [("00:00", "02:00")], id="the hour itself: both times"),
        pytest.param("01:00", "05:00", [("23:00", "04:00")], id="across it: an hour longer"),
        pytest.param("02:30", "04:00", [("00:30", "01:00"), ("01:30", "03:00")], id="begins in it: begins twice"),
        pytest.param("01:00", "02:30", [("23:00", "00:30"), ("01:00", "01:30")], id="ends in it: ends twice"),
    ],
)
def test_hours_that_come_twice_count_both_times(start, end, expected):
    found = working_slots(hours_of(start=start, end=end, weekdays=[6]), NIGHT_OF_RETURN)
    assert found == [slot(f"2026-10-{24 if a == '23:00' else 25}T{a}", f"2026-10-25T{b}") for a, b in expected]


def test_half_an_hour_of_summer_time_is_half_an_hour():
    # Lord Howe goes back from 11:00 to 10:30 ahead of UTC at 02:00 on 5 April 2026.
    window = slot("2026-04-04T12:00", "2026-04-05T12:00")
    [found] = working_slots(hours_of("Australia/Lord_Howe", "01:00", "03:00", [6]), window)
    assert found.length == 2.5 * HOUR


def test_clocks_that_change_just_as_the_window_ends_do_not_cut_it():
    window = slot("2026-03-28T12:00", "2026-03-29T01:00")
    assert constant_offsets(ZoneInfo("Europe/Berlin"), window) == [(window, HOUR)]


def test_a_change_is_found_to_the_second_from_an_odd_start():
    start = utc("2026-03-28T17:11:12.345678")
    window = TimeSlot(start=start, end=start + timedelta(days=3))
    (first, _), (second, offset) = constant_offsets(ZoneInfo("Europe/Berlin"), window)
    assert first.end == second.start == utc("2026-03-29T01:00")
    assert offset == 2 * HOUR


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        pytest.param("2026-11-02T10:00", 4, "2026-11-02T14:00", id="within a day"),
        pytest.param("2026-11-02T10:00", 7, "2026-11-02T17:00", id="to the end of the day, not the next morning"),
        pytest.param("2026-11-02T10:00", 8, "2026-11-03T10:00", id="into the next day"),
        pytest.param("2026-11-06T16:00", 2, "2026-11-09T10:00", id="over the weekend"),
        pytest.param("2026-11-07T12:00", 1, "2026-11-09T10:00", id="from a weekend"),
        pytest.param("2026-11-07T12:00", 0, "2026-11-07T12:00", id="nothing"),
        pytest.param("2026-03-27T16:00", 2, "2026-03-30T10:00", id="over the start of summer time"),
        pytest.param("2026-10-23T16:00", 2, "2026-10-26T10:00", id="over the end of summer time"),
        pytest.param("2026-11-02T09:00", 88, "2026-11-16T17:00", id="longer than the search looks at once"),
    ],
)
def test_working_time_added(start, duration, expected):
    assert add_working_time(local(start), duration * HOUR, OFFICE) == local(expected)


def test_working_time_stands_still_in_absences():
    away = [Absence(starts_at=local("2026-11-03T00:00"), ends_at=local("2026-11-05T00:00"))]
    assert add_working_time(local("2026-11-02T16:00"), 2 * HOUR, OFFICE, absences=away) == local("2026-11-05T10:00")


def test_working_time_is_not_taken_off():
    with pytest.raises(ValueError, match="not taken off"):
        add_working_time(utc("2026-11-02T10:00"), -HOUR, OFFICE)


@pytest.mark.parametrize(
    ("hours", "absences"),
    [
        pytest.param(NONE, [], id="no hours"),
        pytest.param(OFFICE, [Absence(starts_at=utc("2026-10-01T00:00"))], id="away for good"),
    ],
)
@pytest.mark.parametrize(
    "search",
    [
        lambda start, hours, away: add_working_time(start, HOUR, hours, absences=away),
        lambda start, hours, away: next_working_instant(start, hours, absences=away),
        lambda start, hours, away: add_working_days(start, 2, hours, absences=away),
    ],
    ids=["add_working_time", "next_working_instant", "add_working_days"],
)
def test_search_ends_where_there_is_no_working_time(search, hours, absences):
    with pytest.raises(ValueError, match=r"within 400 days of 2026-11-02.*hours are empty, or an absence has no end"):
        search(utc("2026-11-02T10:00"), hours, absences)


def test_search_backwards_ends_where_there_is_no_working_time():
    with pytest.raises(ValueError, match="within 400 days"):
        add_working_days(utc("2026-11-02T10:00"), -1, NONE)


def test_more_working_days_than_there_are_end_the_search():
    away = [Absence(starts_at=local("2026-11-04T00:00"))]
    with pytest.raises(ValueError, match="no 5 working days within 400 days"):
        add_working_days(local("2026-11-02T10:00"), 5, OFFICE, absences=away)


def test_working_time_between():
    assert working_time_between(local("2026-11-06T16:00"), local("2026-11-09T10:30"), OFFICE) == 2.5 * HOUR
    assert working_time_between(local("2026-11-06T16:00"), local("2026-11-06T16:00"), OFFICE) == timedelta(0)
    away = [Absence(starts_at=local("2026-11-09T09:00"), ends_at=local("2026-11-09T10:00"))]
    assert (
        working_time_between(local("2026-11-06T16:00"), local("2026-11-09T10:30"), OFFICE, absences=away) == 1.5 * HOUR
    )


def test_working_time_between_takes_the_earlier_instant_first():
    with pytest.raises(ValueError, match="lies before start"):
        working_time_between(utc("2026-11-02T10:00"), utc("2026-11-02T09:00"), OFFICE)


def test_next_working_instant():
    assert next_working_instant(local("2026-11-02T10:07"), OFFICE) == local("2026-11-02T10:07")
    assert next_working_instant(local("2026-11-02T17:00"), OFFICE) == local("2026-11-03T09:00")
    away = [Absence(starts_at=local("2026-11-01T00:00"), ends_at=local("2026-12-24T12:00"))]
    assert next_working_instant(local("2026-11-02T17:00"), OFFICE, absences=away) == local("2026-12-24T12:00")


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        pytest.param("2026-11-02T10:00", 1, "2026-11-03T10:00", id="the next day"),
        pytest.param("2026-11-05T10:00", 2, "2026-11-09T10:00", id="over a weekend"),
        pytest.param("2026-11-07T12:00", 1, "2026-11-10T09:00", id="from a weekend: Monday morning and one day"),
        pytest.param("2026-11-06T18:00", 0, "2026-11-09T09:00", id="no days: where counting begins"),
        pytest.param("2026-03-27T10:00", 1, "2026-03-30T10:00", id="over the start of summer time"),
        pytest.param("2026-10-23T10:00", 1, "2026-10-26T10:00", id="over the end of summer time"),
        pytest.param("2026-11-10T10:00", -3, "2026-11-05T10:00", id="back over a weekend"),
        pytest.param("2026-11-10T20:00", -1, "2026-11-09T17:00", id="back from an evening: from the day's end"),
        pytest.param("2026-11-08T12:00", -1, "2026-11-05T17:00", id="back from a weekend: Friday's end and one day"),
    ],
)
def test_working_days_added(start, days, expected):
    assert add_working_days(local(start), days, OFFICE) == local(expected)


def test_working_days_back_from_long_after_the_last_working_time():
    away = [Absence(starts_at=local("2026-09-01T00:00"), ends_at=local("2026-11-01T00:00"))]
    assert add_working_days(local("2026-10-31T12:00"), -1, OFFICE, absences=away) == local("2026-08-28T17:00")


SHORT_FRIDAY = WeeklyHours(
    time_zone="Europe/Berlin",
    hours=(
        *(DayHours(weekday=day, start=time(8), end=time(17)) for day in (2, 3)),
        DayHours(weekday=4, start=time(10), end=time(14)),
    ),
)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param("2026-11-05T08:30", "2026-11-06T10:00", id="begins later: its beginning"),
        pytest.param("2026-11-05T16:00", "2026-11-06T14:00", id="over by then: its end"),
        pytest.param("2026-11-05T11:00", "2026-11-06T11:00", id="within: the same time"),
    ],
)
def test_working_days_are_moved_into_the_hours_of_the_day(start, expected):
    assert add_working_days(local(start), 1, SHORT_FRIDAY) == local(expected)


def test_working_days_do_not_end_in_a_break():
    away = [Absence(starts_at=local("2026-11-03T10:00"), ends_at=local("2026-11-03T11:00"))]
    assert add_working_days(local("2026-11-02T10:30"), 1, BREAK, absences=away) == local("2026-11-03T11:00")


def test_working_days_skip_days_wholly_absent_and_count_days_partly_so():
    away = [
        Absence(starts_at=local("2026-11-03T00:00"), ends_at=local("2026-11-04T00:00")),
        Absence(starts_at=local("2026-11-04T12:00"), ends_at=local("2026-11-04T15:00")),
    ]
    assert add_working_days(local("2026-11-02T10:00"), 1, OFFICE, absences=away) == local("2026-11-04T10:00")
    assert add_working_days(local("2026-11-02T10:00"), 2, OFFICE, absences=away) == local("2026-11-05T10:00")


def test_working_days_pass_a_day_that_the_zone_left_out():
    # Samoa went over the date line and had no 30 December 2011, a Friday.
    hours = hours_of("Pacific/Apia", weekdays=range(7))
    found = add_working_days(local("2011-12-29T10:00", "Pacific/Apia"), 1, hours)
    assert found == local("2011-12-31T10:00", "Pacific/Apia")


@pytest.mark.parametrize(
    ("instant", "zone", "monday", "length"),
    [
        ("2026-11-08T22:59", "Europe/Berlin", "2026-11-01T23:00", 168),
        ("2026-11-08T23:00", "Europe/Berlin", "2026-11-08T23:00", 168),
        ("2026-03-25T12:00", "Europe/Berlin", "2026-03-22T23:00", 167),
        ("2026-10-25T12:00", "Europe/Berlin", "2026-10-18T22:00", 169),
        ("2026-11-01T12:00", "America/New_York", "2026-10-26T04:00", 169),
        ("2026-04-05T00:00", "Australia/Sydney", "2026-03-29T13:00", 169),
        ("2026-04-05T00:00", "Australia/Lord_Howe", "2026-03-29T13:00", 168.5),
        ("2026-11-08T18:30", "Asia/Kolkata", "2026-11-08T18:30", 168),
        ("2027-01-01T12:00", "UTC", "2026-12-28T00:00", 168),
    ],
)
def test_iso_week_runs_from_monday_to_monday_by_the_wall_clock(instant, zone, monday, length):
    week = iso_week(utc(instant), zone)
    assert (week.start, week.length) == (utc(monday), length * HOUR)


def test_same_iso_week_depends_on_the_zone():
    sunday_evening, monday_morning = utc("2026-11-08T22:00"), utc("2026-11-09T00:30")
    assert not same_iso_week(sunday_evening, monday_morning, "Europe/Berlin")
    assert same_iso_week(sunday_evening, monday_morning, "America/New_York")


def test_day_begins_after_a_gap_that_swallows_midnight():
    # Chile's clocks leap from Saturday midnight to one o'clock.
    assert start_of_day(date(2026, 9, 6), "America/Santiago") == utc("2026-09-06T04:00")


def test_instants_are_utc():
    naive = datetime(2026, 11, 2, 10)  # noqa: DTZ001 - naive is what is refused
    for call in (
        lambda: add_working_time(naive, HOUR, OFFICE),
        lambda: add_working_days(naive, 1, OFFICE),
        lambda: next_working_instant(naive, OFFICE),
        lambda: working_time_between(naive, utc("2026-11-02T10:00"), OFFICE),
        lambda: iso_week(naive, "UTC"),
    ):
        with pytest.raises(ValueError, match="aware datetime in UTC"):
            call()
