import asyncio
from datetime import timedelta

import pytest

from graphsync.errors import GraphError, GraphNotFound, GraphRejected, GraphThrottled, GraphUnavailable
from graphsync.graph.retrying import LONGEST_WAIT_IN_ALL, MOST_ATTEMPTS, Repeat, with_retries


def outcome(*raised, repeat=Repeat.ALWAYS):
    """Return result or error, the number of attempts, and the waits, for attempts that raise these and then succeed."""
    left, made, waits = list(raised), [], []

    async def attempt():
        made.append(1)
        if left:
            raise left.pop(0)
        return "done"

    async def sleep(seconds):
        waits.append(seconds)

    async def run():
        return await with_retries(attempt, repeat=repeat, sleep=sleep)

    try:
        result = asyncio.run(run())
    except (GraphError, KeyError) as error:
        result = error
    return result, len(made), waits


def throttled(seconds=None):
    return GraphThrottled("x", retry_after=None if seconds is None else timedelta(seconds=seconds))


def test_waits_as_long_as_graph_asks():
    assert outcome(throttled(7)) == ("done", 2, [7.0])


def test_backs_off_where_graph_names_no_time():
    assert outcome(throttled(), GraphUnavailable("x"), throttled()) == ("done", 4, [1.0, 2.0, 4.0])


def test_gives_up_after_a_few_attempts_with_the_last_error():
    errors = [GraphUnavailable("x", status=500 + number) for number in range(9)]
    result, made, _ = outcome(*errors)
    assert result is errors[MOST_ATTEMPTS - 1]
    assert made == MOST_ATTEMPTS


def test_hands_back_at_once_what_has_to_wait_longer_than_it_may():
    error = throttled(LONGEST_WAIT_IN_ALL.total_seconds() + 1)
    assert outcome(error) == (error, 1, [])


def test_bound_is_on_all_waits_together():
    result, made, waits = outcome(throttled(20), throttled(9), throttled(9))
    assert (result.retry_after, made, waits) == (timedelta(seconds=9), 3, [20.0, 9.0])


@pytest.mark.parametrize("error", [GraphNotFound("x", status=404), GraphRejected("x", status=400), KeyError("bug")])
def test_repeats_nothing_that_repeating_cannot_help(error):
    assert outcome(error) == (error, 1, [])


def test_call_that_may_have_had_its_effect_is_not_repeated_unless_it_is_safe():
    error = GraphUnavailable("x", status=503)
    assert outcome(error, repeat=Repeat.IF_NOT_DONE) == (error, 1, [])
    assert outcome(throttled(1), repeat=Repeat.IF_NOT_DONE) == ("done", 2, [1.0])
    assert outcome(throttled(1), error, repeat=Repeat.IF_NOT_DONE) == (error, 2, [1.0])


def test_cancelling_ends_the_wait():
    async def attempt():
        raise GraphUnavailable("x")

    async def run():
        task = asyncio.create_task(with_retries(attempt, repeat=Repeat.ALWAYS, sleep=asyncio.sleep))
        await asyncio.sleep(0)
        task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    assert isinstance(asyncio.run(run()), asyncio.CancelledError)
