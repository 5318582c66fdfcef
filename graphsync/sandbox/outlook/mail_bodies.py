"""Request bodies of mail in: what a message may be made of, what may be changed of it, and how the rest is refused.

Sources: https://learn.microsoft.com/graph/api/user-post-messages, https://learn.microsoft.com/graph/api/message-update
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphsync.sandbox.face.bodies import (
    body_refusal,
    email_address,
    extended_properties,
    flag_of,
    is_annotation,
    list_of,
    object_of,
    one_of,
    text_of,
    unknown_property,
    zoned_time,
)
from graphsync.sandbox.names import names
from graphsync.sandbox.outlook.mailboxes import MailMessage
from graphsync.sandbox.refusals import GraphRefusal, invalid_property, not_served, refuse_unknown
from graphsync.sandbox.zones import wall_time

MOST_HEADERS = 5
WRITABLE = names(
    """
    subject body toRecipients ccRecipients bccRecipients replyTo internetMessageHeaders importance categories
    singleValueExtendedProperties from sender isReadReceiptRequested isDeliveryReceiptRequested flag
    """
)
UPDATABLE = (WRITABLE - {"internetMessageHeaders"}) | {"isRead", "internetMessageId"}
# By the page these four; that Graph minds `from` too: https://github.com/microsoftgraph/microsoft-graph-docs/issues/17008
DRAFT_ONLY = names(
    "subject body replyTo internetMessageId from sender toRecipients ccRecipients bccRecipients",
)
# https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
RECEIPTS = names("isReadReceiptRequested isDeliveryReceiptRequested")
_RECIPIENTS = {"toRecipients": "to", "ccRecipients": "cc", "bccRecipients": "bcc", "replyTo": "reply_to"}


def new_message_values(body: Mapping[str, Any], *, sender: str) -> dict[str, Any]:
    """Return what a body makes of a new message of `sender`, by the names of `MailMessage`.

    Raises:
        GraphRefusal: 400 for an unknown property or a value Graph does not take; 403 for another sender.
    """
    found: dict[str, Any] = {}
    for key, value in body.items():
        if is_annotation(key):
            continue
        if key in WRITABLE:
            found |= _taken(key, value, sender)
        else:
            refuse_unknown(unknown_property(key, "message", WRITABLE))
    return found


def message_changes(message: MailMessage, body: Mapping[str, Any], *, sender: str) -> dict[str, Any]:
    """Return what a body changes of a message that is there, by the names of `MailMessage`.

    Raises:
        GraphRefusal: 400 for an unknown property, a value Graph does not take, or what only drafts can have changed.

    Source: https://learn.microsoft.com/graph/api/message-update
    """
    found: dict[str, Any] = {}
    for key, value in body.items():
        if is_annotation(key):
            continue
        if not message.is_draft and key in DRAFT_ONLY:
            raise GraphRefusal(400, "ErrorInvalidPropertySet", "Message is not draft.")
        if not message.is_draft and key in RECEIPTS:
            raise GraphRefusal(
                400,
                "ErrorInvalidPropertyUpdateSentMessage",
                "Update operation is invalid for property of a sent message.",
            )
        if key == "internetMessageHeaders":
            raise not_served("a change of a message's 'internetMessageHeaders'; a new draft can be made.")
        if key not in UPDATABLE:
            refuse_unknown(unknown_property(key, "message", UPDATABLE))
            continue
        found |= _taken(key, value, sender)
    if "extended_properties" in found:
        found["extended_properties"] = message.extended_properties | found["extended_properties"]
    return found


def _taken(key: str, value: Any, sender: str) -> dict[str, Any]:
    """Return one property as it is stored; null stands for what a message has without it."""
    match key:
        case "subject":
            return {"subject": text_of(value or "", key)}
        case "body":
            holder = object_of(value or {}, key)
            kind = one_of(holder.get("contentType") or "text", ("html", "text"), "body.contentType")
            return {"body": text_of(holder.get("content") or "", "body.content"), "body_type": kind}
        case "toRecipients" | "ccRecipients" | "bccRecipients" | "replyTo":
            return {_RECIPIENTS[key]: addresses_of(value, key)}
        case "internetMessageHeaders":
            return {"headers": _headers(value or [])}
        case "internetMessageId":
            return {"internet_message_id": text_of(value, key)}
        case "importance":
            return {"importance": one_of(value or "normal", ("low", "normal", "high"), key)}
        case "categories":
            return {"categories": [text_of(item, key) for item in list_of(value or [], key)]}
        case "singleValueExtendedProperties":
            return {"extended_properties": extended_properties(value or [])}
        case "isRead":
            return {"is_read": flag_of(value, key)}
        case "isReadReceiptRequested":
            return {"wants_read_receipt": flag_of(value or False, key)}
        case "isDeliveryReceiptRequested":
            return {"wants_delivery_receipt": flag_of(value or False, key)}
        case "flag":
            return {"flag": _followup_flag(value or {})}
        case "from" | "sender":
            _check_sender(value, key, sender)
            return {}
        case _:
            raise AssertionError(f"no rule for the writable property {key!r}")


def addresses_of(value: object, where: str) -> list[str]:
    """Return the addresses of a collection of recipients, none for null."""
    return [email_address(item, where)[0] for item in list_of(value or [], where)]


def _check_sender(value: object, key: str, sender: str) -> None:
    if value is not None and email_address(value, key)[0].lower() != sender.lower():
        raise GraphRefusal(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this "
            "request does not have the right to send mail on behalf of the specified account.",
        )


def _followup_flag(value: object) -> dict[str, Any]:
    """Return a `followupFlag` as it is stored: times in UTC.

    Source: https://learn.microsoft.com/graph/api/resources/followupflag (a due date needs a start date)
    """
    holder = object_of(value, "flag")
    times = ("startDateTime", "dueDateTime", "completedDateTime")
    for key in holder:
        if key not in ("flagStatus", *times) and not is_annotation(key):
            refuse_unknown(unknown_property(key, "followupFlag", ("flagStatus", *times)))
    status = one_of(holder.get("flagStatus") or "notFlagged", ("notFlagged", "complete", "flagged"), "flag.flagStatus")
    found: dict[str, Any] = {"flagStatus": status}
    for name in times:
        if holder.get(name) is not None:
            instant, _ = zoned_time(holder[name], f"flag.{name}")
            found[name] = {"dateTime": wall_time(instant, "UTC"), "timeZone": "UTC"}
    if "dueDateTime" in found and "startDateTime" not in found:
        raise invalid_property("A flag's dueDateTime needs a startDateTime.")
    return found


def _headers(value: object) -> dict[str, str]:
    """Return the custom headers of a message.

    Source: https://learn.microsoft.com/graph/api/resources/internetmessageheader (x- only; at most 5 is reported)
    """
    items = list_of(value, "internetMessageHeaders")
    if len(items) > MOST_HEADERS:
        raise GraphRefusal(
            400,
            "InvalidInternetMessageHeaderCollection",
            f"Maximum number of headers in one message should be less than or equal to {MOST_HEADERS}.",
        )
    found: dict[str, str] = {}
    for item in items:
        pair = object_of(item, "internetMessageHeaders")
        name = text_of(pair.get("name"), "internetMessageHeaders.name")
        if not name.lower().startswith("x-"):
            raise GraphRefusal(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.",
            )
        if name in found:
            raise body_refusal(f"The internet message header '{name}' is given twice.")
        found[name] = text_of(pair.get("value"), "internetMessageHeaders.value")
    return found
