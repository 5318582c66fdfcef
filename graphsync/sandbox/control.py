"""The control API: the clock, faults, switches and what happened, as JSON over plain HTTP on the loopback.

It is not part of Graph and has a port of its own, so that a client of Graph never meets it by accident. Whoever reaches
the loopback of this machine may use it; pages in a browser may not, since a request must name the loopback as its host
and send its body as `application/json`. The sandbox's own page is served beside it (`pages`), with forms of its own.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from graphsync.errors import GraphsyncError
from graphsync.sandbox import control_teams
from graphsync.sandbox.faults import KINDS, operations_of
from graphsync.sandbox.outlook.events import Answer as Response
from graphsync.sandbox.pages import Site
from graphsync.sandbox.pages.site import is_page
from graphsync.sandbox.refusals import GraphRefusal, close_to
from graphsync.sandbox.scenarios.fields import Field, Reading, duration, instant, one_of, text, written
from graphsync.sandbox.scenarios.scenario_file import served_operations
from graphsync.sandbox.scenarios.switches import (
    behavior_as_json,
    behavior_fields,
    fault_as_json,
    read_fault,
    set_switches,
)
from graphsync.sandbox.teams.cards import ClickRefused
from graphsync.sandbox.world import REQUESTS_KEPT, World

LONGEST_BODY = 1_000_000
REQUESTS_SHOWN = 50
_LOOKS_FOR_ITS_END_EVERY_S = 0.1
_HOSTS = frozenset({"127.0.0.1", "localhost"})

Json = dict[str, Any]


class ControlRefusal(GraphsyncError):
    """A request to the control API that cannot be done; says what was found and what is expected."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def run_to(world: World, end: datetime) -> int:
    """Let virtual time pass until `end`, doing each thing when it is due; return how many things were done."""
    done = world.run_due()
    while (due := world.next_due_at()) is not None and due <= end:
        world.clock.set(max(due, world.clock.now()))
        done += world.run_due()
    world.clock.set(end)
    return done + world.run_due()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to the control API: the variable part of the path, the query options, the body."""

    key: str
    options: Mapping[str, str]
    body: object


class Control:
    """Does what the control API is asked for. `clock_follows` is true where the machine's clock moves the world's."""

    def __init__(self, world: World, *, clock_follows: bool = False) -> None:
        self.world = world
        self._clock_follows = clock_follows
        self._operations = served_operations()
        # One step of the clock after the other; everything else only takes the world's own lock.
        self._stepping = threading.Lock()
        self._routes: list[tuple[str, re.Pattern[str], str, Callable[[Asked], tuple[int, Json]]]] = [
            (method, re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(pattern))), pattern, handler)
            for method, pattern, handler in (
                ("GET", "/", self._index),
                ("GET", "/clock", self._clock),
                ("POST", "/clock", self._step),
                ("GET", "/faults", self._faults),
                ("POST", "/faults", self._add_fault),
                ("DELETE", "/faults", self._clear_faults),
                ("DELETE", "/faults/{id}", self._remove_fault),
                ("GET", "/fault-kinds", self._kinds),
                ("GET", "/behavior", self._behavior),
                ("PATCH", "/behavior", self._switch),
                ("GET", "/requests", self._requests),
                ("GET", "/subscriptions", self._subscriptions),
                ("GET", "/endpoints", self._endpoints),
                ("GET", "/event-hubs", self._event_hubs),
                ("GET", "/people", self._people),
                ("GET", "/people/{address}/events", self._events),
                ("POST", "/people/{address}/answer", self._answer),
                ("POST", "/people/{address}/attend", self._attend),
                *((method, path, self._of_person(keys, do)) for method, path, keys, do in control_teams.REQUESTS),
            )
        ]

    def respond(self, method: str, target: str, body: object) -> tuple[int, Json]:
        """Return status and body for a request.

        Raises:
            ControlRefusal: 400, 404, 405 or 409; something in the request is wrong.
        """
        parts = urlsplit(target)
        options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        path = parts.path.rstrip("/") or "/"
        methods: list[str] = []
        for allowed, pattern, _, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if allowed == method:
                if options and path != "/requests":
                    raise ControlRefusal(400, f"found option {next(iter(options))!r}; expected none here")
                key = unquote(match[1]) if match.groups() else ""
                return handler(Asked(key=key, options=options, body=body))
            methods.append(allowed)
        if methods:
            raise ControlRefusal(405, f"found {method} {path}; expected {' or '.join(sorted(methods))}")
        known = sorted({pattern for _, _, pattern, _ in self._routes})
        raise ControlRefusal(404, f"found path {path!r}; expected one of {', '.join(known)}{close_to(path, known)}")

    # What there is -------------------------------------------------------------------------------------------

    def _index(self, asked: Asked) -> tuple[int, Json]:
        return 200, {"value": [f"{method} {pattern}" for method, _, pattern, _ in self._routes]}

    def _kinds(self, asked: Asked) -> tuple[int, Json]:
        return 200, {
            "value": [
                {"kind": name, "what": kind.sentence, "page": kind.page, "operations": list(operations_of(name))}
                for name, kind in KINDS.items()
            ]
        }

    # Time ----------------------------------------------------------------------------------------------------

    def _clock(self, asked: Asked) -> tuple[int, Json]:
        due = self.world.next_due_at()
        return 200, {
            "now": self.world.clock.now().isoformat(),
            "next_due_at": None if due is None else due.isoformat(),
            "mode": "real" if self._clock_follows else "virtual",
        }

    def _step(self, asked: Asked) -> tuple[int, Json]:
        if self._clock_follows:
            raise ControlRefusal(409, "found a clock that follows the machine's; expected --clock virtual to step it")
        found = _record(asked.body, {"run_to": Field(instant), "step": Field(duration)})
        if len(found) != 1:
            raise ControlRefusal(400, f"found {'both' if found else 'neither'}; expected either 'run_to' or 'step'")
        with self._stepping:
            now = self.world.clock.now()
            end = found["run_to"] if "run_to" in found else now + found["step"]
            if end < now:
                raise ControlRefusal(
                    400, f"run_to: found {end.isoformat()}, which is past; expected {now.isoformat()} or later"
                )
            done = run_to(self.world, end)
        return 200, {**self._clock(asked)[1], "done": done}

    # What goes wrong -----------------------------------------------------------------------------------------

    def _faults(self, asked: Asked) -> tuple[int, Json]:
        with self.world.lock:
            return 200, {"value": [fault_as_json(fault) for fault in self.world.faults.waiting()]}

    def _add_fault(self, asked: Asked) -> tuple[int, Json]:
        reading = Reading()
        fault = read_fault(reading, asked.body, (), self._operations)
        if fault is None:
            raise _misfits(reading)
        with self.world.lock:
            return 201, fault_as_json(self.world.faults.add(fault))

    def _clear_faults(self, asked: Asked) -> tuple[int, Json]:
        with self.world.lock:
            cleared = len(self.world.faults.waiting())
            self.world.faults.clear()
        return 200, {"cleared": cleared}

    def _remove_fault(self, asked: Asked) -> tuple[int, Json]:
        with self.world.lock:
            waiting = [str(fault.number) for fault in self.world.faults.waiting()]
            if asked.key not in waiting:
                raise ControlRefusal(
                    404, f"found fault id {asked.key!r}; expected one of {', '.join(waiting) or 'none: no fault waits'}"
                )
            self.world.faults.remove(int(asked.key))
        return 200, {"cleared": 1}

    def _behavior(self, asked: Asked) -> tuple[int, Json]:
        with self.world.lock:
            return 200, behavior_as_json(self.world.behavior)

    def _switch(self, asked: Asked) -> tuple[int, Json]:
        found = _record(asked.body, behavior_fields())
        with self.world.lock:
            set_switches(self.world.behavior, found)
        return self._behavior(asked)

    # What happened -------------------------------------------------------------------------------------------

    def _requests(self, asked: Asked) -> tuple[int, Json]:
        unknown = [name for name in asked.options if name != "last"]
        if unknown:
            raise ControlRefusal(400, f"found option {unknown[0]!r}; expected 'last'")
        last = asked.options.get("last", str(REQUESTS_SHOWN))
        if not re.fullmatch(r"[0-9]{1,6}", last) or not 1 <= int(last) <= REQUESTS_KEPT:
            raise ControlRefusal(400, f"last: found {last!r}; expected a whole number from 1 to {REQUESTS_KEPT}")
        with self.world.lock:
            seen = list(self.world.last_requests)[-int(last) :]
        return 200, {
            "value": [
                {
                    "at": request.at.isoformat(),
                    "method": request.method,
                    "path": request.path,
                    "operation": request.operation,
                    "status": request.status,
                    "request_id": request.request_id,
                }
                for request in seen
            ]
        }

    def _subscriptions(self, asked: Asked) -> tuple[int, Json]:
        return 200, {
            "value": [
                {
                    "id": subscription.id,
                    "resource": subscription.resource,
                    "changeType": ",".join(subscription.change_types),
                    "notificationUrl": subscription.notification_url,
                    "lifecycleNotificationUrl": subscription.lifecycle_url,
                    "expirationDateTime": subscription.expires_at.isoformat(),
                }
                for subscription in self.world.live_subscriptions()
            ]
        }

    def _endpoints(self, asked: Asked) -> tuple[int, Json]:
        return 200, {
            "value": [
                {
                    "host": endpoint.host,
                    "state": endpoint.state,
                    "until": None if endpoint.until is None else endpoint.until.isoformat(),
                    "answers": endpoint.answers,
                    "over_3_s": endpoint.over_3_s,
                    "over_10_s": endpoint.over_10_s,
                }
                for endpoint in self.world.endpoints()
            ]
        }

    def _event_hubs(self, asked: Asked) -> tuple[int, Json]:
        with self.world.lock:
            hubs = self.world.event_hubs.messages()
        return 200, {"value": [{"url": url, "messages": messages} for url, messages in hubs.items()]}

    def _people(self, asked: Asked) -> tuple[int, Json]:
        return 200, {
            "value": [
                {
                    "id": user.id,
                    "address": user.address,
                    "name": user.display_name,
                    "zone": user.windows_time_zone,
                    "hours": f"{user.start}-{user.end}",
                    "office": user.office_location,
                    "licence": user.teams_licence,
                    "mailbox": user.mailbox,
                    "kind": user.purpose,
                }
                for user in self.world.users()
            ]
        }

    def _events(self, asked: Asked) -> tuple[int, Json]:
        try:
            events = self.world.events(asked.key)
        except GraphRefusal as refusal:
            raise ControlRefusal(404, f"found {asked.key!r}: {refusal.message}") from refusal
        return 200, {
            "value": [
                {
                    "id": event.id,
                    "iCalUId": event.ical_uid,
                    "subject": event.subject,
                    "start": event.start.isoformat(),
                    "end": event.end.isoformat(),
                    "organizer": event.organizer_address,
                    "response": event.response,
                    "isCancelled": event.is_cancelled,
                }
                for event in events
            ]
        }

    def _answer(self, asked: Asked) -> tuple[int, Json]:
        found = _record(
            asked.body,
            {
                "event": Field(text, required=True),
                "response": Field(one_of(get_args(Response)), required=True),
                "comment": Field(text),
            },
        )
        try:
            self.world.respond(
                asked.key, found["event"], found["response"], actor=asked.key, comment=found.get("comment", "")
            )
        except GraphRefusal as refusal:
            status = 404 if refusal.status == 404 else 400
            raise ControlRefusal(status, f"{refusal.code}: {refusal.message}") from refusal
        return 200, {"event": found["event"], "response": written(found["response"])}

    def _attend(self, asked: Asked) -> tuple[int, Json]:
        fields = {name: Field(instant, required=True) for name in ("joined", "left")}
        found = _record(asked.body, {"event": Field(text, required=True), **fields})
        try:
            with self.world.lock:
                event = self.world.calendars.find(self.world.user(asked.key), found["event"])
                self.world.attend(event, asked.key, found["joined"], found["left"])
        except GraphRefusal as refusal:
            raise ControlRefusal(404, f"{refusal.code}: {refusal.message}") from refusal
        except ValueError as error:
            raise ControlRefusal(400, f"found a stay that cannot be: {error}") from error
        return 200, {"event": found["event"], "joined": written(found["joined"]), "left": written(found["left"])}

    def _of_person(
        self, keys: Mapping[str, Field] | None, do: Callable[[World, str, Json], Json]
    ) -> Callable[[Asked], tuple[int, Json]]:
        def handler(asked: Asked) -> tuple[int, Json]:
            found = {} if keys is None else _record(asked.body, keys)
            try:
                return 200, do(self.world, asked.key, found)
            except ClickRefused as refused:
                raise ControlRefusal(400, str(refused)) from refused
            except GraphRefusal as refusal:
                status = 404 if refusal.status == 404 else 400
                raise ControlRefusal(status, f"{refusal.code}: {refusal.message}") from refusal

        return handler


def _record(body: object, fields: Mapping[str, Field]) -> dict[str, Any]:
    reading = Reading()
    found = reading.record(body, (), fields)
    if reading.misfits:
        raise _misfits(reading)
    return found


def _misfits(reading: Reading) -> ControlRefusal:
    return ControlRefusal(400, "\n".join(str(misfit) for misfit in reading.misfits))


class ControlServer:
    """Serves a `Control`, and the page of its world, at http://127.0.0.1; a context manager."""

    def __init__(self, control: Control, *, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.control = control
        self._server.site = Site(control)
        self._thread = threading.Thread(target=self._serve, name="sandbox-control", daemon=True)

    @property
    def url(self) -> str:
        """Return the root of the API, and of the page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=_LOOKS_FOR_ITS_END_EVERY_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    control: Control
    site: Site


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # A client that sends half a body and waits must not hold a thread for ever.
    timeout = 30

    def do_GET(self) -> None:
        self._respond()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815 - http.server looks for these names

    def _respond(self) -> None:
        try:
            sent = self._content()
            if is_page(self.command, self.path, self.headers.get("Accept", "")):
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = self.server.site.respond(self.command, self.path, headers, sent)
                self._answer(reply.status, reply.headers, reply.content)
                return
            body = self._decoded(sent) if sent else None
            status, told = self.server.control.respond(self.command, self.path, body)
        except ControlRefusal as refusal:
            status, told = refusal.status, {"error": str(refusal)}
        except TimeoutError:
            self.close_connection = True
            status, told = 408, {"error": "found fewer bytes than Content-Length says; expected all of them"}
        content = json.dumps(told, ensure_ascii=False).encode() + b"\n"
        self._answer(status, {"Content-Type": "application/json; charset=utf-8"}, content)

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(HTTPStatus(status))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _content(self) -> bytes:
        """Return the body; where it is refused, the connection ends with it."""
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        length = self.headers.get("Content-Length", "0")
        self.close_connection = True
        if host not in _HOSTS:
            raise ControlRefusal(400, f"found host {host!r}; expected 127.0.0.1 or localhost")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,9}", length):
            raise ControlRefusal(400, "found no Content-Length; expected one")
        if int(length) > LONGEST_BODY:
            raise ControlRefusal(413, f"found {length} bytes; expected at most {LONGEST_BODY}")
        content = self.rfile.read(int(length))
        if len(content) < int(length):
            raise ControlRefusal(400, f"found {len(content)} bytes; expected {length}")
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return content

    def _decoded(self, content: bytes) -> object:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ControlRefusal(415, f"found content type {kind!r}; expected 'application/json'")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, json.JSONDecodeError) else "it cannot be decoded"
            raise ControlRefusal(400, f"found a body that is no JSON: {reason}; expected a JSON object") from error

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: what the control API did shows in its answers."""
