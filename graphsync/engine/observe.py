"""What an event seen in the organizer's calendar says about the session it carries: pure, facts in and facts out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from graphsync.calendar import Attendee, CalendarEvent
from graphsync.mentoring import Answer, Loss, MentoringSession, Person, PersonId, Proposal, Response

LAG = timedelta(minutes=2)
"""How long what was written may not be seen yet by who asks; nobody promises a time."""


def cancelled(session: MentoringSession, now: datetime) -> MentoringSession:
    """Return `session` as lost by cancellation; one that was lost before stays as it was, unless it was declined.

    A declined session whose event is then cancelled has no event left to be moved.
    """
    if session.loss is Loss.CANCELLED:
        return session
    return replace(session, loss=Loss.CANCELLED, lost_at=session.lost_at or now, proposal=None)


def dropped(session: MentoringSession, now: datetime) -> MentoringSession:
    """Return `session` as silently dropped: an attendee's copy was seen once and is gone, and nothing was answered."""
    return session if session.loss else replace(session, loss=Loss.DROPPED, lost_at=now)


def just_written(session: MentoringSession, now: datetime) -> bool:
    """Tell whether the times of a session were written by graphsync a moment ago."""
    return session.asked_at is not None and not session.moved_by_person and now - session.asked_at < LAG


def lags(session: MentoringSession, calendar_event: CalendarEvent, now: datetime) -> bool:
    """Tell whether an event that differs from what was written a moment ago may just not show that yet.

    Graph answers from several servers, and one that is asked right after another was written to may still have the
    former times. Whoever moved the session by hand in these minutes is seen a little later.
    """
    if not just_written(session, now):
        return False
    times = (calendar_event.starts_at, calendar_event.ends_at)
    return not calendar_event.is_cancelled and times != (session.starts_at, session.ends_at)


def observed(
    session: MentoringSession, calendar_event: CalendarEvent, people: tuple[Person, Person], now: datetime
) -> MentoringSession:
    """Return `session` as the organizer's copy of its event shows it.

    Managed fields (start, end, cancelled) that differ from what is known were changed by a person, and are taken over.
    An answer given before the present times were set answers other times, and counts for nothing.

    Args:
        session: what was known.
        calendar_event: the organizer's copy.
        people: mentor and mentee, in any order.
        now: when it was looked at.
    """
    if calendar_event.is_cancelled:
        return cancelled(session, now)
    starts_at, ends_at = calendar_event.starts_at, calendar_event.ends_at
    moved = (starts_at, ends_at) != (session.starts_at, session.ends_at) and starts_at < ends_at
    if moved:
        session = replace(session, starts_at=starts_at, ends_at=ends_at, asked_at=now, agreed=frozenset())
        # Of the time it had; a look at the calendars, and the room's next answer, say anew.
        session = replace(session, booked_over=frozenset(), rooms_declined=frozenset())
    asked_at = session.asked_at or session.invited_at
    answers: dict[PersonId, Answer] = {}
    proposal: Proposal | None = None
    for person in people:
        attendee = _attendee(calendar_event, person.address)
        if person.id == session.organizer:
            answers[person.id] = Answer(response=Response.ORGANIZER)
        elif attendee is None or _stale(attendee, asked_at):
            answers[person.id] = Answer()
        else:
            answers[person.id] = Answer(response=attendee.response, answered_at=attendee.responded_at)
            if attendee.proposed is not None and attendee.proposed.start != starts_at:
                proposal = Proposal(by=person.id, starts_at=attendee.proposed.start, ends_at=attendee.proposed.end)
    session = replace(session, answers=answers, proposal=proposal, online=calendar_event.is_online_meeting)
    session = replace(session, rooms_declined=_rooms_declined(session, calendar_event, asked_at))
    declined = [
        answer
        for person, answer in answers.items()
        # Who proposed the present time has accepted it, unless they declined it since.
        if answer.response is Response.DECLINED and (person not in session.agreed or answer.answered_at is not None)
    ]
    if declined:
        if session.loss is None:
            lost_at = min((answer.answered_at for answer in declined if answer.answered_at is not None), default=now)
            session = replace(session, loss=Loss.DECLINED, lost_at=lost_at)
    elif session.loss is Loss.DECLINED or (session.loss is Loss.DROPPED and moved):
        # Accepted after all, or put back by hand: the session stands.
        session = replace(session, loss=None, lost_at=None)
    return session


def _rooms_declined(session: MentoringSession, calendar_event: CalendarEvent, asked_at: datetime) -> frozenset[str]:
    """Return the rooms that have turned a session down; the one that is asked may come round to it."""
    room = _attendee(calendar_event, session.room) if session.room else None
    if room is None or _stale(room, asked_at):
        return session.rooms_declined
    if room.response is Response.DECLINED:
        return session.rooms_declined | {session.room}
    return session.rooms_declined - {session.room}


def _attendee(calendar_event: CalendarEvent, address: str) -> Attendee | None:
    folded = address.casefold()
    return next((a for a in calendar_event.attendees if a.address.casefold() == folded), None)


def _stale(attendee: Attendee, asked_at: datetime) -> bool:
    return attendee.responded_at is not None and attendee.responded_at < asked_at
