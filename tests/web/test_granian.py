"""The real server in processes of its own: it starts, speaks TLS, ends whole and leaves nothing behind.

A process's standard output is held open by all its children: its end is the end of the last of them.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import trustme

from graphsync.web.server import serve

SERVICE = Path(__file__).with_name("granian_service.py")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Certificate and key for localhost, and a client context that trusts them."""
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    issued = ca.issue_cert("localhost", "127.0.0.1")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    issued.private_key_pem.write_to_path(key)
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return certificate, key, context


class Service:
    """A running service: its process, address and story."""

    def __init__(self, folder, factory, *files):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.story_file = folder / f"story-{self.port}"
        self.story_file.touch()
        self.url = f"{'https' if files else 'http'}://127.0.0.1:{self.port}"
        self.started_at = time.monotonic()
        self.command = [sys.executable, SERVICE, factory, str(self.port), self.story_file, *files]
        self.process = self.run()

    def run(self):
        return subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    @property
    def story(self):
        return self.story_file.read_text(encoding="utf-8").splitlines()

    def wait_for(self, condition):
        """Return the seconds it took until `condition` held."""
        began_at = time.monotonic()
        while not condition():
            assert time.monotonic() - began_at < 20, "this takes too long"
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the service has ended: {self.process.stdout.read()}")
        return time.monotonic() - began_at

    def wait_until_serving(self, client):
        def answers():
            try:
                return client.get(f"{self.url}/healthz").status_code == 200
            except httpx.TransportError:
                return False

        return self.wait_for(answers)

    def end(self, within):
        """Return exit code and output once the last process of the service is gone."""
        output, _ = self.process.communicate(timeout=within)
        return self.process.returncode, output


@pytest.fixture
def start(tmp_path):
    """Starts services, and kills what a failed test leaves behind."""
    services = []

    def run(factory="create", *files):
        services.append(Service(tmp_path, factory, *files))
        return services[-1]

    yield run
    for service in services:
        if service.process.poll() is None:
            os.killpg(service.process.pid, signal.SIGKILL)
        service.process.communicate(timeout=10)


@pytest.fixture
def client(tls):
    with httpx.Client(verify=tls[2], trust_env=False) as client:
        yield client


def test_it_starts_answers_over_tls_and_ends_on_sigterm_with_its_engine(start, client, tls):
    service = start("create", *tls[:2])
    assert service.wait_until_serving(client) < 3

    handshake = client.post(f"{service.url}/graph/notifications?validationToken=Validation%3a+a")
    assert (handshake.status_code, handshake.text) == (200, "Validation: a")
    assert handshake.headers["content-type"].startswith("text/plain")
    assert client.post(f"{service.url}/graph/notifications", json={"value": []}).status_code == 202
    assert client.get(f"{service.url}/readyz").status_code == 200

    service.process.terminate()
    # The client's connection is still open, as a proxy's would be.
    assert service.end(within=5) == (0, "")
    assert service.story == ["engine started", "engine stopped", "intake stopped: True"]


def test_graphs_oldest_tls_version_is_spoken_and_older_ones_are_not(start, tls, client):
    service = start("create", *tls[:2])
    service.wait_until_serving(client)
    context = tls[2]
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection(("127.0.0.1", service.port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            assert secured.version() == "TLSv1.2"
    finally:
        context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED


def test_without_a_certificate_it_speaks_http_for_a_proxy(start, client):
    service = start()
    service.wait_until_serving(client)

    def chunks(size):
        yield b'{"value":[]}'
        yield b" " * size

    url = f"{service.url}/graph/notifications"
    json_type = {"Content-Type": "application/json"}
    assert client.post(url, content=chunks(1000), headers=json_type).status_code == 202
    assert client.post(url, content=chunks(1024 * 1024), headers=json_type).status_code == 413
    assert client.get(url).status_code == 405


def test_a_request_in_hand_is_answered_before_the_engine_is_stopped(start, client):
    service = start()
    service.wait_until_serving(client)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(httpx.get, f"{service.url}/slow", trust_env=False)
        service.wait_for(lambda: "slow request begun" in service.story)
        # As Ctrl-C and systemd do it: the worker gets the signal, and then another one from its parent.
        os.killpg(service.process.pid, signal.SIGINT)
        assert slow.result(10).text == "at last"

    assert service.end(within=5)[0] == 0
    assert service.story[2:] == ["slow request answered", "engine stopped", "intake stopped: True"]


def test_a_killed_group_leaves_nothing_behind(start, client):
    service = start()
    service.wait_until_serving(client)

    os.killpg(service.process.pid, signal.SIGKILL)

    assert service.end(within=5) == (-signal.SIGKILL, "")
    assert service.story == ["engine started"]
    with pytest.raises(httpx.ConnectError):
        client.get(f"{service.url}/healthz")


def test_a_worker_ends_with_a_parent_that_was_killed_alone(start, client):
    service = start()
    service.wait_until_serving(client)

    service.process.kill()

    assert service.end(within=5)[0] == -signal.SIGKILL
    assert service.story == ["engine started", "engine stopped", "intake stopped: True"]


def test_an_engine_that_does_not_stop_is_killed(start, client):
    service = start("refuse_to_stop")
    service.wait_until_serving(client)

    service.process.terminate()

    returncode, output = service.end(within=5)
    assert returncode == 0
    assert "refused to gracefully stop" in output


def test_sigterm_during_a_long_start_ends_it(start):
    service = start("hang")
    service.wait_for(lambda: service.story == ["factory begun"])

    service.process.terminate()

    assert service.end(within=5)[0] == 0


def test_a_factory_that_fails_ends_the_service_with_its_traceback_and_its_engine_stopped(start):
    service = start("fail")

    returncode, output = service.end(within=10)

    assert returncode == 1
    assert "RuntimeError: the factory failed" in output
    assert service.story == ["engine started", "engine stopped", "intake stopped: True"]


def test_a_second_service_on_the_same_port_is_refused(start, client):
    service = start()
    service.wait_until_serving(client)

    second = service.run()

    output, _ = second.communicate(timeout=10)
    assert second.returncode == 1
    assert f"cannot listen at '127.0.0.1' port {service.port}: Address already in use" in output
    assert service.story == ["engine started"]


def test_half_of_a_certificate_is_refused():
    with pytest.raises(ValueError, match="expected both for TLS, or neither"):
        serve("granian_service:create", address="::1", port=1, certificate=Path("certificate.pem"))
