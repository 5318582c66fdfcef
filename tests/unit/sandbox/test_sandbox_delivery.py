"""Subscriptions and what their receivers get, in virtual time, with a receiver made of a list."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sandbox_builders import an_event, let_pass

from graphsync.sandbox import Fault, GraphRefusal
from graphsync.sandbox.notifications.posting import Receipt

URL = "https://hooks.test/notify"
LIFE = "https://hooks.test/lifecycle"


class Receiver:
    def __init__(self) -> None:
        self.status = 202
        self.posts: list[tuple[str, list[dict], float]] = []

    def __call__(self, url, body, headers, timeout_s):
        self.posts.append((url, json.loads(body)["value"], timeout_s))
        return Receipt(self.status)

    def items(self, url=URL):
        return [item for where, items, _ in self.posts for item in items if where == url]


@pytest.fixture
def receiver(world):
    made = Receiver()
    world.deliver = made
    return made


@pytest.fixture
def application(world):
    permissions = {"Calendars.ReadWrite": None, "Chat.Read.All": None, "Mail.Read": None}
    world.add_application(client_id="app", secret="s", permissions=permissions)
    return world.directory.applications["app"]


def subscribe(world, application, resource, minutes=10_000, change_type="created,updated,deleted", **more):
    expires = world.clock.now() + timedelta(minutes=minutes)
    body = {
        "changeType": change_type,
        "notificationUrl": URL,
        "lifecycleNotificationUrl": LIFE,
        "resource": resource,
        "expirationDateTime": expires.isoformat(),
        "clientState": "state",
        **more,
    }
    body = {name: value for name, value in body.items() if value is not None}
    subscription = world.subscriptions.store(world.subscriptions.check(body, application), application)
    world.notifier.began(subscription)
    return subscription


def test_every_mailbox_with_a_copy_tells_of_a_change(world, ana, bo, receiver, application):
    mine = subscribe(world, application, f"users/{ana.id}/events")
    theirs = subscribe(world, application, f"/users/{bo.address}/events")
    meeting = world.create_event(ana, an_event(bo.address), actor="app:app")
    let_pass(world, timedelta(minutes=1))
    told = {(item["subscriptionId"], item["changeType"], item["resourceData"]["id"]) for item in receiver.items()}
    copy = world.event_by_ical_uid(bo, meeting.ical_uid)
    assert told == {(mine.id, "created", meeting.id), (theirs.id, "created", copy.id)}
    item = receiver.items()[0]
    assert item["clientState"] == "state"
    assert item["tenantId"] == world.tenant_id
    assert item["resource"] == item["resourceData"]["@odata.id"]


def test_one_edit_gives_one_to_three_items(world, ana, receiver, application):
    subscribe(world, application, f"users/{ana.id}/events", change_type="updated")
    event = world.create_event(ana, an_event(), actor="x")
    counts = set()
    for number in range(20):
        before = len(receiver.items())
        world.patch_event(ana, event.id, {"subject": str(number)}, actor="x")
        let_pass(world, timedelta(minutes=1))
        counts.add(len(receiver.items()) - before)
    assert counts == {1, 2, 3}


def test_items_due_together_share_a_request_up_to_a_limit(world, ana, receiver, application):
    world.behavior.event_notification_delay = (5, 5)
    world.behavior.notifications_per_request = 4
    subscribe(world, application, f"users/{ana.id}/events", change_type="created")
    for day in range(12, 18):
        world.create_event(ana, an_event(start=f"2026-01-{day}T10:00:00", end=f"2026-01-{day}T11:00:00"), actor="x")
    let_pass(world, timedelta(seconds=5))
    assert [len(items) for _, items, _ in receiver.posts] == [4, 2]


def test_a_receiver_that_fails_is_tried_again_with_longer_waits_for_four_hours(world, ana, receiver, application):
    receiver.status = 503
    subscribe(world, application, f"users/{ana.id}/events", change_type="created")
    world.create_event(ana, an_event(), actor="x")
    let_pass(world, timedelta(hours=6))
    assert [timeout for url, _, timeout in receiver.posts if url == URL] == [3.0] + [10.0] * 10
    assert len(world.journal.entries("notification_dropped")) == 1
    assert {item["lifecycleEvent"] for item in receiver.items(LIFE)} == {"missed"}


def test_a_receiver_that_recovers_gets_what_it_missed(world, ana, receiver, application):
    receiver.status = 0
    subscribe(world, application, f"users/{ana.id}/events", change_type="created")
    world.create_event(ana, an_event(), actor="x")
    let_pass(world, timedelta(minutes=2))
    receiver.status = 202
    let_pass(world, timedelta(hours=1))
    assert len(world.journal.entries("notification_delivered")) == 1
    assert world.notifier.waiting() == 0


def test_an_expired_subscription_vanishes(world, ana, receiver, application):
    subscription = subscribe(world, application, f"users/{ana.id}/events", minutes=60)
    let_pass(world, timedelta(minutes=59))
    assert [item["lifecycleEvent"] for item in receiver.items(LIFE)] == ["reauthorizationRequired"] * 1
    let_pass(world, timedelta(minutes=1))
    assert world.live_subscriptions() == []
    with pytest.raises(GraphRefusal) as refused:
        world.subscriptions.find(subscription.id, application)
    assert refused.value.status == 404
    world.create_event(ana, an_event(), actor="x")
    let_pass(world, timedelta(minutes=1))
    assert receiver.items() == []


def test_chat_messages_and_reactions_are_told_to_both_kinds_of_watchers(world, ana, bo, receiver, application):
    chat = world.create_chat(ana, bo)
    subscribe(world, application, f"chats/{chat.id}/messages", 50, lifecycleNotificationUrl=None)
    subscribe(world, application, f"users/{bo.id}/chats/getAllMessages", 4000)
    message = world.post_message(chat.id, ana, "x")
    world.react(chat.id, message.id, bo)
    let_pass(world, timedelta(minutes=1))
    told = sorted(item["changeType"] for item in receiver.items())
    assert told == ["created", "created", "updated", "updated"]
    assert receiver.items()[0]["resource"] == f"chats('{chat.id}')/messages('{message.id}')"


def test_mail_that_arrives_is_told(world, ana, bo, receiver, application):
    subscribe(world, application, f"users/{bo.id}/mailFolders('inbox')/messages", change_type="created")
    world.create_event(ana, an_event(bo.address), actor="x")
    let_pass(world, timedelta(minutes=1))
    assert len(receiver.items()) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("duplicate", 2), ("lost", 0), ("delayed", 1), ("reordered", 1), ("wrong_client_state", 1)],
)
def test_faults_of_delivery(world, ana, receiver, application, kind, expected):
    subscribe(world, application, f"users/{ana.id}/events", change_type="created")
    fault = world.faults.add(Fault(operation="notify", kind=kind, announce=True))
    world.create_event(ana, an_event(), actor="x")
    let_pass(world, timedelta(minutes=10))
    assert fault.struck == 1
    assert len(receiver.items()) == expected
    assert bool(receiver.items(LIFE)) is (kind == "lost")
    if kind == "wrong_client_state":
        assert receiver.items()[0]["clientState"] != "state"


def test_graph_can_take_a_subscription_away_and_says_so(world, ana, receiver, application):
    subscription = subscribe(world, application, f"users/{ana.id}/events")
    world.create_event(ana, an_event(), actor="x")
    world.remove_subscription(subscription.id)
    let_pass(world, timedelta(minutes=1))
    assert receiver.items() == []
    assert [item["lifecycleEvent"] for item in receiver.items(LIFE)] == ["subscriptionRemoved"]


def test_graph_can_lose_what_waits(world, ana, receiver, application):
    subscription = subscribe(world, application, f"users/{ana.id}/events")
    world.create_event(ana, an_event(), actor="x")
    assert world.lose_notifications(subscription.id, announce=True) == 1
    let_pass(world, timedelta(minutes=1))
    assert receiver.items() == []
    assert [item["lifecycleEvent"] for item in receiver.items(LIFE)] == ["missed"]


def test_a_change_is_told_to_those_alone_who_watch_when_it_happens(world, ana, receiver, application):
    gone = subscribe(world, application, f"users/{ana.id}/events")
    world.remove_subscription(gone.id)
    first = subscribe(world, application, f"users/{ana.id}/events", change_type="created,updated")
    second = subscribe(world, application, f"Users('{ana.address}')/calendar/events", change_type="created")
    subscribe(world, application, f"users/{ana.id}/messages", change_type="created")
    world.create_event(ana, an_event(), actor=ana.address)
    let_pass(world, timedelta(minutes=1))
    assert sorted(item["subscriptionId"] for item in receiver.items()) == sorted((first.id, second.id))


@pytest.mark.parametrize(
    ("change", "status", "part"),
    [
        ({"expirationDateTime": None}, 400, "expirationDateTime is a required property"),
        ({"expirationDateTime": "2026-01-06T08:00:00"}, 400, "Could not process subscription creation payload"),
        ({"expirationDateTime": "2026-01-12T08:00:00Z"}, 400, "can only be 10070 minutes in the future"),
        ({"notificationURL": URL}, 400, "did you mean 'notificationUrl'"),
        ({"notificationUrl": "http://hooks.test/"}, 400, "https"),
        ({"changeType": "changed"}, 400, "changeType"),
        ({"clientState": "x" * 129}, 400, "128"),
        ({"resource": "users/ana@fabrikam.test/event"}, 400, "not supported"),
        ({"resource": "users/ghost@fabrikam.test/events"}, 404, "Status Code: NotFound"),
        ({"resource": "users/none@fabrikam.test/events"}, 404, "REST API is not yet supported"),
        ({"includeResourceData": True}, 400, "encryptionCertificate is required"),
    ],
)
def test_a_subscription_graph_does_not_take_is_refused_in_its_words(world, ana, application, change, status, part):
    world.add_user(address="none@fabrikam.test", display_name="x", windows_time_zone="UTC", mailbox="none")
    with pytest.raises(GraphRefusal) as refused:
        subscribe(world, application, **{"resource": f"users/{ana.id}/events", **change})
    assert refused.value.status == status
    assert part in refused.value.message


def test_a_chat_subscription_over_an_hour_needs_a_lifecycle_url(world, ana, bo, application):
    chat = world.create_chat(ana, bo)
    with pytest.raises(GraphRefusal, match="lifecycleNotificationUrl is required"):
        subscribe(world, application, f"chats/{chat.id}/messages", 61, lifecycleNotificationUrl=None)
    with pytest.raises(GraphRefusal, match=r"beyond allowed max '3\.00:00:00'"):
        subscribe(world, application, f"chats/{chat.id}/messages", 4_400)


def test_a_short_life_is_raised_to_45_minutes_and_a_switch_grants_less(world, ana, application):
    short = subscribe(world, application, f"users/{ana.id}/events", minutes=5, change_type="created")
    assert short.expires_at == world.clock.now() + timedelta(minutes=45)
    world.behavior.longest_grant = timedelta(days=1)
    less = subscribe(world, application, f"users/{ana.id}/events", change_type="updated")
    assert less.expires_at == world.clock.now() + timedelta(days=1)


def test_duplicates_are_a_conflict_unless_switched(world, ana, application):
    first = subscribe(world, application, f"users/{ana.id}/events")
    with pytest.raises(GraphRefusal, match=first.id):
        subscribe(world, application, f"users/{ana.id}/events")
    world.behavior.duplicate_subscriptions = "allow"
    assert subscribe(world, application, f"users/{ana.id}/events").id != first.id


def test_the_permission_must_cover_the_mailbox(world, ana, bo, application):
    world.add_application(client_id="app", permissions={"Calendars.Read": frozenset({ana.id})})
    scoped = world.directory.applications["app"]
    subscribe(world, scoped, f"users/{ana.id}/events")
    with pytest.raises(GraphRefusal, match="Access denied") as refused:
        subscribe(world, scoped, f"users/{bo.id}/events")
    assert refused.value.status == 403


def test_a_fault_must_fit_its_operation():
    with pytest.raises(ValueError, match="no fault of 'notify'"):
        Fault(operation="notify", kind="throttled")
    with pytest.raises(ValueError, match="at least once"):
        Fault(operation="getEvent", kind="throttled", times=0)


def test_a_fault_skips_then_strikes_as_often_as_it_says(world):
    fault = world.faults.add(Fault(operation="getEvent", kind="throttled", skip=1, times=2, subject="/ana"))
    struck = [world.faults.strike("getEvent", path) for path in ("/ana", "/bo", "/ana", "/ana", "/ana")]
    assert struck == [None, None, fault, fault, None]
