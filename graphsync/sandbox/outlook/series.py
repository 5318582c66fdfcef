"""The occurrences of a series, and what single ones have otherwise: exceptions, and those taken out.

A series is one copy, its master; an occurrence is worked out of it, and its id is the master's with its date. What
one has otherwise is kept as a `Deviation` of the master, all else it has from the master, so that a change of the
master reaches it. Sources: https://learn.microsoft.com/graph/api/resources/event (type, seriesMasterId,
originalStart, exceptionOccurrences) and https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime

from graphsync.sandbox.draws import ITEM_ID_LENGTH
from graphsync.sandbox.outlook.events import SHARED_FIELDS, Attendee, Deviation, Event
from graphsync.sandbox.outlook.recurrence import is_on, occurrence_dates
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.zones import local_time, zone_of

# What one occurrence may have otherwise than its series.
DEVIATING = (
    *(name for name in SHARED_FIELDS if name != "recurrence"),
    "attendees",
    "categories",
    "extended_properties",
    "is_cancelled",
    "is_reminder_on",
    "organizer_show_as",
    "reminder_minutes",
    "responded_at",
    "response",
    "sequence",
    "show_as",
)
CROSSING_TEXT = "Modified occurrence is crossing or overlapping adjacent occurrence."
_DATE_LENGTH = 8


def date_in(name: str) -> date | None:
    """Return the date that an occurrence's `id` or `iCalUId` ends with, or None."""
    digits = name[-_DATE_LENGTH:]
    if not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def split_occurrence_id(item_id: str) -> tuple[str, date] | None:
    """Return master id and date of an occurrence's id, or None if `item_id` names no occurrence."""
    on = date_in(item_id) if len(item_id) == ITEM_ID_LENGTH + _DATE_LENGTH else None
    return None if on is None else (item_id[:-_DATE_LENGTH], on)


def split_occurrence_uid(ical_uid: str) -> tuple[str, date] | None:
    """Return the `iCalUId` of the series and the date, read from that of an occurrence; None if it ends in no date."""
    on = date_in(ical_uid)
    return None if on is None else (ical_uid[:-_DATE_LENGTH], on)


def _zone_name(master: Event) -> str:
    named = (master.recurrence or {}).get("range", {}).get("recurrenceTimeZone")
    return str(named or master.original_time_zone)


class _Layout:
    """The wall-clock times of a series, to be put on a date; start and end each keep theirs across a clock change."""

    __slots__ = ("length", "master", "time", "zone")

    def __init__(self, master: Event) -> None:
        name = _zone_name(master)
        self.master = master
        self.zone = zone_of(name)
        first = local_time(master.start, name)
        self.time = first.time()
        self.length = local_time(master.end, name) - first

    def span(self, on: date) -> tuple[datetime, datetime]:
        """Return start and end, in UTC, of what takes place on a date."""
        starts = datetime.combine(on, self.time)
        ends = starts + self.length
        return starts.replace(tzinfo=self.zone).astimezone(UTC), ends.replace(tzinfo=self.zone).astimezone(UTC)

    def occurrence(self, on: date) -> Event:
        """Return the occurrence on a date as the master has it, whether or not it was changed."""
        starts, ends = self.span(on)
        digits = on.strftime("%Y%m%d")
        return replace(
            self.master,
            id=self.master.id + digits,
            ical_uid=self.master.ical_uid + digits,
            start=starts,
            end=ends,
            original_start=starts,
            type="occurrence",
            series_master_id=self.master.id,
            recurrence=None,
            excluded_on=[],
            deviations={},
        )

    def exception(self, on: date, deviation: Deviation) -> Event:
        """Return the occurrence on a date with what it has otherwise."""
        return replace(
            self.occurrence(on),
            type="exception",
            change_key=deviation.change_key,
            modified_at=deviation.modified_at,
            revision=deviation.revision,
            **deviation.values,
        )


def _regular(master: Event, start: datetime, end: datetime) -> Iterator[Event]:
    assert master.recurrence is not None
    layout = _Layout(master)
    left_out = {*master.excluded_on, *master.deviations}
    for on in occurrence_dates(master.recurrence):
        starts, ends = layout.span(on)
        if starts >= end:
            return
        if ends > start and on not in left_out:
            yield layout.occurrence(on)


def exceptions(master: Event) -> list[Event]:
    """Return the occurrences that were changed, by their date in the series."""
    if not master.deviations:
        return []
    layout = _Layout(master)
    return [layout.exception(on, master.deviations[on]) for on in sorted(master.deviations)]


def occurrences(master: Event, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield what a series has between `start` and `end`, in order: occurrences, and exceptions where they are now.

    Their lists are those of the master: to be read alone.
    """
    if master.recurrence is None:
        return
    if not master.deviations:
        yield from _regular(master, start, end)
        return
    moved = [item for item in exceptions(master) if item.start < end and item.end > start]
    yield from sorted([*_regular(master, start, end), *moved], key=lambda item: (item.start, item.id))


def occurrence_on(master: Event, on: date) -> Event | None:
    """Return the occurrence or exception of a date as a value of its own, or None if the series has none then."""
    if master.recurrence is None or on in master.excluded_on or not is_on(master.recurrence, on):
        return None
    layout = _Layout(master)
    deviation = master.deviations.get(on)
    found = layout.occurrence(on) if deviation is None else layout.exception(on, deviation)
    return replace(
        found,
        attendees=deepcopy(found.attendees),
        categories=list(found.categories),
        extended_properties=dict(found.extended_properties),
    )


def set_apart(master: Event, occurrence: Event) -> None:
    """Keep what an occurrence has otherwise than its series: it is an exception from now on."""
    on = date_in(occurrence.id)
    assert on is not None
    plain = _Layout(master).occurrence(on)
    values = {
        name: deepcopy(getattr(occurrence, name))
        for name in DEVIATING
        if getattr(occurrence, name) != getattr(plain, name)
    }
    occurrence.type = "exception"
    master.deviations[on] = Deviation(
        values=values,
        revision=occurrence.revision,
        change_key=occurrence.change_key,
        modified_at=occurrence.modified_at,
    )


def take_out(master: Event, occurrence: Event) -> None:
    """Take one occurrence out of the series, with what it had otherwise."""
    on = date_in(occurrence.id)
    assert on is not None
    master.deviations.pop(on, None)
    master.excluded_on.append(on)


def shared_deviations(master: Event) -> dict[date, Deviation]:
    """Return what exceptions of the organizer's copy look like in the copy of somebody who has not answered."""
    found: dict[date, Deviation] = {}
    for on, deviation in master.deviations.items():
        values = {name: value for name, value in deviation.values.items() if name in SHARED_FIELDS}
        if not values:
            continue
        for name in ("attendees", "sequence"):
            if name in deviation.values:
                values[name] = deviation.values[name]
        if "show_as" in deviation.values:
            values["organizer_show_as"] = deviation.values["show_as"]
        found[on] = replace(deviation, values=deepcopy(values))
    return found


def changed_for_all(master: Event) -> list[Event]:
    """Return the exceptions that differ for every attendee, not by somebody's answer alone."""
    return [item for item in exceptions(master) if master.deviations[_date_of(item)].values.keys() & {*SHARED_FIELDS}]


def _date_of(occurrence: Event) -> date:
    on = date_in(occurrence.id)
    assert on is not None
    return on


def highest_sequence(master: Event) -> int:
    """Return the highest `sequence` of a series and its exceptions: what an answer to any of them is below."""
    return max([master.sequence, *(int(item.values.get("sequence", 0)) for item in master.deviations.values())])


def drop_changes(master: Event, *, but_range: bool) -> None:
    """Forget exceptions and what was taken out, as a new time or pattern does.

    Args:
        master: with its new time and recurrence.
        but_range: nothing but the end of the range changed, so that what is still within it stays.

    Source: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal/4b92fb85-db55-4251-8e81-e319361218e1
    """
    kept = set(occurrence_dates(master.recurrence)) if but_range and master.recurrence else set()
    master.deviations = {on: deviation for on, deviation in master.deviations.items() if on in kept}
    master.excluded_on = [on for on in master.excluded_on if on in kept]


def follow_attendees(master: Event, gone: Iterable[str], fresh: Iterable[Attendee]) -> None:
    """Take attendees out of, and put new ones into, the exceptions that have a list of their own."""
    leaving = {address.lower() for address in gone}
    joining = list(fresh)
    for deviation in master.deviations.values():
        if "attendees" not in deviation.values:
            continue
        staying = [person for person in deviation.values["attendees"] if person.address.lower() not in leaving]
        present = {person.address.lower() for person in staying}
        new = [deepcopy(person) for person in joining if person.address.lower() not in present]
        deviation.values["attendees"] = [*staying, *new]


def decline_all(master: Event, address: str, answered_at: datetime) -> None:
    """Note in the exceptions that somebody declined the whole series."""
    for deviation in master.deviations.values():
        for person in deviation.values.get("attendees", ()):
            if person.address.lower() == address.lower():
                person.response, person.responded_at, person.proposed = "declined", answered_at, None


def mark_cancelled(event: Event) -> None:
    """Mark an attendee's copy as called off: free, "Canceled: " before its subject, exceptions of a series too."""
    prefix = "Canceled: "
    event.is_cancelled = True
    event.show_as = "free"
    event.subject = prefix + event.subject
    for deviation in event.deviations.values():
        deviation.values.pop("show_as", None)
        if not deviation.values.pop("is_cancelled", False) and "subject" in deviation.values:
            deviation.values["subject"] = prefix + deviation.values["subject"]


def check_boundary(master: Event, occurrence: Event, start: datetime, end: datetime) -> None:
    """Refuse times that bring an occurrence to the day of the one before or after, or past it.

    Raises:
        GraphRefusal: 400 `ErrorOccurrenceCrossingBoundary`.

    Source: https://learn.microsoft.com/graph/api/event-update
    """
    assert master.recurrence is not None
    on = _date_of(occurrence)
    dates = [each for each in occurrence_dates(master.recurrence) if each == on or each not in master.excluded_on]
    place = dates.index(on)
    zone_name = _zone_name(master)
    day = local_time(start, zone_name).date()
    before = occurrence_on(master, dates[place - 1]) if place else None
    after = occurrence_on(master, dates[place + 1]) if place + 1 < len(dates) else None
    reaches_back = before is not None and (start < before.end or day <= local_time(before.start, zone_name).date())
    reaches_on = after is not None and (end > after.start or day >= local_time(after.start, zone_name).date())
    if reaches_back or reaches_on:
        raise GraphRefusal(400, "ErrorOccurrenceCrossingBoundary", CROSSING_TEXT)
