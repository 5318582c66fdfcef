"""What may be done to an event from its own mailbox: create, patch, cancel, delete.

The same code serves the HTTP face and what people do by hand. Sources:
https://learn.microsoft.com/graph/api/user-post-events, event-update, event-delete, event-cancel
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import check_times, event_changes, fingerprint
from graphsync.sandbox.outlook.copies import Copies
from graphsync.sandbox.outlook.events import SHARED_FIELDS, TIME_FIELDS, Attendee, Event, EventChanges, snapshot
from graphsync.sandbox.outlook.invitations import Invitations
from graphsync.sandbox.outlook.mailboxes import DEFAULT_CALENDAR
from graphsync.sandbox.outlook.recurrence_body import first_start, only_ends_otherwise, recurrence_of, started_on
from graphsync.sandbox.outlook.series import (
    changed_for_all,
    check_boundary,
    drop_changes,
    exceptions,
    follow_attendees,
    highest_sequence,
)
from graphsync.sandbox.refusals import GraphRefusal, invalid_property, invalid_request, item_not_found
from graphsync.sandbox.teams.meetings import join_url
from graphsync.sandbox.tenant.directory import User

DUPLICATE_TRANSACTION_TEXT = (
    "Your request can't be completed. The TransactionId specified in the request has already been used to create "
    "a different event."
)
STALE_TEXT = (
    "The send or update operation could not be performed because the change key passed in the request does not "
    "match the current change key for the item."
)
# Set by rules of their own, not by plain assignment.
_HANDLED = {"attendees", "is_online_meeting", "online_meeting_provider", "extended_properties", "transaction_id"}


@dataclass(slots=True)
class Calendars:
    """Operations on events, each from the mailbox it is asked of."""

    core: Core
    copies: Copies
    invitations: Invitations

    def find(self, user: User, event_id: str, calendar_id: str | None = None) -> Event:
        """Return the copy with this id in the user's mailbox; an occurrence of a series as a value of its own.

        Raises:
            GraphRefusal: 404; the id is not in this mailbox (ids are per mailbox) or in the calendar, if one is given,
                or the event is gone.
        """
        event = self.core.mailbox(user).find(event_id)
        if event is None or calendar_id not in {None, event.calendar_id}:
            raise item_not_found()
        return event

    def create(self, user: User, body: Mapping[str, Any], *, actor: str, calendar_id: str = DEFAULT_CALENDAR) -> Event:
        """Create an event with `user` as its organizer and invite its attendees.

        A body sent again with the same `transactionId` gives the event it made before.

        Raises:
            GraphRefusal: 400 for a body Graph does not take; 400 or 409 `ErrorDuplicateTransactionId` for a
                `transactionId` that made a different event.
        """
        box = self.core.mailbox(user)
        changes = event_changes(body, creating=True)
        transaction_id = changes.get("transaction_id")
        if transaction_id is not None:
            made_before = self._made_before(user, transaction_id, body, calendar_id)
            if made_before is not None:
                return made_before
        event = self._new_event(user, changes, body)
        event.calendar_id = calendar_id
        if transaction_id is not None:
            box.transactions[transaction_id] = (fingerprint(body), event.id)
        self.copies.add(event, actor=actor)
        self.invitations.send(event, [attendee.address for attendee in event.attendees], again=True)
        return event

    def _made_before(self, user: User, transaction_id: str, body: Mapping[str, Any], calendar_id: str) -> Event | None:
        box = self.core.mailbox(user)
        known = box.transactions.get(transaction_id)
        if known is None:
            return None
        event = box.copies.get(known[1])
        # The same data for another calendar is another event: https://github.com/alcionai/corso/issues/2490
        if event is not None and known[0] == fingerprint(body) and event.calendar_id == calendar_id:
            return event
        raise GraphRefusal(
            self.core.behavior.duplicate_transaction_status,
            "ErrorDuplicateTransactionId",
            DUPLICATE_TRANSACTION_TEXT,
            annotations={"@event.existingEventId": known[1]},
        )

    def _new_event(self, user: User, changes: EventChanges, body: Mapping[str, Any]) -> Event:
        if "start" not in changes or "end" not in changes:
            raise invalid_property("An event needs start and end.")
        if changes.get("recurrence") is not None:
            self._settle_recurrence(None, changes)
        now = self.core.clock.now()
        transaction_id = changes.get("transaction_id")
        key: tuple[object, ...] = ("transaction", user.id, transaction_id)
        if transaction_id is None:
            content = (user.id, now.isoformat(), fingerprint(body).hex())
            key = ("content", *content, self.core.draws.ordinal("event", *content))
        ical_uid = "040000008200E00074C5B7101A82E008" + self.core.draws.hexadecimal("ical", *key)[:48].upper()
        event = Event(
            id=self.copies.new_id(user, ical_uid),
            ical_uid=ical_uid,
            change_key="",
            user_id=user.id,
            organizer_address=user.address,
            organizer_name=user.display_name,
            is_organizer=True,
            subject="",
            body_html="",
            start=changes["start"],
            end=changes["end"],
            original_time_zone=changes["original_time_zone"],
            created_at=now,
            modified_at=now,
            transaction_id=transaction_id,
        )
        self._assign(event, changes)
        event.attendees = [self._fresh(user, attendee) for attendee in changes.get("attendees", [])]
        event.extended_properties = dict(changes.get("extended_properties", {}))
        event.organizer_show_as = event.show_as
        event.type = "seriesMaster" if event.recurrence else "singleInstance"
        check_times(event.start, event.end, event.original_time_zone, is_all_day=event.is_all_day)
        if changes.get("is_online_meeting"):
            self._make_online(user, event)
        return event

    def _assign(self, event: Event, changes: EventChanges) -> None:
        for name, value in changes.items():
            if name not in _HANDLED:
                setattr(event, name, value)

    def _fresh(self, user: User, attendee: Attendee) -> Attendee:
        is_self = attendee.address.lower() == user.address.lower()
        known = self.core.directory.by_address(attendee.address)
        is_unnamed = attendee.name.lower() == attendee.address.lower()
        return Attendee(
            address=attendee.address,
            name=known.display_name if known is not None and is_unnamed else attendee.name,
            type=attendee.type,
            response="organizer" if is_self else "none",
        )

    def _make_online(self, user: User, event: Event) -> None:
        # Without a Teams licence Graph answers 201 all the same, with isOnlineMeeting false:
        # https://github.com/microsoftgraph/microsoft-graph-docs/issues/9741
        if not user.teams_licence:
            return
        thread = self.core.draws.hexadecimal("meeting", event.ical_uid)[:40]
        event.is_online_meeting = True
        event.online_meeting_provider = "teamsForBusiness"
        event.join_url = join_url(thread, self.core.tenant_id, user.id)
        event.body_html += meeting_block(event.join_url)

    def patch(
        self, user: User, event_id: str, body: Mapping[str, Any], *, actor: str, if_match: str | None = None
    ) -> Event:
        """Change a copy; from the organizer's mailbox the attendees get the change.

        A new time asks everybody again. `attendees` replaces the whole list: who is missing gets a cancellation.
        From an attendee's mailbox only that copy changes, and the next update of the organizer overwrites it.

        Raises:
            GraphRefusal: 404, 400 for values, 412 if `if_match` is not the present etag.
        """
        event = self.find(user, event_id)
        _check_match(event, if_match)
        changes = event_changes(body, creating=False)
        self._check_new_times(user, event, changes)
        before = snapshot(event)
        self._assign(event, changes)
        event.extended_properties.update(changes.get("extended_properties", {}))
        if event.series_master_id is None:
            event.type = "seriesMaster" if event.recurrence else "singleInstance"
        self._patch_meeting(user, event, changes)
        is_new_time = any(before[name] != getattr(event, name) for name in TIME_FIELDS)
        if is_new_time and event.series_master_id is None:
            _forget_exceptions(event, before)
        if not event.is_organizer:
            self.copies.touch(event, before, actor=actor)
            return event
        gone, fresh = self._replace_attendees(user, event, changes)
        if is_new_time:
            self._ask_again(event)
        event.organizer_show_as = event.show_as
        self.copies.touch(event, before, actor=actor)
        self._tell_attendees(event, before, gone, fresh, is_new_time=is_new_time)
        return event

    def _check_new_times(self, user: User, event: Event, changes: EventChanges) -> None:
        if event.series_master_id is not None:
            if changes.get("recurrence") is not None:
                raise invalid_request("An occurrence of a series has no recurrence of its own.")
        else:
            self._settle_recurrence(event, changes)
        start, end = changes.get("start", event.start), changes.get("end", event.end)
        check_times(
            start,
            end,
            changes.get("original_time_zone", event.original_time_zone),
            is_all_day=changes.get("is_all_day", event.is_all_day),
        )
        if event.series_master_id is not None and (start, end) != (event.start, event.end):
            check_boundary(self.find(user, event.series_master_id), event, start, end)

    def _settle_recurrence(self, event: Event | None, changes: EventChanges) -> None:
        """Put the recurrence asked for into its full form, and the start of a series on its first occurrence.

        Source: https://learn.microsoft.com/graph/api/resources/recurrencerange (startDate)
        """
        present = event.recurrence if event is not None else None
        if event is None:
            start, end, zone_name = changes["start"], changes["end"], changes["original_time_zone"]
        else:
            start, end = changes.get("start", event.start), changes.get("end", event.end)
            zone_name = changes.get("original_time_zone", event.original_time_zone)
        wanted = changes.get("recurrence")
        if wanted is not None:
            recurrence = recurrence_of(wanted, start, zone_name)
        elif "recurrence" in changes or present is None or "start" not in changes:
            return
        else:
            recurrence = started_on(present, start)
        first = first_start(recurrence, start)
        changes["recurrence"] = started_on(recurrence, first)
        if first != start:
            changes["start"], changes["end"] = first, first + (end - start)
            changes["original_time_zone"] = zone_name

    def _patch_meeting(self, user: User, event: Event, changes: EventChanges) -> None:
        # A body written without the meeting block takes the meeting away:
        # https://learn.microsoft.com/graph/api/event-update
        if event.is_online_meeting and "body_html" in changes and str(event.join_url) not in event.body_html:
            event.is_online_meeting, event.online_meeting_provider, event.join_url = False, "unknown", None
        # Once on it cannot be switched off; later changes are ignored.
        if changes.get("is_online_meeting") and not event.is_online_meeting and event.is_organizer:
            self._make_online(user, event)

    def _replace_attendees(self, user: User, event: Event, changes: EventChanges) -> tuple[list[str], list[str]]:
        if "attendees" not in changes:
            return [], []
        kept: list[Attendee] = []
        fresh: list[str] = []
        for wanted in changes["attendees"]:
            present = event.attendee(wanted.address)
            if present is None:
                kept.append(self._fresh(user, wanted))
                fresh.append(wanted.address)
                continue
            present.type, present.name = wanted.type, wanted.name
            # A status written here does not answer for the person; declined comes back as notResponded:
            # https://github.com/microsoftgraph/microsoft-graph-docs/issues/5545
            if wanted.response == "declined" and present.response != "declined":
                present.response, present.responded_at = "notResponded", None
            kept.append(present)
        staying = {attendee.address.lower() for attendee in kept}
        gone = [attendee.address for attendee in event.attendees if attendee.address.lower() not in staying]
        event.attendees = kept
        follow_attendees(event, gone, [attendee for attendee in kept if attendee.address in fresh])
        return gone, fresh

    def _ask_again(self, event: Event) -> None:
        event.sequence += 1
        for attendee in event.attendees:
            if attendee.response != "organizer":
                attendee.response, attendee.responded_at, attendee.proposed = "notResponded", None, None

    def _tell_attendees(
        self, event: Event, before: Mapping[str, Any], gone: list[str], fresh: list[str], *, is_new_time: bool
    ) -> None:
        if gone:
            self.invitations.call_off(event, gone, "")
        everybody = [attendee.address for attendee in event.attendees]
        shared = any(before[name] != getattr(event, name) for name in SHARED_FIELDS)
        if is_new_time:
            self.invitations.send(event, everybody, again=True)
            return
        # With nothing but the list changed, only those it changed for get mail.
        self.invitations.send(event, fresh, again=True)
        if shared:
            self.invitations.send(event, [item for item in everybody if item not in fresh], again=False)
            # One message for the series and one for each instance that was updated separately:
            # https://learn.microsoft.com/graph/api/event-update
            for exception in changed_for_all(event):
                people = [attendee.address for attendee in exception.attendees]
                self.invitations.send(exception, people, again=False)

    def cancel(self, user: User, event_id: str, comment: str, *, actor: str) -> None:
        """Call a meeting off from the organizer's mailbox: the copy goes, the attendees' copies are marked.

        Raises:
            GraphRefusal: 404; 400 from an attendee's mailbox.

        Source: https://learn.microsoft.com/graph/api/event-cancel
        """
        event = self.find(user, event_id)
        if not event.is_organizer:
            raise invalid_request("Your request can't be completed. You need to be an organizer to cancel a meeting.")
        self._call_off(event, comment, actor, verb="event_cancelled")

    def delete(self, user: User, event_id: str, *, actor: str, if_match: str | None = None) -> None:
        """Delete a copy. The organizer's calls the meeting off; an attendee's goes silently.

        Raises:
            GraphRefusal: 404; 412 if `if_match` is not the present etag.

        Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/7968 (a cancellation is always sent)
        """
        event = self.find(user, event_id)
        _check_match(event, if_match)
        if event.is_organizer:
            self._call_off(event, "", actor, verb="event_cancelled")
            return
        self.copies.take_away(event, actor=actor, verb="event_removed", reason="deleted")
        if self.core.behavior.attendee_delete_sends_response and not event.is_cancelled:
            event.response = "declined"
            self.invitations.report(event, "declined", None, "")

    def _call_off(self, event: Event, comment: str, actor: str, *, verb: str) -> None:
        event.is_cancelled = True
        self.copies.take_away(event, actor=actor, verb=verb, reason=comment)
        self.invitations.call_off(event, [attendee.address for attendee in event.attendees], comment)
        for exception in exceptions(event):
            # Those invited to one occurrence alone have a copy of it alone.
            alone = [person.address for person in exception.attendees if event.attendee(person.address) is None]
            self.invitations.call_off(exception, alone, comment)


def _check_match(event: Event, if_match: str | None) -> None:
    if if_match is not None and if_match not in {"*", f'W/"{event.change_key}"'}:
        raise GraphRefusal(412, "ErrorIrresolvableConflict", STALE_TEXT)


def _forget_exceptions(event: Event, before: Mapping[str, Any]) -> None:
    was, now = before["recurrence"], event.recurrence
    same_time = (event.start, event.end, event.is_all_day) == (before["start"], before["end"], before["is_all_day"])
    but_range = same_time and was is not None and now is not None and only_ends_otherwise(was, now)
    if event.is_organizer:
        event.sequence = highest_sequence(event)
    drop_changes(event, but_range=but_range)


def meeting_block(join_url: str) -> str:
    """Return the block Exchange appends to the body of an online meeting; a body without it has no meeting."""
    return (
        '<br><div class="me-email-text" lang="en-US"><p>Microsoft Teams meeting</p>'
        f'<a class="me-email-headline" href="{join_url}">Join the meeting now</a></div>'
    )
