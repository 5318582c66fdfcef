"""Bots, their personal conversations with people, and the messages in them.

A person has one conversation with a bot, from the installation of its app on. It has an id of the connector (`a:1…`)
and one of Graph (`19:…@unq.gbl.spaces`), and both may be used to write. Removing the chat ends the first: the next
conversation has another. Whom a bot may write to is decided here; who wears which status is the connector's.

Source: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from graphsync.sandbox.core import Core
from graphsync.sandbox.teams.chats import Chat
from graphsync.sandbox.teams.manifests import Manifest
from graphsync.sandbox.tenant.directory import User

Json = dict[str, Any]
BotEvent = Literal["conversationUpdate", "installationUpdate"]
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
CHANNEL = "msteams"
# Regional form, as it comes in activities: https://smba.trafficmanager.net/emea/{tenant}/
REGION = "emea"
CONNECTOR = "/connector"


@dataclass(slots=True, kw_only=True, eq=False)
class Bot:
    """A bot registration: its app id, its name, and the messaging endpoint that hears of people."""

    app_id: str
    name: str
    endpoint: str | None

    @property
    def channel_id(self) -> str:
        """Return the id of the bot in the channel."""
        return f"28:{self.app_id}"


@dataclass(slots=True, kw_only=True, eq=False)
class BotMessage:
    """A message in a conversation, as the person sees it.

    `activity` is what was sent last; `own_card` a card that answered a click of the person and stands instead of the
    sent one until the bot updates the message.
    """

    id: str
    conversation_id: str
    bot_id: str
    user_id: str
    activity: Json
    created_at: datetime
    updated_at: datetime
    is_of_bot: bool = True
    own_card: Json | None = None

    @property
    def text(self) -> str:
        """Return the text of the message."""
        return str(self.activity.get("text") or "")

    @property
    def summary(self) -> str | None:
        """Return what a toast shows: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations."""
        found = self.activity.get("summary")
        return None if found is None else str(found)

    @property
    def card(self) -> Json | None:
        """Return the Adaptive Card the person sees, or None."""
        if self.own_card is not None:
            return self.own_card
        for attachment in self.activity.get("attachments") or ():
            if attachment.get("contentType") == ADAPTIVE_CARD:
                found: Json = attachment["content"]
                return found
        return None


@dataclass(slots=True, kw_only=True, eq=False)
class Conversation:
    """The personal conversation of a person with a bot."""

    id: str
    chat_id: str
    bot_id: str
    user_id: str
    created_at: datetime
    is_removed: bool = False
    messages: list[BotMessage] = field(default_factory=list)
    # The id given last: one that was deleted is not given again.
    last_id: int = 0


class ActivityListener(Protocol):
    """Hears what a bot must be told of."""

    def tell(self, bot: Bot, conversation: Conversation, activity: Json) -> None:
        """Send an activity to the endpoint of a bot, soon."""
        ...


@dataclass(slots=True)
class Bots:
    """All bots of the tenant."""

    core: Core
    listener: ActivityListener | None = None
    # The root of the connector without its path; set when the world is served.
    base_url: str = "https://localhost"
    by_id: dict[str, Bot] = field(default_factory=dict)
    _installed: set[tuple[str, str]] = field(default_factory=set)
    _current: dict[tuple[str, str], Conversation] = field(default_factory=dict)
    _by_conversation: dict[str, Conversation] = field(default_factory=dict)

    @property
    def service_url(self) -> str:
        """Return the `serviceUrl` of activities."""
        return f"{self.base_url}{CONNECTOR}/{REGION}/{self.core.tenant_id}/"

    def register(self, app_id: str, name: str, endpoint: str | None) -> Bot:
        """Register a bot, or give it another name or endpoint."""
        bot = self.by_id.get(app_id)
        if bot is None:
            bot = self.by_id[app_id] = Bot(app_id=app_id, name=name, endpoint=endpoint)
        else:
            bot.name = name or bot.name
            bot.endpoint = endpoint or bot.endpoint
        return bot

    # Who is who ----------------------------------------------------------------------------------------------

    def member_id(self, bot_id: str, user: User) -> str:
        """Return the id of a person as one bot knows them; another bot knows them by another."""
        digest = self.core.draws.digest("channel account", bot_id, user.id)
        return "29:1" + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def member(self, bot_id: str, key: str) -> User | None:
        """Return the person with this `29:` id for this bot, or with this object id; None for anybody else."""
        if key.startswith("29:"):
            return next((user for user in self.core.directory if self.member_id(bot_id, user) == key), None)
        user = self.core.directory.lookup(key)
        return user if user is not None and user.id == key.lower() else None

    def is_installed(self, bot_id: str, user: User) -> bool:
        """Return whether a person has an app with this bot."""
        return (bot_id, user.id) in self._installed

    # Conversations -------------------------------------------------------------------------------------------

    def conversation(self, conversation_id: str) -> Conversation | None:
        """Return the conversation with this id of connector or Graph, a removed one too; None if there never was."""
        return self._by_conversation.get(conversation_id)

    def current(self, bot_id: str, user: User) -> Conversation | None:
        """Return the conversation a person sees, or None."""
        return self._current.get((bot_id, user.id))

    def open(self, bot_id: str, user: User) -> Conversation:
        """Return the conversation of a person with a bot, made now if they have none."""
        found = self._current.get((bot_id, user.id))
        if found is not None:
            return found
        key = ("conversation", bot_id, user.id)
        digest = self.core.draws.digest(*key, self.core.draws.ordinal(*key))
        conversation = Conversation(
            id="a:1" + base64.urlsafe_b64encode(digest).decode().rstrip("="),
            chat_id=f"19:{user.id}_{bot_id}@unq.gbl.spaces",
            bot_id=bot_id,
            user_id=user.id,
            created_at=self.core.clock.now(),
        )
        self._current[bot_id, user.id] = conversation
        self._by_conversation[conversation.id] = self._by_conversation[conversation.chat_id] = conversation
        self.core.journal.add(
            "bot_conversation_created",
            actor=f"bot:{bot_id}",
            user_id=user.id,
            subject_id=conversation.id,
            details={"chat_id": conversation.chat_id},
        )
        return conversation

    def personal_chat(self, user: User, bot_id: str) -> Chat | None:
        """Return the chat of a person with a bot as Graph shows it, or None if it was removed."""
        conversation = self.current(bot_id, user)
        if conversation is None:
            return None
        return Chat(
            id=conversation.chat_id,
            member_ids=(user.id, bot_id),
            created_at=conversation.created_at,
            bot_id=bot_id,
        )

    def chats_of(self, user: User) -> list[Chat]:
        """Return the chats of a person with bots as Graph shows them."""
        found = (self.personal_chat(user, bot_id) for bot_id, user_id in list(self._current) if user_id == user.id)
        return [chat for chat in found if chat is not None]

    def remove_chat(self, user: User, bot_id: str) -> None:
        """Let a person delete the chat with its history: the conversation is not found any more."""
        conversation = self._current.pop((bot_id, user.id), None)
        if conversation is not None:
            conversation.is_removed = True
            self.core.journal.add(
                "bot_conversation_removed", actor=user.address, user_id=user.id, subject_id=conversation.id
            )

    # Messages ------------------------------------------------------------------------------------------------

    def post(self, conversation: Conversation, activity: Mapping[str, Any], *, is_of_bot: bool = True) -> BotMessage:
        """Put a message into a conversation; ids are milliseconds, unique within it."""
        now = self.core.clock.now()
        conversation.last_id = max(round(now.timestamp() * 1000), conversation.last_id + 1)
        message = BotMessage(
            id=str(conversation.last_id),
            conversation_id=conversation.id,
            bot_id=conversation.bot_id,
            user_id=conversation.user_id,
            activity=dict(activity),
            created_at=now,
            updated_at=now,
            is_of_bot=is_of_bot,
        )
        conversation.messages.append(message)
        self._record("bot_message" if is_of_bot else "person_message", message)
        return message

    def update(self, message: BotMessage, activity: Mapping[str, Any]) -> None:
        """Put another content in the place of a message; what answered a click before is gone."""
        message.activity = dict(activity)
        message.own_card = None
        message.updated_at = self.core.clock.now()
        self._record("bot_message_updated", message)

    def delete(self, conversation: Conversation, message: BotMessage) -> None:
        """Take a message out of a conversation."""
        conversation.messages.remove(message)
        self._record("bot_message_deleted", message)

    def messages(self, user: User, bot_id: str | None = None) -> list[BotMessage]:
        """Return what bots wrote that a person sees, oldest first; of one bot if it is named."""
        found = [
            message
            for (of_bot, user_id), conversation in self._current.items()
            if user_id == user.id and bot_id in {None, of_bot}
            for message in conversation.messages
            if message.is_of_bot
        ]
        return sorted(found, key=lambda message: (message.created_at, message.bot_id, message.id))

    def _record(self, verb: str, message: BotMessage) -> None:
        self.core.journal.add(
            verb,
            actor=f"bot:{message.bot_id}" if verb != "person_message" else f"person:{message.user_id}",
            user_id=message.user_id,
            subject_id=message.id,
            details={"conversation_id": message.conversation_id},
        )

    # Installation --------------------------------------------------------------------------------------------

    def app_installed(self, user: User, manifest: Manifest) -> None:
        """Open the conversation with the bot of an app that was installed, and tell the bot."""
        if manifest.bot_id is None:
            return
        bot = self.register(manifest.bot_id, manifest.name, None)
        self._installed.add((bot.app_id, user.id))
        conversation = self.open(bot.app_id, user)
        self._tell(bot, conversation, "conversationUpdate", {"membersAdded": [{"id": bot.channel_id}]})
        self._tell(bot, conversation, "installationUpdate", {"action": "add"})

    def app_removed(self, user: User, manifest: Manifest) -> None:
        """Tell the bot of an app that it was removed; the conversation stays and takes no more messages."""
        if manifest.bot_id is None:
            return
        bot = self.by_id[manifest.bot_id]
        self._installed.discard((bot.app_id, user.id))
        conversation = self.current(bot.app_id, user)
        if conversation is not None:
            self._tell(bot, conversation, "installationUpdate", {"action": "remove"})

    def _tell(
        self,
        bot: Bot,
        conversation: Conversation,
        kind: BotEvent,
        more: Json,
    ) -> None:
        if self.listener is not None:
            self.listener.tell(bot, conversation, {"type": kind, **more})
