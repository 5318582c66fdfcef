"""Chats as far as graphsync looks at them: who wrote or reacted when, never what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graphsync.mentoring import PersonId
from graphsync.teams.waiting import WaitingMessage, Written, first_unanswered


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


def waiting_message(messages: Sequence[ChatMessage], pair: frozenset[PersonId]) -> WaitingMessage | None:
    """Return what waits for an answer in a chat of two, or None where nothing does; see `waiting.first_unanswered`.

    The other's reaction to a message answers it.

    Args:
        messages: of one chat, in any order, possibly with repeats; authors outside `pair` are passed over.
        pair: the two people.
    """
    # Of a message that was read several times, before and after a reaction, the last state counts.
    newest = {message.id: message for message in sorted(messages, key=lambda message: message.modified_at)}
    return first_unanswered(
        Written(
            message_id=message.id,
            author=message.author,
            sent_at=message.created_at,
            answered=any(reaction.by in pair and reaction.by != message.author for reaction in message.reactions),
        )
        for message in newest.values()
        if message.author is not None and message.author in pair
    )
