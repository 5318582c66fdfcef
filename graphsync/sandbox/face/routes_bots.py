"""Routes of the bot connector: personal conversations, their members, and the messages of bots in them.

They are not Graph's. Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference,
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from graphsync.sandbox.face.calls import Answer, Call, Handler, Route
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.refusals import GraphRefusal, not_served
from graphsync.sandbox.teams.bots import ADAPTIVE_CARD, Bot, BotMessage, Conversation
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

LARGEST_MEMBER_PAGE = 500
# Base64 images do not count: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
_IMAGE = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
_MENTIONED = ";messageid="
_TYPES = ("message", "typing")


class ConnectorRefusal(GraphRefusal):
    """The connector says no in a body of its own."""

    def __init__(self, status: int, body: Json) -> None:
        self.body = body
        super().__init__(status, "", "")


def bad_argument(message: str) -> GraphRefusal:
    """Return the refusal for a payload that is wrong.

    Source: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages
    """
    return GraphRefusal(400, "BadArgument", message)


# Conversations -----------------------------------------------------------------------------------------------


def create_conversation(world: World, call: Call) -> Answer:
    """POST a personal conversation: the one there is, or a new one after the person removed it."""
    bot = _bot(world, call)
    body = _object(call)
    if body.get("isGroup"):
        raise not_served("group conversations")
    given = (_holder(body, "bot")).get("id")
    if given is not None and str(given).removeprefix("28:") != bot.app_id:
        raise bad_argument("'bot.id' is not the bot of the token.")
    tenant_id = body.get("tenantId") or _holder(_holder(body, "channelData"), "tenant").get("id")
    if tenant_id != world.tenant_id:
        raise bad_argument("Invalid tenant: 'tenantId' or 'channelData.tenant.id' must name the tenant.")
    user = _member(world, bot, body.get("members"))
    _check_may_write(world, bot, user)
    conversation = world.bots.open(bot.app_id, user)
    activity = body.get("activity")
    message = None if activity is None else world.bots.post(conversation, _message(world, call, activity))
    shown: Json = {
        "id": conversation.id,
        "activityId": message.id if message is not None else None,
        "serviceUrl": world.bots.service_url,
    }
    return Answer(status=201, body=shown)


def send_to_conversation(world: World, call: Call) -> Answer:
    """POST an activity to the end of a conversation; `;messageid=` and an activity in the path make it a reply."""
    bot, conversation, replied = _conversation(world, call)
    _check_may_write(world, bot, _person(world, conversation))
    replied = call.keys.get("activity") or replied
    activity = _object(call)
    kind = activity.get("type")
    if kind not in _TYPES:
        raise bad_argument(f"An activity of type {kind!r} is not sent; expected one of {', '.join(_TYPES)}.")
    if kind == "typing":
        return Answer(status=201, body={"id": world.draws.guid("typing", call.request_id)})
    content = _message(world, call, activity)
    if replied is not None:
        content["replyToId"] = replied
    return Answer(status=201, body={"id": world.bots.post(conversation, content).id})


def update_activity(world: World, call: Call) -> Answer:
    """PUT a message in the place of one the bot sent."""
    bot, conversation, _ = _conversation(world, call)
    _check_may_write(world, bot, _person(world, conversation))
    message = _own_message(conversation, call)
    world.bots.update(message, _message(world, call, _object(call)))
    return Answer(status=200, body={"id": message.id})


def delete_activity(world: World, call: Call) -> Answer:
    """DELETE a message the bot sent."""
    bot, conversation, _ = _conversation(world, call)
    _check_may_write(world, bot, _person(world, conversation))
    world.bots.delete(conversation, _own_message(conversation, call))
    return Answer(status=200)


# Members -----------------------------------------------------------------------------------------------------


def get_members(world: World, call: Call) -> Answer:
    """GET who is in a conversation."""
    members = [_member_json(world, bot, user) for bot, user in [_roster(world, call)]]
    return Answer(status=200, body=members)  # type: ignore[arg-type] # an array is what this call answers


def get_paged_members(world: World, call: Call) -> Answer:
    """GET who is in a conversation, in pages; a personal one has one member."""
    size = call.request.options.get("pageSize", "200")
    if not size.isdigit() or not 1 <= int(size) <= LARGEST_MEMBER_PAGE:
        raise bad_argument(f"'pageSize' is a number from 1 to {LARGEST_MEMBER_PAGE}, not '{size}'.")
    bot, user = _roster(world, call)
    return Answer(status=200, body={"continuationToken": None, "members": [_member_json(world, bot, user)]})


def get_member(world: World, call: Call) -> Answer:
    """GET one member by the bot's id for them, or by object id."""
    bot, user = _roster(world, call)
    if world.bots.member(bot.app_id, call.keys["member"]) is not user:
        raise GraphRefusal(404, "MemberNotFoundInConversation", "The member was not found in the conversation.")
    return Answer(status=200, body=_member_json(world, bot, user))


def _roster(world: World, call: Call) -> tuple[Bot, User]:
    bot, conversation, _ = _conversation(world, call)
    user = _person(world, conversation)
    if not world.bots.is_installed(bot.app_id, user):
        raise _not_in_roster()
    return bot, user


def _member_json(world: World, bot: Bot, user: User) -> Json:
    given, _, surname = user.display_name.partition(" ")
    return {
        "id": world.bots.member_id(bot.app_id, user),
        "name": user.display_name,
        "aadObjectId": user.id,
        "objectId": user.id,
        "givenName": given,
        "surname": surname,
        "email": user.address,
        "userPrincipalName": user.address,
        "tenantId": world.tenant_id,
        "userRole": "user",
    }


# What may be done --------------------------------------------------------------------------------------------


def _bot(world: World, call: Call) -> Bot:
    bot = world.bots.by_id.get(call.application.client_id.lower())
    if bot is None:
        raise GraphRefusal(401, "BotNotRegistered", "No registration found for this bot.")
    return bot


def _conversation(world: World, call: Call) -> tuple[Bot, Conversation, str | None]:
    """Return the bot, its conversation, and the message that is replied to if the id names one."""
    bot = _bot(world, call)
    conversation_id, _, replied = call.keys["conversation"].partition(_MENTIONED)
    conversation = world.bots.conversation(conversation_id)
    if conversation is None or conversation.is_removed:
        raise GraphRefusal(404, "ConversationNotFound", "Conversation not found.")
    if conversation.bot_id != bot.app_id:
        raise _not_in_roster()
    return bot, conversation, replied or None


def _person(world: World, conversation: Conversation) -> User:
    user = world.directory.lookup(conversation.user_id)
    if user is None:
        raise GraphRefusal(404, "ConversationNotFound", "Conversation not found.")
    return user


def _not_in_roster() -> GraphRefusal:
    return GraphRefusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")


def _check_may_write(world: World, bot: Bot, user: User) -> None:
    if any(app.current.manifest.bot_id == bot.app_id and app.id in user.blocked_apps for app in world.apps.every()):
        raise GraphRefusal(403, "BotDisabledByAdmin", "The tenant admin disabled this bot.")
    if bot.app_id not in user.blocked_bots and world.bots.is_installed(bot.app_id, user):
        return
    if world.bots.current(bot.app_id, user) is None:
        raise _not_in_roster()
    if world.behavior.blocked_bot == "ConversationBlockedByUser":
        raise GraphRefusal(403, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
    details = "The bot is blocked or its app was removed by the user."
    sub_code = msgspec.json.encode({"subCode": "MessageWritesBlocked", "details": details}).decode()
    raise ConnectorRefusal(403, {"errorCode": 209, "message": sub_code})


def _member(world: World, bot: Bot, value: object) -> User:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], Mapping):
        raise bad_argument("'members' must hold one member.")
    key = value[0].get("id")
    if not isinstance(key, str) or not key:
        # https://github.com/MicrosoftDocs/msteams-docs/issues/14079
        raise bad_argument("'members[0].id' is missing; 'aadObjectId' alone does not name a member.")
    user = world.bots.member(bot.app_id, key)
    if user is None:
        raise bad_argument(f"Invalid user identity in provided tenant: '{key}' is neither a '29:' id nor an object id.")
    return user


def _own_message(conversation: Conversation, call: Call) -> BotMessage:
    for message in conversation.messages:
        if message.id == call.keys["activity"]:
            if not message.is_of_bot:
                raise GraphRefusal(403, "Forbidden", "The message was not sent by the bot.")
            return message
    raise GraphRefusal(404, "ActivityNotFoundInConversation", "The activity was not found in the conversation.")


# Bodies ------------------------------------------------------------------------------------------------------


def _object(call: Call) -> Json:
    try:
        decoded = msgspec.json.decode(call.request.body)
    except msgspec.DecodeError as error:
        raise GraphRefusal(400, "BadSyntax", f"The body is no JSON: {error}.") from error
    if not isinstance(decoded, dict):
        raise GraphRefusal(400, "BadSyntax", "The body is no JSON object.")
    return decoded


def _holder(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise bad_argument(f"'{key}' must be an object.")
    return value


def _message(world: World, call: Call, activity: object) -> Json:
    if not isinstance(activity, dict):
        raise bad_argument("The activity must be an object.")
    if activity.get("type") != "message":
        raise bad_argument(f"A message is expected, not an activity of type {activity.get('type')!r}.")
    if _size(world, call.request.body) > world.behavior.bot_message_bytes:
        raise GraphRefusal(413, "MessageSizeTooBig", "Message size too large.")
    attachments = activity.get("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(item, Mapping) for item in attachments):
        raise bad_argument("'attachments' must be a list of objects.")
    if not activity.get("text") and not attachments:
        raise bad_argument("Activity must include non empty 'text' field or at least one attachment.")
    for item in attachments:
        content = item.get("content")
        if item.get("contentType") == ADAPTIVE_CARD and (
            not isinstance(content, Mapping) or content.get("type") != "AdaptiveCard"
        ):
            raise bad_argument("The content of an Adaptive Card attachment must be an object of type 'AdaptiveCard'.")
    return dict(activity)


def _size(world: World, body: bytes) -> int:
    text = _IMAGE.sub("", body.decode("utf-8", "replace"))
    return len(text.encode("utf-16-le" if world.behavior.bot_message_counted_as == "utf-16" else "utf-8"))


def _route(method: str, pattern: str, operation: str, handler: Handler) -> Route:
    return Route(method=method, pattern=pattern, operation=operation, permissions=(), subject="none", handler=handler)


_ONE = "v3/conversations/{conversation}"
ROUTES: list[Route] = [
    _route("POST", "v3/conversations", "createConversation", create_conversation),
    _route("POST", f"{_ONE}/activities", "sendToConversation", send_to_conversation),
    _route("POST", f"{_ONE}/activities/{{activity}}", "replyToActivity", send_to_conversation),
    _route("PUT", f"{_ONE}/activities/{{activity}}", "updateActivity", update_activity),
    _route("DELETE", f"{_ONE}/activities/{{activity}}", "deleteActivity", delete_activity),
    _route("GET", f"{_ONE}/members", "getConversationMembers", get_members),
    _route("GET", f"{_ONE}/pagedMembers", "getConversationPagedMembers", get_paged_members),
    _route("GET", f"{_ONE}/members/{{member}}", "getConversationMember", get_member),
]
