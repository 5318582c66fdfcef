"""Rooms as the directory of places has them.

Source: https://learn.microsoft.com/graph/api/place-list
"""

from __future__ import annotations

from typing import Final

from graphsync.calendar.rooms import Room
from graphsync.graph import sdk, wire
from graphsync.graph.transport import Transport, query

SELECT: Final = ["emailAddress", "displayName", "building", "capacity", "bookingType"]
PAGE_SIZE: Final = 100
BY_HAND: Final = "reserved"
"""The `bookingType` of rooms that do not answer invites by themselves.

Source: https://learn.microsoft.com/graph/api/resources/room
"""


async def list_rooms(transport: Transport) -> list[Room]:
    """Return the rooms that can be booked by inviting them; needs `Place.Read.All`."""
    parameters = sdk.RoomsRequestBuilder.GraphRoomRequestBuilderGetQueryParameters(select=SELECT, top=PAGE_SIZE)
    info = transport.graph.places.graph_room.to_get_request_information(query(parameters))
    rooms: dict[str, Room] = {}
    async for page in transport.pages("list_rooms", info, wire.Room, mailbox=None):
        for found in page.value:
            if found.email_address and (found.booking_type or "").casefold() != BY_HAND:
                rooms[found.email_address.casefold()] = room_of(found.email_address, found)
    return list(rooms.values())


def room_of(address: str, found: wire.Room) -> Room:
    """Return the value of an answer."""
    return Room(
        address=address,
        name=found.display_name or address.partition("@")[0],
        building=found.building or "",
        capacity=found.capacity,
    )
