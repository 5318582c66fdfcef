"""What is kept to explain and to tell (audit, decisions, alerts, flags), as rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from graphsync.engine.ports import Alert, AuditEntry, DecisionRow
from graphsync.mentoring import FlagKind, MentorshipId
from graphsync.store.dialect import insert_or_leave, upsert
from graphsync.store.digests import Digests
from graphsync.store.tables import alerts, audit, decisions, flags
from graphsync.store.terms import purge
from graphsync.store.values import as_row, fields_of, select_fields


class SqlRecords:
    """`ports.Records` on one transaction."""

    def __init__(self, connection: Connection, digests: Digests) -> None:
        self._connection = connection
        self._digests = digests

    def add_audit(self, entry: AuditEntry) -> None:
        """Add `entry`; entries are never changed."""
        self._connection.execute(insert(audit), as_row(entry))

    def audit(self, mentorship: MentorshipId | None = None) -> list[AuditEntry]:
        """Return the entries of a mentorship, or of all, in the order they were added."""
        wanted = select_fields(audit, AuditEntry).order_by(audit.c.id)
        if mentorship is not None:
            wanted = wanted.where(audit.c.mentorship == mentorship)
        return [AuditEntry(**fields_of(row)) for row in self._connection.execute(wanted)]

    def add_decision(self, decision: DecisionRow) -> None:
        """Add `decision`; where it is the last one of its mentorship over again, that one is only moved on in time."""
        last = self._last(decision.mentorship, decisions.c.id.is_not(None))
        if last is not None and (last.state, last.wanted) == (decision.state, decision.wanted):
            again = update(decisions).where(decisions.c.id == last.id)
            self._connection.execute(again.values(last_at=decision.at, trace=decision.trace, wake_at=decision.wake_at))
        else:
            self._connection.execute(insert(decisions), as_row(decision))

    def decisions(
        self, mentorship: MentorshipId | None = None, *, since: datetime, until: datetime
    ) -> list[DecisionRow]:
        """Return the decisions that were made in a span, for the first time or again, by when they were last made."""
        wanted = select_fields(decisions, DecisionRow).where(decisions.c.last_at >= since, decisions.c.at < until)
        wanted = wanted.order_by(decisions.c.last_at, decisions.c.id)
        if mentorship is not None:
            wanted = wanted.where(decisions.c.mentorship == mentorship)
        return [DecisionRow(**fields_of(row)) for row in self._connection.execute(wanted)]

    def last_decision(self, mentorship: MentorshipId, at: datetime) -> DecisionRow | None:
        """Return the last decision about a mentorship that was first made at `at` or before."""
        row = self._last(mentorship, decisions.c.at <= at)
        return None if row is None else DecisionRow(**{k: v for k, v in fields_of(row).items() if k != "id"})

    def _last(self, mentorship: MentorshipId, where: ColumnElement[bool]) -> Row[*tuple[Any, ...]] | None:
        found = select(decisions).where(decisions.c.mentorship == mentorship, where)
        return self._connection.execute(found.order_by(decisions.c.id.desc()).limit(1)).one_or_none()

    def raise_alert(self, alert: Alert) -> None:
        """Let `alert` stand; one that stands already keeps the time it was first raised."""
        upsert(self._connection, alerts, as_row(alert), keep=("raised_at",))

    def clear_alert(self, key: str) -> None:
        """Take down the alert with this key, if it stands."""
        self._connection.execute(delete(alerts).where(alerts.c.key == key))

    def alerts(self) -> list[Alert]:
        """Return the alerts that stand, by key."""
        rows = self._connection.execute(select_fields(alerts, Alert).order_by(alerts.c.key))
        return [Alert(**fields_of(row)) for row in rows]

    def set_flags(self, mentorship: MentorshipId, kinds: Collection[FlagKind]) -> None:
        """Let exactly `kinds` stand on a mentorship."""
        standing = select(flags.c.kind).where(flags.c.mentorship == mentorship)
        known = set(self._connection.scalars(standing))
        gone = known.difference(kinds)
        if gone:
            self._connection.execute(delete(flags).where(flags.c.mentorship == mentorship, flags.c.kind.in_(gone)))
        for kind in set(kinds) - known:
            insert_or_leave(self._connection, flags, {"mentorship": mentorship, "kind": kind})

    def flags(self) -> dict[MentorshipId, frozenset[FlagKind]]:
        """Return the flags that stand, by mentorship."""
        found: dict[MentorshipId, frozenset[FlagKind]] = {}
        for row in self._connection.execute(select(flags).order_by(flags.c.mentorship, flags.c.kind)):
            mentorship = MentorshipId(row.mentorship)
            found[mentorship] = found.get(mentorship, frozenset()) | {row.kind}
        return found

    def purge(self, *, requests_before: datetime, facts_before: datetime) -> int:
        """Remove what has had its term, as `terms.purge` says, and return how many rows went."""
        return purge(self._connection, self._digests, requests_before=requests_before, facts_before=facts_before)
