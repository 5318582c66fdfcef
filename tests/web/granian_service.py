"""A service small enough to be started and killed by tests: the real web application, and a thread for an engine.

Run as `python granian_service.py FACTORY PORT STORY [CERTIFICATE KEY]`. What happens in the worker is appended to the
file STORY, a line each.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from notification_store_fake import FakeNotificationStore

from graphsync.clock import SystemClock
from graphsync.web import create_app
from graphsync.web.intake import Intake
from graphsync.web.server import at_worker_end, serve


def tell(line):
    with Path(os.environ["STORY"]).open("a", encoding="utf-8") as story:
        story.write(f"{line}\n")


def create():
    """An engine in a pool thread that works until it is told to stop, and the web application."""
    told_to_stop = Event()

    def engine():
        tell("engine started")
        told_to_stop.wait()
        tell("engine stopped")

    # A pool's threads are what Python waits for before anything else, if nobody tells them.
    running = ThreadPoolExecutor().submit(engine)
    intake = Intake(FakeNotificationStore(), SystemClock())
    intake.start()

    def stop():
        told_to_stop.set()
        running.result()
        tell(f"intake stopped: {intake.stop()}")

    at_worker_end(stop)
    app = create_app(intake=intake, clock=SystemClock())

    @app.get("/slow")
    def slow():
        tell("slow request begun")
        Event().wait(0.5)
        tell("slow request answered")
        return "at last"

    return app


def fail():
    """A factory that comes as far as starting its engine."""
    create()
    raise RuntimeError("the factory failed")


def hang():
    """A factory that does not come to an end."""
    tell("factory begun")
    Event().wait()


def refuse_to_stop():
    """A service whose engine does not stop."""
    at_worker_end(Event().wait)
    return create()


if __name__ == "__main__":
    factory, port, story, *tls = sys.argv[1:]
    os.environ["STORY"] = story
    certificate, key = map(Path, tls) if tls else (None, None)
    serve(
        f"granian_service:{factory}",
        address="127.0.0.1",
        port=int(port),
        certificate=certificate,
        key=key,
        log_level="warning" if factory == "refuse_to_stop" else "error",
        stop_timeout_s=1 if factory == "refuse_to_stop" else 10,
    )
