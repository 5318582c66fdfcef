"""Open requests, what is left of closed ones, and the nudges about them, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from graphsync.mentoring import MentorshipId, Nudge, OpenRequest, PersonId
from graphsync.store.dialect import insert_or_leave, upsert
from graphsync.store.digests import Digests
from graphsync.store.tables import closed_requests, nudges, open_requests
from graphsync.store.values import as_row, fields_of, select_fields


class SqlRequests:
    """`ports.Requests` on one transaction."""

    def __init__(self, connection: Connection, digests: Digests) -> None:
        self._connection = connection
        self._digests = digests

    def save(self, request: OpenRequest) -> None:
        """Write `request`, new or known; one that was closed before stays closed."""
        if not self.was_closed(request.key):
            upsert(self._connection, open_requests, as_row(request))

    def of(self, mentorship: MentorshipId) -> list[OpenRequest]:
        """Return what the two have waiting for each other, by key."""
        rows = self._connection.execute(
            select_fields(open_requests, OpenRequest)
            .where(open_requests.c.mentorship == mentorship)
            .order_by(open_requests.c.key)
        )
        return [OpenRequest(**fields_of(row)) for row in rows]

    def close(self, key: str) -> None:
        """Delete the request, its time with it, and keep a keyed hash so that it is not opened again."""
        self._connection.execute(delete(open_requests).where(open_requests.c.key == key))
        insert_or_leave(self._connection, closed_requests, {"digest": self._digests.of_request(key)})

    def was_closed(self, key: str) -> bool:
        """Tell whether a request with this key was ever closed."""
        digest = self._digests.of_request(key)
        found = select(closed_requests.c.digest).where(closed_requests.c.digest == digest)
        return self._connection.execute(found).one_or_none() is not None

    def save_nudge(self, nudge: Nudge) -> None:
        """Write `nudge` over an earlier one to the same person, about the same matter, of the same rung."""
        upsert(self._connection, nudges, as_row(nudge))

    def nudges(self, mentorship: MentorshipId) -> list[Nudge]:
        """Return the nudges of a mentorship, oldest first."""
        rows = self._connection.execute(
            select_fields(nudges, Nudge)
            .where(nudges.c.mentorship == mentorship)
            .order_by(nudges.c.sent_at, nudges.c.person, nudges.c.practice, nudges.c.about, nudges.c.rung)
        )
        return [Nudge(**fields_of(row)) for row in rows]

    def nudges_to(self, person: PersonId, since: datetime) -> list[Nudge]:
        """Return the nudges to a person in all mentorships, sent after `since`, oldest first."""
        rows = self._connection.execute(
            select_fields(nudges, Nudge)
            .where(nudges.c.person == person, nudges.c.sent_at > since)
            .order_by(nudges.c.sent_at, nudges.c.mentorship, nudges.c.practice, nudges.c.about, nudges.c.rung)
        )
        return [Nudge(**fields_of(row)) for row in rows]
