from importlib import import_module

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_person,
    a_session,
    a_state,
    answers,
    at,
    preparing,
    rules,
    touch,
    weekly_hours,
)

from graphsync.mentoring import Absence, Loss
from graphsync.rules.decide import PRACTICES, decide
from graphsync.rules.holds import HoldSteps
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.kinds import clock_span
from graphsync.rules.nudging import STEPS, grant, hearing_time
from graphsync.rules.walk import Walk

STEP = Step("prepare.asks_for_agenda", Verdict.ACTS)


def granted(*wanted, now=NOW, policy=None, rule=None, comes=(), **state):
    """Return the decision on messages wanted: each a matter, what it is about, and extras; others come due later."""
    rule = rule or preparing()
    walk = Walk(a_state(**state), rules(rule, **policy or {}), now)
    for at_hour, who, mode in comes:
        walk.comes(preparing(mode=mode), at_hour, walk.state.person(who))
    for matter, about, extras in wanted:
        walk.nudge(rule, STEP, walk.state.mentor, Matter(matter), about, reason="it is due", **extras)
    grant(walk)
    return walk.decision()


def sent(decision):
    return [intent.about for intent in decision.intents]


def steps(decision):
    return [line.step for line in decision.trace]


def test_what_is_due_at_once_goes_out_together_the_weightier_first():
    decision = granted(("idea", "i", {}), ("prepare", "p", {}), ("unanswered_invite", "u", {}))
    assert sent(decision) == ["u", "p"]
    assert steps(decision)[-1] == "nudge.inhibited"  # an idea comes alone or not at all


def test_an_idea_comes_where_there_is_nothing_else_to_say():
    assert sent(granted(("idea", "i", {}))) == ["i"]


def test_the_same_message_is_wanted_once():
    assert sent(granted(("prepare", "p", {}), ("prepare", "p", {}))) == ["p"]


def test_a_fourth_matter_joins_the_next_message():
    decision = granted(*(("prepare", name, {}) for name in "abcd"))
    assert sent(decision) == ["a", "b", "c"]
    assert steps(decision)[-1] == "nudge.next_message"
    assert decision.wake_at == at("09-21 09:00")


def test_what_cannot_wait_goes_along_however_much_there_is():
    decision = granted(*(("prepare", name, {}) for name in "abcd"), ("consent", "c!", {}))
    assert "c!" in sent(decision)


def test_what_is_due_waits_for_what_comes_due_that_day_so_that_it_goes_out_as_one_message():
    later, last = NOW + 2 * HOUR, NOW + 5 * HOUR
    decision = granted(
        ("prepare", "a", {}), ("consent", "c", {}), comes=[(later, MENTOR, "enforce"), (last, MENTOR, "enforce")]
    )
    assert sent(decision) == ["c"]  # what cannot wait does not
    assert steps(decision)[-1] == "nudge.not_now"
    assert decision.wake_at == later
    assert sent(granted(("prepare", "a", {}), now=last)) == ["a"]


@pytest.mark.parametrize(
    "comes",
    [
        pytest.param((NOW + 2 * HOUR, MENTEE, "enforce"), id="to the other one"),
        pytest.param((NOW + 2 * HOUR, MENTOR, "observe"), id="only observed"),
        pytest.param((NOW + 9 * HOUR, MENTOR, "enforce"), id="when work is over"),
        pytest.param((NOW + DAY, MENTOR, "enforce"), id="tomorrow"),
    ],
)
def test_it_waits_for_nothing_else(comes):
    assert sent(granted(("prepare", "a", {}), comes=[comes])) == ["a"]


def test_a_message_of_this_round_in_another_mentorship_is_joined_as_far_as_it_has_room():
    lately = {MENTOR: (NOW, NOW)}
    decision = granted(("prepare", "a", {}), ("prepare", "b", {}), nudges_lately=lately)
    assert sent(decision) == ["a"]


def test_the_budget_of_the_week_holds_what_can_wait():
    lately = {MENTOR: (NOW - 2 * DAY,)}
    decision = granted(("prepare", "a", {}), nudges_lately=lately)
    assert (sent(decision), steps(decision)) == ([], ["nudge.not_now"])
    assert decision.wake_at == at("09-21 09:00")  # seven days after a Saturday, and then working time
    assert sent(granted(("consent", "c", {}), nudges_lately=lately)) == ["c"]


def test_two_messages_a_week_lie_a_day_apart():
    decision = granted(("prepare", "a", {}), nudges_lately={MENTOR: (NOW - HOUR,)}, policy={"per_person_and_week": 2})
    assert decision.wake_at == at("09-15 09:00")


def test_a_budget_of_nothing_lets_only_through_what_cannot_wait():
    policy = {"per_person_and_week": 0}
    decision = granted(("prepare", "a", {}), ("booked_over", "b", {}), policy=policy)
    assert (sent(decision), "nudge.never" in steps(decision)) == (["b"], True)


def test_of_an_open_matter_there_are_three_messages_at_most():
    decision = granted(("prepare", "a", {"rung": 4}))
    assert (sent(decision), steps(decision)) == ([], ["nudge.said_enough"])


def test_a_lost_session_silences_its_own_preparation():
    lost = a_session(1, "09-22 10:00", loss=Loss.CANCELLED, lost_at=NOW)
    rule = preparing()
    walk = Walk(a_state(lost), rules(rule), NOW)
    walk.nudge(rule, STEP, walk.state.mentor, Matter.PREPARE, "a", reason="due", session=1)
    walk.nudge(rule, STEP, walk.state.mentor, Matter.NEW_STANDING_TIME, "n", reason="due", session=1)
    grant(walk)
    assert sent(walk.decision()) == ["n"]


def test_a_session_on_the_move_is_not_spoken_of():
    rule = preparing()
    walk = Walk(a_state(a_session(1, "09-22 10:00"), pending=frozenset({"move/m1/1/x"})), rules(rule), NOW)
    walk.nudge(rule, STEP, walk.state.mentor, Matter.PREPARE, "a", reason="due", session=1)
    grant(walk)
    assert sent(walk.decision()) == []


def test_where_help_is_offered_nobody_is_asked_how_it_goes():
    assert sent(granted(("missed_sessions", "m", {}), ("offer_help", "h", {}))) == ["h"]


def test_what_is_only_observed_takes_no_room_from_what_is_sent():
    state = a_state(a_session(1, "09-17 10:00"), nudges=())
    observing = decide(state, rules(preparing(mode="observe"), touch(mode="observe"), answers()), at("09-14 10:00"))
    assert observing.intents == ()
    assert {intent.about for intent in observing.observed} == {"agenda/m1/1"}


# ---------------------------------------------------------------- hours


def test_nobody_is_spoken_to_in_their_quiet_hours():
    policy = {"quiet_hours": clock_span("08:00-11:00")}
    decision = granted(("consent", "c", {}), policy=policy)
    assert (sent(decision), decision.wake_at) == ([], at("09-14 11:00"))


@pytest.mark.parametrize(
    ("quiet", "now", "hears_at"),
    [
        pytest.param("16:00-10:00", "09-14 09:00", "09-14 10:00", id="past midnight, in the morning"),
        pytest.param("16:00-10:00", "09-14 16:30", "09-15 10:00", id="past midnight, in the evening"),
        pytest.param("16:00-10:00", "09-14 12:00", "09-14 12:00", id="past midnight, between"),
        pytest.param("12:00-14:00", "09-14 13:00", "09-14 14:00", id="at noon"),
        pytest.param("12:00-14:00", "09-14 14:00", "09-14 14:00", id="just over"),
        pytest.param("12:00-14:00", "09-14 11:00", "09-14 11:00", id="not yet"),
    ],
)
def test_quiet_hours_are_those_of_the_recipients_clock(quiet, now, hears_at):
    assert hearing_time(a_person(MENTOR), at(now), clock_span(quiet), digest=False) == at(hears_at)


def test_quiet_hours_over_all_working_hours_end_in_a_message_in_them_rather_than_in_none():
    hears_at = hearing_time(a_person(MENTOR), NOW, clock_span("08:00-18:00"), digest=False)
    assert hears_at > NOW + 30 * DAY


@pytest.mark.parametrize(
    ("now", "hears_at"),
    [("09-14 10:00", "09-14 10:00"), ("09-15 10:00", "09-21 09:00"), ("09-12 10:00", "09-14 09:00")],
)
def test_a_weekly_digest_comes_on_the_first_working_day(now, hears_at):
    assert hearing_time(a_person(MENTOR), at(now), None, digest=True) == at(hears_at)


def test_in_a_week_that_begins_with_leave_it_comes_on_the_first_day_after_it():
    leave = Absence(starts_at=at("09-14 00:00"), ends_at=at("09-16 00:00"))
    person = a_person(MENTOR, absences=(leave,))
    assert hearing_time(person, at("09-14 10:00"), None, digest=True) == at("09-16 09:00")


def test_who_wishes_a_digest_gets_at_once_only_what_cannot_wait():
    mentor = a_person(MENTOR, weekly_digest=True)
    decision = granted(("prepare", "p", {}), ("consent", "c", {}), now=at("09-15 10:00"), mentor=mentor)
    assert (sent(decision), decision.wake_at) == (["c"], at("09-21 09:00"))


def test_who_is_away_with_no_end_in_sight_is_not_spoken_to():
    mentor = a_person(MENTOR, absences=(Absence(starts_at=NOW - DAY),))
    decision = granted(("consent", "c", {}), mentor=mentor)
    assert (sent(decision), decision.wake_at) == ([], None)


# ---------------------------------------------------------------- the registry of steps


def test_every_step_is_named_after_its_practice_and_once():
    ids = [step.id for practice in PRACTICES for step in practice.steps] + [step.id for step in STEPS]
    assert len(ids) == len(set(ids))
    for practice in PRACTICES:
        assert {step.id.split(".")[0] for step in practice.steps} == {practice.name}


def test_every_step_a_practice_defines_is_in_its_list():
    for practice in PRACTICES:
        module = import_module(f"graphsync.rules.{practice.name}")
        defined = {value for value in vars(module).values() if isinstance(value, Step)}
        defined |= {step for value in vars(module).values() if isinstance(value, HoldSteps) for step in value.all}
        own = {step for step in defined if step.id.startswith(f"{practice.name}.")}
        assert own == set(practice.steps)


def test_whose_working_hours_are_not_known_is_not_spoken_to():
    nobody_knows = a_person(MENTOR, hours=weekly_hours(weekdays=[]))
    assert sent(granted(("paused", "p", {}), mentor=nobody_knows)) == []
