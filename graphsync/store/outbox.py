"""Actions decided and not yet ended, and what became of the others, as rows.

A key is used once and for ever: the row of an action that has ended keeps it, and after the row's term a digest does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, select, update

from graphsync.engine.ports import Action, ActionKind, Outcome
from graphsync.mentoring import MentorshipId
from graphsync.store.dialect import insert_or_leave
from graphsync.store.digests import Digests
from graphsync.store.tables import outbox, spent_keys
from graphsync.store.values import as_row, fields_of, select_fields


class SqlOutbox:
    """`ports.Outbox` on one transaction."""

    def __init__(self, connection: Connection, digests: Digests) -> None:
        self._connection = connection
        self._digests = digests

    def add(self, action: Action) -> bool:
        """Take up `action` unless its key was ever used; tell whether it was taken up."""
        if self._is_spent(action.key):
            return False
        row = as_row(action) | {"outcome": None, "detail": "", "finished_at": None}
        return insert_or_leave(self._connection, outbox, row)

    def due(self, now: datetime) -> list[Action]:
        """Return the actions to be attempted by now, longest overdue first, then in the order they were made."""
        return self._actions(
            outbox.c.next_attempt_at <= now, by=(outbox.c.next_attempt_at, outbox.c.created_at, outbox.c.key)
        )

    def pending(self, mentorship: MentorshipId) -> list[Action]:
        """Return the actions of a mentorship that have not ended, in the order they were made."""
        return self._actions(
            outbox.c.mentorship == mentorship,
            outbox.c.next_attempt_at.is_not(None),
            by=(outbox.c.created_at, outbox.c.key),
        )

    def note_progress(self, key: str, progress: str) -> None:
        """Keep what an attempt noted on its way; of an action that has ended nothing is kept."""
        self._change(key, progress=progress)

    def postpone(self, key: str, until: datetime) -> None:
        """Count an attempt that failed, and make the next one due at `until`."""
        self._change(key, next_attempt_at=until, attempts=outbox.c.attempts + 1)

    def finish(self, key: str, outcome: Outcome, detail: str, at: datetime) -> None:
        """End an action that has not ended; what a nudge was to say, and how far it came, is dropped."""
        nudge = outbox.c.kind == ActionKind.NUDGE
        self._change(
            key,
            next_attempt_at=None,
            outcome=outcome,
            detail=detail,
            finished_at=at,
            payload=case((nudge, ""), else_=outbox.c.payload),
            progress=case((nudge, ""), else_=outbox.c.progress),
        )

    def _is_spent(self, key: str) -> bool:
        return bool(
            self._connection.scalar(select(exists().where(spent_keys.c.digest == self._digests.of_action(key))))
        )

    def _change(self, key: str, **values: Any) -> None:
        self._connection.execute(
            update(outbox).where(outbox.c.key == key, outbox.c.next_attempt_at.is_not(None)).values(**values)
        )

    def _actions(self, *where: ColumnElement[bool], by: tuple[ColumnElement[Any], ...]) -> list[Action]:
        rows = self._connection.execute(select_fields(outbox, Action).where(*where).order_by(*by))
        return [Action(**fields_of(row)) for row in rows]
