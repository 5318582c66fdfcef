"""The demo: the sandbox Graph and the whole service on loopback, some weeks of a programme in virtual time.

Puts the parts together: builds the world, serves it, starts the service as a process of its own, plays the span,
and judges what the calendars and mailboxes then hold.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import httpx
from rich.console import Console

from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.display import Display
from graphsync.sandbox.demo.driver import Driver, KillPoint, Step
from graphsync.sandbox.demo.outcome import Outcome, as_json, judge
from graphsync.sandbox.demo.people import People
from graphsync.sandbox.demo.programme import Programme, the_programme
from graphsync.sandbox.demo.record import Record, read_record
from graphsync.sandbox.demo.scenario import CLIENT_SECRET, Addresses, build_world, write_config
from graphsync.sandbox.demo.service_process import ServiceProcess
from graphsync.sandbox.demo.story import print_story, summary, troubles
from graphsync.sandbox.faults import every_fault
from graphsync.sandbox.scenarios.calendar_files import CalendarFiles, load_calendars
from graphsync.sandbox.scenarios.ical import Entry
from graphsync.sandbox.server import SandboxServer
from graphsync.sandbox.world import World

SERVE = (sys.executable, "-m", "graphsync.cli", "serve", "--config")
_HEALTH_TIMEOUT_S = 5.0
# Long enough that the service is left without an answer, and short since there are hundreds of them.
_HOLD_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has ended: what the judge found, and how it went.

    `faults` are errors the service logged; `struck` says how often each kind of fault struck, those that never did too.
    """

    world: World
    record: Record
    outcome: Outcome
    steps: int
    kills: int
    faults: tuple[str, ...]
    struck: Mapping[str, int]


def run_demo(
    weeks: int = 6,
    seed: int = 1,
    headless: bool = False,
    json_file: Path | None = None,
    keep: Path | None = None,
    calendars: Path | None = None,
    calendars_from: date | None = None,
    fault_percent: float | None = None,
) -> int:
    """Play the demo and print its story; return 1 if anything forbidden was seen or the service logged an error.

    Args:
        weeks: how many weeks are played; over zero.
        seed: what the people's habits and calendars are drawn from.
        headless: no live display and no story, but one line at the end.
        json_file: where the outcome is written, if anywhere.
        keep: a directory for config, database and log, which then stay; else they go when the demo ends.
        calendars: a directory of iCalendar files, each for the person it is named by.
        calendars_from: a day of the week in those files that is played as the first; None moves nothing.
        fault_percent: how probable each kind of fault is, wherever it can strike; over 0 to 100, None for none.

    Raises:
        ConfigError: a calendar file is named by nobody, or is no calendar.
        ServiceFailed: the service did not start, ended, or did not come to rest; says how its log ends.
    """
    console = Console()
    files = CalendarFiles()
    if calendars is not None:
        files = load_calendars(calendars, the_programme(weeks), week_of=calendars_from)
        for line in files.told():
            console.print(line, soft_wrap=True, highlight=False, markup=False)
    with _workplace(keep) as directory:
        run = play(
            directory,
            weeks=weeks,
            seed=seed,
            console=None if headless else console,
            calendars=files.entries,
            fault_percent=fault_percent,
        )
    if json_file is not None:
        json_file.write_text(as_json(run.outcome), encoding="utf-8")
    if not headless:
        print_story(console, run.record, run.outcome)
        if fault_percent is not None:
            console.print(troubles(run.struck, fault_percent), soft_wrap=True, highlight=False)
    for fault in run.faults:
        console.print(f"the service logged: {fault}", soft_wrap=True, highlight=False, markup=False)
    console.print(summary(run.outcome), soft_wrap=True, highlight=False)
    return 1 if run.outcome["violations"] or run.faults else 0


def play(
    directory: Path,
    *,
    weeks: int,
    seed: int,
    console: Console | None = None,
    kill_plan: Sequence[KillPoint] = (),
    command: Sequence[str] = SERVE,
    calendars: Mapping[str, Sequence[Entry]] = MappingProxyType({}),
    fault_percent: float | None = None,
) -> Run:
    """Play `weeks` with everything the service keeps in `directory`, and judge.

    Args:
        directory: an existing directory; its path is short enough for a unix socket.
        weeks: how many weeks; over zero.
        seed: for calendars and habits.
        console: where a live display is shown, if anywhere.
        kill_plan: where the service is killed on the way.
        command: what starts the service; the directory is added as its last argument.
        calendars: what some people's calendars hold, by address; those of the others are drawn.
        fault_percent: how probable each kind of fault is, wherever it can strike; over 0 to 100, None for none.
    """
    began = time.monotonic()
    programme = the_programme(weeks)
    world = World(clock=VirtualClock(programme.starts_at), seed=seed)
    build_world(world, programme, calendars)
    troubling = [] if fault_percent is None else every_fault(fault_percent / 100, hold_s=_HOLD_S)
    for fault in troubling:
        world.faults.add(fault)
    people = People(world, programme, seed=seed)
    with (
        SandboxServer(world) as server,
        _service(directory, server, programme, command) as service,
        _shown(console, world, programme) as on_step,
    ):
        driver = Driver(world, programme, people, service, kill_plan=kill_plan, on_step=on_step)
        driver.run()
        faults = service.logged_errors()
    record = read_record(world, programme)
    outcome = judge(world, record, seed=seed, wall_s=time.monotonic() - began)
    struck: Counter[str] = Counter()
    for fault in troubling:
        struck[fault.kind] += fault.struck
    return Run(
        world=world,
        record=record,
        outcome=outcome,
        steps=driver.steps,
        kills=driver.kills,
        faults=tuple(faults),
        struck=struck,
    )


def _service(directory: Path, server: SandboxServer, programme: Programme, command: Sequence[str]) -> ServiceProcess:
    """Write the service's config and certificate, and return its process, not yet started."""
    port = free_port()
    public_url = f"https://localhost:{port}"
    certificate, key = server.certificates.issue(directory)
    write_config(
        directory,
        programme,
        server.world,
        Addresses(
            authority=server.base_url,
            graph_url=server.graph_url,
            public_url=public_url,
            listen=f"127.0.0.1:{port}",
            database=f"sqlite:///{(directory / 'graphsync.db').resolve()}",
        ),
    )
    context = server.certificates.ssl_context()
    return ServiceProcess(
        [*command, str(directory)],
        directory=directory,
        environment={
            "GRAPHSYNC_CLIENT_SECRET": CLIENT_SECRET,
            "GRAPHSYNC_CA_FILE": str(server.ca_file),
            "GRAPHSYNC_TLS_CERTIFICATE_FILE": str(certificate),
            "GRAPHSYNC_TLS_KEY_FILE": str(key),
        },
        is_healthy=lambda: answers_healthily(f"{public_url}/healthz", context),
    )


def answers_healthily(url: str, context: ssl.SSLContext) -> bool:
    """Tell whether `url` answers 200."""
    try:
        # Nothing of the environment (proxies) may come between two ends of one machine.
        with httpx.Client(verify=context, trust_env=False, timeout=_HEALTH_TIMEOUT_S) as client:
            return client.get(url).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    # What is thrown away afterwards need not reach a disk: each commit of the service waits for it otherwise.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="graphsync-demo-", dir=memory) as directory:
        yield Path(directory)


@contextmanager
def _shown(console: Console | None, world: World, programme: Programme) -> Iterator[Callable[[Step], None] | None]:
    if console is None:
        yield None
        return
    with Display(console, world, programme) as display:
        yield display.step
