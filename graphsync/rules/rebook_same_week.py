"""`rebook_same_week`: a session that was lost is put back into the same ISO week of the mentee's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from graphsync.calendar import (
    BookingRequest,
    Limits,
    TimeSlot,
    iso_week,
    same_iso_week,
    working_slots,
)
from graphsync.mentoring import Loss, Medium, MentoringSession, Proposal
from graphsync.rules.deadlines import after_working_time
from graphsync.rules.intents import BookSession, KeepReason, MoveSession, Verdict
from graphsync.rules.schema import BookAhead, RebookSameWeek, VideoFirst
from graphsync.rules.state import MentorshipState
from graphsync.rules.video_first import medium_of_next
from graphsync.rules.walk import Walk

FREEZE = timedelta(hours=48)
"""A session that stands is not moved this close to its start without the consent of both."""

MARGIN = timedelta(minutes=30)
"""Added to the notice when a slot is sought, so that an invite that is sent a little later still keeps it."""


def rebook_same_week(walk: Walk, rule: RebookSameWeek, ahead: BookAhead | None, video: VideoFirst | None) -> None:
    """Put back what was lost, move what an absence leaves behind, and take times that people propose."""
    state = walk.state
    if walk.under_way(f"book/{state.mentorship.id}/"):
        walk.note(rule.name, Verdict.WAITS, "a booking is under way")
        return
    for session in state.sessions:
        if awaits_replacement(state, session):
            _put_back(walk, rule, ahead, video, session)
            return  # one at a time: the next number is known once this one is booked
    for session in state.sessions:
        if session.stands and not session.self_booked and session.starts_at > walk.now:
            if _left_behind(state, session):
                if _move_absent(walk, rule, ahead, video, session):
                    return
            elif session.proposal is not None:
                _take_proposal(walk, rule, ahead, session, session.proposal)


def awaits_replacement(state: MentorshipState, session: MentoringSession) -> bool:
    """Tell whether `session` was lost before it was over and nothing has taken its place or settled it yet."""
    if session.loss is None or session.lost_at is None or session.lost_at >= session.ends_at:
        return False
    if session.no_slot_reason or any(other.replaces == session.number for other in state.sessions):
        return False
    return not _put_back_by_pair(state, session)


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


def _put_back(
    walk: Walk, rule: RebookSameWeek, ahead: BookAhead | None, video: VideoFirst | None, lost: MentoringSession
) -> None:
    state = walk.state
    key = f"keep/{state.mentorship.id}/{lost.number}"
    if _replacements_in_a_row(state, lost) >= rule.in_a_row:
        # Two replacements were lost as well: the standing time is what does not suit, not the week.
        walk.act(
            rule,
            KeepReason(
                key=key,
                mentorship=state.mentorship.id,
                rule=rule.name,
                reason=f"session {lost.number} was lost after {rule.in_a_row} replacements in a row",
                number=lost.number,
                text="it has been moved several times in a row, so a new standing time is asked for instead",
            ),
        )
        return
    act_at = _act_at(state, rule, lost)
    if walk.now < act_at:
        walk.wait(rule.name, act_at, f"session {lost.number} was lost; the pair has time to put it back itself")
        return
    booking = _replacement(walk, rule, ahead, video, lost)
    if not walk.held_back(rule, booking.key):
        walk.act(rule, booking)


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


def _replacement(
    walk: Walk,
    rule: RebookSameWeek,
    ahead: BookAhead | None,
    video: VideoFirst | None,
    lost: MentoringSession,
    absent: str = "",
) -> BookSession:
    state, now = walk.state, walk.now
    week = iso_week(lost.starts_at, state.mentee.time_zone)
    length = lost.ends_at - lost.starts_at
    lead = now + rule.notice + MARGIN
    proposal = _usable(lost.proposal, length, lead, until=week.end + rule.search_after)
    windows: list[TimeSlot] = []
    if proposal is not None and week.contains(proposal):
        windows.append(proposal)
    if max(lead, week.start) + length <= week.end:
        windows.append(TimeSlot(start=max(lead, week.start), end=week.end))
    week_windows = len(windows)
    if proposal is not None and not week.contains(proposal):
        windows.append(proposal)
    later = max(lead, week.end)
    windows.append(TimeSlot(start=later, end=later + rule.search_after))
    number = max(session.number for session in state.sessions) + 1
    short_notice = after_working_time(now, rule.short_notice.length, state.mentee.hours)
    short = max(short_notice or week.end, week.start)
    short_end = min(lead + length, week.end)
    medium = medium_of_next(state, video, lost)
    return BookSession(
        key=f"book/{state.mentorship.id}/{number}",
        mentorship=state.mentorship.id,
        rule=rule.name,
        reason=absent or f"session {lost.number} was lost and is put back",
        number=number,
        request=_request(state, ahead, f"book/{state.mentorship.id}/{number}", tuple(windows), lost),
        medium=medium,
        online=video is not None and video.mode == "enforce" and medium is Medium.VIDEO,
        replaces=lost.number,
        # A cancelled event is gone and one that the pair booked is theirs; any other is moved, so both keep their copy.
        same_event=lost.loss is not Loss.CANCELLED and not lost.self_booked,
        week=week,
        week_windows=week_windows,
        short_notice=TimeSlot(start=short, end=short_end) if short + length <= short_end else None,
        alternatives=rule.alternatives,
        proposal_by=lost.proposal.by if lost.proposal is not None and proposal is not None else None,
        least_lead=rule.notice,
    )


def _request(
    state: MentorshipState,
    ahead: BookAhead | None,
    key: str,
    windows: tuple[TimeSlot, ...],
    session: MentoringSession,
) -> BookingRequest:
    limits = None if ahead is None else Limits(per_day=ahead.mentor_limits.a_day, per_week=ahead.mentor_limits.a_week)
    return BookingRequest(
        key=key,
        mentor=state.mentor.id,
        mentee=state.mentee.id,
        windows=windows,
        length=session.ends_at - session.starts_at,
        week_zone=state.mentee.time_zone,
        mentor_zone=state.mentor.time_zone,
        earliest=True,
        use_offered=(state.mentor.id, state.mentee.id),
        mentor_limits=limits,
        mentor_sessions=tuple(start for start in state.mentor_sessions if start != session.starts_at),
        blocked=(TimeSlot(start=session.starts_at, end=session.ends_at),),
    )


def _usable(proposal: Proposal | None, length: timedelta, lead: datetime, until: datetime) -> TimeSlot | None:
    """Return the proposed time where it keeps the rules: as long as the session, on the quarter hour, in due time."""
    if proposal is None or proposal.ends_at - proposal.starts_at != length:
        return None
    if not lead <= proposal.starts_at <= until or proposal.starts_at.minute % 15 or proposal.starts_at.second:
        return None
    return TimeSlot(start=proposal.starts_at, end=proposal.ends_at)


def _left_behind(state: MentorshipState, session: MentoringSession) -> bool:
    return any(
        absence.covers(session.starts_at)
        for person in (state.mentor, state.mentee)
        for absence in person.absences
        if absence.ends_at is not None  # replies that are always on say nothing of a day some weeks ahead
    )


def _move_absent(
    walk: Walk, rule: RebookSameWeek, ahead: BookAhead | None, video: VideoFirst | None, session: MentoringSession
) -> bool:
    """Put back a session that stands in somebody's absence; return whether that is done."""
    if session.starts_at - walk.now < FREEZE:
        walk.note(rule.name, Verdict.HOLDS, f"session {session.number} starts within 48 hours and is left as it is")
        return False
    absent = f"session {session.number} falls into an absence and is put back"
    booking = _replacement(walk, rule, ahead, video, session, absent)
    if walk.held_back(rule, booking.key):
        return False
    walk.act(rule, booking)
    return True


def _take_proposal(
    walk: Walk, rule: RebookSameWeek, ahead: BookAhead | None, session: MentoringSession, proposal: Proposal
) -> None:
    state, now = walk.state, walk.now
    number = session.number
    # A proposal is told from the next one by its own time, and each is tried once.
    key = f"move/{state.mentorship.id}/{number}/{proposal.starts_at.isoformat(timespec='minutes')}"
    length = session.ends_at - session.starts_at
    lead = now + rule.notice
    if session.replaces is None and ahead is not None:
        lead = max(lead, session.invited_at + ahead.lead_time.at_least)
    slot = _usable(proposal, length, lead, until=now + rule.search_after)
    if session.starts_at - now < FREEZE or slot is None:
        walk.look_again(proposal.starts_at - rule.search_after)  # it may just be too far ahead yet
        walk.note(rule.name, Verdict.HOLDS, f"the time proposed for session {number} does not keep the rules")
        return
    if walk.under_way(key) or walk.held_back(rule, key):
        return
    walk.act(
        rule,
        MoveSession(
            key=key,
            mentorship=state.mentorship.id,
            rule=rule.name,
            reason=f"another time was proposed for session {number}",
            number=number,
            request=_request(state, ahead, key, (slot,), session),
            proposal_by=proposal.by,
        ),
    )
