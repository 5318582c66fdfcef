from dataclasses import replace
from datetime import timedelta

import pytest
from builders import HOUR, MENTEE, MENTOR, NOW, a_person, a_proposal, a_session, at

from graphsync.calendar import Attendee, CalendarEvent, TimeSlot
from graphsync.engine.observe import cancelled, dropped, just_written, lags, observed
from graphsync.mentoring import Answer, Loss, Response

PEOPLE = (a_person(MENTOR), a_person(MENTEE))
ASKED_AT = at("09-14 10:00")
ANSWERED_AT = at("09-15 10:00")
SESSION = a_session(1, "09-29 10:00", invited_at=ASKED_AT)


def an_attendee(response=Response.ACCEPTED, name=MENTOR, answered_at=ANSWERED_AT, **changes):
    return Attendee(address=f"{name}@fabrikam.test", response=response, responded_at=answered_at, **changes)


def an_event(*attendees, session=SESSION, **changes):
    values = {
        "id": session.event_id,
        "ical_uid": session.ical_uid,
        "change_key": "1",
        "organizer_address": "em@fabrikam.test",
        "is_organizer": True,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "is_online_meeting": True,
        "attendees": attendees or (an_attendee(),),
    }
    return CalendarEvent(**values | changes)


def seen(event, session=SESSION, people=PEOPLE):
    return observed(session, event, people, NOW)


def moved_event(*attendees):
    return an_event(*attendees, starts_at=SESSION.starts_at + HOUR, ends_at=SESSION.ends_at + HOUR)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("response", [Response.ACCEPTED, Response.TENTATIVE, Response.NONE])
def test_answers_are_read_from_the_organizers_copy(response):
    session = seen(an_event(an_attendee(response)))
    assert session.answers == {
        MENTEE: Answer(response=Response.ORGANIZER),
        MENTOR: Answer(response=response, answered_at=ANSWERED_AT),
    }
    assert session.stands


def test_addresses_are_compared_without_their_case():
    event = an_event(replace(an_attendee(), address="MO@Fabrikam.TEST"))
    assert seen(event).answers[MENTOR].response is Response.ACCEPTED


def test_who_is_not_among_the_attendees_has_not_answered():
    assert seen(an_event(an_attendee(name="bo"))).answers[MENTOR] == Answer()


@pytest.mark.parametrize(
    ("answered_at", "counts"),
    [
        pytest.param(ASKED_AT - timedelta(seconds=1), False, id="before these times were set"),
        pytest.param(ASKED_AT, True, id="at once"),
        pytest.param(None, True, id="nobody knows when"),
    ],
)
@pytest.mark.parametrize("field", ["invited_at", "asked_at"])
def test_an_answer_to_other_times_counts_for_nothing(field, answered_at, counts):
    changes = {"invited_at": ASKED_AT - 24 * HOUR, "asked_at": ASKED_AT} if field == "asked_at" else {}
    session = seen(an_event(an_attendee(Response.DECLINED, answered_at=answered_at)), replace(SESSION, **changes))
    assert (session.loss is Loss.DECLINED) == counts


def test_what_was_known_of_the_teams_meeting_follows_the_event():
    assert not seen(an_event(is_online_meeting=False)).online
    assert seen(an_event(), replace(SESSION, online=False)).online


# ---------------------------------------------------------------- declined


def test_a_declined_invite_is_a_lost_session_since_the_answer():
    session = seen(an_event(an_attendee(Response.DECLINED)))
    assert (session.loss, session.lost_at) == (Loss.DECLINED, ANSWERED_AT)


def test_a_decline_without_a_time_counts_from_when_it_was_seen():
    assert seen(an_event(an_attendee(Response.DECLINED, answered_at=None))).lost_at == NOW


@pytest.mark.parametrize("people", [PEOPLE, PEOPLE[::-1]])
def test_of_two_declines_the_first_one_counts(people):
    event = an_event(an_attendee(Response.DECLINED, MENTOR, ANSWERED_AT + HOUR), an_attendee(Response.DECLINED, MENTEE))
    assert seen(event, replace(SESSION, organizer="box"), people).lost_at == ANSWERED_AT


def test_a_declined_session_keeps_since_when_it_was_lost():
    first = seen(an_event(an_attendee(Response.DECLINED)))
    again = observed(first, an_event(an_attendee(Response.DECLINED, answered_at=None)), PEOPLE, NOW + HOUR)
    assert again.lost_at == ANSWERED_AT


def test_an_invite_that_is_accepted_after_all_stands_again():
    declined = replace(SESSION, loss=Loss.DECLINED, lost_at=ANSWERED_AT)
    session = seen(an_event(an_attendee(answered_at=ANSWERED_AT + HOUR)), declined)
    assert (session.loss, session.lost_at) == (None, None)


def test_who_proposed_the_present_time_has_accepted_it_whatever_their_old_answer_says():
    agreed = replace(SESSION, agreed=frozenset({MENTOR}))
    assert seen(an_event(an_attendee(Response.DECLINED, answered_at=None)), agreed).stands
    assert seen(an_event(an_attendee(Response.DECLINED, answered_at=ASKED_AT - HOUR)), agreed).stands


def test_who_proposed_the_present_time_can_still_decline_it():
    """A decline of their own proposal was taken for the old one, and the session stayed with nobody coming."""
    agreed = replace(SESSION, agreed=frozenset({MENTOR}))
    assert seen(an_event(an_attendee(Response.DECLINED)), agreed).loss is Loss.DECLINED


# ---------------------------------------------------------------- proposals


def proposed(start, **changes):
    slot = TimeSlot(start=at(start), end=at(start) + timedelta(minutes=50))
    return an_attendee(Response.TENTATIVE, proposed=slot, **changes)


def test_a_proposed_time_is_kept():
    assert seen(an_event(proposed("10-01 14:00"))).proposal == a_proposal("10-01 14:00")


@pytest.mark.parametrize(
    "attendee",
    [
        pytest.param(proposed("09-29 10:00"), id="of the present time"),
        pytest.param(proposed("10-01 14:00", answered_at=ASKED_AT - HOUR), id="made for other times"),
        pytest.param(proposed("10-01 14:00", name=MENTEE), id="by the organizer, whose event it is"),
        pytest.param(an_attendee(), id="none"),
    ],
)
def test_other_proposals_are_dropped(attendee):
    assert seen(an_event(attendee), replace(SESSION, proposal=a_proposal("10-01 14:00"))).proposal is None


# ---------------------------------------------------------------- moved by hand


def test_times_that_a_person_set_are_taken_over_and_asked_for_anew():
    session = seen(moved_event(), replace(SESSION, agreed=frozenset({MENTOR})))
    assert session.starts_at == SESSION.starts_at + HOUR
    assert session.moved_by_person
    assert (session.asked_at, session.agreed) == (NOW, frozenset())


def test_an_answer_to_the_times_before_a_move_does_not_count_any_more():
    assert seen(moved_event(an_attendee(answered_at=NOW - HOUR))).answers[MENTOR] == Answer()
    assert seen(moved_event(an_attendee(answered_at=NOW))).answers[MENTOR].response is Response.ACCEPTED


def test_an_event_that_was_left_alone_is_what_it_was():
    session = seen(an_event())
    assert (session.starts_at, session.asked_at, session.moved_by_person) == (SESSION.starts_at, None, False)


def test_an_event_without_length_keeps_the_times_that_were_known():
    session = seen(an_event(starts_at=NOW, ends_at=NOW))
    assert (session.starts_at, session.ends_at) == (SESSION.starts_at, SESSION.ends_at)


@pytest.mark.parametrize(
    ("loss", "event", "after"),
    [
        pytest.param(Loss.DROPPED, moved_event(), None, id="dropped, put back by hand"),
        pytest.param(Loss.DROPPED, an_event(), Loss.DROPPED, id="dropped"),
        pytest.param(Loss.ABSENT, moved_event(), Loss.ABSENT, id="replaced for an absence"),
        pytest.param(Loss.DECLINED, moved_event(an_attendee(Response.DECLINED)), None, id="declined, moved by hand"),
    ],
)
def test_a_lost_session_that_is_moved_by_hand_stands_again(loss, event, after):
    observed_at = NOW + 24 * 7 * HOUR
    session = observed(replace(SESSION, loss=loss, lost_at=ANSWERED_AT), event, PEOPLE, observed_at)
    assert session.loss is after
    assert (session.lost_at is None) == (after is None)


# ---------------------------------------------------------------- what was written a moment ago


@pytest.mark.parametrize(
    ("changes", "just"),
    [
        pytest.param({"asked_at": NOW}, True, id="now"),
        pytest.param({"asked_at": NOW - timedelta(seconds=119)}, True, id="less than two minutes ago"),
        pytest.param({"asked_at": NOW - timedelta(minutes=2)}, False, id="two minutes ago"),
        pytest.param({}, False, id="nobody knows when"),
        pytest.param({"asked_at": NOW, "written_start": NOW}, False, id="moved by hand since"),
    ],
)
def test_times_are_just_written_for_two_minutes(changes, just):
    assert just_written(replace(SESSION, **changes), NOW) == just


@pytest.mark.parametrize(
    ("event", "asked_at", "behind"),
    [
        pytest.param(moved_event(), NOW, True, id="other times than were written"),
        pytest.param(moved_event(), NOW - HOUR, False, id="other times, long after"),
        pytest.param(an_event(), NOW, False, id="the times that were written"),
        pytest.param(an_event(is_cancelled=True, starts_at=NOW, ends_at=NOW), NOW, False, id="cancelled"),
    ],
)
def test_an_event_that_shows_other_times_right_after_a_write_may_lag_behind(event, asked_at, behind):
    assert lags(replace(SESSION, asked_at=asked_at), event, NOW) == behind


# ---------------------------------------------------------------- cancelled, dropped


def test_a_cancelled_event_is_a_lost_session():
    session = seen(an_event(is_cancelled=True), replace(SESSION, proposal=a_proposal("10-01 14:00")))
    assert (session.loss, session.lost_at, session.proposal) == (Loss.CANCELLED, NOW, None)


def test_a_declined_session_that_is_then_cancelled_has_no_event_left_to_move():
    declined = replace(SESSION, loss=Loss.DECLINED, lost_at=ANSWERED_AT)
    session = cancelled(declined, NOW)
    assert (session.loss, session.lost_at) == (Loss.CANCELLED, ANSWERED_AT)
    assert cancelled(session, NOW + HOUR) is session


def test_a_copy_that_has_gone_is_a_silent_decline():
    session = dropped(SESSION, NOW)
    assert (session.loss, session.lost_at) == (Loss.DROPPED, NOW)
    assert dropped(session, NOW + HOUR) is session


def test_looking_twice_changes_nothing():
    for event in (an_event(), moved_event(), an_event(an_attendee(Response.DECLINED)), an_event(is_cancelled=True)):
        once = seen(event)
        assert observed(once, event, PEOPLE, NOW + HOUR) == once


# ---------------------------------------------------------------- rooms

LINDEN = "linden@fabrikam.test"
IN_A_ROOM = replace(SESSION, room=LINDEN)


def of_room(response, **changes):
    return an_attendee(response, "Linden", type="resource", **changes)


def test_a_room_that_declines_is_kept_as_such_and_the_session_stands():
    session = seen(an_event(an_attendee(), of_room(Response.DECLINED)), IN_A_ROOM)
    assert (session.loss, session.room, session.rooms_declined) == (None, LINDEN, {LINDEN})
    assert session.answers[MENTOR].response is Response.ACCEPTED


@pytest.mark.parametrize("response", [Response.ACCEPTED, Response.NONE])
def test_a_room_that_accepts_or_has_not_answered_has_not_declined(response):
    assert seen(an_event(an_attendee(), of_room(response)), IN_A_ROOM).rooms_declined == frozenset()


def test_a_room_may_come_round():
    declined = replace(IN_A_ROOM, rooms_declined=frozenset({LINDEN}))
    assert seen(an_event(an_attendee(), of_room(Response.ACCEPTED)), declined).rooms_declined == frozenset()


def test_a_rooms_answer_to_the_former_time_counts_for_nothing():
    early = ASKED_AT - HOUR
    assert seen(an_event(of_room(Response.DECLINED, answered_at=early)), IN_A_ROOM).rooms_declined == frozenset()


def test_what_rooms_said_to_a_time_is_forgotten_when_somebody_moves_the_session():
    declined = replace(IN_A_ROOM, rooms_declined=frozenset({LINDEN}))
    assert seen(moved_event(of_room(Response.DECLINED, answered_at=NOW - HOUR)), declined).rooms_declined == frozenset()


@pytest.mark.parametrize("session", [SESSION, IN_A_ROOM])
def test_a_room_that_graphsync_did_not_ask_says_nothing(session):
    other = replace(of_room(Response.DECLINED), address="saal@fabrikam.test")
    assert seen(an_event(an_attendee(), other), session).rooms_declined == frozenset()
