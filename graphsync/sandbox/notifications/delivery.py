"""Notifications: from a change to the receiver's answer, with retries, in virtual time.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, cast

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.wire import Json, View, chat_message_json, event_json, message_json
from graphsync.sandbox.faults import NOTIFICATION_KINDS, NOTIFY, RICH_KINDS, Faults, NotificationFaultKind
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.notifications.endpoints import WINDOW, Endpoints
from graphsync.sandbox.notifications.event_hubs import is_event_hub
from graphsync.sandbox.notifications.flaws import body_with_flaw, spoil
from graphsync.sandbox.notifications.outbox import Item, Outbox
from graphsync.sandbox.notifications.posting import Receipt
from graphsync.sandbox.notifications.resources import OUTLOOK
from graphsync.sandbox.notifications.rich import annotated, encrypted
from graphsync.sandbox.notifications.subscriptions import Subscription, Subscriptions
from graphsync.sandbox.notifications.validation_tokens import ValidationTokens
from graphsync.sandbox.outlook.copies import ChangeType
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.mailboxes import MailMessage
from graphsync.sandbox.teams.chats import Chat, ChatMessage
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.zones import utc_text

LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

FIRST_TIMEOUT_S, RETRY_TIMEOUT_S = 3.0, 10.0
RETRY_WINDOW = timedelta(hours=4)
RETRY_JITTER = 0.2
# A reminder is sent when a quarter of the granted life is left, and once more shortly before the end.
LAST_REMINDER = timedelta(minutes=15)
# https://learn.microsoft.com/graph/permissions-reference
READ_ALL_OF_MAIL = ("Mail.Read", "Mail.ReadWrite")
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What one subscription is told of: `key` tells it from all others, `content` is the data of a rich one."""

    change_type: str
    resource: str
    data: Json
    key: tuple[object, ...]
    content: Callable[[], Json] | None = None


@dataclass(slots=True)
class Notifier:
    """Turns changes into notifications, and sends those that are due."""

    core: Core
    subscriptions: Subscriptions
    faults: Faults
    tokens: ValidationTokens
    outbox: Outbox = field(init=False)
    endpoints: Endpoints = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.core)
        self.endpoints = Endpoints(self.core)

    # Changes -------------------------------------------------------------------------------------------------

    def event_changed(self, event: Event, change_type: ChangeType) -> None:
        """Queue what the subscriptions of this mailbox are told; one edit may give several `updated` items."""
        for subscription in self.subscriptions.watching("events", event.user_id, change_type):
            low, high = self.core.behavior.updated_items
            key = (subscription.id, event.id, event.revision, change_type)
            count = self.core.draws.random("items", *key).randint(low, high) if change_type == "updated" else 1
            resource, data = _outlook_data(subscription, "Event", event.user_id, event.id)
            if change_type != "deleted":
                data["@odata.etag"] = f'W/"{event.change_key}"'
            for number in range(count):
                change = _Change(
                    change_type=change_type,
                    resource=resource,
                    data=data,
                    key=(*key, number),
                    # Of what is deleted there is nothing left but its id.
                    content=None if change_type == "deleted" else partial(_event_content, subscription, event),
                )
                self._tell(subscription, change, self.core.behavior.event_notification_delay)

    def message_received(self, user: User, message: MailMessage) -> None:
        """Queue what the subscriptions of this mailbox's mail are told."""
        for subscription in self.subscriptions.watching("messages", user.id, "created"):
            if not subscription.target.takes(message):
                continue
            resource, data = _outlook_data(subscription, "Message", user.id, message.id)
            change = _Change(
                change_type="created",
                resource=resource,
                data=data,
                key=(subscription.id, message.id),
                content=partial(self._message_content, subscription, message),
            )
            self._tell(subscription, change, self.core.behavior.event_notification_delay)

    def chat_message_changed(
        self, chat: Chat, message: ChatMessage, change_type: Literal["created", "updated"]
    ) -> None:
        """Queue what those watching the chat, or one of its members' chats, are told."""
        resource = f"chats('{chat.id}')/messages('{message.id}')"
        data = {"@odata.type": "#Microsoft.Graph.chatMessage", "@odata.id": resource, "id": message.id}
        watching = self.subscriptions.watching("chat", chat.id, change_type)
        for member_id in chat.member_ids:
            watching += self.subscriptions.watching("user_chats", member_id, change_type)
        revision = 1 + len(message.reactions)
        for subscription in watching:
            change = _Change(
                change_type=change_type,
                resource=resource,
                data=data,
                key=(subscription.id, chat.id, message.id, revision),
                content=partial(chat_message_json, message, self.core.directory, self.core.tenant_id),
            )
            self._tell(subscription, change, self.core.behavior.chat_notification_delay)

    def _tell(self, subscription: Subscription, change: _Change, span: tuple[float, float]) -> None:
        payload: dict[str, Any] = {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": utc_text(subscription.expires_at),
            "changeType": change.change_type,
            "resource": change.resource,
            "resourceData": change.data,
            "clientState": subscription.client_state,
            "tenantId": self.core.tenant_id,
        }
        if subscription.is_rich and subscription.encryption is not None and change.content is not None:
            # With the certificate of now, as what is on its way during a change of certificates.
            payload["encryptedContent"] = encrypted(change.content(), subscription.encryption)
        item = Item(
            due_at=self.core.clock.now() + self.core.draws.duration(span, "delivery", *change.key),
            key=":".join(map(str, change.key)),
            subscription_id=subscription.id,
            url=subscription.notification_url,
            payload=payload,
            audience=None if is_event_hub(subscription.notification_url) else subscription.token_audience,
        )
        match self.endpoints.state(item.url):
            case "drop":
                self._record("notification_dropped", [item], {"endpoint": "drop"})
                if subscription.kind in OUTLOOK and self.endpoints.first_loss(item.url, subscription.id):
                    self.send_lifecycle(subscription, "missed")
                return
            case "slow":
                item.due_at += WINDOW
            case "ok":
                pass
        self._send_with_faults(item, subscription, change.resource)

    def _send_with_faults(self, item: Item, subscription: Subscription, resource: str) -> None:
        kinds = NOTIFICATION_KINDS if "encryptedContent" in item.payload else NOTIFICATION_KINDS - RICH_KINDS
        fault = self.faults.strike(NOTIFY, resource, kinds)
        if fault is None:
            self.outbox.put(item)
            return
        match fault.kind:
            case "lost":
                self._record("notification_lost", [item], {})
                if fault.announce and subscription.kind in OUTLOOK:
                    self.send_lifecycle(subscription, "missed")
                return
            case "duplicate":
                self.outbox.put(item.twin())
            case "delayed":
                item.due_at += timedelta(seconds=fault.delay_s)
            case "reordered":
                item.due_at += timedelta(seconds=2 * self.core.behavior.event_notification_delay[1])
            case kind:
                item.flaw = spoil(item.payload, cast(NotificationFaultKind, kind), item.key, self.core)
        self.outbox.put(item)

    def _message_content(self, subscription: Subscription, message: MailMessage) -> Json:
        """Return the data of a message, without what `Mail.ReadBasic` alone may not see."""
        wanted, application = subscription.target, self.core.directory.applications.get(subscription.application_id)
        basic = application is None or not application.may(READ_ALL_OF_MAIL, message.user_id)
        return _content(message_json(message, View(), wanted.select, wanted.expand, basic=basic), wanted.select)

    # The life of a subscription ------------------------------------------------------------------------------

    def began(self, subscription: Subscription) -> None:
        """Plan the reminders and the end of a subscription that was created or renewed."""
        subscription.generation += 1
        generation, life = subscription.generation, subscription.expires_at - self.core.clock.now()
        agenda = self.core.agenda
        for left in sorted({life / 4, LAST_REMINDER}):
            if left < life and subscription.lifecycle_url is not None:
                agenda.at(
                    subscription.expires_at - left,
                    f"reauthorize:{subscription.id}",
                    lambda: self._remind(subscription, generation),
                )
        agenda.at(subscription.expires_at, f"expiry:{subscription.id}", lambda: self._expire(subscription, generation))

    def _remind(self, subscription: Subscription, generation: int) -> None:
        if subscription.generation == generation and subscription.id in self.subscriptions.by_id:
            self.send_lifecycle(subscription, "reauthorizationRequired")

    def _expire(self, subscription: Subscription, generation: int) -> None:
        if subscription.generation == generation and subscription.id in self.subscriptions.by_id:
            del self.subscriptions.by_id[subscription.id]
            self.forget(subscription)
            self.core.journal.add("subscription_expired", actor=EXCHANGE, subject_id=subscription.id)

    def remove(self, subscription: Subscription) -> None:
        """Take a subscription away as Graph may, and say so to its lifecycle URL."""
        self.subscriptions.by_id.pop(subscription.id, None)
        self.forget(subscription)
        self.core.journal.add("subscription_removed", actor=EXCHANGE, subject_id=subscription.id)
        self.send_lifecycle(subscription, "subscriptionRemoved")

    def forget(self, subscription: Subscription) -> None:
        """Drop what waits for a subscription that is gone."""
        self.outbox.take_all(subscription.id)

    def lose_waiting(self, subscription: Subscription, *, announce: bool) -> int:
        """Drop what waits for a live subscription, and say `missed` if asked to; return how many were lost."""
        lost = self.outbox.take_all(subscription.id)
        if lost:
            self._record("notification_lost", lost, {})
        # Never sent for Teams resources: https://learn.microsoft.com/graph/change-notifications-lifecycle-events
        if announce and subscription.kind in OUTLOOK:
            self.send_lifecycle(subscription, "missed")
        return len(lost)

    def send_lifecycle(self, subscription: Subscription, lifecycle_event: LifecycleEvent) -> None:
        """Queue a lifecycle notification, due at once; without a lifecycle URL there is none."""
        if subscription.lifecycle_url is None:
            return
        payload = {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": utc_text(subscription.expires_at),
            "tenantId": self.core.tenant_id,
            "clientState": subscription.client_state,
            "lifecycleEvent": lifecycle_event,
        }
        now = self.core.clock.now()
        key = f"{subscription.id}:lifecycle:{lifecycle_event}:{now.isoformat()}"
        self.outbox.put(
            Item(due_at=now, key=key, subscription_id=subscription.id, url=subscription.lifecycle_url, payload=payload)
        )

    # Delivery ------------------------------------------------------------------------------------------------

    def next_due_at(self) -> datetime | None:
        """Return when the earliest notification or retry is due."""
        return self.outbox.next_due_at()

    def waiting(self) -> int:
        """Return how many notifications wait."""
        return len(self.outbox)

    def waiting_for(self, subscription_id: str) -> int:
        """Return how many notifications of one subscription wait, lifecycle notifications included."""
        return self.outbox.count(subscription_id)

    def take_batch(self) -> list[Item]:
        """Take the notifications due now that go into one request."""
        return self.outbox.take_batch()

    def body_of(self, batch: list[Item]) -> bytes:
        """Return the request body of a batch, with a validation token for each application that is sent data."""
        flaw = batch[0].flaw
        audiences = [item.audience for item in batch if item.audience is not None]
        return body_with_flaw([item.payload for item in batch], self.tokens, audiences, flaw)

    def settle(self, batch: list[Item], receipt: Receipt) -> None:
        """Take the receiver's answer to a batch: delivered by any 2xx, else tried again later, for four hours."""
        if not is_event_hub(batch[0].url):
            self.endpoints.answered(batch[0].url, receipt, timeout_of(batch))
        details = {"status": receipt.status}
        if 200 <= receipt.status < 300:
            self._record("notification_delivered", batch, details)
            return
        self._record("notification_failed", batch, details)
        given_up = [item for item in batch if not self._try_again(item)]
        if given_up:
            self._record("notification_dropped", given_up, details)
        for subscription_id in dict.fromkeys(item.subscription_id for item in given_up):
            subscription = self.subscriptions.by_id.get(subscription_id)
            if subscription is not None and subscription.kind in OUTLOOK:
                self.send_lifecycle(subscription, "missed")

    def _try_again(self, item: Item) -> bool:
        """Plan the next attempt; return False if four hours are over."""
        now, schedule = self.core.clock.now(), self.core.behavior.retry_schedule
        item.first_tried_at = item.first_tried_at or now
        wait = schedule[min(item.attempt, len(schedule) - 1)]
        if self.core.behavior.retry_jitter:
            wait *= self.core.draws.random("retry", item.key, item.attempt).uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)
        item.failed(now + wait)
        if item.due_at - item.first_tried_at > RETRY_WINDOW:
            return False
        if item.subscription_id in self.subscriptions.by_id or "lifecycleEvent" in item.payload:
            self.outbox.put(item)
        return True

    def _record(self, verb: str, items: list[Item], details: dict[str, Any]) -> None:
        for item in items:
            told = {name: item.payload.get(name) for name in ("changeType", "lifecycleEvent", "resource")}
            self.core.journal.add(
                verb,
                actor=EXCHANGE,
                subject_id=item.subscription_id,
                details={**told, **details, "attempt": item.attempt + 1},
            )


def timeout_of(batch: list[Item]) -> float:
    """Return how many seconds the receiver has: less on the first attempt."""
    return RETRY_TIMEOUT_S if batch[0].attempt else FIRST_TIMEOUT_S


def _outlook_data(subscription: Subscription, kind: str, user_id: str, item_id: str) -> tuple[str, Json]:
    """Return `resource` and `resourceData` of an Outlook item; the forms with and without its data differ.

    Source: https://learn.microsoft.com/graph/outlook-change-notifications-overview
    """
    if subscription.is_rich:
        resource, type_name = f"Users('{user_id}')/{kind.lower()}s('{item_id}')", f"#microsoft.graph.{kind.lower()}"
    else:
        resource, type_name = f"Users/{user_id}/{kind}s/{item_id}", f"#Microsoft.Graph.{kind}"
    return resource, {"@odata.type": type_name, "@odata.id": resource, "id": item_id}


def _event_content(subscription: Subscription, event: Event) -> Json:
    wanted = subscription.target
    return _content(event_json(event, View(), wanted.select, wanted.expand), wanted.select)


def _content(shown: Json, select: tuple[str, ...] | None) -> Json:
    """Return what was selected and expanded, and no more: the id comes if it was selected."""
    kept = {*(select or ()), "singleValueExtendedProperties"}
    return annotated({name: value for name, value in shown.items() if name in kept})
