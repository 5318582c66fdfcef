import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from graphsync.errors import GraphUnavailable
from graphsync.graph.bridge import Bridge, all_of
from graphsync.graph.permits import Permits


async def value(result):
    return result


async def thread_name():
    return threading.current_thread().name


@pytest.fixture
def bridge():
    bridge = Bridge("graph-test")
    yield bridge
    bridge.close()


def test_coroutines_of_many_threads_run_on_the_one_loop(bridge):
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: bridge.run(thread_name()), range(40)))
    assert names == {"graph-test"}


def test_errors_come_back_to_the_caller(bridge):
    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        bridge.run(fail())


def test_close_breaks_off_what_is_under_way_and_runs_the_last_coroutine():
    bridge = Bridge("graph-test")
    started, said = threading.Event(), []

    async def forever():
        started.set()
        await asyncio.Event().wait()

    async def last():
        said.append("closed")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bridge.run, forever())
        started.wait()
        bridge.close(last())
        with pytest.raises(GraphUnavailable, match="shut_down"):
            waiting.result()
    assert said == ["closed"]
    assert not any(thread.name == "graph-test" for thread in threading.enumerate())


def test_closing_twice_and_running_after_it_are_harmless():
    bridge = Bridge("graph-test")
    bridge.close()
    bridge.close(value(None))
    with pytest.raises(GraphUnavailable, match="shut_down"):
        bridge.run(value(1))


def test_all_of_keeps_the_order():
    assert asyncio.run(all_of(value(number) for number in range(5))) == [0, 1, 2, 3, 4]


def test_first_error_of_many_cancels_the_rest():
    ended = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def fail():
        await asyncio.sleep(0)
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(all_of([forever(), fail()]))
    assert ended == ["cancelled"]


def most_at_once(permits, mailboxes):
    """Return the most requests seen in flight at once: over all, and for each mailbox."""
    now, most = {}, {}

    async def request(mailbox):
        async with permits.permit(mailbox):
            for key in ("all", mailbox):
                now[key] = now.get(key, 0) + 1
                most[key] = max(most.get(key, 0), now[key])
            for _ in range(3):
                await asyncio.sleep(0)
            for key in ("all", mailbox):
                now[key] -= 1

    async def run():
        await asyncio.gather(*(request(mailbox) for mailbox in mailboxes))

    asyncio.run(run())
    return most


def test_a_mailbox_has_three_requests_in_flight_and_the_app_its_own_bound():
    assert most_at_once(Permits(per_mailbox=3, in_flight=5), ["a"] * 10 + ["b"] * 10) == {"all": 5, "a": 3, "b": 3}


def test_what_touches_no_mailbox_keeps_the_bound_over_all():
    assert most_at_once(Permits(per_mailbox=1, in_flight=4), [None] * 10) == {"all": 4, None: 4}


def test_a_mailbox_is_the_same_in_any_case_and_forgotten_afterwards():
    permits = Permits(per_mailbox=1, in_flight=9)
    assert most_at_once(permits, ["A", "a", "A", "a"])["all"] == 1
    assert permits._mailboxes == {}


def test_permits_for_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        Permits(per_mailbox=0)
