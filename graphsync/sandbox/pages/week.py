"""A week of a calendar as a grid: what stands where, by the wall clock of the calendar's owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.pages.words import day_of
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.zones import local_time

A_DAY = 24 * 60
# What is shorter is drawn this high, so that its subject can be read.
LEAST_MINUTES = 25
# As in page.css: narrower, the days stand one below the other.
GRID_FROM = "60rem"


@dataclass(slots=True, kw_only=True)
class Block:
    """A piece of an event on one day: minutes of that day, and its place among those beside it."""

    event: Event
    start: int
    end: int
    is_continued: bool
    lane: int = 0
    lanes: int = 1
    key: str = ""

    @property
    def drawn_end(self) -> int:
        """Return the minute at which its drawing ends."""
        return max(self.end, min(self.start + LEAST_MINUTES, A_DAY))

    @property
    def times(self) -> str:
        """Return start and end by the wall clock."""
        return f"{clock(self.start)}–{clock(self.end)}"


@dataclass(slots=True, kw_only=True)
class Day:
    """One day: its events by time, those that take it whole, its working hours in minutes (None on a day off)."""

    on: date
    hours: tuple[int, int] | None
    is_today: bool
    now: int | None
    whole: list[Event] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def before_now(self) -> int | None:
        """Return how many of its events have begun by now; None where now is not drawn."""
        return None if self.now is None else sum(block.start <= self.now for block in self.blocks)

    @property
    def title(self) -> str:
        """Return the day as `Mon 5 Jan`."""
        return day_of(self.on)

    @property
    def hours_text(self) -> str:
        """Return the working hours in words."""
        return f"works {clock(self.hours[0])}–{clock(self.hours[1])}" if self.hours else "day off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The days from a Monday on, and the hours that are drawn: from `first` until before `last`."""

    monday: date
    days: Sequence[Day]
    first: int
    last: int

    @property
    def title(self) -> str:
        """Return the week by its first and last day."""
        end = self.monday + timedelta(days=6)
        return f"{day_of(self.monday)} to {day_of(end)} {end.year}"

    @property
    def hour_labels(self) -> list[str]:
        """Return the hours that are drawn, each by its start."""
        return [f"{hour:02d}:00" for hour in range(self.first, self.last)]

    def style(self) -> str:
        """Return the rules that put each block in its place."""
        rules: list[str] = []
        for day in self.days:
            for block in day.blocks:
                width = 100 / block.lanes
                rules.append(
                    f"#{block.key}{{{self._span(block.start, block.drawn_end)};"
                    f"left:{block.lane * width:.3f}%;width:{width:.3f}%}}"
                )
            if day.hours is not None:
                rules.append(f"#w{day.on.weekday()}{{{self._span(*day.hours)}}}")
            if day.now is not None:
                rules.append(f"#now{{{self._span(day.now, day.now)}}}")
        size = f".week{{--hours:{self.last - self.first};--days:{len(self.days)}}}"
        # Narrow screens have a list instead.
        return "\n".join([size, f"@media (min-width: {GRID_FROM}) {{", *rules, "}"])

    def _span(self, start: int, end: int) -> str:
        whole = (self.last - self.first) * 60
        top = (start - self.first * 60) / whole
        return f"top:{100 * top:.3f}%;height:{100 * (end - start) / whole:.3f}%"


def clock(minute: int) -> str:
    """Return a minute of the day as `09:30`; the end of the day as `24:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def monday_of(day: date) -> date:
    """Return the Monday of the week `day` is in."""
    return day - timedelta(days=day.weekday())


def week_of(user: User, events: Iterable[Event], monday: date, now: datetime) -> Week:
    """Return the week from `monday` on of a person's events, by their own clocks.

    Saturday and Sunday are left out where nothing is on them and the person does not work then.
    """
    zone = user.windows_time_zone
    local_now = local_time(now, zone)
    days = [_day(user, monday + timedelta(days=offset), local_now) for offset in range(7)]
    for event in events:
        for day in days:
            _place(event, day, zone)
    number = 0
    for day in days:
        _side_by_side(day.blocks)
        for block in day.blocks:
            block.key = f"e{number}"
            number += 1
    shown = [day for day in days if day.on.weekday() < 5 or day.hours or day.blocks or day.whole]
    first, last = _drawn_hours(user, shown)
    return Week(monday=monday, days=shown, first=first, last=last)


def _day(user: User, on: date, local_now: datetime) -> Day:
    is_today = on == local_now.date()
    works = WEEKDAYS[on.weekday()] in user.days
    return Day(
        on=on,
        hours=(_minute(user.start), _minute(user.end)) if works else None,
        is_today=is_today,
        now=local_now.hour * 60 + local_now.minute if is_today else None,
    )


def _minute(text: str) -> int:
    hours, minutes = text.split(":")[:2]
    return int(hours) * 60 + int(minutes)


def _place(event: Event, day: Day, zone: str) -> None:
    """Put the piece of an event that is on a day into it."""
    # The dates of an event of whole days are those of its own zone, wherever it is looked at.
    own = event.original_time_zone if event.is_all_day else zone
    start, end = local_time(event.start, own), local_time(event.end, own)
    opens = datetime.combine(day.on, datetime.min.time())
    closes = opens + timedelta(days=1)
    if start >= closes or end < opens or (end == opens and start < opens):
        return
    if event.is_all_day or (start <= opens and end >= closes):
        day.whole.append(event)
        return
    first = max(0, int((start - opens).total_seconds() // 60))
    # Where clocks are set back an event may end before it starts.
    last = max(first, min(A_DAY, int((end - opens).total_seconds() // 60)))
    day.blocks.append(Block(event=event, start=first, end=last, is_continued=start < opens))


def _side_by_side(blocks: list[Block]) -> None:
    """Give each block a lane, so that none that overlap share one; those that touch nothing are as wide as the day."""
    blocks.sort(key=lambda block: (block.start, -block.end, block.event.id))
    group: list[Block] = []
    free_at: list[int] = []
    for block in blocks:
        if group and block.start >= max(free_at):
            _close(group, len(free_at))
            group, free_at = [], []
        lane = next((lane for lane, free in enumerate(free_at) if free <= block.start), len(free_at))
        free_at[lane : lane + 1] = [block.drawn_end]
        block.lane = lane
        group.append(block)
    _close(group, len(free_at))


def _close(group: list[Block], lanes: int) -> None:
    for block in group:
        block.lanes = lanes


def _drawn_hours(user: User, days: Sequence[Day]) -> tuple[int, int]:
    """Return the first hour drawn and the one after the last: work with an hour around it, events, and now."""
    starts = [max(0, _minute(user.start) - 60)]
    ends = [min(A_DAY, _minute(user.end) + 60)]
    for day in days:
        starts.extend(block.start for block in day.blocks)
        ends.extend(block.drawn_end for block in day.blocks)
        if day.now is not None:
            # Its words stand above the line.
            starts.append(max(0, day.now - 30))
            ends.append(day.now)
    return min(starts) // 60, -(-max(ends) // 60)
