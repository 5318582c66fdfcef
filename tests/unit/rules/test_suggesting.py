from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_nudge,
    a_person,
    a_reply,
    a_session,
    a_state,
    ahead,
    at,
    rebook,
    rules,
)

from graphsync.calendar import TimeSlot
from graphsync.mentoring import Absence, Loss
from graphsync.rules.decide import decide
from graphsync.rules.intents import AddOnlineMeeting, BookSession, MoveSession, Verdict, suggestion_about
from graphsync.rules.requests import move_request
from graphsync.rules.suggesting import ask, asked_person
from graphsync.rules.walk import Walk

LINK = AddOnlineMeeting(key="online/m1/1", mentorship="m1", rule="video", reason="no link yet", number=1)
ABOUT = "suggest/online/m1/1"


def asked(*, replies=(), nudges=(), intent=LINK, now=NOW):
    return ask(a_state(replies=replies, nudges=nudges), intent, now)


def test_it_is_suggested_first_to_whoever_organizes():
    found = asked()
    assert (found.verdict, found.suggestion.person, found.suggestion.asked) == (Verdict.SUGGESTS, MENTEE, 1)
    assert found.suggestion.about == ABOUT
    assert asked_person(a_state(organizer=a_person(MENTOR)), NOW) == MENTOR
    assert asked_person(a_state(organizer=a_person("box")), NOW) == MENTEE


def test_while_that_one_is_away_the_other_one_is_asked_if_they_are_there():
    away = {"absences": (Absence(starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1)),)}
    gone, there = a_person(MENTEE, **away), a_person(MENTOR)
    assert asked_person(a_state(mentee=gone, mentor=there, organizer=gone), NOW) == MENTOR
    assert asked_person(a_state(mentee=gone, mentor=a_person(MENTOR, **away), organizer=gone), NOW) == MENTEE


def test_it_is_suggested_again_after_a_week_and_three_times_at_most():
    once = (a_nudge(ABOUT, MENTEE, NOW - DAY),)
    waiting = asked(nudges=once)
    assert (waiting.verdict, waiting.again_at, waiting.suggestion) == (Verdict.WAITS, NOW + 6 * DAY, None)
    assert asked(nudges=once, now=NOW + 6 * DAY).suggestion.asked == 2
    thrice = tuple(a_nudge(ABOUT, MENTEE, NOW - n * 10 * DAY, rung=n) for n in (1, 2, 3))
    assert (asked(nudges=thrice).verdict, asked(nudges=thrice).suggestion) == (Verdict.HOLDS, None)


def test_a_no_is_heeded_for_a_week():
    found = asked(replies=(a_reply(ABOUT, "no"),))
    assert (found.verdict, found.text) == (Verdict.WAITS, "it was suggested and turned down")
    assert found.again_at == NOW + 7 * DAY


def test_on_a_yes_it_is_done():
    assert asked(replies=(a_reply(ABOUT),)).agreed == LINK


def booking(state=None, rule=None, now=NOW):
    decision = decide(state or a_state(), rules(rule or ahead()), now)
    return next(i for i in decision.intents if isinstance(i, BookSession))


def yes_to(intent, starts_at, now=NOW):
    return ask(a_state(replies=(a_reply(suggestion_about(intent), starts_at=starts_at),)), intent, now).agreed


def test_a_yes_is_for_the_time_that_was_suggested():
    intent, time = booking(), at("09-24 10:00")
    agreed = yes_to(intent, time)
    assert agreed.request.windows == (TimeSlot(start=time, end=at("09-24 10:50")), *intent.request.windows)
    assert agreed.week_windows == 0


def test_a_time_that_is_too_near_by_now_is_left_out():
    intent = booking()
    assert yes_to(intent, NOW + 6 * DAY) == intent
    assert yes_to(intent, None) == intent


LOST = a_session(1, "09-23 10:00", loss=Loss.CANCELLED, lost_at=NOW)


@pytest.mark.parametrize(("time", "place", "week_windows"), [("09-24 14:00", 0, 2), ("09-29 14:00", 1, 1)])
def test_of_a_replacement_it_is_sought_where_it_belongs(time, place, week_windows):
    intent = booking(a_state(LOST), rebook(), NOW + 3 * HOUR)
    agreed = yes_to(intent, at(time), NOW + 3 * HOUR)
    assert agreed.request.windows[place].start == at(time)
    assert (len(agreed.request.windows), agreed.week_windows) == (3, week_windows)


def test_a_move_is_to_that_time_too():
    session = a_session(1, "09-23 10:00")
    walk = Walk(a_state(session), rules(), NOW)
    week = TimeSlot(start=at("09-21 00:00"), end=at("09-28 00:00"))
    move = MoveSession(
        key="move/m1/1",
        mentorship="m1",
        rule="quiet",
        reason="wished",
        number=1,
        request=move_request(walk, "move/m1/1", (week,), session),
    )
    agreed = yes_to(move, at("09-24 14:00"))
    assert agreed.request.windows == (TimeSlot(start=at("09-24 14:00"), end=at("09-24 14:50")), week)


def test_a_time_is_suggested_with_room_for_an_answer():
    suggested = asked(intent=booking()).suggestion.intent
    assert suggested.request.windows[0].start == NOW + 8.75 * DAY
    assert suggested.request.windows[0].end == booking().request.windows[0].end


def test_of_a_replacement_the_rest_of_the_week_is_left_out_where_it_is_too_near():
    late = booking(a_state(LOST), rebook(), at("09-26 10:00"))
    assert late.week_windows == 1
    suggested = asked(intent=late, now=at("09-26 17:20")).suggestion.intent
    assert (suggested.week_windows, len(suggested.request.windows)) == (0, 1)


def test_where_there_would_be_no_room_it_is_suggested_as_it_is():
    intent = booking()
    near = TimeSlot(start=at("09-21 10:00"), end=at("09-21 10:50"))
    close = replace(intent, request=replace(intent.request, windows=(near,)))
    assert asked(intent=close).suggestion.intent == close
