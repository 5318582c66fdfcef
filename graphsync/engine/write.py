"""Writes what a round came to, within its one transaction: actions, reservations, messages, reasons, traces."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from graphsync.calendar import (
    PersonAvailability,
    Placement,
    Reason,
    TimeSlot,
    next_working_instant,
    schedule,
)
from graphsync.engine.compose import Composer, LostSession, NoSlot, runners_up, session_tag
from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.outcomes import reserve_again
from graphsync.engine.payloads import (
    BookPayload,
    CancelPayload,
    ChangeRoomPayload,
    HoldPayload,
    MovePayload,
    NudgePayload,
    OnlinePayload,
    PresencePayload,
    ReleasePayload,
    to_json,
)
from graphsync.engine.ports import (
    Action,
    ActionKind,
    Alert,
    AuditEntry,
    Ledger,
    Reservation,
)
from graphsync.engine.recorded import places_of, record
from graphsync.engine.rooms import RoomDesk, instead_of, office_of
from graphsync.engine.state import holder
from graphsync.errors import ReservationConflict
from graphsync.mentoring import Loss, MentoringSession, MentorshipId, Nudge, Person, PersonId
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
    Intent,
    KeepReason,
    LoseSession,
    MoveSession,
    ReleaseTime,
    SendNudge,
    SetPresence,
    Suggestion,
)
from graphsync.rules.nudging import away_for_good
from graphsync.rules.state import Attempt, MentorshipState

log = logging.getLogger(__name__)

TRY_AGAIN_TOMORROW = timedelta(days=1)
TRY_AGAIN_SOON = timedelta(minutes=30)
BOOK, REBOOK, UNDISTURBED = "book_ahead", "rebook_same_week", "undisturbed"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what one round came to.

    Attributes:
        context: the ports and the configuration.
        ledger: the round's transaction.
        now: the instant it was decided for.
        placements: where each booking was put, by the key of its request.
        availability: what the placements were found on; probes for reasons and suggestions ask it again.
        rooms: gives out rooms for sessions in person.
    """

    context: Context
    ledger: Ledger
    now: datetime
    placements: Mapping[str, Placement]
    availability: dict[PersonId, PersonAvailability]
    rooms: RoomDesk
    _messages: dict[PersonId, list[tuple[MentorshipState, SendNudge]]] = field(default_factory=dict)

    @property
    def composer(self) -> Composer:
        """Writes what people are sent."""
        return Composer(self.context)

    def write(self, state: MentorshipState, decision: Decision) -> None:
        """Write all intents of one mentorship's decision, its trace and its timer; messages wait for `send`."""
        mentorship_id = state.mentorship.id
        for intent in decision.intents:
            match intent:
                case BookSession():
                    self._book(state, intent, self.placements[intent.request.key])
                case MoveSession():
                    self._move(state, intent, self.placements[intent.request.key])
                case SendNudge():
                    self._messages.setdefault(intent.person, []).append((state, intent))
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
                    self._small(state, intent)
        for suggestion in decision.suggestions:
            self._suggest(state, suggestion)
        flags = {intent.flag for intent in decision.intents if isinstance(intent, FlagMentorship)}
        self.ledger.records.set_flags(mentorship_id, flags)
        places = places_of(decision, self.placements, self.availability, self.rooms.chosen)
        record(self.ledger, state, decision, self.now, places)
        self.ledger.mentorships.set_wake_at(mentorship_id, decision.wake_at)

    def _small(
        self,
        state: MentorshipState,
        intent: AddOnlineMeeting | HoldTime | ReleaseTime | CancelSession | SetPresence,
    ) -> None:
        """Fill the outbox with what changes one event, or one person's presence, and nothing else."""
        key = f"{intent.key}/{self._stamp()}"
        match intent:
            case AddOnlineMeeting():
                online = OnlinePayload(intent_key=intent.key, number=intent.number)
                self._add(intent, ActionKind.ADD_ONLINE_MEETING, key, to_json(online))
            case HoldTime():
                tag = f"hold={intent.kind};mentorship={intent.mentorship};number={intent.number}"
                body = self.context.graph.event_body(self.composer.hold_draft(state, intent, tag, key))
                hold = HoldPayload(
                    intent_key=intent.key,
                    number=intent.number,
                    kind=intent.kind,
                    person=intent.person,
                    starts_at=intent.slot.start,
                    ends_at=intent.slot.end,
                    tag=tag,
                    body=body,
                )
                self._add(intent, ActionKind.HOLD, key, to_json(hold))
            case ReleaseTime():
                release = ReleasePayload(
                    intent_key=intent.key, number=intent.number, person=intent.person, event_id=intent.event_id
                )
                self._add(intent, ActionKind.RELEASE, key, to_json(release))
            case CancelSession():
                cancel = CancelPayload(
                    intent_key=intent.key,
                    number=intent.number,
                    comment=self.composer.cancelled(state, intent.code),
                    reason=self.composer.reason_kept(state, NoSlot(code=intent.code)),
                )
                self._add(intent, ActionKind.CANCEL, key, to_json(cancel))
            case SetPresence():
                presence = PresencePayload(intent_key=intent.key, person=intent.person, until=intent.until)
                self._add(intent, ActionKind.PRESENCE, intent.key, to_json(presence))

    # ------------------------------------------------------------ sessions

    def _book(self, state: MentorshipState, intent: BookSession, placement: Placement) -> None:
        lost = next((s for s in state.sessions if s.number == intent.replaces), None)
        why_not: NoSlot | None = None
        in_week = placement.window is not None and placement.window < intent.week_windows
        if lost is not None and not in_week:
            why_not = self._why_not_in_week(intent, placement)
        if placement.slot is None:
            self._not_placed(state, intent, placement, lost, why_not)
            return
        key = f"{intent.key}/{self._stamp()}"
        slot = placement.slot
        proposed = intent.proposal_by is not None and lost is not None and lost.proposal is not None
        taken = proposed and lost is not None and lost.proposal is not None and lost.proposal.starts_at == slot.start
        moved = moved_session(state, intent)
        body = room = ""
        room_change = None
        if moved is None:
            given = self.rooms.choose(intent.key, slot)
            draft = self.composer.event_draft(state, intent, slot, why_not, key, given)
            body = self.context.graph.event_body(draft)
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
            room=room,
            room_change=room_change,
        )
        if not self._reserve(intent, key, state, slot):
            return
        self._add(intent, ActionKind.BOOK, key, to_json(payload))
        if lost is not None:
            told = LostSession(
                lost=lost,
                slot=slot,
                why=why_not,
                replacement=intent.number,
                suggestion=None if in_week else self._short_notice(intent, slot),
                alternatives=runners_up(placement, intent.alternatives),
            )
            self._tell(state, intent.rule, told, [state.mentee] if in_week else [state.mentee, state.mentor])

    def _why_not_in_week(self, intent: BookSession, placement: Placement) -> NoSlot:
        if intent.week_windows == 0:
            return NoSlot(code="week_over")
        reasons = placement.reasons
        if intent.week_windows > 1:
            # The first window was the time somebody proposed: why the rest of the week did not do is asked apart.
            week = replace(intent.request, windows=(intent.request.windows[intent.week_windows - 1],))
            reasons = schedule([week], self.availability)[0].reasons
        return NoSlot(reasons=reasons)

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
        why_not: NoSlot | None,
    ) -> None:
        why = why_not or NoSlot(reasons=placement.reasons)
        if lost is not None and lost.loss is not None and Reason.UNREADABLE not in placement.reasons.values():
            self._settle(state, intent.rule, lost, why)
            return
        no_hours = lost is None and self._hours_never_meet(intent)
        if no_hours:
            self._tell_no_hours(state, intent.rule, why)
        retry_at = self._try_again_at(placement.reasons)
        self._attempt(intent, self.composer.reason_kept(state, why), retry_at, no_hours=no_hours)

    def _try_again_at(self, reasons: Mapping[PersonId, Reason]) -> datetime:
        """Return when a slot that was not found is sought again: soon where a calendar could not be read just now."""
        return self.now + (TRY_AGAIN_SOON if Reason.UNREADABLE in reasons.values() else TRY_AGAIN_TOMORROW)

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
            self._not_moved(state, intent, session, placement)
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
            agreed=tuple(sorted(intent.agreed)),
            room_change=self.rooms.change(intent.key, placement.slot),
        )
        if self._reserve(intent, key, state, placement.slot, replacing=session):
            self._add(intent, ActionKind.MOVE, key, to_json(payload))

    def _change_room(self, state: MentorshipState, intent: ChangeRoom) -> None:
        """Have another room asked, or none where none is free or none is to be asked any more."""
        key = f"{intent.key}/{self._stamp()}"
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
        self._add(intent, ActionKind.CHANGE_ROOM, key, to_json(payload))

    def _not_moved(
        self, state: MentorshipState, intent: MoveSession, session: MentoringSession, placement: Placement
    ) -> None:
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
            for person in (p for p in state.pair if p.id in intent.wished_by):
                payload = self.composer.not_moved(state, person, session, why, UNDISTURBED)
                key = f"not-moved/{intent.key}/{state.role(person.id)}"
                self._send(state, intent.rule, f"no other time for session {session.number}", key, person, payload)
        self._attempt(intent, reason, self._try_again_at(placement.reasons))

    def _reserve(
        self,
        intent: BookSession | MoveSession,
        key: str,
        state: MentorshipState,
        slot: TimeSlot,
        replacing: MentoringSession | None = None,
    ) -> bool:
        """Reserve the slot for both and their room; where the database refuses, the booking is tried again soon."""
        if replacing is not None:
            self.ledger.reservations.release(holder(replacing.mentorship, replacing.number))
        people = (state.mentor.id, state.mentee.id)
        try:
            kept = [Reservation(person=p, slot=slot, holder=key) for p in people]
            self.ledger.reservations.reserve([*kept, *self.rooms.reservations(intent.key, slot, key)])
        except ReservationConflict:
            log.warning("%s: the slot was reserved meanwhile", intent.key)
            self._attempt(intent, "the slot was taken meanwhile", self.now + TRY_AGAIN_SOON)
            if replacing is not None:
                reserve_again(self.ledger, replacing, people)
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
        self._audit(intent.mentorship, intent.key, intent.rule, "no slot", reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    def _lose(self, state: MentorshipState, intent: LoseSession) -> None:
        """Take a session as lost that was said not to have taken place."""
        session = next(s for s in state.sessions if s.number == intent.number)
        self.ledger.sessions.save(replace(session, loss=Loss.NOT_HELD, lost_at=self.now))
        self._audit(intent.mentorship, intent.key, intent.rule, "lost", intent.reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    def _end(self, intent: EndMentorship) -> None:
        """End the mentorship."""
        mentorship = self.ledger.mentorships.get(intent.mentorship)
        if mentorship is None:
            raise AssertionError("an intent is of a mentorship that is known")
        self.ledger.mentorships.save(replace(mentorship, closed_at=self.now))
        self._audit(intent.mentorship, intent.key, intent.rule, "ended", intent.reason)
        mark_mentorship(self.ledger, intent.mentorship, self.now)

    # ------------------------------------------------------------ messages

    def send(self) -> None:
        """Have the messages of the round sent: what is due to one person goes out as one, over all mentorships."""
        for wanted in self._messages.values():
            fresh = [(state, intent) for state, intent in wanted if not self._is_said(intent)]
            if not fresh:
                continue
            first = fresh[0][1]
            payload = self.composer.nudges(fresh)
            key = first.key if len(fresh) == 1 else f"messages/{first.key}/{self._stamp()}"
            self._add(first, ActionKind.NUDGE, key, to_json(payload))
            for _state, intent in fresh:
                self._keep_nudge(intent.mentorship, intent.person, intent.practice, intent.about, intent.rung)

    def _is_said(self, intent: SendNudge) -> bool:
        said = self.ledger.requests.nudges(intent.mentorship)
        return any((n.person, n.about, n.rung) == (intent.person, intent.about, intent.rung) for n in said)

    def _keep_nudge(self, mentorship: MentorshipId, person: PersonId, practice: str, about: str, rung: int) -> None:
        nudge = Nudge(mentorship=mentorship, person=person, practice=practice, about=about, rung=rung, sent_at=self.now)
        self.ledger.requests.save_nudge(nudge)

    def _suggest(self, state: MentorshipState, suggestion: Suggestion) -> None:
        """Ask one person whether an action is to be done, with the time that was found for it."""
        intent = suggestion.intent
        slot = None
        if isinstance(intent, BookSession | MoveSession):
            slot = self.placements[intent.request.key].slot
            if slot is None:
                reasons = self.placements[intent.request.key].reasons
                reason = self.composer.reason_kept(state, NoSlot(reasons=reasons))
                self._attempt(intent, reason, self._try_again_at(reasons))
                return
        person = state.person(suggestion.person)
        payload = self.composer.suggestion(state, suggestion, slot)
        key = f"{suggestion.about}/{suggestion.asked}"
        self._send(state, intent.rule, f"suggested: {intent.reason}", key, person, payload)
        self._keep_nudge(intent.mentorship, person.id, "suggestion", suggestion.about, suggestion.asked)

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
        self._tell(state, rule, told, [state.mentee, state.mentor])
        self._audit(state.mentorship.id, f"session/{lost.number}", rule, "not put back", reason)
        mark_mentorship(self.ledger, state.mentorship.id, self.now)

    def _tell(self, state: MentorshipState, rule: str, told: LostSession, people: Sequence[Person]) -> None:
        """Have a message about a lost session sent to each of `people`, in their working time."""
        if told.slot is not None and told.why is None and not told.alternatives:
            return  # the invite says it all
        for person in people:
            payload = self.composer.lost_session(state, person, told, REBOOK)
            key = f"lost/{state.mentorship.id}/{told.lost.number}/{state.role(person.id)}/{self._stamp()}"
            self._send(state, rule, f"session {told.lost.number} was lost", key, person, payload)

    def _tell_no_hours(self, state: MentorshipState, rule: str, why: NoSlot) -> None:
        """Tell both, once, that their hours leave no room: it will not change unless one of them offers some."""
        for person in (state.mentee, state.mentor):
            payload = self.composer.no_session(state, person, why, BOOK)
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
        intent: Intent,
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


def moved_session(state: MentorshipState, intent: BookSession | MoveSession) -> MentoringSession | None:
    """Return the session whose event an intent moves, or None where it makes a new one."""
    if isinstance(intent, MoveSession):
        return next(s for s in state.sessions if s.number == intent.number)
    if not intent.same_event:
        return None
    return next(s for s in state.sessions if s.number == intent.replaces)
