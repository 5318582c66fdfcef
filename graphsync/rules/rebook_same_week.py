"""`rebook_same_week`: a session that was lost is put back into the same ISO week of the mentee's time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from graphsync.calendar import TimeSlot, iso_week, same_iso_week, working_slots
from graphsync.mentoring import Choice, Loss, Medium, MentoringSession, Proposal
from graphsync.rules.deadlines import after_working_time
from graphsync.rules.intents import BookSession, KeepReason, Matter, MoveSession, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.requests import before_the_end, cancel, is_closing, move_request, span, standing_times
from graphsync.rules.schema import BookAhead, RebookSameWeek, Undisturbed, VideoFirst
from graphsync.rules.state import MentorshipState
from graphsync.rules.suggesting import in_vain
from graphsync.rules.video_first import medium_of_next, wants_room
from graphsync.rules.walk import Walk

FREEZE = timedelta(hours=48)
"""A session that stands is not moved this close to its start without the consent of both."""

FROZEN = timedelta(hours=24)
"""This close it is not moved at all."""

MARGIN = timedelta(minutes=30)
"""Added to the notice when a slot is sought, so that an invite that is sent a little later still keeps it."""

NOT_SOUGHT_FOR = {
    "outside": "the calendar of one of the two cannot be read",
    "last_day": "no time is left before the last day",
}
"""Why no time is sought at all for a lost session, by code."""

NOTHING_LOST = Step("rebook_same_week.nothing_lost", Verdict.DOES_NOT_APPLY)
UNDER_WAY = Step("rebook_same_week.under_way", Verdict.WAITS)
SKIPPED = Step("rebook_same_week.skipped", Verdict.ACTS)
SKIPS = Step("rebook_same_week.skips", Verdict.ACTS)
SKIP_FAILED = Step("rebook_same_week.skip_failed", Verdict.HOLDS)
LONG_OVER = Step("rebook_same_week.long_over", Verdict.DOES_NOT_APPLY)
ASKS_FOR_STANDING_TIME = Step("rebook_same_week.asks_for_standing_time", Verdict.ACTS)
PAIR_FIRST = Step("rebook_same_week.pair_first", Verdict.WAITS)
HELD_BACK = Step("rebook_same_week.held_back", Verdict.HOLDS)
NOT_SOUGHT = Step("rebook_same_week.not_sought", Verdict.ACTS)
NOT_AGREED = Step("rebook_same_week.not_agreed", Verdict.ACTS)
PUTS_BACK = Step("rebook_same_week.puts_back", Verdict.ACTS)
TOO_NEAR = Step("rebook_same_week.too_near", Verdict.HOLDS)
MOVES_ABSENT = Step("rebook_same_week.moves_absent", Verdict.ACTS)
BREAKS_RULES = Step("rebook_same_week.proposal_breaks_rules", Verdict.HOLDS)
MOVE_UNDER_WAY = Step("rebook_same_week.move_under_way", Verdict.WAITS)
ASKS_CONSENT = Step("rebook_same_week.asks_consent", Verdict.ACTS)
NO_CONSENT = Step("rebook_same_week.no_consent", Verdict.HOLDS)
TAKES_PROPOSAL = Step("rebook_same_week.takes_proposal", Verdict.ACTS)


def rebook_same_week(walk: Walk, rule: RebookSameWeek) -> None:
    """Put back what was lost, move what an absence leaves behind, and take times that people propose."""
    state = walk.state
    if walk.under_way(f"book/{state.mentorship.id}/"):
        walk.note(rule, UNDER_WAY, "a booking is under way")
        return
    for session in state.sessions:
        if _is_open(state, session) and _is_long_over(walk, rule, session):
            walk.note(rule, LONG_OVER, f"session {session.number} was lost too long ago to be put back")
    for session in state.sessions:
        if awaits_replacement(walk, rule, session):
            _put_back(walk, rule, session)
            return  # one at a time: the next number is known once this one is booked
    found = False
    lost = {session.number: session for session in state.sessions if session.loss is not None}
    for session in state.sessions:
        if session.stands and not session.self_booked and session.starts_at > walk.now:
            if session.replaces in lost and _is_skipped(state, lost[session.replaces]):
                found = True
                cancel(walk, rule, (SKIPS, SKIP_FAILED), session, "skipped", "one of the two wished to go without it")
            elif _left_behind(walk, session):
                found = True
                if _move_absent(walk, rule, session):
                    return
            elif session.proposal is not None:
                found = True
                _take_proposal(walk, rule, session, session.proposal)
    if not found:
        walk.note(rule, NOTHING_LOST, "no session is lost, left behind, or to be moved")


def about_lost(session: MentoringSession) -> str:
    """Return the matter under which the two say that a lost session is to be skipped."""
    return f"lost/{session.mentorship}/{session.number}"


def _is_skipped(state: MentorshipState, lost: MentoringSession) -> bool:
    """Tell whether one of the two said that a lost session is to be skipped."""
    reply = state.reply(about_lost(lost))
    return reply is not None and reply.choice is Choice.SKIP


def awaits_replacement(walk: Walk, rule: RebookSameWeek, session: MentoringSession) -> bool:
    """Tell whether `session` was lost and nothing has taken its place or settled it yet, and it is not too late."""
    return _is_open(walk.state, session) and not _is_long_over(walk, rule, session)


def _is_open(state: MentorshipState, session: MentoringSession) -> bool:
    if session.loss is None or session.lost_at is None:
        return False
    if session.loss is not Loss.NOT_HELD and session.lost_at >= session.ends_at:
        return False  # declined or cancelled when it was over: it was held, or "we did not" says otherwise
    if session.no_slot_reason or any(other.replaces == session.number for other in state.sessions):
        return False
    return not _put_back_by_pair(state, session)


def _is_long_over(walk: Walk, rule: RebookSameWeek, session: MentoringSession) -> bool:
    """Tell whether the time in which a replacement is sought lies behind, as when the rule only observed until now."""
    return walk.now >= iso_week(session.starts_at, walk.state.mentee.time_zone).end + rule.search_after


def _put_back_by_pair(state: MentorshipState, lost: MentoringSession) -> bool:
    """Tell whether the pair has booked a session itself in the lost one's week: that is theirs, and it counts."""
    zone = state.mentee.time_zone
    return any(
        other.self_booked
        and other.stands
        and other.number > lost.number
        and same_iso_week(other.starts_at, lost.starts_at, zone)
        for other in state.sessions
    )


def _replacements_in_a_row(state: MentorshipState, session: MentoringSession) -> int:
    by_number = {other.number: other for other in state.sessions}
    count = 0
    while session.replaces in by_number and session.replaces < session.number:
        count += 1
        session = by_number[session.replaces]
    return count


def _put_back(walk: Walk, rule: RebookSameWeek, lost: MentoringSession) -> None:
    state = walk.state
    if _is_skipped(state, lost):
        _settle(walk, rule, SKIPPED, lost, f"session {lost.number} is skipped", "skipped")
        return
    in_a_row = _replacements_in_a_row(state, lost)
    few = in_a_row < rule.in_a_row
    if not walk.check(f"fewer than {rule.in_a_row} replacements in a row were lost as well", in_a_row, few):
        # Two replacements were lost as well: the standing time is what does not suit, not the week.
        reason = f"session {lost.number} was lost after {rule.in_a_row} replacements in a row"
        _settle(walk, rule, ASKS_FOR_STANDING_TIME, lost, reason, "moved_often", ask_standing_time=True)
        return
    act_at = _act_at(state, rule, lost)
    if not walk.check(
        f"the pair had time to put session {lost.number} back itself",
        act_at.isoformat(timespec="minutes"),
        walk.now >= act_at,
    ):
        walk.wait(rule, PAIR_FIRST, act_at, f"session {lost.number} was lost; the pair has time to put it back itself")
        return
    booking = _replacement(walk, rule, lost, f"session {lost.number} was lost and is put back")
    if booking is None:
        code = "outside" if state.has_external else "last_day"
        _settle(walk, rule, NOT_SOUGHT, lost, f"session {lost.number} was lost, and {NOT_SOUGHT_FOR[code]}", code)
    elif in_vain(state, booking, lost.lost_at or lost.starts_at, walk.now):
        # Asked again its week would be over: what is to come then is the next session's.
        reason = f"session {lost.number} was lost, and no new time was agreed on"
        _settle(walk, rule, NOT_AGREED, lost, reason, "not_agreed")
    elif not walk.held_back(rule, HELD_BACK, booking.key):
        walk.act(rule, PUTS_BACK, booking)


def _settle(
    walk: Walk,
    rule: RebookSameWeek,
    step: Step,
    lost: MentoringSession,
    reason: str,
    code: str,
    *,
    ask_standing_time: bool = False,
) -> None:
    """Settle a lost session without a replacement."""
    mentorship = lost.mentorship
    walk.act(
        rule,
        step,
        KeepReason(
            key=f"keep/{mentorship}/{lost.number}",
            mentorship=mentorship,
            rule=rule.name,
            reason=reason,
            number=lost.number,
            code=code,
            ask_standing_time=ask_standing_time,
        ),
    )


def _act_at(state: MentorshipState, rule: RebookSameWeek, lost: MentoringSession) -> datetime:
    """Return when a lost session is put back: after the wait, but never past the last slot its week could have."""
    lost_at = lost.lost_at or lost.starts_at
    waited = after_working_time(lost_at, rule.wait.length, state.mentee.hours) or lost_at
    week = iso_week(lost.starts_at, state.mentee.time_zone)
    length = lost.ends_at - lost.starts_at
    mentor = working_slots(state.mentor.hours, week, absences=state.mentor.absences)
    mentee = working_slots(state.mentee.hours, week, absences=state.mentee.absences)
    ends = [common.end for a in mentor for b in mentee if (common := a.common(b)) and common.length >= length]
    last_moment = max(ends, default=waited) - length - rule.notice
    return waited if last_moment < lost_at else min(waited, last_moment)


def _replacement(walk: Walk, rule: RebookSameWeek, lost: MentoringSession, reason: str) -> BookSession | None:
    """Return the booking that takes the place of `lost`; None where no time can be sought for it."""
    state, now = walk.state, walk.now
    video = walk.rule(VideoFirst)
    week = iso_week(lost.starts_at, state.mentee.time_zone)
    length = lost.ends_at - lost.starts_at
    lead = now + rule.notice + MARGIN
    proposal = _usable(state, lost.proposal, length, lead, until=week.end + rule.search_after)
    later, week_end = max(lead, week.end), before_the_end(state, week.end)
    in_week = span(max(lead, week.start), week_end, length)
    afterwards = span(later, before_the_end(state, later + rule.search_after), length)
    if state.has_external:
        own = TimeSlot(start=lost.starts_at, end=lost.ends_at)
        in_week, afterwards = (
            [slot for slot in standing_times(state, windows, length) if slot != own]
            for windows in (in_week, afterwards)
        )
    if proposal is not None:
        (in_week if week.contains(proposal) else afterwards).insert(0, proposal)
    if not (in_week or afterwards):
        return None
    number = max(session.number for session in state.sessions) + 1
    short_notice = after_working_time(now, rule.short_notice.length, state.mentee.hours)
    short = span(max(short_notice or week_end, week.start), min(lead + length, week_end), length)
    medium = medium_of_next(state, video, lost)
    key = f"book/{state.mentorship.id}/{number}"
    return BookSession(
        key=key,
        mentorship=state.mentorship.id,
        rule=rule.name,
        reason=reason,
        number=number,
        request=move_request(walk, key, [*in_week, *afterwards], lost),
        medium=medium,
        online=walk.acts(video) and medium is Medium.VIDEO,
        room=wants_room(walk, video, medium),
        replaces=lost.number,
        # A cancelled event is gone, one that the pair booked is theirs, one that is over lies behind; any other is
        # moved, so that both keep their copy.
        same_event=lost.loss not in (Loss.CANCELLED, Loss.NOT_HELD) and not lost.self_booked,
        week=week,
        week_windows=len(in_week),
        short_notice=next(iter(short), None),
        alternatives=rule.alternatives,
        proposal_by=lost.proposal.by if lost.proposal is not None and proposal is not None else None,
        least_lead=rule.notice,
        closing=is_closing(walk, lost.starts_at),
        quiet_reminder=walk.acts(walk.rule(Undisturbed)),
    )


def _usable(
    state: MentorshipState, proposal: Proposal | None, length: timedelta, lead: datetime, until: datetime
) -> TimeSlot | None:
    """Return the proposed time where it keeps the rules: as long as the session, on the quarter hour, in due time."""
    if proposal is None or proposal.ends_at - proposal.starts_at != length:
        return None
    if proposal.ends_at > before_the_end(state, proposal.ends_at):
        return None
    if not lead <= proposal.starts_at <= until or proposal.starts_at.minute % 15 or proposal.starts_at.second:
        return None
    return TimeSlot(start=proposal.starts_at, end=proposal.ends_at)


def _left_behind(walk: Walk, session: MentoringSession) -> bool:
    """Tell whether a session that stands falls into an absence, and no person has put it there."""
    away = any(
        absence.covers(session.starts_at)
        for person in walk.state.pair
        for absence in person.absences
        if absence.ends_at is not None  # replies that are always on say nothing of a day some weeks ahead
    )
    moved = session.moved_by_person
    return away and walk.check(f"session {session.number} was not moved by a person", not moved, not moved)


def _move_absent(walk: Walk, rule: RebookSameWeek, session: MentoringSession) -> bool:
    """Put back a session that stands in somebody's absence; return whether that is done."""
    ahead = session.starts_at - walk.now
    if not walk.check(f"session {session.number} is at least 24 hours away", ahead, ahead >= FROZEN):
        walk.note(rule, TOO_NEAR, f"session {session.number} starts within 24 hours and is left as it is")
        return False
    booking = _replacement(walk, rule, session, f"session {session.number} falls into an absence and is put back")
    if booking is None or walk.held_back(rule, HELD_BACK, booking.key):
        return False
    is_far = walk.check(f"session {session.number} is at least 48 hours away", ahead, ahead >= FREEZE)
    walk.act(rule, MOVES_ABSENT, replace(booking, consent=not is_far), ask_first=not is_far)
    walk.look_again(session.starts_at - FROZEN)
    return True


def _take_proposal(walk: Walk, rule: RebookSameWeek, session: MentoringSession, proposal: Proposal) -> None:
    state, now = walk.state, walk.now
    number = session.number
    # A proposal is told from the next one by its own time, and each is tried once.
    key = f"move/{state.mentorship.id}/{number}/{proposal.starts_at.isoformat(timespec='minutes')}"
    length = session.ends_at - session.starts_at
    lead = now + rule.notice
    ahead = walk.rule(BookAhead)
    if session.replaces is None and ahead is not None:
        lead = max(lead, session.invited_at + ahead.lead_time.at_least)
    slot = _usable(state, proposal, length, lead, until=now + rule.search_after)
    left = session.starts_at - now
    if left < FROZEN or slot is None:
        walk.look_again(proposal.starts_at - rule.search_after)  # it may just be too far ahead yet
        walk.note(rule, BREAKS_RULES, f"the time proposed for session {number} does not keep the rules")
        return
    agreed = frozenset({proposal.by})
    if left < FREEZE:
        if not _consents(walk, rule, session, proposal):
            return
        agreed = frozenset(person.id for person in state.pair)
    if walk.under_way(key):
        walk.note(rule, MOVE_UNDER_WAY, f"session {number} is being moved to the time proposed")
        return
    if walk.held_back(rule, HELD_BACK, key):
        return
    walk.act(
        rule,
        TAKES_PROPOSAL,
        MoveSession(
            key=key,
            mentorship=state.mentorship.id,
            rule=rule.name,
            reason=f"another time was proposed for session {number}",
            number=number,
            request=move_request(walk, key, (slot,), session),
            proposal_by=proposal.by,
            agreed=agreed,
        ),
    )


def _consents(walk: Walk, rule: RebookSameWeek, session: MentoringSession, proposal: Proposal) -> bool:
    """Tell whether the other one agrees to a move 24 to 48 hours ahead; asks them where they were not asked yet."""
    state = walk.state
    other = state.person(state.mentorship.other(proposal.by))
    about = f"consent/{session.mentorship}/{session.number}/{proposal.starts_at:%Y%m%dT%H%M}"
    walk.look_again(session.starts_at - FROZEN)
    reply = state.reply(about, other.id)
    if reply is not None and reply.choice is Choice.YES:
        return True
    if reply is None and not walk.said(about, other):
        walk.nudge(
            rule,
            ASKS_CONSENT,
            other,
            Matter.CONSENT,
            about,
            reason=f"another time was proposed for session {session.number}, which is less than 48 hours away",
            session=session.number,
            new_time=proposal.starts_at,
            choices=(Choice.YES, Choice.NO),
        )
        return False
    walk.note(rule, NO_CONSENT, f"session {session.number} is moved that near only with the consent of both")
    return False


PRACTICE = Practice(
    rule_type=RebookSameWeek,
    run=rebook_same_week,
    steps=(
        NOTHING_LOST,
        UNDER_WAY,
        SKIPPED,
        SKIPS,
        SKIP_FAILED,
        LONG_OVER,
        ASKS_FOR_STANDING_TIME,
        PAIR_FIRST,
        HELD_BACK,
        NOT_SOUGHT,
        NOT_AGREED,
        PUTS_BACK,
        TOO_NEAR,
        MOVES_ABSENT,
        BREAKS_RULES,
        MOVE_UNDER_WAY,
        ASKS_CONSENT,
        NO_CONSENT,
        TAKES_PROPOSAL,
    ),
)
