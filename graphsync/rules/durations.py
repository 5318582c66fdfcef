"""How long, as a coordinator writes it: `7 days`, `50 minutes`, `2 working hours`, `1 working day`.

Text to values and back. What a working hour or day is for somebody, their calendar says (`graphsync.calendar`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta

FORMS = "'7 days', '24 hours', '50 minutes', '2 working hours' or '10 working days'"

_FORM = re.compile(r"(?P<count>[0-9]{1,5}) +(?P<working>working +)?(?P<unit>minute|hour|day)s?")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_UNITS = {"minute": _MINUTE, "hour": _HOUR, "day": _DAY}


@dataclass(frozen=True, slots=True, order=True)
class WorkingTime:
    """Time on the clock of somebody's working hours: it stands still outside them; zero or more, in whole hours."""

    length: timedelta

    def __post_init__(self) -> None:
        if self.length < timedelta(0) or self.length % _HOUR:
            raise ValueError(f"working time is zero or more whole hours, not {self.length}")

    def __str__(self) -> str:
        """Return it as a rule file has it: `2 working hours`."""
        return _counted(self.length // _HOUR, "working hour")


@dataclass(frozen=True, slots=True, order=True)
class WorkingDays:
    """A number of days on which somebody works; zero or more."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"working days are zero or more, not {self.count}")

    def __str__(self) -> str:
        """Return it as a rule file has it: `10 working days`."""
        return _counted(self.count, "working day")


@dataclass(frozen=True, slots=True)
class ClockSpan:
    """Hours by the wall clock, such as 12:00 to 13:00; where `end` is not after `start` they go past midnight."""

    start: time
    end: time

    def __str__(self) -> str:
        """Return it as a rule file has it: `12:00-13:00`."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


Duration = timedelta | WorkingTime | WorkingDays


def parse_duration(text: str) -> Duration:
    """Return what `text` says: a span on the clock, working time, or a number of working days.

    Args:
        text: a whole number and a unit, singular or plural; spaces around it do not matter.

    Raises:
        ValueError: `text` has none of the accepted forms; the message names them.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None or (form["working"] and form["unit"] == "minute"):
        raise ValueError(f"found {text!r}; expected a duration such as {FORMS}")
    count = int(form["count"])
    if not form["working"]:
        return count * _UNITS[form["unit"]]
    return WorkingDays(count) if form["unit"] == "day" else WorkingTime(count * _HOUR)


def format_duration(duration: Duration) -> str:
    """Return `duration` as a rule file has it, in the largest unit that needs no fraction.

    `parse_duration` of the result is `duration` again.

    Raises:
        ValueError: a `timedelta` is negative or no whole number of minutes, which no rule file can say.
    """
    if not isinstance(duration, timedelta):
        return str(duration)
    if duration < timedelta(0) or duration % _MINUTE:
        raise ValueError(f"a duration is zero or more whole minutes, not {duration}")
    name, unit = next((name, unit) for name, unit in reversed(_UNITS.items()) if not duration % unit)
    return _counted(duration // unit, name)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
