"""The folder of calendars that people bring to the demo: which file is whose, and what it holds in the weeks played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from graphsync.errors import ConfigError, Problem
from graphsync.sandbox.hours import overlap
from graphsync.sandbox.ical import CalendarText, Entry, read_calendar
from graphsync.sandbox.programme import Person, Programme
from graphsync.sandbox.scenario import WEEKS_BEYOND

# Monday in Sydney begins on Sunday in UTC.
_EARLIER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFiles:
    """What the files hold, by address; what could not be read in them; and remarks, a line each."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    remarks: Sequence[str] = ()

    def told(self) -> Iterator[str]:
        """Yield the lines that somebody should see who gave the files."""
        for problem in self.problems:
            yield str(problem)
        yield from self.remarks


def load_calendars(directory: Path, programme: Programme, *, week_of: date | None = None) -> CalendarFiles:
    """Read the `.ics` files of `directory`.

    Args:
        directory: other files in it are left alone, and so are folders.
        programme: whose people the files are named by: address, local part or first name, in any case of letters.
        week_of: the week of this day is moved onto the first that is played; None leaves all where it is.

    Raises:
        ConfigError: there is no such directory or no such file in it, a name is nobody's, two files are one person's,
            or a file is no calendar; all of it at once.
    """
    owners, wrong = _owners(directory, programme)
    moved_by = timedelta(0)
    if week_of is not None:
        first = programme.starts_at.date()
        moved_by = (first - timedelta(days=first.weekday())) - (week_of - timedelta(days=week_of.weekday()))
    entries: dict[str, Sequence[Entry]] = {}
    problems: list[Problem] = []
    remarks: list[str] = []
    for path, person in owners.items():
        try:
            text, undecoded = _text_of(path)
            problems += undecoded
            read = read_calendar(
                text,
                file=str(path),
                zone=person.zone,
                span=(programme.starts_at - _EARLIER, programme.ends_at + timedelta(weeks=WEEKS_BEYOND)),
                moved_by=moved_by,
            )
        except ConfigError as error:
            wrong += error.problems
            continue
        entries[person.address] = read.entries
        problems += read.problems
        played = (programme.starts_at, programme.ends_at)
        if not any(overlap((entry.start, entry.end), played) for entry in read.entries):
            remarks.append(_nothing_played(path, read, programme))
    if wrong:
        raise ConfigError(wrong)
    return CalendarFiles(entries=entries, problems=problems, remarks=remarks)


def _owners(directory: Path, programme: Programme) -> tuple[dict[Path, Person], list[Problem]]:
    """Return whose the files are, in the order of their names, and what is wrong with their names."""
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix.lower() == ".ics" and path.is_file())
    except OSError as error:
        found = f"no directory that can be read ({error.strerror})"
        raise ConfigError([_of(directory, found, "a directory of iCalendar files")]) from error
    if not paths:
        raise ConfigError([_of(directory, "no file whose name ends in .ics", _names(programme))])
    owners: dict[Path, Person] = {}
    wrong: list[Problem] = []
    for path in paths:
        person = _person(path.stem, programme)
        if person is None:
            wrong.append(_of(path, f"the name {path.stem!r}, which nobody in the demo has", _names(programme)))
        elif person in owners.values():
            wrong.append(_of(path, f"a second calendar of {person.address}", "one file for each person"))
        else:
            owners[path] = person
    return owners, wrong


def _person(name: str, programme: Programme) -> Person | None:
    wanted = name.lower()
    for person in programme.people.values():
        if wanted in (person.address, person.address.partition("@")[0]):
            return person
    called = [person for person in programme.people.values() if person.first_name.lower() == wanted]
    return called[0] if len(called) == 1 else None


def _names(programme: Programme) -> str:
    names = sorted(address.partition("@")[0] for address in programme.people)
    return f"<name>.ics with one of {', '.join(names)}; or the address, or the first name alone"


def _text_of(path: Path) -> tuple[str, list[Problem]]:
    """Return the text of a file, and where it is not UTF-8; what cannot be decoded then shows as replaced."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError([_of(path, f"no file that can be read ({error.strerror})", "an iCalendar file")]) from error
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        found, expected = "a byte that is not UTF-8", "UTF-8; shown as replaced, times are not affected"
        return data.decode("utf-8-sig", errors="replace"), [
            Problem(file=str(path), line=line, column=column, found=found, expected=expected)
        ]


def _of(path: Path, found: str, expected: str) -> Problem:
    return Problem(file=str(path), line=0, column=0, found=found, expected=expected)


def _nothing_played(path: Path, read: CalendarText, programme: Programme) -> str:
    last = programme.ends_at.date() - timedelta(days=1)
    played = f"{path}: nothing between {programme.starts_at.date()} and {last}, the weeks played"
    if read.starts_on is None:
        return f"{played}; no event in it has a time"
    first, until = read.starts_on
    return f"{played}; its events begin between {first} and {until} (--calendars-from DATE plays the week of DATE)"
