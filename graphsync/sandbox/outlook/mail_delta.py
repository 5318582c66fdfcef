"""messages/delta: rounds over one mail folder, or over all, with tokens that hold everything about them.

Source: https://learn.microsoft.com/graph/api/message-delta and https://learn.microsoft.com/graph/delta-query-messages
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from graphsync.sandbox.core import Core
from graphsync.sandbox.outlook.delta import decode_as, encode, sync_state_not_found
from graphsync.sandbox.outlook.mailboxes import Mailbox, MailMessage
from graphsync.sandbox.tenant.directory import User

ChangeKind = Literal["created", "updated", "deleted"]
CHANGE_KINDS: tuple[ChangeKind, ...] = ("created", "updated", "deleted")
FIRST_ROUND = -1
# Where an item stands in a round: what is there before what is gone, the newest first, then by id.
Place = tuple[int, float, str]


class MailToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a skip or delta token of messages holds: the round as in delta.Token, and the options of the first request.

    `folder` is empty for all folders; `received_from` is the bound of `$filter`, included unless `is_after`.
    """

    user_id: str
    folder: str
    since: int
    until: int
    after: Place | None = None
    empty: bool = False
    select: tuple[str, ...] | None = None
    kind: ChangeKind | None = None
    received_from: datetime | None = None
    is_after: bool = False


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page: messages and the ids of those gone, the options that hold, and the token of what follows."""

    items: list[MailMessage | str]
    options: MailToken
    token: str
    kind: Literal["skip", "delta"]


@dataclass(slots=True)
class MailRounds:
    """Answers delta requests from the mailboxes as they are."""

    core: Core

    def begin(self, user: User, options: MailToken, page_size: int) -> MailPage:
        """Return the first page of a first round; `options` says what was asked for."""
        box = self.core.mailbox(user)
        return self._page(
            box, msgspec.structs.replace(options, since=FIRST_ROUND, until=box.message_sequence), page_size
        )

    def resume(self, user: User, folder: str, text: str, kind: Literal["skip", "delta"], page_size: int) -> MailPage:
        """Return the page a token stands for; a delta token begins the next round.

        Raises:
            GraphRefusal: 400 for what is no token; 410 `SyncStateNotFound` if its state was dropped, or is of another
                mailbox or folder.
        """
        box = self.core.mailbox(user)
        token = decode_as(text, MailToken)
        if (token.user_id, token.folder) != (user.id, folder) or token.until < box.message_floor:
            raise sync_state_not_found(token.until, box.message_sequence)
        if kind == "delta":
            token = msgspec.structs.replace(
                token, since=token.until, until=box.message_sequence, after=None, empty=False
            )
        return self._page(box, token, page_size)

    def expire(self, user: User) -> None:
        """Drop the state behind every token of this mailbox given so far."""
        box = self.core.mailbox(user)
        box.message_sequence += 1
        box.message_floor = box.message_sequence

    def _page(self, box: Mailbox, token: MailToken, page_size: int) -> MailPage:
        if self.core.behavior.empty_delta_pages and not token.empty and token.after is None:
            return MailPage([], token, encode(msgspec.structs.replace(token, empty=True)), "skip")
        waiting: list[tuple[Place, MailMessage | str]] = []
        for (folder, message_id), change in box.message_changes.items():
            if folder != token.folder or change.number <= token.since:
                continue
            message = box.message_in(folder, message_id)
            kind: ChangeKind = "deleted" if message is None else "updated"
            if message is not None and change.first > token.since:
                kind = "created"
            if _is_wanted(message, kind, token) and _is_known(change.first, message, token):
                waiting.append((_place(message, message_id), message or message_id))
        waiting.sort(key=lambda item: item[0])
        left = [item for item in waiting if token.after is None or item[0] > token.after]
        items = [item for _, item in left[:page_size]]
        again = items[: 1 if self.core.behavior.repeated_delta_items else 0]
        if len(left) > page_size:
            following = msgspec.structs.replace(token, after=left[page_size - 1][0])
            return MailPage([*items, *again], token, encode(following), "skip")
        done = msgspec.structs.replace(token, after=None, empty=False)
        return MailPage([*items, *again], token, encode(done), "delta")


def _is_known(first: int, message: MailMessage | None, token: MailToken) -> bool:
    # What came and went between two rounds was never told of.
    return message is not None or (token.since != FIRST_ROUND and first <= token.since)


def _is_wanted(message: MailMessage | None, kind: ChangeKind, token: MailToken) -> bool:
    if token.kind not in {None, kind}:
        return False
    if message is None or token.received_from is None:
        return True
    received_at = message.received_at or message.created_at
    return received_at > token.received_from or (received_at == token.received_from and not token.is_after)


def _place(message: MailMessage | None, message_id: str) -> Place:
    if message is None:
        return 1, 0.0, message_id
    return 0, -(message.received_at or message.created_at).timestamp(), message_id
