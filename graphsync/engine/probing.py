"""Asks the scheduler again, on what a round's placements were found on: for reasons, and for what can be suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphsync.calendar import PersonAvailability, Placement, TimeSlot, schedule
from graphsync.engine.compose import NoSlot
from graphsync.mentoring import PersonId
from graphsync.rules.intents import BookSession

Availability = Mapping[PersonId, PersonAvailability]


def why_not_in_week(intent: BookSession, placement: Placement, availability: Availability) -> NoSlot:
    """Return why a lost session was not put back in its week."""
    if intent.week_windows == 0:
        return NoSlot(code="week_over")
    reasons = placement.reasons
    if intent.week_windows > 1:
        # The first window was the time somebody proposed: why the rest of the week did not do is asked apart.
        week = replace(intent.request, windows=(intent.request.windows[intent.week_windows - 1],))
        reasons = schedule([week], availability)[0].reasons
    return NoSlot(reasons=reasons)


def short_notice(intent: BookSession, slot: TimeSlot, availability: Availability) -> TimeSlot | None:
    """Return a slot at short notice in the lost week, to be suggested: nothing is booked less than a day ahead."""
    if intent.short_notice is None:
        return None
    request = replace(intent.request, windows=(intent.short_notice,), earliest=True, target=None)
    busy = {
        person: replace(theirs, busy_to_moves={request.key: (*theirs.busy_to(request.key), slot)})
        for person, theirs in availability.items()
    }
    return schedule([request], busy)[0].slot


def hours_never_meet(intent: BookSession, availability: Availability) -> bool:
    """Tell whether the two would find no slot even with empty calendars: no other day will mend that."""
    empty = {
        person: replace(availability[person], busy=(), absences=(), unreadable="")
        for person in (intent.request.mentor, intent.request.mentee)
    }
    return schedule([replace(intent.request, mentor_limits=None)], empty)[0].slot is None
