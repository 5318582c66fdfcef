"""Where async stops: one event loop in one background thread, and a way to wait for its answers.

SDK calls are coroutines; the engine, Flask and the jobs are ordinary synchronous code. The loop owns the HTTP client,
so connections and limits are shared by all threads that call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import CancelledError
from threading import Lock, Thread
from typing import Any, TypeVar

from graphsync.errors import GraphUnavailable

T = TypeVar("T")


class Bridge:
    """Runs coroutines on its own thread; the thread lives until `close`."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run_loop, name=name, daemon=True)
        self._closing = Lock()
        self._closed = False
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run `coroutine` on the loop and return its result; blocks the calling thread.

        Raises:
            GraphUnavailable: the bridge was closed before or meanwhile; whether the request had an effect is unknown.
        """
        with self._closing:
            if self._closed:
                coroutine.close()
                raise GraphUnavailable("bridge", code="shut_down")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except CancelledError:
            raise GraphUnavailable("bridge", code="shut_down") from None
        except KeyboardInterrupt:
            future.cancel()
            raise

    def close(self, last: Coroutine[Any, Any, None] | None = None) -> None:
        """Cancel what is under way, run `last`, and end loop and thread. Harmless when repeated."""
        with self._closing:
            already, self._closed = self._closed, True
        if already:
            if last is not None:
                last.close()
            return
        asyncio.run_coroutine_threadsafe(self._wind_up(last), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _wind_up(self, last: Coroutine[Any, Any, None] | None) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if last is not None:
            await last

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines together and return their results in order; the first error cancels the rest and is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
