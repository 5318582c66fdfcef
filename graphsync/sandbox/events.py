"""Values of the calendar: one mailbox's copy of an event, and its attendees."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
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


@dataclass(slots=True, kw_only=True, eq=False)
class Event:
    """One mailbox's copy of an event; `ical_uid` is what the copies of one meeting share.

    `start` and `end` are UTC instants, `response` and `responded_at` the own `responseStatus`. `sequence` counts
    the times the meeting was rescheduled, `organizer_show_as` is what an accepting attendee's copy takes on.
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
    "excluded_on",
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


def snapshot(event: Event) -> dict[str, Any]:
    """Return the copy's fields as they are now, as a plain dict that later changes do not reach."""
    copied = {name: getattr(event, name) for name in _EVENT_FIELDS}
    copied["attendees"] = [attendee_snapshot(attendee) for attendee in event.attendees]
    copied["categories"] = list(event.categories)
    copied["extended_properties"] = dict(event.extended_properties)
    copied["excluded_on"] = list(event.excluded_on)
    return copied
