"""After a session on Teams, keeps which of the two its attendance report shows, where a rule asks for that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from graphsync.engine.context import Context, mark_mentorship, pair_of
from graphsync.engine.ports import Alert, Ledger, Subject, SubjectKind
from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import MentoringSession, Mentorship, MentorshipId
from graphsync.rules.schema import CloseWell

FIRST_LOOK: Final = timedelta(minutes=30)
"""How long after its end a report is looked for first: it is made some minutes after the last one has left."""

LOOK_AGAIN: Final = timedelta(hours=3)
LOOKED_FOR: Final = timedelta(days=1)
"""How long it is looked for in vain: there is none where nobody came, or where a policy forbids it."""

REFUSED: Final = "refused/attendance"


@dataclass(frozen=True, slots=True)
class AttendanceLooks:
    """The looks at attendance reports."""

    context: Context

    def session(self, mentorship_id: MentorshipId, number: int) -> timedelta | None:
        """Look for the report of a session; return how long until it is looked for again, or None."""
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            mentorship = ledger.mentorships.get(mentorship_id)
            people = None if mentorship is None else pair_of(ledger, mentorship)
            session = next((s for s in ledger.sessions.of(mentorship_id) if s.number == number), None)
        if (
            mentorship is None
            or people is None
            or session is None
            or not is_asked_for(self.context, mentorship, session)
        ):
            return None
        if now < session.ends_at + FIRST_LOOK:  # it was moved
            return session.ends_at + FIRST_LOOK - now
        try:
            join_url = self.context.graph.get_event(session.organizer, session.event_id).join_url
            there = None if not join_url else self.context.graph.attendance(session.organizer, join_url)
        except GraphNotFound:
            there = None
        except GraphAuthError as error:
            self._refused(error, now)
            return None
        if there is None:
            return LOOK_AGAIN if now < session.ends_at + LOOKED_FOR else None
        attended = frozenset(p.id for p in people if p.id in there or p.address.casefold() in there)
        with self.context.store.transaction() as ledger:
            ledger.records.clear_alert(REFUSED)
            ledger.sessions.save(replace(session, attended=attended))
            mark_mentorship(ledger, mentorship_id, now)
        return None

    def _refused(self, error: GraphAuthError, now: datetime) -> None:
        text = (
            f"attendance reports cannot be read: {error}; grant OnlineMeetings.Read.All, "
            "OnlineMeetingArtifact.Read.All and an application access policy, or set `attendance: false`"
        )
        with self.context.store.transaction() as ledger:
            ledger.records.raise_alert(Alert(key=REFUSED, text=text, raised_at=now))


def is_asked_for(context: Context, mentorship: Mentorship, session: MentoringSession) -> bool:
    """Tell whether a rule for the mentorship wants to know who was in a session."""
    rules = context.config.rules.candidates(CloseWell, mentorship.cohort)
    return session.stands and session.online and any(rule.attendance for rule in rules)


def want_attendance(context: Context, ledger: Ledger, mentorship: Mentorship, session: MentoringSession) -> None:
    """Have the report of a session to come looked for after its end."""
    if session.ends_at > context.now() and is_asked_for(context, mentorship, session):
        subject = Subject(kind=SubjectKind.ATTENDANCE, owner=mentorship.id, item=str(session.number))
        ledger.work.set_sweep(subject, session.ends_at + FIRST_LOOK)
