"""Gives each of several tasks a start so that all together are worth most: branch and bound, exact and repeatable.

Tasks are abstract here: a session is a task, its possible starts are its options, a person who can be in one place
only is somebody two tasks share, and "two sessions a day" is a quota. Trying the orders in which tasks could be
served one by one would not do: the best start of one can stand in the way of several others whichever comes first.

A plain depth-first search settles most groups at once. Where many tasks want the same few times it would go through
every way to disappoint them; there the relaxation says how much disappointment there must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphsync.calendar.relaxation import Relaxation
from graphsync.calendar.tasks import Option, Quota, Task

PLAIN_NODES: Final = 300
"""How many partial assignments the plain search looks at, some milliseconds: nearly all groups are done by then."""

RELAXED_WORK: Final = 2_000
"""How many relaxations are solved, divided by the number of tasks, as larger ones take longer: up to a second."""

RELAXED_TASKS: Final = 40
"""Above so many tasks a single relaxation takes too long, and the plain search goes on instead."""

LARGE_NODES: Final = 2_000
"""How many partial assignments of so large a group are looked at, besides one for each task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The starts chosen, one per task and in their order, None for a task left out.

    `worth` is what they sum to, `bound` what no assignment can exceed. The two are equal where the search came to its
    end.
    """

    starts: tuple[int | None, ...]
    worth: int
    bound: int

    @property
    def optimal(self) -> bool:
        """Whether it is proven that no assignment is worth more."""
        return self.worth == self.bound


def assign(
    tasks: Sequence[Task],
    quotas: Sequence[Quota] = (),
    *,
    plain_nodes: int = PLAIN_NODES,
    relaxed_work: int = RELAXED_WORK,
) -> Assignment:
    """Return the assignment worth most, or the best one found where the search is given up.

    Tasks that share people never overlap, and all quotas hold. The same arguments give the same answer.

    Args:
        tasks: at least one; connected or not (but the search is quicker on connected ones alone).
        quotas: limits on tasks together.
        plain_nodes: when the plain search is given up; see `PLAIN_NODES`.
        relaxed_work: when the relaxed one is; see `RELAXED_WORK`.
    """
    large = len(tasks) > RELAXED_TASKS
    found = _PlainSearch(tasks, quotas).run(LARGE_NODES + len(tasks) if large else plain_nodes)
    if not found.optimal and not large:
        found = _RelaxedSearch(tasks, quotas, found).run(relaxed_work // len(tasks))
    return found if found.optimal else _polished(found, tasks, quotas)


def _polished(found: Assignment, tasks: Sequence[Task], quotas: Sequence[Quota]) -> Assignment:
    """Return `found` with tasks moved, one at a time, to better starts that are open, until there are none.

    A search that was given up may have left such starts; a task that has one must not be told that it has none.
    """
    starts = list(found.starts)
    worth_at = [{None: 0} | {option.start: option.worth for option in task.options} for task in tasks]
    moved = True
    while moved:
        moved = False
        for number, worths in enumerate(worth_at):
            taken = _taken(number, starts, tasks, quotas)
            best = max(worths, key=lambda start: -1 if start is not None and taken >> start & 1 else worths[start])
            if worths[best] > worths[starts[number]]:
                starts[number], moved = best, True
    worth = sum(worths[start] for worths, start in zip(worth_at, starts, strict=True))
    return Assignment(starts=tuple(starts), worth=worth, bound=found.bound)


def _taken(number: int, starts: Sequence[int | None], tasks: Sequence[Task], quotas: Sequence[Quota]) -> int:
    """Return a bit for each start that task `number` cannot have while all others keep theirs."""
    others = [(other, start) for other, start in enumerate(starts) if start is not None and other != number]
    taken = 0
    for other, start in others:
        if tasks[number].people & tasks[other].people:
            taken |= ruled_out(tasks[other], start, tasks[number])
    for quota in quotas:
        held = sum(1 for other, start in others if other in quota.tasks and quota.starts >> start & 1)
        if number in quota.tasks and held >= quota.room:
            taken |= quota.starts
    return taken


def ruled_out(task: Task, start: int, other: Task) -> int:
    """Return a bit for each start of `other` that would overlap `task` at `start`."""
    return (1 << (start + task.cells)) - (1 << max(start - other.cells + 1, 0))


_LEFT_OUT: Final = Option(worth=0, start=-1)


@dataclass(slots=True, kw_only=True)
class _Node:
    """A partial assignment: the first tasks are settled, option `trying` of the next one comes next.

    For each task `possible` has a bit for each start that nothing settled rules out, and `first` is the number of the
    best such option. `rest` sums the worth of those over the tasks after the next. `held` counts what each quota
    holds. All in the order of the search.
    """

    starts: tuple[int, ...]
    worth: int
    possible: list[int]
    first: list[int]
    rest: int
    held: list[int]
    trying: int


class _PlainSearch:
    """Depth first; the tasks with the fewest options come first, of each the best option, to be left out last."""

    def __init__(self, tasks: Sequence[Task], quotas: Sequence[Quota]) -> None:
        self._order = sorted(range(len(tasks)), key=lambda number: len(tasks[number].options))
        self._tasks = [tasks[number] for number in self._order]
        self._options = [(*sorted(task.options, key=lambda option: -option.worth), _LEFT_OUT) for task in self._tasks]
        self._sharing = [
            [later for later in range(at + 1, len(tasks)) if task.people & self._tasks[later].people]
            for at, task in enumerate(self._tasks)
        ]
        position = {number: at for at, number in enumerate(self._order)}
        self._quotas = [(quota.starts, quota.room, {position[number] for number in quota.tasks}) for quota in quotas]

    def run(self, nodes: int) -> Assignment:
        """Search until nothing can be better, or `nodes` partial assignments were looked at."""
        best, worth = (_LEFT_OUT.start,) * len(self._tasks), 0
        stack = [self._root()]
        for _ in range(nodes):
            while stack and self._potential(stack[-1]) <= worth:
                stack.pop()
            if not stack:
                break
            child = self._child(stack[-1])
            if len(child.starts) < len(self._tasks):
                stack.append(child)
            else:
                # Its worth is the potential just looked at, and so over the best.
                best, worth = child.starts, child.worth
        by_number = sorted(zip(self._order, best, strict=True))
        return Assignment(
            starts=tuple(None if start == _LEFT_OUT.start else start for _, start in by_number),
            worth=worth,
            bound=max([worth, *(self._potential(node) for node in stack)]),
        )

    def _root(self) -> _Node:
        return _Node(
            starts=(),
            worth=0,
            possible=[_starts_of(task) for task in self._tasks],
            first=[0] * len(self._tasks),
            rest=sum(options[0].worth for options in self._options[1:]),
            held=[0] * len(self._quotas),
            trying=0,
        )

    def _potential(self, node: _Node) -> int:
        """Return what no completion of `node` by an option not yet tried can exceed."""
        options = self._options[len(node.starts)]
        if node.trying == len(options):
            return 0
        return node.worth + options[node.trying].worth + node.rest

    def _child(self, node: _Node) -> _Node:
        """Settle the next task by the option to be tried, and move `node` on to the option after it."""
        at = len(node.starts)
        option = self._options[at][node.trying]
        node.trying = self._next_possible(at, node.possible[at], node.trying + 1)
        possible, first, held = node.possible, node.first, node.held
        if option is not _LEFT_OUT:
            possible, first, held = possible.copy(), first.copy(), held.copy()
            for later in self._rule_out(at, option.start, possible, held):
                first[later] = self._next_possible(later, possible[later], first[later])
        return _Node(
            starts=(*node.starts, option.start),
            worth=node.worth + option.worth,
            possible=possible,
            first=first,
            rest=sum(self._options[later][first[later]].worth for later in range(at + 2, len(self._tasks))),
            held=held,
            trying=first[at + 1] if at + 1 < len(self._tasks) else 0,
        )

    def _rule_out(self, at: int, start: int, possible: list[int], held: list[int]) -> set[int]:
        """Take from `possible` what task `at` at `start` rules out; return the later tasks that this concerns."""
        concerned = set(self._sharing[at])
        for later in concerned:
            possible[later] &= ~ruled_out(self._tasks[at], start, self._tasks[later])
        for number, (starts, room, members) in enumerate(self._quotas):
            if at in members and starts >> start & 1:
                held[number] += 1
                if held[number] == room:
                    kept_out = [later for later in members if later > at]
                    concerned.update(kept_out)
                    for later in kept_out:
                        possible[later] &= ~starts
        return concerned

    def _next_possible(self, at: int, possible: int, number: int) -> int:
        """Return the number of the first possible option of task `at`, from `number` on; past the end if none is."""
        options = self._options[at]
        while number < len(options):
            option = options[number]
            if option is _LEFT_OUT or possible >> option.start & 1:
                break
            number += 1
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """A part of all assignments: those in which tasks start where `possible` has a bit for it, or are left out.

    The `settled` tasks have one such start and are not left out. `bound` is what no assignment of the part exceeds.
    """

    bound: int
    possible: list[int]
    settled: frozenset[int]


class _RelaxedSearch:
    """Solves the relaxation, and where it lets two tasks collide tries both ways out: one is there, or is not."""

    def __init__(self, tasks: Sequence[Task], quotas: Sequence[Quota], found: Assignment) -> None:
        self._tasks = tasks
        self._quotas = quotas
        self._found = found
        self._relaxation = Relaxation(tasks, quotas)

    def run(self, relaxations: int) -> Assignment:
        """Search until nothing can be better, or so many `relaxations` were solved."""
        starts, worth = self._found.starts, self._found.worth
        everything = [_starts_of(task) for task in self._tasks]
        stack = [_Branch(bound=self._found.bound, possible=everything, settled=frozenset())]
        for _ in range(relaxations):
            while stack and stack[-1].bound <= worth:
                stack.pop()
            if not stack:
                break
            branch = stack.pop()
            bound, options = self._relaxation.solve(branch.possible)
            if bound <= worth:
                continue
            colliding = self._colliding(options, branch.settled)
            if colliding is None:
                starts, worth = tuple(option.start if option else None for option in options), bound
            else:
                stack += self._branches(branch, bound, *colliding)
        return Assignment(starts=starts, worth=worth, bound=max([worth, *(branch.bound for branch in stack)]))

    def _colliding(self, options: Sequence[Option | None], settled: frozenset[int]) -> tuple[int, int] | None:
        """Return a task, not settled, that collides with another or overfills a quota, and its start; None if none."""
        placed = [(number, option.start) for number, option in enumerate(options) if option]
        for at, (number, start) in enumerate(placed):
            task = self._tasks[number]
            for other, other_start in placed[:at]:
                if task.people & self._tasks[other].people and (
                    ruled_out(task, start, self._tasks[other]) >> other_start & 1
                ):
                    # Neither is settled: that would have ruled out the other's start.
                    return number, start
        for quota in self._quotas:
            held = [(number, start) for number, start in placed if number in quota.tasks and quota.starts >> start & 1]
            if len(held) > quota.room:
                return next((number, start) for number, start in held if number not in settled)
        return None

    def _branches(self, branch: _Branch, bound: int, number: int, start: int) -> list[_Branch]:
        """Return the part in which the task does not start there, and, to be tried first, the one in which it does."""
        elsewhere, there = branch.possible.copy(), branch.possible.copy()
        elsewhere[number] &= ~(1 << start)
        task, settled = self._tasks[number], branch.settled | {number}
        for other, bits in enumerate(there):
            if task.people & self._tasks[other].people:
                there[other] = bits & ~ruled_out(task, start, self._tasks[other])
        there[number] = 1 << start
        for quota in self._quotas:
            members = settled & quota.tasks
            if sum(1 for member in members if there[member] & quota.starts) >= quota.room:
                for other in quota.tasks - settled:
                    there[other] &= ~quota.starts
        return [
            _Branch(bound=bound, possible=elsewhere, settled=branch.settled),
            _Branch(bound=bound, possible=there, settled=settled),
        ]


def _starts_of(task: Task) -> int:
    return sum(1 << option.start for option in task.options)
