"""What bots are told: signed activities to their messaging endpoints, and the clicks of people that wait for an answer.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication (the token),
https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model (clicks)
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from graphsync.clock import Clock, SystemClock
from graphsync.sandbox.core import Core
from graphsync.sandbox.entra.signing import SigningKeys
from graphsync.sandbox.faults import ACTIVITY, ACTIVITY_KINDS, Fault, Faults
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.notifications.posting import Receipt
from graphsync.sandbox.teams.bots import ADAPTIVE_CARD, CHANNEL, Bot, BotMessage, Bots, Conversation
from graphsync.sandbox.teams.cards import Button, ClickRefused, button, filled
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.zones import utc_text

Json = dict[str, Any]
ISSUER = "https://api.botframework.com"
TOKEN_LIFETIME_S = 3600
# How long a bot may take is told of messaging extensions alone (5 s); this is for activities nobody waits for.
TIMEOUT_S = 15.0
RETRY_AFTER = timedelta(seconds=10)
MOST_REFRESHED = 60  # https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards
FAILED_TEXT = "Something went wrong. Please try again."

_ANSWERS = {
    ADAPTIVE_CARD: (200, dict),
    "application/vnd.microsoft.activity.message": (200, str),
    "application/vnd.microsoft.error": (None, dict),
    "application/vnd.microsoft.activity.loginRequest": (401, dict),
    "application/vnd.microsoft.error.incorrectAuthCode": (401, None),
    "application/vnd.microsoft.error.preconditionFailed": (412, dict),
}


class Post(NamedTuple):
    """A request to a bot's endpoint."""

    url: str
    body: bytes
    headers: dict[str, str]
    timeout_s: float


@dataclass(order=True, slots=True)
class Outgoing:
    """An activity on its way; those due together go in the order they came up."""

    due_at: datetime
    number: int
    bot: Bot = field(compare=False)
    activity: Json = field(compare=False)
    attempt: int = field(compare=False, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """What a person sees after a click.

    `card` and `message` are what the bot answered, `error` a refusal of the bot or an answer that is none, `login` a
    request to sign in, `sent` a click that the bot hears of as a message, `opened` a link, `shown` what the client does
    by itself.
    """

    kind: Literal["card", "message", "error", "login", "sent", "opened", "shown"]
    text: str = ""
    card: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """A click whose answer is awaited."""

    bot: Bot
    message: BotMessage
    activity: Json


@dataclass(slots=True)
class Activities:
    """The queue of activities to bots, and the answers to clicks; whoever calls holds the world's lock."""

    core: Core
    bots: Bots
    signing: SigningKeys
    faults: Faults
    clock: Clock = field(default_factory=SystemClock)
    _queue: list[Outgoing] = field(default_factory=list)
    _told: int = 0

    # Telling a bot -------------------------------------------------------------------------------------------

    def tell(self, bot: Bot, conversation: Conversation, activity: Json) -> None:
        """Queue an activity for a bot, due now; one without an endpoint hears nothing."""
        whole = self._enveloped(bot, conversation, activity)
        if bot.endpoint is None:
            self._record("activity_undeliverable", bot, whole, {})
            return
        for _ in range(self.core.behavior.activity_copies):
            self._told += 1
            heapq.heappush(self._queue, Outgoing(self.core.clock.now(), self._told, bot, whole))

    def _enveloped(self, bot: Bot, conversation: Conversation, activity: Json) -> Json:
        user = self.core.user(conversation.user_id)
        now = self.core.clock.now()
        key = ("activity", bot.app_id, conversation.id, now.isoformat())
        return {
            "id": f"f:{self.core.draws.guid(*key, self.core.draws.ordinal(*key))}",
            "timestamp": utc_text(now),
            "channelId": CHANNEL,
            "serviceUrl": self.bots.service_url,
            "from": {
                "id": self.bots.member_id(bot.app_id, user),
                "name": user.display_name,
                "aadObjectId": user.id,
            },
            "recipient": {"id": bot.channel_id, "name": bot.name},
            "conversation": {
                "conversationType": "personal",
                "id": conversation.id,
                "tenantId": self.core.tenant_id,
            },
            "channelData": {"tenant": {"id": self.core.tenant_id}},
            "locale": user.preferred_language,
            **activity,
        }

    def next_due_at(self) -> datetime | None:
        """Return when the earliest activity is due."""
        return self._queue[0].due_at if self._queue else None

    def take(self) -> Outgoing | None:
        """Take the next activity due now, or None."""
        if not self._queue or self._queue[0].due_at > self.core.clock.now():
            return None
        return heapq.heappop(self._queue)

    def posted(self, bot: Bot, activity: Json, timeout_s: float = TIMEOUT_S) -> Post:
        """Return the request that brings an activity to its bot, signed."""
        fault = self.faults.strike(ACTIVITY, f"/bots/{bot.app_id}/{activity['type']}", ACTIVITY_KINDS, method="POST")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Authorization": f"Bearer {self._token(bot, fault)}",
            "x-ms-conversation-id": activity["conversation"]["id"],
            "x-ms-tenant-id": self.core.tenant_id,
        }
        assert bot.endpoint is not None
        return Post(bot.endpoint, msgspec.json.encode(activity), headers, timeout_s)

    def _token(self, bot: Bot, fault: Fault | None) -> str:
        now = int(self.clock.now().timestamp())
        claims: Json = {
            "iss": ISSUER,
            "aud": bot.app_id,
            "serviceurl": self.bots.service_url,
            "nbf": now,
            "exp": now + TOKEN_LIFETIME_S,
        }
        match fault.kind if fault else None:
            case "activity_token_expired":
                claims |= {"nbf": now - 3 * TOKEN_LIFETIME_S, "exp": now - 2 * TOKEN_LIFETIME_S}
            case "activity_token_audience":
                claims["aud"] = self.core.draws.guid("another bot", bot.app_id)
            case "activity_token_issuer":
                claims["iss"] = f"https://sts.windows.net/{self.core.tenant_id}/"
            case "activity_token_service_url":
                claims["serviceurl"] = "https://smba.example/elsewhere/"
            case "activity_token_key":
                return SigningKeys().sign(claims)
            case _:
                pass
        return self.signing.sign(claims)

    def settle(self, outgoing: Outgoing, status: int) -> None:
        """Take the bot's answer to an activity nobody waits for; tried again if the world does so."""
        delivered = 200 <= status < 300
        details = {"status": status, "attempt": outgoing.attempt}
        self._record("activity_delivered" if delivered else "activity_failed", outgoing.bot, outgoing.activity, details)
        if not delivered and outgoing.attempt < self.core.behavior.activity_attempts:
            outgoing.due_at = self.core.clock.now() + RETRY_AFTER * outgoing.attempt
            outgoing.attempt += 1
            heapq.heappush(self._queue, outgoing)

    # What people do ------------------------------------------------------------------------------------------

    def write(self, user: User, bot: Bot, text: str) -> BotMessage:
        """Write a message to a bot as a person.

        Raises:
            ClickRefused: the person does not have the bot's app.
        """
        if not self.bots.is_installed(bot.app_id, user):
            raise ClickRefused(f"found no app with the bot {bot.app_id!r} for {user.id}; expected it installed")
        conversation = self.bots.open(bot.app_id, user)
        return self._say(bot, conversation, {"text": text, "textFormat": "plain"})

    def _say(self, bot: Bot, conversation: Conversation, content: Json) -> BotMessage:
        message = self.bots.post(conversation, {"type": "message", **content}, is_of_bot=False)
        self.tell(bot, conversation, {"type": "message", "id": message.id, **content})
        return message

    def click(self, message: BotMessage, key: str, typed: Mapping[str, str]) -> Clicked | Invoke:
        """Click an action on the card of a message, by its id, verb or title.

        Returns:
            What the person sees, or the invoke whose answer decides it.

        Raises:
            ClickRefused: there is no such action or input, or the app is not installed any more.
        """
        item = self._button(message, key)
        kind = item.action.get("type")
        match kind:
            case "Action.OpenUrl":
                return Clicked(kind="opened", text=str(item.action.get("url", "")))
            case "Action.ShowCard" | "Action.ToggleVisibility":
                return Clicked(kind="shown")
            case "Action.Submit":
                return self._submit(message, filled(item, typed))
            case "Action.Execute":
                return self._invoke(message, item.action, filled(item, typed), "manual")
            case _:
                raise ClickRefused(f"found an action of type {kind!r}; expected one that Teams knows")

    def refresh(self, message: BotMessage) -> Invoke:
        """Look at a message whose card refreshes by itself.

        Raises:
            ClickRefused: the card has no refresh, or none for this person.
        """
        refresh = (self._card(message).get("refresh")) or {}
        action, user_ids = refresh.get("action"), refresh.get("userIds")
        user = self.core.user(message.user_id)
        if not isinstance(action, Mapping) or action.get("type") != "Action.Execute":
            raise ClickRefused("found no refresh on the card; expected one with an Action.Execute")
        named = user_ids[:MOST_REFRESHED] if isinstance(user_ids, list) else []
        if user_ids is not None and self.bots.member_id(message.bot_id, user) not in named:
            raise ClickRefused("found no automatic refresh for this person; expected their '29:' id in 'userIds'")
        return self._invoke(message, action, action.get("data"), "automatic")

    def _card(self, message: BotMessage) -> Json:
        card = message.card
        if card is None:
            raise ClickRefused(f"found no Adaptive Card in message {message.id}; expected one")
        return card

    def _button(self, message: BotMessage, key: str) -> Button:
        user = self.core.user(message.user_id)
        if not self.bots.is_installed(message.bot_id, user):
            raise ClickRefused(f"found the app of bot {message.bot_id!r} removed; expected it installed")
        return button(self._card(message), key)

    def _submit(self, message: BotMessage, data: Json | str | None) -> Clicked:
        bot = self.bots.by_id[message.bot_id]
        conversation = self.bots.conversation(message.conversation_id)
        assert conversation is not None
        teams = data.get("msteams") if isinstance(data, dict) else None
        teams = teams if isinstance(teams, dict) else {}
        match teams.get("type"):
            case None:
                self.tell(bot, conversation, {"type": "message", "value": data or {}, "replyToId": message.id})
            case "messageBack":
                content = {key: teams[key] for key in ("text", "value") if teams.get(key) is not None}
                self._say(bot, conversation, {**content, "replyToId": message.id})
            case "imBack":
                self._say(bot, conversation, {"text": str(teams.get("value", "")), "replyToId": message.id})
            case other:
                raise ClickRefused(f"found 'msteams' of type {other!r}; expected messageBack or imBack here")
        return Clicked(kind="sent")

    def _invoke(
        self,
        message: BotMessage,
        action: Mapping[str, Any],
        data: Json | str | None,
        trigger: Literal["manual", "automatic"],
    ) -> Invoke:
        bot = self.bots.by_id[message.bot_id]
        conversation = self.bots.conversation(message.conversation_id)
        assert conversation is not None
        told = {key: action[key] for key in ("type", "id", "verb") if key in action}
        value = {"action": {**told, "data": {} if data is None else data}, "trigger": trigger}
        activity = self._enveloped(
            bot,
            conversation,
            {"type": "invoke", "name": "adaptiveCard/action", "replyToId": message.id, "value": value},
        )
        self._record("card_clicked", bot, activity, {"trigger": trigger, "message_id": message.id})
        return Invoke(bot=bot, message=message, activity=activity)

    def answered(self, invoke: Invoke, reply: Receipt) -> Clicked:
        """Take the bot's answer to a click, and show it to the person."""
        clicked, reason = _read(reply)
        if clicked.kind == "card":
            invoke.message.own_card = clicked.card
        details = {"status": reply.status, "shown": clicked.kind, "reason": reason, "message_id": invoke.message.id}
        self._record("card_answered", invoke.bot, invoke.activity, details)
        return clicked

    def _record(self, verb: str, bot: Bot, activity: Json, details: Json) -> None:
        self.core.journal.add(
            verb,
            actor=EXCHANGE,
            user_id=activity["from"]["aadObjectId"],
            subject_id=activity["id"],
            details={"bot_id": bot.app_id, "type": activity["type"], **details},
        )


def _read(reply: Receipt) -> tuple[Clicked, str]:
    """Return what an answer to an invoke shows, and why it is an error if it is none that Teams takes."""
    failed = Clicked(kind="error", text=FAILED_TEXT)
    if reply.status != 200:
        return failed, f"HTTP status {reply.status}; 200 is expected" if reply.status else "no answer in time"
    try:
        body = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return failed, "the body is no JSON"
    if not isinstance(body, dict) or not isinstance(body.get("statusCode"), int):
        return failed, "the body has no 'statusCode'"
    kind, value, status = body.get("type"), body.get("value"), body["statusCode"]
    expected = _ANSWERS.get(str(kind))
    if expected is None:
        return failed, f"unknown type {kind!r}"
    wanted_status, wanted_value = expected
    if wanted_status is None and status < 400:
        return failed, f"statusCode {status} with type {kind!r}"
    if wanted_status not in {None, status}:
        return failed, f"statusCode {status} with type {kind!r}; {wanted_status} is expected"
    if wanted_value is not None and not isinstance(value, wanted_value):
        return failed, f"a value of type {kind!r} is expected to be {wanted_value.__name__}"
    match kind:
        case "application/vnd.microsoft.card.adaptive":
            if not isinstance(value, dict) or value.get("type") != "AdaptiveCard":
                return failed, "the value is no AdaptiveCard"
            return Clicked(kind="card", card=value), ""
        case "application/vnd.microsoft.activity.message":
            return Clicked(kind="message", text=str(value)), ""
        case "application/vnd.microsoft.activity.loginRequest":
            return Clicked(kind="login"), ""
        case _:
            message = value.get("message") if isinstance(value, dict) else None
            return Clicked(kind="error", text=str(message or FAILED_TEXT)), f"statusCode {status}"
