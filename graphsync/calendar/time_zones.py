"""Translates the names of time zones: Graph's, Windows's, IANA's, and rules that somebody set by hand.

Everything inside graphsync carries one string per zone; this module says what it means. Unknown names are an
error here, so that nothing is ever booked by a clock that was guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, tzinfo
from functools import lru_cache
from io import BytesIO
from struct import pack
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

CACHED_ZONES: Final = 1024
"""How many names are remembered: more than there are zones, few enough that odd input cannot fill the memory."""

_WINDOWS_TO_IANA: Final[dict[str, str]] = {windows.casefold(): iana for windows, iana in win_tz.items()}
_WINDOWS_SPELLING: Final[dict[str, str]] = {windows.casefold(): windows for windows in win_tz}

# Zones of the tz database that the Windows table leaves out, and the zone whose Windows name they share.
_SAME_AS: Final[dict[str, str]] = {
    "CST6CDT": "America/Chicago",
    "EST5EDT": "America/New_York",
    "Europe/Uzhgorod": "Europe/Kiev",
    "Europe/Zaporozhye": "Europe/Kiev",
    "GMT": "Etc/UTC",
    "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
    "US/East-Indiana": "America/Indianapolis",
}

# Files beside the tz database that are no zones: they mean another clock on each machine, or none.
_NO_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})

_OFFSET = r"[+-]?\d{1,2}(?::\d{2})?"
_CHANGE = r",M\d{1,2}\.[1-5]\.[0-6](?:/\d{1,2}(?::\d{2})?)?"
_POSIX_RULE: Final = re.compile(rf"[A-Za-z]{{3,}}{_OFFSET}(?:[A-Za-z]{{3,}}(?:{_OFFSET})?{_CHANGE}{_CHANGE})?")

# An empty time zone file (RFC 8536, https://www.rfc-editor.org/rfc/rfc8536) of one type, whose footer is the rule.
_TZIF_BLOCK: Final = b"TZif2" + bytes(15) + pack(">6l", 0, 0, 0, 0, 1, 4) + pack(">lbb", 0, 0, 0) + b"UTC\0"

_MINUTES_A_DAY: Final = 24 * 60


class UnknownTimeZone(ValueError):
    """No zone has this name; `name` is what was found."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"unknown time zone {name!r}; expected an IANA name ('Europe/Berlin'), a Windows name"
            " ('W. Europe Standard Time') or a POSIX rule ('CET-1CEST,M3.5.0,M10.5.0/3');"
            " set a time zone for this person in 'mentorships.csv'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyChange:
    """The day and wall-clock time at which the clocks change each year, as Graph's `standardTimeZoneOffset` has it.

    `occurrence` is 1 to 4 for the first to fourth such weekday (0 is Monday) of the month, 5 for the last one. `at`
    is read off the clock in force before the change.

    Source: https://learn.microsoft.com/graph/api/resources/standardtimezoneoffset
    """

    month: int
    occurrence: int
    weekday: int
    at: time

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.occurrence <= 5 and 0 <= self.weekday <= 6):
            raise ValueError(
                f"a change has month 1 to 12, occurrence 1 to 5 (5 is the last) and weekday 0 (Monday) to 6,"
                f" not {self.month}, {self.occurrence}, {self.weekday}"
            )


@lru_cache(maxsize=CACHED_ZONES)
def zone(name: str) -> tzinfo:
    """Return the clock that `name` stands for.

    Args:
        name: an IANA name, else a Windows name (in any case), else a POSIX rule such as `custom_rule` makes. Names
            that are both (`UTC`, `EST5EDT`) are read as IANA's.

    Raises:
        UnknownTimeZone: none of the three knows the name, or it is empty.
    """
    try:
        return ZoneInfo(iana_name(name))
    except UnknownTimeZone:
        # Last, as Windows has zones named like rules that mean the contrary: its 'UTC-11' is west of Greenwich.
        if _POSIX_RULE.fullmatch(name):
            return _posix_zone(name)
        raise


@lru_cache(maxsize=CACHED_ZONES)
def iana_name(name: str) -> str:
    """Return the IANA name of a zone given by its IANA name (returned as it is) or its Windows name.

    A Windows zone stands for many IANA zones; the one returned is Unicode CLDR's default for the whole world.

    Raises:
        UnknownTimeZone: neither knows the name; rules set by hand have none.
    """
    if _is_iana(name):
        return name
    try:
        return _WINDOWS_TO_IANA[name.casefold()]
    except KeyError:
        raise UnknownTimeZone(name) from None


@lru_cache(maxsize=CACHED_ZONES)
def windows_name(name: str) -> str:
    """Return the Windows name under which events of this zone are written to Graph.

    Args:
        name: an IANA name; a Windows name is returned in its usual spelling.

    Returns:
        The Windows name, or `UTC` for a zone that Windows has no name for (`Antarctica/Troll`, a rule set by hand):
        the instants are right all the same, and Outlook shows each reader their own clock.

    Raises:
        UnknownTimeZone: the name is none that `zone` knows.
    """
    if name.casefold() in _WINDOWS_SPELLING:
        return _WINDOWS_SPELLING[name.casefold()]
    zone(name)
    return tz_win.get(_SAME_AS.get(name, name), "UTC")


def custom_rule(
    bias_minutes: int,
    standard: YearlyChange | None = None,
    daylight: YearlyChange | None = None,
    daylight_bias: int = 0,
) -> str:
    """Return the POSIX rule of a zone that somebody set by hand (Graph's `customTimeZone`), for use with `zone`.

    Args:
        bias_minutes: minutes from local standard time to UTC: over zero west of Greenwich (480 is California).
        standard: when standard time begins; None, as `daylight`, where the clocks stay as they are.
        daylight: when summer time begins.
        daylight_bias: minutes added to `bias_minutes` in summer time, usually -60.

    Raises:
        ValueError: only one of the two changes is given, or a bias is a day or more.

    Source: https://learn.microsoft.com/graph/api/resources/customtimezone
    """
    if (standard is None) != (daylight is None):
        raise ValueError("a time zone has both a change to standard and one to summer time, or neither")
    rule = "STD" + _posix_offset(bias_minutes)
    if standard is None or daylight is None or not daylight_bias:
        return rule
    return (
        rule + "DST" + _posix_offset(bias_minutes + daylight_bias) + _posix_change(daylight) + _posix_change(standard)
    )


def _is_iana(name: str) -> bool:
    if name in _NO_ZONES or name.startswith(("posix/", "right/")):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name is a folder of the database ('America'); ValueError: it is a path, or empty.
        return False
    return True


def _posix_zone(rule: str) -> ZoneInfo:
    """Return the zone of a POSIX rule.

    The standard library reads such rules at the end of a time zone file, so an otherwise empty file is made in
    memory. dateutil's `tzstr` is not used: where summer time ends within its first hour of the day (Beirut, Cairo and
    zones set by hand) it changes the clocks 23 hours late, it takes any word for a zone, and turns 'UTC+2' round.
    """
    try:
        return ZoneInfo.from_file(BytesIO(_TZIF_BLOCK + _TZIF_BLOCK + f"\n{rule}\n".encode()), key=rule)
    except ValueError:
        raise UnknownTimeZone(rule) from None


def _posix_offset(bias_minutes: int) -> str:
    if abs(bias_minutes) >= _MINUTES_A_DAY:
        raise ValueError(f"the bias of a time zone is less than a day, not {bias_minutes} minutes")
    hours, minutes = divmod(abs(bias_minutes), 60)
    return f"{'-' if bias_minutes < 0 else ''}{hours}:{minutes:02}"


def _posix_change(change: YearlyChange) -> str:
    # Windows writes midnight at a day's end as 23:59:59.999; rounded to minutes it is POSIX's 24:00.
    minutes = change.at.hour * 60 + change.at.minute + (change.at.second >= 30)
    # POSIX counts weekdays from Sunday.
    return f",M{change.month}.{change.occurrence}.{(change.weekday + 1) % 7}/{minutes // 60}:{minutes % 60:02}"
