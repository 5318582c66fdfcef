"""Which room a session in person is held in: the smallest free one of the office, and why none where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from graphsync.calendar.slots import TimeSlot

LEAST_SEATS: Final = 2
MOST_ROOMS: Final = 20
"""So many rooms of an office are looked at, the smallest: one call of getSchedule takes as many addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room that can be booked; `capacity` is None where the directory of places does not say.

    Source: https://learn.microsoft.com/graph/api/resources/room
    """

    address: str
    name: str
    building: str = ""
    capacity: int | None = None


class WhyNoRoom(StrEnum):
    """Why a session in person has no room."""

    NONE_LISTED = "none_listed"
    """No room for two or more names the office as its building."""
    ALL_TAKEN = "all_taken"
    """Each is taken then, or cannot be read, or has turned the session down."""
    NOT_PERMITTED = "not_permitted"
    """The tenant does not let its rooms be read."""
    UNREADABLE = "unreadable"
    """They could not be read just then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChoice:
    """The room a session gets, or why none; `passed_over` are the names of those that were smaller and not free."""

    room: Room | None = None
    why_none: WhyNoRoom | None = None
    passed_over: tuple[str, ...] = ()


def rooms_of(office: str, rooms: Iterable[Room]) -> tuple[Room, ...]:
    """Return the rooms whose building is `office` and that seat two, the smallest first, `MOST_ROOMS` at most."""
    wanted = _folded(office)
    fitting = [r for r in rooms if r.capacity is not None and r.capacity >= LEAST_SEATS]
    there = [room for room in fitting if wanted and _folded(room.building) == wanted]
    return tuple(sorted(there, key=_by_size)[:MOST_ROOMS])


def choose_room(
    rooms: Sequence[Room],
    taken: Mapping[str, Sequence[TimeSlot] | None],
    slot: TimeSlot,
    *,
    keep: str = "",
    without: Collection[str] = (),
) -> RoomChoice:
    """Return the first of `rooms` that is free in `slot`, or why there is none.

    Args:
        rooms: of the office, in the order of preference.
        taken: when each is taken, by its folded address; None, or no entry, where that could not be read.
        slot: when the two meet.
        keep: the address of the room the session has: it comes first.
        without: addresses of rooms that are not asked (again).
    """
    if not rooms:
        return RoomChoice(why_none=WhyNoRoom.NONE_LISTED)
    refused = {address.casefold() for address in without}
    passed_over: list[str] = []
    for room in sorted(rooms, key=lambda room: room.address.casefold() != keep.casefold()):
        busy = taken.get(room.address.casefold())
        is_free = busy is not None and not any(slot.start < one.end and one.start < slot.end for one in busy)
        if is_free and room.address.casefold() not in refused:
            return RoomChoice(room=room, passed_over=tuple(passed_over))
        passed_over.append(room.name)
    return RoomChoice(why_none=WhyNoRoom.ALL_TAKEN, passed_over=tuple(passed_over))


def _by_size(room: Room) -> tuple[int, str, str]:
    return (room.capacity or 0, room.name.casefold(), room.address.casefold())


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
