from datetime import timedelta

import pytest
from builders import (
    MENTEE,
    MENTOR,
    a_mentorship,
    a_nudge,
    a_person,
    a_reply,
    a_session,
    a_state,
    at,
    preparing,
    quiet,
    rules,
    unanswered,
    weekly_hours,
)

from graphsync.mentoring import Absence, Hold, HoldKind, Loss, OptIn
from graphsync.rules.decide import decide
from graphsync.rules.intents import HoldTime, Matter, ReleaseTime, SendNudge

COMING = a_session(1, "09-22 10:00")
"""A Tuesday; three working days before is Thursday the 17th."""
AGENDA = (a_nudge("agenda/m1/1", MENTOR), a_nudge("agenda/m1/1", MENTEE))
NOTES = (a_nudge("notes/m1/1", MENTOR), a_nudge("notes/m1/1", MENTEE))


def decided(state, now, **changes):
    return decide(state, rules(preparing(**changes)), at(now))


def nudged(decision):
    return [(i.person, i.matter, i.rung) for i in decision.intents if isinstance(i, SendNudge)]


def steps(decision):
    return {line.step for line in decision.trace if line.step.startswith("prepare.")}


def test_three_working_days_before_both_are_prompted_to_fill_the_agenda():
    early = decided(a_state(COMING), "09-16 10:00")
    assert (early.intents, steps(early)) == ((), {"prepare.agenda_later"})
    assert early.wake_at == at("09-17 10:00")
    decision = decided(a_state(COMING), "09-17 10:00")
    assert nudged(decision) == [(MENTOR, Matter.PREPARE, 1), (MENTEE, Matter.PREPARE, 1)]


def test_it_is_said_once():
    assert decided(a_state(COMING, nudges=AGENDA), "09-17 10:00").intents == ()


def test_working_days_are_each_ones_own():
    leave = Absence(starts_at=at("09-16 00:00"), ends_at=at("09-19 00:00"))
    state = a_state(COMING, mentor=a_person(MENTOR, absences=(leave,)))
    assert nudged(decided(state, "09-15 10:00")) == [(MENTOR, Matter.PREPARE, 1)]


def test_a_session_that_was_booked_late_is_still_prepared_but_not_in_its_last_two_hours():
    assert len(nudged(decided(a_state(COMING), "09-21 16:00"))) == 2
    late = decided(a_state(COMING), "09-22 09:00")
    assert (late.intents, steps(late)) == ((), {"prepare.agenda_too_late"})


def test_a_cancelled_session_is_not_prepared():
    lost = a_session(1, "09-22 10:00", loss=Loss.CANCELLED, lost_at=at("09-16 10:00"))
    decision = decided(a_state(lost), "09-17 10:00")
    assert (decision.intents, steps(decision)) == ((), {"prepare.no_session"})


def test_who_has_no_working_day_in_sight_is_prompted_at_once():
    mentor = a_person(MENTOR, hours=weekly_hours(weekdays=[0]))
    assert nudged(decided(a_state(COMING, mentor=mentor), "09-07 10:00")) == [(MENTOR, Matter.PREPARE, 1)]


def test_when_it_ends_both_are_prompted_to_write_notes():
    decision = decided(a_state(COMING, nudges=AGENDA), "09-22 10:50")
    assert nudged(decision) == [(MENTOR, Matter.NOTES, 1), (MENTEE, Matter.NOTES, 1)]


def test_once_more_on_the_next_working_day_and_then_no_more():
    waiting = decided(a_state(COMING, nudges=NOTES), "09-22 12:00")
    assert (waiting.intents, waiting.wake_at) == ((), at("09-23 09:00"))
    assert "prepare.notes_again_later" in steps(waiting)
    assert nudged(decided(a_state(COMING, nudges=NOTES), "09-23 09:00")) == [
        (MENTOR, Matter.NOTES, 2),
        (MENTEE, Matter.NOTES, 2),
    ]
    twice = (*NOTES, a_nudge("notes/m1/1", MENTOR, rung=2), a_nudge("notes/m1/1", MENTEE, rung=2))
    assert decided(a_state(COMING, nudges=twice), "09-23 09:00").intents == ()


def test_the_next_working_day_after_a_friday_is_monday():
    friday = a_session(1, "09-25 10:00")
    assert decided(a_state(friday, nudges=NOTES), "09-25 12:00").wake_at == at("09-28 09:00")


def test_for_whoever_has_no_working_day_within_a_year_it_is_the_next_week():
    away = Absence(starts_at=at("09-23 00:00"), ends_at=at("2027-12-01 00:00"))
    state = a_state(COMING, nudges=NOTES[:1], mentor=a_person(MENTOR, absences=(away,)), replies=())
    assert at("09-28 00:00") >= decided(state, "09-22 12:00").wake_at


@pytest.mark.parametrize("changes", [{"notes": False}, {"notes_again": False}])
def test_the_rule_can_leave_them_out(changes):
    assert decided(a_state(COMING, nudges=NOTES), "09-23 09:00", **changes).intents == ()


def test_no_notes_are_asked_for_where_one_said_they_did_not_meet():
    state = a_state(COMING, replies=(a_reply("met/m1/1", "not_met"),))
    decision = decided(state, "09-22 11:00")
    assert (decision.intents, "prepare.no_notes" in steps(decision)) == ((), True)


def test_old_sessions_are_not_asked_about():
    assert decided(a_state(COMING), "10-05 10:00").intents == ()


# ---------------------------------------------------------------- time to read again

WISHED = a_mentorship(opt_ins=frozenset({OptIn.REREAD}))
REREAD = Hold(
    kind=HoldKind.REREAD, person=MENTOR, event_id="reread", starts_at=at("09-22 09:45"), ends_at=at("09-22 10:00")
)


def holding(session=COMING, others=(), mentorship=WISHED, **changes):
    return decide(a_state(session, mentorship=mentorship), rules(preparing(**changes), *others), at("09-15 10:00"))


def kept(decision):
    return [(i.person, i.slot.start, i.slot.end) for i in decision.intents if isinstance(i, HoldTime)]


def test_a_mentor_who_wishes_it_has_a_quarter_of_an_hour_before_a_session():
    assert kept(holding()) == [(MENTOR, at("09-22 09:45"), at("09-22 10:00"))]
    assert kept(holding(mentorship=None)) == []
    assert kept(holding(unanswered(1, "09-22 10:00"))) == []
    assert holding(a_session(1, "09-22 10:00", holds=(REREAD,))).intents == ()


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_it_is_as_long_as_the_air_that_would_be_kept_there(mode):
    longer = quiet(buffer=timedelta(minutes=30), mode=mode)
    starts = [start for person, start, _ in kept(holding(others=(longer,))) if person == MENTOR]
    assert starts[-1] == at("09-22 09:30" if mode == "enforce" else "09-22 09:45")


@pytest.mark.parametrize("mode", ["observe", "suggest", "enforce"])
def test_it_is_given_back_with_its_session_whatever_the_mode(mode):
    lost = a_session(1, "09-22 10:00", holds=(REREAD,), loss=Loss.CANCELLED, lost_at=at("09-15 09:00"))
    (release,) = holding(lost, mode=mode).intents
    assert isinstance(release, ReleaseTime)
    assert release.event_id == "reread"
