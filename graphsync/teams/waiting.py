"""What waits for an answer between two people, by who wrote when; the same for chats and for mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from graphsync.mentoring import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """That one of two people wrote to the other, and since when the other could read it.

    `waits` where it calls for an answer; else it only answers. `answered` where the other has answered it without
    writing: by a reaction, or by saying so.
    """

    message_id: str
    author: PersonId
    sent_at: datetime
    waits: bool = True
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """The first of the messages that one of the two has not answered yet."""

    message_id: str
    author: PersonId
    sent_at: datetime


def first_unanswered(written: Iterable[Written]) -> WaitingMessage | None:
    """Return what waits for an answer between two people, or None where nothing does.

    A message is answered by any later message of the other, or with the other's answer to a later one.
    Of several messages in a row the first counts: that is since when somebody waits.

    Args:
        written: each message once, in any order.
    """
    waiting: WaitingMessage | None = None
    for message in sorted(written, key=lambda message: (message.sent_at, message.message_id)):
        if message.answered:
            waiting = None
        elif waiting is None or waiting.author != message.author:
            waiting = _of(message) if message.waits else None
    return waiting


def _of(message: Written) -> WaitingMessage:
    return WaitingMessage(message_id=message.message_id, author=message.author, sent_at=message.sent_at)
