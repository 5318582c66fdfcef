"""What is asked of the scheduler and what it answers: values only; `scheduling` does the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from graphsync.calendar.slots import NO_TIME, TimeSlot, checked_utc
from graphsync.calendar.time_zones import zone
from graphsync.mentoring import PersonId, StandingTime, WeeklyHours


class Reason(StrEnum):
    """Why one person could not meet in the window that was wanted most."""

    OUTSIDE_HOURS = "outside_hours"
    """Their hours leave no room for the meeting there."""
    BUSY = "busy"
    """Their calendar, or a session placed before this one, takes all of it."""
    AWAY = "away"
    """They are on leave or away."""
    NO_OVERLAP = "no_overlap"
    """Both have hours there, but none in common."""
    UNREADABLE = "unreadable"
    """Their calendar could not be read."""
    LIMIT = "limit"
    """They mentor as many sessions as allowed that day or week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many sessions one mentor has at most in a day and in an ISO week, by the mentor's own calendar."""

    per_day: int
    per_week: int

    def __post_init__(self) -> None:
        if self.per_day < 1 or self.per_week < 1:
            raise ValueError(f"a limit is at least 1 session, not {self.per_day} a day and {self.per_week} a week")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """One session that wants a time.

    Attributes:
        key: names the request; no two of one call share it.
        mentor: who mentors; the limits are theirs.
        mentee: who is mentored.
        windows: spans searched, most wanted first; at least one. They may overlap: a time counts to the first. A
            window just as long as the session asks for that very time, which need not be a quarter hour but is on a
            step of five minutes.
        length: how long the session is.
        week_zone: the zone in which `standing` is read and days are told apart.
        standing: the weekday and time the pair likes best.
        target: the instant the session would best be close to, by the cadence.
        earliest: prefer the earliest time to `target`.
        use_offered: whose offered hours may be used where the pair's own have no room in a window.
        then_offered: whose may be where those leave no time in any window; nobody's where there is no second try.
        mentor_limits: how many sessions the mentor takes on; None where it does not matter.
        mentor_zone: the zone by whose days and weeks the limits count.
        mentor_sessions: when the mentor's standing sessions start, this one left out.
        blocked: times that will not do although they may be free, such as that of a lost session.
        buffer: how long both are to be free before and after the session as well, in steps of five minutes.
        not_during: hours, by each person's clock, over which no session is put, such as lunch; hours that somebody has
            offered are taken at their word.

    `blocked`, `buffer` and `not_during` keep nothing from a window just as long as the session.
    """

    key: str
    mentor: PersonId
    mentee: PersonId
    windows: tuple[TimeSlot, ...]
    length: timedelta
    week_zone: str
    mentor_zone: str
    standing: StandingTime | None = None
    target: datetime | None = None
    earliest: bool = False
    use_offered: tuple[PersonId, ...] = ()
    then_offered: tuple[PersonId, ...] = ()
    mentor_limits: Limits | None = None
    mentor_sessions: tuple[datetime, ...] = ()
    blocked: tuple[TimeSlot, ...] = ()
    buffer: timedelta = NO_TIME
    not_during: tuple[tuple[PersonId, WeeklyHours], ...] = ()

    def __post_init__(self) -> None:
        if self.mentor == self.mentee:
            raise ValueError(f"request {self.key!r} has one person as mentor and mentee")
        if not self.windows:
            raise ValueError(f"request {self.key!r} has no window to search")
        if self.length <= NO_TIME:
            raise ValueError(f"request {self.key!r} has a length of {self.length}; expected more than nothing")
        for instant in self.mentor_sessions:
            checked_utc(instant, f"mentor_sessions of request {self.key!r}")
        if self.target is not None:
            checked_utc(self.target, f"target of request {self.key!r}")
        zone(self.week_zone)
        zone(self.mentor_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSlot:
    """A time, and how well it suits; scores compare within one request only."""

    slot: TimeSlot
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one request was placed, or why it was not.

    Attributes:
        key: the request's.
        slot: the time found, or None.
        window: which of the request's windows it lies in, from 0; None where not placed.
        score: how well the slot suits; 0 where not placed.
        runners_up: up to two other times that were free as well, best first. They overlap neither the slot nor each
            other, nor any session placed in the same call; runners-up of different requests may.
        reasons: where not placed, or not in the first window: why not in the first window, for each person on
            whom it failed. Empty otherwise.
        optimal: whether no better placement exists of the requests that share people with this one, taken together.
        group_value: what the placement of all these requests is worth (see `assignment`).
        bound: what no placement of them can exceed; equal to `group_value` where `optimal`.
    """

    key: str
    slot: TimeSlot | None
    window: int | None
    score: int
    runners_up: tuple[ScoredSlot, ...] = ()
    reasons: Mapping[PersonId, Reason] = field(default_factory=dict)
    optimal: bool = True
    group_value: int = 0
    bound: int = 0
