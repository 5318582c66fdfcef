"""What the engine sees of other people's calendars: one mailbox's copy of an event, and free/busy.

Neither a subject nor a body is in these values: what is not read cannot be stored. Words of Graph's enumerations
are kept as Graph spells them; `graph/` brings their case in order and turns Graph's sentinels of time into None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from graphsync.calendar.slots import NO_TIME, TimeSlot, checked_utc
from graphsync.mentoring import Response

EVENT_TYPES: Final = frozenset({"singleInstance", "occurrence", "exception", "seriesMaster"})
SHOW_AS: Final = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"})
ATTENDEE_TYPES: Final = frozenset({"required", "optional", "resource"})

VIEW_INTERVAL: Final = timedelta(minutes=5)
"""The shortest `availabilityViewInterval` Graph takes, and the one graphsync asks for.

Source: https://learn.microsoft.com/graph/api/calendar-getschedule
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """One invited person or room, with the answer that stands in this copy of the event.

    `responded_at` is None where nothing was answered or Graph names no time; `proposed` is the other time that
    somebody suggested while answering.
    """

    address: str
    type: str = "required"
    response: Response = Response.NONE
    responded_at: datetime | None = None
    proposed: TimeSlot | None = None

    def __post_init__(self) -> None:
        _check_word(self.type, ATTENDEE_TYPES, "type of an attendee")
        if self.responded_at is not None:
            checked_utc(self.responded_at, "responded_at of an attendee")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """Graph's event as one mailbox has it.

    Ids differ between the copies; `ical_uid` is the same in all of them. An event may have no length (a reminder).
    `own_response` is what this mailbox's owner has answered. `tag` is the value of graphsync's extended property,
    None on events that graphsync did not write and on attendees' copies.

    Source: https://learn.microsoft.com/graph/api/resources/event
    """

    id: str
    ical_uid: str
    change_key: str
    organizer_address: str
    is_organizer: bool
    starts_at: datetime
    ends_at: datetime
    is_all_day: bool = False
    is_cancelled: bool = False
    show_as: str = "busy"
    type: str = "singleInstance"
    series_master_id: str | None = None
    is_online_meeting: bool = False
    join_url: str | None = None
    attendees: tuple[Attendee, ...] = ()
    own_response: Response = Response.NONE
    tag: str | None = None

    def __post_init__(self) -> None:
        checked_utc(self.starts_at, "starts_at of an event")
        checked_utc(self.ends_at, "ends_at of an event")
        if self.starts_at > self.ends_at:
            raise ValueError(f"event {self.id!r} ends before it starts: {self.starts_at} to {self.ends_at}")
        _check_word(self.type, EVENT_TYPES, "type of an event")
        _check_word(self.show_as, SHOW_AS, "show_as of an event")

    @property
    def people(self) -> frozenset[str]:
        """The addresses of who is on it, rooms left aside, folded for comparison."""
        invited = {one.address.casefold() for one in self.attendees if one.type != "resource"}
        return frozenset((*invited, self.organizer_address.casefold()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleItem:
    """One entry of somebody's free/busy; entries of no length take no time and are left out by `graph/`.

    Source: https://learn.microsoft.com/graph/api/resources/scheduleitem
    """

    slot: TimeSlot
    status: str

    def __post_init__(self) -> None:
        _check_word(self.status, SHOW_AS, "status of a schedule item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The free/busy of one address over the span that was asked for.

    `availability_view` has one digit for each `view_interval` from `view_starts_at` on; it stands in where Graph
    gives no items. `unreadable` says why there is neither, in Graph's words or ours; None where it was read.

    Source: https://learn.microsoft.com/graph/api/resources/scheduleinformation
    """

    address: str
    items: tuple[ScheduleItem, ...] = ()
    availability_view: str = ""
    unreadable: str | None = None
    view_starts_at: datetime | None = None
    view_interval: timedelta = VIEW_INTERVAL

    def __post_init__(self) -> None:
        if not set(self.availability_view) <= set("01234"):
            raise ValueError(f"an availability view has digits 0 to 4 only, not {self.availability_view!r}")
        if self.view_interval <= NO_TIME:
            raise ValueError(f"view_interval is longer than nothing, not {self.view_interval}")
        if self.view_starts_at is not None:
            checked_utc(self.view_starts_at, "view_starts_at of a schedule")


def _check_word(found: str, allowed: frozenset[str], what: str) -> None:
    if found not in allowed:
        raise ValueError(f"{what} is one of {', '.join(sorted(allowed))}; not {found!r}")
