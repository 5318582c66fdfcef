"""The columns of `mentorships.csv`: what each is for, and how a cell of it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time

from graphsync.calendar import countries, regions_of
from graphsync.errors import near_miss
from graphsync.mentoring import DayHours, Medium, OptIn, StandingTime, Status
from graphsync.rules import kinds
from graphsync.rules.kinds import wrong
from graphsync.rules.schema import CADENCE

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_DAY = "|".join(WEEKDAYS)
_STANDING = re.compile(rf"({_DAY}) +{_CLOCK}")
_OFFER = re.compile(rf"({_DAY})(?:-({_DAY}))? +{_CLOCK}-{_CLOCK}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_QUARTER = 15


def _day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:  # a day that its month does not have
        pass
    raise wrong("a date such as '2026-03-02'")


def _standing(text: str) -> StandingTime:
    form = _STANDING.fullmatch(text.casefold())
    if form is None or int(form[3]) % _QUARTER:
        raise wrong("a weekday and a time on the quarter hour, such as 'tue 10:00'")
    return StandingTime(weekday=WEEKDAYS.index(form[1]), at=time(int(form[2]), int(form[3])))


def _region(text: str) -> str:
    country, _, part = text.upper().partition("-")
    if country not in countries() or part not in regions_of(country):
        close = near_miss([f"{country}-{known}" for known in regions_of(country)], text.upper())
        raise wrong(f"a region with holidays of its own, such as 'DE-BY'{close}")
    return f"{country}-{part}"


def _opt_ins(text: str) -> frozenset[OptIn]:
    return frozenset(_opt_in(word) for word in text.split())


_opt_in = kinds.choice(tuple(OptIn))


def _offers(text: str) -> tuple[DayHours, ...]:
    return tuple(hours for offer in text.casefold().split(",") for hours in _offer(offer.strip()))


def _offer(text: str) -> Iterator[DayHours]:
    form = _OFFER.fullmatch(text)
    if form is None:
        raise wrong("days and hours such as 'mon-thu 07:00-08:00, fri 18:00-19:30'")
    start, end = time(int(form[3]), int(form[4])), time(int(form[5]), int(form[6]))
    if start >= end:
        raise wrong("hours that end later on the same day", found=f"hours {text!r}")
    first = WEEKDAYS.index(form[1])
    days = (WEEKDAYS.index(form[2] or form[1]) - first) % len(WEEKDAYS) + 1
    for weekday in range(first, first + days):
        yield DayHours(weekday=weekday % len(WEEKDAYS), start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the file: how a cell is read, the field of the row it fills, and what it is for."""

    read: Callable[[str], object]
    fills: str
    description: str
    required: bool = False


COLUMNS: Mapping[str, Column] = {
    "mentor": Column(read=kinds.address, fills="mentor", required=True, description="the mentor's mail address"),
    "mentee": Column(read=kinds.address, fills="mentee", required=True, description="the mentee's mail address"),
    "cohort": Column(
        read=kinds.slug, fills="cohort", required=True, description="the cohort, as `graphsync.yaml` names it"
    ),
    "started": Column(
        read=_day, fills="started_on", required=True, description="the day the two were matched, `2026-03-02`"
    ),
    "status": Column(
        read=kinds.choice(tuple(Status)), fills="status", description="`active` (also if empty), `paused` or `ended`"
    ),
    "paused_until": Column(
        read=_day, fills="paused_until", description="with `paused`: the day the mentorship goes on by itself"
    ),
    "ends": Column(read=_day, fills="ends_on", description="the last day, if known; it gets a closing session"),
    "cadence": Column(
        read=CADENCE, fills="cadence", description="how often the two meet, `7 days`; the rule's if empty"
    ),
    "mentor_time_zone": Column(
        read=kinds.time_zone,
        fills="mentor_time_zone",
        description="the mentor's zone, an IANA or Windows name; the mailbox's if empty",
    ),
    "mentee_time_zone": Column(
        read=kinds.time_zone,
        fills="mentee_time_zone",
        description="the mentee's zone, an IANA or Windows name; the mailbox's if empty",
    ),
    "mentor_hours": Column(
        read=_offers,
        fills="mentor_hours",
        description="the mentor's working hours, `mon-wed 09:00-13:00, thu 10:00-16:00`; the mailbox's if empty",
    ),
    "mentee_hours": Column(
        read=_offers, fills="mentee_hours", description="the mentee's working hours; the mailbox's if empty"
    ),
    "mentor_region": Column(
        read=_region,
        fills="mentor_region",
        description="where the mentor has holidays that their country does not have, `DE-BY`",
    ),
    "mentee_region": Column(read=_region, fills="mentee_region", description="the mentee's region, likewise"),
    "standing": Column(
        read=_standing,
        fills="standing",
        description="the weekday and time in the mentee's zone that the two like best, `tue 10:00`",
    ),
    "medium": Column(
        read=kinds.choice((Medium.VIDEO, Medium.PHONE)),
        fills="medium",
        description="`video` (also if empty) or `phone`",
    ),
    "phone": Column(read=str, fills="phone", description="with `phone`: who calls whom, at which number"),
    "opt_ins": Column(
        read=_opt_ins,
        fills="opt_ins",
        description="what both agreed to: `chat`, `mail`, `self_booked`, with spaces between; `reread` is the mentor's",
    ),
    "mentor_offers": Column(
        read=_offers,
        fills="mentor_offers",
        description="more hours the mentor offers, by their own clock: `mon-thu 07:00-08:00, fri 18:00-19:30`",
    ),
    "mentee_offers": Column(
        read=_offers,
        fills="mentee_offers",
        description="hours beyond their own that the mentee offers, by their clock",
    ),
}
"""The columns by the name in the file's first line; those not required may be left out, and come in any order."""
