"""Mail in MIME in: base64 of an internet message, read into the `message` that Graph would have been given in JSON.

Sources: https://learn.microsoft.com/graph/outlook-send-mime-message, https://learn.microsoft.com/graph/api/user-sendmail
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from typing import Any

from graphsync.sandbox.refusals import GraphRefusal, not_served

# Those of the text itself are not kept, nor the trace of a transport.
_KEPT_HEADERS = ("in-reply-to", "references")


@dataclass(frozen=True, slots=True)
class MimeMail:
    """A message in MIME, read: `body` as Graph has it in JSON, and the headers it keeps."""

    body: dict[str, Any]
    headers: dict[str, str]


def read_mime(content: bytes) -> MimeMail:
    """Return the mail in a request body of `text/plain`.

    Raises:
        GraphRefusal: 400 `ErrorMimeContentInvalidBase64String`, for what is no base64 and, as the page has it, in the
            same words for what is no MIME; 501 for attachments.
    """
    try:
        decoded = base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error as error:
        raise _malformed() from error
    mail = message_from_bytes(decoded, _class=EmailMessage, policy=policy.default)
    if not mail.keys():
        raise _malformed()
    try:
        _check_parts(mail)
        return MimeMail(body=_body_of(mail), headers=_headers_of(mail))
    except (AttributeError, LookupError, MessageError, TypeError, ValueError) as error:
        # An unknown charset is a LookupError; fields that cannot be read have the library's parser raise any of these.
        raise _malformed() from error


def _malformed() -> GraphRefusal:
    return GraphRefusal(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")


def _check_parts(mail: EmailMessage) -> None:
    for part in mail.walk():
        kind = part.get_content_type()
        is_text = kind in {"text/html", "text/plain"} and not part.is_attachment()
        if not is_text and part.get_content_maintype() != "multipart":
            raise not_served(f"attachments, here a part of {kind}; text/html and text/plain are.")


def _body_of(mail: EmailMessage) -> dict[str, Any]:
    text = mail.get_body(("html", "plain"))
    kind = "html" if text is not None and text.get_content_subtype() == "html" else "text"
    found: dict[str, Any] = {"body": {"contentType": kind, "content": "" if text is None else text.get_content()}}
    if "subject" in mail:
        found["subject"] = str(mail["subject"])
    fields = {"to": "toRecipients", "cc": "ccRecipients", "bcc": "bccRecipients", "reply-to": "replyTo"}
    for field, key in fields.items():
        if field in mail:
            found[key] = _recipients(mail, field)
    for field in ("from", "sender"):
        given = _recipients(mail, field)
        if given:
            found[field] = given[0]
    importance = str(mail["importance"] or "").strip().lower()
    if importance in {"low", "normal", "high"}:
        found["importance"] = importance
    return found


def _recipients(mail: EmailMessage, field: str) -> list[dict[str, Any]]:
    return [
        {"emailAddress": {"address": address.addr_spec, "name": address.display_name or address.addr_spec}}
        for header in mail.get_all(field, [])
        for address in header.addresses
    ]


def _headers_of(mail: EmailMessage) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in mail.items()
        if name.lower().startswith("x-") or name.lower() in _KEPT_HEADERS
    }
