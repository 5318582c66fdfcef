"""The twelve points by which subscriptions and notifications are those of Graph, each over HTTPS where a user meets it.

Sources: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks,
https://learn.microsoft.com/graph/change-notifications-lifecycle-events,
https://learn.microsoft.com/graph/api/resources/subscription
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from independent_receiver import IndependentReceiver, Proof, as_der_text, key_pair
from wire_client import CERTIFICATES, START, a_mail, a_world, an_event, client_of, error, run, serving

from graphsync.sandbox import Behavior, Fault
from graphsync.sandbox.control import Control, ControlRefusal
from graphsync.sandbox.notifications.posting import Receipt

ANA, BO = "ana@fabrikam.test", "bo@fabrikam.test"
KEYS_IN_ORDER = [
    "@odata.context",
    "id",
    "resource",
    "applicationId",
    "changeType",
    "clientState",
    "notificationUrl",
    "notificationQueryOptions",
    "lifecycleNotificationUrl",
    "expirationDateTime",
    "creatorId",
    "includeResourceData",
    "latestSupportedTlsVersion",
    "encryptionCertificate",
    "encryptionCertificateId",
    "notificationUrlAppId",
]


class Receiver(IndependentReceiver):
    """A receiver that can be told to answer handshakes and notifications otherwise."""

    def __init__(self, *files):
        super().__init__(*files)
        self.answers_handshakes = super().echo
        self.status = 202
        self.bodies = []

    def echo(self, token):
        return self.answers_handshakes(token)

    def take(self, path, body):
        self.bodies.append(body)
        taken = super().take(path, body)
        return self.status if taken == 202 else taken

    @property
    def items(self):
        return [item for _, body in self.spool for item in body["value"]]

    def lifecycle(self):
        return [item["lifecycleEvent"] for item in self.items if "lifecycleEvent" in item]

    def changes(self):
        return [item for item in self.items if "lifecycleEvent" not in item]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return CERTIFICATES.issue(tmp_path_factory.mktemp("receiver"))


@pytest.fixture
def receiver(files):
    with Receiver(*files) as running:
        yield running


@pytest.fixture
def world():
    return a_world(event_notification_delay=(5.0, 5.0), chat_notification_delay=(5.0, 5.0), updated_items=(1, 1))


@pytest.fixture
def graph(world):
    with serving(world) as server, client_of(server) as client:
        yield client


def asked(receiver, **more):
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.url,
        "resource": f"users/{ANA}/events",
        "expirationDateTime": "2026-01-10T08:00:00Z",
        "clientState": "s3-8d1c0f7e2b",
        **more,
    }


def subscribe(graph, receiver, **more):
    answer = graph.post("/subscriptions", json=asked(receiver, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


def said(answer):
    return answer.json()["error"]["message"]


def create_event(graph, **more):
    answer = graph.post(f"/users/{ANA}/events", json=an_event(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()


class Posts:
    """Stands where posts leave the sandbox: counts what each attempt had, and answers as it is told."""

    def __init__(self, world, status=202, lasted_s=0.1):
        self.world, self.status, self.lasted_s = world, status, lasted_s
        self.made = []
        world.deliver = self

    def __call__(self, url, body, headers, timeout_s):
        at = self.world.clock.now()
        self.made.append(SimpleNamespace(url=url, at=at, headers=headers, timeout_s=timeout_s, **json.loads(body)))
        return Receipt(self.status, self.lasted_s)

    def lifecycle(self):
        return [item["lifecycleEvent"] for post in self.made for item in post.value if "lifecycleEvent" in item]

    def changes(self):
        return [item for post in self.made for item in post.value if "lifecycleEvent" not in item]


# 1. Operations -----------------------------------------------------------------------------------------------


def test_point_1_operations_have_their_codes_and_a_subscription_its_keys_in_order(world, graph, receiver):
    answer = graph.post("/subscriptions", json=asked(receiver, latestSupportedTlsVersion="v1_3"))
    assert answer.status_code == 201
    created = answer.json()
    assert list(created) == KEYS_IN_ORDER
    assert str(UUID(created["id"])) == created["id"]
    assert created["clientState"] == "s3-8d1c0f7e2b"
    assert created["latestSupportedTlsVersion"] == "v1_3"
    assert created["@odata.context"].endswith("$metadata#subscriptions/$entity")
    path = f"/subscriptions/{created['id']}"
    listed = graph.get("/subscriptions")
    assert listed.status_code == 200
    assert [list(item) for item in listed.json()["value"]] == [KEYS_IN_ORDER[1:]]
    assert graph.get(path).status_code == 200
    renewed = graph.patch(path, json={"expirationDateTime": "2026-01-11T08:00:00Z"})
    assert renewed.status_code == 200
    assert list(renewed.json()) == KEYS_IN_ORDER
    reauthorized = graph.post(f"{path}/reauthorize")
    assert (reauthorized.status_code, reauthorized.content) == (204, b"")
    assert graph.delete(path).status_code == 204
    assert [call(path).status_code for call in (graph.get, graph.delete)] == [404, 404]
    assert graph.patch(path, json={"expirationDateTime": "2026-01-11T08:00:00Z"}).status_code == 404


def test_point_1_the_client_state_is_null_on_list_and_by_a_switch_on_get(world, graph, receiver):
    created = subscribe(graph, receiver)
    path = f"/subscriptions/{created['id']}"
    assert graph.get("/subscriptions").json()["value"][0]["clientState"] is None
    assert graph.get(path).json()["clientState"] is None
    world.behavior.client_state_on_get = True
    assert graph.get(path).json()["clientState"] == "s3-8d1c0f7e2b"
    assert graph.get("/subscriptions").json()["value"][0]["clientState"] is None


@pytest.mark.parametrize(
    ("change", "status", "part"),
    [
        ({"vapidPublicKey": "x"}, 400, "web push"),
        ({"webPushEncryptionSecret": "x"}, 400, "web push"),
        ({"webPushEncryptionP256dhPublicKey": "x"}, 400, "web push"),
        ({"latestSupportedTlsVersion": "v10"}, 400, "did you mean 'v1_0'"),
        ({"clientState": "x" * 129}, 400, "longer than 128"),
        ({"notificationQueryOptions": "x"}, 501, "Universal Print"),
        ({"notificationUrl": "EventGrid:?azuresubscriptionid=1"}, 501, "Event Grid"),
        ({"resource": f"users/{ANA}/event"}, 400, "is not supported"),
        ({"resource": f"users/{ANA}/messages?$top=3"}, 400, "'$top' is not supported"),
        ({"resource": f"users/{ANA}/messages?$filter=receivedDateTime ge 2026-01-01T00:00:00Z"}, 501, "by a time"),
        ({"resource": f"users/{ANA}/events?$filter=subject eq 'x'"}, 501, "$filter"),
        ({"resource": f"users/{ANA}/chats/getAllMessages?$search=hello"}, 501, "$search"),
        ({"resource": f"users/{ANA}/events?$select=subjct"}, 400, "did you mean 'subject'"),
    ],
)
def test_point_1_what_cannot_be_made_is_refused_before_anybody_is_asked(graph, receiver, change, status, part):
    answer = graph.post("/subscriptions", json=asked(receiver, **change))
    assert answer.status_code == status
    assert part in said(answer)
    assert receiver.handshakes == []


@pytest.mark.parametrize("name", ["resource", "changeType", "clientState", "lifecycleNotificationUrl"])
def test_point_1_what_is_immutable_is_not_patched(graph, receiver, name):
    created = subscribe(graph, receiver)
    answer = graph.patch(f"/subscriptions/{created['id']}", json={name: asked(receiver)[name]})
    assert error(answer) == (400, "InvalidRequest")
    assert f"'{name}' cannot be updated" in said(answer)


def test_point_1_mail_may_be_filtered_and_a_basic_subscription_may_select(world, graph, receiver):
    resource = f"users/{BO}/messages?$filter=importance eq 'High' AND from/emailAddress/address eq '{ANA}'"
    subscribe(graph, receiver, resource=resource, changeType="created")
    subscribe(graph, receiver, resource=f"users/{ANA}/events?$select=subject,body", changeType="created")
    for importance, subject in (("high", "yes"), ("normal", "no")):
        mail = a_mail(BO, subject=subject)
        mail["message"]["importance"] = importance
        graph.post(f"/users/{ANA}/sendMail", json=mail)
    create_event(graph, attendees=[])
    run(world, timedelta(minutes=1))
    kinds = sorted(item["resourceData"]["@odata.type"] for item in receiver.changes())
    assert kinds == ["#Microsoft.Graph.Event", "#Microsoft.Graph.Message"]


# 2. Handshake ------------------------------------------------------------------------------------------------


def test_point_2_the_handshake_is_form_encoded_and_asks_both_urls_though_they_are_one(graph, receiver):
    subscribe(graph, receiver)
    assert len(receiver.handshakes) == 2
    for path, headers, body in receiver.handshakes:
        query = urlsplit(path).query
        assert query.startswith("shard=3&validationToken=Validation%3a+Testing+client+application+reachability+for")
        assert "%20" not in query
        [token] = parse_qs(query)["validationToken"]
        assert token.startswith("Validation: Testing client application reachability for subscription Request-Id: ")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "Authorization" not in headers
        assert (headers["Content-Length"], body) == ("0", b"")


EXACT = "Response must exactly match validationToken query parameter."


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        pytest.param(lambda token: (200, "text/plain", b'"' + token.encode() + b'"'), EXACT, id="quoted"),
        pytest.param(lambda token: (200, "text/plain", token.encode() + b"\n"), EXACT, id="trailing newline"),
        pytest.param(lambda token: (200, "text/plain", token.replace(" ", "+").encode()), EXACT, id="not decoded"),
        pytest.param(lambda token: (200, "application/json", token.encode()), EXACT, id="content type"),
        pytest.param(lambda token: (200, "text/html", token.encode()), EXACT, id="html"),
        pytest.param(lambda token: (202, "text/plain", token.encode()), "'Accepted'. Notification endpoint", id="202"),
        pytest.param(lambda token: (403, "text/plain", b""), "HTTP status code is 'Forbidden'", id="forbidden"),
    ],
)
def test_point_2_an_answer_that_is_not_exactly_the_token_makes_no_subscription(graph, receiver, answer, part):
    receiver.answers_handshakes = answer
    refused = graph.post("/subscriptions", json=asked(receiver))
    assert error(refused) == (400, "InvalidRequest")
    assert part in said(refused)
    assert graph.get("/subscriptions").json()["value"] == []


def test_point_2_a_charset_beside_the_content_type_is_fine(graph, receiver):
    receiver.answers_handshakes = lambda token: (200, "text/plain; charset=utf-8", token.encode())
    subscribe(graph, receiver)


def test_point_2_an_endpoint_has_ten_seconds(world, graph, receiver):
    assert Behavior().validation_timeout_s == 10.0
    world.behavior.validation_timeout_s = 0.3
    over = threading.Event()

    def late(token):
        over.wait(10)
        return 200, "text/plain", token.encode()

    receiver.answers_handshakes = late
    try:
        refused = graph.post("/subscriptions", json=asked(receiver))
    finally:
        over.set()
    assert error(refused) == (400, "InvalidRequest")
    assert said(refused) == "Subscription validation request timed out."


def test_point_2_a_renewal_asks_again_unless_switched_off(world, graph, receiver):
    path = f"/subscriptions/{subscribe(graph, receiver)['id']}"
    graph.patch(path, json={"expirationDateTime": "2026-01-11T08:00:00Z"})
    graph.post(f"{path}/reauthorize")
    assert len(receiver.handshakes) == 4
    world.behavior.validate_on_renewal = False
    graph.patch(path, json={"expirationDateTime": "2026-01-11T09:00:00Z"})
    assert len(receiver.handshakes) == 4


@pytest.mark.parametrize("operation", ["createSubscription", "updateSubscription"])
def test_point_2_the_request_that_validates_may_never_arrive(world, graph, receiver, operation):
    fault = world.faults.add(Fault(operation=operation, kind="validation_unsent"))
    answer = graph.post("/subscriptions", json=asked(receiver))
    if operation == "updateSubscription":
        receiver.handshakes.clear()
        answer = graph.patch(
            f"/subscriptions/{answer.json()['id']}", json={"expirationDateTime": "2026-01-11T08:00:00Z"}
        )
    assert (fault.struck, receiver.handshakes) == (1, [])
    assert error(answer) == (400, "InvalidRequest")
    assert said(answer) == "Subscription validation request timed out."
    kept = [item["expirationDateTime"] for item in graph.get("/subscriptions").json()["value"]]
    assert kept == ([] if operation == "createSubscription" else ["2026-01-10T08:00:00Z"])


def test_point_2_where_nothing_is_validated_nothing_can_fail(world, graph):
    fault = world.faults.add(Fault(operation="*", kind="validation_unsent"))
    assert graph.get(f"/users/{ANA}").status_code == 200
    assert fault.struck == 0
    with pytest.raises(ValueError, match="'getUser' validates no endpoint"):
        Fault(operation="getUser", kind="validation_unsent")


# 3. Lifetime -------------------------------------------------------------------------------------------------


def test_point_3_a_short_life_is_raised_and_one_over_the_cap_refused(world, graph, receiver):
    short = subscribe(graph, receiver, expirationDateTime="2026-01-05T08:05:00Z")
    assert short["expirationDateTime"] == "2026-01-05T08:45:00Z"
    longest = (START + timedelta(minutes=10_070)).isoformat()
    longer = (START + timedelta(minutes=10_071)).isoformat()
    path = f"/subscriptions/{short['id']}"
    assert graph.patch(path, json={"expirationDateTime": longest}).status_code == 200
    refused = graph.patch(path, json={"expirationDateTime": longer})
    assert error(refused) == (400, "ExtensionError")
    assert said(refused) == "Subscription expiration can only be 10070 minutes in the future."
    world.behavior.longest_grant = timedelta(days=1)
    renewed = graph.patch(path, json={"expirationDateTime": longest})
    assert renewed.json()["expirationDateTime"] == "2026-01-06T08:00:00Z"


@pytest.mark.parametrize(
    ("expiry", "part"),
    [
        (None, "expirationDateTime is a required property for subscription creation"),
        ("2026-01-06T08:00:00", "Could not process subscription creation payload"),
    ],
)
def test_point_3_an_expiry_must_be_there_and_have_its_zone(graph, receiver, expiry, part):
    answer = graph.post("/subscriptions", json=asked(receiver, expirationDateTime=expiry))
    assert error(answer) == (400, "InvalidRequest")
    assert part in said(answer)


# 4. Teams ----------------------------------------------------------------------------------------------------


def test_point_4_over_an_hour_a_chat_needs_a_lifecycle_url(world, graph, receiver):
    resource = f"users/{ANA}/chats/getAllMessages"
    over = asked(receiver, resource=resource, lifecycleNotificationUrl=None, expirationDateTime="2026-01-05T09:01:00Z")
    refused = graph.post("/subscriptions", json=over)
    assert error(refused) == (400, "InvalidRequest")
    assert said(refused) == (
        "lifecycleNotificationUrl is required for subscription creation on this resource when the expirationDateTime "
        "value exceeds 1 hour"
    )
    beyond = graph.post("/subscriptions", json=asked(receiver, resource=resource))
    assert error(beyond) == (400, "ExtensionError")
    assert "is beyond allowed max '3.00:00:00'." in said(beyond)
    assert subscribe(graph, receiver, **over | {"expirationDateTime": "2026-01-05T09:00:00Z"})


# 5. Duplicates and quotas ------------------------------------------------------------------------------------


def test_point_5_a_duplicate_is_a_conflict_that_names_the_first_or_is_let_be(world, graph, receiver):
    first = subscribe(graph, receiver)
    again = graph.post("/subscriptions", json=asked(receiver, changeType="deleted, updated,created"))
    assert error(again) == (409, "ExtensionError")
    assert said(again) == f"Subscription Id {first['id']} already exists for the requested combination"
    assert subscribe(graph, receiver, changeType="created")["id"] != first["id"]
    world.behavior.duplicate_subscriptions = "allow"
    assert subscribe(graph, receiver)["id"] != first["id"]


def test_point_5_the_inbox_and_all_mail_are_two_resources(graph, receiver):
    subscribe(graph, receiver, resource=f"users/{BO}/messages", changeType="created")
    subscribe(graph, receiver, resource=f"users/{BO}/mailFolders('inbox')/messages", changeType="created")
    again = asked(receiver, resource=f"/users/{BO}/mailFolders/inbox/messages", changeType="created")
    assert graph.post("/subscriptions", json=again).status_code == 409


def test_point_5_one_app_watches_a_persons_chats_once_and_ten_apps_do(world, graph, receiver):
    resource = f"users/{ANA}/chats/getAllMessages"
    body = asked(receiver, resource=resource, expirationDateTime="2026-01-07T08:00:00Z")
    subscribe(graph, receiver, **body)
    once = graph.post("/subscriptions", json=body)
    assert error(once) == (403, "ExtensionError")
    place = resource.upper()
    assert said(once) == (
        f"App 'app' has reached its limit of '1' '{place}' subscription on tenant '{world.tenant_id}'"
    )
    for number in range(2, 12):
        world.add_application(client_id=f"app-{number}", permissions={"Chat.Read.All": None})
        application = world.directory.applications[f"app-{number}"]
        if number < 11:
            world.subscriptions.store(world.subscriptions.check(body, application), application)
    with serving_as(world, "app-11") as other:
        eleventh = other.post("/subscriptions", json=body)
    assert error(eleventh) == (403, "ExtensionError")
    assert "reached its limit of '10'" in said(eleventh)


@contextmanager
def serving_as(world, client_id):
    world.add_application(client_id=client_id, secret="secret", permissions={"Chat.Read.All": None})
    with serving(world) as server, client_of(server, client_id) as signed_in:
        yield signed_in


def test_point_5_a_mailbox_has_a_thousand_of_all_apps_and_kinds(world, graph, receiver):
    world.behavior.duplicate_subscriptions = "allow"
    application = world.directory.applications["app"]
    kinds = (f"users/{ANA}/events", f"users/{ANA}/messages")
    bodies = [asked(receiver, resource=resource) for resource in kinds]
    for number in range(1000):
        world.subscriptions.store(world.subscriptions.check(bodies[number % 2], application), application)
    answer = graph.post("/subscriptions", json=bodies[0])
    assert error(answer) == (429, "ExtensionError")
    assert said(answer).startswith(
        "Resource 'SubscriptionCountReached' has reached limit of '1000'. Please retry after"
    )
    assert subscribe(graph, receiver, resource=f"users/{BO}/events")


def test_point_5_no_permission_and_no_mailbox_come_in_the_workloads_wrapper(world, graph, receiver):
    world.add_application(client_id="app", secret="secret", permissions={"Chat.Read.All": None})
    refused = graph.post("/subscriptions", json=asked(receiver))
    assert error(refused) == (403, "ExtensionError")
    assert said(refused) == "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access denied]"
    world.add_application(client_id="app", secret="secret", permissions={"Calendars.Read": None})
    missing = graph.post("/subscriptions", json=asked(receiver, resource="users/none@fabrikam.test/events"))
    assert error(missing) == (404, "ExtensionError")
    assert "Reason: REST API is not yet supported for this mailbox.]" in said(missing)


# 6. Delivery -------------------------------------------------------------------------------------------------


def test_point_6_items_of_several_subscriptions_share_a_post_up_to_the_setting(world, graph, receiver):
    world.behavior.notifications_per_request = 3
    subscribe(graph, receiver)
    subscribe(graph, receiver, resource=f"users/{BO}/events")
    for _ in range(2):
        create_event(graph)
    run(world, timedelta(minutes=1))
    posts = [body["value"] for _, body in receiver.spool]
    assert [len(items) for items in posts] == [3, 1]
    assert len({item["subscriptionId"] for item in posts[0]}) == 2
    item = posts[0][0]
    assert list(item) == [
        "subscriptionId",
        "subscriptionExpirationDateTime",
        "changeType",
        "resource",
        "resourceData",
        "clientState",
        "tenantId",
    ]
    assert item["resource"] == item["resourceData"]["@odata.id"]
    assert item["resourceData"]["@odata.etag"].startswith('W/"')


def test_point_6_items_are_gathered_for_as_long_as_the_setting_says(world, graph, receiver):
    world.behavior.notification_wait = 30.0
    subscribe(graph, receiver)
    posts = Posts(world)
    create_event(graph)
    run(world, timedelta(seconds=20))
    create_event(graph)
    run(world, timedelta(seconds=14))
    assert posts.made == []
    run(world, timedelta(seconds=60))
    assert [(post.at - START, len(post.value)) for post in posts.made] == [(timedelta(seconds=35), 2)]


def test_point_6_three_seconds_first_ten_on_retries_backoff_and_four_hours(world, graph, receiver):
    subscribe(graph, receiver)
    posts = Posts(world, status=503)
    create_event(graph)
    run(world, timedelta(hours=5))
    tries = [post for post in posts.made if "lifecycleEvent" not in post.value[0]]
    waits = [round((after.at - before.at).total_seconds()) for before, after in pairwise(tries)]
    assert waits == [10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 3600]
    assert [post.timeout_s for post in tries] == [3.0] + [10.0] * 10
    assert tries[-1].at - tries[0].at <= timedelta(hours=4)
    assert "missed" in posts.lifecycle()
    assert posts.made[0].headers == {"Content-Type": "application/json; charset=utf-8"}


def test_point_6_the_schedule_is_a_switch_and_jitter_another(world, graph, receiver):
    control = Control(world)
    switches = {"retry_schedule": ["1 minute", "10 minutes"], "retry_jitter": True}
    _, set_now = control.respond("PATCH", "/behavior", switches)
    assert set_now["retry_schedule"] == ["60 seconds", "600 seconds"]
    for wrong in ([], ["soon"], "1 minute"):
        with pytest.raises(ControlRefusal, match="retry_schedule: found"):
            control.respond("PATCH", "/behavior", {"retry_schedule": wrong})
    subscribe(graph, receiver)
    posts = Posts(world, status=0)
    create_event(graph)
    run(world, timedelta(minutes=40))
    tries = [post.at for post in posts.made]
    first, *others = [(after - before).total_seconds() for before, after in pairwise(tries)]
    assert 48 <= first <= 72
    assert all(480 <= wait <= 720 for wait in others)
    assert len(set(others)) == len(others) >= 2


@pytest.mark.parametrize(("status", "again"), [(200, False), (202, False), (204, False), (302, True), (410, True)])
def test_point_6_any_2xx_is_delivered_and_nothing_else_is(world, graph, receiver, status, again):
    subscribe(graph, receiver)
    receiver.status = status
    create_event(graph)
    run(world, timedelta(seconds=16))
    assert len(receiver.bodies) == (2 if again else 1)


def test_point_6_an_answer_that_comes_after_the_time_is_up_is_none(world, receiver):
    world.poster.trust(CERTIFICATES.ssl_context())
    over = threading.Event()
    receiver.take = lambda path, body: 202 if over.wait(10) else 500
    try:
        receipt = world.poster(receiver.url, b"{}", {}, 0.2)
    finally:
        over.set()
        world.poster.close()
    assert receipt.status == 0
    assert receipt.lasted_s >= 0.2


# 7. Slow and dropped endpoints -------------------------------------------------------------------------------


def answers(world, graph, number):
    """Let `number` events be told, each in a post of its own, within some minutes of one window."""
    for _ in range(number):
        create_event(graph, attendees=[])
        run(world, timedelta(seconds=6))


def test_point_7_an_endpoint_that_answers_late_is_slow_and_what_is_new_waits_ten_minutes(world, graph, receiver):
    subscribe(graph, receiver)
    posts = Posts(world, lasted_s=3.5)
    answers(world, graph, 19)
    assert world.endpoints()[0].state == "ok"
    answers(world, graph, 1)
    [endpoint] = world.endpoints()
    assert (endpoint.host, endpoint.state) == (urlsplit(receiver.url).netloc, "slow")
    posts.lasted_s = 0.1
    posts.made.clear()
    asked_at = world.clock.now()
    create_event(graph, attendees=[])
    run(world, timedelta(minutes=11))
    assert [post.at - asked_at for post in posts.made] == [timedelta(minutes=10, seconds=5)]
    assert world.endpoints()[0].state == "ok"
    create_event(graph, attendees=[])
    run(world, timedelta(seconds=5))
    assert len(posts.made) == 2, "told without delay again"


def test_point_7_a_tenth_of_late_answers_is_borne(world, graph, receiver):
    subscribe(graph, receiver)
    posts = Posts(world, lasted_s=3.5)
    answers(world, graph, 2)
    posts.lasted_s = 2.9
    answers(world, graph, 28)
    [endpoint] = world.endpoints()
    assert (endpoint.state, endpoint.answers, endpoint.over_3_s) == ("ok", 30, 2)


def test_point_7_what_is_new_for_a_dropped_endpoint_is_lost_and_outlook_says_missed_once(world, graph, receiver):
    chat = world.create_chat(ANA, BO)
    subscribe(graph, receiver)
    subscribe(graph, receiver, resource=f"chats/{chat.id}/messages", expirationDateTime="2026-01-07T08:00:00Z")
    posts = Posts(world, lasted_s=11.0)
    answers(world, graph, 20)
    [endpoint] = world.endpoints()
    assert endpoint.state == "drop"
    assert endpoint.until == world.clock.now() + timedelta(minutes=10) - timedelta(seconds=1)
    posts.lasted_s = 0.1
    posts.made.clear()
    for _ in range(3):
        create_event(graph, attendees=[])
    world.post_message(chat.id, ANA, "never told")
    run(world, timedelta(hours=5))
    assert posts.changes() == []
    assert [event for event in posts.lifecycle() if event == "missed"] == ["missed"]
    assert len(world.journal.entries("notification_dropped")) == 4
    create_event(graph, attendees=[])
    run(world, timedelta(minutes=1))
    assert len(posts.changes()) == 1


def test_point_7_no_answer_counts_as_over_the_time_it_had(world, graph, receiver):
    subscribe(graph, receiver)
    Posts(world, status=0)
    answers(world, graph, 4)
    [endpoint] = world.endpoints()
    first = 4
    assert (endpoint.over_3_s, endpoint.over_10_s) == (endpoint.answers, endpoint.answers - first)
    answers(world, graph, 10)
    assert world.endpoints()[0].state == "drop"


def test_point_7_states_are_shown_by_the_control_api_and_can_be_switched_off(world, graph, receiver):
    control = Control(world)
    subscribe(graph, receiver)
    Posts(world, lasted_s=11.0)
    answers(world, graph, 20)
    status, shown = control.respond("GET", "/endpoints", None)
    assert status == 200
    assert [(each["host"], each["state"]) for each in shown["value"]] == [(urlsplit(receiver.url).netloc, "drop")]
    control.respond("PATCH", "/behavior", {"endpoint_states": False})
    create_event(graph, attendees=[])
    run(world, timedelta(seconds=5))
    assert world.journal.entries("notification_dropped") == []


# 8. Faults ---------------------------------------------------------------------------------------------------


def one_spoiled(world, graph, receiver, kind, **more):
    subscribe(graph, receiver, changeType="created")
    fault = world.faults.add(Fault(operation="notify", kind=kind, **more))
    event = create_event(graph, attendees=[])
    run(world, timedelta(minutes=10))
    assert fault.struck == 1
    return event


@pytest.mark.parametrize(("kind", "number"), [("duplicate", 2), ("lost", 0), ("delayed", 1), ("reordered", 1)])
def test_point_8_items_come_twice_never_late_or_after_the_next(world, graph, receiver, kind, number):
    event = one_spoiled(world, graph, receiver, kind)
    assert [item["resourceData"]["id"] for item in receiver.changes()] == [event["id"]] * number


def test_point_8_reordered_items_change_places(world, graph, receiver):
    subscribe(graph, receiver, changeType="created")
    world.faults.add(Fault(operation="notify", kind="reordered"))
    events = [create_event(graph, attendees=[])["id"] for _ in range(2)]
    run(world, timedelta(minutes=1))
    assert [item["resourceData"]["id"] for item in receiver.changes()] == events[::-1]


def test_point_8_a_wrong_client_state_and_an_unknown_subscription(world, graph, receiver):
    one_spoiled(world, graph, receiver, "wrong_client_state")
    world.faults.add(Fault(operation="notify", kind="unknown_subscription"))
    create_event(graph, attendees=[])
    run(world, timedelta(minutes=1))
    [foreign, unknown] = receiver.changes()
    [known] = [item["id"] for item in graph.get("/subscriptions").json()["value"]]
    assert (foreign["subscriptionId"], foreign["clientState"]) == (known, "not-s3-8d1c0f7e2b")
    assert unknown["subscriptionId"] != known


def test_point_8_a_huge_batch(world, graph, receiver):
    event = one_spoiled(world, graph, receiver, "huge_batch")
    [body] = [body for _, body in receiver.spool]
    assert [item["resourceData"]["id"] for item in body["value"]] == [event["id"]] * 500


def test_point_8_json_that_breaks_off_is_refused_and_comes_again_whole(world, graph, receiver):
    event = one_spoiled(world, graph, receiver, "malformed_json")
    assert len(receiver.bodies) == 2
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(receiver.bodies[0])
    assert [item["resourceData"]["id"] for item in receiver.changes()] == [event["id"]]


def test_point_8_properties_nobody_knows(world, graph, receiver):
    one_spoiled(world, graph, receiver, "extra_properties")
    [(_, body)] = receiver.spool
    assert {"value", "@odata.context"} < set(body)
    [item] = body["value"]
    assert {"organizationId", "sandboxExtra"} < set(item)
    assert "sandboxExtra" in item["resourceData"]


def test_point_8_another_case_and_punctuation_and_the_same_ids(world, graph, receiver):
    subscribe(graph, receiver, changeType="created")
    world.faults.add(Fault(operation="notify", kind="other_case", times="always"))
    events = [create_event(graph, attendees=[])["id"] for _ in range(20)]
    run(world, timedelta(minutes=1))
    forms = set()
    for item in receiver.changes():
        resource, item_id = item["resource"], item["resourceData"]["id"]
        assert resource == item["resourceData"]["@odata.id"]
        assert item_id in events
        assert item_id in resource
        assert item["resourceData"]["@odata.type"] == "#microsoft.graph.event"
        forms.add(resource.replace(item_id, "ID").replace(world.user(ANA).id, "OID").replace(world.tenant_id, "TID"))
    assert forms == {"users('OID')/events('ID')", "USERS/OID/EVENTS/ID", "Users('OID')/Events('ID')",
                     "users/OID/events/ID", "users/OID@TID/events/ID"}  # fmt: skip


def test_point_8_another_form_of_a_chats_message(world, graph, receiver):
    chat = world.create_chat(ANA, BO)
    subscribe(graph, receiver, resource=f"chats/{chat.id}/messages", expirationDateTime="2026-01-07T08:00:00Z")
    world.faults.add(Fault(operation="notify", kind="other_case"))
    message = world.post_message(chat.id, ANA, "x")
    run(world, timedelta(minutes=1))
    [item] = receiver.changes()
    assert item["resource"] != f"chats('{chat.id}')/messages('{message.id}')"
    assert item["resource"].replace("'", "").replace("(", "/").replace(")", "").lower() == (
        f"chats/{chat.id}/messages/{message.id}"
    )
    assert item["resourceData"]["id"] == message.id


def test_point_8_an_expiry_with_an_offset_is_the_same_instant(world, graph, receiver):
    one_spoiled(world, graph, receiver, "offset_expiry")
    [item] = receiver.changes()
    assert item["subscriptionExpirationDateTime"] == "2026-01-10T13:30:00+05:30"
    assert datetime.fromisoformat(item["subscriptionExpirationDateTime"]) == datetime.fromisoformat("2026-01-10T08:00Z")


def test_point_8_a_subscription_may_be_there_though_its_request_was_throttled(world, graph, receiver):
    world.faults.add(Fault(operation="createSubscription", kind="throttled_after", retry_after_s=3))
    answer = graph.post("/subscriptions", json=asked(receiver))
    assert error(answer) == (429, "ApplicationThrottled")
    assert answer.headers["Retry-After"] == "3"
    assert len(graph.get("/subscriptions").json()["value"]) == 1


# 9. Resource data (test_sandbox_rich_notifications.py has the whole of it) -----------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_point_9_resource_data_is_encrypted_and_proven_by_published_keys(files, version):
    world = a_world(validation_token_version=version)
    key, certificate = key_pair()
    with serving(world) as server, client_of(server) as graph, IndependentReceiver(*files) as receiver:
        discovery = f"{server.base_url}/common/v2.0/.well-known/openid-configuration"
        receiver.proof = Proof(discovery, CERTIFICATES.ssl_context(), ["app"], [world.tenant_id], {"enc": key})
        created = subscribe(
            graph,
            receiver,
            resource=f"users/{ANA}/events?$select=subject",
            expirationDateTime="2026-01-06T08:00:00Z",
            includeResourceData=True,
            encryptionCertificate=as_der_text(certificate),
            encryptionCertificateId="enc",
        )
        receiver.proof.client_states[created["id"]] = "s3-8d1c0f7e2b"
        create_event(graph)
        run(world, timedelta(minutes=1))
        assert [found.data for found in receiver.work()] == [{"subject": "Mentoring"}]
        assert receiver.refused == []


# 10. Several items of one edit -------------------------------------------------------------------------------


def test_point_10_one_patch_gives_one_to_three_items_in_every_mailbox_with_a_copy(world, graph, receiver):
    world.behavior.updated_items = (1, 3)
    mine = subscribe(graph, receiver, changeType="updated")["id"]
    theirs = subscribe(graph, receiver, resource=f"users/{BO}/events", changeType="updated")["id"]
    path = f"/users/{ANA}/events/{create_event(graph)['id']}"
    seen = {mine: set(), theirs: set()}
    for number in range(15):
        receiver.spool.clear()
        assert graph.patch(path, json={"subject": f"Mentoring {number}"}).status_code == 200
        run(world, timedelta(minutes=1))
        for who, counts in seen.items():
            counts.add(len([item for item in receiver.changes() if item["subscriptionId"] == who]))
    assert seen == {mine: {1, 2, 3}, theirs: {1, 2, 3}}


# 11. Time ----------------------------------------------------------------------------------------------------


def test_point_11_retries_lifetime_and_lifecycle_pass_as_fast_as_the_clock_is_set(world, graph, receiver):
    created = subscribe(graph, receiver, expirationDateTime="2026-01-11T08:00:00Z")
    posts = Posts(world, status=503)
    create_event(graph)
    run(world, timedelta(hours=5))
    posts.status = 202
    posts.made.clear()
    run(world, timedelta(days=6))
    assert posts.lifecycle().count("reauthorizationRequired") == 2
    assert graph.get(f"/subscriptions/{created['id']}").status_code == 404
    assert len(world.journal.entries("subscription_expired")) == 1


# 12. Event Hubs ----------------------------------------------------------------------------------------------

HUB = "EventHub:https://fabrikam.servicebus.windows.net/eventhubname/graph?tenantId=fabrikam.example"


def test_point_12_a_hub_is_sent_a_message_to_ignore_and_then_what_happens(world, graph, receiver):
    created = subscribe(graph, receiver, notificationUrl=HUB, lifecycleNotificationUrl=HUB, changeType="created")
    event = create_event(graph, attendees=[])
    run(world, timedelta(minutes=1))
    _, shown = Control(world).respond("GET", "/event-hubs", None)
    [hub] = shown["value"]
    assert hub["url"] == HUB
    *validations, message = [body["value"][0] for body in hub["messages"]]
    assert len(validations) == 2
    assert validations[0]["changeType"].startswith("Validation: Testing client application reachability for")
    assert {name: validations[0][name] for name in ("subscriptionId", "clientState", "resource")} == {
        "subscriptionId": "NA",
        "clientState": "NA",
        "resource": "NA",
    }
    assert (message["subscriptionId"], message["resourceData"]["id"]) == (created["id"], event["id"])
    assert receiver.handshakes == []
    assert world.endpoints() == []


def test_point_12_a_hub_gets_resource_data_without_tokens(world, graph, receiver):
    rich = {"includeResourceData": True, "encryptionCertificateId": "e", "expirationDateTime": "2026-01-06T08:00:00Z"}
    certificate = as_der_text(key_pair()[1])
    resource = f"users/{ANA}/events?$select=subject"
    subscribe(graph, receiver, notificationUrl=HUB, resource=resource, encryptionCertificate=certificate, **rich)
    create_event(graph, attendees=[])
    run(world, timedelta(minutes=1))
    last = world.event_hubs.messages()[HUB][-1]
    assert set(last) == {"value"}
    assert "encryptedContent" in last["value"][0]


@pytest.mark.parametrize(
    "url",
    [
        "EventHub:https://fabrikam.servicebus.windows.net/graph?tenantId=fabrikam.example",
        "EventHub:https://fabrikam.servicebus.windows.net/eventhubname/graph",
        "EventHub:https://vault.example/secrets/graph?tenantId=fabrikam.example",
    ],
)
def test_point_12_a_url_that_names_no_hub_is_refused(graph, receiver, url):
    answer = graph.post("/subscriptions", json=asked(receiver, notificationUrl=url))
    assert error(answer) == (400, "InvalidRequest")
    assert "is no Event Hubs URL" in said(answer)
