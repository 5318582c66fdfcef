"""Deadlines in somebody's working time, which hardly runs for some, and for some not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from graphsync.calendar import add_working_days, add_working_time
from graphsync.mentoring import Absence, WeeklyHours


def after_working_days(
    start: datetime, days: int, hours: WeeklyHours, *, absences: Sequence[Absence] = ()
) -> datetime | None:
    """Return the instant `days` working days after `start`, or None where that many do not come within a year."""
    try:
        return add_working_days(start, days, hours, absences=absences)
    except ValueError:
        return None


def after_working_time(start: datetime, length: timedelta, hours: WeeklyHours) -> datetime | None:
    """Return when `length` of working time has passed since `start`, or None where it does not within a year."""
    try:
        return add_working_time(start, length, hours)
    except ValueError:
        return None
