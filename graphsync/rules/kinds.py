"""The kinds of value a configuration key may hold, each with the phrase that says what is expected.

A kind takes what a YAML file has (or the value itself, for code that builds models) and returns the value, or raises
`wrong(...)`. `checking` turns that into a `Problem` with its position; the schemas put the kinds together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError
from tzlocal.windows_tz import tz_win, win_tz

from graphsync.calendar.time_zones import UnknownTimeZone, iana_name
from graphsync.errors import near_miss, one_of
from graphsync.rules.durations import (
    ClockSpan,
    Duration,
    WorkingDays,
    WorkingTime,
    format_duration,
    parse_duration,
)

Choice = TypeVar("Choice", bound=str)

ALL = "all"
"""What `for` says where a rule is meant for every cohort."""

SLUG = "lower-case letters, digits and hyphens, such as 'new-hires'"
ADDRESS = "a mail address such as 'name@fabrikam.test'"
TIME_ZONE = "an IANA time zone such as 'Europe/Berlin', or its Windows name"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ADDRESS = re.compile(r"[^\s@,;:<>\"()\[\]\\]+@[^\s@,;:<>\"()\[\]\\]+")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LISTEN = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})")
_HIGHEST_PORT = 65535
_CLOCK_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]) *- *([01][0-9]|2[0-3]):([0-5][0-9])")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_LONGEST_WORDS = 200
_SHOWN_LENGTH = 60


def wrong(expected: str, *, found: str = "", at: Sequence[str] = (), offset: int = 0) -> PydanticCustomError:
    """Return the error of a value that is not what its key may hold.

    Args:
        expected: the phrase that completes "expected …".
        found: the phrase that completes "found …", where the key and its value would not say it, or must not.
        at: the keys that lead from the value to what is meant, where that is not the value as a whole.
        offset: where in a text the problem is, in characters.
    """
    context = {"expected": expected, "found": found, "at": tuple(at), "offset": offset}
    return PydanticCustomError("wrong", "expected {expected}", context)


def shown(value: object) -> str:
    """Return `value` as its file has it: text quoted and cut, the rest named by its shape."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_LENGTH else value[: _SHOWN_LENGTH - 1] + "…")
    if isinstance(value, dict):
        return "keys of its own"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else str(value)


def slug(value: object) -> str:
    """Return the name of a rule or cohort."""
    if isinstance(value, str) and _SLUG.fullmatch(value):
        return value
    raise wrong(SLUG)


def cohorts(value: object) -> tuple[str, ...]:
    """Return the cohorts that `for` names: (ALL,) or at least one name, in the order written."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise wrong("a cohort, a list of cohorts, or 'all'")
    if len(set(names)) < len(names):
        raise wrong("each cohort once", found="a cohort named twice")
    if ALL in names and len(names) > 1:
        raise wrong("either 'all' or the names of cohorts", found="'all' beside other cohorts")
    return tuple(names)


def address(value: object) -> str:
    """Return a mail address; one that is refused is not repeated in the message."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return value
    raise wrong(ADDRESS, found="no mail address")


def guid(value: object) -> str:
    """Return an id of Entra ID, in lower case."""
    if isinstance(value, str) and _GUID.fullmatch(value):
        return value.lower()
    raise wrong("an id such as '6f9d1e04-3b52-4c8a-9a70-1d2c5e8b7f36', as Entra ID shows it")


def https_url(value: object) -> str:
    """Return an https URL without user, query or fragment, and without a slash at its end."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        fits = parts is not None and parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no IPv6 address, or a port that is no number
        fits = False
    if not fits or any(sign in str(value) for sign in "?#@ "):
        raise wrong("an https URL such as 'https://graphsync.example', without user, query or fragment")
    return str(value).rstrip("/")


def database_url(value: object) -> str:
    """Return the URL of a database of one of the two kinds graphsync runs on; a refused one is not repeated."""
    if isinstance(value, str) and re.match(r"(sqlite|postgresql\+psycopg)://", value):
        return value
    raise wrong("'sqlite:///graphsync.db' or 'postgresql+psycopg://host/name'", found="a database URL of another kind")


def listen_address(value: object) -> str:
    """Return the host and port to listen on."""
    form = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if form is None or int(form[2]) > _HIGHEST_PORT:
        raise wrong("a host and a port, such as '127.0.0.1:8443'")
    return form[0]


def time_zone(value: object) -> str:
    """Return the IANA name of a time zone given by its IANA or its Windows name."""
    try:
        return iana_name(value if isinstance(value, str) else "")
    except UnknownTimeZone as error:
        raise wrong(TIME_ZONE + near_miss([*tz_win, *win_tz], value)) from error


def clock_span(value: object) -> ClockSpan | None:
    """Return hours of the day such as `12:00-13:00`, or None for `none`."""
    if value in ("none", None) or isinstance(value, ClockSpan):
        return value if isinstance(value, ClockSpan) else None
    form = _CLOCK_SPAN.fullmatch(value) if isinstance(value, str) else None
    if form is None or form[1] + form[2] == form[3] + form[4]:
        raise wrong("hours of the day such as '12:00-13:00', or 'none'")
    return ClockSpan(time(int(form[1]), int(form[2])), time(int(form[3]), int(form[4])))


def instant(value: object) -> datetime:
    """Return an instant in UTC; its text names the offset from UTC, since a time without one could be any."""
    expected = "a date and time with its offset from UTC, such as '2026-12-21T00:00+01:00'"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    form = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        raise wrong(expected)
    if form[2] is None:
        raise wrong(expected, found=f"{value!r}, which has no time zone")
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # a day its month does not have, or the year 1
        raise wrong(expected) from error


def words(value: object) -> str:
    """Return a short text that is not empty."""
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_WORDS:
        return value.strip()
    raise wrong(f"a text of 1 to {_LONGEST_WORDS} characters")


def flag(value: object) -> bool:
    """Return true or false; `yes` and `on` are text in YAML 1.2."""
    if isinstance(value, bool):
        return value
    raise wrong("true or false")


def number(lowest: int, highest: int) -> Callable[[object], int]:
    """Return the kind of whole numbers from `lowest` to `highest`, both included."""

    def check(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise wrong(f"a whole number from {lowest} to {highest}")

    return check


def choice(allowed: Iterable[Choice]) -> Callable[[object], Choice]:
    """Return the kind of the words `allowed`."""
    known = {str(word): word for word in allowed}

    def check(value: object) -> Choice:
        if isinstance(value, str) and value in known:
            return known[value]
        raise wrong(one_of(known, value))

    return check


def span(lowest: timedelta, highest: timedelta, *, step: timedelta, why: str = "") -> Callable[[object], timedelta]:
    """Return the kind of spans on the clock from `lowest` to `highest`, both included, in whole steps.

    Args:
        lowest: the shortest one allowed.
        highest: the longest one allowed.
        step: what it must be a multiple of.
        why: what the limits come from, where a reader would ask.
    """
    whole = format_duration(step)
    steps = f"whole {whole[2:]}s" if whole.startswith("1 ") else f"steps of {whole}"
    expected = f"{format_duration(lowest)!r} to {format_duration(highest)!r}, in {steps}"

    def check(value: object) -> timedelta:
        found = _duration(value)
        if isinstance(found, timedelta) and lowest <= found <= highest and not found % step:
            return found
        raise wrong(f"{expected} ({why})" if why else expected)

    return check


def working_days(lowest: int, highest: int) -> Callable[[object], WorkingDays]:
    """Return the kind of numbers of working days from `lowest` to `highest`, both included."""

    def check(value: object) -> WorkingDays:
        found = _duration(value)
        if isinstance(found, WorkingDays) and lowest <= found.count <= highest:
            return found
        raise wrong(f"{str(WorkingDays(lowest))!r} to {str(WorkingDays(highest))!r}")

    return check


def working_hours(lowest: int, highest: int) -> Callable[[object], WorkingTime]:
    """Return the kind of working time from `lowest` to `highest` hours, both included."""
    bottom, top = WorkingTime(timedelta(hours=lowest)), WorkingTime(timedelta(hours=highest))

    def check(value: object) -> WorkingTime:
        found = _duration(value)
        if isinstance(found, WorkingTime) and bottom <= found <= top:
            return found
        raise wrong(f"{str(bottom)!r} to {str(top)!r}")

    return check


def listed(what: str, *, empty: bool = False) -> Callable[[object], object]:
    """Return the check that a value is a list of `what`, each entry once, and not empty unless `empty` is true."""

    def check(value: object) -> object:
        if not isinstance(value, list | tuple) or not (value or empty):
            raise wrong(f"a list of {what}")
        seen = [entry.casefold() if isinstance(entry, str) else entry for entry in value]
        if any(entry in seen[:place] for place, entry in enumerate(seen)):
            raise wrong("each entry once", found="an entry twice")
        return value

    return check


def _duration(value: object) -> Duration | None:
    if not isinstance(value, str):
        return value if isinstance(value, timedelta | WorkingTime | WorkingDays) else None
    try:
        return parse_duration(value)
    except ValueError:
        return None
