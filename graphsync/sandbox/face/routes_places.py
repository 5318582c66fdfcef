"""Routes of places: rooms and room lists.

Sources: https://learn.microsoft.com/graph/api/place-list, https://learn.microsoft.com/graph/api/place-get
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, page
from graphsync.sandbox.face.odata import Lookup, matches
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

READ = ("Place.Read.All", "Place.ReadWrite.All")
DEFAULT_PAGE, LARGEST_PAGE = 100, 999
LIST_NAMES = ("id", "displayName", "address", "geoCoordinates", "phone", "emailAddress")
ROOM_NAMES = (
    *LIST_NAMES,
    "nickname",
    "building",
    "floorNumber",
    "floorLabel",
    "label",
    "capacity",
    "bookingType",
    "audioDeviceName",
    "videoDeviceName",
    "displayDeviceName",
    "isWheelchairAccessible",
    "tags",
)
_NOT_FILTERED = {"address", "geoCoordinates", "tags"}


def _lookup(item: dict[str, Any]) -> Lookup:
    return lambda path: item[path[0]]


def _collection(call: Call, context: str, places: Sequence[dict[str, Any]], names: Sequence[str]) -> Answer:
    """Return a page of places; `$count` counts all that fit."""
    select = call.query.select(names)
    wanted = call.query.filter([name for name in names if name not in _NOT_FILTERED])
    counted = call.query.take("$count") == "true"
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    found = [place for place in places if wanted is None or matches(wanted, _lookup(place))]
    part, next_link = page(call, found, size)
    call.query.finish()
    body: dict[str, Any] = {"@odata.context": METADATA + context}
    if counted:
        body["@odata.count"] = len(found)
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    body["value"] = [{name: place[name] for name in (place if select is None else select)} for place in part]
    return Answer(status=200, body=body)


def list_rooms(world: World, call: Call) -> Answer:
    """GET all rooms of the tenant."""
    rooms = [world.places.room_json(room) for room in world.places.rooms()]
    return _collection(call, "places/microsoft.graph.room", rooms, ROOM_NAMES)


def list_room_lists(world: World, call: Call) -> Answer:
    """GET all room lists of the tenant."""
    lists = [world.places.list_json(found) for found in world.places.lists()]
    return _collection(call, "places/microsoft.graph.roomList", lists, LIST_NAMES)


def list_rooms_of_list(world: World, call: Call) -> Answer:
    """GET the rooms of one list, by its address."""
    rooms = [world.places.room_json(room) for room in world.places.rooms_in(call.keys["place"])]
    context = f"places('{call.keys['place']}')/microsoft.graph.roomList/rooms"
    return _collection(call, context, rooms, ROOM_NAMES)


def get_place(world: World, call: Call) -> Answer:
    """GET a room or a room list by id or address."""
    found = world.places.find(call.keys["place"])
    is_room = isinstance(found, User)
    shown = world.places.room_json(found) if isinstance(found, User) else world.places.list_json(found)
    select = call.query.select(ROOM_NAMES if is_room else LIST_NAMES)
    call.query.finish()
    kind = "microsoft.graph.room" if is_room else "microsoft.graph.roomList"
    chosen = shown if select is None else {name: shown[name] for name in select}
    context = f"{METADATA}places/{kind}/$entity"
    return Answer(status=200, body={"@odata.context": context, "@odata.type": f"#{kind}", **chosen})


def _routes(operation: str, patterns: tuple[str, ...], handler: Handler) -> list[Route]:
    return [
        Route(method="GET", pattern=pattern, operation=operation, permissions=READ, subject="none", handler=handler)
        for pattern in patterns
    ]


# `graph.room` is how the SDK casts; `microsoft.graph.` is left out by the router.
ROUTES: list[Route] = [
    *_routes("listRooms", ("places/room", "places/graph.room"), list_rooms),
    *_routes("listRoomLists", ("places/roomlist", "places/graph.roomList"), list_room_lists),
    *_routes("getPlace", ("places/{place}", "places/{place}/room", "places/{place}/graph.room"), get_place),
    *_routes(
        "listRoomsOfList",
        ("places/{place}/roomlist/rooms", "places/{place}/graph.roomList/rooms"),
        list_rooms_of_list,
    ),
]
