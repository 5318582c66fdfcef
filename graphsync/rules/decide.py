"""`decide`: from the facts of one mentorship, the rules and the time to what is to be done.

Pure and level-triggered: the same arguments give the same answer in the same order, and a notification that was lost,
doubled or reordered cannot change it. Each practice is a module of its own; the order here is the order in which they
speak: what was lost first, then what is to come, then what waits for an answer.
"""

from __future__ import annotations

from datetime import datetime

from graphsync.mentoring import Reach, Status
from graphsync.rules.answer_promptly import answer_promptly
from graphsync.rules.book_ahead import book_ahead
from graphsync.rules.intents import Decision, Verdict
from graphsync.rules.rebook_same_week import rebook_same_week
from graphsync.rules.schema import AnswerPromptly, BookAhead, RebookSameWeek, RuleSet, VideoFirst
from graphsync.rules.state import MentorshipState
from graphsync.rules.video_first import video_first
from graphsync.rules.walk import Walk


def decide(state: MentorshipState, rules: RuleSet, now: datetime) -> Decision:
    """Return what is to be done for one mentorship, and when to look again.

    Args:
        state: all that is known of the mentorship; facts only.
        rules: the whole rule set; the rules for the mentorship's cohort are picked from it.
        now: aware, UTC.
    """
    walk = Walk(state, now)
    cohort = state.mentorship.cohort
    if state.mentorship.status is not Status.ACTIVE:
        walk.note("", Verdict.DOES_NOT_APPLY, f"the mentorship is {state.mentorship.status}")
        return walk.decision()
    concerned = (state.mentor, state.mentee, state.organizer)
    unreachable = {person.reach for person in concerned if person.reach is not Reach.OK}
    if unreachable:
        # A calendar that cannot be read for good: nothing is booked over it; the coordinator is told.
        walk.note("", Verdict.HOLDS, f"a calendar cannot be read: {', '.join(sorted(unreachable))}")
        return walk.decision()

    if not state.mentor.hours.hours or not state.mentee.hours.hours:
        walk.note("", Verdict.HOLDS, "the working hours of one of the two are not known yet")
        return walk.decision()
    for session in state.sessions:
        walk.look_again(session.starts_at)
    video = rules.rule(VideoFirst, cohort)
    ahead = rules.rule(BookAhead, cohort)
    rebook = rules.rule(RebookSameWeek, cohort)
    answers = rules.rule(AnswerPromptly, cohort)
    if rebook is not None:
        rebook_same_week(walk, rebook, ahead, video)
    if ahead is not None:
        book_ahead(walk, ahead, rebook, video)
    if video is not None:
        video_first(walk, video)
    if answers is not None:
        answer_promptly(walk, answers, rules.nudges)
    return walk.decision()
