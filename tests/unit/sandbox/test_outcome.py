"""The judge finds each thing that is forbidden, finds nothing where all went well, and tells the story's facts."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from demo_builders import APP, FIRST, INES, MARGARET, OMAR, PRIYA, SOFIA, Play, days

from graphsync.sandbox.demo.outcome import as_json
from graphsync.sandbox.demo.record import parse_tag


def test_a_booked_and_accepted_session_is_held_and_nothing_is_wrong():
    play = Play()
    event = play.invite(days(9))
    play.at(days(0, 2))
    play.answer(INES, event, "accepted")
    outcome = play.end()
    assert outcome["violations"] == []
    assert outcome["sessions"] == [
        {
            "mentorship": "m-omar",
            "number": 1,
            "starts_at": "2026-10-14T08:00:00Z",
            "invited_at": "2026-10-05T08:00:00Z",
            "lead_days": 9.0,
            "online": True,
            "in_person": False,
            "organizer": OMAR,
            "outcome": "held",
            "replaces": None,
            "same_week": None,
            "no_slot_reason": None,
            "moved_by": None,
        }
    ]
    assert outcome["requests"] == [
        {
            "from": OMAR,
            "to": INES,
            "source": "invite",
            "asked_at": "2026-10-05T08:00:00Z",
            "answered_at": "2026-10-05T10:00:00Z",
            "flagged_at": None,
        }
    ]


def test_the_file_has_its_keys_in_order_and_the_same_world_gives_the_same_text():
    play = Play()
    play.invite(days(9))
    outcome = play.end()
    expected = ["weeks", "seed", "mentorships", "wall_s", "graph_requests"]
    expected += ["sessions", "nudges", "requests", "violations"]
    assert list(json.loads(as_json(outcome))) == expected
    assert as_json(outcome) == as_json(play.outcome())


# Each of these does one thing that is forbidden, and nothing else.


def double_booking(play):
    play.invite(days(9))
    play.invite(days(9) + timedelta(minutes=30), mentee=PRIYA)


def over_an_appointment(play):
    play.appointment(INES, days(9) + timedelta(minutes=30))
    play.invite(days(9))


def over_a_tentative_appointment(play):
    play.appointment(OMAR, days(9), show_as="tentative")
    play.invite(days(9))


def into_a_leave(play):
    play.world.set_automatic_replies(INES, "scheduled", days(8), days(12))
    play.invite(days(9))


def in_the_evening(play):
    play.invite(days(9, hours=7))


def on_a_saturday(play):
    play.invite(days(12))


def two_days_ahead(play):
    play.invite(days(2))


def moved_at_the_last_moment(play):
    event = play.invite(days(9))
    play.at(days(8, hours=2))
    play.move(event, days(10))


def moved_for_no_reason(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.move(event, days(10))


def renumbered_for_no_reason(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.move(event, days(10), number=2, replaces=1)


def put_back_what_a_person_moved(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.move(event, days(10), actor=OMAR)
    play.at(days(2))
    play.move(event, days(9))


def one_number_twice(play):
    play.invite(days(9))
    play.invite(days(10))


def put_back_twice(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.cancel_event(OMAR, event.id, actor=OMAR)
    play.settle()
    play.invite(days(10), number=2, replaces=1)
    play.invite(days(11), number=3, replaces=1)


def the_same_message_twice(play):
    play.mail(INES)
    play.mail(INES)


def a_message_to_two(play):
    play.mail(INES, OMAR)


def a_message_at_night(play):
    play.at(days(0, hours=12))
    play.mail(INES)


def a_message_on_leave(play):
    play.world.set_automatic_replies(INES, "scheduled", days(1), days(3))
    play.at(days(2))
    play.mail(INES)


def no_link(play):
    play.invite(days(9), online=False)


def a_phone_nobody_chose(play):
    play.invite(days(9), online=False, medium="phone")


def in_person_in_two_offices(play):
    play.invite(days(9), mentee=SOFIA, online=False, medium="in_person")


def declined_and_forgotten(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")


def cancelled_and_forgotten(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.cancel_event(OMAR, event.id, actor=OMAR)


def deleted_and_forgotten(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.delete_event(INES, play.world.event_by_ical_uid(INES, event.ical_uid).id, actor=INES)


def left_behind_and_forgotten(play):
    play.invite(days(9))
    play.at(days(1))
    play.world.set_automatic_replies(INES, "scheduled", days(8), days(12))


def put_back_a_week_later_without_a_word(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")
    play.move(event, days(15), number=2, replaces=1)


def touched_a_private_appointment(play):
    play.appointment(INES, days(9))
    event = play.world.events(INES)[0]
    play.world.patch_event(INES, event.id, {"subject": "y"}, actor=APP)


def invited_strangers(play):
    play.invite(days(9), attendees=[INES, PRIYA])


def changed_what_the_two_fixed(play):
    event = self_booked(play)
    play.world.patch_event(OMAR, event.id, {"subject": "y", "isOnlineMeeting": True}, actor=APP)


def looked_at_what_was_not_agreed(play):
    event = self_booked(play, organizer=PRIYA)
    play.world.patch_event(PRIYA, event.id, {"isOnlineMeeting": True}, actor=APP)


def answered_for_a_person(play):
    event = play.invite(days(9))
    copy = play.world.event_by_ical_uid(INES, event.ical_uid)
    play.world.respond(INES, copy.id, "accepted", actor=APP)


def three_in_a_day(play):
    play.invite(days(9))
    play.invite(days(9, hours=1), mentee=PRIYA)
    play.invite(days(9, hours=2), number=2)


def five_in_a_week(play):
    for day, number in ((7, 1), (8, 2), (9, 3)):
        play.invite(days(day), number=number)
    for day, number in ((10, 1), (11, 2)):
        play.invite(days(day), number=number, mentee=PRIYA)


def self_booked(play, organizer=OMAR, start=None):
    body = {
        "subject": "Coffee",
        **play.times(start or days(3)),
        "attendees": [{"emailAddress": {"address": INES}, "type": "required"}],
    }
    event = play.world.create_event(organizer, body, actor=organizer)
    play.settle()
    return event


CASES = [
    (double_booking, ["double_booking"]),
    (over_an_appointment, ["over_busy_time"]),
    (over_a_tentative_appointment, ["over_busy_time"]),
    (into_a_leave, ["over_busy_time"]),
    (in_the_evening, ["outside_hours"]),
    (on_a_saturday, ["outside_hours"]),
    (two_days_ahead, ["short_notice"]),
    (moved_at_the_last_moment, ["moved_late", "moved_unasked"]),
    (moved_for_no_reason, ["moved_unasked"]),
    (renumbered_for_no_reason, ["moved_unasked"]),
    (put_back_what_a_person_moved, ["human_change_undone"]),
    (one_number_twice, ["invited_twice"]),
    (put_back_twice, ["invited_twice"]),
    (the_same_message_twice, ["nudged_twice"]),
    (a_message_to_two, ["several_recipients"]),
    (a_message_at_night, ["nudge_outside_hours"]),
    (a_message_on_leave, ["nudge_outside_hours"]),
    (no_link, ["no_medium"]),
    (a_phone_nobody_chose, ["no_medium"]),
    (in_person_in_two_offices, ["no_medium"]),
    (declined_and_forgotten, ["lost_without_reason"]),
    (cancelled_and_forgotten, ["lost_without_reason"]),
    (deleted_and_forgotten, ["lost_without_reason"]),
    (left_behind_and_forgotten, ["lost_without_reason"]),
    (put_back_a_week_later_without_a_word, ["lost_without_reason"]),
    (touched_a_private_appointment, ["touched_other"]),
    (invited_strangers, ["touched_other"]),
    (changed_what_the_two_fixed, ["touched_other"]),
    (looked_at_what_was_not_agreed, ["touched_other"]),
    (answered_for_a_person, ["touched_other"]),
    (three_in_a_day, ["too_many_sessions"]),
    (five_in_a_week, ["too_many_sessions"]),
]


@pytest.mark.parametrize(("misdeed", "kinds"), CASES, ids=[case[0].__name__ for case in CASES])
def test_what_is_forbidden_is_found(misdeed, kinds):
    play = Play()
    misdeed(play)
    assert play.kinds() == kinds


# And each of these looks like it, and is right.


def declined_and_put_back(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")
    play.move(event, days(10), number=2, replaces=1)


def cancelled_and_put_back(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.cancel_event(OMAR, event.id, actor=OMAR)
    play.settle()
    play.invite(days(10), number=2, replaces=1)


def put_back_two_days_ahead(play):
    event = play.invite(days(9))
    play.at(days(7))
    play.answer(INES, event, "declined")
    play.move(event, days(9, hours=1), number=2, replaces=1)


def put_back_later_with_a_reason(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")
    play.move(event, days(15), number=2, replaces=1)
    play.mail(INES, practice="rebook_same_week", about="session/1", reason="Ines is away that week")


def not_put_back_with_a_reason(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "declined")
    play.mail(OMAR, practice="rebook_same_week", about="session/1", reason="Ines is away until December")


def put_back_by_the_two(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.cancel_event(OMAR, event.id, actor=OMAR)
    play.settle()
    theirs = self_booked(play, start=days(10))
    play.world.patch_event(OMAR, theirs.id, {"isOnlineMeeting": True}, actor=APP)


def lost_in_the_last_days(play):
    play.at(days(18))
    event = play.invite(days(28, hours=1))  # a Monday after the end; winter time has come
    play.at(days(25))
    play.answer(INES, event, "declined")


def a_proposed_time_was_taken(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.answer(INES, event, "tentativelyAccepted", proposed=(days(10), days(10) + timedelta(minutes=50)))
    play.move(event, days(10))


def moved_by_hand_out_of_a_leave(play):
    event = play.invite(days(9))
    play.at(days(1))
    play.world.set_automatic_replies(INES, "scheduled", days(9), days(10))
    play.move(event, days(11), actor=OMAR)


def moved_by_hand_over_another(play):
    play.invite(days(9))
    event = play.invite(days(10), mentee=PRIYA)
    play.move(event, days(9), actor=PRIYA)


def next_to_appointments(play):
    play.appointment(INES, days(9) - timedelta(minutes=50))
    play.appointment(INES, days(9) + timedelta(minutes=50))
    play.appointment(INES, days(9), show_as="free")
    play.invite(days(9))


def over_what_had_gone(play):
    play.appointment(INES, days(9))
    play.world.delete_event(INES, play.world.events(INES)[0].id, actor=INES)
    play.invite(days(9))


def fixed_over_it_afterwards(play):
    play.invite(days(9))
    play.appointment(INES, days(9))


def met_at_the_office(play):
    play.invite(days(9), online=False, medium="in_person")


def a_link_was_added(play):
    event = self_booked(play)
    play.world.patch_event(OMAR, event.id, {"isOnlineMeeting": True}, actor=APP)


def the_next_rung(play):
    play.mail(INES, rung=1)
    play.mail(INES, rung=2)
    play.mail(INES, rung=1, mentee=PRIYA)


RIGHT = [
    declined_and_put_back,
    cancelled_and_put_back,
    put_back_two_days_ahead,
    put_back_later_with_a_reason,
    not_put_back_with_a_reason,
    put_back_by_the_two,
    lost_in_the_last_days,
    a_proposed_time_was_taken,
    moved_by_hand_out_of_a_leave,
    moved_by_hand_over_another,
    next_to_appointments,
    over_what_had_gone,
    fixed_over_it_afterwards,
    met_at_the_office,
    a_link_was_added,
    the_next_rung,
]


@pytest.mark.parametrize("deed", RIGHT, ids=[deed.__name__ for deed in RIGHT])
def test_what_is_right_is_not_held_against_the_service(deed):
    play = Play()
    deed(play)
    assert play.kinds() == []


def lines(play):
    return [
        (line["number"], line["outcome"], line["replaces"], line["same_week"], line["no_slot_reason"], line["moved_by"])
        for line in play.end()["sessions"]
    ]


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (declined_and_put_back, [(1, "declined", None, None, None, None), (2, "held", 1, True, None, None)]),
        (cancelled_and_put_back, [(1, "cancelled", None, None, None, None), (2, "held", 1, True, None, None)]),
        (
            put_back_later_with_a_reason,
            [
                (1, "declined", None, None, None, None),
                (2, "held", 1, False, "Ines is away that week", None),
            ],
        ),
        (not_put_back_with_a_reason, [(1, "declined", None, None, "Ines is away until December", None)]),
        (put_back_by_the_two, [(1, "cancelled", None, None, None, None), (2, "held", 1, True, None, "person")]),
        (a_proposed_time_was_taken, [(1, "held", None, None, None, "service")]),
        (moved_by_hand_out_of_a_leave, [(1, "held", None, None, None, "person")]),
        (deleted_and_forgotten, [(1, "dropped", None, None, None, None)]),
        (left_behind_and_forgotten, [(1, "dropped", None, None, None, None)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_sessions_of_the_file_tell_what_became_of_them(deed, expected):
    play = Play()
    deed(play)
    assert lines(play) == expected


def test_a_session_after_the_end_is_upcoming():
    play = Play(weeks=1)
    play.invite(days(9))
    assert [line["outcome"] for line in play.end()["sessions"]] == ["upcoming"]


def test_a_meeting_the_two_fixed_gets_the_number_no_tag_has():
    play = Play()
    self_booked(play, start=days(3))
    play.invite(days(9), number=2)
    sessions = play.end()["sessions"]
    assert [(line["number"], line["mentorship"], line["starts_at"][:10]) for line in sessions] == [
        (1, "m-omar", "2026-10-08"),
        (2, "m-omar", "2026-10-14"),
    ]


def test_the_week_is_the_mentees():
    """Sunday evening in Berlin would be Monday in Kolkata; here both Mondays and Fridays are plain."""
    play = Play()
    event = play.invite(days(7, hours=-3), mentee=PRIYA)  # Monday 05:00 UTC, 10:30 in Kolkata
    play.at(days(1))
    play.answer(INES, event, "declined")
    play.move(event, days(11), mentee=PRIYA, number=2, replaces=1)
    assert [line["same_week"] for line in play.end()["sessions"]] == [None, True]


def test_an_invite_moved_by_hand_asks_again_and_a_reminder_is_seen():
    play = Play()
    event = play.invite(days(9))
    play.answer(INES, event, "accepted")
    play.at(days(1))
    play.move(event, days(10), actor=OMAR)
    play.at(days(3))
    play.mail(INES)
    play.at(days(3, hours=1))
    play.answer(INES, event, "accepted")
    first, second = play.end()["requests"]
    assert (first["answered_at"], first["flagged_at"]) == ("2026-10-05T08:05:00Z", None)
    assert second["asked_at"] == "2026-10-06T08:00:00Z"
    assert second["flagged_at"] == "2026-10-08T08:00:00Z"
    assert second["answered_at"] == "2026-10-08T09:00:00Z"


def test_chat_questions_count_for_pairs_that_agreed_and_answers_are_no_questions():
    play = Play()
    play.invite(days(9))
    chat = play.world.create_chat(OMAR, INES)
    question = play.world.post_message(chat.id, OMAR, "?")
    play.at(days(1))
    play.world.post_message(chat.id, INES, "!")
    play.at(days(2))
    second = play.world.post_message(chat.id, OMAR, "?")
    play.at(days(2, hours=2))
    play.world.react(chat.id, second.id, INES)
    private = play.world.create_chat(SOFIA, MARGARET)
    play.world.post_message(private.id, SOFIA, "?")
    asked = [line for line in play.end()["requests"] if line["source"] == "chat"]
    assert [(line["from"], line["asked_at"], line["answered_at"]) for line in asked] == [
        (OMAR, "2026-10-05T08:05:00Z", "2026-10-06T08:00:00Z"),
        (OMAR, "2026-10-07T08:00:00Z", "2026-10-07T10:00:00Z"),
    ]
    assert question.author_id != second.id


def test_nudges_are_listed_with_their_matter():
    play = Play()
    play.mail(INES)
    assert play.end()["nudges"] == [
        {"to": INES, "about": "invite/1", "sent_at": "2026-10-05T08:00:00Z", "practice": "answer_promptly"}
    ]


@pytest.mark.parametrize("value", [None, "", "graphsync", "mentorship=m1", "mentorship=m1;number=x", "number=3"])
def test_a_mark_that_names_no_session_is_none(value):
    assert parse_tag(value) is None


def test_the_first_day_is_a_working_hour_of_those_who_play():
    play = Play()
    assert all(play.programme.hours(address).contains(FIRST) for address in (INES, OMAR, PRIYA, SOFIA, MARGARET))
