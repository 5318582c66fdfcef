"""What the keys of a rule test may say: people, mentorships, what happens, and what is to be so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from graphsync.mentoring import Choice, DayHours, FlagKind, Loss, Medium, OptIn, RequestSource, StandingTime, Status
from graphsync.rules import kinds
from graphsync.rules.kinds import wrong
from graphsync.rules.mentorship_columns import COLUMNS
from graphsync.rules.schema.common import Section
from graphsync.rules.schema.common import choice as word
from graphsync.teams.messages import KINDS

OFFICE_HOURS: Final = tuple(DayHours(weekday=day, start=time(9), end=time(17)) for day in range(5))

_CLOCK: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_ON_A_DAY: Final = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) +{_CLOCK} *- *{_CLOCK}")


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that a person has something else: on one day, or every week on some weekdays; by their own clock."""

    start: time
    end: time
    day: date | None = None
    weekdays: frozenset[int] = frozenset()


def _column(name: str) -> BeforeValidator:
    read = COLUMNS[name].read

    def given(value: object) -> object:
        if not isinstance(value, str):
            raise wrong(COLUMNS[name].description)
        return read(value)

    return PlainValidator(given)  # type: ignore[return-value] # both are annotations to pydantic


def _busy(value: object) -> Busy:
    text = value if isinstance(value, str) else ""
    form = _ON_A_DAY.fullmatch(text)
    try:
        if form is not None:
            start, end = time(int(form[2]), int(form[3])), time(int(form[4]), int(form[5]))
            if start < end:
                return Busy(start, end, day=date.fromisoformat(form[1]))
        hours = COLUMNS["mentor_offers"].read(text)
    except (ValueError, PydanticCustomError) as error:
        raise wrong("'2026-03-10 09:00-12:00', or every week 'mon-fri 12:00-13:00'") from error
    held = tuple(hours) if isinstance(hours, tuple) else ()
    return Busy(held[0].start, held[0].end, weekdays=frozenset(h.weekday for h in held))


Name = Annotated[str, PlainValidator(kinds.slug)]
Instant = Annotated[datetime, PlainValidator(kinds.instant)]
Number = Annotated[int, PlainValidator(kinds.number(1, 999))]
Flag = Annotated[bool, PlainValidator(kinds.flag)]


class PersonSaid(Section):
    """A person of a test; hours are Monday to Friday, nine to five, where none are given."""

    zone: Annotated[str, PlainValidator(kinds.time_zone)] = Field(
        default="Europe/Berlin", description="their time zone"
    )
    hours: Annotated[tuple[DayHours, ...], _column("mentor_hours")] = Field(
        default=OFFICE_HOURS, description="their working hours"
    )
    answers: Annotated[str, word(("accept", "never"))] = Field(
        default="accept", description="whether they accept each invite at once, or never answer by themselves"
    )
    office: str = Field(default="", description="their office")
    country: str = Field(default="", description="their country")
    region: Annotated[str, _column("mentor_region")] = Field(default="", description="their region")
    teams: Flag = Field(default=True, description="whether they have Teams")
    outside: Flag = Field(default=False, description="whether they are outside the organization")
    weekly_digest: Flag = Field(default=False, description="whether they want one message a week")
    busy: Annotated[tuple[Annotated[Busy, PlainValidator(_busy)], ...], BeforeValidator(kinds.listed("times"))] = Field(
        default=(), description="when they have something else"
    )


class MentorshipSaid(Section):
    """A mentorship of a test; the keys are those of `mentorships.csv`."""

    mentor: Name = Field(description="the mentor, by name")
    mentee: Name = Field(description="the mentee, by name")
    cohort: Name = Field(default="everybody", description="the cohort")
    organizer: Annotated[str, word(("mentee", "mentor"))] = Field(default="mentee", description="who organizes")
    started: Annotated[date | None, _column("started")] = Field(default=None, description="the first day")
    status: Annotated[Status, word(Status)] = Field(default=Status.ACTIVE, description="active, paused or ended")
    paused_until: Annotated[date | None, _column("paused_until")] = Field(default=None, description="see `status`")
    ends: Annotated[date | None, _column("ends")] = Field(default=None, description="the last day")
    cadence: Annotated[timedelta | None, PlainValidator(COLUMNS["cadence"].read)] = Field(
        default=None, description="how often they meet"
    )
    standing: Annotated[StandingTime | None, _column("standing")] = Field(default=None, description="weekday and time")
    medium: Annotated[Medium, word(Medium)] = Field(default=Medium.VIDEO, description="how they meet")
    opt_ins: Annotated[frozenset[OptIn], _column("opt_ins")] = Field(default=frozenset(), description="consents")
    mentor_offers: Annotated[tuple[DayHours, ...], _column("mentor_offers")] = Field(default=(), description="hours")
    mentee_offers: Annotated[tuple[DayHours, ...], _column("mentee_offers")] = Field(default=(), description="hours")
    released: Annotated[datetime | None, PlainValidator(kinds.instant)] = Field(
        default=None, description="when taken up"
    )


class OfSession(Section):
    """An action of one person about a session."""

    by: Name = Field(description="who does it")
    session: Number = Field(default=1, description="the session's number")
    mentorship: str = Field(default="", description="`mentor-mentee`, where there are several")
    to: Annotated[datetime | None, PlainValidator(kinds.instant)] = Field(default=None, description="the new time")


class BookSaid(Section):
    """A session that the two book themselves."""

    by: Name = Field(description="who books it")
    at: Instant = Field(description="when it is")
    mentorship: str = Field(default="", description="`mentor-mentee`, where there are several")


class AskSaid(Section):
    """Something one of the two asks the other."""

    by: Name = Field(description="who asks")
    source: Annotated[RequestSource, word((RequestSource.QUESTION, RequestSource.CHAT, RequestSource.MAIL))] = Field(
        default=RequestSource.QUESTION, description="`question`, `chat` or `mail`"
    )
    mentorship: str = Field(default="", description="`mentor-mentee`, where there are several")


class SaySaid(Section):
    """What somebody answers by the link in their last message of that kind."""

    by: Name = Field(description="who answers")
    choice: Annotated[Choice, word(Choice)] = Field(description="what they answer")
    to: Annotated[str, word(KINDS)] = Field(default="", description="the kind of message")
    until: Annotated[date | None, _column("started")] = Field(default=None, description="of a pause")
    mentorship: str = Field(default="", description="`mentor-mentee`, where there are several")


class AwaySaid(Section):
    """Leave, or automatic replies."""

    who: Name = Field(description="whose")
    start: Annotated[datetime | None, PlainValidator(kinds.instant)] = Field(
        default=None, validation_alias="from", description="when it begins; now if not given"
    )
    until: Annotated[datetime | None, PlainValidator(kinds.instant)] = Field(
        default=None, description="when it is over"
    )


class BusySaid(Section):
    """A meeting that appears in somebody's calendar."""

    who: Name = Field(description="whose")
    start: Instant = Field(validation_alias="from", description="when it begins")
    until: Instant = Field(description="when it is over")


class WhoSaid(Section):
    """A person."""

    who: Name = Field(description="who")


class FailSaid(Section):
    """What the service cannot do from now on; it is tried again a day later."""

    what: Annotated[str, word(("book", "move", "online", "hold", "cancel", "room", "nothing"))] = Field(
        description="`book`, `move`, `online`, `hold`, `cancel` or `room`; `nothing` ends it"
    )


class Nothing(Section):
    """What needs no more words."""


ACTIONS: Final[Mapping[str, type[Section]]] = {
    "cancel": OfSession,
    "decline": OfSession,
    "accept": OfSession,
    "drop": OfSession,
    "propose": OfSession,
    "move": OfSession,
    "book": BookSaid,
    "ask": AskSaid,
    "say": SaySaid,
    "away": AwaySaid,
    "back": WhoSaid,
    "busy": BusySaid,
    "gone": WhoSaid,
    "stall": Nothing,
    "resume": Nothing,
    "room taken": OfSession,
    "fail": FailSaid,
}
"""What can happen on a timeline, each with what it says."""


class SessionLike(Section):
    """A session as an expectation describes it; what is left out may be anything."""

    session: Number | None = Field(default=None, description="its number")
    mentorship: str = Field(default="", description="`mentor-mentee`")
    at: Annotated[datetime | None, PlainValidator(kinds.instant)] = Field(default=None, description="when it starts")
    on: Annotated[date | None, _column("started")] = Field(default=None, description="its day, where the mentee is")
    week_of: Annotated[date | None, _column("started")] = Field(default=None, description="any day of its ISO week")
    replaces: Number | None = Field(default=None, description="the lost session it stands for")
    medium: Annotated[Medium | None, word(Medium)] = Field(default=None, description="how they meet")
    online: Flag | None = Field(default=None, description="whether it is a Teams meeting")
    room: Flag | None = Field(default=None, description="whether it has a room")
    how: Annotated[Loss | None, word(Loss)] = Field(default=None, description="how it was lost")


class MessageLike(Section):
    """A message as an expectation describes it."""

    to: Annotated[str, PlainValidator(kinds.slug)] = Field(default="", description="to whom")
    about: Annotated[str, word(KINDS)] = Field(default="", description="the kind of text")


class FlagLike(Section):
    """A flag as an expectation describes it."""

    flag: Annotated[FlagKind | None, word(FlagKind)] = Field(default=None, description="which")
    mentorship: str = Field(default="", description="`mentor-mentee`")


class HoldLike(Section):
    """Time kept free as an expectation describes it."""

    who: Annotated[str, PlainValidator(kinds.slug)] = Field(default="", description="in whose calendar")
    session: Number | None = Field(default=None, description="around which session")


class StepLike(Section):
    """A step of the last decision as an expectation describes it."""

    rule: str = Field(default="", description="whose step")
    step: str = Field(default="", description="its id, such as `book_ahead.not_due`")
    mentorship: str = Field(default="", description="`mentor-mentee`")


class RuleLike(Section):
    """Something a rule on `observe` would have done."""

    rule: str = Field(default="", description="which rule")
    mentorship: str = Field(default="", description="`mentor-mentee`")


EXPECTATIONS: Final[Mapping[str, type[Section]]] = {
    "booked": SessionLike,
    "not booked": SessionLike,
    "lost": SessionLike,
    "not lost": SessionLike,
    "sent": MessageLike,
    "not sent": MessageLike,
    "flagged": FlagLike,
    "not flagged": FlagLike,
    "kept free": HoldLike,
    "not kept free": HoldLike,
    "step": StepLike,
    "not step": StepLike,
    "would": RuleLike,
    "would not": RuleLike,
    "closed": Nothing,
    "not closed": Nothing,
    "alerted": Nothing,
    "nothing": Nothing,
}
"""What can be expected, each with what it says."""
