"""Mentoring sessions, and the attempts that found no slot, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, union

from graphsync.mentoring import MentoringSession, MentorshipId, PersonId
from graphsync.rules.state import Attempt
from graphsync.store.dialect import upsert
from graphsync.store.tables import attempts, mentorships, sessions
from graphsync.store.values import as_row, fields_of, select_fields

_STANDING = sessions.c.loss.is_(None)


class SqlSessions:
    """`ports.Sessions` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, session: MentoringSession) -> None:
        """Write `session`, new or known; its mentorship has been saved before."""
        upsert(self._connection, sessions, as_row(session))

    def of(self, mentorship: MentorshipId) -> list[MentoringSession]:
        """Return the sessions of a mentorship by number, lost ones included."""
        return self._sessions(sessions.c.mentorship == mentorship, by=(sessions.c.number,))

    def by_event(self, organizer: PersonId, event_id: str) -> MentoringSession | None:
        """Return the latest session, by number, that this event of this organizer has stood for."""
        return self._latest(sessions.c.organizer == organizer, sessions.c.event_id == event_id)

    def by_ical_uid(self, ical_uid: str) -> MentoringSession | None:
        """Return the latest session, by number, that copies with this `iCalUId` have stood for."""
        return self._latest(sessions.c.ical_uid == ical_uid)

    def standing_of(self, person: PersonId, since: datetime) -> list[MentoringSession]:
        """Return the sessions of all of a person's mentorships that stand and end after `since`, by start."""
        theirs = union(
            select(mentorships.c.id).where(mentorships.c.mentor == person),
            select(mentorships.c.id).where(mentorships.c.mentee == person),
        )
        return self._sessions(
            sessions.c.mentorship.in_(theirs),
            sessions.c.ends_at > since,
            _STANDING,
            by=(sessions.c.starts_at, sessions.c.mentorship, sessions.c.number),
        )

    def save_attempt(self, attempt: Attempt) -> None:
        """Write `attempt` over an earlier one with its key."""
        upsert(self._connection, attempts, as_row(attempt))

    def attempts(self, mentorship: MentorshipId) -> list[Attempt]:
        """Return the bookings of a mentorship that found no slot, oldest first."""
        rows = self._connection.execute(
            select_fields(attempts, Attempt)
            .where(attempts.c.mentorship == mentorship)
            .order_by(attempts.c.tried_at, attempts.c.key)
        )
        return [Attempt(**fields_of(row)) for row in rows]

    def _latest(self, *where: ColumnElement[bool]) -> MentoringSession | None:
        row = self._connection.execute(
            select_fields(sessions, MentoringSession).where(*where).order_by(sessions.c.number.desc()).limit(1)
        ).one_or_none()
        return None if row is None else MentoringSession(**fields_of(row))

    def _sessions(self, *where: ColumnElement[bool], by: tuple[ColumnElement[Any], ...]) -> list[MentoringSession]:
        rows = self._connection.execute(select_fields(sessions, MentoringSession).where(*where).order_by(*by))
        return [MentoringSession(**fields_of(row)) for row in rows]
