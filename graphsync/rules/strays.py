"""Time kept around sessions that are not there any more: given back by itself, whatever rules there are by then.

graphsync put it into people's calendars: nobody else takes it away when a rule is removed, silenced or only observes.
"""

from __future__ import annotations

from graphsync.mentoring import Hold, HoldKind, MentoringSession, Status
from graphsync.rules.intents import Step, Verdict
from graphsync.rules.requests import give_back
from graphsync.rules.walk import Walk

GIVES_BACK = Step("mentorship.gives_time_back", Verdict.ACTS)
NOT_GIVEN_BACK = Step("mentorship.time_not_given_back", Verdict.HOLDS)
STEPS = (GIVES_BACK, NOT_GIVEN_BACK)


def give_strays_back(walk: Walk) -> None:
    """Want all time given back that is kept for a session that was lost or moved, or at all once it has ended."""
    for session in walk.state.sessions:
        for hold in session.holds:
            if is_stray(walk, session, hold):
                give_back(walk, None, STEPS, session, hold)


def is_stray(walk: Walk, session: MentoringSession, hold: Hold) -> bool:
    """Tell whether time to come is kept for nothing; what lies behind is left: taking it away would only make noise."""
    if not session.stands:
        return hold.ends_at > walk.now
    beside = hold.starts_at == session.ends_at if hold.kind is HoldKind.AFTER else hold.ends_at == session.starts_at
    return session.starts_at > walk.now and not (beside and walk.standing.status is not Status.ENDED)
