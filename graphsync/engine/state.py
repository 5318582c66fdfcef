"""Puts together from the store what `decide` may look at of one mentorship."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from graphsync.calendar import holidays_around
from graphsync.engine.payloads import BookPayload, MovePayload, from_json
from graphsync.engine.ports import ActionKind, Ledger
from graphsync.mentoring import Mentorship, MentorshipId, Person, PersonId, Reach
from graphsync.rules.deployment import Deployment, OrganizerKind
from graphsync.rules.state import MentorshipState

BUDGET_WEEK = timedelta(days=7)
HOLIDAYS_BACK, HOLIDAYS_AHEAD = timedelta(days=28), timedelta(days=180)
"""How far holidays are reckoned with: the clock of what is open counts back, and sessions are sought ahead."""


def holder(mentorship: MentorshipId, number: int) -> str:
    """Return the name under which the times of a session are reserved."""
    return f"session/{mentorship}/{number}"


def organizer_of(ledger: Ledger, deployment: Deployment, mentorship: Mentorship) -> Person | None:
    """Return on whose calendar the sessions of a mentorship live; None where that mailbox is not known (yet).

    Somebody outside the organization has no calendar here: they live on the other one's then, or in a programme
    mailbox where both are outside. Of several programme mailboxes each mentorship keeps to one, so that sending limits
    spread.
    """
    cohort = deployment.cohorts.get(mentorship.cohort)
    match OrganizerKind.MENTEE if cohort is None else cohort.organizer:
        case OrganizerKind.MENTEE:
            wished = [mentorship.mentee, mentorship.mentor]
        case OrganizerKind.MENTOR:
            wished = [mentorship.mentor, mentorship.mentee]
        case OrganizerKind.PROGRAMME:
            wished = []
    people = [person for person in map(ledger.people.get, wished) if person is not None]
    inside = [person for person in people if person.reach is not Reach.EXTERNAL]
    boxes = deployment.organizers.programme_mailboxes
    if inside or len(people) < len(wished) or not boxes:
        return next(iter([*inside, *people]), None)  # of two who are outside neither can: `decide` books nothing
    return ledger.people.by_address(boxes[zlib.crc32(mentorship.id.encode()) % len(boxes)])


def load_state(
    ledger: Ledger,
    deployment: Deployment,
    mentorship_id: MentorshipId,
    now: datetime,
    nudged_now: Mapping[PersonId, tuple[datetime, ...]],
) -> MentorshipState | None:
    """Return the state of a mentorship, or None where its people are not known yet.

    Args:
        ledger: an open transaction.
        deployment: who organizes for which cohort.
        mentorship_id: which one.
        now: the instant it is decided for.
        nudged_now: nudges decided in this round and not stored yet, by person.
    """
    mentorship = ledger.mentorships.get(mentorship_id)
    if mentorship is None:
        return None
    mentor, mentee = ledger.people.get(mentorship.mentor), ledger.people.get(mentorship.mentee)
    organizer = organizer_of(ledger, deployment, mentorship)
    if mentor is None or mentee is None or organizer is None:
        return None
    lately = {
        person: (
            *(nudge.sent_at for nudge in ledger.requests.nudges_to(person, now - BUDGET_WEEK)),
            *nudged_now.get(person, ()),
        )
        for person in (mentor.id, mentee.id)
    }
    return MentorshipState(
        mentorship=mentorship,
        mentor=_with_holidays(mentor, now),
        mentee=_with_holidays(mentee, now),
        organizer=organizer,
        sessions=tuple(ledger.sessions.of(mentorship_id)),
        open_requests=tuple(ledger.requests.of(mentorship_id)),
        nudges=tuple(ledger.requests.nudges(mentorship_id)),
        nudges_lately=lately,
        pending=frozenset(action.key for action in ledger.outbox.pending(mentorship_id)),
        attempts=tuple(ledger.sessions.attempts(mentorship_id)),
        alerts=frozenset(alert.key for alert in ledger.records.alerts()),
        mentor_sessions=tuple(_mentoring(ledger, mentor.id, now)),
        replies=tuple(ledger.replies.of(mentorship_id)),
    )


def _with_holidays(person: Person, now: datetime) -> Person:
    """Return somebody with their public holidays among their absences."""
    days = holidays_around(
        person.country, person.region, person.time_zone, now, back=HOLIDAYS_BACK, ahead=HOLIDAYS_AHEAD
    )
    return replace(person, absences=(*person.absences, *days)) if days else person


def _mentoring(ledger: Ledger, mentor: PersonId, now: datetime) -> Iterator[datetime]:
    """Yield when the sessions that somebody mentors start: those that stand, and those on their way to calendars."""
    # Limits count whole weeks, and a week may have begun before now.
    standing = ledger.sessions.standing_of(mentor, now - timedelta(days=8))
    for mentorship in ledger.mentorships.of(mentor):
        if mentorship.mentor == mentor:
            yield from (session.starts_at for session in standing if session.mentorship == mentorship.id)
            for action in ledger.outbox.pending(mentorship.id):
                match action.kind:
                    case ActionKind.BOOK:
                        yield from_json(action.payload, BookPayload).starts_at
                    case ActionKind.MOVE:
                        yield from_json(action.payload, MovePayload).starts_at
