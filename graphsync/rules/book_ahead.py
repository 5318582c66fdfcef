"""`book_ahead`: every active mentorship has its next session on both calendars, its invite sent in good time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graphsync.calendar import TimeSlot
from graphsync.mentoring import FlagKind, Medium, MentoringSession, PersonId
from graphsync.rules.deadlines import after_working_days
from graphsync.rules.intents import BookSession, Step, Verdict
from graphsync.rules.practice import Practice
from graphsync.rules.rebook_same_week import awaits_replacement
from graphsync.rules.requests import booking_request, is_closing, standing_times
from graphsync.rules.schema import BookAhead, RebookSameWeek, Undisturbed, VideoFirst
from graphsync.rules.start_well import is_settled, starts_at
from graphsync.rules.state import MentorshipState
from graphsync.rules.video_first import medium_of_next, wants_room
from graphsync.rules.walk import Walk

MARGIN = timedelta(hours=1)
"""Added to the lead time when a slot is sought, so that an invite that is sent a little later still keeps it."""

EASE = timedelta(days=2)
"""How long before the last moment a session is booked, so that a day without a slot does not cost the lead time."""

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


UNDER_WAY = Step("book_ahead.under_way", Verdict.WAITS)
PUT_BACK_FIRST = Step("book_ahead.put_back_first", Verdict.WAITS)
NOT_STARTED = Step("book_ahead.not_started", Verdict.WAITS)
NOT_DUE = Step("book_ahead.not_due", Verdict.WAITS)
LAST_DAY = Step("book_ahead.last_day", Verdict.DOES_NOT_APPLY)
NO_STANDING_TIME = Step("book_ahead.no_standing_time", Verdict.HOLDS)
HELD_BACK = Step("book_ahead.held_back", Verdict.HOLDS)
NO_HOURS = Step("book_ahead.no_hours", Verdict.ACTS)
BOOKS = Step("book_ahead.books", Verdict.ACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """Where the next session may lie, most wanted first, what it would best be close to, and why it is wanted."""

    windows: tuple[TimeSlot, ...]
    target: datetime | None
    reason: str
    closing: bool = False


def book_ahead(walk: Walk, rule: BookAhead) -> None:
    """Book the next session when the last one begins, or sooner where the cadence leaves no time for that."""
    state, now = walk.state, walk.now
    mentorship = state.mentorship
    if walk.under_way(f"book/{mentorship.id}/"):
        walk.note(rule, UNDER_WAY, "a booking is under way")
        return
    rebook = walk.rule(RebookSameWeek)
    if rebook is not None and (walk.acts(rebook) or not walk.acts(rule)):
        waiting = next((s for s in state.sessions if awaits_replacement(walk, rebook, s)), None)
        if waiting is not None:
            walk.note(rule, PUT_BACK_FIRST, f"session {waiting.number} is to be put back first")
            return
    started_at = starts_at(state)
    if not walk.check("the mentorship has started", mentorship.started_on, now >= started_at):
        walk.wait(rule, NOT_STARTED, started_at, "the mentorship has not started yet")
        return
    wish = _wish(walk, rule, started_at)
    if wish is None:
        return
    number = max((session.number for session in state.sessions), default=0) + 1
    key = f"book/{mentorship.id}/{number}"
    if walk.wanted(rule, key):
        walk.note(rule, PUT_BACK_FIRST, "a session that falls into an absence is put back first")
        return
    if walk.held_back(rule, HELD_BACK, key):
        if any(attempt.key == key and attempt.no_hours for attempt in state.attempts):
            walk.flag(rule, NO_HOURS, FlagKind.NO_HOURS, "the hours of the two leave no room for a session")
        return
    walk.act(rule, BOOKS, _booking(walk, rule, wish, number, key), ask_first=not is_settled(walk))


def _wish(walk: Walk, rule: BookAhead, started_at: datetime) -> _Wish | None:
    """Return what is wanted next, or None after noting why nothing is."""
    state, now = walk.state, walk.now
    mentorship = state.mentorship
    last = max((s for s in state.sessions if s.stands), key=lambda s: s.starts_at, default=None)
    cadence = mentorship.cadence or rule.cadence
    if last is None:
        windows = _first_windows(state, rule, started_at, now)
        # As early as may be; but a pair that has a standing time is better served a few days later than never there.
        target = None if mentorship.standing is None else windows[0].start
        wish = _Wish(windows=windows, target=target, reason="the pair has no session yet")
    else:
        due_at = last.starts_at + cadence
        book_at = min(last.starts_at, due_at - rule.lead_time.at_least - EASE)
        book_at = max(book_at, due_at - rule.lead_time.at_most)  # a long cadence: a slot is sought 21 days out at most
        due = f"session {last.number} is the last one, and the next is due to be booked"
        if not walk.check(due, book_at.isoformat(timespec="minutes"), now >= book_at):
            walk.wait(rule, NOT_DUE, book_at, f"session {last.number} is the next one")
            return None
        has_standing_time = mentorship.standing is not None
        windows = _next_windows(rule, last, cadence, now, has_standing_time=has_standing_time)
        wish = _Wish(windows=windows, target=due_at, reason=f"session {last.number} is the last one booked")
    if state.over_at is not None:
        wish_before = _before_the_end(walk, rule, wish, last, cadence, state.over_at)
        if wish_before is None:
            walk.note(rule, LAST_DAY, f"no further session fits before the last day, {mentorship.ends_on}")
            return None
        wish = wish_before
    if not state.has_external:
        return wish
    times = standing_times(state, wish.windows, rule.duration)
    if not times:
        walk.note(rule, NO_STANDING_TIME, "one of the two is outside the organization, and no standing time is near")
        return None
    return replace(wish, windows=times)


def _before_the_end(
    walk: Walk, rule: BookAhead, wish: _Wish, last: MentoringSession | None, cadence: timedelta, over_at: datetime
) -> _Wish | None:
    """Return `wish` cut to the time before the last day; the session after which no other fits is the closing one."""
    cut = [TimeSlot(start=w.start, end=min(w.end, over_at)) for w in wish.windows if w.start + rule.duration <= over_at]
    if not cut or (last is not None and over_at - last.starts_at < cadence / 2):
        return None
    due_at = wish.target or cut[0].start
    if not is_closing(walk, due_at):
        return replace(wish, windows=tuple(cut))
    target = min(due_at, over_at - A_DAY)
    return replace(wish, windows=tuple(cut), target=target, reason="the last session before the end", closing=True)


def _booking(walk: Walk, rule: BookAhead, wish: _Wish, number: int, key: str) -> BookSession:
    state = walk.state
    video = walk.rule(VideoFirst)
    medium = medium_of_next(state, video, None)
    request = booking_request(walk, key, wish.windows, rule.duration)
    offering = _in_turn(state, number)
    return BookSession(
        key=key,
        mentorship=state.mentorship.id,
        rule=rule.name,
        reason=wish.reason,
        number=number,
        request=replace(
            request,
            standing=state.mentorship.standing,
            target=wish.target,
            earliest=wish.target is None,
            use_offered=offering[:1],
            then_offered=offering,
        ),
        medium=medium,
        online=walk.acts(video) and medium is Medium.VIDEO,
        room=wants_room(walk, video, medium),
        least_lead=rule.lead_time.at_least,
        closing=wish.closing,
        quiet_reminder=walk.acts(walk.rule(Undisturbed)),
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


def _in_turn(state: MentorshipState, number: int) -> tuple[PersonId, ...]:
    """Return who offers hours for where the pair's own do not meet, first the one whose turn it is."""
    offering = [
        person
        for person, offers in (
            (state.mentor.id, state.mentorship.mentor_offers),
            (state.mentee.id, state.mentorship.mentee_offers),
        )
        if offers
    ]
    return tuple(offering if number % 2 == 0 else reversed(offering))


PRACTICE = Practice(
    rule_type=BookAhead,
    run=book_ahead,
    steps=(
        UNDER_WAY,
        PUT_BACK_FIRST,
        NOT_STARTED,
        NOT_DUE,
        LAST_DAY,
        NO_STANDING_TIME,
        HELD_BACK,
        NO_HOURS,
        BOOKS,
    ),
)
