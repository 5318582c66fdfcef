from datetime import date, time, timedelta

import pytest
from builders import (
    DAY,
    HOUR,
    MENTEE,
    MENTOR,
    NOW,
    a_mentorship,
    a_person,
    a_session,
    a_state,
    ahead,
    an_attempt,
    at,
    rebook,
    rules,
    video,
    weekly_hours,
)

from graphsync.calendar import Limits, TimeSlot
from graphsync.mentoring import Absence, DayHours, FlagKind, Loss, Medium, Reach, StandingTime
from graphsync.rules.decide import decide
from graphsync.rules.durations import WorkingDays
from graphsync.rules.intents import BookSession
from graphsync.rules.schema import LeadTime, MentorLimits

TUESDAY_AT_TEN = StandingTime(weekday=1, at=time(10))
EVENING = (DayHours(weekday=0, start=time(19), end=time(21)),)


def booking(state, now=NOW, rule=None, *others):
    (intent,) = decide(state, rules(rule or ahead(), *others), now).intents
    assert isinstance(intent, BookSession)
    return intent


def test_a_new_pair_gets_its_first_session_at_once():
    intent = booking(a_state())
    assert (intent.key, intent.number, intent.rule) == ("book/m1/1", 1, "ahead")
    assert intent.request.length == timedelta(minutes=50)
    assert intent.request.earliest
    assert intent.request.target is None
    assert intent.reason == "the pair has no session yet"


def test_the_first_session_lies_within_ten_working_days_of_the_match_and_seven_days_out():
    soon, later = booking(a_state()).request.windows
    assert soon == TimeSlot(start=NOW + 7 * DAY + HOUR, end=at("09-29 09:00"))
    assert later == TimeSlot(start=at("09-29 09:00"), end=NOW + 21 * DAY)


def test_the_invite_is_checked_again_when_it_goes_out():
    assert booking(a_state()).least_lead == 7 * DAY


@pytest.mark.parametrize(
    "now",
    [
        pytest.param("09-22 07:30", id="less than a session is left of the ten days"),
        pytest.param("11-02 09:00", id="they are long over"),
    ],
)
def test_a_pair_that_is_late_gets_its_first_session_as_soon_as_can_be(now):
    windows = booking(a_state(), at(now)).request.windows
    assert windows == (TimeSlot(start=at(now) + 7 * DAY + HOUR, end=at(now) + 21 * DAY),)


def test_ten_working_days_that_reach_beyond_the_search_are_no_bound():
    state = a_state(mentee=a_person(MENTEE, hours=weekly_hours(weekdays=[0])))
    assert booking(state).request.windows == (TimeSlot(start=NOW + 7 * DAY + HOUR, end=NOW + 21 * DAY),)


def test_somebody_who_never_works_that_many_days_in_a_year_is_booked_all_the_same():
    state = a_state(mentee=a_person(MENTEE, hours=weekly_hours(weekdays=[0])))
    rule = ahead(first_session_within=WorkingDays(60))
    assert booking(state, NOW, rule).request.windows == (TimeSlot(start=NOW + 7 * DAY + HOUR, end=NOW + 21 * DAY),)


def test_nothing_is_booked_before_the_mentorship_starts_in_the_zone_of_the_mentee():
    state = a_state(mentee=a_person(MENTEE, "Australia/Sydney"), mentorship=a_mentorship(started_on=date(2026, 10, 5)))
    decision = decide(state, rules(ahead()), NOW)
    assert decision.intents == ()
    assert decision.wake_at == at("10-05 00:00", "Australia/Sydney")
    assert booking(state, decision.wake_at).number == 1


def test_the_next_session_is_booked_when_the_last_one_begins():
    state = a_state(a_session(1, "09-22 10:00"))
    decision = decide(state, rules(ahead()), NOW)
    assert (decision.intents, decision.wake_at) == ((), at("09-22 10:00"))
    intent = booking(state, at("09-22 10:00"))
    assert (intent.number, intent.replaces) == (2, None)
    assert intent.request.target == at("10-06 10:00")
    assert not intent.request.earliest


def test_the_cadence_of_the_next_session_holds_over_a_change_of_the_clocks():
    # 14 days from the last Tuesday of summer time: the windows are instants, so the day asked for is still that one.
    near, whole = booking(a_state(a_session(1, "10-13 10:00")), at("10-13 10:00")).request.windows
    assert near == TimeSlot(start=at("10-27 09:00") - 84 * HOUR, end=at("10-27 09:00") + 84 * HOUR)
    assert whole == TimeSlot(start=at("10-13 10:00") + 7 * DAY + HOUR, end=at("10-13 10:00") + 21 * DAY)


@pytest.mark.parametrize(
    ("cadence", "book_at"),
    [
        pytest.param(7, -2, id="weekly: two days before the last one, for the lead time"),
        pytest.param(14, 0, id="every two weeks: when the last one begins"),
        pytest.param(28, 7, id="every four weeks: not before it is in reach"),
    ],
)
def test_a_session_is_booked_as_early_as_its_cadence_needs(cadence, book_at):
    last = a_session(1, "09-29 10:00")
    state = a_state(last, mentorship=a_mentorship(cadence=cadence * DAY))
    decision = decide(state, rules(ahead()), NOW)
    due = last.starts_at + book_at * DAY
    assert decision.intents == ()
    assert decision.wake_at == min(due, last.starts_at)
    assert booking(state, due).request.target == last.starts_at + cadence * DAY


def test_the_cadence_of_the_pair_wins_over_that_of_the_rule():
    state = a_state(a_session(1, "09-22 10:00"), mentorship=a_mentorship(cadence=21 * DAY))
    assert booking(state, at("09-22 10:00")).request.target == at("10-13 10:00")


def test_a_pair_that_has_not_met_for_long_gets_whatever_is_free_in_reach():
    now = at("11-30 09:00")
    intent = booking(a_state(a_session(1, "09-22 10:00")), now)
    assert intent.request.windows == (TimeSlot(start=now + 7 * DAY + HOUR, end=now + 21 * DAY),)


def test_a_session_that_people_booked_themselves_counts_as_the_next_one():
    state = a_state(a_session(1, "09-22 10:00"), a_session(2, "10-20 10:00", self_booked=True))
    assert decide(state, rules(ahead()), at("09-22 10:00")).intents == ()


def test_a_lost_session_does_not_count():
    lost = a_session(2, "10-06 10:00", loss=Loss.CANCELLED, lost_at=at("09-30 09:00"))
    intent = booking(a_state(a_session(1, "09-22 10:00"), lost), at("09-30 09:00"))
    assert (intent.number, intent.request.target) == (3, at("10-06 10:00"))


@pytest.mark.parametrize(
    ("ahead_mode", "rebook_mode", "yields"),
    [("enforce", "enforce", True), ("enforce", "observe", False), ("observe", "observe", True)],
)
def test_booking_yields_to_a_lost_session_that_will_be_put_back(ahead_mode, rebook_mode, yields):
    lost = a_session(1, "09-22 10:00", loss=Loss.CANCELLED, lost_at=NOW)
    decision = decide(a_state(lost), rules(ahead(mode=ahead_mode), rebook(mode=rebook_mode)), NOW)
    assert [intent.rule for intent in decision.intents] == ([] if yields else ["ahead"])
    said = [line.text for line in decision.trace if line.rule == "ahead"]
    assert ("session 1 is to be put back first" in said) == yields


def test_a_session_of_its_own_waits_for_one_that_is_moved_out_of_an_absence():
    """Both would have had the number 2, and two bookings of one key stop the whole round."""
    away = Absence(starts_at=at("09-21 00:00"), ends_at=at("09-24 00:00"))
    state = a_state(
        a_session(1, "09-22 10:00"),
        mentor=a_person(MENTOR, absences=(away,)),
        mentorship=a_mentorship(cadence=7 * DAY),
    )
    decision = decide(state, rules(), at("09-20 10:00"))
    assert [(intent.key, intent.rule) for intent in decision.intents] == [("book/m1/2", "rebook")]


def test_nothing_is_booked_while_a_booking_is_under_way():
    decision = decide(a_state(pending=frozenset({"book/m1/1/20260914T070000Z"})), rules(ahead()), NOW)
    assert (decision.intents, decision.wake_at) == ((), None)


def test_a_booking_that_found_no_slot_is_tried_again_when_that_is_due():
    state = a_state(attempts=(an_attempt("book/m1/1", retry_at=NOW + DAY),))
    decision = decide(state, rules(ahead()), NOW)
    assert (decision.intents, decision.wake_at) == ((), NOW + DAY)
    assert booking(state, NOW + DAY).number == 1


def test_limits_standing_time_and_zones_are_handed_on():
    state = a_state(
        mentor=a_person(MENTOR, "America/New_York"),
        mentorship=a_mentorship(standing=TUESDAY_AT_TEN),
        mentor_sessions=(NOW,),
    )
    request = booking(state, NOW, ahead(mentor_limits=MentorLimits(a_day=1, a_week=3))).request
    assert request.mentor_limits == Limits(per_day=1, per_week=3)
    assert (request.mentor_zone, request.week_zone) == ("America/New_York", "Europe/Berlin")
    assert (request.standing, request.mentor_sessions) == (TUESDAY_AT_TEN, (NOW,))


def test_a_longer_lead_time_is_kept():
    rule = ahead(lead_time=LeadTime(at_least=9 * DAY, at_most=30 * DAY))
    intent = booking(a_state(), NOW, rule)
    assert min(window.start for window in intent.request.windows) == NOW + 9 * DAY + HOUR
    assert max(window.end for window in intent.request.windows) == NOW + 30 * DAY
    assert intent.least_lead == 9 * DAY


def test_a_pair_with_a_standing_time_gets_it_soon_rather_than_any_time_sooner():
    request = booking(a_state(mentorship=a_mentorship(standing=TUESDAY_AT_TEN))).request
    assert (request.target, request.earliest) == (request.windows[0].start, False)


def test_where_the_cadence_is_short_a_whole_week_is_searched_for_the_standing_time():
    """A quarter of a week around a Friday holds no Tuesday."""
    mentorship = a_mentorship(standing=TUESDAY_AT_TEN, cadence=7 * DAY)
    near, whole = booking(
        a_state(a_session(1, "09-25 10:00"), mentorship=mentorship), at("09-23 10:00")
    ).request.windows
    assert near.length == 7 * DAY
    assert near.start == max(at("10-02 10:00") - 42 * HOUR, whole.start)


@pytest.mark.parametrize(
    ("offers", "turns"),
    [
        pytest.param({}, [(), ()], id="nobody offers"),
        pytest.param({"mentor_offers": EVENING}, [(MENTOR,), (MENTOR,)], id="the mentor alone"),
        pytest.param({"mentee_offers": EVENING}, [(MENTEE,), (MENTEE,)], id="the mentee alone"),
        pytest.param({"mentor_offers": EVENING, "mentee_offers": EVENING}, [(MENTEE,), (MENTOR,)], id="in turns"),
    ],
)
def test_offered_hours_are_used_in_turns(offers, turns):
    mentorship = a_mentorship(**offers)
    first = booking(a_state(mentorship=mentorship))
    second = booking(a_state(a_session(1, "09-22 10:00"), mentorship=mentorship), at("09-22 10:00"))
    assert [first.request.use_offered, second.request.use_offered] == turns
    assert set(first.request.then_offered) == set(second.request.then_offered) == {*turns[0], *turns[1]}


@pytest.mark.parametrize(
    ("others", "medium", "online"),
    [
        pytest.param((), Medium.VIDEO, False, id="without video_first"),
        pytest.param((video(mode="observe"),), Medium.VIDEO, False, id="video_first only observed"),
        pytest.param((video(),), Medium.VIDEO, True, id="video_first"),
    ],
)
def test_a_session_is_booked_as_a_teams_meeting_where_that_is_the_rule(others, medium, online):
    intent = booking(a_state(), NOW, None, *others)
    assert (intent.medium, intent.online) == (medium, online)


# ---------------------------------------------------------------- hours that never meet, and people outside


def test_hours_that_leave_no_room_are_shown_to_the_coordinator():
    attempt = an_attempt("book/m1/1", retry_at=NOW + DAY, no_hours=True)
    decision = decide(a_state(attempts=(attempt,)), rules(ahead()), NOW)
    assert [intent.flag for intent in decision.intents] == [FlagKind.NO_HOURS]
    tried = decide(a_state(attempts=(an_attempt("book/m1/1", retry_at=NOW + DAY),)), rules(ahead()), NOW)
    assert tried.intents == ()


def external(**changes):
    mentor = a_person(MENTOR, reach=Reach.EXTERNAL)
    return decide(a_state(mentor=mentor, mentorship=a_mentorship(**changes)), rules(ahead()), NOW)


def test_somebody_outside_is_booked_at_the_standing_time():
    (intent,) = external(standing=TUESDAY_AT_TEN).intents
    starts = [at("09-22 10:00"), at("09-29 10:00")]
    assert [window.start for window in intent.request.windows] == starts
    assert {window.length for window in intent.request.windows} == {timedelta(minutes=50)}


MONDAY_AT_EIGHT = StandingTime(weekday=0, at=time(8))


@pytest.mark.parametrize("changes", [{}, {"standing": MONDAY_AT_EIGHT, "ends_on": date(2026, 9, 25)}])
def test_without_one_in_reach_nothing_is_booked(changes):
    decision = external(**changes)
    assert decision.intents == ()
    assert decision.trace[-1].step == "book_ahead.no_standing_time"
