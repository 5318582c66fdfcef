"""Microsoft's JavaScript client, unchanged, against the sandbox: one suite of Node's test runner per test.

The suites are in `javascript/suites`; the client comes from npm by the lock beside them, once until the lock changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from contract.wire_client import CERTIFICATES, a_world, serving

from graphsync.sandbox.control import Control, ControlServer

HERE = Path(__file__).parent / "javascript"
SUITES = sorted((HERE / "suites").glob("*.test.js"))
LOCK = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".installed-lock"
LEAST_NODE = 20

pytestmark = pytest.mark.node


def program(name: str) -> str:
    """Return the path of a program, or fail with what to install."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(
            f"'{name}' is not on the path; install Node.js {LEAST_NODE} or newer with npm (https://nodejs.org)."
        )
    return found


def run(*command: str, timeout_s: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=HERE,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the client installed as the lock has it."""
    found = program("node")
    version = run(found, "--version", timeout_s=20).stdout.strip().lstrip("v")
    if int(version.partition(".")[0]) < LEAST_NODE:
        pytest.fail(f"Node.js is {version}; install {LEAST_NODE} or newer (https://nodejs.org).")
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not INSTALLED.exists() or INSTALLED.read_text() != wanted:
        done = run(program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", timeout_s=240)
        if done.returncode:
            pytest.fail(f"npm ci ended with {done.returncode}; is its registry reachable?\n{done.stdout}{done.stderr}")
        INSTALLED.write_text(wanted)
    return found


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.name.removesuffix(".test.js"))
def test_the_suite_passes(suite, node, tmp_path):
    certificate, key = CERTIFICATES.issue(tmp_path)
    world = a_world()
    with serving(world) as server, ControlServer(Control(world)) as control:
        done = run(
            node,
            "--test",
            "--test-reporter=spec",
            str(suite),
            timeout_s=120,
            GRAPH_BASE_URL=f"{server.base_url}/",
            GRAPH_AUTHORITY_URL=server.authority_url,
            GRAPH_CLIENT_ID="app",
            GRAPH_CLIENT_SECRET="secret",
            SANDBOX_CONTROL_URL=control.url,
            RECEIVER_CERTIFICATE=str(certificate),
            RECEIVER_KEY=str(key),
            NODE_EXTRA_CA_CERTS=str(server.ca_file),
        )
    if done.returncode:
        pytest.fail(f"{suite.name} ended with {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    assert "pass 0" not in done.stdout
