"""What the rules about contact may say: how a mentorship starts, goes on between sessions, and ends.

Defaults are written here and nowhere else; `docs/rules.md` is checked against these models.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from graphsync.mentoring import RequestSource
from graphsync.rules import kinds
from graphsync.rules.durations import WorkingDays
from graphsync.rules.kinds import wrong
from graphsync.rules.schema.common import DAY, MINUTE, CommonKeys, Flag, choice, number, span, working_days


class StartWell(CommonKeys):
    """One welcome to each settles how the two will work together, before anything is booked."""

    practice: Literal["start_well"] = Field(default="start_well", description="which practice the rule puts in effect")
    answer_within: Annotated[WorkingDays, working_days(1, 20)] = Field(
        default=WorkingDays(5), description="after so long without both answers the coordinator sees 'not started'"
    )
    a_day: Annotated[int, number(1, 1000)] = Field(
        default=20, description="how many mentorships of one import are welcomed a day"
    )


class AnswerPromptly(CommonKeys):
    """What one of the two has waiting for the other is answered in good time."""

    practice: Literal["answer_promptly"] = Field(
        default="answer_promptly", description="which practice the rule puts in effect"
    )
    sources: Annotated[
        tuple[Annotated[RequestSource, choice(RequestSource)], ...],
        BeforeValidator(kinds.listed("'chat', 'invite', 'mail' and 'question'")),
    ] = Field(
        default=(RequestSource.INVITE, RequestSource.QUESTION),
        description="what is looked at: `invite`, `question` (asked through the service), and with the consent of both "
        "`chat` and `mail`",
    )
    invites: Annotated[WorkingDays, working_days(1, 20)] = Field(
        default=WorkingDays(2), description="how long an invite may wait for its answer"
    )
    questions: Annotated[WorkingDays, working_days(1, 20)] = Field(
        default=WorkingDays(1), description="how long a question may wait for its answer"
    )
    again_after: Annotated[WorkingDays, working_days(1, 20)] = Field(
        default=WorkingDays(3), description="how long after the first nudge the second one follows"
    )
    offer_help: Flag = Field(
        default=True, description="whether both are offered to ask the coordinator for help after the second nudge"
    )


class StayInTouch(CommonKeys):
    """Contact is kept alive between sessions, and who has lost it is offered a pause or an end."""

    practice: Literal["stay_in_touch"] = Field(
        default="stay_in_touch", description="which practice the rule puts in effect"
    )
    ideas: Flag = Field(
        default=True, description="whether both get one optional, concrete idea halfway between two sessions"
    )
    nudge_after: Annotated[int, number(1, 6)] = Field(
        default=2, description="after so many cadences without any contact both are asked how it goes"
    )
    lost_touch_after: Annotated[int, number(2, 12)] = Field(
        default=3, description="after so many the two have lost touch, and are offered a pause or an end"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.nudge_after >= self.lost_touch_after:
            raise wrong(
                f"a number under lost_touch_after, which is {self.lost_touch_after}",
                found=f"nudge_after {self.nudge_after}",
                at=("nudge_after",),
            )
        return self


class Prepare(CommonKeys):
    """Both come prepared, and write down afterwards what they want to keep; graphsync never reads it."""

    practice: Literal["prepare"] = Field(default="prepare", description="which practice the rule puts in effect")
    agenda: Annotated[WorkingDays, working_days(1, 10)] = Field(
        default=WorkingDays(3), description="how long before a session both are prompted to fill its agenda"
    )
    reread: Annotated[timedelta, span(5 * MINUTE, 60 * MINUTE, step=5 * MINUTE)] = Field(
        default=15 * MINUTE,
        description="how long a mentor who wished it (opt-in `reread`) has before a session to read their notes again",
    )
    notes: Flag = Field(default=True, description="whether both are prompted to write notes when a session ends")
    notes_again: Flag = Field(default=True, description="whether they are once more on the next working day")


class CloseWell(CommonKeys):
    """A pause ends by itself, an end comes with thanks, and whether a session was held is what the two say."""

    practice: Literal["close_well"] = Field(default="close_well", description="which practice the rule puts in effect")
    ask_held: Flag = Field(default=True, description="whether both are asked once, when a session is over, if they met")
    attendance: Flag = Field(
        default=False,
        description="whether the attendance report of a session on Teams tells as well that it was held",
    )
    close_after: Annotated[timedelta, span(30 * DAY, 365 * DAY, step=DAY)] = Field(
        default=90 * DAY, description="after so long without a session the mentorship is closed, and both are told"
    )
    closing_session: Flag = Field(
        default=True, description="whether a known last day gets a closing session, with a look back on its agenda"
    )
