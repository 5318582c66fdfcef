"""Plays a span of virtual time: people, deliveries and the service take turns, in lockstep, on whole minutes.

One step: the clock moves to the next minute at which anybody has something to do; the people act, the world
delivers what is due, and if that reached the service, or a timer of its own is due, it works until it is idle.
Nothing runs between two steps, so a run depends on the seed and on what the service does, not on real time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from graphsync.errors import NoRest, ServiceDied
from graphsync.sandbox.demo.hours import whole_minute
from graphsync.sandbox.demo.people import People
from graphsync.sandbox.demo.programme import Programme
from graphsync.sandbox.world import World

# A round is one delivery and one run at the same instant. A service that needs more never comes to rest.
MOST_ROUNDS = 50
# Lives a service may need for one instant before the fault is called its own.
MOST_LIVES = 5


class Service(Protocol):
    """What the driver needs of a service: `ServiceProcess` in earnest, something smaller in tests."""

    def start(self) -> None:
        """Start it and return when it is ready."""
        ...

    def run_at(self, instant: datetime) -> datetime | None:
        """Work at `instant` until idle; return when its next timer is due. Raises `ServiceDied` if it dies."""
        ...

    def kill(self) -> None:
        """Kill it at once; may be called from another thread."""
        ...

    def wait_gone(self) -> None:
        """Return once it has ended after a kill."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPoint:
    """Where the service is killed: at the nth request of an operation, or at the first step from an instant on.

    `phase` is `received` (Graph has the request and has done nothing yet) or `applied` (done, not yet answered).
    """

    operation: str = ""
    nth: int = 1
    phase: Literal["received", "applied"] = "applied"
    at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.at is None) == (not self.operation):
            raise ValueError("a kill point names either an operation or an instant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did."""

    at: datetime
    acted: int
    delivered: int
    ran: bool


class Driver:
    """Plays the programme's span once."""

    def __init__(
        self,
        world: World,
        programme: Programme,
        people: People,
        service: Service,
        *,
        kill_plan: Sequence[KillPoint] = (),
        on_step: Callable[[Step], None] | None = None,
    ) -> None:
        self._world = world
        self._programme = programme
        self._people = people
        self._service = service
        self._kills_at = sorted(point.at for point in kill_plan if point.at is not None)
        self._kills_on = {(point.operation, point.phase, point.nth): point for point in kill_plan if point.operation}
        self._seen: Counter[tuple[str, str]] = Counter()
        self._on_step = on_step
        self._next_at: datetime | None = programme.starts_at
        self.kills = 0
        self.steps = 0

    def run(self) -> None:
        """Start the service and play to the end of the span, which is where the clock stands afterwards.

        Raises:
            ServiceFailed: the service did not start, or did not come to rest.
            ServiceDied: it ended without having been killed on purpose.
            NoRest: one instant had no end.
        """
        self._world.on_request = self._request_seen if self._kills_on else None
        try:
            self._service.start()
            self._step(self._programme.starts_at)
            while (instant := self._next_instant()) is not None:
                self._step(instant)
            self._world.clock.set(self._programme.ends_at)
        finally:
            self._world.on_request = None

    def _next_instant(self) -> datetime | None:
        due = (self._people.next_at(), self._world.next_due_at(), self._next_at)
        instants = [whole_minute(instant) for instant in due if instant is not None]
        if not instants or min(instants) > self._programme.ends_at:
            return None
        return max(min(instants), self._world.clock.now())

    def _step(self, instant: datetime) -> None:
        self._world.clock.set(instant)
        acted = self._people.act(instant)
        if self._kills_at and self._kills_at[0] <= instant:
            # Down while notifications arrive: they fail, and come again later.
            del self._kills_at[0]
            self._kill()
            self._service.wait_gone()
            delivered = self._world.run_due()
            self._service.start()
            self._next_at = instant
        else:
            delivered = self._world.run_due()
        timer_due = self._next_at is not None and whole_minute(self._next_at) <= instant
        ran = delivered > 0 or timer_due
        if ran:
            delivered += self._work(instant)
        self._people.look()
        self.steps += 1
        if self._on_step is not None:
            self._on_step(Step(at=instant, acted=acted, delivered=delivered, ran=ran))

    def _work(self, instant: datetime) -> int:
        """Let the service run until neither it nor a delivery has anything left at `instant`; return deliveries."""
        delivered = 0
        for _ in range(MOST_ROUNDS):
            self._next_at = self._run(instant)
            due_at = self._world.next_due_at()
            timer_due = self._next_at is not None and whole_minute(self._next_at) <= instant
            if not timer_due and (due_at is None or due_at > instant):
                return delivered
            delivered += self._world.run_due()
        raise NoRest(instant, MOST_ROUNDS)

    def _run(self, instant: datetime) -> datetime | None:
        """Run the service at `instant`, in a further life where a kill point has taken the present one."""
        for _ in range(MOST_LIVES):
            killed_before = self.kills
            try:
                return self._service.run_at(instant)
            except ServiceDied:
                if self.kills == killed_before:
                    raise
            self._service.wait_gone()
            self._service.start()
        raise NoRest(instant, MOST_LIVES)

    def _kill(self) -> None:
        self.kills += 1
        self._service.kill()

    def _request_seen(self, operation: str, phase: str) -> None:
        """Kill the service if this is the request of a kill point. Called in the server's threads."""
        with self._world.lock:
            self._seen[operation, phase] += 1
            key = (operation, phase, self._seen[operation, phase])
            if key in self._kills_on:
                self._kill()
