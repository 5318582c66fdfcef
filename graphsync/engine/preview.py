"""A first look at pairs without any rule: what they have booked, what was never put back, when they could meet.

Only read, and nothing of it is stored. Of calendars only the meetings of exactly the two are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from graphsync.calendar import (
    CalendarEvent,
    Schedule,
    TimeSlot,
    busy_from,
    free_slots,
    iso_week,
    merged,
    same_iso_week,
    working_slots,
    zone,
)
from graphsync.engine.directory import look_up, said_of
from graphsync.engine.ports import Graph
from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import Person, Reach, WeeklyHours
from graphsync.rules.mentorships import MentorshipRow

BACK, AHEAD = timedelta(days=28), timedelta(days=42)
"""How far calendars are looked at."""

SOON, LATE = timedelta(days=7), timedelta(days=21)
"""Between these from now a session could be booked with a week's notice."""

SESSION = timedelta(minutes=50)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What was seen of one pair.

    Attributes:
        mentor: as the directory and their mailbox have them; None where nobody has that address. So is `mentee`.
        addresses: of the mentor and the mentee, as the file has them.
        next_at: the next meeting of exactly the two; None where there is none, or no calendar could be read.
        lost: cancelled meetings of the two in whose week no other one stands, earliest first.
        week: when both work in a usual week, in the week after now, without absences.
        days_free: on how many days they could meet, both with time, from one to three weeks ahead; None where the
            free/busy of one of them could not be read.
        first_free: the first such time.
    """

    mentor: Person | None
    mentee: Person | None
    addresses: tuple[str, str]
    next_at: datetime | None = None
    lost: tuple[TimeSlot, ...] = ()
    week: tuple[TimeSlot, ...] = ()
    days_free: int | None = None
    first_free: datetime | None = None

    @property
    def people(self) -> tuple[Person | None, Person | None]:
        """The mentor and the mentee."""
        return self.mentor, self.mentee

    @property
    def can_be_read(self) -> bool:
        """Whether both have a calendar that was looked at."""
        return all(person is not None and person.reach is Reach.OK for person in self.people)

    @property
    def hours_in_common(self) -> timedelta:
        """How long both work at the same time, in a usual week."""
        return sum((slot.length for slot in self.week), timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was seen of all pairs, at one instant; in the order of the file."""

    at: datetime
    pairs: tuple[Pair, ...]


def preview(graph: Graph, rows: Sequence[MentorshipRow], default_time_zone: str, now: datetime) -> Preview:
    """Look at every pair of `rows`.

    Args:
        graph: is only read; each person is asked for once, whatever number of pairs they are in.
        rows: who is with whom; what they say of hours and zones wins.
        default_time_zone: the zone of people whose mailbox names none.
        now: aware, UTC.

    Raises:
        GraphError: Graph could not be asked, or grants nothing at all.
    """
    people = _people(graph, rows, default_time_zone, now)
    window = TimeSlot(start=now - BACK, end=now + AHEAD)
    events, refusal = {}, None
    readable = {address: one for address, one in people.items() if one is not None and one.reach is Reach.OK}
    for address, person in readable.items():
        try:
            events[address] = graph.list_calendar_view(person.id, window)
        except (GraphAuthError, GraphNotFound) as error:
            people[address] = replace(person, reach=Reach.OUT_OF_SCOPE)
            refusal = error
    if refusal is not None and not events:
        raise refusal
    schedules = _schedules(graph, people, TimeSlot(start=now + SOON, end=now + LATE))
    return Preview(at=now, pairs=tuple(_pair(row, people, events, schedules, now) for row in rows))


def _people(
    graph: Graph, rows: Sequence[MentorshipRow], default_time_zone: str, now: datetime
) -> dict[str, Person | None]:
    """Return everybody by their folded address; None for whom the directory does not know."""
    found: dict[str, Person | None] = {}
    for row in rows:
        for address in (row.mentor, row.mentee):
            folded = address.casefold()
            if folded in found:
                continue
            try:
                user = graph.get_user(address)
            except GraphNotFound:
                found[folded] = None
                continue
            time_zone = said_of(rows, address, "time_zone") or default_time_zone
            hours = WeeklyHours(time_zone=time_zone, hours=())
            known = Person(id=user.id, address=address, display_name=user.display_name, hours=hours)
            said = partial(said_of, rows, address)
            found[folded] = look_up(graph, known, said, now, needs_account=True).person
    return found


def _schedules(graph: Graph, people: Mapping[str, Person | None], window: TimeSlot) -> Mapping[str, Schedule]:
    readable = [person for person in people.values() if person is not None and person.reach is Reach.OK]
    if not readable:
        return {}
    return graph.get_schedule(readable[0].id, [person.address for person in readable], window)


def _pair(
    row: MentorshipRow,
    people: Mapping[str, Person | None],
    events: Mapping[str, Sequence[CalendarEvent]],
    schedules: Mapping[str, Schedule],
    now: datetime,
) -> Pair:
    both = row.mentor.casefold(), row.mentee.casefold()
    mentor, mentee = (people[address] for address in both)
    addresses = (row.mentor, row.mentee)
    if mentor is None or mentee is None:
        return Pair(mentor=mentor, mentee=mentee, addresses=addresses)
    meetings = _of_the_two((event for address in both for event in events.get(address, ())), frozenset(both))
    coming = [event.starts_at for event in meetings if not event.is_cancelled and event.starts_at > now]
    common = _common_hours(row, mentor, mentee, TimeSlot(start=now + SOON, end=now + LATE))
    free = _free(common, (mentor, mentee), schedules)
    starts = None if free is None else [start for start in map(_first_start, free) if start is not None]
    days = None if starts is None else {start.astimezone(zone(mentee.time_zone)).date() for start in starts}
    return Pair(
        mentor=mentor,
        mentee=mentee,
        addresses=addresses,
        next_at=min(coming, default=None),
        lost=_never_put_back(meetings, mentee.time_zone),
        week=tuple(_common_hours(row, mentor, mentee, iso_week(now + SOON, mentee.time_zone))),
        days_free=None if days is None else len(days),
        first_free=min(starts, default=None) if starts else None,
    )


def _of_the_two(events: Iterable[CalendarEvent], both: frozenset[str]) -> list[CalendarEvent]:
    """Return the meetings that exactly the two are on, each once, though both calendars have it.

    One that its organizer cancelled is gone from their own calendar and marked in the other's.
    """
    found: dict[str, CalendarEvent] = {}
    for event in events:
        if event.people == both and not event.is_all_day and event.type != "seriesMaster":
            known = found.get(event.ical_uid)
            if known is None or event.is_cancelled:
                found[event.ical_uid] = event
    return sorted(found.values(), key=lambda event: event.starts_at)


def _never_put_back(meetings: Sequence[CalendarEvent], week_zone: str) -> tuple[TimeSlot, ...]:
    standing = [event for event in meetings if not event.is_cancelled]
    return tuple(
        TimeSlot(start=event.starts_at, end=event.ends_at)
        for event in meetings
        if event.is_cancelled
        and event.starts_at < event.ends_at
        and not any(same_iso_week(other.starts_at, event.starts_at, week_zone) for other in standing)
    )


def _common_hours(row: MentorshipRow, mentor: Person, mentee: Person, span: TimeSlot) -> list[TimeSlot]:
    """Return when both work in `span`, hours that they have offered beyond their own included."""
    own = (
        WeeklyHours(time_zone=person.time_zone, hours=(*person.hours.hours, *offers))
        for person, offers in ((mentor, row.mentor_offers), (mentee, row.mentee_offers))
    )
    mine, theirs = (working_slots(hours, span) for hours in own)
    return merged([common for a in mine for b in theirs if (common := a.common(b)) is not None])


def _free(
    common: Sequence[TimeSlot], both: Sequence[Person], schedules: Mapping[str, Schedule]
) -> list[TimeSlot] | None:
    """Return when both have time for a session within `common`; None where that cannot be known."""
    busy: list[TimeSlot] = []
    by_address = {address.casefold(): found for address, found in schedules.items()}
    for person in both:
        read = by_address.get(person.address.casefold())
        if read is None or read.unreadable is not None:
            return None
        busy += busy_from(read, own=())
        busy += [
            TimeSlot(start=absence.starts_at, end=absence.ends_at)
            for absence in person.absences
            if absence.ends_at is not None
        ]
    return [gap for span in common for gap in free_slots(busy, span, SESSION)]


def _first_start(gap: TimeSlot) -> datetime | None:
    """Return the first quarter hour from which a session fits into `gap`."""
    past = (gap.start - gap.start.replace(minute=0, second=0, microsecond=0)) % QUARTER
    start = gap.start + (QUARTER - past if past else timedelta())
    return start if start + SESSION <= gap.end else None
