from datetime import UTC, datetime, timedelta, timezone

import pytest

from graphsync.calendar.time_zones import UnknownTimeZone
from graphsync.graph.times import instant, instant_or_none, sdk_times, slot_or_none, utc_text, zoned_instant
from graphsync.graph.wire import DateTimeTimeZone, TimeSpan


def written(start, end, time_zone):
    return [(value.date_time, value.time_zone) for value in sdk_times(start, end, time_zone)]


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-03T09:00:00.1234567Z", datetime(2026, 2, 3, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2026-02-03T09:00:00Z", at(2026, 2, 3, 9)),
        ("2026-02-03T09:00:00+02:00", at(2026, 2, 3, 7)),
        ("2026-02-03T09:00:00", at(2026, 2, 3, 9)),
        ("0001-01-01T00:00:00Z", None),
        ("4501-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_instants_are_utc_and_exchanges_words_for_never_are_none(text, expected):
    assert instant_or_none(text) == expected


def test_instant_that_must_be_there_is_an_error_where_it_is_not():
    with pytest.raises(ValueError, match="expected an instant"):
        instant("0001-01-01T00:00:00Z")


@pytest.mark.parametrize("name", ["W. Europe Standard Time", "w. europe standard time", "Europe/Berlin"])
def test_wall_clock_times_follow_windows_and_iana_zones(name):
    summer = DateTimeTimeZone(date_time="2026-07-01T09:00:00.0000000", time_zone=name)
    winter = DateTimeTimeZone(date_time="2026-02-03T09:00:00.0000000", time_zone=name)
    assert (zoned_instant(summer), zoned_instant(winter)) == (at(2026, 7, 1, 7), at(2026, 2, 3, 8))


def test_wall_clock_time_without_a_zone_is_utc():
    assert zoned_instant(DateTimeTimeZone(date_time="2026-02-03T09:00:00.0000000")) == at(2026, 2, 3, 9)


def test_unknown_zone_is_an_error_that_names_it():
    with pytest.raises(UnknownTimeZone, match="tzone://Microsoft/Custom"):
        zoned_instant(DateTimeTimeZone(date_time="2026-02-03T09:00:00", time_zone="tzone://Microsoft/Custom"))


@pytest.mark.parametrize("value", [None, DateTimeTimeZone(), DateTimeTimeZone(date_time="0001-01-01T00:00:00")])
def test_missing_wall_clock_time_is_an_error(value):
    with pytest.raises(ValueError, match="expected a time with its zone"):
        zoned_instant(value)


def test_proposal_that_ends_before_it_starts_is_none():
    start = DateTimeTimeZone(date_time="2026-02-03T09:00:00", time_zone="UTC")
    end = DateTimeTimeZone(date_time="2026-02-03T08:00:00", time_zone="UTC")
    assert slot_or_none(TimeSpan(start=start, end=end)) is None
    assert slot_or_none(TimeSpan(start=end, end=start)).length == timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (at(2026, 3, 28, 9), "2026-03-28T10:00:00"),
        (at(2026, 3, 29, 9), "2026-03-29T11:00:00"),
        (at(2026, 10, 24, 9), "2026-10-24T11:00:00"),
        (at(2026, 10, 25, 9), "2026-10-25T10:00:00"),
    ],
    ids=["before spring", "after spring", "before autumn", "after autumn"],
)
def test_times_are_written_by_the_wall_clock_under_the_windows_name(start, expected):
    first, second = written(start, start + timedelta(minutes=50), "Europe/Berlin")
    assert first == (expected, "W. Europe Standard Time")
    assert second == (expected.replace(":00:00", ":50:00"), "W. Europe Standard Time")


@pytest.mark.parametrize(
    "start", [at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)], ids=["first reading", "second reading"]
)
def test_hour_that_comes_twice_is_written_so_that_it_means_one_instant(start):
    for value, moment in zip(written(start, start + timedelta(minutes=20), "Europe/Berlin"), (0, 20), strict=True):
        read_back = zoned_instant(DateTimeTimeZone(date_time=value[0], time_zone=value[1]))
        assert read_back == start + timedelta(minutes=moment)


def test_second_reading_of_an_hour_is_written_in_utc():
    start = at(2026, 10, 25, 1, 30)
    assert [zone for _, zone in written(start, start + timedelta(minutes=50), "Europe/Berlin")] == ["UTC", "UTC"]


def test_zone_without_a_windows_name_is_written_in_utc():
    start = at(2026, 7, 1, 8)
    assert written(start, start + timedelta(hours=1), "Antarctica/Troll")[0] == ("2026-07-01T08:00:00", "UTC")


def test_queries_name_instants_in_utc():
    assert utc_text(datetime(2026, 2, 3, 9, tzinfo=timezone(timedelta(hours=2)))) == "2026-02-03T07:00:00.000Z"
