"""One round of deciding: all mentorships that are due, decided one by one, scheduled together, written as one.

Free/busy is asked for between two transactions, never within one: the receiver must be able to commit meanwhile.
What was decided, its reservations, its traces and the end of the dirty marks are one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from graphsync.calendar import (
    PersonAvailability,
    Placement,
    Reason,
    Schedule,
    TimeSlot,
    busy_from,
    next_working_instant,
    schedule,
)
from graphsync.engine import compose
from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.payloads import BookPayload, MovePayload, NudgePayload, OnlinePayload, to_json
from graphsync.engine.ports import (
    Action,
    ActionKind,
    Alert,
    AuditEntry,
    Claim,
    Ledger,
    Reservation,
)
from graphsync.engine.state import load_state
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound, ReservationConflict
from graphsync.mentoring import MentoringSession, MentorshipId, Nudge, Person, PersonId, Reach, WeeklyHours
from graphsync.rules.answer_promptly import away_for_good
from graphsync.rules.decide import decide
from graphsync.rules.intents import (
    AddOnlineMeeting,
    AlertAdmin,
    BookSession,
    Decision,
    KeepReason,
    MoveSession,
    SendNudge,
)
from graphsync.rules.state import Attempt, MentorshipState

log = logging.getLogger(__name__)

TRY_AGAIN_TOMORROW = timedelta(days=1)
TRY_AGAIN_SOON = timedelta(minutes=30)
MOST_REQUESTERS = 5
"""Refused from so many mailboxes, free/busy is a matter of the tenant and not of one mailbox."""

FREE_BUSY_REFUSED = "refused/free-busy"
BOOK, REBOOK = "book_ahead", "rebook_same_week"


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
            for intent in decision.intents
            if isinstance(intent, BookSession | MoveSession)
        ]


@dataclass(frozen=True, slots=True)
class Planner:
    """Decides, schedules and fills the outbox."""

    context: Context

    def plan(self, claims: Sequence[Claim]) -> None:
        """Decide the mentorships of `claims` and write what follows; their marks are settled with it."""
        this_round = self._decide(claims)
        bookings = this_round.bookings()
        schedules = self._read_schedules(this_round, bookings)
        with self.context.store.transaction() as ledger:
            placements: dict[str, Placement] = {}
            availability: dict[PersonId, PersonAvailability] = {}
            if bookings:
                ledger.records.clear_alert(FREE_BUSY_REFUSED)
                availability = self._availability(ledger, this_round, bookings, schedules)
                placed = schedule([intent.request for intent in bookings], availability)
                placements = {placement.key: placement for placement in placed}
            writer = _Writer(self.context, ledger, this_round, placements, availability)
            for mentorship_id, decision in this_round.decisions.items():
                writer.write(this_round.states[mentorship_id], decision)
            for claim in claims:
                ledger.work.settle(claim)

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
                for intent in decision.intents:
                    if isinstance(intent, SendNudge):
                        nudged[intent.person] = (*nudged.get(intent.person, ()), this_round.now)
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
        """Put together when each person can meet: free/busy less our own sessions on the move, and what is reserved."""
        own: dict[PersonId, list[TimeSlot]] = {}
        moving: set[str] = set()
        offered: dict[PersonId, WeeklyHours] = {}
        people: dict[PersonId, Person] = {}
        for intent in bookings:
            state = this_round.states[intent.mentorship]
            moved = _moved_session(state, intent)
            for person, offers in (
                (state.mentor, state.mentorship.mentor_offers),
                (state.mentee, state.mentorship.mentee_offers),
            ):
                people[person.id] = person
                if offers:
                    offered[person.id] = WeeklyHours(time_zone=person.time_zone, hours=offers)
                if moved is not None:
                    own.setdefault(person.id, []).append(TimeSlot(start=moved.starts_at, end=moved.ends_at))
                    moving.add(f"session/{moved.mentorship}/{moved.number}")
        windows = [window for intent in bookings for window in _windows(intent)]
        span = TimeSlot(start=min(w.start for w in windows), end=max(w.end for w in windows))
        reserved: dict[PersonId, list[TimeSlot]] = {}
        for reservation in ledger.reservations.of(people.keys(), span):
            if reservation.holder not in moving:
                reserved.setdefault(reservation.person, []).append(reservation.slot)
        by_address = {address.casefold(): found for address, found in schedules.items()}
        availability: dict[PersonId, PersonAvailability] = {}
        for person_id, person in people.items():
            read = by_address.get(person.address.casefold())
            if read is None:
                unreadable = "nothing came back"
            else:
                unreadable = "" if read.unreadable is None else read.unreadable or "no reason given"
            busy = () if read is None or unreadable else busy_from(read, own=own.get(person_id, ()))
            availability[person_id] = PersonAvailability(
                person=person_id,
                hours=person.hours,
                offered=offered.get(person_id),
                busy=(*busy, *reserved.get(person_id, ())),
                absences=person.absences,
                unreadable=unreadable,
            )
        return availability


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes what one round came to, within its transaction."""

    context: Context
    ledger: Ledger
    this_round: Round
    placements: Mapping[str, Placement]
    availability: dict[PersonId, PersonAvailability]

    @property
    def now(self) -> datetime:
        return self.this_round.now

    @property
    def contact(self) -> str:
        return self.context.config.deployment.coordinators[0]

    def write(self, state: MentorshipState, decision: Decision) -> None:
        mentorship_id = state.mentorship.id
        for intent in decision.intents:
            match intent:
                case BookSession():
                    self._book(state, intent, self.placements[intent.request.key])
                case MoveSession():
                    self._move(state, intent, self.placements[intent.request.key])
                case AddOnlineMeeting():
                    payload = OnlinePayload(intent_key=intent.key, number=intent.number)
                    self._add(intent, ActionKind.ADD_ONLINE_MEETING, f"{intent.key}/{self._stamp()}", to_json(payload))
                case SendNudge():
                    self._nudge(state, intent)
                case KeepReason():
                    lost = next(s for s in state.sessions if s.number == intent.number)
                    self._keep_reason(state, intent.rule, lost, intent.text, ask_standing_time=True)
                case AlertAdmin():
                    self.ledger.records.raise_alert(Alert(key=intent.key, text=intent.text, raised_at=self.now))
        self.ledger.records.save_trace(mentorship_id, self.now, msgspec.json.encode(decision.trace).decode())
        self.ledger.mentorships.set_wake_at(mentorship_id, decision.wake_at)

    # ------------------------------------------------------------ sessions

    def _book(self, state: MentorshipState, intent: BookSession, placement: Placement) -> None:
        lost = next((s for s in state.sessions if s.number == intent.replaces), None)
        reason = ""
        in_week = placement.window is not None and placement.window < intent.week_windows
        if lost is not None and not in_week:
            reason = self._why_not_in_week(state, intent, placement)
        if placement.slot is None:
            self._not_placed(state, intent, placement, lost, reason)
            return
        key = f"{intent.key}/{self._stamp()}"
        slot = placement.slot
        proposed = intent.proposal_by is not None and lost is not None and lost.proposal is not None
        taken = proposed and lost is not None and lost.proposal is not None and lost.proposal.starts_at == slot.start
        moved = _moved_session(state, intent)
        body = ""
        if moved is None:
            why = compose.why_this_time(intent, reason)
            draft = compose.event_draft(state, intent, slot, why, key, self.contact)
            body = self.context.graph.event_body(draft)
        payload = BookPayload(
            intent_key=intent.key,
            number=intent.number,
            organizer=moved.organizer if moved else state.organizer.id,
            starts_at=slot.start,
            ends_at=slot.end,
            time_zone=state.mentee.time_zone,
            medium=intent.medium,
            online=intent.online,
            tag=compose.session_tag(intent),
            least_lead=intent.least_lead,
            body=body,
            replaces=intent.replaces,
            no_slot_reason=reason,
            event_id=moved.event_id if moved else "",
            from_start=moved.starts_at if moved else None,
            agreed=(intent.proposal_by,) if taken and intent.proposal_by is not None else (),
        )
        if not self._reserve(intent, key, state, slot):
            return
        self._add(intent, ActionKind.BOOK, key, to_json(payload))
        if lost is not None:
            told = compose.LostSession(
                lost=lost,
                slot=slot,
                reason=reason,
                replacement=intent.number,
                suggestion=None if in_week else self._short_notice(intent, slot),
                alternatives=compose.runners_up(placement, intent.alternatives),
            )
            self._tell(state, intent.rule, told, [state.mentee] if in_week else [state.mentee, state.mentor])

    def _why_not_in_week(self, state: MentorshipState, intent: BookSession, placement: Placement) -> str:
        if intent.week_windows == 0:
            return compose.no_slot_reason(state, {}, week_over=True)
        reasons = placement.reasons
        if intent.week_windows > 1:
            # The first window was the time somebody proposed: why the rest of the week did not do is asked apart.
            week = replace(intent.request, windows=(intent.request.windows[intent.week_windows - 1],))
            reasons = schedule([week], self.availability)[0].reasons
        return compose.no_slot_reason(state, reasons, week_over=False)

    def _short_notice(self, intent: BookSession, slot: TimeSlot) -> TimeSlot | None:
        """Return a slot at short notice in the lost week, to be suggested: nothing is booked less than a day ahead."""
        if intent.short_notice is None:
            return None
        request = replace(
            intent.request, key=f"{intent.key}/short", windows=(intent.short_notice,), earliest=True, target=None
        )
        busy = {
            person: replace(availability, busy=(*availability.busy, slot))
            for person, availability in self.availability.items()
        }
        return schedule([request], busy)[0].slot

    def _not_placed(
        self,
        state: MentorshipState,
        intent: BookSession,
        placement: Placement,
        lost: MentoringSession | None,
        reason: str,
    ) -> None:
        unreadable = Reason.UNREADABLE in placement.reasons.values()
        why = reason or compose.no_slot_reason(state, placement.reasons, week_over=False)
        if lost is not None and lost.loss is not None and not unreadable:
            self._keep_reason(state, intent.rule, lost, why, ask_standing_time=False)
            return
        if lost is None and self._hours_never_meet(intent):
            self._tell_no_hours(state, intent.rule, why)
        retry_at = self.now + (TRY_AGAIN_SOON if unreadable else TRY_AGAIN_TOMORROW)
        self._attempt(intent, why, retry_at)

    def _hours_never_meet(self, intent: BookSession) -> bool:
        """Tell whether the two would find no slot even with empty calendars: no other day will mend that."""
        empty = {
            person: replace(self.availability[person], busy=(), absences=(), unreadable="")
            for person in (intent.request.mentor, intent.request.mentee)
        }
        return schedule([replace(intent.request, mentor_limits=None)], empty)[0].slot is None

    def _move(self, state: MentorshipState, intent: MoveSession, placement: Placement) -> None:
        session = next(s for s in state.sessions if s.number == intent.number)
        if placement.slot is None:
            self._attempt(intent, "the proposed time does not suit the other's calendar", None)
            return
        key = f"{intent.key}/{self._stamp()}"
        payload = MovePayload(
            intent_key=intent.key,
            number=intent.number,
            starts_at=placement.slot.start,
            ends_at=placement.slot.end,
            time_zone=state.mentee.time_zone,
            from_start=session.starts_at,
            proposal_by=intent.proposal_by,
        )
        if self._reserve(intent, key, state, placement.slot, replacing=session):
            self._add(intent, ActionKind.MOVE, key, to_json(payload))

    def _reserve(
        self,
        intent: BookSession | MoveSession,
        key: str,
        state: MentorshipState,
        slot: TimeSlot,
        replacing: MentoringSession | None = None,
    ) -> bool:
        """Reserve the slot for both; where the database refuses, the booking is tried again soon."""
        if replacing is not None:
            self.ledger.reservations.release(f"session/{replacing.mentorship}/{replacing.number}")
        people = (state.mentor.id, state.mentee.id)
        try:
            self.ledger.reservations.reserve(Reservation(person=p, slot=slot, holder=key) for p in people)
        except ReservationConflict:
            log.warning("%s: the slot was reserved meanwhile", intent.key)
            self._attempt(intent, "the slot was taken meanwhile", self.now + TRY_AGAIN_SOON)
            return False
        return True

    def _attempt(self, intent: BookSession | MoveSession, reason: str, retry_at: datetime | None) -> None:
        self.ledger.sessions.save_attempt(
            Attempt(mentorship=intent.mentorship, key=intent.key, tried_at=self.now, reason=reason, retry_at=retry_at)
        )
        self._audit(intent.mentorship, intent.key, intent.rule, "no slot", reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    # ------------------------------------------------------------ messages

    def _nudge(self, state: MentorshipState, intent: SendNudge) -> None:
        payload = compose.nudge_payload(state, intent, self.contact)
        if not self._add(intent, ActionKind.NUDGE, intent.key, to_json(payload)):
            return
        self.ledger.requests.save_nudge(
            Nudge(
                mentorship=intent.mentorship,
                person=intent.person,
                practice=intent.practice,
                about=intent.about,
                rung=intent.rung,
                sent_at=self.now,
            )
        )

    def _keep_reason(
        self, state: MentorshipState, rule: str, lost: MentoringSession, reason: str, *, ask_standing_time: bool
    ) -> None:
        """Settle a lost session without a replacement: the reason is kept, and stated to the pair."""
        self.ledger.sessions.save(replace(lost, no_slot_reason=reason))
        told = compose.LostSession(lost=lost, slot=None, reason=reason, ask_standing_time=ask_standing_time)
        self._tell(state, rule, told, [state.mentee, state.mentor])
        self._audit(state.mentorship.id, f"session/{lost.number}", rule, "not put back", reason)
        mark_mentorship(self.ledger, state.mentorship.id, self.now)

    def _tell(self, state: MentorshipState, rule: str, told: compose.LostSession, people: Sequence[Person]) -> None:
        """Have a message about a lost session sent to each of `people`, in their working time."""
        if told.slot is not None and not told.reason and not told.alternatives:
            return  # the invite says it all
        for person in people:
            payload = compose.lost_session_payload(state, person, told, REBOOK, self.contact)
            key = f"lost/{state.mentorship.id}/{told.lost.number}/{state.role(person.id)}/{self._stamp()}"
            self._send(state, rule, f"session {told.lost.number} was lost", key, person, payload)

    def _tell_no_hours(self, state: MentorshipState, rule: str, reason: str) -> None:
        """Tell both, once, that their hours leave no room: it will not change unless one of them offers some."""
        for person in (state.mentee, state.mentor):
            payload = compose.no_session_payload(state, person, reason, BOOK, self.contact)
            key = f"no-session/{state.mentorship.id}/{state.role(person.id)}"
            self._send(state, rule, "their hours leave no room for a session", key, person, payload)

    def _send(
        self, state: MentorshipState, rule: str, reason: str, key: str, person: Person, payload: NudgePayload
    ) -> None:
        """Have a message sent in the recipient's working time; one of the same key was sent already."""
        absences = () if away_for_good(person, self.now) else person.absences
        self.ledger.outbox.add(
            Action(
                key=key,
                kind=ActionKind.NUDGE,
                mentorship=state.mentorship.id,
                rule=rule,
                reason=reason,
                payload=to_json(payload),
                created_at=self.now,
                next_attempt_at=next_working_instant(self.now, person.hours, absences=absences),
            )
        )

    # ------------------------------------------------------------ all

    def _add(
        self,
        intent: BookSession | MoveSession | AddOnlineMeeting | SendNudge,
        kind: ActionKind,
        key: str,
        payload: str,
    ) -> bool:
        return self.ledger.outbox.add(
            Action(
                key=key,
                kind=kind,
                mentorship=intent.mentorship,
                rule=intent.rule,
                reason=intent.reason,
                payload=payload,
                created_at=self.now,
                next_attempt_at=self.now,
            )
        )

    def _stamp(self) -> str:
        """Return what tells this try of an action from an earlier one that came to nothing."""
        return self.now.strftime("%Y%m%dT%H%M%SZ")

    def _audit(self, mentorship: MentorshipId, action: str, rule: str, outcome: str, detail: str) -> None:
        self.ledger.records.add_audit(
            AuditEntry(at=self.now, mentorship=mentorship, action=action, rule=rule, outcome=outcome, detail=detail)
        )


def _moved_session(state: MentorshipState, intent: BookSession | MoveSession) -> MentoringSession | None:
    """Return the session whose event an intent moves, or None where it makes a new one."""
    if isinstance(intent, MoveSession):
        return next(s for s in state.sessions if s.number == intent.number)
    if not intent.same_event:
        return None
    return next(s for s in state.sessions if s.number == intent.replaces)


def _windows(intent: BookSession | MoveSession) -> tuple[TimeSlot, ...]:
    short = intent.short_notice if isinstance(intent, BookSession) else None
    return (*intent.request.windows, short) if short else intent.request.windows
