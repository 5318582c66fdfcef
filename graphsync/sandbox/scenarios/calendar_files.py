"""Folders of calendars that people bring: which file is whose, and what it holds in the weeks that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from graphsync.errors import ConfigError, Problem
from graphsync.sandbox.demo.hours import Span, overlap
from graphsync.sandbox.demo.programme import WEEKS_BEYOND, Programme
from graphsync.sandbox.scenarios.ical import CalendarText, Entry, read_calendar

# Monday in Sydney begins on Sunday in UTC.
_EARLIER = timedelta(days=1)
_MOST_LISTED = 40


class Owner(Protocol):
    """Somebody whose calendar a file may be."""

    @property
    def address(self) -> str:
        """The mail address, in lower case."""
        ...

    @property
    def first_name(self) -> str:
        """What colleagues say."""
        ...

    @property
    def zone(self) -> str:
        """The IANA zone that times without one are in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """What is taken of the files: all that overlaps `kept`; `called` names the span in which something should be."""

    starts_at: datetime
    ends_at: datetime
    kept: Span
    called: str


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
    """Read the `.ics` files of `directory` for the people of the demo; see `read_folder`."""
    weeks = Weeks(
        starts_at=programme.starts_at,
        ends_at=programme.ends_at,
        kept=(programme.starts_at - _EARLIER, programme.ends_at + timedelta(weeks=WEEKS_BEYOND)),
        called="the weeks played",
    )
    return read_folder(directory, list(programme.people.values()), weeks, whose="in the demo", week_of=week_of)


def read_folder(
    directory: Path, owners: Sequence[Owner], weeks: Weeks, *, whose: str, week_of: date | None = None
) -> CalendarFiles:
    """Read the `.ics` files of `directory`.

    Args:
        directory: other files in it are left alone, and so are folders.
        owners: whom the files are named by: address, local part or first name, in any case of letters.
        weeks: what is taken of them.
        whose: how a message calls the owners, after "nobody".
        week_of: the week of this day is moved onto the first of `weeks`; None leaves all where it is.

    Raises:
        ConfigError: there is no such directory or no such file in it, a name is nobody's, two files are one person's,
            or a file is no calendar; all of it at once.
    """
    files, wrong = _owned(directory, owners, whose)
    moved_by = timedelta(0)
    if week_of is not None:
        first = weeks.starts_at.date()
        moved_by = (first - timedelta(days=first.weekday())) - (week_of - timedelta(days=week_of.weekday()))
    entries: dict[str, Sequence[Entry]] = {}
    problems: list[Problem] = []
    remarks: list[str] = []
    for path, owner in files.items():
        try:
            text, undecoded = _text_of(path)
            problems += undecoded
            read = read_calendar(text, file=str(path), zone=owner.zone, span=weeks.kept, moved_by=moved_by)
        except ConfigError as error:
            wrong += error.problems
            continue
        entries[owner.address] = read.entries
        problems += read.problems
        if not any(overlap((entry.start, entry.end), (weeks.starts_at, weeks.ends_at)) for entry in read.entries):
            remarks.append(_nothing_in(weeks, path, read))
    if wrong:
        raise ConfigError(wrong)
    return CalendarFiles(entries=entries, problems=problems, remarks=remarks)


def _owned(directory: Path, owners: Sequence[Owner], whose: str) -> tuple[dict[Path, Owner], list[Problem]]:
    """Return whose the files are, in the order of their names, and what is wrong with their names."""
    try:
        paths = sorted(path for path in directory.iterdir() if path.suffix.lower() == ".ics" and path.is_file())
    except OSError as error:
        found = f"no directory that can be read ({error.strerror})"
        raise ConfigError([_of(directory, found, "a directory of iCalendar files")]) from error
    if not paths:
        raise ConfigError([_of(directory, "no file whose name ends in .ics", _names(owners))])
    owned: dict[Path, Owner] = {}
    wrong: list[Problem] = []
    for path in paths:
        owner = _named(path.stem, owners)
        if owner is None:
            wrong.append(_of(path, f"the name {path.stem!r}, which nobody {whose} has", _names(owners)))
        elif owner in owned.values():
            wrong.append(_of(path, f"a second calendar of {owner.address}", "one file for each person"))
        else:
            owned[path] = owner
    return owned, wrong


def _named(name: str, owners: Sequence[Owner]) -> Owner | None:
    """Return whom a file is named by: an address before a local part before a first name, each if it is one's alone."""
    wanted = name.lower()
    ways: tuple[Callable[[Owner], str], ...] = (
        lambda owner: owner.address,
        lambda owner: owner.address.partition("@")[0],
        lambda owner: owner.first_name.lower(),
    )
    for way in ways:
        found = [owner for owner in owners if way(owner) == wanted]
        if len(found) == 1:
            return found[0]
    return None


def _names(owners: Sequence[Owner]) -> str:
    names = sorted(owner.address.partition("@")[0] for owner in owners)
    listed = ", ".join(names[:_MOST_LISTED])
    if len(names) > _MOST_LISTED:
        listed += f" and {len(names) - _MOST_LISTED} more"
    return f"<name>.ics with one of {listed}; or the address, or the first name alone"


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


def _nothing_in(weeks: Weeks, path: Path, read: CalendarText) -> str:
    last = weeks.ends_at.date() - timedelta(days=1)
    nothing = f"{path}: nothing between {weeks.starts_at.date()} and {last}, {weeks.called}"
    if read.starts_on is None:
        return f"{nothing}; no event in it has a time"
    first, until = read.starts_on
    return (
        f"{nothing}; its events begin between {first} and {until} (--calendars-from DATE begins with the week of DATE)"
    )
