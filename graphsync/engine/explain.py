"""Why, and why not: a decision laid out rule by rule, with the conditions and values, and the times that were found.

What is laid out is what `decide` itself noted, so it cannot differ from what was done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from graphsync.engine.naming import named_mentorship
from graphsync.engine.ports import AuditEntry, Ledger
from graphsync.engine.recorded import Place, Recorded, Wanted, as_recorded, recorded, wanted_by
from graphsync.engine.state import load_state
from graphsync.errors import NotKnown
from graphsync.mentoring import Mentorship, MentorshipId, Person
from graphsync.rules.config import Config
from graphsync.rules.decide import PRACTICES, decide
from graphsync.rules.intents import Decision, TraceLine
from graphsync.rules.schema import RuleSet

REACHES_BACK: Final = timedelta(days=30)
"""How far decisions are kept at most: they hold the times of open requests."""

A_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What one rule came to: its steps, in the order in which they were taken."""

    rule: str
    practice: str
    mode: str
    lines: tuple[TraceLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The times that were found for one booking, and when they were sought."""

    at: datetime
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One decision, laid out.

    Attributes:
        mentorship: whose it is.
        mentor: as they are known now.
        mentee: likewise.
        at: when it was made.
        last_at: when it was made last, on the same facts and to the same end.
        is_recorded: whether it was made then, or is made now for the explanation.
        general: steps that belong to no rule.
        stories: by practice, in their order.
        without: the practices of which no rule is for this mentorship.
        wanted: what it wanted: done, asked first, or only observed.
        found: the times found for sessions lately, newest first.
        wake_at: when it is made again though no fact changes; None: never.
    """

    mentorship: Mentorship
    mentor: Person
    mentee: Person
    at: datetime
    last_at: datetime
    is_recorded: bool
    general: tuple[TraceLine, ...]
    stories: tuple[Story, ...]
    without: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    found: tuple[Found, ...]
    wake_at: datetime | None

    @property
    def trace(self) -> tuple[TraceLine, ...]:
        """All steps, those of no rule first."""
        return (*self.general, *(line for story in self.stories for line in story.lines))


def explain_named(ledger: Ledger, config: Config, named: str, at: datetime | None, now: datetime) -> Explanation:
    """Return the explanation of what is named, and keep in the audit that it was looked at.

    Args:
        ledger: an open transaction.
        config: the rules that are in force.
        named: a mentorship's id, an action's key, or the addresses of the two with a comma between.
        at: when; None for now, or for an action when it was decided.
        now: the present instant.

    Raises:
        NotKnown: there is no such mentorship, or nothing is kept of it so far back.
    """
    meant = named_mentorship(ledger, named)
    since = "its people are not known yet" if at is None else f"no decision is kept from before {at.isoformat()}"
    if "/" in named:
        since = "no decision that wanted this action is kept"
        explanation = _of_action(ledger, config, meant, named, at or now)
    elif at is None:
        explanation = explain_now(ledger, config, meant, now)
    else:
        explanation = explain_at(ledger, config, meant, at)
    if explanation is None:
        raise NotKnown(f"mentorship {meant}: {since}; decisions are kept {REACHES_BACK.days} days at most")
    ledger.records.add_audit(
        AuditEntry(at=now, mentorship=meant, action="explained", rule="", outcome="looked at", detail="")
    )
    return explanation


def _of_action(ledger: Ledger, config: Config, meant: MentorshipId, key: str, until: datetime) -> Explanation | None:
    """Return the newest decision that wanted an action; None where none is kept."""
    for made in reversed(recorded(ledger, meant, since=until - REACHES_BACK, until=until + A_MOMENT)):
        if any(key == wanted.key or key.startswith(f"{wanted.key}/") for wanted in made.wanted):
            return _laid_out(ledger, config.rules, meant, made, made.last_at, now=False)
    return None


def explain_now(ledger: Ledger, config: Config, mentorship_id: MentorshipId, now: datetime) -> Explanation | None:
    """Return why a mentorship is decided as it would be now; None where it or its people are not known.

    Nothing is written, and no calendar is read: for bookings the times are those that were found lately.
    """
    state = load_state(ledger, config.deployment, mentorship_id, now, {})
    if state is None:
        return None
    decision = decide(state, config.rules, now)
    return _laid_out(ledger, config.rules, mentorship_id, _as_if_recorded(mentorship_id, decision, now), now, now=True)


def explain_at(ledger: Ledger, config: Config, mentorship_id: MentorshipId, at: datetime) -> Explanation | None:
    """Return the decision that held at an instant, as it was made; None where none is kept."""
    row = ledger.records.last_decision(mentorship_id, at)
    if row is None:
        return None
    return _laid_out(ledger, config.rules, mentorship_id, as_recorded(row), at, now=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """The parts of a decision that are laid out, whether it was recorded or is made now."""

    at: datetime
    last_at: datetime
    wanted: tuple[Wanted, ...]
    trace: tuple[TraceLine, ...]
    wake_at: datetime | None


def _as_if_recorded(_mentorship: MentorshipId, decision: Decision, now: datetime) -> _Made:
    return _Made(at=now, last_at=now, wanted=wanted_by(decision), trace=decision.trace, wake_at=decision.wake_at)


def _laid_out(
    ledger: Ledger, rules: RuleSet, mentorship_id: MentorshipId, made: Recorded | _Made, until: datetime, *, now: bool
) -> Explanation | None:
    mentorship = ledger.mentorships.get(mentorship_id)
    if mentorship is None:
        return None
    mentor, mentee = ledger.people.get(mentorship.mentor), ledger.people.get(mentorship.mentee)
    if mentor is None or mentee is None:
        return None
    stories = tuple(stories_of(made.trace, rules))
    return Explanation(
        mentorship=mentorship,
        mentor=mentor,
        mentee=mentee,
        at=made.at,
        last_at=made.last_at,
        is_recorded=not now,
        general=tuple(line for line in made.trace if not line.rule),
        stories=stories,
        without=tuple(
            practice.name for practice in PRACTICES if not rules.candidates(practice.rule_type, mentorship.cohort)
        ),
        wanted=made.wanted,
        found=tuple(_found(ledger, mentorship_id, until)),
        wake_at=made.wake_at,
    )


def stories_of(trace: Iterable[TraceLine], rules: RuleSet) -> list[Story]:
    """Return a trace rule by rule, in the order of the practices; a rule that is gone by now is told all the same."""
    by_rule: dict[str, list[TraceLine]] = {}
    for line in trace:
        if line.rule:
            by_rule.setdefault(line.rule, []).append(line)
    known = {rule.name: rule for rule in rules.rules}
    order = [practice.name for practice in PRACTICES]
    stories = []
    for name, lines in by_rule.items():
        rule = known.get(name)
        own = [line.step.partition(".")[0] for line in lines if line.step.partition(".")[0] in order]
        practice = str(rule.practice) if rule is not None else next(iter(own), "")
        mode = "" if rule is None else rule.mode
        stories.append(Story(rule=name, practice=practice, mode=mode, lines=tuple(lines)))
    return sorted(stories, key=lambda story: order.index(story.practice) if story.practice in order else len(order))


def _found(ledger: Ledger, mentorship_id: MentorshipId, until: datetime) -> list[Found]:
    kept = recorded(ledger, mentorship_id, since=until - REACHES_BACK, until=until + A_MOMENT)
    newest = {place.key: Found(at=made.at, place=place) for made in kept for place in made.places}
    return sorted(newest.values(), key=lambda found: found.at, reverse=True)
