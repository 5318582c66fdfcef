from dataclasses import replace
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
    an_attempt,
    at,
    closing,
    rebook,
    rules,
)

from graphsync.mentoring import Choice, FlagKind, Hold, HoldKind, Loss, Reach, Status
from graphsync.rules.decide import decide
from graphsync.rules.intents import (
    BookSession,
    CancelSession,
    EndMentorship,
    FlagMentorship,
    LoseSession,
    Matter,
    ReleaseTime,
    SendNudge,
)

ALONE = "09-21 10:00"
END = "end/m1/20260914"
BEGUN = a_mentorship(started_on=date(2026, 9, 14))


def decided(state, now=ALONE, others=(), **changes):
    return decide(state, rules(closing(**changes), *others), at(now))


def nudged(decision):
    return [(i.person, i.matter) for i in decision.intents if isinstance(i, SendNudge)]


def ends(decision):
    return [i.reason for i in decision.intents if isinstance(i, EndMentorship)]


def steps(decision):
    return {line.step for line in decision.trace if line.step.startswith("close_well.")}


def both(matter):
    return [(MENTOR, matter), (MENTEE, matter)]


# ---------------------------------------------------------------- ends


def test_one_who_ends_it_ends_it_and_both_are_told():
    state = a_state(replies=(a_reply("mentorship/m1", "end"),))
    decision = decided(state)
    assert ends(decision) == ["one of the two ended the mentorship"]
    assert nudged(decision) == both(Matter.ENDED)


def test_who_was_told_of_the_end_is_not_told_again():
    state = a_state(
        replies=(a_reply("mentorship/m1", "end"),),
        nudges=(a_nudge(END, MENTOR), a_nudge(END, MENTEE)),
        mentorship=a_mentorship(closed_at=at("09-21 09:00")),
    )
    assert decided(state).intents == ()


def test_what_is_to_come_is_taken_off_the_calendars_but_for_what_the_two_booked():
    kept = (
        Hold(kind=HoldKind.AFTER, person=MENTOR, event_id="h", starts_at=at("09-22 10:50"), ends_at=at("09-22 11:00")),
    )
    sessions = (
        a_session(1, "09-14 10:00", holds=kept),
        a_session(2, "09-22 10:00", holds=kept),
        a_session(3, "09-29 10:00", self_booked=True),
        a_session(4, "09-30 10:00", loss=Loss.DECLINED, lost_at=at("09-20 10:00")),
    )
    for closed_at in (None, at("09-20 09:00")):
        state = a_state(
            *sessions, mentorship=a_mentorship(closed_at=closed_at), replies=(a_reply("mentorship/m1", "end"),)
        )
        decision = decided(state)
        cancels = [(i.number, i.code) for i in decision.intents if isinstance(i, CancelSession)]
        releases = [(i.number, i.event_id) for i in decision.intents if isinstance(i, ReleaseTime)]
        assert (cancels, releases) == ([(2, "ended")], [(2, "h")])


def test_what_is_being_cancelled_is_not_cancelled_twice_and_what_failed_waits():
    state = a_state(a_session(2, "09-22 10:00"), mentorship=a_mentorship(closed_at=at("09-20 09:00")))
    under_way = replace(state, pending=frozenset({"cancel/m1/2/x"}))
    assert not [i for i in decided(under_way).intents if isinstance(i, CancelSession)]
    failed = replace(state, attempts=(an_attempt("cancel/m1/2", at("09-21 09:00"), at("09-21 12:00")),))
    assert not [i for i in decided(failed).intents if isinstance(i, CancelSession)]
    assert "close_well.held_back" in steps(decided(failed))


def test_when_its_last_day_is_over_it_ends():
    state = a_state(mentorship=a_mentorship(ends_on=date(2026, 9, 20)))
    assert ends(decided(state)) == ["its last day is over"]
    assert nudged(decided(state)) == both(Matter.ENDED)
    still = decided(a_state(mentorship=a_mentorship(ends_on=date(2026, 9, 21))))
    assert ends(still) == []


def test_what_is_closed_stays_closed_and_long_after_nothing_is_said():
    closed = a_state(mentorship=a_mentorship(closed_at=at("09-01 09:00")))
    decision = decided(closed)
    assert (decision.intents, steps(decision)) == ((), {"close_well.ended"})


def test_what_was_closed_is_cleared_and_told_of_though_the_file_ends_it_too():
    coming = a_session(1, "09-23 09:00")
    ended = a_mentorship(status=Status.ENDED, closed_at=at("09-21 09:00"), ends_on=date(2026, 9, 20))
    decision = decided(a_state(coming, mentorship=ended))
    assert [i.number for i in decision.intents if isinstance(i, CancelSession)] == [1]
    assert nudged(decision) == both(Matter.ENDED)


def test_what_the_file_ends_is_ended_without_a_word():
    decision = decided(a_state(mentorship=a_mentorship(status=Status.ENDED)))
    assert (decision.intents, steps(decision)) == ((), {"close_well.ended"})


def test_who_has_left_ends_what_can_be_ended_and_the_match_is_to_be_renewed():
    state = a_state(mentor=a_person(MENTOR, reach=Reach.GONE))
    decision = decided(state)
    assert [i.flag for i in decision.intents if isinstance(i, FlagMentorship)] == [FlagKind.TO_RENEW]
    assert ends(decision) == ["one of the two has left the organization"]
    assert nudged(decision) == [(MENTEE, Matter.HAS_LEFT)]


def test_who_ended_it_before_the_other_left_is_not_told_to_write_a_last_note():
    gone = a_person(MENTOR, reach=Reach.GONE)
    decision = decided(a_state(mentor=gone, mentorship=a_mentorship(ends_on=date(2026, 9, 20))))
    assert nudged(decision) == [(MENTEE, Matter.HAS_LEFT)]


def test_a_match_that_is_renewed_is_not_to_be_renewed_any_more():
    gone = a_person(MENTOR, reach=Reach.GONE)
    renewed = a_mentorship(closed_at=at("09-14 11:00"), rematched_to="m2")
    decision = decided(a_state(mentor=gone, mentorship=renewed))
    assert [i for i in decision.intents if isinstance(i, FlagMentorship)] == []


def test_after_ninety_days_without_a_session_it_is_closed_and_both_are_told():
    met = a_session(1, "09-15 10:00")
    assert ends(decided(a_state(met), "12-14 09:45")) == []
    decision = decided(a_state(met), "12-14 11:00")
    assert ends(decision) == ["there has been no session for 90 days"]
    closed = a_state(met, mentorship=a_mentorship(closed_at=at("12-14 11:00")))
    assert nudged(decided(closed, "12-14 11:00")) == both(Matter.CLOSED)


def test_a_session_to_come_keeps_it_open_and_a_lost_one_does_not():
    met = a_session(1, "09-15 10:00")
    coming = a_session(2, "12-20 10:00")
    assert ends(decided(a_state(met, coming), "12-14 11:00")) == []
    lost = a_session(2, "12-20 10:00", loss=Loss.DECLINED, lost_at=at("12-01 10:00"))
    assert len(ends(decided(a_state(met, lost), "12-14 11:00"))) == 1


def test_it_is_looked_at_again_when_it_would_be_closed():
    """Ninety days on; the clocks have changed meanwhile."""
    assert decided(a_state(), "09-14 10:00", ask_held=False).wake_at == at("12-12 23:00")


# ---------------------------------------------------------------- pauses


def a_pause(until=date(2026, 10, 5), said="09-21 09:00"):
    return a_reply("mentorship/m1", "pause", at=at(said), until=until)


def test_a_pause_ends_by_itself_and_both_are_told_of_either():
    paused = decided(a_state(replies=(a_pause(),)))
    assert nudged(paused) == both(Matter.PAUSED)
    assert paused.wake_at == at("10-05 00:00")
    told = (a_nudge("pause/m1/20261004", MENTOR), a_nudge("pause/m1/20261004", MENTEE))
    again = decided(a_state(replies=(a_pause(),), nudges=told))
    assert (again.intents, again.wake_at) == ((), at("10-05 00:00"))
    resumed = decided(a_state(a_session(1, "09-15 10:00"), replies=(a_pause(),)), "10-05 09:00", ask_held=False)
    assert nudged(resumed) == both(Matter.RESUMED)
    said = (a_nudge("resume/m1/20261004", MENTOR), a_nudge("resume/m1/20261004", MENTEE))
    state = a_state(a_session(1, "09-15 10:00"), replies=(a_pause(),), nudges=said)
    assert nudged(decided(state, "10-05 09:00", ask_held=False)) == []


def test_nothing_is_booked_while_it_is_paused():
    decision = decided(a_state(replies=(a_pause(),)), others=(ahead(),))
    assert not [i for i in decision.intents if isinstance(i, BookSession)]


def test_a_pause_that_is_long_known_is_not_told_of_again():
    decision = decided(a_state(replies=(a_pause(said="09-01 09:00"),)))
    assert (decision.intents, steps(decision)) == ((), {"close_well.paused"})
    assert nudged(decided(a_state(replies=(a_pause(date(2026, 9, 1)),)), ask_held=False)) == []


def test_a_pause_of_the_file_is_kept_without_a_word_and_with_a_day_it_ends():
    paused = a_mentorship(status=Status.PAUSED)
    assert decided(a_state(mentorship=paused)).intents == ()
    assert decided(a_state(mentorship=paused)).wake_at is None
    until = a_mentorship(status=Status.PAUSED, paused_until=date(2026, 10, 5))
    assert decided(a_state(mentorship=until)).wake_at == at("10-05 00:00")
    assert decided(a_state(mentorship=until), "10-05 09:00", others=(ahead(),)).intents != ()


def test_of_two_pauses_the_longer_one_counts():
    until = a_mentorship(status=Status.PAUSED, paused_until=date(2026, 10, 12))
    assert decided(a_state(mentorship=until, replies=(a_pause(),))).wake_at == at("10-12 00:00")
    assert decided(a_state(mentorship=until, replies=(a_pause(date(2026, 11, 2)),))).wake_at == at("11-02 00:00")


# ---------------------------------------------------------------- held or not

OVER = a_session(1, "09-21 09:00")


def test_when_a_session_is_over_both_are_asked_once_whether_they_met():
    decision = decided(a_state(OVER))
    assert nudged(decision) == both(Matter.DID_YOU_MEET)
    assert decision.intents[0].choices == (Choice.MET, Choice.NOT_MET)
    asked = (a_nudge("met/m1/1", MENTOR), a_nudge("met/m1/1", MENTEE))
    assert decided(a_state(OVER, nudges=asked)).intents == ()


@pytest.mark.parametrize(
    ("session", "replies", "changes"),
    [
        pytest.param(OVER, (a_reply("met/m1/1", "met"),), {}, id="one says so"),
        pytest.param(a_session(1, "09-21 09:00", attended=frozenset({MENTOR, MENTEE})), (), {}, id="both were seen"),
        pytest.param(OVER, (), {"ask_held": False}, id="the rule does not ask"),
        pytest.param(a_session(1, "09-10 09:00"), (), {}, id="it is days ago"),
    ],
)
def test_nobody_is_asked_where(session, replies, changes):
    assert decided(a_state(session, replies=replies), **changes).intents == ()


def test_one_who_was_seen_alone_is_asked_as_ever():
    assert len(nudged(decided(a_state(a_session(1, "09-21 09:00", attended=frozenset({MENTOR})))))) == 2


def test_we_did_not_is_a_lost_session_whoever_says_otherwise():
    replies = (a_reply("met/m1/1", "met", MENTOR), a_reply("met/m1/1", "not_met", MENTEE))
    (lost,) = [i for i in decided(a_state(OVER, replies=replies)).intents if isinstance(i, LoseSession)]
    assert (lost.number, lost.reason) == (1, "session 1 did not take place")


def test_a_session_that_was_not_held_is_put_back_in_its_week():
    lost = a_session(1, "09-21 09:00", loss=Loss.NOT_HELD, lost_at=at("09-21 10:00"))
    decision = decided(a_state(lost), "09-21 14:00", others=(rebook(),))
    (booking,) = [i for i in decision.intents if isinstance(i, BookSession)]
    assert (booking.replaces, booking.same_event, booking.week_windows) == (1, False, 1)


def test_it_is_looked_at_again_when_a_session_ends():
    assert decided(a_state(a_session(1, "09-21 09:50")), "09-21 10:00").wake_at == at("09-21 10:40")


# ---------------------------------------------------------------- the last session


def last_booked(ends_on, *sessions, now="09-21 10:00", others=None):
    state = a_state(*sessions, mentorship=a_mentorship(ends_on=ends_on, cadence=14 * DAY))
    return decide(state, rules(ahead(), *((closing(),) if others is None else others)), at(now))


def bookings(decision):
    return [i for i in decision.intents if isinstance(i, BookSession)]


def test_a_known_last_day_gets_a_closing_session():
    (booking,) = bookings(last_booked(date(2026, 10, 10), a_session(1, "09-21 09:50")))
    assert (booking.closing, booking.reason) == (True, "the last session before the end")
    assert all(window.end <= at("10-11 00:00") for window in booking.request.windows)


def test_a_session_after_which_another_fits_is_none():
    (booking,) = bookings(last_booked(date(2026, 12, 18), a_session(1, "09-21 09:50")))
    assert not booking.closing


@pytest.mark.parametrize("others", [(), (closing(mode="observe"),), (closing(closing_session=False),)])
def test_without_close_well_the_last_one_is_a_session_as_any(others):
    (booking,) = bookings(last_booked(date(2026, 10, 10), a_session(1, "09-21 09:50"), others=others))
    assert not booking.closing


@pytest.mark.parametrize("ends_on", [date(2026, 9, 24), date(2026, 9, 27)])
def test_no_session_is_booked_beyond_the_last_day_or_right_before_it(ends_on):
    decision = last_booked(ends_on, a_session(1, "09-21 09:50"))
    assert bookings(decision) == []
    assert "book_ahead.last_day" in [line.step for line in decision.trace]


def test_a_pair_that_never_met_gets_its_one_session_before_the_end():
    (booking,) = bookings(last_booked(date(2026, 10, 2)))
    assert booking.closing


def test_nothing_is_asked_of_a_future_reply():
    assert decide(a_state(), rules(closing()), NOW).intents == ()


def test_where_reports_count_the_two_are_asked_only_once_the_report_had_time_to_come():
    over = a_session(1, "09-21 10:00", online=True)
    early = decided(a_state(over), now="09-21 11:00", attendance=True)
    assert (nudged(early), early.wake_at) == ([], at("09-21 11:50"))
    assert nudged(decided(a_state(over), now="09-21 11:50", attendance=True)) == both(Matter.DID_YOU_MEET)
    there = a_session(1, "09-21 10:00", online=True, attended=frozenset({MENTOR, MENTEE}))
    assert nudged(decided(a_state(there), now="09-21 11:50", attendance=True)) == []
