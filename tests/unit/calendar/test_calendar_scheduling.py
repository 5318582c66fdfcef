from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from graphsync.calendar import BookingRequest, Limits, PersonAvailability, Reason, TimeSlot, UnknownTimeZone, schedule
from graphsync.calendar.candidates import (
    A_DAY_NEARER,
    A_DAY_SOONER,
    MIDDLE,
    NEAR_DAYS,
    SOON_DAYS,
    STANDING,
    STANDING_DAY,
    STANDING_TIME,
)
from graphsync.mentoring import Absence, DayHours, StandingTime, WeeklyHours

LENGTH = timedelta(minutes=50)
FULL_NEAR = A_DAY_NEARER * NEAR_DAYS


def at(text, zone="UTC"):
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span(start, end):
    return TimeSlot(start=at(start), end=at(end))


def session(start):
    return TimeSlot(start=at(start), end=at(start) + LENGTH)


MONDAY = span("11-02T00:00", "11-03T00:00")
TUESDAY = span("11-03T00:00", "11-04T00:00")
WEEK = span("11-02T00:00", "11-09T00:00")
NEXT_WEEK = span("11-09T00:00", "11-16T00:00")


def hours_of(start="09:00", end="17:00", zone="UTC", weekdays=range(5)):
    return WeeklyHours(
        time_zone=zone,
        hours=tuple(
            DayHours(weekday=day, start=time.fromisoformat(start), end=time.fromisoformat(end)) for day in weekdays
        ),
    )


def a_person(name, hours=None, **changes):
    return PersonAvailability(**{"person": name, "hours": hours or hours_of()} | changes)


def a_request(key="r", mentor="mentor", mentee="mentee", **changes):
    values = {"windows": (WEEK,), "length": LENGTH, "week_zone": "UTC", "mentor_zone": "UTC"}
    return BookingRequest(**{"key": key, "mentor": mentor, "mentee": mentee} | values | changes)


def placed(requests, *people):
    """Return the placements of `requests`; people who are not given are in the office and have nothing to do."""
    if isinstance(requests, BookingRequest):
        [placement] = placed([requests], *people)
        return placement
    known = {name: a_person(name) for request in requests for name in (request.mentor, request.mentee)}
    return schedule(requests, known | {person.person: person for person in people})


def test_nothing_asked_nothing_placed():
    assert schedule([], {}) == []


def test_standing_time_is_taken_even_a_week_from_the_target():
    request = a_request(
        windows=(span("11-02T00:00", "11-16T00:00"),),
        standing=StandingTime(weekday=3, at=time(14)),
        target=at("11-02T09:00"),
    )
    found = placed(request)
    assert (found.slot, found.window, found.score) == (
        session("11-05T14:00"),
        0,
        STANDING + FULL_NEAR - 3 * A_DAY_NEARER + MIDDLE,
    )
    assert (found.reasons, found.optimal) == ({}, True)


def test_standing_time_is_read_in_the_zone_of_the_week():
    standing = StandingTime(weekday=1, at=time(10))
    found = placed(
        a_request(week_zone="Asia/Kolkata", standing=standing),
        a_person("mentor", hours_of("00:00", "23:00")),
        a_person("mentee", hours_of("00:00", "23:00")),
    )
    assert found.slot == session("11-03T04:30")


def test_standing_time_off_the_quarter_hour_is_met_by_the_start_before_it():
    found = placed(a_request(standing=StandingTime(weekday=1, at=time(10, 10))))
    assert found.slot == session("11-03T10:00")


@pytest.mark.parametrize("day", ["11-02", "11-04", "11-06"])
def test_without_a_standing_time_the_day_nearest_to_the_target_is_taken(day):
    found = placed(a_request(target=at(f"{day}T16:00")))
    assert found.slot == session(f"{day}T09:30")
    assert found.score == FULL_NEAR + MIDDLE


def test_half_a_habit_is_worth_three_days_but_not_a_week():
    request = a_request(
        windows=(span("11-02T00:00", "11-16T00:00"),),
        standing=StandingTime(weekday=1, at=time(10)),
        target=at("11-03T10:00"),
    )
    mentor = a_person("mentor", busy=(span("11-03T00:00", "11-03T15:00"), span("11-10T00:00", "11-10T15:00")))
    found = placed(request, mentor)
    assert found.slot == session("11-03T15:00")
    assert found.score == STANDING_DAY + FULL_NEAR + MIDDLE
    mentor = a_person("mentor", busy=(TUESDAY, span("11-10T00:00", "11-10T15:00")))
    found = placed(request, mentor)
    assert found.slot == session("11-02T10:00")
    assert found.score == STANDING_TIME + FULL_NEAR - A_DAY_NEARER + MIDDLE


def test_first_and_last_half_hour_are_taken_only_where_nothing_else_is_left():
    assert placed(a_request(windows=(MONDAY,))).slot == session("11-02T09:30")
    mentor = a_person("mentor", busy=(span("11-02T10:00", "11-02T16:00"),))
    assert placed(a_request(windows=(MONDAY,)), mentor).slot == session("11-02T09:00")


def test_start_of_a_window_within_the_day_is_no_edge():
    assert placed(a_request(windows=(span("11-02T11:00", "11-02T17:00"),))).slot == session("11-02T11:00")


def test_where_the_earliest_is_wanted_the_day_decides_and_then_the_habit():
    request = a_request(earliest=True, standing=StandingTime(weekday=3, at=time(14)), target=at("11-06T14:00"))
    found = placed(request)
    assert found.slot == session("11-02T14:00")
    assert found.score == SOON_DAYS * A_DAY_SOONER + STANDING_TIME + MIDDLE
    mentor = a_person("mentor", busy=(span("11-02T09:00", "11-02T16:00"),))
    assert placed(request, mentor).slot == session("11-02T16:00")


def test_equal_times_go_to_the_earliest():
    assert placed(a_request()).slot == session("11-02T09:30")


def test_session_lies_in_the_hours_of_both_across_zones():
    found = placed(
        a_request(),
        a_person("mentor", hours_of("09:00", "17:00", "America/New_York")),
        a_person("mentee", hours_of("09:00", "17:00", "Europe/Berlin")),
    )
    # 09:00 in New York is 14:00 UTC, 17:00 in Berlin 16:00 UTC.
    assert found.slot == session("11-02T14:30")


def test_hours_follow_the_clocks_across_their_change():
    new_york = a_person("mentor", hours_of("09:00", "10:00", "America/New_York"))
    before = placed(a_request(windows=(span("10-30T00:00", "10-31T00:00"),)), new_york)
    after = placed(a_request(windows=(span("11-02T00:00", "11-03T00:00"),)), new_york)
    assert (before.slot, after.slot) == (session("10-30T13:00"), session("11-02T14:00"))


def test_busy_times_and_absences_of_either_are_kept_clear():
    mentor = a_person("mentor", busy=(span("11-02T08:00", "11-02T12:00"), span("11-02T15:05", "11-02T18:00")))
    mentee = a_person("mentee", absences=(Absence(starts_at=at("11-02T12:45"), ends_at=at("11-02T14:12")),))
    assert placed(a_request(windows=(MONDAY,)), mentor, mentee).slot == session("11-02T14:15")


def test_first_window_goes_before_any_score():
    request = a_request(windows=(MONDAY, WEEK), standing=StandingTime(weekday=2, at=time(10)), target=at("11-04T10:00"))
    found = placed(request)
    assert (found.slot.start.day, found.window) == (2, 0)


def test_second_window_is_used_where_the_first_is_taken_and_the_reason_is_kept():
    found = placed(a_request(windows=(MONDAY, WEEK)), a_person("mentee", busy=(MONDAY,)))
    assert (found.slot, found.window) == (session("11-03T09:30"), 1)
    assert found.reasons == {"mentee": Reason.BUSY}


def test_two_of_one_mentor_do_not_overlap_and_both_get_the_best_together():
    # Both would like ten o'clock; who can come at no other time gets it.
    standing = StandingTime(weekday=0, at=time(10))
    requests = [
        a_request("a", mentee="a", windows=(MONDAY,), standing=standing),
        a_request("b", mentee="b", windows=(MONDAY,), standing=standing),
    ]
    first, second = placed(requests, a_person("b", hours_of("10:00", "10:50")))
    assert second.slot == session("11-02T10:00")
    assert first.slot == session("11-02T11:00")
    assert first.group_value == second.group_value == first.bound
    assert first.optimal


def test_more_sessions_in_first_windows_go_before_better_ones():
    # Were the first to have its standing time, the second would have no place on Monday.
    requests = [
        a_request("a", mentee="a", windows=(MONDAY,), standing=StandingTime(weekday=0, at=time(10))),
        a_request("b", mentee="b", windows=(MONDAY, WEEK)),
    ]
    first, second = placed(requests, a_person("b", hours_of("10:00", "10:50")))
    assert (first.window, second.window) == (0, 0)
    assert second.slot == session("11-02T10:00")


def test_mentee_of_two_mentors_meets_one_at_a_time():
    requests = [a_request("a", mentor="m1", windows=(MONDAY,)), a_request("b", mentor="m2", windows=(MONDAY,))]
    first, second = placed(requests, a_person("mentee", hours_of("10:00", "12:00")))
    assert not first.slot.overlaps(second.slot)


def test_limits_count_standing_sessions_and_those_placed_in_the_same_call():
    limits = {"mentor_limits": Limits(per_day=2, per_week=4), "mentor_sessions": (at("11-02T16:00"),)}
    requests = [a_request(key, mentee=key, target=at("11-02T10:00"), **limits) for key in "abcd"]
    days = sorted(placement.slot.start.day for placement in placed(requests) if placement.slot)
    assert days == [2, 3, 3]
    [left_out] = [placement for placement in placed(requests) if not placement.slot]
    assert left_out.reasons == {"mentor": Reason.LIMIT}
    assert (left_out.window, left_out.score, left_out.runners_up) == (None, 0, ())


def test_limits_count_days_and_weeks_of_the_mentor():
    # 23:30 on Monday in UTC is Tuesday in Auckland: the mentor has had their one session that day.
    request = a_request(
        windows=(span("11-02T23:00", "11-03T00:20"), TUESDAY),
        mentor_limits=Limits(per_day=1, per_week=4),
        mentor_zone="Pacific/Auckland",
        mentor_sessions=(at("11-03T02:00"),),
    )
    awake = hours_of("00:00", "23:59", weekdays=range(7))
    found = placed(request, a_person("mentor", awake), a_person("mentee", awake))
    assert found.slot.start >= at("11-04T00:00", "Pacific/Auckland")
    assert found.reasons == {"mentor": Reason.LIMIT}


def test_limit_of_the_week_counts_sessions_outside_of_the_windows():
    request = a_request(
        windows=(span("11-05T00:00", "11-06T00:00"),),
        mentor_limits=Limits(per_day=2, per_week=2),
        mentor_sessions=(at("11-02T10:00"), at("11-03T10:00")),
    )
    assert placed(request).reasons == {"mentor": Reason.LIMIT}


def test_strictest_limits_of_a_mentor_hold_for_all_their_requests():
    session_then = (at("11-02T16:00"),)
    requests = [
        a_request("a", mentee="a", windows=(MONDAY,), mentor_limits=Limits(per_day=2, per_week=4)),
        a_request("b", mentee="b", windows=(MONDAY,), mentor_sessions=session_then),
        a_request(
            "c",
            mentee="c",
            windows=(MONDAY,),
            mentor_limits=Limits(per_day=5, per_week=9),
            mentor_sessions=session_then,
        ),
    ]
    assert sum(placement.slot is not None for placement in placed(requests)) == 1


def test_offered_hours_are_used_only_where_own_ones_do_not_meet_and_only_of_those_asked():
    montreal = a_person(
        "mentor", hours_of(zone="America/Toronto"), offered=hours_of("18:00", "20:00", "America/Toronto")
    )
    sydney = a_person(
        "mentee", hours_of(zone="Australia/Sydney"), offered=hours_of("07:00", "09:00", "Australia/Sydney")
    )
    assert placed(a_request(), montreal, sydney).slot is None
    found = placed(a_request(use_offered=("mentor",)), montreal, sydney)
    # 18:00 in Montreal is 10:00 the next day in Sydney.
    assert found.slot == session("11-02T23:30")
    found = placed(a_request(use_offered=("mentee",)), montreal, sydney)
    # 16:00 in Montreal is 08:00 the next day in Sydney.
    assert found.slot is not None
    assert at("11-02T20:00") <= found.slot.start < at("11-02T22:00")
    near = a_person("mentee", hours_of(zone="America/Toronto"), busy=(WEEK,))
    assert placed(a_request(use_offered=("mentor", "mentee")), montreal, near).slot is None


def test_where_the_hours_offered_first_leave_no_time_those_of_the_second_try_are_used():
    montreal = a_person(
        "mentor", hours_of(zone="America/Toronto"), offered=hours_of("03:00", "04:00", "America/Toronto")
    )
    sydney = a_person(
        "mentee", hours_of(zone="Australia/Sydney"), offered=hours_of("07:00", "09:00", "Australia/Sydney")
    )
    turns = {"use_offered": ("mentor",), "then_offered": ("mentor", "mentee")}
    found = placed(a_request(**turns), montreal, sydney)
    assert found.slot == placed(a_request(use_offered=("mentee",)), montreal, sydney).slot is not None
    full = a_person("mentor", hours_of(zone="America/Toronto"), busy=(WEEK,))
    assert placed(a_request(**turns), full, sydney).reasons == {"mentor": Reason.BUSY}
    fits = a_person("mentor", hours_of(zone="America/Toronto"), offered=hours_of("18:00", "20:00", "America/Toronto"))
    assert placed(a_request(**turns), fits, sydney).slot == session("11-02T23:30")


def test_unreadable_people_are_never_placed_and_are_the_reason():
    found = placed(a_request(), a_person("mentee", unreadable="5009"))
    assert (found.slot, found.reasons) == (None, {"mentee": Reason.UNREADABLE})


@pytest.mark.parametrize(
    ("mentor", "mentee", "expected"),
    [
        pytest.param({"hours": hours_of(weekdays=[2])}, {}, {"mentor": Reason.OUTSIDE_HOURS}, id="no hours that day"),
        pytest.param(
            {"absences": (Absence(starts_at=at("10-01T00:00")),)}, {}, {"mentor": Reason.AWAY}, id="away until told"
        ),
        pytest.param(
            {"busy": (MONDAY,)}, {"busy": (MONDAY,)}, {"mentor": Reason.BUSY, "mentee": Reason.BUSY}, id="both"
        ),
        pytest.param(
            {"hours": hours_of("08:00", "12:00")},
            {"hours": hours_of("11:30", "17:00")},
            {"mentor": Reason.NO_OVERLAP, "mentee": Reason.NO_OVERLAP},
            id="half an hour in common",
        ),
        pytest.param(
            {"hours": hours_of("08:00", "12:00"), "busy": (span("11-02T11:00", "11-02T12:00"),)},
            {"hours": hours_of("11:00", "17:00")},
            {"mentor": Reason.BUSY},
            id="busy in the one hour in common",
        ),
        pytest.param(
            {"hours": hours_of("09:00", "12:00"), "busy": (span("11-02T09:00", "11-02T11:00"),)},
            {
                "hours": hours_of("10:00", "17:00"),
                "absences": (Absence(starts_at=at("11-02T11:00"), ends_at=at("11-02T12:00")),),
            },
            {"mentor": Reason.BUSY, "mentee": Reason.AWAY},
            id="each takes a part of what they have in common",
        ),
        pytest.param(
            {
                "hours": hours_of("09:00", "12:00"),
                "absences": (Absence(starts_at=at("11-02T11:00"), ends_at=at("11-02T12:00")),),
            },
            {"hours": hours_of("11:00", "17:00")},
            {"mentor": Reason.AWAY},
            id="away in the one hour in common",
        ),
    ],
)
def test_reasons_per_person(mentor, mentee, expected):
    found = placed(a_request(windows=(MONDAY,)), a_person("mentor", **mentor), a_person("mentee", **mentee))
    assert (found.slot, found.reasons) == (None, expected)


def test_who_was_given_to_another_is_busy():
    requests = [a_request(key, mentee=key, windows=(MONDAY,)) for key in "ab"]
    both = placed(requests, a_person("mentor", hours_of("10:00", "10:50")))
    assert [placement.slot for placement in both] == [session("11-02T10:00"), None]
    assert both[1].reasons == {"mentor": Reason.BUSY}


def test_one_without_any_time_does_not_keep_others_from_theirs():
    requests = [a_request(key, mentee=key, windows=(MONDAY,)) for key in "ab"]
    first, second = placed(requests, a_person("a", busy=(MONDAY,)))
    assert (first.slot, first.reasons) == (None, {"a": Reason.BUSY})
    assert second.slot == session("11-02T09:30")


def test_times_that_will_not_do_are_kept_clear():
    lost = session("11-02T10:00")
    request = a_request(windows=(MONDAY,), blocked=(lost,), standing=StandingTime(weekday=0, at=time(10)))
    assert not placed(request).slot.overlaps(lost)
    found = placed(request, a_person("mentor", hours_of("10:00", "11:00")))
    assert (found.slot, found.reasons) == (None, {"mentor": Reason.BUSY, "mentee": Reason.BUSY})


def test_a_time_asked_for_by_name_is_taken_though_off_the_quarter_hour_or_blocked():
    proposed = session("11-02T10:10")
    found = placed(a_request(windows=(proposed, WEEK), blocked=(proposed,)))
    assert (found.slot, found.window) == (proposed, 0)
    found = placed(a_request(windows=(proposed, WEEK)), a_person("mentee", busy=(session("11-02T10:40"),)))
    assert (found.window, found.reasons) == (1, {"mentee": Reason.BUSY})


def test_a_time_asked_for_by_name_counts_to_the_limits():
    proposed = session("11-02T10:10")
    limits = Limits(per_day=1, per_week=4)
    requests = [
        a_request("a", mentee="a", windows=(proposed,), mentor_limits=limits),
        a_request("b", mentee="b", windows=(MONDAY,)),
    ]
    assert sum(placement.slot is not None for placement in placed(requests)) == 1
    found = placed(a_request(windows=(proposed,), mentor_limits=limits, mentor_sessions=(at("11-02T16:00"),)))
    assert found.reasons == {"mentor": Reason.LIMIT}


def test_runners_up_are_on_other_days_where_there_are_any():
    found = placed(a_request(target=at("11-04T10:00")))
    assert [found.slot.start.day, *(other.slot.start.day for other in found.runners_up)] == [4, 3, 5]
    assert [other.score for other in found.runners_up] == [found.score - A_DAY_NEARER] * 2


def test_runners_up_of_one_day_do_not_overlap():
    first, second = placed(a_request(windows=(MONDAY,))).runners_up
    assert (first.slot, second.slot) == (session("11-02T10:30"), session("11-02T11:30"))


def test_runners_up_come_from_the_same_window_first():
    found = placed(a_request(windows=(MONDAY, NEXT_WEEK)), a_person("mentor", hours_of("09:00", "10:50")))
    assert [other.slot for other in found.runners_up] == [session("11-09T09:30"), session("11-10T09:30")]
    found = placed(a_request(windows=(MONDAY, NEXT_WEEK)), a_person("mentor", hours_of("09:00", "11:30")))
    assert [other.slot for other in found.runners_up] == [session("11-02T10:30"), session("11-09T09:30")]


def test_runners_up_keep_clear_of_other_sessions_and_limits():
    requests = [
        a_request(key, mentee=key, windows=(MONDAY,), mentor_limits=Limits(per_day=2, per_week=4)) for key in "ab"
    ]
    first, second = placed(requests, a_person("mentor", hours_of("09:00", "12:00")))
    for placement, other in ((first, second), (second, first)):
        assert all(not runner_up.slot.overlaps(other.slot) for runner_up in placement.runners_up)
    full = [
        a_request(key, mentee=key, windows=(MONDAY, NEXT_WEEK), mentor_limits=Limits(per_day=1, per_week=4))
        for key in "ab"
    ]
    one, other = placed(full)
    assert {one.window, other.window} == {0, 1}
    moved = one if one.window else other
    assert all(runner_up.slot.start >= NEXT_WEEK.start for runner_up in moved.runners_up)


def test_requests_that_share_nobody_are_valued_apart():
    alone, other = placed([a_request("a", mentor="m1", mentee="a"), a_request("b", mentor="m2", mentee="b")])
    assert alone.group_value == other.group_value == placed(a_request()).group_value


def test_placements_come_in_the_order_of_the_requests():
    requests = [a_request(key, mentor=f"m{key}", mentee=key) for key in "cab"]
    assert [placement.key for placement in placed(requests)] == ["c", "a", "b"]


def test_same_facts_same_placements():
    requests = [a_request(key, mentee=key, windows=(WEEK, NEXT_WEEK)) for key in "abcde"]
    assert placed(requests) == placed(requests)


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([a_request(), a_request(mentee="other")], "two requests have the key 'r'"),
        (
            [a_request("a"), a_request("b", mentor_zone="Asia/Kolkata")],
            "mentor 'mentor' has the zones 'UTC' and 'Asia/Kolkata'",
        ),
    ],
)
def test_requests_that_contradict_each_other_are_refused(requests, message):
    with pytest.raises(ValueError, match=message):
        placed(requests)


def test_availability_of_everybody_is_needed():
    with pytest.raises(ValueError, match="request 'r' needs the availability of 'mentee'"):
        schedule([a_request()], {"mentor": a_person("mentor")})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mentee": "mentor"}, "one person as mentor and mentee"),
        ({"windows": ()}, "no window"),
        ({"length": timedelta(0)}, "more than nothing"),
        ({"target": datetime(2026, 11, 2)}, "target of request 'r'"),  # noqa: DTZ001 - naive is what is refused
        ({"mentor_sessions": (datetime(2026, 11, 2),)}, "mentor_sessions"),  # noqa: DTZ001 - naive is what is refused
    ],
)
def test_request_checks_itself(changes, message):
    with pytest.raises(ValueError, match=message):
        a_request(**changes)


@pytest.mark.parametrize("field", ["week_zone", "mentor_zone"])
def test_request_refuses_unknown_zones(field):
    with pytest.raises(UnknownTimeZone):
        a_request(**{field: "Europe/Atlantis"})


@pytest.mark.parametrize("limits", [(0, 4), (2, 0)])
def test_limits_check_themselves(limits):
    with pytest.raises(ValueError, match="at least 1 session"):
        Limits(per_day=limits[0], per_week=limits[1])


def test_a_session_has_air_around_it_and_keeps_clear_of_lunch():
    busy = span("11-02T09:00", "11-02T11:00")
    lunch = hours_of("12:00", "13:00")
    day = span("11-02T00:00", "11-03T00:00")
    request = a_request(
        windows=(day,),
        length=timedelta(minutes=50),
        earliest=True,
        buffer=timedelta(minutes=10),
        not_during=(("mentor", lunch), ("mentee", lunch)),
    )
    free = [a_person("mentor", busy=(busy,)), a_person("mentee")]
    found = placed([request], *free)[0]
    # 11:00 is too close to what ends then, and from 11:15 on fifty minutes reach into lunch.
    assert found.slot.start == at("11-02T13:30")
    assert [runner.slot.start for runner in found.runners_up] == [at("11-02T14:30"), at("11-02T15:30")]


def test_a_time_asked_for_by_name_needs_no_air_and_no_lunch_hour():
    noon = span("11-02T12:00", "11-02T12:50")
    busy = span("11-02T11:00", "11-02T12:00")
    lunch = hours_of("12:00", "13:00")
    request = a_request(
        windows=(noon,), length=noon.length, buffer=timedelta(minutes=10), not_during=(("mentor", lunch),)
    )
    assert placed([request], a_person("mentor", busy=(busy,)), a_person("mentee"))[0].slot == noon


def test_a_session_to_be_moved_is_in_the_way_of_all_requests_but_its_own():
    monday = session("11-02T09:00")
    mentor = a_person("mentor", hours_of("09:00", "10:00", weekdays=[0]), busy=(monday,), busy_to_moves={"move": ()})
    move, other = a_request("move", windows=(MONDAY,)), a_request("other", mentee="another", windows=(MONDAY,))
    assert [placement.slot for placement in placed([other, move], mentor)] == [None, monday]
    assert placed([other, move], mentor)[0].reasons == {"mentor": Reason.BUSY}
