"""What a round writes beside facts, within its one transaction: actions, the audit, and that somebody was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from graphsync.engine.compose import Composer
from graphsync.engine.context import Context
from graphsync.engine.ports import Action, ActionKind, AuditEntry, Ledger
from graphsync.mentoring import MentorshipId, Nudge, PersonId
from graphsync.rules.intents import Intent


@dataclass(frozen=True, slots=True)
class Entries:
    """Writes entries of one round.

    Attributes:
        context: the ports and the configuration.
        ledger: the round's transaction.
        now: the instant it was decided for.
    """

    context: Context
    ledger: Ledger
    now: datetime

    @property
    def composer(self) -> Composer:
        """Writes what people are sent."""
        return Composer(self.context)

    def add(self, intent: Intent, kind: ActionKind, key: str, payload: str) -> bool:
        """Put an action into the outbox, due now; return False if one of that key was there already."""
        return self.ledger.outbox.add(
            Action(
                key=key,
                kind=kind,
                mentorship=intent.mentorship,
                rule=intent.rule,
                reason=intent.reason,
                payload=payload,
                created_at=self.now,
                next_attempt_at=self.now,
            )
        )

    def stamp(self) -> str:
        """Return what tells this try of an action from an earlier one that came to nothing."""
        return self.now.strftime("%Y%m%dT%H%M%SZ")

    def audit(self, mentorship: MentorshipId, action: str, rule: str, outcome: str, detail: str) -> None:
        """Keep in the audit what was decided."""
        self.ledger.records.add_audit(
            AuditEntry(at=self.now, mentorship=mentorship, action=action, rule=rule, outcome=outcome, detail=detail)
        )

    def keep_nudge(self, mentorship: MentorshipId, person: PersonId, practice: str, about: str, rung: int) -> None:
        """Keep that somebody was told of a matter."""
        nudge = Nudge(mentorship=mentorship, person=person, practice=practice, about=about, rung=rung, sent_at=self.now)
        self.ledger.requests.save_nudge(nudge)
