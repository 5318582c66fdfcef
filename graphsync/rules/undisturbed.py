"""`undisturbed`: a session has a little air around it, and who is booked over it is told at once."""

from __future__ import annotations

from datetime import timedelta

from graphsync.calendar import TimeSlot, iso_week
from graphsync.mentoring import Choice, HoldKind, MentoringSession, OptIn, Person, PersonId
from graphsync.rules.holds import hold_steps, is_going, keep
from graphsync.rules.intents import Matter, MoveSession, SetPresence, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.requests import before_the_end, move_request, span
from graphsync.rules.schema import Prepare, Undisturbed
from graphsync.rules.walk import Walk

MOVE_NOTICE = timedelta(hours=24)
"""A session that both let be moved starts at least that much later than now, as any replacement."""

SEARCH_AFTER = timedelta(days=14)
"""How far beyond its week another time is sought where the week has none."""

AIR = frozenset({HoldKind.BEFORE, HoldKind.AFTER})

NOTHING_TO_KEEP = Step("undisturbed.nothing_to_keep", Verdict.DOES_NOT_APPLY)
HOLDS = hold_steps("undisturbed")
BOOKED_OVER = Step("undisturbed.booked_over", Verdict.ACTS)
MOVES = Step("undisturbed.moves", Verdict.ACTS)
MOVE_HELD_BACK = Step("undisturbed.move_held_back", Verdict.HOLDS)
PRESENCE = Step("undisturbed.presence", Verdict.ACTS)


def undisturbed(walk: Walk, rule: Undisturbed) -> None:
    """Keep time free around each coming session, and tell whoever is booked over one."""
    kept = [keep(walk, rule, HOLDS, s, AIR, _wanted(walk, rule, s)) for s in walk.state.sessions]
    if not any(kept):
        walk.note(rule, NOTHING_TO_KEEP, "no session wants time kept around it")
    for session in walk.state.sessions:
        if not session.stands or session.ends_at <= walk.now:
            continue
        if rule.presence:
            _presence(walk, rule, session)
        if session.starts_at > walk.now and rule.booked_over:
            for person in walk.state.pair:
                if person.id in session.booked_over:
                    _booked_over(walk, rule, session, person)


def _wanted(walk: Walk, rule: Undisturbed, session: MentoringSession) -> dict[tuple[HoldKind, PersonId], TimeSlot]:
    """Return the air around a session, by kind and person; where the mentor has time to read again that is it."""
    wanted: dict[tuple[HoldKind, PersonId], TimeSlot] = {}
    rereads = walk.acts(walk.rule(Prepare)) and OptIn.REREAD in walk.state.mentorship.opt_ins
    rereads = rereads or any(hold.kind is HoldKind.REREAD for hold in session.holds)
    for person in walk.state.pair if rule.buffer else ():
        if not is_going(session, person.id):
            continue
        if not rereads or person.id != walk.state.mentor.id:
            start = session.starts_at - rule.buffer
            wanted[HoldKind.BEFORE, person.id] = TimeSlot(start=start, end=session.starts_at)
        wanted[HoldKind.AFTER, person.id] = TimeSlot(start=session.ends_at, end=session.ends_at + rule.buffer)
    return wanted


# ------------------------------------------------------------ booked over


def _booked_over(walk: Walk, rule: Undisturbed, session: MentoringSession, person: Person) -> None:
    """Tell somebody that another meeting lies over a session; far enough ahead they can have the session moved."""
    state = walk.state
    about = f"over/{session.mentorship}/{session.number}/{session.starts_at:%Y%m%dT%H%M}"
    reply = state.reply(about, person.id)
    far = session.starts_at - walk.now > rule.offer_move
    walk.check(
        f"session {session.number} is more than {rule.offer_move // timedelta(hours=1)} hours away",
        session.starts_at.isoformat(timespec="minutes"),
        far,
    )
    if reply is not None and reply.choice is Choice.YES and far:
        _move(walk, rule, session, person, f"move/{about.removeprefix('over/')}/over")
    elif reply is None and not walk.said(about, person):
        walk.nudge(
            rule,
            BOOKED_OVER,
            person,
            Matter.BOOKED_OVER,
            about,
            reason=f"another meeting lies over session {session.number}",
            session=session.number,
            move_offered=far,
            choices=(Choice.YES,) if far else (),
        )


def _move(walk: Walk, rule: Undisturbed, session: MentoringSession, person: Person, key: str) -> None:
    """Move a session that another meeting lies over, as whoever is booked over it wished."""
    if walk.under_way(f"{key}/") or walk.held_back(rule, MOVE_HELD_BACK, key):
        return
    state = walk.state
    week = iso_week(session.starts_at, state.mentee.time_zone)
    length = session.ends_at - session.starts_at
    in_week = span(max(walk.now + MOVE_NOTICE, week.start), before_the_end(state, week.end), length)
    afterwards = span(week.end, before_the_end(state, week.end + SEARCH_AFTER), length)
    if not (in_week or afterwards):
        walk.note(rule, MOVE_HELD_BACK, f"no other time for session {session.number} is left before the last day")
        return
    walk.act(
        rule,
        MOVES,
        MoveSession(
            key=key,
            mentorship=session.mentorship,
            rule=rule.name,
            reason=f"another meeting lies over session {session.number}, and a move was wished",
            number=session.number,
            request=move_request(walk, key, (*in_week, *afterwards), session),
            wished_by=frozenset({person.id}),
        ),
    )


def _presence(walk: Walk, rule: Undisturbed, session: MentoringSession) -> None:
    """Show both as do-not-disturb while a session runs."""
    walk.look_again(session.starts_at)
    if not session.starts_at <= walk.now < session.ends_at:
        return
    for person in walk.state.pair:
        key = f"presence/{session.mentorship}/{session.number}/{walk.state.role(person.id)}"
        if key in walk.state.pending or any(attempt.key == key for attempt in walk.state.attempts):
            continue
        reason = f"session {session.number} is on"
        walk.act(
            rule,
            PRESENCE,
            SetPresence(
                key=key,
                mentorship=session.mentorship,
                rule=rule.name,
                reason=reason,
                number=session.number,
                person=person.id,
                until=session.ends_at,
            ),
        )


PRACTICE = Practice(
    rule_type=Undisturbed,
    run=undisturbed,
    steps=(
        NOTHING_TO_KEEP,
        *HOLDS.all,
        BOOKED_OVER,
        MOVES,
        MOVE_HELD_BACK,
        PRESENCE,
    ),
)
