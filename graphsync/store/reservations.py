"""Time kept for people, as rows. That two never overlap for one person is the database's own rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports import Reservation
from graphsync.errors import ReservationConflict
from graphsync.mentoring import PersonId
from graphsync.store.dialect import overlaps_reservation
from graphsync.store.tables import reservations

# SQLite takes 32,766 parameters a statement, PostgreSQL 65,535; far below either, the statement stays cacheable.
_PEOPLE_A_QUERY: Final = 500


class SqlReservations:
    """`ports.Reservations` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, wanted: Iterable[Reservation]) -> None:
        """Keep time for people: all that is given, or none of it.

        The transaction can go on after a refusal.

        Raises:
            ReservationConflict: one overlaps a reservation of the same person, whoever holds it, or another
                one given.
        """
        # By person: two transactions that reserve for the same people wait for each other in the same order.
        rows = [
            {
                "person": one.person,
                "starts_at": one.slot.start,
                "ends_at": one.slot.end,
                "holder": one.holder,
            }
            for one in sorted(wanted, key=lambda one: (one.person, one.slot))
        ]
        if not rows:
            return
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(reservations), rows)
        except DBAPIError as error:
            if overlaps_reservation(error):
                raise ReservationConflict(
                    f"one of {len(rows)} reservations for {rows[0]['holder']!r} overlaps time that is kept already"
                ) from error
            raise

    def release(self, holder: str) -> None:
        """Give up all that `holder` keeps."""
        self._connection.execute(delete(reservations).where(reservations.c.holder == holder))

    def rename(self, holder: str, new_holder: str) -> None:
        """Hand all that `holder` keeps to `new_holder`, beside what that one keeps already."""
        self._connection.execute(update(reservations).where(reservations.c.holder == holder).values(holder=new_holder))

    def of(self, people: Collection[PersonId], window: TimeSlot) -> list[Reservation]:
        """Return what is kept for `people` and overlaps `window`, by person, then by start."""
        wanted = sorted(set(people))
        return [
            _reservation(row)
            for first in range(0, len(wanted), _PEOPLE_A_QUERY)
            for row in self._overlapping(wanted[first : first + _PEOPLE_A_QUERY], window)
        ]

    def _overlapping(self, people: Sequence[PersonId], window: TimeSlot) -> Sequence[Row[Any]]:
        rows = self._connection.execute(
            select(reservations)
            .where(
                reservations.c.person.in_(people),
                reservations.c.ends_at > window.start,
                reservations.c.starts_at < window.end,
            )
            .order_by(reservations.c.person, reservations.c.starts_at)
        )
        return rows.all()


def _reservation(row: Row[Any]) -> Reservation:
    return Reservation(person=row.person, slot=TimeSlot(start=row.starts_at, end=row.ends_at), holder=row.holder)
