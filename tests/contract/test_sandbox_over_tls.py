"""The sandbox as clients meet it: real HTTPS, the real msal, the real msgraph-sdk, a real receiver."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph_core import GraphClientFactory

from graphsync.sandbox import Fault, VirtualClock, World
from graphsync.sandbox.certificates import Certificates
from graphsync.sandbox.server import SandboxServer

# The SDK is full of names that it calls deprecated itself.
OWN_WARNING = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
SCOPE = ["https://graph.microsoft.com/.default"]
TAG = "String {6f2d3c1e-0b7a-4a53-9d0e-6d1b5f0a9c11} Name MentoringSession"
PERMISSIONS = dict.fromkeys(
    (
        "Calendars.ReadWrite",
        "Chat.Create",
        "Chat.Read.All",
        "Mail.ReadWrite",
        "Mail.Send",
        "MailboxSettings.Read",
        "User.Read.All",
    )
)


def an_event(**more):
    return {
        "subject": "Mentoring",
        "start": {"dateTime": "2026-01-13T10:00:00", "timeZone": "Romance Standard Time"},
        "end": {"dateTime": "2026-01-13T11:00:00", "timeZone": "Romance Standard Time"},
        "attendees": [{"emailAddress": {"address": "bo@fabrikam.test"}, "type": "required"}],
        **more,
    }


def a_certificate():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "graphsync")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = builder.serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=730))
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


class Receiver:
    """A receiver of notifications over TLS; echoes tokens as it should, or `echo` instead."""

    def __init__(self, certificates: Certificates, directory) -> None:
        receiver = self
        self.echo: str | None = None
        self.handshakes: list[str] = []
        self.items: list[dict] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                if token:
                    receiver.handshakes.append(self.path)
                    self._answer(200, (receiver.echo or token[0]).encode(), "text/plain")
                else:
                    receiver.items += json.loads(body)["value"]
                    self._answer(202, b"", "text/plain")

            def _answer(self, status, body, content_type):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.issue(directory))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"https://localhost:{self.server.server_address[1]}/notify?shard=3"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def certificates():
    made = Certificates()
    yield made
    made.close()


@pytest.fixture
def world():
    made = World(clock=VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC)), seed=5)
    made.add_user(address="ana@fabrikam.test", display_name="Ana", windows_time_zone="Romance Standard Time")
    made.add_user(address="bo@fabrikam.test", display_name="Bo", windows_time_zone="Eastern Standard Time")
    made.add_user(address="none@fabrikam.test", display_name="No", windows_time_zone="UTC", mailbox="none")
    made.add_application(client_id="client", secret="secret", permissions=PERMISSIONS)
    return made


@pytest.fixture
def server(world, certificates):
    with SandboxServer(world, certificates=certificates) as running:
        yield running


@pytest.fixture
def receiver(certificates, tmp_path):
    made = Receiver(certificates, tmp_path)
    yield made
    made.close()


def sign_in(server, credential="secret", client_id="client"):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(server.ca_file)
        application = msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=server.authority_url,
            instance_discovery=False,
            http_client=session,
        )
        return application.acquire_token_for_client(SCOPE)


@pytest.fixture
def graph(server, certificates):
    token = sign_in(server)["access_token"]
    with httpx.Client(
        base_url=server.graph_url,
        headers={"Authorization": f"Bearer {token}"},
        verify=certificates.ssl_context(),
        trust_env=False,
    ) as client:
        yield client


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


# Sign-in -----------------------------------------------------------------------------------------------------


def test_msal_signs_in_with_a_secret_and_not_with_a_wrong_one(server):
    assert sign_in(server)["token_type"] == "Bearer"
    refused = sign_in(server, "wrong")
    assert refused["error"] == "invalid_client"
    assert "AADSTS7000215" in refused["error_description"]
    assert sign_in(server, client_id="nobody")["error"] == "unauthorized_client"


@pytest.mark.parametrize("form", ["default", "thumbprint"])
def test_msal_signs_in_with_a_certificate(server, world, form):
    public, private = a_certificate()
    world.add_application(client_id="certified", certificate_pem=public, permissions=PERMISSIONS)
    credential = {"private_key": private.decode(), "public_certificate": public.decode()}
    if form == "thumbprint":
        digest = x509.load_pem_x509_certificate(public).fingerprint(hashes.SHA1())
        credential = {"private_key": private.decode(), "thumbprint": digest.hex()}
    assert sign_in(server, credential, "certified")["token_type"] == "Bearer"
    _, other = a_certificate()
    assert sign_in(server, credential | {"private_key": other.decode()}, "certified")["error"] == "invalid_client"


def test_an_unknown_bearer_is_refused(graph):
    answer = graph.get("/users", headers={"Authorization": "Bearer x"})
    assert error(answer) == (401, "InvalidAuthenticationToken")
    assert answer.headers["www-authenticate"].startswith("Bearer")


# The wire ----------------------------------------------------------------------------------------------------


def test_every_answer_has_ids_and_the_date_of_the_world(graph):
    answer = graph.get("/users/ana@fabrikam.test", headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    assert answer.headers["request-id"]
    assert answer.headers["date"] == "Mon, 05 Jan 2026 08:00:00 GMT"
    refused = graph.get("/users/ghost@fabrikam.test", headers={"client-request-id": "mine"})
    inner = refused.json()["error"]["innerError"]
    assert (inner["client-request-id"], inner["request-id"]) == ("mine", refused.headers["request-id"])


@pytest.mark.parametrize(
    ("method", "path", "expected", "part"),
    [
        ("GET", "/users/ana@fabrikam.test/event", (400, "BadRequest"), "did you mean 'events'"),
        ("GET", "/users/ana@fabrikam.test/events?$selct=id", (400, "BadRequest"), "did you mean '$select'"),
        ("GET", "/users/ana@fabrikam.test/events?$select=subjet", (400, "BadRequest"), "did you mean 'subject'"),
        ("GET", "/users/ana@fabrikam.test/events?$filter=uid eq 'x'", (400, "UnsupportedEntityExpression"), "uid"),
        ("GET", "/users/ana@fabrikam.test/calendarView", (400, "ErrorInvalidParameter"), "startDateTime"),
        ("PUT", "/users/ana@fabrikam.test/events", (405, "Request_BadRequest"), "PUT"),
        ("GET", "/users/ana@fabrikam.test/events/x", (404, "ErrorItemNotFound"), "not found in the store"),
        ("GET", "/users/ghost@fabrikam.test/events", (404, "ErrorInvalidUser"), "ghost"),
        ("GET", "/users/ghost@fabrikam.test", (404, "Request_ResourceNotFound"), "ghost"),
        ("GET", "/users/none@fabrikam.test/events", (404, "MailboxNotEnabledForRESTAPI"), "on-premise"),
        ("POST", "/users/ana@fabrikam.test/findMeetingTimes", (403, "ErrorAccessDenied"), "denied"),
    ],
)
def test_what_graph_refuses_is_refused(graph, method, path, expected, part):
    answer = graph.request(method, path)
    assert error(answer) == expected
    assert part in answer.json()["error"]["message"]


def test_permissions_and_their_scope_hold(graph, world):
    ana = world.user("ana@fabrikam.test")
    world.add_application(client_id="client", secret="secret", permissions={"Calendars.ReadBasic": frozenset({ana.id})})
    assert graph.get("/users/ana@fabrikam.test/events").status_code == 200
    outside = graph.get("/users/bo@fabrikam.test/events")
    assert error(outside) == (403, "ErrorAccessDenied")
    assert outside.json()["error"]["message"] == "Access to OData is disabled."
    assert error(graph.post("/users/ana@fabrikam.test/events", json=an_event())) == (403, "ErrorAccessDenied")
    assert error(graph.get("/users")) == (403, "Authorization_RequestDenied")
    event = world.create_event(ana, an_event(), actor=ana.address)
    assert "body" not in graph.get(f"/users/{ana.id}/events/{event.id}").json()


# Events ------------------------------------------------------------------------------------------------------


def test_an_event_from_creation_to_cancellation(graph, world):
    body = an_event(
        isOnlineMeeting=True,
        transactionId="t1",
        singleValueExtendedProperties=[{"id": TAG, "value": "Pair-7"}],
    )
    created = graph.post("/users/ana%40fabrikam.test/events", json=body)
    assert created.status_code == 201
    event = created.json()
    assert event["start"] == {"dateTime": "2026-01-13T09:00:00.0000000", "timeZone": "UTC"}
    assert event["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'
    assert "singleValueExtendedProperties" not in event
    assert graph.post("/users/ana@fabrikam.test/events", json=body).json()["id"] == event["id"]

    url = f"/users/ana@fabrikam.test/events/{event['id']}"
    shown = graph.get(
        url,
        params={"$select": "subject,start", "$expand": f"singleValueExtendedProperties($filter=id eq '{TAG}')"},
        headers={"Prefer": 'outlook.timezone="Tokyo Standard Time", IdType="ImmutableId"'},
    )
    assert shown.headers["preference-applied"] == 'outlook.timezone="Tokyo Standard Time", IdType="ImmutableId"'
    assert shown.json()["start"] == {
        "dateTime": "2026-01-13T18:00:00.0000000",
        "timeZone": "Tokyo Standard Time",
    }
    assert shown.json()["singleValueExtendedProperties"] == [{"id": TAG, "value": "Pair-7"}]
    assert set(shown.json()) == {
        "@odata.context",
        "@odata.etag",
        "id",
        "subject",
        "start",
        "singleValueExtendedProperties",
    }

    copy = graph.get("/users/bo@fabrikam.test/events", params={"$filter": f"iCalUId eq '{event['iCalUId']}'"})
    [mine] = copy.json()["value"]
    assert (mine["responseStatus"]["response"], mine["isOrganizer"]) == ("notResponded", False)
    assert mine["id"] != event["id"]

    declined = graph.post(f"/users/bo@fabrikam.test/events/{mine['id']}/decline", json={"SendResponse": True})
    assert declined.status_code == 202
    assert error(graph.get(f"/users/bo@fabrikam.test/events/{mine['id']}")) == (404, "ErrorItemNotFound")
    world.clock.set(world.clock.now() + timedelta(minutes=3))
    world.run_due()
    assert graph.get(url).json()["attendees"][0]["status"]["response"] == "declined"

    assert graph.post(f"{url}/cancel", json={"Comment": "sorry"}).status_code == 202
    assert error(graph.get(url)) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("ep/value eq 'pair-7'", True),
        ("startswith(ep/value,'Pair-')", True),
        ("ep/value eq 'Pair-8'", False),
    ],
)
def test_events_are_found_by_their_tag(graph, condition, found):
    graph.post(
        "/users/ana@fabrikam.test/events",
        json=an_event(singleValueExtendedProperties=[{"id": TAG, "value": "Pair-7"}]),
    )
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and {condition})"
    answer = graph.get("/users/ana@fabrikam.test/events", params={"$filter": wanted})
    assert bool(answer.json()["value"]) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("start/dateTime ge '2026-01-13T00:00:00Z' and end/dateTime lt '2026-01-14'", 1),
        ("isCancelled eq true", 0),
        ("isOrganizer eq true and showAs eq 'busy' and type eq 'singleInstance'", 1),
        ("createdDateTime lt 2026-01-05T08:00:00Z", 0),
        ("lastModifiedDateTime ge 2026-01-05T08:00:00Z and seriesMasterId eq null", 1),
        ("startswith(subject,'Ment')", 1),
    ],
)
def test_events_are_filtered(graph, condition, found):
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    options = {"$filter": condition, "$orderby": "start/dateTime desc", "$count": "true"}
    answer = graph.get("/users/ana@fabrikam.test/events", params=options)
    assert answer.json()["@odata.count"] == found


def test_a_proposal_is_made_and_taken(graph, world):
    event = graph.post("/users/ana@fabrikam.test/events", json=an_event()).json()
    url = f"/users/ana@fabrikam.test/events/{event['id']}"
    copy = world.event_by_ical_uid("bo@fabrikam.test", event["iCalUId"])
    slot = {
        name: {"dateTime": f"2026-01-14T1{hour}:00:00", "timeZone": "UTC"} for name, hour in (("start", 0), ("end", 1))
    }
    base = f"/users/bo@fabrikam.test/events/{copy.id}"
    refused = graph.post(f"{base}/accept", json={"ProposedNewTime": slot})
    assert "not a valid parameter" in refused.json()["error"]["message"]
    answer = graph.post(f"{base}/tentativelyAccept", json={"Comment": "later?", "ProposedNewTime": slot})
    assert answer.status_code == 202
    world.clock.set(world.clock.now() + timedelta(minutes=3))
    world.run_due()
    [attendee] = graph.get(url).json()["attendees"]
    assert attendee["status"]["response"] == "tentativelyAccepted"
    assert attendee["proposedNewTime"]["start"]["dateTime"] == "2026-01-14T10:00:00.0000000"
    [message] = graph.get("/users/ana@fabrikam.test/messages").json()["value"]
    assert message["@odata.type"] == "#microsoft.graph.eventMessageResponse"
    assert message["subject"] == "New Time Proposed: Mentoring"

    moved = graph.patch(url, json=slot, headers={"If-Match": event["@odata.etag"]})
    assert error(moved) == (412, "ErrorIrresolvableConflict")
    moved = graph.patch(url, json=slot)
    assert moved.status_code == 200
    assert moved.json()["attendees"][0]["status"] == {"response": "notResponded", "time": "4501-01-01T00:00:00Z"}
    assert graph.post(f"{base}/accept").status_code == 202
    organizer = graph.post(f"{url}/accept", json={})
    assert error(organizer) == (400, "ErrorInvalidRequest")


def test_bodies_that_are_no_json_objects_are_refused(graph):
    url = "/users/ana@fabrikam.test/events"
    for content in (b"{", b"[]"):
        answer = graph.post(url, content=content, headers={"Content-Type": "application/json"})
        assert error(answer) == (400, "RequestBodyRead")
    assert graph.post(url, content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


def test_a_view_comes_in_pages(graph):
    for day in range(12, 24):
        body = an_event()
        body["start"]["dateTime"], body["end"]["dateTime"] = f"2026-01-{day}T10:00:00", f"2026-01-{day}T11:00:00"
        graph.post("/users/ana@fabrikam.test/events", json=body)
    window = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    first = graph.get("/users/ana@fabrikam.test/calendarView", params=window).json()
    assert len(first["value"]) == 10
    second = graph.get(first["@odata.nextLink"]).json()
    assert len(second["value"]) == 2
    assert "@odata.nextLink" not in second


def test_a_delta_round_over_links(graph):
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    window = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-02-01T00:00:00Z"
    first = graph.get(f"/users/ana@fabrikam.test/calendarView/delta()?{window}")
    assert first.headers["preference-applied"] == "odata.track-changes"
    assert [item["@odata.type"] for item in first.json()["value"]] == ["#microsoft.graph.event"]
    link = first.json()["@odata.deltaLink"]
    assert graph.get(link).json()["value"] == []
    [event] = first.json()["value"]
    graph.delete(f"/users/ana@fabrikam.test/events/{event['id']}")
    [removed] = graph.get(link).json()["value"]
    assert removed["@removed"] == {"reason": "deleted"}
    assert error(graph.get(f"/users/ana@fabrikam.test/calendarView/delta?{window}&$select=id"))[0] == 400


# People, mail, chats -----------------------------------------------------------------------------------------


def test_people_and_their_settings(graph, world):
    found = graph.get("/users", params={"$filter": "mail eq 'ANA@fabrikam.test'", "$select": "id,displayName"})
    assert found.json()["value"] == [{"id": world.user("ana@fabrikam.test").id, "displayName": "Ana"}]
    settings = graph.get("/users/ana@fabrikam.test/mailboxSettings").json()
    assert settings["timeZone"] == "Romance Standard Time"
    assert settings["automaticRepliesSetting"]["status"] == "disabled"
    zone = graph.get("/users/ana@fabrikam.test/mailboxSettings/timeZone").json()
    assert zone["value"] == "Romance Standard Time"
    calendar = graph.get("/users/ana@fabrikam.test/calendar?$select=allowedOnlineMeetingProviders").json()
    assert calendar["allowedOnlineMeetingProviders"] == ["teamsForBusiness"]


def test_a_mail_is_drafted_found_and_sent(graph):
    message = {
        "subject": "Agenda",
        "body": {"contentType": "HTML", "content": "x"},
        "toRecipients": [{"emailAddress": {"address": "bo@fabrikam.test"}}],
    }
    draft = graph.post("/users/ana@fabrikam.test/messages", json=message).json()
    wanted = {"$filter": f"internetMessageId eq '{draft['internetMessageId']}'"}
    folders = ("drafts", "sentitems")

    def counts():
        url = "/users/ana@fabrikam.test/mailFolders/{}/messages"
        return [len(graph.get(url.format(folder), params=wanted).json()["value"]) for folder in folders]

    assert counts() == [1, 0]
    assert graph.post(f"/users/ana@fabrikam.test/messages/{draft['id']}/send").status_code == 202
    assert counts() == [0, 1]
    sent = graph.post("/users/ana@fabrikam.test/sendMail", json={"Message": message, "SaveToSentItems": "false"})
    assert (sent.status_code, sent.content) == (202, b"")
    received = graph.get("/users/bo@fabrikam.test/mailFolders('inbox')/messages?$count=true").json()
    assert received["@odata.count"] == 2
    order = {"$filter": "from/emailAddress/address eq 'ana@fabrikam.test'", "$orderby": "receivedDateTime desc"}
    assert error(graph.get("/users/bo@fabrikam.test/messages", params=order)) == (400, "InefficientFilter")


def test_a_message_shows_its_headers_only_when_they_are_selected(graph):
    message = {
        "subject": "Agenda",
        "body": {"contentType": "HTML", "content": "<p>Hello</p>"},
        "toRecipients": [{"emailAddress": {"address": "bo@fabrikam.test"}}],
        "internetMessageHeaders": [{"name": "x-mentorship", "value": "42"}],
    }
    graph.post("/users/ana@fabrikam.test/sendMail", json={"message": message})
    [received] = graph.get("/users/bo@fabrikam.test/messages").json()["value"]
    url = f"/users/bo@fabrikam.test/mailFolders/inbox/messages/{received['id']}"
    assert "internetMessageHeaders" not in graph.get(url).json()
    shown = graph.get(
        url, params={"$select": "internetMessageHeaders,body"}, headers={"Prefer": 'outlook.body-content-type="text"'}
    )
    assert shown.json()["internetMessageHeaders"] == [{"name": "x-mentorship", "value": "42"}]
    assert shown.json()["body"] == {"contentType": "text", "content": "Hello"}
    assert error(graph.get(url.replace("inbox", "sentitems"))) == (404, "ErrorItemNotFound")
    assert error(graph.get("/users/bo@fabrikam.test/mailFolders/sent/messages")) == (400, "ErrorInvalidIdMalformed")


def test_chats_are_read_and_not_written(graph, world):
    ana, bo = world.user("ana@fabrikam.test"), world.user("bo@fabrikam.test")
    body = {
        "chatType": "oneOnOne",
        "members": [
            {
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": ["owner"],
                "user@odata.bind": f"https://graph.microsoft.com/v1.0/users('{user.id}')",
            }
            for user in (ana, bo)
        ],
    }
    chat_id = graph.post("/chats", json=body).json()["id"]
    assert graph.post("/chats", json=body).json()["id"] == chat_id
    world.post_message(chat_id, ana, "<p>one</p>")
    world.clock.set(world.clock.now() + timedelta(hours=1))
    second = world.post_message(chat_id, ana, "<p>two</p>")
    world.react(chat_id, second.id, bo)
    [chat] = graph.get(f"/users/{bo.id}/chats?$expand=members").json()["value"]
    assert {member["userId"] for member in chat["members"]} == {ana.id, bo.id}

    url = "/chats/" + chat_id.replace(":", "%3A").replace("@", "%40") + "/messages"
    since = {"$filter": "lastModifiedDateTime gt 2026-01-05T08:30:00Z"}
    assert len(graph.get(url, params=since).json()["value"]) == 2, "ignored without the matching order"
    [newer] = graph.get(url, params={**since, "$orderby": "lastModifiedDateTime desc"}).json()["value"]
    assert newer["id"] == second.id
    assert newer["reactions"][0]["user"]["user"]["id"] == bo.id
    assert error(graph.post(url, json={"body": {"content": "x"}})) == (412, "PreconditionFailed")


# Subscriptions -----------------------------------------------------------------------------------------------


def a_subscription(world, receiver, **more):
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.url,
        "resource": f"users/{world.user('ana@fabrikam.test').id}/events",
        "expirationDateTime": "2026-01-10T08:00:00+00:00",
        "clientState": "state",
        **more,
    }


def test_a_subscription_from_handshake_to_deletion(graph, world, receiver):
    created = graph.post("/subscriptions", json=a_subscription(world, receiver))
    assert created.status_code == 201, created.text
    assert created.json()["clientState"] == "state"
    assert len(receiver.handshakes) == 2
    assert "shard=3&validationToken=Validation%3a+Testing+client" in receiver.handshakes[0]
    [listed] = graph.get("/subscriptions").json()["value"]
    assert listed["clientState"] is None

    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    while (due := world.next_due_at()) is not None and due < datetime(2026, 1, 6, tzinfo=UTC):
        world.clock.set(max(due, world.clock.now()))
        world.run_due()
    assert [item["changeType"] for item in receiver.items] == ["created"]
    assert receiver.items[0]["clientState"] == "state"

    url = f"/subscriptions/{created.json()['id']}"
    renewed = graph.patch(url, json={"expirationDateTime": "2026-01-11T08:00:00Z"})
    assert renewed.json()["expirationDateTime"] == "2026-01-11T08:00:00Z"
    assert graph.post(f"{url}/reauthorize").status_code == 204
    assert graph.delete(url).status_code == 204
    assert error(graph.patch(url, json={"expirationDateTime": "2026-01-11T08:00:00Z"}))[0] == 404


def test_an_endpoint_that_does_not_echo_gets_no_subscription(graph, world, receiver):
    receiver.echo = '"quoted"'
    assert error(graph.post("/subscriptions", json=a_subscription(world, receiver))) == (400, "InvalidRequest")
    closed = a_subscription(world, receiver, notificationUrl="https://localhost:9/x", lifecycleNotificationUrl=None)
    assert error(graph.post("/subscriptions", json=closed)) == (400, "InvalidRequest")
    assert graph.get("/subscriptions").json()["value"] == []


# Faults ------------------------------------------------------------------------------------------------------


def test_throttling_with_and_without_a_time(graph, world):
    world.faults.add(Fault(operation="listUsers", kind="throttled", retry_after_s=7))
    world.faults.add(Fault(operation="listUsers", kind="throttled"))
    first, second, third = (graph.get("/users") for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert second.status_code == 429
    assert "retry-after" not in second.headers
    assert third.status_code == 200


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("unavailable", False),
        ("unavailable_after", True),
        ("dropped", False),
        ("dropped_after", True),
        ("timeout_after", True),
    ],
)
def test_an_answer_may_be_lost_before_or_after_the_effect(graph, world, kind, stored):
    world.faults.add(Fault(operation="createEvent", kind=kind, hold_s=0.1))
    if kind.startswith("unavailable"):
        assert graph.post("/users/ana@fabrikam.test/events", json=an_event()).status_code == 503
    else:
        with pytest.raises(httpx.TransportError):
            graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(world.events("ana@fabrikam.test")) == stored
    assert graph.get("/users/ana@fabrikam.test/events").status_code == 200


def test_a_driver_hears_of_each_request_before_and_after(graph, world):
    heard = []
    world.on_request = lambda operation, phase: heard.append((operation, phase, len(world.events("ana@fabrikam.test"))))
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert heard == [("createEvent", "received", 0), ("createEvent", "applied", 1)]
    assert world.request_counts["createEvent"] == 1


# The SDK -----------------------------------------------------------------------------------------------------


class StaticToken(AccessTokenProvider):
    def __init__(self, token):
        self._token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self._token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator(["localhost"])


def with_sdk(server, work):
    async def run():
        token = sign_in(server)["access_token"]
        context = server.certificates.ssl_context()
        # The SDK puts its own transport around this one and does not close it.
        async with httpx.AsyncHTTPTransport(verify=context, trust_env=False) as transport:
            adapter = GraphRequestAdapter(
                BaseBearerTokenAuthenticationProvider(StaticToken(token)),
                client=GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport)),
            )
            adapter.base_url = server.graph_url
            return await work(GraphServiceClient(request_adapter=adapter), adapter)

    return asyncio.run(run())


@OWN_WARNING
def test_the_sdk_asks_for_free_and_busy_times(server, world):
    world.create_event("ana@fabrikam.test", an_event(), actor="ana@fabrikam.test")

    async def work(client, adapter):
        body = GetSchedulePostRequestBody(
            schedules=["ana@fabrikam.test", "ghost@fabrikam.test"],
            start_time=DateTimeTimeZone(date_time="2026-01-13T08:00:00", time_zone="UTC"),
            end_time=DateTimeTimeZone(date_time="2026-01-13T12:00:00", time_zone="UTC"),
            availability_view_interval=60,
        )
        builder = client.users.by_user_id("ana@fabrikam.test").calendar.get_schedule
        info = builder.to_post_request_information(body)
        return json.loads(await adapter.send_primitive_async(info, "bytes", {"XXX": ODataError}))

    found = with_sdk(server, work)["value"]
    assert found[0]["availabilityView"] == "0200"
    assert found[1]["error"]["responseCode"] == "5009"


@OWN_WARNING
def test_the_sdk_follows_delta_and_reads_errors(server, world):
    event = world.create_event("ana@fabrikam.test", an_event(), actor="ana@fabrikam.test")

    async def work(client, adapter):
        user = client.users.by_user_id("ana@fabrikam.test")
        delta = user.calendar_view.delta
        options = delta.DeltaRequestBuilderGetQueryParameters(
            start_date_time="2026-01-01T00:00:00Z", end_date_time="2026-02-01T00:00:00Z"
        )
        info = delta.to_get_request_information()
        info.set_query_string_parameters_from_raw_object(options)
        found = json.loads(await adapter.send_primitive_async(info, "bytes", {"XXX": ODataError}))
        info = user.events.by_event_id("nothing").to_get_request_information()
        with pytest.raises(ODataError) as refused:
            await adapter.send_primitive_async(info, "bytes", {"XXX": ODataError})
        return found, refused.value

    found, refused = with_sdk(server, work)
    assert [item["id"] for item in found["value"]] == [event.id]
    assert (refused.response_status_code, refused.error.code) == (404, "ErrorItemNotFound")
    assert refused.error.inner_error.request_id
