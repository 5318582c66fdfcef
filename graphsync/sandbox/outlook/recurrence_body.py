"""What Graph takes as the recurrence of an event, and the one form in which it is stored and shown.

Sources: https://learn.microsoft.com/graph/api/resources/recurrencepattern, recurrencerange; the limits are those of
https://learn.microsoft.com/exchange/client-developer/web-service-reference/interval and numberofoccurrences
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from graphsync.sandbox.face.bodies import (
    body_refusal,
    is_annotation,
    list_of,
    number_of,
    object_of,
    one_of,
    text_of,
    unknown_property,
)
from graphsync.sandbox.outlook.recurrence import INDEXES, WEEKDAYS, occurrence_dates
from graphsync.sandbox.refusals import GraphRefusal, invalid_property, refuse_unknown
from graphsync.sandbox.zones import instant_of, local_time, stored_name

PATTERNS = ("daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly")
RANGES = ("endDate", "noEnd", "numbered")
MOST_OCCURRENCES = 999
LONGEST_INTERVAL_IN_DAYS, LONGEST_INTERVAL = 999, 99
_PATTERN_KEYS = ("type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index")
_RANGE_KEYS = ("type", "startDate", "endDate", "recurrenceTimeZone", "numberOfOccurrences")
_NO_DATE = "0001-01-01"


def recurrence_of(value: Mapping[str, Any], start: datetime, zone_name: str) -> dict[str, Any]:
    """Return a recurrence with every property it has in answers, checked.

    Args:
        value: the `recurrence` of a request body.
        start: when the event starts.
        zone_name: the zone of the event's start; that of the series unless `recurrenceTimeZone` names another.

    Raises:
        GraphRefusal: 400 for a pattern or range Graph does not take, such as one that does not begin on the day the
            event does.
    """
    _check_keys(value, ("pattern", "range"), "patternedRecurrence")
    pattern, span = value.get("pattern"), value.get("range")
    if pattern is None or span is None:
        raise invalid_property("recurrence needs 'pattern' and 'range'.")
    checked = {
        "pattern": _pattern(object_of(pattern, "recurrence.pattern")),
        "range": _range(object_of(span, "recurrence.range"), zone_name),
    }
    starts_on = local_time(start, checked["range"]["recurrenceTimeZone"]).date().isoformat()
    if checked["range"]["startDate"] != starts_on:
        raise invalid_property(
            f"The range's startDate {checked['range']['startDate']} is not the day the event starts, {starts_on}."
        )
    return checked


def started_on(recurrence: Mapping[str, Any], start: datetime) -> dict[str, Any]:
    """Return a checked recurrence whose range begins on the day of `start`.

    Raises:
        GraphRefusal: 400; it ends before.
    """
    span = dict(recurrence["range"])
    span["startDate"] = local_time(start, span["recurrenceTimeZone"]).date().isoformat()
    if span["type"] == "endDate" and span["endDate"] < span["startDate"]:
        raise invalid_property(f"The range's endDate {span['endDate']} is before the new start {span['startDate']}.")
    return {"pattern": recurrence["pattern"], "range": span}


def first_start(recurrence: Mapping[str, Any], start: datetime) -> datetime:
    """Return when the first occurrence starts, which may be on a later day than the range.

    Raises:
        GraphRefusal: 400; no date of the range fits the pattern.
    """
    first = next(occurrence_dates(dict(recurrence)), None)
    if first is None:
        raise GraphRefusal(400, "ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence in its range.")
    zone_name = recurrence["range"]["recurrenceTimeZone"]
    at = local_time(start, zone_name)
    return (
        start if at.date() == first else instant_of(datetime.combine(first, at.time()).isoformat(), zone_name, "start")
    )


def _check_keys(value: Mapping[str, Any], known: tuple[str, ...], resource: str) -> None:
    for key in value:
        if key not in known and not is_annotation(key):
            refuse_unknown(unknown_property(key, resource, known))


def _pattern(value: Mapping[str, Any]) -> dict[str, Any]:
    _check_keys(value, _PATTERN_KEYS, "recurrencePattern")
    kind = one_of(value.get("type"), PATTERNS, "recurrence.pattern.type")
    days = [one_of(day, WEEKDAYS, "daysOfWeek") for day in list_of(value.get("daysOfWeek") or [], "daysOfWeek")]
    if kind in {"weekly", "relativeMonthly", "relativeYearly"} and not days:
        raise invalid_property(f"A {kind} pattern needs daysOfWeek.")
    # 0 stands for none, as answers have it.
    highest = LONGEST_INTERVAL_IN_DAYS if kind == "daily" else LONGEST_INTERVAL
    return {
        "type": kind,
        "interval": _within(value, "interval", 1, highest),
        "month": _within(value, "month", 1 if kind.endswith("Yearly") else 0, 12),
        "dayOfMonth": _within(value, "dayOfMonth", 1 if kind.startswith("absolute") else 0, 31),
        "daysOfWeek": list(dict.fromkeys(days)),
        "firstDayOfWeek": one_of(value.get("firstDayOfWeek") or "sunday", WEEKDAYS, "firstDayOfWeek"),
        "index": one_of(value.get("index") or "first", INDEXES, "index"),
    }


def _range(value: Mapping[str, Any], zone_name: str) -> dict[str, Any]:
    _check_keys(value, _RANGE_KEYS, "recurrenceRange")
    kind = one_of(value.get("type"), RANGES, "recurrence.range.type")
    starts_on = _date(value, "startDate")
    ends_on = _date(value, "endDate") if kind == "endDate" else _NO_DATE
    if kind == "endDate" and ends_on < starts_on:
        raise invalid_property(f"The range's endDate {ends_on} is before its startDate {starts_on}.")
    named = value.get("recurrenceTimeZone")
    return {
        "type": kind,
        "startDate": starts_on,
        "endDate": ends_on,
        "recurrenceTimeZone": stored_name(text_of(named, "recurrenceTimeZone")) if named else zone_name,
        "numberOfOccurrences": (
            _within(value, "numberOfOccurrences", 1, MOST_OCCURRENCES) if kind == "numbered" else 0
        ),
    }


def _within(value: Mapping[str, Any], key: str, lowest: int, highest: int) -> int:
    number = number_of(value.get(key) or 0, f"recurrence.{key}")
    if not lowest <= number <= highest:
        raise invalid_property(f"recurrence.{key} is {number}; a number from {lowest} to {highest} is expected.")
    return number


def _date(value: Mapping[str, Any], key: str) -> str:
    text = text_of(value.get(key), f"recurrence.range.{key}")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise body_refusal(
            f"Cannot convert the literal '{text}' of '{key}' to the expected type 'Edm.Date'."
        ) from error


def only_ends_otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether two checked recurrences differ in nothing but where the range ends."""
    same = ("startDate", "recurrenceTimeZone")
    return before["pattern"] == after["pattern"] and all(before["range"][key] == after["range"][key] for key in same)
