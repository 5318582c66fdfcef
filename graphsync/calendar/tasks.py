"""What `assignment` assigns: sessions, people and limits seen abstractly, as tasks that want a start on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from graphsync.mentoring import PersonId


class Option(NamedTuple):
    """One start of a task, as the number of a cell, and what it is worth: over zero."""

    worth: int
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that takes `cells` cells of the time of `people`; of equal options the first listed is taken."""

    cells: int
    people: frozenset[PersonId]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most `room` (1 or more) of `tasks`, given by number, start on a bit set in `starts`."""

    starts: int
    room: int
    tasks: frozenset[int]
