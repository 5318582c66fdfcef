"""Replies and forwarding: who they go to, what they are called, and the text they quote.

Sources: https://learn.microsoft.com/graph/api/message-createreply, message-createreplyall, message-createforward,
message-reply, message-replyall, message-forward
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import object_of, text_of
from graphsync.sandbox.outlook.mail import Mailroom
from graphsync.sandbox.outlook.mailboxes import MailMessage
from graphsync.sandbox.refusals import GraphRefusal, invalid_request
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.zones import local_time

ReplyKind = Literal["reply", "replyAll", "forward"]
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)
_PREFIXES: dict[ReplyKind, str] = {"reply": "RE: ", "replyAll": "RE: ", "forward": "FW: "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What is asked for: `parameters` are those of the action, `headers` those of a message in MIME.

    `zone` is a Windows zone name; the quoted message's time is told in it.
    """

    kind: ReplyKind
    parameters: Mapping[str, Any]
    headers: Mapping[str, str]
    zone: str


def draft_answer(mailroom: Mailroom, user: User, message_id: str, asked: Answering, *, actor: str) -> MailMessage:
    """Put the reply or the forwarded message into Drafts and return it.

    Raises:
        GraphRefusal: as `compose_answer`.
    """
    return mailroom.keep_draft(user, compose_answer(mailroom, user, message_id, asked), actor=actor)


def send_answer(mailroom: Mailroom, user: User, message_id: str, asked: Answering, *, actor: str) -> MailMessage:
    """Send the reply or the forwarded message and return its copy in Sent Items.

    Raises:
        GraphRefusal: as `compose_answer`; 400 for a message that is forwarded to nobody.
    """
    message = compose_answer(mailroom, user, message_id, asked)
    if not message.to:
        raise GraphRefusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    mailroom.send(user, message, actor, save=True)
    return message


def compose_answer(mailroom: Mailroom, user: User, message_id: str, asked: Answering) -> MailMessage:
    """Return the reply or the forwarded message, which is in no folder yet.

    What `message` has goes before what the original says, its `body` before the whole quoted text.

    Raises:
        GraphRefusal: 404 for the original; 400 for both a comment and a body, both kinds of recipients, a draft as the
            original, or a message Graph does not take.
    """
    original = mailroom.find(user, message_id)
    if original.is_draft:
        raise invalid_request(f"A draft cannot be the original of '{asked.kind}'.")
    message_given = object_of(asked.parameters.get("message") or {}, "message")
    given = {key: value for key, value in message_given.items() if value is not None}
    comment = text_of(asked.parameters.get("comment") or "", "comment")
    if comment and "body" in given:
        raise invalid_request("Specify either a comment or the body of the message, not both.")
    body = _answer_body(mailroom.core, user, original, asked, comment)
    if asked.parameters.get("toRecipients"):
        if given.get("toRecipients"):
            raise invalid_request("Specify either toRecipients or the toRecipients of the message, not both.")
        body["toRecipients"] = asked.parameters["toRecipients"]
    message = mailroom.compose(user, body | given, _thread_headers(original) | dict(asked.headers))
    message.conversation_id = original.conversation_id
    message.is_reply = True
    return message


def _answer_body(core: Core, user: User, original: MailMessage, asked: Answering, comment: str) -> dict[str, Any]:
    to, cc = _people(user, original, asked.kind)
    return {
        "subject": _PREFIXES[asked.kind] + _topic(original.subject),
        "body": {"contentType": "html", "content": _quoting(core, original, comment, asked.zone)},
        "toRecipients": _recipients(to),
        "ccRecipients": _recipients(cc),
    }


def _topic(subject: str) -> str:
    """Return a subject without the prefix of an earlier answer."""
    for prefix in _PREFIXES.values():
        if subject[: len(prefix)].upper() == prefix:
            return subject[len(prefix) :]
    return subject


def _people(user: User, original: MailMessage, kind: ReplyKind) -> tuple[list[str], list[str]]:
    """Return who an answer goes to, and who gets a copy; RFC 2822 has `replyTo` go before `from`."""
    if kind == "forward":
        return [], []
    senders = original.reply_to or [original.from_address]
    if kind == "reply":
        return list(senders), []
    seen = {user.address.lower()}
    to = _new(seen, [*senders, *original.to])
    cc = _new(seen, original.cc)
    return (to, cc) if to or cc else (list(senders), [])


def _new(seen: set[str], addresses: Sequence[str]) -> list[str]:
    found: list[str] = []
    for address in addresses:
        if address.lower() not in seen:
            seen.add(address.lower())
            found.append(address)
    return found


def _recipients(addresses: Sequence[str]) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}} for address in addresses]


def _thread_headers(original: MailMessage) -> dict[str, str]:
    """Return what tells other mailboxes which message is answered: https://www.rfc-editor.org/rfc/rfc5322 (3.6.4)."""
    earlier = original.headers.get("References", "")
    return {
        "In-Reply-To": original.internet_message_id,
        "References": f"{earlier} {original.internet_message_id}".strip(),
    }


def _quoting(core: Core, original: MailMessage, comment: str, zone: str) -> str:
    """Return the HTML of an answer: the comment, and below a line the original with its head."""
    sent = local_time(original.sent_at or original.created_at, zone)
    fields = [
        ("From", _named(core, [original.from_address])),
        ("Sent", f"{sent:%A, %B} {sent.day}, {sent.year} {sent.hour % 12 or 12}:{sent:%M %p}"),
        ("To", _named(core, original.to)),
        *([("Cc", _named(core, original.cc))] if original.cc else []),
        ("Subject", original.subject),
    ]
    head = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in fields)
    quoted = _inside(original.body) if original.body_type == "html" else _as_html(original.body)
    return (
        f'<html><body>{comment}<hr tabindex="-1" style="display:inline-block; width:98%">'
        f'<div id="divRplyFwdMsg" dir="ltr">{head}</div><div>{quoted}</div></body></html>'
    )


def _inside(html: str) -> str:
    """Return what a page of HTML shows, without the page around it."""
    body = _BODY.search(html)
    return html if body is None else body[1]


def _as_html(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _named(core: Core, addresses: Sequence[str]) -> str:
    found = []
    for address in addresses:
        person = core.directory.lookup(address)
        found.append(f"{person.display_name} <{address}>" if person is not None else address)
    return "; ".join(found)
