"""What will happen by itself later in virtual time: responses that travel, expiries, delayed mail."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

from graphsync.clock import Clock


class Agenda:
    """Effects with their due time. Those due at one instant run in the order of their keys, not of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, str, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, due_at: datetime, key: str, effect: Callable[[], None]) -> None:
        """Run `effect` at once if `due_at` has come, else when `run_due` finds it due."""
        if due_at <= self._clock.now():
            effect()
            return
        self._count += 1
        heapq.heappush(self._heap, (due_at, key, self._count, effect))

    def next_due_at(self) -> datetime | None:
        """Return when the earliest effect is due, or None if nothing waits."""
        return self._heap[0][0] if self._heap else None

    def run_due(self) -> int:
        """Run all effects due now, earliest first, those they bring due included; return how many ran."""
        ran = 0
        while self._heap and self._heap[0][0] <= self._clock.now():
            heapq.heappop(self._heap)[3]()
            ran += 1
        return ran
