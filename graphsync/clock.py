"""The Clock protocol, the real clock, and the one that is stepped from outside for the demo and tests.

Nothing else in graphsync reads the time or makes a random identifier.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for `seconds`."""
        time.sleep(seconds)


class SteppedClock:
    """A clock that stands still until `set` moves it; sleeping returns at once and moves nothing."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the instant last set, aware, in UTC."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to `instant`.

        Raises:
            ValueError: `instant` lies before the present one; time does not run backwards.
        """
        with self._lock:
            if instant < self._now:
                raise ValueError(f"the clock stands at {self._now.isoformat()}, after {instant.isoformat()}")
            self._now = instant.astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        """Return at once: virtual time passes only by `set`."""


def new_secret() -> str:
    """Return 256 random bits as text fit for an URL and for `clientState` (43 characters; 128 are allowed)."""
    return secrets.token_urlsafe(32)
