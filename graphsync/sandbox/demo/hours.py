"""Working hours by the wall clock, as the people of the demo and its judge reckon them.

Written apart from `graphsync.calendar` on purpose: the judge must not share a mistake with the judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""A start and an end in UTC, the end excluded."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = {name[:3]: number for number, name in enumerate(WEEKDAYS)}
_A_MINUTE = timedelta(minutes=1)
# Nobody in the sandbox is away for longer than this, so a search for working time always ends.
_FURTHEST = timedelta(days=120)


def whole_minute(instant: datetime) -> datetime:
    """Return `instant`, or the next whole minute where it lies between two."""
    cut = instant.replace(second=0, microsecond=0)
    return cut if cut == instant else cut + _A_MINUTE


def overlap(first: Span, second: Span) -> bool:
    """Tell whether the two spans have time in common; touching is not overlapping."""
    return first[0] < second[1] and second[0] < first[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHours:
    """When somebody works: `days` are (weekday from Monday 0, start, end) by the wall clock of `zone`."""

    zone: str
    days: tuple[tuple[int, time, time], ...]

    def with_more(self, days: tuple[tuple[int, time, time], ...]) -> WorkHours:
        """Return these hours and `days` besides, which may adjoin or overlap them."""
        return WorkHours(zone=self.zone, days=self.days + days)

    def local(self, instant: datetime) -> datetime:
        """Return `instant` by the wall clock of the zone."""
        return instant.astimezone(ZoneInfo(self.zone))

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """Return the working spans that touch `start` to `end`, earliest first, those that adjoin as one."""
        found: list[Span] = []
        day, last = self.local(start).date(), self.local(end).date()
        while day <= last:
            for span in _day_spans(self, day):
                if span[0] >= end or span[1] <= start:
                    continue
                if found and span[0] <= found[-1][1]:
                    found[-1] = (found[-1][0], max(found[-1][1], span[1]))
                else:
                    found.append(span)
            day += timedelta(days=1)
        return found

    def contains(self, instant: datetime) -> bool:
        """Tell whether `instant` is working time; the end of a span is not."""
        return any(start <= instant < end for start, end in _day_spans(self, self.local(instant).date()))

    def covers(self, span: Span) -> bool:
        """Tell whether all of `span` is working time."""
        return any(start <= span[0] and span[1] <= end for start, end in self.spans(*span))

    def after(self, instant: datetime, working: timedelta, away: Sequence[Span] = ()) -> datetime:
        """Return the first working minute by which `working` has passed since `instant`, not counting `away`.

        Raises:
            ValueError: there is no such minute within 120 days.
        """
        left = working
        for start, end in self.spans(instant, instant + _FURTHEST):
            for piece_start, piece_end in _without((max(start, instant), end), away):
                if piece_end - piece_start > left:
                    return whole_minute(piece_start + left)
                left -= piece_end - piece_start
        raise ValueError(f"no {working} of working time within {_FURTHEST.days} days after {instant.isoformat()}")


@lru_cache(maxsize=20_000)
def _day_spans(hours: WorkHours, day: date) -> tuple[Span, ...]:
    zone = ZoneInfo(hours.zone)
    spans = [
        (datetime.combine(day, start, zone).astimezone(UTC), datetime.combine(day, end, zone).astimezone(UTC))
        for weekday, start, end in hours.days
        if weekday == day.weekday()
    ]
    return tuple(sorted(spans))


def _without(span: Span, away: Sequence[Span]) -> list[Span]:
    pieces = [span]
    for gone in away:
        pieces = [
            piece
            for start, end in pieces
            for piece in (
                ((start, min(end, gone[0])), (max(start, gone[1]), end)) if gone[0] < end else ((start, end),)
            )
            if piece[0] < piece[1]
        ]
    return pieces


def parse_days(text: str) -> tuple[tuple[int, time, time], ...]:
    """Return the days of a text such as `mon-thu 07:00-08:00`, the form of `mentor_offers`; empty for none.

    Raises:
        ValueError: `text` has another form.
    """
    if not text:
        return ()
    names, hours = text.split(" ")
    first, _, last = names.partition("-")
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    return tuple((weekday, start, end) for weekday in range(_SHORT[first], _SHORT[last or first] + 1))
