"""What is kept to explain (audit, traces, alerts), as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from graphsync.engine.ports import Alert, AuditEntry
from graphsync.mentoring import MentorshipId
from graphsync.store.dialect import upsert
from graphsync.store.digests import Digests
from graphsync.store.tables import alerts, audit, traces
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

    def save_trace(self, mentorship: MentorshipId, at: datetime, trace: str) -> None:
        """Keep the trace of the latest decision about a mentorship in place of the one before."""
        upsert(self._connection, traces, {"mentorship": mentorship, "at": at, "trace": trace})

    def trace(self, mentorship: MentorshipId) -> tuple[datetime, str] | None:
        """Return when a mentorship was decided about last, and the trace of it."""
        row = self._connection.execute(
            select(traces.c.at, traces.c.trace).where(traces.c.mentorship == mentorship)
        ).one_or_none()
        return None if row is None else (row.at, row.trace)

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

    def purge(self, *, requests_before: datetime, facts_before: datetime) -> int:
        """Remove what has had its term, as `terms.purge` says, and return how many rows went."""
        return purge(self._connection, self._digests, requests_before=requests_before, facts_before=facts_before)
