"""The occurrences of a series: daily and weekly patterns, by wall clock in the zone of the series.

Source: https://learn.microsoft.com/graph/api/resources/patternedrecurrence
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from graphsync.sandbox.draws import ITEM_ID_LENGTH
from graphsync.sandbox.events import Event
from graphsync.sandbox.refusals import invalid_property, not_served
from graphsync.sandbox.zones import local_time, zone_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_SERIES = timedelta(days=3660)


def check_recurrence(recurrence: dict[str, Any]) -> None:
    """Refuse a recurrence that is not a daily or weekly pattern with a complete range.

    Raises:
        GraphRefusal: 400 if it is malformed, 501 for a pattern Graph has and the sandbox has not.
    """
    pattern, span = recurrence.get("pattern"), recurrence.get("range")
    if not isinstance(pattern, dict) or not isinstance(span, dict):
        raise invalid_property("recurrence needs 'pattern' and 'range'.")
    kind = str(pattern.get("type", "")).lower()
    if kind not in {"daily", "weekly"}:
        raise not_served(f"recurrence pattern {pattern.get('type')!r}; daily and weekly are.")
    days = pattern.get("daysOfWeek", [])
    if kind == "weekly" and (not days or any(str(day).lower() not in WEEKDAYS for day in days)):
        raise invalid_property(f"a weekly pattern needs daysOfWeek, not {days!r}.")
    end_kind = str(span.get("type", "")).lower()
    if end_kind not in {"enddate", "noend", "numbered"}:
        raise invalid_property(f"recurrence range type {span.get('type')!r} is not endDate, noEnd or numbered.")
    try:
        date.fromisoformat(str(span["startDate"]))
        if end_kind == "enddate":
            date.fromisoformat(str(span["endDate"]))
        if end_kind == "numbered" and int(span["numberOfOccurrences"]) < 1:
            raise ValueError("numberOfOccurrences is below 1")
    except (KeyError, ValueError) as error:
        raise invalid_property(f"recurrence range: {error}.") from error


def occurrence_dates(recurrence: dict[str, Any]) -> Iterator[date]:
    """Yield the dates of a checked recurrence, first to last; a series without an end stops after ten years."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    interval = int(pattern.get("interval", 1)) or 1
    first_on = date.fromisoformat(str(span["startDate"]))
    last_on = first_on + _LONGEST_SERIES
    if str(span["type"]).lower() == "enddate":
        last_on = min(last_on, date.fromisoformat(str(span["endDate"])))
    left = int(span["numberOfOccurrences"]) if str(span["type"]).lower() == "numbered" else None
    if str(pattern["type"]).lower() == "daily":
        candidates = _every_day(first_on, interval)
    else:
        wanted = {WEEKDAYS.index(str(day).lower()) for day in pattern["daysOfWeek"]}
        first_day = WEEKDAYS.index(str(pattern.get("firstDayOfWeek", "sunday")).lower())
        candidates = _every_week(first_on, interval, wanted, first_day)
    for candidate in candidates:
        if candidate > last_on or left == 0:
            return
        yield candidate
        if left is not None:
            left -= 1


def _every_day(first_on: date, interval: int) -> Iterator[date]:
    current = first_on
    while True:
        yield current
        current += timedelta(days=interval)


def _every_week(first_on: date, interval: int, wanted: set[int], first_day: int) -> Iterator[date]:
    week = first_on - timedelta(days=(first_on.weekday() - first_day) % 7)
    while True:
        for offset in range(7):
            current = week + timedelta(days=offset)
            if current >= first_on and current.weekday() in wanted:
                yield current
        week += timedelta(weeks=interval)


def occurrences(master: Event, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield the occurrences of a series master that overlap the span from `start` to `end`, in order."""
    if master.recurrence is None:
        return
    zone = zone_of(master.original_time_zone)
    first = local_time(master.start, master.original_time_zone)
    length = master.end - master.start
    excluded = set(master.excluded_on)
    for on in occurrence_dates(master.recurrence):
        starts = datetime.combine(on, first.time(), tzinfo=zone).astimezone(UTC)
        if starts >= end:
            return
        if starts + length > start and on not in excluded:
            yield replace(
                master,
                id=master.id + on.strftime("%Y%m%d"),
                ical_uid=master.ical_uid + on.strftime("%Y%m%d"),
                start=starts,
                end=starts + length,
                type="occurrence",
                series_master_id=master.id,
                recurrence=None,
            )


def split_occurrence_id(item_id: str) -> tuple[str, date] | None:
    """Return master id and date of an occurrence's id, or None if `item_id` names no occurrence."""
    master_id, digits = item_id[:ITEM_ID_LENGTH], item_id[ITEM_ID_LENGTH:]
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return master_id, date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def occurrence_on(master: Event, on: date) -> Event | None:
    """Return the occurrence of `master` on a date, or None if the series has none then."""
    zone = zone_of(master.original_time_zone)
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=zone).astimezone(UTC)
    wanted = master.id + on.strftime("%Y%m%d")
    span = timedelta(days=2)
    return next((item for item in occurrences(master, noon - span, noon + span) if item.id == wanted), None)
