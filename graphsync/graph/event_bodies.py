"""Event bodies out: what graphsync writes into calendars, built as the SDK's models and serialized by them.

Source: https://learn.microsoft.com/graph/api/user-post-events and https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from typing import Final

from graphsync.engine.ports import EventChange, EventDraft, Invitee, RoomChange
from graphsync.graph import sdk, wire
from graphsync.graph.decoding import PROPERTY_ID
from graphsync.graph.times import sdk_times

CATEGORY: Final = "graphsync"

_TYPES: Final = {kind.value.casefold(): kind for kind in sdk.AttendeeType}


def drafted_event(draft: EventDraft) -> sdk.Event:
    """Return the SDK's event for a draft.

    Raises:
        ValueError: the draft has no attendee though it is not private, no transaction id, or ends before it starts.
    """
    if bool(draft.attendees) == draft.is_private or not draft.transaction_id:
        raise ValueError("a drafted event has a transaction id, and at least one attendee unless it is private")
    if draft.starts_at >= draft.ends_at:
        raise ValueError(f"a drafted event ends before it starts: {draft.starts_at} to {draft.ends_at}")
    event = sdk.Event()
    event.subject = draft.subject
    event.body = html_body(draft.body_html)
    event.start, event.end = sdk_times(draft.starts_at, draft.ends_at, draft.time_zone)
    if draft.is_private:
        event.sensitivity = sdk.Sensitivity.Private
        event.show_as = sdk.FreeBusyStatus.Busy
        event.is_reminder_on = False
    else:
        event.attendees = [_attendee(invitee, sdk.AttendeeType.Required) for invitee in draft.attendees]
        event.allow_new_time_proposals = True
        event.response_requested = True
    if draft.online:
        _make_online(event)
    if draft.room is not None:
        event.attendees = [*(event.attendees or ()), _attendee(draft.room, sdk.AttendeeType.Resource)]
    if draft.location:
        event.location = _place(draft.location, draft.room)
    event.categories = [CATEGORY]
    event.single_value_extended_properties = [_tag(draft.tag)]
    event.transaction_id = draft.transaction_id
    return event


def changed_event(change: EventChange, found: wire.RoomsOfEvent | None = None) -> sdk.Event:
    """Return the SDK's event with the fields that change, and no other.

    Args:
        change: what changes.
        found: who is invited by now and where, for a change of the room: attendees are written whole.

    Raises:
        ValueError: nothing changes; or one of the two times is missing: moving is both.
    """
    if (change.starts_at is None) != (change.ends_at is None):
        raise ValueError("a change of time has both a start and an end")
    if change.starts_at is None and change.tag is None and change.online is None and change.room is None:
        raise ValueError("a change changes something")
    event = sdk.Event()
    if change.starts_at is not None and change.ends_at is not None:
        event.start, event.end = sdk_times(change.starts_at, change.ends_at, change.time_zone)
    if change.tag is not None:
        event.single_value_extended_properties = [_tag(change.tag)]
    if change.online:
        _make_online(event)
    elif change.online is not None:
        # Graph passes over switching a Teams meeting off; the caller sees it in what comes back.
        event.is_online_meeting = False
    if change.room is not None:
        _change_room(event, change.room, found or wire.RoomsOfEvent())
    return event


def html_body(text: str) -> sdk.ItemBody:
    """Return the SDK's body of an event or mail."""
    return sdk.ItemBody(content_type=sdk.BodyType.Html, content=text)


def recipient(invitee: Invitee) -> sdk.Recipient:
    """Return the SDK's form of somebody a mail goes to."""
    return sdk.Recipient(email_address=sdk.EmailAddress(address=invitee.address, name=invitee.name))


def _change_room(event: sdk.Event, change: RoomChange, found: wire.RoomsOfEvent) -> None:
    """Write the attendees with the one room in place of the other, and the place if it still names the former room.

    Nobody's answer is written: a `declined` that an organizer writes comes back as no answer.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/5545
    """
    names: list[str] = []
    event.attendees = []
    for one in found.attendees or ():
        address = one.email_address or wire.NamedAddress()
        if (address.address or "").casefold() == change.remove.casefold():
            names.append(address.name or "")
        else:
            kind = _TYPES.get((one.type or "").casefold(), sdk.AttendeeType.Required)
            known = sdk.EmailAddress(address=address.address, name=address.name)
            event.attendees.append(sdk.Attendee(email_address=known, type=kind))
    if change.add is not None:
        event.attendees.append(_attendee(change.add, sdk.AttendeeType.Resource))
    place = (found.location and found.location.display_name) or ""
    if any(name and name in place for name in names):
        event.location = _place(change.location, change.add)


def _attendee(invitee: Invitee, kind: sdk.AttendeeType) -> sdk.Attendee:
    address = sdk.EmailAddress(address=invitee.address, name=invitee.name)
    return sdk.Attendee(email_address=address, type=kind)


def _place(text: str, room: Invitee | None) -> sdk.Location:
    return sdk.Location(display_name=text, location_email_address=None if room is None else room.address)


def _make_online(event: sdk.Event) -> None:
    event.is_online_meeting = True
    event.online_meeting_provider = sdk.OnlineMeetingProviderType.TeamsForBusiness


def _tag(value: str) -> sdk.SingleValueLegacyExtendedProperty:
    return sdk.SingleValueLegacyExtendedProperty(id=PROPERTY_ID, value=value)
