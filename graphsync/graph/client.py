"""The Graph client the engine sees: plain synchronous methods over one event loop in one thread.

Each method hands a coroutine of its subject's module to the bridge and waits. Any number of threads may call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from graphsync.calendar.events import CalendarEvent, Schedule
from graphsync.calendar.rooms import Room
from graphsync.calendar.slots import TimeSlot
from graphsync.clock import Clock
from graphsync.engine.ports import (
    DeltaRound,
    DirectoryUser,
    EventChange,
    EventDraft,
    Graph,
    MailboxSettings,
    MailDraft,
    StoredMail,
    SubscriptionGrant,
)
from graphsync.graph import (
    chats,
    delta,
    directory,
    events,
    mail,
    mailbox_settings,
    meetings,
    places,
    presence,
    received_mail,
    schedules,
    subscriptions,
)
from graphsync.graph.bridge import Bridge
from graphsync.graph.credentials import Credential
from graphsync.graph.permits import MOST_IN_FLIGHT, MOST_PER_MAILBOX, Permits
from graphsync.graph.retrying import Sleep
from graphsync.graph.tokens import GraphAccessTokenProvider, TokenSource
from graphsync.graph.transport import ANSWER_TIMEOUT_S, Transport
from graphsync.mentoring import PersonId
from graphsync.teams.chats import Chat, ChatMessage
from graphsync.teams.mail import ReceivedMail

GRAPH_URL: Final = "https://graph.microsoft.com/v1.0"
GRAPH_SCOPE: Final = "https://graph.microsoft.com/.default"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConnection:
    """Where Graph is, and who asks.

    Attributes:
        authority: with the tenant, `https://login.microsoftonline.com/<tenant id>`; https only.
        client_id: the application.
        credential: its secret or certificate.
        graph_url: with the version, without a slash at the end.
        scope: of the tokens; another one for national clouds.
        ca_file: PEM bundle to trust instead of the usual CAs, for authority and Graph.
        per_mailbox: requests in flight on one mailbox at most.
        in_flight: requests in flight at most.
        answer_timeout_s: how long an answer may keep silent.
    """

    authority: str
    client_id: str
    credential: Credential
    graph_url: str = GRAPH_URL
    scope: str = GRAPH_SCOPE
    ca_file: Path | None = None
    per_mailbox: int = MOST_PER_MAILBOX
    in_flight: int = MOST_IN_FLIGHT
    answer_timeout_s: float = ANSWER_TIMEOUT_S


class GraphClient(Graph):
    """Microsoft Graph behind the engine's port. Close it, or use it as a context manager.

    Args:
        connection: where and as whom.
        clock: tells the time for `Retry-After` dates and the age of tokens.
        sleep: waits between attempts; one that returns at once suits virtual time.

    Raises:
        TokenRefused: the authority is not an https address with a tenant.
        GraphRejected: the CA file cannot be read.
    """

    def __init__(self, connection: GraphConnection, *, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._source = TokenSource(
            authority=connection.authority,
            client_id=connection.client_id,
            credential=connection.credential,
            scope=connection.scope,
            ca_file=connection.ca_file,
            clock=clock,
        )
        self._transport = Transport(
            graph_url=connection.graph_url,
            tokens=GraphAccessTokenProvider(self._source, connection.graph_url),
            ca_file=connection.ca_file,
            permits=Permits(per_mailbox=connection.per_mailbox, in_flight=connection.in_flight),
            clock=clock,
            sleep=sleep,
            answer_timeout_s=connection.answer_timeout_s,
        )
        self._bridge = Bridge("graphsync-graph")
        self._clock = clock

    def __enter__(self) -> GraphClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Break off what is under way, close all connections and end the thread; harmless when repeated."""
        self._bridge.close(self._transport.close())
        self._source.close()

    # -- people and mailboxes

    def get_user(self, address: str) -> DirectoryUser:
        """See `directory.get_user`."""
        return self._run(directory.get_user(self._transport, address))

    def get_mailbox_settings(self, user: PersonId) -> MailboxSettings:
        """See `mailbox_settings.get_mailbox_settings`."""
        return self._run(mailbox_settings.get_mailbox_settings(self._transport, user))

    def allowed_online_meeting_providers(self, user: PersonId) -> frozenset[str]:
        """See `mailbox_settings.allowed_online_meeting_providers`."""
        return self._run(mailbox_settings.allowed_online_meeting_providers(self._transport, user))

    def list_rooms(self) -> list[Room]:
        """See `places.list_rooms`."""
        return self._run(places.list_rooms(self._transport))

    # -- calendars

    def get_event(self, user: PersonId, event_id: str) -> CalendarEvent:
        """See `events.get_event`."""
        return self._run(events.get_event(self._transport, user, event_id))

    def find_event_by_ical_uid(self, user: PersonId, ical_uid: str) -> CalendarEvent | None:
        """See `events.find_event_by_ical_uid`."""
        return self._run(events.find_event_by_ical_uid(self._transport, user, ical_uid))

    def find_event_by_tag(self, user: PersonId, tag: str) -> CalendarEvent | None:
        """See `events.find_event_by_tag`."""
        return self._run(events.find_event_by_tag(self._transport, user, tag))

    def list_calendar_view(self, user: PersonId, window: TimeSlot) -> list[CalendarEvent]:
        """See `events.list_calendar_view`."""
        return self._run(events.list_calendar_view(self._transport, user, window))

    def calendar_view_delta(self, user: PersonId, window: TimeSlot, delta_link: str | None) -> DeltaRound:
        """See `delta.calendar_view_delta`."""
        return self._run(delta.calendar_view_delta(self._transport, user, window, delta_link))

    def get_schedule(self, requester: PersonId, addresses: Sequence[str], window: TimeSlot) -> dict[str, Schedule]:
        """See `schedules.get_schedule`."""
        return self._run(schedules.get_schedule(self._transport, requester, addresses, window))

    def event_body(self, draft: EventDraft) -> str:
        """See `events.event_body`; asks nothing of Graph."""
        return events.event_body(self._transport, draft)

    def create_event(self, user: PersonId, body: str) -> CalendarEvent:
        """See `events.create_event`."""
        return self._run(events.create_event(self._transport, user, body))

    def update_event(self, user: PersonId, event_id: str, change: EventChange) -> CalendarEvent:
        """See `events.update_event`."""
        return self._run(events.update_event(self._transport, user, event_id, change))

    def cancel_event(self, user: PersonId, event_id: str, comment: str) -> None:
        """See `events.cancel_event`."""
        self._run(events.cancel_event(self._transport, user, event_id, comment))

    def delete_event(self, user: PersonId, event_id: str) -> None:
        """See `events.delete_event`."""
        self._run(events.delete_event(self._transport, user, event_id))

    def set_preferred_presence(self, user: PersonId, until: datetime) -> None:
        """See `presence.set_preferred_presence`."""
        self._run(presence.set_preferred_presence(self._transport, user, until, self._clock.now()))

    def attendance(self, organizer: PersonId, join_url: str) -> frozenset[str] | None:
        """See `meetings.attendance`."""
        return self._run(meetings.attendance(self._transport, organizer, join_url))

    # -- mail

    def create_mail_draft(self, mailbox: PersonId, draft: MailDraft) -> StoredMail:
        """See `mail.create_mail_draft`."""
        return self._run(mail.create_mail_draft(self._transport, mailbox, draft))

    def send_mail_draft(self, mailbox: PersonId, message_id: str) -> None:
        """See `mail.send_mail_draft`."""
        self._run(mail.send_mail_draft(self._transport, mailbox, message_id))

    def find_mail(self, mailbox: PersonId, folder: str, internet_message_id: str) -> StoredMail | None:
        """See `mail.find_mail`."""
        return self._run(mail.find_mail(self._transport, mailbox, folder, internet_message_id))

    def list_mail_from(self, user: PersonId, sender: str, since: datetime) -> list[ReceivedMail]:
        """See `received_mail.list_mail_from`."""
        return self._run(received_mail.list_mail_from(self._transport, user, sender, since))

    # -- chats

    def list_chats(self, user: PersonId) -> list[Chat]:
        """See `chats.list_chats`."""
        return self._run(chats.list_chats(self._transport, user))

    def list_chat_messages(self, chat_id: str, since: datetime) -> list[ChatMessage]:
        """See `chats.list_chat_messages`."""
        return self._run(chats.list_chat_messages(self._transport, chat_id, since))

    # -- subscriptions

    def create_subscription(
        self, resource: str, *, change_type: str, notification_url: str, client_state: str, expires_at: datetime
    ) -> SubscriptionGrant:
        """See `subscriptions.create_subscription`."""
        return self._run(
            subscriptions.create_subscription(
                self._transport,
                resource,
                change_type=change_type,
                notification_url=notification_url,
                client_state=client_state,
                expires_at=expires_at,
            )
        )

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> SubscriptionGrant:
        """See `subscriptions.renew_subscription`."""
        return self._run(subscriptions.renew_subscription(self._transport, subscription_id, expires_at))

    def list_subscriptions(self) -> list[SubscriptionGrant]:
        """See `subscriptions.list_subscriptions`."""
        return self._run(subscriptions.list_subscriptions(self._transport))

    def delete_subscription(self, subscription_id: str) -> None:
        """See `subscriptions.delete_subscription`."""
        self._run(subscriptions.delete_subscription(self._transport, subscription_id))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._bridge.run(coroutine)
