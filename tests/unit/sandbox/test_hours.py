from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from graphsync.sandbox.demo.hours import WorkHours, parse_days, whole_minute

BERLIN = WorkHours(zone="Europe/Berlin", days=tuple((day, time(9), time(17)) for day in range(5)))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [("2026-10-23T07:00", True), ("2026-10-23T15:00", False), ("2026-10-26T07:59", False), ("2026-10-26T08:00", True)],
    ids=["summer start", "summer end is out", "winter, an hour later", "winter start"],
)
def test_hours_follow_the_wall_clock_over_the_change(instant, expected):
    assert BERLIN.contains(utc(instant)) is expected


def test_working_time_passes_over_the_weekend_the_change_and_a_leave():
    friday = utc("2026-10-23T14:00")  # 16:00, an hour of work left
    assert BERLIN.after(friday, timedelta(hours=2)) == utc("2026-10-26T09:00")
    monday_off = (utc("2026-10-26T00:00"), utc("2026-10-27T00:00"))
    assert BERLIN.after(friday, timedelta(hours=2), [monday_off]) == utc("2026-10-27T09:00")


def test_no_working_time_at_all_is_an_error_and_not_a_loop():
    with pytest.raises(ValueError, match="no 1:00:00 of working time"):
        WorkHours(zone="UTC", days=()).after(utc("2026-10-23T14:00"), timedelta(hours=1))


def test_offered_hours_join_the_own_ones():
    more = BERLIN.with_more(parse_days("mon-thu 17:00-20:00"))
    assert more.covers((utc("2026-10-20T14:30"), utc("2026-10-20T15:30")))
    assert not BERLIN.covers((utc("2026-10-20T14:30"), utc("2026-10-20T15:30")))
    assert not more.covers((utc("2026-10-23T14:30"), utc("2026-10-23T15:30")))


def test_a_single_day_and_no_offer_are_read():
    assert parse_days("wed 07:00-08:00") == ((2, time(7), time(8)),)
    assert parse_days("") == ()


def test_seconds_round_up_to_the_minute():
    assert whole_minute(utc("2026-10-20T14:30:01")) == utc("2026-10-20T14:31")
    assert whole_minute(utc("2026-10-20T14:30:00")) == utc("2026-10-20T14:30")
