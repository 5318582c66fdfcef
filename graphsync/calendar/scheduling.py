"""Gives booking requests their times: all requests of a round at once, so that people in several are served together.

Pure: the same requests and availability give the same placements. What a start is worth is in `candidates`, the
search for the best set of starts in `assignment`, the answer to "why not" in `reasons`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from graphsync.calendar.assignment import Assignment, assign
from graphsync.calendar.availability import (
    CELLS_A_START,
    PersonAvailability,
    blocked_starts,
    cells_of,
    grid_over,
    local_quarters,
    slot_at,
)
from graphsync.calendar.bookings import BookingRequest, Limits, Placement, Reason, ScoredSlot
from graphsync.calendar.candidates import (
    EDGE,
    MAX_SCORE,
    Period,
    PersonMasks,
    candidates,
    full_starts,
    limited_periods,
    people_of,
)
from graphsync.calendar.reasons import Taken, reasons
from graphsync.calendar.slots import TimeSlot
from graphsync.calendar.tasks import Option, Quota, Task
from graphsync.mentoring import PersonId

__all__ = ["BookingRequest", "Limits", "Placement", "Reason", "ScoredSlot", "schedule"]

RUNNERS_UP = 2
"""How many other times are named: two are a choice, more are a poll."""


def schedule(
    requests: Sequence[BookingRequest], availability: Mapping[PersonId, PersonAvailability]
) -> list[Placement]:
    """Return where each request is placed, or why it is not, in the order of `requests`.

    As many as can be are placed in their first window, then in their second, and so on; among the ways to do that
    the one of the greatest total score is taken. Sessions placed lie in the hours of both, meet no busy time or
    absence, do not overlap for anybody, and keep the limits of each mentor: the strictest that any request states for
    them, counting all sessions that any states. They start on the quarter hour, but for a window that asks for its
    very time. A search given up ends with `optimal` false (see `assignment` for when that is).

    Args:
        requests: with keys all different; may be empty.
        availability: of everybody who mentors or is mentored in `requests`, by their id.

    Raises:
        ValueError: two requests share a key, somebody's availability is missing, or requests place one mentor in
            different zones.
    """
    _check(requests, availability)
    return _Round(requests, availability).placements() if requests else []


def _check(requests: Sequence[BookingRequest], availability: Mapping[PersonId, PersonAvailability]) -> None:
    keys: set[str] = set()
    zones: dict[PersonId, str] = {}
    for request in requests:
        if request.key in keys:
            raise ValueError(f"two requests have the key {request.key!r}; expected a key of its own for each")
        keys.add(request.key)
        for person in (request.mentor, request.mentee):
            if person not in availability:
                raise ValueError(f"request {request.key!r} needs the availability of {person!r}, which is missing")
        if zones.setdefault(request.mentor, request.mentor_zone) != request.mentor_zone:
            raise ValueError(
                f"mentor {request.mentor!r} has the zones {zones[request.mentor]!r} and {request.mentor_zone!r};"
                " expected one"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The start of one request, None where left out, and what is known of the group it was assigned in."""

    start: int | None
    group: Assignment


class _Round:
    """One call of `schedule`: the grid over all windows and everything drawn on it."""

    def __init__(self, requests: Sequence[BookingRequest], availability: Mapping[PersonId, PersonAvailability]) -> None:
        # Wide enough to see whether hours begin or end near a window.
        self._grid = grid_over(
            TimeSlot(start=window.start - EDGE, end=window.end + EDGE)
            for request in requests
            for window in request.windows
        )
        self._people = [people_of(request, availability, self._grid) for request in requests]
        self._periods = self._limited_periods(requests)
        self._requests: list[BookingRequest] = []
        self._candidates: list[list[dict[int, int]]] = []
        for request, people in zip(requests, self._people, strict=True):
            tried, found = self._tried(request, people)
            self._requests.append(tried)
            self._candidates.append(found)

    def _tried(
        self, request: BookingRequest, people: Mapping[PersonId, PersonMasks]
    ) -> tuple[BookingRequest, list[dict[int, int]]]:
        """Return the starts open to a request, with the offers of its second try where the first ones leave none."""
        full = full_starts(self._periods[request.mentor])
        found = candidates(request, people, full, self._grid)
        if any(found) or not request.then_offered:
            return request, found
        again = replace(request, use_offered=request.then_offered)
        return again, candidates(again, people, full, self._grid)

    def placements(self) -> list[Placement]:
        """Assign group by group, then say of each request what became of it."""
        chosen = [_Chosen(start=None, group=Assignment(starts=(), worth=0, bound=0))] * len(self._requests)
        with_starts = [number for number, found in enumerate(self._candidates) if any(found)]
        for group in _connected(with_starts, self._requests):
            result = self._assigned(group)
            for number, start in zip(group, result.starts, strict=True):
                chosen[number] = _Chosen(start=start, group=result)
        return self._told(chosen)

    def _limited_periods(self, asked: Sequence[BookingRequest]) -> dict[PersonId, list[Period]]:
        """Return the days and weeks of each mentor with the room in them; none where no request states limits."""
        by_mentor: dict[PersonId, list[BookingRequest]] = defaultdict(list)
        for request in asked:
            by_mentor[request.mentor].append(request)
        periods = {}
        for mentor, requests in by_mentor.items():
            stated = [request.mentor_limits for request in requests if request.mentor_limits]
            periods[mentor] = (
                limited_periods(
                    Limits(
                        per_day=min(limits.per_day for limits in stated),
                        per_week=min(limits.per_week for limits in stated),
                    ),
                    _all_sessions(requests),
                    requests[0].mentor_zone,
                    self._grid,
                )
                if stated
                else []
            )
        return periods

    def _assigned(self, group: Sequence[int]) -> Assignment:
        """Return the best starts for a group of requests, in its order.

        One more request in an earlier window is worth more than all in later ones, and that more than any score.
        """
        most_windows = max(len(self._requests[number].windows) for number in group)
        placed = len(group) * MAX_SCORE + 1
        tasks = []
        for number in group:
            request = self._requests[number]
            options: list[Option] = []
            for window, scores in enumerate(self._candidates[number]):
                in_window = placed * (len(group) + 1) ** (most_windows - 1 - window)
                options += [Option(in_window + score, start) for start, score in scores.items()]
            pair = frozenset((request.mentor, request.mentee))
            tasks.append(Task(cells=cells_of(request.length), people=pair, options=tuple(options)))
        return assign(tasks, self._quotas(group))

    def _quotas(self, group: Sequence[int]) -> list[Quota]:
        """Return the limits that the group could exceed by itself; full days and weeks have no starts any more."""
        by_mentor: dict[PersonId, list[int]] = defaultdict(list)
        for at, number in enumerate(group):
            by_mentor[self._requests[number].mentor].append(at)
        return [
            Quota(starts=period.starts, room=period.room, tasks=frozenset(members))
            for mentor, members in by_mentor.items()
            for period in self._periods[mentor]
            if 0 < period.room < len(members)
        ]

    def _told(self, chosen: Sequence[_Chosen]) -> list[Placement]:
        """Return what is to be said of each request."""
        taken: dict[PersonId, int] = defaultdict(int)
        starts_of: dict[PersonId, list[int]] = defaultdict(list)
        for request, choice in zip(self._requests, chosen, strict=True):
            if choice.start is not None:
                for person in (request.mentor, request.mentee):
                    taken[person] |= _cells(choice.start, request)
                starts_of[request.mentor].append(choice.start)
        result = []
        for number, (request, choice) in enumerate(zip(self._requests, chosen, strict=True)):
            own = 0 if choice.start is None else _cells(choice.start, request)
            others = [start for start in starts_of[request.mentor] if start != choice.start]
            in_the_way = Taken(
                full=full_starts(self._periods[request.mentor], others),
                by_others={person: taken[person] & ~own for person in (request.mentor, request.mentee)},
            )
            result.append(self._placement(number, choice, in_the_way))
        return result

    def _placement(self, number: int, choice: _Chosen, taken: Taken) -> Placement:
        request, scores, start = self._requests[number], self._candidates[number], choice.start
        slot, window, score = None, None, 0
        runners_up: tuple[ScoredSlot, ...] = ()
        if start is not None:
            slot = slot_at(self._grid, start, request.length)
            window = next(at for at, in_window in enumerate(scores) if start in in_window)
            score = scores[window][start]
            runners_up = self._runners_up(request, scores, start, taken)
        return Placement(
            key=request.key,
            slot=slot,
            window=window,
            score=score,
            runners_up=runners_up,
            reasons={} if window == 0 else reasons(request, self._people[number], taken, self._grid),
            optimal=choice.group.optimal,
            group_value=choice.group.worth,
            bound=choice.group.bound,
        )

    def _runners_up(
        self, request: BookingRequest, scores: Sequence[Mapping[int, int]], start: int, taken: Taken
    ) -> tuple[ScoredSlot, ...]:
        """Return the next best starts: window by window, other days before the same, better scores first."""
        cells = cells_of(request.length)
        ruled_out = taken.full
        for person_cells in (*taken.by_others.values(), _cells(start, request)):
            ruled_out |= blocked_starts(person_cells, cells)
        clock = local_quarters(request.week_zone, self._grid)
        picked: dict[int, int] = {}
        days = {clock[start // CELLS_A_START][0]}
        for in_window in scores:
            open_to = [cell for cell in in_window if not ruled_out >> cell & 1]
            open_to.sort(key=in_window.__getitem__, reverse=True)
            for same_day_too in (False, True):
                for cell in open_to:
                    if len(picked) == RUNNERS_UP:
                        break
                    day, _ = clock[cell // CELLS_A_START]
                    if (same_day_too or day not in days) and all(abs(cell - other) >= cells for other in picked):
                        picked[cell] = in_window[cell]
                        days.add(day)
        return tuple(
            ScoredSlot(slot=slot_at(self._grid, cell, request.length), score=score) for cell, score in picked.items()
        )


def _connected(numbers: Iterable[int], requests: Sequence[BookingRequest]) -> list[list[int]]:
    """Return the requests in groups connected by people they share, in their order within and by first member."""
    leader: dict[PersonId, PersonId] = {}

    def led_by(person: PersonId) -> PersonId:
        while (above := leader.setdefault(person, person)) != person:
            leader[person] = leader[above]
            person = above
        return person

    members = list(numbers)
    for number in members:
        leader[led_by(requests[number].mentor)] = led_by(requests[number].mentee)
    groups: dict[PersonId, list[int]] = defaultdict(list)
    for number in members:
        groups[led_by(requests[number].mentor)].append(number)
    return list(groups.values())


def _all_sessions(requests: Sequence[BookingRequest]) -> list[datetime]:
    """Return each session that any request states, once for each time that one request has it."""
    counts: dict[datetime, int] = {}
    for request in requests:
        for session in request.mentor_sessions:
            counts[session] = max(counts.get(session, 0), request.mentor_sessions.count(session))
    return [session for session, count in counts.items() for _ in range(count)]


def _cells(start: int, request: BookingRequest) -> int:
    return ((1 << cells_of(request.length)) - 1) << start
