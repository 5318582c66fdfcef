"""The service as a process of its own: started, told the time, asked to work, killed, and always cleaned up.

Speaks the steps protocol: JSON lines on a unix socket on which this side listens. `{"run_at": instant}` is answered
by `{"idle_at": …, "next_at": … or null}` once nothing is left to do at that instant; end of file means it died.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from graphsync.errors import ServiceDied, ServiceFailed

# A unix socket's path holds 107 bytes (man 7 unix).
LONGEST_SOCKET_PATH = 107
LOG_LINES_SHOWN = 25
# How the service's log marks an error: ours, or a traceback that nobody caught.
ERROR_LEVEL = " ERROR "
_READ_SIZE = 65_536
_POLL_S = 0.05


class ServiceProcess:
    """One service, possibly in several lives. A context manager; leaving it ends the process group."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        is_healthy: Callable[[], bool],
        timeout_s: float = 120.0,
    ) -> None:
        self._command = list(command)
        self._directory = directory
        self._environment = dict(environment)
        self._is_healthy = is_healthy
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._buffer = b""
        self.log_file = directory / "service.log"
        self.socket_path = directory / "steps.sock"
        if len(os.fsencode(self.socket_path)) > LONGEST_SOCKET_PATH:
            raise ValueError(f"the path of a unix socket has at most {LONGEST_SOCKET_PATH} bytes: {self.socket_path}")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket_path.unlink(missing_ok=True)
        self._listener.bind(str(self.socket_path))
        self._listener.listen(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process, and return once it has connected, said it is ready, and answers healthily.

        Raises:
            ServiceFailed: it ended or was not ready in time.
        """
        environment = {**os.environ, **self._environment, "GRAPHSYNC_STEPS": str(self.socket_path)}
        with self.log_file.open("ab") as log:
            # A group of its own, so that a kill reaches whatever it starts and nothing of ours.
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + self._timeout_s
        self._buffer = b""
        self._connection = self._accept(deadline)
        if self._read_line(deadline).get("ready") is not True:
            raise ServiceFailed("the service spoke before it was ready", self.log_tail())
        while not self._is_healthy():
            self._check_alive("before it answered /healthz", deadline)
            time.sleep(_POLL_S)

    def run_at(self, instant: datetime) -> datetime | None:
        """Let the service work at `instant` until nothing is left to do; return when its next timer is due.

        Raises:
            ServiceDied: it ended before it answered.
            ServiceFailed: it did not come to rest in time, or answered something else.
        """
        deadline = time.monotonic() + self._timeout_s
        if self._connection is None:
            raise ServiceDied("the service is not running", self.log_tail())
        try:
            self._connection.sendall(json.dumps({"run_at": instant.isoformat()}).encode() + b"\n")
        except OSError as error:
            raise ServiceDied(
                f"the service was gone when it was to work at {instant.isoformat()}", self.log_tail()
            ) from error
        answer = self._read_line(deadline)
        if "idle_at" not in answer:
            raise ServiceFailed(f"the service answered {answer!r} and no idle_at", self.log_tail())
        next_at = answer.get("next_at")
        return datetime.fromisoformat(str(next_at)).astimezone(UTC) if next_at else None

    def kill(self) -> None:
        """Kill the whole process group at once, as a power cut would; does nothing if it does not run."""
        self._signal(signal.SIGKILL)

    def wait_gone(self) -> None:
        """Return once the process has ended after `kill`, with its connection closed."""
        if self._process is not None:
            self._process.wait(self._timeout_s)
        self._disconnect()

    def close(self) -> None:
        """End the process, first politely, and give back the socket; may be called at any time, and twice."""
        if self._process is not None:
            self._disconnect()
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
            # What the process may have started outlives it: the group is ended in any case.
            self._signal(signal.SIGKILL)
            self._process = None
        self._listener.close()
        self.socket_path.unlink(missing_ok=True)

    def logged_errors(self) -> list[str]:
        """Return the lines by which the service logged an error of its own, of all its lives."""
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if ERROR_LEVEL in line]

    def log_tail(self) -> str:
        """Return the last lines of the log."""
        if not self.log_file.exists():
            return ""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            # Gone already, all of it. (A group of zombies answers EPERM on some systems.)
            return

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _accept(self, deadline: float) -> socket.socket:
        self._listener.settimeout(_POLL_S)
        while True:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                self._check_alive("before it connected", deadline)
                continue
            return connection

    def _check_alive(self, when: str, deadline: float) -> None:
        if not self.is_running:
            code = self._process.returncode if self._process else None
            raise ServiceDied(f"the service ended with {code} {when}", self.log_tail())
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{self._timeout_s:.0f} s passed {when}", self.log_tail())

    def _read_line(self, deadline: float) -> dict[str, object]:
        connection = self._connection
        if connection is None:
            raise ServiceDied("the service is not connected", self.log_tail())
        while b"\n" not in self._buffer:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                received = connection.recv(_READ_SIZE)
            except TimeoutError as error:
                raise ServiceFailed(
                    f"the service did not come to rest within {self._timeout_s:.0f} s", self.log_tail()
                ) from error
            except ConnectionResetError:
                received = b""
            if not received:
                raise ServiceDied("the service ended while an answer was awaited", self.log_tail())
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ServiceFailed(f"the service answered {answer!r} and no object", self.log_tail())
        return answer
