"""What several practices ask for alike: a time for a session, its cancelling, and the return of time kept around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from graphsync.calendar import BookingRequest, Limits, TimeSlot, zone
from graphsync.mentoring import DayHours, Hold, MentoringSession, Person, WeeklyHours
from graphsync.rules.durations import ClockSpan
from graphsync.rules.intents import CancelSession, ReleaseTime, Step
from graphsync.rules.schema import BookAhead, CloseWell, Rule, Undisturbed
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk

END_OF_DAY = time(23, 59)
A_DAY = timedelta(days=1)


def booking_request(walk: Walk, key: str, windows: Sequence[TimeSlot], length: timedelta) -> BookingRequest:
    """Return the request for a session of the two, within the limits and the quiet that their rules ask for."""
    state = walk.state
    ahead, undisturbed = walk.rule(BookAhead), walk.rule(Undisturbed)
    limits = None if ahead is None else Limits(per_day=ahead.mentor_limits.a_day, per_week=ahead.mentor_limits.a_week)
    request = BookingRequest(
        key=key,
        mentor=state.mentor.id,
        mentee=state.mentee.id,
        windows=tuple(windows),
        length=length,
        week_zone=state.mentee.time_zone,
        mentor_zone=state.mentor.time_zone,
        mentor_limits=limits,
        mentor_sessions=state.mentor_sessions,
    )
    if undisturbed is None or not walk.acts(undisturbed):
        return request
    lunch = () if undisturbed.lunch is None else tuple((p.id, _hours(p, undisturbed.lunch)) for p in state.pair)
    return replace(request, buffer=undisturbed.buffer, not_during=lunch)


def move_request(walk: Walk, key: str, windows: Sequence[TimeSlot], session: MentoringSession) -> BookingRequest:
    """Return the request for another time for `session`: as long as it, soon, and not where it lies."""
    state = walk.state
    return replace(
        booking_request(walk, key, windows, session.ends_at - session.starts_at),
        earliest=True,
        use_offered=(state.mentor.id, state.mentee.id),
        mentor_sessions=tuple(start for start in state.mentor_sessions if start != session.starts_at),
        blocked=(TimeSlot(start=session.starts_at, end=session.ends_at),),
    )


def before_the_end(state: MentorshipState, at: datetime) -> datetime:
    """Return `at`, or when the last day is over where that comes first: no session is put beyond it."""
    return at if state.over_at is None else min(at, state.over_at)


def span(start: datetime, end: datetime, length: timedelta) -> list[TimeSlot]:
    """Return the time from `start` to `end` as the only window; none where no session of `length` fits into it."""
    return [TimeSlot(start=start, end=end)] if start + length <= end else []


def is_closing(walk: Walk, near: datetime) -> bool:
    """Tell whether a session near that time is the closing one: a known last day comes before another would."""
    state, ahead, close = walk.state, walk.rule(BookAhead), walk.rule(CloseWell)
    if state.over_at is None or ahead is None or close is None:
        return False
    cadence = state.mentorship.cadence or ahead.cadence
    return walk.acts(close) and close.closing_session and near + cadence > state.over_at


def standing_times(state: MentorshipState, windows: Sequence[TimeSlot], length: timedelta) -> tuple[TimeSlot, ...]:
    """Return the standing times of the pair that lie in `windows`, in their order; none where it has none.

    That is where a session with somebody outside the organization is put: their calendar cannot be read, and their
    answer to the invite says whether it suits.
    """
    standing = state.mentorship.standing
    if standing is None:
        return ()
    clock, times = zone(state.mentee.time_zone), []
    for window in windows:
        day = window.start.astimezone(clock).date()
        while (start := datetime.combine(day, standing.at, clock).astimezone(UTC)) + length <= window.end:
            slot = TimeSlot(start=start, end=start + length)
            if day.weekday() == standing.weekday and start >= window.start and slot not in times:
                times.append(slot)
            day += A_DAY
    return tuple(times)


def cancel(walk: Walk, rule: Rule, steps: tuple[Step, Step], session: MentoringSession, code: str, why: str) -> None:
    """Want a session to come cancelled, once; `steps` are the one taken, and the one where it was refused lately."""
    key = f"cancel/{session.mentorship}/{session.number}"
    cancels, held_back = steps
    if not walk.under_way(f"{key}/") and not walk.held_back(rule, held_back, key):
        walk.act(
            rule,
            cancels,
            CancelSession(
                key=key,
                mentorship=session.mentorship,
                rule=rule.name,
                reason=f"session {session.number} does not take place: {why}",
                number=session.number,
                code=code,
            ),
        )


def give_back(walk: Walk, rule: Rule | None, steps: tuple[Step, Step], session: MentoringSession, hold: Hold) -> None:
    """Want time that is kept around a session given back, once, whatever the mode; `steps` as for `cancel`."""
    key = f"release/{session.mentorship}/{session.number}/{hold.event_id}"
    gives_back, held_back = steps
    if not walk.under_way(f"{key}/") and not walk.held_back(rule, held_back, key):
        walk.tidy(
            gives_back,
            ReleaseTime(
                key=key,
                mentorship=session.mentorship,
                rule="" if rule is None else rule.name,
                reason=f"session {session.number} wants this time no longer",
                number=session.number,
                kind=hold.kind,
                person=hold.person,
                event_id=hold.event_id,
            ),
        )


def _hours(person: Person, lunch: ClockSpan) -> WeeklyHours:
    """Return `lunch` on every day by the person's clock; what goes past midnight is cut there."""
    parts = [(lunch.start, lunch.end)] if lunch.start < lunch.end else [(lunch.start, END_OF_DAY), (time(0), lunch.end)]
    hours = tuple(
        DayHours(weekday=day, start=start, end=end) for day in range(7) for start, end in parts if start < end
    )
    return WeeklyHours(time_zone=person.time_zone, hours=hours)
