"""What changed in a programme mailbox: its delta rounds, and where the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from graphsync.calendar import CalendarEvent, TimeSlot
from graphsync.engine.context import Context
from graphsync.engine.ports import Ledger, Subject, SubjectKind
from graphsync.errors import DeltaExpired
from graphsync.mentoring import MentoringSession, PersonId

AHEAD = timedelta(days=35)
"""How far ahead of now calendars are looked at: well beyond the farthest booking, which is 21 days ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a delta round of a programme mailbox has shown, and where the next one begins.

    `is_first` where it shows all there is in its window, and not only what changed.
    """

    window: TimeSlot
    link: str
    events: tuple[CalendarEvent, ...]
    removed: tuple[str, ...]
    is_first: bool


def read_changes(
    context: Context, user: PersonId, known: tuple[TimeSlot, str] | None, window: TimeSlot
) -> Changes | None:
    """Return what changed in a programme mailbox since the last round, or None where that has to begin anew."""
    now = context.now()
    if known is not None and known[0].end < now + AHEAD - timedelta(days=10):
        known = None  # the window is fixed in the link: one that lies behind is replaced by a new round
    try:
        round_window = known[0] if known else window
        done = context.graph.calendar_view_delta(user, round_window, known[1] if known else None)
    except DeltaExpired:
        with context.store.transaction() as ledger:
            ledger.subscriptions.drop_delta_link(user)
            ledger.work.mark(Subject(kind=SubjectKind.MAILBOX, owner=user), now)
        return None
    return Changes(
        window=round_window,
        link=done.delta_link,
        events=tuple(done.events),
        removed=tuple(done.removed_ids),
        is_first=known is None,
    )


def keep_changes(context: Context, user: PersonId, changes: Changes) -> None:
    """Keep where the next round begins, now that what this one showed was looked at; mark what is to be proven.

    Were the link kept before, a death in between would lose what the round has shown: the next one begins after it.
    """
    now = context.now()
    with context.store.transaction() as ledger:
        ledger.subscriptions.save_delta_link(user, changes.window, changes.link)
        for event_id in changes.removed:
            if ledger.sessions.by_event(user, event_id) is not None:
                ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=user, item=event_id), now)
        if changes.is_first:
            # A complete first round: what it lacks is looked at by its id before anything is called gone.
            held = {event.id for event in changes.events}
            for session, _copy in expected_sessions(ledger, user, now):
                if session.event_id not in held:
                    ledger.work.mark(Subject(kind=SubjectKind.EVENT, owner=user, item=session.event_id), now)


def expected_sessions(ledger: Ledger, user: PersonId, now: datetime) -> list[tuple[MentoringSession, PersonId | None]]:
    """Return the coming sessions a mailbox should hold: as organizer, or as an attendee whose copy was seen."""
    found: list[tuple[MentoringSession, PersonId | None]] = []
    mentorships = ledger.mentorships.of(user) or ledger.mentorships.all()
    for mentorship in mentorships:
        newest: dict[str, MentoringSession] = {s.event_id: s for s in ledger.sessions.of(mentorship.id)}
        for session in newest.values():
            if not session.stands or session.starts_at <= now:
                continue
            if session.organizer == user:
                found.append((session, None))
            elif user in session.copies:
                found.append((session, user))
    return found
