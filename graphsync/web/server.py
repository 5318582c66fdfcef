"""Runs a WSGI application under granian so that it starts, stops and dies as one.

Granian forks: a main process that waits for signals, and one worker that calls the factory and serves. The worker is
where the engine's thread has to live, so the factory starts it. How it is stopped:

- SIGTERM or SIGINT to the main process makes granian send SIGTERM to the worker, which answers the requests in hand
  and returns. What the factory gave to `at_worker_end` runs then, on the worker's main thread, before Python waits
  for other threads. A watcher on `threading.main_thread().join()` is too late: Python shuts every
  `ThreadPoolExecutor` down, and waits for its jobs, before that join returns, so that an engine which uses one is
  never told. `atexit` does not run in a forked worker at all.
- A worker that has not ended after `stop_timeout_s` is killed.
- If the main process is killed alone, the worker would go on serving under init, and so would its engine, beside the
  one that a supervisor starts anew. So the worker watches its parent and ends with it.
- Ctrl-C and systemd signal the whole group, so the worker gets one signal and then another from granian's main
  process. The second one makes granian 2.8 forget the first, and the worker hangs until it is killed. So all threads of
  the worker block these signals but one, which waits for the first and passes that on to granian's handler.
- A signal before granian has put that handler in place would be swallowed by one the fork inherited; until then the
  worker just ends.
- Granian listens with SO_REUSEPORT: a second service on the same port starts without complaint and takes half of the
  notifications. So the port is tried before.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Event, Thread
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server import Server

# Blocking threads: each holds one request while the store commits. Measured on two cores with 16 connections.
THREADS = 16

# What granian calls backpressure counts connections, idle ones too: two that are kept alive fill a limit of two.
CONNECTIONS = 1_024

_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})

# EX_SOFTWARE: a worker that would not end by itself after its parent was gone.
_EXIT_ORPHANED = 70


def serve(
    app_factory_path: str,
    *,
    address: str,
    port: int,
    certificate: Path | None = None,
    key: Path | None = None,
    threads: int = THREADS,
    connections: int = CONNECTIONS,
    log_level: str = "error",
    stop_timeout_s: int = 10,
) -> None:
    """Serve until SIGTERM or SIGINT, then return.

    Call it from the main thread of a process that has started no other, since granian forks. HTTP/1.1 is spoken,
    as Graph does; TLS from version 1.2 on, the least and the default of a subscription's `latestSupportedTlsVersion`
    (granian's own default of 1.3 would shut those out).

    Args:
        app_factory_path: `module:function`; called without arguments in the worker, returns a WSGI application.
        address: the address to listen at.
        port: its port.
        certificate: PEM file with the certificate and its chain; None, with `key`, for plain HTTP behind a proxy.
        key: PEM file with the private key, not encrypted.
        threads: how many requests are worked on at a time.
        connections: how many connections are held at a time, idle ones counted; more wait in the backlog.
        log_level: granian's own messages from this level on: `debug`, `info`, `warning`, `error` or `critical`. Below
            `error` it complains of more threads than cores, which are meant: they wait for the disk. Requests are
            not logged at any level: their paths can hold a secret.
        stop_timeout_s: how long the worker may take to end before it is killed.

    Raises:
        ValueError: only one of `certificate` and `key` is given.
        OSError: the port is taken, or a file cannot be read.
        SystemExit: with code 1, if the worker ended by itself; the factory's traceback is on standard error.

    Source: https://learn.microsoft.com/graph/api/resources/subscription (TLS versions)
    """
    if (certificate is None) != (key is None):
        raise ValueError("found only one of certificate and key; expected both for TLS, or neither")
    _refuse_taken_port(address, port)
    server = Server(
        app_factory_path,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        backpressure=connections,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels(log_level),
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,
        workers_kill_timeout=stop_timeout_s,
    )
    server.serve(target_loader=partial(_load, stop_timeout_s=stop_timeout_s))


def at_worker_end(stop: Callable[[], object]) -> None:
    """Have `stop` called once when the worker has served its last request; for use in the factory.

    It runs on the worker's main thread while all other threads still run, the last one registered first, and also
    if the factory raises after this. It should end its threads and return well within `stop_timeout_s`.
    """
    # Of all exit hooks the only one that runs in a forked child before Python waits for threads and executors.
    Finalize(None, stop, exitpriority=0)


def _load(target: str, *, stop_timeout_s: int) -> Any:
    """Return what the factory makes; runs in the worker, on its main thread and before there is any other."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_pass_one_signal_on, name="graphsync-signals", daemon=True).start()
    Thread(target=_end_with_parent, args=(stop_timeout_s,), name="graphsync-parent", daemon=True).start()
    module, _, factory = target.partition(":")
    return getattr(import_module(module), factory)()


def _pass_one_signal_on() -> None:
    number = signal.sigwait(_ENDING)
    handler = signal.getsignal(signal.SIGTERM)
    if not callable(handler):
        os._exit(128 + number)
    handler(number, None)


def _end_with_parent(stop_timeout_s: int) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        Event().wait(stop_timeout_s)
        os._exit(_EXIT_ORPHANED)


def _refuse_taken_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Lets sockets pass that only linger in TIME_WAIT, and not one that listens.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise OSError(
                error.errno, f"cannot listen at {address!r} port {port}: {os.strerror(error.errno or 0)}"
            ) from error
