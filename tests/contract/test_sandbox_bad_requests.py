"""What cannot be read or may not be asked: one status and one `error.code` each, and nothing is done.

Pages: https://learn.microsoft.com/graph/errors, https://learn.microsoft.com/graph/throttling,
https://learn.microsoft.com/graph/api/calendar-getschedule, https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

import json
import socket
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from wire_client import CERTIFICATES, START, a_mail, a_world, an_event, client_of, error, graph_of, serving, token_of

from graphsync.clock import SteppedClock, SystemClock

ANA, BO = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test"
JSON = {"Content-Type": "application/json"}
UTC_10, UTC_11 = (
    {"dateTime": "2026-01-13T10:00:00", "timeZone": "UTC"},
    {"dateTime": "2026-01-13T11:00:00", "timeZone": "UTC"},
)


@pytest.fixture
def world():
    return a_world()


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


# Bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b'{"subject": "x', b"[]", b'"text"', b"\xff\xfe", b"<event/>"],
    ids=["cut off", "an array", "a string", "no UTF-8", "XML"],
)
def test_a_body_that_is_no_json_object(graph, world, body):
    assert error(graph.post(f"{ANA}/events", content=body, headers=JSON)) == (400, "RequestBodyRead")
    assert not world.events("ana@fabrikam.test")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/x"])
def test_a_wrong_content_type(graph, world, kind):
    answer = graph.post(f"{ANA}/events", content=json.dumps(an_event()), headers={"Content-Type": kind})
    assert error(answer) == (415, "RequestBodyRead")
    assert not world.events("ana@fabrikam.test")


@pytest.mark.parametrize("framing", ["Content-Length: 400\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n"])
def test_a_half_sent_body(world, framing):
    with serving(world) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        with CERTIFICATES.ssl_context().wrap_socket(plain, server_hostname="localhost") as connection:
            head = (
                f"POST /v1.0{ANA}/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {token_of(server)}\r\n{framing}"
            )
            connection.sendall(head.encode() + b'{"sub')
            # Not the method of the TLS socket: that one would stop reading too.
            socket.socket.shutdown(connection, socket.SHUT_WR)
            answer = connection.recv(10_000).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert json.loads(answer.partition("\r\n\r\n")[2])["error"]["code"] == "BadRequest"
    assert not world.events("ana@fabrikam.test")
    assert [entry.details["status"] for entry in world.journal.entries("request_refused")] == [400]


def test_a_body_that_is_left_half_sent_does_no_harm(world):
    with serving(world) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection = CERTIFICATES.ssl_context().wrap_socket(plain, server_hostname="localhost")
        head = f"POST /v1.0{ANA}/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n\r\n"
        connection.sendall(head.encode() + b'{"sub')
        connection.close()
        with client_of(server) as graph:
            assert graph.get(f"{ANA}/events").json()["value"] == []


# Tokens ------------------------------------------------------------------------------------------------------


def test_no_token_and_no_bearer(graph):
    for header in ("", "Bearer", "Basic YTpi"):
        refused = graph.get(f"{ANA}/events", headers={"Authorization": header})
        assert error(refused) == (401, "InvalidAuthenticationToken")
        assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_foreign_bearer_token_whatever_it_says(world):
    with serving(world) as server, client_of(server) as graph:
        claims = jwt.decode(token_of(server), options={"verify_signature": False})
        foreign = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")
        refused = graph.get(f"{ANA}/events", headers={"Authorization": f"Bearer {foreign}"})
    assert error(refused) == (401, "InvalidAuthenticationToken")


def test_an_expired_bearer_token(world):
    with serving(world) as server, client_of(server) as graph:
        assert graph.get(f"{ANA}/events").status_code == 200
        server.face.tokens.clock = SteppedClock(SystemClock().now() + timedelta(hours=1))
        refused = graph.get(f"{ANA}/events")
    assert error(refused) == (401, "InvalidAuthenticationToken")
    assert "expired" in refused.json()["error"]["message"]


# Times -------------------------------------------------------------------------------------------------------


def test_a_date_without_zone_in_an_event_is_utc(graph):
    body = an_event(start={"dateTime": "2026-01-13T10:00:00"}, end={"dateTime": "2026-01-13T11:00:00"})
    made = graph.post(f"{ANA}/events", json=body)
    assert made.status_code == 201
    assert made.json()["start"] == {"dateTime": "2026-01-13T10:00:00.0000000", "timeZone": "UTC"}


def test_a_date_without_zone_in_a_window_is_utc_whatever_is_preferred(graph):
    graph.post(f"{ANA}/events", json=an_event(start=UTC_10, end=UTC_11))
    window = {"startDateTime": "2026-01-13T10:30:00", "endDateTime": "2026-01-13T10:31:00"}
    prefer = {"Prefer": 'outlook.timezone="Tokyo Standard Time"'}
    assert len(graph.get(f"{ANA}/calendarView", params=window, headers=prefer).json()["value"]) == 1


def test_a_date_without_zone_in_a_subscription(graph):
    body = {
        "changeType": "updated",
        "notificationUrl": "https://localhost:1/notify",
        "resource": "/users/ana@fabrikam.test/events",
        "expirationDateTime": f"{START + timedelta(days=1):%Y-%m-%dT%H:%M:%S}",
    }
    assert error(graph.post("/subscriptions", json=body)) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"dateTime": "next Tuesday", "timeZone": "UTC"}, (400, "RequestBodyRead")),
        ({"dateTime": "2026-02-30T10:00:00", "timeZone": "UTC"}, (400, "RequestBodyRead")),
        ({"dateTime": "2026-01-13T12:00:00", "timeZone": "UTC"}, (400, "ErrorPropertyValidationFailure")),
        ({"timeZone": "UTC"}, (400, "ErrorPropertyValidationFailure")),
        (
            {"dateTime": "2026-01-13T10:00:00", "timeZone": "Greenwich Mean Time"},
            (400, "TimeZoneNotSupportedException"),
        ),
        ("2026-01-13T10:00:00Z", (400, "RequestBodyRead")),
    ],
    ids=["words", "no such day", "after its end", "no time", "a display name", "a plain string"],
)
def test_a_time_that_is_none(graph, world, start, expected):
    assert error(graph.post(f"{ANA}/events", json=an_event(start=start, end=UTC_11))) == expected
    assert not world.events("ana@fabrikam.test")


@pytest.mark.parametrize("name", ["startDateTime", "endDateTime"])
def test_a_window_that_is_none(graph, name):
    window = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    for path in ("calendarView", "calendarView/delta"):
        refused = graph.get(f"{ANA}/{path}", params=window | {name: "soon"})
        assert error(refused) == (400, "ErrorInvalidParameter")
        refused = graph.get(f"{ANA}/{path}", params={key: value for key, value in window.items() if key != name})
        assert error(refused) == (400, "ErrorInvalidParameter")


@pytest.mark.parametrize(
    ("days", "minutes", "expected"),
    [(62, 0, 200), (62, 1, (400, "ErrorTimeIntervalTooBig")), (63, 0, (400, "ErrorTimeIntervalTooBig"))],
)
def test_free_and_busy_times_are_asked_for_at_most_62_days(graph, days, minutes, expected):
    end = START + timedelta(days=days, minutes=minutes)
    body = {
        "schedules": ["ana@fabrikam.test"],
        "startTime": {"dateTime": f"{START:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "endTime": {"dateTime": f"{end:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
    }
    answer = graph.post(f"{ANA}/calendar/getSchedule", json=body)
    assert (answer.status_code if expected == 200 else error(answer)) == expected


# Ids and tokens of state -------------------------------------------------------------------------------------


def test_ids_of_another_mailbox(graph):
    event = graph.post(f"{ANA}/events", json=an_event()).json()
    path = f"{BO}/events/{event['id']}"
    assert error(graph.get(path)) == (404, "ErrorItemNotFound")
    assert error(graph.patch(path, json={"subject": "x"})) == (404, "ErrorItemNotFound")
    assert error(graph.delete(path)) == (404, "ErrorItemNotFound")
    assert error(graph.post(f"{path}/accept", json={})) == (404, "ErrorItemNotFound")
    draft = graph.post(f"{ANA}/messages", json=a_mail("bo@fabrikam.test")["message"]).json()
    assert error(graph.get(f"{BO}/messages/{draft['id']}")) == (404, "ErrorItemNotFound")
    assert error(graph.post(f"{BO}/messages/{draft['id']}/send")) == (404, "ErrorItemNotFound")


def test_stale_foreign_and_broken_delta_tokens(graph, world):
    window = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    link = graph.get(f"{ANA}/calendarView/delta", params=window).json()["@odata.deltaLink"]
    assert error(graph.get(link.replace("ana@", "bo@").replace("ana%40", "bo%40"))) == (410, "SyncStateNotFound")
    assert error(graph.get(f"{ANA}/calendarView/delta?$deltatoken=latest")) == (400, "ErrorInvalidUrlQuery")
    world.expire_delta_tokens("ana@fabrikam.test")
    assert error(graph.get(link)) == (410, "SyncStateNotFound")


def test_twenty_one_requests_in_a_batch(graph):
    parts = [{"id": str(n), "method": "GET", "url": f"{ANA}/events"} for n in range(21)]
    assert graph.post("/$batch", json={"requests": parts[:20]}).status_code == 200
    assert error(graph.post("/$batch", json={"requests": parts})) == (400, "BadRequest")


# Limits ------------------------------------------------------------------------------------------------------


def test_the_daily_limit_of_recipients(world):
    world.behavior.throttling, world.behavior.recipients_per_day = True, 3
    with graph_of(world) as graph:
        people = ("bo@fabrikam.test", "cy@fabrikam.test")
        assert graph.post(f"{ANA}/sendMail", json=a_mail(*people)).status_code == 202
        refused = graph.post(f"{ANA}/sendMail", json=a_mail(*people))
        assert error(refused) == (429, "ErrorExceededMessageLimit")
        assert graph.post(f"{ANA}/sendMail", json=a_mail(people[0])).status_code == 202
        draft = graph.post(f"{ANA}/messages", json=a_mail(people[0])["message"]).json()
        path = f"{ANA}/messages/{draft['id']}"
        assert error(graph.post(f"{path}/send")) == (429, "ErrorExceededMessageLimit")
        assert graph.get(path).json()["isDraft"] is True
        assert graph.post(f"{BO}/sendMail", json=a_mail("ana@fabrikam.test")).status_code == 202
        world.clock.set(START + timedelta(days=1))
        assert graph.post(f"{path}/send").status_code == 202


def test_an_error_may_come_without_its_inner_part(graph, world):
    assert "innerError" in graph.get(f"{ANA}/events/x").json()["error"]
    world.behavior.inner_errors = False
    assert set(graph.get(f"{ANA}/events/x").json()["error"]) == {"code", "message"}
