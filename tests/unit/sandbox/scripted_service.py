"""A service in a process of its own that speaks the steps protocol and does what its first argument says.

The instants it was run at are appended to `ran.txt` in the directory that is its last argument.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import AF_UNIX, socket


class Receiver(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(directory):
    listen = next(line for line in (directory / "graphsync.yaml").read_text().splitlines() if "listen" in line)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["GRAPHSYNC_TLS_CERTIFICATE_FILE"], os.environ["GRAPHSYNC_TLS_KEY_FILE"])
    server = HTTPServer(("127.0.0.1", int(listen.rpartition(":")[2])), Receiver)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    manner, directory = sys.argv[1], Path(sys.argv[-1])
    print(f"started as {manner}", flush=True)
    if manner == "fails":
        sys.exit(3)
    if (directory / "graphsync.yaml").exists():
        serve(directory)
    steps = socket(AF_UNIX)
    steps.connect(os.environ["GRAPHSYNC_STEPS"])
    lines = steps.makefile("rw")
    lines.write(json.dumps({"ready": True}) + "\n")
    lines.flush()
    for line in lines:
        instant = datetime.fromisoformat(json.loads(line)["run_at"])
        with (directory / "ran.txt").open("a") as file:
            file.write(instant.isoformat() + "\n")
        if manner == "hangs":
            time.sleep(60)
        if manner == "dies":
            sys.exit(4)
        following = (instant + timedelta(days=1)).isoformat() if manner == "daily" else None
        lines.write(json.dumps({"idle_at": instant.isoformat(), "next_at": following}) + "\n")
        lines.flush()


if __name__ == "__main__":
    main()
