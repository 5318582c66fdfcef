"""All rules together, what holds for all of them, and which rule holds for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Self, TypeVar, cast

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from graphsync.rules import kinds
from graphsync.rules.durations import ClockSpan
from graphsync.rules.kinds import ALL, wrong
from graphsync.rules.schema.common import CommonKeys, Section, Slug, number
from graphsync.rules.schema.contact import AnswerPromptly, CloseWell, Prepare, StartWell, StayInTouch
from graphsync.rules.schema.sessions import BookAhead, RebookSameWeek, Undisturbed, VideoFirst


class NudgePolicy(Section):
    """How many nudges people get at most."""

    per_person_and_week: Annotated[int, number(0, 7)] = Field(default=1, description="nudges to one person in a week")
    per_open_matter: Annotated[int, number(0, 10)] = Field(
        default=3, description="nudges about one matter until it is closed"
    )
    quiet_hours: Annotated[ClockSpan | None, PlainValidator(kinds.clock_span)] = Field(
        default=None,
        description="hours, by the recipient's clock, without nudges even where they work then, such as "
        "`17:00-08:30`; or `none`",
    )


class Silence(Section):
    """A span in which rules only observe: a company holiday, a reorganization, a test."""

    cohorts: Annotated[tuple[str, ...], PlainValidator(kinds.cohorts)] = Field(
        default=(ALL,), validation_alias="for", description="the cohort, cohorts or `all` it is for"
    )
    rules: Annotated[tuple[Slug, ...], BeforeValidator(kinds.listed("names of rules", empty=True))] = Field(
        default=(), description="the names of the rules it silences; all rules where none is named"
    )
    starts_at: Annotated[datetime, PlainValidator(kinds.instant)] = Field(
        validation_alias="from", description="when it begins, `2026-12-21T00:00+01:00`"
    )
    ends_at: Annotated[datetime, PlainValidator(kinds.instant)] = Field(
        validation_alias="until", description="when it is over; a silence always has an end"
    )
    reason: Annotated[str, PlainValidator(kinds.words)] = Field(
        description="why, for whoever asks why nothing happened"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise wrong("an instant after `from`", found=f"until {self.ends_at.isoformat()}", at=("until",))
        return self

    def covers(self, rule: Rule, cohort: str, now: datetime) -> bool:
        """Tell whether `rule` is silent for `cohort` at `now`; the end is excluded."""
        meant = not self.rules or rule.name in self.rules
        return meant and self.starts_at <= now < self.ends_at and (self.cohorts == (ALL,) or cohort in self.cohorts)


Rule = (
    StartWell
    | BookAhead
    | RebookSameWeek
    | VideoFirst
    | AnswerPromptly
    | StayInTouch
    | Prepare
    | Undisturbed
    | CloseWell
)
RuleType = TypeVar("RuleType", bound=CommonKeys)

RULE_TYPES: tuple[type[Rule], ...] = (
    StartWell,
    BookAhead,
    RebookSameWeek,
    VideoFirst,
    AnswerPromptly,
    StayInTouch,
    Prepare,
    Undisturbed,
    CloseWell,
)
"""The models of all practices, in the order of design and docs."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, in the order of their file, and what holds for all of them."""

    rules: tuple[Rule, ...] = ()
    nudges: NudgePolicy = field(default_factory=NudgePolicy)
    silences: tuple[Silence, ...] = ()
    _by_practice: Mapping[type[CommonKeys], Sequence[Rule]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_practice: dict[type[CommonKeys], list[Rule]] = {}
        for rule in self.rules:
            by_practice.setdefault(type(rule), []).append(rule)
        object.__setattr__(self, "_by_practice", by_practice)

    def candidates(self, practice: type[RuleType], cohort: str) -> list[RuleType]:
        """Return the rules of a practice that may hold for `cohort`: those naming it, then those for all, in order."""
        held = cast("Sequence[RuleType]", self._by_practice.get(practice, ()))
        naming = [rule for rule in held if cohort in rule.cohorts]
        return [*naming, *(rule for rule in held if rule.for_all)]

    def silence(self, rule: Rule, cohort: str, now: datetime) -> Silence | None:
        """Return the silence that lies on a rule, of several the one that ends last; None where none does."""
        lying = [silence for silence in self.silences if silence.covers(rule, cohort, now)]
        return max(lying, key=lambda silence: silence.ends_at, default=None)

    def next_silence(self, rule: Rule, cohort: str, now: datetime) -> datetime | None:
        """Return when the next silence begins to lie on a rule, None where none is to come."""
        starts = [s.starts_at for s in self.silences if s.starts_at > now and s.covers(rule, cohort, s.starts_at)]
        return min(starts, default=None)
