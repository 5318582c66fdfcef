"""Chats as far as graphsync looks at them: who wrote or reacted when, never what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphsync.mentoring import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A Teams chat; `chat_type` is Graph's (`oneOnOne`, `group`, `meeting`)."""

    id: str
    chat_type: str
    members: frozenset[PersonId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Somebody's reaction to a message."""

    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message without its text; `author` is None for bots and system events."""

    id: str
    chat_id: str
    author: PersonId | None
    created_at: datetime
    modified_at: datetime
    reactions: tuple[Reaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """The first of the messages that one of the two has not answered yet."""

    message_id: str
    author: PersonId
    sent_at: datetime


def waiting_message(messages: Sequence[ChatMessage], pair: frozenset[PersonId]) -> WaitingMessage | None:
    """Return what waits for an answer in a chat of two, or None where nothing does.

    A message is answered by any later message of the other, or by the other's reaction to it or to a later one.
    Of several messages in a row the first counts: that is since when somebody waits.

    Args:
        messages: of one chat, in any order, possibly with repeats; authors outside `pair` are passed over.
        pair: the two people.
    """
    # Of a message that was read several times, before and after a reaction, the last state counts.
    newest = {message.id: message for message in sorted(messages, key=lambda message: message.modified_at)}
    waiting: WaitingMessage | None = None
    for message in sorted(newest.values(), key=lambda message: (message.created_at, message.id)):
        author = message.author
        if author is None or author not in pair:
            continue
        reacted = any(reaction.by in pair and reaction.by != author for reaction in message.reactions)
        if reacted:
            waiting = None
        elif waiting is None or waiting.author != author:
            waiting = WaitingMessage(message_id=message.id, author=author, sent_at=message.created_at)
    return waiting
