"""Whatever the facts and rules: what is explained is what was decided, and what is kept of a decision gives it back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import MENTEE, MENTOR, a_reply
from hypothesis import given, settings
from hypothesis import strategies as st
from test_decide_properties import WEEKS, around, states

from graphsync.clock import SteppedClock
from graphsync.engine.explain import stories_of
from graphsync.engine.recorded import as_recorded, record, recorded, wanted_by
from graphsync.engine.replay import replay
from graphsync.mentoring import Choice, Hold, HoldKind, OptIn, Status
from graphsync.rules import decide as deciding
from graphsync.rules.conditions import parse_condition
from graphsync.rules.decide import PRACTICES, decide
from graphsync.rules.intents import Step
from graphsync.rules.nudging import STEPS as NUDGE_STEPS
from graphsync.rules.schema import NudgePolicy, RuleSet, Silence
from graphsync.rules.walk import STEPS as WALK_STEPS
from graphsync.store import open_store

EXAMPLES = 1000
CONDITIONS = [
    "mentorship.age_days < 30",
    "sessions.lost_in_a_row == 0 and mentorship.hours_in_common > 5",
    "not mentor.is_away",
    "12 / sessions.past > 2",
]
ABOUT = ["welcome/m1", "mentorship/m1", "lost/m1/1", "met/m1/1", "met/m1/2", "suggest/book/m1/1", "m1/chat/1"]
KNOWN_STEPS = {
    *(step.id for practice in PRACTICES for step in practice.steps),
    *(step.id for step in (*NUDGE_STEPS, *WALK_STEPS)),
    *(value.id for value in vars(deciding).values() if isinstance(value, Step)),
}


@st.composite
def rule_sets(draw, now):
    rules = []
    for practice in PRACTICES:
        for number in range(draw(st.sampled_from([1, 1, 0, 2]))):
            condition = draw(st.sampled_from([None, None, *CONDITIONS]))
            rules.append(
                practice.rule_type(
                    name=f"{practice.name.replace('_', '-')}-{number}",
                    mode=draw(st.sampled_from(["enforce", "suggest", "observe"])),
                    cohorts=draw(st.sampled_from([("all",), ("new-hires",)])),
                    **({} if condition is None else {"when": parse_condition(condition)}),
                )
            )
    silence = Silence(
        starts_at=now + draw(st.sampled_from([-1, 1])) * timedelta(days=1),
        ends_at=now + timedelta(days=3),
        reason="quiet",
    )
    return RuleSet(tuple(rules), NudgePolicy(), draw(st.sampled_from([(), (), (silence,)])))


@st.composite
def wider_states(draw, now):
    """Draw a state as the other properties do, and what the two have answered, paused, ended and kept free with it."""
    state = draw(states(now))
    replies = st.builds(
        a_reply,
        st.sampled_from(ABOUT),
        st.sampled_from(list(Choice)),
        st.sampled_from([MENTOR, MENTEE]),
        around(now, -20, 0),
        until=st.one_of(st.none(), around(now, -5, 20).map(datetime.date)),
        starts_at=st.one_of(st.none(), around(now, 1, 20, 15)),
    )
    held = [
        replace(
            session,
            booked_over=draw(st.frozensets(st.sampled_from([MENTOR, MENTEE]))),
            attended=draw(st.frozensets(st.sampled_from([MENTOR, MENTEE]))),
            holds=draw(
                st.sampled_from(
                    [
                        (),
                        (
                            Hold(
                                kind=HoldKind.BEFORE,
                                person=MENTOR,
                                event_id="h",
                                starts_at=session.starts_at - timedelta(minutes=10),
                                ends_at=session.starts_at,
                            ),
                        ),
                    ]
                )
            ),
        )
        for session in state.sessions
    ]
    days = st.one_of(st.none(), st.none(), around(now, -10, 40).map(datetime.date))
    mentorship = replace(
        state.mentorship,
        status=draw(st.sampled_from([Status.ACTIVE] * 6 + [Status.PAUSED])),
        paused_until=draw(days),
        ends_on=draw(days),
        released_at=draw(st.sampled_from([None, now])),
        opt_ins=draw(st.frozensets(st.sampled_from(list(OptIn)))),
    )
    said = sorted(draw(st.lists(replies, max_size=3)), key=lambda reply: reply.at)
    return replace(state, sessions=tuple(held), mentorship=mentorship, replies=tuple(said))


@pytest.fixture(scope="module")
def store():
    opened = open_store("sqlite://", SteppedClock(datetime(2026, 9, 1, tzinfo=UTC)))
    yield opened
    opened.close()


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_what_is_kept_and_laid_out_is_the_decision_itself(store, data):
    week = data.draw(st.sampled_from(WEEKS))
    now = data.draw(around(week, 0, 7))
    state, rules = data.draw(wider_states(now)), data.draw(rule_sets(now))
    decision = decide(state, rules, now)
    assert decide(state, rules, now) == decision
    assert decision.wake_at is None or decision.wake_at > now
    assert {line.step for line in decision.trace} <= KNOWN_STEPS
    with store.transaction() as ledger:
        ledger.people.save(state.mentor)
        ledger.people.save(state.mentee)
        ledger.mentorships.save(state.mentorship)
        record(ledger, state, decision, now)
        row = ledger.records.last_decision("m1", now)
        kept = as_recorded(row)
        ledger.records.purge(requests_before=now + timedelta(days=1), facts_before=now - timedelta(days=900))
        assert recorded(ledger, "m1", since=now, until=now + timedelta(days=1)) == []
    assert kept.wanted == wanted_by(decision)
    assert kept.trace == decision.trace
    assert kept.wake_at == decision.wake_at
    again = decide(kept.state, rules, now)
    assert (again.trace, wanted_by(again), again.wake_at) == (decision.trace, kept.wanted, decision.wake_at)
    told = [line for story in stories_of(kept.trace, rules) for line in story.lines]
    assert sorted(map(repr, told)) == sorted(repr(line) for line in decision.trace if line.rule)
    until = now + timedelta(minutes=1)
    assert [d for d in replay([kept], rules, until=until) if d.at == now] == []
