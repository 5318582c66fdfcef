"""`stay_in_touch`: contact is kept alive between sessions, and who has lost it is offered a pause or an end.

Silence is not inferred from messages: contact is a session, "we talked", or a question that is asked through the
service or answered.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from graphsync.mentoring import Choice, FlagKind, MentoringSession, RequestSource
from graphsync.rules.held import Held, held
from graphsync.rules.intents import Matter, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.schema import BookAhead, StayInTouch
from graphsync.rules.start_well import starts_at
from graphsync.rules.walk import Walk

IDEAS = 8
"""How many ideas there are; each pair goes through them in turn, beginning somewhere of its own."""

SHORTEST_GAP = timedelta(days=6)
"""Two sessions closer than that need nothing between them."""

BEFORE_NEXT = timedelta(days=2)
USUAL_CADENCE = timedelta(days=14)
CONTACT = frozenset({Choice.TALKED, Choice.MET, Choice.ANSWERED, Choice.SETTLED})

IN_TOUCH = Step("stay_in_touch.in_touch", Verdict.WAITS)
SESSION_COMES = Step("stay_in_touch.session_comes", Verdict.WAITS)
ASKS_HOW_IT_GOES = Step("stay_in_touch.asks_how_it_goes", Verdict.ACTS)
NOT_MEETING = Step("stay_in_touch.not_meeting", Verdict.ACTS)
OFFERS_A_PAUSE = Step("stay_in_touch.offers_a_pause", Verdict.ACTS)
LOST_TOUCH = Step("stay_in_touch.lost_touch", Verdict.ACTS)
IDEA_LATER = Step("stay_in_touch.idea_later", Verdict.WAITS)
NO_IDEA = Step("stay_in_touch.no_idea", Verdict.DOES_NOT_APPLY)
BRINGS_AN_IDEA = Step("stay_in_touch.brings_an_idea", Verdict.ACTS)


def stay_in_touch(walk: Walk, rule: StayInTouch) -> None:
    """Bring an idea between two sessions, ask how it goes after missed ones, and offer a pause when touch is lost."""
    state = walk.state
    ahead = walk.rule(BookAhead)
    cadence = state.mentorship.cadence or (USUAL_CADENCE if ahead is None else ahead.cadence)
    _between_sessions(walk, rule)
    last_at = last_contact_at(walk)
    asks_at, lost_at = last_at + rule.nudge_after * cadence, last_at + rule.lost_touch_after * cadence
    missed = max((walk.now - last_at) // cadence, 0)
    if not walk.check(
        f"at least {rule.nudge_after} cadences have gone by without contact", missed, walk.now >= asks_at
    ):
        walk.wait(rule, IN_TOUCH, asks_at, "the two are in touch", *state.pair)
        return
    coming = min((s.starts_at for s in state.sessions if s.stands and s.ends_at > walk.now), default=None)
    if coming is not None and coming < lost_at + cadence:
        walk.wait(rule, SESSION_COMES, coming, "a session is to come")
        return
    walk.look_again(lost_at)
    about = f"touch/{state.mentorship.id}/{last_at:%Y%m%d}"
    if walk.now < lost_at:
        walk.flag(rule, NOT_MEETING, FlagKind.NOT_MEETING, "the two are not meeting")
        for person in state.pair:
            if not walk.said(about, person):
                walk.nudge(
                    rule,
                    ASKS_HOW_IT_GOES,
                    person,
                    Matter.MISSED_SESSIONS,
                    about,
                    reason=f"{rule.nudge_after} cadences without contact",
                    choices=(Choice.TALKED,),
                )
        return
    walk.flag(rule, LOST_TOUCH, FlagKind.LOST_TOUCH, "the two have lost touch")
    for person in state.pair:
        if not walk.said(f"{about}/lost", person):
            walk.nudge(
                rule,
                OFFERS_A_PAUSE,
                person,
                Matter.LOST_TOUCH,
                f"{about}/lost",
                reason=f"{rule.lost_touch_after} cadences without contact",
                choices=(Choice.TALKED, Choice.PAUSE, Choice.END),
            )


def last_contact_at(walk: Walk) -> datetime:
    """Return when the two were last in contact, or when the mentorship began or was taken up again after a pause."""
    state, now = walk.state, walk.now
    met = [s.ends_at for s in state.sessions if held(state, s, now) in (Held.HELD, Held.UNCONFIRMED)]
    said = [reply.at for reply in state.replies if reply.choice in CONTACT and reply.at <= now]
    asked = [r.asked_at for r in state.open_requests if r.source is RequestSource.QUESTION and r.asked_at <= now]
    begun_at = min(starts_at(state), now)
    return max(begun_at, walk.standing.until or begun_at, *met, *said, *asked)


def _between_sessions(walk: Walk, rule: StayInTouch) -> None:
    """Bring both one optional idea halfway between the last session and the next."""
    last, coming = _gap(walk)
    if not rule.ideas or last is None or coming is None or coming.starts_at - last.ends_at < SHORTEST_GAP:
        walk.note(rule, NO_IDEA, "there is no gap between two sessions to fill")
        return
    halfway = last.ends_at + (coming.starts_at - last.ends_at) / 2
    if walk.now < halfway:
        walk.wait(rule, IDEA_LATER, halfway, f"an idea comes halfway to session {coming.number}")
        return
    if walk.now >= coming.starts_at - BEFORE_NEXT:
        walk.note(rule, NO_IDEA, f"session {coming.number} is near")
        return
    about = f"idea/{walk.state.mentorship.id}/{last.number}"
    idea = (zlib.crc32(walk.state.mentorship.id.encode()) + last.number) % IDEAS
    for person in walk.state.pair:
        if not walk.said(about, person):
            reason = f"it is some days yet to session {coming.number}"
            walk.nudge(rule, BRINGS_AN_IDEA, person, Matter.IDEA, about, reason=reason, idea=idea)


def _gap(walk: Walk) -> tuple[MentoringSession | None, MentoringSession | None]:
    """Return the last session that is over and the next one to come, as far as there are any."""
    standing = sorted((s for s in walk.state.sessions if s.stands), key=lambda session: session.starts_at)
    over = [session for session in standing if session.ends_at <= walk.now]
    coming = [session for session in standing if session.starts_at > walk.now]
    return (over[-1] if over else None), (coming[0] if coming else None)


PRACTICE = Practice(
    rule_type=StayInTouch,
    run=stay_in_touch,
    steps=(
        IN_TOUCH,
        SESSION_COMES,
        ASKS_HOW_IT_GOES,
        NOT_MEETING,
        OFFERS_A_PAUSE,
        LOST_TOUCH,
        IDEA_LATER,
        NO_IDEA,
        BRINGS_AN_IDEA,
    ),
)
