"""Wire structs to graphsync's values; odd data is refused here, item by item."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from graphsync.calendar.events import ATTENDEE_TYPES, EVENT_TYPES, SHOW_AS, Attendee, CalendarEvent
from graphsync.graph import wire
from graphsync.graph.times import instant_or_none, slot_or_none, zoned_instant
from graphsync.mentoring import Response

PROPERTY_ID: Final = "String {9b6c1f5e-3d0c-4f5e-8a57-6d1f2c9a7e40} Name graphsync"
"""The extended property that holds graphsync's tag on its own events.

Source: https://learn.microsoft.com/graph/api/resources/extended-properties-overview
"""

_RESPONSES: Final = {
    "organizer": Response.ORGANIZER,
    "accepted": Response.ACCEPTED,
    "tentativelyaccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
}
_NO_TIME: Final = timedelta(0)

_log = logging.getLogger(__name__)


def response_of(status: wire.ResponseStatus | None) -> Response:
    """Return an answer; what Graph has no word for yet, and its two words for silence, are NONE."""
    return _RESPONSES.get(((status.response if status else None) or "").casefold(), Response.NONE)


def word_of(found: str | None, allowed: frozenset[str], *, otherwise: str) -> str:
    """Return the member of `allowed` that Graph means, whatever its case; `otherwise` for a word it got since."""
    text = (found or "").casefold()
    return next((word for word in allowed if word.casefold() == text), otherwise)


def tag_of(properties: list[wire.ExtendedProperty] | None) -> str | None:
    """Return graphsync's tag, None where there is none; ids of properties may come back in another case."""
    for item in properties or ():
        if (item.id or "").casefold() == PROPERTY_ID.casefold():
            return item.value
    return None


def event_of(found: wire.Event, *, tag: str | None = None) -> CalendarEvent:
    """Return one mailbox's copy of an event.

    Args:
        found: with at least id, start and end.
        tag: graphsync's tag where it is known from elsewhere; answers to POST and PATCH do not carry it.

    Raises:
        ValueError: id or a time is missing, or the event ends before it starts.
    """
    if not found.id:
        raise ValueError("an event without an id")
    starts_at, ends_at = zoned_instant(found.start), zoned_instant(found.end)
    own_response = response_of(found.response_status)
    return CalendarEvent(
        id=found.id,
        ical_uid=found.i_cal_u_id or "",
        change_key=found.change_key or _key_of_etag(found.etag),
        organizer_address=_address_of(found.organizer),
        is_organizer=own_response is Response.ORGANIZER if found.is_organizer is None else found.is_organizer,
        starts_at=starts_at,
        ends_at=ends_at,
        is_all_day=bool(found.is_all_day),
        is_cancelled=bool(found.is_cancelled),
        show_as=word_of(found.show_as, SHOW_AS, otherwise="unknown"),
        type=word_of(found.type, EVENT_TYPES, otherwise="singleInstance"),
        series_master_id=found.series_master_id or None,
        is_online_meeting=bool(found.is_online_meeting),
        join_url=(found.online_meeting.join_url if found.online_meeting else None) or None,
        attendees=tuple(_attendee_of(attendee) for attendee in found.attendees or ()),
        own_response=own_response,
        tag=tag if tag is not None else tag_of(found.single_value_extended_properties),
    )


def readable_event(found: wire.Event, operation: str) -> CalendarEvent | None:
    """Return an event of a collection, None for one that cannot be used: it is logged, and the others count on.

    Some mailboxes hold events with an empty id (https://github.com/MicrosoftDocs/msteams-docs/issues/8878).
    """
    try:
        return event_of(found)
    except ValueError as error:
        _log.warning("%s: event %r is passed over: %s", operation, found.id, error)
        return None


def instant_of_answer(status: wire.ResponseStatus | None) -> datetime | None:
    """Return when an answer was given, None where nobody has answered or no readable time is said."""
    try:
        return instant_or_none(status.time if status else None)
    except ValueError:
        return None  # the answer counts without its time


def _attendee_of(found: wire.Attendee) -> Attendee:
    return Attendee(
        # Without an address somebody is invited all the same: the event is not between two.
        address=(found.email_address.address if found.email_address else None) or "",
        type=word_of(found.type, ATTENDEE_TYPES, otherwise="required"),
        response=response_of(found.status),
        responded_at=instant_of_answer(found.status),
        proposed=slot_or_none(found.proposed_new_time),
    )


def _address_of(found: wire.Recipient | None) -> str:
    return (found.email_address.address if found and found.email_address else None) or ""


def _key_of_etag(etag: str | None) -> str:
    """Return the change key an etag holds: `W/"<changeKey>"`."""
    return (etag or "").removeprefix("W/").strip('"')
