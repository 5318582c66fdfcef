"""Reads values that people write, in scenario files and to the control API: each is checked, and every misfit told.

A reader takes a raw value (what JSON or YAML holds) and returns what it means, or raises `Unfit`. `Reading` collects
the misfits of a whole document by their path, so that whoever knows the file can say line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from graphsync.sandbox.refusals import GraphRefusal, close_to
from graphsync.sandbox.zones import zone_of

Reader = Callable[[object], Any]
Path = tuple[str | int, ...]

_MOST_LISTED = 12
# Far beyond what anybody tries, and far from where arithmetic with times ends.
_YEARS = range(1970, 2200)
_LONGEST = timedelta(days=3660)
LONGEST_S = 30 * 24 * 3600
_MOST = 1_000_000_000
_MOST_AT_ONCE = 1000
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\s*")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Unfit(ValueError):
    """A value is not what it should be; `found` and `expected` complete "found …; expected …"."""

    def __init__(self, found: str, expected: str) -> None:
        self.found = found
        self.expected = expected
        super().__init__(f"found {found}; expected {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What is wrong at one place of a document; `of_key` where the key is meant, not its value."""

    path: Path
    found: str
    expected: str
    of_key: bool = False

    def __str__(self) -> str:
        """Return `place: found …; expected …`, the place as dots and indices."""
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).lstrip(".")
        words = f"found {self.found}; expected {self.expected}"
        return words if self.of_key or not place else f"{place}: {words}"


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a record: how its value is read, and whether it must be there."""

    read: Reader
    required: bool = False


@dataclass(slots=True)
class Reading:
    """Reads one document and keeps what is wrong with it."""

    misfits: list[Misfit] = field(default_factory=list)

    def tell(self, path: Path, found: str, expected: str, *, of_key: bool = False) -> None:
        """Note a misfit."""
        self.misfits.append(Misfit(path=path, found=found, expected=expected, of_key=of_key))

    def record(self, value: object, path: Path, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Return the values of `fields` that are there and fit, by key."""
        if not isinstance(value, Mapping):
            self.tell(path, described(value), f"the keys {', '.join(sorted(fields))}")
            return {}
        found: dict[str, Any] = {}
        for key, raw in value.items():
            known = fields.get(str(key))
            if known is None:
                self.tell((*path, key), f"key {key!r}", _instead_of(key, fields), of_key=True)
            else:
                self.value(raw, (*path, key), known.read, found)
        for key, known in fields.items():
            if known.required and key not in value:
                self.tell(path, f"no key {key!r}", f"it among {_listed(fields)}")
        return found

    def value(self, raw: object, path: Path, read: Reader, into: dict[str, Any]) -> None:
        """Put what `raw` means into `into`, under the last part of `path`."""
        try:
            into[str(path[-1])] = read(raw)
        except Unfit as unfit:
            self.tell(path, unfit.found, unfit.expected)

    def items(self, value: object, path: Path, what: str) -> list[tuple[Path, object]]:
        """Return the items of a list with their paths; an absent one has none."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.tell(path, described(value), f"a list of {what}")
            return []
        return [((*path, index), item) for index, item in enumerate(value)]


def described(value: object) -> str:
    """Return a value as a message says it: what is long or holds more is named by its kind."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case Mapping():
            return "keys and values"
        case list():
            return "a list"
        case _:
            text = repr(value)
            return text if len(text) <= 80 else f"{text[:77]}…'"


def _listed(known: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(known))


def _instead_of(key: object, known: Iterable[str]) -> str:
    """Return what is expected for an unknown key: all there are, unless they are many and some come close."""
    names = sorted(known)
    hint = _hint(key, names)
    return f"one of {len(names)} keys{hint}" if hint and len(names) > _MOST_LISTED else f"one of {_listed(names)}{hint}"


def _hint(key: object, known: Iterable[str]) -> str:
    hint = close_to(str(key), known)
    return hint if "did you mean" in hint else ""


def text(value: object) -> str:
    """Read text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Unfit(described(value), "text")
    return value


def flag(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Unfit(described(value), "true or false")
    return value


def number(lowest: float, highest: float | None = None, *, whole: bool = True, above: bool = False) -> Reader:
    """Return a reader of numbers from `lowest` (over it with `above`) to `highest`, both included."""
    kind = "a whole number" if whole else "a number"
    bounds = (f"over {lowest:g}" if above else f"from {lowest:g}") + (
        "" if highest is None else f"{' and at most' if above else ' to'} {highest:g}"
    )

    def read(value: object) -> float:
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not fits or not isinstance(value, int | float) or value != value:
            raise Unfit(described(value), f"{kind} {bounds}")
        if value < lowest or (above and value == lowest) or (highest is not None and value > highest):
            raise Unfit(described(value), f"{kind} {bounds}")
        return value

    return read


def one_of(allowed: Iterable[Any]) -> Reader:
    """Return a reader of one of some words or numbers."""
    choices = list(allowed)

    def read(value: object) -> Any:
        if isinstance(value, bool) or value not in choices:
            names = [choice for choice in choices if isinstance(choice, str)]
            hint = _hint(value, names) if isinstance(value, str) else ""
            raise Unfit(described(value), f"one of {', '.join(repr(choice) for choice in choices)}{hint}")
        return value

    return read


def address(value: object) -> str:
    """Read a mail address."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise Unfit(described(value), "a mail address such as 'ana@fabrikam.test'")
    return value


def tenant(value: object) -> str:
    """Read a tenant's id or domain: it becomes a part of paths."""
    if not isinstance(value, str) or not _TENANT.fullmatch(value):
        raise Unfit(described(value), "an id, or a domain such as 'fabrikam.test'")
    return value


def time_zone(value: object) -> str:
    """Read a Windows zone name or one of the IANA names Graph lists."""
    name = text(value)
    try:
        zone_of(name)
    except GraphRefusal as refusal:
        raise Unfit(described(value), "a Windows zone name such as 'Romance Standard Time'") from refusal
    return name


def instant(value: object) -> datetime:
    """Read an ISO 8601 instant with its offset, as UTC."""
    parsed = _iso(value, "an instant with its offset such as '2026-01-05T08:00:00Z'")
    if parsed.tzinfo is None:
        raise Unfit(f"{described(value)} without an offset", "an instant such as '2026-01-05T08:00:00Z'")
    return parsed.astimezone(UTC)


def wall_clock(value: object) -> datetime:
    """Read a date and time without a zone."""
    parsed = _iso(value, "a date and time such as '2026-01-13T10:00'")
    if parsed.tzinfo is not None:
        raise Unfit(f"{described(value)} with an offset", "the organizer's own time, such as '2026-01-13T10:00'")
    return parsed


def _iso(value: object, expected: str) -> datetime:
    if not isinstance(value, str) or len(value) < 11:
        raise Unfit(described(value), expected)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise Unfit(described(value), expected) from error
    if parsed.year not in _YEARS:
        raise Unfit(described(value), f"a year from {_YEARS[0]} to {_YEARS[-1]}")
    return parsed


def duration(value: object) -> timedelta:
    """Read a span such as `2 hours`; over zero."""
    expected = "a duration such as '90 seconds', '2 hours' or '1 day'"
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unfit(described(value), expected)
    try:
        span = timedelta(**{f"{match[2]}s": float(match[1])})
    except OverflowError as error:
        raise Unfit(described(value), f"at most {_LONGEST.days} days") from error
    if not timedelta() < span <= _LONGEST:
        raise Unfit(described(value), f"a duration over zero and at most {_LONGEST.days} days")
    return span


def hours(value: object) -> tuple[str, str]:
    """Read working hours such as `09:00-17:00`."""
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unfit(described(value), "hours such as '09:00-17:00'")
    start, end = f"{match[1]}:{match[2]}", f"{match[3]}:{match[4]}"
    if start >= end:
        raise Unfit(described(value), "hours that end after they start")
    return start, end


def list_of(read: Reader, what: str, *, least: int = 0) -> Reader:
    """Return a reader of lists whose items `read` reads."""

    def read_list(value: object) -> list[Any]:
        if not isinstance(value, list) or len(value) < least:
            raise Unfit(described(value), f"a list of {what}")
        return [read(item) for item in value]

    return read_list


def by_annotation(annotation: Any) -> Reader:
    """Return the reader of a value of a type: bool, int, float, a Literal, a pair of numbers, durations, or None."""
    if get_origin(annotation) in {Union, UnionType}:
        inner = [part for part in get_args(annotation) if part is not NoneType]
        return _or_nothing(by_annotation(inner[0]))
    if get_origin(annotation) is Literal:
        return one_of(get_args(annotation))
    if get_origin(annotation) is tuple and Ellipsis in get_args(annotation):
        return _several(by_annotation(get_args(annotation)[0]))
    if get_origin(annotation) is tuple:
        return _pair(whole=get_args(annotation)[0] is int)
    readers: dict[Any, Reader] = {
        bool: flag,
        int: number(0, _MOST),
        float: number(0, LONGEST_S, whole=False),
        timedelta: duration,
        datetime: instant,
        str: text,
    }
    return readers[annotation]


def _or_nothing(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _several(read: Reader) -> Reader:
    read_list = list_of(read, "values, at least one", least=1)
    return lambda value: tuple(read_list(value))


def _pair(*, whole: bool) -> Reader:
    read = number(0, _MOST_AT_ONCE) if whole else number(0, LONGEST_S, whole=False)

    def read_pair(value: object) -> tuple[Any, Any]:
        if not isinstance(value, list) or len(value) != 2:
            raise Unfit(described(value), "two numbers, the least and the most")
        low, high = read(value[0]), read(value[1])
        if low > high:
            raise Unfit(f"{low} and {high}", "the least before the most")
        return low, high

    return read_pair


def written(value: object) -> object:
    """Return a value as JSON has it: an instant and a duration as text, a pair as a list."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            seconds = value.total_seconds()
            return f"{seconds:g} seconds" if seconds != 1 else "1 second"
        case tuple():
            return [written(item) for item in value]
        case _:
            return value
