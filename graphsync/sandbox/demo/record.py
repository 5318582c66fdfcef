"""What happened to each mentoring session, read from the world's journal alone: the first half of judging.

The organizer's copy is the session. The service's sessions are known by their tag, those the two fixed themselves
by being a meeting of exactly the two. What follows from it is in `forbidden.py` and `outcome.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from graphsync.sandbox.demo.diary import event_of
from graphsync.sandbox.demo.hours import Span, overlap
from graphsync.sandbox.demo.programme import PROGRAMME_MAILBOX, Pair, Programme
from graphsync.sandbox.journal import JournalEntry
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.world import World

TAG_ID = "String {9b6c1f5e-3d0c-4f5e-8a57-6d1f2c9a7e40} Name graphsync"
Loss = Literal["cancelled", "declined", "dropped"]

# What adding a Teams link changes in the organizer's copy; Exchange writes the block into the body.
_LINK_FIELDS = frozenset({"is_online_meeting", "join_url", "body_html"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The service's mark on an event of its own."""

    mentorship: str
    number: int
    rule: str = ""
    replaces: int | None = None
    medium: str = "video"


def parse_tag(value: str | None) -> Tag | None:
    """Return what the extended property says, or None where there is none or it names no session."""
    parts = dict(part.split("=", 1) for part in (value or "").split(";") if "=" in part)
    if not parts.get("mentorship") or not parts.get("number", "").isdigit():
        return None
    replaces = parts.get("replaces", "")
    return Tag(
        mentorship=parts["mentorship"],
        number=int(parts["number"]),
        rule=parts.get("rule", ""),
        replaces=int(replaces) if replaces.isdigit() else None,
        medium=parts.get("medium", "video"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A time that a session was given; `index` is the journal's place, `by_service` who did it."""

    at: datetime
    index: int
    start: datetime
    end: datetime
    by_service: bool

    @property
    def span(self) -> Span:
        """Start and end."""
        return (self.start, self.end)


@dataclass(slots=True, kw_only=True)
class Session:
    """One numbered session: from its invite to its loss, its successor or its end.

    One the two fixed themselves gets a number that no tag has. `superseded_at` is when the same
    event was given to another number. `answers` are (address, when, response), oldest first. `proposals` are
    (when, span). Journal places beside instants tell what came first within one minute.
    """

    pair: Pair
    mentorship: str
    number: int
    ical_uid: str
    organizer: str
    invited_at: datetime
    index: int
    by_service: bool
    replaces: int | None = None
    medium: str = "video"
    online: bool = False
    placements: list[Placement] = field(default_factory=list)
    answers: list[tuple[str, datetime, str]] = field(default_factory=list)
    proposals: list[tuple[datetime, Span]] = field(default_factory=list)
    loss: Loss | None = None
    lost_at: datetime | None = None
    lost_index: int | None = None
    absent: bool = False
    superseded_at: datetime | None = None
    superseded_index: int | None = None

    @property
    def start(self) -> datetime:
        """The start as it stood last."""
        return self.placements[-1].start

    @property
    def end(self) -> datetime:
        """The end as it stood last."""
        return self.placements[-1].end

    @property
    def is_lost(self) -> bool:
        """Whether it does not take place as this number."""
        return self.loss is not None or self.superseded_at is not None

    def stands_at(self, index: int) -> Placement | None:
        """Return the time it had at a place of the journal, or None if it did not stand then."""
        ends = [place for place in (self.lost_index, self.superseded_index) if place is not None]
        if self.index > index or (ends and min(ends) <= index):
            return None
        return [placement for placement in self.placements if placement.index <= index][-1]

    def lose(self, loss: Loss, entry_at: datetime, index: int) -> None:
        """Note the first loss; a second one changes nothing."""
        if self.loss is None:
            self.loss, self.lost_at, self.lost_index = loss, entry_at, index


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message of the service. `to` are all recipients, copies included."""

    index: int
    sent_at: datetime
    to: tuple[str, ...]
    practice: str
    about: str
    mentorship: str
    rung: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Automatic replies that somebody has scheduled or switched on; without `end` until further notice."""

    address: str
    told_index: int
    start: datetime
    end: datetime | None

    def covers(self, span: Span) -> bool:
        """Tell whether any of `span` falls into it."""
        return span[1] > self.start and (self.end is None or span[0] < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """What a calendar held of other things from one place of the journal to another (None: to the end)."""

    since: int
    until: int | None
    event: Event


@dataclass(slots=True)
class Record:
    """All that the judge knows. `touched` are the service's changes of what is no session of the programme."""

    programme: Programme
    sessions: list[Session] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    touched: list[tuple[datetime, str, str]] = field(default_factory=list)
    appointments: dict[str, list[Appointment]] = field(default_factory=lambda: defaultdict(list))

    def mentorship_ids(self) -> dict[str, str]:
        """Return pair key to mentorship id, from the tags, or from the mails where only one pair fits."""
        ids = {session.pair.key: session.mentorship for session in self.sessions if session.mentorship}
        recipients: dict[str, set[str]] = defaultdict(set)
        for mail in self.mails:
            recipients[mail.mentorship].update(set(mail.to) & set(self.programme.people))
        for mentorship, people in sorted(recipients.items()):
            if not mentorship or mentorship in ids.values() or not people:
                continue
            fitting = [pair for pair in self.programme.pairs if people <= pair.people and pair.key not in ids]
            if len(fitting) == 1:
                ids[fitting[0].key] = mentorship
        return ids


def read_record(world: World, programme: Programme) -> Record:
    """Return the record of everything up to now."""
    reader = _Reader(world, programme)
    for index, entry in enumerate(world.journal):
        reader.read(index, entry)
    _name_what_was_fixed_by_hand(reader.record)
    return reader.record


def _name_what_was_fixed_by_hand(record: Record) -> None:
    """Give sessions without a tag their mentorship, and the numbers that the tags leave free, oldest first."""
    ids = record.mentorship_ids()
    for session in record.sessions:
        if session.number:
            continue
        session.mentorship = ids.get(session.pair.key, "")
        used = {other.number for other in record.sessions if other.pair == session.pair}
        session.number = next(number for number in range(1, len(used) + 2) if number not in used)


class _Reader:
    def __init__(self, world: World, programme: Programme) -> None:
        self.record = Record(programme)
        self._programme = programme
        self._by_event: dict[str, Session] = {}
        self._address = {user.id: user.address.lower() for user in world.users()}
        self._open: dict[tuple[str, str], Appointment] = {}

    def read(self, index: int, entry: JournalEntry) -> None:
        if entry.verb in ("event_created", "event_updated", "event_cancelled", "event_removed"):
            self._read_event(index, entry)
        elif entry.verb == "responded":
            self._read_answer(index, entry)
        elif entry.verb == "automatic_replies":
            self._read_absence(index, entry)
        elif entry.verb == "mail_sent" and entry.actor.startswith("app:"):
            self._read_mail(index, entry)

    def _read_event(self, index: int, entry: JournalEntry) -> None:
        details, by_service = entry.details, entry.actor.startswith("app:")
        session = self._by_event.get(details["ical_uid"])
        if by_service and not details["is_organizer"]:
            self._touch(entry, "changed somebody's copy of an invite")
            return
        if session is None:
            session = self._new_meeting(index, entry)
        elif details["is_organizer"]:
            self._read_organizers_copy(index, entry, session)
        elif entry.verb == "event_removed" and details.get("reason") == "deleted" and not _snap(entry)["is_cancelled"]:
            session.lose("dropped", entry.at, index)
        if session is None:
            self._read_appointment(index, entry)
            if by_service:
                self._touch(entry, f"{entry.verb} of what is no session of the programme")

    def _touch(self, entry: JournalEntry, what: str) -> None:
        self.record.touched.append((entry.at, self._address.get(entry.user_id, ""), what))

    def _new_meeting(self, index: int, entry: JournalEntry) -> Session | None:
        snapshot = _snap(entry)
        if entry.verb not in ("event_created", "event_updated") or not entry.details["is_organizer"]:
            return None
        pair = self._programme.pair_of(_people(snapshot))
        tag = parse_tag(snapshot["extended_properties"].get(TAG_ID))
        by_service = entry.actor.startswith("app:")
        if pair is None or not snapshot["attendees"] or (by_service and tag is None):
            return None
        return self._begin(index, entry, pair, tag if by_service else None)

    def _begin(self, index: int, entry: JournalEntry, pair: Pair, tag: Tag | None) -> Session:
        snapshot = _snap(entry)
        session = Session(
            pair=pair,
            mentorship=tag.mentorship if tag else "",
            number=tag.number if tag else 0,
            replaces=tag.replaces if tag else None,
            medium=tag.medium if tag else "video",
            ical_uid=entry.details["ical_uid"],
            organizer=entry.details["organizer_address"].lower(),
            invited_at=entry.at,
            index=index,
            by_service=tag is not None,
            online=snapshot["is_online_meeting"],
        )
        session.placements.append(_placement(index, entry))
        self.record.sessions.append(session)
        self._by_event[session.ical_uid] = session
        return session

    def _read_organizers_copy(self, index: int, entry: JournalEntry, session: Session) -> None:
        if entry.verb in ("event_cancelled", "event_removed"):
            session.lose("cancelled", entry.at, index)
            return
        snapshot = _snap(entry)
        by_service = entry.actor.startswith("app:")
        tag = parse_tag(snapshot["extended_properties"].get(TAG_ID))
        if by_service and not session.by_service:
            if "self_booked" not in session.pair.opt_ins:
                self._touch(entry, "changed a meeting of two who have not agreed that theirs are looked at")
            elif not set(entry.details.get("changed", ())) <= _LINK_FIELDS:
                self._touch(entry, "changed more than the link of a session the two fixed themselves")
        if tag is not None and session.by_service and tag.number != session.number:
            session.superseded_at, session.superseded_index = entry.at, index
            self._begin(index, entry, session.pair, tag)
            return
        session.online = snapshot["is_online_meeting"]
        if (snapshot["start"], snapshot["end"]) != session.placements[-1].span:
            session.placements.append(_placement(index, entry))
            if session.absent and not by_service and not self._is_in_an_absence(session):
                # Somebody put it outside the leave by hand: it stands again.
                session.absent, session.loss, session.lost_at, session.lost_index = False, None, None, None

    def _is_in_an_absence(self, session: Session) -> bool:
        return any(
            absence.address in session.pair.people and absence.covers(session.placements[-1].span)
            for absence in self.record.absences
        )

    def _read_answer(self, index: int, entry: JournalEntry) -> None:
        session = self._by_event.get(entry.details["ical_uid"])
        if session is None:
            return
        address, response = self._address[entry.user_id], entry.details["response"]
        session.answers.append((address, entry.at, response))
        if entry.details["proposed"]:
            session.proposals.append((entry.at, entry.details["proposed"]))
        if response == "declined":
            session.lose("declined", entry.at, index)
        if entry.actor.startswith("app:"):
            self._touch(entry, "answered an invite for somebody")

    def _read_absence(self, index: int, entry: JournalEntry) -> None:
        address, status = self._address[entry.user_id], entry.details["status"]
        if status == "disabled":
            return
        scheduled = status == "scheduled"
        absence = Absence(
            address=address,
            told_index=index,
            start=entry.details["start"] if scheduled else entry.at,
            end=entry.details["end"] if scheduled else None,
        )
        self.record.absences.append(absence)
        for session in self._by_event.values():
            if address in session.pair.people and absence.covers((session.start, session.end)):
                session.absent = session.loss is None
                session.lose("dropped", entry.at, index)

    def _read_mail(self, index: int, entry: JournalEntry) -> None:
        headers = {name.lower(): str(value) for name, value in entry.details["headers"].items()}
        recipients = (*entry.details["to"], *entry.details.get("cc", ()), *entry.details.get("bcc", ()))
        self.record.mails.append(
            Mail(
                index=index,
                sent_at=entry.at,
                to=tuple(address.lower() for address in recipients),
                practice=headers.get("x-graphsync-practice", ""),
                about=headers.get("x-graphsync-about", ""),
                mentorship=headers.get("x-graphsync-mentorship", ""),
                rung=headers.get("x-graphsync-rung", ""),
                reason=headers.get("x-graphsync-reason", ""),
            )
        )

    def _read_appointment(self, index: int, entry: JournalEntry) -> None:
        key = (entry.user_id, entry.subject_id)
        address = self._address[entry.user_id]
        held = self._open.pop(key, None)
        if held is not None:
            kept = self.record.appointments[address]
            kept.remove(held)
            kept.append(Appointment(since=held.since, until=index, event=held.event))
        if entry.verb in ("event_created", "event_updated"):
            fresh = Appointment(since=index, until=None, event=event_of(_snap(entry)))
            self._open[key] = fresh
            self.record.appointments[address].append(fresh)


def _snap(entry: JournalEntry) -> dict[str, Any]:
    snapshot: dict[str, Any] = entry.details["snapshot"]
    return snapshot


def _placement(index: int, entry: JournalEntry) -> Placement:
    snapshot = _snap(entry)
    return Placement(
        at=entry.at,
        index=index,
        start=snapshot["start"],
        end=snapshot["end"],
        by_service=entry.actor.startswith("app:"),
    )


def _people(snapshot: dict[str, Any]) -> frozenset[str]:
    attendees = (attendee["address"].lower() for attendee in snapshot["attendees"])
    return frozenset({snapshot["organizer_address"].lower(), *attendees}) - {PROGRAMME_MAILBOX}


def in_absence(record: Record, address: str, span: Span, index: int) -> bool:
    """Tell whether `address` had told by a place of the journal of being away during any of `span`."""
    return any(
        absence.address == address and absence.told_index <= index and overlap(span, _bounds(absence, span))
        for absence in record.absences
    )


def _bounds(absence: Absence, span: Span) -> Span:
    return (absence.start, absence.end if absence.end is not None else max(span[1], absence.start))
