"""What a person's calendar looks like to somebody who leafs through it: occurrences, busy spans, free times.

Works on copies (`World.events`) and on the snapshots of the journal alike; used by the people and by the judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from graphsync.sandbox.demo.hours import Span, WorkHours, overlap
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.series import occurrences

# What getSchedule counts as not free; `workingElsewhere` is free (https://learn.microsoft.com/graph/api/resources/scheduleinformation).
TAKEN = frozenset({"busy", "tentative", "oof"})
QUARTER = timedelta(minutes=15)


def spans_of(event: Event, start: datetime, end: datetime) -> Iterator[Span]:
    """Yield the times an event, or each occurrence of a series, takes between `start` and `end`."""
    if event.recurrence is not None:
        for occurrence in occurrences(event, start, end):
            yield occurrence.start, occurrence.end
    elif event.start < end and start < event.end:
        yield event.start, event.end


def event_of(snapshot: dict[str, Any]) -> Event:
    """Return the copy that a journal snapshot shows, fit for `spans_of`."""
    return Event(**snapshot)


def takes_time(event: Event) -> bool:
    """Tell whether the copy keeps its owner from other meetings."""
    return not event.is_cancelled and event.show_as in TAKEN


def busy_spans(events: Iterable[Event], start: datetime, end: datetime) -> list[Span]:
    """Return the times taken between `start` and `end`, earliest first; they may overlap."""
    return sorted(span for event in events if takes_time(event) for span in spans_of(event, start, end))


def free_starts(
    hours: Sequence[WorkHours], busy: Sequence[Sequence[Span]], window: Span, length: timedelta
) -> list[datetime]:
    """Return the quarter hours in `window` at which a meeting of `length` suits everybody, earliest first.

    Args:
        hours: when each person works.
        busy: what each person has already, in the same order; sorted by start.
        window: the whole meeting lies within.
        length: how long the meeting is.
    """
    found: list[datetime] = []
    shared = hours[0].spans(*window)
    for other in hours[1:]:
        theirs = other.spans(*window)
        shared = [(max(a[0], b[0]), min(a[1], b[1])) for a in shared for b in theirs if overlap(a, b)]
    taken = [span for spans in busy for span in spans]
    for span_start, span_end in shared:
        at = _next_quarter(max(span_start, window[0]))
        last = min(span_end, window[1]) - length
        near = [span for span in taken if overlap(span, (span_start, span_end))]
        while at <= last:
            if not any(overlap(span, (at, at + length)) for span in near):
                found.append(at)
            at += QUARTER
    return found


def _next_quarter(instant: datetime) -> datetime:
    cut = instant.replace(minute=instant.minute - instant.minute % 15, second=0, microsecond=0)
    return cut if cut == instant else cut + QUARTER
