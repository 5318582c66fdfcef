"""What people answered by their personal links, as rows."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from graphsync.mentoring import Choice, MentorshipId, Reply
from graphsync.store.dialect import upsert
from graphsync.store.tables import replies
from graphsync.store.values import as_row, fields_of, select_fields


class SqlReplies:
    """`ports.Replies` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, reply: Reply) -> None:
        """Write `reply` over an earlier one of the same person about the same matter."""
        upsert(self._connection, replies, as_row(reply))

    def of(self, mentorship: MentorshipId) -> list[Reply]:
        """Return the replies of a mentorship, oldest first."""
        rows = self._connection.execute(
            select_fields(replies, Reply)
            .where(replies.c.mentorship == mentorship)
            .order_by(replies.c.at, replies.c.person, replies.c.about)
        )
        return [Reply(**fields_of(row)) for row in rows]

    def withdraw(self, mentorship: MentorshipId, choice: Choice) -> int:
        """Delete the replies of a mentorship that say `choice`, and return how many there were."""
        theirs = delete(replies).where(replies.c.mentorship == mentorship, replies.c.choice == choice)
        return self._connection.execute(theirs).rowcount
