from dataclasses import replace

import pytest
from builders import (
    DAY,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_person,
    a_proposal,
    a_session,
    a_state,
    ahead,
    answers,
    at,
    rebook,
    rules,
    unanswered,
    video,
    weekly_hours,
)

from graphsync.mentoring import Loss, Reach, Status
from graphsync.rules.decide import decide
from graphsync.rules.intents import Decision, Verdict
from graphsync.rules.schema import RuleSet

NEWS = a_state(
    a_session(1, "09-23 10:00", loss=Loss.DECLINED, lost_at=at("09-15 10:00")),
    unanswered(2, "09-30 10:00", invited_at=at("09-14 10:00"), online=False),
)


def test_the_practices_speak_in_their_order():
    decision = decide(NEWS, rules(), at("09-17 10:00"))
    assert [intent.rule for intent in decision.intents] == ["rebook", "video", "answers"]
    assert [(line.rule, line.verdict) for line in decision.trace] == [
        ("rebook", Verdict.ACTS),
        ("ahead", Verdict.WAITS),
        ("video", Verdict.ACTS),
        ("answers", Verdict.ACTS),
    ]


def test_the_same_facts_give_the_same_decision():
    rebuilt = replace(NEWS, sessions=tuple(replace(session) for session in NEWS.sessions))
    assert decide(NEWS, rules(), NOW) == decide(rebuilt, rules(), NOW)


def test_without_rules_nothing_is_done():
    assert decide(a_state(), RuleSet(), NOW) == Decision()


@pytest.mark.parametrize("status", [Status.PAUSED, Status.ENDED])
def test_a_mentorship_that_is_not_active_is_left_alone(status):
    state = replace(NEWS, mentorship=a_mentorship(status=status))
    decision = decide(state, rules(), at("09-17 10:00"))
    assert (decision.intents, decision.observed, decision.wake_at) == ((), (), None)
    assert [line.text for line in decision.trace] == [f"the mentorship is {status}"]


@pytest.mark.parametrize("role", [MENTOR, MENTEE])
@pytest.mark.parametrize("reach", [Reach.ON_PREMISES, Reach.OUT_OF_SCOPE])
def test_nothing_is_booked_over_a_calendar_that_cannot_be_read(role, reach):
    person = a_person(role, reach=reach)
    state = replace(NEWS, mentor=person) if role == MENTOR else replace(NEWS, mentee=person)
    decision = decide(state, rules(), at("09-17 10:00"))
    assert decision.intents == ()
    assert [line.text for line in decision.trace] == [f"a calendar cannot be read: {reach}"]


@pytest.mark.parametrize("reach", [Reach.GONE, Reach.EXTERNAL])
def test_nothing_is_booked_on_an_organizers_calendar_that_cannot_be_read(reach):
    state = replace(NEWS, organizer=a_person("box", reach=reach))
    assert decide(state, rules(), at("09-17 10:00")).intents == ()


@pytest.mark.parametrize("role", [MENTOR, MENTEE])
def test_nothing_is_done_before_the_working_hours_are_known(role):
    person = a_person(role, hours=weekly_hours(weekdays=[]))
    state = replace(NEWS, mentor=person) if role == MENTOR else replace(NEWS, mentee=person)
    decision = decide(state, rules(), at("09-17 10:00"))
    assert (decision.intents, decision.wake_at) == ((), None)
    assert decision.trace[0].verdict is Verdict.HOLDS


def test_it_is_looked_again_when_a_session_begins_and_when_it_is_over():
    state = a_state(a_session(1, "09-10 10:00"), a_session(2, "09-24 10:00"), a_session(3, "10-08 10:00"))
    assert decide(state, RuleSet(), NOW).wake_at == at("09-24 10:00")
    assert decide(state, RuleSet(), at("10-08 10:00")).wake_at == at("10-08 10:50")
    assert decide(state, RuleSet(), at("10-08 10:50")).wake_at is None


def test_the_rule_that_names_a_cohort_wins_over_the_one_for_all():
    chosen = rules(ahead(name="everybody"), ahead(name="these", cohorts=("new-hires",), mode="observe"))
    assert [intent.rule for intent in decide(a_state(), chosen, NOW).observed] == ["these"]
    alumni = a_state(mentorship=a_mentorship(cohort="alumni"))
    assert [intent.rule for intent in decide(alumni, chosen, NOW).intents] == ["everybody"]


def test_rules_on_observe_want_the_same_and_do_nothing():
    observing = rules(*(rule(mode="observe") for rule in (ahead, rebook, video, answers)))
    decision = decide(NEWS, observing, at("09-17 10:00"))
    assert decision.intents == ()
    assert [intent.key for intent in decision.observed] == [
        intent.key for intent in decide(NEWS, rules(), at("09-17 10:00")).intents
    ]


def test_a_session_moved_by_hand_is_left_where_it_is():
    moved = a_session(1, "09-29 10:00", written_start=at("09-28 10:00"), written_end=at("09-28 10:50"))
    assert decide(a_state(moved), rules(), at("09-21 10:00")).intents == ()


def test_a_time_proposed_for_another_session_does_not_keep_the_next_one_from_being_booked():
    state = a_state(
        a_session(1, "09-22 10:00"),
        a_session(2, "09-29 10:00", proposal=a_proposal("10-01 14:00")),
        mentorship=a_mentorship(cadence=7 * DAY),
    )
    keys = [intent.key for intent in decide(state, rules(), at("09-27 10:00")).intents]
    assert keys == ["move/m1/2/2026-10-01T12:00+00:00", "book/m1/3"]
