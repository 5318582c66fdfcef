import logging
from datetime import UTC, datetime

import httpx
import pytest

from graphsync.calendar.slots import TimeSlot
from graphsync.errors import GraphAuthError, GraphConflict, GraphRejected, GraphThrottled, GraphUnavailable
from graphsync.graph import directory, events, mail, wire
from graphsync.graph.network import proxy_for, tls_context

WINDOW = TimeSlot(start=datetime(2026, 2, 2, tzinfo=UTC), end=datetime(2026, 2, 9, tzinfo=UTC))
TAG_ID = "String {9b6c1f5e-3d0c-4f5e-8a57-6d1f2c9a7e40} Name graphsync"


def found(event_id, hour=9, **more):
    times = {
        name: {"dateTime": f"2026-02-03T{at:02}:00:00.0000000", "timeZone": "UTC"}
        for name, at in (("start", hour), ("end", hour + 1))
    }
    return {"id": event_id, "subject": "private", **times, **more}


def get_event(transport):
    return events.get_event(transport, "ines@fabrikam.test", "AAMk=")


def test_event_is_asked_for_with_the_least_that_is_needed(graph, answering):
    answers = answering(graph.ok(found("AAMk=")))
    graph.run(answers, get_event)
    (request,) = answers.requests
    assert request.url.raw_path.decode().startswith("/v1.0/users/ines%40fabrikam.test/events/AAMk%3D?")
    query = dict(request.url.params)
    assert set(query) == {"$select", "$expand"}
    assert not {"subject", "body", "bodyPreview", "location"} & set(query["$select"].split(","))
    assert query["$expand"] == f"singleValueExtendedProperties($filter=id eq '{TAG_ID}')"
    assert request.headers["Prefer"] == 'IdType="ImmutableId", outlook.timezone="UTC"'
    assert request.headers["Authorization"] == "Bearer a-token"


def test_pages_are_followed_by_their_opaque_links_with_the_same_preferences(graph, answering):
    link = graph.url + "/users/u/calendarView?x=%27&$skip=2"
    answers = answering(
        graph.ok({"value": [found("1"), found("", 10)], "@odata.nextLink": link}),
        graph.ok({"value": [found("2"), found("1", 11)]}),
    )

    async def use(transport):
        return await events.list_calendar_view(transport, "u", WINDOW)

    assert [(event.id, event.starts_at.hour) for event in graph.run(answers, use)] == [("1", 11), ("2", 9)]
    assert str(answers.requests[1].url) == link
    assert answers.requests[1].headers["Prefer"] == answers.requests[0].headers["Prefer"]
    assert answers.requests[0].url.params["$top"] == "100"


def test_nothing_is_retried_by_the_sdk_and_the_policy_waits_by_the_sleep_it_was_given(graph, answering):
    answers = answering(graph.refused(429, headers={"Retry-After": "3"}), graph.refused(503), graph.ok(found("1")))
    assert graph.run(answers, get_event).id == "1"
    assert graph.slept == [3.0, 2.0]


def test_lost_answer_is_asked_for_again(graph, answering):
    answers = answering(httpx.RemoteProtocolError("x"), httpx.ReadTimeout("x"), graph.ok(found("1")))
    assert graph.run(answers, get_event).id == "1"


def test_answer_that_is_no_json_is_unavailable_and_not_quoted(graph, answering):
    page = httpx.Response(200, content=b"<html>ines@fabrikam.test</html>", headers={"request-id": "r"})
    with pytest.raises(GraphUnavailable) as caught:
        graph.run(answering(page), get_event)
    assert (caught.value.code, caught.value.request_id) == ("unreadable_answer", "r")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("body", [b"", b"null", b'{"id": 7}', b'{"id": "x", "attendees": "none"}'])
def test_answer_of_another_shape_is_unavailable(graph, answering, body):
    with pytest.raises(GraphUnavailable, match="unreadable_answer"):
        graph.run(answering(httpx.Response(200, content=body)), get_event)


def test_event_without_times_is_refused_when_asked_for_by_id(graph, answering):
    with pytest.raises(GraphRejected, match="unreadable_event"):
        graph.run(answering(graph.ok({"id": "x"})), get_event)


def test_redirect_is_not_followed(graph, answering):
    moved = httpx.Response(302, headers={"Location": "https://evil.test/"})
    with pytest.raises(GraphRejected):
        graph.run(answering(moved), get_event)


def test_refusals_are_told_to_the_token_source(graph, answering):
    for status in (401, 403):
        with pytest.raises(GraphAuthError):
            graph.run(answering(graph.refused(status, "ErrorAccessDenied")), get_event)
    assert graph.tokens.refusals == 2


def test_logs_of_retries_hold_no_address(graph, answering, caplog):
    with caplog.at_level(logging.INFO, logger="graphsync"):
        graph.run(answering(graph.refused(503), graph.ok(found("1"))), get_event)
    (record,) = caplog.records
    assert "get_event" in record.getMessage()
    assert "fabrikam" not in record.getMessage()


def create(body):
    async def use(transport):
        return await events.create_event(transport, "u", body)

    return use


def test_stored_body_is_sent_byte_for_byte_at_each_attempt_and_its_tag_comes_back(graph, answering):
    tag = f'"singleValueExtendedProperties": [{{"id": "{TAG_ID}", "value": "number=1"}}]'
    body = f'{{"subject":  "é", "transactionId": "k",{tag}}}'
    answers = answering(graph.refused(503), httpx.ReadTimeout("x"), graph.ok(found("1"), 201))
    assert graph.run(answers, create(body)).tag == "number=1"
    assert [request.content for request in answers.requests] == [body.encode()] * 3
    assert {request.headers["Content-Type"] for request in answers.requests} == {"application/json"}


def test_create_without_a_transaction_id_is_not_sent_again_after_an_unclear_failure(graph, answering):
    with pytest.raises(GraphUnavailable):
        graph.run(answering(graph.refused(503)), create('{"subject": "x"}'))
    answers = answering(graph.refused(429, headers={"Retry-After": "1"}), graph.ok(found("1"), 201))
    assert graph.run(answers, create('{"subject": "x"}')).id == "1"


def test_used_transaction_id_gives_the_event_made_before(graph, answering):
    refusal = graph.refused(400, "ErrorDuplicateTransactionId", **{"@event.existingEventId": "AAMk1"})
    with pytest.raises(GraphConflict) as caught:
        graph.run(answering(refusal), create('{"transactionId": "k"}'))
    assert caught.value.existing_id == "AAMk1"


def test_tag_is_sought_with_its_quotes_doubled_and_compared_exactly(graph, answering):
    def tagged(event_id, value, **more):
        return found(event_id, singleValueExtendedProperties=[{"id": TAG_ID, "value": value}], **more)

    answers = answering(
        graph.ok(
            {
                "value": [
                    tagged("other-case", "RULE=it's"),
                    tagged("cancelled", "rule=it's", isCancelled=True),
                    tagged("right", "rule=it's"),
                ]
            }
        )
    )

    async def use(transport):
        return await events.find_event_by_tag(transport, "u", "rule=it's")

    assert graph.run(answers, use).id == "right"
    assert answers.requests[0].url.params["$filter"] == (
        f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG_ID}' and ep/value eq 'rule=it''s')"
    )


def test_cancelled_copy_is_found_where_there_is_no_other_and_nothing_where_there_is_none(graph, answering):
    async def use(transport):
        return await events.find_event_by_ical_uid(transport, "u", "0400")

    answers = answering(graph.ok({"value": [found("c", isCancelled=True)]}))
    assert graph.run(answers, use).is_cancelled
    assert answers.requests[0].url.params["$filter"] == "iCalUId eq '0400'"
    assert graph.run(answering(graph.ok({"value": []})), use) is None


def test_mail_is_not_sent_again_after_an_unclear_failure(graph, answering):
    async def send(transport):
        await mail.send_mail_draft(transport, "u", "m")

    with pytest.raises(GraphUnavailable):
        graph.run(answering(httpx.ReadTimeout("x")), send)
    answers = answering(graph.refused(429, headers={"Retry-After": "1"}), httpx.Response(202))
    graph.run(answers, send)
    assert answers.urls == ["/users/u/messages/m/send"] * 2


def test_throttling_that_asks_for_minutes_is_the_callers_matter(graph, answering):
    with pytest.raises(GraphThrottled) as caught:
        graph.run(answering(graph.refused(429, headers={"Retry-After": "120"})), get_event)
    assert caught.value.retry_after.total_seconds() == 120
    assert graph.slept == []


def test_person_is_found_by_mail_where_the_sign_in_name_is_another(graph, answering):
    user = {"id": "u-1", "mail": "ines@fabrikam.test", "userPrincipalName": "iv7@fabrikam.test", "displayName": "Ines"}
    answers = answering(graph.refused(404, "Request_ResourceNotFound"), graph.ok({"value": [user]}))

    async def use(transport):
        return await directory.get_user(transport, "ines@fabrikam.test")

    person = graph.run(answers, use)
    assert (person.id, person.address, person.account_enabled) == ("u-1", "ines@fabrikam.test", True)
    assert answers.requests[1].url.params["$filter"] == "mail eq 'ines@fabrikam.test'"


def test_ca_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(GraphRejected, match="ca_file_unreadable"):
            tls_context(path)


def test_error_shapes_of_wire_keep_unknown_properties_out():
    assert not hasattr(wire.decode(wire.Event, b'{"id": "x", "subject": "s", "body": {"content": "c"}}'), "subject")


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("https://graph.test/v1.0", "", "http://proxy.test:3128"),
        ("https://graph.test/v1.0", "graph.test", None),
        ("https://localhost:1/v1.0", "", None),
        ("https://127.0.0.1:1/v1.0", "", None),
        ("https://[::1]:1/v1.0", "", None),
    ],
)
def test_proxy_is_the_environments_and_none_for_this_machine(monkeypatch, url, no_proxy, expected):
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert proxy_for(url) == expected
