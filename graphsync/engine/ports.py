"""What the engine needs of the world: Protocols for Graph and the store, and the values they exchange.

Microsoft's wire forms stay in `graph/`, tables and rows in `store/`; both give and take what is written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from graphsync.calendar.events import CalendarEvent, Schedule
from graphsync.calendar.slots import TimeSlot
from graphsync.mentoring import (
    Absence,
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    OpenRequest,
    Person,
    PersonId,
    WeeklyHours,
)
from graphsync.rules.state import Attempt
from graphsync.teams.chats import Chat, ChatMessage

# ---------------------------------------------------------------- Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryUser:
    """A person as the directory knows them."""

    id: PersonId
    address: str
    display_name: str
    office_location: str | None
    account_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """What somebody has set in Outlook; None where nothing was ever set or the zone is not a known one."""

    hours: WeeklyHours | None
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Somebody on an invite."""

    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """A calendar event to be made; `time_zone` (IANA) is the one Outlook shows it in, the times are UTC."""

    subject: str
    body_html: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    attendees: tuple[Invitee, ...]
    online: bool
    location: str
    tag: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """What is to be written to an event that exists; None leaves a field as it is."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str = "UTC"
    tag: str | None = None
    online: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """A mail to one person; headers begin with `x-`, at most five."""

    to: Invitee
    subject: str
    body_html: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail in Drafts or Sent Items."""

    id: str
    internet_message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaRound:
    """A complete delta round: all pages read, up to the link that the next round starts from."""

    events: tuple[CalendarEvent, ...]
    removed_ids: tuple[str, ...]
    delta_link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionGrant:
    """A subscription as Graph granted it; `expires_at` may be sooner than asked for."""

    id: str
    resource: str
    notification_url: str
    expires_at: datetime


class Graph(Protocol):
    """Microsoft Graph, by its own verbs and nouns. Every call may raise the `GraphError` classes.

    Event ids are immutable ids; times are UTC. Nothing returned holds the subject or body of an event or the text
    of a message.
    """

    def get_user(self, address: str) -> DirectoryUser: ...
    def get_mailbox_settings(self, user: PersonId) -> MailboxSettings: ...
    def allowed_online_meeting_providers(self, user: PersonId) -> frozenset[str]: ...

    def get_event(self, user: PersonId, event_id: str) -> CalendarEvent: ...
    def find_event_by_ical_uid(self, user: PersonId, ical_uid: str) -> CalendarEvent | None: ...
    def find_event_by_tag(self, user: PersonId, tag: str) -> CalendarEvent | None: ...
    def list_calendar_view(self, user: PersonId, window: TimeSlot) -> list[CalendarEvent]: ...
    def calendar_view_delta(self, user: PersonId, window: TimeSlot, delta_link: str | None) -> DeltaRound: ...
    def get_schedule(self, requester: PersonId, addresses: Sequence[str], window: TimeSlot) -> dict[str, Schedule]: ...

    def event_body(self, draft: EventDraft) -> str: ...
    def create_event(self, user: PersonId, body: str) -> CalendarEvent: ...
    def update_event(self, user: PersonId, event_id: str, change: EventChange) -> CalendarEvent: ...

    def create_mail_draft(self, mailbox: PersonId, draft: MailDraft) -> StoredMail: ...
    def send_mail_draft(self, mailbox: PersonId, message_id: str) -> None: ...
    def find_mail(self, mailbox: PersonId, folder: str, internet_message_id: str) -> StoredMail | None: ...

    def list_chats(self, user: PersonId) -> list[Chat]: ...
    def list_chat_messages(self, chat_id: str, since: datetime) -> list[ChatMessage]: ...

    def create_subscription(
        self, resource: str, *, change_type: str, notification_url: str, client_state: str, expires_at: datetime
    ) -> SubscriptionGrant: ...
    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> SubscriptionGrant: ...
    def list_subscriptions(self) -> list[SubscriptionGrant]: ...
    def delete_subscription(self, subscription_id: str) -> None: ...


# ---------------------------------------------------------------- Store


class SubjectKind(StrEnum):
    """What a dirty mark can be on; each kind is looked at in its own way."""

    EVENT = "event"
    MAILBOX = "mailbox"
    PERSON = "person"
    CHAT = "chat"
    PAIR = "pair"
    SUBSCRIPTION = "subscription"
    MENTORSHIP = "mentorship"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """Something worth a look.

    `owner` is a person (EVENT, MAILBOX, PERSON), a chat (CHAT), a mentorship (MENTORSHIP, PAIR: does the pair have a
    chat by now?) or a resource (SUBSCRIPTION); `item` is the event's id and empty elsewhere.
    """

    kind: SubjectKind
    owner: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A dirty subject taken up for a look; a mark made meanwhile raises the generation and survives `settle`."""

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
    """Time kept for one person by one action or session (`holder`)."""

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


class People(Protocol):
    """The people of all mentorships, and the mailboxes sessions and mail are sent from."""

    def save(self, person: Person) -> None: ...
    def get(self, person: PersonId) -> Person | None: ...
    def by_address(self, address: str) -> Person | None: ...
    def all(self) -> list[Person]: ...


class Mentorships(Protocol):
    """All mentorships with their timers."""

    def save(self, mentorship: Mentorship) -> None: ...
    def get(self, mentorship: MentorshipId) -> Mentorship | None: ...
    def all(self) -> list[Mentorship]: ...
    def of(self, person: PersonId) -> list[Mentorship]: ...
    def set_wake_at(self, mentorship: MentorshipId, instant: datetime | None) -> None: ...
    def due(self, now: datetime) -> list[MentorshipId]: ...
    def chat(self, mentorship: MentorshipId) -> tuple[str, datetime] | None: ...
    def save_chat(self, mentorship: MentorshipId, chat_id: str, read_until: datetime) -> None: ...
    def by_chat(self, chat_id: str) -> MentorshipId | None: ...


class Sessions(Protocol):
    """Mentoring sessions, and the attempts that found no slot."""

    def save(self, session: MentoringSession) -> None: ...
    def of(self, mentorship: MentorshipId) -> list[MentoringSession]: ...
    def by_event(self, organizer: PersonId, event_id: str) -> MentoringSession | None: ...
    def by_ical_uid(self, ical_uid: str) -> MentoringSession | None: ...
    def standing_of(self, person: PersonId, since: datetime) -> list[MentoringSession]: ...
    def save_attempt(self, attempt: Attempt) -> None: ...
    def attempts(self, mentorship: MentorshipId) -> list[Attempt]: ...


class Requests(Protocol):
    """Open requests and the nudges sent about them."""

    def save(self, request: OpenRequest) -> None: ...
    def of(self, mentorship: MentorshipId) -> list[OpenRequest]: ...
    def close(self, key: str) -> None: ...
    def was_closed(self, key: str) -> bool: ...
    def save_nudge(self, nudge: Nudge) -> None: ...
    def nudges(self, mentorship: MentorshipId) -> list[Nudge]: ...
    def nudges_to(self, person: PersonId, since: datetime) -> list[Nudge]: ...


class Work(Protocol):
    """Dirty marks and the timers that make them."""

    def mark(self, subject: Subject, at: datetime) -> None: ...
    def claim(self, now: datetime, kinds: Collection[SubjectKind], limit: int) -> list[Claim]: ...
    def settle(self, claim: Claim) -> None: ...
    def postpone(self, claim: Claim, until: datetime) -> None: ...
    def set_sweep(self, subject: Subject, next_at: datetime) -> None: ...
    def drop_sweep(self, subject: Subject) -> None: ...
    def due_sweeps(self, now: datetime) -> list[Subject]: ...
    def next_at(self) -> datetime | None: ...


class Outbox(Protocol):
    """Actions decided and not yet ended, and what became of those that have."""

    def add(self, action: Action) -> bool: ...
    def due(self, now: datetime) -> list[Action]: ...
    def pending(self, mentorship: MentorshipId) -> list[Action]: ...
    def note_progress(self, key: str, progress: str) -> None: ...
    def postpone(self, key: str, until: datetime) -> None: ...
    def finish(self, key: str, outcome: Outcome, detail: str, at: datetime) -> None: ...


class Reservations(Protocol):
    """Time kept; the database itself refuses an overlap for one person (`ReservationConflict`)."""

    def reserve(self, reservations: Iterable[Reservation]) -> None: ...
    def release(self, holder: str) -> None: ...
    def rename(self, holder: str, new_holder: str) -> None: ...
    def of(self, people: Collection[PersonId], window: TimeSlot) -> list[Reservation]: ...


class Subscriptions(Protocol):
    """Subscriptions wanted and granted, and the delta links of programme mailboxes."""

    def save(self, subscription: Subscription) -> None: ...
    def get(self, resource: str) -> Subscription | None: ...
    def all(self) -> list[Subscription]: ...
    def remove(self, resource: str) -> None: ...
    def delta_link(self, mailbox: PersonId) -> tuple[TimeSlot, str] | None: ...
    def save_delta_link(self, mailbox: PersonId, window: TimeSlot, delta_link: str) -> None: ...
    def drop_delta_link(self, mailbox: PersonId) -> None: ...


class Records(Protocol):
    """What is kept to explain: audit, traces, alerts; and the end of what has had its term."""

    def add_audit(self, entry: AuditEntry) -> None: ...
    def audit(self, mentorship: MentorshipId | None = None) -> list[AuditEntry]: ...
    def save_trace(self, mentorship: MentorshipId, at: datetime, trace: str) -> None: ...
    def trace(self, mentorship: MentorshipId) -> tuple[datetime, str] | None: ...
    def raise_alert(self, alert: Alert) -> None: ...
    def clear_alert(self, key: str) -> None: ...
    def alerts(self) -> list[Alert]: ...
    def purge(self, *, requests_before: datetime, facts_before: datetime) -> int: ...


class Ledger(Protocol):
    """One transaction on the store; all its parts see and write the same one."""

    @property
    def people(self) -> People: ...
    @property
    def mentorships(self) -> Mentorships: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def work(self) -> Work: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def reservations(self) -> Reservations: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def records(self) -> Records: ...


class Store(Protocol):
    """Where all state lives."""

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Open a transaction: committed at the end of the block, rolled back where the block raises."""
        ...
