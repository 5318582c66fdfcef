"""The directory of places: the tenant's rooms with what is in them, and the lists they are in.

Sources: https://learn.microsoft.com/graph/api/resources/place, room, roomlist
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import User

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomList:
    """A list of rooms, such as those of one building."""

    id: str
    address: str
    display_name: str


@dataclass(slots=True)
class Places:
    """Rooms are the users of kind room; lists are named by them, or added with a name."""

    core: Core
    names: dict[str, str] = field(default_factory=dict)

    def add_list(self, address: str, display_name: str) -> None:
        """Add a room list, or give one that rooms name its name."""
        self.names[address.lower()] = display_name

    def rooms(self) -> list[User]:
        """Return all rooms, by address."""
        return [user for user in self.core.directory if user.purpose == "room"]

    def place_id(self, address: str) -> str:
        """Return the id of a place, which is not that of its account."""
        return self.core.draws.guid("place", address.lower())

    def lists(self) -> list[RoomList]:
        """Return all room lists, by address."""
        named = {room.room.room_list.lower() for room in self.rooms() if room.room.room_list}
        return [
            RoomList(id=self.place_id(address), address=address, display_name=self.names.get(address, address))
            for address in sorted({*named, *self.names})
        ]

    def rooms_in(self, address: str) -> list[User]:
        """Return the rooms of a list, by address.

        Raises:
            GraphRefusal: 404; there is no such list. It goes by its address, not by its id.
        """
        if address.lower() not in {found.address for found in self.lists()}:
            raise place_not_found(address)
        return [room for room in self.rooms() if (room.room.room_list or "").lower() == address.lower()]

    def find(self, key: str) -> User | RoomList:
        """Return the room or list with this id or address.

        Raises:
            GraphRefusal: 404; there is none.
        """
        wanted = key.lower()
        every: list[User | RoomList] = [*self.rooms(), *self.lists()]
        for place in every:
            if wanted in {place.address.lower(), self.place_id(place.address)}:
                return place
        raise place_not_found(key)

    def room_json(self, user: User) -> Json:
        """Return a room."""
        room = user.room
        return {
            "id": self.place_id(user.address),
            "displayName": user.display_name,
            "address": None,
            "geoCoordinates": None,
            "phone": "",
            "nickname": user.display_name,
            "emailAddress": user.address,
            "building": room.building,
            "floorNumber": room.floor_number,
            "floorLabel": room.floor_label,
            "label": room.label,
            "capacity": room.capacity,
            "bookingType": "standard",
            "audioDeviceName": room.audio_device,
            "videoDeviceName": room.video_device,
            "displayDeviceName": room.display_device,
            "isWheelchairAccessible": room.wheelchair_accessible,
            "tags": list(room.tags),
        }

    def list_json(self, found: RoomList) -> Json:
        """Return a room list."""
        return {
            "id": found.id,
            "displayName": found.display_name,
            "address": None,
            "geoCoordinates": None,
            "phone": "",
            "emailAddress": found.address,
        }


def place_not_found(key: str) -> GraphRefusal:
    """Return the refusal for a place that is not there."""
    return GraphRefusal(404, "ErrorItemNotFound", f"The place '{key}' was not found.")
