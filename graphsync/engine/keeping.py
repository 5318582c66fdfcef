"""Keeps time free around sessions and gives it back, cancels sessions, and shows people as not available."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from graphsync.calendar import CalendarEvent
from graphsync.engine.context import Context
from graphsync.engine.mailing import ADMIN_WAIT
from graphsync.engine.outcomes import NotYet, Outcomes, matter_of
from graphsync.engine.payloads import CancelPayload, HoldPayload, PresencePayload, ReleasePayload, from_json
from graphsync.engine.ports import Action, Alert, Ledger, Subject, SubjectKind
from graphsync.engine.sessions import NO_MAILBOX
from graphsync.engine.state import holder
from graphsync.errors import ActionRefused, GraphAuthError, GraphConflict, GraphNotFound
from graphsync.mentoring import Hold, Loss, MentoringSession
from graphsync.rules.state import Attempt

NO_PRESENCE = "refused/presence"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Carries out what concerns time around sessions, their end, and presence."""

    context: Context
    outcomes: Outcomes

    def hold(self, action: Action) -> str:
        """Keep time free; what an earlier try has made is found by its tag, and counts."""
        payload = from_json(action.payload, HoldPayload)
        graph, now = self.context.graph, self.context.now()
        found = graph.find_event_by_tag(payload.person, payload.tag) if action.progress else None
        if found is not None and (found.starts_at, found.ends_at) != (payload.starts_at, payload.ends_at):
            found = None  # of the same session before it was moved
        with self.context.store.transaction() as ledger:
            wanted = _is_to_come(_session(ledger, action, payload.number), now)
            if wanted:
                ledger.outbox.note_progress(action.key, "sending")
        if not wanted:
            self._not_wanted(payload, found)
        if found is None:
            try:
                found = graph.create_event(payload.person, payload.body)
            except GraphConflict:  # the transaction id is known already: an earlier try got through
                found = graph.find_event_by_tag(payload.person, payload.tag)
                if found is None:
                    raise
        kept = Hold(
            kind=payload.kind,
            person=payload.person,
            event_id=found.id,
            starts_at=payload.starts_at,
            ends_at=payload.ends_at,
        )
        with self.context.store.transaction() as ledger:
            known = _session(ledger, action, payload.number)
            if known is not None and known.stands:
                others = tuple(hold for hold in known.holds if hold.event_id != kept.event_id)
                ledger.sessions.save(replace(known, holds=(*others, kept)))
                self.outcomes.done(ledger, action, "time kept free", now)
                return "time kept free"
        self._not_wanted(payload, found)

    def _not_wanted(self, payload: HoldPayload, made: CalendarEvent | None) -> NoReturn:
        """Refuse to keep time for a session that was lost meanwhile; what is in the calendar already is taken away."""
        if made is not None:
            self.context.graph.delete_event(payload.person, made.id)
        raise ActionRefused(f"session {payload.number} does not stand any more")

    def release(self, action: Action) -> str:
        """Give kept time back."""
        payload = from_json(action.payload, ReleasePayload)
        self.context.graph.delete_event(payload.person, payload.event_id)
        with self.context.store.transaction() as ledger:
            session = _session(ledger, action, payload.number)
            if session is not None:
                left = tuple(hold for hold in session.holds if hold.event_id != payload.event_id)
                ledger.sessions.save(replace(session, holds=left))
            self.outcomes.done(ledger, action, "time given back", self.context.now())
        return "time given back"

    def cancel(self, action: Action) -> str:
        """Cancel a session to come; where its organizer has no mailbox (now), it stays where it is until they have."""
        payload = from_json(action.payload, CancelPayload)
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            session = _session(ledger, action, payload.number)
        if session is None or not _is_to_come(session, now):
            raise ActionRefused(f"session {payload.number} does not stand any more")
        try:
            self.context.graph.cancel_event(session.organizer, session.event_id, payload.comment)
        except GraphNotFound as error:
            if error.code.casefold() in NO_MAILBOX:
                self._stays(action, session, error)
            # Else it was cancelled by an earlier try, or by somebody else: it is gone either way.
        with self.context.store.transaction() as ledger:
            ledger.sessions.save(replace(session, loss=Loss.CANCELLED, lost_at=now, no_slot_reason=payload.reason))
            ledger.reservations.release(holder(session.mentorship, session.number))
            self.outcomes.done(ledger, action, f"session {payload.number} cancelled", now)
        return f"session {payload.number} cancelled"

    def _stays(self, action: Action, session: MentoringSession, error: GraphNotFound) -> NoReturn:
        """Have the admin told that a session cannot be cancelled, and try again: that says nothing of its event."""
        now = self.context.now()
        text = (
            f"session {session.number} of {session.mentorship} cannot be cancelled and stays on the calendar of the "
            f"one invited: {error}; give person {session.organizer} a mailbox, or have it taken off that calendar"
        )
        with self.context.store.transaction() as ledger:
            ledger.records.raise_alert(Alert(key=f"refused/{matter_of(action)}", text=text, raised_at=now))
            ledger.work.mark(Subject(kind=SubjectKind.PERSON, owner=session.organizer), now)
        raise NotYet(ADMIN_WAIT) from error

    def presence(self, action: Action) -> str:
        """Show somebody as do-not-disturb; without the permission the admin is told once, and nobody is asked again."""
        payload = from_json(action.payload, PresencePayload)
        now = self.context.now()
        if now >= payload.until:
            raise ActionRefused("the session is over")
        try:
            self.context.graph.set_preferred_presence(payload.person, payload.until)
        except GraphAuthError as refusal:
            with self.context.store.transaction() as ledger:
                text = f"presence cannot be set: {refusal}; grant Presence.ReadWrite.All, or set `presence: false`"
                ledger.records.raise_alert(Alert(key=NO_PRESENCE, text=text, raised_at=now))
            raise ActionRefused("no permission to set presence") from refusal
        with self.context.store.transaction() as ledger:
            # Kept as tried, so that it is done once for each session.
            attempt = Attempt(
                mentorship=action.mentorship, key=payload.intent_key, tried_at=now, reason="done", retry_at=None
            )
            ledger.sessions.save_attempt(attempt)
            ledger.records.clear_alert(NO_PRESENCE)
            self.outcomes.done(ledger, action, "shown as do-not-disturb", now)
        return "shown as do-not-disturb"


def _is_to_come(session: MentoringSession | None, now: datetime) -> bool:
    return session is not None and session.stands and session.starts_at > now


def _session(ledger: Ledger, action: Action, number: int) -> MentoringSession | None:
    return next((s for s in ledger.sessions.of(action.mentorship) if s.number == number), None)
