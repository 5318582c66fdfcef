from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders import (
    MENTEE,
    MENTOR,
    a_mentorship,
    a_nudge,
    a_reply,
    a_session,
    a_state,
    ahead,
    an_attempt,
    at,
    preparing,
    quiet,
    rules,
    unanswered,
)

from graphsync.calendar import TimeSlot
from graphsync.mentoring import Answer, Choice, Hold, HoldKind, Loss, OptIn, Response, Status
from graphsync.rules.decide import decide
from graphsync.rules.durations import ClockSpan
from graphsync.rules.intents import HoldTime, Matter, MoveSession, ReleaseTime, SendNudge, SetPresence
from graphsync.rules.kinds import clock_span

COMING = a_session(1, "09-22 10:00")
TEN = timedelta(minutes=10)
HOLDS = tuple(
    Hold(kind=kind, person=person, event_id=f"{kind}-{person}", starts_at=at(start), ends_at=at(end))
    for person in (MENTOR, MENTEE)
    for kind, start, end in (
        (HoldKind.BEFORE, "09-22 09:50", "09-22 10:00"),
        (HoldKind.AFTER, "09-22 10:50", "09-22 11:00"),
    )
)


def decided(*sessions, now="09-15 10:00", others=(), changes=None, **state):
    return decide(a_state(*sessions, **state), rules(quiet(**changes or {}), *others), at(now))


def kept(decision):
    return [(i.kind, i.person, i.slot) for i in decision.intents if isinstance(i, HoldTime)]


def steps(decision):
    return {line.step for line in decision.trace if line.step.startswith("undisturbed.")}


def slot(start, end):
    return TimeSlot(start=at(start), end=at(end))


def test_ten_minutes_are_kept_free_on_both_sides_for_both():
    before, after = slot("09-22 09:50", "09-22 10:00"), slot("09-22 10:50", "09-22 11:00")
    assert kept(decided(COMING)) == [
        (HoldKind.BEFORE, MENTOR, before),
        (HoldKind.AFTER, MENTOR, after),
        (HoldKind.BEFORE, MENTEE, before),
        (HoldKind.AFTER, MENTEE, after),
    ]


def test_nothing_is_put_around_an_invite_that_is_not_accepted():
    assert {person for _, person, _ in kept(decided(unanswered(1, "09-22 10:00")))} == {MENTEE}
    assert kept(decided(a_session(1, "09-22 10:00", answers={}))) == []


def test_what_is_kept_already_is_left_alone():
    decision = decided(a_session(1, "09-22 10:00", holds=HOLDS))
    assert decision.intents == ()


def test_when_a_session_moves_its_time_moves_with_it():
    moved = a_session(1, "09-23 10:00", holds=HOLDS)
    first = decided(moved)
    assert [i.event_id for i in first.intents if isinstance(i, ReleaseTime)] == [hold.event_id for hold in HOLDS]
    assert kept(first) == []  # what is to be given back is given back first
    then = decided(a_session(1, "09-23 10:00"))
    assert len(kept(then)) == 4


def test_a_lost_session_gives_its_time_back():
    lost = a_session(1, "09-22 10:00", holds=HOLDS, loss=Loss.CANCELLED, lost_at=at("09-15 09:00"))
    assert len([i for i in decided(lost).intents if isinstance(i, ReleaseTime)]) == 4


def test_a_rule_that_only_observes_gives_back_what_it_kept_and_leaves_the_rest():
    lost = a_session(1, "09-22 10:00", holds=HOLDS, loss=Loss.CANCELLED, lost_at=at("09-15 09:00"))
    coming = a_session(2, "09-22 10:00", holds=HOLDS)
    intents = decided(lost, coming, changes={"mode": "observe"}).intents
    assert [(i.number, i.event_id) for i in intents] == [(1, hold.event_id) for hold in HOLDS]


def test_while_the_mentor_has_time_to_read_again_it_is_the_air_before():
    again = Hold(
        kind=HoldKind.REREAD, person=MENTOR, event_id="again", starts_at=at("09-22 09:45"), ends_at=at("09-22 10:00")
    )
    kinds = [kind for kind, person, _ in kept(decided(a_session(1, "09-22 10:00", holds=(again,)))) if person == MENTOR]
    assert kinds == [HoldKind.AFTER]


@pytest.mark.parametrize("rule", [None, {"mode": "observe"}])
@pytest.mark.parametrize("changes", [{"starts_at": at("09-22 10:30")}, {"loss": Loss.CANCELLED}])
def test_what_is_kept_for_nothing_is_given_back_whatever_the_rule_says_by_then(rule, changes):
    stray = replace(a_session(1, "09-22 10:00", holds=HOLDS, lost_at=at("09-15 09:00")), **changes)
    chosen = [ahead(mode="observe"), *([] if rule is None else [quiet(**rule)])]
    wanted = [hold.event_id for hold in HOLDS if changes != {"starts_at": at("09-22 10:30")} or hold.kind == "before"]
    decision = decide(a_state(stray), rules(*chosen), at("09-15 10:00"))
    assert [i.event_id for i in decision.intents] == wanted
    assert "mentorship.gives_time_back" in {line.step for line in decision.trace}


def test_what_could_not_be_given_back_is_tried_again_when_that_is_due():
    lost = a_session(1, "09-22 10:00", holds=HOLDS[:1], loss=Loss.CANCELLED, lost_at=at("09-15 09:00"))
    tried = an_attempt(f"release/m1/1/{HOLDS[0].event_id}", at("09-15 09:30"), at("09-16 09:30"))
    decision = decided(lost, attempts=(tried,))
    assert (decision.intents, decision.wake_at) == ((), at("09-16 09:30"))


@pytest.mark.parametrize("status", ["paused", "ended"])
def test_at_an_end_it_is_given_back_and_in_a_pause_it_stays(status):
    state = a_state(a_session(1, "09-22 10:00", holds=HOLDS), mentorship=a_mentorship(status=Status(status)))
    assert len(decide(state, rules(quiet(mode="observe")), at("09-15 10:00")).intents) == (
        4 if status == "ended" else 0
    )


def test_a_time_that_was_lost_and_lies_behind_is_left():
    lost = a_session(1, "09-22 10:00", holds=HOLDS, loss=Loss.NOT_HELD, lost_at=at("09-22 12:00"))
    assert decided(lost, now="09-22 12:00").intents == ()


def test_who_is_not_sure_any_more_gets_the_time_back():
    unsure = a_session(1, "09-22 10:00", holds=HOLDS, answers={MENTOR: Answer(response=Response.TENTATIVE)})
    decision = decided(unsure)
    assert [i.person for i in decision.intents if isinstance(i, ReleaseTime)] == [MENTOR, MENTOR, MENTEE, MENTEE]
    assert "undisturbed.gives_back" in steps(decision)


def test_what_lies_behind_is_left_as_it_was():
    assert decided(a_session(1, "09-22 10:00", holds=HOLDS), now="09-23 10:00").intents == ()


def test_without_a_session_there_is_nothing_to_keep():
    assert steps(decided()) == {"undisturbed.nothing_to_keep"}


def test_the_rule_can_do_without_a_buffer():
    assert kept(decided(COMING, changes={"buffer": timedelta(0)})) == []


def test_an_action_under_way_or_one_that_failed_is_not_asked_for_again():
    first = decided(COMING).intents[0].key
    under_way = decided(COMING, pending=frozenset(f"{i.key}/now" for i in decided(COMING).intents))
    assert (under_way.intents, steps(under_way)) == ((), {"undisturbed.hold_under_way"})
    failed = decided(COMING, attempts=(an_attempt(first),))
    assert first not in [i.key for i in failed.intents]
    assert "undisturbed.hold_failed" in steps(failed)
    lost = a_session(1, "09-22 10:00", holds=HOLDS[:1], loss=Loss.CANCELLED, lost_at=at("09-15 09:00"))
    (release,) = decided(lost).intents
    assert decided(lost, pending=frozenset({f"{release.key}/now"})).intents == ()
    assert decided(lost, attempts=(an_attempt(release.key),)).intents == ()


def test_a_mentor_who_wishes_it_gets_a_quarter_of_an_hour_to_reread_notes():
    wished = a_mentorship(opt_ins=frozenset({OptIn.REREAD}))
    decision = decided(COMING, others=(preparing(),), mentorship=wished)
    assert (HoldKind.REREAD, MENTOR, slot("09-22 09:45", "09-22 10:00")) in kept(decision)
    assert (HoldKind.BEFORE, MENTEE, slot("09-22 09:50", "09-22 10:00")) in kept(decision)
    assert not [kind for kind, person, _ in kept(decision) if person == MENTOR and kind is HoldKind.BEFORE]


@pytest.mark.parametrize("others", [(), (preparing(mode="observe"),)])
def test_only_where_prepare_does_more_than_observe(others):
    wished = a_mentorship(opt_ins=frozenset({OptIn.REREAD}))
    kinds = {kind for kind, _, _ in kept(decided(COMING, others=others, mentorship=wished))}
    assert HoldKind.REREAD not in kinds


# ---------------------------------------------------------------- booked over

OVER = a_session(1, "09-22 10:00", booked_over=frozenset({MENTEE}), holds=HOLDS)
ABOUT = "over/m1/1/20260922T0800"


def test_who_is_booked_over_is_told_at_once_and_offered_a_move():
    (nudge,) = [i for i in decided(OVER).intents if isinstance(i, SendNudge)]
    assert (nudge.person, nudge.matter, nudge.about) == (MENTEE, Matter.BOOKED_OVER, ABOUT)
    assert (nudge.move_offered, nudge.choices) == (True, (Choice.YES,))


def test_within_48_hours_no_move_is_offered():
    (nudge,) = [i for i in decided(OVER, now="09-21 10:00").intents if isinstance(i, SendNudge)]
    assert (nudge.move_offered, nudge.choices) == (False, ())


def test_it_is_said_once_for_each_time():
    assert decided(OVER, nudges=(a_nudge(ABOUT, MENTEE),)).intents == ()


def test_the_rule_can_leave_it_out():
    assert decided(OVER, changes={"booked_over": False}).intents == ()


def moves(decision):
    return [i for i in decision.intents if isinstance(i, MoveSession)]


def test_on_a_yes_the_session_is_moved_within_its_week_or_later():
    (move,) = moves(decided(OVER, replies=(a_reply(ABOUT),)))
    assert move.request.windows == (slot("09-21 00:00", "09-28 00:00"), slot("09-28 00:00", "10-12 00:00"))
    assert (move.request.earliest, move.proposal_by) == (True, None)


def test_late_in_its_week_it_is_moved_a_day_ahead_at_least():
    sunday = a_session(1, "09-27 23:00", booked_over=frozenset({MENTEE}))
    (move,) = moves(decided(sunday, now="09-24 22:00", replies=(a_reply("over/m1/1/20260927T2100"),)))
    assert move.request.windows == (slot("09-25 22:00", "09-28 00:00"), slot("09-28 00:00", "10-12 00:00"))


def test_it_is_moved_before_a_known_last_day_or_not_at_all():
    yes = (a_reply(ABOUT),)
    (move,) = moves(decided(OVER, replies=yes, mentorship=a_mentorship(ends_on=date(2026, 9, 24))))
    assert move.request.windows == (slot("09-21 00:00", "09-25 00:00"),)
    beyond = decided(OVER, now="09-19 10:00", replies=yes, mentorship=a_mentorship(ends_on=date(2026, 9, 19)))
    assert (moves(beyond), "undisturbed.move_held_back" in steps(beyond)) == ([], True)


def test_a_no_or_a_yes_that_came_too_late_moves_nothing():
    assert moves(decided(OVER, replies=(a_reply(ABOUT, "no"),))) == []
    assert moves(decided(OVER, replies=(a_reply(ABOUT),), now="09-21 10:00")) == []


def test_a_move_under_way_or_one_that_failed_is_left_alone():
    key = f"move/m1/1/{ABOUT.rsplit('/', 1)[-1]}/over"
    yes = (a_reply(ABOUT),)
    assert moves(decided(OVER, replies=yes, pending=frozenset({f"{key}/now"}))) == []
    decision = decided(OVER, replies=yes, attempts=(an_attempt(key),))
    assert (moves(decision), "undisturbed.move_held_back" in steps(decision)) == ([], True)


# ---------------------------------------------------------------- presence and the hours sought

PRESENCE = {"presence": True, "buffer": timedelta(0)}


def test_while_a_session_runs_both_are_shown_as_do_not_disturb():
    before = decided(COMING, now="09-22 09:00", changes=PRESENCE)
    assert (before.intents, before.wake_at) == ((), at("09-22 10:00"))
    decision = decided(COMING, now="09-22 10:00", changes=PRESENCE)
    assert [(i.person, i.until) for i in decision.intents] == [(MENTOR, at("09-22 10:50")), (MENTEE, at("09-22 10:50"))]
    assert all(isinstance(i, SetPresence) for i in decision.intents)


def test_it_is_done_once():
    keys = ("presence/m1/1/mentor", "presence/m1/1/mentee")
    done = decided(
        COMING,
        now="09-22 10:00",
        changes=PRESENCE,
        pending=frozenset(keys[:1]),
        attempts=(an_attempt(keys[1], reason="done"),),
    )
    assert done.intents == ()


def booking(**changes):
    decision = decide(a_state(), rules(ahead(), quiet(**changes)), at("09-14 09:00"))
    return next(i for i in decision.intents if i.rule == "ahead")


def test_sessions_are_sought_with_air_around_them_and_not_over_lunch():
    request = booking().request
    assert request.buffer == TEN
    (of_mentor, of_mentee) = request.not_during
    assert (of_mentor[0], of_mentee[0]) == (MENTOR, MENTEE)
    assert {(h.start.hour, h.end.hour) for h in of_mentor[1].hours} == {(12, 13)}
    assert len(of_mentor[1].hours) == 7
    assert booking().quiet_reminder


def test_lunch_can_go_past_midnight_or_be_left_out():
    night = booking(lunch=clock_span("23:00-01:00")).request.not_during[0][1].hours
    assert len(night) == 14
    assert booking(lunch=ClockSpan(clock_span("23:00-00:00").start, clock_span("23:00-00:00").end)).request.not_during
    assert booking(lunch=None).request.not_during == ()


def test_where_it_only_observes_sessions_are_sought_as_ever():
    request = booking(mode="observe").request
    assert (request.buffer, request.not_during) == (timedelta(0), ())
    assert not booking(mode="observe").quiet_reminder
