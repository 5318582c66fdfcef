"""Rooms for sessions in person: what Graph shows of them in a round, and which of them a session gets.

Rooms and their free/busy are read once a round, before its transaction, and kept no longer. Which room a session gets
is decided within it, when its time is known. Without rooms two people meet at their office all the same: nothing that
goes wrong here keeps a session from being booked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphsync.calendar import (
    CalendarEvent,
    Room,
    RoomChoice,
    Schedule,
    TimeSlot,
    WhyNoRoom,
    busy_from,
    choose_room,
    rooms_of,
)
from graphsync.engine.context import Context
from graphsync.engine.payloads import RoomPayload
from graphsync.engine.ports import Alert, Invitee, Ledger, Reservation, RoomChange
from graphsync.engine.state import holder
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound
from graphsync.mentoring import MentoringSession, PersonId
from graphsync.rules.intents import AnyIntent, BookSession, ChangeRoom, MoveSession
from graphsync.rules.state import MentorshipState

log = logging.getLogger(__name__)

NO_ROOMS: Final = "refused/rooms"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWish:
    """One intent that wants a room.

    Attributes:
        key: the intent's.
        office: where both work; empty where they do not work at one office.
        windows: in which its time lies.
        session: the session that has a room already, and takes another one where that is not free.
        without: addresses of the rooms that turned it down.
    """

    key: str
    office: str
    windows: tuple[TimeSlot, ...]
    session: MentoringSession | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsSeen:
    """What Graph showed: all rooms, the free/busy of some by their folded addresses, or why there is neither."""

    rooms: tuple[Room, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    failed: WhyNoRoom | None = None


def office_of(state: MentorshipState) -> str:
    """Return the office at which both work, as the mentor's entry spells it; empty where it is not one."""
    offices = [(person.office_location or "").strip() for person in (state.mentor, state.mentee)]
    return offices[0] if offices[0].casefold() == offices[1].casefold() else ""


def place_of(office: str, room: Room | None) -> str:
    """Return what the invite says of the place."""
    return ", ".join(part for part in (room.name if room else "", office) if part)


def wish_of(state: MentorshipState, intent: AnyIntent, moved: MentoringSession | None) -> RoomWish | None:
    """Return the room an intent wants, or None; an event that is moved keeps to having a room, or to having none.

    Args:
        state: of the mentorship.
        intent: of its decision.
        moved: the session whose event the intent moves.
    """
    office = office_of(state)
    match intent:
        case BookSession() if moved is None and intent.room:
            return RoomWish(key=intent.key, office=office, windows=intent.request.windows)
        case BookSession() | MoveSession() if moved is not None and moved.room:
            return RoomWish(key=intent.key, office=office, windows=intent.request.windows, session=moved)
        case ChangeRoom() if intent.another:
            return RoomWish(key=intent.key, office=office, windows=(intent.slot,), without=intent.declined)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class RoomLooks:
    """The looks at rooms."""

    context: Context

    def look(self, wishes: Sequence[RoomWish], requesters: Sequence[PersonId]) -> RoomsSeen:
        """Return the rooms there are, with the free/busy of those that are wished for.

        Args:
            wishes: of the round; without any nothing is read.
            requesters: mailboxes from which free/busy may be asked for; the next one where one is refused.
        """
        offices = sorted({wish.office for wish in wishes if wish.office})
        if not offices:
            return RoomsSeen()
        try:
            rooms = tuple(self.context.graph.list_rooms())
        except GraphAuthError as refusal:
            self._refused(refusal)
            return RoomsSeen(failed=WhyNoRoom.NOT_PERMITTED)
        except GraphError as error:
            log.warning("rooms cannot be read: %s", error)
            return RoomsSeen(failed=WhyNoRoom.UNREADABLE)
        with self.context.store.transaction() as ledger:
            ledger.records.clear_alert(NO_ROOMS)
        windows = [window for wish in wishes if wish.office for window in wish.windows]
        span = TimeSlot(start=min(w.start for w in windows), end=max(w.end for w in windows))
        addresses = {room.address: None for office in offices for room in rooms_of(office, rooms)}
        schedules = self._free_busy(requesters, list(addresses), span)
        if schedules is None:
            return RoomsSeen(rooms=rooms, failed=WhyNoRoom.UNREADABLE)
        return RoomsSeen(rooms=rooms, schedules={address.casefold(): found for address, found in schedules.items()})

    def _free_busy(
        self, requesters: Sequence[PersonId], addresses: Sequence[str], span: TimeSlot
    ) -> Mapping[str, Schedule] | None:
        if not addresses:
            return {}
        for requester in requesters:
            try:
                return self.context.graph.get_schedule(requester, addresses, span)
            except (GraphAuthError, GraphNotFound) as error:
                # Of that one mailbox: it left the scope, or the cloud, since it was last looked at.
                log.warning("free/busy of rooms cannot be asked for from mailbox %s: %s", requester, error)
            except GraphError as error:
                log.warning("free/busy of rooms cannot be read: %s", error)
                return None
        return None

    def _refused(self, refusal: GraphAuthError) -> None:
        text = (
            f"rooms cannot be read: {refusal}; sessions in person are booked without one: grant Place.Read.All, "
            "or set `room: false`"
        )
        with self.context.store.transaction() as ledger:
            ledger.records.raise_alert(Alert(key=NO_ROOMS, text=text, raised_at=self.context.now()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDesk:
    """Gives out rooms in one round's transaction; `chosen` is what was given, or why nothing, by the intent's key."""

    ledger: Ledger
    seen: RoomsSeen = RoomsSeen()
    wishes: Mapping[str, RoomWish] = field(default_factory=dict)
    chosen: dict[str, RoomChoice] = field(default_factory=dict)

    def choose(self, key: str, slot: TimeSlot) -> Room | None:
        """Return the room that an intent gets for its time, None where it wants none or there is none."""
        wish = self.wishes.get(key)
        if wish is None:
            return None
        self.chosen[key] = choice = self._choice(wish, slot)
        return choice.room

    def change(self, key: str, slot: TimeSlot) -> RoomPayload | None:
        """Return what becomes of the room of an event that an intent moves to `slot`; None where it stays as it is.

        A room that cannot be looked at stays, and answers for itself.
        """
        wish = self.wishes.get(key)
        if wish is None or wish.session is None:
            return None
        room = self.choose(key, slot)
        if room is None and self.chosen[key].why_none is not WhyNoRoom.ALL_TAKEN:
            return None
        return instead_of(wish.session.room, room, wish.office)

    def reservations(self, key: str, slot: TimeSlot, held_by: str) -> list[Reservation]:
        """Return the reservation of the room that was chosen for an intent, if one was."""
        choice = self.chosen.get(key)
        if choice is None or choice.room is None:
            return []
        return [Reservation(person=as_reserved(choice.room.address), slot=slot, holder=held_by)]

    def _choice(self, wish: RoomWish, slot: TimeSlot) -> RoomChoice:
        if self.seen.failed is not None:
            return RoomChoice(why_none=self.seen.failed)
        rooms = rooms_of(wish.office, self.seen.rooms)
        keep = wish.session.room if wish.session is not None else ""
        taken = {room.address.casefold(): self._taken(room, wish, slot) for room in rooms}
        return choose_room(rooms, taken, slot, keep=keep, without=wish.without)

    def _taken(self, room: Room, wish: RoomWish, slot: TimeSlot) -> list[TimeSlot] | None:
        """Return when a room is taken by others than the session that moves; None where that cannot be read."""
        schedule = self.seen.schedules.get(room.address.casefold())
        if schedule is None or schedule.unreadable is not None:
            return None
        session = wish.session
        own: list[TimeSlot] = []
        if session is not None and session.room.casefold() == room.address.casefold():
            own.append(TimeSlot(start=session.starts_at, end=session.ends_at))
        name = "" if session is None else holder(session.mentorship, session.number)
        reserved = self.ledger.reservations.of([as_reserved(room.address)], slot)
        return [*busy_from(schedule, own=own), *(kept.slot for kept in reserved if kept.holder != name)]


def instead_of(had: str, room: Room | None, office: str) -> RoomPayload | None:
    """Return what is to be written where `room`, or none, takes the place of the room a session had."""
    if room is None:
        return RoomPayload(instead_of=had, location=office)
    if room.address.casefold() == had.casefold():
        return None
    return RoomPayload(instead_of=had, location=place_of(office, room), asked=room.address, name=room.name)


def change_on(found: CalendarEvent, wanted: RoomPayload | None) -> RoomChange | None:
    """Return what is to be changed about the room of an event; nothing where somebody has taken the room off."""
    if wanted is None or not asks(found, wanted.instead_of):
        return None
    add = Invitee(address=wanted.asked, name=wanted.name) if wanted.asked else None
    return RoomChange(remove=wanted.instead_of, add=add, location=wanted.location)


def asks(found: CalendarEvent, room: str) -> bool:
    """Tell whether a room is on an event."""
    return any(one.type == "resource" and one.address.casefold() == room.casefold() for one in found.attendees)


def if_on(found: CalendarEvent, room: str) -> str:
    """Return the address of a room if it is on an event, else nothing: somebody has taken it off."""
    return room if asks(found, room) else ""


def room_after(found: CalendarEvent, had: str, wanted: RoomPayload | None) -> str:
    """Return the room of a session whose event was moved; `had` is the one it had, which may be another by then."""
    changes = wanted is not None and wanted.instead_of == had
    return if_on(found, wanted.asked if wanted is not None and changes else had)


def as_reserved(address: str) -> PersonId:
    """Return the name under which the time of a room is reserved, which is no person's id."""
    return PersonId(f"room:{address.casefold()}")
