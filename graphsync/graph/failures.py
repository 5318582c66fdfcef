"""Turns a failed answer, or none, into the error class of who must act.

Branches on the status and on Graph's `error.code`, never on the message text.

Source: https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from graphsync.errors import (
    DeltaExpired,
    GraphAuthError,
    GraphConflict,
    GraphError,
    GraphNotFound,
    GraphRejected,
    GraphThrottled,
    GraphUnavailable,
)
from graphsync.graph.wire import ErrorAnswer, decode

# https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
_DELTA_IS_LOST = frozenset({"syncstatenotfound", "resyncrequired"})
_DUPLICATE_TRANSACTION = "errorduplicatetransactionid"
# 408: the server gave up waiting for the request, which it may have read all the same.
_NO_ANSWER_STATUSES = frozenset({408})


def error_of_answer(
    operation: str, status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, delta: bool = False
) -> GraphError:
    """Return the error that an answer outside 2xx stands for.

    Args:
        operation: our name of the call, without ids.
        status: the HTTP status.
        headers: of the answer; looked up in lower case.
        body: JSON as Graph writes it, or anything else, which is then passed over.
        now: for a `Retry-After` that is a date, where the answer names no date of its own.
        delta: whether the call was one of a delta round.
    """
    code, request_id, existing_id = _details(body)
    request_id = headers.get("request-id") or request_id
    if delta and (status == 410 or code.casefold() in _DELTA_IS_LOST):
        return DeltaExpired(operation, status=status, code=code, request_id=request_id)
    if code.casefold() == _DUPLICATE_TRANSACTION or status in (409, 412):
        return GraphConflict(operation, status=status, code=code, request_id=request_id, existing_id=existing_id)
    if status == 429:
        retry_after = retry_after_of(headers, now)
        return GraphThrottled(operation, status=status, code=code, request_id=request_id, retry_after=retry_after)
    if status >= 500 or status in _NO_ANSWER_STATUSES:
        retry_after = retry_after_of(headers, now)
        return GraphUnavailable(operation, status=status, code=code, request_id=request_id, retry_after=retry_after)
    if status in (401, 403):
        return GraphAuthError(operation, status=status, code=code, request_id=request_id)
    if status in (404, 410):
        return GraphNotFound(operation, status=status, code=code, request_id=request_id)
    return GraphRejected(operation, status=status, code=code, request_id=request_id)


def error_of_no_answer(operation: str, error: httpx.TransportError) -> GraphUnavailable:
    """Return the error for a request that was not answered; it may have been carried out all the same."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return GraphUnavailable(operation, code="certificate_not_trusted")
        cause = cause.__cause__ or cause.__context__
    return GraphUnavailable(operation, code=type(error).__name__)


def retry_after_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long `Retry-After` asks to wait, None where it is missing or says nothing.

    It is a number of seconds or an HTTP date, which is set against the answer's own `Date` before our clock.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        until = _http_date(text)
        if until is None:
            return None
        return max(until - (_http_date(headers.get("date", "")) or now), timedelta(0))
    if not 0 <= seconds < 1e8:  # also refuses nan and inf, which float takes
        return None
    return timedelta(seconds=seconds)


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _details(body: bytes) -> tuple[str, str, str]:
    """Return code, request id and existing event id, each empty where the body does not say."""
    try:
        error = decode(ErrorAnswer, body).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", "", ""  # a gateway's page, or nothing: status and headers are all there is
    if error is None:
        return "", "", ""
    inner = error.inner_error or error.inner_error_lower
    return error.code or "", (inner.request_id if inner else None) or "", error.existing_event_id or ""
