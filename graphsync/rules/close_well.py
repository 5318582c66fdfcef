"""`close_well`: a pause ends by itself, an end comes with thanks, and the two say whether a session was held."""

from __future__ import annotations

from datetime import datetime, timedelta

from graphsync.calendar import start_of_day
from graphsync.mentoring import Choice, FlagKind, MentoringSession, Reach, Status
from graphsync.rules.held import Held, about_session, held, to_be_lost
from graphsync.rules.intents import EndMentorship, LoseSession, Matter, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.requests import cancel
from graphsync.rules.schema import CloseWell
from graphsync.rules.start_well import starts_at
from graphsync.rules.walk import Walk

TOLD_WITHIN = timedelta(days=7)
"""A pause or an end that lies longer back is no news any more."""

ASKED_WITHIN = timedelta(days=7)
"""Whether they met is asked no longer than that: nobody remembers, and the next session is near."""

REPORT_COMES = timedelta(hours=1)
"""Within this time after a session its attendance report is there and has been looked for, if there is one."""

ENDS = Step("close_well.ends", Verdict.ACTS)
CANCELS = Step("close_well.cancels", Verdict.ACTS)
HELD_BACK = Step("close_well.held_back", Verdict.HOLDS)
TELLS_OF_END = Step("close_well.tells_of_end", Verdict.ACTS)
ENDED = Step("close_well.ended", Verdict.DOES_NOT_APPLY)
TO_RENEW = Step("close_well.to_renew", Verdict.ACTS)
TELLS_OF_PAUSE = Step("close_well.tells_of_pause", Verdict.ACTS)
PAUSED = Step("close_well.paused", Verdict.DOES_NOT_APPLY)
TELLS_OF_RESUMING = Step("close_well.tells_of_resuming", Verdict.ACTS)
NOT_HELD = Step("close_well.not_held", Verdict.ACTS)
ASKS_IF_MET = Step("close_well.asks_if_met", Verdict.ACTS)
CLOSES = Step("close_well.closes", Verdict.ACTS)
STAYS_OPEN = Step("close_well.stays_open", Verdict.WAITS)


def close_well(walk: Walk, rule: CloseWell) -> None:
    """Tell of pauses and ends, ask whether the two met, and close what has had no session for long."""
    match walk.standing.status:
        case Status.ENDED:
            _ended(walk, rule)
        case Status.PAUSED:
            _paused(walk, rule)
        case _:
            _resumed(walk, rule)
            for session in walk.state.sessions:
                _was_held(walk, rule, session)
            _close(walk, rule)


def _ended(walk: Walk, rule: CloseWell) -> None:
    state = walk.state
    if state.mentorship.rematched_to is None and any(person.reach is Reach.GONE for person in state.pair):
        walk.flag(rule, TO_RENEW, FlagKind.TO_RENEW, "one of the two has left: the match is to be renewed")
    closed_at = state.mentorship.closed_at
    if closed_at is None and state.mentorship.status is Status.ENDED:
        walk.note(rule, ENDED, "the file ends the mentorship, and nothing of it is told")
        return
    if closed_at is None:
        _end(walk, rule, ENDS, walk.standing.why)
    _clear(walk, rule)
    if closed_at is not None and walk.now >= closed_at + TOLD_WITHIN:
        walk.note(rule, ENDED, "the mentorship is ended")
        return
    matter = _how_it_ended(walk)
    # With the first day: one that begins anew has an end of its own.
    about = f"end/{state.mentorship.id}/{state.mentorship.started_on:%Y%m%d}"
    for person in state.pair:
        if person.reach is not Reach.GONE and not walk.said(about, person):
            walk.nudge(rule, TELLS_OF_END, person, matter, about, reason=walk.standing.why)


def _how_it_ended(walk: Walk) -> Matter:
    """Return how it is told: one has left, somebody ended it or its last day came, or nothing happened for long."""
    state = walk.state
    if any(person.reach is Reach.GONE for person in state.pair):
        return Matter.HAS_LEFT  # nobody reads a last note to them
    ends_on = state.mentorship.ends_on
    last_day_over = ends_on is not None and walk.now >= start_of_day(ends_on, state.mentee.time_zone)
    on_purpose = last_day_over or any(reply.choice is Choice.END for reply in state.replies)
    return Matter.ENDED if on_purpose else Matter.CLOSED


def _end(walk: Walk, rule: CloseWell, step: Step, reason: str) -> None:
    mentorship = walk.state.mentorship.id
    walk.act(rule, step, EndMentorship(key=f"end/{mentorship}", mentorship=mentorship, rule=rule.name, reason=reason))


def _clear(walk: Walk, rule: CloseWell) -> None:
    """Take what is to come off the calendars, but for what the two booked themselves.

    It is looked at as long as the mentorship is known: a session may have been on its way to the calendars at the end.
    """
    for session in walk.state.sessions:
        if session.stands and session.starts_at > walk.now and not session.self_booked:
            cancel(walk, rule, (CANCELS, HELD_BACK), session, "ended", "the mentorship has ended")


def _paused(walk: Walk, rule: CloseWell) -> None:
    state = walk.state
    until = walk.standing.until
    if until is not None:
        walk.look_again(until)
    said_at = max((reply.at for reply in state.replies if reply.choice is Choice.PAUSE), default=None)
    if not walk.standing.by_pair or said_at is None or until is None or walk.now >= said_at + TOLD_WITHIN:
        walk.note(rule, PAUSED, "the mentorship is paused")
        return
    about = f"pause/{state.mentorship.id}/{until:%Y%m%d}"
    for person in state.pair:
        if not walk.said(about, person):
            walk.nudge(rule, TELLS_OF_PAUSE, person, Matter.PAUSED, about, reason=walk.standing.why, until=until.date())


def _resumed(walk: Walk, rule: CloseWell) -> None:
    over_at = walk.standing.until
    if over_at is None or walk.now >= over_at + TOLD_WITHIN:
        return
    about = f"resume/{walk.state.mentorship.id}/{over_at:%Y%m%d}"
    for person in walk.state.pair:
        if not walk.said(about, person):
            walk.nudge(rule, TELLS_OF_RESUMING, person, Matter.RESUMED, about, reason="the pause is over")


def _was_held(walk: Walk, rule: CloseWell, session: MentoringSession) -> None:
    state = walk.state
    mentorship = state.mentorship.id
    if session.stands:
        walk.look_again(session.ends_at)
    if to_be_lost(state, session, walk.now):
        key, reason = f"unheld/{mentorship}/{session.number}", f"session {session.number} did not take place"
        walk.act(
            rule,
            NOT_HELD,
            LoseSession(key=key, mentorship=mentorship, rule=rule.name, reason=reason, number=session.number),
        )
        return
    found = held(state, session, walk.now)
    ask_from = session.ends_at + (REPORT_COMES if rule.attendance and session.online else timedelta())
    if found is Held.UNCONFIRMED and walk.now < ask_from:
        walk.look_again(ask_from)  # the report may make the question needless
        return
    if not rule.ask_held or found is not Held.UNCONFIRMED or walk.now >= session.ends_at + ASKED_WITHIN:
        return
    about = about_session(session)
    for person in state.pair:
        if not walk.said(about, person):
            walk.nudge(
                rule,
                ASKS_IF_MET,
                person,
                Matter.DID_YOU_MEET,
                about,
                reason=f"session {session.number} is over, and nobody has said whether it was held",
                session=session.number,
                choices=(Choice.MET, Choice.NOT_MET),
            )


def _close(walk: Walk, rule: CloseWell) -> None:
    """End a mentorship that has had no session for long, and has none to come."""
    last_at = _last_session_at(walk)
    close_at = last_at + rule.close_after
    days = max((walk.now - last_at).days, 0)
    if not walk.check(f"no session for {rule.close_after.days} days", f"{days} days", walk.now >= close_at):
        walk.wait(rule, STAYS_OPEN, close_at, "there was a session lately")
        return
    _end(walk, rule, CLOSES, f"there has been no session for {rule.close_after.days} days")


def _last_session_at(walk: Walk) -> datetime:
    """Return when the last session that stands is over, past or to come, or since when there could have been one."""
    state = walk.state
    begun_at = starts_at(state)
    ends = [session.ends_at for session in state.sessions if session.stands]
    return max(begun_at, walk.standing.until or begun_at, *ends)


PRACTICE = Practice(
    rule_type=CloseWell,
    run=close_well,
    steps=(
        ENDS,
        CANCELS,
        HELD_BACK,
        TELLS_OF_END,
        ENDED,
        TO_RENEW,
        TELLS_OF_PAUSE,
        PAUSED,
        TELLS_OF_RESUMING,
        NOT_HELD,
        ASKS_IF_MET,
        CLOSES,
        STAYS_OPEN,
    ),
)
