"""What group commit in the receiver is worth: requests per second and latency beside a transaction per request.

Both servers are the real thing (granian, Flask, SQLite in WAL mode with synchronous FULL) and differ in one class.
They take turns, so that whatever else the machine does hits both: read the ratio, not the figures. Run it with
`python benchmarks/receiver.py`; it takes about half a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from flask import Flask

from graphsync.clock import SystemClock
from graphsync.engine.ports import Subject, SubjectKind, Subscription
from graphsync.store.database import open_store
from graphsync.web import create_app
from graphsync.web.group_commit import GroupCommit
from graphsync.web.intake import Intake, StoreForNotifications
from graphsync.web.server import THREADS, serve

CONNECTIONS = 16
WAYS = ("group_commit", "transaction_per_request")
WANTED = Subscription(
    resource="users/user-1/events",
    subject=Subject(kind=SubjectKind.MAILBOX, owner="user-1"),
    client_state="the-state-of-the-benchmark",
    id="c2a9d5f4-1c57-4f0e-8a3f-6a0d0c7b9e21",
)


class CommitAtOnce(GroupCommit):
    """Commits in the thread of each request."""

    def submit(self, subjects: Sequence[Subject], notified: Sequence[str], timeout_s: float) -> None:
        """Commit these marks alone."""
        self._commit(sorted(set(subjects)), sorted(set(notified)))
        self._on_committed()


class TransactionPerRequest(Intake):
    """The intake without grouping."""

    def __init__(self, store: StoreForNotifications, clock: SystemClock) -> None:
        super().__init__(store, clock)
        self._writer = CommitAtOnce(self._commit, on_committed=self._committed)


def group_commit() -> Flask:
    """Factory of the receiver as it is."""
    return _app(Intake)


def transaction_per_request() -> Flask:
    """Factory of the receiver it is measured against."""
    return _app(TransactionPerRequest)


def _app(kind: type[Intake]) -> Flask:
    clock = SystemClock()
    store = open_store(f"sqlite:///{os.environ['DATABASE']}", clock)
    with store.transaction() as ledger:
        ledger.subscriptions.save(WANTED)
    intake = kind(StoreForNotifications(store), clock)
    intake.start()
    return create_app(intake=intake, clock=clock)


@contextmanager
def running(way: str, folder: Path, threads: int) -> Iterator[int]:
    """Run a server in a process of its own and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, __file__, "--serve", way, "--port", str(port), "--threads", str(threads)]
    process = subprocess.Popen(command, env=os.environ | {"DATABASE": str(folder / f"{way}.db")})
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(15)


async def load(port: int, seconds: float, numbers: Iterator[int]) -> list[float]:
    """Return the seconds each request took, on `CONNECTIONS` connections that never pause."""
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < until:
            writer.write(_request(next(numbers)))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise RuntimeError(f"the server answered {head[:60]!r}")
            latencies.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return latencies


def _request(number: int) -> bytes:
    path = f"Users/user-1/Events/AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AAA{number:08}="
    item = {
        "subscriptionId": WANTED.id,
        "subscriptionExpirationDateTime": "2026-12-01T09:30:00Z",
        "changeType": "updated",
        "resource": path,
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": path, "id": path.rpartition("/")[2]},
        "clientState": WANTED.client_state,
        "tenantId": "3d0a8c2e-2f41-4a52-9d3b-71a0c5f4e6b8",
    }
    body = json.dumps({"value": [item]}).encode()
    lines = (
        "POST /graph/notifications HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def flush_ms(folder: Path) -> float:
    """Return the median milliseconds of writing a page to disk for good."""
    times = []
    with (folder / "flushed").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def compare(folder: Path, rounds: int, seconds: float, threads: int) -> None:
    """Measure in alternating rounds and print each, then the ratio of the medians."""
    print(f"{CONNECTIONS} connections, {threads} threads, one notification a request")
    print(f"a flush to this disk takes {flush_ms(folder):.2f} ms")
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    tails: dict[str, list[float]] = {way: [] for way in WAYS}
    numbers = count()
    with running(WAYS[0], folder, threads) as first, running(WAYS[1], folder, threads) as second:
        ports = dict(zip(WAYS, (first, second), strict=True))
        for way in WAYS:
            asyncio.run(load(ports[way], 0.5, numbers))
        for round_number in range(rounds):
            for way in WAYS if round_number % 2 == 0 else reversed(WAYS):
                latencies = sorted(asyncio.run(load(ports[way], seconds, numbers)))
                rates[way].append(len(latencies) / seconds)
                tails[way].append(latencies[int(len(latencies) * 0.99)] * 1000)
                print(f"  {way:24} {rates[way][-1]:7.0f} requests/s  p99 {tails[way][-1]:7.1f} ms")
    rate, tail = ({way: statistics.median(found[way]) for way in WAYS} for found in (rates, tails))
    for way in WAYS:
        print(f"{way:24} median {rate[way]:7.0f} requests/s  p99 {tail[way]:7.1f} ms")
    print(
        f"group commit: {rate[WAYS[0]] / rate[WAYS[1]]:.2f} times the requests, "
        f"{tail[WAYS[0]] / tail[WAYS[1]]:.2f} times the p99"
    )


def main() -> None:
    """Compare, or serve where a comparison asks for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="length of a round")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--folder", type=Path, help="where the databases are made; the disk under it is measured")
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(f"receiver:{options.serve}", address="127.0.0.1", port=options.port, threads=options.threads)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        compare(Path(folder), options.rounds, options.seconds, options.threads)


if __name__ == "__main__":
    main()
