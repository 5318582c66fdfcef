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

    def get_user(self, address: str) -> DirectoryUser:
        """Return the directory's entry for an address or id; `GraphNotFound` where there is none."""
        ...

    def get_mailbox_settings(self, user: PersonId) -> MailboxSettings:
        """Return working hours and absences; `GraphNotFound` where there is no mailbox in the cloud."""
        ...

    def allowed_online_meeting_providers(self, user: PersonId) -> frozenset[str]:
        """Return the providers a mailbox may make online meetings with, in Graph's words."""
        ...

    def get_event(self, user: PersonId, event_id: str) -> CalendarEvent:
        """Return one event by its immutable id."""
        ...

    def find_event_by_ical_uid(self, user: PersonId, ical_uid: str) -> CalendarEvent | None:
        """Return a mailbox's copy of a meeting, or None where it has none."""
        ...

    def find_event_by_tag(self, user: PersonId, tag: str) -> CalendarEvent | None:
        """Return the event that carries exactly this tag, or None."""
        ...

    def list_calendar_view(self, user: PersonId, window: TimeSlot) -> list[CalendarEvent]:
        """Return all events that overlap `window`, series expanded, every page."""
        ...

    def calendar_view_delta(self, user: PersonId, window: TimeSlot, delta_link: str | None) -> DeltaRound:
        """Return what changed since `delta_link`, or all of `window` where that is None; may raise `DeltaExpired`."""
        ...

    def get_schedule(self, requester: PersonId, addresses: Sequence[str], window: TimeSlot) -> dict[str, Schedule]:
        """Return the free/busy of each address, keyed by it; an unreadable one says so in its `Schedule`."""
        ...

    def event_body(self, draft: EventDraft) -> str:
        """Return the exact request body that makes this event; the same draft gives the same text."""
        ...

    def create_event(self, user: PersonId, body: str) -> CalendarEvent:
        """Create an event from a body of `event_body`; sending the same body again makes no second one."""
        ...

    def update_event(self, user: PersonId, event_id: str, change: EventChange) -> CalendarEvent:
        """Change the fields that are given, and no other, and return the event as it is then."""
        ...

    def create_mail_draft(self, mailbox: PersonId, draft: MailDraft) -> StoredMail:
        """Put a mail into Drafts."""
        ...

    def send_mail_draft(self, mailbox: PersonId, message_id: str) -> None:
        """Send a mail that lies in Drafts."""
        ...

    def find_mail(self, mailbox: PersonId, folder: str, internet_message_id: str) -> StoredMail | None:
        """Return the mail with this id in `drafts` or `sentitems`, or None."""
        ...

    def list_chats(self, user: PersonId) -> list[Chat]:
        """Return the chats of a person, with their members."""
        ...

    def list_chat_messages(self, chat_id: str, since: datetime) -> list[ChatMessage]:
        """Return the messages written, edited or reacted to since `since`, in any order."""
        ...

    def create_subscription(
        self, resource: str, *, change_type: str, notification_url: str, client_state: str, expires_at: datetime
    ) -> SubscriptionGrant:
        """Subscribe; Graph asks the URL for an answer before this returns."""
        ...

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> SubscriptionGrant:
        """Prolong a subscription; `GraphNotFound` where it is gone."""
        ...

    def list_subscriptions(self) -> list[SubscriptionGrant]:
        """Return all subscriptions of this app."""
        ...

    def delete_subscription(self, subscription_id: str) -> None:
        """Delete a subscription; one that is gone already is no error."""
        ...


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

    def save(self, person: Person) -> None:
        """Keep a person as they are now."""
        ...

    def get(self, person: PersonId) -> Person | None:
        """Return a person by id, or None."""
        ...

    def by_address(self, address: str) -> Person | None:
        """Return a person by address, in any case, or None."""
        ...

    def all(self) -> list[Person]:
        """Return everybody, by id."""
        ...


class Mentorships(Protocol):
    """All mentorships with their timers."""

    def save(self, mentorship: Mentorship) -> None:
        """Keep a mentorship as it is now; its timer and chat stay."""
        ...

    def get(self, mentorship: MentorshipId) -> Mentorship | None:
        """Return a mentorship, or None."""
        ...

    def all(self) -> list[Mentorship]:
        """Return all mentorships, by id."""
        ...

    def of(self, person: PersonId) -> list[Mentorship]:
        """Return those in which a person is mentor or mentee, by id."""
        ...

    def set_wake_at(self, mentorship: MentorshipId, instant: datetime | None) -> None:
        """Set when it is decided again though no fact changes; None for never."""
        ...

    def due(self, now: datetime) -> list[MentorshipId]:
        """Return the active ones whose time has come."""
        ...

    def chat(self, mentorship: MentorshipId) -> tuple[str, datetime] | None:
        """Return the pair's chat and until when it was read, or None where none is known."""
        ...

    def save_chat(self, mentorship: MentorshipId, chat_id: str, read_until: datetime) -> None:
        """Keep the pair's chat and until when it was read."""
        ...

    def by_chat(self, chat_id: str) -> MentorshipId | None:
        """Return whose chat this is, or None."""
        ...


class Sessions(Protocol):
    """Mentoring sessions, and the attempts that found no slot."""

    def save(self, session: MentoringSession) -> None:
        """Keep a session as it is now."""
        ...

    def of(self, mentorship: MentorshipId) -> list[MentoringSession]:
        """Return the sessions of a mentorship, by number."""
        ...

    def by_event(self, organizer: PersonId, event_id: str) -> MentoringSession | None:
        """Return the newest session of an organizer's event, or None."""
        ...

    def by_ical_uid(self, ical_uid: str) -> MentoringSession | None:
        """Return the newest session of a meeting, or None."""
        ...

    def standing_of(self, person: PersonId, since: datetime) -> list[MentoringSession]:
        """Return the sessions of a mentor or mentee that stand and end after `since`, by start."""
        ...

    def save_attempt(self, attempt: Attempt) -> None:
        """Keep an attempt; it takes the place of an earlier one with the same key."""
        ...

    def attempts(self, mentorship: MentorshipId) -> list[Attempt]:
        """Return the attempts of a mentorship."""
        ...


class Requests(Protocol):
    """Open requests and the nudges sent about them."""

    def save(self, request: OpenRequest) -> None:
        """Keep an open request; one that was closed before stays closed."""
        ...

    def of(self, mentorship: MentorshipId) -> list[OpenRequest]:
        """Return the open requests of a mentorship, by key."""
        ...

    def close(self, key: str) -> None:
        """Delete a request; a keyed hash stays, so that it is not found anew."""
        ...

    def was_closed(self, key: str) -> bool:
        """Tell whether a request of this key was closed."""
        ...

    def save_nudge(self, nudge: Nudge) -> None:
        """Keep a nudge."""
        ...

    def nudges(self, mentorship: MentorshipId) -> list[Nudge]:
        """Return the nudges of a mentorship, oldest first."""
        ...

    def nudges_to(self, person: PersonId, since: datetime) -> list[Nudge]:
        """Return the nudges to one person after `since`, over all mentorships."""
        ...


class Work(Protocol):
    """Dirty marks and the timers that make them."""

    def mark(self, subject: Subject, at: datetime) -> None:
        """Mark a subject dirty, due at `at`."""
        ...

    def claim(self, now: datetime, kinds: Collection[SubjectKind], limit: int) -> list[Claim]:
        """Take up to `limit` marks that are due, in a fixed order; nobody else gets them meanwhile."""
        ...

    def settle(self, claim: Claim) -> None:
        """End a claim: the mark goes, unless it was made again meanwhile."""
        ...

    def postpone(self, claim: Claim, until: datetime) -> None:
        """End a claim and have its subject looked at again at `until`."""
        ...

    def set_sweep(self, subject: Subject, next_at: datetime) -> None:
        """Set when a subject is looked at though nothing was heard of it."""
        ...

    def drop_sweep(self, subject: Subject) -> None:
        """Look at a subject no more unless something is heard of it."""
        ...

    def due_sweeps(self, now: datetime) -> list[Subject]:
        """Return the subjects whose sweep has come."""
        ...

    def next_at(self) -> datetime | None:
        """Return when the next mark, timer, sweep or action is due, or None."""
        ...


class Outbox(Protocol):
    """Actions decided and not yet ended, and what became of those that have."""

    def add(self, action: Action) -> bool:
        """Add an action; return False, and do nothing, where its key was ever used."""
        ...

    def due(self, now: datetime) -> list[Action]:
        """Return the actions whose time has come, oldest first."""
        ...

    def pending(self, mentorship: MentorshipId) -> list[Action]:
        """Return the actions of a mentorship that have not ended."""
        ...

    def note_progress(self, key: str, progress: str) -> None:
        """Keep how far an action has come."""
        ...

    def postpone(self, key: str, until: datetime) -> None:
        """Try an action again at `until`."""
        ...

    def finish(self, key: str, outcome: Outcome, detail: str, at: datetime) -> None:
        """End an action; its key stays used."""
        ...


class Reservations(Protocol):
    """Time kept; the database itself refuses an overlap for one person (`ReservationConflict`)."""

    def reserve(self, reservations: Iterable[Reservation]) -> None:
        """Reserve all, or raise `ReservationConflict` and reserve none."""
        ...

    def release(self, holder: str) -> None:
        """Give back all that `holder` holds."""
        ...

    def rename(self, holder: str, new_holder: str) -> None:
        """Hand what `holder` holds over to `new_holder`."""
        ...

    def of(self, people: Collection[PersonId], window: TimeSlot) -> list[Reservation]:
        """Return what is reserved for any of `people` in `window`."""
        ...


class Subscriptions(Protocol):
    """Subscriptions wanted and granted, and the delta links of programme mailboxes."""

    def save(self, subscription: Subscription) -> None:
        """Keep a subscription as it is now."""
        ...

    def get(self, resource: str) -> Subscription | None:
        """Return the subscription to a resource, or None."""
        ...

    def all(self) -> list[Subscription]:
        """Return all that are wanted."""
        ...

    def remove(self, resource: str) -> None:
        """Want a subscription no more."""
        ...

    def delta_link(self, mailbox: PersonId) -> tuple[TimeSlot, str] | None:
        """Return the window and link of a mailbox's last delta round, or None."""
        ...

    def save_delta_link(self, mailbox: PersonId, window: TimeSlot, delta_link: str) -> None:
        """Keep where the next delta round of a mailbox starts from."""
        ...

    def drop_delta_link(self, mailbox: PersonId) -> None:
        """Have the next delta round of a mailbox start anew."""
        ...


class Records(Protocol):
    """What is kept to explain: audit, traces, alerts; and the end of what has had its term."""

    def add_audit(self, entry: AuditEntry) -> None:
        """Keep what was done, or not done."""
        ...

    def audit(self, mentorship: MentorshipId | None = None) -> list[AuditEntry]:
        """Return what was kept, oldest first; of one mentorship or of all."""
        ...

    def save_trace(self, mentorship: MentorshipId, at: datetime, trace: str) -> None:
        """Keep the walk of a mentorship's last decision."""
        ...

    def trace(self, mentorship: MentorshipId) -> tuple[datetime, str] | None:
        """Return the last walk and when it was made, or None."""
        ...

    def raise_alert(self, alert: Alert) -> None:
        """Let an alert stand; one that stands already keeps its time."""
        ...

    def clear_alert(self, key: str) -> None:
        """Let an alert stand no more."""
        ...

    def alerts(self) -> list[Alert]:
        """Return the alerts that stand, by key."""
        ...

    def purge(self, *, requests_before: datetime, facts_before: datetime) -> int:
        """Delete what has had its term, and return how many rows that were."""
        ...


class Ledger(Protocol):
    """One transaction on the store; all its parts see and write the same one."""

    @property
    def people(self) -> People:
        """The people."""
        ...

    @property
    def mentorships(self) -> Mentorships:
        """The mentorships."""
        ...

    @property
    def sessions(self) -> Sessions:
        """The sessions."""
        ...

    @property
    def requests(self) -> Requests:
        """The open requests and nudges."""
        ...

    @property
    def work(self) -> Work:
        """The dirty marks and timers."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The actions."""
        ...

    @property
    def reservations(self) -> Reservations:
        """The reserved times."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """The subscriptions."""
        ...

    @property
    def records(self) -> Records:
        """Audit, traces, alerts."""
        ...


class Store(Protocol):
    """Where all state lives."""

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Open a transaction: committed at the end of the block, rolled back where the block raises."""
        ...
