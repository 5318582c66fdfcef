"""Writes what a round came to, within its one transaction: actions, reservations, messages, reasons, traces."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphsync.calendar import (
    PersonAvailability,
    Placement,
    Reason,
    TimeSlot,
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
    Ledger,
    Reservation,
)
from graphsync.engine.recorded import places_of, record
from graphsync.errors import ReservationConflict
from graphsync.mentoring import MentoringSession, MentorshipId, Nudge, Person, PersonId
from graphsync.rules.intents import (
    AddOnlineMeeting,
    AlertAdmin,
    BookSession,
    Decision,
    KeepReason,
    MoveSession,
    SendNudge,
)
from graphsync.rules.nudging import away_for_good
from graphsync.rules.state import Attempt, MentorshipState

log = logging.getLogger(__name__)

TRY_AGAIN_TOMORROW = timedelta(days=1)
TRY_AGAIN_SOON = timedelta(minutes=30)
BOOK, REBOOK = "book_ahead", "rebook_same_week"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what one round came to.

    Attributes:
        context: the ports and the configuration.
        ledger: the round's transaction.
        now: the instant it was decided for.
        placements: where each booking was put, by the key of its request.
        availability: what the placements were found on; probes for reasons and suggestions ask it again.
    """

    context: Context
    ledger: Ledger
    now: datetime
    placements: Mapping[str, Placement]
    availability: dict[PersonId, PersonAvailability]

    @property
    def contact(self) -> str:
        """Whom people are told to write to."""
        return self.context.config.deployment.coordinators[0]

    def write(self, state: MentorshipState, decision: Decision) -> None:
        """Write all intents of one mentorship's decision, its trace and its timer."""
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
                    self._keep_reason(state, intent.rule, lost, intent.text, ask_standing_time=intent.ask_standing_time)
                case AlertAdmin():
                    self.ledger.records.raise_alert(Alert(key=intent.key, text=intent.text, raised_at=self.now))
        places = places_of(decision, self.placements, self.availability)
        record(self.ledger, state, decision, self.now, places)
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
        moved = moved_session(state, intent)
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
            agreed=tuple(sorted(intent.agreed)),
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


def moved_session(state: MentorshipState, intent: BookSession | MoveSession) -> MentoringSession | None:
    """Return the session whose event an intent moves, or None where it makes a new one."""
    if isinstance(intent, MoveSession):
        return next(s for s in state.sessions if s.number == intent.number)
    if not intent.same_event:
        return None
    return next(s for s in state.sessions if s.number == intent.replaces)
