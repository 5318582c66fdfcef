"""What an action in the outbox carries: whole, as JSON text, so that a later process performs just what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import msgspec

from graphsync.mentoring import HoldKind, Medium, MentorshipId, PersonId

PayloadType = TypeVar("PayloadType", bound=msgspec.Struct)


class RoomPayload(msgspec.Struct, frozen=True, kw_only=True):
    """Another room for a session that has one: which, in whose place, and what the invite then says of the place.

    `asked` is an address, empty where no other room is asked.
    """

    instead_of: str
    location: str
    asked: str = ""
    name: str = ""


class BookPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be put on both calendars.

    `body` is the exact request body of a new event; it is empty where the event of the lost session is moved, which
    then is to be found at `from_start`, unless somebody has moved it since. `room` is the address of the room on the
    invite; a moved event gets it by `room_change`, where it has not got it already.
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
    consent: bool = False
    room: str = ""
    room_change: RoomPayload | None = None


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
    room_change: RoomPayload | None = None


class OnlinePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be made a Teams meeting."""

    intent_key: str
    number: int


class ChangeRoomPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose room turned it down at `starts_at`, and what becomes of that."""

    intent_key: str
    number: int
    starts_at: datetime
    change: RoomPayload


class HoldPayload(msgspec.Struct, frozen=True, kw_only=True):
    """Time to be kept free in one person's own calendar; `body` is the exact request body of the event."""

    intent_key: str
    number: int
    kind: HoldKind
    person: PersonId
    starts_at: datetime
    ends_at: datetime
    tag: str
    body: str


class ReleasePayload(msgspec.Struct, frozen=True, kw_only=True):
    """Time that was kept, to be given back."""

    intent_key: str
    number: int
    person: PersonId
    event_id: str


class CancelPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be cancelled, what is said with it to both, and why, as it is kept."""

    intent_key: str
    number: int
    comment: str
    reason: str


class PresencePayload(msgspec.Struct, frozen=True, kw_only=True):
    """One person, to be shown as do-not-disturb until a session ends."""

    intent_key: str
    person: PersonId
    until: datetime


class StillTrue(StrEnum):
    """What must still be so when a message is sent.

    All but ALWAYS ask how the mentorship stands: it is to be active, but for PAUSED and ENDED. An invite is open while
    anybody has not answered it, and owed while the reader has not.
    """

    ALWAYS = "always"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    INVITE_IS_OPEN = "invite_is_open"
    INVITE_IS_OWED = "invite_is_owed"
    REQUEST_IS_OPEN = "request_is_open"
    SESSION_STANDS = "session_stands"
    REPLACEMENT_STANDS = "replacement_stands"
    QUESTION_STANDS = "question_stands"


class NudgePart(msgspec.Struct, frozen=True, kw_only=True):
    """One matter of a message, rendered; `still` says what must be so of `about`, `session`, `starts_at` by then."""

    mentorship: MentorshipId
    about: str
    still: StillTrue
    heading: str
    why: str
    content: str
    may_pause: bool
    session: int | None = None
    starts_at: datetime | None = None


class NudgePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person, of one matter or several; those that are past by the time it is sent are left out."""

    person: PersonId
    address: str
    name: str
    language: str
    time_zone: str
    pause_link: str
    headers: tuple[tuple[str, str], ...]
    parts: tuple[NudgePart, ...]

    def with_header(self, name: str, value: str) -> NudgePayload:
        """Return the message with one header more."""
        return msgspec.structs.replace(self, headers=(*self.headers, (name, value)))


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
