"""What every step of the engine works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from graphsync.clock import Clock
from graphsync.engine.ports import Graph, Ledger, Links, NoLinks, Store, Subject, SubjectKind
from graphsync.mentoring import Mentorship, MentorshipId, Person
from graphsync.rules.config import Config


@dataclass(slots=True, kw_only=True)
class Context:
    """The ports and the configuration; `notification_url` is where Graph is asked to send its notifications.

    `links` makes the personal links in messages. `config` is replaced between two runs of the engine and never within
    one; nothing else changes.
    """

    store: Store
    graph: Graph
    clock: Clock
    config: Config
    notification_url: str
    links: Links = field(default_factory=NoLinks)

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock.now()


def mark_mentorship(ledger: Ledger, mentorship: MentorshipId, now: datetime) -> None:
    """See to it that a mentorship is decided again."""
    ledger.work.mark(Subject(kind=SubjectKind.MENTORSHIP, owner=mentorship), now)


def pair_of(ledger: Ledger, mentorship: Mentorship) -> tuple[Person, Person] | None:
    """Return mentor and mentee, or None where one of them is not known (yet)."""
    mentor, mentee = ledger.people.get(mentorship.mentor), ledger.people.get(mentorship.mentee)
    return None if mentor is None or mentee is None else (mentor, mentee)
