"""What every placement keeps to, and that no set of placements could be better."""

from datetime import UTC, datetime, time, timedelta
from itertools import combinations, pairwise, product
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.calendar import BookingRequest, Limits, PersonAvailability, TimeSlot, free_slots, merged, schedule
from graphsync.mentoring import Absence, DayHours, StandingTime, WeeklyHours

START = datetime(2026, 10, 23, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)

# Over these days clocks change in Berlin, a week later in New York; never in Kolkata.
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
MENTORS = ["m1", "m2"]
MENTEES = ["e1", "e2", "e3", "m2"]


@st.composite
def time_slots(draw, days=5, longest=600):
    start = START + draw(st.integers(0, days * 24 * 60)) * MINUTE
    return TimeSlot(start=start, end=start + draw(st.integers(1, longest)) * MINUTE)


@st.composite
def people(draw, name):
    first = draw(st.integers(0, 16))
    hours = WeeklyHours(
        time_zone=draw(st.sampled_from(ZONES)),
        hours=tuple(
            DayHours(weekday=day, start=time(first), end=time(min(first + 8, 23), 20))
            for day in draw(st.sets(st.integers(0, 6), min_size=3))
        ),
    )
    offered = None
    if draw(st.booleans()):
        offered = WeeklyHours(
            time_zone=hours.time_zone,
            hours=tuple(DayHours(weekday=day, start=time(5), end=time(22)) for day in range(7)),
        )
    return PersonAvailability(
        person=name,
        hours=hours,
        offered=offered,
        busy=tuple(draw(st.lists(time_slots(), max_size=4))),
        absences=tuple(
            Absence(starts_at=gone.start, ends_at=draw(st.sampled_from([gone.end, None])))
            for gone in draw(st.lists(time_slots(), max_size=1))
        ),
        unreadable=draw(st.sampled_from(["", "", "", "5009"])),
    )


@st.composite
def requests(draw, number):
    mentor = draw(st.sampled_from(MENTORS))
    mentee = draw(st.sampled_from([name for name in MENTEES if name != mentor]))
    return BookingRequest(
        key=f"r{number}",
        mentor=mentor,
        mentee=mentee,
        windows=tuple(draw(st.lists(time_slots(longest=3 * 24 * 60), min_size=1, max_size=2))),
        length=draw(st.sampled_from([25, 50, 52, 90])) * MINUTE,
        week_zone=draw(st.sampled_from(ZONES)),
        mentor_zone="Europe/Berlin",
        standing=draw(st.none() | st.builds(StandingTime, weekday=st.integers(0, 6), at=st.just(time(10)))),
        target=draw(st.none() | st.just(START + timedelta(days=2))),
        earliest=draw(st.booleans()),
        use_offered=draw(st.sampled_from([(), (mentor,), (mentor, mentee)])),
        then_offered=draw(st.sampled_from([(), (mentee, mentor)])),
        mentor_limits=draw(st.none() | st.builds(Limits, per_day=st.integers(1, 2), per_week=st.integers(1, 3))),
        mentor_sessions=tuple(draw(st.lists(time_slots().map(lambda slot: slot.start), max_size=1))),
    )


@st.composite
def rounds(draw):
    asked = [draw(requests(number)) for number in range(draw(st.integers(1, 6)))]
    return asked, {name: draw(people(name)) for name in dict.fromkeys(MENTORS + MENTEES)}


def within(hours, slot):
    """Tell whether the wall clock stays within `hours` at every fifth minute of `slot` and just before its end."""
    clock = ZoneInfo(hours.time_zone)
    instants = [slot.start + minute * MINUTE for minute in range(0, int(slot.length / MINUTE), 5)]
    return all(
        any(span.weekday == local.weekday() and span.start <= local.time() < span.end for span in hours.hours)
        for local in (instant.astimezone(clock) for instant in [*instants, slot.end - MINUTE])
    )


def assert_may_be(slot, request, availability):
    """Check one session by itself against all that its two people have said."""
    assert slot.length == request.length
    assert any(window.contains(slot) for window in request.windows)
    assert (slot.start - START) % QUARTER == timedelta(0) or slot in request.windows
    for name in (request.mentor, request.mentee):
        person = availability[name]
        assert not person.unreadable
        assert not any(busy.overlaps(slot) for busy in person.busy)
        for absence in person.absences:
            assert slot.end <= absence.starts_at or (absence.ends_at is not None and absence.ends_at <= slot.start)
        usable = person.hours.hours
        if name in (*request.use_offered, *request.then_offered) and person.offered is not None:
            usable += person.offered.hours
        assert within(WeeklyHours(time_zone=person.hours.time_zone, hours=usable), slot)


@given(rounds())
@settings(max_examples=80, deadline=None)
def test_placements_keep_to_what_everybody_has_said(round_of):
    asked, availability = round_of
    placements = schedule(asked, availability)
    assert [placement.key for placement in placements] == [request.key for request in asked]
    placed = [(request, placement.slot) for request, placement in zip(asked, placements, strict=True) if placement.slot]
    for request, slot in placed:
        assert_may_be(slot, request, availability)
    for (one, slot), (other, other_slot) in combinations(placed, 2):
        if {one.mentor, one.mentee} & {other.mentor, other.mentee}:
            assert not slot.overlaps(other_slot)
    assert_limits_hold(asked, placed)


def assert_limits_hold(asked, placed):
    clock = ZoneInfo("Europe/Berlin")
    for mentor in MENTORS:
        of_mentor = [request for request in asked if request.mentor == mentor]
        limits = [request.mentor_limits for request in of_mentor if request.mentor_limits]
        if not limits:
            continue
        standing = {start for request in of_mentor for start in request.mentor_sessions}
        new = [slot.start.astimezone(clock) for request, slot in placed if request.mentor == mentor]
        starts = [*(start.astimezone(clock) for start in standing), *new]
        for start in new:
            assert sum(other.date() == start.date() for other in starts) <= min(limit.per_day for limit in limits)
            assert sum(other.isocalendar()[:2] == start.isocalendar()[:2] for other in starts) <= min(
                limit.per_week for limit in limits
            )


@given(rounds())
@settings(max_examples=50, deadline=None)
def test_runners_up_could_have_been_and_reasons_are_given_where_one_is_owed(round_of):
    asked, availability = round_of
    placements = schedule(asked, availability)
    placed = {placement.key: placement.slot for placement in placements if placement.slot}
    for request, placement in zip(asked, placements, strict=True):
        assert bool(placement.reasons) == (placement.window != 0)
        assert set(placement.reasons) <= {request.mentor, request.mentee}
        together = [*(runner_up.slot for runner_up in placement.runners_up), *filter(None, [placement.slot])]
        assert not any(one.overlaps(other) for one, other in combinations(together, 2))
        for runner_up in placement.runners_up:
            assert_may_be(runner_up.slot, request, availability)
            for other in asked:
                if other.key != request.key and {other.mentor, other.mentee} & {request.mentor, request.mentee}:
                    assert other.key not in placed or not runner_up.slot.overlaps(placed[other.key])


@given(rounds())
@settings(max_examples=20, deadline=None)
def test_same_round_same_placements(round_of):
    assert schedule(*round_of) == schedule(*round_of)


@st.composite
def tight_rounds(draw):
    """Draw up to four requests for an afternoon in which there is hardly room for all."""

    def an_hour_or_two(latest):
        first = draw(st.integers(0, latest))
        return TimeSlot(start=START + first * QUARTER, end=START + (first + draw(st.integers(4, 7))) * QUARTER)

    names = ["m1", "m2", "e1", "e2"]
    always = WeeklyHours(
        time_zone="UTC", hours=tuple(DayHours(weekday=day, start=time(0), end=time(23, 59)) for day in range(7))
    )
    availability = {
        name: PersonAvailability(
            person=name, hours=always, busy=tuple(draw(st.lists(time_slots(days=0, longest=60), max_size=1)))
        )
        for name in names
    }
    asked = [
        BookingRequest(
            key=f"r{number}",
            mentor=draw(st.sampled_from(["m1", "m1", "m2"])),
            mentee=draw(st.sampled_from(["e1", "e2"])),
            windows=tuple(an_hour_or_two(6) for _ in range(draw(st.integers(1, 2)))),
            length=draw(st.sampled_from([30, 50])) * MINUTE,
            week_zone="UTC",
            mentor_zone="UTC",
            standing=draw(
                st.none() | st.builds(StandingTime, weekday=st.just(4), at=st.sampled_from([time(0, 30), time(1)]))
            ),
            mentor_limits=draw(st.sampled_from([None, None, Limits(per_day=2, per_week=4)])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    return asked, availability


def places_alone(request, availability):
    """Return where `request` could be if it were alone: each window's starts with their score, found one by one."""
    places, seen = [None], set()
    for window in request.windows:
        start = START
        while start < window.end:
            named = TimeSlot(start=start, end=start + request.length)
            alone = BookingRequest(
                **{field: getattr(request, field) for field in BookingRequest.__dataclass_fields__}
                | {"windows": (named,), "mentor_limits": None}
            )
            if start not in seen and window.contains(named) and schedule([alone], availability)[0].slot:
                seen.add(start)
                places.append((request.windows.index(window), named, schedule([alone], availability)[0].score))
            start += QUARTER
    return places


def worth(choice, windows):
    """Return what is compared: how many are in their first windows, in their second ones, and the total score."""
    taken = [place for place in choice if place]
    return (
        *(sum(place[0] == window for place in taken) for window in range(windows)),
        sum(place[2] for place in taken),
    )


def is_allowed(asked, choice):
    placed = [(request, place[1]) for request, place in zip(asked, choice, strict=True) if place]
    if any(
        {one.mentor, one.mentee} & {other.mentor, other.mentee} and slot.overlaps(other_slot)
        for (one, slot), (other, other_slot) in combinations(placed, 2)
    ):
        return False
    return all(
        sum(request.mentor == mentor for request, _ in placed) <= 2
        for mentor in {request.mentor for request in asked if request.mentor_limits}
    )


@given(tight_rounds())
@settings(max_examples=60, deadline=None)
def test_no_other_set_of_placements_is_better(round_of):
    asked, availability = round_of
    best = max(
        worth(choice, 2)
        for choice in product(*(places_alone(request, availability) for request in asked))
        if is_allowed(asked, choice)
    )
    placements = schedule(asked, availability)
    found = [
        (placement.window, placement.slot, placement.score) if placement.slot else None for placement in placements
    ]
    assert is_allowed(asked, found)
    assert all(placement.optimal for placement in placements)
    assert worth(found, 2) == best


@given(st.lists(time_slots(), max_size=8), time_slots(longest=4000), st.integers(1, 120))
@settings(max_examples=100, deadline=None)
def test_free_slots_are_all_the_gaps_and_nothing_else(busy, window, length):
    gaps = free_slots(busy, window, length * MINUTE)
    for gap in gaps:
        assert window.contains(gap)
        assert gap.length >= length * MINUTE
        assert not any(slot.overlaps(gap) for slot in busy)
    for minute in range(0, int(window.length / MINUTE) - length + 1, 7):
        meeting = TimeSlot(start=window.start + minute * MINUTE, end=window.start + (minute + length) * MINUTE)
        assert any(gap.contains(meeting) for gap in gaps) != any(slot.overlaps(meeting) for slot in busy)


@given(st.lists(time_slots(), max_size=8))
@settings(max_examples=60)
def test_merged_slots_cover_the_same_time_and_stay_apart(slots):
    joined = merged(slots)
    assert all(earlier.end < later.start for earlier, later in pairwise(joined))
    assert all(any(whole.contains(slot) for whole in joined) for slot in slots)
    assert all(any(slot.covers(whole.start) for slot in slots) for whole in joined)
    assert joined == merged(reversed(joined))
