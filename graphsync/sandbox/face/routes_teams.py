"""Routes of Teams chats.

Sources: https://learn.microsoft.com/graph/api/chat-list, chat-post, chat-list-messages, chats-getallmessages,
chatmessage-post
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from graphsync.sandbox.face.bodies import list_of, object_of, one_of, text_of, unknown_property
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, Subject, collection, page
from graphsync.sandbox.face.odata import Condition, Filter, Lookup, conditions, invalid_query, matches
from graphsync.sandbox.face.wire import chat_json, chat_message_json
from graphsync.sandbox.refusals import GraphRefusal, not_served, refuse_unknown
from graphsync.sandbox.teams.chats import Chat, ChatMessage, last_written_at
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

LIST_CHATS = ("Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All")
READ_CHATS = ("Chat.Read.All", "Chat.ReadWrite.All")
DEFAULT_PAGE, LARGEST_PAGE = 20, 50

_BOUND_USER = re.compile(r".*/users(?:\('([^']+)'\)|/([^/?]+))", re.I)


def list_chats(world: World, call: Call) -> Answer:
    """GET a person's chats; members and the last message come only when expanded."""
    expand = {part.strip().lower() for part in (call.query.take("$expand") or "").split(",") if part.strip()}
    unknown = expand - {"members", "lastmessagepreview"}
    if unknown:
        raise invalid_query(f"$expand takes members and lastMessagePreview, not '{sorted(unknown)[0]}'.")
    order = call.query.take("$orderby")
    if order is not None and order.strip().lower() != "lastmessagepreview/createddatetime desc":
        raise invalid_query("$orderby takes 'lastMessagePreview/createdDateTime desc' alone.")
    wanted = call.query.filter(("chatType", "installedApps"))
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    chats = sorted(
        [*world.teams.of(call.user), *world.bots.chats_of(call.user)],
        key=lambda chat: (last_written_at(chat), chat.id),
        reverse=True,
    )
    found = [chat for chat in chats if wanted is None or matches(wanted, _chat_lookup(world, call.user, chat))]
    part, next_link = page(call, found, size)
    items = [
        chat_json(
            chat,
            world.directory,
            world.tenant_id,
            members="members" in expand,
            preview="lastmessagepreview" in expand,
            view=call.view,
        )
        for chat in part
    ]
    answer = collection(call, "chats", items, next_link)
    answer.body = {**(answer.body or {}), "@odata.count": len(items)}
    call.query.finish()
    return answer


def _chat_lookup(world: World, user: User, chat: Chat) -> Lookup:
    """Return what a filter sees of a chat.

    Source: https://learn.microsoft.com/microsoftteams/platform/graph-api/proactive-bots-and-messages/graph-proactive-bots-and-messages
    """
    installed = [item for item in world.apps.at(user.id) if chat.bot_id and item.manifest.bot_id == chat.bot_id]
    apps = [{"teamsApp": {"id": item.app.id}} for item in (*installed, *world.apps.at(chat.id))]
    return lambda path: "oneOnOne" if path[0] == "chatType" else apps


def create_chat(world: World, call: Call) -> Answer:
    """POST a chat of two people; the one they have is given if there is one."""
    call.query.finish()
    body = call.json()
    known = ("chatType", "members", "topic")
    for key in body:
        if key not in known and not key.startswith("@"):
            refuse_unknown(unknown_property(key, "chat", known))
    kind = one_of(body.get("chatType"), ("oneOnOne", "group", "meeting"), "chatType")
    if kind != "oneOnOne":
        raise not_served(f"chats of type {kind}")
    people = [_bound_user(world, member) for member in list_of(body.get("members"), "members")]
    if len(people) != 2:
        raise GraphRefusal(400, "BadRequest", "A oneOnOne chat needs exactly two members.")
    chat = world.teams.open(people[0], people[1], actor=call.actor)
    shown = chat_json(chat, world.directory, world.tenant_id, members=False, preview=False, view=call.view)
    return Answer(status=201, body={"@odata.context": METADATA + "chats/$entity", **shown})


def _bound_user(world: World, member: object) -> User:
    holder = object_of(member, "members")
    text = text_of(holder.get("user@odata.bind"), "members.user@odata.bind")
    match = _BOUND_USER.fullmatch(text)
    user = world.directory.lookup(match.group(1) or match.group(2)) if match else None
    if user is None:
        raise GraphRefusal(404, "NotFound", f"The member '{text}' was not found.")
    return user


def _chat(world: World, call: Call) -> Chat:
    chat = world.teams.find(call.keys["chat"])
    if not any(call.application.may(READ_CHATS, member_id) for member_id in chat.member_ids):
        raise GraphRefusal(403, "Forbidden", "The application may not read this chat.")
    return chat


def _newest_first(messages: Sequence[ChatMessage], key: str) -> list[ChatMessage]:
    return sorted(messages, key=lambda item: (_times(item)[key], item.id), reverse=True)


def _times(message: ChatMessage) -> dict[str, datetime]:
    return {"lastModifiedDateTime": message.modified_at, "createdDateTime": message.created_at}


def _allowed(condition: Condition) -> bool:
    allowed = {"lastModifiedDateTime": {"gt", "lt"}, "createdDateTime": {"lt"}}
    return condition.operator in allowed["/".join(condition.path)]


def _wanted(call: Call) -> Filter | None:
    wanted = call.query.filter(("lastModifiedDateTime", "createdDateTime"))
    for condition in conditions(wanted) if wanted is not None else ():
        if not _allowed(condition):
            raise invalid_query(f"$filter on {'/'.join(condition.path)} does not take '{condition.operator}'.")
    return wanted


def _matching(messages: Sequence[ChatMessage], wanted: Filter | None) -> list[ChatMessage]:
    if wanted is None:
        return list(messages)
    return [message for message in messages if matches(wanted, _lookup(message))]


def _lookup(message: ChatMessage) -> Lookup:
    times = _times(message)
    return lambda path: times[path[0]]


def _check_paid(world: World) -> None:
    """Refuse an export over the quota; reading one chat is not metered.

    Sources: https://learn.microsoft.com/graph/teams-licenses, https://learn.microsoft.com/answers/questions/2337314
    """
    if world.behavior.chat_exports == "over_quota":
        raise GraphRefusal(
            402,
            "PaymentRequired",
            "Evaluation capacity for the month has exceeded. To continue beyond the evaluation limits complete billing "
            "onboarding.",
        )


def list_chat_messages(world: World, call: Call) -> Answer:
    """GET the messages of a chat; `$filter` counts only beside an `$orderby` of the same property."""
    chat = _chat(world, call)
    order = call.query.order(("lastModifiedDateTime", "createdDateTime"))
    if any(not descending for _, descending in order) or len(order) > 1:
        raise invalid_query("$orderby takes 'lastModifiedDateTime desc' or 'createdDateTime desc'.")
    wanted = _wanted(call)
    key = order[0][0] if order else "lastModifiedDateTime"
    filtered = {"/".join(condition.path) for condition in conditions(wanted)} if wanted is not None else set()
    if not order or filtered != {key}:
        wanted = None  # silently, as Graph does
    found = _newest_first(_matching(chat.messages, wanted), key)
    return _messages(world, call, found, f"chats('{chat.id}')/messages")


def list_all_chat_messages(world: World, call: Call) -> Answer:
    """GET what was written in all chats of a person, newest first."""
    _check_paid(world)
    wanted = _wanted(call)
    messages = [message for chat in world.teams.of(call.user) for message in chat.messages]
    found = _newest_first(_matching(messages, wanted), "lastModifiedDateTime")
    return _messages(world, call, found, "Collection(chatMessage)")


def _messages(world: World, call: Call, found: list[ChatMessage], context: str) -> Answer:
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    part, next_link = page(call, found, size)
    items = [chat_message_json(message, world.directory, world.tenant_id) for message in part]
    answer = collection(call, context, items, next_link)
    answer.body = {**(answer.body or {}), "@odata.count": len(items)}
    call.query.finish()
    return answer


def send_chat_message(world: World, call: Call) -> Answer:
    """POST a message is not for apps: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2080."""
    raise GraphRefusal(412, "PreconditionFailed", "Requested API is not supported in application-only context")


def _route(
    method: str, pattern: str, operation: str, permissions: tuple[str, ...], subject: Subject, handler: Handler
) -> Route:
    return Route(
        method=method, pattern=pattern, operation=operation, permissions=permissions, subject=subject, handler=handler
    )


_MESSAGES = ("chats/{chat}/messages", "users/{user}/chats/{chat}/messages")
ROUTES: list[Route] = [
    _route("GET", "users/{user}/chats", "listChats", LIST_CHATS, "user", list_chats),
    _route("POST", "chats", "createChat", ("Chat.Create", "Chat.ReadWrite.All"), "none", create_chat),
    _route("GET", _MESSAGES[0], "listChatMessages", READ_CHATS, "none", list_chat_messages),
    _route("GET", _MESSAGES[1], "listChatMessages", READ_CHATS, "user", list_chat_messages),
    _route(
        "GET", "users/{user}/chats/getAllMessages", "listAllChatMessages", READ_CHATS, "user", list_all_chat_messages
    ),
    _route("POST", _MESSAGES[0], "sendChatMessage", (), "none", send_chat_message),
    _route("POST", _MESSAGES[1], "sendChatMessage", (), "none", send_chat_message),
]
