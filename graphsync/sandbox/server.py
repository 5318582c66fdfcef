"""The HTTP face over TLS: granian on an event loop of its own, in a thread of this process."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # exported by a plain import there
from granian.server.embed import Server

from graphsync.sandbox.certificates import Certificates
from graphsync.sandbox.face.calls import Answer, Request
from graphsync.sandbox.face.http import CONTENT_TYPE, Face, encoded
from graphsync.sandbox.world import World

START_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


class _Headers(Protocol):
    def items(self) -> list[tuple[str, str]]: ...


class _Scope(Protocol):
    proto: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: _Headers


class _Stream(Protocol):
    async def send_bytes(self, data: bytes) -> None: ...


class _Protocol(Protocol):
    def __call__(self) -> Coroutine[Any, Any, bytes]: ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> _Stream: ...


class SandboxServer:
    """Serves a world at https://localhost; a context manager.

    Use `graph_url` for Graph, `authority_url` for msal, `ca_file` to trust both.
    """

    def __init__(self, world: World, *, port: int = 0, certificates: Certificates | None = None) -> None:
        self.world = world
        self.certificates = certificates or Certificates()
        self._owns_certificates = certificates is None
        context = self.certificates.ssl_context()
        world.poster.trust(context)
        self.face = Face(world, context=context)
        # Bound and never listening: keeps the port ours until the server takes it, and from others after that.
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind(("127.0.0.1", port))
        self.port: int = self._reserved.getsockname()[1]
        world.bots.base_url = self.base_url
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._failure: BaseException | None = None

    @property
    def base_url(self) -> str:
        """Return the root of everything served."""
        return f"https://localhost:{self.port}"

    @property
    def graph_url(self) -> str:
        """Return the root of Graph, with its version."""
        return f"{self.base_url}/v1.0"

    @property
    def authority_url(self) -> str:
        """Return the authority of the tenant, as msal takes it."""
        return f"{self.base_url}/{self.world.tenant_id}"

    @property
    def ca_file(self) -> Path:
        """Return the file with the certificate to trust."""
        return self.certificates.ca_file

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve; returns when connections are taken.

        Raises:
            RuntimeError: it did not come up within `START_TIMEOUT_S`.
        """
        self._thread = threading.Thread(target=self._run, name="graph-sandbox", daemon=True)
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.02)):
            if self._failure is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                waiting.wait(0.02)
        raise RuntimeError(f"the sandbox did not come up on port {self.port}") from self._failure

    def stop(self) -> None:
        """Stop serving, and end the thread."""
        if self._loop is not None and self._server is not None and self._thread is not None:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._server.stop)
            self._thread.join(timeout=10)
        self._thread = None
        self._reserved.close()
        self.world.poster.close()
        if self._owns_certificates:
            self.certificates.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
            raise

    async def _serve(self) -> None:
        certificate, key = self.certificates.issue(hostname="localhost")
        self._loop = asyncio.get_running_loop()
        self._server = Server(
            self._handle,
            address="127.0.0.1",
            port=self.port,
            ssl_cert=certificate,
            ssl_key=key,
            websockets=False,
            log_enabled=False,
        )
        try:
            await self._server.serve()
        finally:
            await self.face.close()

    async def _handle(self, scope: _Scope, protocol: _Protocol) -> None:
        body, is_whole = b"", True
        if scope.method not in {"GET", "DELETE"}:
            try:
                body = await protocol()
            except ProtocolClosed:
                # Half-sent; who only closed their own side still hears the answer.
                is_whole = False
        request = Request(
            method=scope.method,
            path=scope.path,
            options=dict(parse_qsl(scope.query_string, keep_blank_values=True)) if scope.query_string else {},
            headers=_headers_of(scope.headers),
            body=body,
            base_url=self.base_url,
            is_whole=is_whole,
        )
        try:
            answer = await self.face.respond(request)
        except Exception:
            _log.exception("the sandbox failed at %s %s", request.method, request.path)
            raise
        await self._send(protocol, answer)

    async def _send(self, protocol: _Protocol, answer: Answer) -> None:
        if answer.interrupt:
            if answer.hold_s:
                await asyncio.sleep(answer.hold_s)
            # A body shorter than announced: the connection breaks at the client. Its type makes clients read it.
            stream = protocol.response_stream(200, [("content-length", "64"), ("content-type", CONTENT_TYPE)])
            await stream.send_bytes(b"{")
            return
        headers = [*answer.headers.items(), *(("set-cookie", cookie) for cookie in answer.cookies)]
        if answer.content is not None:
            protocol.response_bytes(answer.status, headers, answer.content)
            return
        if answer.body is None:
            protocol.response_empty(answer.status, headers)
            return
        if "Content-Type" not in answer.headers:
            headers.append(("content-type", CONTENT_TYPE))
        protocol.response_bytes(answer.status, headers, encoded(answer))


def _headers_of(headers: _Headers) -> dict[str, str]:
    """Return headers by name in lower case; one that is repeated is a list, cookies in HTTP/2 are joined by semicolons.

    Sources: https://www.rfc-editor.org/rfc/rfc9110#section-5.3, https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3
    """
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joint = "; " if key == "cookie" else ", "
        found[key] = f"{found[key]}{joint}{value}" if key in found else value
    return found
