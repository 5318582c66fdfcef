"""How a mentorship stands: acted on, paused until a day, or ended; from the file, and from what the two answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from graphsync.calendar import start_of_day
from graphsync.mentoring import Choice, Reach, Status
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


def _pause(state: MentorshipState) -> tuple[date | None, bool]:
    """Return the day the last pause is over, and whether one of the two set it."""
    mentorship = state.mentorship
    in_file = mentorship.paused_until
    pauses = [reply.until for reply in state.replies if reply.choice is Choice.PAUSE and reply.until is not None]
    if pauses and (in_file is None or pauses[-1] > in_file):
        return pauses[-1], True
    return in_file, False
