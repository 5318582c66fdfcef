"""A receiver of notifications over TLS, on the loopback: what the wire tests share."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Receiver:
    """Echoes the token of a handshake (or says `echo` instead), and keeps what it is told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.echo: str | None = None
        self.handshakes: list[str] = []
        self.items: list[dict] = []

    def respond(self, target: str, body: bytes) -> tuple[int, bytes]:
        token = parse_qs(urlsplit(target).query).get("validationToken")
        if token:
            self.handshakes.append(token[0])
            return 200, (self.echo or token[0]).encode()
        self.items += json.loads(body)["value"]
        return 202, b""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, content = self.server.receiver.respond(self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the tests look at what was kept."""


@contextmanager
def receiving(certificate: Path, key: Path) -> Iterator[Receiver]:
    """Receive notifications at an address of the loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.receiver = Receiver(f"https://localhost:{server.server_address[1]}/notify")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
