"""What is to be looked at: dirty marks, claims on them, and the timers that make marks.

A claim is a lease: while it runs `not_before` is when it runs out, so a subject whose worker died becomes due by
itself. `generation` names the lease; a worker that outlived its own has no say any more.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from graphsync.engine.ports import Claim, Subject, SubjectKind
from graphsync.store.dialect import insert_or_leave, upsert
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
            for row in self._connection.execute(_DUE, {"of_kind": kind, "now": now, "at_most": limit})
        ]
        found.sort(key=lambda row: (row.not_before, row.kind, row.owner, row.item))
        claims = [_claim(row, now) for row in found[:limit]]
        if claims:
            until = now + LEASE
            self._connection.execute(_LEASE, [_held(claim) | {"now": now, "until": until} for claim in claims])
        return claims

    def settle(self, claim: Claim) -> None:
        """End a claim whose subject has been looked at; a mark made meanwhile makes it due again."""
        if self._connection.execute(_CLEAN, _held(claim)).rowcount == 0:
            self._connection.execute(_DIRTY_AGAIN, _held(claim))

    def postpone(self, claim: Claim, until: datetime) -> None:
        """End a claim whose subject could not be looked at: try at `until`, or when a mark made meanwhile says."""
        self._connection.execute(_POSTPONE, _held(claim) | {"until": until})

    def set_sweep(self, subject: Subject, next_at: datetime) -> None:
        """Set when `subject` is to be looked at though nothing was heard of it."""
        upsert(self._connection, sweeps, as_row(subject) | {"next_at": next_at})

    def want_sweep(self, subject: Subject, next_at: datetime) -> None:
        """Set when `subject` is to be looked at, unless that is set already."""
        insert_or_leave(self._connection, sweeps, as_row(subject) | {"next_at": next_at})

    def drop_sweep(self, subject: Subject) -> None:
        """Look at `subject` no more unless something is heard of it."""
        self._connection.execute(
            delete(sweeps).where(
                sweeps.c.kind == subject.kind, sweeps.c.owner == subject.owner, sweeps.c.item == subject.item
            )
        )

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
        row = self._connection.execute(_NEXT_AT).one()
        return min((instant for instant in row if instant is not None), default=None)


def release_claims(connection: Connection) -> int:
    """End every claim as if it had never been made, and return how many there were."""
    table = dirty_subjects
    released = connection.execute(
        update(table).where(table.c.claimed).values(not_before=table.c.marked_at, claimed=False)
    )
    return released.rowcount


def _claim(row: Row[*tuple[Any, ...]], now: datetime) -> Claim:
    # By the clock and not by counting from one: a row that was settled and marked anew must not repeat a number that
    # somebody who outlived a lease still holds.
    generation = max(row.generation + 1, (now - _EPOCH) // timedelta(microseconds=1))
    return Claim(subject=subject_of(row), generation=generation, attempts=row.attempts)


def _held(claim: Claim) -> dict[str, Any]:
    """Return the parameters that name a claim in the statements below."""
    subject = claim.subject
    return {
        "of_kind": subject.kind,
        "of_owner": subject.owner,
        "of_item": subject.item,
        "of_generation": claim.generation,
    }


def _earliest(column: ColumnElement[datetime], *where: ColumnElement[bool]) -> ScalarSelect[datetime]:
    return select(func.min(column)).where(*where).scalar_subquery()


# ---------------------------------------------------------------- statements, built once

_MARK: Final = dirty_subjects.c
_SUBJECT: Final = and_(
    _MARK.kind == bindparam("of_kind"), _MARK.owner == bindparam("of_owner"), _MARK.item == bindparam("of_item")
)
_HELD: Final = and_(_SUBJECT, _MARK.claimed, _MARK.generation == bindparam("of_generation"))
_UNTIL: Final = bindparam("until", type_=UtcDateTime())

_DUE: Final = (
    select(dirty_subjects)
    .where(_MARK.kind == bindparam("of_kind"), _MARK.not_before <= bindparam("now"))
    .order_by(_MARK.not_before, _MARK.owner, _MARK.item)
    .limit(bindparam("at_most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
# A mark made during an earlier claim that has come by now is covered by this look.
_LEASE: Final = (
    update(dirty_subjects)
    .where(_SUBJECT)
    .values(
        not_before=_UNTIL,
        again_at=case((_MARK.again_at > bindparam("now"), _MARK.again_at)),
        claimed=True,
        generation=bindparam("of_generation"),
    )
)
_CLEAN: Final = delete(dirty_subjects).where(_HELD, _MARK.again_at.is_(None))
_DIRTY_AGAIN: Final = (
    update(dirty_subjects)
    .where(_HELD)
    .values(not_before=_MARK.again_at, marked_at=_MARK.again_at, again_at=None, claimed=False, attempts=0)
)
_POSTPONE: Final = (
    update(dirty_subjects)
    .where(_HELD)
    .values(
        not_before=case((_MARK.again_at < _UNTIL, _MARK.again_at), else_=_UNTIL),
        claimed=False,
        attempts=_MARK.attempts + 1,
    )
)
_NEXT_AT: Final = select(
    _earliest(_MARK.not_before),
    _earliest(mentorships.c.wake_at),
    _earliest(sweeps.c.next_at),
    _earliest(outbox.c.next_attempt_at),
)
