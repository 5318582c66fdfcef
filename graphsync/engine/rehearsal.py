"""What would be done now: the whole loop on facts that are thrown away afterwards, with nothing carried out.

It is the engine itself that looks, decides, schedules and writes, so what is planned is what a round does: only that
the Graph it is given refuses every write, and its store is a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from graphsync.engine.context import Context
from graphsync.engine.loop import Engine
from graphsync.engine.payloads import (
    BookPayload,
    HoldPayload,
    MovePayload,
    NudgePayload,
    PresencePayload,
    ReleasePayload,
    from_json,
)
from graphsync.engine.ports import Action, ActionKind, Alert, Ledger
from graphsync.engine.recorded import Place, as_recorded
from graphsync.mentoring import FlagKind, Mentorship, MentorshipId, Person, PersonId
from graphsync.rules.intents import TraceLine, Verdict
from graphsync.rules.nudging import STEPS as NUDGE_STEPS
from graphsync.rules.walk import SILENCED

HELD_BACK: Final = frozenset({SILENCED.id, *(step.id for step in NUDGE_STEPS)})
"""The steps by which a silence, quiet hours or the budget hold something back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One action that would be carried out.

    Attributes:
        key: what makes it happen once.
        kind: what it is.
        mentorship: whose it is.
        rule: which rule wants it.
        reason: why.
        due_at: when it would be carried out; a message waits for the working time of whoever gets it.
        starts_at: of the session it is about, where that gets a time by it.
        ends_at: likewise.
        time_zone: in which the session's people read it.
            to: the one person it goes to, or whose calendar or presence it is; None where it concerns both.
        about: what a message says: its subject lines.
        practice: the practice a message serves.
    """

    key: str
    kind: ActionKind
    mentorship: MentorshipId
    rule: str
    reason: str
    due_at: datetime
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str = "UTC"
    to: Person | None = None
    about: tuple[str, ...] = ()
    practice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One mentorship after the round: what would be done for it, what is held back and by what, when it looks again."""

    mentorship: Mentorship
    mentor: Person
    mentee: Person
    planned: tuple[Planned, ...]
    flags: frozenset[FlagKind]
    held_back: tuple[TraceLine, ...]
    places: tuple[Place, ...]
    wake_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one round would do at `at`: by mentorship, and the alerts it would raise."""

    at: datetime
    considered: tuple[Considered, ...]
    alerts: tuple[Alert, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be done."""
        return not any(one.planned for one in self.considered)


def rehearse(context: Context) -> Plan:
    """Run the loop at this instant and return what it came to, with nothing carried out.

    Args:
        context: with a store that is thrown away afterwards, and a Graph that refuses every write.
    """
    with context.store.transaction() as ledger:
        known = {key for mentorship in ledger.mentorships.all() for key in _pending(ledger, mentorship)}
        stood = {alert.key for alert in ledger.records.alerts()}
    Engine(context, performs=False).run()
    at = context.now()
    with context.store.transaction() as ledger:
        flags = ledger.records.flags()
        considered = [_considered(ledger, mentorship, known, flags, at) for mentorship in ledger.mentorships.all()]
        alerts = tuple(alert for alert in ledger.records.alerts() if alert.key not in stood)
    return Plan(at=at, considered=tuple(one for one in considered if one is not None), alerts=alerts)


def _pending(ledger: Ledger, mentorship: Mentorship) -> list[str]:
    return [action.key for action in ledger.outbox.pending(mentorship.id)]


def _considered(
    ledger: Ledger,
    mentorship: Mentorship,
    known: set[str],
    flags: Mapping[MentorshipId, frozenset[FlagKind]],
    at: datetime,
) -> Considered | None:
    """Return what the round came to for one mentorship; None where its people are not known."""
    mentor, mentee = ledger.people.get(mentorship.mentor), ledger.people.get(mentorship.mentee)
    if mentor is None or mentee is None:
        return None
    people = {person.id: person for person in (mentor, mentee)}
    row = ledger.records.last_decision(mentorship.id, at)
    made = None if row is None else as_recorded(row)
    return Considered(
        mentorship=mentorship,
        mentor=mentor,
        mentee=mentee,
        planned=tuple(
            _planned(action, people) for action in ledger.outbox.pending(mentorship.id) if action.key not in known
        ),
        flags=flags.get(mentorship.id, frozenset()),
        held_back=() if made is None else tuple(line for line in made.trace if _is_held_back(line)),
        places=() if made is None else made.places,
        wake_at=None if made is None else made.wake_at,
    )


def _is_held_back(line: TraceLine) -> bool:
    return line.verdict is Verdict.OBSERVES or line.step in HELD_BACK


def _planned(action: Action, people: Mapping[PersonId, Person]) -> Planned:
    starts_at = ends_at = None
    time_zone, to = "UTC", None
    about: tuple[str, ...] = ()
    practice = ""
    match action.kind:
        case ActionKind.BOOK:
            book = from_json(action.payload, BookPayload)
            starts_at, ends_at, time_zone = book.starts_at, book.ends_at, book.time_zone
        case ActionKind.MOVE:
            move = from_json(action.payload, MovePayload)
            starts_at, ends_at, time_zone = move.starts_at, move.ends_at, move.time_zone
        case ActionKind.NUDGE:
            nudge = from_json(action.payload, NudgePayload)
            to, about = people.get(nudge.person), tuple(part.heading for part in nudge.parts)
            practice = dict(nudge.headers)["x-graphsync-practice"]
        case ActionKind.HOLD:
            hold = from_json(action.payload, HoldPayload)
            starts_at, ends_at, to = hold.starts_at, hold.ends_at, people.get(hold.person)
        case ActionKind.RELEASE:
            to = people.get(from_json(action.payload, ReleasePayload).person)
        case ActionKind.PRESENCE:
            to = people.get(from_json(action.payload, PresencePayload).person)
        case ActionKind.ADD_ONLINE_MEETING | ActionKind.CANCEL | ActionKind.CHANGE_ROOM:
            pass  # of a session that stands, for both
    return Planned(
        key=action.key,
        kind=action.kind,
        mentorship=action.mentorship,
        rule=action.rule,
        reason=action.reason,
        due_at=action.next_attempt_at,
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=time_zone if to is None else to.time_zone,
        to=to,
        about=about,
        practice=practice,
    )
