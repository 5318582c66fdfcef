from datetime import UTC, datetime, timedelta

import pytest

from graphsync.engine.ports import Invitee, MailDraft
from graphsync.errors import GraphUnavailable
from graphsync.graph import chats, mail, subscriptions

SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)


def message(message_id, modified="2026-11-24T19:25:45.678Z", author="a", **more):
    sender = None if author is None else {"application": None, "user": {"id": author, "displayName": "Ana Kim"}}
    return {
        "id": message_id,
        "messageType": "message",
        "createdDateTime": "2026-11-24T10:00:00.000Z",
        "lastModifiedDateTime": modified,
        "deletedDateTime": None,
        "from": sender,
        "body": {"contentType": "html", "content": "<p>private words</p>"},
        "reactions": [],
        **more,
    }


@pytest.fixture
def read(graph, answering):
    def read(*answers):
        network = answering(*answers)

        async def use(transport):
            return await chats.list_chat_messages(transport, "19:x@thread.v2", SINCE)

        return graph.run(network, use), network

    return read


def test_messages_are_read_without_their_text(graph, read):
    reaction = {
        "reactionType": "like",
        "createdDateTime": "2026-11-24T19:00:00Z",
        "user": {"application": None, "user": {"id": "b"}},
    }
    (found,), network = read(graph.ok({"value": [message("1", reactions=[reaction])]}))
    assert (found.author, found.created_at.hour, found.modified_at.microsecond) == ("a", 10, 678000)
    assert [(one.by, one.at.hour) for one in found.reactions] == [("b", 19)]
    assert "private" not in repr(found)
    assert dict(network.requests[0].url.params) == {
        "$top": "50",
        "$orderby": "lastModifiedDateTime desc",
        "$filter": "lastModifiedDateTime gt 2026-11-24T12:00:00.000Z",
    }


def test_reading_stops_where_the_times_do_though_the_filter_was_passed_over(graph, read):
    old = message("2", modified="2026-11-24T12:00:00Z")
    page = {"value": [message("1"), message("1"), old, message("0")], "@odata.nextLink": graph.url + "/more"}
    found, network = read(graph.ok(page))
    assert [one.id for one in found] == ["1"]
    assert len(network.requests) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"messageType": "systemEventMessage"},
        {"messageType": "unknownFutureValue"},
        {"author": None},
        {"from": {"application": {"id": "bot"}, "user": None}},
        {"deletedDateTime": "2026-11-24T20:00:00Z"},
    ],
    ids=["system event", "unknown type", "nobody", "bot", "deleted"],
)
def test_what_nobody_stands_behind_any_more_has_no_author(graph, read, odd):
    (found,), _ = read(graph.ok({"value": [message("1", **odd)]}))
    assert found.author is None


def test_message_without_a_time_is_passed_over(graph, read):
    found, _ = read(graph.ok({"value": [message("1", createdDateTime=None), message("2")]}))
    assert [one.id for one in found] == ["2"]


def test_chats_are_read_page_by_page_with_their_members(graph, answering):
    def chat(chat_id, *members):
        return {"id": chat_id, "chatType": "oneOnOne", "topic": "private", "members": [{"userId": m} for m in members]}

    link = graph.url + "/users/u/chats?$skiptoken=1"
    answers = answering(
        graph.ok({"value": [chat("1", "a", "b", None)], "@odata.nextLink": link}), graph.ok({"value": [chat("2")]})
    )

    async def use(transport):
        return await chats.list_chats(transport, "u")

    found = graph.run(answers, use)
    assert [(one.id, one.chat_type, one.members) for one in found] == [
        ("1", "oneOnOne", frozenset({"a", "b"})),
        ("2", "oneOnOne", frozenset()),
    ]
    assert dict(answers.requests[0].url.params) == {"$expand": "members", "$top": "50"}


def a_mail(*headers):
    to = Invitee(address="ines@fabrikam.test", name="Ines")
    return MailDraft(to=to, subject="Your session", body_html="<p>Hi</p>", headers=headers)


def test_draft_carries_its_headers_and_comes_back_with_both_ids(graph, answering):
    answers = answering(graph.ok({"id": "m", "internetMessageId": "<m@x>", "subject": "Your session"}, 201))

    async def use(transport):
        return await mail.create_mail_draft(transport, "u", a_mail(("x-graphsync-rung", "1")))

    stored = graph.run(answers, use)
    assert (stored.id, stored.internet_message_id) == ("m", "<m@x>")
    body = answers.body()
    assert body["internetMessageHeaders"][0]["name"] == "x-graphsync-rung"
    assert body["toRecipients"][0]["emailAddress"] == {"address": "ines@fabrikam.test", "name": "Ines"}
    assert body["body"] == {"contentType": "html", "content": "<p>Hi</p>"}


@pytest.mark.parametrize("headers", [[("subject", "x")], [(f"x-{number}", "x") for number in range(6)]])
def test_headers_that_exchange_would_refuse_are_refused_here(graph, answering, headers):
    async def use(transport):
        return await mail.create_mail_draft(transport, "u", a_mail(*headers))

    with pytest.raises(ValueError, match="at most 5 headers"):
        graph.run(answering(), use)


def test_draft_is_not_made_again_after_an_unclear_failure(graph, answering):
    async def use(transport):
        return await mail.create_mail_draft(transport, "u", a_mail())

    with pytest.raises(GraphUnavailable):
        graph.run(answering(graph.refused(503)), use)


def test_mail_is_sought_in_a_folder_by_its_internet_message_id(graph, answering):
    async def use(transport):
        return await mail.find_mail(transport, "u", "sentitems", "<it's@x>")

    answers = answering(graph.ok({"value": [{"id": "m", "internetMessageId": "<it's@x>"}]}))
    assert graph.run(answers, use).id == "m"
    assert answers.urls == ["/users/u/mailFolders/sentitems/messages"]
    assert answers.requests[0].url.params["$filter"] == "internetMessageId eq '<it''s@x>'"
    assert graph.run(answering(graph.ok({"value": []})), use) is None


def subscribed(subscription_id, expires="2026-11-27T12:00:00Z"):
    return {
        "id": subscription_id,
        "resource": "users/u/events",
        "notificationUrl": "https://hooks.test/n",
        "expirationDateTime": expires,
        "clientState": None,
    }


def subscribe(**changes):
    values = {
        "change_type": "created,updated,deleted",
        "notification_url": "https://hooks.test/n",
        "client_state": "s",
        "expires_at": SINCE + timedelta(days=6),
    } | changes

    async def use(transport):
        return await subscriptions.create_subscription(transport, "users/u/events", **values)

    return use


def test_subscription_is_asked_for_with_a_zone_and_lifecycle_url_and_what_was_granted_counts(graph, answering):
    answers = answering(graph.ok(subscribed("s-1"), 201))
    grant = graph.run(answers, subscribe())
    assert grant.expires_at == datetime(2026, 11, 27, 12, tzinfo=UTC)
    body = answers.body()
    assert body["expirationDateTime"] in ("2026-11-30T12:00:00Z", "2026-11-30T12:00:00+00:00")
    assert body["lifecycleNotificationUrl"] == body["notificationUrl"]
    assert "includeResourceData" not in body


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"expires_at": datetime(2026, 11, 27)}, "aware"), ({"client_state": "x" * 129}, "128")],  # noqa: DTZ001 # the case
)
def test_subscription_that_graph_would_refuse_is_not_asked_for(graph, answering, changes, words):
    with pytest.raises(ValueError, match=words):
        graph.run(answering(), subscribe(**changes))


def test_subscription_is_not_made_again_after_an_unclear_failure(graph, answering):
    with pytest.raises(GraphUnavailable):
        graph.run(answering(graph.refused(503)), subscribe())


def test_subscription_without_a_readable_expiry_is_no_grant(graph, answering):
    with pytest.raises(GraphUnavailable, match="unreadable_answer"):
        graph.run(answering(graph.ok(subscribed("s", expires=None))), subscribe())


def test_all_subscriptions_are_listed_without_query_options(graph, answering):
    link = graph.url + "/subscriptions?$skiptoken=1"
    answers = answering(
        graph.ok({"value": [subscribed("1")], "@odata.nextLink": link}), graph.ok({"value": [subscribed("2")]})
    )
    found = graph.run(answers, subscriptions.list_subscriptions)
    assert [grant.id for grant in found] == ["1", "2"]
    assert dict(answers.requests[0].url.params) == {}


def test_deleting_what_is_gone_is_done(graph, answering):
    async def use(transport):
        await subscriptions.delete_subscription(transport, "s")

    answers = answering(graph.refused(503), graph.refused(404, "ResourceNotFound"))
    graph.run(answers, use)
    assert [request.method for request in answers.requests] == ["DELETE", "DELETE"]
