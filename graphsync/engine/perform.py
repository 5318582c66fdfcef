"""Carries out what the outbox holds: precondition, Graph call, outcome.

An action that may have been carried out by a process that died is looked for before it is done again: an event by its
tag, a mail by its `internetMessageId`, a move by what the event shows. What is found counts as done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphsync.calendar import CalendarEvent
from graphsync.engine.context import Context, pair_of
from graphsync.engine.keeping import Keeping
from graphsync.engine.mailing import ADMIN_WAIT, Mailing
from graphsync.engine.outcomes import AGAIN_SOON, NotYet, Outcomes, matter_of, reserve_alone
from graphsync.engine.payloads import BookPayload, MovePayload, OnlinePayload, from_json
from graphsync.engine.people import TEAMS_PROVIDER
from graphsync.engine.ports import Action, ActionKind, Alert, EventChange, Ledger, Outcome, Subject, SubjectKind
from graphsync.engine.room_changes import RoomChanges
from graphsync.engine.rooms import change_on, if_on, room_after
from graphsync.engine.state import holder, load_state
from graphsync.errors import (
    ActionRefused,
    GraphAuthError,
    GraphConflict,
    GraphError,
    GraphNotFound,
    GraphRejected,
    need_retry,
)
from graphsync.mentoring import Answer, Loss, MentoringSession, PersonId, Response, Status
from graphsync.rules.rebook_same_week import FREEZE, FROZEN
from graphsync.rules.standing import standing_of

log = logging.getLogger(__name__)

SENDING = "sending"
"""Progress of an action whose Graph call may be under way, or may have been made by a process that died."""

OUTDATED = timedelta(hours=1)
"""Free/busy read this long ago is no ground to book on: the action is refused and decided again."""

PAIR = 2
"""Both of a mentorship: who moves a session that near needs the consent of as many."""


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs the actions of the outbox, one after the other."""

    context: Context

    @property
    def outcomes(self) -> Outcomes:
        """Where it is kept how actions end."""
        return Outcomes(self.context)

    def perform(self, action: Action) -> None:
        """Carry out one action and keep its outcome; a failure that may pass puts it off."""
        steps: dict[ActionKind, Callable[[Action], str]] = {
            ActionKind.BOOK: self._book,
            ActionKind.MOVE: self._move,
            ActionKind.ADD_ONLINE_MEETING: self._add_online_meeting,
            ActionKind.NUDGE: Mailing(self.context, self.outcomes).send,
            ActionKind.HOLD: Keeping(self.context, self.outcomes).hold,
            ActionKind.RELEASE: Keeping(self.context, self.outcomes).release,
            ActionKind.CANCEL: Keeping(self.context, self.outcomes).cancel,
            ActionKind.PRESENCE: Keeping(self.context, self.outcomes).presence,
            ActionKind.CHANGE_ROOM: RoomChanges(self.context, self.outcomes).change,
        }
        now = self.context.now()
        try:
            detail = steps[action.kind](action)
        except ActionRefused as refusal:
            self.outcomes.end(action, Outcome.REFUSED, refusal.reason, retry_at=now + AGAIN_SOON)
        except NotYet as wait:
            self.outcomes.put_off(action, now + wait.delay)
        except GraphAuthError as error:
            with self.context.store.transaction() as ledger:
                text = f"{matter_of(action)} waits: {error}; grant the permission, or add the mailbox to the scope"
                ledger.records.raise_alert(Alert(key=f"refused/{matter_of(action)}", text=text, raised_at=now))
            self.outcomes.put_off(action, now + ADMIN_WAIT)
        except (GraphConflict, GraphNotFound) as error:
            # Our picture is stale: what is in the calendar is looked at and decided again.
            self.outcomes.end(action, Outcome.REFUSED, f"the calendar has changed: {error}", retry_at=now + AGAIN_SOON)
        except GraphRejected as error:
            self.outcomes.end(action, Outcome.FAILED, str(error), retry_at=now + timedelta(days=1))
        except GraphError as error:
            wait_for = need_retry(error, action.attempts + 1)
            if wait_for is None:
                raise
            self.outcomes.put_off(action, now + wait_for)
        else:
            log.info("%s: done, %s", action.key, detail)

    # ------------------------------------------------------------ sessions

    def _book(self, action: Action) -> str:
        payload = from_json(action.payload, BookPayload)
        now = self.context.now()
        # What is on the calendars already counts, whatever has changed since: what is too much then is cancelled later.
        made = self._made_before(payload) if action.progress == SENDING else None
        if made is None:
            made = self._make(payload, action, now)
        self._booked(action, payload, made, now)
        return f"session {payload.number} at {payload.starts_at.isoformat(timespec='minutes')}"

    def _made_before(self, payload: BookPayload) -> CalendarEvent | None:
        """Return the event of a booking if an earlier try of it got through, by a process that died or was not told."""
        graph = self.context.graph
        if payload.event_id:
            found = graph.get_event(payload.organizer, payload.event_id)
            return found if (found.tag, found.starts_at) == (payload.tag, payload.starts_at) else None
        tagged = graph.find_event_by_tag(payload.organizer, payload.tag)
        return None if tagged is None or tagged.is_cancelled else tagged

    def _make(self, payload: BookPayload, action: Action, now: datetime) -> CalendarEvent:
        """Put a session on calendars."""
        with self.context.store.transaction() as ledger:
            self._may_book(ledger, action, payload, now)
            ledger.outbox.note_progress(action.key, SENDING)
        if payload.online and TEAMS_PROVIDER not in self.context.graph.allowed_online_meeting_providers(
            payload.organizer
        ):
            with self.context.store.transaction() as ledger:
                self._no_teams(ledger, payload.organizer, now)
        return self._move_event(payload, action) if payload.event_id else self._create_event(payload)

    def _may_book(self, ledger: Ledger, action: Action, payload: BookPayload, now: datetime) -> None:
        """Check what must still hold before a session is put on calendars.

        Raises:
            ActionRefused: it does not; with the reason.
        """
        # Paused or ended since it was decided, by command or by one of the two.
        state = load_state(ledger, self.context.config.deployment, action.mentorship, now, {})
        if state is None or standing_of(state, now).status is not Status.ACTIVE:
            raise ActionRefused("the mentorship is not active any more")
        sessions = {session.number: session for session in ledger.sessions.of(action.mentorship)}
        if payload.number in sessions:
            raise ActionRefused(f"session {payload.number} is there already")
        if payload.starts_at - now < payload.least_lead:
            raise ActionRefused("the slot is too near by now")
        if now - action.created_at > OUTDATED:
            raise ActionRefused("what was known of the calendars is too old by now")
        if payload.replaces is not None:
            lost = sessions[payload.replaces]
            if lost.loss is None and lost.starts_at - now < (FROZEN if payload.consent else FREEZE):
                raise ActionRefused("the session stands and is too near to be moved")
            if any(session.replaces == payload.replaces for session in sessions.values()):
                raise ActionRefused(f"session {payload.replaces} has been put back already")

    def _create_event(self, payload: BookPayload) -> CalendarEvent:
        graph = self.context.graph
        try:
            return graph.create_event(payload.organizer, payload.body)
        except GraphConflict:
            # The transaction id is known already: an earlier try got through.
            found = graph.find_event_by_tag(payload.organizer, payload.tag)
            if found is None:
                raise
            return found

    def _move_event(self, payload: BookPayload, action: Action) -> CalendarEvent:
        found = self.context.graph.get_event(payload.organizer, payload.event_id)
        if found.is_cancelled:
            raise ActionRefused("the session's event was cancelled meanwhile")
        if found.starts_at != payload.from_start:
            raise ActionRefused("the session was moved by hand meanwhile")
        self._still_lost(found, payload, action)
        change = EventChange(
            starts_at=payload.starts_at,
            ends_at=payload.ends_at,
            time_zone=payload.time_zone,
            tag=payload.tag,
            room=change_on(found, payload.room_change),
        )
        return self.context.graph.update_event(payload.organizer, payload.event_id, change)

    def _still_lost(self, found: CalendarEvent, payload: BookPayload, action: Action) -> None:
        with self.context.store.transaction() as ledger:
            lost = next(s for s in ledger.sessions.of(action.mentorship) if s.number == payload.replaces)
        if lost.loss is Loss.DECLINED and not any(
            a.response is Response.DECLINED and a.type != "resource" for a in found.attendees
        ):
            raise ActionRefused("the invite was accepted after all")

    def _booked(self, action: Action, payload: BookPayload, made: CalendarEvent, now: datetime) -> None:
        with self.context.store.transaction() as ledger:
            mentorship = ledger.mentorships.get(action.mentorship)
            people = None if mentorship is None else pair_of(ledger, mentorship)
            if people is None:
                raise ActionRefused("the people of the mentorship are not known any more")
            session = MentoringSession(
                mentorship=action.mentorship,
                number=payload.number,
                starts_at=made.starts_at,
                ends_at=made.ends_at,
                organizer=payload.organizer,
                event_id=made.id,
                ical_uid=made.ical_uid,
                invited_at=now,
                written_start=payload.starts_at,
                written_end=payload.ends_at,
                medium=payload.medium,
                online=made.is_online_meeting,
                rule=action.rule,
                replaces=payload.replaces,
                asked_at=now,
                agreed=frozenset(payload.agreed),
                room=if_on(made, payload.room),
                answers={
                    person.id: Answer(response=Response.ORGANIZER if person.id == payload.organizer else Response.NONE)
                    for person in people
                },
            )
            ledger.sessions.save(session)
            ledger.reservations.rename(action.key, holder(action.mentorship, payload.number))
            if payload.replaces is not None:
                self._settle_lost(ledger, session, payload, now)
            if payload.online and not made.is_online_meeting:
                self._no_teams(ledger, payload.organizer, now)
            # A look right after: it keeps the attendees' copies, and sets the timers for those to come.
            ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=payload.organizer, item=made.id), now)
            self.outcomes.done(ledger, action, f"session {payload.number} booked", now)

    def _settle_lost(self, ledger: Ledger, session: MentoringSession, payload: BookPayload, now: datetime) -> None:
        lost = next(s for s in ledger.sessions.of(session.mentorship) if s.number == payload.replaces)
        if lost.loss is None:
            # It stood, and an absence would have left it behind: its time is free again.
            ledger.reservations.release(holder(lost.mentorship, lost.number))
            lost = replace(lost, loss=Loss.ABSENT, lost_at=now)
        ledger.sessions.save(replace(lost, no_slot_reason=payload.no_slot_reason, proposal=None))

    def _move(self, action: Action) -> str:
        payload = from_json(action.payload, MovePayload)
        graph, now = self.context.graph, self.context.now()
        with self.context.store.transaction() as ledger:
            session = self._standing(ledger, action, payload.number)
            ledger.outbox.note_progress(action.key, SENDING)
        found = graph.get_event(session.organizer, session.event_id)
        if found.starts_at != payload.starts_at:
            if found.is_cancelled or found.starts_at != payload.from_start:
                raise ActionRefused("the session was changed by hand meanwhile")
            least = FROZEN if len(payload.agreed) == PAIR else FREEZE
            if payload.from_start - now < least:
                raise ActionRefused("the session is too near to be moved")
            change = EventChange(
                starts_at=payload.starts_at,
                ends_at=payload.ends_at,
                time_zone=payload.time_zone,
                room=change_on(found, payload.room_change),
            )
            found = graph.update_event(session.organizer, session.event_id, change)
        with self.context.store.transaction() as ledger:
            moved = replace(
                session,
                starts_at=payload.starts_at,
                ends_at=payload.ends_at,
                written_start=payload.starts_at,
                written_end=payload.ends_at,
                asked_at=now,
                agreed=frozenset(payload.agreed),
                booked_over=frozenset(),
                proposal=None,
                room=room_after(found, session.room, payload.room_change),
                rooms_declined=frozenset(),
                answers={
                    person: answer if answer.response is Response.ORGANIZER else Answer()
                    for person, answer in session.answers.items()
                },
            )
            ledger.sessions.save(moved)
            reserve_alone(ledger, action, moved)
            ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=session.organizer, item=session.event_id), now)
            self.outcomes.done(ledger, action, f"session {payload.number} moved to the proposed time", now)
        return f"session {payload.number} moved"

    def _add_online_meeting(self, action: Action) -> str:
        payload = from_json(action.payload, OnlinePayload)
        graph, now = self.context.graph, self.context.now()
        with self.context.store.transaction() as ledger:
            session = self._standing(ledger, action, payload.number)
        made = False
        if TEAMS_PROVIDER in graph.allowed_online_meeting_providers(session.organizer):
            made = graph.update_event(session.organizer, session.event_id, EventChange(online=True)).is_online_meeting
        with self.context.store.transaction() as ledger:
            if made:
                ledger.sessions.save(replace(session, online=True))
            else:
                self._no_teams(ledger, session.organizer, now)
            self.outcomes.done(ledger, action, "Teams meeting added" if made else "the organizer has no Teams", now)
        return f"session {payload.number} online: {made}"

    def _standing(self, ledger: Ledger, action: Action, number: int) -> MentoringSession:
        session = next((s for s in ledger.sessions.of(action.mentorship) if s.number == number), None)
        if session is None or not session.stands or session.starts_at <= self.context.now():
            raise ActionRefused(f"session {number} does not stand any more")
        return session

    def _no_teams(self, ledger: Ledger, organizer: PersonId, now: datetime) -> None:
        """Keep that a mailbox cannot make Teams meetings; `video_first` then tells the admin."""
        person = ledger.people.get(organizer)
        if person is not None:
            ledger.people.save(replace(person, has_teams=False))
            log.warning("mailbox %s answered without a Teams meeting at %s", organizer, now.isoformat())
