"""From a parsed request to committed marks: whose notification is it, is it genuine, is it safe in the store.

Threads only; nothing here knows HTTP. One `Intake` lives in each process that receives.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self

from graphsync.clock import Clock
from graphsync.engine.ports import Ledger, Subject, Subscription
from graphsync.errors import ClientStateMismatch, StoreUnavailable
from graphsync.notifications import Received
from graphsync.web.counters import Count, Counters
from graphsync.web.group_commit import GroupCommit
from graphsync.web.lookup import READ_EVERY, SubscriptionLookup
from graphsync.web.marks import Notification, marks_of

_logger = logging.getLogger(__name__)

# Graph gives the first attempt 3 s and tries again after any answer but a 2xx; better our 503 than its timeout:
# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
ANSWER_WITHIN = timedelta(seconds=2.5)

_IDS_LOGGED = 5


class NotificationStore(Protocol):
    """What the receiver needs of the store. Both calls raise `StoreUnavailable` if the database is locked or gone."""

    def mark_batch(self, subjects: Sequence[Subject], at: datetime, notified: Sequence[str]) -> None:
        """Commit a dirty mark on each subject, and `at` as the last notification of each subscription.

        Args:
            subjects: sorted, without doubles; may be empty.
            at: when the marks were made, in UTC.
            notified: `Subscription.resource` of the subscriptions that were heard of, sorted, without doubles.
        """
        ...

    def subscriptions(self) -> list[Subscription]:
        """Return all wanted subscriptions, in any order."""
        ...


class MarkingStore(Protocol):
    """A `ports.Store` that can also commit a batch of marks at once."""

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Open a transaction; see `ports.Store`."""
        ...

    def mark_batch(self, subjects: Sequence[Subject], at: datetime, notified: Sequence[str]) -> None:
        """Commit marks in a transaction of their own; see `NotificationStore`."""
        ...


@dataclass(frozen=True, slots=True)
class StoreForNotifications:
    """A `NotificationStore` over the store the engine works on."""

    store: MarkingStore

    def mark_batch(self, subjects: Sequence[Subject], at: datetime, notified: Sequence[str]) -> None:
        """Commit the marks; see `NotificationStore`."""
        self.store.mark_batch(subjects, at, notified)

    def subscriptions(self) -> list[Subscription]:
        """Return all wanted subscriptions, in any order."""
        with self.store.transaction() as ledger:
            return ledger.subscriptions.all()


class Intake:
    """Accepts notifications: looks their subscriptions up, checks `clientState`, commits the marks.

    Make it, and enter it or call `start`, in the process that serves (threads do not survive a fork). Without that
    `accept` raises `StoreUnavailable`.

    Args:
        store: where subscriptions are read and marks are written.
        clock: the time of the marks.
        on_marked: called from the writer's thread after each commit, to wake the engine; it must return at once.
        answer_within: how long `accept` may take before it gives up.
        read_every: see `SubscriptionLookup`.
        monotonic: seconds that only grow; timeouts are real time, also where `clock` is not.
    """

    def __init__(
        self,
        store: NotificationStore,
        clock: Clock,
        *,
        on_marked: Callable[[], None] = lambda: None,
        answer_within: timedelta = ANSWER_WITHIN,
        read_every: timedelta = READ_EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters = Counters()
        self._store = store
        self._clock = clock
        self._on_marked = on_marked
        self._answer_within_s = answer_within.total_seconds()
        self._monotonic = monotonic
        self._lookup = SubscriptionLookup(store.subscriptions, monotonic, read_every=read_every)
        self._writer = GroupCommit(self._commit, on_committed=self._committed)

    def start(self) -> None:
        """Start the thread that commits."""
        self._writer.start()

    def stop(self, timeout_s: float = 5) -> bool:
        """Commit what waits and end; False if a commit is still under way after `timeout_s`. More is answered 503."""
        return self._writer.stop(timeout_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def waiting(self) -> int:
        """How many requests wait for the next transaction."""
        return self._writer.waiting

    def check(self) -> None:
        """Return if notifications can be taken now, as far as reading can tell.

        Raises:
            StoreUnavailable: the store does not answer, or the writer does not run.
        """
        if not self._writer.is_running:
            raise StoreUnavailable("the receiver is not running; send again later")
        self._store.subscriptions()

    def accept(self, received: Received) -> None:
        """Return once all that is genuine in `received` is committed; the rest is dropped, counted and logged.

        Raises:
            StoreUnavailable: something genuine may not be in the store; the request has to be sent again. Parts of
                it may have been committed, which is harmless.
        """
        self.counters.add(Count.RECEIVED, len(received.items) + received.malformed)
        self.counters.add(Count.MALFORMED, received.malformed)
        deadline = self._monotonic() + self._answer_within_s
        try:
            genuine = self._genuine(received.items, deadline)
            if genuine:
                self._writer.submit(
                    [subject for notification, wanted in genuine for subject in marks_of(notification, wanted)],
                    [wanted.resource for _, wanted in genuine],
                    max(0.0, deadline - self._monotonic()),
                )
        except StoreUnavailable:
            self.counters.add(Count.UNAVAILABLE)
            raise
        self.counters.add(Count.COMMITTED, len(genuine))

    def _genuine(
        self, notifications: Sequence[Notification], deadline: float
    ) -> list[tuple[Notification, Subscription]]:
        """Return the notifications that are Graph's, each with its subscription."""
        if not notifications:
            return []
        arrived_at = self._monotonic()
        snapshot = self._lookup.latest(deadline)
        genuine: list[tuple[Notification, Subscription]] = []
        unknown: list[str] = []
        mismatched: list[str] = []
        for notification in notifications:
            try:
                wanted = snapshot.find(notification)
                if wanted is None and snapshot.read_at < arrived_at:
                    snapshot = self._lookup.newer_than(arrived_at, deadline)
                    wanted = snapshot.find(notification)
            except ClientStateMismatch:
                mismatched.append(notification.subscription_id)
                continue
            if wanted is None:
                unknown.append(notification.subscription_id)
            else:
                genuine.append((notification, wanted))
        self._drop(Count.UNKNOWN, unknown, "belong to no subscription that is wanted")
        self._drop(Count.MISMATCHED, mismatched, "have another clientState than the stored one")
        return genuine

    def _drop(self, count: Count, subscription_ids: list[str], reason: str) -> None:
        """Count and log; one line a request, so that a flood of forged items does not become a flood of lines."""
        if subscription_ids:
            self.counters.add(count, len(subscription_ids))
            some = list(dict.fromkeys(subscription_ids))[:_IDS_LOGGED]
            _logger.warning("%d notifications dropped: subscriptions %r %s", len(subscription_ids), some, reason)

    def _commit(self, subjects: Sequence[Subject], notified: Sequence[str]) -> None:
        self._store.mark_batch(subjects, self._clock.now(), notified)

    def _committed(self) -> None:
        self.counters.add(Count.COMMITS)
        self._on_marked()
