from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from graphsync.calendar import countries, holidays_around, regions_of
from graphsync.calendar.holidays import holidays_of

BERLIN = "Europe/Berlin"


def days(country, region="", time_zone=BERLIN, since=date(2026, 5, 1), until=date(2026, 6, 30)):
    clock = ZoneInfo(time_zone)
    return [a.starts_at.astimezone(clock).date() for a in holidays_of(country, region, time_zone, since, until)]


ALL_OF_GERMANY = [date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)]
CORPUS_CHRISTI = date(2026, 6, 4)


def test_a_country_has_its_holidays():
    assert days("DE") == ALL_OF_GERMANY


def test_a_region_has_more():
    assert days("DE", "DE-BY") == [*ALL_OF_GERMANY, CORPUS_CHRISTI]


def test_a_region_in_another_country_wins():
    assert days("US", "DE-BY") == [*ALL_OF_GERMANY, CORPUS_CHRISTI]


@pytest.mark.parametrize("country", ["", "XX"])
def test_nowhere_there_are_none(country):
    assert days(country) == []


def test_of_an_empty_span_there_are_none():
    assert days("DE", until=date(2026, 5, 1)) == []


def test_an_unknown_region_has_those_of_its_country():
    assert days("DE", "DE-XX") == ALL_OF_GERMANY


@pytest.mark.parametrize(
    ("country", "time_zone", "day", "hours"),
    [
        ("DE", BERLIN, date(2026, 5, 1), 24),
        ("IR", "Asia/Tehran", date(2021, 3, 21), 24),
        ("CL", "America/Santiago", date(2023, 4, 2), 25),
        ("EG", "Africa/Cairo", date(2023, 4, 28), 23),
    ],
)
def test_a_holiday_is_a_whole_local_day_on_either_side_of_a_clock_change(country, time_zone, day, hours):
    found = holidays_of(country, "", time_zone, day, day + timedelta(days=1))
    if hours == 24:
        assert [(a.ends_at - a.starts_at) / timedelta(hours=1) for a in found] == [24]
    else:
        assert all((a.ends_at - a.starts_at) / timedelta(hours=1) == hours for a in found)


def test_those_around_a_day_are_by_the_persons_calendar():
    new_year = datetime(2026, 12, 31, 15, tzinfo=UTC)  # the first of January by then in Auckland
    found = holidays_around("NZ", "", "Pacific/Auckland", new_year, back=timedelta(), ahead=timedelta(days=1))
    assert [a.starts_at for a in found] == [datetime(2026, 12, 31, 11, tzinfo=UTC)]


def test_the_same_question_has_the_same_answer_whatever_was_asked_before():
    first = days("FR", since=date(2026, 1, 1), until=date(2027, 1, 1))
    days("FR", since=date(2031, 1, 1), until=date(2032, 1, 1))
    holidays_of.cache_clear()
    assert days("FR", since=date(2026, 1, 1), until=date(2027, 1, 1)) == first


def test_countries_and_regions_are_known_by_their_codes():
    assert "DE" in countries()
    assert "BY" in regions_of("DE")
    assert regions_of("XX") == frozenset()
