"""The people of all mentorships, as rows."""

from __future__ import annotations

from sqlalchemy import Connection, case

from graphsync.mentoring import Person, PersonId, Reach
from graphsync.store.dialect import upsert
from graphsync.store.tables import people
from graphsync.store.values import as_row, fields_of, select_fields


class SqlPeople:
    """`ports.People` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, person: Person) -> None:
        """Write `person`, new or known."""
        upsert(self._connection, people, as_row(person) | {"address_folded": person.address.casefold()})

    def get(self, person: PersonId) -> Person | None:
        """Return the person with this id."""
        row = self._connection.execute(select_fields(people, Person).where(people.c.id == person)).one_or_none()
        return None if row is None else Person(**fields_of(row))

    def by_address(self, address: str) -> Person | None:
        """Return the person with this mail address, in whatever case it is written.

        An address can be given to somebody new once its owner is gone: who is not gone comes first.
        """
        row = self._connection.execute(
            select_fields(people, Person)
            .where(people.c.address_folded == address.casefold())
            .order_by(case((people.c.reach == Reach.GONE, 1), else_=0), people.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else Person(**fields_of(row))

    def all(self) -> list[Person]:
        """Return everybody, by id."""
        rows = self._connection.execute(select_fields(people, Person).order_by(people.c.id))
        return [Person(**fields_of(row)) for row in rows]
