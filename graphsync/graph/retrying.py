"""The one retry policy of Graph calls: a few attempts within half a minute; what takes longer is the store's matter.

Whether an error is worth another attempt, and after how long, `errors.need_retry` says. What this module adds is the
bound, and which calls may be repeated although the first may have had its effect.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState

from graphsync.errors import GraphError, GraphThrottled, need_retry

MOST_ATTEMPTS = 4
LONGEST_WAIT_IN_ALL = timedelta(seconds=30)

Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Repeat(Enum):
    """When a call may be sent again."""

    ALWAYS = "reads, deletes, whole values written again, and creates that carry a transactionId"
    IF_NOT_DONE = "only after 429, which says that nothing was done"


async def with_retries(attempt: Callable[[], Awaitable[T]], *, repeat: Repeat, sleep: Sleep) -> T:
    """Return what `attempt` returns, calling it again where that is safe and soon enough.

    Args:
        attempt: makes one request; raises `GraphError` where it fails.
        repeat: what is known of a call that failed.
        sleep: waits that many seconds.

    Raises:
        GraphError: of the last attempt, once repeating is unsafe, useless, or has to wait longer than this may.
    """

    async def once() -> T:
        return await attempt()

    retrying = AsyncRetrying(
        sleep=sleep,
        retry=lambda state: _wait(state, repeat) is not None,
        wait=lambda state: (_wait(state, repeat) or timedelta(0)).total_seconds(),
        stop=_is_enough,
        before_sleep=_note,
        reraise=True,
    )
    return await retrying(once)


def _wait(state: RetryCallState, repeat: Repeat) -> timedelta | None:
    error = _error(state)
    if error is None or (repeat is Repeat.IF_NOT_DONE and not isinstance(error, GraphThrottled)):
        return None
    return need_retry(error, state.attempt_number)


def _is_enough(state: RetryCallState) -> bool:
    waited = state.idle_for + state.upcoming_sleep
    return state.attempt_number >= MOST_ATTEMPTS or waited > LONGEST_WAIT_IN_ALL.total_seconds()


def _note(state: RetryCallState) -> None:
    error = _error(state)
    _log.info("attempt %d: %s; again in %.1f s", state.attempt_number, error, state.upcoming_sleep)


def _error(state: RetryCallState) -> GraphError | None:
    outcome: Any = state.outcome
    error = outcome.exception() if outcome is not None and outcome.failed else None
    return error if isinstance(error, GraphError) else None
