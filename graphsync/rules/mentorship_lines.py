"""Lines of `mentorships.csv` as somebody is asked to write them: what a command did, said by the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphsync.mentoring import DayHours
from graphsync.rules.mentorship_columns import WEEKDAYS
from graphsync.rules.mentorships import LINE_END, delimiter_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A line of the file as it is to be.

    Attributes:
        header: the first line, where it needs columns it has not; empty where it may stay.
        number: of the line whose place it takes; None for a line that is new.
        line: the line.
    """

    header: str
    number: int | None
    line: str


def rewritten(text: str, number: int | None, cells: Mapping[str, str]) -> Rewritten:
    """Return a line of the file with some cells changed, or a new one with those cells.

    Args:
        text: the file, which was parsed without a problem.
        number: of the line (from 1); None for a new one.
        cells: by column; a column the file has not is added at the end where its cell is not empty.
    """
    text = text.removeprefix("\ufeff")
    sign = delimiter_of(text)
    lines = LINE_END.split(text)
    columns = _cells(next(line for line in lines if line.strip()), sign)
    added = [name for name, cell in cells.items() if cell and name not in columns]
    had = [] if number is None else _cells(lines[number - 1], sign)
    before = dict(zip(columns, had, strict=False))
    wanted = [cells.get(name, before.get(name, "")) for name in (*columns, *added)]
    header = _line((*columns, *added), sign) if added else ""
    return Rewritten(header=header, number=number, line=_line(wanted, sign))


def offers_cell(offers: Iterable[DayHours]) -> str:
    """Return offered hours as a cell says them, such as `mon 07:00-08:00, fri 18:00-19:30`."""
    return ", ".join(f"{WEEKDAYS[day.weekday]} {day.start:%H:%M}-{day.end:%H:%M}" for day in offers)


def _cells(line: str, sign: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=sign, skipinitialspace=True))]


def _line(cells: Sequence[str], sign: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=sign, lineterminator="").writerow(cells)
    return out.getvalue()
