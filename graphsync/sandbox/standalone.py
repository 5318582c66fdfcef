"""The sandbox as a program of its own: serves one tenant and its control API until it is told to end."""

from __future__ import annotations

import gc
import json
import logging
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from graphsync.clock import SystemClock, new_secret
from graphsync.errors import ConfigError, GraphsyncError, Problem
from graphsync.sandbox.certificates import Certificates
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.control import Control, ControlServer, run_to
from graphsync.sandbox.scenarios.scenario_file import (
    Scenario,
    ScenarioApplication,
    populate,
    read_scenario,
    served_permissions,
)
from graphsync.sandbox.scenarios.scenario_people import ScenarioPerson
from graphsync.sandbox.server import SandboxServer
from graphsync.sandbox.world import World

# How often the world's clock is set to the machine's with `--clock real`.
_FOLLOW_EVERY_S = 0.2
_ENDING = (signal.SIGINT, signal.SIGTERM)
CLIENT_ID = "a8b4c7d2-61e5-4f0a-9c3d-7b2e8f1a5d60"
CA_FILE = "authority.pem"
SECRET_FILE = "client-secret"
INFO_FILE = "sandbox.json"

_log = logging.getLogger(__name__)


class PortUnavailable(GraphsyncError):
    """The sandbox cannot be served where it was told to."""


def run_sandbox(
    *,
    scenario_file: Path | None = None,
    port: int = 0,
    control_port: int = 0,
    seed: int = 1,
    strict: bool | None = None,
    clock: Literal["virtual", "real"] = "virtual",
    directory: Path | None = None,
    calendars: Path | None = None,
    calendars_from: date | None = None,
) -> None:
    """Serve a tenant until SIGINT or SIGTERM; call it in the main thread.

    Args:
        scenario_file: who and what there is; without it two people, and an application that may do everything.
        port: where Graph and the authority are served; 0 for any free one.
        control_port: where the control API is served; 0 for any free one.
        seed: what ids and draws come from.
        strict: whether unknown options and keys are refused; None leaves it to the scenario.
        clock: `virtual` stands until the control API steps it, `real` follows the machine's.
        directory: where certificate, client secret and addresses are written, and stay; else they go at the end.
        calendars: a directory of iCalendar files, each for the person it is named by.
        calendars_from: a day of the week in those files that is moved onto the first; None moves nothing.

    Raises:
        ConfigError: something in the scenario is wrong, or it fixes a time while the clock is to be real; a calendar
            file is named by nobody, or is no calendar.
        PortUnavailable: a port is taken, or may not be used.
    """
    scenario = the_default() if scenario_file is None else read_scenario(scenario_file)
    if clock == "real" and scenario.starts_at is not None:
        problem = Problem(
            file=str(scenario_file),
            line=0,
            column=0,
            found="'starts_at' while --clock is 'real'",
            expected="no 'starts_at', or --clock virtual",
        )
        raise ConfigError([problem])
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    now = SystemClock().now()
    world = World(
        clock=VirtualClock(_beginning(scenario, now) if clock == "virtual" else now),
        seed=seed,
        tenant_id=scenario.tenant_id,
    )
    populate(world, scenario)
    if strict is not None:
        world.behavior.strict = strict
    if calendars is not None:
        _fill(world, calendars, calendars_from)
    with _signals_held(), ExitStack() as stack:
        place = stack.enter_context(_place(directory))
        certificates = Certificates()
        stack.callback(certificates.close)
        with _port_named("--port", port):
            server = stack.enter_context(SandboxServer(world, port=port, certificates=certificates))
        control = Control(world, clock_follows=clock == "real")
        with _port_named("--control-port", control_port):
            control_api = stack.enter_context(ControlServer(control, port=control_port))
        server.face.page_url = f"{control_api.url}/"
        if clock == "real":
            stack.enter_context(_following(world))
        # What is there now stays: to look for garbage in a large tenant takes as long as hundreds of requests.
        gc.freeze()
        _announce(server, control_api.url, scenario.application, place)
        signal.sigwait(_ENDING)


def the_default() -> Scenario:
    """Return what is served without a scenario file: two people, and an application that may do everything."""
    people = (
        ScenarioPerson(address="ana@fabrikam.test", name="Ana Kim", zone="Romance Standard Time"),
        ScenarioPerson(address="bo@fabrikam.test", name="Bo Lee", zone="Eastern Standard Time"),
    )
    application = ScenarioApplication(
        client_id=CLIENT_ID,
        secret=new_secret(),
        permissions=dict.fromkeys(served_permissions()),
        meeting_policy=None,
        redirect_uris=("http://localhost",),
    )
    return Scenario(people=people, application=application)


def _fill(world: World, calendars: Path, week_of: date | None) -> None:
    """Put the calendars of a folder into the mailboxes, and print what could not be read in them."""
    # Imported here: few bring calendars, and what reads them takes long to load.
    from graphsync.sandbox.scenarios.calendar_filling import fill_from_files

    console = Console()
    for line in fill_from_files(world, calendars, week_of=week_of).told():
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _beginning(scenario: Scenario, now: datetime) -> datetime:
    return scenario.starts_at or now.replace(second=0, microsecond=0)


@contextmanager
def _port_named(option: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PortUnavailable(
            f"{option}: found {port}: {error.strerror}; expected a free port, or 0 for any"
        ) from error


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold the signals that end a run, for this thread and all it starts, so that `sigwait` is what takes them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _place(directory: Path | None) -> Iterator[Path]:
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="graphsync-sandbox-") as made:
            yield Path(made)
        return
    directory.mkdir(parents=True, exist_ok=True)
    yield directory.resolve()


@contextmanager
def _following(world: World) -> Iterator[None]:
    """Keep the world's clock at the machine's, and do what is due, until the end."""
    ended = threading.Event()

    def follow() -> None:
        clock = SystemClock()
        while not ended.wait(_FOLLOW_EVERY_S):
            # The machine's clock may be set back; the world's stands until it has caught up.
            try:
                run_to(world, max(clock.now(), world.clock.now()))
            except Exception:  # noqa: BLE001 (the one loop of this thread: log, and go on with the next)
                _log.exception("the sandbox failed at what was due")

    thread = threading.Thread(target=follow, name="sandbox-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        # A thread that still runs while the interpreter ends can abort it.
        thread.join(timeout=10)


def _announce(server: SandboxServer, control_url: str, application: ScenarioApplication, place: Path) -> None:
    """Write what a client needs beside each other, and print it."""
    ca_file, secret_file, info_file = place / CA_FILE, place / SECRET_FILE, place / INFO_FILE
    ca_file.write_bytes(server.ca_file.read_bytes())
    secret_file.touch(mode=0o600)
    secret_file.chmod(0o600)
    secret_file.write_text(application.secret, encoding="utf-8")
    certificate, key = server.certificates.issue(place)
    told = {
        "graph": server.graph_url,
        "authority": server.authority_url,
        "connector": server.world.bots.service_url,
        "control": control_url,
        "tenant": server.world.tenant_id,
        "client_id": application.client_id,
        "ca_file": str(ca_file),
        "secret_file": str(secret_file),
        "endpoint_certificate": str(certificate),
        "endpoint_key": str(key),
        "now": server.world.clock.now().isoformat(),
    }
    info_file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    console = Console()
    for name, value in told.items():
        console.print(Text(f"{name:<21}", style="bold") + Text(value), soft_wrap=True)
    console.print(Text(_POINTING.format(base=server.base_url, **told), style="dim"), soft_wrap=True)


_POINTING = """
msal         REQUESTS_CA_BUNDLE={ca_file}
             ConfidentialClientApplication("{client_id}", authority="{authority}",
                                           instance_discovery=False, client_credential=open("{secret_file}").read())
msgraph-sdk  SSL_CERT_FILE={ca_file}
             adapter.base_url = "{graph}"
graphsync    GRAPHSYNC_CA_FILE={ca_file} GRAPHSYNC_CLIENT_SECRET_FILE={secret_file}
             GRAPHSYNC_TLS_CERTIFICATE_FILE={endpoint_certificate} GRAPHSYNC_TLS_KEY_FILE={endpoint_key}
             tenant: {{id: {tenant}, client_id: {client_id}, authority: {base}, graph_url: {graph}}}
The clock, faults and switches: curl {control}/
The tenant in a browser:        {control}/
Ctrl-C ends it."""
