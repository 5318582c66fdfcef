"""The frame of iCalendar text: content lines with their numbers, and the components they make up.

Forgiving, because exports are cut off and mended by hand: what is not closed is closed, and named.
Source: https://www.rfc-editor.org/rfc/rfc5545#section-3.1
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# Not `str.splitlines`: it also parts lines at characters that may stand in a text.
_LINE_END = re.compile("\r\n|\n|\r")
_READ = frozenset({"VEVENT", "VTIMEZONE", "VFREEBUSY"})

FrameProblem = tuple[int, str, str]
"""A line, what was found there, and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLine:
    """One unfolded line; `number` is where it begins, from 1."""

    number: int
    text: str

    @property
    def name(self) -> str:
        """The name of the property, in capitals; of a line without one the whole text."""
        return re.split("[;:]", self.text, maxsplit=1)[0].upper()


@dataclass(slots=True, kw_only=True)
class Component:
    """A component of a VCALENDAR, `calendar` being that one's place in the text.

    `lines` are its own; those of the components inside it are there only for a VTIMEZONE, frames included.
    """

    kind: str
    line: int
    calendar: int
    lines: list[ContentLine] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return the text of the first property of that name, or nothing."""
        for line in self.lines:
            if line.name == name:
                return line.text.partition(":")[2].strip()
        return ""


def content_lines(text: str) -> list[ContentLine]:
    """Return the unfolded lines of `text`, without empty ones and without a byte order mark."""
    found: list[ContentLine] = []
    for number, line in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start=1):
        if line[:1] in (" ", "\t") and found:
            found[-1] = ContentLine(number=found[-1].number, text=found[-1].text + line[1:])
        elif line.strip():
            found.append(ContentLine(number=number, text=line))
    return [ContentLine(number=line.number, text=line.text.rstrip()) for line in found]


def components(lines: Sequence[ContentLine]) -> tuple[list[Component], list[FrameProblem]]:
    """Return the events, time zones and free-busy lists in the order of the text, and what is wrong with the frame."""
    scan = _Scan()
    for line in lines:
        if line.name == "BEGIN":
            scan.begin(line)
        elif line.name == "END":
            scan.end(line)
        elif scan.current is not None and (scan.nested == 0 or scan.current.kind == "VTIMEZONE"):
            scan.current.lines.append(line)
    if scan.open:
        scan.not_closed()
    return scan.found, scan.problems


@dataclass(slots=True)
class _Scan:
    found: list[Component] = field(default_factory=list)
    problems: list[FrameProblem] = field(default_factory=list)
    open: list[ContentLine] = field(default_factory=list)
    current: Component | None = None
    calendars: int = 0

    @property
    def nested(self) -> int:
        """How many components are open inside the current one."""
        return len(self.open) - 2 if self.current is not None else 0

    def begin(self, line: ContentLine) -> None:
        kind = _kind(line)
        # An event holds no event and a calendar no calendar: the one before was not closed.
        if kind == "VCALENDAR" and self.open:
            self.not_closed()
        elif kind in _READ and self.current is not None:
            self.not_closed(down_to=1)
        if kind == "VCALENDAR":
            self.calendars += 1
        elif not self.open:
            return
        self.open.append(line)
        if len(self.open) == 2 and kind in _READ:
            self.current = Component(kind=kind, line=line.number, calendar=self.calendars)
            self.found.append(self.current)
        elif self.current is not None and self.current.kind == "VTIMEZONE":
            self.current.lines.append(line)

    def end(self, line: ContentLine) -> None:
        kind = _kind(line)
        depth = next((depth for depth in range(len(self.open) - 1, -1, -1) if _kind(self.open[depth]) == kind), None)
        if depth is None:
            self.problems.append((line.number, f"{line.text[:40]!r}", "the end of a component that has begun"))
            return
        if depth < len(self.open) - 1:
            self.not_closed(down_to=depth + 1)
        if depth >= 2 and self.current is not None and self.current.kind == "VTIMEZONE":
            self.current.lines.append(line)
        self._close(depth)

    def not_closed(self, down_to: int = 0) -> None:
        """Close what is open from `down_to` on, and name the outermost of it."""
        opened = self.open[down_to]
        self.problems.append((opened.number, f"a {_kind(opened)} without its end", f"END:{_kind(opened)}"))
        self._close(down_to)

    def _close(self, depth: int) -> None:
        del self.open[depth:]
        if depth < 2:
            self.current = None


def _kind(line: ContentLine) -> str:
    return line.text.partition(":")[2].strip().upper()
