from datetime import date, time

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_person,
    a_reply,
    a_session,
    a_state,
    at,
    weekly_hours,
)

from graphsync.mentoring import Absence, DayHours, Loss, Medium, OptIn, StandingTime
from graphsync.rules.facts import FACTS, FactType, next_change

LOST = {"loss": Loss.DECLINED, "lost_at": NOW}
OFFICES = [a_person(name, office_location="Berlin 2") for name in (MENTOR, MENTEE)]


def read(name, state=None, now=NOW):
    return FACTS[name].read(state or a_state(), now)


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_fact_is_of_the_type_it_says(fact):
    kinds = {FactType.NUMBER: (int, float), FactType.TEXT: str, FactType.YES_OR_NO: bool, FactType.LIST: tuple}
    assert isinstance(fact.read(a_state(), NOW), kinds[fact.type])


@pytest.mark.parametrize(
    ("name", "state", "value"),
    [
        ("mentorship.cohort", a_state(), "new-hires"),
        ("mentorship.age_days", a_state(mentorship=a_mentorship(started_on=date(2026, 9, 4))), 10),
        ("mentorship.age_days", a_state(mentorship=a_mentorship(started_on=date(2026, 9, 15))), -1),
        ("mentorship.days_left", a_state(), -1),
        ("mentorship.days_left", a_state(mentorship=a_mentorship(ends_on=date(2026, 9, 20))), 6),
        ("mentorship.days_left", a_state(mentorship=a_mentorship(ends_on=date(2026, 9, 1))), 0),
        ("mentorship.cadence_days", a_state(), 0),
        ("mentorship.cadence_days", a_state(mentorship=a_mentorship(cadence=7 * DAY)), 7),
        ("mentorship.has_standing_time", a_state(), False),
        (
            "mentorship.has_standing_time",
            a_state(mentorship=a_mentorship(standing=StandingTime(weekday=1, at=time(10)))),
            True,
        ),
        ("mentorship.medium", a_state(mentorship=a_mentorship(medium=Medium.PHONE)), "phone"),
        ("mentorship.opt_ins", a_state(mentorship=a_mentorship(opt_ins=frozenset(OptIn))), tuple(sorted(OptIn))),
        ("mentorship.hours_in_common", a_state(), 40),
        ("mentorship.hours_in_common", a_state(mentor=a_person(MENTOR, "America/New_York")), 10),
        ("mentorship.hours_in_common", a_state(mentor=a_person(MENTOR, "Australia/Sydney")), 0),
        (
            "mentorship.hours_in_common",
            a_state(
                mentor=a_person(MENTOR, hours=weekly_hours(weekdays=[5])),
                mentorship=a_mentorship(mentor_offers=(DayHours(weekday=1, start=time(16), end=time(20)),)),
            ),
            1,
        ),
        ("mentorship.same_office", a_state(), False),
        ("mentorship.same_office", a_state(mentor=OFFICES[0], mentee=OFFICES[1]), True),
        ("mentorship.same_office", a_state(mentor=OFFICES[0]), False),
        ("sessions.booked", a_state(a_session(1), a_session(2, "09-10 10:00"), a_session(3, **LOST)), 1),
        ("sessions.past", a_state(a_session(1), a_session(2, "09-10 10:00"), a_session(3, "09-10 12:00", **LOST)), 1),
        (
            "sessions.past",
            a_state(a_session(1, "09-10 10:00"), replies=(a_reply("met/m1/1", "not_met"),)),
            0,
        ),
        ("sessions.lost", a_state(a_session(1), a_session(2, "09-10 10:00", **LOST), a_session(3, **LOST)), 2),
        ("sessions.lost_in_a_row", a_state(a_session(1, "09-10 10:00", **LOST), a_session(2, "09-11 10:00")), 0),
        (
            "sessions.lost_in_a_row",
            a_state(
                a_session(1, "09-08 10:00", **LOST),
                a_session(2, "09-09 10:00"),
                a_session(3, "09-10 10:00", **LOST),
                a_session(4, "09-22 10:00"),
                a_session(5, "09-23 10:00", **LOST),
            ),
            2,
        ),
        ("sessions.days_since_last", a_state(), -1),
        ("sessions.days_since_last", a_state(a_session(1, "09-04 23:30"), a_session(2, "09-01 10:00")), 9),
        ("mentor.time_zone", a_state(mentor=a_person(MENTOR, "Asia/Tokyo")), "Asia/Tokyo"),
        ("mentee.time_zone", a_state(), "Europe/Berlin"),
        ("mentor.office", a_state(mentor=OFFICES[0]), "Berlin 2"),
        ("mentee.office", a_state(), ""),
        ("mentee.is_away", a_state(), False),
        ("mentor.is_away", a_state(mentor=a_person(MENTOR, absences=(Absence(starts_at=NOW - HOUR),))), True),
        ("mentor.is_away", a_state(mentor=a_person(MENTOR, absences=(Absence(starts_at=NOW + HOUR),))), False),
        ("mentor.sessions_this_week", a_state(mentor_sessions=(at("09-13 23:59"), NOW, at("09-20 23:59"))), 2),
        ("today.weekday", a_state(), "monday"),
        ("today.weekday", a_state(mentee=a_person(MENTEE, "Pacific/Auckland")), "monday"),
        ("today.month", a_state(), 9),
        ("today.day", a_state(), 14),
    ],
)
def test_facts(name, state, value):
    assert read(name, state) == value


@pytest.mark.parametrize(
    ("state", "changes_at"),
    [
        pytest.param(a_state(), at("09-15 00:00"), id="midnight"),
        pytest.param(a_state(mentor=a_person(MENTOR, "Asia/Tokyo")), at("09-15 00:00", "Asia/Tokyo"), id="elsewhere"),
        pytest.param(a_state(a_session(1, "09-14 10:00")), at("09-14 10:00"), id="a session begins"),
        pytest.param(a_state(a_session(1, "09-14 08:50")), at("09-14 09:40"), id="a session ends"),
        pytest.param(
            a_state(mentor=a_person(MENTOR, absences=(Absence(starts_at=NOW + HOUR),))), NOW + HOUR, id="leave begins"
        ),
        pytest.param(
            a_state(mentor=a_person(MENTOR, absences=(Absence(starts_at=NOW - DAY, ends_at=NOW + 2 * HOUR),))),
            NOW + 2 * HOUR,
            id="leave ends",
        ),
    ],
)
def test_what_changes_with_time_may_change_next_at(state, changes_at):
    assert next_change(state, NOW) == changes_at


def test_no_fact_is_about_how_fast_somebody_answers():
    words = " ".join(fact.description for fact in FACTS.values())
    assert not {"answer", "wait", "delay", "late"} & set(words.split())
