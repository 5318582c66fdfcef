"""Whatever the facts and rules: what is explained is what was decided, and what is kept of a decision gives it back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import MENTOR, a_reply
from hypothesis import given, settings
from hypothesis import strategies as st
from test_decide_properties import ONE, WEEKS, around, at, span, states

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
from graphsync.rules.strays import STEPS as STRAY_STEPS
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
    *(step.id for step in (*NUDGE_STEPS, *STRAY_STEPS, *WALK_STEPS)),
    *(value.id for value in vars(deciding).values() if isinstance(value, Step)),
}


HOW_MANY = st.sampled_from([1, 1, 0, 2])
WHEN = st.sampled_from([None, None, *map(parse_condition, CONDITIONS)])
MODES = st.sampled_from(["enforce", "suggest", "observe"])
COHORTS = st.sampled_from([("all",), ("new-hires",)])
YESTERDAY_OR_TOMORROW = st.sampled_from([-1, 1])
IS_QUIET = st.sampled_from([False, False, True])
PAIR = st.frozensets(ONE)
IS_HELD = st.booleans()
DAYS = st.one_of(st.none(), st.none(), span(-10, 40))
STATUSES = st.sampled_from([Status.ACTIVE] * 6 + [Status.PAUSED])
IS_RELEASED = st.booleans()
OPT_INS = st.frozensets(st.sampled_from(list(OptIn)))
REPLIES = st.lists(
    st.tuples(
        st.sampled_from(ABOUT),
        st.sampled_from(list(Choice)),
        ONE,
        span(-20, 0),
        st.one_of(st.none(), span(-5, 20)),
        st.one_of(st.none(), span(1, 20, 15)),
    ),
    max_size=3,
)


@st.composite
def rule_sets(draw, now):
    rules = []
    for practice in PRACTICES:
        for number in range(draw(HOW_MANY)):
            condition = draw(WHEN)
            rules.append(
                practice.rule_type(
                    name=f"{practice.name.replace('_', '-')}-{number}",
                    mode=draw(MODES),
                    cohorts=draw(COHORTS),
                    **({} if condition is None else {"when": condition}),
                )
            )
    silence = Silence(
        starts_at=now + draw(YESTERDAY_OR_TOMORROW) * timedelta(days=1),
        ends_at=now + timedelta(days=3),
        reason="quiet",
    )
    return RuleSet(tuple(rules), NudgePolicy(), (silence,) if draw(IS_QUIET) else ())


@st.composite
def wider_states(draw, now):
    """Draw a state as the other properties do, and what the two have answered, paused, ended and kept free with it."""
    state = draw(states(now))
    held = [
        replace(
            session,
            booked_over=draw(PAIR),
            attended=draw(PAIR),
            holds=(
                Hold(
                    kind=HoldKind.BEFORE,
                    person=MENTOR,
                    event_id="h",
                    starts_at=session.starts_at - timedelta(minutes=10),
                    ends_at=session.starts_at,
                ),
            )
            if draw(IS_HELD)
            else (),
        )
        for session in state.sessions
    ]
    mentorship = replace(
        state.mentorship,
        status=draw(STATUSES),
        paused_until=day(now, draw(DAYS)),
        ends_on=day(now, draw(DAYS)),
        released_at=now if draw(IS_RELEASED) else None,
        opt_ins=draw(OPT_INS),
    )
    replies = [
        a_reply(about, choice, person, now + far, until=day(now, until), starts_at=at(now, starts))
        for about, choice, person, far, until, starts in draw(REPLIES)
    ]
    said = sorted(replies, key=lambda reply: reply.at)
    return replace(state, sessions=tuple(held), mentorship=mentorship, replies=tuple(said))


def day(now, far):
    """Return the day of the instant that lies `far` from now; none where none was drawn."""
    return None if far is None else (now + far).date()


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
