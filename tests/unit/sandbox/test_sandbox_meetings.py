"""One meeting in several mailboxes: what each side sees at each step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_builders import an_event, at, let_pass, person, zoned

from graphsync.sandbox import Behavior, GraphRefusal, VirtualClock, World

BO = "bo@fabrikam.test"
WEEK_LATER = {"start": zoned("2026-01-20T10:00:00"), "end": zoned("2026-01-20T11:00:00")}


@pytest.fixture
def meeting(world, ana, bo):
    return world.create_event(ana, an_event(BO), actor=ana.address)


@pytest.fixture
def copy(world, bo, meeting):
    return world.event_by_ical_uid(bo, meeting.ical_uid)


def test_an_invitation_is_a_tentative_copy_with_its_own_id(world, bo, meeting, copy):
    assert (copy.show_as, copy.response, copy.is_organizer) == ("tentative", "notResponded", False)
    assert copy.ical_uid == meeting.ical_uid
    assert copy.id != meeting.id
    assert [item.kind for item in world.messages(bo, "inbox")] == ["eventMessageRequest"]


def test_an_answer_reaches_the_organizer_after_a_while(world, bo, meeting, copy):
    world.respond(bo, copy.id, "accepted", actor=BO)
    assert copy.show_as == "busy"
    assert meeting.attendees[0].response == "none"
    let_pass(world, timedelta(minutes=3))
    assert meeting.attendees[0].response == "accepted"
    assert meeting.attendees[0].responded_at == at("2026-01-05T08:00:00+00:00")


def test_a_declined_copy_leaves_the_calendar(world, ana, bo, meeting, copy):
    world.respond(bo, copy.id, "declined", actor=BO)
    assert world.events(bo) == []
    let_pass(world, timedelta(minutes=3))
    assert meeting.attendees[0].response == "declined"
    assert "meetingDeclined" in [item.meeting_message_type for item in world.messages(ana, "inbox")]


def test_without_a_response_sent_the_organizer_sees_nothing(world, bo, meeting, copy):
    world.respond(bo, copy.id, "declined", actor=BO, send_response=False)
    let_pass(world, timedelta(hours=1))
    assert meeting.attendees[0].response == "none"


def test_a_proposal_comes_with_the_answer(world, bo, meeting, copy):
    slot = (at("2026-01-14T10:00:00+00:00"), at("2026-01-14T11:00:00+00:00"))
    world.respond(bo, copy.id, "tentativelyAccepted", actor=BO, proposed=slot)
    let_pass(world, timedelta(minutes=3))
    assert meeting.attendees[0].proposed == slot


@pytest.mark.parametrize(
    ("body", "answer", "send"),
    [
        ({"allowNewTimeProposals": False}, "declined", True),
        ({}, "declined", False),
        ({}, "accepted", True),
    ],
    ids=["not-allowed", "no-response-sent", "accepting"],
)
def test_a_proposal_that_may_not_be_made_is_refused(world, ana, bo, body, answer, send):
    meeting = world.create_event(ana, an_event(BO, **body), actor=ana.address)
    copy = world.event_by_ical_uid(bo, meeting.ical_uid)
    slot = (at("2026-01-14T10:00:00+00:00"), at("2026-01-14T11:00:00+00:00"))
    with pytest.raises(GraphRefusal) as refused:
        world.respond(bo, copy.id, answer, actor=BO, send_response=send, proposed=slot)
    assert refused.value.status == 400


def test_a_reschedule_moves_all_copies_and_resets_answers(world, ana, bo, meeting, copy):
    world.respond(bo, copy.id, "accepted", actor=BO)
    let_pass(world, timedelta(minutes=3))
    world.patch_event(ana, meeting.id, WEEK_LATER, actor=ana.address)
    assert copy.start == at("2026-01-20T10:00:00+00:00")
    assert (copy.response, copy.show_as) == ("notResponded", "tentative")
    assert meeting.attendees[0].response == "notResponded"


def test_an_answer_to_the_old_time_does_not_count_after_a_reschedule(world, ana, bo, meeting, copy):
    world.respond(bo, copy.id, "accepted", actor=BO)
    world.patch_event(ana, meeting.id, WEEK_LATER, actor=ana.address)
    let_pass(world, timedelta(minutes=3))
    assert meeting.attendees[0].response == "notResponded"


def test_the_later_of_two_answers_counts_whichever_arrives_first(ana, bo):
    behavior = Behavior(response_delay=(5, 3600))
    for seed in range(6):
        world = World(clock=VirtualClock(at("2026-01-05T08:00:00+00:00")), seed=seed, behavior=behavior)
        people = [world.add_user(address=user.address, display_name="x", windows_time_zone="UTC") for user in (ana, bo)]
        meeting = world.create_event(people[0], an_event(BO), actor="ana")
        copy = world.event_by_ical_uid(people[1], meeting.ical_uid)
        world.respond(people[1], copy.id, "tentativelyAccepted", actor=BO)
        let_pass(world, timedelta(minutes=1))
        world.respond(people[1], copy.id, "accepted", actor=BO)
        let_pass(world, timedelta(hours=2))
        assert meeting.attendees[0].response == "accepted"


def test_a_declined_meeting_comes_back_under_a_new_id_when_it_is_moved(world, ana, bo, meeting, copy):
    world.respond(bo, copy.id, "declined", actor=BO)
    let_pass(world, timedelta(minutes=3))
    world.patch_event(ana, meeting.id, WEEK_LATER, actor=ana.address)
    again = world.event_by_ical_uid(bo, meeting.ical_uid)
    assert again.response == "notResponded"
    assert again.id != copy.id


def test_a_new_text_does_not_bring_a_removed_copy_back(world, ana, bo, meeting, copy):
    world.delete_event(bo, copy.id, actor=BO)
    world.patch_event(ana, meeting.id, {"subject": "Other"}, actor=ana.address)
    assert world.events(bo) == []


def test_a_cancelled_meeting_is_gone_for_the_organizer_and_marked_for_the_attendee(world, ana, meeting, copy):
    world.cancel_event(ana, meeting.id, "Room flooded", actor=ana.address)
    assert world.events(ana) == []
    assert (copy.is_cancelled, copy.show_as, copy.subject) == (True, "free", "Canceled: Mentoring")
    with pytest.raises(GraphRefusal) as refused:
        world.calendars.find(ana, meeting.id)
    assert (refused.value.status, refused.value.code) == (404, "ErrorItemNotFound")


def test_an_attendee_cannot_cancel(world, bo, copy):
    with pytest.raises(GraphRefusal) as refused:
        world.cancel_event(bo, copy.id, actor=BO)
    assert refused.value.status == 400


def test_an_attendee_deletes_silently(world, bo, meeting, copy):
    world.delete_event(bo, copy.id, actor=BO)
    let_pass(world, timedelta(hours=1))
    assert meeting.attendees[0].response == "none"


def test_a_switch_makes_an_attendees_delete_answer(world, bo, meeting, copy):
    world.behavior.attendee_delete_sends_response = True
    world.delete_event(bo, copy.id, actor=BO)
    let_pass(world, timedelta(hours=1))
    assert meeting.attendees[0].response == "declined"


def test_whoever_is_left_out_of_the_list_gets_a_cancellation(world, ana, bo, meeting, copy):
    cai = world.add_user(address="cai@fabrikam.test", display_name="Cai", windows_time_zone="UTC")
    world.patch_event(ana, meeting.id, {"attendees": [person(cai.address)]}, actor=ana.address)
    assert copy.is_cancelled
    assert world.event_by_ical_uid(cai, meeting.ical_uid).response == "notResponded"


def test_writing_the_list_keeps_answers_and_cannot_decline_for_somebody(world, ana, bo, meeting, copy):
    world.respond(bo, copy.id, "accepted", actor=BO)
    let_pass(world, timedelta(minutes=3))
    world.patch_event(ana, meeting.id, {"attendees": [person(BO)]}, actor=ana.address)
    assert meeting.attendees[0].response == "accepted"
    forged = person(BO) | {"status": {"response": "declined"}}
    world.patch_event(ana, meeting.id, {"attendees": [forged]}, actor=ana.address)
    assert meeting.attendees[0].response == "notResponded"


def test_external_people_are_invited_and_have_no_copy(world, ana):
    meeting = world.create_event(ana, an_event("guest@elsewhere.test"), actor=ana.address)
    assert meeting.attendees[0].address == "guest@elsewhere.test"
    world.cancel_event(ana, meeting.id, actor=ana.address)


def test_a_room_accepts_when_free_and_declines_when_taken(world, ana):
    room = world.add_user(address="r2@fabrikam.test", display_name="R2", windows_time_zone="UTC", purpose="room")
    first = world.create_event(ana, an_event(room.address), actor=ana.address)
    let_pass(world, timedelta(minutes=1))
    second = world.create_event(ana, an_event(room.address), actor=ana.address)
    let_pass(world, timedelta(minutes=1))
    assert first.attendees[0].response == "accepted"
    assert second.attendees[0].response == "declined"


def test_the_excess_over_thirty_messages_a_minute_arrives_later(world, ana, bo):
    for hour in range(31):
        day = 12 + hour // 8
        start = f"2026-01-{day}T{8 + hour % 8:02d}:00:00"
        end = f"2026-01-{day}T{8 + hour % 8:02d}:30:00"
        world.create_event(ana, an_event(BO, start=start, end=end), actor=ana.address)
    assert len(world.events(bo)) == 30
    let_pass(world, timedelta(minutes=1))
    assert len(world.events(bo)) == 31


def test_the_same_transaction_gives_the_same_event(world, ana):
    body = an_event(BO, transactionId="t1")
    assert world.create_event(ana, body, actor="app:x") is world.create_event(ana, dict(body), actor="app:x")
    assert len(world.events(ana)) == 1


@pytest.mark.parametrize("status", [400, 409])
def test_a_transaction_with_another_body_is_refused(world, ana, status):
    world.behavior.duplicate_transaction_status = status
    event = world.create_event(ana, an_event(transactionId="t1"), actor="app:x")
    with pytest.raises(GraphRefusal) as refused:
        world.create_event(ana, an_event(transactionId="t1", subject="Other"), actor="app:x")
    assert (refused.value.status, refused.value.code) == (status, "ErrorDuplicateTransactionId")
    assert refused.value.annotations == {"@event.existingEventId": event.id}


def test_without_a_teams_licence_the_event_has_no_meeting(world):
    cai = world.add_user(address="cai@fabrikam.test", display_name="Cai", windows_time_zone="UTC", teams_licence=False)
    event = world.create_event(cai, an_event(isOnlineMeeting=True), actor="app:x")
    assert (event.is_online_meeting, event.join_url) == (False, None)


def test_a_body_written_without_the_meeting_block_takes_the_meeting_away(world, ana):
    event = world.create_event(ana, an_event(isOnlineMeeting=True), actor="app:x")
    kept = {"body": {"contentType": "html", "content": f"<p>Agenda</p>{event.body_html}"}}
    world.patch_event(ana, event.id, kept, actor="app:x")
    assert event.is_online_meeting
    world.patch_event(ana, event.id, {"body": {"contentType": "html", "content": "x"}}, actor="app:x")
    assert not event.is_online_meeting


def test_a_meeting_cannot_be_switched_off(world, ana):
    event = world.create_event(ana, an_event(isOnlineMeeting=True), actor="app:x")
    world.patch_event(ana, event.id, {"isOnlineMeeting": False}, actor="app:x")
    assert event.is_online_meeting


def test_a_stale_etag_is_refused(world, ana):
    event = world.create_event(ana, an_event(), actor="app:x")
    with pytest.raises(GraphRefusal) as refused:
        world.calendars.patch(ana, event.id, {"subject": "y"}, actor="app:x", if_match='W/"old"')
    assert (refused.value.status, refused.value.code) == (412, "ErrorIrresolvableConflict")


@pytest.mark.parametrize(
    ("changes", "code", "part"),
    [
        ({"sujet": "x"}, "RequestBodyRead", "did you mean 'subject'?"),
        ({"iCalUId": "x"}, "ErrorInvalidPropertySet", "iCalUId"),
        ({"transactionId": "x"}, "ErrorInvalidPropertySet", "transactionId"),
        ({"showAs": "bussy"}, "RequestBodyRead", "did you mean 'busy'?"),
        ({"end": zoned("2026-01-12T10:00:00")}, "ErrorPropertyValidationFailure", "before its start"),
        ({"start": zoned("2026-01-12T10:00:00", "Madrid time")}, "TimeZoneNotSupportedException", "Madrid time"),
        ({"start": zoned("2026-01-12T10:00:00", "Europe/Madrid")}, "TimeZoneNotSupportedException", "Madrid"),
        ({"isAllDay": True}, "ErrorPropertyValidationFailure", "midnight"),
    ],
)
def test_what_graph_does_not_take_is_refused_with_what_comes_close(world, ana, changes, code, part):
    event = world.create_event(ana, an_event(), actor="app:x")
    with pytest.raises(GraphRefusal) as refused:
        world.patch_event(ana, event.id, changes, actor="app:x")
    assert (refused.value.status, refused.value.code) == (400, code)
    assert part in refused.value.message


def test_enum_values_and_addresses_are_taken_in_any_case(world, ana, bo):
    event = world.create_event(ana, an_event("BO@Fabrikam.test", showAs="Busy"), actor="app:x")
    assert event.show_as == "busy"
    assert world.event_by_ical_uid(bo, event.ical_uid) is not None


def test_the_journal_says_who_did_what_and_what_came_of_it(world, ana, bo, meeting, copy):
    world.patch_event(ana, meeting.id, WEEK_LATER, actor="app:x")
    [entry] = world.journal.entries("event_updated", actor="app:x")
    assert entry.details["changed"] == ["start", "end", "attendees"]
    assert entry.details["old"]["start"] == at("2026-01-13T10:00:00+00:00")
    assert entry.details["new"]["start"] == entry.details["snapshot"]["start"] == at("2026-01-20T10:00:00+00:00")
    assert entry.details["organizer_address"] == ana.address
    assert [item.user_id for item in world.journal.entries("event_updated", actor="exchange")] == [bo.id]


def test_two_worlds_with_one_seed_are_the_same(ana, bo):
    def run() -> list[object]:
        world = World(clock=VirtualClock(at("2026-01-05T08:00:00+00:00")), seed=3)
        people = [world.add_user(address=user.address, display_name="x", windows_time_zone="UTC") for user in (ana, bo)]
        meeting = world.create_event(people[0], an_event(BO, isOnlineMeeting=True), actor="ana")
        copy = world.event_by_ical_uid(people[1], meeting.ical_uid)
        world.respond(people[1], copy.id, "accepted", actor=BO)
        let_pass(world, timedelta(hours=1))
        return list(world.journal)

    assert run() == run()


def test_a_weekly_series_shows_its_occurrences_across_a_clock_change(world, ana, bo):
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-03-24", "numberOfOccurrences": 3},
    }
    zone = "Romance Standard Time"
    body = an_event(BO, start="2026-03-24T10:00:00", end="2026-03-24T11:00:00", zone=zone, recurrence=recurrence)
    master = world.create_event(ana, body, actor=ana.address)
    found = world.calendar_view(ana, at("2026-03-01T00:00:00+00:00"), at("2026-05-01T00:00:00+00:00"))
    assert [item.start.hour for item in found] == [9, 8, 8]
    assert {item.series_master_id for item in found} == {master.id}
    assert world.calendars.find(ana, found[1].id).start == found[1].start
    world.delete_event(ana, found[1].id, actor=ana.address)
    assert len(world.calendar_view(ana, found[0].start, found[2].end)) == 2
    theirs = world.calendar_view(BO, found[0].start, found[2].end)
    assert [item.is_cancelled for item in theirs] == [False, True, False]


def test_one_occurrence_cannot_be_given_a_recurrence_of_its_own(world, ana):
    recurrence = {
        "pattern": {"type": "daily", "interval": 2},
        "range": {"type": "endDate", "startDate": "2026-01-13", "endDate": "2026-01-20"},
    }
    master = world.create_event(ana, an_event(recurrence=recurrence), actor=ana.address)
    first = world.calendar_view(ana, master.start, master.end)[0]
    with pytest.raises(GraphRefusal) as refused:
        world.patch_event(ana, first.id, {"recurrence": recurrence}, actor=ana.address)
    assert refused.value.status == 400


def test_one_instant_after_another_and_never_back(world):
    with pytest.raises(ValueError, match="the clock stands at"):
        world.clock.set(world.clock.now() - timedelta(seconds=1))
