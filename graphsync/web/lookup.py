"""Which wanted subscription a notification belongs to, without asking the store each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition

from graphsync.engine.ports import Subscription
from graphsync.errors import StoreUnavailable
from graphsync.web.marks import Notification, check_client_state, has_client_state

# Misses come singly in a healthy service: a subscription that is a minute old. A flood of them is somebody's garbage.
READS_AT_ONCE = 10
READ_EVERY = timedelta(seconds=1)

# Half of the server's threads: the other half goes on serving known subscriptions through a flood.
MAX_HELD_BACK = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The subscriptions as the store had them at `read_at` or later (monotonic seconds)."""

    by_id: Mapping[str, Subscription]
    without_id: tuple[Subscription, ...]
    read_at: float

    def find(self, notification: Notification) -> Subscription | None:
        """Return the subscription a notification belongs to, or None where no wanted one fits.

        Graph may notify before our call that creates the subscription has returned. Such an id is unknown yet, but
        its `clientState` is: every subscription has its own, saved before it is asked for.

        Raises:
            ClientStateMismatch: the id is known and the `clientState` differs.
        """
        known = self.by_id.get(notification.subscription_id)
        if known is not None:
            check_client_state(notification, known)
            return known
        # All are compared, so that the time taken does not tell which one came close.
        fitting = [wanted for wanted in self.without_id if has_client_state(notification, wanted)]
        return fitting[0] if fitting else None


class SubscriptionLookup:
    """Keeps a snapshot of the subscriptions, and reads a newer one where a notification fits none.

    Only a snapshot read after a notification arrived proves that it belongs to nothing: the row of a subscription is
    committed before Graph is asked to create it. So a miss waits for such a snapshot rather than be dropped on an
    old one; reads are shared, and limited to `READS_AT_ONCE` and then one in `read_every`.

    Args:
        read: returns all wanted subscriptions, or raises `StoreUnavailable`.
        monotonic: seconds that only grow.
        read_every: how often the store is asked while misses keep coming.
    """

    def __init__(
        self,
        read: Callable[[], list[Subscription]],
        monotonic: Callable[[], float],
        *,
        read_every: timedelta = READ_EVERY,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._read_every_s = read_every.total_seconds()
        self._condition = Condition()
        self._snapshot: Snapshot | None = None
        self._reading = False
        self._held_back = 0
        self._allowance = float(READS_AT_ONCE)
        self._allowance_at = monotonic()

    def latest(self, deadline: float) -> Snapshot:
        """Return the snapshot at hand, or the first one.

        Raises:
            StoreUnavailable: there is none yet, and the store gave none before `deadline`.
        """
        snapshot = self._snapshot
        return self.newer_than(float("-inf"), deadline) if snapshot is None else snapshot

    def newer_than(self, instant: float, deadline: float) -> Snapshot:
        """Return a snapshot whose reading began at `instant` or later (both arguments in monotonic seconds).

        Raises:
            StoreUnavailable: the store gave none, `deadline` has come, or too many wait already.
        """
        with self._condition:
            while (snapshot := self._snapshot) is None or snapshot.read_at < instant:
                left = deadline - self._monotonic()
                if left <= 0:
                    raise StoreUnavailable("the subscriptions could not be looked up in time")
                if self._reading:
                    self._condition.wait(left)
                elif (pause := self._pause_before_read()) > 0:
                    self._hold_back(min(pause, left))
                else:
                    self._reading = True
                    break
            else:
                return snapshot
        return self._read_snapshot()

    def _read_snapshot(self) -> Snapshot:
        read_at = self._monotonic()
        snapshot: Snapshot | None = None
        try:
            subscriptions = self._read()
            snapshot = Snapshot(
                by_id={wanted.id: wanted for wanted in subscriptions if wanted.id is not None},
                without_id=tuple(wanted for wanted in subscriptions if wanted.id is None),
                read_at=read_at,
            )
        finally:
            with self._condition:
                self._reading = False
                self._snapshot = snapshot or self._snapshot
                self._condition.notify_all()
        return snapshot

    def _pause_before_read(self) -> float:
        """Return zero and use up one read, or the seconds until there is one again."""
        now = self._monotonic()
        if self._read_every_s > 0:
            grown = (now - self._allowance_at) / self._read_every_s
            self._allowance = min(float(READS_AT_ONCE), self._allowance + grown)
            self._allowance_at = now
            if self._allowance < 1:
                return (1 - self._allowance) * self._read_every_s
            self._allowance -= 1
        return 0

    def _hold_back(self, pause: float) -> None:
        if self._held_back >= MAX_HELD_BACK:
            raise StoreUnavailable(f"{self._held_back} requests wait to look their subscription up already")
        self._held_back += 1
        try:
            self._condition.wait(pause)
        finally:
            self._held_back -= 1
