"""What a subscription watches: the `resource` of its request, read.

Sources: https://learn.microsoft.com/graph/api/resources/subscription (paths),
https://learn.microsoft.com/graph/outlook-change-notifications-overview ($select, $filter, $expand),
https://learn.microsoft.com/graph/teams-changenotifications-chatmessage
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from graphsync.sandbox.face.odata import Filter, Query, conditions, expanded_properties, lookup_in, matches
from graphsync.sandbox.face.wire import EVENT_NAMES, MESSAGE_NAMES, View, message_json
from graphsync.sandbox.notifications.subscription_refusals import invalid_subscription
from graphsync.sandbox.outlook.mailboxes import MailMessage
from graphsync.sandbox.refusals import close_to, not_served

ResourceKind = Literal["events", "messages", "chat", "user_chats"]
OUTLOOK: frozenset[ResourceKind] = frozenset({"events", "messages"})

# Properties of messages that a subscription may be narrowed by; times of messages make little sense there.
FILTERABLE = (
    "subject",
    "importance",
    "isRead",
    "isDraft",
    "hasAttachments",
    "conversationId",
    "internetMessageId",
    "from/emailAddress/address",
    "sender/emailAddress/address",
)
_NEVER_TAKEN = ("$top", "$skip", "$orderby")
_PARENTHESES = re.compile(r"\('([^']*)'\)")
_KNOWN = ("users/{id}/events", "users/{id}/messages", "chats/{id}/messages", "users/{id}/chats/getAllMessages")
_PATTERNS: tuple[tuple[re.Pattern[str], ResourceKind, str], ...] = (
    (re.compile(r"users/([^/]+)/(?:calendar/)?events", re.I), "events", ""),
    (re.compile(r"users/([^/]+)/mailfolders/inbox/messages", re.I), "messages", "inbox"),
    (re.compile(r"users/([^/]+)/messages", re.I), "messages", ""),
    (re.compile(r"chats/([^/]+)/messages", re.I), "chat", ""),
    (re.compile(r"users/([^/]+)/chats/getallmessages(?:\(\))?", re.I), "user_chats", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that can be watched.

    Args:
        text: as it was written.
        owner: the user's id or address, or the chat's id, as it was written.
        folder: the folder of mail, empty for all of it.
        options: the query options, names in lower case; what tells two resources of one owner apart.
    """

    text: str
    kind: ResourceKind
    owner: str
    folder: str = ""
    options: frozenset[tuple[str, str]] = frozenset()
    select: tuple[str, ...] | None = None
    expand: tuple[str, ...] = ()
    filter: Filter | None = None

    def takes(self, message: MailMessage) -> bool:
        """Return whether a message is one that the resource's filter lets through."""
        if self.filter is None:
            return True
        wanted = tuple(dict.fromkeys(condition.path[0] for condition in conditions(self.filter)))
        return matches(self.filter, lookup_in(message_json(message, View(), wanted)))


def parse_resource(text: str) -> Resource:
    """Return the resource a subscription names.

    Raises:
        GraphRefusal: 400 for what cannot be watched or asked for, 501 for what the sandbox does not have.
    """
    path, _, query = text.partition("?")
    plain = _PARENTHESES.sub(r"/\1", path.strip("/"))
    for pattern, kind, folder in _PATTERNS:
        match = pattern.fullmatch(plain)
        if match:
            options = _options(query)
            read = _outlook(text, kind, options) if kind in OUTLOOK else _teams(options)
            return Resource(
                text=text,
                kind=kind,
                owner=match.group(1),
                folder=folder,
                options=frozenset(options.items()),
                select=read[0],
                expand=read[1],
                filter=read[2],
            )
    raise invalid_subscription(f"Resource '{text}' is not supported{close_to(text, _KNOWN)}.")


_Read = tuple[tuple[str, ...] | None, tuple[str, ...], Filter | None]


def _options(query: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name).strip().lower(): unquote(value).strip() for name, _, value in pairs}


def _outlook(text: str, kind: ResourceKind, options: Mapping[str, str]) -> _Read:
    for name in _NEVER_TAKEN:
        if name in options:
            raise invalid_subscription(f"'{name}' is not supported in the resource of a subscription: '{text}'.")
    query = Query(options)
    # Graph has it, messages here have not; who asks for it is told by `check_rich`.
    names = (*(EVENT_NAMES if kind == "events" else MESSAGE_NAMES), "uniqueBody")
    select = query.select(names)
    expand = expanded_properties(query.take("$expand"))
    if kind == "events" and "$filter" in options:
        raise not_served("$filter in a subscription to events")
    if "datetime" in options.get("$filter", "").lower():
        raise not_served("$filter by a time in a subscription to messages")
    wanted = query.filter(FILTERABLE)
    query.finish()
    return select, expand, wanted


def _teams(options: Mapping[str, str]) -> _Read:
    """Read the options of chats: all of a message comes, and what is paid for it is not modeled.

    Source: https://learn.microsoft.com/graph/teams-licenses (`model`)
    """
    if "$select" in options:
        raise invalid_subscription("'$select' is not supported in a subscription to chat messages.")
    for name in ("$search", "$filter"):
        if name in options:
            raise not_served(f"{name} in a subscription to chat messages")
    query = Query(options)
    model = query.take("model")
    if model is not None and model not in {"A", "B"}:
        raise invalid_subscription(f"The model '{model}' is not supported{close_to(model, ('A', 'B'))}.")
    query.finish()
    return None, (), None
