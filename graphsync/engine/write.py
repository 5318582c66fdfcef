"""Writes what a round came to, within its one transaction: actions, reservations, messages, reasons, traces."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphsync.calendar import (
    PersonAvailability,
    Placement,
    Reason,
    TimeSlot,
)
from graphsync.engine.alone import change_alone
from graphsync.engine.compose import Composer, LostSession, NoSlot, runners_up, session_tag
from graphsync.engine.context import mark_mentorship
from graphsync.engine.entries import Entries
from graphsync.engine.outcomes import reserve_beside
from graphsync.engine.payloads import (
    BookPayload,
    ChangeRoomPayload,
    MovePayload,
    to_json,
)
from graphsync.engine.ports import (
    ActionKind,
    Alert,
    Ledger,
    Reservation,
)
from graphsync.engine.probing import hours_never_meet, short_notice, why_not_in_week
from graphsync.engine.recorded import places_of, record
from graphsync.engine.rooms import RoomDesk, instead_of, office_of
from graphsync.engine.telling import Telling
from graphsync.errors import ReservationConflict
from graphsync.mentoring import Loss, MentoringSession, PersonId
from graphsync.rules.intents import (
    AddOnlineMeeting,
    AlertAdmin,
    BookSession,
    CancelSession,
    ChangeRoom,
    Decision,
    EndMentorship,
    FlagMentorship,
    HoldTime,
    KeepReason,
    LoseSession,
    MoveSession,
    ReleaseTime,
    SendNudge,
    SetPresence,
    Suggestion,
)
from graphsync.rules.state import Attempt, MentorshipState

log = logging.getLogger(__name__)

TRY_AGAIN_TOMORROW = timedelta(days=1)
TRY_AGAIN_SOON = timedelta(minutes=30)
BOOK, REBOOK, UNDISTURBED = "book_ahead", "rebook_same_week", "undisturbed"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what one round came to.

    Attributes:
        entries: writes into the round's transaction.
        telling: has people told.
        placements: where each booking was put, by the key of its request.
        availability: what the placements were found on; probes for reasons and suggestions ask it again.
        rooms: gives out rooms for sessions in person.
    """

    entries: Entries
    telling: Telling
    placements: Mapping[str, Placement]
    availability: dict[PersonId, PersonAvailability]
    rooms: RoomDesk

    @property
    def ledger(self) -> Ledger:
        """The round's transaction."""
        return self.entries.ledger

    @property
    def now(self) -> datetime:
        """The instant it was decided for."""
        return self.entries.now

    @property
    def composer(self) -> Composer:
        """Writes what people are sent."""
        return self.entries.composer

    def write(self, state: MentorshipState, decision: Decision) -> None:
        """Write all intents of one mentorship's decision, its trace and its timer; messages wait for `telling.send`."""
        mentorship_id = state.mentorship.id
        for intent in decision.intents:
            match intent:
                case BookSession():
                    self._book(state, intent, self.placements[intent.request.key])
                case MoveSession():
                    self._move(state, intent, self.placements[intent.request.key])
                case SendNudge():
                    self.telling.nudge(state, intent)
                case KeepReason():
                    lost = next(s for s in state.sessions if s.number == intent.number)
                    self._keep_reason(state, intent, lost)
                case LoseSession():
                    self._lose(state, intent)
                case EndMentorship():
                    self._end(intent)
                case FlagMentorship():
                    pass  # they stand together, below
                case AlertAdmin():
                    self.ledger.records.raise_alert(Alert(key=intent.key, text=intent.text, raised_at=self.now))
                case ChangeRoom():
                    self._change_room(state, intent)
                case AddOnlineMeeting() | HoldTime() | ReleaseTime() | CancelSession() | SetPresence():
                    change_alone(self.entries, state, intent)
        for suggestion in decision.suggestions:
            self._suggest(state, suggestion)
        flags = {intent.flag for intent in decision.intents if isinstance(intent, FlagMentorship)}
        self.ledger.records.set_flags(mentorship_id, flags)
        places = places_of(decision, self.placements, self.availability, self.rooms.chosen)
        record(self.ledger, state, decision, self.now, places)
        self.ledger.mentorships.set_wake_at(mentorship_id, decision.wake_at)

    # ------------------------------------------------------------ sessions

    def _book(self, state: MentorshipState, intent: BookSession, placement: Placement) -> None:
        if placement.slot is None:
            self._not_placed(state, intent, placement)
            return
        lost = _lost(state, intent)
        in_week = placement.window is not None and placement.window < intent.week_windows
        why_not = None
        if lost is not None and not in_week:
            why_not = why_not_in_week(intent, placement, self.availability)
        key = f"{intent.key}/{self.entries.stamp()}"
        slot = placement.slot
        proposed = intent.proposal_by is not None and lost is not None and lost.proposal is not None
        taken = proposed and lost is not None and lost.proposal is not None and lost.proposal.starts_at == slot.start
        moved = moved_session(state, intent)
        body = room = ""
        room_change = None
        if moved is None:
            given = self.rooms.choose(intent.key, slot)
            draft = self.composer.event_draft(state, intent, slot, why_not, key, given)
            body = self.entries.context.graph.event_body(draft)
            room = "" if given is None else given.address
        else:
            room_change = self.rooms.change(intent.key, slot)
            room = moved.room if room_change is None else room_change.asked
        payload = BookPayload(
            intent_key=intent.key,
            number=intent.number,
            organizer=moved.organizer if moved else state.organizer.id,
            starts_at=slot.start,
            ends_at=slot.end,
            time_zone=state.mentee.time_zone,
            medium=intent.medium,
            online=intent.online,
            tag=session_tag(intent),
            least_lead=intent.least_lead,
            body=body,
            replaces=intent.replaces,
            no_slot_reason=self.composer.reason_kept(state, why_not),
            event_id=moved.event_id if moved else "",
            from_start=moved.starts_at if moved else None,
            agreed=(intent.proposal_by,) if taken and intent.proposal_by is not None else (),
            consent=intent.consent,
            room=room,
            room_change=room_change,
        )
        if not self._reserve(intent, key, state, slot):
            return
        self.entries.add(intent, ActionKind.BOOK, key, to_json(payload))
        if lost is not None:
            told = LostSession(
                lost=lost,
                slot=slot,
                why=why_not,
                replacement=intent.number,
                suggestion=None if in_week else short_notice(intent, slot, self.availability),
                alternatives=runners_up(placement, intent.alternatives),
            )
            people = [state.mentee] if in_week else [state.mentee, state.mentor]
            self.telling.lost(state, intent.rule, told, people, key)

    def _not_placed(self, state: MentorshipState, intent: BookSession, placement: Placement) -> None:
        """Settle a lost session for which no time was found, and tell both; any other is sought again."""
        lost = _lost(state, intent)
        why = NoSlot(reasons=placement.reasons)
        if lost is not None:
            why = why_not_in_week(intent, placement, self.availability)
        if lost is not None and lost.loss is not None and Reason.UNREADABLE not in placement.reasons.values():
            self._settle(state, intent.rule, lost, why)
            return
        no_hours = lost is None and hours_never_meet(intent, self.availability)
        if no_hours:
            self.telling.no_hours(state, intent.rule, why)
        retry_at = self._try_again_at(placement.reasons)
        self._attempt(intent, self.composer.reason_kept(state, why), retry_at, no_hours=no_hours)

    def _try_again_at(self, reasons: Mapping[PersonId, Reason]) -> datetime:
        """Return when a slot that was not found is sought again: soon where a calendar could not be read just now."""
        return self.now + (TRY_AGAIN_SOON if Reason.UNREADABLE in reasons.values() else TRY_AGAIN_TOMORROW)

    def _move(self, state: MentorshipState, intent: MoveSession, placement: Placement) -> None:
        if placement.slot is None:
            self._not_moved(state, intent, placement)
            return
        session = next(s for s in state.sessions if s.number == intent.number)
        key = f"{intent.key}/{self.entries.stamp()}"
        payload = MovePayload(
            intent_key=intent.key,
            number=intent.number,
            starts_at=placement.slot.start,
            ends_at=placement.slot.end,
            time_zone=state.mentee.time_zone,
            from_start=session.starts_at,
            proposal_by=intent.proposal_by,
            agreed=tuple(sorted(intent.agreed)),
            room_change=self.rooms.change(intent.key, placement.slot),
        )
        if self._reserve(intent, key, state, placement.slot, moving=session):
            self.entries.add(intent, ActionKind.MOVE, key, to_json(payload))

    def _change_room(self, state: MentorshipState, intent: ChangeRoom) -> None:
        """Have another room asked, or none where none is free or none is to be asked any more."""
        key = f"{intent.key}/{self.entries.stamp()}"
        room = self.rooms.choose(intent.key, intent.slot)
        change = instead_of(intent.room, room, office_of(state))
        if change is None:
            raise AssertionError("a room that turned a session down is not asked again for the same time")
        try:
            self.ledger.reservations.reserve(self.rooms.reservations(intent.key, intent.slot, key))
        except ReservationConflict:
            self._attempt(intent, "the room was reserved meanwhile", self.now + TRY_AGAIN_SOON)
            return
        payload = ChangeRoomPayload(
            intent_key=intent.key, number=intent.number, starts_at=intent.slot.start, change=change
        )
        self.entries.add(intent, ActionKind.CHANGE_ROOM, key, to_json(payload))

    def _not_moved(self, state: MentorshipState, intent: MoveSession, placement: Placement) -> None:
        """Keep why a session stays where it is; whoever wished a move is told, and calendars are looked at again.

        A time that was proposed is turned down by the other's calendar once, and that is that.
        """
        why = NoSlot(reasons=placement.reasons)
        reason = self.composer.reason_kept(state, why)
        unreadable = Reason.UNREADABLE in placement.reasons.values()
        if intent.proposal_by is not None and not unreadable:
            self._attempt(intent, f"the proposed time does not suit: {reason}", None)
            return
        if not unreadable:
            session = next(s for s in state.sessions if s.number == intent.number)
            for person in (p for p in state.pair if p.id in intent.wished_by):
                payload = self.composer.not_moved(state, person, session, why, UNDISTURBED)
                key = f"not-moved/{intent.key}/{state.role(person.id)}"
                self.telling.send_one(
                    state, intent.rule, f"no other time for session {session.number}", key, person, payload
                )
        self._attempt(intent, reason, self._try_again_at(placement.reasons))

    def _reserve(
        self,
        intent: BookSession | MoveSession,
        key: str,
        state: MentorshipState,
        slot: TimeSlot,
        moving: MentoringSession | None = None,
    ) -> bool:
        """Reserve the slot for both and their room; where the database refuses, the booking is tried again soon.

        A session that is moving keeps the time it has as well, until it has moved.
        """
        kept = [Reservation(person=p.id, slot=slot, holder=key) for p in state.pair]
        try:
            reserve_beside(self.ledger, [*kept, *self.rooms.reservations(intent.key, slot, key)], moving)
        except ReservationConflict:
            log.warning("%s: the slot was reserved meanwhile", intent.key)
            self._attempt(intent, "the slot was taken meanwhile", self.now + TRY_AGAIN_SOON)
            return False
        return True

    def _attempt(
        self,
        intent: BookSession | MoveSession | ChangeRoom,
        reason: str,
        retry_at: datetime | None,
        *,
        no_hours: bool = False,
    ) -> None:
        self.ledger.sessions.save_attempt(
            Attempt(
                mentorship=intent.mentorship,
                key=intent.key,
                tried_at=self.now,
                reason=reason,
                retry_at=retry_at,
                no_hours=no_hours,
            )
        )
        self.entries.audit(intent.mentorship, intent.key, intent.rule, "no slot", reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    def _lose(self, state: MentorshipState, intent: LoseSession) -> None:
        """Take a session as lost that was said not to have taken place."""
        session = next(s for s in state.sessions if s.number == intent.number)
        self.ledger.sessions.save(replace(session, loss=Loss.NOT_HELD, lost_at=self.now))
        self.entries.audit(intent.mentorship, intent.key, intent.rule, "lost", intent.reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    def _end(self, intent: EndMentorship) -> None:
        """End the mentorship."""
        mentorship = self.ledger.mentorships.get(intent.mentorship)
        if mentorship is None:
            raise AssertionError("an intent is of a mentorship that is known")
        self.ledger.mentorships.save(replace(mentorship, closed_at=self.now))
        self.entries.audit(intent.mentorship, intent.key, intent.rule, "ended", intent.reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    # ------------------------------------------------------------ suggestions and reasons

    def _suggest(self, state: MentorshipState, suggestion: Suggestion) -> None:
        """Ask one person whether an action is to be done, with the time that was found for it.

        Where none was, there is nothing to ask: what follows is the same as without asking.
        """
        intent = suggestion.intent
        slot = None
        if isinstance(intent, BookSession | MoveSession):
            placement = self.placements[intent.request.key]
            slot = placement.slot
            if slot is None:
                if isinstance(intent, BookSession):
                    self._not_placed(state, intent, placement)
                else:
                    self._not_moved(state, intent, placement)
                return
        person = state.person(suggestion.person)
        payload = self.composer.suggestion(state, suggestion, slot)
        key = f"{suggestion.about}/{suggestion.asked}"
        self.telling.send_one(state, intent.rule, f"suggested: {intent.reason}", key, person, payload)
        self.entries.keep_nudge(intent.mentorship, person.id, "suggestion", suggestion.about, suggestion.asked)

    def _keep_reason(self, state: MentorshipState, intent: KeepReason, lost: MentoringSession) -> None:
        self._settle(state, intent.rule, lost, NoSlot(code=intent.code), ask_standing_time=intent.ask_standing_time)

    def _settle(
        self,
        state: MentorshipState,
        rule: str,
        lost: MentoringSession,
        why: NoSlot,
        *,
        ask_standing_time: bool = False,
    ) -> None:
        """Settle a lost session without a replacement: the reason is kept, and stated to the pair."""
        reason = self.composer.reason_kept(state, why)
        self.ledger.sessions.save(replace(lost, no_slot_reason=reason))
        told = LostSession(lost=lost, slot=None, why=why, ask_standing_time=ask_standing_time)
        self.telling.lost(state, rule, told, [state.mentee, state.mentor])
        self.entries.audit(state.mentorship.id, f"session/{lost.number}", rule, "not put back", reason)
        mark_mentorship(self.ledger, state.mentorship.id, self.now)


def _lost(state: MentorshipState, intent: BookSession) -> MentoringSession | None:
    return next((session for session in state.sessions if session.number == intent.replaces), None)


def moved_session(state: MentorshipState, intent: BookSession | MoveSession) -> MentoringSession | None:
    """Return the session whose event an intent moves, or None where it makes a new one."""
    if isinstance(intent, MoveSession):
        return next(s for s in state.sessions if s.number == intent.number)
    if not intent.same_event:
        return None
    return next(s for s in state.sessions if s.number == intent.replaces)
