"""A `NotificationStore` in memory with a switch for each fault the receiver has to live with."""

from contextlib import contextmanager
from threading import Event, Lock

from graphsync.errors import StoreUnavailable


class FakeNotificationStore:
    """Keeps what was committed, in order.

    `fault` is raised by both calls while it is set. Between `hold` and its end commits have begun and do not end.
    """

    def __init__(self, subscriptions=()):
        self.wanted = list(subscriptions)
        self.fault = None
        self.commits = []
        self.reads = 0
        self.commit_begun = Event()
        self._go_on = Event()
        self._go_on.set()
        self._lock = Lock()

    def subscriptions(self):
        with self._lock:
            self.reads += 1
            self._raise_fault()
            return list(self.wanted)

    def mark_batch(self, subjects, at, notified):
        self.commit_begun.set()
        self._go_on.wait()
        with self._lock:
            self._raise_fault()
            self.commits.append((list(subjects), at, list(notified)))

    @property
    def marked(self):
        return [subject for subjects, _, _ in self.commits for subject in subjects]

    @contextmanager
    def hold(self):
        self.commit_begun.clear()
        self._go_on.clear()
        try:
            yield
        finally:
            self._go_on.set()

    def _raise_fault(self):
        if self.fault is not None:
            raise self.fault


DISK_FULL = StoreUnavailable("the database cannot grow: the disk or its quota is full; make room")
LOCKED = StoreUnavailable("the database is locked by another process or transaction; end it, or wait until it has")
