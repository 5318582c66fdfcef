"""`mentorships.csv` to rows: who mentors whom, and what the two have settled.

People are named by their mail addresses here; the directory says later who they are. Each line is a row of its own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from pydantic_core import PydanticCustomError

from graphsync.errors import ConfigError, Problem, one_of
from graphsync.mentoring import (
    DayHours,
    Medium,
    Mentorship,
    MentorshipId,
    OptIn,
    PersonId,
    StandingTime,
    Status,
    mentorship_id,
)
from graphsync.rules.kinds import shown
from graphsync.rules.mentorship_columns import COLUMNS

REQUIRED = frozenset(name for name, column in COLUMNS.items() if column.required)
PAIRS = frozenset({"mentor", "mentee"})

PERSONAL = {"time_zone": "time zone", "hours": "set of hours", "region": "region"}
"""What somebody has once, however many mentorships they are in: the end of its columns, and what messages call it."""

NOT_SAID: Mapping[str, Any] = {"cohort": "", "started": date.min}
"""What stands for a column that a list of pairs may leave out."""

_CELL = {sign: re.compile(rf' *(?P<cell>"(?:[^"]|"")*"|[^{sign}]*)(?:{sign}|$)') for sign in ",;"}
LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorshipRow:
    """One line of the file; what it leaves empty is None, or the value a `Mentorship` starts with.

    Time zones (IANA names) and hours win over what the mailbox says, a region over the directory's country; `line` is
    where the row stands in its file.
    """

    mentor: str
    mentee: str
    cohort: str
    started_on: date
    status: Status = Status.ACTIVE
    cadence: timedelta | None = None
    paused_until: date | None = None
    ends_on: date | None = None
    mentor_time_zone: str | None = None
    mentee_time_zone: str | None = None
    mentor_hours: tuple[DayHours, ...] = ()
    mentee_hours: tuple[DayHours, ...] = ()
    mentor_region: str = ""
    mentee_region: str = ""
    standing: StandingTime | None = None
    medium: Medium = Medium.VIDEO
    phone: str = ""
    opt_ins: frozenset[OptIn] = frozenset()
    mentor_offers: tuple[DayHours, ...] = ()
    mentee_offers: tuple[DayHours, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def id(self) -> MentorshipId:
        """The id of the mentorship, which its two addresses make."""
        return mentorship_id(self.mentor, self.mentee)

    @property
    def stands(self) -> str:
        """What the line says of how the mentorship stands: first day, status, end of a pause, last day."""
        return " ".join(str(cell or "-") for cell in (self.started_on, self.status, self.paused_until, self.ends_on))

    def mentorship(self, mentor: PersonId, mentee: PersonId) -> Mentorship:
        """Return the mentorship, its people named as the directory does; a pause with an end is over by itself."""
        return Mentorship(
            id=self.id,
            mentor=mentor,
            mentee=mentee,
            cohort=self.cohort,
            started_on=self.started_on,
            status=Status.ACTIVE if self.paused_until is not None else self.status,
            cadence=self.cadence,
            standing=self.standing,
            medium=self.medium,
            phone=self.phone,
            opt_ins=self.opt_ins,
            mentor_offers=self.mentor_offers,
            mentee_offers=self.mentee_offers,
            paused_until=self.paused_until,
            ends_on=self.ends_on,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line cut into cells, each with the column (from 1) it starts at; `end` is the column after the last one."""

    number: int
    end: int
    cells: tuple[str, ...]
    starts: tuple[int, ...]


class _Reading:
    """One pass over the file, collecting what is wrong with it."""

    def __init__(self, file: str, cohorts: Collection[str] | None, required: Collection[str]) -> None:
        self.file = file
        self.cohorts = cohorts
        self.required = required
        self.problems: list[Problem] = []
        self.pairs: dict[MentorshipId, int] = {}
        self.personal: dict[tuple[str, str], tuple[object, int]] = {}

    def complain(self, line: int, column: int, found: str, expected: str) -> None:
        self.problems.append(Problem(file=self.file, line=line, column=column, found=found, expected=expected))

    def lines(self, text: str) -> Iterator[_Line]:
        delimiter = delimiter_of(text)
        for number, line in enumerate(LINE_END.split(text), 1):
            try:
                cells = next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
            except csv.Error as error:
                self.complain(number, 1, f"quotes that do not pair ({error})", "a cell in quotes closed on its line")
                continue
            if any(cell.strip() for cell in cells):
                stripped = tuple(cell.strip() for cell in cells)
                yield _Line(number=number, end=len(line) + 1, cells=stripped, starts=tuple(_starts(line, delimiter)))

    def header(self, line: _Line) -> bool:
        """Tell whether the names of the columns will do; complain where they will not."""
        before = len(self.problems)
        for place, name in enumerate(line.cells):
            if name not in COLUMNS:
                self.complain(line.number, line.starts[place], f"column {name!r}", f"one of {one_of(COLUMNS, name)}")
            elif name in line.cells[:place]:
                self.complain(line.number, line.starts[place], f"column {name!r} a second time", "each column once")
        for name, column in COLUMNS.items():
            if name in self.required and name not in line.cells:
                self.complain(line.number, 1, f"no column {name!r}", f"{name!r} ({column.description})")
        return len(self.problems) == before

    def row(self, header: _Line, line: _Line) -> MentorshipRow | None:
        """Return the row a line makes, or None after complaining."""
        before = len(self.problems)
        starts = dict(zip(header.cells, line.starts, strict=False))
        cells = dict(zip(header.cells, line.cells, strict=False))
        for place, cell in list(enumerate(line.cells))[len(header.cells) :]:
            if cell:
                expected = f"{len(header.cells)} cells, one for each column (put quotes around a cell with commas)"
                self.complain(line.number, line.starts[place], f"cell {place + 1}", expected)
        read = {COLUMNS[name].fills: self.value(name, cells, starts, line) for name in header.cells}
        given: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
        for name in COLUMNS.keys() - self.required:
            if COLUMNS[name].required:
                given.setdefault(COLUMNS[name].fills, NOT_SAID[name])
        self.check(given, starts, line.number)
        return None if len(self.problems) > before else MentorshipRow(line=line.number, **given)

    def value(self, name: str, cells: Mapping[str, str], starts: Mapping[str, int], line: _Line) -> object:
        cell, start = cells.get(name, ""), starts.get(name, line.end)
        if not cell:
            if name in self.required:
                self.complain(line.number, start, f"an empty {name}", f"{name!r} ({COLUMNS[name].description})")
            return None
        try:
            return COLUMNS[name].read(cell)
        except PydanticCustomError as error:
            context = cast("Mapping[str, str]", error.context)
            self.complain(line.number, start, context["found"] or f"{name} {shown(cell)}", context["expected"])
            return None

    def check(self, given: Mapping[str, Any], starts: Mapping[str, int], line: int) -> None:
        """Complain about cells that are right by themselves and wrong beside others."""
        cohort, mentor, mentee = given.get("cohort"), given.get("mentor"), given.get("mentee")
        if cohort is not None and self.cohorts is not None and cohort not in self.cohorts:
            expected = f"a cohort of graphsync.yaml: {one_of(self.cohorts, cohort)}"
            self.complain(line, starts["cohort"], f"cohort {cohort!r}", expected)
        if given.get("medium") is Medium.PHONE and not given.get("phone"):
            expected = "'phone' (who calls whom, at which number)"
            self.complain(line, starts.get("phone", starts["medium"]), "medium 'phone' and no phone", expected)
        if mentor is not None and mentee is not None:
            self.check_pair(mentor, mentee, starts["mentee"], line)
        for role, person in (("mentor", mentor), ("mentee", mentee)):
            for what in PERSONAL:
                if person is not None and f"{role}_{what}" in given:
                    self.check_personal(person, what, given[f"{role}_{what}"], starts[f"{role}_{what}"], line)
        self.check_days(given, starts, line)

    def check_pair(self, mentor: str, mentee: str, start: int, line: int) -> None:
        if mentor.casefold() == mentee.casefold():
            self.complain(line, start, "the mentor as their own mentee", "two different people")
            return
        first = self.pairs.setdefault(mentorship_id(mentor, mentee), line)
        if first != line:
            self.complain(line, start, "the same mentor and mentee again", f"each pair once (line {first} has it too)")

    def check_personal(self, person: str, what: str, value: object, start: int, line: int) -> None:
        """Complain where somebody who comes several times is said to be two things at once."""
        said, first = self.personal.setdefault((person.casefold(), what), (value, line))
        if said != value:
            name = PERSONAL[what]
            found, has = (f" {value!r}", f" has {said!r}") if isinstance(value, str) else (" that differ", "")
            self.complain(line, start, f"{name}{found}", f"one {name} for each person (line {first}{has})")

    def check_days(self, given: Mapping[str, Any], starts: Mapping[str, int], line: int) -> None:
        if "paused_until" in given and given.get("status") is not Status.PAUSED:
            self.complain(line, starts["paused_until"], "paused_until without a pause", "'paused' as its status")
        if "started_on" in given and "ends_on" in given and given["ends_on"] < given["started_on"]:
            found = f"a last day before the first, {given['started_on']}"
            self.complain(line, starts["ends"], found, "a day after it")


def parse_mentorships(
    text: str, *, file: str, cohorts: Collection[str] | None, required: Collection[str] = REQUIRED
) -> tuple[MentorshipRow, ...]:
    """Return the rows of the file, in its order.

    Args:
        text: lines of cells between commas, or between semicolons; the first line names the columns. A byte order
            mark is skipped, and so are empty lines.
        file: the name that problems give as theirs.
        cohorts: the cohorts there are; None where that is not known, so that no cohort is complained about.
        required: the columns that have to be there; `PAIRS` where it is enough to know who the two are.

    Raises:
        ConfigError: something is wrong with the file; every problem of every line is listed.
    """
    reading = _Reading(file, cohorts, required)
    lines = reading.lines(text.removeprefix("\ufeff"))
    header = next(lines, None)
    if header is None:
        reading.complain(0, 0, "an empty file", f"a first line naming the columns: {', '.join(COLUMNS)}")
    rows = [reading.row(header, line) for line in lines] if header and reading.header(header) else []
    if reading.problems:
        raise ConfigError(reading.problems)
    return tuple(row for row in rows if row is not None)


def delimiter_of(text: str) -> str:
    """Return what stands between cells: Excel writes semicolons where the decimal sign is a comma."""
    first = next((line for line in LINE_END.split(text) if line.strip()), "")
    return ";" if first.count(";") > first.count(",") else ","


def _starts(line: str, delimiter: str) -> Iterator[int]:
    """Yield the column (from 1) at which each cell of a line starts, its quotes included, its leading spaces not.

    A quote counts only where a cell starts with it, as for the csv module.
    """
    for form in _CELL[delimiter].finditer(line):
        yield form.start("cell") + 1
