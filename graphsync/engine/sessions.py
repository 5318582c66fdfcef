"""Looks at sessions in Graph and keeps what is seen: times, answers, copies; and finds sessions people book themselves.

A session is called gone only when that is proven: its organizer's event, fetched by its immutable id, answers 404 or is
cancelled. An error that says nothing about the event decides nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from graphsync.calendar import CalendarEvent, TimeSlot
from graphsync.engine.attendance import want_attendance
from graphsync.engine.changes import AHEAD, expected_sessions, keep_changes, read_changes
from graphsync.engine.context import Context, mark_mentorship, pair_of
from graphsync.engine.observe import cancelled, dropped, just_written, lags, observed
from graphsync.engine.overlaps import look_for_overlaps
from graphsync.engine.payloads import BookPayload, MovePayload, from_json
from graphsync.engine.ports import Action, ActionKind, AuditEntry, Ledger, Reservation, Subject, SubjectKind
from graphsync.engine.self_booked import may_be_ours, self_booked
from graphsync.engine.state import holder
from graphsync.errors import GraphAuthError, GraphNotFound, ReservationConflict
from graphsync.mentoring import (
    MentoringSession,
    Mentorship,
    MentorshipId,
    Person,
    PersonId,
    Reach,
    Response,
)

log = logging.getLogger(__name__)

BEHIND = timedelta(days=1)
"""How far back a sweep looks."""

COPY_MARKS = (timedelta(hours=72), timedelta(hours=24))
"""How long before a session its attendees' copies are looked for, answered or not."""

COPY_EVERY = timedelta(hours=24)
NO_MAILBOX = frozenset(
    {"errorinvaliduser", "mailboxnotenabledforrestapi", "resourcenotfound", "request_resourcenotfound"}
)
"""Codes of a 404 that is about the mailbox and not about the event: Graph uses them for one and the same state.

Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4341 (they alternate for one mailbox)
"""

SECOND_LOOK = timedelta(minutes=5)
"""An answer travels for a while: a copy that is missing is looked for again before it is called silently dropped."""


@dataclass(frozen=True, slots=True)
class SessionLooks:
    """The looks at events and mailboxes."""

    context: Context
    _missing: dict[tuple[MentorshipId, int], datetime] = field(default_factory=dict)
    """Since when the copy of a session is missing; forgotten with the process, which costs a further look."""

    # ------------------------------------------------------------ one event

    def event(self, user: PersonId, event_id: str) -> timedelta | None:
        """Look at the event a notification named; return when to look again, if that is needed."""
        session, copy_of = self._known(user, event_id)
        if session is not None:
            return self.session(session, copy_of=copy_of)
        try:
            calendar_event = self.context.graph.get_event(user, event_id)
        except GraphNotFound:
            return None  # gone before it was seen, and none of ours
        return self._seen_first(user, calendar_event)

    def _seen_first(self, user: PersonId, calendar_event: CalendarEvent) -> timedelta | None:
        """Look at an event that is not known by its id: an attendee's copy, a self-booked session, or none of ours."""
        if calendar_event.type == "seriesMaster":
            with self.context.store.transaction() as ledger:
                ledger.work.mark(Subject(kind=SubjectKind.MAILBOX, owner=user), self.context.now())
            return None
        with self.context.store.transaction() as ledger:
            # An occurrence of a delta round has none, and nothing is the same meeting for having none.
            ical_uid = calendar_event.ical_uid
            session = ledger.sessions.by_ical_uid(ical_uid) if ical_uid else None
            if session is not None and user != session.organizer:
                ledger.sessions.save(replace(session, copies={**session.copies, user: calendar_event.id}))
        if session is not None:
            return self.session(session, copy_of=None)
        booked = self_booked(self.context, user, calendar_event)
        if booked is not None:
            self._keep(booked, self.context.now())
        look_for_overlaps(self.context, user, [calendar_event])
        return None

    def _known(self, user: PersonId, event_id: str) -> tuple[MentoringSession | None, PersonId | None]:
        """Return the session an event id stands for, and whose copy it is where it is an attendee's."""
        with self.context.store.transaction() as ledger:
            session = ledger.sessions.by_event(user, event_id)
            if session is not None:
                return session, None
            for mentorship in ledger.mentorships.of(user):
                for session in reversed(ledger.sessions.of(mentorship.id)):
                    if session.copies.get(user) == event_id:
                        return ledger.sessions.by_event(session.organizer, session.event_id), user
        return None, None

    def session(self, session: MentoringSession, *, copy_of: PersonId | None) -> timedelta | None:
        """Look at the organizer's copy of a session, and at attendees' copies where that is due.

        Args:
            session: the newest session of its event.
            copy_of: the attendee whose copy a notification named, if any.

        Returns:
            How long to wait before the second look, or None where all is settled.
        """
        try:
            calendar_event = self.context.graph.get_event(session.organizer, session.event_id)
        except GraphNotFound as error:
            now = self.context.now()
            if error.code.casefold() in NO_MAILBOX:
                with self.context.store.transaction() as ledger:
                    # That says nothing of the event: the mailbox may be back tomorrow, and the event with it.
                    ledger.work.mark(Subject(kind=SubjectKind.PERSON, owner=session.organizer), now)
                return None
            if just_written(session, now):
                return SECOND_LOOK  # Graph may not show everywhere yet what it has just made
            self._keep(cancelled(session, now), now)
            return None
        return self._organizers_copy(session, calendar_event, copy_of=copy_of)

    def _organizers_copy(
        self, session: MentoringSession, calendar_event: CalendarEvent, *, copy_of: PersonId | None
    ) -> timedelta | None:
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            people = self._people(ledger, session)
            is_being_moved = _is_being_moved(ledger, session)
        if people is None:
            return None
        if is_being_moved or lags(session, calendar_event, now):
            return SECOND_LOOK
        seen = observed(session, calendar_event, people, now)
        missing = False
        if seen.stands and seen.starts_at > now:
            seen, missing = self._look_at_copies(seen, people, copy_of, now)
        again = self._until_dropped(seen, now) if missing else None
        if not missing or again is None:
            self._missing.pop((seen.mentorship, seen.number), None)
        if missing and again is None:
            seen = dropped(seen, now)
        self._keep(seen, now)
        return again

    def _until_dropped(self, session: MentoringSession, now: datetime) -> timedelta | None:
        """Return how long a missing copy may still be on its way, or None once that has passed.

        How often it was looked at says nothing: one deletion is often notified several times within seconds.
        """
        since = self._missing.setdefault((session.mentorship, session.number), now)
        left = SECOND_LOOK - (now - since)
        return left if left > timedelta(0) else None

    def _look_at_copies(
        self, session: MentoringSession, people: tuple[Person, Person], copy_of: PersonId | None, now: datetime
    ) -> tuple[MentoringSession, bool]:
        """Return the session with what its attendees' copies show, and whether one that was seen once is missing."""
        due = _copies_due(session, now)
        copies, missing = dict(session.copies), False
        for person in people:
            if person.id == session.organizer or not session.ical_uid or not (due or person.id == copy_of):
                continue
            if person.reach is not Reach.OK:
                continue  # a guest, say, whose answers are on the organizer's copy and whose calendar is nobody's here
            try:
                copy = self.context.graph.find_event_by_ical_uid(person.id, session.ical_uid)
            except (GraphNotFound, GraphAuthError):
                # That is about their mailbox: who they are by now is looked at, and the organizer's copy counts.
                with self.context.store.transaction() as ledger:
                    ledger.work.mark(Subject(kind=SubjectKind.PERSON, owner=person.id), now)
                continue
            if copy is not None:
                copies[person.id] = copy.id
            elif person.id in copies:
                missing = True
            else:
                log.info("session %s/%s: no copy with attendee %s yet", session.mentorship, session.number, person.id)
        return replace(session, copies=copies, copies_looked_at=now if due else session.copies_looked_at), missing

    def _keep(self, seen: MentoringSession, now: datetime) -> None:
        """Store what was seen, with all that follows from it for reservations, timers and the next decision."""
        with self.context.store.transaction() as ledger:
            mentorship = ledger.mentorships.get(seen.mentorship)
            known = next((s for s in ledger.sessions.of(seen.mentorship) if s.number == seen.number), None)
            if mentorship is None:
                return
            timer = Subject(kind=SubjectKind.EVENT, owner=seen.organizer, item=seen.event_id)
            next_at = _next_look(seen, now)
            if next_at is None:
                ledger.work.drop_sweep(timer)
            else:
                ledger.work.set_sweep(timer, next_at)
            want_attendance(self.context, ledger, mentorship, seen)
            if known is not None and replace(known, copies_looked_at=seen.copies_looked_at) == seen:
                ledger.sessions.save(seen)
                return
            ledger.sessions.save(seen)
            self._keep_time(ledger, mentorship, known, seen, now)
            mark_mentorship(ledger, seen.mentorship, now)
            if known is None or known.loss != seen.loss:
                entry = AuditEntry(
                    at=now,
                    mentorship=seen.mentorship,
                    action=f"session/{seen.number}",
                    rule="",
                    outcome="lost" if seen.loss else "seen",
                    detail=seen.loss or "stands in the calendar",
                )
                ledger.records.add_audit(entry)

    def _keep_time(
        self,
        ledger: Ledger,
        mentorship: Mentorship,
        known: MentoringSession | None,
        seen: MentoringSession,
        now: datetime,
    ) -> None:
        """Keep the reservations in step with a session that was lost, found, or moved by hand."""
        name = holder(seen.mentorship, seen.number)
        if seen.loss is not None:
            ledger.reservations.release(name)
            return
        times = (seen.starts_at, seen.ends_at)
        if known is not None and known.loss is None and (known.starts_at, known.ends_at) == times:
            return
        ledger.reservations.release(name)
        slot = TimeSlot(start=seen.starts_at, end=seen.ends_at)
        try:
            ledger.reservations.reserve(
                Reservation(person=person, slot=slot, holder=name) for person in (mentorship.mentor, mentorship.mentee)
            )
        except ReservationConflict:
            # People may do as they like with their time; what collides is theirs to solve, and is shown.
            ledger.records.add_audit(
                AuditEntry(
                    at=now,
                    mentorship=seen.mentorship,
                    action=f"session/{seen.number}",
                    rule="",
                    outcome="conflict",
                    detail="was moved by hand to a time that another mentoring session has",
                )
            )

    def _people(self, ledger: Ledger, session: MentoringSession) -> tuple[Person, Person] | None:
        mentorship = ledger.mentorships.get(session.mentorship)
        return None if mentorship is None else pair_of(ledger, mentorship)

    # ------------------------------------------------------------ a whole mailbox

    def mailbox(self, user: PersonId) -> None:
        """Sweep a mailbox: all sessions it should hold, and those people booked themselves."""
        context, now = self.context, self.context.now()
        window = TimeSlot(start=now - BEHIND, end=now + AHEAD)
        with context.store.transaction() as ledger:
            is_programme = not ledger.mentorships.of(user)
            delta = ledger.subscriptions.delta_link(user)
        changes = read_changes(context, user, delta, window) if is_programme else None
        if is_programme and changes is None:
            return
        events = context.graph.list_calendar_view(user, window) if changes is None else changes.events
        seen = {event.id: event for event in events}
        with context.store.transaction() as ledger:
            expected = expected_sessions(ledger, user, now)
            partners = self._partners(ledger, user)
        for session, copy_of in expected:
            event_id = session.copies[copy_of] if copy_of else session.event_id
            calendar_event = seen.pop(event_id, None)
            if calendar_event is None and not is_programme:
                self._mark(user, event_id, now)  # missing from a complete view: to be proven by its id
            elif calendar_event is not None and copy_of is None:
                again = self._organizers_copy(session, calendar_event, copy_of=None)
                if again is not None:
                    self._mark(user, event_id, now + again)
        if not is_programme:
            look_for_overlaps(self.context, user, seen.values(), until=window.end)
        for calendar_event in seen.values():
            # Most of a calendar is nobody's business here: what has no partner of a mentorship on it is passed over.
            is_theirs = not partners.isdisjoint(calendar_event.people)
            if is_theirs and calendar_event.type != "seriesMaster" and may_be_ours(calendar_event, now):
                again = self._seen_first(user, calendar_event)
                if again is not None:
                    self._mark(user, calendar_event.id, now + again)
        if changes is not None:
            keep_changes(context, user, changes)

    def _partners(self, ledger: Ledger, user: PersonId) -> frozenset[str]:
        """Return the addresses that a session in this mailbox can be with: partners, and the programme's mailboxes."""
        partners = {address.casefold() for address in self.context.config.deployment.organizers.programme_mailboxes}
        for mentorship in ledger.mentorships.of(user) or ledger.mentorships.all():
            for person in (mentorship.mentor, mentorship.mentee):
                known = ledger.people.get(person) if person != user else None
                if known is not None:
                    partners.add(known.address.casefold())
        return frozenset(partners)

    def _mark(self, user: PersonId, event_id: str, at: datetime) -> None:
        with self.context.store.transaction() as ledger:
            ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=user, item=event_id), at)


def _is_being_moved(ledger: Ledger, session: MentoringSession) -> bool:
    """Tell whether an action of ours that moves this session's event was begun and has not ended.

    The times its event shows may be ours already, by a process that died before it could keep that.
    """
    pending = ledger.outbox.pending(session.mentorship)
    return any(bool(action.progress) and _moves(action, session) for action in pending)


def _moves(action: Action, session: MentoringSession) -> bool:
    match action.kind:
        case ActionKind.BOOK:
            return from_json(action.payload, BookPayload).event_id == session.event_id
        case ActionKind.MOVE:
            return from_json(action.payload, MovePayload).number == session.number
        case _:
            return False


def _copies_due(session: MentoringSession, now: datetime) -> bool:
    looked_at = session.copies_looked_at
    if looked_at is None:
        return True
    if _unanswered(session) and now - looked_at >= COPY_EVERY:
        return True
    return any(looked_at < session.starts_at - mark <= now for mark in COPY_MARKS)


def _unanswered(session: MentoringSession) -> bool:
    return any(answer.response is Response.NONE for answer in session.answers.values())


def _next_look(session: MentoringSession, now: datetime) -> datetime | None:
    """Return when the copies of a session are to be looked for next, or None where no look is due any more."""
    if not session.stands or session.starts_at <= now:
        return None
    marks = [session.starts_at - mark for mark in COPY_MARKS]
    if _unanswered(session):
        marks.append((session.copies_looked_at or now) + COPY_EVERY)
    return min((mark for mark in marks if mark > now), default=None)
