import io
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from notification_store_fake import DISK_FULL, LOCKED, FakeNotificationStore

from graphsync.clock import SteppedClock
from graphsync.engine.ports import Subject, SubjectKind, Subscription
from graphsync.notifications import MAX_ITEMS
from graphsync.store.database import open_store
from graphsync.web import create_app, receiver_paths
from graphsync.web.app import MAX_BODY_BYTES
from graphsync.web.intake import Intake, StoreForNotifications
from graphsync.web.lookup import READS_AT_ONCE

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NOTIFICATIONS, LIFECYCLE = receiver_paths("")

MAILBOX = Subject(kind=SubjectKind.MAILBOX, owner="user-1")
CHAT = Subject(kind=SubjectKind.CHAT, owner="19:6f2d@thread.v2")
MAILBOX_SUBSCRIPTION = Subscription(
    resource="users/user-1/events", subject=MAILBOX, client_state="state-of-mailbox", id="sub-mailbox"
)
CHAT_SUBSCRIPTION = Subscription(
    resource="chats/19:6f2d@thread.v2/messages", subject=CHAT, client_state="state-of-chat", id="sub-chat"
)
NEW_SUBSCRIPTION = Subscription(
    resource="users/user-2/events",
    subject=Subject(kind=SubjectKind.MAILBOX, owner="user-2"),
    client_state="state-of-new",
)
WANTED = [MAILBOX_SUBSCRIPTION, CHAT_SUBSCRIPTION, NEW_SUBSCRIPTION]


def event(item, owner="user-1"):
    return Subject(kind=SubjectKind.EVENT, owner=owner, item=item)


def changed(item="event-1", *, subscription="sub-mailbox", state="state-of-mailbox", **members):
    return {
        "subscriptionId": subscription,
        "clientState": state,
        "changeType": "updated",
        "resource": f"Users/user-1/Events/{item}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": item},
    } | members


def lifecycle(what, *, subscription="sub-mailbox", state="state-of-mailbox"):
    return {"subscriptionId": subscription, "clientState": state, "lifecycleEvent": what}


class Receiver:
    """The application over a store, and what a test asks of both."""

    def __init__(self, intake, client):
        self.intake = intake
        self.client = client

    def post(self, *items, path=NOTIFICATIONS):
        return self.client.post(path, json={"value": list(items)})

    def counts(self, *names):
        counts = self.intake.counters.as_dict()
        return {name: counts[name] for name in names}


@pytest.fixture
def clock():
    return SteppedClock(NOW)


@pytest.fixture
def a_receiver(clock):
    """Builds started receivers, and stops them at the end."""
    started = []

    def build(store, *, path_secret="", **options):
        intake = Intake(store, clock, **options)
        intake.start()
        started.append(intake)
        return Receiver(intake, create_app(intake=intake, clock=clock, path_secret=path_secret).test_client())

    yield build
    for intake in started:
        assert intake.stop()


@pytest.fixture
def fake():
    return FakeNotificationStore(WANTED)


@pytest.fixture
def receiver(a_receiver, fake):
    return a_receiver(fake)


@pytest.fixture
def sql_store(tmp_path, clock):
    store = open_store(f"sqlite:///{tmp_path / 'graphsync.db'}", clock)
    with store.transaction() as ledger:
        for wanted in WANTED:
            ledger.subscriptions.save(wanted)
    yield store
    store.close()


def dirty(store):
    with store.transaction() as ledger:
        return {claim.subject for claim in ledger.work.claim(NOW, SubjectKind, 10_000)}


# ---------------------------------------------------------------- on the real store


def test_what_is_answered_202_is_in_the_database(a_receiver, sql_store):
    receiver = a_receiver(StoreForNotifications(sql_store))

    answer = receiver.post(changed("event-1"), changed("event-2"), changed("event-1"))

    assert (answer.status_code, answer.data) == (202, b"")
    assert dirty(sql_store) == {event("event-1"), event("event-2")}
    with sql_store.transaction() as ledger:
        assert ledger.subscriptions.get("users/user-1/events").last_notified_at == NOW
        assert ledger.subscriptions.get("users/user-2/events").last_notified_at is None


def test_a_mixed_batch_of_real_forged_unknown_and_malformed_items(a_receiver, sql_store):
    receiver = a_receiver(StoreForNotifications(sql_store))

    answer = receiver.post(
        changed("event-1"),
        None,
        changed("event-2", state="forged"),
        changed("event-3", subscription="sub-of-nobody"),
        changed("event-4", subscription="granted-a-moment-ago", state="state-of-new"),
        lifecycle("subscriptionRemoved", subscription="sub-chat", state="state-of-chat"),
        {"subscriptionId": "sub-mailbox", "clientState": "state-of-mailbox"},
    )

    assert answer.status_code == 202
    assert dirty(sql_store) == {
        event("event-1"),
        event("event-4", owner="user-2"),
        CHAT,
        Subject(kind=SubjectKind.SUBSCRIPTION, owner=CHAT_SUBSCRIPTION.resource),
    }
    assert receiver.counts("received", "malformed", "mismatched", "unknown", "committed", "commits") == {
        "received": 7,
        "malformed": 2,
        "mismatched": 1,
        "unknown": 1,
        "committed": 3,
        "commits": 1,
    }


def test_a_locked_database_is_answered_503_and_the_repeat_202(a_receiver, clock, tmp_path):
    url = f"sqlite:///{tmp_path / 'graphsync.db'}"
    ours = open_store(url, clock, busy_timeout=timedelta(milliseconds=50))
    theirs = open_store(url, clock)
    with theirs.transaction() as ledger:
        ledger.subscriptions.save(MAILBOX_SUBSCRIPTION)
    receiver = a_receiver(StoreForNotifications(ours))
    assert receiver.post().status_code == 202

    with theirs.transaction() as ledger:
        ledger.work.mark(CHAT, NOW)
        assert receiver.post(changed()).status_code == 503
        assert receiver.client.get("/readyz").status_code == 503
    assert receiver.post(changed()).status_code == 202

    assert dirty(ours) == {CHAT, event("event-1")}
    ours.close()
    theirs.close()


def test_as_many_items_as_are_allowed_are_committed_at_once(a_receiver, sql_store):
    receiver = a_receiver(StoreForNotifications(sql_store))
    few_bytes = {"subscriptionId": "sub-mailbox", "clientState": "state-of-mailbox", "changeType": "updated"}

    answer = receiver.post(*(few_bytes | {"resourceData": {"id": f"e{n}"}} for n in range(MAX_ITEMS)))

    assert answer.status_code == 202
    assert len(dirty(sql_store)) == MAX_ITEMS
    assert receiver.counts("commits") == {"commits": 1}


# ---------------------------------------------------------------- marks


@pytest.mark.parametrize("path", [NOTIFICATIONS, LIFECYCLE])
@pytest.mark.parametrize(
    ("item", "marks"),
    [
        (changed("event-1"), [event("event-1")]),
        (changed(resourceData=None), [event("event-1")]),
        (changed(resourceData=None, resource="Users/user-1/Events"), [MAILBOX]),
        (changed(resourceData={"@odata.type": "#microsoft.graph.message", "id": "mail-1"}), [MAILBOX]),
        (
            changed("1764", subscription="sub-chat", state="state-of-chat"),
            [CHAT],
        ),
        (lifecycle("missed"), [MAILBOX]),
        (lifecycle("missed", subscription="sub-chat", state="state-of-chat"), [CHAT]),
        (
            lifecycle("reauthorizationRequired"),
            [Subject(kind=SubjectKind.SUBSCRIPTION, owner="users/user-1/events")],
        ),
        (
            lifecycle("subscriptionRemoved"),
            [MAILBOX, Subject(kind=SubjectKind.SUBSCRIPTION, owner="users/user-1/events")],
        ),
        (
            lifecycle("something Microsoft adds next year"),
            [MAILBOX, Subject(kind=SubjectKind.SUBSCRIPTION, owner="users/user-1/events")],
        ),
    ],
    ids=[
        "event",
        "event named by its path",
        "event not named",
        "something else than an event",
        "chat message",
        "missed in a mailbox",
        "missed in a chat",
        "reauthorization",
        "removed",
        "new lifecycle event",
    ],
)
def test_both_addresses_take_both_kinds_and_mark_what_they_are_about(receiver, fake, path, item, marks):
    assert receiver.post(item, path=path).status_code == 202
    assert fake.commits == [(marks, NOW, [fake.wanted[item["subscriptionId"] == "sub-chat"].resource])]


# ---------------------------------------------------------------- clientState


@pytest.mark.parametrize("state", ["forged", "", None, "state-of-mailbox ", "State-of-mailbox", "é", "state-of-chat"])
def test_another_client_state_is_dropped_and_answered_like_the_right_one(receiver, fake, caplog, state):
    forged = receiver.post(changed(state=state))
    genuine = receiver.post(changed())

    assert (forged.status_code, forged.data, list(forged.headers)) == (202, b"", list(genuine.headers))
    assert len(fake.commits) == 1
    assert receiver.counts("mismatched", "committed") == {"mismatched": 1, "committed": 1}
    assert "'sub-mailbox'" in caplog.text
    assert "state-of" not in caplog.text
    assert not state or state not in caplog.text


def test_a_subscription_saved_without_a_client_state_accepts_nothing(a_receiver):
    fake = FakeNotificationStore([Subscription(resource="r", subject=MAILBOX, client_state="", id="sub-mailbox")])
    receiver = a_receiver(fake)

    assert receiver.post(changed(state=""), changed(state="", subscription="other")).status_code == 202
    assert fake.commits == []


def test_a_flood_of_forged_items_is_one_line_in_the_log(receiver, caplog):
    receiver.post(*(changed(subscription=f"sub-{n}") for n in range(1000)))

    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("1000 notifications dropped: subscriptions ['sub-0', ")
    assert len(record.getMessage()) < 200


# ---------------------------------------------------------------- unknown subscriptions


def test_a_subscription_made_since_is_looked_up_before_its_notification_is_dropped(receiver, fake):
    receiver.post(changed())
    fake.wanted.append(Subscription(resource="late", subject=CHAT, client_state="state-of-late", id="sub-late"))

    assert receiver.post(changed(subscription="sub-late", state="state-of-late")).status_code == 202

    assert fake.marked == [event("event-1"), CHAT]
    assert fake.reads == 2


def test_known_subscriptions_are_not_read_again(receiver, fake):
    for _ in range(5):
        receiver.post(changed(), changed(state="forged"))

    assert fake.reads == 1


def test_all_unknown_items_of_a_request_cost_one_look(receiver, fake):
    receiver.post(changed())
    receiver.post(*(changed(subscription=f"sub-{n}") for n in range(50)))

    assert fake.reads == 2
    assert receiver.counts("unknown") == {"unknown": 50}


def test_garbage_cannot_make_the_store_be_read_without_end(a_receiver, fake):
    receiver = a_receiver(fake, answer_within=timedelta(seconds=0.5), read_every=timedelta(days=1))
    for n in range(READS_AT_ONCE):
        assert receiver.post(changed(subscription=f"sub-{n}")).status_code == 202

    # What may be genuine is not dropped on a look that is too old: Graph is to send it again.
    assert receiver.post(changed(subscription="sub-late")).status_code == 503
    assert receiver.post(changed()).status_code == 202

    assert fake.reads == READS_AT_ONCE
    assert receiver.counts("unknown", "unavailable") == {"unknown": READS_AT_ONCE, "unavailable": 1}


def test_the_first_look_fails_and_the_next_one_succeeds(a_receiver):
    fake = FakeNotificationStore(WANTED)
    fake.fault = LOCKED
    receiver = a_receiver(fake)

    assert receiver.post(changed()).status_code == 503
    fake.fault = None
    assert receiver.post(changed()).status_code == 202


# ---------------------------------------------------------------- 202 after the commit, 503 without


def test_no_answer_before_the_commit_has_ended(receiver, fake):
    with ThreadPoolExecutor() as pool:
        with fake.hold():
            answer = pool.submit(receiver.post, changed())
            assert fake.commit_begun.wait(10)
            assert not answer.done()
            assert fake.commits == []
        assert answer.result(10).status_code == 202
    assert fake.marked == [event("event-1")]


def test_requests_that_arrive_during_a_commit_share_the_next_one(a_receiver, fake):
    woken = []
    receiver = a_receiver(fake, on_marked=lambda: woken.append(len(fake.commits)))
    clients = [receiver.client.application.test_client() for _ in range(5)]
    bodies = [{"value": [changed(f"event-{n % 3}"), lifecycle("missed")]} for n in range(5)]
    with ThreadPoolExecutor() as pool:
        with fake.hold():
            first = pool.submit(receiver.post, changed("first"))
            assert fake.commit_begun.wait(10)
            later = [pool.submit(c.post, NOTIFICATIONS, json=b) for c, b in zip(clients, bodies, strict=True)]
            while receiver.intake.waiting < 5:
                assert not any(answer.done() for answer in later)
        assert {answer.result(10).status_code for answer in [first, *later]} == {202}

    assert [subjects for subjects, _, _ in fake.commits] == [
        [event("first")],
        [event("event-0"), event("event-1"), event("event-2"), MAILBOX],
    ]
    assert receiver.counts("committed", "commits") == {"committed": 11, "commits": 2}
    assert woken[:1] == [1]


@pytest.mark.parametrize("fault", [DISK_FULL, LOCKED, ZeroDivisionError("a bug")], ids=["full", "locked", "bug"])
def test_what_cannot_be_stored_is_answered_503_so_that_graph_sends_it_again(receiver, fake, caplog, fault):
    receiver.post(changed("event-0"))
    fake.fault = fault
    refused = receiver.post(changed())
    fake.fault = None
    repeated = receiver.post(changed())

    assert (refused.status_code, refused.headers["Retry-After"], refused.data) == (503, "5", b"")
    assert repeated.status_code == 202
    assert fake.marked == [event("event-0"), event("event-1")]
    assert receiver.counts("unavailable", "committed") == {"unavailable": 1, "committed": 2}
    assert ("Traceback" in caplog.text) is isinstance(fault, ZeroDivisionError)


def test_an_error_of_the_writer_reaches_every_request_of_its_group(receiver, fake):
    clients = [receiver.client.application.test_client() for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        with fake.hold():
            first = pool.submit(receiver.post, changed("first"))
            assert fake.commit_begun.wait(10)
            later = [pool.submit(client.post, NOTIFICATIONS, json={"value": [changed()]}) for client in clients]
            while receiver.intake.waiting < 3:
                assert not first.done()
            fake.fault = DISK_FULL
        assert [answer.result(10).status_code for answer in [first, *later]] == [503] * 4
    fake.fault = None
    assert receiver.post(changed()).status_code == 202


def test_a_slow_store_is_given_up_on_before_graph_gives_up(a_receiver, fake):
    receiver = a_receiver(fake, answer_within=timedelta(milliseconds=50))
    with fake.hold():
        assert receiver.post(changed()).status_code == 503
        assert receiver.post(changed()).status_code == 503

    assert receiver.intake.stop()
    assert len(fake.commits) == 1, "the commit under way may come through; the one given up on is not begun"


def test_an_engine_that_cannot_be_woken_costs_nobody_an_answer(a_receiver, fake, caplog):
    def fail():
        raise ZeroDivisionError

    receiver = a_receiver(fake, on_marked=fail)

    assert receiver.post(changed()).status_code == 202
    assert receiver.post(changed()).status_code == 202
    receiver.intake.stop()
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError] * 2


def test_stopping_commits_what_waits_and_refuses_the_rest(receiver, fake):
    with ThreadPoolExecutor() as pool:
        with fake.hold():
            first = pool.submit(receiver.post, changed("first"))
            assert fake.commit_begun.wait(10)
            second = pool.submit(
                receiver.client.application.test_client().post, NOTIFICATIONS, json={"value": [changed()]}
            )
            while receiver.intake.waiting < 1:
                assert not first.done()
            assert receiver.intake.stop(timeout_s=0.01) is False
            assert receiver.post(changed("late")).status_code == 503
        assert [first.result(10).status_code, second.result(10).status_code] == [202, 202]

    assert fake.marked == [event("first"), event("event-1")]
    assert receiver.client.get("/readyz").status_code == 503
    assert receiver.client.get("/healthz").status_code == 200


def test_an_intake_that_was_never_started_takes_nothing(fake, clock):
    intake = Intake(fake, clock)
    client = create_app(intake=intake, clock=clock).test_client()

    assert client.post(NOTIFICATIONS, json={"value": [changed()]}).status_code == 503
    assert client.get("/readyz").status_code == 503
    assert intake.stop()


def test_an_intake_runs_for_as_long_as_it_is_entered(fake, clock):
    with Intake(fake, clock) as intake:
        client = create_app(intake=intake, clock=clock).test_client()
        assert client.post(NOTIFICATIONS, json={"value": [changed()]}).status_code == 202
    assert client.post(NOTIFICATIONS, json={"value": [changed()]}).status_code == 503


# ---------------------------------------------------------------- handshake and refusals

HANDSHAKE = "?validationToken=Validation%3a+Testing+client+application+reachability+Request-Id%3a+5f0c2f0a"


@pytest.mark.parametrize("path", [NOTIFICATIONS, LIFECYCLE])
def test_the_validation_token_is_echoed_as_plain_text_without_the_store(receiver, fake, path):
    fake.fault = LOCKED

    answer = receiver.client.post(path + HANDSHAKE, content_type="text/plain; charset=utf-8")

    assert answer.status_code == 200
    assert answer.data == b"Validation: Testing client application reachability Request-Id: 5f0c2f0a"
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert receiver.counts("handshakes", "received") == {"handshakes": 1, "received": 0}


@pytest.mark.parametrize("token", ["a" * 2001, "%3Cscript%3Ealert(1)%3C/script%3E", "%ff"])
def test_a_token_that_graph_never_sends_is_not_echoed(receiver, token):
    answer = receiver.client.post(f"{NOTIFICATIONS}?validationToken={token}")

    assert (answer.status_code, answer.data, answer.mimetype) == (400, b"Bad Request\n", "text/plain")
    assert receiver.counts("refused", "handshakes") == {"refused": 1, "handshakes": 0}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("query", ["", HANDSHAKE])
def test_only_posts_are_answered(receiver, method, query):
    answer = receiver.client.open(NOTIFICATIONS + query, method=method)

    assert (answer.status_code, answer.headers["Allow"], answer.mimetype) == (405, "POST", "text/plain")
    assert b"Testing" not in answer.data


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"<script>alert(1)</script>", "application/json"),
        (b'{"value":[NaN]}', "application/json"),
        (b'{"value":' + b"[" * 200_000, "application/json"),
        (b'{"value":[' + b"0," * MAX_ITEMS + b"0]}", "application/json"),
        (b'{"value":[]}', "multipart/form-data; boundary=x"),
        (b"value=1", "application/x-www-form-urlencoded"),
    ],
)
def test_what_graph_does_not_send_is_refused_and_counted_and_not_reflected(receiver, caplog, body, content_type):
    answer = receiver.client.post(NOTIFICATIONS, data=body, content_type=content_type)

    assert (answer.status_code, answer.data, answer.mimetype) == (400, b"Bad Request\n", "text/plain")
    assert receiver.counts("refused", "received") == {"refused": 1, "received": 0}
    assert "script" not in caplog.text


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain", None])
def test_a_notification_passes_under_any_content_type_that_can_hold_it(receiver, content_type):
    body = receiver.client.application.json.dumps({"value": [changed()]})

    assert receiver.client.post(NOTIFICATIONS, data=body, content_type=content_type).status_code == 202
    assert receiver.counts("committed") == {"committed": 1}


def test_the_size_limit_counts_bytes_whether_announced_or_not(receiver):
    padding = b" " * (MAX_BODY_BYTES - len(b'{"value":[]}'))
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}

    assert receiver.client.post(NOTIFICATIONS, data=b'{"value":[]}' + padding).status_code == 202
    too_large = receiver.client.post(NOTIFICATIONS, data=b'{"value":[]} ' + padding)
    assert (too_large.status_code, too_large.mimetype) == (413, "text/plain")
    stream = io.BytesIO(b'{"value":[]} ' + padding)
    assert receiver.client.post(NOTIFICATIONS, input_stream=stream, environ_overrides=chunked).status_code == 413
    assert receiver.counts("refused") == {"refused": 2}


def test_a_request_without_items_is_taken_and_changes_nothing(receiver, fake):
    assert receiver.post().status_code == 202
    assert (fake.commits, fake.reads) == ([], 0)


def test_with_a_secret_in_the_path_strangers_find_nothing(a_receiver, fake):
    receiver = a_receiver(fake, path_secret="s3cret-Segment_1")
    notifications, lifecycle_path = receiver_paths("s3cret-Segment_1")

    for path in (notifications, lifecycle_path):
        assert receiver.client.post(path + HANDSHAKE).status_code == 200
        assert receiver.client.post(path, json={"value": [changed()]}).status_code == 202
    for path in (NOTIFICATIONS, LIFECYCLE, f"{NOTIFICATIONS}/other", f"{NOTIFICATIONS}/é", f"{notifications}x", "/"):
        answer = receiver.client.post(path + HANDSHAKE, data=b"x" * 2 * MAX_BODY_BYTES)
        assert (answer.status_code, answer.data) == (404, b"Not Found\n")
    assert receiver.counts("handshakes", "refused") == {"handshakes": 2, "refused": 0}


# ---------------------------------------------------------------- health


def test_health_tells_serving_from_ready(receiver, fake):
    assert receiver.client.get("/healthz").json == {"status": "serving", "time": "2026-11-24T09:00:00+00:00"}
    assert receiver.client.get("/readyz").json == {"status": "ready", "time": "2026-11-24T09:00:00+00:00"}
    fake.fault = LOCKED
    assert receiver.client.get("/healthz").status_code == 200
    not_ready = receiver.client.get("/readyz")
    assert (not_ready.status_code, not_ready.json["status"]) == (503, "unavailable")
