"""Mentorships with their timers and chats, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, delete, select, union, update

from graphsync.mentoring import Mentorship, MentorshipId, Order, PersonId, Status
from graphsync.store.dialect import upsert
from graphsync.store.tables import mentorships, orders
from graphsync.store.values import as_row, fields_of, select_fields


class SqlMentorships:
    """`ports.Mentorships` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, mentorship: Mentorship) -> None:
        """Write `mentorship`, new or known; its timer and chat stay as they are."""
        upsert(self._connection, mentorships, as_row(mentorship))

    def get(self, mentorship: MentorshipId) -> Mentorship | None:
        """Return the mentorship with this id."""
        row = self._connection.execute(
            select_fields(mentorships, Mentorship).where(mentorships.c.id == mentorship)
        ).one_or_none()
        return None if row is None else Mentorship(**fields_of(row))

    def all(self) -> list[Mentorship]:
        """Return every mentorship, ended ones included, by id."""
        rows = self._connection.execute(select_fields(mentorships, Mentorship).order_by(mentorships.c.id))
        return [Mentorship(**fields_of(row)) for row in rows]

    def of(self, person: PersonId) -> list[Mentorship]:
        """Return the mentorships in which `person` is mentor or mentee, by id."""
        theirs = union(
            select(mentorships.c.id).where(mentorships.c.mentor == person),
            select(mentorships.c.id).where(mentorships.c.mentee == person),
        )
        rows = self._connection.execute(
            select_fields(mentorships, Mentorship).where(mentorships.c.id.in_(theirs)).order_by(mentorships.c.id)
        )
        return [Mentorship(**fields_of(row)) for row in rows]

    def set_wake_at(self, mentorship: MentorshipId, instant: datetime | None) -> None:
        """Set when the mentorship is to be looked at though nothing happens; None for not at all."""
        self._connection.execute(update(mentorships).where(mentorships.c.id == mentorship).values(wake_at=instant))

    def due(self, now: datetime) -> list[MentorshipId]:
        """Return the mentorships whose timer has come, ended ones included, longest overdue first."""
        rows = self._connection.scalars(
            select(mentorships.c.id)
            .where(mentorships.c.wake_at <= now)
            .order_by(mentorships.c.wake_at, mentorships.c.id)
        )
        return [MentorshipId(row) for row in rows]

    def chat(self, mentorship: MentorshipId) -> tuple[str, datetime] | None:
        """Return the chat of the two and until when it has been read."""
        row = self._connection.execute(
            select(mentorships.c.chat_id, mentorships.c.chat_read_until).where(
                mentorships.c.id == mentorship, mentorships.c.chat_id.is_not(None)
            )
        ).one_or_none()
        return None if row is None else (row.chat_id, row.chat_read_until)

    def save_chat(self, mentorship: MentorshipId, chat_id: str, read_until: datetime) -> None:
        """Note the chat of the two and until when it has been read."""
        self._connection.execute(
            update(mentorships)
            .where(mentorships.c.id == mentorship)
            .values(chat_id=chat_id, chat_read_until=read_until)
        )

    def drop_chat(self, mentorship: MentorshipId) -> None:
        """Forget the chat of the two and until when it has been read."""
        self._connection.execute(
            update(mentorships).where(mentorships.c.id == mentorship).values(chat_id=None, chat_read_until=None)
        )

    def by_chat(self, chat_id: str) -> MentorshipId | None:
        """Return the mentorship whose chat this is.

        Two people who mentor each other have one chat for two mentorships: an active one comes first, then the
        lower id.
        """
        row = self._connection.scalars(
            select(mentorships.c.id)
            .where(mentorships.c.chat_id == chat_id)
            .order_by(case((mentorships.c.status == Status.ACTIVE, 0), else_=1), mentorships.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else MentorshipId(row)

    def save_order(self, order: Order) -> None:
        """Write `order` over an earlier one of its mentorship."""
        upsert(self._connection, orders, as_row(order))

    def order(self, mentorship: MentorshipId) -> Order | None:
        """Return what was ordered for a mentorship and holds."""
        row = self._connection.execute(
            select_fields(orders, Order).where(orders.c.mentorship == mentorship)
        ).one_or_none()
        return None if row is None else Order(**fields_of(row))

    def drop_order(self, mentorship: MentorshipId) -> None:
        """Delete what was ordered for a mentorship, if anything was."""
        self._connection.execute(delete(orders).where(orders.c.mentorship == mentorship))
