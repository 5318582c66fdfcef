"""`undisturbed`: a session has a little air around it, and who is booked over it is told at once."""

from __future__ import annotations

from datetime import timedelta

from graphsync.calendar import TimeSlot, iso_week
from graphsync.mentoring import Choice, Hold, HoldKind, MentoringSession, OptIn, Person, PersonId, Response
from graphsync.rules.intents import HoldTime, Matter, MoveSession, SetPresence, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.requests import give_back, move_request
from graphsync.rules.schema import Prepare, Undisturbed
from graphsync.rules.strays import is_stray
from graphsync.rules.walk import Walk

MOVE_NOTICE = timedelta(hours=24)
"""A session that both let be moved starts at least that much later than now, as any replacement."""

SEARCH_AFTER = timedelta(days=14)
"""How far beyond its week another time is sought where the week has none."""

NOTHING_TO_KEEP = Step("undisturbed.nothing_to_keep", Verdict.DOES_NOT_APPLY)
HOLD_UNDER_WAY = Step("undisturbed.hold_under_way", Verdict.WAITS)
HOLD_FAILED = Step("undisturbed.hold_failed", Verdict.HOLDS)
KEEPS_FREE = Step("undisturbed.keeps_free", Verdict.ACTS)
GIVES_BACK = Step("undisturbed.gives_back", Verdict.ACTS)
BOOKED_OVER = Step("undisturbed.booked_over", Verdict.ACTS)
MOVES = Step("undisturbed.moves", Verdict.ACTS)
MOVE_HELD_BACK = Step("undisturbed.move_held_back", Verdict.HOLDS)
PRESENCE = Step("undisturbed.presence", Verdict.ACTS)


def undisturbed(walk: Walk, rule: Undisturbed) -> None:
    """Keep time free around each coming session, and tell whoever is booked over one."""
    kept = [_keep(walk, rule, session) for session in walk.state.sessions]
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


# ------------------------------------------------------------ time kept


def _keep(walk: Walk, rule: Undisturbed, session: MentoringSession) -> bool:
    """Bring the time kept around a session in step with it; return whether any is wanted or to be given back."""
    wanted = _wanted(walk, rule, session)
    kept = {(hold.kind, hold.person): hold for hold in session.holds}
    surplus = [
        hold for key, hold in kept.items() if not _fits(hold, wanted.get(key)) and not is_stray(walk, session, hold)
    ]
    missing = {key: slot for key, slot in wanted.items() if key not in kept}
    mentorship = session.mentorship
    for hold in surplus:
        give_back(walk, rule, (GIVES_BACK, HOLD_FAILED), session, hold)
    for (kind, person), slot in missing.items():
        key = f"hold/{mentorship}/{session.number}/{kind}/{walk.state.role(person)}/{slot.start:%Y%m%dT%H%M}"
        if walk.under_way(f"{key}/"):
            walk.note(rule, HOLD_UNDER_WAY, f"time around session {session.number} is being kept")
        elif not walk.held_back(rule, HOLD_FAILED, key):
            reason = f"session {session.number} wants a little air around it"
            if kind is HoldKind.REREAD:
                reason = f"the mentor wished some time before session {session.number}"
            walk.act(
                rule,
                KEEPS_FREE,
                HoldTime(
                    key=key,
                    mentorship=mentorship,
                    rule=rule.name,
                    reason=reason,
                    number=session.number,
                    kind=kind,
                    person=person,
                    slot=slot,
                ),
            )
    return bool(surplus or wanted)


def _fits(hold: Hold, slot: TimeSlot | None) -> bool:
    return slot is not None and (hold.starts_at, hold.ends_at) == (slot.start, slot.end)


def _wanted(walk: Walk, rule: Undisturbed, session: MentoringSession) -> dict[tuple[HoldKind, PersonId], TimeSlot]:
    """Return the time to be kept around a session that stands and is accepted, by kind and person."""
    if not session.stands or session.starts_at <= walk.now:
        # What lies behind is left as it was: nobody looks at it, and taking it away would only make noise.
        return {(h.kind, h.person): TimeSlot(start=h.starts_at, end=h.ends_at) for h in session.holds}
    wanted: dict[tuple[HoldKind, PersonId], TimeSlot] = {}
    prepare = walk.rule(Prepare)
    for person in walk.state.pair:
        answer = session.answers.get(person.id)
        if answer is None or answer.response not in (Response.ACCEPTED, Response.ORGANIZER):
            continue  # nothing is put around an invite that is not accepted
        rereads = (
            person.id == walk.state.mentor.id
            and prepare is not None
            and walk.acts(prepare)
            and OptIn.REREAD in walk.state.mentorship.opt_ins
        )
        if rereads and prepare is not None:
            # It lies where the buffer would, and is the longer of the two or as good as it.
            start = session.starts_at - max(prepare.reread, rule.buffer)
            wanted[HoldKind.REREAD, person.id] = TimeSlot(start=start, end=session.starts_at)
        elif rule.buffer:
            start = session.starts_at - rule.buffer
            wanted[HoldKind.BEFORE, person.id] = TimeSlot(start=start, end=session.starts_at)
        if rule.buffer:
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
        key = f"move/{session.mentorship}/{session.number}/{about.rsplit('/', 1)[-1]}/over"
        if walk.under_way(f"{key}/") or walk.held_back(rule, MOVE_HELD_BACK, key):
            return
        week = iso_week(session.starts_at, state.mentee.time_zone)
        lead = walk.now + MOVE_NOTICE
        # It is over 48 hours away: a day from now its week is not over.
        in_week = TimeSlot(start=max(lead, week.start), end=week.end)
        request = move_request(walk, key, (in_week, TimeSlot(start=week.end, end=week.end + SEARCH_AFTER)), session)
        walk.act(
            rule,
            MOVES,
            MoveSession(
                key=key,
                mentorship=session.mentorship,
                rule=rule.name,
                reason=f"another meeting lies over session {session.number}, and a move was wished",
                number=session.number,
                request=request,
                wished_by=frozenset({person.id}),
            ),
        )
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
        HOLD_UNDER_WAY,
        HOLD_FAILED,
        KEEPS_FREE,
        GIVES_BACK,
        BOOKED_OVER,
        MOVES,
        MOVE_HELD_BACK,
        PRESENCE,
    ),
)
