"""Dirty marks, many at once: what the receiver commits before it answers, and what `work` marks with too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, or_, update

from graphsync.engine.ports import Subject
from graphsync.store.dialect import New, insert_or_update
from graphsync.store.tables import dirty_subjects, subscriptions
from graphsync.store.values import as_row


def mark(connection: Connection, subjects: Iterable[Subject], at: datetime) -> None:
    """Make each of `subjects` due at `at`, or earlier where it already is; repeated ones count once.

    A mark on a subject that is claimed is kept beside the claim and takes effect when that ends: whoever has it may
    have looked before what this mark is about happened.
    """
    # Sorted, so that two transactions that mark the same subjects lock them in the same order.
    rows = [
        as_row(subject)
        | {"not_before": at, "marked_at": at, "again_at": None, "claimed": False, "generation": 0, "attempts": 0}
        for subject in sorted(set(subjects))
    ]
    insert_or_update(connection, dirty_subjects, rows, _marked_again)


def note_notified(connection: Connection, resources: Collection[str], at: datetime) -> None:
    """Note that Graph has sent something for these subscriptions at `at`; a later time already noted stays."""
    if resources:
        connection.execute(_NOTIFIED, [{"of_resource": name, "notified": at} for name in sorted(set(resources))])


def _marked_again(new: New) -> dict[str, ColumnElement[Any]]:
    known, at = dirty_subjects.c, new["not_before"]
    sooner = or_(known.again_at.is_(None), at < known.again_at)
    return {
        "not_before": case((known.claimed, known.not_before), else_=_earlier(known.not_before, at)),
        "marked_at": case((known.claimed, known.marked_at), else_=_earlier(known.marked_at, at)),
        "again_at": case((and_(known.claimed, sooner), at), else_=known.again_at),
    }


def _earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((other < one, other), else_=one)


_NOTIFIED: Final = (
    update(subscriptions)
    .where(
        subscriptions.c.resource == bindparam("of_resource"),
        or_(subscriptions.c.last_notified_at.is_(None), subscriptions.c.last_notified_at < bindparam("notified")),
    )
    .values(last_notified_at=bindparam("notified"))
)
