"""How an action ends: done, refused, failed, or put off; each with its audit entry and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from graphsync.calendar import TimeSlot, without
from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.payloads import MovePayload, from_json
from graphsync.engine.ports import Action, ActionKind, AuditEntry, Ledger, Outcome, Reservation
from graphsync.engine.rooms import as_reserved
from graphsync.engine.state import holder
from graphsync.errors import ReservationConflict
from graphsync.mentoring import MentoringSession
from graphsync.rules.state import Attempt

log = logging.getLogger(__name__)

AGAIN_SOON = timedelta(minutes=10)
NOT_BOOKED = "the booking it tells of came to nothing"


class NotYet(Exception):
    """What an action needs is not there yet."""

    def __init__(self, delay: timedelta) -> None:
        self.delay = delay
        super().__init__(f"not yet: again in {delay}")


def matter_of(action: Action) -> str:
    """Return what alerts about an action are about: what is done, and for which mentorship."""
    return f"{action.kind}/{action.mentorship}"


def intent_key(action: Action) -> str:
    """Return the key of the intent an action carries out, without what tells one try from another."""
    return action.key if action.kind is ActionKind.NUDGE else str(msgspec.json.decode(action.payload)["intent_key"])


def told_of(booking: str) -> str:
    """Return how the keys of the messages begin that say where a booking, by its key, puts a lost session."""
    return f"lost/{booking}/"


def reserve_beside(ledger: Ledger, wanted: Iterable[Reservation], session: MentoringSession | None) -> None:
    """Reserve all that is wanted beside what `session` has reserved already, which it keeps.

    Raises:
        ReservationConflict: somebody else has a part of it; nothing is reserved.
    """
    name = "" if session is None else holder(session.mentorship, session.number)
    left: list[Reservation] = []
    for one in wanted:
        has = [kept.slot for kept in ledger.reservations.of([one.person], one.slot) if kept.holder == name]
        left.extend(replace(one, slot=slot) for slot in without([one.slot], has))
    ledger.reservations.reserve(left)


def reserve_alone(ledger: Ledger, action: Action, session: MentoringSession) -> None:
    """Reserve the time that `session` has now that a move of it has come to an end, and give back all other.

    Where people have put another session there meanwhile, that is how it is: they may do as they like with their time.
    """
    mentorship = ledger.mentorships.get(session.mentorship)
    if mentorship is None:
        raise AssertionError("a session is of a mentorship that is known")
    slot = TimeSlot(start=session.starts_at, end=session.ends_at)
    name = holder(session.mentorship, session.number)
    room = as_reserved(session.room)
    has_room = any(kept.holder in (action.key, name) for kept in ledger.reservations.of([room], slot))
    for held_by in (action.key, name):
        ledger.reservations.release(held_by)
    for person in (mentorship.mentor, mentorship.mentee, *([room] if has_room else [])):
        try:
            ledger.reservations.reserve([Reservation(person=person, slot=slot, holder=name)])
        except ReservationConflict:
            log.warning("%s: another session has the time of session %s", action.key, session.number)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Keeps how actions end."""

    context: Context

    def done(self, ledger: Ledger, action: Action, detail: str, now: datetime) -> None:
        """End an action that was carried out; the mentorship is decided again."""
        ledger.outbox.finish(action.key, Outcome.DONE, detail, now)
        for what in ("refused", "fault"):
            ledger.records.clear_alert(f"{what}/{matter_of(action)}")
        self._decide_again(ledger, action, now)
        self._audit(ledger, action, Outcome.DONE, detail, now)

    def end(self, action: Action, outcome: Outcome, reason: str, *, retry_at: datetime | None) -> None:
        """End an action that was not carried out: its reservations and messages go; the mentorship is decided again."""
        now = self.context.now()
        log.warning("%s: %s, %s", action.key, outcome, reason)
        with self.context.store.transaction() as ledger:
            ledger.outbox.finish(action.key, outcome, reason, now)
            ledger.records.clear_alert(f"refused/{matter_of(action)}")  # it waits no longer
            ledger.reservations.release(action.key)
            if action.kind is ActionKind.MOVE:
                self._stays(ledger, action)
            for message in ledger.outbox.pending(action.mentorship):
                if message.key.startswith(told_of(action.key)):  # the next booking has messages of its own
                    ledger.outbox.finish(message.key, Outcome.REFUSED, NOT_BOOKED, now)
                    self._audit(ledger, message, Outcome.REFUSED, NOT_BOOKED, now)
            if action.kind is not ActionKind.NUDGE:
                attempt = Attempt(
                    mentorship=action.mentorship,
                    key=intent_key(action),
                    tried_at=now,
                    reason=reason,
                    retry_at=retry_at,
                )
                ledger.sessions.save_attempt(attempt)
            self._decide_again(ledger, action, now)
            self._audit(ledger, action, outcome, reason, now)

    def _decide_again(self, ledger: Ledger, action: Action, now: datetime) -> None:
        if action.mentorship:  # what is about the whole programme has none
            mark_mentorship(ledger, action.mentorship, now)

    def _stays(self, ledger: Ledger, action: Action) -> None:
        """Let a session whose move came to nothing have the time that it has, also if people moved it meanwhile."""
        number = from_json(action.payload, MovePayload).number
        session = next((s for s in ledger.sessions.of(action.mentorship) if s.number == number), None)
        if session is not None and session.stands:
            reserve_alone(ledger, action, session)

    def put_off(self, action: Action, until: datetime) -> None:
        """Try an action again later."""
        with self.context.store.transaction() as ledger:
            ledger.outbox.postpone(action.key, until)

    def _audit(self, ledger: Ledger, action: Action, outcome: Outcome, detail: str, now: datetime) -> None:
        ledger.records.add_audit(
            AuditEntry(
                at=now,
                mentorship=action.mentorship,
                action=action.key,
                rule=action.rule,
                outcome=outcome,
                detail=detail,
            )
        )
