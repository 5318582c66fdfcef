"""What the sandbox carries beside what the service asks for: requests per second, people and events per MiB, start-up.

Each side runs in a process of its own, and the two take turns, so that whatever else the machine does hits both: read
the ratio, not the figures. The service's side is its own Graph client (`graphsync.graph`); the sandbox's capacity is
measured with the very requests that client sends, repeated by wrk where there is one, else by processes that do
nothing but write and read. Run as `python benchmarks/sandbox.py`; it takes about three minutes.
"""

from __future__ import annotations

import argparse
import gc
import http.server
import json
import multiprocessing
import os
import platform
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

CLIENT_ID, SECRET = "benchmark", "secret-of-the-benchmark"
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
PEOPLE, EVENTS_EACH = 20, 60
CONNECTIONS = 8
OPERATIONS = {
    "getEvent": "GET event",
    "getSchedule": f"getSchedule of {PEOPLE} addresses",
    "calendarViewDelta": "delta with nothing new",
    "createEvent": "create event, notified in 2 mailboxes",
}
# Stands where each event made says which one it is.
NUMBER = "%NUMBER%"
_BAR = 5
_WRK_SCRIPT = """\
local file = io.open({path!r}, "rb")
local sent = file:read("*a")
file:close()
wrk.method = "{method}"
{headers}
-- Told apart from those of earlier rounds, which the sandbox knows.
local round, number = "{round}", 0
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, (sent:gsub("{number}", round .. "-" .. number)))
end
"""


# The processes that are measured ----------------------------------------------------------------------------------


def world_of(people: int, events_each: int, *, invited: bool = False) -> Any:
    """Return a tenant with its calendars filled; with `invited` half of each one's events are another's meetings."""
    from graphsync.sandbox import Behavior, VirtualClock, World

    behavior = Behavior(event_notification_delay=(0.0, 0.0), messages_per_minute=1_000_000_000)
    world = World(clock=VirtualClock(START), seed=1, behavior=behavior)
    names = [f"person{number:05}@fabrikam.test" for number in range(people)]
    for number, address in enumerate(names):
        world.add_user(address=address, display_name=f"Person {number}", windows_time_zone="Romance Standard Time")
    own = events_each // 2 if invited else events_each
    for number, address in enumerate(names):
        for place in range(own):
            # Three a day on twenty working days, then again.
            day = START.date() + timedelta(days=place // 3 % 20 // 5 * 7 + place // 3 % 5)
            hour = 9 + place % 3 * 2
            body: dict[str, Any] = {
                "subject": f"Meeting {place}",
                "start": {"dateTime": f"{day}T{hour:02}:00:00", "timeZone": "Romance Standard Time"},
                "end": {"dateTime": f"{day}T{hour + 1:02}:00:00", "timeZone": "Romance Standard Time"},
            }
            if invited:
                body["attendees"] = [{"emailAddress": {"address": names[(number + 1 + place) % people]}}]
            world.create_event(address, body, actor=address)
    return world


def serve(directory: Path) -> None:
    """Serve a tenant, and do what is told on standard input: `keep` and `last`, `drain`."""
    from graphsync.sandbox.server import SandboxServer

    world = world_of(PEOPLE, EVENTS_EACH)
    needed = ("Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All")
    world.add_application(client_id=CLIENT_ID, secret=SECRET, permissions=dict.fromkeys(needed))
    with SandboxServer(world) as server:
        shutil.copy(server.ca_file, directory / "authority.pem")
        server.certificates.issue(directory)
        ended = threading.Event()

        def deliver() -> None:
            while not ended.wait(0.02):
                world.run_due()

        delivering = threading.Thread(target=deliver)
        delivering.start()
        users = {user.id: [event.id for event in world.events(user)][:20] for user in world.users()}
        told = {"graph": server.graph_url, "authority": server.authority_url, "users": users}
        gc.freeze()  # as `graphsync sandbox` does
        print(json.dumps(told), flush=True)
        kept: dict[str, Any] = {}
        respond = server.face.respond

        async def keeping(request: Any) -> Any:
            answer = await respond(request)
            kept[request.operation] = request
            return answer

        for line in sys.stdin:
            match line.split():
                case ["keep"]:
                    server.face.respond = keeping  # type: ignore[method-assign] # looks at what the client sends
                    print("null", flush=True)
                case ["last", operation]:
                    print(json.dumps(_as_sent(kept[operation])), flush=True)
                    server.face.respond = respond  # type: ignore[method-assign] # as it was
                case ["drain"]:
                    while world.next_due_at() == world.clock.now():
                        world.run_due()
                    print(len(world.journal.entries("notification_delivered")), flush=True)
        ended.set()
        delivering.join()


def _as_sent(request: Any) -> dict[str, Any]:
    wanted = ("accept", "authorization", "content-type", "prefer", "user-agent", "client-request-id")
    path = quote(request.path) + (f"?{urlencode(request.options)}" if request.options else "")
    headers = {name: value for name, value in request.headers.items() if name in wanted}
    return {"method": request.method, "path": path, "headers": headers, "body": request.body.decode()}


def receive(directory: Path) -> None:
    """Take notifications, and look at none."""

    class Receiver(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken")
            answer = token[0].encode() if token else b""
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "localhost.pem", directory / "localhost.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(json.dumps({"url": f"https://localhost:{server.server_port}/"}), flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()


def ask(directory: Path, told: dict[str, Any]) -> None:
    """Be the service's Graph client, and do as often as possible, for the seconds told, the operation told."""
    from graphsync.calendar.slots import TimeSlot
    from graphsync.clock import SystemClock
    from graphsync.engine.ports import EventDraft
    from graphsync.engine.ports.graph import Invitee
    from graphsync.graph.client import GraphClient, GraphConnection
    from graphsync.graph.credentials import ClientSecret

    connection = GraphConnection(
        authority=told["authority"],
        client_id=CLIENT_ID,
        credential=ClientSecret(secret=SECRET),
        graph_url=told["graph"],
        ca_file=directory / "authority.pem",
        per_mailbox=CONNECTIONS,
        in_flight=CONNECTIONS,
    )
    users, window = list(told["users"]), TimeSlot(start=START, end=START + timedelta(days=14))
    with GraphClient(connection, clock=SystemClock()) as client:
        addresses = [f"person{number:05}@fabrikam.test" for number in range(PEOPLE)]
        client.create_subscription(
            f"users/{users[0]}/events",
            change_type="created,updated,deleted",
            notification_url=told["url"],
            client_state="state",
            expires_at=START + timedelta(days=3),
        )
        client.create_subscription(
            f"users/{users[1]}/events",
            change_type="created,updated,deleted",
            notification_url=told["url"],
            client_state="state",
            expires_at=START + timedelta(days=3),
        )
        links = {user: client.calendar_view_delta(user, window, None).delta_link for user in users[2:10]}
        draft = EventDraft(
            subject="Mentoring session",
            body_html="<p>The two of you meet every other week.</p>" * 5,
            starts_at=START + timedelta(days=8),
            ends_at=START + timedelta(days=8, minutes=50),
            time_zone="Europe/Paris",
            attendees=(Invitee(address=addresses[1], name="Person 1"),),
            online=True,
            location="",
            tag="mentorship-1/1",
            transaction_id=NUMBER,
        )
        body = client.event_body(draft)
        numbers = count()

        def create(_: int) -> None:
            client.create_event(users[0], body.replace(NUMBER, f"client-{next(numbers)}"))

        by_name: dict[str, Callable[[int], object]] = {
            "getEvent": lambda place: client.get_event(users[2 + place % 8], told["users"][users[2 + place % 8]][0]),
            "getSchedule": lambda place: client.get_schedule(users[place % 8], addresses, window),
            "calendarViewDelta": lambda place: client.calendar_view_delta(
                users[2 + place % 8], window, links[users[2 + place % 8]]
            ),
            "createEvent": create,
        }
        print("null", flush=True)
        for line in sys.stdin:
            name, seconds = line.split()
            print(_kept_up(by_name[name], float(seconds)), flush=True)


def _kept_up(act: Callable[[int], object], seconds: float) -> int:
    done = [0] * CONNECTIONS
    until = time.perf_counter() + seconds

    def go_on(place: int) -> None:
        while time.perf_counter() < until:
            act(place)
            done[place] += 1

    threads = [threading.Thread(target=go_on, args=(place,)) for place in range(CONNECTIONS if seconds else 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not seconds:
        act(0)
    return sum(done) or 1


def fill(people: int, *, invited: bool) -> None:
    """Build a world and print how many events it holds, in how many bytes and seconds."""
    from graphsync.sandbox import server  # noqa: F401 (what serves is no part of what is held)

    before, began = _resident(), time.perf_counter()
    world = world_of(people, EVENTS_EACH, invited=invited)
    held = sum(len(world.events(user)) for user in world.users())
    print(json.dumps([held, _resident() - before, time.perf_counter() - began, len(world.journal)]))


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# Load ---------------------------------------------------------------------------------------------------------------


def wrk(directory: Path, base: str, sent: dict[str, Any], seconds: float, round_name: str) -> tuple[int, float]:
    """Return how many requests were answered in how many seconds, over connections that never pause."""
    body, script = directory / "body", directory / "script.lua"
    body.write_text(sent["body"], encoding="utf-8")
    headers = "\n".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in sent["headers"].items()
    )
    script.write_text(
        _WRK_SCRIPT.format(
            path=str(body), method=sent["method"], headers=headers, round=round_name, number=NUMBER.replace("%", "%%")
        ),
        encoding="utf-8",
    )
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script), base + sent["path"]]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(f"{sent['method']} {sent['path']}: {told}")
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", told)
    assert found is not None, told
    return int(found[1]), float(found[2]) * {"ms": 0.001, "s": 1, "m": 60}[found[3]]


def raw(directory: Path, base: str, sent: dict[str, Any], seconds: float, round_name: str) -> tuple[int, float]:
    """Do what `wrk` does, with a process for each connection."""
    began = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(CONNECTIONS) as pool:
        tasks = [(str(directory), base, sent, seconds, f"{round_name}-{number}") for number in range(CONNECTIONS)]
        answered = sum(pool.starmap(_one_connection, tasks))
        return answered, time.perf_counter() - began


def _one_connection(directory: str, base: str, sent: dict[str, Any], seconds: float, name: str) -> int:
    context = ssl.create_default_context(cafile=str(Path(directory) / "authority.pem"))
    where = urlsplit(base)
    address = (where.hostname or "localhost", where.port or 443)
    answered = 0
    with context.wrap_socket(socket.create_connection(address), server_hostname=address[0]) as connection:
        reader = connection.makefile("rb")
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            body = sent["body"].replace(NUMBER, f"{name}-{answered}").encode()
            lines = [f"{sent['method']} {sent['path']} HTTP/1.1", f"Host: {where.netloc}"]
            lines += [f"{key}: {value}" for key, value in sent["headers"].items()] + [f"Content-Length: {len(body)}"]
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            if not reader.readline().startswith(b"HTTP/1.1 2"):
                raise RuntimeError(f"refused: {sent['method']} {sent['path']}")
            length = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            reader.read(length)
            answered += 1
    return answered


# The comparison -----------------------------------------------------------------------------------------------------


class Side:
    """A process that answers each line written to it with a line of JSON."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, __file__, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return json.loads(line)

    def tell(self, line: str) -> Any:
        """Write a line and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def rates(directory: Path, rounds: int, seconds: float, load: Callable[..., tuple[int, float]]) -> None:
    """Measure each operation in alternating rounds, and print the table."""
    print(f"\n{'requests per second':40} {'sandbox':>8} {'client':>8} {'ratio':>7}   spread; at least {_BAR} is wanted")
    with ExitStack() as stack:
        server = stack.enter_context(Side("--serve", str(directory)))
        receiver = stack.enter_context(Side("--receive", str(directory)))
        told = server.first | receiver.first
        (directory / "told.json").write_text(json.dumps(told), encoding="utf-8")
        client = stack.enter_context(Side("--ask", str(directory)))
        base = told["graph"].removesuffix("/v1.0")
        for name, title in OPERATIONS.items():
            server.tell("keep")
            client.tell(f"{name} 0")
            sent = server.tell(f"last {name}")
            sent["body"] = re.sub(r'("transactionId": ?")[^"]*', rf"\g<1>{NUMBER}", sent["body"])
            found: list[tuple[float, float]] = []
            for number in range(rounds + 1):
                answered, took = load(directory, base, sent, seconds, f"{name}{number}")
                carried = answered / (took + _drained(server))
                began = time.perf_counter()
                done = client.tell(f"{name} {seconds}")
                asked = done / (time.perf_counter() - began + _drained(server))
                found.append((carried, asked))
            # The first round warms both sides up.
            carried_at, asked_at = (statistics.median(column) for column in zip(*found[1:], strict=True))
            ratios = sorted(carried / asked for carried, asked in found[1:])
            print(
                f"{title:40} {carried_at:8,.0f} {asked_at:8,.0f} {statistics.median(ratios):7.1f}"
                f"   {ratios[0]:.1f} to {ratios[-1]:.1f}"
            )
        delivered = server.tell("drain")
    print(f"{delivered:,} notifications were delivered, all within the time counted")


def _drained(server: Side) -> float:
    began = time.perf_counter()
    server.tell("drain")
    return time.perf_counter() - began


def memory(people: int) -> None:
    """Print what calendars take."""
    print(f"\n{'memory, with the journal':40} {'people':>8} {'events':>8} {'MiB':>7}   per MiB")
    for title, invited, number in (
        (f"{EVENTS_EACH} own events each", False, people),
        (f"{EVENTS_EACH // 2} meetings each, and as many of others", True, people // 10),
    ):
        command = [sys.executable, __file__, "--fill", str(number), *(["--invited"] if invited else [])]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        held, size, took, entries = json.loads(told)
        mib = size / 2**20
        print(
            f"{title:40} {number:8,} {held:8,} {mib:7,.0f}   {number / mib:.1f} people, {held / mib:,.0f} events; "
            f"{entries:,} journal entries; built in {took:.0f} s"
        )


def start_up(directory: Path, rounds: int) -> None:
    """Print how long `graphsync sandbox` takes from the start of its process to its first answer."""
    people = "".join(
        f"  - {{address: person{number:05}@fabrikam.test, name: Person {number}, zone: Romance Standard Time}}\n"
        for number in range(1000)
    )
    scenario = directory / "scenario.yaml"
    scenario.write_text(
        f"people:\n{people}application:\n  client_id: {CLIENT_ID}\n  secret: {SECRET}\n  permissions: "
        "{Calendars.ReadWrite: all}\n",
        encoding="utf-8",
    )
    print(f"\n{'start-up, seconds to the first answer':40} {'median':>8}   spread")
    ways: dict[str, list[str]] = {
        "graphsync sandbox": [],
        "with a scenario of 1,000 people": ["--scenario", str(scenario)],
    }
    for title, options in ways.items():
        took = sorted(_first_answer(options) for _ in range(rounds))
        print(f"{title:40} {statistics.median(took):8.2f}   {took[0]:.2f} to {took[-1]:.2f}")


def _first_answer(options: list[str]) -> float:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    context = ssl.create_default_context()
    # The certificate is made on the way.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    began = time.perf_counter()
    command = [sys.executable, "-m", "graphsync.cli", "sandbox", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as connection:
                    connection.sendall(b"GET /v1.0/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    if connection.recv(4096).startswith(b"HTTP/1.1 401"):
                        return time.perf_counter() - began
            except OSError:
                if process.poll() is not None:
                    raise
            time.sleep(0.002)
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="graphsync-bench-") as made:
        yield Path(made)


def main() -> None:
    """Compare, or be one of the sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="length of a round")
    parser.add_argument("--people", type=int, default=10_000, help="mailboxes whose memory is measured")
    parser.add_argument("--load", choices=("wrk", "raw"), default="wrk" if shutil.which("wrk") else "raw")
    parser.add_argument("--only", choices=("rates", "memory", "start"), help="a part of it")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--receive", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--invited", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.receive:
        receive(options.receive)
    elif options.ask:
        ask(options.ask, json.loads((options.ask / "told.json").read_text(encoding="utf-8")))
    elif options.fill:
        fill(options.fill, invited=options.invited)
    else:
        load = f"{os.getloadavg()[0]:.1f}"
        print(
            f"{os.cpu_count()} cores, Python {platform.python_version()}, load average {load}, load by {options.load}"
        )
        with _place() as directory:
            if options.only in (None, "rates"):
                rates(directory, options.rounds, options.seconds, {"wrk": wrk, "raw": raw}[options.load])
            if options.only in (None, "start"):
                start_up(directory, options.rounds)
        if options.only in (None, "memory"):
            memory(options.people)


if __name__ == "__main__":
    main()
