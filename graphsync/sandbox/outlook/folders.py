"""The mail folders every mailbox has: their names, ids and counts, and where a message lies.

Sources: https://learn.microsoft.com/graph/api/resources/mailfolder, https://learn.microsoft.com/graph/api/user-list-mailfolders
"""

from __future__ import annotations

from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.outlook.mailboxes import Folder
from graphsync.sandbox.refusals import GraphRefusal, close_to
from graphsync.sandbox.tenant.directory import User

FOLDER_NAMES: dict[Folder, str] = {
    "inbox": "Inbox",
    "sentitems": "Sent Items",
    "drafts": "Drafts",
    "deleteditems": "Deleted Items",
}
FOLDER_PROPERTIES = (
    "id",
    "displayName",
    "parentFolderId",
    "childFolderCount",
    "unreadItemCount",
    "totalItemCount",
    "sizeInBytes",
    "isHidden",
)


def folder_id(core: Core, user_id: str, folder: Folder | None) -> str:
    """Return the id of a folder on the wire; of the root, which holds the others, for None."""
    return core.draws.item_id("mail-folder", user_id, folder or "msgfolderroot")


def folder_of(core: Core, user: User, name_or_id: str) -> Folder:
    """Return the folder meant by a well-known name, in any case of letters, or by an id.

    Raises:
        GraphRefusal: 400; there is no such folder.
    """
    for folder in FOLDER_NAMES:
        if name_or_id.lower() == folder or name_or_id == folder_id(core, user.id, folder):
            return folder
    raise GraphRefusal(
        400, "ErrorInvalidIdMalformed", f"Id is malformed: '{name_or_id}'{close_to(name_or_id, FOLDER_NAMES)}."
    )


def folder_json(core: Core, user: User, folder: Folder) -> dict[str, Any]:
    """Return a `mailFolder` with its counts."""
    inside = [message for message in core.mailbox(user).messages.values() if message.folder == folder]
    return {
        "id": folder_id(core, user.id, folder),
        "displayName": FOLDER_NAMES[folder],
        "parentFolderId": folder_id(core, user.id, None),
        "childFolderCount": 0,
        "unreadItemCount": sum(not message.is_read for message in inside),
        "totalItemCount": len(inside),
        "sizeInBytes": sum(len(message.body.encode()) for message in inside),
        "isHidden": False,
    }
