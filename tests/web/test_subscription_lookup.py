"""The look-up's limits on reading, which need several threads and so are tested apart from HTTP."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest

from graphsync.engine.ports import Subject, SubjectKind, Subscription
from graphsync.errors import StoreUnavailable
from graphsync.web.lookup import MAX_HELD_BACK, READS_AT_ONCE, SubscriptionLookup

WANTED = [
    Subscription(
        resource="users/user-1/events",
        subject=Subject(kind=SubjectKind.MAILBOX, owner="user-1"),
        client_state="state",
        id="sub-1",
    )
]


class Reads:
    """Counts reads; a read begins with `begun` and ends once `go_on` is set."""

    def __init__(self):
        self.number = 0
        self.begun = Event()
        self.go_on = Event()
        self.go_on.set()
        self.fault = None

    def __call__(self):
        self.number += 1
        self.begun.set()
        assert self.go_on.wait(10)
        if self.fault is not None:
            raise self.fault
        return WANTED


def in_a_while(seconds=10.0):
    return time.monotonic() + seconds


def use_up(lookup):
    for _ in range(READS_AT_ONCE):
        lookup.newer_than(time.monotonic(), in_a_while())


def test_threads_that_need_the_first_snapshot_share_one_read():
    reads = Reads()
    reads.go_on.clear()
    lookup = SubscriptionLookup(reads, time.monotonic)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lookup.latest, in_a_while())
        assert reads.begun.wait(10)
        others = [pool.submit(lookup.latest, in_a_while()) for _ in range(3)]
        reads.go_on.set()
        snapshots = {id(future.result(10)) for future in [first, *others]}

    assert len(snapshots) == 1
    assert reads.number == 1


def test_a_read_that_does_not_end_is_waited_for_only_so_long():
    reads = Reads()
    reads.go_on.clear()
    lookup = SubscriptionLookup(reads, time.monotonic)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lookup.latest, in_a_while())
        assert reads.begun.wait(10)
        with pytest.raises(StoreUnavailable, match="in time"):
            lookup.latest(in_a_while(0.01))
        reads.go_on.set()
        assert "sub-1" in first.result(10).by_id


def test_a_failed_read_leaves_the_snapshot_there_was_and_the_next_one_may_succeed():
    reads = Reads()
    lookup = SubscriptionLookup(reads, time.monotonic)
    before = lookup.latest(in_a_while())
    reads.fault = StoreUnavailable("the database is locked")
    with pytest.raises(StoreUnavailable, match="locked"):
        lookup.newer_than(time.monotonic(), in_a_while())
    assert lookup.latest(in_a_while()) is before

    reads.fault = None
    assert lookup.newer_than(time.monotonic(), in_a_while()).read_at > before.read_at


def test_through_a_flood_of_misses_some_wait_for_one_more_read_and_the_rest_is_refused_at_once():
    reads = Reads()
    lookup = SubscriptionLookup(reads, time.monotonic, read_every=timedelta(seconds=1))
    use_up(lookup)
    together = Barrier(MAX_HELD_BACK + 4)

    def miss():
        together.wait(10)
        try:
            return lookup.newer_than(time.monotonic(), in_a_while())
        except StoreUnavailable:
            return None

    with ThreadPoolExecutor(together.parties) as pool:
        answers = [future.result(20) for future in [pool.submit(miss) for _ in range(together.parties)]]

    assert answers.count(None) == 4
    assert reads.number == READS_AT_ONCE + 1


def test_reads_come_back_with_time():
    seconds = iter(range(0, 10_000, 1))
    reads = Reads()
    lookup = SubscriptionLookup(reads, lambda: float(next(seconds)), read_every=timedelta(seconds=1))
    for _ in range(5 * READS_AT_ONCE):
        lookup.newer_than(float(next(seconds)), float("inf"))

    assert reads.number == 5 * READS_AT_ONCE


def test_without_a_limit_every_miss_is_a_read():
    reads = Reads()
    lookup = SubscriptionLookup(reads, time.monotonic, read_every=timedelta(0))
    for _ in range(3 * READS_AT_ONCE):
        lookup.newer_than(time.monotonic(), in_a_while())

    assert reads.number == 3 * READS_AT_ONCE
