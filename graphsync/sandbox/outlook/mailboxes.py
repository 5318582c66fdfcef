"""What one mailbox holds: its copies of events, the order in which they changed, its mail, its sending rate."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.series import occurrence_on, occurrences, split_occurrence_id, split_occurrence_uid

Folder = Literal["inbox", "sentitems", "drafts", "deleteditems"]
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
    modified_at: datetime | None = None
    is_draft: bool = False
    is_read: bool = False
    # It belongs to the conversation of what it answers, whatever its subject.
    is_reply: bool = False
    folder_id: str = ""
    change_key: str = ""
    revision: int = 0


@dataclass(slots=True)
class MessageChange:
    """The numbers of the first and the last change of a message in one folder since it came there."""

    first: int
    number: int
    is_gone: bool = False


# What a copy in the default calendar has as its `calendar_id`, whatever the id of that calendar on the wire.
DEFAULT_CALENDAR = ""


@dataclass(slots=True, kw_only=True, eq=False)
class UserCalendar:
    """One calendar of a mailbox, with its id on the wire."""

    id: str
    name: str
    change_key: str
    color: str = "auto"
    is_default: bool = False
    revision: int = 0

    @property
    def held_id(self) -> str:
        """Return what the events in it have as their `calendar_id`."""
        return DEFAULT_CALENDAR if self.is_default else self.id


@dataclass(slots=True)
class Mailbox:
    """The content of one mailbox."""

    user_id: str
    copies: dict[str, Event] = field(default_factory=dict)
    calendars: dict[str, UserCalendar] = field(default_factory=dict)
    # In which calendar each event is or was that is not of the default one: delta is of one calendar.
    elsewhere: dict[str, str] = field(default_factory=dict)
    id_by_ical_uid: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    # How many copies of a meeting this mailbox has had: a copy that comes back has another id.
    generations: dict[str, int] = field(default_factory=dict)
    # Delta: event id to the number of its last change, and the oldest number still known.
    changes: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    delta_floor: int = 0
    # What a series was after which change, so that a delta round can tell which occurrences are gone since.
    past_series: dict[str, list[tuple[int, Event]]] = field(default_factory=dict)
    messages: dict[str, MailMessage] = field(default_factory=dict)
    # Message delta: folder, empty for all of them, and message id to its changes there.
    message_changes: dict[tuple[str, str], MessageChange] = field(default_factory=dict)
    message_sequence: int = 0
    message_floor: int = 0
    sent_minutes: deque[datetime] = field(default_factory=deque)
    sent_recipients: deque[tuple[datetime, int]] = field(default_factory=deque)

    def put(self, event: Event) -> None:
        """Store a new copy, or note that a stored one changed."""
        self.copies[event.id] = event
        self.id_by_ical_uid[event.ical_uid] = event.id
        self._changed(event.id)
        if event.calendar_id:
            self.elsewhere[event.id] = event.calendar_id
        if event.recurrence is not None or event.id in self.past_series:
            kept = replace(event, excluded_on=list(event.excluded_on), deviations=deepcopy(event.deviations))
            self.past_series.setdefault(event.id, []).append((self.sequence, kept))

    def remove(self, event: Event) -> None:
        """Take a copy out of the calendar."""
        self.copies.pop(event.id, None)
        self.id_by_ical_uid.pop(event.ical_uid, None)
        self._changed(event.id)

    def _changed(self, event_id: str) -> None:
        self.sequence += 1
        self.changes[event_id] = self.sequence

    def put_message(self, message: MailMessage, *, left: Folder | None = None) -> None:
        """Store a message, or note that a stored one changed; `left` is the folder it was in, if that changed."""
        self.messages[message.id] = message
        self._message_changed(message.id, left)
        self._message_changed(message.id, message.folder)

    def drop_message(self, message: MailMessage) -> None:
        """Take a message out of the mailbox."""
        self.messages.pop(message.id, None)
        self._message_changed(message.id, message.folder)

    def message_in(self, folder: str, message_id: str) -> MailMessage | None:
        """Return a message if it lies in a folder; an empty one stands for all."""
        message = self.messages.get(message_id)
        return message if message is not None and folder in {"", message.folder} else None

    def _message_changed(self, message_id: str, folder: Folder | None) -> None:
        if folder is None:
            return
        self.message_sequence += 1
        for place in (folder, ""):
            change = self.message_changes.get((place, message_id))
            is_there = change is not None and self.message_in(place, message_id) is not None
            if change is None or (is_there and change.is_gone):
                change = self.message_changes[place, message_id] = MessageChange(self.message_sequence, 0)
            change.number = self.message_sequence
            change.is_gone = self.message_in(place, message_id) is None

    def find(self, event_id: str) -> Event | None:
        """Return the copy, or the occurrence of a series, with this id, or None. Ids are case-sensitive.

        An occurrence is a value of its own: what is changed of it is stored by `Copies`.
        """
        event = self.copies.get(event_id)
        if event is not None:
            return event
        parts = split_occurrence_id(event_id)
        master = self.copies.get(parts[0]) if parts else None
        return occurrence_on(master, parts[1]) if parts and master else None

    def series_at(self, event_id: str, number: int) -> Event | None:
        """Return a series as it was after the change with this number, or None if it was none yet."""
        past = self.past_series.get(event_id, [])
        place = bisect_right(past, number, key=lambda item: item[0])
        return past[place - 1][1] if place else None

    def by_ical_uid(self, ical_uid: str) -> Event | None:
        """Return this mailbox's copy of a meeting, or of one occurrence of a series, or None."""
        event_id = self.id_by_ical_uid.get(ical_uid)
        if event_id is not None:
            return self.copies.get(event_id)
        parts = split_occurrence_uid(ical_uid)
        master = self.by_ical_uid(parts[0]) if parts else None
        return occurrence_on(master, parts[1]) if parts and master else None

    def view(self, start: datetime, end: datetime, calendar_id: str = DEFAULT_CALENDAR) -> list[Event]:
        """Return the single instances and occurrences of a calendar that overlap the span, by start and id; no masters.

        An event that only touches the span at an end is outside, one without length inside counts as in it.
        """
        found: list[Event] = []
        for event in self.copies.values():
            if event.calendar_id != calendar_id:
                continue
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
