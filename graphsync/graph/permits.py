"""How many requests are in flight at once: Graph's limits are kept before the call, not found by hitting 429."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_PER_MAILBOX = 3
"""One below the four that Outlook lets an app have open on one mailbox.

Source: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
"""

MOST_IN_FLIGHT = 4
"""Over all mailboxes: pages differ on whether Outlook's four count per mailbox or per app; this keeps both."""


class Permits:
    """Gives out permits per mailbox and over all; belongs to one event loop."""

    def __init__(self, *, per_mailbox: int = MOST_PER_MAILBOX, in_flight: int = MOST_IN_FLIGHT) -> None:
        if per_mailbox < 1 or in_flight < 1:
            raise ValueError(f"at least one request must be allowed, not {per_mailbox} and {in_flight}")
        self._per_mailbox = per_mailbox
        self._overall = asyncio.Semaphore(in_flight)
        self._mailboxes: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def permit(self, mailbox: str | None) -> AsyncIterator[None]:
        """Wait for a permit and hold it for the block; `mailbox` is None for what touches none.

        The mailbox comes first, so that those who wait for a busy one do not keep others out.
        """
        if mailbox is None:
            async with self._overall:
                yield
            return
        key = mailbox.casefold()
        semaphore, users = self._mailboxes.get(key) or (asyncio.Semaphore(self._per_mailbox), 0)
        self._mailboxes[key] = (semaphore, users + 1)
        try:
            async with semaphore, self._overall:
                yield
        finally:
            _, users = self._mailboxes[key]
            if users == 1:
                del self._mailboxes[key]
            else:
                self._mailboxes[key] = (semaphore, users - 1)
