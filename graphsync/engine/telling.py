"""Has people told what a round came to: one message to each over all mentorships, and what follows from losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from graphsync.engine.compose import LostSession, NoSlot
from graphsync.engine.entries import Entries
from graphsync.engine.outcomes import told_of
from graphsync.engine.payloads import NudgePayload, to_json
from graphsync.engine.ports import Action, ActionKind
from graphsync.mentoring import Person, PersonId
from graphsync.rules.intents import SendNudge
from graphsync.rules.nudging import hearing_time
from graphsync.rules.state import MentorshipState

BOOK: Final = "book_ahead"
REBOOK: Final = "rebook_same_week"


@dataclass(frozen=True, slots=True)
class Telling:
    """Puts messages into the outbox; `entries` writes into the round's transaction."""

    entries: Entries
    _waiting: dict[PersonId, list[tuple[MentorshipState, SendNudge]]] = field(default_factory=dict)

    def nudge(self, state: MentorshipState, intent: SendNudge) -> None:
        """Have a nudge go out with the round's other ones to the same person, when `send` is called."""
        self._waiting.setdefault(intent.person, []).append((state, intent))

    def send(self) -> None:
        """Have the messages of the round sent: what is due to one person goes out as one, over all mentorships."""
        for wanted in self._waiting.values():
            fresh = [(state, intent) for state, intent in wanted if not self._is_said(intent)]
            if not fresh:
                continue
            first = fresh[0][1]
            payload = self.entries.composer.nudges(fresh)
            key = first.key if len(fresh) == 1 else f"messages/{first.key}/{self.entries.stamp()}"
            self.entries.add(first, ActionKind.NUDGE, key, to_json(payload))
            for _state, intent in fresh:
                self.entries.keep_nudge(intent.mentorship, intent.person, intent.practice, intent.about, intent.rung)

    def _is_said(self, intent: SendNudge) -> bool:
        said = self.entries.ledger.requests.nudges(intent.mentorship)
        return any((n.person, n.about, n.rung) == (intent.person, intent.about, intent.rung) for n in said)

    def lost(
        self, state: MentorshipState, rule: str, told: LostSession, people: Sequence[Person], booking: str = ""
    ) -> None:
        """Have a message about a lost session sent to each of `people`, in their working time.

        `booking` is the key of the one that puts it back: where that comes to nothing the message does too.
        """
        if told.slot is not None and told.why is None and not told.alternatives:
            return  # the invite says it all
        for person in people:
            payload = self.entries.composer.lost_session(state, person, told, REBOOK)
            matter = booking or f"{state.mentorship.id}/{told.lost.number}/{self.entries.stamp()}"
            key = told_of(matter) + state.role(person.id)
            self.send_one(state, rule, f"session {told.lost.number} was lost", key, person, payload)

    def no_hours(self, state: MentorshipState, rule: str, why: NoSlot) -> None:
        """Tell both, once, that their hours leave no room: it will not change unless one of them offers some."""
        for person in (state.mentee, state.mentor):
            payload = self.entries.composer.no_session(state, person, why, BOOK)
            key = f"no-session/{state.mentorship.id}/{state.role(person.id)}"
            self.send_one(state, rule, "their hours leave no room for a session", key, person, payload)

    def send_one(
        self, state: MentorshipState, rule: str, reason: str, key: str, person: Person, payload: NudgePayload
    ) -> None:
        """Have a message sent in the recipient's working time; one of the same key was sent already."""
        quiet = self.entries.context.config.rules.nudges.quiet_hours
        self.entries.ledger.outbox.add(
            Action(
                key=key,
                kind=ActionKind.NUDGE,
                mentorship=state.mentorship.id,
                rule=rule,
                reason=reason,
                payload=to_json(payload),
                created_at=self.entries.now,
                next_attempt_at=hearing_time(person, self.entries.now, quiet, digest=False),
            )
        )
