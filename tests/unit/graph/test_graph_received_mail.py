from datetime import UTC, datetime

import pytest

from graphsync.errors import GraphAuthError
from graphsync.graph import received_mail

SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOM = "tom@fabrikam.test"


def address(name):
    return {"emailAddress": {"name": name.title(), "address": f"{name}@fabrikam.test"}}


def a_mail(message_id="1", **more):
    return {
        "@odata.etag": 'W/"1"',
        "id": message_id,
        "from": address("tom"),
        "toRecipients": [address("mira")],
        "ccRecipients": [],
        "receivedDateTime": "2026-11-24T19:25:45Z",
        "isDraft": False,
        **more,
    }


def headers(*values, name="Auto-Submitted"):
    return [
        {"name": "Subject", "value": "private words"},
        *({"name": name, "value": value} for value in values),
    ]


@pytest.fixture
def read(graph, answering):
    def read(*answers, sender=TOM):
        network = answering(*answers)

        async def use(transport):
            return await received_mail.list_mail_from(transport, "m", sender, SINCE)

        return graph.run(network, use), network

    return read


def test_mail_of_one_address_alone_is_asked_for_without_subject_and_text(graph, read):
    (found,), network = read(graph.ok({"value": [a_mail(subject="private words", bodyPreview="private words")]}))
    assert (found.id, found.received_at) == ("1", datetime(2026, 11, 24, 19, 25, 45, tzinfo=UTC))
    assert found.is_for("mira@fabrikam.test")
    assert "private" not in repr(found)
    assert network.urls == ["/users/m/messages"]
    assert dict(network.requests[0].url.params) == {
        "$select": "id,from,toRecipients,ccRecipients,receivedDateTime,isDraft,internetMessageHeaders",
        "$filter": f"receivedDateTime ge 2026-11-24T12:00:00.000Z and from/emailAddress/address eq '{TOM}'",
        "$orderby": "receivedDateTime desc",
        "$top": "100",
    }
    assert 'IdType="ImmutableId"' in network.requests[0].headers["Prefer"]


def test_an_address_with_an_apostrophe_is_asked_for_as_it_is(graph, read):
    _, network = read(graph.ok({"value": []}), sender="o'brien@fabrikam.test")
    assert network.requests[0].url.params["$filter"].endswith("eq 'o''brien@fabrikam.test'")


def test_mail_is_read_page_by_page_and_each_once(graph, read):
    link = graph.url + "/users/m/messages?$skip=100"
    pages = [{"value": [a_mail("1"), a_mail("2")], "@odata.nextLink": link}, {"value": [a_mail("2"), a_mail("3")]}]
    found, _ = read(*map(graph.ok, pages))
    assert [one.id for one in found] == ["1", "2", "3"]


@pytest.mark.parametrize("sender", [address("eve"), None, {"emailAddress": None}, {"emailAddress": {"name": "Tom"}}])
def test_mail_of_others_is_dropped_should_any_come(graph, read, sender):
    found, _ = read(graph.ok({"value": [a_mail("1", **{"from": sender}), a_mail("2")]}))
    assert [one.id for one in found] == ["2"]


def test_an_address_is_the_same_in_any_case_of_letters(graph, read):
    found, _ = read(graph.ok({"value": [a_mail()]}), sender="Tom@Fabrikam.Test")
    assert len(found) == 1


@pytest.mark.parametrize("time", [None, "", "yesterday", "0001-01-01T00:00:00Z"])
def test_mail_without_a_time_is_passed_over(graph, read, time):
    found, _ = read(graph.ok({"value": [a_mail("1", receivedDateTime=time), a_mail("2")]}))
    assert [one.id for one in found] == ["2"]


@pytest.mark.parametrize(
    "odd",
    [
        {"ccRecipients": [address("eve")]},
        {"toRecipients": [address("mira"), address("eve")]},
        {"toRecipients": None},
        {"isDraft": True},
        {"@odata.type": "#microsoft.graph.eventMessageRequest"},
        {"@odata.type": "#microsoft.graph.eventMessageResponse"},
        {"@odata.type": "#microsoft.graph.eventMessage"},
    ],
    ids=["copied", "to several", "to nobody", "draft", "invite", "answer to an invite", "cancellation"],
)
def test_what_is_no_letter_to_one_person_is_known_as_such(graph, read, odd):
    (found,), _ = read(graph.ok({"value": [a_mail(**odd)]}))
    assert not found.is_for("mira@fabrikam.test")


@pytest.mark.parametrize("value", ["auto-replied", "Auto-Generated", "auto-generated; type=ooo", "auto-replied (away)"])
def test_an_automatic_reply_is_known_by_its_header(graph, read, value):
    (found,), _ = read(graph.ok({"value": [a_mail(internetMessageHeaders=headers(value, name="auto-submitted"))]}))
    assert found.is_automatic
    assert "private" not in repr(found)


@pytest.mark.parametrize(
    "given",
    [None, [], headers(), headers("no"), headers("No (really)"), headers(""), headers(None), headers(1), [{}]],
    ids=["null", "none", "others", "no", "no with a comment", "empty", "null value", "a number", "nameless"],
)
def test_what_no_header_calls_automatic_was_written_by_somebody(graph, read, given):
    (found,), _ = read(graph.ok({"value": [a_mail(internetMessageHeaders=given)]}))
    assert not found.is_automatic


def test_a_permission_that_is_missing_is_the_operators_matter(graph, read):
    with pytest.raises(GraphAuthError):
        read(graph.refused(403, "ErrorAccessDenied"))
