from datetime import date

import pytest
from builders import (
    DAY,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_nudge,
    a_person,
    a_reply,
    a_session,
    a_state,
    ahead,
    at,
    rules,
    start,
    weekly_hours,
)

from graphsync.mentoring import Choice, FlagKind
from graphsync.rules.decide import decide
from graphsync.rules.intents import FlagMentorship, Matter, SendNudge

WELCOME = "welcome/m1"
BOTH_ANSWERED = (a_reply(WELCOME, "settled", MENTOR), a_reply(WELCOME, "settled", MENTEE))
WELCOMED = (a_nudge(WELCOME, MENTOR, practice="start_well"), a_nudge(WELCOME, MENTEE, practice="start_well"))


def decided(state, now=NOW, **changes):
    return decide(state, rules(start(**changes)), now)


def steps(decision):
    return [line.step for line in decision.trace if line.step.startswith("start_well.")]


def test_both_are_welcomed_when_the_mentorship_begins():
    decision = decided(a_state())
    assert [(n.person, n.matter, n.choices) for n in decision.intents] == [
        (MENTOR, Matter.WELCOME, (Choice.SETTLED,)),
        (MENTEE, Matter.WELCOME, (Choice.SETTLED,)),
    ]


def test_nobody_is_welcomed_before_the_first_day():
    decision = decided(a_state(mentorship=a_mentorship(started_on=date(2026, 9, 21))))
    assert (decision.intents, steps(decision)) == ((), ["start_well.released_later"])
    assert decision.wake_at == at("09-21 00:00")


def test_an_import_is_released_in_its_turn():
    decision = decided(a_state(mentorship=a_mentorship(released_at=at("09-16 00:00"))))
    assert (decision.intents, decision.wake_at) == ((), at("09-16 00:00"))


def test_who_has_answered_is_not_asked_again_and_who_was_welcomed_is_not_welcomed_twice():
    state = a_state(replies=BOTH_ANSWERED[:1], nudges=WELCOMED[1:])
    decision = decided(state)
    assert decision.intents == ()
    assert steps(decision) == ["start_well.awaits_answers"]
    assert decision.wake_at == at("09-21 09:00")


def test_when_both_have_answered_all_is_settled():
    assert steps(decided(a_state(replies=BOTH_ANSWERED, nudges=WELCOMED))) == ["start_well.settled"]


def test_after_five_working_days_without_both_answers_the_coordinator_sees_not_started():
    decision = decided(a_state(nudges=WELCOMED), at("09-21 09:00"))
    assert [intent.flag for intent in decision.intents] == [FlagKind.NOT_STARTED]


def test_the_flag_waits_while_no_working_day_comes():
    mentee = a_person(MENTEE, hours=weekly_hours(weekdays=[]))
    state = a_state(mentee=mentee, organizer=a_person("box"), nudges=WELCOMED)
    assert decided(state, at("12-21 09:00")).intents == ()


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(a_state(a_session(1, "09-10 10:00")), id="they have met already"),
        pytest.param(a_state(mentorship=a_mentorship(started_on=date(2026, 6, 1), released_at=NOW)), id="old"),
    ],
)
def test_a_mentorship_under_way_is_not_welcomed(state):
    decision = decided(state)
    assert not [i for i in decision.intents if isinstance(i, SendNudge | FlagMentorship)]
    assert "start_well.under_way" in steps(decision)


def test_the_first_session_waits_for_what_is_settled_and_is_only_suggested_until_then():
    both = rules(start(), ahead())
    first = decide(a_state(), both, NOW)
    assert [suggestion.intent.rule for suggestion in first.suggestions] == ["ahead"]
    settled = decide(a_state(replies=BOTH_ANSWERED), both, NOW)
    assert [intent.rule for intent in settled.intents] == ["ahead"]
    assert settled.suggestions == ()


def test_where_start_well_only_observes_nothing_waits_for_it():
    decision = decide(a_state(), rules(start(mode="observe"), ahead()), NOW)
    assert [intent.rule for intent in decision.intents] == ["ahead"]
    assert len(decision.observed) == 2


def test_a_welcome_goes_out_in_each_ones_working_time():
    state = a_state(mentor=a_person(MENTOR, "Australia/Sydney"))
    decision = decided(state)
    assert [intent.person for intent in decision.intents] == [MENTEE]
    assert decision.wake_at == at("09-15 09:00", "Australia/Sydney")
    assert decision.wake_at - NOW < DAY
