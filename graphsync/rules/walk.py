"""The walk through the rules: where each practice notes what it found, what it wants, and when to look again.

What is kept here is what `explain` shows, so what is explained cannot differ from what is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from graphsync.rules.intents import AnyIntent, Decision, TraceLine, Verdict
from graphsync.rules.schema import Rule
from graphsync.rules.state import MentorshipState


@dataclass(slots=True)
class Walk:
    """One run of `decide` over one mentorship; practices write to it, `decision` reads it."""

    state: MentorshipState
    now: datetime
    _intents: list[AnyIntent] = field(default_factory=list)
    _observed: list[AnyIntent] = field(default_factory=list)
    _trace: list[TraceLine] = field(default_factory=list)
    _wake_at: datetime | None = None

    def act(self, rule: Rule, *intents: AnyIntent) -> None:
        """Take up intents of `rule`: to be carried out, or only noted where the rule is on `observe`."""
        enforced = rule.mode == "enforce"
        (self._intents if enforced else self._observed).extend(intents)
        for intent in intents:
            self.note(rule.name, Verdict.ACTS if enforced else Verdict.OBSERVES, intent.reason)

    def note(self, rule: str, verdict: Verdict, text: str) -> None:
        """Keep one step of the walk."""
        self._trace.append(TraceLine(rule=rule, verdict=verdict, text=text))

    def wait(self, rule: str, until: datetime, text: str) -> None:
        """Note that `rule` has nothing to do before `until`, and look again then."""
        self.note(rule, Verdict.WAITS, f"{text} (until {until.isoformat(timespec='minutes')})")
        self.look_again(until)

    def look_again(self, at: datetime) -> None:
        """See to it that the mentorship is decided again at `at`; what lies behind `now` is passed over."""
        if at > self.now and (self._wake_at is None or at < self._wake_at):
            self._wake_at = at

    def under_way(self, *prefixes: str) -> bool:
        """Tell whether an action whose key begins with one of `prefixes` is decided and not ended yet."""
        return any(key.startswith(prefix) for key in self.state.pending for prefix in prefixes)

    def wanted(self, rule: Rule, key: str) -> bool:
        """Tell whether this walk has an intent of that key already; what is only observed counts for `observe`."""
        mine = self._intents if rule.mode == "enforce" else (*self._intents, *self._observed)
        return any(intent.key == key for intent in mine)

    def held_back(self, rule: Rule, key: str) -> bool:
        """Tell whether an earlier try of `key` came to nothing and the next is not due; notes why."""
        attempt = max(
            (tried for tried in self.state.attempts if tried.key == key),
            key=lambda tried: tried.tried_at,
            default=None,
        )
        if attempt is None:
            return False
        if attempt.retry_at is None:
            self.note(rule.name, Verdict.HOLDS, attempt.reason)
            return True
        if attempt.retry_at > self.now:
            self.wait(rule.name, attempt.retry_at, attempt.reason)
            return True
        return False

    def decision(self) -> Decision:
        """Return what the walk came to."""
        return Decision(
            intents=tuple(self._intents),
            observed=tuple(self._observed),
            wake_at=self._wake_at,
            trace=tuple(self._trace),
        )
