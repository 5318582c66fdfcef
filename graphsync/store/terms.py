"""How long things are kept, and what is left of them afterwards.

Two terms, the caller's: a short one for open requests and for everything that lets one work out how long somebody
took to answer (nudges about them, their actions, audit and decisions), a long one for the facts about sessions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, or_, select, update

from graphsync.engine.ports import ActionKind
from graphsync.mentoring import Choice
from graphsync.store.dialect import insert_or_leave
from graphsync.store.digests import Digests
from graphsync.store.tables import (
    attempts,
    audit,
    closed_requests,
    contacts,
    decisions,
    nudges,
    open_requests,
    outbox,
    replies,
    reservations,
    sessions,
    spent_keys,
)

ABOUT_REQUESTS: Final = "answer_promptly"
"""The practice whose nudges tell of open requests."""

ABOUT_WAITING: Final = (Choice.ANSWERED, Choice.HELP)
"""The replies that tell of open requests."""

LASTING: Final = (Choice.SETTLED, Choice.PAUSE, Choice.END)
"""The replies that hold for as long as their mentorship: what was settled, and how it stands."""


_MESSAGES: Final = select(outbox.c.key).where(outbox.c.kind == ActionKind.NUDGE)
"""The keys of messages, of whatever they tell: their audit has the short term, as they have."""


def purge(connection: Connection, digests: Digests, *, requests_before: datetime, facts_before: datetime) -> int:
    """Remove what has had its term and return how many rows went.

    What must be known again leaves a keyed hash without a time: a request, so that sync does not open it anew, and
    an action's key, so that it is not used twice. The last session of a mentorship stays, without what people
    answered, so that numbers go on from it.

    Args:
        connection: the transaction.
        digests: makes the keyed hashes.
        requests_before: what is about open requests and older than this goes; also messages with their audit,
            decisions, and reservations that ended before.
        facts_before: what is about sessions and older than this goes; also other nudges, replies that do not last,
            actions that have ended and audit entries.
    """
    return (
        _close_requests(connection, digests, requests_before)
        # Before the actions go, by which the audit of messages is known.
        + _delete(
            connection,
            audit,
            _had_term(audit.c.action.in_(_MESSAGES), audit.c.at, requests_before, facts_before),
        )
        + _end_actions(connection, digests, requests_before, facts_before)
        + _delete(
            connection,
            nudges,
            _had_term(nudges.c.practice == ABOUT_REQUESTS, nudges.c.sent_at, requests_before, facts_before),
        )
        + _delete(connection, decisions, decisions.c.last_at < requests_before)
        + _delete(connection, reservations, reservations.c.ends_at < requests_before)
        + _delete(connection, contacts, contacts.c.at < facts_before)
        + _delete(
            connection,
            replies,
            and_(
                replies.c.choice.not_in(LASTING),
                _had_term(replies.c.choice.in_(ABOUT_WAITING), replies.c.at, requests_before, facts_before),
            ),
        )
        + _delete(connection, attempts, attempts.c.tried_at < facts_before)
        + _forget_sessions(connection, facts_before)
    )


def _had_term(
    short: ColumnElement[bool], at: ColumnElement[Any], requests_before: datetime, facts_before: datetime
) -> ColumnElement[bool]:
    return or_(and_(short, at < requests_before), at < facts_before)


def _delete(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(where)).rowcount


def _close_requests(connection: Connection, digests: Digests, before: datetime) -> int:
    had_term = open_requests.c.asked_at < before
    for key in connection.scalars(select(open_requests.c.key).where(had_term)).all():
        insert_or_leave(connection, closed_requests, {"digest": digests.of_request(key)})
    return _delete(connection, open_requests, had_term)


def _end_actions(connection: Connection, digests: Digests, requests_before: datetime, facts_before: datetime) -> int:
    had_term = _had_term(outbox.c.kind == ActionKind.NUDGE, outbox.c.finished_at, requests_before, facts_before)
    for row in connection.execute(select(outbox.c.key, outbox.c.mentorship).where(had_term)).all():
        insert_or_leave(connection, spent_keys, {"digest": digests.of_action(row.key), "mentorship": row.mentorship})
    return _delete(connection, outbox, had_term)


def _forget_sessions(connection: Connection, before: datetime) -> int:
    later = sessions.alias("later")
    has_later = exists().where(later.c.mentorship == sessions.c.mentorship, later.c.number > sessions.c.number)
    removed = _delete(connection, sessions, and_(sessions.c.ends_at < before, has_later))
    connection.execute(
        update(sessions)
        .where(sessions.c.ends_at < before)
        .values(
            answers={},
            agreed=frozenset(),
            proposal=None,
            copies={},
            copies_looked_at=None,
            no_slot_reason="",
            room="",
            rooms_declined=frozenset(),
        )
    )
    return removed
