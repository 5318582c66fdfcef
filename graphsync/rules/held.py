"""Whether a session was held: what one of the two says and neither denies, or what an attendance report shows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from graphsync.mentoring import Choice, MentoringSession
from graphsync.rules.state import MentorshipState


class Held(StrEnum):
    """What became of a session; `UNCONFIRMED` is a state of its own: it is over, and nobody has said anything."""

    PLANNED = "planned"
    HELD = "held"
    LOST = "lost"
    UNCONFIRMED = "unconfirmed"


def about_session(session: MentoringSession) -> str:
    """Return the matter under which the two say whether they met."""
    return f"met/{session.mentorship}/{session.number}"


def held(state: MentorshipState, session: MentoringSession, now: datetime) -> Held:
    """Return what became of `session`: one "we did not" makes it lost, whoever says otherwise."""
    if session.loss is not None:
        return Held.LOST
    if now < session.ends_at:
        return Held.PLANNED
    said = [state.reply(about_session(session), person.id) for person in state.pair]
    choices = {reply.choice for reply in said if reply is not None}
    if Choice.NOT_MET in choices:
        return Held.LOST
    both_there = {state.mentor.id, state.mentee.id} <= session.attended
    return Held.HELD if Choice.MET in choices or both_there else Held.UNCONFIRMED


def to_be_lost(state: MentorshipState, session: MentoringSession, now: datetime) -> bool:
    """Tell whether a session stands in the books that one of the two says did not take place."""
    return session.loss is None and held(state, session, now) is Held.LOST
