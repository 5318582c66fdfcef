import ssl
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from graphsync.errors import (
    DeltaExpired,
    GraphAuthError,
    GraphConflict,
    GraphNotFound,
    GraphRejected,
    GraphThrottled,
    GraphUnavailable,
)
from graphsync.graph.failures import error_of_answer, error_of_no_answer, retry_after_of

NOW = datetime(2026, 2, 3, 8, tzinfo=UTC)


def body_of(code, **more):
    return msgspec.json.encode({"error": {"code": code, "message": "ines@fabrikam.test", **more}})


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ErrorInvalidRequest", GraphRejected),
        (401, "InvalidAuthenticationToken", GraphAuthError),
        (402, "PaymentRequired", GraphRejected),
        (403, "ErrorAccessDenied", GraphAuthError),
        (404, "ErrorItemNotFound", GraphNotFound),
        (404, "MailboxNotEnabledForRESTAPI", GraphNotFound),
        (405, "Request_BadRequest", GraphRejected),
        (408, "", GraphUnavailable),
        (409, "ErrorSomething", GraphConflict),
        (410, "Gone", GraphNotFound),
        (412, "ErrorIrresolvableConflict", GraphConflict),
        (429, "ApplicationThrottled", GraphThrottled),
        (500, "InternalServerError", GraphUnavailable),
        (503, "ConcurrentItemSave", GraphUnavailable),
        (504, "", GraphUnavailable),
        (509, "", GraphUnavailable),
        (302, "", GraphRejected),
    ],
)
def test_status_decides_the_class_and_keeps_code_and_request_id(status, code, kind):
    error = error_of_answer("get_event", status, {"request-id": "r-1"}, body_of(code), now=NOW)
    assert type(error) is kind
    assert (error.operation, error.status, error.code, error.request_id) == ("get_event", status, code, "r-1")
    assert "fabrikam" not in str(error)


@pytest.mark.parametrize("status", [400, 409])
def test_used_transaction_id_is_a_conflict_that_names_the_event_made_before(status):
    body = body_of("ErrorDuplicateTransactionId", **{"@event.existingEventId": "AAMk1"})
    error = error_of_answer("create_event", status, {}, body, now=NOW)
    assert isinstance(error, GraphConflict)
    assert error.existing_id == "AAMk1"


def test_used_transaction_id_without_the_annotation_names_no_event():
    error = error_of_answer("create_event", 400, {}, body_of("errorduplicatetransactionid"), now=NOW)
    assert isinstance(error, GraphConflict)
    assert error.existing_id == ""


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (410, "SyncStateNotFound"),
        (410, ""),
        (400, "syncStateNotFound"),
        (404, "resyncRequired"),
        (410, "ResyncRequired"),
    ],
)
def test_lost_delta_token_asks_for_a_full_round(status, code):
    assert isinstance(error_of_answer("delta", status, {}, body_of(code), now=NOW, delta=True), DeltaExpired)


def test_delta_codes_outside_a_round_are_what_their_status_says():
    assert isinstance(error_of_answer("get_event", 404, {}, body_of("syncStateNotFound"), now=NOW), GraphNotFound)


@pytest.mark.parametrize("spelling", ["innerError", "innererror"])
def test_request_id_is_taken_from_the_body_where_the_header_is_missing(spelling):
    body = body_of("X", **{spelling: {"request-id": "r-2", "date": "2026-02-03T08:00:00"}})
    assert error_of_answer("get_event", 404, {}, body, now=NOW).request_id == "r-2"


@pytest.mark.parametrize(
    "body", [b"", b"<html>gateway</html>", b"[]", b'{"error": "x"}', b'{"error": null}', b"{}", b"\xff\xfe"]
)
def test_body_that_is_not_graphs_leaves_status_alone_to_speak(body):
    error = error_of_answer("get_event", 502, {}, body, now=NOW)
    assert isinstance(error, GraphUnavailable)
    assert (error.code, error.request_id) == ("", "")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "10"}, timedelta(seconds=10)),
        ({"retry-after": "0"}, timedelta(0)),
        ({"retry-after": "2.5"}, timedelta(seconds=2.5)),
        ({"retry-after": "Tue, 03 Feb 2026 08:01:00 GMT"}, timedelta(minutes=1)),
        (
            {"retry-after": "Tue, 03 Feb 2026 08:01:00 GMT", "date": "Tue, 03 Feb 2026 08:00:30 GMT"},
            timedelta(seconds=30),
        ),
        ({"retry-after": "Tue, 03 Feb 2026 07:00:00 GMT"}, timedelta(0)),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers, expected):
    assert retry_after_of(headers, NOW) == expected
    assert error_of_answer("x", 429, headers, b"", now=NOW).retry_after == expected
    assert error_of_answer("x", 503, headers, b"", now=NOW).retry_after == expected


def test_no_answer_is_named_by_what_went_wrong():
    assert error_of_no_answer("x", httpx.ReadTimeout("")).code == "ReadTimeout"
    untrusted = httpx.ConnectError("")
    untrusted.__cause__ = ssl.SSLCertVerificationError()
    assert error_of_no_answer("x", untrusted).code == "certificate_not_trusted"
