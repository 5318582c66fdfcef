"""What reaches a person in Teams beside chats: the activity feed and the messages of bots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from graphsync.sandbox.teams.bots import BotMessage
from graphsync.sandbox.teams.cards import buttons_of
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One line of the feed: from which app or bot, when, and what it says."""

    at: datetime
    source: str
    text: str
    preview: str = ""


def feed_of(world: World, user: User) -> list[FeedLine]:
    """Return what is in a person's feed and what bots wrote to them, newest first."""
    lines = [
        FeedLine(at=entry.updated_at, source=entry.app_name, text=entry.text, preview=entry.preview or "")
        for entry in world.feed(user)
    ]
    lines += [_of_a_bot(world, message) for message in world.bot_messages(user)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _of_a_bot(world: World, message: BotMessage) -> FeedLine:
    with world.lock:
        bot = world.bots.by_id.get(message.bot_id)
        card = message.card
    buttons = [] if card is None else [str(button.action.get("title", "")) for button in buttons_of(card)]
    return FeedLine(
        at=message.updated_at,
        source=message.bot_id if bot is None else bot.name,
        text=message.text or " ".join(_texts(card)),
        preview="" if not buttons else f"Buttons: {', '.join(buttons)}",
    )


def _texts(part: object) -> Iterator[str]:
    """Return what is written on a card, in its order."""
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        if part.get("type") == "TextBlock":
            yield str(part.get("text", ""))
        for name in ("body", "items", "columns"):
            yield from _texts(part.get(name))
