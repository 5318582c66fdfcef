"""When the engine runs, never what it does: ticks, timers and wake-ups, or steps from outside.

In service APScheduler ticks, a timer waits for the engine's own next instant, and a committed notification wakes it.
In the demo and in tests time is virtual: whoever plays the world says over a unix socket what time it is.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from apscheduler.schedulers.background import BackgroundScheduler

from graphsync.clock import SteppedClock

log = logging.getLogger(__name__)

Run = Callable[[], datetime | None]
"""The engine's `run`: works until nothing is left to do, and returns when its next timer is due."""

TICK = timedelta(seconds=30)
"""How often the engine looks for work though nothing woke it; the timers' accuracy does not depend on it."""


class EngineThread:
    """Runs the engine in a thread of its own whenever it is woken; one run at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._woken = Event()
        self._stopping = Event()
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._thread = Thread(target=self._loop, name="graphsync-engine", daemon=True)

    def start(self) -> None:
        """Start the thread and the ticks; the first run follows at once."""
        self._scheduler.add_job(self.wake, "interval", seconds=TICK.total_seconds(), id="tick")
        self._scheduler.start()
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Have the engine run now, or once more after the run under way; returns at once."""
        self._woken.set()

    def stop(self) -> None:
        """End the ticks, and wait for the run under way."""
        self._stopping.set()
        self._woken.set()
        self._scheduler.shutdown(wait=False)
        self._thread.join(timeout=5)

    def _loop(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                next_at = self._run()
            except Exception:
                # The last resort of this thread: the engine has caught what one item of work can do wrong.
                log.exception("the engine stopped in the middle of a run; it goes on at the next tick")
                continue
            if next_at is not None:
                self._scheduler.add_job(self.wake, "date", run_date=next_at, id="timer", replace_existing=True)


class SteppedThread:
    """Runs the engine when it is told what time it is, and answers when it is done with that instant.

    One JSON object a line. After connecting: `{"ready": true}`. Asked `{"run_at": <ISO 8601>}`, it sets the clock,
    runs the engine, and answers `{"idle_at": <ISO 8601>, "next_at": <ISO 8601 or null>}`. An error of the engine ends
    the conversation: whoever steps must not go on as if the work was done.
    """

    def __init__(self, run: Run, clock: SteppedClock, path: Path) -> None:
        self._run = run
        self._clock = clock
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = path
        self._thread = Thread(target=self._loop, name="graphsync-steps", daemon=True)

    def start(self) -> None:
        """Connect and wait for steps.

        Raises:
            OSError: nobody listens at the path.
        """
        self._socket.connect(str(self._path))
        self._thread.start()

    def wake(self) -> None:
        """Do nothing: time is stepped from outside."""

    def stop(self) -> None:
        """End the conversation."""
        self._socket.close()

    def _loop(self) -> None:
        with self._socket.makefile("rw", encoding="utf-8", newline="\n") as lines:
            self._say(lines.write, lines.flush, {"ready": True})
            for line in lines:
                self._clock.set(datetime.fromisoformat(json.loads(line)["run_at"]))
                try:
                    next_at = self._run()
                except Exception:
                    log.exception("the engine stopped in the middle of a step")
                    self._socket.shutdown(socket.SHUT_RDWR)
                    return
                answer: dict[str, object] = {
                    "idle_at": self._clock.now().isoformat(),
                    "next_at": next_at and next_at.isoformat(),
                }
                self._say(lines.write, lines.flush, answer)

    def _say(self, write: Callable[[str], object], flush: Callable[[], object], what: dict[str, object]) -> None:
        write(json.dumps(what) + "\n")
        flush()
