"""`mode: suggest`: one person is asked before anything is added to a calendar or moved; on their yes it is done.

The question is a message with a signed link; the answer is a fact like any other. A yes is for the time that was
suggested: that time is sought first, and where it is taken by now the best one of those that would have been found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphsync.calendar import TimeSlot
from graphsync.mentoring import Choice, PersonId
from graphsync.rules.intents import BookSession, CalendarIntent, MoveSession, Suggestion, Verdict, suggestion_about
from graphsync.rules.state import MentorshipState

ASK_AGAIN = timedelta(days=7)
"""How long after a question without an answer, or a no, the same thing may be suggested again."""

TO_ANSWER = 0.25
"""How much longer than its notice ahead a suggested time lies, in parts of it: the time to answer in."""

MOST_ASKED = 3
"""How often one thing is suggested; who has not said yes by then does not want it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How it stands with an action that one person is asked about.

    `agreed` is the action to be done, `suggestion` the question to be put; at most one of the two is there.
    """

    intent: CalendarIntent
    verdict: Verdict
    text: str
    agreed: CalendarIntent | None = None
    suggestion: Suggestion | None = None
    again_at: datetime | None = None


def asked_person(state: MentorshipState, now: datetime) -> PersonId:
    """Return who is asked: whose calendar the sessions live on, the mentee where that is a programme mailbox.

    While that one is away it is the other one who is asked, if they are there.
    """
    first = state.organizer if state.organizer.id == state.mentor.id else state.mentee
    other = state.person(state.mentorship.other(first.id))
    first_is_away, other_is_away = (any(a.covers(now) for a in person.absences) for person in (first, other))
    return other.id if first_is_away and not other_is_away else first.id


def ask(state: MentorshipState, intent: CalendarIntent, now: datetime) -> Asked:
    """Return whether `intent` was agreed to, is to be suggested now, or waits."""
    about = suggestion_about(intent)
    questions = [nudge for nudge in state.nudges if nudge.about == about]
    last_asked_at = max((nudge.sent_at for nudge in questions), default=None)
    reply = state.reply(about)
    if reply is not None and reply.choice is Choice.YES:
        agreed = _at_the_time(intent, reply.starts_at, now)
        return Asked(intent=intent, verdict=Verdict.ACTS, text="it was suggested and agreed to", agreed=agreed)
    if len(questions) >= MOST_ASKED:
        return Asked(intent=intent, verdict=Verdict.HOLDS, text=f"it was suggested {MOST_ASKED} times")
    replied_at = None if reply is None else reply.at
    quiet_since = max((at for at in (last_asked_at, replied_at) if at is not None), default=None)
    if quiet_since is not None and now < quiet_since + ASK_AGAIN:
        text = "it was suggested" if reply is None else "it was suggested and turned down"
        again_at = quiet_since + ASK_AGAIN
        return Asked(intent=intent, verdict=Verdict.WAITS, text=text, again_at=again_at)
    later = _with_time_to_answer(intent, now)
    suggestion = Suggestion(intent=later, person=asked_person(state, now), asked=len(questions) + 1)
    return Asked(intent=intent, verdict=Verdict.SUGGESTS, text="it is suggested", suggestion=suggestion)


def in_vain(state: MentorshipState, intent: CalendarIntent, since: datetime, now: datetime) -> bool:
    """Tell whether `intent` was turned down after `since`, or has been suggested for a week without an answer."""
    about = suggestion_about(intent)
    reply = state.reply(about)
    if reply is not None and reply.at >= since:
        return reply.choice is not Choice.YES
    asked = (nudge.sent_at for nudge in state.nudges if nudge.about == about and nudge.sent_at >= since)
    return any(now >= sent_at + ASK_AGAIN for sent_at in asked)


def _with_time_to_answer(intent: CalendarIntent, now: datetime) -> CalendarIntent:
    """Return `intent` sought a little later, so that the time suggested still keeps its notice when the yes comes.

    Where that leaves nothing it is sought as it is.
    """
    if not isinstance(intent, BookSession):
        return intent
    earliest = now + intent.least_lead * (1 + TO_ANSWER)
    request = intent.request
    cut = [replace(window, start=max(window.start, earliest)) for window in request.windows if window.end > earliest]
    windows = tuple(window for window in cut if window.length >= request.length)
    if not windows:
        return intent
    lost = sum(1 for window in request.windows[: intent.week_windows] if window.end - request.length < earliest)
    return replace(intent, request=replace(request, windows=windows), week_windows=intent.week_windows - lost)


def _at_the_time(intent: CalendarIntent, starts_at: datetime | None, now: datetime) -> CalendarIntent:
    """Return `intent` with the time agreed to as the one sought first, where it still can be."""
    if starts_at is None or not isinstance(intent, BookSession | MoveSession):
        return intent
    slot = TimeSlot(start=starts_at, end=starts_at + intent.request.length)
    if isinstance(intent, MoveSession):
        return replace(intent, request=replace(intent.request, windows=(slot, *intent.request.windows)))
    if starts_at - now < intent.least_lead:
        return intent
    in_week = intent.week is not None and intent.week.contains(slot)
    at = 0 if intent.week is None or in_week else intent.week_windows
    windows = intent.request.windows
    request = replace(intent.request, windows=(*windows[:at], slot, *windows[at:]))
    return replace(intent, request=request, week_windows=intent.week_windows + in_week)
