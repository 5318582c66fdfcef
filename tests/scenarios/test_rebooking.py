"""A session that is lost comes back in the same week, and what people do by hand stays as they left it."""

import pytest
from tenant import RULES, SESSION, TamperedGraph, a_pair, a_person, berlin, wall, week_of
from test_mail_that_waits import reload

from graphsync.errors import GraphAuthError
from graphsync.sandbox import Fault
from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.notifications.posting import Receipt

TUESDAY = berlin("2026-03-10 10:00")
PAIR = {"standing": "tue 10:00"}
ASKED = "which weekday and hour"


@pytest.fixture
def booked(open_tenant):
    """A function that opens a tenant whose only pair has its session on Tuesday the 10th, accepted by Mira."""

    def open_one(*, accepted=True, pair=None, **options):
        options.setdefault("people", [a_person("mira"), a_person("tom")])
        tenant = open_tenant(pairs=[a_pair("mira", "tom", **PAIR, **(pair or {}))], **options)
        tenant.run_for(minutes=5)
        assert tenant.only_meeting("tom").start == TUESDAY
        if accepted:
            invited = next(name for name in ("mira", "tom") if not tenant.only_meeting(name).is_organizer)
            tenant.answer(invited, tenant.only_meeting("tom"), "accepted")
        tenant.run_for(minutes=5)
        return tenant

    return open_one


def in_its_week(meeting):
    return week_of(meeting.start) == week_of(TUESDAY) and meeting.start != TUESDAY


def test_a_declined_session_is_moved_within_its_week_and_both_keep_their_copy(booked):
    tenant = booked()
    before = tenant.only_meeting("tom")
    kept_id = before.id
    tenant.answer("mira", before, "declined")
    tenant.run_for(hours=1)
    assert tenant.only_meeting("tom").start == TUESDAY, "the pair has two hours to put it back itself"
    tenant.run_for(hours=3)
    moved = tenant.only_meeting("tom")
    assert moved.id == kept_id
    assert in_its_week(moved)
    assert tenant.only_meeting("mira").start == moved.start
    assert tenant.only_meeting("mira").response == "notResponded"
    lost, replacement = tenant.sessions()
    assert (lost.loss, replacement.replaces, replacement.event_id) == ("declined", 1, kept_id)


def test_the_best_other_slots_are_offered_beside_the_one_that_was_taken(booked):
    tenant = booked()
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=4)
    (mail,) = tenant.mails("tom", "rebook_same_week")
    assert mail.body.count("<li>") == 2
    assert tenant.mails("mira", "rebook_same_week") == []


def test_a_new_time_is_told_once_however_often_it_was_tried_to_book_one(booked):
    tenant = booked()

    def refused(_real, *_arguments):
        raise GraphAuthError("create_event", status=403)

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_event=refused))
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_until(berlin("2026-03-03 17:00"))
    assert tenant.mails("tom", "rebook_same_week") == []
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=1)
    (mail,) = tenant.mails("tom", "rebook_same_week")
    assert wall(tenant.only_meeting("tom").start).split()[-1] in mail.body


@pytest.mark.parametrize("cohort", ["by-mentee", "by-mentor"])
def test_a_cancelled_session_is_put_back_as_a_new_event(booked, cohort):
    tenant = booked(pair={"cohort": cohort})
    before = tenant.only_meeting("tom")
    tenant.cancel(before.organizer_address, before)
    tenant.run_for(hours=4)
    after = tenant.only_meeting("tom")
    assert after.ical_uid != before.ical_uid
    assert in_its_week(after)
    assert tenant.only_meeting("mira").start == after.start
    assert [session.loss for session in tenant.sessions()] == ["cancelled", None]


def test_a_copy_deleted_without_a_word_is_noticed_and_the_session_moved(booked):
    tenant = booked()
    tenant.drop("mira", tenant.only_meeting("tom"))
    assert tenant.meetings("mira") == []
    tenant.run_for(hours=4)
    assert in_its_week(tenant.only_meeting("tom"))
    assert tenant.only_meeting("mira").start == tenant.only_meeting("tom").start
    assert [session.loss for session in tenant.sessions()] == ["dropped", None]


def test_a_copy_that_vanishes_while_nothing_is_told_is_found_missing_by_the_daily_look(booked):
    tenant = booked(accepted=False, sweep_hours=24)
    for subscription in tenant.world.live_subscriptions():
        tenant.world.remove_subscription(subscription.id)
    tenant.world.deliver = lambda *_: Receipt(0)
    tenant.drop("mira", tenant.only_meeting("tom"))
    tenant.run_for(days=2)
    assert [session.loss for session in tenant.sessions()] == ["dropped", None]
    assert tenant.only_meeting("mira").start == tenant.only_meeting("tom").start


def test_a_decline_whose_answer_still_travels_is_not_taken_for_a_silent_deletion(booked):
    """The deletion of her copy is told at once, and twice: that alone made it count as dropped."""
    tenant = booked(behavior=Behavior(response_delay=(200.0, 200.0)))
    tenant.world.faults.add(Fault(operation="notify", kind="duplicate", times=10))
    proposed = berlin("2026-03-12 15:00")
    tenant.answer("mira", tenant.only_meeting("tom"), "declined", proposed)
    tenant.run_for(hours=4)
    assert [session.loss for session in tenant.sessions()] == ["declined", None]
    assert tenant.only_meeting("tom").start == proposed


def test_a_session_in_somebodys_leave_is_moved_out_of_it(booked):
    tenant = booked(sweep_hours=24)
    away_until = berlin("2026-03-12 00:00")
    tenant.world.set_automatic_replies("mira@fabrikam.test", "scheduled", berlin("2026-03-09 00:00"), away_until)
    tenant.run_for(days=1, hours=1)
    moved = tenant.only_meeting("tom")
    assert in_its_week(moved)
    assert moved.start >= away_until
    assert [session.loss for session in tenant.sessions()] == ["absent", None]


def test_24_to_48_hours_ahead_leave_moves_a_session_only_if_whoever_is_asked_agrees(booked):
    tenant = booked(sweep_hours=2)
    tenant.run_until(berlin("2026-03-08 12:00"))
    tenant.world.set_automatic_replies(
        "mira@fabrikam.test", "scheduled", berlin("2026-03-10 00:00"), berlin("2026-03-11 00:00")
    )
    tenant.run_until(berlin("2026-03-08 16:00"))
    assert tenant.only_meeting("tom").start == TUESDAY
    tenant.run_until(berlin("2026-03-09 09:30"))
    assert "A new time" in tenant.mails("tom")[-1].subject
    tenant.click("tom", "Yes, do that")
    tenant.run_for(minutes=5)
    assert [session.loss for session in tenant.sessions()] == ["absent", None]
    assert in_its_week(tenant.only_meeting("tom"))


def test_leave_of_the_whole_week_moves_the_session_past_it_and_says_why(booked):
    tenant = booked(sweep_hours=24)
    tenant.world.set_automatic_replies(
        "mira@fabrikam.test", "scheduled", berlin("2026-03-09 00:00"), berlin("2026-03-16 00:00")
    )
    tenant.run_for(days=1, hours=1)
    assert tenant.only_meeting("tom").start >= berlin("2026-03-16 09:00")
    assert tenant.sessions()[0].no_slot_reason == "the mentor is away"
    assert "Mira is away" in tenant.mails("tom", "rebook_same_week")[0].body


def test_automatic_replies_that_are_always_on_move_nothing(booked):
    tenant = booked(sweep_hours=24)
    tenant.world.set_automatic_replies("mira@fabrikam.test", "alwaysEnabled")
    tenant.run_for(days=2)
    assert tenant.only_meeting("tom").start == TUESDAY


@pytest.mark.parametrize("answer", ["declined", "tentativelyAccepted"])
def test_a_proposed_time_is_taken_and_counts_as_accepted_by_who_proposed_it(booked, answer):
    tenant = booked(accepted=False)
    proposed = berlin("2026-03-12 15:00")
    tenant.answer("mira", tenant.only_meeting("tom"), answer, proposed)
    tenant.run_for(hours=4)
    assert tenant.only_meeting("tom").start == proposed
    assert tenant.only_meeting("mira").start == proposed
    tenant.run_until(berlin("2026-03-09 17:00"))
    assert tenant.mails("mira", "answer_promptly") == []
    assert tenant.only_meeting("tom").start == proposed


@pytest.mark.parametrize(
    ("proposed", "why"),
    [
        ("2026-03-12 15:00", "Tom is busy then"),
        ("2026-03-08 15:00", "under seven days after the invite"),
        ("2026-03-12 15:05", "off the quarter hour"),
        ("2026-03-12 19:00", "after Tom's hours"),
    ],
)
def test_a_tentative_answer_whose_proposal_breaks_a_rule_leaves_the_session_where_it_is(booked, proposed, why):
    tenant = booked(accepted=False)
    tenant.busy("tom", berlin("2026-03-12 14:00"), berlin("2026-03-12 17:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "tentativelyAccepted", berlin(proposed))
    tenant.run_for(hours=4)
    assert tenant.only_meeting("tom").start == TUESDAY, why
    assert tenant.only_meeting("mira").response == "tentativelyAccepted"


def test_a_full_week_puts_the_session_into_a_later_one_and_both_read_why(booked):
    tenant = booked()
    tenant.busy("mira", berlin("2026-03-09 08:00"), berlin("2026-03-13 18:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    moved = tenant.only_meeting("tom")
    assert week_of(moved.start) == (2026, 12)
    assert tenant.sessions()[0].no_slot_reason == "the calendar of the mentor had no hour left that suited both"
    for who in ("mira", "tom"):
        (mail,) = tenant.mails(who, "rebook_same_week")
        assert "he calendar of Mira had no hour left that suited both" in mail.body
        assert "16 March" in mail.body


def test_no_slot_in_reach_at_all_is_settled_with_its_reason(booked):
    tenant = booked()
    tenant.busy("mira", berlin("2026-03-03 08:00"), berlin("2026-04-20 18:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    (lost,) = tenant.sessions()
    assert "the calendar of the mentor had no hour left" in lost.no_slot_reason
    assert "No new time was found" in tenant.mails("tom", "rebook_same_week")[0].body
    assert len(tenant.mails("mira", "rebook_same_week")) == 1


def test_under_suggest_too_a_lost_session_without_a_slot_in_reach_is_told_to_both(booked):
    tenant = booked()
    reload(tenant, rules_yaml=RULES.replace("rebook_same_week\n  mode: enforce", "rebook_same_week\n  mode: suggest"))
    tenant.busy("mira", berlin("2026-03-03 08:00"), berlin("2026-04-20 18:00"))
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(hours=5)
    (lost,) = tenant.sessions()
    assert "the calendar of the mentor had no hour left" in lost.no_slot_reason
    for who in ("mira", "tom"):
        (mail,) = tenant.mails(who, "rebook_same_week")
        assert "No new time was found" in mail.body


def test_a_session_lost_when_its_week_is_almost_over_comes_back_in_the_next(booked):
    tenant = booked()
    tenant.move("tom", tenant.only_meeting("tom"), berlin("2026-03-13 15:00"))
    tenant.run_until(berlin("2026-03-12 17:30"))
    tenant.cancel("tom", tenant.coming("tom"))
    tenant.run_until(berlin("2026-03-13 14:00"))
    back = tenant.coming("tom")
    assert week_of(back.start) == (2026, 12)
    assert tenant.sessions()[0].no_slot_reason.startswith("the working hours of the mentee left no room")
    assert back.start - back.created_at >= SESSION


def test_the_service_yields_to_a_session_the_pair_books_itself(booked):
    tenant = booked(pair={"opt_ins": "self_booked"})
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_for(minutes=30)
    own = tenant.book("mira", "tom", berlin("2026-03-12 11:00"))
    tenant.run_for(hours=5)
    assert tenant.only_meeting("tom").ical_uid == own.ical_uid
    assert [session.self_booked for session in tenant.sessions()] == [False, True]


def test_without_consent_what_the_pair_books_itself_is_not_taken_for_a_session(booked):
    tenant = booked()
    own = tenant.book("mira", "tom", berlin("2026-03-12 11:00"))
    tenant.run_for(hours=5)
    assert {meeting.ical_uid for meeting in tenant.meetings("tom")} > {own.ical_uid}
    assert [session.self_booked for session in tenant.sessions()] == [False]
    assert not own.is_online_meeting


def test_after_two_replacements_in_a_row_the_pair_is_asked_for_a_new_standing_time(booked):
    tenant = booked()
    for _ in range(3):
        tenant.answer("mira", tenant.only_meeting("tom"), "declined")
        tenant.run_for(hours=8)
        tenant.run_until(tenant.now.replace(hour=7) if tenant.now.hour < 7 else tenant.now)
        tenant.run_for(hours=16)
    assert [session.replaces for session in tenant.sessions()][:3] == [None, 1, 2]
    for who in ("mira", "tom"):
        assert sum(ASKED in mail.body for mail in tenant.mails(who, "rebook_same_week")) == 1
    assert tenant.sessions()[2].no_slot_reason == "it has been moved several times in a row"


def test_a_session_moved_by_hand_stays_where_it_was_moved(booked):
    tenant = booked()
    by_hand = berlin("2026-03-12 11:10")
    tenant.move("tom", tenant.only_meeting("tom"), by_hand)
    tenant.run_until(berlin("2026-03-09 12:00"))
    assert tenant.only_meeting("tom").start == by_hand
    (session,) = tenant.sessions()
    assert (session.moved_by_person, session.loss) == (True, None)


def test_a_decline_followed_by_a_move_of_the_organizer_is_theirs_and_left_alone(booked):
    tenant = booked()
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(minutes=30)
    by_hand = berlin("2026-03-11 16:00")
    tenant.move("tom", tenant.only_meeting("tom"), by_hand)
    tenant.run_for(hours=6)
    assert tenant.only_meeting("tom").start == by_hand
    assert [session.loss for session in tenant.sessions()] == [None]


def test_a_move_made_while_the_service_is_about_to_move_wins(booked):
    tenant = booked()
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.run_for(minutes=30)
    by_hand = berlin("2026-03-11 16:00")

    def move_by_hand(operation, phase):
        if (operation, phase) == ("getSchedule", "applied") and tenant.only_meeting("tom").start == TUESDAY:
            tenant.move("tom", tenant.only_meeting("tom"), by_hand)

    tenant.world.on_request = move_by_hand
    tenant.run_for(hours=6)
    assert tenant.only_meeting("tom").start == by_hand


def test_people_the_invite_was_forwarded_to_keep_it_when_the_session_moves(booked):
    tenant = booked(people=[a_person("mira"), a_person("tom"), a_person("eve")])
    meeting = tenant.only_meeting("tom")
    everybody = [{"emailAddress": {"address": f"{name}@fabrikam.test"}, "type": "required"} for name in ("mira", "eve")]
    tenant.world.patch_event("tom@fabrikam.test", meeting.id, {"attendees": everybody}, actor="tom@fabrikam.test")
    tenant.run_for(minutes=10)
    tenant.answer("mira", meeting, "declined")
    tenant.run_for(hours=4)
    assert in_its_week(tenant.only_meeting("tom"))
    assert tenant.only_meeting("eve").start == tenant.only_meeting("tom").start


def test_a_session_that_is_lost_after_it_was_over_is_not_put_back(booked):
    tenant = booked()
    tenant.run_until(berlin("2026-03-10 12:00"))
    tenant.cancel("tom", tenant.meetings("tom")[0])
    tenant.run_for(days=1)
    assert week_of(tenant.only_meeting("tom").start) != week_of(TUESDAY)


@pytest.mark.parametrize("whole_day", [True, False], ids=["all day", "no length"])
def test_a_session_edited_to_be_no_meeting_time_at_all_stops_nothing(booked, whole_day):
    tenant = booked()
    meeting = tenant.only_meeting("tom")
    day = {"start": {"dateTime": "2026-03-11T00:00:00", "timeZone": "UTC"}, "isAllDay": whole_day}
    end = "2026-03-12T00:00:00" if whole_day else "2026-03-11T00:00:00"
    changes = {**day, "end": {"dateTime": end, "timeZone": "UTC"}}
    tenant.world.patch_event("tom@fabrikam.test", meeting.id, changes, actor="tom@fabrikam.test")
    tenant.run_until(berlin("2026-03-12 09:00"))
    assert tenant.sessions()[0].loss is None
    assert meeting.start == berlin("2026-03-11 01:00"), "it is theirs"
    assert tenant.coming("tom").start >= berlin("2026-03-16 00:00")


def test_the_week_of_the_clock_change_holds_its_replacement_on_either_side(open_tenant):
    tenant = open_tenant(
        people=[a_person("mira"), a_person("ana", "America/New_York")],
        pairs=[a_pair("mira", "ana", standing="wed 09:30")],
        starts_at=berlin("2026-03-17 14:00"),
    )
    tenant.run_for(minutes=5)
    before = tenant.only_meeting("ana")
    tenant.answer("mira", before, "declined")
    tenant.run_for(days=1)
    after = tenant.only_meeting("ana")
    assert before.ical_uid == after.ical_uid
    assert week_of(after.start) == (2026, 13)
    assert after.start.hour >= 13, "nine in New York is 13:00 UTC"
