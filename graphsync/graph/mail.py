"""Mail as a draft first and sent after, so that its ids are known and stored before anything leaves.

Sources: https://learn.microsoft.com/graph/api/user-post-messages, https://learn.microsoft.com/graph/api/message-send
"""

from __future__ import annotations

from typing import Final

from graphsync.engine.ports import MailDraft, StoredMail
from graphsync.graph import sdk, wire
from graphsync.graph.event_bodies import html_body, recipient
from graphsync.graph.retrying import Repeat
from graphsync.graph.transport import Transport, query, quoted

MOST_HEADERS: Final = 5
"""More are refused by Exchange; their names begin with `x-`.

Source: https://learn.microsoft.com/graph/api/resources/internetmessageheader
"""


async def create_mail_draft(transport: Transport, mailbox: str, draft: MailDraft) -> StoredMail:
    """Put a mail into Drafts and return its ids, which it keeps when it is sent.

    Raises:
        GraphUnavailable: the draft may be there all the same; it is not sent again by itself.
        ValueError: too many headers, or one that is not an `x-` header.
    """
    info = transport.graph.users.by_user_id(mailbox).messages.to_post_request_information(_message(draft))
    found = await transport.read("create_mail_draft", info, wire.Message, mailbox=mailbox, repeat=Repeat.IF_NOT_DONE)
    return _stored(found)


async def send_mail_draft(transport: Transport, mailbox: str, message_id: str) -> None:
    """Send a draft.

    Raises:
        GraphUnavailable: it may have been sent all the same; look for it in Sent Items before sending again.
    """
    builder = transport.graph.users.by_user_id(mailbox).messages.by_message_id(message_id).send
    info = builder.to_post_request_information()
    await transport.do("send_mail_draft", info, mailbox=mailbox, repeat=Repeat.IF_NOT_DONE)


async def find_mail(transport: Transport, mailbox: str, folder: str, internet_message_id: str) -> StoredMail | None:
    """Return the mail with that internet message id, None where the folder has none.

    `folder` is a well-known name, `drafts` or `sentitems`, or an id.
    """
    parameters = sdk.FolderMessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter=f"internetMessageId eq {quoted(internet_message_id)}", select=["id", "internetMessageId"]
    )
    builder = transport.graph.users.by_user_id(mailbox).mail_folders.by_mail_folder_id(folder).messages
    info = builder.to_get_request_information(query(parameters))
    async for page in transport.pages("find_mail", info, wire.Message, mailbox=mailbox):
        for found in page.value:
            return _stored(found)
    return None


def _message(draft: MailDraft) -> sdk.Message:
    if len(draft.headers) > MOST_HEADERS or any(not name.lower().startswith("x-") for name, _ in draft.headers):
        names = ", ".join(name for name, _ in draft.headers)
        raise ValueError(f"a mail has at most {MOST_HEADERS} headers of its own, all 'x-…'; found {names}")
    message = sdk.Message()
    message.subject = draft.subject
    message.body = html_body(draft.body_html)
    message.to_recipients = [recipient(draft.to)]
    if draft.reply_to is not None:  # None would be written as null, which is not the same as left out
        message.reply_to = [recipient(draft.reply_to)]
    message.internet_message_headers = [
        sdk.InternetMessageHeader(name=name, value=value) for name, value in draft.headers
    ] or None
    return message


def _stored(found: wire.Message) -> StoredMail:
    return StoredMail(id=found.id, internet_message_id=found.internet_message_id or "")
