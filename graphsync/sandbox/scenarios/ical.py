"""Reads iCalendar text, as Outlook and others export it, into what one person's calendar holds.

Pure: text in, entries and problems out. `icalendar` reads the values and `recurring_ical_events` expands what
repeats, one series at a time, so that a series neither can make sense of costs nobody else anything. What is left
to this module is what exports get wrong: the frame of the file, names of time zones, and what a component whose
times are only partly readable still says. Source of the format: https://www.rfc-editor.org/rfc/rfc5545
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from graphsync.errors import ConfigError, Problem
from graphsync.sandbox.demo.hours import Span, overlap
from graphsync.sandbox.outlook.events import ShowAs
from graphsync.sandbox.scenarios.ical_frame import Component, ContentLine, components, content_lines
from graphsync.sandbox.scenarios.ical_zones import ZoneNames

# X-MICROSOFT-CDO-BUSYSTATUS:
# https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical/cd68eae7-ed65-4dd3-8ea7-ad585c76c736
_SHOW_AS: Mapping[str, ShowAs] = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
_ZONED = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_REPEATABLE = frozenset({"RRULE", "RDATE", "EXDATE"})
# Nothing else of an event bears on its times: a broken DESCRIPTION or ATTENDEE must not cost a meeting.
_TEXTS = frozenset({"UID", "STATUS", "TRANSP", "CLASS", "SUMMARY"})
_USED = _TEXTS | {*_ZONED, "SEQUENCE", "DURATION", "RRULE", "X-MICROSOFT-CDO-BUSYSTATUS"}
# A meeting of which only the start can be read.
_UNKNOWN_LENGTH = timedelta(hours=1)
_COUNT = re.compile(r"(?<=[:;])COUNT=[^;]*;?", re.IGNORECASE)
_UNTIL = re.compile(r"(?<=[:;])UNTIL=", re.IGNORECASE)
_UNTIL_DAY = re.compile(r"(?<=[:;])UNTIL=\d{8}(?=;|$)", re.IGNORECASE)
_TIMED = re.compile(r":\d{8}T", re.IGNORECASE)
# A year outside is a slip of the pen; a series from there is long to expand.
_YEARS = range(1900, 2200)
# A series by the minute or second is a slip of the pen, and millions of occurrences.
_TOO_FAST = frozenset({"MINUTELY", "SECONDLY"})
# The library compares dates and times of different zones; what lies close to an end is cut exactly afterwards.
_MARGIN = timedelta(days=2)
# What the two libraries raise for values they do not expect; they have no root class of their own for it.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One time in a calendar; `start` and `end` are instants, of all-day entries midnights of the person's zone."""

    start: datetime
    end: datetime
    show_as: ShowAs
    is_all_day: bool
    subject: str
    is_private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarText:
    """What a text holds: entries that overlap the span, by start, and problems by line.

    `starts_on` are the first and the last day on which a component begins, repetitions and the move not counted;
    None where no component has a time.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    starts_on: tuple[date, date] | None


def read_calendar(text: str, *, file: str, zone: str, span: Span, moved_by: timedelta = timedelta(0)) -> CalendarText:
    """Return what `text` holds between the two ends of `span`.

    Args:
        text: one or several VCALENDARs.
        file: how problems name the text.
        zone: the person's IANA zone, which times without one are in.
        span: entries that overlap it are returned.
        moved_by: whole days by which every entry is moved; wall-clock times stay, in the zone each has.
            Times in UTC move by the person's wall clock, because exports write local times that way.

    Raises:
        ConfigError: the text is no iCalendar; one problem with its first line.
    """
    lines = content_lines(text)
    if not any(line.text.upper() == "BEGIN:VCALENDAR" for line in lines):
        found = f"{lines[0].text[:40]!r}" if lines else "an empty file"
        number = lines[0].number if lines else 1
        raise ConfigError(
            [Problem(file=file, line=number, column=1, found=found, expected="an iCalendar file (BEGIN:VCALENDAR)")]
        )
    return _Reader(file=file, zone=ZoneInfo(zone), span=span, moved_by=moved_by).read(lines)


@dataclass(slots=True, kw_only=True)
class _Series:
    """One VEVENT: the lines the libraries are given, and what is known without expanding it."""

    component: Component
    lines: list[str]
    uid: str
    sequence: int
    is_exception: bool
    recurs: bool
    event: icalendar.Event


@dataclass(slots=True, kw_only=True)
class _Reader:
    file: str
    zone: ZoneInfo
    span: Span
    moved_by: timedelta
    problems: list[Problem] = field(default_factory=list)

    def read(self, lines: Sequence[ContentLine]) -> CalendarText:
        found, frame_problems = components(lines)
        for line, what, expected in frame_problems:
            self._note(line, what, expected)
        zones = ZoneNames()
        events: list[_Series] = []
        for calendar in sorted({component.calendar for component in found}):
            inside = [component for component in found if component.calendar == calendar]
            zones.define([component for component in inside if component.kind == "VTIMEZONE"])
            for component in inside:
                if component.kind == "VEVENT":
                    series = self._series(component, zones)
                    if series is not None:
                        events.append(series)
                elif component.kind == "VFREEBUSY":
                    self._note(component.line, "a VFREEBUSY", "VEVENT components; its times are left out")
        entries = [entry for group in self._groups(events) for entry in self._expanded(group, zones)]
        entries.sort(key=lambda entry: (entry.start, entry.end, entry.subject))
        days = [_day_of(series.event) for series in events]
        return CalendarText(
            entries=tuple(entries),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.line)),
            starts_on=(min(days), max(days)) if days else None,
        )

    def _note(self, line: int, found: str, expected: str) -> None:
        self.problems.append(Problem(file=self.file, line=line, column=1, found=found, expected=expected))

    # One component.

    def _series(self, component: Component, zones: ZoneNames) -> _Series | None:
        """Return a VEVENT cleared of what cannot be read, or None where it has no time."""
        named = _named(component)
        kept: dict[str, list[str]] = {}
        broken: dict[str, ContentLine] = {}
        for line in component.lines:
            name = line.name
            if name not in _USED:
                continue
            text = self._with_known_zone(line, zones) if name in _ZONED else line.text
            text = name + text[len(name) :]
            if name == "RRULE" and _COUNT.search(text) and _UNTIL.search(text):
                self._note(line.number, f"COUNT beside UNTIL in {named}", "one of them; UNTIL counts")
                text = _COUNT.sub("", text)
            if name in kept and name not in _REPEATABLE:
                self._note(line.number, f"a second {name} in {named}", "one; the first counts")
            elif _is_readable(text):
                kept.setdefault(name, []).append(text)
            else:
                broken[name] = line
                if name != "DTSTART":
                    self._note(line.number, f"{line.text[:80]!r} in {named}", _what_follows(name))
        if "DTSTART" not in kept:
            line = broken.get("DTSTART", ContentLine(number=component.line, text=""))
            found = f"{line.text[:80]!r} in {named}" if line.text else f"no DTSTART in {named}"
            if "DTEND" not in kept:
                self._note(line.number, found, "a date or a time; the event is left out")
                return None
            self._note(line.number, found, "a date or a time; counts for the hour, or the day, before its end")
            broken["DTSTART"] = line
            kept["DTSTART"] = [_start_before(kept["DTEND"][0])]
        self._mend_end(component, kept, broken)
        if _TIMED.search(kept["DTSTART"][0]):
            # A day as the end of timed meetings is meant to be within; the library would end before it.
            kept["RRULE"] = [_UNTIL_DAY.sub(r"\g<0>T235959", rule) for rule in kept.get("RRULE", ())]
        if broken:
            kept["X-MICROSOFT-CDO-BUSYSTATUS"] = ["X-MICROSOFT-CDO-BUSYSTATUS:BUSY"]
        uid = component.value("UID")
        if not uid or "RECURRENCE-ID" in broken:
            # An event of its own: it must neither replace another nor be taken for a repetition of it.
            uid = f"{uid} line {component.line}".strip()
            kept["UID"] = [f"UID:{uid}"]
        lines = [text for texts in kept.values() for text in texts]
        event = _parsed(lines)
        sequence = component.value("SEQUENCE")
        return _Series(
            component=component,
            lines=lines,
            uid=uid,
            sequence=int(sequence) if sequence.isdecimal() else 0,
            is_exception="RECURRENCE-ID" in kept,
            recurs=bool(kept.get("RRULE") or kept.get("RDATE")),
            event=event,
        )

    def _with_known_zone(self, line: ContentLine, zones: ZoneNames) -> str:
        text, unknown = zones.rewritten(line)
        if unknown:
            self._note(
                line.number, f"the time zone {unknown!r}", f"a Windows, IANA or defined name; read as {self.zone.key}"
            )
        return text

    def _mend_end(self, component: Component, kept: dict[str, list[str]], broken: Mapping[str, ContentLine]) -> None:
        """Give an event whose end cannot be, or cannot be read, a length."""
        event = _parsed([text for name in ("DTSTART", "DTEND", "DURATION") for text in kept.get(name, ())[:1]])
        start = _read(event, "DTSTART")
        is_day = not isinstance(start, datetime)
        no_end = broken.keys() & {"DTEND", "DURATION"} and not kept.keys() & {"DTEND", "DURATION"}
        if not no_end and not self._ends_before(start, event):
            if kept.keys() >= {"DTEND", "DURATION"}:
                del kept["DURATION"]
            return
        if not no_end:
            length = "a day" if is_day else "an hour"
            self._note(
                component.line, f"an end before the start in {_named(component)}", f"a later end; counts for {length}"
            )
        kept.pop("DTEND", None)
        kept["DURATION"] = ["DURATION:P1D" if is_day else f"DURATION:PT{_UNKNOWN_LENGTH // timedelta(minutes=1)}M"]

    def _ends_before(self, start: date, event: icalendar.Event) -> bool:
        if "DTEND" in event:
            return self._instant(_read(event, "DTEND"), timedelta(0)) < self._instant(start, timedelta(0))
        return "DURATION" in event and _read(event, "DURATION") < timedelta(0)

    # Series.

    def _groups(self, events: Sequence[_Series]) -> Iterator[list[_Series]]:
        """Yield what belongs together: an event, or a series with its exceptions, in the order of the file."""
        by_uid: dict[str, list[_Series]] = {}
        for series in events:
            by_uid.setdefault(series.uid, []).append(series)
        for group in by_uid.values():
            exceptions = [series for series in group if series.is_exception]
            masters = [series for series in group if not series.is_exception]
            newest = max((series.sequence for series in masters), default=0)
            # Of one event exported several times the highest SEQUENCE counts.
            standing = [series for series in masters if series.sequence == newest]
            yield standing[:1] + exceptions
            seen = [standing[0].lines] if standing else []
            for other in standing[1:]:
                if other.lines not in seen:
                    seen.append(other.lines)
                    what = f"another {_named(other.component)}"
                    self._note(other.component.line, what, "one event for a UID; both count")
                    yield [other]

    def _expanded(self, group: Sequence[_Series], zones: ZoneNames) -> Iterator[Entry]:
        """Yield the entries of a series and its exceptions that overlap the span."""
        failed = next((reason for series in group if (reason := _unusable_rule(series))), "")
        occurrences: list[icalendar.Event] = []
        if not failed:
            try:
                occurrences = self._occurrences(group, zones)
            except _UNREADABLE:
                # What they say is of their own insides; the rule itself tells the reader more.
                failed = repr("; ".join(_rules(group)) or "RDATE")
        if failed:
            first = group[0].component
            where = next((line.number for line in first.lines if line.name == "RRULE"), first.line)
            self._note(
                where,
                f"a series that cannot be expanded in {_named(first)} ({failed})",
                "a rule such as 'FREQ=WEEKLY;BYDAY=MO'; only the times written out count, as busy",
            )
            occurrences = [series.event for series in group]
        for occurrence in occurrences:
            entry = self._entry(occurrence, doubtful=bool(failed))
            if entry is not None and overlap((entry.start, entry.end), self.span):
                yield entry

    def _occurrences(self, group: Sequence[_Series], zones: ZoneNames) -> list[icalendar.Event]:
        if len(group) == 1 and not group[0].recurs:
            return [group[0].event]
        text = [*zones.definitions()]
        for series in group:
            text += ["BEGIN:VEVENT", *series.lines, "END:VEVENT"]
        calendar = icalendar.Calendar.from_ical(_calendar_text(text))
        first, last = (at.date() - self.moved_by for at in self.span)
        found: list[icalendar.Event] = recurring_ical_events.of(calendar).between(first - _MARGIN, last + _MARGIN)
        return found

    # Entries.

    def _entry(self, event: icalendar.Event, *, doubtful: bool) -> Entry | None:
        """Return an occurrence as an entry, moved; None where it was cancelled or takes no time."""
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return None
        start = _read(event, "DTSTART")
        end = _end_of(event)
        length = self._instant(end, timedelta(0)) - self._instant(start, timedelta(0))
        if length <= timedelta(0):
            return None
        first, last = self._instant(start, self.moved_by), self._instant(end, self.moved_by)
        if last <= first:
            # Its wall-clock times do not exist, or come twice, in the week it was moved to.
            last = first + length
        return Entry(
            start=first,
            end=last,
            show_as="busy" if doubtful else _show_as(event),
            is_all_day=not isinstance(start, datetime),
            subject=str(event.get("SUMMARY", "")),
            is_private=str(event.get("CLASS", "PUBLIC")).upper() != "PUBLIC",
        )

    def _instant(self, at: date, moved_by: timedelta) -> datetime:
        if not isinstance(at, datetime):
            return datetime.combine(at + moved_by, time(), self.zone).astimezone(UTC)
        if at.tzinfo is None:
            at = at.replace(tzinfo=self.zone)
        elif at.utcoffset() == timedelta(0) and at.tzname() == "UTC":
            at = at.astimezone(self.zone)
        if not moved_by:
            return at.astimezone(UTC)
        return (at.replace(tzinfo=None) + moved_by).replace(tzinfo=at.tzinfo).astimezone(UTC)


def _named(component: Component) -> str:
    uid = component.value("UID")
    return f"VEVENT {uid!r}" if uid else "a VEVENT without UID"


def _calendar_text(lines: Sequence[str]) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])


def _parsed(lines: Sequence[str]) -> icalendar.Event:
    """Return the event of these lines."""
    event = icalendar.Calendar.from_ical(_calendar_text(["BEGIN:VEVENT", *lines, "END:VEVENT"])).subcomponents[0]
    assert isinstance(event, icalendar.Event)
    return event


def _read(event: icalendar.Event, name: str) -> Any:
    """Return the date, time or length of a property that `_is_readable` has let pass."""
    value: Any = event[name]
    return value.dt


@lru_cache(maxsize=4096)
def _is_readable(text: str) -> bool:
    """Tell whether `icalendar` understands a line on its own, and it has the kind of value that its name asks for."""
    name = ContentLine(number=0, text=text).name
    if name in _TEXTS:
        return True
    try:
        event = _parsed([text])
    except _UNREADABLE:
        return False
    if event.errors or name not in event:
        return False
    if name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        at = _read(event, name)
        return isinstance(at, date) and at.year in _YEARS
    if name == "DURATION":
        return isinstance(_read(event, name), timedelta)
    if name == "X-MICROSOFT-CDO-BUSYSTATUS":
        return str(event[name]).upper() in _SHOW_AS
    return True


def _start_before(line: str) -> str:
    """Return a DTSTART an hour, or a day, before what a DTEND line says."""
    end = _read(_parsed([line]), "DTEND")
    parameters, _, value = line.removeprefix("DTEND").rpartition(":")
    if not isinstance(end, datetime):
        return f"DTSTART{parameters}:{end - timedelta(days=1):%Y%m%d}"
    universal = "Z" if value.upper().endswith("Z") else ""
    return f"DTSTART{parameters}:{end - _UNKNOWN_LENGTH:%Y%m%dT%H%M%S}{universal}"


def _what_follows(name: str) -> str:
    """Return what was expected of a property that cannot be read, and what is made of the event without it."""
    return {
        "DTEND": "a date or a time; counts from its start for an hour, or the day",
        "DURATION": "a length such as 'PT1H'; counts from its start for an hour, or the day",
        "RRULE": "a rule such as 'FREQ=WEEKLY;BYDAY=MO'; only the first time counts",
        "RDATE": "dates or times; the rest of the series counts",
        "EXDATE": "dates or times; nothing is taken out of the series for it",
        "RECURRENCE-ID": "a date or a time; counts beside the series",
        "X-MICROSOFT-CDO-BUSYSTATUS": f"one of {', '.join(_SHOW_AS)}; counts as busy",
    }.get(name, "another value; the event counts without it")


def _rules(group: Sequence[_Series]) -> list[str]:
    """Return the rules of a series as the libraries were given them, cut to what a line holds."""
    return [line.partition(":")[2][:80] for series in group for line in series.lines if line.startswith("RRULE")]


def _unusable_rule(series: _Series) -> str:
    """Return why a rule must not be expanded, or nothing."""
    rules = series.event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if not rule.get("FREQ"):
            return "it has no FREQ"
        if {str(value).upper() for value in rule.get("FREQ", [])} & _TOO_FAST:
            return "it repeats every minute or second"
        if any(not isinstance(value, int) or value < 1 for value in rule.get("INTERVAL", [])):
            return "its INTERVAL is no whole number over zero"
    return ""


def _day_of(event: icalendar.Event) -> date:
    start: date = _read(event, "DTSTART")
    return start.date() if isinstance(start, datetime) else start


def _end_of(event: icalendar.Event) -> date:
    """Return the end that an event has, or that the format gives it: a day after a date, at once after a time."""
    start: date = _read(event, "DTSTART")
    if "DTEND" in event:
        end: date = _read(event, "DTEND")
    elif "DURATION" in event:
        end = start + _read(event, "DURATION")
    else:
        end = start
    if isinstance(start, datetime) and not isinstance(end, datetime):
        return datetime.combine(end, time(), start.tzinfo)
    if isinstance(start, datetime):
        return end
    # Some exports end an all-day event on the day it starts.
    return max(end, start + timedelta(days=1)) if not isinstance(end, datetime) else start + timedelta(days=1)


def _show_as(event: icalendar.Event) -> ShowAs:
    """Return how an event shows: Outlook's own word for it before TRANSP, STATUS last."""
    status = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    if status in _SHOW_AS:
        return _SHOW_AS[status]
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return "free"
    return "tentative" if str(event.get("STATUS", "")).upper() == "TENTATIVE" else "busy"
