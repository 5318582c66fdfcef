"""The notifications on their way, by when they are due, and which of them share a request.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (several items in one request)
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.notifications.flaws import Flaw


@dataclass(order=True, slots=True, kw_only=True)
class Item:
    """One notification on its way; equal due times are ordered by `key`.

    `audience` is the application that a validation token is for, None where none is sent. `flaw` is what a fault made
    wrong with the request that carries it.
    """

    due_at: datetime
    key: str
    subscription_id: str = field(compare=False)
    url: str = field(compare=False)
    payload: dict[str, Any] = field(compare=False)
    audience: str | None = field(compare=False, default=None)
    flaw: Flaw | None = field(compare=False, default=None)
    ready_at: datetime | None = field(compare=False, default=None)
    first_tried_at: datetime | None = field(compare=False, default=None)
    attempt: int = field(compare=False, default=0)

    def twin(self) -> Item:
        """Return the same once more."""
        return replace(self, key=f"{self.key}:twin")

    def failed(self, next_at: datetime) -> None:
        """Note an attempt that failed. A request that was broken on its way is whole the next time."""
        self.attempt += 1
        self.due_at = next_at
        if self.flaw == "malformed_json":
            self.flaw = None


@dataclass(slots=True)
class Outbox:
    """A queue by due time. What is tried for the first time may wait for company (`notification_wait`)."""

    core: Core
    _queue: list[Item] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._queue)

    def count(self, subscription_id: str) -> int:
        """Return how many items wait for a subscription."""
        return sum(item.subscription_id == subscription_id for item in self._queue)

    def put(self, item: Item) -> None:
        """Let an item wait until it is due."""
        if not item.attempt:
            item.ready_at = item.due_at
            item.due_at += timedelta(seconds=self.core.behavior.notification_wait)
        heapq.heappush(self._queue, item)

    def take_all(self, subscription_id: str) -> list[Item]:
        """Take away all that waits for a subscription."""
        taken = [item for item in self._queue if item.subscription_id == subscription_id]
        self._queue = [item for item in self._queue if item.subscription_id != subscription_id]
        heapq.heapify(self._queue)
        return taken

    def next_due_at(self) -> datetime | None:
        """Return when the first item is due."""
        return self._queue[0].due_at if self._queue else None

    def take_batch(self) -> list[Item]:
        """Take the items due now that go into one request: same URL, same kind of attempt, at most so many."""
        now, most = self.core.clock.now(), self.core.behavior.notifications_per_request
        batch: list[Item] = []
        others: list[Item] = []
        while self._queue and self._queue[0].due_at <= now and len(batch) < most:
            item = heapq.heappop(self._queue)
            (batch if not batch or _fits(item, batch[0]) else others).append(item)
        for item in others:
            heapq.heappush(self._queue, item)
        if batch and self.core.behavior.notification_wait:
            self._gather(batch, now, most)
        return batch

    def _gather(self, batch: list[Item], now: datetime, most: int) -> None:
        """Add what still waits for company and fits."""
        ready = [item for item in sorted(self._queue) if item.ready_at is not None and item.ready_at <= now]
        joining = [item for item in ready if not item.attempt and _fits(item, batch[0])][: max(0, most - len(batch))]
        if joining:
            batch += joining
            taken = {id(item) for item in joining}
            self._queue = [item for item in self._queue if id(item) not in taken]
            heapq.heapify(self._queue)


def _fits(item: Item, first: Item) -> bool:
    """Return whether two items may share a request; one whose request is spoiled goes by itself."""
    if item.flaw is not None or first.flaw is not None:
        return False
    return item.url == first.url and bool(item.attempt) == bool(first.attempt)
