"""Whose calendars and settings are looked at: of people with a mentorship that is not over, and our own mailboxes.

What nobody needs any more is let go before it is read once more: its sweeps, its subscription, and the alerts about it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from graphsync.engine.context import Context, pair_of
from graphsync.engine.ports import Ledger, Subject, SubjectKind
from graphsync.mentoring import Mentorship, Person, PersonId, Reach, Status
from graphsync.rules.standing import standing_of
from graphsync.rules.state import MentorshipState

UNKNOWN_ZONE: Final = "unknown-zone/"
AWAY_WITHOUT_END: Final = "away-without-end/"
"""How the keys of two alerts begin that are the admin's alone: they tell of one of the two."""


def events_of(person: PersonId) -> str:
    """Return the resource by which the events of a mailbox are subscribed to."""
    return f"users/{person}/events"


def about_person(person: PersonId) -> tuple[str, ...]:
    """Return the keys of the alerts that looks at somebody raise."""
    return tuple(f"{what}{person}" for what in (UNKNOWN_ZONE, AWAY_WITHOUT_END, "unreachable/", "no-teams/"))


def status_of(ledger: Ledger, mentorship: Mentorship, now: datetime) -> Status:
    """Return how a mentorship stands, by the file and by what the two have answered."""
    people = pair_of(ledger, mentorship)
    return mentorship.status if people is None else _status(ledger, mentorship, *people, now)


def is_over(ledger: Ledger, mentorship: Mentorship, now: datetime) -> bool:
    """Tell whether a mentorship has ended for good; while it is not closed, somebody who has left may come back."""
    if mentorship.closed_at is not None or mentorship.status is Status.ENDED:
        return True
    people = pair_of(ledger, mentorship)
    if people is None:
        return False
    mentor, mentee = (replace(person, reach=Reach.OK) for person in people)
    return _status(ledger, mentorship, mentor, mentee, now) is Status.ENDED


def is_needed(context: Context, ledger: Ledger, person: PersonId) -> bool:
    """Tell whether somebody, or a mailbox of ours, is to be looked at."""
    known, deployment, now = ledger.people.get(person), context.config.deployment, context.now()
    ours = {address.casefold() for address in (*deployment.organizers.programme_mailboxes, deployment.mail.sender)}
    if known is not None and known.address.casefold() in ours:
        return True
    return any(not is_over(ledger, mentorship, now) for mentorship in ledger.mentorships.of(person))


def let_go(ledger: Ledger, person: PersonId, now: datetime) -> None:
    """Have somebody looked at no more; their subscription is deleted at Graph by the look at it."""
    for kind in (SubjectKind.PERSON, SubjectKind.MAILBOX):
        ledger.work.drop_sweep(Subject(kind=kind, owner=person))
    if ledger.subscriptions.get(events_of(person)) is not None:
        ledger.work.mark(Subject(kind=SubjectKind.SUBSCRIPTION, owner=events_of(person)), now)
    ledger.subscriptions.drop_delta_link(person)
    for key in about_person(person):
        ledger.records.clear_alert(key)


def _status(ledger: Ledger, mentorship: Mentorship, mentor: Person, mentee: Person, now: datetime) -> Status:
    replies = tuple(ledger.replies.of(mentorship.id))
    state = MentorshipState(mentorship=mentorship, mentor=mentor, mentee=mentee, organizer=mentee, replies=replies)
    return standing_of(state, now).status
