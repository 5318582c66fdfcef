"""The virtual clock of the sandbox: it stands until the driver of a run moves it."""

from __future__ import annotations

from graphsync.clock import SteppedClock


class VirtualClock(SteppedClock):
    """Time as everybody in the sandbox sees it; `set` moves it forward, `sleep` returns at once."""
