"""What a rule may say: one model for each practice, and the rule set they make up.

Defaults are written here and nowhere else; `docs/configuration.md` is checked against these models. A model checks
itself; what concerns several rules, or the cohorts of the deployment, is checked in `rules_file`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from graphsync.mentoring import RequestSource
from graphsync.rules import kinds
from graphsync.rules.durations import WorkingDays, WorkingTime, format_duration
from graphsync.rules.kinds import ALL, wrong

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# What the practices promise; a rule may promise more, not less.
LEAST_LEAD_TIME = 7 * DAY
LEAST_NOTICE = 24 * HOUR

LONGEST_SEARCH = 60 * DAY
"""How far ahead slots are sought: free/busy is asked for spans under 62 days.

Source: https://learn.microsoft.com/graph/api/calendar-getschedule
"""


Mode = Literal["observe", "enforce"]
"""What follows from a rule: it is only noted what it would do, or it is done."""

MODES: tuple[Mode, ...] = ("observe", "enforce")
LATER_MODES = ("suggest",)
LATER_PRACTICES = ("start_well", "stay_in_touch", "prepare", "undisturbed", "close_well")
LATER_KEYS = ("when",)


def _span(lowest: timedelta, highest: timedelta, *, step: timedelta, why: str = "") -> PlainValidator:
    return PlainValidator(kinds.span(lowest, highest, step=step, why=why))


def _number(lowest: int, highest: int) -> PlainValidator:
    return PlainValidator(kinds.number(lowest, highest))


def _working_days(lowest: int, highest: int) -> PlainValidator:
    return PlainValidator(kinds.working_days(lowest, highest))


def _working_hours(lowest: int, highest: int) -> PlainValidator:
    return PlainValidator(kinds.working_hours(lowest, highest))


def _choice(allowed: Iterable[str], *, later: tuple[str, ...] = ()) -> PlainValidator:
    return PlainValidator(kinds.choice(allowed, later=later))


CADENCE = kinds.span(DAY, 92 * DAY, step=DAY)
"""How often a pair may meet: a rule and `mentorships.csv` both say it."""

Flag = Annotated[bool, PlainValidator(kinds.flag)]
Slug = Annotated[str, PlainValidator(kinds.slug)]


class Section(BaseModel):
    """A mapping of the configuration: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class CommonKeys(Section):
    """What every rule may say, whatever its practice."""

    name: Slug = Field(description="what the rule is called in messages and explanations; each name once")
    cohorts: Annotated[tuple[str, ...], PlainValidator(kinds.cohorts)] = Field(
        default=(ALL,),
        validation_alias="for",
        description="the cohort it is for, a list of cohorts, or `all`; a rule that names a cohort wins over `all`",
    )
    mode: Annotated[Mode, _choice(MODES, later=LATER_MODES)] = Field(
        default="observe", description="`observe` only notes what the rule would do; `enforce` does it"
    )

    @property
    def for_all(self) -> bool:
        """Whether the rule is meant for every cohort that no rule of its practice names."""
        return self.cohorts == (ALL,)


class LeadTime(Section):
    """How long before its start an invite goes out."""

    at_least: Annotated[
        timedelta,
        _span(
            LEAST_LEAD_TIME,
            LONGEST_SEARCH,
            step=DAY,
            why="the practice is an invite at least 7 days ahead, so that both can prepare",
        ),
    ] = Field(default=LEAST_LEAD_TIME, description="an invite is out at least this long before the session starts")
    at_most: Annotated[timedelta, _span(DAY, LONGEST_SEARCH, step=DAY)] = Field(
        default=21 * DAY, description="a slot is sought at most this far ahead"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_least >= self.at_most:
            raise wrong(
                f"at_most to be longer than at_least, which is {format_duration(self.at_least)}",
                found=f"at_most {format_duration(self.at_most)!r}",
                at=("at_most",),
            )
        return self


class MentorLimits(Section):
    """How many mentoring sessions a mentor is given, over all their mentees."""

    a_day: Annotated[int, _number(1, 8)] = Field(default=2, description="sessions on one day")
    a_week: Annotated[int, _number(1, 40)] = Field(default=4, description="sessions in one ISO week")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.a_day > self.a_week:
            raise wrong(f"a number up to a_week, which is {self.a_week}", found=f"a_day {self.a_day}", at=("a_day",))
        return self


class BookAhead(CommonKeys):
    """Every active mentorship has its next session on both calendars, in good time."""

    practice: Literal["book_ahead"] = Field(default="book_ahead", description="which practice the rule puts in effect")
    cadence: Annotated[timedelta, PlainValidator(CADENCE)] = Field(
        default=14 * DAY, description="how often the two meet; a cadence in mentorships.csv wins"
    )
    lead_time: LeadTime = Field(default=LeadTime(), description="how long before its start an invite goes out")
    duration: Annotated[timedelta, _span(5 * MINUTE, 240 * MINUTE, step=5 * MINUTE)] = Field(
        default=50 * MINUTE, description="how long a session is"
    )
    first_session_within: Annotated[WorkingDays, _working_days(1, 60)] = Field(
        default=WorkingDays(10), description="the first session starts within this many working days of the match"
    )
    mentor_limits: MentorLimits = Field(
        default=MentorLimits(), description="how many mentoring sessions a mentor is given"
    )

    @model_validator(mode="after")
    def _first_session_is_possible(self) -> Self:
        # Five working days make a week: the span has to reach beyond the lead time, or no slot can be found.
        if self.first_session_within.count * 7 <= self.lead_time.at_least // DAY * 5:
            raise wrong(
                f"more working days than lead_time.at_least ({format_duration(self.lead_time.at_least)}) takes up",
                found=f"first_session_within {str(self.first_session_within)!r}",
                at=("first_session_within",),
            )
        return self


class RebookSameWeek(CommonKeys):
    """A session that was lost gets a replacement in the same week."""

    practice: Literal["rebook_same_week"] = Field(
        default="rebook_same_week", description="which practice the rule puts in effect"
    )
    wait: Annotated[WorkingTime, _working_hours(0, 16)] = Field(
        default=WorkingTime(2 * HOUR), description="how long the pair has to put the session back by themselves"
    )
    notice: Annotated[
        timedelta, _span(LEAST_NOTICE, 72 * HOUR, step=HOUR, why="the practice is at least 24 hours ahead")
    ] = Field(default=LEAST_NOTICE, description="how far ahead a replacement is booked at least")
    short_notice: Annotated[WorkingTime, _working_hours(1, 16)] = Field(
        default=WorkingTime(4 * HOUR), description="the least notice where the week would otherwise be lost"
    )
    alternatives: Annotated[int, _number(0, 2)] = Field(
        default=2, description="how many other slots are offered by personal message"
    )
    search_after: Annotated[timedelta, _span(7 * DAY, LONGEST_SEARCH, step=DAY)] = Field(
        default=21 * DAY, description="how far beyond the lost week a slot is sought where the week has none"
    )
    in_a_row: Annotated[int, _number(1, 10)] = Field(
        default=2, description="after this many replacements in a row the pair is asked for a new standing time"
    )


class VideoFirst(CommonKeys):
    """Every session is a Teams meeting unless the two meet in person or chose the phone."""

    practice: Literal["video_first"] = Field(
        default="video_first", description="which practice the rule puts in effect"
    )
    first_in_person: Flag = Field(
        default=True, description="whether the first session is offered in person where both work at one office"
    )


class AnswerPromptly(CommonKeys):
    """What one of the two has waiting for the other is answered in good time."""

    practice: Literal["answer_promptly"] = Field(
        default="answer_promptly", description="which practice the rule puts in effect"
    )
    sources: Annotated[
        tuple[Annotated[RequestSource, _choice(RequestSource)], ...],
        BeforeValidator(kinds.listed("'chat' and 'invite'")),
    ] = Field(default=(RequestSource.INVITE,), description="what is looked at: `invite`, and with consent `chat`")
    invites: Annotated[WorkingDays, _working_days(1, 20)] = Field(
        default=WorkingDays(2), description="how long an invite may wait for its answer"
    )
    questions: Annotated[WorkingDays, _working_days(1, 20)] = Field(
        default=WorkingDays(1), description="how long a question may wait for its answer"
    )
    again_after: Annotated[WorkingDays, _working_days(1, 20)] = Field(
        default=WorkingDays(3), description="how long after the first nudge the second one follows"
    )
    offer_help: Flag = Field(
        default=True, description="whether both are offered to ask the coordinator for help after the second nudge"
    )


class NudgePolicy(Section):
    """How many nudges people get at most."""

    per_person_and_week: Annotated[int, _number(0, 7)] = Field(default=1, description="nudges to one person in a week")
    per_open_matter: Annotated[int, _number(0, 10)] = Field(
        default=3, description="nudges about one matter until it is closed"
    )


Rule = BookAhead | RebookSameWeek | VideoFirst | AnswerPromptly
RuleType = TypeVar("RuleType", BookAhead, RebookSameWeek, VideoFirst, AnswerPromptly)

RULE_TYPES: tuple[type[BookAhead] | type[RebookSameWeek] | type[VideoFirst] | type[AnswerPromptly], ...] = (
    BookAhead,
    RebookSameWeek,
    VideoFirst,
    AnswerPromptly,
)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, in the order of their file."""

    rules: tuple[Rule, ...] = ()
    nudges: NudgePolicy = field(default_factory=NudgePolicy)

    def rule(self, practice: type[RuleType], cohort: str) -> RuleType | None:
        """Return the rule of a practice that holds for `cohort`: one naming it wins over one for all."""
        held = [rule for rule in self.rules if isinstance(rule, practice)]
        naming = next((rule for rule in held if cohort in rule.cohorts), None)
        return naming or next((rule for rule in held if rule.for_all), None)
