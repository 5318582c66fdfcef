"""Follows a run as it goes: counts, and the last things that happened in words. For the live display."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from graphsync.sandbox.demo.programme import Pair, Person, Programme
from graphsync.sandbox.demo.record import TAG_ID, parse_tag
from graphsync.sandbox.demo.story import day, moment
from graphsync.sandbox.journal import JournalEntry
from graphsync.sandbox.world import World

LINES_KEPT = 7
_MESSAGES = {
    "answer_promptly": "A reminder went to",
    "rebook_same_week": "Word about a lost session went to",
    "book_ahead": "Word about the next session went to",
}


@dataclass(slots=True)
class Ticker:
    """Reads the journal from where it stopped last; `lines` are (when in UTC, what), newest last."""

    world: World
    programme: Programme
    booked: int = 0
    lost: int = 0
    put_back: int = 0
    messages: int = 0
    lines: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    _cursor: int = 0

    @property
    def requests(self) -> int:
        """How many Graph requests the service has made."""
        with self.world.lock:
            return sum(self.world.request_counts.values())

    def look(self) -> None:
        """Take in what is new in the journal."""
        entries = list(self.world.journal)
        for entry in entries[self._cursor :]:
            words = self._words(entry)
            if words:
                self.lines.append((f"{entry.at:%a %d %b %H:%M}", words))
        self._cursor = len(entries)

    def _words(self, entry: JournalEntry) -> str | None:
        if entry.verb == "mail_sent" and entry.actor.startswith("app:"):
            return self._message(entry)
        if entry.verb == "automatic_replies" and entry.details["start"]:
            person = self._person(entry)
            return f"{person.first_name} goes on leave on {day(person, entry.details['start'])}" if person else None
        if "ical_uid" not in entry.details:
            return None
        snapshot = entry.details["snapshot"]
        people = {snapshot["organizer_address"].lower(), *(item["address"].lower() for item in snapshot["attendees"])}
        pair = self.programme.pair_of(frozenset(people))
        return self._session(entry, pair) if pair is not None and snapshot["attendees"] else None

    def _person(self, entry: JournalEntry) -> Person | None:
        return self.programme.people.get(self.world.user(entry.user_id).address)

    def _message(self, entry: JournalEntry) -> str:
        self.messages += 1
        headers = {name.lower(): value for name, value in entry.details["headers"].items()}
        opening = _MESSAGES.get(headers.get("x-graphsync-practice", ""), "A message went to")
        people = self.programme.people
        names = [people[address].first_name if address in people else address for address in entry.details["to"]]
        return f"{opening} {', '.join(names)}"

    def _session(self, entry: JournalEntry, pair: Pair) -> str | None:
        people, details = self.programme.people, entry.details
        couple = f"{people[pair.mentee].first_name} and {people[pair.mentor].first_name}"
        when = moment(people[pair.mentee], details["snapshot"]["start"])
        by_service = entry.actor.startswith("app:")
        tag = parse_tag(details["snapshot"]["extended_properties"].get(TAG_ID))
        if entry.verb == "responded":
            if details["response"] != "declined":
                return None
            self.lost += 1
            return f"{couple}: {when} was declined"
        if entry.verb == "event_removed" and details.get("reason") == "deleted":
            self.lost += 1
            return f"{couple}: {when} was deleted from a calendar without a word"
        if not details["is_organizer"]:
            return None
        if entry.verb == "event_cancelled":
            self.lost += 1
            return f"{couple}: {when} was called off"
        new_time = entry.verb == "event_updated" and "start" in details["changed"]
        if entry.verb == "event_created" and not by_service:
            return f"{couple} fixed {when} between themselves"
        if new_time and not by_service:
            return f"{couple}: moved by hand to {when}"
        if not by_service or not (entry.verb == "event_created" or new_time):
            return None
        if tag is not None and tag.replaces is not None:
            self.put_back += 1
            return f"{couple}: put back for {when}"
        self.booked += 1
        return f"{couple}: invite for {when}"
