"""`start_well`: one welcome to each settles how the two will work together, before anything is booked."""

from __future__ import annotations

from datetime import datetime, timedelta

from graphsync.calendar import start_of_day
from graphsync.mentoring import Choice, FlagKind
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.schema import StartWell
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk

OLD = timedelta(days=30)
"""A mentorship that started longer ago when graphsync hears of it is under way, and is not welcomed any more."""

RELEASED_LATER = Step("start_well.released_later", Verdict.WAITS)
UNDER_WAY = Step("start_well.under_way", Verdict.DOES_NOT_APPLY)
SETTLED = Step("start_well.settled", Verdict.DOES_NOT_APPLY)
WELCOMES = Step("start_well.welcomes", Verdict.ACTS)
AWAITS_ANSWERS = Step("start_well.awaits_answers", Verdict.WAITS)
NOT_STARTED = Step("start_well.not_started", Verdict.ACTS)


def about_welcome(state: MentorshipState) -> str:
    """Return the matter under which the two settle how they will work together."""
    return f"welcome/{state.mentorship.id}"


def starts_at(state: MentorshipState) -> datetime:
    """Return when the mentorship begins for graphsync: its first day, or later in an import released in parts."""
    first = start_of_day(state.mentorship.started_on, state.mentee.time_zone)
    return max(first, state.mentorship.released_at or first)


def is_settled(walk: Walk) -> bool:
    """Tell whether nothing has to be settled before sessions are booked: both answered, or it goes on already.

    Where no rule of `start_well` does more than observe, nobody is asked and so nothing waits.
    """
    state = walk.state
    if not walk.acts(walk.rule(StartWell)) or _goes_on(state):
        return True
    return all(state.reply(about_welcome(state), person.id) is not None for person in state.pair)


def _goes_on(state: MentorshipState) -> bool:
    if state.sessions:
        return True
    first = start_of_day(state.mentorship.started_on, state.mentee.time_zone)
    return state.mentorship.released_at is not None and state.mentorship.released_at - first > OLD


def start_well(walk: Walk, rule: StartWell) -> None:
    """Welcome both, once, and tell the coordinator where after some days not both have answered."""
    state, now = walk.state, walk.now
    begins_at = starts_at(state)
    begins = begins_at.isoformat(timespec="minutes")
    if not walk.check("the mentorship has begun, and its import is released", begins, now >= begins_at):
        walk.wait(rule, RELEASED_LATER, begins_at, "the mentorship has not begun yet")
        return
    if _goes_on(state):
        walk.note(rule, UNDER_WAY, "the two are meeting already")
        return
    about = about_welcome(state)
    open_to = [person for person in state.pair if state.reply(about, person.id) is None]
    if not walk.check("both have answered the welcome", f"{2 - len(open_to)} of 2", not open_to):
        for person in open_to:
            if not walk.said(about, person):
                reason = "the mentorship begins, and cadence, time, medium and place are to be settled"
                walk.nudge(rule, WELCOMES, person, Matter.WELCOME, about, reason=reason, choices=(Choice.SETTLED,))
        _not_started(walk, rule, begins_at)
        return
    walk.note(rule, SETTLED, "both have answered the welcome")


def _not_started(walk: Walk, rule: StartWell, begins_at: datetime) -> None:
    state = walk.state
    due_at = after_working_days(begins_at, rule.answer_within.count, state.mentee.hours)
    if due_at is None or walk.now < due_at:
        walk.wait(rule, AWAITS_ANSWERS, due_at or begins_at, f"both have {rule.answer_within} to answer")
        return
    walk.flag(rule, NOT_STARTED, FlagKind.NOT_STARTED, "the welcome is not answered by both")


PRACTICE = Practice(
    rule_type=StartWell,
    run=start_well,
    steps=(RELEASED_LATER, UNDER_WAY, SETTLED, WELCOMES, AWAITS_ANSWERS, NOT_STARTED),
)
