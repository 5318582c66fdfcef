"""`decide`: from the facts of one mentorship, the rules and the time to what is to be done.

Pure and level-triggered: the same arguments give the same answer in the same order, and a notification that was lost,
doubled or reordered cannot change it. Each practice is a module of its own; the order here is the order in which they
speak: how it begins and ends, what was lost, what is to come, then what waits for somebody.
"""

from __future__ import annotations

from datetime import datetime

from graphsync.mentoring import Reach, Status
from graphsync.rules import (
    answer_promptly,
    book_ahead,
    close_well,
    nudging,
    prepare,
    rebook_same_week,
    start_well,
    stay_in_touch,
    undisturbed,
    video_first,
)
from graphsync.rules.intents import Decision, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.schema import RuleSet
from graphsync.rules.state import MentorshipState
from graphsync.rules.strays import give_strays_back
from graphsync.rules.walk import Walk

PRACTICES: tuple[Practice, ...] = (
    close_well.PRACTICE,
    start_well.PRACTICE,
    rebook_same_week.PRACTICE,
    book_ahead.PRACTICE,
    video_first.PRACTICE,
    undisturbed.PRACTICE,
    answer_promptly.PRACTICE,
    prepare.PRACTICE,
    stay_in_touch.PRACTICE,
)

NOT_ACTIVE = Step("mentorship.not_active", Verdict.DOES_NOT_APPLY)
UNREADABLE = Step("mentorship.unreadable", Verdict.HOLDS)
HOURS_UNKNOWN = Step("mentorship.hours_unknown", Verdict.HOLDS)
READABLE = (Reach.OK, Reach.EXTERNAL)


def decide(state: MentorshipState, rules: RuleSet, now: datetime) -> Decision:
    """Return what is to be done for one mentorship, and when to look again.

    Args:
        state: all that is known of the mentorship; facts only.
        rules: the whole rule set; the rules for the mentorship's cohort are picked from it.
        now: aware, UTC.
    """
    walk = Walk(state, rules, now)
    if walk.standing.until is not None:
        walk.look_again(walk.standing.until)
    if state.over_at is not None:
        walk.look_again(state.over_at)
    active = _can_be_acted_on(walk)
    for session in state.sessions if active else ():
        walk.look_again(session.starts_at)
        walk.look_again(session.ends_at)
    give_strays_back(walk)
    for practice in PRACTICES if active else (close_well.PRACTICE,):
        rule = walk.rule(practice.rule_type)
        if rule is not None:
            practice.run(walk, rule)
    nudging.grant(walk)
    return walk.decision()


def _can_be_acted_on(walk: Walk) -> bool:
    """Tell whether sessions can be looked after; where not, why is noted, and only ends and pauses are told of."""
    state = walk.state
    if walk.standing.status is not Status.ACTIVE:
        walk.note(None, NOT_ACTIVE, walk.standing.why)
        return False
    unreachable = {person.reach for person in state.pair if person.reach not in READABLE}
    if state.organizer.reach is not Reach.OK:
        unreachable.add(state.organizer.reach)
    if unreachable:
        # A calendar that cannot be read for good: nothing is booked over it; the coordinator is told.
        walk.note(None, UNREADABLE, f"a calendar cannot be read: {', '.join(sorted(unreachable))}")
        return False
    if not state.mentor.hours.hours or not state.mentee.hours.hours:
        walk.note(None, HOURS_UNKNOWN, "the working hours of one of the two are not known yet")
        return False
    return True
