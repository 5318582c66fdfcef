"""What Graph posts to the receiver: bytes in, notifications or an error out.

Decides the shape of a request and nothing else: whether a notification is genuine (`clientState`) and what it leads
to is `web/`'s. A notification is a hint to look, so an odd member that is not needed never costs an item, and an odd
item never costs its neighbors.

Sources:
    https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    https://learn.microsoft.com/graph/api/resources/changenotificationcollection
    https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

import msgspec

from graphsync.errors import MalformedNotification

# Graph names no limit. An item of a basic notification has about 700 bytes, so the receiver's size limit of 1 MiB is
# reached at 1,500; more than this many are not notifications.
MAX_ITEMS = 5_000

# Today's tokens have 120 characters; the format may change without notice, so the cap is generous. It keeps the
# endpoint from being a reflector: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
MAX_VALIDATION_TOKEN = 2_000

# Outlook's immutable ids have about 150 characters, a chat's message id 13.
MAX_ITEM_ID = 1_024
_MAX_PATH = 2 * MAX_ITEM_ID

# Graph sends GUIDs. The id goes into log lines, so what could be an address or break a line is refused.
_SUBSCRIPTION_ID = re.compile(r"[A-Za-z0-9._=+/-]{1,128}")

# `Users/{oid}/Events/{id}` and `Users('{oid}')/messages('{id}')`; case and punctuation vary by workload:
# https://learn.microsoft.com/graph/outlook-change-notifications-overview
_ITEM_IN_PATH = re.compile(r"(?:^|/)(?:events|messages)(?:\('((?:[^']|'')+)'\)|/([^/]+))/?$", re.IGNORECASE)

# "application/json; charset=utf-8" is usual and not documented; the rest is what proxies make of it.
_CONTENT_TYPES = frozenset({"", "application/json", "text/json", "text/plain", "application/octet-stream"})

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LifecycleEvent(StrEnum):
    """What became of a subscription; UNKNOWN is one that Microsoft has added since: have a look at it.

    Source: https://learn.microsoft.com/graph/change-notifications-lifecycle-events
    """

    MISSED = "missed"
    SUBSCRIPTION_REMOVED = "subscriptionRemoved"
    REAUTHORIZATION_REQUIRED = "reauthorizationRequired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNotification:
    """Something was created, updated or deleted; fields that Graph left out are empty."""

    subscription_id: str
    client_state: str = field(repr=False)
    change_type: str
    resource: str
    resource_id: str
    odata_type: str
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleNotification:
    """Something happened to the subscription itself."""

    subscription_id: str
    client_state: str = field(repr=False)
    lifecycle_event: LifecycleEvent
    tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What one request carried: the items in Graph's order, and how many more did not have the documented shape."""

    items: tuple[ChangeNotification | LifecycleNotification, ...]
    malformed: int


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]


class _ResourceData(msgspec.Struct):
    id: str | None = None
    odata_type: str | None = msgspec.field(name="@odata.type", default=None)


class _Item(msgspec.Struct, rename="camel"):
    subscription_id: str
    client_state: str | None = None
    change_type: str | None = None
    lifecycle_event: str | None = None
    resource: str | None = None
    resource_data: _ResourceData | None = None
    tenant_id: str | None = None


_envelope_decoder = msgspec.json.Decoder(_Envelope)
_item_decoder = msgspec.json.Decoder(_Item)
_lifecycle_events = {event.value.casefold(): event for event in LifecycleEvent}


def parse(body: bytes, content_type: str) -> Received:
    """Return the notifications in `body`, of any number of subscriptions and of both kinds.

    Args:
        body: the request's body as it came; a byte order mark is skipped.
        content_type: the header's value, empty if there was none. What can hold JSON passes; its charset is not
            looked at, since JSON is UTF-8.

    Raises:
        MalformedNotification: the body as a whole is not what Graph sends: not JSON (NaN and escapes of half
            a surrogate pair are none), without a list `value`, nested too deeply, or with over `MAX_ITEMS` items.
    """
    media_type = content_type.partition(";")[0].strip().casefold()
    if media_type not in _CONTENT_TYPES and not media_type.endswith("+json"):
        raise MalformedNotification("found a content type that does not hold JSON; expected 'application/json'")
    try:
        raw_items = _envelope_decoder.decode(body.removeprefix(_BYTE_ORDER_MARK)).value
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedNotification("found a body that is not a JSON object with a list 'value'") from error
    if len(raw_items) > MAX_ITEMS:
        raise MalformedNotification(f"found {len(raw_items)} items in 'value'; expected at most {MAX_ITEMS}")
    items = tuple(item for raw in raw_items if (item := _parse_item(raw)) is not None)
    return Received(items=items, malformed=len(raw_items) - len(items))


def _parse_item(raw: msgspec.Raw) -> ChangeNotification | LifecycleNotification | None:
    """Return the notification, or None where a needed member is missing or has another type."""
    try:
        item = _item_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not _SUBSCRIPTION_ID.fullmatch(item.subscription_id):
        return None
    if item.lifecycle_event is not None:
        return LifecycleNotification(
            subscription_id=item.subscription_id,
            client_state=item.client_state or "",
            lifecycle_event=_lifecycle_events.get(item.lifecycle_event.casefold(), LifecycleEvent.UNKNOWN),
            tenant_id=item.tenant_id or "",
        )
    if not item.change_type:
        return None
    data = item.resource_data or _ResourceData()
    return ChangeNotification(
        subscription_id=item.subscription_id,
        client_state=item.client_state or "",
        change_type=item.change_type,
        resource=item.resource or "",
        resource_id=data.id or "",
        odata_type=data.odata_type or "",
        tenant_id=item.tenant_id or "",
    )


def item_id(notification: ChangeNotification) -> str | None:
    """Return the id of the event or message that changed, or None where none can be made out.

    `resourceData.id` is preferred; the path's forms differ by workload and are the fallback. What is returned is
    printable and has at most `MAX_ITEM_ID` characters.
    """
    for found in (notification.resource_id, _id_in_path(notification.resource)):
        if found and len(found) <= MAX_ITEM_ID and found.isprintable():
            return found
    return None


def _id_in_path(resource: str) -> str | None:
    if len(resource) > _MAX_PATH:
        return None
    match = _ITEM_IN_PATH.search(resource.partition("?")[0])
    if match is None:
        return None
    quoted, plain = match.groups()
    return unquote(quoted.replace("''", "'") if quoted else plain)


def validation_token(query_string: bytes) -> str | None:
    """Return the decoded `validationToken` that is to be echoed, or None where the request is no handshake.

    The query is form-encoded: a blank comes as `+`, a colon as `%3a`. The token is opaque and returned as it is.

    Args:
        query_string: the request's query as it came, without the question mark.

    Raises:
        MalformedNotification: the token is longer than `MAX_VALIDATION_TOKEN`, is not UTF-8, or holds markup, which
            Graph never sends.

    Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    """
    for pair in query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        if value and unquote_plus(name.decode("latin-1")) == "validationToken":
            return _decode_token(value)
    return None


def _decode_token(value: bytes) -> str:
    decoded = unquote_to_bytes(value.replace(b"+", b" "))
    try:
        token = decoded.decode()
    except UnicodeDecodeError as error:
        raise MalformedNotification("found a validationToken that is not UTF-8") from error
    if len(token) > MAX_VALIDATION_TOKEN:
        raise MalformedNotification(
            f"found a validationToken of {len(token)} characters; expected at most {MAX_VALIDATION_TOKEN}"
        )
    if "<" in token:
        raise MalformedNotification("found markup in a validationToken; Graph sends none")
    return token
