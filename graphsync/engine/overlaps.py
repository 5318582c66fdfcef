"""Sees where another meeting lies over a session to come; of that meeting nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from graphsync.calendar import CalendarEvent, TimeSlot
from graphsync.engine.context import Context, mark_mentorship
from graphsync.mentoring import PersonId

TAKES_TIME: Final = frozenset({"busy", "tentative", "oof"})
"""What an event shows as where its owner cannot be in a session; Graph's words."""


def look_for_overlaps(
    context: Context, user: PersonId, others: Iterable[CalendarEvent], *, until: datetime | None = None
) -> None:
    """Keep in whose calendar another meeting lies over a session to come.

    Args:
        context: the ports and the configuration.
        user: whose calendar it is.
        others: events of it that are not known by their id to be sessions.
        until: up to when these are all there are, so that an overlap that is not seen is gone; None: they are some.
    """
    now = context.now()
    with context.store.transaction() as ledger:
        coming = [session for session in ledger.sessions.standing_of(user, now) if session.starts_at > now]
        if not coming:
            return
        own = {session.ical_uid for session in coming}
        taken = [
            TimeSlot(start=event.starts_at, end=event.ends_at)
            for event in others
            if not event.is_cancelled
            and event.tag is None
            and event.ical_uid not in own
            and event.show_as in TAKES_TIME
            and event.starts_at < event.ends_at
        ]
        for session in coming:
            time = TimeSlot(start=session.starts_at, end=session.ends_at)
            over = any(time.common(other) for other in taken)
            all_seen = until is not None and session.ends_at <= until
            if over == (user in session.booked_over) or not (over or all_seen):
                continue
            found = session.booked_over | {user} if over else session.booked_over - {user}
            ledger.sessions.save(replace(session, booked_over=found))
            mark_mentorship(ledger, session.mentorship, now)
