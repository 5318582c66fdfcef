"""One writer thread that commits the marks of all waiting requests in one transaction.

A flush to disk costs the same for one mark and for a thousand. Requests that arrive while one transaction is being
committed wait together for the next; nobody waits for company.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread

from graphsync.engine.ports import Subject
from graphsync.errors import StoreUnavailable

_logger = logging.getLogger(__name__)

# A request waits with at most a few marks, so these bound memory, not work: a server has some 16 threads.
MAX_WAITING = 1_024
MAX_GROUP = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiting:
    """What one request wants committed; `done` tells it how that ended."""

    subjects: tuple[Subject, ...]
    notified: tuple[str, ...]
    done: Future[None] = field(default_factory=Future)


class GroupCommit:
    """Takes marks from many threads and commits them from one.

    Args:
        commit: writes merged marks in one transaction: subjects sorted and without doubles (so that several
            processes take their row locks in one order), then the keys of the subscriptions that were notified.
        on_committed: called by the writer after each transaction, once its requests have been released.
        max_waiting: how many requests may wait; the next one is refused.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Subject], Sequence[str]], None],
        *,
        on_committed: Callable[[], None],
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._commit = commit
        self._on_committed = on_committed
        self._max_waiting = max_waiting
        self._condition = Condition()
        self._queue: deque[_Waiting] = deque()
        self._taking = False
        self._thread: Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether `submit` may succeed."""
        return self._taking and self._thread is not None and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many requests wait for the next transaction."""
        return len(self._queue)

    def start(self) -> None:
        """Start the writer; not before a fork, since threads do not survive it."""
        with self._condition:
            self._taking = True
        # A daemon: at a hasty exit the transaction is rolled back, and nobody has been told 202.
        self._thread = Thread(target=self._run, name="graphsync-marks", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Refuse new marks, commit those that wait, and end; False if the writer is still at it after `timeout_s`."""
        with self._condition:
            self._taking = False
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def submit(self, subjects: Sequence[Subject], notified: Sequence[str], timeout_s: float) -> None:
        """Return once the marks are committed.

        Raises:
            StoreUnavailable: they are not, or not within `timeout_s`; its cause is what the store raised. A commit
                that is under way when the time is up may still come through, which is harmless: marks are hints.
        """
        waiting = _Waiting(subjects=tuple(subjects), notified=tuple(notified))
        with self._condition:
            if not self._taking:
                raise StoreUnavailable("the receiver is not running; send again later")
            if len(self._queue) >= self._max_waiting:
                raise StoreUnavailable(f"{len(self._queue)} requests wait for the store already")
            self._queue.append(waiting)
            self._condition.notify()
        try:
            error = waiting.done.exception(timeout_s)
        except TimeoutError:
            waiting.done.cancel()
            raise StoreUnavailable(f"the store has not committed within {timeout_s:.1f} s") from None
        if error is not None:
            raise StoreUnavailable(f"the marks were not committed: {type(error).__name__}") from error

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._commit(
                    sorted({subject for waiting in group for subject in waiting.subjects}),
                    sorted({resource for waiting in group for resource in waiting.notified}),
                )
                for waiting in group:
                    waiting.done.set_result(None)
                self._on_committed()
            except StoreUnavailable as error:
                _fail(group, error)
            except Exception as error:
                _logger.exception("the writer of marks failed with %d requests in hand", len(group))
                _fail(group, error)

    def _next_group(self) -> list[_Waiting]:
        """Return what waits, without those that have given up; empty once stopped and nothing is left."""
        with self._condition:
            while True:
                self._condition.wait_for(lambda: self._queue or not self._taking)
                group = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_GROUP))]
                running = [waiting for waiting in group if waiting.done.set_running_or_notify_cancel()]
                if running or not (self._taking or self._queue):
                    return running


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    """Tell all who still wait; where only `on_committed` failed nobody does."""
    for waiting in group:
        if not waiting.done.done():
            waiting.done.set_exception(error)
