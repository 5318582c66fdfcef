"""Values of the calendar: one mailbox's copy of an event, and its attendees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy, deepcopy
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from functools import cache
from itertools import compress
from operator import attrgetter, is_not
from typing import Any, Literal, TypedDict

AttendeeType = Literal["required", "optional", "resource"]
Response = Literal["none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"]
Answer = Literal["accepted", "tentativelyAccepted", "declined"]
ShowAs = Literal["unknown", "free", "tentative", "busy", "oof", "workingElsewhere"]
EventType = Literal["singleInstance", "occurrence", "exception", "seriesMaster"]


@dataclass(slots=True, kw_only=True)
class Attendee:
    """Somebody invited, with the answer as this copy knows it; only the organizer's copy is an authority."""

    address: str
    name: str
    type: AttendeeType = "required"
    response: Response = "none"
    responded_at: datetime | None = None
    proposed: tuple[datetime, datetime] | None = None


@dataclass(slots=True, kw_only=True)
class Deviation:
    """What one occurrence has otherwise than its series: values of `Event` by attribute (series.py)."""

    values: dict[str, Any]
    revision: int
    change_key: str
    modified_at: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Event:
    """One mailbox's copy of an event; `ical_uid` is what the copies of one meeting share.

    `start` and `end` are UTC instants, `response` and `responded_at` the own `responseStatus`; `calendar_id` is empty
    in the default calendar. `sequence` counts the times the meeting was rescheduled, `organizer_show_as` is what an
    accepting attendee's copy takes on. Of a series `excluded_on` are the dates taken out, `deviations` what is
    otherwise on which date; an occurrence worked out of it has `original_start`.
    """

    id: str
    ical_uid: str
    change_key: str
    user_id: str
    organizer_address: str
    organizer_name: str
    is_organizer: bool
    subject: str
    body_html: str
    start: datetime
    end: datetime
    original_time_zone: str
    created_at: datetime
    modified_at: datetime
    body_type: Literal["html", "text"] = "html"
    show_as: ShowAs = "busy"
    organizer_show_as: ShowAs = "busy"
    is_all_day: bool = False
    is_cancelled: bool = False
    is_online_meeting: bool = False
    online_meeting_provider: str = "unknown"
    join_url: str | None = None
    location: str = ""
    location_address: str | None = None
    categories: list[str] = field(default_factory=list)
    importance: str = "normal"
    sensitivity: str = "normal"
    attendees: list[Attendee] = field(default_factory=list)
    response: Response = "organizer"
    responded_at: datetime | None = None
    transaction_id: str | None = None
    extended_properties: dict[str, str] = field(default_factory=dict)
    recurrence: dict[str, Any] | None = None
    series_master_id: str | None = None
    type: EventType = "singleInstance"
    allow_new_time_proposals: bool = True
    response_requested: bool = True
    hide_attendees: bool = False
    is_reminder_on: bool = True
    reminder_minutes: int = 15
    sequence: int = 0
    revision: int = 0
    excluded_on: list[date] = field(default_factory=list)
    deviations: dict[date, Deviation] = field(default_factory=dict)
    original_start: datetime | None = None
    calendar_id: str = ""

    def attendee(self, address: str) -> Attendee | None:
        """Return the attendee with this address, in any case of letters, or None."""
        lowered = address.lower()
        return next((attendee for attendee in self.attendees if attendee.address.lower() == lowered), None)


class EventChanges(TypedDict, total=False):
    """What a request body asks for, by the attribute of `Event` it sets; an absent key is left as it is."""

    subject: str
    body_html: str
    body_type: Literal["html", "text"]
    start: datetime
    end: datetime
    original_time_zone: str
    show_as: ShowAs
    is_all_day: bool
    is_online_meeting: bool
    online_meeting_provider: str
    location: str
    location_address: str | None
    categories: list[str]
    importance: str
    sensitivity: str
    attendees: list[Attendee]
    transaction_id: str | None
    extended_properties: dict[str, str]
    recurrence: dict[str, Any] | None
    allow_new_time_proposals: bool
    response_requested: bool
    hide_attendees: bool
    is_reminder_on: bool
    reminder_minutes: int


# What an invitation or an update carries to the other mailboxes; the rest belongs to each copy alone.
SHARED_FIELDS = (
    "subject",
    "body_html",
    "body_type",
    "start",
    "end",
    "original_time_zone",
    "is_all_day",
    "is_online_meeting",
    "online_meeting_provider",
    "join_url",
    "location",
    "location_address",
    "importance",
    "sensitivity",
    "recurrence",
    "allow_new_time_proposals",
    "response_requested",
    "hide_attendees",
)
# A change of one of these is a new time: everybody is asked again.
TIME_FIELDS = ("start", "end", "recurrence", "is_all_day")


def attendee_snapshot(attendee: Attendee) -> dict[str, Any]:
    """Return the attendee as a plain dict with our attribute names."""
    return {
        "address": attendee.address,
        "name": attendee.name,
        "type": attendee.type,
        "response": attendee.response,
        "responded_at": attendee.responded_at,
        "proposed": attendee.proposed,
    }


_EVENT_FIELDS = tuple(item.name for item in fields(Event))
_PLACE = {name: place for place, name in enumerate(_EVENT_FIELDS)}
# Of these each snapshot would have its own; whoever compares with an event's finds them equal. Nobody adds to them.
_EMPTY: Mapping[str, Any] = {
    item.name: item.default_factory() for item in fields(Event) if item.default_factory is not MISSING
}
_USUAL = tuple(_EMPTY.get(item.name, item.default) for item in fields(Event))
_values_of = attrgetter(*_EVENT_FIELDS)


class Snapshot(Mapping[str, Any]):
    """What a copy was like once, by attribute name.

    The journal keeps one for each change, so they are small: what is as usual is not in it, and which values are is
    said once for all that have the same.
    """

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: tuple[Any, ...]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, name: str) -> Any:
        place = self._places.get(name)
        return _USUAL[_PLACE[name]] if place is None else self._values[place]

    def __iter__(self) -> Iterator[str]:
        return iter(_EVENT_FIELDS)

    def __len__(self) -> int:
        return len(_EVENT_FIELDS)


def snapshot(event: Event) -> Snapshot:
    """Return the copy's fields as they are now; later changes do not reach it."""
    values = list(_values_of(event))
    for name, empty in _EMPTY.items():
        values[_PLACE[name]] = copy(values[_PLACE[name]]) or empty
    if event.attendees:
        values[_PLACE["attendees"]] = [attendee_snapshot(attendee) for attendee in event.attendees]
    if event.deviations:
        values[_PLACE["deviations"]] = deepcopy(event.deviations)
    is_kept = tuple(map(is_not, values, _USUAL))
    return Snapshot(_places(is_kept), tuple(compress(values, is_kept)))


@cache
def _places(is_kept: tuple[bool, ...]) -> Mapping[str, int]:
    """Return where each value that is kept stands among those kept."""
    return {name: place for place, name in enumerate(compress(_EVENT_FIELDS, is_kept))}
