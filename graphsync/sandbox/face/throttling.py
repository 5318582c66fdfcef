"""Throttling by the published limits: how much one application may ask for, and how many requests at once.

Off unless `Behavior.throttling` is on. Windows run in virtual time; requests at once are those in flight in real time.
A request that is refused counts like any other. Called from the event loop alone.

Sources: https://learn.microsoft.com/graph/throttling, https://learn.microsoft.com/graph/throttling-limits
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.refusals import GraphRefusal

# The sample of https://learn.microsoft.com/graph/throttling; how long a concurrency refusal asks for is not told.
CONCURRENCY_RETRY_AFTER_S = 10
REQUESTS_SPAN = timedelta(minutes=10)
UPLOAD_SPAN = timedelta(minutes=5)
UPLOAD_METHODS = frozenset({"POST", "PATCH", "PUT"})
# Teams, requests per second of one application in one tenant: https://learn.microsoft.com/graph/throttling-limits
TEAMS_PER_SECOND = {
    "listChatMessages": 20,
    "listAllChatMessages": 200,
    "sendChatMessage": 20,
    "listChats": 30,
    "createChat": 30,
    "sendActivityNotification": 5,
    "sendChatActivityNotification": 5,
    "sendActivityNotificationToRecipients": 2,
    "listTeamsApps": 30,
    "getTeamsApp": 30,
    "publishTeamsApp": 30,
    "updateTeamsApp": 30,
    "listInstalledApps": 30,
    "getInstalledApp": 30,
    "getInstalledAppChat": 30,
    "addInstalledApp": 30,
    "upgradeInstalledApp": 30,
    "deleteInstalledApp": 15,
}
# https://learn.microsoft.com/graph/throttling-limits#cloud-communication-service-limits
PRESENCE_SPAN, PRESENCE_REQUESTS = timedelta(seconds=30), 1500
PRESENCE = frozenset(
    {
        "getPresence",
        "getPresencesByUserId",
        "setPresence",
        "clearPresence",
        "setUserPreferredPresence",
        "clearUserPreferredPresence",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What throttling looks at in a request; `mailbox_id` is None for what is not Outlook's."""

    client_id: str
    operation: str
    method: str
    mailbox_id: str | None
    size: int


class Window:
    """What was taken within a span of time that moves along."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._taken: deque[tuple[datetime, int]] = deque()
        self._total = 0

    def take(self, now: datetime, amount: int, limit: int) -> int | None:
        """Count `amount`, and return how many seconds to wait before the same fits, or None if it did.

        The wait is the whole span for an amount that never fits.
        """
        while self._taken and self._taken[0][0] <= now - self._span:
            self._total -= self._taken.popleft()[1]
        if self._taken and self._taken[-1][0] == now:
            self._taken[-1] = (now, self._taken[-1][1] + amount)
        else:
            self._taken.append((now, amount))
        self._total += amount
        if self._total <= limit:
            return None
        left = self._total
        leaves_at = now + self._span
        for at, taken in self._taken:
            left -= taken
            if left + amount <= limit:
                leaves_at = at + self._span
                break
        return max(1, -(-(leaves_at - now) // timedelta(seconds=1)))


class Throttle:
    """Counts what each application asks for, and refuses what is over a limit."""

    def __init__(self, behavior: Behavior, clock: VirtualClock) -> None:
        self._behavior = behavior
        self._clock = clock
        self._windows: dict[tuple[str, ...], Window] = {}
        self._in_flight: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def admitted(self, arrival: Arrival) -> AsyncIterator[None]:
        """Let a request in for as long as the block runs; one to a mailbox lasts `request_lasts_s` real seconds more.

        Raises:
            GraphRefusal: 429; a limit is reached.
        """
        if not self._behavior.throttling:
            yield
            return
        self._count(arrival)
        if arrival.mailbox_id is None:
            yield
            return
        per_mailbox = self._behavior.concurrency_counts == "mailbox"
        key = (arrival.client_id, arrival.mailbox_id if per_mailbox else "")
        if self._in_flight[key] >= self._behavior.concurrent_requests:
            raise self._refusal("MailboxConcurrency", CONCURRENCY_RETRY_AFTER_S)
        self._in_flight[key] += 1
        try:
            # The loop gets a turn, so that requests which came together are in flight together.
            await asyncio.sleep(self._behavior.request_lasts_s)
            yield
        finally:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

    def _count(self, arrival: Arrival) -> None:
        behavior = self._behavior
        if arrival.mailbox_id is not None:
            who = (arrival.client_id, arrival.mailbox_id)
            self._take(("requests", *who), REQUESTS_SPAN, 1, behavior.requests_per_10_minutes, "MailboxRequests")
            if arrival.method in UPLOAD_METHODS:
                limit = behavior.upload_bytes_per_5_minutes
                self._take(("upload", *who), UPLOAD_SPAN, arrival.size, limit, "MailboxUpload")
        per_second = TEAMS_PER_SECOND.get(arrival.operation)
        if per_second is not None:
            key = (arrival.operation, arrival.client_id)
            self._take(key, timedelta(seconds=1), 1, per_second, arrival.operation)
        if arrival.operation in PRESENCE:
            self._take(("presence", arrival.client_id), PRESENCE_SPAN, 1, PRESENCE_REQUESTS, "Presence")

    def _take(self, key: tuple[str, ...], span: timedelta, amount: int, limit: int, name: str) -> None:
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(span)
        wait_s = window.take(self._clock.now(), amount, limit)
        if wait_s is not None:
            raise self._refusal(name, wait_s)

    def _refusal(self, name: str, retry_after_s: int) -> GraphRefusal:
        # The header is missing at times: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2886
        headers = {"Retry-After": str(retry_after_s)} if self._behavior.throttled_with_retry_after else {}
        return GraphRefusal(429, "ApplicationThrottled", f"Application is over its {name} limit.", headers=headers)
