from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_nudge,
    a_person,
    a_proposal,
    a_reply,
    a_session,
    a_state,
    ahead,
    an_attempt,
    at,
    closing,
    quiet,
    rebook,
    rules,
    video,
    weekly_hours,
)

from graphsync.calendar import Limits, TimeSlot
from graphsync.mentoring import Absence, Choice, Loss, Medium, Reach, StandingTime
from graphsync.rules.decide import decide
from graphsync.rules.durations import WorkingTime
from graphsync.rules.intents import BookSession, CancelSession, KeepReason, Matter, MoveSession, SendNudge, Verdict
from graphsync.rules.rebook_same_week import MARGIN

WEEK = TimeSlot(start=at("09-21 00:00"), end=at("09-28 00:00"))
LOST_AT = at("09-21 09:00")
ACT_AT = at("09-21 11:00")
NOTICE = 24 * HOUR + MARGIN


def lost(number=1, starts_at="09-23 10:00", loss=Loss.DECLINED, lost_at=LOST_AT, **changes):
    return a_session(number, starts_at, loss=loss, lost_at=lost_at, **changes)


def only(state, now=ACT_AT, rule=None):
    """Return the only intent."""
    (intent,) = decide(state, rules(rule or rebook()), now).intents
    return intent


def said(decision):
    return [(line.verdict, line.text) for line in decision.trace]


# ---------------------------------------------------------------- what is put back


@pytest.mark.parametrize("loss", list(Loss))
def test_a_lost_session_is_put_back_into_its_week(loss):
    intent = only(a_state(lost(loss=loss)))
    assert isinstance(intent, BookSession)
    assert (intent.key, intent.number, intent.replaces) == ("book/m1/2", 2, 1)
    assert (intent.week, intent.week_windows) == (WEEK, 1)
    assert intent.reason == "session 1 was lost and is put back"
    assert intent.request.earliest
    assert intent.request.length == timedelta(minutes=50)
    assert intent.request.use_offered == (MENTOR, MENTEE)


@pytest.mark.parametrize(
    ("loss", "self_booked", "same_event"),
    [
        pytest.param(Loss.DECLINED, False, True, id="declined: both keep their copy"),
        pytest.param(Loss.DROPPED, False, True, id="dropped"),
        pytest.param(Loss.ABSENT, False, True, id="absent"),
        pytest.param(Loss.CANCELLED, False, False, id="cancelled: there is no event left"),
        pytest.param(Loss.DECLINED, True, False, id="booked by the pair: the event is theirs"),
    ],
)
def test_the_same_event_is_moved_where_it_is_there_and_ours(loss, self_booked, same_event):
    assert only(a_state(lost(loss=loss, self_booked=self_booked))).same_event == same_event


def test_the_replacement_is_at_least_24_hours_ahead_and_may_come_up_to_21_days_after_the_week():
    in_week, later = only(a_state(lost())).request.windows
    assert in_week == TimeSlot(start=ACT_AT + NOTICE, end=WEEK.end)
    assert only(a_state(lost())).least_lead == 24 * HOUR
    assert later == TimeSlot(start=WEEK.end, end=WEEK.end + 21 * DAY)


def test_a_session_lost_in_a_later_week_may_be_put_anywhere_in_that_week():
    intent = only(a_state(lost(starts_at="09-30 10:00")))
    assert intent.request.windows[0] == TimeSlot(start=at("09-28 00:00"), end=at("10-05 00:00"))


@pytest.mark.parametrize(
    ("zone", "week"),
    [
        pytest.param("Europe/Berlin", ("10-19 00:00", "10-26 00:00"), id="in Berlin it is still Sunday"),
        pytest.param("Asia/Kolkata", ("10-26 00:00", "11-02 00:00"), id="in Kolkata it is Monday"),
    ],
)
def test_the_week_is_the_iso_week_of_the_mentee_also_where_the_clocks_change(zone, week):
    state = a_state(
        lost(starts_at="10-25 22:00", lost_at=at("10-20 09:00")),
        mentee=a_person(MENTEE, zone, hours=weekly_hours(zone, "00:00", "23:59", range(7))),
    )
    assert only(state, at("10-20 12:00")).week == TimeSlot(start=at(week[0], zone), end=at(week[1], zone))


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        pytest.param("09-27 12:00", "09-28 12:30", id="a day from now is in the next week"),
        pytest.param("09-26 23:30", "09-28 00:00", id="less than a session is left of the week"),
    ],
)
def test_a_week_without_a_day_left_is_looked_beyond(now, earliest):
    state = a_state(lost(starts_at="09-27 22:00", lost_at=at("09-25 09:00")))
    intent = only(state, at(now))
    assert intent.week_windows == 0
    assert intent.request.windows == (TimeSlot(start=at(earliest), end=at(earliest) + 21 * DAY),)


def test_the_lost_time_itself_is_not_booked_again_and_does_not_count_against_the_limits():
    session = lost()
    state = a_state(session, mentor_sessions=(session.starts_at, NOW))
    request = decide(state, rules(ahead(), rebook()), ACT_AT).intents[0].request
    assert request.blocked == (TimeSlot(start=session.starts_at, end=session.ends_at),)
    assert request.mentor_sessions == (NOW,)
    assert request.mentor_limits == Limits(per_day=2, per_week=4)


def test_without_book_ahead_no_limits_are_known():
    assert only(a_state(lost())).request.mentor_limits is None


def test_the_replacement_is_held_as_the_lost_session_was():
    state = a_state(lost(medium=Medium.PHONE))
    intent = decide(state, rules(rebook(), video()), ACT_AT).intents[0]
    assert (intent.medium, intent.online) == (Medium.PHONE, False)
    intent = decide(a_state(lost()), rules(rebook(), video()), ACT_AT).intents[0]
    assert (intent.medium, intent.online) == (Medium.VIDEO, True)


def test_up_to_two_alternatives_are_offered():
    assert only(a_state(lost())).alternatives == 2
    assert only(a_state(lost()), rule=rebook(alternatives=0)).alternatives == 0


# ---------------------------------------------------------------- when


def test_the_pair_has_two_working_hours_to_put_it_back_themselves():
    decision = decide(a_state(lost()), rules(rebook()), ACT_AT - timedelta(minutes=1))
    assert (decision.intents, decision.wake_at) == ((), ACT_AT)


def test_the_wait_runs_in_working_time():
    state = a_state(lost(starts_at="09-24 10:00", lost_at=at("09-21 16:00")))
    assert decide(state, rules(rebook()), at("09-21 17:00")).wake_at == at("09-22 10:00")


def test_the_wait_does_not_cost_the_last_slot_of_the_week():
    # The last session of the week could begin on Friday at 16:10, and is booked a day before.
    state = a_state(lost(starts_at="09-25 10:00", lost_at=at("09-24 15:30")))
    assert decide(state, rules(rebook()), at("09-24 15:30")).wake_at == at("09-24 16:10")


def test_a_loss_too_late_for_its_week_waits_as_any_other():
    state = a_state(lost(starts_at="09-25 16:00", lost_at=at("09-25 10:00")))
    assert decide(state, rules(rebook()), at("09-25 10:00")).wake_at == at("09-25 12:00")


def test_a_week_without_common_hours_waits_as_any_other():
    state = a_state(lost(), mentor=a_person(MENTOR, "Australia/Sydney"))
    assert decide(state, rules(rebook()), LOST_AT).wake_at == ACT_AT


def test_who_hardly_works_is_not_waited_for():
    moments = weekly_hours("Europe/Berlin", "09:00", "09:02", [0])
    intent = only(a_state(lost(), mentee=a_person(MENTEE, hours=moments)), LOST_AT)
    assert intent.short_notice is None


def test_no_wait_at_all_can_be_chosen():
    assert only(a_state(lost()), LOST_AT, rebook(wait=WorkingTime(timedelta()))).replaces == 1


# ---------------------------------------------------------------- short notice


def test_four_working_hours_of_notice_are_enough_for_a_suggestion():
    assert only(a_state(lost())).short_notice == TimeSlot(
        start=at("09-21 15:00"), end=ACT_AT + NOTICE + timedelta(minutes=50)
    )


def test_a_suggestion_at_short_notice_lies_within_the_lost_week():
    state = a_state(lost(starts_at="09-30 10:00"))
    assert only(state).short_notice is None
    before_the_week = at("09-27 20:00")
    assert only(state, before_the_week).short_notice == TimeSlot(
        start=at("09-28 13:00"), end=before_the_week + NOTICE + timedelta(minutes=50)
    )


def test_no_suggestion_reaches_beyond_the_week():
    state = a_state(lost(starts_at="09-25 16:00", lost_at=at("09-25 10:00")))
    assert only(state, at("09-25 13:30")).short_notice is None


# ---------------------------------------------------------------- what is not put back


@pytest.mark.parametrize(
    "sessions",
    [
        pytest.param((a_session(1, "09-23 10:00"),), id="it stands"),
        pytest.param((lost(lost_at=at("09-23 11:00")),), id="lost when it was over"),
        pytest.param((lost(lost_at=None),), id="nobody knows since when"),
        pytest.param((lost(no_slot_reason="Em is away"),), id="settled with a reason"),
        pytest.param((lost(), a_session(2, "09-24 10:00", replaces=1)), id="put back already"),
        pytest.param((lost(), a_session(2, "09-25 10:00", self_booked=True)), id="the pair booked one in that week"),
    ],
)
def test_nothing_is_put_back_where_nothing_is_missing(sessions):
    assert decide(a_state(*sessions), rules(rebook()), ACT_AT).intents == ()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a_session(2, "09-25 10:00"), id="ours"),
        pytest.param(a_session(2, "09-29 10:00", self_booked=True), id="in another week"),
        pytest.param(lost(2, "09-25 10:00", self_booked=True, no_slot_reason="over"), id="lost as well"),
    ],
)
def test_other_sessions_do_not_stand_for_a_lost_one(other):
    assert only(a_state(lost(), other)).replaces == 1


def test_a_session_that_was_there_before_does_not_stand_for_a_lost_one():
    state = a_state(a_session(1, "09-25 10:00", self_booked=True), lost(2))
    assert only(state).replaces == 2


def test_one_lost_session_is_put_back_at_a_time():
    assert only(a_state(lost(1), lost(2, "09-24 10:00"))).replaces == 1


def test_nothing_is_put_back_while_a_booking_is_under_way():
    decision = decide(a_state(lost(), pending=frozenset({"book/m1/2/x"})), rules(rebook()), ACT_AT)
    assert said(decision) == [(Verdict.WAITS, "a booking is under way")]


def test_a_try_that_found_an_unreadable_calendar_is_repeated_when_that_is_due():
    state = a_state(lost(), attempts=(an_attempt("book/m1/2", retry_at=ACT_AT + HOUR),))
    assert decide(state, rules(rebook()), ACT_AT).wake_at == ACT_AT + HOUR
    assert only(state, ACT_AT + HOUR).number == 2


# ---------------------------------------------------------------- too often in a row


def test_after_two_replacements_in_a_row_a_new_standing_time_is_asked_for_instead():
    state = a_state(lost(1), lost(2, replaces=1), lost(3, replaces=2))
    intent = only(state)
    assert isinstance(intent, KeepReason)
    assert (intent.key, intent.number) == ("keep/m1/3", 3)
    assert intent.code == "moved_often"


def test_one_replacement_that_is_lost_is_put_back_again():
    assert only(a_state(lost(1), lost(2, replaces=1))).replaces == 2


def test_replacements_of_sessions_nobody_remembers_count_from_what_is_known():
    assert only(a_state(lost(2, replaces=1))).replaces == 2


def test_a_session_that_claims_to_replace_itself_is_no_endless_chain():
    assert only(a_state(lost(1, replaces=2), lost(2, replaces=2))).replaces == 1


# ---------------------------------------------------------------- who is away


def away(start, end, person=MENTOR):
    return a_person(person, absences=(Absence(starts_at=at(start), ends_at=end and at(end)),))


@pytest.mark.parametrize("person", [MENTOR, MENTEE])
def test_a_session_that_falls_into_an_absence_is_put_back(person):
    role = "mentor" if person == MENTOR else "mentee"
    state = a_state(a_session(1, "09-23 10:00"), **{role: away("09-23 00:00", "09-24 00:00", person)})
    intent = only(state, at("09-21 10:00"))
    assert (intent.replaces, intent.same_event) == (1, True)
    assert intent.reason == "session 1 falls into an absence and is put back"


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        pytest.param("09-21 10:00", Verdict.ACTS, id="48 h ahead"),
        pytest.param("09-21 10:01", Verdict.SUGGESTS, id="less than 48 h ahead"),
        pytest.param("09-22 10:00", Verdict.SUGGESTS, id="24 h ahead"),
        pytest.param("09-22 10:01", Verdict.HOLDS, id="less than 24 h ahead"),
    ],
)
def test_a_session_left_behind_is_moved_less_than_48_hours_ahead_with_consent_and_not_at_all_from_24_hours(
    now, verdict
):
    state = a_state(a_session(1, "09-23 10:00"), mentor=away("09-23 00:00", "09-24 00:00"))
    decision = decide(state, rules(rebook()), at(now))
    assert bool(decision.intents) == (verdict is Verdict.ACTS)
    assert bool(decision.suggestions) == (verdict is Verdict.SUGGESTS)
    assert verdict in [line.verdict for line in decision.trace if line.rule == "rebook"]


def test_on_a_yes_it_is_moved_with_consent():
    state = a_state(a_session(1, "09-23 10:00"), mentor=away("09-23 00:00", "09-24 00:00"))
    (suggestion,) = decide(state, rules(rebook()), at("09-21 11:00")).suggestions
    agreed = replace(state, replies=(a_reply(suggestion.about, "yes", MENTEE, at=at("09-21 12:00")),))
    intent = only(agreed, at("09-21 12:00"))
    assert (intent.replaces, intent.consent) == (1, True)


def test_a_session_too_near_to_be_moved_does_not_keep_the_one_after_it():
    state = a_state(a_session(1, "09-22 10:00"), a_session(2, "09-29 10:00"), mentor=away("09-22 00:00", "10-02 00:00"))
    assert only(state, at("09-21 10:01")).replaces == 2


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(a_state(a_session(1, "09-23 10:00"), mentor=away("09-01 00:00", None)), id="replies always on"),
        pytest.param(
            a_state(a_session(1, "09-23 10:00", self_booked=True), mentor=away("09-23 00:00", "09-24 00:00")),
            id="booked by the pair",
        ),
        pytest.param(
            a_state(a_session(1, "09-16 10:00"), mentor=away("09-16 00:00", "09-17 00:00")), id="over already"
        ),
        pytest.param(a_state(a_session(1, "09-23 10:00"), mentor=away("09-24 00:00", "09-25 00:00")), id="away later"),
        pytest.param(
            a_state(
                a_session(1, "09-23 10:00", written_start=at("09-24 10:00"), written_end=at("09-24 10:50")),
                mentor=away("09-23 00:00", "09-24 00:00"),
            ),
            id="a person has put it there",
        ),
    ],
)
def test_nothing_is_moved_for_an_absence_that_says_nothing_of_the_session(state):
    assert decide(state, rules(rebook()), at("09-21 09:00")).intents == ()


def test_a_session_no_slot_was_found_for_is_tried_again_later():
    state = a_state(
        a_session(1, "09-29 10:00"),
        mentor=away("09-29 00:00", "09-30 00:00"),
        attempts=(an_attempt("book/m1/2", retry_at=ACT_AT + DAY),),
    )
    decision = decide(state, rules(rebook()), ACT_AT)
    assert (decision.intents, decision.wake_at) == ((), ACT_AT + DAY)


# ---------------------------------------------------------------- times that people propose


def test_a_time_proposed_for_a_lost_session_is_tried_first():
    proposal = a_proposal("09-24 14:00")
    intent = only(a_state(lost(proposal=proposal)))
    assert intent.request.windows[0] == TimeSlot(start=proposal.starts_at, end=proposal.ends_at)
    assert (intent.week_windows, intent.proposal_by) == (2, MENTOR)


def test_a_proposed_time_in_a_later_week_comes_after_the_week_itself():
    proposal = a_proposal("09-30 14:00")
    intent = only(a_state(lost(proposal=proposal)))
    assert intent.request.windows[1] == TimeSlot(start=proposal.starts_at, end=proposal.ends_at)
    assert (intent.week_windows, intent.proposal_by) == (1, MENTOR)


@pytest.mark.parametrize(
    "proposal",
    [
        pytest.param(a_proposal("09-22 10:45"), id="less than 24 h ahead"),
        pytest.param(a_proposal("09-24 14:05"), id="off the quarter hour"),
        pytest.param(a_proposal("09-24 14:00:30"), id="off the minute"),
        pytest.param(a_proposal("09-24 14:00", length=HOUR), id="of another length"),
        pytest.param(a_proposal("10-20 14:00"), id="too far ahead"),
    ],
)
def test_a_proposal_that_does_not_keep_the_rules_is_passed_over(proposal):
    intent = only(a_state(lost(proposal=proposal)))
    assert intent.proposal_by is None
    assert len(intent.request.windows) == 2


def test_a_time_proposed_for_a_standing_session_is_taken():
    session = a_session(1, "09-29 10:00", proposal=a_proposal("10-01 14:00"))
    intent = only(a_state(session))
    assert isinstance(intent, MoveSession)
    assert intent.key == "move/m1/1/2026-10-01T12:00+00:00"
    assert (intent.number, intent.proposal_by) == (1, MENTOR)
    (window,) = intent.request.windows
    assert window == TimeSlot(start=at("10-01 14:00"), end=at("10-01 14:50"))


@pytest.mark.parametrize(
    ("start", "proposed", "now"),
    [
        pytest.param("09-23 10:00", "10-01 14:00", "09-22 10:01", id="the session is less than 24 h ahead"),
        pytest.param("09-29 10:00", "09-22 09:00", "09-21 10:00", id="the new time is less than 24 h ahead"),
        pytest.param("09-29 10:00", "10-01 14:05", "09-21 10:00", id="off the quarter hour"),
    ],
)
def test_a_proposal_that_comes_too_late_is_not_taken(start, proposed, now):
    state = a_state(a_session(1, start, proposal=a_proposal(proposed)))
    decision = decide(state, rules(rebook()), at(now))
    assert decision.intents == ()
    assert said(decision) == [(Verdict.HOLDS, "the time proposed for session 1 does not keep the rules")]


def test_a_time_proposed_too_far_ahead_is_taken_when_it_comes_in_reach():
    state = a_state(a_session(1, "10-12 10:00", proposal=a_proposal("10-13 14:00")))
    decision = decide(state, rules(rebook()), at("09-21 10:00"))
    assert (decision.intents, decision.wake_at) == ((), at("09-22 14:00"))
    assert only(state, decision.wake_at).proposal_by == MENTOR


@pytest.mark.parametrize(
    ("chosen", "replaces", "taken"),
    [
        pytest.param((ahead(), rebook()), None, False, id="the invite would have been too late"),
        pytest.param((rebook(),), None, True, id="nothing promises seven days"),
        pytest.param((ahead(), rebook()), 7, True, id="a replacement needs a day only"),
    ],
)
def test_a_proposal_keeps_the_seven_days_between_invite_and_session(chosen, replaces, taken):
    session = a_session(
        8, "09-29 10:00", invited_at=at("09-21 09:00"), proposal=a_proposal("09-25 14:00"), replaces=replaces
    )
    assert bool(decide(a_state(session), rules(*chosen), at("09-21 10:00")).intents) == taken


def test_a_proposal_is_tried_once():
    session = a_session(1, "09-29 10:00", proposal=a_proposal("10-01 14:00"))
    key = "move/m1/1/2026-10-01T12:00+00:00"
    for changes in ({"pending": frozenset({f"{key}/x"})}, {"attempts": (an_attempt(key),)}):
        assert decide(a_state(session, **changes), rules(rebook()), NOW).intents == ()


def test_each_session_has_its_own_proposal():
    sessions = [a_session(n, f"09-2{n} 10:00", proposal=a_proposal(f"10-0{n} 14:00")) for n in (7, 8)]
    intents = decide(a_state(*sessions), rules(rebook()), ACT_AT).intents
    assert [intent.number for intent in intents] == [7, 8]


def test_what_is_only_observed_is_not_done():
    decision = decide(a_state(lost()), rules(rebook(mode="observe")), ACT_AT)
    assert decision.intents == ()
    assert [intent.replaces for intent in decision.observed] == [1]


def test_pairs_in_no_cohort_of_the_rule_are_left_alone():
    state = a_state(lost(), mentorship=a_mentorship(cohort="alumni"))
    assert decide(state, rules(rebook(cohorts=("new-hires",))), ACT_AT).intents == ()


# ---------------------------------------------------------------- what is settled, and what comes too late


def test_one_who_wishes_to_skip_it_settles_it():
    decision = decide(a_state(lost(), replies=(a_reply("lost/m1/1", "skip"),)), rules(rebook()), ACT_AT)
    (keep,) = decision.intents
    assert isinstance(keep, KeepReason)
    assert (keep.code, keep.ask_standing_time) == ("skipped", False)


def test_one_who_wishes_to_skip_it_has_what_was_put_in_its_place_cancelled():
    state = a_state(lost(), a_session(2, "09-25 10:00", replaces=1), replies=(a_reply("lost/m1/1", "skip"),))
    (cancel,) = decide(state, rules(rebook()), ACT_AT).intents
    assert isinstance(cancel, CancelSession)
    assert (cancel.number, cancel.code) == (2, "skipped")


def test_a_session_lost_long_ago_is_not_put_back_any_more():
    decision = decide(a_state(lost()), rules(rebook()), at("10-19 00:00"))
    assert decision.intents == ()
    assert "rebook_same_week.long_over" in [line.step for line in decision.trace]


def test_a_session_that_was_not_held_is_put_back_even_though_it_was_over():
    gone = a_session(1, "09-14 09:00", loss=Loss.NOT_HELD, lost_at=at("09-14 12:00"))
    decision = decide(a_state(gone), rules(rebook()), at("09-14 15:00"))
    assert [intent.replaces for intent in decision.intents] == [1]


# ---------------------------------------------------------------- consent within 48 hours

NEAR = a_session(1, "09-23 10:00", proposal=a_proposal("10-01 14:00"))
CONSENT = "consent/m1/1/20261001T1200"


def near(now="09-21 12:00", session=NEAR, **state):
    return decide(a_state(session, **state), rules(rebook()), at(now))


def test_between_24_and_48_hours_ahead_the_other_is_asked():
    (asked,) = near().intents
    assert (asked.person, asked.matter, asked.new_time) == (MENTEE, Matter.CONSENT, at("10-01 14:00"))
    assert asked.choices == (Choice.YES, Choice.NO)
    assert near().wake_at <= at("09-22 10:00")


def test_with_a_yes_it_is_moved_and_both_have_agreed():
    (move,) = near(replies=(a_reply(CONSENT, person=MENTEE),)).intents
    assert (move.agreed, move.proposal_by) == ({MENTOR, MENTEE}, MENTOR)


@pytest.mark.parametrize(
    "state",
    [
        {"replies": (a_reply(CONSENT, "no", person=MENTEE),)},
        {"nudges": (a_nudge(CONSENT, MENTEE, practice="rebook_same_week"),)},
    ],
)
def test_without_one_it_stays_where_it_is(state):
    decision = near(**state)
    assert decision.intents == ()
    assert [line.step for line in decision.trace] == ["rebook_same_week.no_consent"]


def test_the_yes_of_whoever_proposed_it_is_none():
    assert isinstance(near(replies=(a_reply(CONSENT, person=MENTOR),)).intents[0], SendNudge)


def test_under_24_hours_nothing_is_asked():
    assert near("09-22 12:00").intents == ()


def test_a_move_under_way_is_left_alone_and_one_that_failed_is_not_tried_again():
    session = a_session(1, "09-29 10:00", proposal=a_proposal("10-01 14:00"))
    key = "move/m1/1/2026-10-01T12:00+00:00"
    moving = near("09-21 10:00", session, pending=frozenset({f"{key}/now"}))
    assert [line.step for line in moving.trace] == ["rebook_same_week.move_under_way"]
    failed = near("09-21 10:00", session, attempts=(an_attempt(key),))
    assert (failed.intents, failed.trace[0].step) == ((), "rebook_same_week.held_back")


# ---------------------------------------------------------------- what is only suggested

SUGGESTED = "suggest/replace/m1/1"
ASKED = a_nudge(SUGGESTED, MENTEE, ACT_AT, practice="suggestion")


def suggested(now=ACT_AT, session=None, chosen=None, **state):
    return decide(a_state(session or lost(), **state), rules(*(chosen or [rebook(mode="suggest")])), now)


def settled(decision):
    return [(intent.number, intent.code) for intent in decision.intents if isinstance(intent, KeepReason)]


def test_a_replacement_is_suggested_under_the_session_it_stands_for():
    (suggestion,) = suggested().suggestions
    assert suggestion.about == SUGGESTED
    assert suggested(at("09-24 10:00"), nudges=(ASKED,)).wake_at == ACT_AT + 7 * DAY


def test_a_no_settles_a_lost_session_without_a_new_time():
    assert settled(suggested(nudges=(ASKED,), replies=(a_reply(SUGGESTED, "no", at=ACT_AT),))) == [(1, "not_agreed")]


def test_a_week_without_an_answer_settles_it_as_well():
    assert settled(suggested(ACT_AT + 7 * DAY - HOUR, nudges=(ASKED,))) == []
    assert settled(suggested(ACT_AT + 7 * DAY, nudges=(ASKED,))) == [(1, "not_agreed")]


def test_a_yes_puts_it_back():
    (booking,) = suggested(ACT_AT + 8 * DAY, nudges=(ASKED,), replies=(a_reply(SUGGESTED, at=ACT_AT),)).intents
    assert isinstance(booking, BookSession)


def test_what_was_answered_before_it_was_lost_settles_nothing():
    before = LOST_AT - HOUR
    asked = a_nudge(SUGGESTED, MENTEE, before - 7 * DAY, practice="suggestion")
    assert settled(suggested(nudges=(asked,), replies=(a_reply(SUGGESTED, "no", at=before),))) == []


def test_what_was_said_of_a_replacement_is_not_said_of_the_next_session():
    both = (ahead(mode="suggest"), rebook(mode="suggest"))
    state = {"nudges": (ASKED,), "replies": (a_reply(SUGGESTED, "no", at=ACT_AT),)}
    decision = suggested(chosen=both, session=lost(no_slot_reason="no new time was agreed on"), **state)
    assert [(s.intent.number, s.about) for s in decision.suggestions] == [(2, "suggest/book/m1/2")]


# ---------------------------------------------------------------- before a known last day


def ending(month, day, **changes):
    return a_mentorship(ends_on=date(2026, month, day), **changes)


def test_nothing_is_sought_beyond_the_last_day():
    (in_week,) = only(a_state(lost(), mentorship=ending(9, 25))).request.windows
    assert in_week == TimeSlot(start=ACT_AT + NOTICE, end=at("09-26 00:00"))
    in_week, later = only(a_state(lost(), mentorship=ending(9, 30))).request.windows
    assert (in_week.end, later) == (WEEK.end, TimeSlot(start=WEEK.end, end=at("10-01 00:00")))


def test_where_no_time_is_left_before_the_last_day_the_two_are_told_so():
    (keep,) = decide(a_state(lost(), mentorship=ending(9, 21)), rules(rebook()), ACT_AT).intents
    assert isinstance(keep, KeepReason)
    assert keep.code == "last_day"


@pytest.mark.parametrize(("day", "by"), [(23, None), (24, MENTOR)])
def test_a_proposed_time_beyond_the_last_day_is_passed_over(day, by):
    state = a_state(lost(proposal=a_proposal("09-24 14:00")), mentorship=ending(9, day))
    assert only(state).proposal_by == by


@pytest.mark.parametrize(
    ("last_day", "chosen", "found"),
    [
        pytest.param(30, (ahead(), rebook(), closing()), True, id="no further session fits"),
        pytest.param(30, (ahead(cadence=3 * DAY), rebook(), closing()), False, id="another one follows"),
        pytest.param(30, (ahead(), rebook(), closing(mode="observe")), False, id="closing is only observed"),
        pytest.param(30, (ahead(), rebook()), False, id="nothing closes well"),
        pytest.param(30, (rebook(), closing()), False, id="nobody books ahead"),
    ],
)
def test_what_takes_the_place_of_the_closing_session_is_the_closing_one(last_day, chosen, found):
    state = a_state(lost(), mentorship=ending(9, last_day))
    assert [i.closing for i in decide(state, rules(*chosen), ACT_AT).intents if isinstance(i, BookSession)] == [found]


def test_the_invite_of_a_replacement_reminds_of_a_quiet_room_as_well():
    (booking,) = (i for i in decide(a_state(lost()), rules(rebook(), quiet()), ACT_AT).intents)
    assert booking.quiet_reminder


# ---------------------------------------------------------------- somebody outside the organization

OUTSIDE = a_person(MENTOR, reach=Reach.EXTERNAL)
TUESDAYS = a_mentorship(standing=StandingTime(weekday=1, at=time(10)))


def test_a_calendar_outside_is_not_searched_but_its_standing_times_are():
    intent = only(a_state(lost(), mentor=OUTSIDE, mentorship=TUESDAYS))
    assert all(window.length == timedelta(minutes=50) for window in intent.request.windows)
    assert [f"{window.start:%a %m-%d}" for window in intent.request.windows] == ["Tue 09-29", "Tue 10-06", "Tue 10-13"]
    assert intent.week_windows == 0


def test_without_a_standing_time_the_two_are_told_that_none_is_sought():
    (keep,) = decide(a_state(lost(), mentor=OUTSIDE), rules(rebook()), ACT_AT).intents
    assert isinstance(keep, KeepReason)
    assert keep.code == "outside"


def test_a_session_left_behind_outside_stays_where_it_is():
    leave = Absence(starts_at=at("09-21 00:00"), ends_at=at("09-26 00:00"))
    state = a_state(a_session(1, "09-23 10:00"), mentor=OUTSIDE, mentee=a_person(MENTEE, absences=(leave,)))
    assert decide(state, rules(rebook()), at("09-14 10:00")).intents == ()
