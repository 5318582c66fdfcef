"""Where all state lives: one Protocol for each part, all of them on one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports.work import (
    Action,
    Alert,
    AuditEntry,
    Claim,
    DecisionRow,
    Outcome,
    Reservation,
    Subject,
    SubjectKind,
    Subscription,
)
from graphsync.mentoring import (
    Choice,
    FlagKind,
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    OpenRequest,
    Order,
    Person,
    PersonId,
    Reply,
)
from graphsync.rules.state import Attempt


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
        """Return those whose time has come, ended ones included."""
        ...

    def chat(self, mentorship: MentorshipId) -> tuple[str, datetime] | None:
        """Return the pair's chat and until when it was read, or None where none is known."""
        ...

    def save_chat(self, mentorship: MentorshipId, chat_id: str, read_until: datetime) -> None:
        """Keep the pair's chat and until when it was read."""
        ...

    def drop_chat(self, mentorship: MentorshipId) -> None:
        """Forget the pair's chat."""
        ...

    def by_chat(self, chat_id: str) -> MentorshipId | None:
        """Return whose chat this is, or None."""
        ...

    def save_order(self, order: Order) -> None:
        """Keep what a coordinator ordered; it takes the place of an earlier order for the mentorship."""
        ...

    def order(self, mentorship: MentorshipId) -> Order | None:
        """Return the order that holds for a mentorship, or None."""
        ...

    def drop_order(self, mentorship: MentorshipId) -> None:
        """Let an order hold no more; its mentorship stays as it is."""
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


class Replies(Protocol):
    """What people answered by their personal links."""

    def save(self, reply: Reply) -> None:
        """Keep a reply; it takes the place of an earlier one of the same person about the same matter."""
        ...

    def of(self, mentorship: MentorshipId) -> list[Reply]:
        """Return the replies of a mentorship, oldest first."""
        ...

    def withdraw(self, mentorship: MentorshipId, choice: Choice) -> int:
        """Delete the replies of a mentorship that say `choice`, and return how many there were."""
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

    def want_sweep(self, subject: Subject, next_at: datetime) -> None:
        """Set when a subject is looked at, unless that is set already."""
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
    """What is kept to explain and to tell: audit, decisions, alerts, flags; and the end of what has had its term."""

    def add_audit(self, entry: AuditEntry) -> None:
        """Keep what was done, or not done."""
        ...

    def audit(self, mentorship: MentorshipId | None = None) -> list[AuditEntry]:
        """Return what was kept, oldest first; of one mentorship or of all."""
        ...

    def add_decision(self, decision: DecisionRow) -> None:
        """Keep a decision; one on the same state and to the same end as the last only moves its `last_at`."""
        ...

    def decisions(
        self, mentorship: MentorshipId | None = None, *, since: datetime, until: datetime
    ) -> list[DecisionRow]:
        """Return the decisions made from `since` to before `until`, of one mentorship or of all.

        They come by when they were last made, and so those of one mentorship in their order.
        """
        ...

    def last_decision(self, mentorship: MentorshipId, at: datetime) -> DecisionRow | None:
        """Return the last decision that was first made at `at` or before, or None."""
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

    def set_flags(self, mentorship: MentorshipId, kinds: Collection[FlagKind]) -> None:
        """Let exactly these flags stand on a mentorship."""
        ...

    def flags(self) -> dict[MentorshipId, frozenset[FlagKind]]:
        """Return the flags that stand, by mentorship; those without one are left out."""
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
    def replies(self) -> Replies:
        """The replies."""
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
        """Audit, decisions, alerts, flags."""
        ...


class Store(Protocol):
    """Where all state lives."""

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Open a transaction: committed at the end of the block, rolled back where the block raises."""
        ...
