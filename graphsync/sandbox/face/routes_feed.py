"""Routes of activity feed notifications: to a person, to a member of a chat, to up to a hundred people.

Sources: https://learn.microsoft.com/graph/api/userteamwork-sendactivitynotification, chat-sendactivitynotification,
teamwork-sendactivitynotificationtorecipients
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from urllib.parse import unquote

import jwt

from graphsync.clock import SystemClock
from graphsync.sandbox.face.bodies import list_of, number_of, object_of, one_of, parameters_of, text_of
from graphsync.sandbox.face.calls import Answer, Call, Handler, Route, Subject
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.refusals import GraphRefusal, bad_request, close_to, not_served, refuse_unknown
from graphsync.sandbox.teams.feed import Notice
from graphsync.sandbox.teams.teams_apps import Installation
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

SEND = ("TeamsActivity.Send",)
# https://learn.microsoft.com/graph/api/teamwork-sendactivitynotificationtorecipients
MOST_RECIPIENTS = 100
LEAST_TOKEN_LIFE = timedelta(minutes=45)
AAD_USER = "microsoft.graph.aadUserNotificationRecipient"

_CONTENT = ("topic", "activityType", "chainId", "previewText", "templateParameters", "teamsAppId", "iconId")
_OTHER_RECIPIENTS = (
    "microsoft.graph.chatMembersNotificationRecipient",
    "microsoft.graph.teamMembersNotificationRecipient",
    "microsoft.graph.channelMembersNotificationRecipient",
)
_GRAPH_URL = re.compile(r"https://[^/]+/(?:v1\.0|beta)/(.+)")
_CATALOGUE = re.compile(r"appCatalogs/teamsApps(?:\('([^']+)'\)|/([^/]+))", re.I)
_INSTALLED = re.compile(r"users(?:\('([^']+)'\)|/([^/]+))/teamwork/installedApps(?:\('([^']+)'\)|/(.+))", re.I)
_CHAT = re.compile(r"chats(?:\('([^']+)'\)|/([^/]+))(?:/messages/([^/]+))?", re.I)


def send_to_user(world: World, call: Call) -> Answer:
    """POST a notification into a person's feed."""
    call.query.finish()
    given = parameters_of(call.json(), _CONTENT, "sendActivityNotification")
    notice = _notice(given)
    installation = _sender(world, call, call.user.id, given)
    world.feed_service.check(notice, installation.manifest)
    if notice.source == "entityUrl" and not (
        _is_catalogue_app(world, notice.topic) or _is_installation_of(world, call.user, notice.topic)
    ):
        raise _topic_refusal(notice, "the person's app installation, or the app in the catalog")
    world.feed_service.deliver(call.user, installation, notice, actor=call.actor)
    return Answer(status=204)


def send_to_chat(world: World, call: Call) -> Answer:
    """POST a notification into the feed of a member of a chat, or of all its members."""
    call.query.finish()
    chat = world.teams.find(call.keys["chat"])
    given = parameters_of(call.json(), (*_CONTENT, "recipient"), "sendActivityNotification")
    notice = _notice(given)
    installation = _sender(world, call, chat.id, given)
    world.feed_service.check(notice, installation.manifest)
    if notice.source == "entityUrl" and not (_is_catalogue_app(world, notice.topic) or _is_chat(notice.topic, chat.id)):
        raise _topic_refusal(notice, "the chat, a message in it, or the app in the catalog")
    for user in _chat_recipients(world, given.get("recipient"), chat.id, chat.member_ids):
        world.feed_service.deliver(user, installation, notice, actor=call.actor)
    return Answer(status=204)


def send_to_recipients(world: World, call: Call) -> Answer:
    """POST a notification to up to a hundred people; what becomes of it is not told."""
    call.query.finish()
    if _token_expires_at(call) - SystemClock().now() < LEAST_TOKEN_LIFE:
        minutes = int(LEAST_TOKEN_LIFE.total_seconds() // 60)
        raise GraphRefusal(
            412, "PreconditionFailed", f"The access token must be valid for at least {minutes} more minutes."
        )
    given = parameters_of(call.json(), (*_CONTENT, "recipients"), "sendActivityNotificationToRecipients")
    notice = _notice(given)
    people = _bulk_recipients(world, given.get("recipients"))
    if notice.source == "entityUrl" and not _is_catalogue_app(world, notice.topic):
        raise _topic_refusal(notice, "the app in the catalog")
    for user in people:
        _send_later(world, call, user, given, notice)
    return Answer(status=202)


def send_to_team(world: World, call: Call) -> Answer:
    """POST to the members of a team: there are no teams here."""
    raise not_served("notifications to teams")


def _send_later(world: World, call: Call, user: User, given: Json, notice: Notice) -> None:
    """Send to one of many: asynchronously, and without a word where it is not possible."""
    client_id, actor, path = call.application.client_id, call.actor, call.request.path
    app_id = _text_or_none(given, "teamsAppId")

    def send() -> None:
        try:
            installation = world.feed_service.sender(client_id, user.id, app_id, path)
            world.feed_service.check(notice, installation.manifest)
        except GraphRefusal as refusal:
            details = {"status": refusal.status, "code": refusal.code}
            world.journal.add("activity_notification_lost", actor=actor, user_id=user.id, details=details)
            return
        world.feed_service.deliver(user, installation, notice, actor=actor)

    delay = world.draws.duration(world.behavior.chat_notification_delay, "bulk feed", call.request_id, user.id)
    world.agenda.at(world.clock.now() + delay, f"feed:{call.request_id}:{user.id}", send)


def _sender(world: World, call: Call, place_id: str, given: Json) -> Installation:
    path = call.request.path
    return world.feed_service.sender(call.application.client_id, place_id, _text_or_none(given, "teamsAppId"), path)


def _token_expires_at(call: Call) -> datetime:
    token = call.request.headers["authorization"].partition(" ")[2].strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    return datetime.fromtimestamp(claims["exp"], UTC)


# Bodies ------------------------------------------------------------------------------------------------------


def _notice(given: Json) -> Notice:
    topic = object_of(given.get("topic"), "topic")
    _refuse_keys(topic, ("source", "value", "webUrl"), "topic")
    source = one_of(topic.get("source"), ("entityUrl", "text"), "topic.source")
    value = text_of(topic.get("value"), "topic.value")
    chain_id = given.get("chainId")
    preview = given.get("previewText")
    if preview is not None:
        preview = object_of(preview, "previewText")
        _refuse_keys(preview, ("content", "contentType"), "previewText")
    return Notice(
        activity_type=text_of(given.get("activityType"), "activityType"),
        source=cast(Literal["entityUrl", "text"], source),
        topic=value,
        web_url=_text_or_none(topic, "webUrl"),
        preview=None if preview is None else text_of(preview.get("content"), "previewText.content"),
        parameters=_template_parameters(given.get("templateParameters")),
        chain_id=None if chain_id is None else _int64(chain_id),
        icon_id=_text_or_none(given, "iconId"),
    )


def _template_parameters(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in list_of(value or [], "templateParameters"):
        pair = object_of(item, "templateParameters")
        _refuse_keys(pair, ("name", "value"), "templateParameters")
        name = text_of(pair.get("name"), "templateParameters.name")
        found[name] = text_of(pair.get("value"), "templateParameters.value")
    return found


def _int64(value: object) -> int:
    number = number_of(value, "chainId")
    if not -(2**63) <= number < 2**63:
        raise bad_request(f"'chainId' must be an Int64, not {number}.")
    return number


def _text_or_none(holder: Json, key: str) -> str | None:
    value = holder.get(key)
    return None if value is None else text_of(value, key)


def _refuse_keys(holder: Json, known: tuple[str, ...], where: str) -> None:
    for key in holder:
        if key not in known and "@odata." not in key:
            refuse_unknown(bad_request(f"The property '{where}/{key}' does not exist{close_to(key, known)}."))


# Recipients and topics ---------------------------------------------------------------------------------------


def _aad_user(world: World, value: object, where: str) -> User:
    holder = object_of(value, where)
    kind = text_of(holder.get("@odata.type"), f"{where}.@odata.type").removeprefix("#")
    if kind in _OTHER_RECIPIENTS:
        raise not_served(f"recipients of type '{kind}' here")
    if kind != AAD_USER:
        raise bad_request(f"'{kind}' is no notification recipient{close_to(kind, (AAD_USER, *_OTHER_RECIPIENTS))}.")
    user_id = text_of(holder.get("userId"), f"{where}.userId")
    user = world.directory.lookup(user_id)
    if user is None or user.id != user_id:
        raise GraphRefusal(404, "NotFound", f"The recipient '{user_id}' was not found.")
    return user


def _bulk_recipients(world: World, value: object) -> list[User]:
    recipients = list_of(value, "recipients")
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        raise bad_request(f"{len(recipients)} recipients; from 1 to {MOST_RECIPIENTS} are expected.")
    people = [_aad_user(world, item, "recipients") for item in recipients]
    return list({user.id: user for user in people}.values())


def _chat_recipients(world: World, value: object, chat_id: str, member_ids: tuple[str, ...]) -> list[User]:
    holder = object_of(value, "recipient")
    kind = str(holder.get("@odata.type", "")).removeprefix("#")
    if kind == _OTHER_RECIPIENTS[0]:
        if text_of(holder.get("chatId"), "recipient.chatId") != chat_id:
            raise bad_request("'recipient.chatId' must be the chat of the path.")
        members = (world.directory.lookup(member_id) for member_id in member_ids)
        return [member for member in members if member is not None]
    user = _aad_user(world, holder, "recipient")
    if user.id not in member_ids:
        raise GraphRefusal(403, "Forbidden", "The recipient is not a member of the chat.")
    return [user]


def _topic_refusal(notice: Notice, expected: str) -> GraphRefusal:
    return bad_request(f"'topic.value' is '{notice.topic}'; the Graph URL of {expected} is expected.")


def _graph_path(url: str) -> str:
    match = _GRAPH_URL.fullmatch(url)
    return unquote(match[1]) if match else ""


def _is_catalogue_app(world: World, url: str) -> bool:
    match = _CATALOGUE.fullmatch(_graph_path(url))
    return match is not None and any(app.id == (match[1] or match[2]) for app in world.apps.catalogue())


def _is_installation_of(world: World, user: User, url: str) -> bool:
    match = _INSTALLED.fullmatch(_graph_path(url))
    if match is None or world.directory.lookup(match[1] or match[2]) is not user:
        return False
    return any(item.id == (match[3] or match[4]) for item in world.apps.at(user.id))


def _is_chat(url: str, chat_id: str) -> bool:
    match = _CHAT.fullmatch(_graph_path(url))
    return match is not None and (match[1] or match[2]) == chat_id


def _route(pattern: str, operation: str, consented: tuple[str, ...], subject: Subject, handler: Handler) -> Route:
    return Route(
        method="POST",
        pattern=pattern,
        operation=operation,
        permissions=SEND,
        subject=subject,
        handler=handler,
        consented=consented,
    )


ROUTES: list[Route] = [
    _route(
        "users/{user}/teamwork/sendActivityNotification",
        "sendActivityNotification",
        ("TeamsActivity.Send.User",),
        "user",
        send_to_user,
    ),
    _route(
        "chats/{chat}/sendActivityNotification",
        "sendChatActivityNotification",
        ("TeamsActivity.Send.Chat",),
        "none",
        send_to_chat,
    ),
    _route(
        "teams/{team}/sendActivityNotification",
        "sendTeamActivityNotification",
        ("TeamsActivity.Send.Group",),
        "none",
        send_to_team,
    ),
    _route(
        "teamwork/sendActivityNotificationToRecipients",
        "sendActivityNotificationToRecipients",
        (),
        "none",
        send_to_recipients,
    ),
]
