"""The service as it runs in earnest: its own clock, its own ticks, woken by notifications."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from urllib.request import urlopen

import pytest

from graphsync.clock import SystemClock
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.play import answers_healthily, free_port
from graphsync.sandbox.demo.programme import the_programme
from graphsync.sandbox.demo.scenario import CLIENT_SECRET, Addresses, build_world, write_config
from graphsync.sandbox.server import SandboxServer
from graphsync.sandbox.world import World

PATIENCE_S = 90
CLOCK = SystemClock()


@pytest.fixture
def world():
    world = World(clock=VirtualClock(CLOCK.now()), seed=1)
    build_world(world, the_programme(1))
    return world


@pytest.fixture
def server(world):
    with SandboxServer(world) as server:
        yield server


@pytest.fixture
def service(world, server, tmp_path):
    port = free_port()
    public_url = f"https://localhost:{port}"
    certificate, key = server.certificates.issue(tmp_path)
    addresses = Addresses(
        authority=server.base_url,
        graph_url=server.graph_url,
        public_url=public_url,
        listen=f"127.0.0.1:{port}",
        database=f"sqlite:///{tmp_path / 'graphsync.db'}",
    )
    write_config(tmp_path, the_programme(1), world, addresses)
    environment = {
        **os.environ,
        "GRAPHSYNC_CLIENT_SECRET": CLIENT_SECRET,
        "GRAPHSYNC_CA_FILE": str(server.ca_file),
        "GRAPHSYNC_TLS_CERTIFICATE_FILE": str(certificate),
        "GRAPHSYNC_TLS_KEY_FILE": str(key),
    }
    with (tmp_path / "service.log").open("wb") as log:
        command = [sys.executable, "-m", "graphsync.cli", "serve", "--config", str(tmp_path)]
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        context = server.certificates.ssl_context()
        until(world, lambda: answers_healthily(f"{public_url}/healthz", context), tmp_path)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(world, happened, directory):
    """Let real time pass, in the sandbox too, until something has happened."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, (directory / "service.log").read_text()[-4000:]
        with world.lock:
            world.clock.set(max(world.clock.now(), CLOCK.now()))
        world.run_due()
        time.sleep(0.1)


def sessions(world):
    return [
        event
        for user in world.users()
        for event in world.events(user)
        if event.is_organizer and any("number=" in value for value in event.extended_properties.values())
    ]


def test_the_service_books_by_its_own_ticks_is_notified_and_ends_on_sigterm(world, server, service, tmp_path):
    until(world, lambda: len(sessions(world)) >= 10, tmp_path)
    assert all(session.start - CLOCK.now() > timedelta(days=6, hours=23) for session in sessions(world))

    until(world, lambda: len(world.live_subscriptions()) > 20, tmp_path)
    session = next(s for s in sessions(world) if len(s.attendees) == 1)
    mentor = world.user(session.attendees[0].address)
    copy = world.event_by_ical_uid(mentor, session.ical_uid)
    with world.lock:
        world.respond(mentor, copy.id, "accepted", actor=mentor.address)
    before = len([entry for entry in world.journal if entry.verb == "notification_delivered"])
    until(
        world,
        lambda: len([entry for entry in world.journal if entry.verb == "notification_delivered"]) > before,
        tmp_path,
    )

    assert " ERROR " not in (tmp_path / "service.log").read_text()
    files_change_while_it_runs(world, server, tmp_path)

    service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0


def files_change_while_it_runs(world, server, tmp_path):
    """Break the rules, mend them, and see the service say so each time."""
    rules = tmp_path / "rules.yaml"
    good = rules.read_text(encoding="utf-8")
    url = re.search(r"public_url: (\S+)", (tmp_path / "graphsync.yaml").read_text(encoding="utf-8"))[1].strip("'\"")

    def get(path):
        with urlopen(url + path, context=server.certificates.ssl_context()) as answer:
            return answer.read().decode()

    assert json.loads(get("/readyz"))["configuration"] == "in force"
    rules.write_text(good.replace("practice: book_ahead", "practice: book_ahaed", 1), encoding="utf-8")
    until(world, lambda: json.loads(get("/readyz"))["configuration"] == "refused", tmp_path)
    assert "rules.yaml:" in get("/status")
    assert "graphsync_config_last_reload_successful 0.0" in get("/metrics")
    rules.write_text(good, encoding="utf-8")
    until(world, lambda: json.loads(get("/readyz"))["configuration"] == "in force", tmp_path)
    assert "graphsync_config_last_reload_successful 1.0" in get("/metrics")
