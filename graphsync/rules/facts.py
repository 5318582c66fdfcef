"""The facts that a condition (`when`) may name: what each is, its type, and how it is read off a state.

None of them says how fast one person answers: a rule looks at the mentorship and not at the people (design, privacy).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from graphsync.calendar import TimeSlot, iso_week, start_of_day, working_slots, zone
from graphsync.mentoring import MentoringSession, Person, WeeklyHours
from graphsync.rules.held import Held, held
from graphsync.rules.state import MentorshipState

Value = bool | int | float | str | tuple[str, ...]

NEVER: Final = -1
"""What a number of days is where there is no day to count from or to."""

WEEK: Final = timedelta(days=7)


class FactType(StrEnum):
    """What a fact can be compared with."""

    NUMBER = "number"
    TEXT = "text"
    YES_OR_NO = "yes or no"
    LIST = "list of texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact.

    Attributes:
        name: as a condition names it.
        type: what it is.
        description: for the table in `docs/rules.md`.
        changes_with_time: whether it may be another one later though nothing happens.
        read: reads it off a state, at an instant.
    """

    name: str
    type: FactType
    description: str
    changes_with_time: bool
    read: Callable[[MentorshipState, datetime], Value]


def next_change(state: MentorshipState, now: datetime) -> datetime:
    """Return when a fact that changes with time may next be another one."""
    midnights = [_next_midnight(now, person.time_zone) for person in state.pair]
    absences = [absence for person in state.pair for absence in person.absences]
    edges = [edge for absence in absences for edge in (absence.starts_at, absence.ends_at) if edge is not None]
    edges += [edge for session in state.sessions for edge in (session.starts_at, session.ends_at)]
    return min(instant for instant in (*midnights, *edges) if instant > now)


def _next_midnight(now: datetime, time_zone: str) -> datetime:
    return start_of_day(now.astimezone(zone(time_zone)).date() + timedelta(days=1), time_zone)


def _days_between(state: MentorshipState, start: datetime, end: datetime) -> int:
    clock = zone(state.mentee.time_zone)
    return (end.astimezone(clock).date() - start.astimezone(clock).date()).days


def _age_days(state: MentorshipState, now: datetime) -> int:
    return (now.astimezone(zone(state.mentee.time_zone)).date() - state.mentorship.started_on).days


def _days_left(state: MentorshipState, now: datetime) -> int:
    last = state.mentorship.ends_on
    return NEVER if last is None else max((last - now.astimezone(zone(state.mentee.time_zone)).date()).days, 0)


def _cadence_days(state: MentorshipState, _now: datetime) -> int:
    return 0 if state.mentorship.cadence is None else state.mentorship.cadence.days


def _hours_in_common(state: MentorshipState, now: datetime) -> float:
    week = iso_week(now, state.mentee.time_zone)
    mine, theirs = (_hours_within(person, offered, week) for person, offered in _with_offers(state))
    shared = sum((_shared(one, other) for one in mine for other in theirs), timedelta())
    return round(shared / timedelta(hours=1), 2)


def _with_offers(state: MentorshipState) -> tuple[tuple[Person, WeeklyHours], ...]:
    offers = (state.mentorship.mentor_offers, state.mentorship.mentee_offers)
    return tuple(
        (person, WeeklyHours(time_zone=person.time_zone, hours=offered))
        for person, offered in zip(state.pair, offers, strict=True)
    )


def _hours_within(person: Person, offered: WeeklyHours, week: TimeSlot) -> list[TimeSlot]:
    own = WeeklyHours(time_zone=person.time_zone, hours=(*person.hours.hours, *offered.hours))
    return working_slots(own, week)


def _shared(one: TimeSlot, other: TimeSlot) -> timedelta:
    return max(min(one.end, other.end) - max(one.start, other.start), timedelta())


def _booked(state: MentorshipState, now: datetime) -> int:
    return sum(1 for session in state.sessions if session.stands and session.starts_at > now)


def _past(state: MentorshipState, now: datetime) -> list[MentoringSession]:
    return [session for session in state.sessions if held(state, session, now) in (Held.HELD, Held.UNCONFIRMED)]


def _lost_in_a_row(state: MentorshipState, now: datetime) -> int:
    row = 0
    for session in sorted(state.sessions, key=lambda session: (session.starts_at, session.number), reverse=True):
        if session.loss is not None:
            row += 1
        elif session.ends_at <= now:
            break
    return row


def _days_since_last(state: MentorshipState, now: datetime) -> int:
    ends = [session.ends_at for session in _past(state, now)]
    return _days_between(state, max(ends), now) if ends else NEVER


def _same_office(state: MentorshipState, _now: datetime) -> bool:
    offices = {person.office_location for person in state.pair}
    return len(offices) == 1 and bool(offices.pop())


def _sessions_this_week(state: MentorshipState, now: datetime) -> int:
    week = iso_week(now, state.mentor.time_zone)
    return sum(1 for starts_at in state.mentor_sessions if week.start <= starts_at < week.end)


def _is_away(person: Callable[[MentorshipState], Person], state: MentorshipState, now: datetime) -> bool:
    return any(absence.covers(now) for absence in person(state).absences)


def _weekday(state: MentorshipState, now: datetime) -> str:
    return WEEKDAYS[now.astimezone(zone(state.mentee.time_zone)).weekday()]


WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _fact(
    name: str,
    kind: FactType,
    description: str,
    read: Callable[[MentorshipState, datetime], Value],
    *,
    changes: bool = False,
) -> Fact:
    return Fact(name=name, type=kind, description=description, changes_with_time=changes, read=read)


def _of_person(role: str, person: Callable[[MentorshipState], Person]) -> tuple[Fact, ...]:
    return (
        _fact(
            f"{role}.time_zone",
            FactType.TEXT,
            f"the {role}'s time zone, such as `Europe/Berlin`",
            lambda state, _now: person(state).time_zone,
        ),
        _fact(
            f"{role}.office",
            FactType.TEXT,
            f"the {role}'s office as the directory has it; empty where it has none",
            lambda state, _now: person(state).office_location or "",
        ),
        _fact(
            f"{role}.is_away",
            FactType.YES_OR_NO,
            f"whether the {role} is on leave or away",
            partial(_is_away, person),
            changes=True,
        ),
    )


_ALL: Final = (
    _fact(
        "mentorship.cohort",
        FactType.TEXT,
        "the cohort it belongs to",
        lambda state, _now: state.mentorship.cohort,
    ),
    _fact(
        "mentorship.age_days",
        FactType.NUMBER,
        "days since the day it started; negative before",
        _age_days,
        changes=True,
    ),
    _fact(
        "mentorship.days_left",
        FactType.NUMBER,
        "days to its last day; -1 where none is known",
        _days_left,
        changes=True,
    ),
    _fact(
        "mentorship.cadence_days",
        FactType.NUMBER,
        "days between its sessions where the pair has a cadence of its own; 0 where the rule's holds",
        _cadence_days,
    ),
    _fact(
        "mentorship.has_standing_time",
        FactType.YES_OR_NO,
        "whether the two have settled a weekday and time",
        lambda state, _now: state.mentorship.standing is not None,
    ),
    _fact(
        "mentorship.medium",
        FactType.TEXT,
        "`video`, `phone` or `in_person`",
        lambda state, _now: str(state.mentorship.medium),
    ),
    _fact(
        "mentorship.opt_ins",
        FactType.LIST,
        "what both have agreed to, such as `chat`",
        lambda state, _now: tuple(sorted(map(str, state.mentorship.opt_ins))),
    ),
    _fact(
        "mentorship.hours_in_common",
        FactType.NUMBER,
        "hours of this week in which both work, offered hours included",
        _hours_in_common,
        changes=True,
    ),
    _fact(
        "mentorship.same_office",
        FactType.YES_OR_NO,
        "whether both sit at one office, by the directory",
        _same_office,
    ),
    _fact("sessions.booked", FactType.NUMBER, "sessions to come", _booked, changes=True),
    _fact(
        "sessions.past",
        FactType.NUMBER,
        "sessions that are over and were not lost",
        lambda state, now: len(_past(state, now)),
        changes=True,
    ),
    _fact(
        "sessions.lost",
        FactType.NUMBER,
        "sessions that were cancelled, declined or did not take place",
        lambda state, _now: sum(1 for session in state.sessions if session.loss is not None),
    ),
    _fact(
        "sessions.lost_in_a_row",
        FactType.NUMBER,
        "sessions lost since the last one that took place",
        _lost_in_a_row,
        changes=True,
    ),
    _fact(
        "sessions.days_since_last",
        FactType.NUMBER,
        "days since the last session that took place; -1 before the first",
        _days_since_last,
        changes=True,
    ),
    *_of_person("mentor", lambda state: state.mentor),
    _fact(
        "mentor.sessions_this_week",
        FactType.NUMBER,
        "the mentor's sessions in this week, over all mentorships",
        _sessions_this_week,
        changes=True,
    ),
    *_of_person("mentee", lambda state: state.mentee),
    _fact(
        "today.weekday",
        FactType.TEXT,
        "`monday` to `sunday`, where the mentee is",
        _weekday,
        changes=True,
    ),
    _fact(
        "today.month",
        FactType.NUMBER,
        "1 to 12, where the mentee is",
        lambda state, now: now.astimezone(zone(state.mentee.time_zone)).month,
        changes=True,
    ),
    _fact(
        "today.day",
        FactType.NUMBER,
        "the day of the month, where the mentee is",
        lambda state, now: now.astimezone(zone(state.mentee.time_zone)).day,
        changes=True,
    ),
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for fact in _ALL}
"""Every fact by its name."""
