"""Routes of mail: sendMail, drafts, folders.

Sources: https://learn.microsoft.com/graph/api/user-sendmail, user-post-messages, message-send, user-list-messages
"""

from __future__ import annotations

from typing import Any

from graphsync.sandbox.face.bodies import flag_of, object_of, parameters_of
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection, page
from graphsync.sandbox.face.odata import Filter, Lookup, conditions, expanded_properties, matches
from graphsync.sandbox.face.wire import MESSAGE_NAMES, message_json
from graphsync.sandbox.outlook.folders import folder_of
from graphsync.sandbox.outlook.mailboxes import Folder, MailMessage
from graphsync.sandbox.outlook.mime import MimeMail, read_mime
from graphsync.sandbox.refusals import GraphRefusal, item_not_found, not_served
from graphsync.sandbox.world import World

READ_BASIC = ("Mail.ReadBasic.All", "Mail.ReadBasic")
READ = ("Mail.Read", "Mail.ReadWrite")
DEFAULT_PAGE, LARGEST_PAGE = 10, 1000

FILTERABLE = (
    "internetMessageId",
    "receivedDateTime",
    "sentDateTime",
    "createdDateTime",
    "subject",
    "from/emailAddress/address",
    "sender/emailAddress/address",
    "conversationId",
    "isDraft",
    "isRead",
    "importance",
    "singleValueExtendedProperties",
)
ORDERABLE = ("receivedDateTime", "sentDateTime", "createdDateTime", "subject", "from/emailAddress/address")


def mime_of(call: Call) -> MimeMail | None:
    """Return the mail in a body of `text/plain`, None for a body of another type and for none.

    Raises:
        GraphRefusal: 400 for what is no base64 of MIME; 501 for attachments.
    """
    content_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return read_mime(call.request.body) if content_type == "text/plain" and call.request.body else None


def send_mail(world: World, call: Call) -> Answer:
    """POST sendMail: 202 and no id."""
    call.query.finish()
    mime = mime_of(call)
    if mime is not None:
        world.mailroom.send_mail(call.user, mime.body, actor=call.actor, save=True, headers=mime.headers)
        return Answer(status=202)
    found = parameters_of(call.json(), ("message", "saveToSentItems"), "sendMail")
    save = found.get("saveToSentItems")
    world.mailroom.send_mail(
        call.user,
        object_of(found.get("message"), "message"),
        actor=call.actor,
        save=True if save is None else flag_of(save, "saveToSentItems"),
    )
    return Answer(status=202)


def create_message(world: World, call: Call) -> Answer:
    """POST a draft."""
    call.query.finish()
    folder = _folder(world, call) or "drafts"
    if folder != "drafts":
        raise GraphRefusal(400, "ErrorInvalidRequest", "The sandbox takes new messages in drafts alone.")
    mime = mime_of(call)
    if mime is not None:
        message = world.mailroom.create_draft(call.user, mime.body, actor=call.actor, headers=mime.headers)
    else:
        message = world.mailroom.create_draft(call.user, call.json(), actor=call.actor)
    context = f"{METADATA}users('{call.user.id}')/messages/$entity"
    return Answer(status=201, body={"@odata.context": context, **message_json(message, call.view)})


def send_message(world: World, call: Call) -> Answer:
    """POST send of a draft: 202, the copy in Sent Items keeps the id."""
    call.query.finish()
    world.mailroom.send_draft(call.user, call.keys["message"], actor=call.actor)
    return Answer(status=202)


def _folder(world: World, call: Call) -> Folder | None:
    name = call.keys.get("folder")
    if name is None:
        return None
    return folder_of(world.core, call.user, name)


def _basic(call: Call) -> bool:
    return call.covered_only_by(READ_BASIC, READ)


def get_message(world: World, call: Call) -> Answer:
    """GET a message: https://learn.microsoft.com/graph/api/message-get."""
    select = call.query.select(MESSAGE_NAMES)
    expand = expanded_properties(call.query.take("$expand"))
    call.query.finish()
    message = world.mailroom.find(call.user, call.keys["message"])
    folder = _folder(world, call)
    if folder is not None and message.folder != folder:
        raise item_not_found()
    context = f"{METADATA}users('{call.user.id}')/messages/$entity"
    shown = message_json(message, call.view, select, expand, basic=_basic(call))
    return Answer(status=200, body={"@odata.context": context, **shown})


def _lookup(message: MailMessage) -> Lookup:
    def lookup(path: tuple[str, ...]) -> Any:
        match "/".join(path):
            case "internetMessageId":
                return message.internet_message_id
            case "receivedDateTime":
                return message.received_at or message.created_at
            case "sentDateTime":
                return message.sent_at or message.created_at
            case "createdDateTime":
                return message.created_at
            case "from/emailAddress/address" | "sender/emailAddress/address":
                return message.from_address
            case "conversationId":
                return message.conversation_id
            case "isDraft":
                return message.is_draft
            case "isRead":
                return message.is_read
            case "singleValueExtendedProperties":
                return [{"id": name, "value": value} for name, value in message.extended_properties.items()]
            case name:
                return getattr(message, name)

    return lookup


def list_messages(world: World, call: Call) -> Answer:
    """GET the messages of a folder, or of all; newest first unless ordered otherwise."""
    if call.query.take("$search") is not None:
        raise not_served("$search; $filter is.")
    select = call.query.select(MESSAGE_NAMES)
    expand = expanded_properties(call.query.take("$expand"))
    wanted = call.query.filter(FILTERABLE)
    order = call.query.order(ORDERABLE)
    size = call.query.number("$top", call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    if wanted is not None and order:
        _check_efficient(wanted, [name for name, _ in order])
    found = world.mailroom.messages(call.user, _folder(world, call))
    if wanted is not None:
        found = [message for message in found if matches(wanted, _lookup(message))]
    for key, descending in reversed(order):
        found.sort(key=lambda message: _lookup(message)(tuple(key.split("/"))), reverse=descending)
    part, next_link = page(call, found, size)
    items = [message_json(message, call.view, select, expand, basic=_basic(call)) for message in part]
    answer = collection(call, f"users('{call.user.id}')/messages", items, next_link)
    call.query.finish()
    return answer


def _check_efficient(wanted: Filter, ordered: list[str]) -> None:
    """Refuse an order whose properties do not lead the filter, in the same sequence.

    Source: https://learn.microsoft.com/graph/api/user-list-messages
    """
    filtered = list(dict.fromkeys("/".join(condition.path) for condition in conditions(wanted)))
    if filtered[: len(ordered)] != ordered:
        raise GraphRefusal(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")


def _route(method: str, tail: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> Route:
    return Route(
        method=method,
        pattern=f"users/{{user}}/{tail}",
        operation=operation,
        permissions=permissions,
        subject="mailbox",
        handler=handler,
    )


ROUTES: list[Route] = [
    _route("POST", "sendMail", "sendMail", ("Mail.Send",), send_mail),
    _route("POST", "messages", "createMessage", ("Mail.ReadWrite",), create_message),
    _route("POST", "mailFolders/{folder}/messages", "createMessage", ("Mail.ReadWrite",), create_message),
    _route("POST", "messages/{message}/send", "sendMessage", ("Mail.Send",), send_message),
    _route("GET", "messages/{message}", "getMessage", READ_BASIC + READ, get_message),
    _route("GET", "messages", "listMessages", READ_BASIC + READ, list_messages),
    _route("GET", "mailFolders/{folder}/messages", "listMessages", READ_BASIC + READ, list_messages),
    _route("GET", "mailFolders/{folder}/messages/{message}", "getMessage", READ_BASIC + READ, get_message),
]
