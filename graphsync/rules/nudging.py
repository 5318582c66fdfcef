"""Which of the messages that are due go out now: quiet hours, the budget, grouping, inhibition, the weekly digest.

What is due to one person on one day goes out as one message, a few matters at most, in the order of `Matter`: what is
due first waits for the last. What has no room joins the next one. A message held back holds its ladder, since only what
was sent counts as said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from graphsync.calendar import iso_week, next_working_instant, zone
from graphsync.mentoring import Person
from graphsync.rules.durations import ClockSpan
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.schema import NudgePolicy
from graphsync.rules.walk import Walk, WantedNudge

BUDGET_DAY = timedelta(days=1)
BUDGET_WEEK = timedelta(days=7)
FOR_GOOD = timedelta(days=366)

MOST_MATTERS = 3
"""How many matters one message holds: more than that is a list nobody acts on."""

PERSONAL = frozenset({Matter.CONSENT, Matter.BOOKED_OVER, Matter.WELCOME, Matter.PAUSED, Matter.RESUMED})
"""What cannot wait for a budget: it is about a time that passes, or answers what the person themselves did."""

ENDINGS = frozenset({Matter.ENDED, Matter.CLOSED, Matter.HAS_LEFT})

INHIBITED = Step("nudge.inhibited", Verdict.HOLDS)
NEVER = Step("nudge.never", Verdict.HOLDS)
SAID_ENOUGH = Step("nudge.said_enough", Verdict.HOLDS)
NOT_NOW = Step("nudge.not_now", Verdict.WAITS)
NEXT_MESSAGE = Step("nudge.next_message", Verdict.WAITS)
STEPS = (INHIBITED, NEVER, SAID_ENOUGH, NOT_NOW, NEXT_MESSAGE)


def grant(walk: Walk) -> None:
    """Send what may be sent of what the practices want sent, and note why the rest is held back."""
    for person in walk.state.pair:
        mine = sorted((w for w in walk.nudges if w.intent.person == person.id), key=_rank)
        # What is only observed goes through the same, apart, so that it takes no room from what is sent.
        for acts in (True, False):
            _grant_to(walk, person, [wanted for wanted in mine if walk.acts(wanted.rule) == acts], acts=acts)


def _rank(wanted: WantedNudge) -> int:
    return list(Matter).index(wanted.intent.matter)


def _grant_to(walk: Walk, person: Person, wanted: Sequence[WantedNudge], *, acts: bool) -> None:
    policy = walk.rules.nudges
    room = MOST_MATTERS - walk.state.nudges_lately.get(person.id, ()).count(walk.now)
    for nudge in wanted:
        intent = nudge.intent
        reason = _inhibited(walk, nudge, wanted)
        if reason:
            walk.note(nudge.rule, INHIBITED, f"{intent.matter} of {intent.about} is left out: {reason}")
            continue
        if intent.rung > policy.per_open_matter:
            walk.note(nudge.rule, SAID_ENOUGH, f"{intent.about} has been said {policy.per_open_matter} times")
            continue
        urgent = intent.matter in PERSONAL or intent.matter in ENDINGS
        ready_at = ready_to_hear(walk, policy, person, urgent=urgent)
        if ready_at is None:
            walk.note(nudge.rule, NEVER, f"a message about {intent.about} is due and may not be sent")
        elif walk.now < ready_at:
            text = f"a message about {intent.about} waits for working time and its turn"
            walk.wait(nudge.rule, NOT_NOW, ready_at, text)
        elif not urgent and (joins_at := _due_later_today(walk, policy, person, acts=acts)) is not None:
            walk.wait(nudge.rule, NOT_NOW, joins_at, f"a message about {intent.about} goes with what is due that day")
        elif room <= 0 and not urgent:
            after = ready_to_hear(walk, policy, person, urgent=False, spoken_now=True)
            text = f"a message about {intent.about} joins the next one"
            walk.wait(nudge.rule, NEXT_MESSAGE, after or walk.now + BUDGET_WEEK, text)
        else:
            room -= 1
            walk.act(nudge.rule, nudge.step, intent)


def _due_later_today(walk: Walk, policy: NudgePolicy, person: Person, *, acts: bool) -> datetime | None:
    """Return when the last message becomes due that somebody can still be sent today; None where none is to come."""
    clock = zone(person.time_zone)
    today = walk.now.astimezone(clock).date()
    due = [m.due_at for m in walk.messages_to_come if m.person == person.id and walk.acts(m.rule) == acts]
    due_today = [at for at in due if at.astimezone(clock).date() == today]
    heard = [hearing_time(person, at, policy.quiet_hours, digest=False) for at in due_today]
    return max((at for at in heard if at.astimezone(clock).date() == today), default=None)


def _inhibited(walk: Walk, nudge: WantedNudge, others: Sequence[WantedNudge]) -> str:
    """Return what makes a message pointless, or nothing where it is not."""
    intent = nudge.intent
    session = next((s for s in walk.state.sessions if s.number == intent.session), None)
    if session is not None and session.loss is not None and intent.matter is not Matter.NEW_STANDING_TIME:
        return f"session {session.number} is lost"
    if session is not None and session.starts_at > walk.now and walk.under_way(f"move/{intent.mentorship}/"):
        return f"session {session.number} is being moved"
    if intent.matter is Matter.IDEA and any(other is not nudge for other in others):
        return "there is something more to say"
    if intent.matter is Matter.MISSED_SESSIONS and any(o.intent.matter is Matter.OFFER_HELP for o in others):
        return "help is offered already"
    return ""


def ready_to_hear(
    walk: Walk, policy: NudgePolicy, person: Person, *, urgent: bool, spoken_now: bool = False
) -> datetime | None:
    """Return when somebody may be sent a message next; None where they may not at all.

    Args:
        walk: with the messages they were sent lately, over all mentorships; one of this round can be joined.
        policy: how many, and when not.
        person: who is to get it.
        urgent: whether it does not wait for the budget, only for working time.
        spoken_now: whether to reckon with a message that goes out now.
    """
    if stands_still(walk, person) or not person.hours.hours:
        return None
    free_at = walk.now
    if not urgent:
        if policy.per_person_and_week == 0:
            return None
        lately = {at for at in walk.state.nudges_lately.get(person.id, ()) if at > walk.now - BUDGET_WEEK}
        joins = walk.now in lately and not spoken_now
        sent = sorted(lately | {walk.now} if spoken_now else lately)
        if sent and not joins:
            free_at = max(free_at, sent[-1] + BUDGET_DAY)
            if len(sent) >= policy.per_person_and_week:
                free_at = max(free_at, sent[-policy.per_person_and_week] + BUDGET_WEEK)
    return hearing_time(person, free_at, policy.quiet_hours, digest=person.weekly_digest and not urgent)


def hearing_time(person: Person, at: datetime, quiet: ClockSpan | None, *, digest: bool) -> datetime:
    """Return the first instant from `at` on at which somebody works, outside their quiet hours.

    With `digest` it also lies on the first working day of a week. Where somebody is away for good, their hours count.
    """
    absences = () if away_for_good(person, at) else person.absences
    clock = zone(person.time_zone)
    for _day in range(60):  # quiet hours and a week's first day are met within weeks, or never
        at = next_working_instant(at, person.hours, absences=absences)
        if digest:
            first = next_working_instant(iso_week(at, person.time_zone).start, person.hours, absences=absences)
            if first.astimezone(clock).date() != at.astimezone(clock).date():
                at = iso_week(at, person.time_zone).end
                continue
        ends_at = _quiet_until(at, quiet, clock)
        if ends_at is None:
            return at
        at = ends_at
    return at


def _quiet_until(at: datetime, quiet: ClockSpan | None, clock: tzinfo) -> datetime | None:
    """Return when the quiet hours that `at` lies in are over, or None where it lies in none."""
    if quiet is None:
        return None
    local = at.astimezone(clock)
    past_midnight = quiet.end <= quiet.start
    shown = local.time()
    after, before = shown >= quiet.start, shown < quiet.end
    if not (after or before if past_midnight else after and before):
        return None
    day = local.date() + timedelta(days=1 if past_midnight and shown >= quiet.start else 0)
    return datetime.combine(day, quiet.end, clock).astimezone(at.tzinfo)


def stands_still(walk: Walk, person: Person) -> bool:
    """Tell whether somebody is away for so long that no clock of theirs runs; looks again when that is over."""
    if not away_for_good(person, walk.now):
        return False
    ends = [absence.ends_at for absence in person.absences if absence.ends_at is not None]
    if len(ends) == len(person.absences):
        walk.look_again(max(ends) - FOR_GOOD)
    return True


def away_for_good(person: Person, now: datetime) -> bool:
    """Tell whether somebody is away with no end in sight, so that no clock of theirs runs."""
    return any(absence.ends_at is None or absence.ends_at > now + FOR_GOOD for absence in person.absences)
