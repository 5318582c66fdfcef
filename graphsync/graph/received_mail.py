"""Mail that one person has sent another: when, and whether to them alone. Subjects and texts are not asked for.

Sources: https://learn.microsoft.com/graph/api/user-list-messages,
https://learn.microsoft.com/graph/api/resources/eventmessage
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

import msgspec

from graphsync.graph import sdk, wire
from graphsync.graph.times import instant, utc_text
from graphsync.graph.transport import Transport, query, quoted
from graphsync.teams.mail import ReceivedMail

PAGE_SIZE: Final = 100

READ: Final = (
    "id",
    "from",
    "toRecipients",
    "ccRecipients",
    "receivedDateTime",
    "isDraft",
    # Graph gives all headers or none; of their values that of AUTO_SUBMITTED alone is decoded.
    "internetMessageHeaders",
)

AUTO_SUBMITTED: Final = "auto-submitted"
"""Says whether a person or a machine wrote a mail, and is `no` or missing for persons.

Source: https://www.rfc-editor.org/rfc/rfc3834#section-5
"""

_log = logging.getLogger(__name__)


async def list_mail_from(transport: Transport, mailbox: str, sender: str, since: datetime) -> list[ReceivedMail]:
    """Return what lies in any folder of a mailbox, came from the address `sender`, and came at `since` or later.

    Raises:
        GraphAuthError: `Mail.ReadBasic.All`, or one that allows more, is missing for this mailbox.
    """
    # What is ordered by has to come first in the filter, or it is refused as inefficient.
    parameters = sdk.MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        select=list(READ),
        filter=f"receivedDateTime ge {utc_text(since)} and from/emailAddress/address eq {quoted(sender)}",
        orderby=["receivedDateTime desc"],
        top=PAGE_SIZE,
    )
    info = transport.graph.users.by_user_id(mailbox).messages.to_get_request_information(query(parameters))
    mail: dict[str, ReceivedMail] = {}
    async for page in transport.pages("list_mail_from", info, wire.ReceivedMessage, mailbox=mailbox):
        for found in page.value:
            if _address(found.sender).casefold() != sender.casefold():
                continue
            try:
                mail[found.id] = received_mail_of(found)
            except ValueError as error:
                _log.warning("list_mail_from: message %r is passed over: %s", found.id, error)
    return list(mail.values())


def received_mail_of(found: wire.ReceivedMessage) -> ReceivedMail:
    """Return the value of a mail.

    Raises:
        ValueError: it has no readable time.
    """
    return ReceivedMail(
        id=found.id,
        received_at=instant(found.received_date_time),
        to=tuple(_address(recipient) for recipient in found.to_recipients or ()),
        copied=bool(found.cc_recipients),
        is_draft=bool(found.is_draft),
        is_meeting="eventmessage" in (found.type or "").casefold(),
        is_automatic=any(_is_automatic(header) for header in found.internet_message_headers or ()),
    )


def _address(recipient: wire.Recipient | None) -> str:
    return (recipient.email_address.address if recipient and recipient.email_address else None) or ""


def _is_automatic(header: wire.InternetMessageHeader) -> bool:
    if (header.name or "").casefold() != AUTO_SUBMITTED:
        return False
    value = msgspec.json.decode(header.value)
    if not isinstance(value, str):
        return False
    # A parameter or a comment may follow the word.
    return value.partition(";")[0].partition("(")[0].strip().casefold() not in ("", "no")
