"""Runs rule tests, and tells which rules and branches no test has reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graphsync.rules.decide import PRACTICES
from graphsync.rules.intents import Decision
from graphsync.rules.schema import RuleSet
from graphsync.trial.expecting import Failure, Since, check
from graphsync.trial.script import Script
from graphsync.trial.timeline import Impossible, act
from graphsync.trial.world import NoRest, World

STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    practice.name: tuple(step.id for step in practice.steps) for practice in PRACTICES
}
"""The branches of each practice: the steps it can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of one rule test: its failures, and the branches that it reached, by rule and step."""

    script: Script
    failures: tuple[Failure, ...]
    reached: frozenset[tuple[str, str]]


def run(script: Script, rules: RuleSet) -> Ran:
    """Run one rule test against the rules of a programme, or against its own where it has some."""
    world = World(script, rules_of(script, rules))
    failures: list[Failure] = []
    since = Since.now(world)
    line = script.line
    try:
        world.settle()
        for entry in script.entries:
            line = entry.line
            world.run_until(entry.at)
            for name, said in entry.actions:
                act(world, name, said)
            failures += [found for one in entry.expectations if (found := check(world, one, since)) is not None]
            if entry.expectations:
                since = Since.now(world)
    except (Impossible, NoRest) as error:
        failures.append(Failure(line=line, expected="something that can happen", actual=(str(error),)))
    return Ran(script=script, failures=tuple(failures), reached=_reached(world.decisions))


def rules_of(script: Script, rules: RuleSet) -> RuleSet:
    """Return the rules a test runs under: its own or the programme's, those it names, in the modes it says."""
    chosen = script.rules or rules
    held = [rule for rule in chosen.rules if not script.only or rule.name in script.only]
    set_to = [rule.model_copy(update={"mode": script.modes.get(rule.name, rule.mode)}) for rule in held]
    return replace(rules, rules=tuple(set_to), nudges=script.nudges or rules.nudges)


def _reached(decisions: Iterable[Decision]) -> frozenset[tuple[str, str]]:
    return frozenset((line.rule, line.step) for decision in decisions for line in decision.trace if line.rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which branches of the programme's rules some test has reached, and which none has."""

    reached: frozenset[tuple[str, str]]
    missed: tuple[tuple[str, str], ...]

    @property
    def branches(self) -> int:
        """How many branches there are."""
        return len(self.reached) + len(self.missed)


def coverage(ran: Sequence[Ran], rules: RuleSet) -> Coverage:
    """Return how much was reached; a branch of a practice counts once one of its rules has reached it."""
    seen = {branch for one in ran for branch in one.reached}
    practice_of = {rule.name: str(rule.practice) for rule in rules.rules}
    reached_steps = {step for _, step in seen}
    reached_rules = {rule for one in ran if one.script.rules is None for rule, _ in one.reached}
    reached, missed = set(), []
    for practice, steps in STEPS.items():
        names = [name for name, of in practice_of.items() if of == practice]
        missed += [(name, "the rule itself") for name in names if name not in reached_rules]
        for step in steps if names else ():
            if step in reached_steps:
                reached.add((names[0], step))
            else:
                missed.append((names[0], step))
    return Coverage(reached=frozenset(reached), missed=tuple(missed))
