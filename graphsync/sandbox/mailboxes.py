"""What one mailbox holds: its copies of events, the order in which they changed, its mail, its sending rate."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from graphsync.sandbox.events import Event
from graphsync.sandbox.recurrence import occurrence_on, occurrences, split_occurrence_id

Folder = Literal["inbox", "sentitems", "drafts"]
MessageKind = Literal[
    "message", "eventMessageRequest", "eventMessageResponse", "eventMessage", "nonDeliveryReport", "automaticReply"
]


@dataclass(slots=True, kw_only=True, eq=False)
class MailMessage:
    """One message in one folder of one mailbox.

    `kind` tells ordinary mail from the messages that carry invitations (`eventMessageRequest`), answers
    (`eventMessageResponse`) and cancellations (`eventMessage`); for these `ical_uid` names the meeting.
    """

    id: str
    user_id: str
    folder: Folder
    internet_message_id: str
    conversation_id: str
    subject: str
    body: str
    body_type: Literal["html", "text"] = "html"
    from_address: str
    to: list[str]
    cc: list[str] = field(default_factory=list)
    bcc: list[str] = field(default_factory=list)
    reply_to: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    extended_properties: dict[str, str] = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)
    importance: str = "normal"
    # A followupFlag as it goes out.
    flag: dict[str, Any] = field(default_factory=lambda: {"flagStatus": "notFlagged"})
    wants_read_receipt: bool = False
    wants_delivery_receipt: bool = False
    kind: MessageKind = "message"
    meeting_message_type: str | None = None
    ical_uid: str | None = None
    proposed: tuple[datetime, datetime] | None = None
    created_at: datetime
    sent_at: datetime | None = None
    received_at: datetime | None = None
    is_draft: bool = False


@dataclass(slots=True)
class Mailbox:
    """The content of one mailbox."""

    user_id: str
    copies: dict[str, Event] = field(default_factory=dict)
    id_by_ical_uid: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    # How many copies of a meeting this mailbox has had: a copy that comes back has another id.
    generations: dict[str, int] = field(default_factory=dict)
    # Delta: event id to the number of its last change, and the oldest number still known.
    changes: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    delta_floor: int = 0
    messages: dict[str, MailMessage] = field(default_factory=dict)
    sent_minutes: deque[datetime] = field(default_factory=deque)
    sent_recipients: deque[tuple[datetime, int]] = field(default_factory=deque)

    def put(self, event: Event) -> None:
        """Store a new copy, or note that a stored one changed."""
        self.copies[event.id] = event
        self.id_by_ical_uid[event.ical_uid] = event.id
        self._changed(event.id)

    def remove(self, event: Event) -> None:
        """Take a copy out of the calendar."""
        self.copies.pop(event.id, None)
        self.id_by_ical_uid.pop(event.ical_uid, None)
        self._changed(event.id)

    def _changed(self, event_id: str) -> None:
        self.sequence += 1
        self.changes[event_id] = self.sequence

    def find(self, event_id: str) -> Event | None:
        """Return the copy, or the occurrence of a series, with this id, or None. Ids are case-sensitive."""
        event = self.copies.get(event_id)
        if event is not None:
            return event
        parts = split_occurrence_id(event_id)
        master = self.copies.get(parts[0]) if parts else None
        return occurrence_on(master, parts[1]) if parts and master else None

    def by_ical_uid(self, ical_uid: str) -> Event | None:
        """Return this mailbox's copy of a meeting, or None."""
        event_id = self.id_by_ical_uid.get(ical_uid)
        return self.copies.get(event_id) if event_id else None

    def view(self, start: datetime, end: datetime) -> list[Event]:
        """Return single instances and occurrences that overlap the span, by start and id; no masters.

        An event that only touches the span at an end is outside, one without length inside counts as in it.
        """
        found: list[Event] = []
        for event in self.copies.values():
            if event.recurrence is not None:
                found.extend(occurrences(event, start, end))
            elif event.start < end and (event.end > start or event.start == event.end == start):
                found.append(event)
        found.sort(key=lambda event: (event.start, event.id))
        return found

    def take_recipients(self, now: datetime, count: int, per_day: int | None) -> bool:
        """Count the recipients of one message and return True, or False if they go over what a day allows.

        Source: https://learn.microsoft.com/defender-office-365/outbound-spam-policies-configure (rolling 24 hours)
        """
        while self.sent_recipients and self.sent_recipients[0][0] <= now - timedelta(days=1):
            self.sent_recipients.popleft()
        if per_day is not None and sum(sent for _, sent in self.sent_recipients) + count > per_day:
            return False
        if self.sent_recipients and self.sent_recipients[-1][0] == now:
            count += self.sent_recipients.pop()[1]
        self.sent_recipients.append((now, count))
        return True

    def next_free_minute(self, now: datetime, per_minute: int) -> datetime:
        """Take a place in the sending rate and return when the message leaves: now, or when the rate allows.

        Source: https://learn.microsoft.com/defender-office-365/outbound-spam-policies-configure (30 a minute,
        the excess is delayed into following minutes)
        """
        minute = timedelta(minutes=1)
        while self.sent_minutes and self.sent_minutes[0] <= now - minute:
            self.sent_minutes.popleft()
        leaves_at = now
        if len(self.sent_minutes) >= per_minute:
            leaves_at = max(now, self.sent_minutes[-per_minute] + minute)
        self.sent_minutes.append(leaves_at)
        return leaves_at
