from datetime import date

import pytest
from builders import (
    DAY,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_nudge,
    a_reply,
    a_session,
    a_state,
    ahead,
    at,
    rules,
    touch,
)

from graphsync.mentoring import Choice, FlagKind, Loss, OpenRequest, RequestSource
from graphsync.rules.decide import decide
from graphsync.rules.intents import FlagMentorship, Matter, SendNudge

BEGUN = a_mentorship(started_on=date(2026, 9, 14))
MET = a_session(1, "09-15 10:00")
"""They met on a Tuesday; with the usual cadence of two weeks two are over on 13 October, three on 27 October."""
ASKED = (a_nudge("touch/m1/20260915", MENTOR), a_nudge("touch/m1/20260915", MENTEE))
OFFERED = (a_nudge("touch/m1/20260915/lost", MENTOR), a_nudge("touch/m1/20260915/lost", MENTEE))


def decided(state, now, **changes):
    return decide(state, rules(touch(**changes)), at(now))


def nudged(decision):
    return [(i.person, i.matter) for i in decision.intents if isinstance(i, SendNudge)]


def flags(decision):
    return [i.flag for i in decision.intents if isinstance(i, FlagMentorship)]


def steps(decision):
    return [line.step for line in decision.trace if line.step.startswith("stay_in_touch.")]


def test_who_meets_is_left_alone():
    decision = decided(a_state(MET), "10-12 10:00")
    assert (decision.intents, steps(decision)[-1]) == ((), "stay_in_touch.in_touch")
    assert decision.wake_at == at("10-13 10:50")


def test_after_two_cadences_both_are_asked_how_it_goes():
    decision = decided(a_state(MET), "10-14 10:00")
    assert nudged(decision) == [(MENTOR, Matter.MISSED_SESSIONS), (MENTEE, Matter.MISSED_SESSIONS)]
    assert flags(decision) == [FlagKind.NOT_MEETING]
    assert decision.wake_at == at("10-27 09:50")


def test_who_was_asked_is_not_asked_again_and_the_flag_stands():
    decision = decided(a_state(MET, nudges=ASKED), "10-14 10:00")
    assert (nudged(decision), flags(decision)) == ([], [FlagKind.NOT_MEETING])


def test_after_three_cadences_they_have_lost_touch_and_are_offered_a_pause_or_an_end():
    decision = decided(a_state(MET, nudges=ASKED), "10-28 10:00")
    assert nudged(decision) == [(MENTOR, Matter.LOST_TOUCH), (MENTEE, Matter.LOST_TOUCH)]
    assert flags(decision) == [FlagKind.LOST_TOUCH]
    offered = next(i for i in decision.intents if isinstance(i, SendNudge))
    assert offered.choices == (Choice.TALKED, Choice.PAUSE, Choice.END)
    assert nudged(decided(a_state(MET, nudges=(*ASKED, *OFFERED)), "10-28 10:00")) == []


@pytest.mark.parametrize("choice", ["talked", "met", "answered", "settled"])
def test_what_the_two_say_counts_as_contact(choice):
    state = a_state(MET, replies=(a_reply("touch/m1/20260915", choice, at=at("10-10 10:00")),))
    assert decided(state, "10-14 10:00").intents == ()


@pytest.mark.parametrize(("source", "flagged"), [("question", []), ("chat", [FlagKind.NOT_MEETING])])
def test_a_question_asked_through_the_service_counts_as_contact(source, flagged):
    asked = OpenRequest(
        key="m1/asked/1", mentorship="m1", source=RequestSource(source), owed_by=MENTOR, asked_at=at("10-10 10:00")
    )
    assert flags(decided(a_state(MET, open_requests=(asked,)), "10-14 10:00")) == flagged


def test_a_session_to_come_is_waited_for():
    decision = decided(a_state(MET, a_session(2, "10-20 10:00"), nudges=()), "10-19 10:00", ideas=False)
    assert (decision.intents, steps(decision)[-1]) == ((), "stay_in_touch.session_comes")


def test_a_session_far_away_does_not_hide_that_touch_is_lost():
    decision = decided(a_state(MET, a_session(2, "12-01 10:00")), "10-28 10:00", ideas=False)
    assert flags(decision) == [FlagKind.LOST_TOUCH]


def test_a_lost_session_is_no_contact():
    lost = a_session(2, "10-01 10:00", loss=Loss.CANCELLED, lost_at=at("09-29 10:00"))
    assert flags(decided(a_state(MET, lost), "10-14 10:00")) == [FlagKind.NOT_MEETING]


def test_the_cadence_is_that_of_the_pair_or_of_book_ahead():
    weekly = a_mentorship(cadence=7 * DAY)
    assert flags(decided(a_state(MET, mentorship=weekly), "10-01 10:00")) == [FlagKind.NOT_MEETING]
    by_rule = decide(a_state(MET), rules(touch(), ahead(mode="observe", cadence=7 * DAY)), at("10-01 10:00"))
    assert flags(by_rule) == [FlagKind.NOT_MEETING]


def test_it_is_counted_from_the_beginning_where_they_never_met():
    assert flags(decided(a_state(), "10-13 10:00")) == [FlagKind.NOT_MEETING]
    assert decide(a_state(), rules(touch()), NOW).intents == ()


BETWEEN = (MET, a_session(2, "09-29 10:00"))


def test_halfway_between_two_sessions_both_get_one_idea():
    before = decided(a_state(*BETWEEN), "09-22 09:00")
    assert (before.intents, before.wake_at) == ((), at("09-22 10:25"))
    decision = decided(a_state(*BETWEEN), "09-22 10:25")
    assert nudged(decision) == [(MENTOR, Matter.IDEA), (MENTEE, Matter.IDEA)]
    (idea,) = {intent.idea for intent in decision.intents}
    assert 0 <= idea < 8
    said = (a_nudge("idea/m1/1", MENTOR), a_nudge("idea/m1/1", MENTEE))
    assert decided(a_state(*BETWEEN, nudges=said), "09-22 10:25").intents == ()


def test_the_next_gap_brings_the_next_idea():
    later = (*BETWEEN, a_session(3, "10-13 10:00"))
    first = decided(a_state(*BETWEEN), "09-23 10:00").intents[0].idea
    assert decided(a_state(*later), "10-07 10:00").intents[0].idea == (first + 1) % 8


@pytest.mark.parametrize(
    ("sessions", "now", "changes"),
    [
        pytest.param(BETWEEN, "09-27 11:00", {}, id="the next session is near"),
        pytest.param((MET, a_session(2, "09-20 10:00")), "09-18 10:00", {}, id="the gap is short"),
        pytest.param(BETWEEN, "09-23 10:00", {"ideas": False}, id="the rule wants none"),
        pytest.param((MET,), "09-23 10:00", {}, id="there is no next session"),
        pytest.param((a_session(1, "09-29 10:00"),), "09-23 10:00", {}, id="there is no last session"),
    ],
)
def test_no_idea_comes_where(sessions, now, changes):
    decision = decided(a_state(*sessions), now, **changes)
    assert nudged(decision) == []
    assert "stay_in_touch.no_idea" in steps(decision)
