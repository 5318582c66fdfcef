from datetime import timedelta

import pytest

from graphsync.rules.durations import WorkingDays, WorkingTime, format_duration, parse_duration

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("7 days", 7 * DAY),
        ("1 day", DAY),
        ("50 minutes", 50 * MINUTE),
        ("1 minute", MINUTE),
        ("1 hour", HOUR),
        ("0 days", timedelta(0)),
        ("2 working hours", WorkingTime(2 * HOUR)),
        ("1 working hour", WorkingTime(HOUR)),
        ("1 working day", WorkingDays(1)),
        ("10 working days", WorkingDays(10)),
    ],
)
def test_a_duration_is_read_and_printed_back(text, duration):
    assert parse_duration(text) == duration
    assert format_duration(duration) == text


@pytest.mark.parametrize("text", ["24 hours", " 1  days ", "1440 minutes"])
def test_other_ways_to_say_a_day(text):
    assert parse_duration(text) == DAY


@pytest.mark.parametrize(
    "text",
    ["", "7", "days", "7days", "-1 days", "1.5 hours", "2 weeks", "3 working minutes", "7 days ago", "¾ hours"],
)
def test_anything_else_is_refused_with_the_accepted_forms(text):
    with pytest.raises(ValueError, match="expected a duration such as '7 days', '24 hours', '50 minutes'") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


def test_a_span_prints_in_the_largest_unit_without_fraction():
    assert format_duration(90 * MINUTE) == "90 minutes"
    assert format_duration(36 * HOUR) == "36 hours"
    assert format_duration(48 * HOUR) == "2 days"


@pytest.mark.parametrize("span", [-DAY, timedelta(seconds=90)])
def test_what_no_rule_file_can_say_is_not_printed(span):
    with pytest.raises(ValueError, match="whole minutes"):
        format_duration(span)


@pytest.mark.parametrize("length", [-HOUR, 90 * MINUTE])
def test_working_time_is_whole_hours(length):
    with pytest.raises(ValueError, match="whole hours"):
        WorkingTime(length)


def test_working_days_are_not_negative():
    with pytest.raises(ValueError, match="zero or more"):
        WorkingDays(-1)
