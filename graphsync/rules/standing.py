"""How a mentorship stands: acted on, paused until a day, or ended; from the file, and from what the two answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from graphsync.calendar import start_of_day
from graphsync.mentoring import Absence, Choice, Reach, Status
from graphsync.rules.state import MentorshipState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a mentorship is acted on, why not, and until when, where that is known.

    `by_pair` tells that one of the two paused or ended it themselves.
    """

    status: Status
    why: str = ""
    until: datetime | None = None
    by_pair: bool = False


def about_mentorship(state: MentorshipState) -> str:
    """Return the matter under which the two pause, end, or say that they talked."""
    return f"mentorship/{state.mentorship.id}"


def standing_of(state: MentorshipState, now: datetime) -> Standing:
    """Return how a mentorship stands at `now`; days are those of the mentee's zone."""
    mentorship, zone = state.mentorship, state.mentee.time_zone
    if mentorship.closed_at is not None or mentorship.status is Status.ENDED:
        return Standing(status=Status.ENDED, why="the mentorship is ended")
    if any(reply.choice is Choice.END for reply in state.replies):
        return Standing(status=Status.ENDED, why="one of the two ended the mentorship", by_pair=True)
    if state.over_at is not None and now >= state.over_at:
        return Standing(status=Status.ENDED, why="its last day is over", until=state.over_at)
    if any(person.reach is Reach.GONE for person in state.pair):
        return Standing(status=Status.ENDED, why="one of the two has left the organization")
    paused_until, by_pair = _pause(state)
    over = None if paused_until is None else start_of_day(paused_until, zone)
    if over is not None and now < over:
        return Standing(status=Status.PAUSED, why="the mentorship is paused", until=over, by_pair=by_pair)
    if mentorship.status is Status.PAUSED and over is None:
        return Standing(status=Status.PAUSED, why="the mentorship is paused")
    return Standing(status=Status.ACTIVE, until=over, by_pair=by_pair)


def pauses(state: MentorshipState) -> tuple[Absence, ...]:
    """Return when the mentorship was or is paused, as far as that is known, in no order.

    The last word counts, so a pause is over where the next was said. Of one in the file only the end is known: it is
    taken to have begun with the mentorship.
    """
    mentorship, zone = state.mentorship, state.mentee.time_zone
    found = []
    if mentorship.paused_until is not None:
        found.append((start_of_day(mentorship.started_on, zone), start_of_day(mentorship.paused_until, zone)))
    said_then = None
    for at, until in reversed(_said(state)):
        over_at = start_of_day(until, zone)
        found.append((at, over_at if said_then is None else min(over_at, said_then)))
        said_then = at
    return tuple(Absence(starts_at=start, ends_at=end) for start, end in found if start < end)


def _pause(state: MentorshipState) -> tuple[date | None, bool]:
    """Return the day the last pause is over, and whether one of the two set it."""
    in_file = state.mentorship.paused_until
    said = [until for _, until in _said(state)]
    if said and (in_file is None or said[-1] > in_file):
        return said[-1], True
    return in_file, False


def _said(state: MentorshipState) -> list[tuple[datetime, date]]:
    """Return when one of the two paused it, and until which day, oldest first."""
    replies = (reply for reply in state.replies if reply.choice is Choice.PAUSE)
    return [(reply.at, reply.until) for reply in replies if reply.until is not None]
