"""calendarView/delta: rounds over a fixed window, and tokens that hold everything about them.

A token is text that says window, position and page; nothing is stored for it, so any number may be open.
Source: https://learn.microsoft.com/graph/api/event-delta and https://learn.microsoft.com/graph/delta-query-events
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from graphsync.sandbox.core import Core
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.mailboxes import DEFAULT_CALENDAR, Mailbox
from graphsync.sandbox.outlook.series import occurrences
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import User

FIRST_ROUND = -1
Held = TypeVar("Held", bound=msgspec.Struct)


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a skip or delta token holds.

    `since` is the last change known before this round (`FIRST_ROUND` in a first one), `until` the last one this round
    reports, `after` the last event id given; `empty` marks that the empty first page was given.
    """

    user_id: str
    start: datetime
    end: datetime
    since: int
    until: int
    after: str = ""
    empty: bool = False
    calendar_id: str = DEFAULT_CALENDAR


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """One page: items, and the token of the next page or of the next round.

    An item is an event or exception to be given in full, an occurrence (given as a skeleton), or the id of one that
    is gone.
    """

    items: list[Event | str]
    token: str
    kind: Literal["skip", "delta"]


def encode(token: msgspec.Struct) -> str:
    """Return the token as text that stands in an URL as it is."""
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def decode_as(text: str, kind: type[Held]) -> Held:
    """Return what a token's text holds.

    Raises:
        GraphRefusal: 400; it is no token of this service.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise GraphRefusal(400, "ErrorInvalidUrlQuery", "Badly formed token.") from error


def sync_state_not_found(generation: int, highest: int) -> GraphRefusal:
    """Return the refusal for a token whose state is gone.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/2350
    """
    return GraphRefusal(
        410,
        "SyncStateNotFound",
        f"The sync state generation is not found; generation={generation};[highest={highest}].",
    )


@dataclass(slots=True)
class DeltaRounds:
    """Answers delta requests from the mailboxes as they are."""

    core: Core

    def begin(
        self, user: User, start: datetime, end: datetime, page_size: int, calendar_id: str = DEFAULT_CALENDAR
    ) -> DeltaPage:
        """Return the first page of a first round over the window of one calendar."""
        box = self.core.mailbox(user)
        token = Token(
            user_id=user.id, start=start, end=end, since=FIRST_ROUND, until=box.sequence, calendar_id=calendar_id
        )
        return self._page(box, token, page_size)

    def resume(
        self,
        user: User,
        text: str,
        kind: Literal["skip", "delta"],
        page_size: int,
        calendar_id: str = DEFAULT_CALENDAR,
    ) -> DeltaPage:
        """Return the page a token stands for; a delta token begins the next round.

        Raises:
            GraphRefusal: 410 `SyncStateNotFound`; the state was dropped, or is of another mailbox or calendar.
        """
        box = self.core.mailbox(user)
        token = decode_as(text, Token)
        is_other = (token.user_id, token.calendar_id) != (user.id, calendar_id)
        if is_other or token.until < box.delta_floor:
            raise sync_state_not_found(token.until, box.sequence)
        if kind == "delta":
            token = msgspec.structs.replace(token, since=token.until, until=box.sequence, after="", empty=False)
        return self._page(box, token, page_size)

    def expire(self, user: User) -> None:
        """Drop the state behind every token of this mailbox given so far."""
        box = self.core.mailbox(user)
        box.sequence += 1
        box.delta_floor = box.sequence

    def _page(self, box: Mailbox, token: Token, page_size: int) -> DeltaPage:
        if self.core.behavior.empty_delta_pages and not token.empty and not token.after:
            return DeltaPage([], encode(msgspec.structs.replace(token, empty=True)), "skip")
        waiting = sorted(
            event_id
            for event_id, number in box.changes.items()
            if token.since < number and event_id > token.after and self._is_reported(box, event_id, token)
        )
        items: list[Event | str] = []
        again = slice(0, 1 if self.core.behavior.repeated_delta_items else 0)
        last = ""
        for event_id in waiting:
            if items and len(items) >= page_size:
                following = encode(msgspec.structs.replace(token, after=last))
                return DeltaPage([*items, *items[again]], following, "skip")
            items.extend(self._items(box, event_id, token))
            last = event_id
        done = msgspec.structs.replace(token, after="", empty=False)
        return DeltaPage([*items, *items[again]], encode(done), "delta")

    def _is_reported(self, box: Mailbox, event_id: str, token: Token) -> bool:
        if box.elsewhere.get(event_id, DEFAULT_CALENDAR) != token.calendar_id:
            return False
        # A later round reports whatever changed, outside the window as removed; the first one only what is inside.
        return token.since != FIRST_ROUND or _is_inside(box.copies.get(event_id), token)

    def _items(self, box: Mailbox, event_id: str, token: Token) -> list[Event | str]:
        event = box.copies.get(event_id)
        if event is None or not _is_inside(event, token):
            return [event_id, *self._vanished(box, event_id, token, set())]
        # A changed series is sent again as a whole, within one page; exceptions in full, occurrences as skeletons.
        found = list(occurrences(event, token.start, token.end))
        return [event, *found, *self._vanished(box, event_id, token, {item.id for item in found})]

    def _vanished(self, box: Mailbox, event_id: str, token: Token, present: set[str]) -> list[str]:
        """Return the ids of occurrences that were in the window when the round before ended, and are not any more."""
        if token.since == FIRST_ROUND or self.core.behavior.vanished_occurrences == "silent":
            return []
        series = box.series_at(event_id, token.since)
        known = occurrences(series, token.start, token.end) if series is not None else ()
        return [item.id for item in known if item.id not in present]


def _is_inside(event: Event | None, token: Token) -> bool:
    if event is None:
        return False
    if event.recurrence is not None:
        return next(occurrences(event, token.start, token.end), None) is not None
    return event.start < token.end and event.end > token.start
