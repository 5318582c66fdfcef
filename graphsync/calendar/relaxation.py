"""Solves an easier problem than `assignment` has, to learn early what not all tasks can have.

Time is cut into blocks no longer than the shortest task, so that nobody starts two tasks in one; all else that tasks
do to each other's time is forgotten. What is left is a flow from tasks through blocks, days and weeks. Its best
solution is found quickly, is worth at least as much as the best true assignment, and is often all but one.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Hashable, Sequence
from typing import Final, TypeAlias

from graphsync.calendar.tasks import Option, Quota, Task
from graphsync.mentoring import PersonId

# Whose time, which block of it, and the quotas that count there, smallest first.
_Place: TypeAlias = tuple[PersonId, int, tuple[int, ...]]

# Nodes of the flow besides tasks (by number), places, and quotas (by what is left of the chain from them on).
_SOURCE: Final = "source"
_SINK: Final = ()


class Relaxation:
    """The easier problem of these tasks and quotas, solved again and again with fewer starts possible.

    Quotas are days within weeks. Where some overlap and neither lies within the other, the problem is easier still.
    """

    def __init__(self, tasks: Sequence[Task], quotas: Sequence[Quota]) -> None:
        self._rooms = [quota.room for quota in quotas]
        self._options: list[dict[_Place, list[Option]]] = [{} for _ in tasks]
        shared = Counter(person for task in tasks for person in task.people)
        block = min(task.cells for task in tasks)
        by_size = sorted(range(len(quotas)), key=lambda number: quotas[number].starts.bit_count())
        for at, task in enumerate(tasks):
            whose = max(sorted(task.people), key=lambda person: shared[person])
            concerned = [number for number in by_size if at in quotas[number].tasks]
            for option in sorted(task.options, key=lambda option: -option.worth):
                chain = tuple(number for number in concerned if quotas[number].starts >> option.start & 1)
                self._options[at].setdefault((whose, option.start // block, chain), []).append(option)

    def solve(self, possible: Sequence[int]) -> tuple[int, list[Option | None]]:
        """Return the most the tasks could be worth, and the option that the flow gives each task, if any.

        Args:
            possible: for each task a bit for each start that it may still have.
        """
        flow = _Flow()
        chosen: dict[tuple[int, Hashable], Option] = {}
        places: dict[_Place, None] = {}
        for task, bits in enumerate(possible):
            flow.add(_SOURCE, task, 1, 0)
            for place, option in self._best_places(task, bits):
                chosen[task, place] = option
                places[place] = None
                flow.add(task, place, 1, -option.worth)
        for place in places:
            flow.add(place, place[2], 1, 0)
        for chain in dict.fromkeys(place[2][at:] for place in places for at in range(len(place[2]))):
            flow.add(chain, chain[1:], self._rooms[chain[0]], 0)
        flow.fill()
        options = [next((chosen[task, place] for place in flow.sent(task)), None) for task in range(len(possible))]
        return sum(option.worth for option in options if option), options

    def _best_places(self, task: int, possible: int) -> list[tuple[_Place, Option]]:
        """Return the places worth trying, each with the best possible option in it.

        Of those that count to the same quotas as many as there are tasks: the others take one place each at most.
        """
        found = [
            (place, option)
            for place, options in self._options[task].items()
            if (option := next((option for option in options if possible >> option.start & 1), None))
        ]
        found.sort(key=lambda item: -item[1].worth)
        taken: Counter[tuple[int, ...]] = Counter()
        result = []
        for place, option in found:
            taken[place[2]] += 1
            if taken[place[2]] <= len(self._options):
                result.append((place, option))
        return result


class _Flow:
    """A network in which the flow of least cost is found by one cheapest path after the other."""

    def __init__(self) -> None:
        # Each road has a second one back, whose number differs in the last bit.
        self._ends: list[Hashable] = []
        self._room: list[int] = []
        self._cost: list[int] = []
        self._roads_of: dict[Hashable, list[int]] = {_SOURCE: [], _SINK: []}

    def add(self, start: Hashable, end: Hashable, room: int, cost: int) -> None:
        """Lay a road on which `room` units may go, each at `cost`."""
        for node, other, free, price in ((start, end, room, cost), (end, start, 0, -cost)):
            self._roads_of.setdefault(node, []).append(len(self._ends))
            self._ends.append(other)
            self._room.append(free)
            self._cost.append(price)

    def fill(self) -> None:
        """Send from the source to the sink all that costs less than nothing."""
        while True:
            distance, road_to = self._distances()
            if distance.get(_SINK, 0) >= 0:
                return
            node: Hashable = _SINK
            while node != _SOURCE:
                road = road_to[node]
                self._room[road] -= 1
                self._room[road ^ 1] += 1
                node = self._ends[road ^ 1]

    def sent(self, node: Hashable) -> list[Hashable]:
        """Return where the flow goes from `node` by roads that take one unit only."""
        return [self._ends[road] for road in self._roads_of[node] if road % 2 == 0 and self._room[road] == 0]

    def _distances(self) -> tuple[dict[Hashable, int], dict[Hashable, int]]:
        """Return how cheaply nodes are reached from the source, and by which road (Bellman, Ford; a queue)."""
        distance: dict[Hashable, int] = {_SOURCE: 0}
        road_to: dict[Hashable, int] = {}
        queue: deque[Hashable] = deque([_SOURCE])
        waiting: set[Hashable] = {_SOURCE}
        while queue:
            node = queue.popleft()
            waiting.discard(node)
            for road in self._roads_of[node]:
                end, cost = self._ends[road], distance[node] + self._cost[road]
                if self._room[road] and cost < distance.get(end, math.inf):
                    distance[end] = cost
                    road_to[end] = road
                    if end not in waiting:
                        waiting.add(end)
                        queue.append(end)
        return distance, road_to
