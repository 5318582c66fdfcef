"""What the rules about sessions may say: when they are booked, put back, how they are held, and what keeps them quiet.

Defaults are written here and nowhere else; `docs/rules.md` is checked against these models. A model checks itself; what
concerns several rules, or the cohorts of the deployment, is checked in `rules_file`.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from graphsync.rules import kinds
from graphsync.rules.durations import ClockSpan, WorkingDays, WorkingTime, format_duration
from graphsync.rules.kinds import wrong
from graphsync.rules.schema.common import (
    CADENCE,
    DAY,
    HOUR,
    MINUTE,
    CommonKeys,
    Flag,
    Section,
    number,
    span,
    working_days,
    working_hours,
)

# What the practices promise; a rule may promise more, not less.
LEAST_LEAD_TIME = 7 * DAY
LEAST_NOTICE = 24 * HOUR

LONGEST_SEARCH = 60 * DAY
"""How far ahead slots are sought: free/busy is asked for spans under 62 days.

Source: https://learn.microsoft.com/graph/api/calendar-getschedule
"""


class LeadTime(Section):
    """How long before its start an invite goes out."""

    at_least: Annotated[
        timedelta,
        span(
            LEAST_LEAD_TIME,
            LONGEST_SEARCH,
            step=DAY,
            why="the practice is an invite at least 7 days ahead, so that both can prepare",
        ),
    ] = Field(default=LEAST_LEAD_TIME, description="an invite is out at least this long before the session starts")
    at_most: Annotated[timedelta, span(DAY, LONGEST_SEARCH, step=DAY)] = Field(
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

    a_day: Annotated[int, number(1, 8)] = Field(default=2, description="sessions on one day")
    a_week: Annotated[int, number(1, 40)] = Field(default=4, description="sessions in one ISO week")

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
    duration: Annotated[timedelta, span(5 * MINUTE, 240 * MINUTE, step=5 * MINUTE)] = Field(
        default=50 * MINUTE, description="how long a session is"
    )
    first_session_within: Annotated[WorkingDays, working_days(1, 60)] = Field(
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
    wait: Annotated[WorkingTime, working_hours(0, 16)] = Field(
        default=WorkingTime(2 * HOUR), description="how long the pair has to put the session back by themselves"
    )
    notice: Annotated[
        timedelta, span(LEAST_NOTICE, 72 * HOUR, step=HOUR, why="the practice is at least 24 hours ahead")
    ] = Field(default=LEAST_NOTICE, description="how far ahead a replacement is booked at least")
    short_notice: Annotated[WorkingTime, working_hours(1, 16)] = Field(
        default=WorkingTime(4 * HOUR), description="the least notice where the week would otherwise be lost"
    )
    alternatives: Annotated[int, number(0, 2)] = Field(
        default=2, description="how many other slots are offered by personal message"
    )
    search_after: Annotated[timedelta, span(7 * DAY, LONGEST_SEARCH, step=DAY)] = Field(
        default=21 * DAY, description="how far beyond the lost week a slot is sought where the week has none"
    )
    in_a_row: Annotated[int, number(1, 10)] = Field(
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
    room: Flag = Field(default=True, description="whether a session in person gets a room of that office")


class Undisturbed(CommonKeys):
    """A session has a little air around it, is not put over lunch, and who is booked over it is told at once."""

    practice: Literal["undisturbed"] = Field(
        default="undisturbed", description="which practice the rule puts in effect"
    )
    buffer: Annotated[timedelta, span(timedelta(0), 30 * MINUTE, step=5 * MINUTE)] = Field(
        default=10 * MINUTE, description="how long both are kept free, shown as busy, before and after a session"
    )
    lunch: Annotated[ClockSpan | None, PlainValidator(kinds.clock_span)] = Field(
        default=ClockSpan(time(12), time(13)),
        description="the hours, by each person's own clock, over which no session is put; `none` for no such hours",
    )
    booked_over: Flag = Field(
        default=True, description="whether somebody whose calendar gets another meeting over a session is told"
    )
    offer_move: Annotated[timedelta, span(48 * HOUR, 168 * HOUR, step=HOUR)] = Field(
        default=48 * HOUR, description="how far ahead the session has to be for a move to be offered with that"
    )
    presence: Flag = Field(
        default=False, description="whether both are shown as do-not-disturb in Teams while a session runs"
    )
