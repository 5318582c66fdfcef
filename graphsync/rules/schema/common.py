"""What every rule may say, whatever its practice, and the kinds of value the practices' keys are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from graphsync.rules import kinds
from graphsync.rules.conditions import Condition, condition
from graphsync.rules.kinds import ALL

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Mode = Literal["observe", "suggest", "enforce"]
"""What follows from a rule: it is only noted what it would do, one person is asked first, or it is done."""

MODES: tuple[Mode, ...] = ("observe", "suggest", "enforce")


def span(lowest: timedelta, highest: timedelta, *, step: timedelta, why: str = "") -> PlainValidator:
    """Return the check of a span on the clock."""
    return PlainValidator(kinds.span(lowest, highest, step=step, why=why), json_schema_input_type=str)


def number(lowest: int, highest: int) -> PlainValidator:
    """Return the check of a whole number."""
    number = Annotated[int, Field(ge=lowest, le=highest)]
    return PlainValidator(kinds.number(lowest, highest), json_schema_input_type=number)


def working_days(lowest: int, highest: int) -> PlainValidator:
    """Return the check of a number of working days."""
    return PlainValidator(kinds.working_days(lowest, highest), json_schema_input_type=str)


def working_hours(lowest: int, highest: int) -> PlainValidator:
    """Return the check of an amount of working time."""
    return PlainValidator(kinds.working_hours(lowest, highest), json_schema_input_type=str)


def choice(allowed: Iterable[str]) -> PlainValidator:
    """Return the check of one word among several."""
    members = tuple(allowed)
    words = tuple(str(word) for word in members)
    return PlainValidator(kinds.choice(members), json_schema_input_type=Literal[words])


CADENCE = kinds.span(DAY, 92 * DAY, step=DAY)
"""How often a pair may meet: a rule and `mentorships.csv` both say it."""

Flag = Annotated[bool, PlainValidator(kinds.flag, json_schema_input_type=bool)]
Slug = Annotated[str, PlainValidator(kinds.slug, json_schema_input_type=str)]


class Section(BaseModel):
    """A mapping of the configuration: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class CommonKeys(Section):
    """What every rule may say, whatever its practice."""

    name: Slug = Field(description="what the rule is called in messages and explanations; each name once")
    cohorts: Annotated[tuple[str, ...], PlainValidator(kinds.cohorts, json_schema_input_type=str | list[str])] = Field(
        default=(ALL,),
        validation_alias="for",
        description="the cohort it is for, a list of cohorts, or `all`; a rule that names a cohort wins over `all`",
    )
    when: Annotated[Condition | None, PlainValidator(condition, json_schema_input_type=str)] = Field(
        default=None,
        description="a condition on the mentorship, such as `mentorship.age_days < 60`; where it does not hold the "
        "practice's next rule is looked at",
    )
    mode: Annotated[Mode, choice(MODES)] = Field(
        default="observe",
        description="`observe` only notes what the rule would do; `suggest` asks one person before anything is "
        "added to a calendar or moved; `enforce` does it",
    )
    cap: Annotated[int | None, number(1, 10_000)] = Field(
        default=None,
        description="how many actions the rule may take in one round; a round that exceeds it is refused whole",
    )

    @property
    def for_all(self) -> bool:
        """Whether the rule is meant for every cohort that no rule of its practice names."""
        return self.cohorts == (ALL,)
