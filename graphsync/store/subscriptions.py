"""Subscriptions wanted and granted, and delta links, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, or_, select

from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports import Subject, Subscription
from graphsync.mentoring import PersonId
from graphsync.store.dialect import New, insert_or_update, upsert
from graphsync.store.tables import delta_links, subscriptions


class SqlSubscriptions:
    """`ports.Subscriptions` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, subscription: Subscription) -> None:
        """Write `subscription`, new or known; `last_notified_at` only goes forward.

        The receiver notes notifications while whoever saves was busy asking Graph, and knows of none of them.
        """
        insert_or_update(self._connection, subscriptions, [_row(subscription)], _overwritten)

    def get(self, resource: str) -> Subscription | None:
        """Return the subscription wanted on `resource`."""
        row = self._connection.execute(select(subscriptions).where(subscriptions.c.resource == resource)).one_or_none()
        return None if row is None else _subscription(row)

    def all(self) -> list[Subscription]:
        """Return all that are wanted, by resource."""
        rows = self._connection.execute(select(subscriptions).order_by(subscriptions.c.resource))
        return [_subscription(row) for row in rows]

    def remove(self, resource: str) -> None:
        """Want the subscription no more."""
        self._connection.execute(delete(subscriptions).where(subscriptions.c.resource == resource))

    def delta_link(self, mailbox: PersonId) -> tuple[TimeSlot, str] | None:
        """Return where the next delta round of a mailbox starts, and the window it is for."""
        row = self._connection.execute(select(delta_links).where(delta_links.c.mailbox == mailbox)).one_or_none()
        return None if row is None else (TimeSlot(start=row.window_start, end=row.window_end), row.delta_link)

    def save_delta_link(self, mailbox: PersonId, window: TimeSlot, delta_link: str) -> None:
        """Keep where the next delta round of a mailbox starts."""
        upsert(
            self._connection,
            delta_links,
            {
                "mailbox": mailbox,
                "window_start": window.start,
                "window_end": window.end,
                "delta_link": delta_link,
            },
        )

    def drop_delta_link(self, mailbox: PersonId) -> None:
        """Forget it: the next round of this mailbox is a full one."""
        self._connection.execute(delete(delta_links).where(delta_links.c.mailbox == mailbox))


def _overwritten(new: New) -> dict[str, ColumnElement[Any]]:
    known, notified = subscriptions.c.last_notified_at, new["last_notified_at"]
    newer = or_(known.is_(None), notified > known)
    return {name: column for name, column in new.items() if name != "resource"} | {
        "last_notified_at": case((newer, notified), else_=known)
    }


def _row(subscription: Subscription) -> dict[str, Any]:
    return {
        "resource": subscription.resource,
        "subject_kind": subscription.subject.kind,
        "subject_owner": subscription.subject.owner,
        "subject_item": subscription.subject.item,
        "client_state": subscription.client_state,
        "id": subscription.id,
        "expires_at": subscription.expires_at,
        "last_notified_at": subscription.last_notified_at,
    }


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        resource=row.resource,
        subject=Subject(kind=row.subject_kind, owner=row.subject_owner, item=row.subject_item),
        client_state=row.client_state,
        id=row.id,
        expires_at=row.expires_at,
        last_notified_at=row.last_notified_at,
    )
