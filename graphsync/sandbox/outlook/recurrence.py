"""The dates of a series: six patterns, three kinds of range, each by the calendar of the zone of the series.

What a request may ask for is checked in recurrence_body.py; this works on the checked form. Source:
https://learn.microsoft.com/graph/api/resources/recurrencepattern and
https://learn.microsoft.com/graph/api/resources/recurrencerange
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
_LONGEST_SERIES = timedelta(days=3660)


def occurrence_dates(recurrence: dict[str, Any]) -> Iterator[date]:
    """Yield the dates of a checked recurrence, first to last; a series stops after ten years at the latest."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    first_on = date.fromisoformat(span["startDate"])
    last_on = first_on + _LONGEST_SERIES
    if span["type"] == "endDate":
        last_on = min(last_on, date.fromisoformat(span["endDate"]))
    left = span["numberOfOccurrences"] if span["type"] == "numbered" else None
    for candidate in _candidates(pattern, first_on):
        if candidate > last_on or left == 0:
            return
        if candidate < first_on:
            continue
        yield candidate
        if left is not None:
            left -= 1


def is_on(recurrence: dict[str, Any], on: date) -> bool:
    """Tell whether a checked recurrence has an occurrence on a date."""
    for candidate in occurrence_dates(recurrence):
        if candidate >= on:
            return candidate == on
    return False


def _candidates(pattern: dict[str, Any], first_on: date) -> Iterator[date]:
    interval = pattern["interval"]
    match pattern["type"]:
        case "daily":
            return _every_day(first_on, interval)
        case "weekly":
            return _every_week(first_on, interval, _weekdays(pattern), WEEKDAYS.index(pattern["firstDayOfWeek"]))
        case "absoluteMonthly" | "relativeMonthly":
            return (_day_in(year, month, pattern) for year, month in _months(first_on.year, first_on.month, interval))
        case _:
            years = count(first_on.year, interval)
            return (_day_in(year, pattern["month"], pattern) for year in years)


def _weekdays(pattern: dict[str, Any]) -> set[int]:
    return {WEEKDAYS.index(day) for day in pattern["daysOfWeek"]}


def _every_day(first_on: date, interval: int) -> Iterator[date]:
    current = first_on
    while True:
        yield current
        current += timedelta(days=interval)


def _every_week(first_on: date, interval: int, wanted: Collection[int], first_day: int) -> Iterator[date]:
    week = first_on - timedelta(days=(first_on.weekday() - first_day) % 7)
    while True:
        for offset in range(7):
            current = week + timedelta(days=offset)
            if current.weekday() in wanted:
                yield current
        week += timedelta(weeks=interval)


def _months(year: int, month: int, interval: int) -> Iterator[tuple[int, int]]:
    for number in count(year * 12 + month - 1, interval):
        yield number // 12, number % 12 + 1


def _day_in(year: int, month: int, pattern: dict[str, Any]) -> date:
    """Return the one day of a month that a monthly or yearly pattern means."""
    length = monthrange(year, month)[1]
    if pattern["type"].startswith("absolute"):
        # A month that is too short has the occurrence on its last day:
        # https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal (PatternTypeSpecific of Month)
        return date(year, month, min(pattern["dayOfMonth"], length))
    wanted = _weekdays(pattern)
    fitting = [on for day in range(1, length + 1) if (on := date(year, month, day)).weekday() in wanted]
    return fitting[-1] if pattern["index"] == "last" else fitting[INDEXES.index(pattern["index"])]
