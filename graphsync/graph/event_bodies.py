"""Event bodies out: what graphsync writes into calendars, built as the SDK's models and serialized by them.

Source: https://learn.microsoft.com/graph/api/user-post-events and https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from typing import Final

from graphsync.engine.ports import EventChange, EventDraft, Invitee
from graphsync.graph import sdk
from graphsync.graph.decoding import PROPERTY_ID
from graphsync.graph.times import sdk_times

CATEGORY: Final = "graphsync"


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
        event.attendees = [_required(invitee) for invitee in draft.attendees]
        event.allow_new_time_proposals = True
        event.response_requested = True
    if draft.online:
        _make_online(event)
    if draft.location:
        event.location = sdk.Location(display_name=draft.location)
    event.categories = [CATEGORY]
    event.single_value_extended_properties = [_tag(draft.tag)]
    event.transaction_id = draft.transaction_id
    return event


def changed_event(change: EventChange) -> sdk.Event:
    """Return the SDK's event with the fields that change, and no other.

    Raises:
        ValueError: nothing changes; or one of the two times is missing: moving is both.
    """
    if (change.starts_at is None) != (change.ends_at is None):
        raise ValueError("a change of time has both a start and an end")
    if change.starts_at is None and change.tag is None and change.online is None:
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
    return event


def html_body(text: str) -> sdk.ItemBody:
    """Return the SDK's body of an event or mail."""
    return sdk.ItemBody(content_type=sdk.BodyType.Html, content=text)


def recipient(invitee: Invitee) -> sdk.Recipient:
    """Return the SDK's form of somebody a mail goes to."""
    return sdk.Recipient(email_address=sdk.EmailAddress(address=invitee.address, name=invitee.name))


def _required(invitee: Invitee) -> sdk.Attendee:
    address = sdk.EmailAddress(address=invitee.address, name=invitee.name)
    return sdk.Attendee(email_address=address, type=sdk.AttendeeType.Required)


def _make_online(event: sdk.Event) -> None:
    event.is_online_meeting = True
    event.online_meeting_provider = sdk.OnlineMeetingProviderType.TeamsForBusiness


def _tag(value: str) -> sdk.SingleValueLegacyExtendedProperty:
    return sdk.SingleValueLegacyExtendedProperty(id=PROPERTY_ID, value=value)
