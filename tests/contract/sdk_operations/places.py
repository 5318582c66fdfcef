"""Rooms and room lists by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import by_sdk, read
from msgraph.generated.models.room import Room

ROOM, LIST = "r1@fabrikam.test", "b1@fabrikam.test"


@by_sdk("listRooms")
async def list_rooms(scene):
    found = await read(scene.client.places.graph_room, filter="capacity ge 6", count=True)
    [room] = found.value
    assert (found.odata_count, room.display_name, room.email_address) == (1, "Room 1", ROOM)
    assert (room.building, room.floor_number, room.capacity) == ("B1", 2, 6)


@by_sdk("listRoomLists")
async def list_room_lists(scene):
    found = await scene.client.places.graph_room_list.get()
    assert [(each.display_name, each.email_address) for each in found.value] == [("Building 1", LIST)]


@by_sdk("listRoomsOfList")
async def list_rooms_of_list(scene):
    found = await scene.client.places.by_place_id(LIST).graph_room_list.rooms.get()
    assert [room.email_address for room in found.value] == [ROOM]


@by_sdk("getPlace")
async def get_place(scene):
    # The builder of a place itself has no GET: it is read as a room.
    room = await scene.client.places.by_place_id(ROOM).graph_room.get()
    assert (type(room), room.display_name, room.booking_type.value) == (Room, "Room 1", "standard")
