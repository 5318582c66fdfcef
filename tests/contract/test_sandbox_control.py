"""`graphsync sandbox` as people run it: a process of its own, Graph over TLS, the control API beside it."""

from __future__ import annotations

import json
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest

SHIPPED = Path(__file__).parents[2] / "config" / "sandbox.yaml"
EMILY, DANIEL = "emily.carter@fabrikam.test", "daniel.okafor@fabrikam.test"
COMMAND = (sys.executable, "-m", "graphsync.cli", "sandbox")


class Sandbox:
    """A running `graphsync sandbox`, what it told of itself, and a client for each of its two sides."""

    def __init__(self, directory, *arguments):
        self.log = directory / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--directory", str(directory), *arguments], stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.printed = ""
        self.told = self._told(directory)
        self.control = httpx.Client(base_url=self.told["control"], trust_env=False)
        context = ssl.create_default_context(cafile=self.told["ca_file"])
        self.graph = httpx.Client(base_url=self.told["graph"], verify=context, trust_env=False)
        self.graph.headers["Authorization"] = f"Bearer {self._token()}"

    def _told(self, directory):
        for line in self.process.stdout:
            self.printed += line
            if "ends it." in line:
                return json.loads((directory / "sandbox.json").read_text(encoding="utf-8"))
        raise AssertionError(f"the sandbox did not come up: {self.printed}{self.logged()}")

    def logged(self):
        return self.log.read_text(encoding="utf-8")

    def _token(self):
        answer = self.graph.post(
            f"{self.told['authority']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.told["client_id"],
                "client_secret": self.secret,
                "scope": "https://graph.microsoft.com/.default",
            },
        )
        return answer.json()["access_token"]

    @property
    def secret(self):
        return Path(self.told["secret_file"]).read_text(encoding="utf-8")

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.graph.close()
            self.control.close()
            self.process.stdout.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    # Without the faults of the shipped scenario, which strike by chance.
    scenario = SHIPPED.read_text(encoding="utf-8").partition("\nfaults:")[0]
    directory = tmp_path_factory.mktemp("sandbox")
    (directory / "scenario.yaml").write_text(scenario, encoding="utf-8")
    running = Sandbox(directory, "--scenario", str(directory / "scenario.yaml"))
    yield running
    assert running.end() == 0


@pytest.fixture
def sandbox(shared):
    """The one process, with nothing left of the test before but its time and its events."""
    shared.control.delete("/faults")
    shared.control.patch("/behavior", json={"strict": True, "schedule_limit": 20})
    return shared


def an_event(**more):
    return {
        "subject": "Mentoring",
        "start": {"dateTime": "2026-02-03T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-02-03T11:00:00", "timeZone": "UTC"},
        "attendees": [{"emailAddress": {"address": DANIEL}, "type": "required"}],
        **more,
    }


def test_it_says_where_everything_is_and_keeps_the_secret_to_its_owner(sandbox):
    printed = sandbox.printed
    for value in sandbox.told.values():
        assert value in printed
    assert sandbox.secret not in printed
    assert Path(sandbox.told["secret_file"]).stat().st_mode & 0o077 == 0
    assert "\x1b" not in printed


def test_a_browser_is_led_from_graph_to_the_page_of_the_tenant(sandbox):
    page = f"{sandbox.told['control']}/"
    led = sandbox.graph.get(sandbox.told["graph"].removesuffix("v1.0"))
    assert (led.status_code, led.headers["location"]) == (303, page)
    assert re.search(rf"browser: +{re.escape(page)}\n", sandbox.printed)
    shown = sandbox.control.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert "Emily Carter" in shown.text


def test_msal_gets_a_token_as_the_printed_line_says(sandbox, monkeypatch):
    told = sandbox.told
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", told["ca_file"])
    application = msal.ConfidentialClientApplication(
        told["client_id"],
        authority=told["authority"],
        instance_discovery=False,
        client_credential=sandbox.secret,
    )
    answer = application.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in answer


def test_an_answer_given_by_hand_reaches_the_organizer_once_the_clock_is_stepped(sandbox):
    made = sandbox.graph.post(f"/users/{EMILY}/events", json=an_event())
    assert made.status_code == 201, made.text
    event_id, uid = made.json()["id"], made.json()["iCalUId"]
    before = sandbox.control.get("/clock").json()
    assert before["mode"] == "virtual"

    events = sandbox.control.get(f"/people/{DANIEL}/events").json()["value"]
    (copy,) = [event for event in events if event["iCalUId"] == uid]
    answer = {"event": copy["id"], "response": "accepted"}
    assert sandbox.control.post(f"/people/{DANIEL}/answer", json=answer).status_code == 200

    def response():
        (attendee,) = sandbox.graph.get(f"/users/{EMILY}/events/{event_id}").json()["attendees"]
        return attendee["status"]["response"]

    assert response() == "none"
    stepped = sandbox.control.post("/clock", json={"step": "2 minutes"}).json()
    assert stepped["now"] > before["now"]
    assert stepped["done"] >= 1
    assert response() == "accepted"
    later = sandbox.control.post("/clock", json={"run_to": "2026-01-06T08:00:00Z"}).json()
    assert later["now"] == "2026-01-06T08:00:00+00:00"


class Endpoint(BaseHTTPRequestHandler):
    """Echoes a validation token, and keeps what else it is sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
        if not token:
            self.server.received.append(json.loads(body))
        self.send_response(200 if token else 202)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(token)))
        self.end_headers()
        self.wfile.write(token)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def endpoint(sandbox):
    """A notification endpoint with the certificate that lies in the directory."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sandbox.told["endpoint_certificate"], sandbox.told["endpoint_key"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.received = []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_notifications_reach_an_endpoint_when_the_clock_is_stepped(sandbox, endpoint):
    now = datetime.fromisoformat(sandbox.control.get("/clock").json()["now"])
    made = sandbox.graph.post(
        "/subscriptions",
        json={
            "changeType": "created",
            "notificationUrl": f"https://localhost:{endpoint.server_address[1]}/notifications",
            "resource": f"users/{EMILY}/events",
            "expirationDateTime": (now + timedelta(hours=2)).isoformat(),
            "clientState": "a-state",
        },
    )
    assert made.status_code == 201, made.text
    (listed,) = sandbox.control.get("/subscriptions").json()["value"]
    assert listed["id"] == made.json()["id"]
    assert "a-state" not in str(listed)
    event_id = sandbox.graph.post(f"/users/{EMILY}/events", json=an_event()).json()["id"]
    assert endpoint.received == []
    sandbox.control.post("/clock", json={"step": "1 minute"})
    (item,) = endpoint.received[0]["value"]
    assert item["resourceData"]["id"] == event_id
    assert sandbox.graph.delete(f"/subscriptions/{listed['id']}").status_code == 204


def test_a_fault_is_switched_on_and_off(sandbox):
    path = f"/users/{EMILY}/events"
    fault = {"kind": "throttled", "path": "GET /users/*/events", "times": "always", "retry_after_s": 3}
    made = sandbox.control.post("/faults", json=fault)
    assert made.status_code == 201
    answer = sandbox.graph.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    (waiting,) = sandbox.control.get("/faults").json()["value"]
    assert waiting == made.json() | {"struck": 1}
    assert sandbox.control.delete(f"/faults/{waiting['id']}").json() == {"cleared": 1}
    assert sandbox.graph.get(path).status_code == 200
    assert sandbox.control.delete("/faults").json() == {"cleared": 0}
    last = sandbox.control.get("/requests", params={"last": 2}).json()["value"]
    assert [(item["operation"], item["status"]) for item in last] == [("listEvents", 429), ("listEvents", 200)]


def test_switches_are_set_by_name(sandbox):
    before = sandbox.control.get("/behavior").json()
    after = sandbox.control.patch("/behavior", json={"schedule_limit": 5}).json()
    assert after == before | {"schedule_limit": 5}
    body = {
        "schedules": [EMILY] * 6,
        "startTime": {"dateTime": "2026-02-03T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-02-04T00:00:00", "timeZone": "UTC"},
    }
    assert sandbox.graph.post(f"/users/{EMILY}/calendar/getSchedule", json=body).status_code == 400
    sandbox.control.patch("/behavior", json={"schedule_limit": 6})
    assert sandbox.graph.post(f"/users/{EMILY}/calendar/getSchedule", json=body).status_code == 200


def test_with_strict_off_unknown_options_and_keys_are_logged_and_passed_over(sandbox):
    def asked():
        return (
            sandbox.graph.get(f"/users/{EMILY}/events", params={"$selct": "id"}),
            sandbox.graph.post(f"/users/{EMILY}/events", json=an_event(subjekt="x")),
            sandbox.graph.post("/subscriptions", json={"notificationUri": "x"}),
        )

    refused = asked()
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert "did you mean '$select'" in refused[0].json()["error"]["message"]
    sandbox.control.patch("/behavior", json={"strict": False})
    passed = asked()
    assert [answer.status_code for answer in passed] == [200, 201, 400]
    assert "notificationUri" not in passed[2].text
    printed = sandbox.logged()
    assert "did you mean '$select'" in printed
    assert "did you mean 'subject'" in printed
    assert "did you mean 'notificationUrl'" in printed


def test_to_start_it_loads_neither_the_sdk_nor_the_service():
    script = "import sys, graphsync.cli, graphsync.sandbox.standalone; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "graphsync.sandbox.server" in loaded
    needless = {"msgraph", "kiota_abstractions", "sqlalchemy", "flask", "pydantic", "icalendar", "graphsync.settings"}
    assert loaded & needless == set()


def test_what_there_is_can_be_listed(sandbox):
    assert "POST /clock" in sandbox.control.get("/").json()["value"]
    kinds = sandbox.control.get("/fault-kinds").json()["value"]
    befall = {kind["kind"]: kind["operations"] for kind in kinds}
    assert (befall["throttled"], befall["lost"]) == (["*"], ["notify"])
    assert befall["delta_expired"] == ["calendarViewDelta", "messagesDelta"]
    people = sandbox.control.get("/people").json()["value"]
    assert EMILY in {person["address"] for person in people}
    assert sandbox.control.get("/subscriptions").json() == {"value": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/clock", {"step": "2 hrs"}, 400, "step: found '2 hrs'; expected a duration such as"),
        ("POST", "/clock", {"step": "9999999 weeks"}, 400, "over zero and at most 3660 days"),
        ("POST", "/clock", {"run_to": "2026-01-07"}, 400, "expected an instant with its offset"),
        ("POST", "/clock", {"run_to": "2025-01-07T08:00:00Z"}, 400, "which is past"),
        ("POST", "/clock", {}, 400, "found neither; expected either 'run_to' or 'step'"),
        ("POST", "/clock", {"step": "1 day", "run_to": "2026-02-07T08:00:00Z"}, 400, "found both"),
        ("POST", "/clock", {"stepp": "1 day"}, 400, "did you mean 'step'?"),
        ("POST", "/clock", None, 400, "found nothing; expected the keys run_to, step"),
        ("POST", "/clock", [1], 400, "found a list"),
        ("POST", "/faults", {"kind": "throtled"}, 400, "did you mean 'throttled'"),
        ("POST", "/faults", {"kind": "dropped", "operation": "getEvnt"}, 400, "did you mean 'getEvent'"),
        ("POST", "/faults", {"kind": "dropped", "path": "re:("}, 400, "is no regular expression"),
        ("POST", "/faults", {"kind": "dropped", "times": 0}, 400, "times: found 0; expected a whole number from 1"),
        ("POST", "/faults", {"operation": "getEvent"}, 400, "found no key 'kind'"),
        ("DELETE", "/faults/99", None, 404, "found fault id '99'; expected one of none"),
        ("PATCH", "/behavior", {"schedul_limit": 3}, 400, "did you mean 'schedule_limit'"),
        ("PATCH", "/behavior", {"schedule_limit": True}, 400, "schedule_limit: found true; expected a whole number"),
        ("GET", "/requests?last=0", None, 400, "last: found '0'; expected a whole number from 1 to 1000"),
        ("GET", "/requests?lst=1", None, 400, "found option 'lst'; expected 'last'"),
        ("GET", "/klock", None, 404, "did you mean '/clock'?"),
        ("PUT", "/clock", None, 405, "found PUT /clock; expected GET or POST"),
        ("GET", "/people/nobody@fabrikam.test/events", None, 404, "nobody@fabrikam.test"),
        ("POST", f"/people/{EMILY}/answer", {"event": "x", "response": "accepted"}, 404, "ErrorItemNotFound"),
        ("POST", f"/people/{EMILY}/answer", {"event": "x", "response": "maybe"}, 400, "expected one of 'accepted'"),
    ],
)
def test_bad_input_is_answered_with_what_was_found_and_what_is_expected(sandbox, method, path, body, status, said):
    answer = (
        sandbox.control.request(method, path, json=body) if body is not None else sandbox.control.request(method, path)
    )
    assert answer.status_code == status
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    ("headers", "content", "status", "said"),
    [
        ({"Content-Type": "application/json"}, b"{", 400, "found a body that is no JSON"),
        ({"Content-Type": "application/json"}, b"\xff", 400, "found a body that is no JSON"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "found content type 'text/plain'"),
        ({"Host": "evil.test", "Content-Type": "application/json"}, b"{}", 400, "found host 'evil.test'"),
    ],
)
def test_what_a_page_in_a_browser_could_send_is_refused(sandbox, headers, content, status, said):
    answer = sandbox.control.post("/clock", headers=headers, content=content)
    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_the_real_clock_delivers_by_itself_and_cannot_be_stepped(tmp_path):
    sandbox = Sandbox(tmp_path, "--clock", "real", "--strict", "off", "--seed", "5")
    try:
        assert sandbox.control.get("/behavior").json()["strict"] is False
        refused = sandbox.control.post("/clock", json={"step": "1 hour"})
        assert (refused.status_code, sandbox.control.get("/clock").json()["mode"]) == (409, "real")
        assert "expected --clock virtual" in refused.json()["error"]
        before = sandbox.control.get("/clock").json()["now"]
        end = time.monotonic() + 10
        while sandbox.control.get("/clock").json()["now"] == before and time.monotonic() < end:
            continue
        assert sandbox.control.get("/clock").json()["now"] > before
    finally:
        code = sandbox.end(signal.SIGINT)
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--scenario", "missing.yaml"), 2, "found no readable file"),
        (("--scenario", str(SHIPPED), "--clock", "real"), 2, "expected no 'starts_at', or --clock virtual"),
        (("--strict", "maybe"), 2, "'maybe' is not one of"),
    ],
)
def test_what_cannot_be_started_says_why(tmp_path, arguments, code, said):
    run = subprocess.run([*COMMAND, *arguments], capture_output=True, cwd=tmp_path, timeout=60, check=False)
    assert run.returncode == code
    assert said in (run.stdout + run.stderr).decode()


def test_a_taken_port_is_named(sandbox):
    port = sandbox.told["control"].rpartition(":")[2]
    run = subprocess.run([*COMMAND, "--control-port", port], capture_output=True, timeout=60, check=False)
    assert run.returncode == 1
    assert f"--control-port: found {port}" in run.stderr.decode()
