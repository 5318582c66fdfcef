"""Microsoft Graph as the engine sees it: the calls, and the values they take and give; no wire forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graphsync.calendar.events import CalendarEvent, Schedule
from graphsync.calendar.rooms import Room
from graphsync.calendar.slots import TimeSlot
from graphsync.mentoring import (
    Absence,
    PersonId,
    WeeklyHours,
)
from graphsync.teams.chats import Chat, ChatMessage
from graphsync.teams.mail import ReceivedMail


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryUser:
    """A person as the directory knows them.

    `country` is the ISO 3166-1 code of where they use the service, `language` an ISO 639 code, each empty where the
    directory says nothing; a guest has an account here and their mailbox elsewhere.
    """

    id: PersonId
    address: str
    display_name: str
    office_location: str | None
    account_enabled: bool
    country: str = ""
    language: str = ""
    is_guest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """What somebody has set in Outlook; hours are None where none were ever set or the zone is not a known one.

    `language` is an ISO 639 code, or empty. `unknown_zone` is the name of a zone that is not a known one, or empty.
    """

    hours: WeeklyHours | None
    absences: tuple[Absence, ...]
    language: str = ""
    unknown_zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Somebody on an invite."""

    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """A calendar event to be made; `time_zone` (IANA) is the one Outlook shows it in, the times are UTC.

    A private one keeps time in one person's own calendar: shown as busy, without a reminder. `room` is asked with it.
    """

    subject: str
    body_html: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    attendees: tuple[Invitee, ...]
    online: bool
    location: str
    tag: str
    transaction_id: str
    is_private: bool = False
    room: Invitee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange:
    """The room that comes off an event, the one that is asked in its place, and what the event then says of the place.

    The place is left as it is where it no longer names the room that comes off: somebody has written another one.
    """

    remove: str
    add: Invitee | None
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """What is to be written to an event that exists; None leaves a field as it is."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str = "UTC"
    tag: str | None = None
    online: bool | None = None
    room: RoomChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """A mail to one person; headers begin with `x-`, at most five. Answers go to `reply_to`, or to the sender."""

    to: Invitee
    subject: str
    body_html: str
    headers: tuple[tuple[str, str], ...]
    reply_to: Invitee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail in Drafts or Sent Items."""

    id: str
    internet_message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaRound:
    """A complete delta round: all pages read, up to the link that the next round starts from."""

    events: tuple[CalendarEvent, ...]
    removed_ids: tuple[str, ...]
    delta_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionGrant:
    """A subscription as Graph granted it; `expires_at` may be sooner than asked for."""

    id: str
    resource: str
    notification_url: str
    expires_at: datetime


class Graph(Protocol):
    """Microsoft Graph, by its own verbs and nouns. Every call may raise the `GraphError` classes.

    Event ids are immutable ids; times are UTC. Nothing returned holds the subject or body of an event or the text
    of a message.
    """

    def get_user(self, address: str) -> DirectoryUser:
        """Return the directory's entry for an address or id; `GraphNotFound` where there is none."""
        ...

    def get_mailbox_settings(self, user: PersonId) -> MailboxSettings:
        """Return working hours and absences; `GraphNotFound` where there is no mailbox in the cloud."""
        ...

    def allowed_online_meeting_providers(self, user: PersonId) -> frozenset[str]:
        """Return the providers a mailbox may make online meetings with, in Graph's words."""
        ...

    def list_rooms(self) -> list[Room]:
        """Return all rooms of the tenant that can be booked by invitation, every page."""
        ...

    def get_event(self, user: PersonId, event_id: str) -> CalendarEvent:
        """Return one event by its immutable id."""
        ...

    def find_event_by_ical_uid(self, user: PersonId, ical_uid: str) -> CalendarEvent | None:
        """Return a mailbox's copy of a meeting, or None where it has none."""
        ...

    def find_event_by_tag(self, user: PersonId, tag: str) -> CalendarEvent | None:
        """Return the event that carries exactly this tag, or None."""
        ...

    def list_calendar_view(self, user: PersonId, window: TimeSlot) -> list[CalendarEvent]:
        """Return all events that overlap `window`, series expanded, every page."""
        ...

    def calendar_view_delta(self, user: PersonId, window: TimeSlot, delta_link: str | None) -> DeltaRound:
        """Return what changed since `delta_link`, or all of `window` where that is None; may raise `DeltaExpired`."""
        ...

    def get_schedule(self, requester: PersonId, addresses: Sequence[str], window: TimeSlot) -> dict[str, Schedule]:
        """Return the free/busy of each address, keyed by it; an unreadable one says so in its `Schedule`."""
        ...

    def event_body(self, draft: EventDraft) -> str:
        """Return the exact request body that makes this event; the same draft gives the same text."""
        ...

    def create_event(self, user: PersonId, body: str) -> CalendarEvent:
        """Create an event from a body of `event_body`; sending the same body again makes no second one."""
        ...

    def update_event(self, user: PersonId, event_id: str, change: EventChange) -> CalendarEvent:
        """Change the fields that are given, and no other, and return the event as it is then."""
        ...

    def cancel_event(self, user: PersonId, event_id: str, comment: str) -> None:
        """Cancel a meeting as its organizer: everybody invited is told with `comment`."""
        ...

    def delete_event(self, user: PersonId, event_id: str) -> None:
        """Delete an event that invites nobody; one that is gone already is no error."""
        ...

    def set_preferred_presence(self, user: PersonId, until: datetime) -> None:
        """Show somebody in Teams as do-not-disturb until an instant; it ends by itself."""
        ...

    def attendance(self, organizer: PersonId, join_url: str) -> frozenset[str] | None:
        """Return ids and folded addresses of who was in a Teams meeting; None where there is no report (yet)."""
        ...

    def create_mail_draft(self, mailbox: PersonId, draft: MailDraft) -> StoredMail:
        """Put a mail into Drafts."""
        ...

    def send_mail_draft(self, mailbox: PersonId, message_id: str) -> None:
        """Send a mail that lies in Drafts."""
        ...

    def find_mail(self, mailbox: PersonId, folder: str, internet_message_id: str) -> StoredMail | None:
        """Return the mail with this id in `drafts` or `sentitems`, or None."""
        ...

    def list_mail_from(self, user: PersonId, sender: str, since: datetime) -> list[ReceivedMail]:
        """Return what came into a mailbox from one address, at `since` or later, in any order."""
        ...

    def list_chats(self, user: PersonId) -> list[Chat]:
        """Return the chats of a person, with their members."""
        ...

    def list_chat_messages(self, chat_id: str, since: datetime) -> list[ChatMessage]:
        """Return the messages written, edited or reacted to since `since`, in any order."""
        ...

    def create_subscription(
        self, resource: str, *, change_type: str, notification_url: str, client_state: str, expires_at: datetime
    ) -> SubscriptionGrant:
        """Subscribe; Graph asks the URL for an answer before this returns."""
        ...

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> SubscriptionGrant:
        """Prolong a subscription; `GraphNotFound` where it is gone."""
        ...

    def list_subscriptions(self) -> list[SubscriptionGrant]:
        """Return all subscriptions of this app."""
        ...

    def delete_subscription(self, subscription_id: str) -> None:
        """Delete a subscription; one that is gone already is no error."""
        ...
