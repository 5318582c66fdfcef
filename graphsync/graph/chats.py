"""Teams chats: who is in them, and who wrote or reacted when. The text of a message is never decoded.

Sources: https://learn.microsoft.com/graph/api/chat-list, https://learn.microsoft.com/graph/api/chat-list-messages
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from graphsync.graph import sdk, wire
from graphsync.graph.times import instant, instant_or_none, utc_text
from graphsync.graph.transport import Transport, query
from graphsync.mentoring import PersonId
from graphsync.teams.chats import Chat, ChatMessage, Reaction

PAGE_SIZE: Final = 50
"""The most that either call gives on a page."""

_log = logging.getLogger(__name__)


async def list_chats(transport: Transport, user: str) -> list[Chat]:
    """Return the chats somebody is in; of large chats Graph names 25 members at most."""
    parameters = sdk.ChatsRequestBuilder.ChatsRequestBuilderGetQueryParameters(expand=["members"], top=PAGE_SIZE)
    info = transport.graph.users.by_user_id(user).chats.to_get_request_information(query(parameters))
    chats: dict[str, Chat] = {}
    async for page in transport.pages("list_chats", info, wire.Chat, mailbox=None):
        for found in page.value:
            members = frozenset(PersonId(member.user_id) for member in found.members or () if member.user_id)
            chats[found.id] = Chat(id=found.id, chat_type=found.chat_type or "unknown", members=members)
    return list(chats.values())


async def list_chat_messages(transport: Transport, chat_id: str, since: datetime) -> list[ChatMessage]:
    """Return the messages written, edited or reacted to after `since` (aware, excluded), the latest change first.

    Deleted messages and those of bots and of Teams itself have no author.
    """
    # The filter is passed over in silence unless the order names the same property, so both are sent and the times
    # are looked at again here.
    parameters = sdk.ChatMessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        top=PAGE_SIZE,
        orderby=["lastModifiedDateTime desc"],
        filter=f"lastModifiedDateTime gt {utc_text(since)}",
    )
    info = transport.graph.chats.by_chat_id(chat_id).messages.to_get_request_information(query(parameters))
    messages: dict[str, ChatMessage] = {}
    async for page in transport.pages("list_chat_messages", info, wire.ChatMessage, mailbox=None):
        for found in page.value:
            message = _readable(found, chat_id)
            if message is None:
                continue
            if message.modified_at <= since:
                return list(messages.values())
            messages.setdefault(message.id, message)
    return list(messages.values())


def message_of(found: wire.ChatMessage, chat_id: str) -> ChatMessage:
    """Return the value of a message.

    Raises:
        ValueError: it has no readable time.
    """
    created_at = instant(found.created_date_time)
    is_written = (found.message_type or "message").casefold() == "message" and not found.deleted_date_time
    author = found.sender.user.id if is_written and found.sender and found.sender.user else None
    return ChatMessage(
        id=found.id,
        chat_id=chat_id,
        author=PersonId(author) if author else None,
        created_at=created_at,
        modified_at=instant_or_none(found.last_modified_date_time) or created_at,
        reactions=tuple(
            Reaction(by=PersonId(reaction.user.user.id), at=instant_or_none(reaction.created_date_time) or created_at)
            for reaction in found.reactions or ()
            if reaction.user and reaction.user.user and reaction.user.user.id
        ),
    )


def _readable(found: wire.ChatMessage, chat_id: str) -> ChatMessage | None:
    try:
        return message_of(found, chat_id)
    except ValueError as error:
        _log.warning("list_chat_messages: message %r is passed over: %s", found.id, error)
        return None
