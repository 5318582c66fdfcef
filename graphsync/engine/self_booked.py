"""Sessions that the two of a mentorship book themselves: exactly these two on an event, and both agreed to it."""

from __future__ import annotations

from datetime import datetime

from graphsync.calendar import CalendarEvent
from graphsync.engine.context import Context, pair_of
from graphsync.engine.observe import observed
from graphsync.engine.ports import ActionKind, Ledger
from graphsync.mentoring import Answer, MentoringSession, Mentorship, OptIn, Person, PersonId, Reach, Status


def self_booked(context: Context, user: PersonId, calendar_event: CalendarEvent) -> MentoringSession | None:
    """Return the session that an event is, booked by the two of a mentorship who agreed that these are sought.

    Returns:
        The session as the organizer's copy shows it, numbered after all there are; None where it is none of these.
    """
    now = context.now()
    if not may_be_ours(calendar_event, now):
        return None
    with context.store.transaction() as ledger:
        match = _pair_on(ledger, user, calendar_event)
    if match is None:
        return None
    mentorship, organizer = match
    original = calendar_event
    if organizer.id != user:
        if organizer.reach is not Reach.OK:
            return None  # what cannot be seen in their calendar cannot be told from a session of ours
        # The tag is on the organizer's copy alone: without it a session of ours would look like one of theirs.
        found = context.graph.find_event_by_ical_uid(organizer.id, calendar_event.ical_uid)
        if found is None:
            return None
        original = found
    if original.tag is not None or not original.ical_uid:
        return None
    with context.store.transaction() as ledger:
        if ledger.sessions.by_ical_uid(original.ical_uid) is not None:
            return None
        people = pair_of(ledger, mentorship)
        if people is None:
            return None
        booking = [a.key for a in ledger.outbox.pending(mentorship.id) if a.kind is ActionKind.BOOK]
        numbers = [session.number for session in ledger.sessions.of(mentorship.id)]
        numbers.extend(int(key.split("/")[2]) for key in booking)
        session = MentoringSession(
            mentorship=mentorship.id,
            number=max(numbers, default=0) + 1,
            starts_at=original.starts_at,
            ends_at=original.ends_at,
            organizer=organizer.id,
            event_id=original.id,
            ical_uid=original.ical_uid,
            invited_at=now,
            written_start=original.starts_at,
            written_end=original.ends_at,
            self_booked=True,
            online=original.is_online_meeting,
            answers={person.id: Answer() for person in people},
        )
    return observed(session, original, people, now)


def _pair_on(ledger: Ledger, user: PersonId, calendar_event: CalendarEvent) -> tuple[Mentorship, Person] | None:
    """Return the mentorship whose two people, and nobody else, are on an event, and which of them organizes it."""
    for mentorship in ledger.mentorships.of(user):
        people = pair_of(ledger, mentorship)
        if people is None or mentorship.status is not Status.ACTIVE or OptIn.SELF_BOOKED not in mentorship.opt_ins:
            continue
        if calendar_event.people == {person.address.casefold() for person in people}:
            by_address = {person.address.casefold(): person for person in people}
            organizer = by_address.get(calendar_event.organizer_address.casefold())
            if organizer is not None:
                return mentorship, organizer
    return None


def may_be_ours(calendar_event: CalendarEvent, now: datetime) -> bool:
    """Tell whether an event can be a session at all: it lies ahead, stands, and takes some hours."""
    return (
        calendar_event.starts_at > now
        and calendar_event.starts_at < calendar_event.ends_at
        and not calendar_event.is_cancelled
        and not calendar_event.is_all_day
    )
