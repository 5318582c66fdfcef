"""`book_ahead`: every active mentorship has its next session on both calendars, its invite sent in good time."""

from __future__ import annotations

from datetime import datetime, timedelta

from graphsync.calendar import BookingRequest, Limits, TimeSlot, start_of_day
from graphsync.mentoring import Medium, MentoringSession, PersonId
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.intents import BookSession, Verdict
from graphsync.rules.rebook_same_week import awaits_replacement
from graphsync.rules.schema import BookAhead, RebookSameWeek, VideoFirst
from graphsync.rules.state import MentorshipState
from graphsync.rules.video_first import medium_of_next
from graphsync.rules.walk import Walk

MARGIN = timedelta(hours=1)
"""Added to the lead time when a slot is sought, so that an invite that is sent a little later still keeps it."""

EASE = timedelta(days=2)
"""How long before the last moment a session is booked, so that a day without a slot does not cost the lead time."""

A_WEEK = timedelta(days=7)


def book_ahead(walk: Walk, rule: BookAhead, rebook: RebookSameWeek | None, video: VideoFirst | None) -> None:
    """Book the next session when the last one begins, or sooner where the cadence leaves no time for that."""
    state, now = walk.state, walk.now
    mentorship = state.mentorship
    if walk.under_way(f"book/{mentorship.id}/"):
        walk.note(rule.name, Verdict.WAITS, "a booking is under way")
        return
    if rebook is not None and (rebook.mode == "enforce" or rule.mode == "observe"):
        waiting = next((session for session in state.sessions if awaits_replacement(state, session)), None)
        if waiting is not None:
            walk.note(rule.name, Verdict.WAITS, f"session {waiting.number} is to be put back first")
            return
    started_at = start_of_day(mentorship.started_on, state.mentee.time_zone)
    if now < started_at:
        walk.wait(rule.name, started_at, "the mentorship has not started yet")
        return
    last = max((s for s in state.sessions if s.stands), key=lambda s: s.starts_at, default=None)
    cadence = mentorship.cadence or rule.cadence
    if last is None:
        windows = _first_windows(state, rule, started_at, now)
        # As early as may be; but a pair that has a standing time is better served a few days later than never there.
        target = None if mentorship.standing is None else windows[0].start
        reason = "the pair has no session yet"
    else:
        due_at = last.starts_at + cadence
        book_at = min(last.starts_at, due_at - rule.lead_time.at_least - EASE)
        book_at = max(book_at, due_at - rule.lead_time.at_most)  # a long cadence: a slot is sought 21 days out at most
        if now < book_at:
            walk.wait(rule.name, book_at, f"session {last.number} is the next one")
            return
        has_standing_time = mentorship.standing is not None
        windows, target = _next_windows(rule, last, cadence, now, has_standing_time=has_standing_time), due_at
        reason = f"session {last.number} is the last one booked"
    number = max((session.number for session in state.sessions), default=0) + 1
    key = f"book/{mentorship.id}/{number}"
    if walk.wanted(rule, key):
        walk.note(rule.name, Verdict.WAITS, "a session that falls into an absence is put back first")
        return
    if walk.held_back(rule, key):
        return
    medium = medium_of_next(state, video, None)
    walk.act(
        rule,
        BookSession(
            key=key,
            mentorship=mentorship.id,
            rule=rule.name,
            reason=reason,
            number=number,
            request=BookingRequest(
                key=key,
                mentor=state.mentor.id,
                mentee=state.mentee.id,
                windows=windows,
                length=rule.duration,
                week_zone=state.mentee.time_zone,
                mentor_zone=state.mentor.time_zone,
                standing=mentorship.standing,
                target=target,
                earliest=target is None,
                use_offered=_whose_turn(state, number),
                mentor_limits=Limits(per_day=rule.mentor_limits.a_day, per_week=rule.mentor_limits.a_week),
                mentor_sessions=state.mentor_sessions,
            ),
            medium=medium,
            online=video is not None and video.mode == "enforce" and medium is Medium.VIDEO,
            least_lead=rule.lead_time.at_least,
        ),
    )


def _first_windows(
    state: MentorshipState, rule: BookAhead, started_at: datetime, now: datetime
) -> tuple[TimeSlot, ...]:
    """Return where the first session may lie: within ten working days of the match if that can still be, else soon."""
    earliest = now + rule.lead_time.at_least + MARGIN
    latest = now + rule.lead_time.at_most
    last_day = after_working_days(started_at, rule.first_session_within.count, state.mentee.hours)
    within = latest if last_day is None else last_day + timedelta(days=1)
    if earliest + rule.duration <= within < latest:
        return TimeSlot(start=earliest, end=within), TimeSlot(start=within, end=latest)
    return (TimeSlot(start=earliest, end=latest),)


def _next_windows(
    rule: BookAhead, last: MentoringSession, cadence: timedelta, now: datetime, *, has_standing_time: bool
) -> tuple[TimeSlot, ...]:
    """Return where the next session may lie: around the day the cadence asks for, else anywhere in reach."""
    due_at = last.starts_at + cadence
    earliest = max(now + rule.lead_time.at_least + MARGIN, last.starts_at + cadence / 2)
    latest = max(now + rule.lead_time.at_most, earliest + A_WEEK)
    near = cadence / 4
    start, end = max(earliest, due_at - near), min(latest, due_at + near)
    if has_standing_time:
        end = max(end, min(latest, start + A_WEEK))  # a quarter of a week around a Friday holds no Tuesday
    whole = TimeSlot(start=earliest, end=latest)
    return (TimeSlot(start=start, end=end), whole) if end - start >= rule.duration else (whole,)


def _whose_turn(state: MentorshipState, number: int) -> tuple[PersonId, ...]:
    """Return whose offered hours may be used where the pair's own do not meet: they take turns, session by session."""
    offering = [
        person
        for person, offers in (
            (state.mentor.id, state.mentorship.mentor_offers),
            (state.mentee.id, state.mentorship.mentee_offers),
        )
        if offers
    ]
    return (offering[number % len(offering)],) if offering else ()
