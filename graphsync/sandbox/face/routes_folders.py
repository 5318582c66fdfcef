"""Routes of mail folders, of message delta, and of what is done to a message that is there.

Sources: https://learn.microsoft.com/graph/api/user-list-mailfolders, message-delta, message-update, message-move,
message-copy, message-delete
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from graphsync.sandbox.face.bodies import parameters_of, text_of
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection, page
from graphsync.sandbox.face.odata import Condition, Filter, invalid_query, matches
from graphsync.sandbox.face.routes_mail import DEFAULT_PAGE, LARGEST_PAGE, READ, READ_BASIC
from graphsync.sandbox.face.wire import MESSAGE_NAMES, Json, message_json
from graphsync.sandbox.outlook.folders import FOLDER_NAMES, FOLDER_PROPERTIES, folder_json, folder_of
from graphsync.sandbox.outlook.mail_delta import CHANGE_KINDS, ChangeKind, MailPage, MailToken
from graphsync.sandbox.outlook.mailboxes import Folder, MailMessage
from graphsync.sandbox.refusals import close_to, item_not_found, not_served
from graphsync.sandbox.world import World

WRITE = ("Mail.ReadWrite",)


def list_mail_folders(world: World, call: Call) -> Answer:
    """GET the folders: https://learn.microsoft.com/graph/api/user-list-mailfolders."""
    select = call.query.select(FOLDER_PROPERTIES)
    wanted = call.query.filter(("displayName",))
    size = call.query.number("$top", call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    part, next_link = page(call, [folder for folder in FOLDER_NAMES if _is_meant(folder, wanted)], size)
    items = [_chosen(folder_json(world.core, call.user, folder), select) for folder in part]
    answer = collection(call, f"users('{call.user.id}')/mailFolders", items, next_link)
    call.query.finish()
    return answer


def _is_meant(folder: Folder, wanted: Filter | None) -> bool:
    return wanted is None or matches(wanted, lambda path: FOLDER_NAMES[folder])


def get_mail_folder(world: World, call: Call) -> Answer:
    """GET a folder by its id or well-known name: https://learn.microsoft.com/graph/api/mailfolder-get."""
    select = call.query.select(FOLDER_PROPERTIES)
    call.query.finish()
    shown = folder_json(world.core, call.user, folder_of(world.core, call.user, call.keys["folder"]))
    context = f"{METADATA}users('{call.user.id}')/mailFolders/$entity"
    return Answer(status=200, body={"@odata.context": context, **_chosen(shown, select)})


def _chosen(shown: Json, select: Sequence[str] | None) -> Json:
    return shown if select is None else {name: shown[name] for name in dict.fromkeys(("id", *select))}


def messages_delta(world: World, call: Call) -> Answer:
    """GET a page of a delta round over messages; see mail_delta.py."""
    skip, delta = call.query.take("$skiptoken"), call.query.take("$deltatoken")
    named = call.keys.get("folder")
    folder = "" if named is None else folder_of(world.core, call.user, named)
    size = call.query.number("$top", call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    token = skip or delta
    if token is None:
        found = world.mail_delta.begin(call.user, _options(call, folder), size)
    else:
        kind: Literal["skip", "delta"] = "skip" if skip is not None else "delta"
        found = world.mail_delta.resume(call.user, folder, token, kind, size)
    call.query.finish()
    return _delta_answer(call, found)


def _options(call: Call, folder: str) -> MailToken:
    """Return what a first request asks for; the tokens carry it on.

    Source: https://learn.microsoft.com/graph/api/message-delta (which options, filters and orders there are)
    """
    if call.query.take("$search") is not None:
        raise invalid_query("$search is not supported with change tracking over the 'Messages' resource.")
    kind = call.query.take("changeType")
    if kind is not None and kind.lower() not in CHANGE_KINDS:
        raise invalid_query(f"changeType '{kind}' is not supported{close_to(kind, CHANGE_KINDS)}.")
    if call.query.order(("receivedDateTime",)) not in ([], [("receivedDateTime", True)]):
        raise invalid_query("The only order with change tracking is 'receivedDateTime desc'.")
    bound = call.query.filter(("receivedDateTime",))
    is_bound = isinstance(bound, Condition) and bound.operator in {"ge", "gt"} and isinstance(bound.value, datetime)
    if bound is not None and not is_bound:
        raise invalid_query("The only filters with change tracking are 'receivedDateTime ge' and 'gt' a time.")
    return MailToken(
        user_id=call.user.id,
        folder=folder,
        since=0,
        until=0,
        select=call.query.select(MESSAGE_NAMES),
        kind=None if kind is None else cast(ChangeKind, kind.lower()),
        received_from=bound.value if isinstance(bound, Condition) and isinstance(bound.value, datetime) else None,
        is_after=isinstance(bound, Condition) and bound.operator == "gt",
    )


def _delta_answer(call: Call, found: MailPage) -> Answer:
    basic = call.covered_only_by(READ_BASIC, READ)
    items: list[Json] = []
    for item in found.items:
        if isinstance(item, str):
            items.append({"@odata.type": "#microsoft.graph.message", "id": item, "@removed": {"reason": "deleted"}})
        else:
            shown = message_json(item, call.view, found.options.select, basic=basic)
            items.append({"@odata.type": "#microsoft.graph.message", **shown})
    name, option = ("@odata.nextLink", "$skiptoken") if found.kind == "skip" else ("@odata.deltaLink", "$deltatoken")
    link = call.url(call.request.path, {option: found.token})
    body = {"@odata.context": METADATA + "Collection(message)", name: link, "value": items}
    return Answer(status=200, body=body, headers={"Preference-Applied": "odata.track-changes"})


def message_id_of(world: World, call: Call) -> str:
    """Return the id of the message in the path.

    Raises:
        GraphRefusal: 404; it is not in this mailbox, or not in the folder of the path.
    """
    message = world.mailroom.find(call.user, call.keys["message"])
    if "folder" in call.keys and message.folder != folder_of(world.core, call.user, call.keys["folder"]):
        raise item_not_found()
    return message.id


def message_answer(call: Call, message: MailMessage, *, status: int) -> Answer:
    """Return the answer that is one message."""
    context = f"{METADATA}users('{call.user.id}')/messages/$entity"
    return Answer(status=status, body={"@odata.context": context, **message_json(message, call.view)})


def update_message(world: World, call: Call) -> Answer:
    """PATCH a message: https://learn.microsoft.com/graph/api/message-update."""
    call.query.finish()
    message = world.mailroom.patch(call.user, message_id_of(world, call), call.json(), actor=call.actor)
    return message_answer(call, message, status=200)


def delete_message(world: World, call: Call) -> Answer:
    """DELETE a message: https://learn.microsoft.com/graph/api/message-delete."""
    call.query.finish()
    world.mailroom.delete(call.user, message_id_of(world, call), actor=call.actor)
    return Answer(status=204)


def move_message(world: World, call: Call) -> Answer:
    """POST move: https://learn.microsoft.com/graph/api/message-move."""
    call.query.finish()
    found = parameters_of(call.json(), ("destinationId",), "move")
    folder = folder_of(world.core, call.user, text_of(found.get("destinationId"), "destinationId"))
    message = world.mailroom.move(call.user, message_id_of(world, call), folder, actor=call.actor)
    return message_answer(call, message, status=201)


def copy_message(world: World, call: Call) -> Answer:
    """POST copy: https://learn.microsoft.com/graph/api/message-copy."""
    call.query.finish()
    found = parameters_of(call.json(), ("destinationId",), "copy")
    folder = folder_of(world.core, call.user, text_of(found.get("destinationId"), "destinationId"))
    message = world.mailroom.copy(call.user, message_id_of(world, call), folder, actor=call.actor)
    return message_answer(call, message, status=201)


def list_attachments(world: World, call: Call) -> Answer:
    """GET attachments: https://learn.microsoft.com/graph/api/message-list-attachments."""
    raise not_served("attachments")


def message_routes(
    method: str, tail: str, operation: str, permissions: tuple[str, ...], handler: Handler
) -> list[Route]:
    """Return an operation's routes, below the mailbox and below a folder."""
    return [
        Route(
            method=method,
            pattern=f"users/{{user}}/{start}messages{tail}",
            operation=operation,
            permissions=permissions,
            subject="mailbox",
            handler=handler,
        )
        for start in ("", "mailFolders/{folder}/")
    ]


def _folder_route(tail: str, operation: str, handler: Handler) -> Route:
    return Route(
        method="GET",
        pattern=f"users/{{user}}/mailFolders{tail}",
        operation=operation,
        permissions=READ_BASIC + READ,
        subject="mailbox",
        handler=handler,
    )


ROUTES: list[Route] = [
    _folder_route("", "listMailFolders", list_mail_folders),
    _folder_route("/{folder}", "getMailFolder", get_mail_folder),
    *message_routes("GET", "/delta", "messagesDelta", READ_BASIC + READ, messages_delta),
    *message_routes("PATCH", "/{message}", "updateMessage", WRITE, update_message),
    *message_routes("DELETE", "/{message}", "deleteMessage", WRITE, delete_message),
    *message_routes("POST", "/{message}/move", "moveMessage", WRITE, move_message),
    *message_routes("POST", "/{message}/copy", "copyMessage", WRITE, copy_message),
    *message_routes("GET", "/{message}/attachments", "listAttachments", READ, list_attachments),
]
