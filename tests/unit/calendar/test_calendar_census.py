"""Of every start a window has, what took it, for each of the two."""

import pytest
from builders import DAY, HOUR, MENTEE, MENTOR, at, weekly_hours

from graphsync.calendar import BookingRequest, Limits, PersonAvailability, Reason, TimeSlot
from graphsync.calendar.availability import grid_over
from graphsync.calendar.candidates import candidates, people_of
from graphsync.calendar.census import census
from graphsync.mentoring import Absence

MONDAY = at("09-21 00:00")
DAYTIME = TimeSlot(start=MONDAY, end=MONDAY + DAY)


def a_request(**changes):
    values = {
        "key": "one",
        "mentor": MENTOR,
        "mentee": MENTEE,
        "windows": (DAYTIME,),
        "length": HOUR,
        "week_zone": "Europe/Berlin",
        "mentor_zone": "Europe/Berlin",
    }
    return BookingRequest(**values | changes)


def available(person, **changes):
    return PersonAvailability(**{"person": person, "hours": weekly_hours()} | changes)


def both(**of_mentor):
    return {MENTOR: available(MENTOR, **of_mentor), MENTEE: available(MENTEE)}


def test_with_empty_calendars_only_the_hours_take_starts_away():
    seen = census(a_request(), both())
    # A day has 93 quarter hours from which an hour fits into it; nine to five leaves 29 of them.
    assert (seen.starts, seen.left) == (93, 29)
    assert seen.fell_away == {MENTOR: {Reason.OUTSIDE_HOURS: 64}, MENTEE: {Reason.OUTSIDE_HOURS: 64}}


@pytest.mark.parametrize(
    ("of_mentor", "reason", "left"),
    [
        pytest.param({"busy": (TimeSlot(start=at("09-21 09:00"), end=at("09-21 12:00")),)}, Reason.BUSY, 17, id="busy"),
        pytest.param(
            {"absences": (Absence(starts_at=at("09-21 09:00"), ends_at=at("09-21 13:00")),)}, Reason.AWAY, 13, id="away"
        ),
        pytest.param({"unreadable": "no answer"}, Reason.UNREADABLE, 0, id="unreadable"),
    ],
)
def test_each_obstacle_is_told_of_whom_it_is(of_mentor, reason, left):
    seen = census(a_request(), both(**of_mentor))
    assert reason in seen.fell_away[MENTOR]
    assert reason not in seen.fell_away[MENTEE]
    assert seen.left == left


def test_the_limit_of_a_mentor_takes_the_whole_day():
    request = a_request(mentor_limits=Limits(per_day=1, per_week=4), mentor_sessions=(at("09-21 10:00"),))
    seen = census(request, both())
    assert (seen.fell_away[MENTOR][Reason.LIMIT], seen.left) == (29, 0)


def test_the_time_of_a_lost_session_is_left_out():
    lost = TimeSlot(start=at("09-21 10:00"), end=at("09-21 11:00"))
    assert census(a_request(blocked=(lost,)), both()).left == 22


def test_a_time_asked_for_by_name_is_looked_at_as_it_is():
    proposed = TimeSlot(start=at("09-21 10:05"), end=at("09-21 11:05"))
    seen = census(a_request(windows=(proposed,), blocked=(proposed,)), both())
    assert (seen.starts, seen.left) == (1, 1)


def test_buffer_and_lunch_are_obstacles_too():
    busy = TimeSlot(start=at("09-21 09:00"), end=at("09-21 12:00"))
    lunch = tuple((person, weekly_hours(start="12:00", end="13:00")) for person in (MENTOR, MENTEE))
    request = a_request(buffer=HOUR / 6, not_during=lunch)
    seen = census(request, both(busy=(busy,)))
    assert seen.left == 13  # from 13:00 on; the buffer lies in the lunch hour
    assert seen.left == candidate_count(request, both(busy=(busy,)))


def test_as_many_starts_are_left_as_the_scheduler_chooses_among():
    busy = TimeSlot(start=at("09-21 10:10"), end=at("09-21 14:00"))
    request = a_request(buffer=HOUR / 4)
    assert census(request, both(busy=(busy,))).left == candidate_count(request, both(busy=(busy,))) == 8


def test_another_window_than_the_first_can_be_looked_at():
    tuesday = TimeSlot(start=MONDAY + DAY, end=MONDAY + 2 * DAY)
    assert census(a_request(windows=(DAYTIME, tuesday)), both(), 1).window == tuesday


def candidate_count(request, availability):
    grid = grid_over(request.windows)
    return len(candidates(request, people_of(request, availability, grid), 0, grid)[0])
