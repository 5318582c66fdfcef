"""Sessions in person have a room: the smallest free one of the office, another one if that declines, and then none."""

from datetime import timedelta

import pytest
from tenant import RULES, SESSION, Crash, TamperedGraph, a_pair, a_person, berlin, wire_time

from graphsync.clock import SteppedClock
from graphsync.engine.explain import explain_named
from graphsync.errors import GraphUnavailable
from graphsync.reports.explanation import explanation_data, explanation_text
from graphsync.rules.config import FileNames, parse_config
from graphsync.sandbox.tenant.directory import Room

OFFICE = "Berlin 2"
PAIR = [a_person("mira", office_location=OFFICE), a_person("tom", office_location=OFFICE)]
WITHOUT_ROOMS = RULES.replace("practice: video_first\n", "practice: video_first\n  room: false\n")
PERMITTED = {"Place.Read.All": None}
STANDING = {"standing": "tue 10:00"}
TIME = berlin("2026-03-10 10:00")


def a_room(name, capacity, building=OFFICE):
    room = Room(building=building, capacity=capacity)
    return a_person(name, purpose="room", room=room)


AHORN, LINDEN, SAAL = a_room("ahorn", 2), a_room("linden", 4), a_room("saal", 40)


@pytest.fixture
def opened(open_tenant):
    def open_one(*rooms, **options):
        values = {
            "people": [*PAIR, a_person("noor"), *rooms],
            "pairs": [a_pair("mira", "tom", **STANDING)],
            "permissions": PERMITTED,
        }
        return open_tenant(**values | options)

    return open_one


def take(tenant, room, start=TIME):
    """Let Noor hold a meeting in a room."""
    body = {
        "subject": "Own",
        "start": wire_time(start),
        "end": wire_time(start + SESSION),
        "attendees": [{"emailAddress": {"address": f"{room}@fabrikam.test"}, "type": "resource"}],
    }
    tenant.world.create_event("noor@fabrikam.test", body, actor="noor@fabrikam.test")


def taken_while_it_is_booked(tenant, **rooms):
    """Let somebody be quicker by a moment: a room is free when it is looked at, and taken when the invite arrives."""

    def be_quicker(operation, phase):
        if phase == "received" and operation in rooms:
            tenant.busy(rooms[operation], TIME, TIME + SESSION)

    tenant.world.on_request = be_quicker


def first(tenant):
    return tenant.meetings("tom")[0]


def rooms_of(meeting):
    return [a.address.partition("@")[0] for a in meeting.attendees if a.type == "resource"]


def explained(tenant):
    clock = SteppedClock(tenant.now)
    with tenant.store.transaction() as ledger:
        found = explain_named(ledger, tenant.config, "mira@fabrikam.test,tom@fabrikam.test", None, clock.now())
    return found


def test_the_smallest_free_room_of_the_office_is_booked(opened):
    tenant = opened(SAAL, LINDEN, AHORN, a_room("palme", 2, "London 2"))
    take(tenant, "ahorn")
    tenant.run_for(minutes=30)
    meeting = first(tenant)
    assert (meeting.start, rooms_of(meeting), meeting.location) == (TIME, ["linden"], "Linden, Berlin 2")
    assert meeting.location_address == "linden@fabrikam.test"
    assert [a.response for a in meeting.attendees if a.type == "resource"] == ["accepted"]
    (session,) = tenant.sessions()
    assert (session.medium, session.room, session.rooms_declined) == ("in_person", "linden@fabrikam.test", frozenset())
    assert tenant.alerts() == {}


def test_which_room_and_which_were_not_free_is_explained(opened):
    tenant = opened(AHORN, LINDEN)
    take(tenant, "ahorn")
    tenant.run_for(minutes=30)
    assert "room: Linden; not free: Ahorn" in explanation_text(explained(tenant), full=False)
    (times,) = explanation_data(explained(tenant), full=False)["times"]
    assert times["room"] == {"name": "Linden", "why_none": None}


@pytest.mark.parametrize(
    ("rooms", "busy", "why"),
    [
        pytest.param((), (), "none names the office as its building and seats two", id="no rooms"),
        pytest.param((AHORN,), ("ahorn",), "none is free; not free: Ahorn", id="all taken"),
    ],
)
def test_without_a_free_room_the_session_is_booked_at_the_office_all_the_same(opened, rooms, busy, why):
    tenant = opened(*rooms)
    for room in busy:
        take(tenant, room)
    tenant.run_for(minutes=30)
    assert (rooms_of(first(tenant)), first(tenant).location) == ([], OFFICE)
    assert f"no room: {why}" in explanation_text(explained(tenant), full=False)
    assert tenant.alerts() == {}


def test_without_the_permission_the_session_has_no_room_and_the_admin_is_told_once(opened):
    tenant = opened(AHORN, permissions={})
    tenant.run_for(days=1)
    assert (rooms_of(first(tenant)), first(tenant).location) == ([], OFFICE)
    assert list(tenant.alerts()) == ["refused/rooms"]
    assert "grant Place.Read.All" in tenant.alerts()["refused/rooms"]
    assert "no room: Place.Read.All is not granted" in explanation_text(explained(tenant), full=False)


def test_the_alert_goes_when_rooms_can_be_read(opened):
    pairs = [a_pair("mira", "tom", **STANDING), a_pair("noor", "ines", started="2026-03-03")]
    others = [a_person(name, office_location=OFFICE) for name in ("noor", "ines")]
    tenant = opened(people=[*PAIR, *others, AHORN], pairs=pairs, permissions={})
    tenant.run_for(hours=1)
    assert list(tenant.alerts()) == ["refused/rooms"]
    tenant.permissions |= PERMITTED
    tenant.grant()
    tenant.run_for(days=2)
    assert tenant.alerts() == {}
    assert tenant.sessions("noor", "ines")[0].room == "ahorn@fabrikam.test"


def test_the_alert_goes_when_no_rule_asks_for_rooms_any_more(opened):
    tenant = opened(AHORN, permissions={})
    tenant.run_for(minutes=30)
    assert list(tenant.alerts()) == ["refused/rooms"]
    files = tenant.files | {"rules.yaml": WITHOUT_ROOMS}
    tenant.engine.offer(parse_config(*(files[name] for name in FileNames()), names=FileNames()))
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)
    assert tenant.alerts() == {}


def test_a_tenant_may_do_without_rooms(opened):
    tenant = opened(AHORN, rules=WITHOUT_ROOMS)
    tenant.run_for(hours=1)
    assert (rooms_of(first(tenant)), first(tenant).location) == ([], OFFICE)
    assert tenant.requests("listRooms") == 0


def test_nothing_is_asked_of_rooms_where_nobody_meets_in_person(opened):
    tenant = opened(people=[a_person("mira"), a_person("tom"), AHORN])
    tenant.run_for(hours=1)
    assert tenant.requests("listRooms") == 0


def test_two_pairs_of_one_round_get_two_rooms(opened):
    pairs = [a_pair("mira", "tom", **STANDING), a_pair("noor", "ines", **STANDING)]
    others = [a_person(name, office_location=OFFICE) for name in ("noor", "ines")]
    tenant = opened(people=[*PAIR, *others, AHORN, LINDEN], pairs=pairs)
    tenant.run_for(minutes=30)
    booked = [first(tenant), tenant.meetings("ines")[0]]
    assert [meeting.start for meeting in booked] == [TIME, TIME]
    assert sorted(room for meeting in booked for room in rooms_of(meeting)) == ["ahorn", "linden"]


def test_a_room_that_declines_is_no_answer_of_a_person_and_another_one_is_asked(opened):
    tenant = opened(AHORN, LINDEN)
    taken_while_it_is_booked(tenant, createEvent="ahorn")
    tenant.run_for(hours=1)
    meeting = first(tenant)
    assert (meeting.start, rooms_of(meeting), meeting.location) == (TIME, ["linden"], "Linden, Berlin 2")
    (session,) = tenant.sessions()
    assert (session.loss, session.room) == (None, "linden@fabrikam.test")
    assert len(tenant.meetings("tom")) == 1
    assert tenant.only_meeting("mira").location == "Linden, Berlin 2"


def test_after_two_rooms_that_declined_there_is_none(opened):
    tenant = opened(AHORN, LINDEN, SAAL)
    taken_while_it_is_booked(tenant, createEvent="ahorn", updateEvent="linden")
    tenant.run_for(hours=3)
    meeting = first(tenant)
    assert (meeting.start, rooms_of(meeting), meeting.location) == (TIME, [], OFFICE)
    (session,) = tenant.sessions()
    assert (session.loss, session.room) == (None, "")
    assert "session 1: it has no room" in [entry.detail for entry in tenant.audit()]


def test_a_room_that_somebody_took_off_stays_off(opened):
    tenant = opened(AHORN, LINDEN)
    tenant.run_for(minutes=30)
    people = [{"emailAddress": {"address": "mira@fabrikam.test"}, "type": "required"}]
    tenant.world.patch_event(
        "tom@fabrikam.test", first(tenant).id, {"attendees": people, "location": {"displayName": "Café"}}, actor="tom"
    )
    tenant.run_for(days=1)
    assert (rooms_of(first(tenant)), first(tenant).location) == ([], "Café")


def test_a_declined_session_that_is_moved_keeps_its_room_where_that_is_free(opened):
    tenant = opened(AHORN, LINDEN)
    tenant.run_for(minutes=30)
    before = first(tenant)
    tenant.answer("mira", before, "declined")
    tenant.run_for(days=1)
    after = first(tenant)
    assert after.id == before.id
    assert after.start != TIME
    assert (rooms_of(after), after.location) == (["ahorn"], "Ahorn, Berlin 2")
    assert [session.room for session in tenant.sessions()] == ["ahorn@fabrikam.test"] * 2
    assert [a.response for a in after.attendees if a.type == "resource"] == ["accepted"]


def test_a_declined_session_that_is_moved_gets_another_room_where_its_own_is_taken(opened):
    tenant = opened(AHORN, LINDEN)
    tenant.run_for(minutes=30)
    tenant.answer("mira", first(tenant), "declined")
    for day in range(9, 14):
        tenant.busy("ahorn", berlin(f"2026-03-{day:02} 00:00"), berlin(f"2026-03-{day:02} 23:00"))
    tenant.run_for(days=1)
    after = first(tenant)
    assert after.start != TIME
    assert (rooms_of(after), after.location) == (["linden"], "Linden, Berlin 2")
    assert tenant.sessions()[-1].room == "linden@fabrikam.test"


@pytest.mark.parametrize(
    ("taken", "room"), [pytest.param(False, "ahorn", id="free"), pytest.param(True, "linden", id="taken by then")]
)
def test_a_session_that_is_moved_to_a_proposed_time_keeps_its_room_or_gets_another(opened, taken, room):
    tenant = opened(AHORN, LINDEN)
    tenant.run_for(minutes=30)
    later = TIME + timedelta(minutes=30)  # over a part of the time that the room is kept for this very session
    if taken:
        tenant.busy("ahorn", TIME + SESSION, TIME + 2 * SESSION)
    tenant.answer("mira", first(tenant), "tentativelyAccepted", proposed=later)
    tenant.run_for(hours=8)
    moved = first(tenant)
    assert (moved.start, rooms_of(moved), moved.location) == (later, [room], f"{room.title()}, Berlin 2")
    (session,) = tenant.sessions()
    assert (session.starts_at, session.room) == (later, f"{room}@fabrikam.test")
    assert [a.response for a in moved.attendees if a.type == "resource"] == ["accepted"]


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_process_that_dies_while_it_asks_another_room_asks_one_and_no_second(opened, phase):
    tenant = opened(AHORN, LINDEN, SAAL)
    taken_while_it_is_booked(tenant, createEvent="ahorn")
    died = []

    def dies_once(real, *arguments):
        if died:
            return real(*arguments)
        died.append(phase)
        if phase == "after":
            real(*arguments)
        raise Crash(phase)

    tenant.start_service(graph=TamperedGraph(tenant.graph, update_event=dies_once))
    tenant.run_for(hours=2)
    assert tenant.crashes == 1
    assert (rooms_of(first(tenant)), first(tenant).location) == (["linden"], "Linden, Berlin 2")
    assert [session.room for session in tenant.sessions()] == ["linden@fabrikam.test"]


def test_rooms_that_cannot_be_read_just_then_keep_nobody_from_being_booked(opened):
    tenant = opened(AHORN)

    def is_down(_real, *_arguments):
        raise GraphUnavailable("list_rooms", status=503)

    tenant.start_service(graph=TamperedGraph(tenant.graph, list_rooms=is_down))
    tenant.run_for(minutes=30)
    assert (rooms_of(first(tenant)), first(tenant).location) == ([], OFFICE)
    assert "no room: they could not be read" in explanation_text(explained(tenant), full=False)
