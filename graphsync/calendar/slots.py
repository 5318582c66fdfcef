"""Spans of time, and the arithmetic of lists of them.

Spans are half open: one that ends at ten and one that starts at ten touch and do not overlap. The fast search for
slots is in `availability`; these functions are for the few places where lists are short or must be exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

NO_TIME: Final = timedelta(0)


def checked_utc(instant: datetime, what: str) -> datetime:
    """Return `instant`, which `what` names in the message should it not be an aware datetime in UTC.

    Raises:
        ValueError: it is naive, or of another zone, whose arithmetic would follow the wall clock.
    """
    if instant.tzinfo != UTC:
        raise ValueError(f"{what} is an aware datetime in UTC, not {instant!r}; convert with astimezone(UTC)")
    return instant


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TimeSlot:
    """A span of time in UTC, `start` included, `end` excluded; never empty. Sorts by start, then end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        checked_utc(self.start, "start of a slot")
        checked_utc(self.end, "end of a slot")
        if self.start >= self.end:
            raise ValueError(
                f"a slot ends after its start; {self.end.isoformat()} is not after {self.start.isoformat()}"
            )

    @property
    def length(self) -> timedelta:
        """How long the slot is."""
        return self.end - self.start

    def overlaps(self, other: TimeSlot) -> bool:
        """Tell whether the two have time in common; touching is not overlapping."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: TimeSlot) -> bool:
        """Tell whether `other` lies wholly within this slot; a slot contains itself."""
        return self.start <= other.start and other.end <= self.end

    def covers(self, instant: datetime) -> bool:
        """Tell whether `instant` lies within; the end is excluded."""
        return self.start <= instant < self.end

    def common(self, other: TimeSlot) -> TimeSlot | None:
        """Return the time that both have in common, or None."""
        if not self.overlaps(other):
            return None
        return TimeSlot(start=max(self.start, other.start), end=min(self.end, other.end))


def merged(slots: Iterable[TimeSlot]) -> list[TimeSlot]:
    """Return the same time as few slots, earliest first, no two of which overlap or touch.

    Args:
        slots: in any order; they may overlap.
    """
    result: list[TimeSlot] = []
    for slot in sorted(slots):
        if result and slot.start <= result[-1].end:
            result[-1] = TimeSlot(start=result[-1].start, end=max(result[-1].end, slot.end))
        else:
            result.append(slot)
    return result


def without(slots: Iterable[TimeSlot], taken: Iterable[TimeSlot]) -> list[TimeSlot]:
    """Return what is left of `slots` when `taken` is cut out, earliest first and merged.

    Args:
        slots: in any order; they may overlap.
        taken: in any order; they may overlap and reach outside `slots`.
    """
    cuts = merged(taken)
    result: list[TimeSlot] = []
    for slot in merged(slots):
        start = slot.start
        for cut in cuts:
            if cut.end <= start:
                continue
            if cut.start >= slot.end:
                break
            if cut.start > start:
                result.append(TimeSlot(start=start, end=cut.start))
            start = cut.end
        if start < slot.end:
            result.append(TimeSlot(start=start, end=slot.end))
    return result


def free_slots(busy: Sequence[TimeSlot], window: TimeSlot, length: timedelta) -> list[TimeSlot]:
    """Return the gaps in `window` that hold a meeting of `length`, earliest first.

    Args:
        busy: taken slots in UTC, in any order; they may overlap and reach outside `window`.
        window: the span searched.
        length: how long the meeting is; over zero.

    Returns:
        Whole gaps, not cut to `length`; empty if none fits.

    Raises:
        ValueError: `length` is zero or negative.

    Source: https://learn.microsoft.com/graph/api/resources/scheduleitem (what counts as busy: see `availability`)
    """
    if length <= NO_TIME:
        raise ValueError(f"a meeting is longer than nothing, not {length}")
    return [gap for gap in without([window], busy) if gap.length >= length]
