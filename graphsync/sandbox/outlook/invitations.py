"""How one meeting lives in several mailboxes: invitations, updates, cancellations and answers that travel.

Each is a message that counts against the sender's rate, so it may arrive later; what arrives is the state of the
organizer's copy at that time. Sources:
https://learn.microsoft.com/graph/api/resources/eventmessage and
https://learn.microsoft.com/graph/outlook-calendar-meeting-proposals
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from graphsync.sandbox.core import Core
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.outlook.copies import Copies
from graphsync.sandbox.outlook.events import SHARED_FIELDS, Answer, Event, snapshot
from graphsync.sandbox.outlook.mail import Mailroom
from graphsync.sandbox.outlook.mailboxes import DEFAULT_CALENDAR, Mailbox
from graphsync.sandbox.outlook.series import decline_all, mark_cancelled, shared_deviations, split_occurrence_id
from graphsync.sandbox.refusals import invalid_request, item_not_found
from graphsync.sandbox.tenant.directory import User

_ANSWER_SUBJECT = {"accepted": "Accepted: ", "tentativelyAccepted": "Tentative: ", "declined": "Declined: "}
# The metadata misspells the second one (https://learn.microsoft.com/graph/api/resources/eventmessage).
_ANSWER_TYPE = {
    "accepted": "meetingAccepted",
    "tentativelyAccepted": "meetingTenativelyAccepted",
    "declined": "meetingDeclined",
}


@dataclass(slots=True)
class Invitations:
    """Carries a meeting from the organizer's mailbox to the attendees', and their answers back."""

    core: Core
    copies: Copies
    mail: Mailroom

    def send(self, event: Event, addresses: Iterable[str], *, again: bool) -> None:
        """Send the organizer's copy to `addresses`: at once, or when the organizer's sending rate allows.

        `again` brings a copy back to an attendee who declined or removed theirs: new people and new times do,
        a mere change of text does not.
        """
        people = [address for address in addresses if address.lower() != event.organizer_address.lower()]
        if not people:
            return
        leaves_at = self.mail.leave(event.user_id, people, kind="eventMessageRequest", subject=event.subject)
        if leaves_at is None:
            return
        for address in people:
            self.core.agenda.at(
                leaves_at,
                f"invitation:{event.ical_uid}:{address.lower()}",
                partial(self._arrive, event.user_id, event.id, address, again=again),
            )

    def _arrive(self, organizer_id: str, event_id: str, address: str, *, again: bool) -> None:
        original = self.core.mailboxes[organizer_id].find(event_id)
        reached = self.core.mailbox_at(address)
        if original is None or reached is None or original.attendee(address) is None:
            return
        user, box = reached
        copy = box.by_ical_uid(original.ical_uid)
        came_back = copy is None and again and self._put_back(box, original)
        if came_back:
            copy = box.by_ical_uid(original.ical_uid)
        if copy is not None:
            self._update_copy(copy, original, came_back=came_back)
        elif again:
            self._add_copy(user, original)

    def _put_back(self, box: Mailbox, original: Event) -> bool:
        """Put an occurrence that an attendee took out back into their copy of the series, if they have one."""
        parts = split_occurrence_id(original.id)
        series = self.core.mailboxes[original.user_id].copies.get(str(original.series_master_id))
        copy = box.by_ical_uid(series.ical_uid) if parts and series else None
        if parts is None or copy is None or parts[1] not in copy.excluded_on:
            return False
        copy.excluded_on.remove(parts[1])
        return True

    def _add_copy(self, user: User, original: Event) -> None:
        copy = replace(
            original,
            id=self.copies.new_id(user, original.ical_uid),
            user_id=user.id,
            is_organizer=False,
            attendees=[replace(attendee) for attendee in original.attendees],
            excluded_on=list(original.excluded_on),
            deviations=shared_deviations(original),
            # Who is invited to one occurrence alone has it alone.
            type=original.type if original.series_master_id is None else "singleInstance",
            series_master_id=None,
            original_start=None,
            calendar_id=DEFAULT_CALENDAR,
            categories=[],
            extended_properties={},
            transaction_id=None,
            show_as="tentative",
            organizer_show_as=original.show_as,
            response="notResponded",
            responded_at=None,
            revision=0,
            created_at=self.core.clock.now(),
        )
        self.copies.add(copy, actor=EXCHANGE)
        self.mail.deliver_meeting_message(user, copy, "eventMessageRequest", "meetingRequest", copy.subject)
        if user.purpose == "room":
            self._answer_for_room(user, copy)

    def _update_copy(self, copy: Event, original: Event, *, came_back: bool) -> None:
        before = snapshot(copy)
        is_new_time = came_back or copy.is_cancelled or copy.sequence != original.sequence
        copy.is_cancelled = False
        for name in SHARED_FIELDS:
            setattr(copy, name, deepcopy(getattr(original, name)))
        copy.attendees = [replace(attendee) for attendee in original.attendees]
        if original.series_master_id is None:
            copy.type = original.type
        if is_new_time:
            copy.excluded_on = list(original.excluded_on)
            copy.deviations = shared_deviations(original)
        copy.sequence = original.sequence
        copy.organizer_show_as = original.show_as
        if is_new_time:
            copy.response, copy.responded_at, copy.show_as = "notResponded", None, "tentative"
        self.copies.touch(copy, before, actor=EXCHANGE)
        user = self.core.user(copy.user_id)
        self.mail.deliver_meeting_message(user, copy, "eventMessageRequest", "meetingRequest", copy.subject)
        if user.purpose == "room" and is_new_time:
            self._answer_for_room(user, copy)

    def call_off(self, event: Event, addresses: Iterable[str], comment: str) -> None:
        """Send a cancellation to `addresses`; their copies stay, marked, until the people remove them."""
        people = [address for address in addresses if address.lower() != event.organizer_address.lower()]
        if not people:
            return
        leaves_at = self.mail.leave(
            event.user_id, people, kind="eventMessage", subject=f"Canceled: {event.subject}", body=comment
        )
        if leaves_at is None:
            return
        for address in people:
            self.core.agenda.at(
                leaves_at,
                f"cancellation:{event.ical_uid}:{address.lower()}",
                partial(self._cancel_copy, event.ical_uid, address, comment),
            )

    def _cancel_copy(self, ical_uid: str, address: str, comment: str) -> None:
        reached = self.core.mailbox_at(address)
        copy = reached[1].by_ical_uid(ical_uid) if reached else None
        if reached is None or copy is None or copy.is_cancelled:
            return
        user = reached[0]
        if user.purpose == "room":
            # A room's mailbox processes the cancellation and frees itself.
            self.copies.take_away(copy, actor=EXCHANGE, verb="event_removed", reason="cancelled")
            return
        before = snapshot(copy)
        mark_cancelled(copy)
        self.copies.touch(copy, before, actor=EXCHANGE, verb="event_cancelled")
        self.mail.deliver_meeting_message(user, copy, "eventMessage", "meetingCancelled", copy.subject, comment)

    def respond(
        self,
        user: User,
        event_id: str,
        answer: Answer,
        *,
        actor: str,
        comment: str,
        send_response: bool,
        proposed: tuple[datetime, datetime] | None,
    ) -> None:
        """Answer an invitation from the attendee's mailbox.

        Raises:
            GraphRefusal: 404 for an id not in this mailbox; 400 for the organizer's own meeting, for a cancelled one
                and for a proposal that may not be made.

        Source: https://learn.microsoft.com/graph/api/event-decline, event-tentativelyaccept, event-accept
        """
        copy = self.core.mailbox(user).find(event_id)
        if copy is None:
            raise item_not_found()
        if copy.is_organizer:
            raise invalid_request(
                "Your request can't be completed. You can't respond to this meeting because you're the meeting "
                "organizer."
            )
        if copy.is_cancelled:
            raise invalid_request("Your request can't be completed. The meeting has been cancelled.")
        if proposed is not None:
            self._check_proposal(copy, answer, proposed, send_response=send_response)
        self._record_answer(copy, answer, actor, comment, send_response=send_response, proposed=proposed)

    def _check_proposal(
        self, copy: Event, answer: Answer, proposed: tuple[datetime, datetime], *, send_response: bool
    ) -> None:
        if answer == "accepted":
            raise invalid_request("An accepted meeting takes no proposedNewTime.")
        if not copy.allow_new_time_proposals:
            raise invalid_request("The organizer does not allow new time proposals for this meeting.")
        if not send_response:
            raise invalid_request("proposedNewTime needs sendResponse to be true.")
        if proposed[1] <= proposed[0]:
            raise invalid_request("proposedNewTime ends before it starts.")

    def _record_answer(
        self,
        copy: Event,
        answer: Answer,
        actor: str,
        comment: str,
        *,
        send_response: bool,
        proposed: tuple[datetime, datetime] | None,
    ) -> None:
        now = self.core.clock.now()
        before = snapshot(copy)
        copy.response, copy.responded_at = answer, now
        self.core.journal.add(
            "responded",
            actor=actor,
            user_id=copy.user_id,
            subject_id=copy.id,
            details={
                "ical_uid": copy.ical_uid,
                "organizer_address": copy.organizer_address,
                "is_organizer": False,
                "response": answer,
                "proposed": proposed,
                "send_response": send_response,
                "comment": comment,
                "snapshot": snapshot(copy),
            },
        )
        if answer == "declined":
            self.copies.take_away(copy, actor=actor, verb="event_removed", reason="declined")
        else:
            copy.show_as = copy.organizer_show_as if answer == "accepted" else "tentative"
            self.copies.touch(copy, before, actor=actor)
        if send_response:
            self.report(copy, answer, proposed, comment)

    def report(self, copy: Event, answer: Answer, proposed: tuple[datetime, datetime] | None, comment: str) -> None:
        """Send an answer to the organizer; it is processed there after a while."""
        user = self.core.user(copy.user_id)
        now = self.core.clock.now()
        prefix = "New Time Proposed: " if proposed else _ANSWER_SUBJECT[answer]
        leaves_at = self.mail.leave(
            user.id,
            [copy.organizer_address],
            kind="eventMessageResponse",
            subject=prefix + copy.subject,
            body=comment,
        )
        if leaves_at is None:
            return
        span = self.core.behavior.room_delay if user.purpose == "room" else self.core.behavior.response_delay
        delay = self.core.draws.duration(span, "response", copy.ical_uid, user.id, copy.sequence, now.isoformat())
        ical_uid, organizer, sequence = copy.ical_uid, copy.organizer_address, copy.sequence
        self.core.agenda.at(
            leaves_at + delay,
            f"response:{ical_uid}:{user.address.lower()}",
            lambda: self._take_response(
                organizer, ical_uid, user, answer, now, proposed, sequence=sequence, subject=prefix, comment=comment
            ),
        )

    def _take_response(
        self,
        organizer: str,
        ical_uid: str,
        user: User,
        answer: Answer,
        answered_at: datetime,
        proposed: tuple[datetime, datetime] | None,
        *,
        sequence: int,
        subject: str,
        comment: str,
    ) -> None:
        reached = self.core.mailbox_at(organizer)
        original = reached[1].by_ical_uid(ical_uid) if reached else None
        if reached is None or original is None:
            return
        self.mail.deliver_meeting_message(
            reached[0],
            original,
            "eventMessageResponse",
            _ANSWER_TYPE[answer],
            subject + original.subject,
            comment,
            sender=user.address,
            proposed=proposed,
        )
        attendee = original.attendee(user.address)
        # An answer to an older time, or one overtaken by a later answer, changes nothing.
        if attendee is None or original.sequence != sequence:
            return
        # Answers are tracked in the default calendar alone (isTallyingResponses):
        # https://learn.microsoft.com/graph/api/resources/calendar
        if original.calendar_id != DEFAULT_CALENDAR:
            return
        if attendee.responded_at is not None and attendee.responded_at > answered_at:
            return
        before = snapshot(original)
        attendee.response, attendee.responded_at, attendee.proposed = answer, answered_at, proposed
        if answer == "declined":
            decline_all(original, user.address, answered_at)
        self.copies.touch(original, before, actor=EXCHANGE)

    def _answer_for_room(self, room: User, copy: Event) -> None:
        box = self.core.mailbox(room)
        now = self.core.clock.now()
        delay = self.core.draws.duration(self.core.behavior.room_delay, "room", room.id, copy.ical_uid, copy.sequence)
        event_id = copy.id

        def answer() -> None:
            present = box.find(event_id)
            if present is None or present.is_cancelled or present.response != "notResponded":
                return
            taken = any(
                other.ical_uid != present.ical_uid and not other.is_cancelled and other.show_as != "free"
                for other in box.view(present.start, present.end)
                if other.response in {"accepted", "organizer"} and other.series_master_id != present.id
            )
            self._record_answer(
                present, "declined" if taken else "accepted", EXCHANGE, "", send_response=True, proposed=None
            )

        self.core.agenda.at(now + delay, f"room:{copy.ical_uid}:{room.address.lower()}", answer)
