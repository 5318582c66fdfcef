"""Delivery of notifications: from a change to the receiver's answer, with retries, in virtual time.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. The backoff is not published;
the one here is the proposal of notifications.md section 2.4.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from graphsync.sandbox.chats import Chat, ChatMessage
from graphsync.sandbox.copies import ChangeType
from graphsync.sandbox.core import Core
from graphsync.sandbox.directory import User
from graphsync.sandbox.events import Event
from graphsync.sandbox.faults import NOTIFY, Faults
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.mailboxes import MailMessage
from graphsync.sandbox.subscriptions import Subscription, Subscriptions
from graphsync.sandbox.zones import utc_text

Deliver = Callable[[str, bytes, dict[str, str], float], int]
LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

FIRST_TIMEOUT_S, RETRY_TIMEOUT_S = 3.0, 10.0
RETRY_WINDOW = timedelta(hours=4)
BACKOFF = tuple(timedelta(seconds=s) for s in (10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 3600, 3600))
# A reminder is sent when a quarter of the granted life is left, and once more shortly before the end.
LAST_REMINDER = timedelta(minutes=15)
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(order=True, slots=True)
class Item:
    """One notification on its way; equal due times are ordered by `key`."""

    due_at: datetime
    key: str
    subscription_id: str = field(compare=False)
    url: str = field(compare=False)
    payload: dict[str, Any] = field(compare=False)
    first_tried_at: datetime | None = field(compare=False, default=None)
    attempt: int = field(compare=False, default=0)


@dataclass(slots=True)
class Notifier:
    """Turns changes into notifications, and keeps the queue of those not yet delivered."""

    core: Core
    subscriptions: Subscriptions
    faults: Faults
    _queue: list[Item] = field(default_factory=list)

    # Changes -------------------------------------------------------------------------------------------------

    def event_changed(self, event: Event, change_type: ChangeType) -> None:
        """Queue what the subscriptions of this mailbox are told; one edit may give several `updated` items."""
        etag = f'W/"{event.change_key}"'
        for subscription in self.subscriptions.watching("events", event.user_id, change_type):
            low, high = self.core.behavior.updated_items
            key = (subscription.id, event.id, event.revision, change_type)
            count = self.core.draws.random("items", *key).randint(low, high) if change_type == "updated" else 1
            resource = f"Users/{event.user_id}/Events/{event.id}"
            data = {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "id": event.id}
            if change_type != "deleted":
                data["@odata.etag"] = etag
            for number in range(count):
                self._enqueue(
                    subscription,
                    change_type,
                    resource,
                    data,
                    (*key, number),
                    self.core.behavior.event_notification_delay,
                )

    def message_received(self, user: User, message: MailMessage) -> None:
        """Queue what the subscriptions of this mailbox's mail are told."""
        for subscription in self.subscriptions.watching("messages", user.id, "created"):
            resource = f"Users/{user.id}/Messages/{message.id}"
            data = {"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource, "id": message.id}
            self._enqueue(
                subscription,
                "created",
                resource,
                data,
                (subscription.id, message.id),
                self.core.behavior.event_notification_delay,
            )

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
            key = (subscription.id, chat.id, message.id, revision)
            self._enqueue(subscription, change_type, resource, data, key, self.core.behavior.chat_notification_delay)

    def _enqueue(
        self,
        subscription: Subscription,
        change_type: str,
        resource: str,
        data: dict[str, str],
        key: tuple[object, ...],
        span: tuple[float, float],
    ) -> None:
        payload: dict[str, Any] = {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": utc_text(subscription.expires_at),
            "changeType": change_type,
            "resource": resource,
            "resourceData": data,
            "clientState": subscription.client_state,
            "tenantId": self.core.tenant_id,
        }
        due_at = self.core.clock.now() + self.core.draws.duration(span, "delivery", *key)
        item = Item(due_at, ":".join(map(str, key)), subscription.id, subscription.notification_url, payload)
        self._push_with_faults(item, subscription, resource)

    def _push_with_faults(self, item: Item, subscription: Subscription, resource: str) -> None:
        fault = self.faults.strike(NOTIFY, resource)
        match fault.kind if fault else None:
            case "lost":
                self._record("notification_lost", [item], {})
                if fault is not None and fault.announce:
                    self.send_lifecycle(subscription, "missed")
                return
            case "duplicate":
                twin = Item(item.due_at, item.key + ":twin", item.subscription_id, item.url, item.payload)
                heapq.heappush(self._queue, twin)
            case "delayed":
                item.due_at += timedelta(seconds=fault.delay_s if fault else 0)
            case "reordered":
                item.due_at += timedelta(seconds=2 * self.core.behavior.event_notification_delay[1])
            case "wrong_client_state":
                item.payload["clientState"] = f"not-{item.payload['clientState']}"
            case "unknown_subscription":
                item.payload["subscriptionId"] = self.core.draws.guid("nobody", item.key)
            case _:
                pass
        heapq.heappush(self._queue, item)

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
        self._queue = [item for item in self._queue if item.subscription_id != subscription.id]
        heapq.heapify(self._queue)

    def lose_waiting(self, subscription: Subscription, *, announce: bool) -> int:
        """Drop what waits for a live subscription, and say `missed` if asked to; return how many were lost."""
        lost = [item for item in self._queue if item.subscription_id == subscription.id]
        self.forget(subscription)
        if lost:
            self._record("notification_lost", lost, {})
        # Never sent for Teams resources: https://learn.microsoft.com/graph/change-notifications-lifecycle-events
        if announce and subscription.kind in {"events", "messages"}:
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
        heapq.heappush(self._queue, Item(now, key, subscription.id, subscription.lifecycle_url, payload))

    # Delivery ------------------------------------------------------------------------------------------------

    def next_due_at(self) -> datetime | None:
        """Return when the earliest notification or retry is due."""
        return self._queue[0].due_at if self._queue else None

    def waiting(self) -> int:
        """Return how many notifications wait."""
        return len(self._queue)

    def take_batch(self) -> list[Item]:
        """Take the notifications due now that go into one request: same URL, same kind of attempt."""
        now = self.core.clock.now()
        batch: list[Item] = []
        others: list[Item] = []
        while self._queue and self._queue[0].due_at <= now:
            item = heapq.heappop(self._queue)
            if batch and (item.url != batch[0].url or bool(item.attempt) != bool(batch[0].attempt)):
                others.append(item)
                continue
            batch.append(item)
            if len(batch) >= self.core.behavior.notifications_per_request:
                break
        for item in others:
            heapq.heappush(self._queue, item)
        return batch

    def settle(self, batch: list[Item], status: int) -> None:
        """Take the receiver's answer to a batch: delivered by any 2xx, else tried again later, for four hours."""
        now = self.core.clock.now()
        if 200 <= status < 300:
            self._record("notification_delivered", batch, {"status": status})
            return
        given_up: list[Item] = []
        for item in batch:
            item.first_tried_at = item.first_tried_at or now
            wait = BACKOFF[min(item.attempt, len(BACKOFF) - 1)]
            item.attempt += 1
            item.due_at = now + wait
            if item.due_at - item.first_tried_at > RETRY_WINDOW:
                given_up.append(item)
            elif item.subscription_id in self.subscriptions.by_id or "lifecycleEvent" in item.payload:
                heapq.heappush(self._queue, item)
        self._record("notification_failed", batch, {"status": status})
        if given_up:
            self._record("notification_dropped", given_up, {"status": status})
        for subscription_id in dict.fromkeys(item.subscription_id for item in given_up):
            subscription = self.subscriptions.by_id.get(subscription_id)
            if subscription is not None and subscription.kind in {"events", "messages"}:
                self.send_lifecycle(subscription, "missed")

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


def body_of(batch: list[Item]) -> bytes:
    """Return the request body of a batch."""
    return msgspec.json.encode({"value": [item.payload for item in batch]})
