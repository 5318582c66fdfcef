"""Which room two people get: of their office, the smallest that is free."""

from datetime import UTC, datetime, timedelta

import pytest

from graphsync.calendar import Room, RoomChoice, TimeSlot, WhyNoRoom, choose_room, rooms_of
from graphsync.calendar.rooms import MOST_ROOMS

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT = TimeSlot(start=START, end=START + HOUR)


def a_room(name, capacity=4, building="Berlin 2"):
    return Room(address=f"{name}@fabrikam.test", name=name.title(), building=building, capacity=capacity)


def taken_at(start, length=HOUR):
    return [TimeSlot(start=start, end=start + length)]


AHORN, LINDEN, SAAL = a_room("ahorn", 2), a_room("linden", 4), a_room("saal", 40)
ROOMS = (AHORN, LINDEN, SAAL)
FREE = {room.address: [] for room in ROOMS}


def test_the_rooms_of_an_office_are_those_whose_building_it_is_the_smallest_first():
    elsewhere = a_room("palme", 2, "London 2")
    assert rooms_of("Berlin 2", [SAAL, elsewhere, LINDEN, AHORN]) == ROOMS


def test_offices_are_compared_without_case_and_spacing():
    assert rooms_of("  berlin  2 ", [AHORN]) == (AHORN,)


@pytest.mark.parametrize("capacity", [None, 0, 1])
def test_a_room_that_seats_fewer_than_two_or_does_not_say_is_passed_over(capacity):
    assert rooms_of("Berlin 2", [a_room("kammer", capacity)]) == ()


@pytest.mark.parametrize("office", ["", "  "])
def test_nobodys_office_has_no_rooms(office):
    assert rooms_of(office, [a_room("nowhere", building="")]) == ()


def test_rooms_of_one_size_are_in_the_order_of_their_names_and_no_more_than_one_call_takes():
    rooms = [a_room(f"room-{number:02}") for number in range(MOST_ROOMS + 5)]
    assert rooms_of("Berlin 2", reversed(rooms)) == tuple(rooms[:MOST_ROOMS])


def test_the_smallest_free_room_is_chosen():
    assert choose_room(ROOMS, FREE, SLOT) == RoomChoice(room=AHORN)


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param(taken_at(START), id="the same time"),
        pytest.param(taken_at(START - HOUR / 2), id="its first half"),
        pytest.param(taken_at(START + HOUR / 2), id="its second half"),
        pytest.param(None, id="not to be read"),
    ],
)
def test_a_room_that_is_taken_is_passed_over_and_told(busy):
    choice = choose_room(ROOMS, {**FREE, AHORN.address: busy}, SLOT)
    assert choice == RoomChoice(room=LINDEN, passed_over=("Ahorn",))


def test_a_room_of_which_nothing_is_known_is_not_free():
    assert choose_room(ROOMS, {LINDEN.address: []}, SLOT).room == LINDEN


@pytest.mark.parametrize("start", [START - HOUR, START + HOUR])
def test_what_only_touches_the_time_takes_nothing(start):
    assert choose_room(ROOMS, {**FREE, AHORN.address: taken_at(start)}, SLOT).room == AHORN


def test_the_room_a_session_has_comes_first_and_another_one_where_that_is_taken():
    assert choose_room(ROOMS, FREE, SLOT, keep="SAAL@fabrikam.test") == RoomChoice(room=SAAL)
    taken = {**FREE, SAAL.address: taken_at(START)}
    choice = choose_room(ROOMS, taken, SLOT, keep=SAAL.address)
    assert choice == RoomChoice(room=AHORN, passed_over=("Saal",))


def test_a_room_that_has_turned_the_session_down_is_not_asked_again():
    choice = choose_room(ROOMS, FREE, SLOT, without={"Ahorn@fabrikam.test"})
    assert choice == RoomChoice(room=LINDEN, passed_over=("Ahorn",))


def test_why_there_is_none_is_said():
    assert choose_room((), {}, SLOT) == RoomChoice(why_none=WhyNoRoom.NONE_LISTED)
    none_free = choose_room(ROOMS, {}, SLOT)
    assert none_free == RoomChoice(why_none=WhyNoRoom.ALL_TAKEN, passed_over=("Ahorn", "Linden", "Saal"))
