"""Words for a reader: times by somebody's clock, states of events, and HTML as the text it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.zones import local_time

RESPONSES = {
    "none": "not answered",
    "notResponded": "not answered",
    "organizer": "organizer",
    "accepted": "accepted",
    "tentativelyAccepted": "tentatively accepted",
    "declined": "declined",
}
SHOWN_AS = {
    "unknown": "unknown",
    "free": "free",
    "tentative": "tentative",
    "busy": "busy",
    "oof": "out of office",
    "workingElsewhere": "working elsewhere",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def day_of(day: date) -> str:
    """Return a date as `Mon 5 Jan`."""
    return f"{day:%a} {day.day} {day:%b}"


def moment(instant: datetime | None, zone: str = "UTC") -> str:
    """Return an instant as `Mon 5 Jan 2026 09:00`, by the clocks of a Windows zone; seconds where there are any."""
    if instant is None:
        return "–"
    local = instant if zone == "UTC" else local_time(instant, zone)
    seconds = f":{local:%S}" if local.second or local.microsecond else ""
    return f"{day_of(local)} {local.year} {local:%H:%M}{seconds}"


def between(start: datetime, end: datetime, zone: str = "UTC") -> str:
    """Return a span as `Mon 5 Jan 2026, 09:00 to 10:00`, the second day too where it is another."""
    local_start, local_end = (local_time(instant, zone) for instant in (start, end))
    if local_start.date() != local_end.date():
        return f"{moment(start, zone)} to {moment(end, zone)}"
    return f"{day_of(local_start)} {local_start.year}, {local_start:%H:%M} to {local_end:%H:%M}"


def days_in_words(days: Sequence[str]) -> str:
    """Return working days as `Mon–Thu, Sat`."""
    numbers = sorted(WEEKDAYS.index(day) for day in days)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    names = [day[:3].capitalize() for day in WEEKDAYS]
    return ", ".join(names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]]}" for run in runs)


def span(length: timedelta) -> str:
    """Return how long something is in its two greatest units: `2 hours 30 minutes`."""
    left, parts = round(length.total_seconds()), []
    for size, name in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts[:2]) or "no time"


def states(event: Event) -> list[str]:
    """Return what an owner wants to know of their copy beside its time, most important first."""
    if event.is_cancelled:
        return ["cancelled"]
    told = [SHOWN_AS.get(event.show_as, event.show_as)]
    if not event.is_organizer:
        answer = RESPONSES.get(event.response, event.response)
        # Who answers tentatively is shown as tentative: once is enough.
        told = [answer] if answer.startswith(told[0]) else [*told, answer]
        told.append(f"from {event.organizer_name or event.organizer_address}")
    elif event.attendees:
        told.append("organizer")
    return told


class _Text(HTMLParser):
    """Collects what a reader sees of HTML: text, with line breaks where blocks end."""

    _BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr"})
    _HIDDEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML may leave out the end of its head.
        self._hidden = 0 if tag == "body" else self._hidden + (tag in self._HIDDEN)
        if tag in self._BLOCKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("• ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """Return the text that HTML shows; what is hidden in it, and all marks, are gone."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = [line.strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def shown_body(content: str, body_type: str) -> str:
    """Return a body as text, whatever it was written in."""
    return text_of_html(content) if body_type == "html" else content.strip()


def in_utc(instant: datetime) -> str:
    """Return an instant as JSON has it, for fields that take one."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
