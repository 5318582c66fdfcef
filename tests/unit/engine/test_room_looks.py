from datetime import timedelta

import pytest
from builders import MENTEE, MENTOR, NOW, a_person, a_session, a_state

from graphsync.calendar import Attendee, CalendarEvent, Room
from graphsync.engine.payloads import RoomPayload
from graphsync.engine.ports import Invitee, RoomChange
from graphsync.engine.rooms import change_on, instead_of, office_of, place_of, room_after, wish_of
from graphsync.rules.intents import BookSession, CancelSession

LINDEN, AHORN = "linden@fabrikam.test", "ahorn@fabrikam.test"
TO_AHORN = RoomPayload(instead_of=LINDEN, location="Ahorn, Berlin 2", asked=AHORN, name="Ahorn")
TO_NONE = RoomPayload(instead_of=LINDEN, location="Berlin 2")


def a_state_at(mentor, mentee):
    return a_state(mentor=a_person(MENTOR, office_location=mentor), mentee=a_person(MENTEE, office_location=mentee))


def an_event(*rooms, kind="resource"):
    return CalendarEvent(
        id="event-1",
        ical_uid="uid-1",
        change_key="1",
        organizer_address="em@fabrikam.test",
        is_organizer=True,
        starts_at=NOW,
        ends_at=NOW + timedelta(minutes=50),
        attendees=tuple(Attendee(address=room, type=kind) for room in rooms),
    )


@pytest.mark.parametrize(
    ("mentor", "mentee", "office"),
    [
        ("Berlin 2", "Berlin 2", "Berlin 2"),
        (" Berlin 2", "BERLIN 2", "Berlin 2"),
        ("Berlin 2", "Paris 1", ""),
        ("Berlin 2", None, ""),
        (None, None, ""),
    ],
)
def test_the_office_is_the_one_that_both_name(mentor, mentee, office):
    assert office_of(a_state_at(mentor, mentee)) == office


@pytest.mark.parametrize(
    ("office", "room", "place"),
    [
        ("Berlin 2", Room(address=LINDEN, name="Linden"), "Linden, Berlin 2"),
        ("Berlin 2", None, "Berlin 2"),
        ("", Room(address=LINDEN, name="Linden"), "Linden"),
        ("", None, ""),
    ],
)
def test_the_place_names_the_room_and_the_office(office, room, place):
    assert place_of(office, room) == place


def test_an_event_that_is_made_anew_wants_a_room_where_its_rule_does_and_a_moved_one_where_it_has_one():
    def booking(room):
        request = type("Request", (), {"windows": ()})
        return BookSession(
            key="book/m1/1",
            mentorship="m1",
            rule="r",
            reason="",
            number=1,
            request=request,
            medium="in_person",
            online=False,
            room=room,
        )

    state = a_state_at("Berlin 2", "Berlin 2")
    assert wish_of(state, booking(True), None).office == "Berlin 2"
    assert wish_of(state, booking(False), None) is None
    with_room, without = a_session(room=LINDEN), a_session()
    assert wish_of(state, booking(True), with_room).session == with_room
    assert wish_of(state, booking(True), without) is None
    other = CancelSession(key="k", mentorship="m1", rule="r", reason="", number=1, code="ended")
    assert wish_of(state, other, None) is None


def test_the_room_a_session_has_is_not_asked_again():
    assert instead_of(LINDEN, Room(address="LINDEN@fabrikam.test", name="Linden"), "Berlin 2") is None
    assert instead_of(LINDEN, Room(address=AHORN, name="Ahorn"), "Berlin 2") == TO_AHORN
    assert instead_of(LINDEN, None, "Berlin 2") == TO_NONE


def test_a_room_is_changed_where_it_is_still_on_the_event():
    ahorn = Invitee(address=AHORN, name="Ahorn")
    assert change_on(an_event(LINDEN), TO_AHORN) == RoomChange(remove=LINDEN, add=ahorn, location="Ahorn, Berlin 2")
    assert change_on(an_event("Linden@Fabrikam.test"), TO_NONE).add is None
    assert change_on(an_event(AHORN), TO_AHORN) is None
    assert change_on(an_event(LINDEN, kind="required"), TO_AHORN) is None
    assert change_on(an_event(LINDEN), None) is None


@pytest.mark.parametrize(
    ("on_event", "had", "wanted", "room"),
    [
        pytest.param([LINDEN], LINDEN, None, LINDEN, id="kept"),
        pytest.param([], LINDEN, None, "", id="taken off by somebody"),
        pytest.param([AHORN], LINDEN, TO_AHORN, AHORN, id="another one"),
        pytest.param([], LINDEN, TO_NONE, "", id="none"),
        pytest.param([AHORN], AHORN, TO_AHORN, AHORN, id="it had another one by then"),
    ],
)
def test_after_a_move_a_session_has_the_room_that_is_on_its_event(on_event, had, wanted, room):
    assert room_after(an_event(*on_event), had, wanted) == room
