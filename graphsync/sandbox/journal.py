"""The journal: all that happened in the sandbox, in order, by whom. It is what a judge reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphsync.clock import Clock

EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One thing that happened.

    `actor` is `app:<client id>`, a user's address, `admin` for what is set up, or `exchange` for what the service does
    or sees by itself. `user_id` is the mailbox or person it happened to (empty where there is none), `subject_id` the
    item.
    """

    at: datetime
    actor: str
    verb: str
    user_id: str
    subject_id: str
    details: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Append-only record of the run; entries are never changed or dropped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[JournalEntry] = []

    def add(
        self, verb: str, *, actor: str, user_id: str = "", subject_id: str = "", details: dict[str, Any] | None = None
    ) -> JournalEntry:
        """Write down that `verb` happened now, and return the entry."""
        entry = JournalEntry(
            at=self._clock.now(),
            actor=actor,
            verb=verb,
            user_id=user_id,
            subject_id=subject_id,
            details=details or {},
        )
        self._entries.append(entry)
        return entry

    def entries(self, *verbs: str, actor: str | None = None) -> list[JournalEntry]:
        """Return the entries so far, oldest first, of `verbs` (all if none is named) and of `actor`."""
        return [
            entry
            for entry in list(self._entries)
            if (not verbs or entry.verb in verbs) and (actor is None or entry.actor == actor)
        ]

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
