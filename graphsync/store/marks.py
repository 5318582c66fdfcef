"""Dirty marks, many at once: what the receiver commits before it answers, and what `work` marks with too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, or_, update

from graphsync.engine.ports import Subject
from graphsync.store.dialect import Insert
from graphsync.store.tables import dirty_subjects, subscriptions
from graphsync.store.values import as_row


def mark(connection: Connection, subjects: Iterable[Subject], at: datetime) -> None:
    """Make each of `subjects` due at `at`, or earlier where it already is; repeated ones count once.

    A mark on a subject that is claimed is kept beside the claim and takes effect when that ends: whoever has it may
    have looked before what this mark is about happened.
    """
    table = dirty_subjects
    insert = Insert(connection, table)
    new = insert.new
    # Sorted, so that two transactions that mark the same subjects lock them in the same order.
    rows = [
        as_row(subject)
        | {"not_before": at, "marked_at": at, "again_at": None, "claimed": False, "generation": 0, "attempts": 0}
        for subject in sorted(set(subjects))
    ]
    insert.or_update(
        rows,
        {
            "not_before": case(
                (table.c.claimed, table.c.not_before), else_=_earlier(table.c.not_before, new["not_before"])
            ),
            "marked_at": case(
                (table.c.claimed, table.c.marked_at), else_=_earlier(table.c.marked_at, new["marked_at"])
            ),
            "again_at": case(
                (
                    and_(table.c.claimed, or_(table.c.again_at.is_(None), table.c.again_at > new["not_before"])),
                    new["not_before"],
                ),
                else_=table.c.again_at,
            ),
        },
    )


def note_notified(connection: Connection, resources: Sequence[str], at: datetime) -> None:
    """Note that Graph has sent something for these subscriptions at `at`; a later time already noted stays."""
    if not resources:
        return
    connection.execute(
        update(subscriptions)
        .where(
            subscriptions.c.resource == bindparam("of_resource"),
            or_(subscriptions.c.last_notified_at.is_(None), subscriptions.c.last_notified_at < bindparam("notified")),
        )
        .values(last_notified_at=bindparam("notified")),
        [{"of_resource": resource, "notified": at} for resource in sorted(set(resources))],
    )


def _earlier(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((other < one, other), else_=one)
