"""What rule tests would have to say to hold: values that are not so, and what is so in their place.

Only values are replaced, each where it is written, and all else in the file stays as somebody wrote it. Whether what is
so is also what should be so is theirs to say: nothing here writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from graphsync.rules.positions import Place, parse_yaml
from graphsync.trial.expecting import Failure

_LINE_END: Final = re.compile(r"(\r\n|\r|\n)")
_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value of an expectation that is not so, and what would be.

    Attributes:
        place: of the value.
        key: of the expectation.
        old: the value as it is written.
        new: what is so, as it would be written.
    """

    place: Place
    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {self.key}: {self.old} -> {self.new}"


def changes(text: str, file: str, failures: Iterable[Failure]) -> list[Change]:
    """Return what would have to change in a file for those of its expectations to hold that fail by a value.

    Args:
        text: the file, which was parsed without a problem.
        file: as messages name it.
        failures: of tests in this file.
    """
    return sorted(_changes(text, file, failures), key=lambda change: change.place)


def _changes(text: str, file: str, failures: Iterable[Failure]) -> Iterator[Change]:
    document = parse_yaml(text, file=file)
    lines = _LINE_END.split(text.removeprefix(_MARK))[::2]
    for failure in failures:
        wanted = {(*failure.path, key): found for key, found in failure.instead.items()}
        # What is not there cannot be said: a value that should not be said at all is for somebody to take out.
        if any(found is None or path not in document.texts for path, found in wanted.items()):
            continue
        for path, found in wanted.items():
            said = document.get(*path)
            old = str(said).casefold() if isinstance(said, bool) else str(said)
            place = document.texts[path]
            if lines[place.line - 1].startswith(old, place.column - 1):
                yield Change(place=place, key=str(path[-1]), old=old, new=_written(found, old))


def changed(text: str, made: Iterable[Change]) -> str:
    """Return the file with some changes made."""
    mark = _MARK if text.startswith(_MARK) else ""
    parts = _LINE_END.split(text.removeprefix(mark))
    for change in sorted(made, key=lambda change: change.place, reverse=True):
        row, column = 2 * (change.place.line - 1), change.place.column - 1
        line = parts[row]
        parts[row] = line[:column] + change.new + line[column + len(change.old) :]
    return mark + "".join(parts)


def _written(found: object, old: str) -> str:
    """Return a value as a test writes it; an instant with the offset that was written before."""
    match found:
        case bool():
            return str(found).casefold()
        case datetime():
            return found.astimezone(datetime.fromisoformat(old).tzinfo).isoformat(timespec="minutes")
        case date():
            return found.isoformat()
        case _:
            return str(found)
