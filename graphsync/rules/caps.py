"""`cap`: a round in which a rule wants more than it may is refused whole, so that a mistake stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from graphsync.rules.intents import Decision, FlagMentorship
from graphsync.rules.schema import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A rule that wants more actions in one round than it may take."""

    rule: str
    wanted: int
    cap: int


def exceeded(decisions: Iterable[Decision], rules: RuleSet) -> tuple[Exceeded, ...]:
    """Return the rules that want too much, over all decisions of a round; flags are no actions, questions are."""
    wanted: Counter[str] = Counter()
    for decision in decisions:
        wanted.update(intent.rule for intent in decision.intents if not isinstance(intent, FlagMentorship))
        wanted.update(suggestion.intent.rule for suggestion in decision.suggestions)
    return tuple(
        Exceeded(rule=rule.name, wanted=wanted[rule.name], cap=rule.cap)
        for rule in rules.rules
        if rule.cap is not None and wanted[rule.name] > rule.cap
    )
