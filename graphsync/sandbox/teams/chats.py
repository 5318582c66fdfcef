"""Teams chats: one between two people each, messages and reactions. An app may read them and not write.

Sources: https://learn.microsoft.com/graph/api/chat-list, chat-post, chat-list-messages, chatmessage-post
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from graphsync.sandbox.core import Core
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import User


@dataclass(slots=True, kw_only=True, eq=False)
class ChatMessage:
    """One message; its id is the millisecond it was written, unique within the chat."""

    id: str
    chat_id: str
    author_id: str
    html: str
    created_at: datetime
    modified_at: datetime
    # (user id, when) of each reaction, with the kind of each beside it.
    reactions: list[tuple[str, datetime]] = field(default_factory=list)
    reaction_types: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A chat of two people, or of a person with the bot `bot_id`."""

    id: str
    member_ids: tuple[str, str]
    created_at: datetime
    messages: list[ChatMessage] = field(default_factory=list)
    bot_id: str | None = None


class ChatListener(Protocol):
    """Hears of messages and reactions; the subscriptions are one."""

    def chat_message_changed(
        self, chat: Chat, message: ChatMessage, change_type: Literal["created", "updated"]
    ) -> None:
        """Take note that a message was written or reacted to."""
        ...


@dataclass(slots=True)
class Chats:
    """All chats of the tenant, by id."""

    core: Core
    listener: ChatListener
    by_id: dict[str, Chat] = field(default_factory=dict)

    def open(self, first: User, second: User, *, actor: str) -> Chat:
        """Return the chat of two people, made now if they had none.

        Raises:
            GraphRefusal: 400; a person has no chat with themselves.
        """
        if first.id == second.id:
            raise GraphRefusal(400, "BadRequest", "A oneOnOne chat needs two different members.")
        members = tuple(sorted((first.id, second.id)))
        chat_id = f"19:{members[0]}_{members[1]}@unq.gbl.spaces"
        chat = self.by_id.get(chat_id)
        if chat is None:
            chat = Chat(id=chat_id, member_ids=(members[0], members[1]), created_at=self.core.clock.now())
            self.by_id[chat_id] = chat
            self.core.journal.add(
                "chat_created", actor=actor, subject_id=chat_id, details={"member_ids": list(chat.member_ids)}
            )
        return chat

    def find(self, chat_id: str) -> Chat:
        """Return the chat with this id.

        Raises:
            GraphRefusal: 404; there is none.
        """
        chat = self.by_id.get(chat_id)
        if chat is None:
            raise GraphRefusal(404, "NotFound", "NotFound: the chat does not exist.")
        return chat

    def of(self, user: User) -> list[Chat]:
        """Return the chats a person is in, the one last written in first."""
        mine = [chat for chat in self.by_id.values() if user.id in chat.member_ids]
        mine.sort(key=lambda chat: (last_written_at(chat), chat.id), reverse=True)
        return mine

    def post(self, chat_id: str, author: User, html: str) -> ChatMessage:
        """Write a message as a person.

        Raises:
            GraphRefusal: 404 for an unknown chat, 403 if the author is not in it.
        """
        chat = self.find(chat_id)
        self._check_member(chat, author)
        now = self.core.clock.now()
        number = round(now.timestamp() * 1000)
        if chat.messages:
            number = max(number, int(chat.messages[-1].id) + 1)
        message = ChatMessage(
            id=str(number), chat_id=chat.id, author_id=author.id, html=html, created_at=now, modified_at=now
        )
        chat.messages.append(message)
        self.core.journal.add(
            "chat_message",
            actor=author.address,
            user_id=author.id,
            subject_id=message.id,
            details={"chat_id": chat.id, "message_id": message.id, "member_ids": list(chat.member_ids)},
        )
        self.listener.chat_message_changed(chat, message, "created")
        return message

    def react(self, chat_id: str, message_id: str, author: User, reaction: str) -> None:
        """React to a message; the same reaction of the same person counts once.

        Raises:
            GraphRefusal: 404 for an unknown chat or message, 403 if the person is not in the chat.
        """
        chat = self.find(chat_id)
        self._check_member(chat, author)
        message = next((item for item in chat.messages if item.id == message_id), None)
        if message is None:
            raise GraphRefusal(404, "NotFound", "NotFound: the message does not exist in this chat.")
        present = zip(message.reactions, message.reaction_types, strict=True)
        if any(by == author.id and kind == reaction for (by, _), kind in present):
            return
        now = self.core.clock.now()
        message.reactions.append((author.id, now))
        message.reaction_types.append(reaction)
        message.modified_at = max(now, message.modified_at + timedelta(milliseconds=1))
        self.core.journal.add(
            "reaction",
            actor=author.address,
            user_id=author.id,
            subject_id=message.id,
            details={"chat_id": chat.id, "message_id": message.id, "reaction": reaction},
        )
        self.listener.chat_message_changed(chat, message, "updated")

    def _check_member(self, chat: Chat, author: User) -> None:
        if author.id not in chat.member_ids:
            raise GraphRefusal(403, "Forbidden", "The person is not a member of this chat.")


def last_written_at(chat: Chat) -> datetime:
    """Return when the last message was written, or when the chat was made."""
    return chat.messages[-1].created_at if chat.messages else chat.created_at
