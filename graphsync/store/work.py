"""What is to be looked at: dirty marks, claims on them, and the timers that make marks.

A claim is a lease: while it runs `not_before` is when it runs out, so a subject whose worker died becomes due by
itself. `generation` names the lease; a worker that outlived its own has no say any more.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, delete, func, literal, select, update

from graphsync.engine.ports import Claim, Subject, SubjectKind
from graphsync.mentoring import Status
from graphsync.store.dialect import upsert
from graphsync.store.marks import mark
from graphsync.store.tables import dirty_subjects, mentorships, outbox, sweeps
from graphsync.store.types import UtcDateTime
from graphsync.store.values import as_row, subject_of

LEASE: Final = timedelta(minutes=5)
"""How long a claim holds; far over what looking at a batch of subjects takes."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqlWork:
    """`ports.Work` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark(self, subject: Subject, at: datetime) -> None:
        """Make `subject` due at `at`, or earlier where it already is."""
        mark(self._connection, (subject,), at)

    def claim(self, now: datetime, kinds: Collection[SubjectKind], limit: int) -> list[Claim]:
        """Take up to `limit` subjects that are due, for the time of `LEASE`: the longest due first.

        Among those due at one instant the order is by kind, owner and item. Nobody else gets them until the lease
        ends or the claim is settled or postponed.
        """
        # Kind by kind: each is a walk along one index that ends after `limit`, however much else is waiting.
        found = [
            row
            for kind in sorted(set(kinds))
            for row in self._connection.execute(
                select(dirty_subjects)
                .where(dirty_subjects.c.kind == kind, dirty_subjects.c.not_before <= now)
                .order_by(dirty_subjects.c.not_before, dirty_subjects.c.owner, dirty_subjects.c.item)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
        ]
        found.sort(key=lambda row: (row.not_before, row.kind, row.owner, row.item))
        return [self._lease(row, now) for row in found[:limit]]

    def settle(self, claim: Claim) -> None:
        """End a claim whose subject has been looked at; a mark made meanwhile makes it due again."""
        table = dirty_subjects
        held = self._held(claim)
        self._connection.execute(delete(table).where(held, table.c.again_at.is_(None)))
        self._connection.execute(
            update(table)
            .where(held)
            .values(
                not_before=table.c.again_at,
                marked_at=table.c.again_at,
                again_at=None,
                claimed=False,
                attempts=0,
            )
        )

    def postpone(self, claim: Claim, until: datetime) -> None:
        """End a claim whose subject could not be looked at: try at `until`, or when a mark made meanwhile says."""
        table = dirty_subjects
        sooner, later = table.c.again_at < until, literal(until, UtcDateTime())
        self._connection.execute(
            update(table)
            .where(self._held(claim))
            .values(
                not_before=case((sooner, table.c.again_at), else_=later),
                claimed=False,
                attempts=table.c.attempts + 1,
            )
        )

    def set_sweep(self, subject: Subject, next_at: datetime) -> None:
        """Set when `subject` is to be looked at though nothing was heard of it."""
        upsert(self._connection, sweeps, as_row(subject) | {"next_at": next_at})

    def drop_sweep(self, subject: Subject) -> None:
        """Look at `subject` no more unless something is heard of it."""
        self._connection.execute(delete(sweeps).where(_is(sweeps, subject)))

    def due_sweeps(self, now: datetime) -> list[Subject]:
        """Return the subjects whose sweep has come, longest overdue first."""
        rows = self._connection.execute(
            select(sweeps.c.kind, sweeps.c.owner, sweeps.c.item)
            .where(sweeps.c.next_at <= now)
            .order_by(sweeps.c.next_at, sweeps.c.kind, sweeps.c.owner, sweeps.c.item)
        )
        return [subject_of(row) for row in rows]

    def next_at(self) -> datetime | None:
        """Return when the next thing is due: a mark, a mentorship, a sweep or an action; None if nothing.

        It may lie in the past. A subject under claim counts with the end of its lease.
        """
        row = self._connection.execute(
            select(
                *(
                    earliest.scalar_subquery()
                    for earliest in (
                        _earliest(dirty_subjects.c.not_before),
                        _earliest(mentorships.c.wake_at).where(mentorships.c.status == Status.ACTIVE),
                        _earliest(sweeps.c.next_at),
                        _earliest(outbox.c.next_attempt_at),
                    )
                )
            )
        ).one()
        return min((instant for instant in row if instant is not None), default=None)

    def _lease(self, row: Any, now: datetime) -> Claim:
        subject = subject_of(row)
        # By the clock and not by counting from one: a row that was settled and marked anew must not repeat a number
        # that somebody who outlived a lease still holds.
        generation = max(row.generation + 1, (now - _EPOCH) // timedelta(microseconds=1))
        again_at = row.again_at if row.again_at is not None and row.again_at > now else None
        self._connection.execute(
            update(dirty_subjects)
            .where(_is(dirty_subjects, subject))
            .values(not_before=now + LEASE, again_at=again_at, claimed=True, generation=generation)
        )
        return Claim(subject=subject, generation=generation, attempts=row.attempts)

    def _held(self, claim: Claim) -> ColumnElement[bool]:
        table = dirty_subjects
        return and_(_is(table, claim.subject), table.c.claimed, table.c.generation == claim.generation)


def release_claims(connection: Connection) -> int:
    """End every claim as if it had never been made, and return how many there were."""
    table = dirty_subjects
    released = connection.execute(
        update(table).where(table.c.claimed).values(not_before=table.c.marked_at, claimed=False)
    )
    return released.rowcount


def _is(table: Table, subject: Subject) -> ColumnElement[bool]:
    return and_(table.c.kind == subject.kind, table.c.owner == subject.owner, table.c.item == subject.item)


def _earliest(column: ColumnElement[datetime]) -> Select[datetime]:
    return select(func.min(column))
