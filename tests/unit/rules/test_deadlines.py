from datetime import timedelta

import pytest
from builders import DAY, HOUR, at, weekly_hours

from graphsync.mentoring import Absence
from graphsync.rules.deadlines import after_working_days, after_working_time


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param("10-22 10:00", "10-26 10:00", id="over the end of summer time"),
        pytest.param("2027-03-25 10:00", "2027-03-29 10:00", id="over its beginning"),
    ],
)
def test_two_working_days_are_two_days_of_the_wall_clock(start, end):
    assert after_working_days(at(start), 2, weekly_hours()) == at(end)


def test_working_time_passes_over_the_night():
    assert after_working_time(at("09-14 16:00"), 2 * HOUR, weekly_hours()) == at("09-15 10:00")


def test_there_is_no_deadline_for_who_is_away_for_longer_than_a_year():
    absences = (Absence(starts_at=at("09-14 00:00"), ends_at=at("09-14 00:00") + 430 * DAY),)
    assert after_working_days(at("09-14 10:00"), 2, weekly_hours(), absences=absences) is None


def test_there_is_no_deadline_for_who_hardly_works():
    moments = weekly_hours(start="09:00", end="09:01", weekdays=[0])
    assert after_working_days(at("09-14 10:00"), 60, moments) is None
    assert after_working_time(at("09-14 10:00"), timedelta(hours=2), moments) is None
