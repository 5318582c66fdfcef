"""How fast common free time is found: bitsets beside a merge of intervals, and whole rounds of scheduling.

Run it with `python benchmarks/slots.py`. Both ways look for every quarter hour at which two people can meet for
50 minutes within two weeks, and must find the same ones. They take turns within one run, so that what else the machine
does falls on both; what counts is the median of the ratios.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter

from graphsync.calendar import (
    BookingRequest,
    Limits,
    PersonAvailability,
    TimeSlot,
    free_slots,
    schedule,
    without,
    working_slots,
)
from graphsync.calendar.availability import CELL, QUARTER, cells_of, cells_set, hours_mask, mask, start_mask
from graphsync.mentoring import DayHours, PersonId, StandingTime, WeeklyHours

RUNS = 5
PAIRS = 400
MENTORS = 100
MENTEES = 5
LENGTH = timedelta(minutes=50)
GRID = TimeSlot(start=datetime(2026, 11, 2, tzinfo=UTC), end=datetime(2026, 11, 16, tzinfo=UTC))
OFFICES = [
    WeeklyHours(time_zone=zone, hours=tuple(DayHours(weekday=day, start=time(9), end=time(17)) for day in range(5)))
    for zone in ("Europe/Berlin", "Europe/London", "Europe/Helsinki")
]


def a_person(rnd: random.Random, name: str) -> PersonAvailability:
    """Return somebody with about 40 meetings in the two weeks."""
    busy = []
    for _ in range(40):
        start = GRID.start + timedelta(days=rnd.randrange(14), minutes=5 * rnd.randrange(84, 204))
        busy.append(TimeSlot(start=start, end=start + timedelta(minutes=rnd.choice([15, 30, 60, 90]))))
    return PersonAvailability(person=PersonId(name), hours=rnd.choice(OFFICES), busy=tuple(busy))


def by_bitsets(one: PersonAvailability, other: PersonAvailability) -> list[int]:
    """Return the starts, as numbers of cells, as `schedule` finds them."""
    free = hours_mask(one.hours, GRID) & hours_mask(other.hours, GRID)
    free &= ~(mask(one.busy, GRID) | mask(other.busy, GRID))
    return cells_set(start_mask(free, cells_of(LENGTH), GRID))


def by_intervals(one: PersonAvailability, other: PersonAvailability) -> list[int]:
    """Return the starts by cutting busy times out of the hours of one, and what is not the hours of the other."""
    away = without([GRID], working_slots(other.hours, GRID))
    busy = [*one.busy, *other.busy, *away]
    starts = []
    for hours in working_slots(one.hours, GRID):
        for gap in free_slots(busy, hours, LENGTH):
            start = GRID.start - (GRID.start - gap.start) // QUARTER * QUARTER
            while start + LENGTH <= gap.end:
                starts.append((start - GRID.start) // CELL)
                start += QUARTER
    return starts


def a_round(rnd: random.Random) -> tuple[list[BookingRequest], dict[PersonId, PersonAvailability]]:
    """Return requests of mentors with several mentees each, of whom two want the same time."""
    requests: list[BookingRequest] = []
    availability: dict[PersonId, PersonAvailability] = {}
    for mentor in range(MENTORS):
        for mentee in range(MENTEES):
            pair = PersonId(f"m{mentor}"), PersonId(f"m{mentor}e{mentee}")
            availability |= {name: a_person(rnd, name) for name in pair if name not in availability}
            requests.append(
                BookingRequest(
                    key=pair[1],
                    mentor=pair[0],
                    mentee=pair[1],
                    windows=(GRID,),
                    length=LENGTH,
                    week_zone="Europe/Berlin",
                    mentor_zone="Europe/Berlin",
                    standing=StandingTime(weekday=mentee % 4, at=time(10)),
                    target=GRID.start + timedelta(days=7),
                    mentor_limits=Limits(per_day=2, per_week=4),
                )
            )
    return requests, availability


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def main() -> None:
    """Measure and print."""
    rnd = random.Random(1)
    pairs = [(a_person(rnd, f"a{number}"), a_person(rnd, f"b{number}")) for number in range(PAIRS)]
    found = [by_bitsets(*pair) for pair in pairs]
    if found != [by_intervals(*pair) for pair in pairs]:
        raise SystemExit("the two ways find different starts")
    print(f"{PAIRS} pairs, two weeks, {sum(map(len, found)) // PAIRS} starts a pair")
    bitsets, intervals = [], []
    for _ in range(RUNS):
        bitsets.append(seconds(lambda: [by_bitsets(*pair) for pair in pairs]))
        intervals.append(seconds(lambda: [by_intervals(*pair) for pair in pairs]))
    ratio = median(slow / fast for slow, fast in zip(intervals, bitsets, strict=True))
    print(f"bitsets   {median(bitsets) / PAIRS * 1e6:7.0f} µs a pair")
    print(f"intervals {median(intervals) / PAIRS * 1e6:7.0f} µs a pair, {ratio:.1f} times as long")

    requests, availability = a_round(rnd)
    placements = schedule(requests, availability)
    taken = median(seconds(lambda: schedule(requests, availability)) for _ in range(RUNS))
    print(
        f"schedule  {taken / len(requests) * 1e6:7.0f} µs a request ({MENTORS} mentors, {MENTEES} mentees each):"
        f" {sum(placement.slot is not None for placement in placements)} of {len(requests)} placed,"
        f" {sum(placement.optimal for placement in placements)} proven best"
    )


if __name__ == "__main__":
    main()
