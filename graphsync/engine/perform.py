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
from graphsync.engine.context import Context, mark_mentorship, pair_of
from graphsync.engine.payloads import (
    BookPayload,
    MovePayload,
    NudgePayload,
    OnlinePayload,
    SentMail,
    from_json,
    to_json,
)
from graphsync.engine.people import TEAMS_PROVIDER
from graphsync.engine.ports import (
    Action,
    ActionKind,
    Alert,
    AuditEntry,
    EventChange,
    Invitee,
    Ledger,
    MailDraft,
    Outcome,
    Subject,
    SubjectKind,
)
from graphsync.engine.state import holder
from graphsync.errors import (
    ActionRefused,
    GraphAuthError,
    GraphConflict,
    GraphError,
    GraphNotFound,
    GraphRejected,
    need_retry,
)
from graphsync.mentoring import (
    Answer,
    Loss,
    MentoringSession,
    PersonId,
    Response,
    Status,
)
from graphsync.rules.answer_promptly import open_invites
from graphsync.rules.rebook_same_week import FREEZE, FROZEN
from graphsync.rules.state import Attempt, MentorshipState

log = logging.getLogger(__name__)

SENDING = "sending"
"""Progress of an action whose Graph call may be under way, or may have been made by a process that died."""

AGAIN_SOON = timedelta(minutes=10)
ADMIN_WAIT = timedelta(hours=1)
OUTDATED = timedelta(hours=1)
"""Free/busy read this long ago is no ground to book on: the action is refused and decided again."""

MAIL_LOOKS = 3
PAIR = 2
"""Both of a mentorship: who moves a session that near needs the consent of as many."""


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs the actions of the outbox, one after the other."""

    context: Context

    def perform(self, action: Action) -> None:
        """Carry out one action and keep its outcome; a failure that may pass puts it off."""
        steps: dict[ActionKind, Callable[[Action], str]] = {
            ActionKind.BOOK: self._book,
            ActionKind.MOVE: self._move,
            ActionKind.ADD_ONLINE_MEETING: self._add_online_meeting,
            ActionKind.NUDGE: self._nudge,
        }
        now = self.context.now()
        try:
            detail = steps[action.kind](action)
        except ActionRefused as refusal:
            self._end(action, Outcome.REFUSED, refusal.reason, retry_at=now + AGAIN_SOON)
        except _NotYet as wait:
            self._put_off(action, now + wait.delay)
        except GraphAuthError as error:
            with self.context.store.transaction() as ledger:
                text = f"{matter_of(action)} waits: {error}; grant the permission, or add the mailbox to the scope"
                ledger.records.raise_alert(Alert(key=f"refused/{matter_of(action)}", text=text, raised_at=now))
            self._put_off(action, now + ADMIN_WAIT)
        except (GraphConflict, GraphNotFound) as error:
            # Our picture is stale: what is in the calendar is looked at and decided again.
            self._end(action, Outcome.REFUSED, f"the calendar has changed: {error}", retry_at=now + AGAIN_SOON)
        except GraphRejected as error:
            self._end(action, Outcome.FAILED, str(error), retry_at=now + timedelta(days=1))
        except GraphError as error:
            wait_for = need_retry(error, action.attempts + 1)
            if wait_for is None:
                raise
            self._put_off(action, now + wait_for)
        else:
            log.info("%s: done, %s", action.key, detail)

    # ------------------------------------------------------------ sessions

    def _book(self, action: Action) -> str:
        payload = from_json(action.payload, BookPayload)
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            self._may_book(ledger, action, payload, now)
            if action.progress != SENDING:
                ledger.outbox.note_progress(action.key, SENDING)
        if payload.online and TEAMS_PROVIDER not in self.context.graph.allowed_online_meeting_providers(
            payload.organizer
        ):
            with self.context.store.transaction() as ledger:
                self._no_teams(ledger, payload.organizer, now)
        made = self._move_event(payload, action) if payload.event_id else self._create_event(payload, action)
        self._booked(action, payload, made, now)
        return f"session {payload.number} at {payload.starts_at.isoformat(timespec='minutes')}"

    def _may_book(self, ledger: Ledger, action: Action, payload: BookPayload, now: datetime) -> None:
        """Check what must still hold before a session is put on calendars.

        Raises:
            ActionRefused: it does not; with the reason.
        """
        mentorship = ledger.mentorships.get(action.mentorship)
        if mentorship is None or mentorship.status is not Status.ACTIVE:
            raise ActionRefused("the mentorship is not active any more")
        sessions = {session.number: session for session in ledger.sessions.of(action.mentorship)}
        if payload.number in sessions:
            raise ActionRefused(f"session {payload.number} is there already")
        if action.progress == SENDING:
            return  # it may be on the calendars already: it is looked for, whatever has changed since
        if payload.starts_at - now < payload.least_lead:
            raise ActionRefused("the slot is too near by now")
        if now - action.created_at > OUTDATED:
            raise ActionRefused("what was known of the calendars is too old by now")
        if payload.replaces is not None:
            lost = sessions[payload.replaces]
            if lost.loss is None and lost.starts_at - now < FREEZE:
                raise ActionRefused("the session stands and is too near to be moved")
            if any(session.replaces == payload.replaces for session in sessions.values()):
                raise ActionRefused(f"session {payload.replaces} has been put back already")

    def _create_event(self, payload: BookPayload, action: Action) -> CalendarEvent:
        graph = self.context.graph
        if action.progress == SENDING:
            found = graph.find_event_by_tag(payload.organizer, payload.tag)
            if found is not None and not found.is_cancelled:
                return found
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
        if found.tag == payload.tag and found.starts_at == payload.starts_at:
            return found  # moved by an earlier try
        if found.is_cancelled:
            raise ActionRefused("the session's event was cancelled meanwhile")
        if found.starts_at != payload.from_start:
            raise ActionRefused("the session was moved by hand meanwhile")
        self._still_lost(found, payload, action)
        change = EventChange(
            starts_at=payload.starts_at, ends_at=payload.ends_at, time_zone=payload.time_zone, tag=payload.tag
        )
        return self.context.graph.update_event(payload.organizer, payload.event_id, change)

    def _still_lost(self, found: CalendarEvent, payload: BookPayload, action: Action) -> None:
        with self.context.store.transaction() as ledger:
            lost = next(s for s in ledger.sessions.of(action.mentorship) if s.number == payload.replaces)
        if lost.loss is Loss.DECLINED and not any(a.response is Response.DECLINED for a in found.attendees):
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
            self._done(ledger, action, f"session {payload.number} booked", now)

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
            change = EventChange(starts_at=payload.starts_at, ends_at=payload.ends_at, time_zone=payload.time_zone)
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
                proposal=None,
                answers={
                    person: answer if answer.response is Response.ORGANIZER else Answer()
                    for person, answer in session.answers.items()
                },
            )
            ledger.sessions.save(moved)
            ledger.reservations.rename(action.key, holder(action.mentorship, payload.number))
            ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=session.organizer, item=session.event_id), now)
            self._done(ledger, action, f"session {payload.number} moved to the proposed time", now)
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
            self._done(ledger, action, "Teams meeting added" if made else "the organizer has no Teams", now)
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

    # ------------------------------------------------------------ messages

    def _nudge(self, action: Action) -> str:
        payload = from_json(action.payload, NudgePayload)
        graph, now = self.context.graph, self.context.now()
        with self.context.store.transaction() as ledger:
            sender = ledger.people.by_address(self.context.config.deployment.mail.sender)
            if sender is None:
                raise _NotYet(ADMIN_WAIT)
            if not action.progress:
                self._still_open(ledger, action, payload, now)
        if action.progress:
            mail = from_json(action.progress, SentMail)
            if graph.find_mail(sender.id, "sentitems", mail.internet_message_id) is not None:
                return self._sent(action, now)
            if graph.find_mail(sender.id, "drafts", mail.internet_message_id) is None:
                return self._uncertain(action, mail, now)
        else:
            draft = graph.create_mail_draft(
                sender.id,
                MailDraft(
                    to=Invitee(address=payload.address, name=payload.name),
                    subject=payload.subject,
                    body_html=payload.body_html,
                    headers=payload.headers,
                ),
            )
            mail = SentMail(id=draft.id, internet_message_id=draft.internet_message_id)
            with self.context.store.transaction() as ledger:
                ledger.outbox.note_progress(action.key, to_json(mail))
        graph.send_mail_draft(sender.id, mail.id)
        return self._sent(action, now)

    def _sent(self, action: Action, now: datetime) -> str:
        with self.context.store.transaction() as ledger:
            self._done(ledger, action, "sent", now)
        return "sent"

    def _uncertain(self, action: Action, mail: SentMail, now: datetime) -> str:
        """Look again later for a mail that is in neither folder; it is not sent a second time."""
        if mail.looks >= MAIL_LOOKS:
            self._end(action, Outcome.FAILED, "uncertain: in neither Drafts nor Sent Items", retry_at=None)
            return "uncertain"
        with self.context.store.transaction() as ledger:
            looked = SentMail(id=mail.id, internet_message_id=mail.internet_message_id, looks=mail.looks + 1)
            ledger.outbox.note_progress(action.key, to_json(looked))
            ledger.outbox.postpone(action.key, now + AGAIN_SOON)
        return "looked for"

    def _still_open(self, ledger: Ledger, action: Action, payload: NudgePayload, now: datetime) -> None:
        """Check that what a message is about is still so.

        Raises:
            ActionRefused: it is not; with the reason.
        """
        if payload.lasting:
            return
        sessions = ledger.sessions.of(action.mentorship)
        if payload.starts_at is not None:
            replacement = next((s for s in sessions if s.number == payload.session), None)
            if replacement is None:
                raise _NotYet(AGAIN_SOON)
            if not replacement.stands or replacement.starts_at != payload.starts_at:
                raise ActionRefused("the session has changed again meanwhile")
            return
        if payload.session is None:
            if all(request.key != payload.about for request in ledger.requests.of(action.mentorship)):
                raise ActionRefused("it was answered meanwhile")
            return
        mentorship = ledger.mentorships.get(action.mentorship)
        people = None if mentorship is None else pair_of(ledger, mentorship)
        if mentorship is None or people is None:
            raise ActionRefused("the mentorship is not known any more")
        state = MentorshipState(
            mentorship=mentorship, mentor=people[0], mentee=people[1], organizer=people[0], sessions=tuple(sessions)
        )
        if all(request.key != payload.about for request, _number in open_invites(state, now)):
            raise ActionRefused("it was answered meanwhile")

    # ------------------------------------------------------------ outcomes

    def _done(self, ledger: Ledger, action: Action, detail: str, now: datetime) -> None:
        ledger.outbox.finish(action.key, Outcome.DONE, detail, now)
        for what in ("refused", "fault"):
            ledger.records.clear_alert(f"{what}/{matter_of(action)}")
        mark_mentorship(ledger, action.mentorship, now)
        ledger.records.add_audit(
            AuditEntry(
                at=now,
                mentorship=action.mentorship,
                action=action.key,
                rule=action.rule,
                outcome=Outcome.DONE,
                detail=detail,
            )
        )

    def _end(self, action: Action, outcome: Outcome, reason: str, *, retry_at: datetime | None) -> None:
        """End an action that was not carried out: its reservations go, and the mentorship is decided again."""
        now = self.context.now()
        log.warning("%s: %s, %s", action.key, outcome, reason)
        with self.context.store.transaction() as ledger:
            ledger.outbox.finish(action.key, outcome, reason, now)
            ledger.reservations.release(action.key)
            if action.kind is not ActionKind.NUDGE:
                intent_key = _intent_key(action)
                ledger.sessions.save_attempt(
                    Attempt(
                        mentorship=action.mentorship, key=intent_key, tried_at=now, reason=reason, retry_at=retry_at
                    )
                )
            mark_mentorship(ledger, action.mentorship, now)
            ledger.records.add_audit(
                AuditEntry(
                    at=now,
                    mentorship=action.mentorship,
                    action=action.key,
                    rule=action.rule,
                    outcome=outcome,
                    detail=reason,
                )
            )

    def _put_off(self, action: Action, until: datetime) -> None:
        with self.context.store.transaction() as ledger:
            ledger.outbox.postpone(action.key, until)


class _NotYet(Exception):
    """What an action needs is not there yet."""

    def __init__(self, delay: timedelta) -> None:
        self.delay = delay
        super().__init__(f"not yet: again in {delay}")


def matter_of(action: Action) -> str:
    """Return what alerts about an action are about: what is done, and for which mentorship."""
    return f"{action.kind}/{action.mentorship}"


def _intent_key(action: Action) -> str:
    match action.kind:
        case ActionKind.BOOK:
            return from_json(action.payload, BookPayload).intent_key
        case ActionKind.MOVE:
            return from_json(action.payload, MovePayload).intent_key
        case ActionKind.ADD_ONLINE_MEETING:
            return from_json(action.payload, OnlinePayload).intent_key
        case ActionKind.NUDGE:
            return action.key
