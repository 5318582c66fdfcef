"""One round of deciding: all mentorships that are due, decided one by one, scheduled together, written as one.

Free/busy is asked for between two transactions, never within one: the receiver must be able to commit meanwhile.
What was decided, its reservations, its traces and the end of the dirty marks are one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graphsync.calendar import (
    PersonAvailability,
    Placement,
    Schedule,
    TimeSlot,
    busy_from,
    schedule,
)
from graphsync.engine.context import Context
from graphsync.engine.entries import Entries
from graphsync.engine.ports import (
    Alert,
    Claim,
    Ledger,
    Reservation,
)
from graphsync.engine.rooms import NO_ROOMS, RoomDesk, RoomLooks, RoomsSeen, RoomWish, wish_of
from graphsync.engine.state import holder, load_state
from graphsync.engine.telling import Telling
from graphsync.engine.write import Writer, moved_session
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound
from graphsync.mentoring import MentoringSession, MentorshipId, Person, PersonId, Reach, WeeklyHours
from graphsync.rules.caps import Exceeded, exceeded
from graphsync.rules.decide import decide
from graphsync.rules.intents import (
    AnyIntent,
    BookSession,
    Decision,
    MoveSession,
    SendNudge,
)
from graphsync.rules.schema import VideoFirst
from graphsync.rules.state import MentorshipState

log = logging.getLogger(__name__)

MOST_REQUESTERS = 5
"""Refused from so many mailboxes, free/busy is a matter of the tenant and not of one mailbox."""

CAP = "cap/"
CAP_WAIT = timedelta(hours=1)
"""How long a round that was refused is left alone; a change of the rules does not wait for it."""

FREE_BUSY_REFUSED = "refused/free-busy"


@dataclass(slots=True)
class Round:
    """The mentorships of one round, with what was decided for each."""

    now: datetime
    claims: Sequence[Claim]
    states: dict[MentorshipId, MentorshipState] = field(default_factory=dict)
    decisions: dict[MentorshipId, Decision] = field(default_factory=dict)

    def bookings(self) -> list[BookSession | MoveSession]:
        """Return all intents that need a slot, in the order they were decided."""
        return [
            intent
            for decision in self.decisions.values()
            for intent in (*decision.intents, *(suggestion.intent for suggestion in decision.suggestions))
            if isinstance(intent, BookSession | MoveSession)
        ]

    def room_wishes(self) -> dict[str, RoomWish]:
        """Return the rooms that are wanted, by the key of the intent; what is only suggested wants none yet."""
        wishes = [
            wish_of(self.states[mentorship_id], intent, _moved(self.states[mentorship_id], intent))
            for mentorship_id, decision in self.decisions.items()
            for intent in decision.intents
        ]
        return {wish.key: wish for wish in wishes if wish is not None}


@dataclass(frozen=True, slots=True)
class Planner:
    """Decides, schedules and fills the outbox."""

    context: Context

    def plan(self, claims: Sequence[Claim]) -> None:
        """Decide the mentorships of `claims` and write what follows; their marks are settled with it."""
        this_round = self._decide(claims)
        too_much = exceeded(this_round.decisions.values(), self.context.config.rules)
        self._note_caps(too_much)
        if too_much:
            self._refuse(claims, too_much)
            return
        bookings = this_round.bookings()
        schedules = self._read_schedules(this_round, bookings)
        wishes = this_round.room_wishes()
        rooms = self._look_at_rooms(this_round, wishes)
        with self.context.store.transaction() as ledger:
            placements: dict[str, Placement] = {}
            availability: dict[PersonId, PersonAvailability] = {}
            if bookings:
                ledger.records.clear_alert(FREE_BUSY_REFUSED)
                availability = self._availability(ledger, this_round, bookings, schedules)
                placed = schedule([intent.request for intent in bookings], availability)
                placements = {placement.key: placement for placement in placed}
            if not any(isinstance(rule, VideoFirst) and rule.room for rule in self.context.config.rules.rules):
                ledger.records.clear_alert(NO_ROOMS)
            desk = RoomDesk(ledger=ledger, seen=rooms, wishes=wishes)
            entries = Entries(self.context, ledger, this_round.now)
            telling = Telling(entries)
            writer = Writer(entries, telling, placements, availability, desk)
            for mentorship_id, decision in this_round.decisions.items():
                writer.write(this_round.states[mentorship_id], decision)
            telling.send()
            for claim in claims:
                ledger.work.settle(claim)

    def _note_caps(self, too_much: Sequence[Exceeded]) -> None:
        """Let an alert stand for each rule that wants more than it may.

        What was refused is decided again after `CAP_WAIT`: until then rounds of other mentorships say nothing of it.
        """
        over = {f"{CAP}{one.rule}": one for one in too_much}
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            for alert in ledger.records.alerts():
                if alert.key.startswith(CAP) and alert.key not in over and now >= alert.raised_at + CAP_WAIT:
                    ledger.records.clear_alert(alert.key)
            for key, one in over.items():
                text = (
                    f"rule {one.rule} wants {one.wanted} actions in one round and may take {one.cap}: nothing of the "
                    "round is done; see `graphsync plan`, then mend the rule or raise its cap"
                )
                ledger.records.clear_alert(key)  # it stands from the last refusal on
                ledger.records.raise_alert(Alert(key=key, text=text, raised_at=now))

    def _refuse(self, claims: Sequence[Claim], too_much: Sequence[Exceeded]) -> None:
        """Do nothing of a round in which a rule wants too much, and look again later."""
        log.error("a round is refused: %s", ", ".join(f"{one.rule} wants {one.wanted}" for one in too_much))
        with self.context.store.transaction() as ledger:
            for claim in claims:
                ledger.work.postpone(claim, self.context.now() + CAP_WAIT)

    def _decide(self, claims: Sequence[Claim]) -> Round:
        this_round = Round(now=self.context.now(), claims=claims)
        nudged: dict[PersonId, tuple[datetime, ...]] = {}
        rules = self.context.config.rules
        with self.context.store.transaction() as ledger:
            for claim in claims:
                mentorship_id = MentorshipId(claim.subject.owner)
                state = load_state(ledger, self.context.config.deployment, mentorship_id, this_round.now, nudged)
                if state is None:
                    continue
                decision = decide(state, rules, this_round.now)
                told = [intent.person for intent in decision.intents if isinstance(intent, SendNudge)]
                for person in (*told, *(suggestion.person for suggestion in decision.suggestions)):
                    nudged[person] = (*nudged.get(person, ()), this_round.now)
                this_round.states[mentorship_id] = state
                this_round.decisions[mentorship_id] = decision
        return this_round

    def _read_schedules(
        self, this_round: Round, bookings: Sequence[BookSession | MoveSession]
    ) -> Mapping[str, Schedule]:
        """Ask Graph for the free/busy of everybody concerned, each once."""
        if not bookings:
            return {}
        people: dict[PersonId, Person] = {}
        for intent in bookings:
            state = this_round.states[intent.mentorship]
            people |= {state.mentor.id: state.mentor, state.mentee.id: state.mentee}
        windows = [window for intent in bookings for window in _windows(intent)]
        span = TimeSlot(start=min(w.start for w in windows), end=max(w.end for w in windows))
        ordered = sorted(people.values(), key=lambda person: person.id)
        addresses = [person.address for person in ordered]
        refusal: GraphError | None = None
        for requester in self._requesters(ordered):
            try:
                return self.context.graph.get_schedule(requester, addresses, span)
            except (GraphAuthError, GraphNotFound) as error:
                # Of that one mailbox: it left the scope, or the cloud, since it was last looked at.
                log.warning("free/busy cannot be asked for from mailbox %s: %s", requester, error)
                refusal = error
        if refusal is None:
            raise AssertionError("a booking is decided for people who can be reached alone")
        raise refusal

    def _look_at_rooms(self, this_round: Round, wishes: Mapping[str, RoomWish]) -> RoomsSeen:
        """Ask Graph for the rooms of the offices where sessions are to be, if there are any."""
        if not wishes:
            return RoomsSeen()
        people = {p.id: p for state in this_round.states.values() for p in (state.mentor, state.mentee)}
        requesters = self._requesters(sorted(people.values(), key=lambda person: person.id))
        return RoomLooks(self.context).look(list(wishes.values()), requesters)

    def _requesters(self, people: Sequence[Person]) -> list[PersonId]:
        """Return the mailboxes to ask for free/busy from: a programme mailbox if there is one, else somebody concerned.

        Graph wants the request made from a mailbox in scope; whose it is does not change the answer.
        """
        addresses = self.context.config.deployment.organizers.programme_mailboxes
        with self.context.store.transaction() as ledger:
            known = [ledger.people.by_address(address) for address in addresses]
        in_reach = [person.id for person in (*known, *people) if person is not None and person.reach is Reach.OK]
        return list(dict.fromkeys(in_reach))[:MOST_REQUESTERS]

    def _availability(
        self,
        ledger: Ledger,
        this_round: Round,
        bookings: Sequence[BookSession | MoveSession],
        schedules: Mapping[str, Schedule],
    ) -> dict[PersonId, PersonAvailability]:
        """Put together when each person can meet: free/busy and what is reserved.

        What a session takes is out of the way for the request that moves it, and for no other: it stays there until
        it has moved, and all the longer where the move comes to nothing.
        """
        moves: dict[PersonId, dict[str, MentoringSession]] = {}
        offered: dict[PersonId, WeeklyHours] = {}
        people: dict[PersonId, Person] = {}
        for intent in bookings:
            state = this_round.states[intent.mentorship]
            moved = moved_session(state, intent)
            for person, offers in (
                (state.mentor, state.mentorship.mentor_offers),
                (state.mentee, state.mentorship.mentee_offers),
            ):
                people[person.id] = person
                if offers:
                    offered[person.id] = WeeklyHours(time_zone=person.time_zone, hours=offers)
                if moved is not None:
                    moves.setdefault(person.id, {})[intent.request.key] = moved
        windows = [window for intent in bookings for window in _windows(intent)]
        span = TimeSlot(start=min(w.start for w in windows), end=max(w.end for w in windows))
        reserved = ledger.reservations.of(people.keys(), span)
        by_address = {address.casefold(): found for address, found in schedules.items()}
        availability: dict[PersonId, PersonAvailability] = {}
        for person_id, person in people.items():
            read = by_address.get(person.address.casefold())
            if read is None:
                unreadable = "nothing came back"
            else:
                unreadable = "" if read.unreadable is None else read.unreadable or "no reason given"
            if person.reach is Reach.EXTERNAL:
                unreadable = ""  # nobody can, ever: they are asked for their standing time, and answer the invite
            availability[person_id] = PersonAvailability(
                person=person_id,
                hours=person.hours,
                offered=offered.get(person_id),
                busy=_busy(person_id, read, reserved),
                busy_to_moves={
                    key: _busy(person_id, read, reserved, moved) for key, moved in moves.get(person_id, {}).items()
                },
                absences=person.absences,
                unreadable=unreadable,
            )
        return availability


def _busy(
    person: PersonId, read: Schedule | None, reserved: Sequence[Reservation], moved: MentoringSession | None = None
) -> tuple[TimeSlot, ...]:
    """Return when somebody is busy, but for `moved` and what is kept around it."""
    own: list[TimeSlot] = []
    name = ""
    if moved is not None:
        holds = [hold for hold in moved.holds if hold.person == person]
        own = [TimeSlot(start=moved.starts_at, end=moved.ends_at)]
        own.extend(TimeSlot(start=hold.starts_at, end=hold.ends_at) for hold in holds)
        name = holder(moved.mentorship, moved.number)
    busy = () if read is None or read.unreadable is not None else busy_from(read, own=own)
    return (*busy, *(kept.slot for kept in reserved if kept.person == person and kept.holder != name))


def _moved(state: MentorshipState, intent: AnyIntent) -> MentoringSession | None:
    return moved_session(state, intent) if isinstance(intent, BookSession | MoveSession) else None


def _windows(intent: BookSession | MoveSession) -> tuple[TimeSlot, ...]:
    short = intent.short_notice if isinstance(intent, BookSession) else None
    return (*intent.request.windows, short) if short else intent.request.windows
