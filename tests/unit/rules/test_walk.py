from datetime import timedelta

import pytest
from builders import DAY, HOUR, NOW, a_state, ahead, an_attempt

from graphsync.rules.intents import AddOnlineMeeting, Decision, TraceLine, Verdict
from graphsync.rules.walk import Walk

OBSERVING = ahead(mode="observe")


def an_intent(key="online/m1/1"):
    return AddOnlineMeeting(key=key, mentorship="m1", rule="ahead", reason="no link yet", number=1)


def a_walk(**changes):
    return Walk(a_state(**changes), NOW)


def test_a_walk_that_finds_nothing_comes_to_nothing():
    assert a_walk().decision() == Decision()


def test_what_a_rule_wants_is_done_or_only_observed():
    walk = a_walk()
    walk.act(ahead(), an_intent("a"))
    walk.act(OBSERVING, an_intent("b"))
    decision = walk.decision()
    assert ([i.key for i in decision.intents], [i.key for i in decision.observed]) == (["a"], ["b"])
    assert [line.verdict for line in decision.trace] == [Verdict.ACTS, Verdict.OBSERVES]
    assert decision.trace[0] == TraceLine(rule="ahead", verdict=Verdict.ACTS, text="no link yet")


def test_a_wait_says_until_when_and_looks_again_then():
    walk = a_walk()
    walk.wait("ahead", NOW + DAY, "not yet")
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
    walk.act(first, an_intent("a"))
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
    assert walk.held_back(ahead(), "a") == held
    assert walk.decision().wake_at == wake_at
    assert len(walk.decision().trace) == held


def test_the_reason_of_a_try_that_came_to_nothing_is_shown():
    walk = a_walk(attempts=(an_attempt("a", reason="Mo is away"),))
    walk.held_back(ahead(), "a")
    assert walk.decision().trace == (TraceLine(rule="ahead", verdict=Verdict.HOLDS, text="Mo is away"),)


def test_walks_do_not_share_what_they_note():
    first = a_walk()
    first.wait("ahead", NOW + timedelta(minutes=1), "not yet")
    assert a_walk().decision() == Decision()
