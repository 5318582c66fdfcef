"""Facts of subscriptions on the wire."""

from __future__ import annotations

import re

import pytest
from contract.wire_facts.wire_target import fact

API = "https://learn.microsoft.com/graph/api"
WEBHOOKS = "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks"
ISSUES = "https://github.com/microsoftgraph/microsoft-graph-docs/issues"


@pytest.fixture(autouse=True)
def _one_after_the_other(target):
    yield
    target.forget_subscriptions()


def refused(answer):
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


@fact("a subscription is made with 201 and tells what was asked for", page=f"{API}/subscription-post-subscriptions")
def test_create(target):
    answer = target.subscription()
    subscription = answer.json()
    assert answer.status_code == 201
    assert (subscription["changeType"], subscription["clientState"]) == ("created", "wire-facts")
    assert subscription["notificationUrl"] == target.receiver_url
    assert subscription["resource"] == f"{target.mailbox[1:]}/events"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", subscription["expirationDateTime"])
    assert subscription["applicationId"]


@fact("lists hide clientState", page=f"{API}/subscription-list")
def test_list(graph, target):
    made = target.subscription().json()
    listed = graph.get("/subscriptions").json()["value"]
    [mine] = [each for each in listed if each["id"] == made["id"]]
    assert mine["clientState"] is None
    assert mine["resource"] == made["resource"]


@fact("PATCH of the expiry answers 200 with the subscription", page=f"{API}/subscription-update")
def test_renew(graph, target):
    made = target.subscription().json()
    later = target.expiry(hours=3)
    answer = graph.patch(f"/subscriptions/{made['id']}", json={"expirationDateTime": later})
    assert answer.status_code == 200
    assert answer.json()["id"] == made["id"]
    assert answer.json()["expirationDateTime"][:16] == later[:16]


@fact("reauthorize is answered 204 and leaves the expiry", page=f"{API}/subscription-reauthorize", reading=True)
def test_reauthorize(graph, target):
    made = target.subscription().json()
    answer = graph.post(f"/subscriptions/{made['id']}/reauthorize")
    target.reads(answer.status_code, sandbox=204, live=(200, 202, 204))
    read = graph.get(f"/subscriptions/{made['id']}").json()
    assert read["expirationDateTime"][:16] == made["expirationDateTime"][:16]


@fact("DELETE is answered 204; what is gone is 404", page=f"{API}/subscription-delete")
def test_delete(graph, target):
    path = f"/subscriptions/{target.subscription().json()['id']}"
    assert graph.delete(path).status_code == 204
    assert graph.get(path).status_code == 404


@fact(
    "a receiver that does not echo is 400, in these words",
    page="https://github.com/pnp/Microsoft365-Analytics-Insights/issues/273",
    reading=True,
)
def test_handshake_fails(target):
    error = refused(target.subscription(notificationUrl=target.deaf_url))
    target.reads(error["code"], sandbox="InvalidRequest", live=("InvalidRequest", "ValidationError"))
    assert error["message"].startswith("Subscription validation request")


@fact("an expiry is required", page=f"{ISSUES}/4092")
def test_expiry_is_required(target):
    error = refused(target.subscription(expirationDateTime=None))
    assert "expirationDateTime" in error["message"]


@fact("an expiry has its zone", page=f"{ISSUES}/2231")
def test_expiry_has_its_zone(target):
    refused(target.subscription(expirationDateTime=target.expiry(hours=1).removesuffix("Z")))


@fact(
    "events can be watched for a week at most: 400, or less is granted",
    page=f"{API}/resources/subscription",
    reading=True,
)
def test_longest_life(target):
    answer = target.subscription(expirationDateTime=target.expiry(days=30))
    target.reads(answer.status_code, sandbox=400, live=(400, 201))
    if answer.status_code == 400:
        assert re.search(r"can only be \d+ minutes in the future", answer.json()["error"]["message"])


@fact("chats for over an hour need a lifecycle URL", page=f"{API}/resources/subscription")
def test_chats_need_a_lifecycle_url(target):
    resource = f"{target.mailbox[1:]}/chats/getAllMessages"
    error = refused(target.subscription(resource=resource, expirationDateTime=target.expiry(hours=2)))
    assert "lifecycleNotificationUrl" in error["message"]


@fact("a second one of the same kind is 409, or made all the same", page=WEBHOOKS, reading=True)
def test_duplicate(target):
    target.subscription()
    target.reads(target.subscription().status_code, sandbox=409, live=(409, 201))
