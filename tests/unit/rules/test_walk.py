from datetime import timedelta

import pytest
from builders import (
    DAY,
    HOUR,
    NOW,
    a_mentorship,
    a_nudge,
    a_person,
    a_reply,
    a_state,
    ahead,
    an_attempt,
    at,
    rules,
    video,
)

from graphsync.mentoring import FlagKind
from graphsync.rules.conditions import parse_condition
from graphsync.rules.intents import AddOnlineMeeting, Check, Decision, Step, TraceLine, Verdict
from graphsync.rules.schema import BookAhead, RuleSet, Silence
from graphsync.rules.walk import Walk

OBSERVING = ahead(mode="observe")
STEP, WAITING, HOLDING = Step("x.acts", Verdict.ACTS), Step("x.waits", Verdict.WAITS), Step("x.holds", Verdict.HOLDS)


def an_intent(key="online/m1/1"):
    return AddOnlineMeeting(key=key, mentorship="m1", rule="ahead", reason="no link yet", number=1)


def a_walk(**changes):
    return Walk(a_state(**changes), rules(), NOW)


def test_a_walk_that_finds_nothing_comes_to_nothing():
    assert a_walk().decision() == Decision()


def test_what_a_rule_wants_is_done_or_only_observed():
    walk = a_walk()
    walk.act(ahead(), STEP, an_intent("a"))
    walk.act(OBSERVING, STEP, an_intent("b"))
    decision = walk.decision()
    assert ([i.key for i in decision.intents], [i.key for i in decision.observed]) == (["a"], ["b"])
    assert [line.verdict for line in decision.trace] == [Verdict.ACTS, Verdict.OBSERVES]
    assert decision.trace[0] == TraceLine(rule="ahead", step="x.acts", verdict=Verdict.ACTS, text="no link yet")


def test_a_wait_says_until_when_and_looks_again_then():
    walk = a_walk()
    walk.wait(ahead(), WAITING, NOW + DAY, "not yet")
    assert walk.decision().wake_at == NOW + DAY
    assert walk.decision().trace[0].text == "not yet (until 2026-09-15T07:00+00:00)"


@pytest.mark.parametrize(
    ("instants", "wake_at"),
    [
        pytest.param([NOW + DAY, NOW + HOUR, NOW + 2 * DAY], NOW + HOUR, id="the earliest"),
        pytest.param([NOW - HOUR, NOW], None, id="none that has come"),
        pytest.param([NOW - HOUR, NOW + DAY], NOW + DAY, id="those to come only"),
    ],
)
def test_it_is_looked_again_at_the_next_instant(instants, wake_at):
    walk = a_walk()
    for instant in instants:
        walk.look_again(instant)
    assert walk.decision().wake_at == wake_at


@pytest.mark.parametrize(
    ("prefixes", "under_way"), [(("book/m1/",), True), (("x", "book"), True), (("move/m1/",), False), ((), False)]
)
def test_an_action_is_under_way_while_its_key_is_pending(prefixes, under_way):
    assert a_walk(pending=frozenset({"book/m1/1/20260914"})).under_way(*prefixes) == under_way


@pytest.mark.parametrize(
    ("first", "asking", "wanted"),
    [
        pytest.param(ahead(), ahead(), True, id="done"),
        pytest.param(ahead(), OBSERVING, True, id="done, and asked for what is observed"),
        pytest.param(OBSERVING, OBSERVING, True, id="observed"),
        pytest.param(OBSERVING, ahead(), False, id="observed only"),
    ],
)
def test_what_is_only_observed_keeps_nothing_from_being_done(first, asking, wanted):
    walk = a_walk()
    walk.act(first, STEP, an_intent("a"))
    assert walk.wanted(asking, "a") == wanted
    assert not walk.wanted(asking, "b")


@pytest.mark.parametrize(
    ("attempts", "held", "wake_at"),
    [
        pytest.param((), False, None, id="never tried"),
        pytest.param((an_attempt("b", retry_at=None),), False, None, id="another was tried"),
        pytest.param((an_attempt("a", retry_at=None),), True, None, id="not worth another try"),
        pytest.param((an_attempt("a", retry_at=NOW + HOUR),), True, NOW + HOUR, id="to be tried later"),
        pytest.param((an_attempt("a", retry_at=NOW),), False, None, id="to be tried now"),
        pytest.param(
            (
                an_attempt("a", tried_at=NOW - HOUR, retry_at=NOW + DAY),
                an_attempt("a", tried_at=NOW - 2 * HOUR, retry_at=None),
            ),
            True,
            NOW + DAY,
            id="the last try counts",
        ),
    ],
)
def test_a_try_that_came_to_nothing_holds_the_next_one_back(attempts, held, wake_at):
    walk = a_walk(attempts=attempts)
    assert walk.held_back(ahead(), HOLDING, "a") == held
    assert walk.decision().wake_at == wake_at
    assert len(walk.decision().trace) == held


def test_the_reason_of_a_try_that_came_to_nothing_is_shown():
    walk = a_walk(attempts=(an_attempt("a", reason="Mo is away"),))
    walk.held_back(ahead(), HOLDING, "a")
    assert walk.decision().trace == (TraceLine(rule="ahead", step="x.holds", verdict=Verdict.HOLDS, text="Mo is away"),)


def test_walks_do_not_share_what_they_note():
    first = a_walk()
    first.wait(ahead(), WAITING, NOW + timedelta(minutes=1), "not yet")
    assert a_walk().decision() == Decision()


def a_silence(start="09-14 08:00", end="09-16 08:00", **changes):
    return Silence(starts_at=at(start), ends_at=at(end), reason="the office moves", **changes)


def silenced(*silences, **changes):
    return Walk(a_state(**changes), RuleSet(rules=(ahead(),), silences=silences), NOW)


def test_under_a_silence_a_rule_only_observes_and_is_looked_at_again_when_it_ends():
    walk = silenced(a_silence())
    rule = walk.rule(BookAhead)
    walk.act(rule, STEP, an_intent())
    decision = walk.decision()
    assert (decision.intents, len(decision.observed), walk.acts(rule)) == ((), 1, False)
    assert decision.wake_at == at("09-16 08:00")
    assert [line.step for line in decision.trace] == ["rule.silenced", "x.acts"]
    assert "the office moves" in decision.trace[0].text


@pytest.mark.parametrize(
    "silence",
    [
        pytest.param(a_silence(rules=("other",)), id="for another rule"),
        pytest.param(a_silence(cohorts=("alumni",)), id="for another cohort"),
        pytest.param(a_silence(end="09-14 09:00"), id="that is just over"),
    ],
)
def test_a_silence_lies_on_nothing_else(silence):
    walk = silenced(silence)
    assert walk.acts(walk.rule(BookAhead))
    assert walk.decision() == Decision()


def test_of_several_silences_the_last_end_counts_and_the_next_begin_is_a_time_to_look():
    walk = silenced(a_silence(), a_silence(end="09-15 08:00"), a_silence("09-15 12:00", "09-20 08:00"))
    assert not walk.acts(walk.rule(BookAhead))
    assert "until 2026-09-16" in walk.decision().trace[0].text
    assert walk.decision().wake_at == at("09-15 12:00")


def test_no_rule_does_nothing():
    walk = Walk(a_state(), RuleSet(), NOW)
    assert walk.rule(BookAhead) is None
    assert not walk.acts(None)


def conditioned(*texts, **changes):
    conditions = [{} if text is None else {"when": parse_condition(text)} for text in texts]
    held = [ahead(name=f"rule-{n}", **condition) for n, condition in enumerate(conditions)]
    return Walk(a_state(**changes), RuleSet(rules=tuple(held)), NOW)


def test_a_rule_whose_condition_does_not_hold_leaves_the_next_one_its_turn():
    walk = conditioned("mentorship.cohort == 'alumni'", "mentorship.cadence_days == 0", None)
    assert walk.rule(BookAhead).name == "rule-1"
    first, second = walk.decision().trace
    assert (first.step, first.rule, second.step) == ("rule.passed_over", "rule-0", "rule.applies")
    found = "mentorship.cohort = 'new-hires'"
    assert first.checks == (Check(condition="mentorship.cohort == 'alumni'", found=found, holds=False),)
    assert walk.decision().wake_at is None


def test_a_condition_that_time_changes_is_looked_at_again_at_midnight():
    walk = conditioned("mentorship.age_days > 3", mentorship=a_mentorship(started_on=NOW.date()))
    assert walk.rule(BookAhead) is None
    assert walk.decision().wake_at == at("09-15 00:00")


def test_a_rule_is_picked_once():
    walk = conditioned("mentorship.age_days > 3")
    assert walk.rule(BookAhead) is walk.rule(BookAhead) is None
    assert len(walk.decision().trace) == 1


SUGGESTING = ahead(mode="suggest")


def test_under_suggest_one_person_is_asked_before_anything_is_added_to_a_calendar():
    walk = a_walk()
    walk.act(SUGGESTING, STEP, an_intent())
    decision = walk.decision()
    assert (decision.intents, decision.observed) == ((), ())
    assert [suggestion.intent for suggestion in decision.suggestions] == [an_intent()]
    assert decision.trace[0].verdict is Verdict.SUGGESTS
    assert walk.wanted(SUGGESTING, "online/m1/1")


def test_a_rule_that_enforces_can_be_made_to_ask_first():
    walk = a_walk()
    walk.act(ahead(), STEP, an_intent(), ask_first=True)
    assert walk.decision().intents == ()
    assert len(walk.decision().suggestions) == 1


def test_what_was_agreed_to_is_done():
    walk = a_walk(replies=(a_reply("suggest/online/m1/1"),))
    walk.act(SUGGESTING, STEP, an_intent())
    assert walk.decision().intents == (an_intent(),)
    assert walk.decision().suggestions == ()


def test_what_was_turned_down_is_not_asked_again_at_once():
    walk = a_walk(replies=(a_reply("suggest/online/m1/1", choice="no"),))
    walk.act(SUGGESTING, STEP, an_intent())
    assert (walk.decision().intents, walk.decision().suggestions) == ((), ())
    assert walk.decision().wake_at == NOW + 7 * DAY


def test_what_adds_and_moves_nothing_needs_no_yes():
    walk = a_walk()
    walk.flag(SUGGESTING, STEP, FlagKind.NOT_MEETING, "no session for long")
    (intent,) = walk.decision().intents
    assert (intent.flag, intent.key) == (FlagKind.NOT_MEETING, "flag/m1/not_meeting")


def test_checks_stand_with_the_step_that_follows_them():
    walk = a_walk()
    assert walk.check("has begun", 3, True)
    assert not walk.check("is over", "no", False)
    walk.note(None, STEP, "both looked at")
    walk.note(video(), STEP, "nothing more")
    first, second = walk.decision().trace
    assert first.checks == (
        Check(condition="has begun", found="3", holds=True),
        Check(condition="is over", found="no", holds=False),
    )
    assert (second.checks, first.rule, second.rule) == ((), "", "video")


def test_only_messages_about_the_matter_to_that_person_count_as_said():
    walk = a_walk(nudges=(a_nudge("x"), a_nudge("x", rung=2), a_nudge("y"), a_nudge("x", person="em")))
    assert walk.said("x", a_person("mo")) == 2
