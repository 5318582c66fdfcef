"""Notifications with resource data, over HTTPS to a receiver that shares no code with the sandbox.

What the receiver believes is proven to it by keys it finds through discovery; what a fault spoils it refuses.
"""

from __future__ import annotations

import ast
import base64
from datetime import timedelta
from pathlib import Path

import independent_receiver
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from independent_receiver import IndependentReceiver, Proof, as_der_text, certificate_of, key_pair
from wire_client import CERTIFICATES, a_mail, a_world, an_event, client_of, error, run, serving

from graphsync.sandbox import Fault

OLD_KEY, OLD = key_pair()
NEW_KEY, NEW = key_pair()
EVENTS = "users/ana@fabrikam.test/events?$select=subject,start,showAs,organizer,attendees,lastModifiedDateTime"


@pytest.fixture
def world():
    return a_world(event_notification_delay=(5.0, 5.0), chat_notification_delay=(5.0, 5.0), updated_items=(1, 1))


@pytest.fixture
def server(world):
    with serving(world) as running:
        yield running


@pytest.fixture
def graph(server):
    with client_of(server) as client:
        yield client


@pytest.fixture
def receiver(server, world, tmp_path):
    proof = Proof(
        discovery_url=f"{server.base_url}/common/.well-known/openid-configuration",
        trusted=CERTIFICATES.ssl_context(),
        app_ids=["app"],
        tenants=[world.tenant_id],
        private_keys={"enc-1": OLD_KEY},
    )
    with IndependentReceiver(*CERTIFICATES.issue(tmp_path), proof) as running:
        yield running


def asked(receiver, resource, **more):
    return {
        "changeType": "created,updated",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.url,
        "resource": resource,
        "expirationDateTime": "2026-01-05T20:00:00Z",
        "clientState": "s9-31aa",
        "includeResourceData": True,
        "encryptionCertificate": as_der_text(OLD),
        "encryptionCertificateId": "enc-1",
        **more,
    }


def subscribe(graph, receiver, resource, **more):
    answer = graph.post("/subscriptions", json=asked(receiver, resource, **more))
    assert answer.status_code == 201, answer.text
    receiver.proof.client_states[answer.json()["id"]] = "s9-31aa"
    return answer.json()


def pass_a_minute(world, receiver):
    run(world, timedelta(minutes=1))
    return receiver.work()


def a_chat(world):
    return world.create_chat("ana@fabrikam.test", "bo@fabrikam.test")


def test_the_receiver_shares_no_code_with_the_sandbox():
    tree = ast.parse(Path(independent_receiver.__file__).read_text(encoding="utf-8"))
    names = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(name.startswith("graphsync") for name in names)
    assert "jwt" in names


# What arrives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("document", ["/common", "/common/v2.0"])
def test_an_event_is_proven_and_read(world, server, graph, receiver, version, document):
    world.behavior.validation_token_version = version
    receiver.proof.discovery_url = f"{server.base_url}{document}/.well-known/openid-configuration"
    subscribe(graph, receiver, EVENTS)
    event = graph.post("/users/ana@fabrikam.test/events", json=an_event()).json()
    [believed] = pass_a_minute(world, receiver)
    assert receiver.refused == []
    ana = world.user("ana@fabrikam.test").id
    assert believed.item["resourceData"]["id"] == event["id"]
    assert believed.item["resource"] == f"Users('{ana}')/events('{event['id']}')"
    assert (
        believed.item["encryptedContent"]["encryptionCertificateThumbprint"]
        == OLD.fingerprint(hashes.SHA1()).hex().upper()
    )
    attendee = {
        "@odata.type": "#microsoft.graph.attendee",
        "type": "required",
        "status": {
            "@odata.type": "#microsoft.graph.responseStatus",
            "response": "none",
            "time": "0001-01-01T00:00:00Z",
        },
        "emailAddress": {
            "@odata.type": "#microsoft.graph.emailAddress",
            "name": "Bo",
            "address": "bo@fabrikam.test",
        },
    }
    assert believed.data == {
        "subject": "Mentoring",
        "start": {
            "@odata.type": "#microsoft.graph.dateTimeTimeZone",
            "dateTime": "2026-01-13T09:00:00.0000000",
            "timeZone": "UTC",
        },
        "showAs@odata.type": "#microsoft.graph.freeBusyStatus",
        "showAs": "busy",
        "organizer": {
            "@odata.type": "#microsoft.graph.recipient",
            "emailAddress": {
                "@odata.type": "#microsoft.graph.emailAddress",
                "name": "Ana",
                "address": "ana@fabrikam.test",
            },
        },
        "attendees@odata.type": "#Collection(microsoft.graph.attendee)",
        "attendees": [attendee],
        "lastModifiedDateTime@odata.type": "#DateTimeOffset",
        "lastModifiedDateTime": event["lastModifiedDateTime"],
    }


def test_a_chat_message_is_proven_and_comes_whole(world, graph, receiver):
    chat = a_chat(world)
    subscribe(graph, receiver, f"chats/{chat.id}/messages")
    message = world.post_message(chat.id, "ana@fabrikam.test", "<p>Shall we move it?</p>")
    [believed] = pass_a_minute(world, receiver)
    [read] = graph.get(f"/chats/{chat.id}/messages").json()["value"]
    assert believed.data == read
    assert believed.data["body"]["content"] == "<p>Shall we move it?</p>"
    assert believed.item["resource"] == f"chats('{chat.id}')/messages('{message.id}')"


def test_a_mail_is_proven_and_read(world, graph, receiver):
    resource = "users/bo@fabrikam.test/mailFolders('inbox')/messages?$select=Subject,from,importance"
    subscribe(graph, receiver, resource, changeType="created")
    graph.post("/users/ana@fabrikam.test/sendMail", json=a_mail("bo@fabrikam.test"))
    [believed] = pass_a_minute(world, receiver)
    assert believed.data["subject"] == "Hello"
    assert believed.data["importance@odata.type"] == "#microsoft.graph.importance"
    assert believed.data["from"]["emailAddress"]["address"] == "ana@fabrikam.test"
    assert set(believed.data) == {"subject", "from", "importance@odata.type", "importance"}


def test_who_may_read_the_basics_of_mail_gets_no_preview(world, graph, receiver):
    world.add_application(client_id="app", secret="secret", permissions={"Mail.ReadBasic": None, "Mail.Send": None})
    subscribe(graph, receiver, "users/bo@fabrikam.test/messages?$select=subject,bodyPreview", changeType="created")
    graph.post("/users/ana@fabrikam.test/sendMail", json=a_mail("bo@fabrikam.test"))
    [believed] = pass_a_minute(world, receiver)
    assert believed.data == {"subject": "Hello"}


def test_of_a_deleted_event_only_the_id_is_told(world, graph, receiver):
    subscribe(graph, receiver, EVENTS, changeType="deleted")
    event = graph.post("/users/ana@fabrikam.test/events", json=an_event()).json()
    graph.delete(f"/users/ana@fabrikam.test/events/{event['id']}")
    [believed] = pass_a_minute(world, receiver)
    assert believed.data is None
    assert believed.item["resourceData"]["id"] == event["id"]


def test_extended_properties_are_expanded(world, graph, receiver):
    tag = "String {6f2d3c1e-0b7a-4a53-9d0e-6d1b5f0a9c11} Name MentoringSession"
    resource = (
        f"users/ana@fabrikam.test/events?$select=subject&$expand=singleValueExtendedProperties($filter=id eq '{tag}')"
    )
    subscribe(graph, receiver, resource)
    tagged = an_event(singleValueExtendedProperties=[{"id": tag, "value": "number=1"}])
    graph.post("/users/ana@fabrikam.test/events", json=tagged)
    [believed] = pass_a_minute(world, receiver)
    assert believed.data == {
        "subject": "Mentoring",
        "singleValueExtendedProperties": [{"id": tag, "value": "number=1"}],
    }


def test_each_item_has_a_key_of_its_own_and_a_request_one_token(world, graph, receiver):
    subscribe(graph, receiver, EVENTS)
    subscribe(graph, receiver, f"chats/{a_chat(world).id}/messages")
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    world.post_message(world.chats()[0].id, "ana@fabrikam.test", "x")
    run(world, timedelta(minutes=1))
    [(_, body)] = receiver.spool
    assert len(body["value"]) == 3
    assert len(body["validationTokens"]) == 1
    assert len({item["encryptedContent"]["dataKey"] for item in body["value"]}) == 3
    assert len(receiver.work()) == 3


def test_a_request_has_one_token_for_each_application(world, server, graph, receiver):
    grants = {"Calendars.Read": None}
    world.add_application(client_id="other-app", secret="secret", permissions=grants)
    subscribe(graph, receiver, EVENTS)
    with client_of(server, "other-app") as other:
        subscribe(other, receiver, EVENTS)
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    run(world, timedelta(minutes=1))
    [(_, body)] = receiver.spool
    assert len(body["value"]) == len(body["validationTokens"]) == 2
    receiver.proof.app_ids = ["app", "other-app"]
    assert len(receiver.work()) == 2


def test_the_token_is_for_the_app_that_the_subscription_names(world, graph, receiver):
    created = subscribe(graph, receiver, EVENTS, notificationUrlAppId="front-door")
    assert created["notificationUrlAppId"] == "front-door"
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    receiver.proof.app_ids = ["front-door"]
    assert len(pass_a_minute(world, receiver)) == 1


def test_basic_notifications_have_no_tokens(world, graph, receiver):
    basic = dict.fromkeys(("includeResourceData", "encryptionCertificate", "encryptionCertificateId"))
    subscribe(graph, receiver, "users/ana@fabrikam.test/events", **basic)
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    run(world, timedelta(minutes=1))
    [(_, body)] = receiver.spool
    assert set(body) == {"value"}
    assert "encryptedContent" not in body["value"][0]


# Keys change -------------------------------------------------------------------------------------------------


def test_certificates_are_rotated_without_losing_a_notification(world, graph, receiver):
    """The steps of https://learn.microsoft.com/graph/change-notifications-with-resource-data (key rotation)."""
    created = subscribe(graph, receiver, EVENTS)
    graph.post("/users/ana@fabrikam.test/events", json=an_event(subject="under way"))
    receiver.proof.private_keys["enc-2"] = NEW_KEY
    renewal = {
        "expirationDateTime": "2026-01-06T07:00:00Z",
        "encryptionCertificate": as_der_text(NEW),
        "encryptionCertificateId": "enc-2",
    }
    renewed = graph.patch(f"/subscriptions/{created['id']}", json=renewal)
    assert renewed.status_code == 200, renewed.text
    assert renewed.json()["encryptionCertificateId"] == "enc-2"
    graph.post("/users/ana@fabrikam.test/events", json=an_event(subject="after"))
    found = pass_a_minute(world, receiver)
    used = {each.data["subject"]: each.item["encryptedContent"]["encryptionCertificateId"] for each in found}
    assert used == {"under way": "enc-1", "after": "enc-2"}
    assert receiver.refused == []


def test_graphs_own_keys_rotate_and_what_the_old_ones_signed_is_still_believed(world, graph, receiver):
    subscribe(graph, receiver, EVENTS)
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    run(world, timedelta(minutes=1))
    world.signing.rotate()
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(pass_a_minute(world, receiver)) == 2
    fetched = receiver.proof.fetches
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(pass_a_minute(world, receiver)) == 1
    assert receiver.proof.fetches == fetched, "a key that is known is not fetched again"
    world.signing.rotate()
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(pass_a_minute(world, receiver)) == 1
    assert receiver.proof.fetches == fetched + 2, "one that is not known is looked for by discovery"
    assert receiver.refused == []


# What is spoiled ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("token_wrong_audience", "token: InvalidAudienceError"),
        ("token_wrong_publisher", "token: another publisher"),
        ("token_expired", "token: ExpiredSignatureError"),
        ("token_other_tenant", "token: another tenant"),
        ("bad_signature", "dataSignature"),
        ("wrong_client_state", "clientState"),
        ("unknown_subscription", "unknown subscription"),
    ],
)
def test_what_is_not_proven_is_refused_and_its_neighbor_is_not(world, graph, receiver, version, kind, reason):
    world.behavior.validation_token_version = version
    subscribe(graph, receiver, EVENTS)
    fault = world.faults.add(Fault(operation="notify", kind=kind))
    graph.post("/users/ana@fabrikam.test/events", json=an_event(subject="spoiled"))
    graph.post("/users/ana@fabrikam.test/events", json=an_event(subject="sound"))
    found = pass_a_minute(world, receiver)
    assert fault.struck == 1
    assert receiver.refused == [reason]
    assert [each.data["subject"] for each in found] == ["sound"]


def test_a_stranger_who_copies_everything_but_the_keys_is_refused(world, graph, receiver):
    created = subscribe(graph, receiver, EVENTS)
    stranger = a_world()
    forged = stranger.notifier.tokens.issue(["app"])
    item = {"subscriptionId": created["id"], "clientState": "s9-31aa", "tenantId": world.tenant_id}
    believed, refused = receiver.proof.check({"value": [item], "validationTokens": forged})
    assert (believed, refused) == ([], ["token: InvalidSignatureError"])


def test_faults_of_rich_notifications_let_basic_ones_pass(world, graph, receiver):
    basic = dict.fromkeys(("includeResourceData", "encryptionCertificate", "encryptionCertificateId"))
    subscribe(graph, receiver, "users/ana@fabrikam.test/events", **basic)
    fault = world.faults.add(Fault(operation="notify", kind="token_expired"))
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(pass_a_minute(world, receiver)) == 1
    assert fault.struck == 0


# What may be asked for ---------------------------------------------------------------------------------------


def test_a_certificate_may_be_base64_of_a_pem_file(world, graph, receiver):
    pem = base64.b64encode(OLD.public_bytes(serialization.Encoding.PEM)).decode()
    created = subscribe(graph, receiver, EVENTS, encryptionCertificate=pem)
    assert created["encryptionCertificate"] == pem
    graph.post("/users/ana@fabrikam.test/events", json=an_event())
    assert len(pass_a_minute(world, receiver)) == 1


def test_the_certificate_is_echoed_or_left_out(world, graph, receiver):
    created = subscribe(graph, receiver, EVENTS)
    assert created["includeResourceData"] is True
    assert (created["encryptionCertificate"], created["encryptionCertificateId"]) == (as_der_text(OLD), "enc-1")
    world.behavior.certificate_echoed = False
    read = graph.get(f"/subscriptions/{created['id']}").json()
    assert (read["encryptionCertificate"], read["encryptionCertificateId"]) == (None, "enc-1")


SMALL = as_der_text(key_pair(1024)[1])
CURVE = as_der_text(certificate_of(ec.generate_private_key(ec.SECP256R1())))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encryptionCertificate": None, "encryptionCertificateId": None}, "encryptionCertificate is required"),
        ({"encryptionCertificate": None}, "encryptionCertificate is required"),
        ({"encryptionCertificateId": None}, "encryptionCertificateId is required"),
        ({"encryptionCertificateId": "x" * 129}, "1 to 128 characters"),
        ({"encryptionCertificate": "no base64!"}, "not a base64-encoded X.509 certificate"),
        ({"encryptionCertificate": "bm9uZQ=="}, "not a base64-encoded X.509 certificate"),
        ({"encryptionCertificate": SMALL}, "RSA key of 2048 to 4096 bits"),
        ({"encryptionCertificate": CURVE}, "RSA key of 2048 to 4096 bits"),
        ({"resource": "users/ana@fabrikam.test/events"}, "$select is required"),
        ({"resource": "users/ana@fabrikam.test/events?$select=subject,Body"}, "'body' cannot be selected"),
        ({"resource": "users/bo@fabrikam.test/messages?$select=uniqueBody"}, "'uniqueBody' cannot be selected"),
        ({"resource": f"{EVENTS}&$top=5"}, "'$top' is not supported"),
        ({"resource": f"{EVENTS}&$orderby=subject"}, "'$orderby' is not supported"),
        ({"resource": "users/ana@fabrikam.test/chats/getAllMessages?$select=id"}, "'$select' is not supported"),
        ({"expirationDateTime": "2026-01-06T08:01:00Z"}, "can only be 1440 minutes in the future"),
    ],
)
def test_what_cannot_be_had_is_refused(graph, receiver, change, said):
    answer = graph.post("/subscriptions", json=asked(receiver, **({"resource": EVENTS} | change)))
    assert error(answer)[0] == 400
    assert said in answer.json()["error"]["message"]
    assert receiver.handshakes == []


def test_a_certificate_is_changed_together_with_its_id(graph, receiver):
    created = subscribe(graph, receiver, EVENTS)
    answer = graph.patch(f"/subscriptions/{created['id']}", json={"encryptionCertificate": as_der_text(NEW)})
    assert error(answer) == (400, "InvalidRequest")
