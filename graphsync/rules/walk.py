"""The walk through the rules: where each practice notes what it found, what it wants, and when to look again.

What is kept here is what `explain` shows, so what is explained cannot differ from what is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypedDict, Unpack, cast

from graphsync.mentoring import Choice, FlagKind, Person, PersonId
from graphsync.rules.facts import next_change
from graphsync.rules.intents import (
    AnyIntent,
    CalendarIntent,
    Check,
    Decision,
    FlagMentorship,
    Matter,
    ReleaseTime,
    SendNudge,
    Step,
    TraceLine,
    Verdict,
)
from graphsync.rules.schema import CommonKeys, Mode, Rule, RuleSet, RuleType
from graphsync.rules.standing import Standing, standing_of
from graphsync.rules.state import MentorshipState
from graphsync.rules.suggesting import Asked, ask

PASSED_OVER = Step("rule.passed_over", Verdict.DOES_NOT_APPLY)
APPLIES = Step("rule.applies", Verdict.APPLIES)
SILENCED = Step("rule.silenced", Verdict.HOLDS)
STEPS = (PASSED_OVER, APPLIES, SILENCED)


class Extras(TypedDict, total=False):
    """What a nudge may carry beside its matter; see `SendNudge`."""

    session: int | None
    choices: tuple[Choice, ...]
    new_time: datetime | None
    idea: int | None
    source: str
    until: date | None
    move_offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedNudge:
    """A message that a practice finds due; whether it goes out now is decided over all of them together."""

    rule: Rule
    step: Step
    intent: SendNudge


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingMessage:
    """A message that becomes due to somebody later, as far as is known now."""

    rule: Rule
    person: PersonId
    due_at: datetime


@dataclass(slots=True)
class Walk:
    """One run of `decide` over one mentorship; practices write to it, `decision` reads it."""

    state: MentorshipState
    rules: RuleSet
    now: datetime
    nudges: list[WantedNudge] = field(default_factory=list)
    messages_to_come: list[ComingMessage] = field(default_factory=list)
    _intents: list[AnyIntent] = field(default_factory=list)
    _asked: list[Asked] = field(default_factory=list)
    _observed: list[AnyIntent] = field(default_factory=list)
    _trace: list[TraceLine] = field(default_factory=list)
    _checks: list[Check] = field(default_factory=list)
    _wake_at: datetime | None = None
    _picked: dict[type[CommonKeys], CommonKeys | None] = field(default_factory=dict)
    _silenced: set[str] = field(default_factory=set)
    standing: Standing = field(init=False)

    def __post_init__(self) -> None:
        self.standing = standing_of(self.state, self.now)

    # ------------------------------------------------------------ rules

    def rule(self, practice: type[RuleType]) -> RuleType | None:
        """Return the rule of a practice that holds for this mentorship.

        It is the first one that is meant for its cohort and whose condition holds; one that names the cohort comes
        before those for all.
        """
        if practice not in self._picked:
            self._picked[practice] = self._pick(practice)
        return cast("RuleType | None", self._picked[practice])

    def _pick(self, practice: type[RuleType]) -> RuleType | None:
        cohort = self.state.mentorship.cohort
        for candidate in self.rules.candidates(practice, cohort):
            rule = cast("Rule", candidate)
            if self._holds(rule):
                self._heed_silence(rule, cohort)
                return candidate
        return None

    def _holds(self, rule: Rule) -> bool:
        """Tell whether the condition of `rule` holds; where time alone can change that, look again when it may."""
        if rule.when is None:
            return True
        if rule.when.changes_with_time:
            self.look_again(next_change(self.state, self.now))
        came_to = rule.when.evaluate(self.state, self.now)
        self.check(rule.when.text, came_to.found, came_to.holds)
        self.note(rule, APPLIES if came_to.holds else PASSED_OVER, "its condition was looked at")
        return came_to.holds

    def _heed_silence(self, rule: Rule, cohort: str) -> None:
        silence = self.rules.silence(rule, cohort, self.now)
        if silence is not None:
            self._silenced.add(rule.name)
            self.wait(rule, SILENCED, silence.ends_at, f"silenced: {silence.reason}")
        begins_at = self.rules.next_silence(rule, cohort, self.now)
        if begins_at is not None:
            self.look_again(begins_at)

    def mode(self, rule: Rule) -> Mode:
        """Return how far `rule` goes now: what it says, or no further than `observe` while a silence lies on it."""
        return "observe" if rule.name in self._silenced else rule.mode

    def acts(self, rule: Rule | None) -> bool:
        """Tell whether there is such a rule and it does more than observe."""
        return rule is not None and self.mode(rule) != "observe"

    # ------------------------------------------------------------ wanting

    def act(self, rule: Rule, step: Step, *intents: AnyIntent, ask_first: bool = False) -> None:
        """Take up intents of `rule`: to be carried out, asked about first, or only noted, as its mode says.

        Args:
            rule: whose they are.
            step: the step taken.
            intents: in the order in which they are to be carried out.
            ask_first: whether one person is asked even where the rule would enforce.
        """
        mode = self.mode(rule)
        for intent in intents:
            if mode == "observe":
                self._observed.append(intent)
                self._note(rule.name, step.id, Verdict.OBSERVES, intent.reason)
            elif isinstance(intent, CalendarIntent) and (mode == "suggest" or ask_first):
                self._ask(rule, step, intent)
            else:
                self._intents.append(intent)
                self._note(rule.name, step.id, Verdict.ACTS, intent.reason)

    def tidy(self, step: Step, intent: ReleaseTime) -> None:
        """Take up an intent that no mode holds up: what graphsync itself put into a calendar is taken away again."""
        self._intents.append(intent)
        self._note(intent.rule, step.id, Verdict.ACTS, intent.reason)

    def _ask(self, rule: Rule, step: Step, intent: CalendarIntent) -> None:
        """Have one person asked before `intent` is done, once in a while, and do it on their yes."""
        asked = ask(self.state, intent, self.now)
        self._asked.append(asked)
        if asked.agreed is not None:
            self._intents.append(asked.agreed)
        self._note(rule.name, step.id, asked.verdict, f"{intent.reason}; {asked.text}")
        if asked.again_at is not None:
            self.look_again(asked.again_at)

    def nudge(
        self,
        rule: Rule,
        step: Step,
        person: Person,
        matter: Matter,
        about: str,
        *,
        reason: str,
        rung: int = 1,
        **extras: Unpack[Extras],
    ) -> None:
        """Want a message sent; when it goes is decided over all that is due to the same person (`nudging`).

        Args:
            rule: whose it is.
            step: the step taken.
            person: who gets it.
            matter: what it is about.
            about: the very thing, so that each message about it is sent once.
            reason: why, for explanations.
            rung: how often it has been said with this.
            **extras: what else a `SendNudge` may carry.
        """
        intent = SendNudge(
            key=f"nudge/{about}/{rung}/{self.state.role(person.id)}",
            mentorship=self.state.mentorship.id,
            rule=rule.name,
            reason=reason,
            person=person.id,
            practice=rule.practice,
            matter=matter,
            about=about,
            rung=rung,
            **extras,
        )
        if all(wanted.intent.key != intent.key for wanted in self.nudges):
            self.nudges.append(WantedNudge(rule=rule, step=step, intent=intent))

    def said(self, about: str, person: Person) -> int:
        """Return how many messages about a matter somebody was sent."""
        return sum(1 for nudge in self.state.nudges if nudge.about == about and nudge.person == person.id)

    def flag(self, rule: Rule, step: Step, flag: FlagKind, reason: str) -> None:
        """Have the coordinator see that the mentorship needs a look."""
        mentorship = self.state.mentorship.id
        key = f"flag/{mentorship}/{flag}"
        self.act(rule, step, FlagMentorship(key=key, mentorship=mentorship, rule=rule.name, reason=reason, flag=flag))

    def wanted(self, rule: Rule, key: str) -> bool:
        """Tell whether this walk has an intent of that key already; what is only observed counts for `observe`."""
        held: list[AnyIntent] = [*self._intents, *(asked.intent for asked in self._asked)]
        if self.mode(rule) == "observe":
            held += self._observed
        return any(intent.key == key for intent in held)

    # ------------------------------------------------------------ noting

    def check(self, condition: str, found: object, holds: bool) -> bool:
        """Keep a condition with the value found; it stands with the next step noted. Returns whether it holds."""
        self._checks.append(Check(condition=condition, found=str(found), holds=holds))
        return holds

    def note(self, rule: Rule | None, step: Step, text: str) -> None:
        """Keep one step of the walk, with the conditions looked at since the last one."""
        self._note("" if rule is None else rule.name, step.id, step.verdict, text)

    def _note(self, rule: str, step: str, verdict: Verdict, text: str) -> None:
        self._trace.append(TraceLine(rule=rule, step=step, verdict=verdict, text=text, checks=tuple(self._checks)))
        self._checks.clear()

    def wait(self, rule: Rule | None, step: Step, until: datetime, text: str, *people: Person) -> None:
        """Note that `rule` has nothing to do before `until`, and look again then; `people` get a message then."""
        self.note(rule, step, f"{text} (until {until.isoformat(timespec='minutes')})")
        self.look_again(until)
        if rule is not None:
            self.comes(rule, until, *people)

    def comes(self, rule: Rule, at: datetime, *people: Person) -> None:
        """Look again at `at`, when a message of `rule` to each of `people` becomes due."""
        self.look_again(at)
        self.messages_to_come += [ComingMessage(rule=rule, person=person.id, due_at=at) for person in people]

    def look_again(self, at: datetime) -> None:
        """See to it that the mentorship is decided again at `at`; what lies behind `now` is passed over."""
        if at > self.now and (self._wake_at is None or at < self._wake_at):
            self._wake_at = at

    # ------------------------------------------------------------ what is under way

    def under_way(self, *prefixes: str) -> bool:
        """Tell whether an action whose key begins with one of `prefixes` is decided and not ended yet."""
        return any(key.startswith(prefix) for key in self.state.pending for prefix in prefixes)

    def held_back(self, rule: Rule | None, step: Step, key: str) -> bool:
        """Tell whether an earlier try of `key` came to nothing and the next is not due; notes why as `step`."""
        attempt = max(
            (tried for tried in self.state.attempts if tried.key == key),
            key=lambda tried: tried.tried_at,
            default=None,
        )
        if attempt is None:
            return False
        if attempt.retry_at is None:
            self.note(rule, step, attempt.reason)
            return True
        if attempt.retry_at > self.now:
            self.wait(rule, step, attempt.retry_at, attempt.reason)
            return True
        return False

    def decision(self) -> Decision:
        """Return what the walk came to."""
        return Decision(
            intents=tuple(self._intents),
            suggestions=tuple(asked.suggestion for asked in self._asked if asked.suggestion is not None),
            observed=tuple(self._observed),
            wake_at=self._wake_at,
            trace=tuple(self._trace),
        )
