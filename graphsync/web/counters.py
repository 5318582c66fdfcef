"""What the receiver has seen since it started, as plain counts."""

from __future__ import annotations

from enum import StrEnum
from threading import Lock


class Count(StrEnum):
    """What is counted; the values are the keys of `Counters.as_dict`."""

    HANDSHAKES = "handshakes"
    """Validation requests answered."""
    RECEIVED = "received"
    """Items in requests that had the documented shape, malformed ones included."""
    REFUSED = "refused"
    """Requests that as a whole were not what Graph sends, or too large."""
    MALFORMED = "malformed"
    """Items without the documented shape."""
    MISMATCHED = "mismatched"
    """Items with another `clientState` than the stored one."""
    UNKNOWN = "unknown"
    """Items of no subscription graphsync wants."""
    COMMITTED = "committed"
    """Items whose marks are in the store."""
    UNAVAILABLE = "unavailable"
    """Requests answered 503 since the store did not take their marks."""
    COMMITS = "commits"
    """Transactions; `committed` over this is how well grouping works."""


class Counters:
    """Counts that several threads raise."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = dict.fromkeys(Count, 0)

    def add(self, count: Count, number: int = 1) -> None:
        """Raise `count` by `number`, zero or more."""
        with self._lock:
            self._counts[count] += number

    def as_dict(self) -> dict[str, int]:
        """Return all counts as they are at one moment, zeros included."""
        with self._lock:
            return {count.value: number for count, number in self._counts.items()}
