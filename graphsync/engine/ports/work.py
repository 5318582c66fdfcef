"""The values of the engine's own bookkeeping: what is worth a look, what is to be done, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphsync.calendar.slots import TimeSlot
from graphsync.mentoring import (
    MentorshipId,
    PersonId,
)


class SubjectKind(StrEnum):
    """What a dirty mark can be on; each kind is looked at in its own way."""

    EVENT = "event"
    MAILBOX = "mailbox"
    PERSON = "person"
    CHAT = "chat"
    PAIR = "pair"
    MAIL = "mail"
    SUBSCRIPTION = "subscription"
    COORDINATORS = "coordinators"
    ATTENDANCE = "attendance"
    MENTORSHIP = "mentorship"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """Something worth a look.

    `owner` is a person (EVENT, MAILBOX, PERSON), a chat (CHAT), a mentorship (MENTORSHIP, PAIR: does the pair have a
    chat by now?, MAIL: what the two mail each other) or a resource (SUBSCRIPTION); `item` is the event's id and empty
    elsewhere.
    """

    kind: SubjectKind
    owner: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A dirty subject taken up for a look; a mark made meanwhile survives `settle`.

    `generation` tells this claim from later ones of the same subject.
    """

    subject: Subject
    generation: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription graphsync wants, and what Graph has granted of it.

    `resource` is the wanted resource path and the key. `id` and `expires_at` are None while Graph has none.
    """

    resource: str
    subject: Subject
    client_state: str
    id: str | None = None
    expires_at: datetime | None = None
    last_notified_at: datetime | None = None


class ActionKind(StrEnum):
    """What the outbox can hold."""

    BOOK = "book"
    MOVE = "move"
    ADD_ONLINE_MEETING = "add_online_meeting"
    NUDGE = "nudge"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    PRESENCE = "presence"
    CHANGE_ROOM = "change_room"


class Outcome(StrEnum):
    """How an action ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A planned action, whole: what is to be done, for whom, and what must hold when it is.

    `key` is unique for ever and makes repeating harmless. `payload` is JSON text that `engine.actions` alone reads
    and writes; `progress` is what a perform step noted on its way (the draft's ids, say).
    """

    key: str
    kind: ActionKind
    mentorship: MentorshipId
    rule: str
    reason: str
    payload: str
    created_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    progress: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Time kept for one person, or for a room under a name of its own, by one action or session (`holder`)."""

    person: PersonId
    slot: TimeSlot
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something the tenant admin has to mend; `key` is the matter, so that it stands once."""

    key: str
    text: str
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What was done or not done, why, and when."""

    at: datetime
    mentorship: MentorshipId
    action: str
    rule: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision as it is kept; `engine.recorded` alone reads and writes `state`, `wanted`, `trace` and `places`.

    `last_at` is when it was last made again, on the same state and to the same end; `wake_at` is when it was to be
    made again though no fact changed.
    """

    mentorship: MentorshipId
    at: datetime
    last_at: datetime
    state: bytes
    wanted: str
    trace: bytes
    places: bytes
    wake_at: datetime | None
