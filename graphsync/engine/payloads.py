"""What an action in the outbox carries: whole, as JSON text, so that a later process performs just what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from graphsync.mentoring import Medium, PersonId

PayloadType = TypeVar("PayloadType", bound=msgspec.Struct)


class BookPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be put on both calendars.

    `body` is the exact request body of a new event; it is empty where the event of the lost session is moved, which
    then is to be found at `from_start`, unless somebody has moved it since.
    """

    intent_key: str
    number: int
    organizer: PersonId
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    medium: Medium
    online: bool
    tag: str
    least_lead: timedelta
    body: str = ""
    replaces: int | None = None
    no_slot_reason: str = ""
    event_id: str = ""
    from_start: datetime | None = None
    agreed: tuple[PersonId, ...] = ()


class MovePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session that stands, to be moved to a time somebody proposed, or both agreed to."""

    intent_key: str
    number: int
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    from_start: datetime
    proposal_by: PersonId | None = None
    agreed: tuple[PersonId, ...] = ()


class OnlinePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be made a Teams meeting."""

    intent_key: str
    number: int


class NudgePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person; `about` and `session` say what must still be so when it is sent.

    A message about a lost session is right as long as `session`, its replacement, starts at `starts_at`; one that is
    `lasting` says what does not pass, and is sent in any case.
    """

    person: PersonId
    address: str
    name: str
    subject: str
    body_html: str
    headers: tuple[tuple[str, str], ...]
    about: str
    session: int | None = None
    lasting: bool = False
    starts_at: datetime | None = None


class SentMail(msgspec.Struct, frozen=True, kw_only=True):
    """How far the sending of a mail has come: its draft exists; `looks` is how often it was looked for in vain."""

    id: str
    internet_message_id: str
    looks: int = 0


def to_json(payload: msgspec.Struct) -> str:
    """Return `payload` as JSON text."""
    return msgspec.json.encode(payload).decode()


def from_json(text: str, payload_type: type[PayloadType]) -> PayloadType:
    """Return the payload that `to_json` has written."""
    return msgspec.json.decode(text, type=payload_type)
