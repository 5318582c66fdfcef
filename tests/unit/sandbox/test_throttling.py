from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from graphsync.sandbox import VirtualClock
from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.face.throttling import TEAMS_PER_SECOND, Arrival, Throttle, Window
from graphsync.sandbox.refusals import GraphRefusal

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def an_arrival(mailbox_id="ana", *, client_id="app", operation="listEvents", method="GET", size=0):
    return Arrival(client_id=client_id, operation=operation, method=method, mailbox_id=mailbox_id, size=size)


def a_throttle(**behavior):
    clock = VirtualClock(START)
    return Throttle(Behavior(**{"throttling": True} | behavior), clock), clock


def outcome(throttle, arrival):
    async def ask():
        async with throttle.admitted(arrival):
            return 200

    try:
        return asyncio.run(ask())
    except GraphRefusal as refusal:
        return refusal.headers.get("Retry-After")


def together(throttle, *arrivals):
    async def one(arrival):
        async with throttle.admitted(arrival):
            await asyncio.sleep(0)
            return 200

    async def ask():
        return await asyncio.gather(*(one(arrival) for arrival in arrivals), return_exceptions=True)

    return [found if found == 200 else found.headers.get("Retry-After") for found in asyncio.run(ask())]


# Windows -----------------------------------------------------------------------------------------------------


def test_a_window_moves_along():
    window = Window(10 * MINUTE)
    assert [window.take(START + n * MINUTE, 1, 2) for n in range(2)] == [None, None]
    # Room for one more is there when both the first two have left, since what was refused counts too.
    assert window.take(START + 2 * MINUTE, 1, 2) == 9 * 60
    assert window.take(START + 11 * MINUTE, 1, 2) is None


def test_what_is_refused_counts():
    window = Window(MINUTE)
    assert window.take(START, 1, 1) is None
    assert window.take(START + timedelta(seconds=30), 1, 1) == 60
    assert window.take(START + timedelta(seconds=60), 1, 1) == 60
    assert window.take(START + timedelta(seconds=120), 1, 1) is None


def test_what_never_fits_waits_for_the_whole_span():
    assert Window(MINUTE).take(START, 5, 4) == 60


def test_a_wait_is_at_least_a_second():
    window = Window(timedelta(milliseconds=100))
    window.take(START, 1, 1)
    assert window.take(START, 1, 1) == 1


# Limits ------------------------------------------------------------------------------------------------------


def test_throttling_is_off_by_default():
    throttle = Throttle(Behavior(requests_per_10_minutes=1, concurrent_requests=1), VirtualClock(START))
    assert together(throttle, *[an_arrival()] * 10) == [200] * 10


def test_ten_thousand_requests_in_ten_minutes_of_one_app_to_one_mailbox():
    throttle, clock = a_throttle()

    async def use_up():
        for _ in range(10_000):
            async with throttle.admitted(an_arrival()):
                pass

    asyncio.run(use_up())
    assert outcome(throttle, an_arrival()) == "600"
    assert outcome(throttle, an_arrival("bo")) == 200
    assert outcome(throttle, an_arrival(client_id="other")) == 200
    clock.set(START + 10 * MINUTE)
    assert outcome(throttle, an_arrival()) == 200


@pytest.mark.parametrize(("method", "expected"), [("POST", "300"), ("PATCH", "300"), ("PUT", "300"), ("GET", 200)])
def test_150_megabytes_in_five_minutes(method, expected):
    throttle, _ = a_throttle()
    sent = an_arrival(method="POST", operation="createEvent", size=150_000_000)
    assert outcome(throttle, sent) == 200
    assert outcome(throttle, an_arrival(method=method, size=1)) == expected


def test_four_requests_at_once_to_one_mailbox():
    throttle, _ = a_throttle()
    assert together(throttle, *[an_arrival()] * 6) == [200, 200, 200, 200, "10", "10"]
    assert together(throttle, *[an_arrival("bo" if n % 2 else "ana") for n in range(8)]) == [200] * 8
    assert outcome(throttle, an_arrival()) == 200


def test_four_requests_at_once_over_all_mailboxes_is_the_other_reading():
    throttle, _ = a_throttle(concurrency_counts="application")
    found = together(throttle, *[an_arrival(str(n)) for n in range(5)], an_arrival("ana", client_id="other"))
    assert found == [200, 200, 200, 200, "10", 200]


def test_a_place_is_given_back_also_after_a_failure():
    throttle, _ = a_throttle(concurrent_requests=1)

    async def fail():
        async with throttle.admitted(an_arrival()):
            raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(fail())
    assert outcome(throttle, an_arrival()) == 200


def test_the_reading_may_be_switched_while_requests_are_in_flight():
    behavior = Behavior(throttling=True, concurrent_requests=1)
    throttle = Throttle(behavior, VirtualClock(START))

    async def switch():
        async with throttle.admitted(an_arrival()):
            behavior.concurrency_counts = "application"

    asyncio.run(switch())
    assert outcome(throttle, an_arrival()) == 200
    behavior.concurrency_counts = "mailbox"
    assert outcome(throttle, an_arrival()) == 200


def test_retry_after_may_be_missing():
    throttle, _ = a_throttle(requests_per_10_minutes=0, throttled_with_retry_after=False)
    assert outcome(throttle, an_arrival()) is None


@pytest.mark.parametrize(("operation", "per_second"), sorted(TEAMS_PER_SECOND.items()))
def test_teams_has_a_rate_per_second(operation, per_second):
    throttle, clock = a_throttle()
    arrivals = [an_arrival(None, operation=operation)] * (per_second + 1)
    assert [outcome(throttle, arrival) for arrival in arrivals] == [200] * per_second + ["1"]
    assert outcome(throttle, an_arrival(None, operation=operation, client_id="other")) == 200
    clock.set(START + timedelta(seconds=1))
    assert outcome(throttle, arrivals[0]) == 200


def test_what_is_neither_outlook_nor_teams_is_not_limited():
    throttle, _ = a_throttle(requests_per_10_minutes=0, concurrent_requests=0)
    assert outcome(throttle, an_arrival(None, operation="getUser")) == 200
