"""Where events stand in the week that the sandbox's page draws, and the words beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sandbox_builders import an_event, at

from graphsync.sandbox.pages.week import Week, week_of
from graphsync.sandbox.pages.words import between, days_in_words, moment, span, states, text_of_html

MONDAY = date(2026, 1, 12)


def drawn(world, user, monday=MONDAY, now="2026-01-13T12:30:00+00:00") -> Week:
    start = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - timedelta(days=1)
    return week_of(user, world.calendar_view(user, start, start + timedelta(days=9)), monday, at(now))


def put(world, user, start, end, **more):
    return world.create_event(user, an_event(start=start, end=end, zone="Romance Standard Time", **more), actor="ana")


def placed(week, on):
    (day,) = [day for day in week.days if day.on.isoformat() == on]
    return [(block.event.subject, block.times, block.lane, block.lanes) for block in day.blocks]


def test_events_that_overlap_stand_side_by_side_and_others_take_the_day(world, ana):
    put(world, ana, "2026-01-13T09:00:00", "2026-01-13T11:00:00", subject="A")
    put(world, ana, "2026-01-13T10:00:00", "2026-01-13T10:30:00", subject="B")
    put(world, ana, "2026-01-13T10:30:00", "2026-01-13T12:00:00", subject="C")
    put(world, ana, "2026-01-13T12:00:00", "2026-01-13T13:00:00", subject="D")
    assert placed(drawn(world, ana), "2026-01-13") == [
        ("A", "09:00–11:00", 0, 2),
        ("B", "10:00–10:30", 1, 2),
        ("C", "10:30–12:00", 1, 2),
        ("D", "12:00–13:00", 0, 1),
    ]


def test_short_events_are_drawn_high_enough_to_read_and_so_take_a_lane(world, ana):
    put(world, ana, "2026-01-13T09:00:00", "2026-01-13T09:05:00", subject="A")
    put(world, ana, "2026-01-13T09:10:00", "2026-01-13T09:15:00", subject="B")
    assert [lane for _, _, lane, _ in placed(drawn(world, ana), "2026-01-13")] == [0, 1]


def test_an_event_over_midnight_is_on_both_days(world, ana):
    put(world, ana, "2026-01-13T22:00:00", "2026-01-14T01:00:00", subject="Night")
    week = drawn(world, ana)
    assert placed(week, "2026-01-13") == [("Night", "22:00–24:00", 0, 1)]
    assert placed(week, "2026-01-14") == [("Night", "00:00–01:00", 0, 1)]
    assert (week.first, week.last) == (0, 24)


def test_an_event_that_ends_at_midnight_is_not_on_the_next_day(world, ana):
    put(world, ana, "2026-01-13T22:00:00", "2026-01-14T00:00:00", subject="Late")
    week = drawn(world, ana)
    assert placed(week, "2026-01-13") == [("Late", "22:00–24:00", 0, 1)]
    assert placed(week, "2026-01-14") == []


def test_an_event_of_whole_days_keeps_its_dates_in_another_zone(world, bo):
    put(world, bo, "2026-01-13T00:00:00", "2026-01-15T00:00:00", isAllDay=True, subject="Fair")
    days = [day.on.day for day in drawn(world, bo).days if day.whole]
    assert days == [13, 14]


def test_a_day_that_is_taken_whole_by_hours_stands_with_the_whole_days(world, ana):
    put(world, ana, "2026-01-12T18:00:00", "2026-01-14T09:00:00", subject="Trip")
    week = drawn(world, ana)
    assert [day.on.day for day in week.days if day.whole] == [13]
    assert placed(week, "2026-01-12") == [("Trip", "18:00–24:00", 0, 1)]


@pytest.mark.parametrize(("on", "times"), [("2026-03-28", "10:00–11:00"), ("2026-03-30", "10:00–11:00")])
def test_events_keep_their_wall_clock_on_both_sides_of_a_clock_change(world, ana, on, times):
    put(world, ana, f"{on}T10:00:00", f"{on}T11:00:00", subject="A")
    day = date.fromisoformat(on)
    monday = day - timedelta(days=day.weekday())
    assert placed(drawn(world, ana, monday), on) == [("A", times, 0, 1)]


def test_an_event_within_the_hour_that_comes_twice_never_ends_before_it_starts(world, ana):
    body = an_event(start="2026-10-25T00:45:00", end="2026-10-25T01:15:00")
    world.create_event(ana, body, actor="ana")
    week = drawn(world, ana, date(2026, 10, 19), now="2026-10-20T08:00:00+00:00")
    assert placed(week, "2026-10-25") == [("Mentoring", "02:45–02:45", 0, 1)]


def test_the_weekend_is_there_when_something_is_on_it(world, ana):
    assert [day.on.weekday() for day in drawn(world, ana).days] == [0, 1, 2, 3, 4]
    put(world, ana, "2026-01-17T10:00:00", "2026-01-17T11:00:00")
    assert [day.on.weekday() for day in drawn(world, ana).days] == [0, 1, 2, 3, 4, 5]


def test_the_weekend_is_there_for_those_who_work_then(world):
    user = world.add_user(
        address="s@fabrikam.test", display_name="S", windows_time_zone="Arab Standard Time", days=("sunday", "monday")
    )
    days = drawn(world, user).days
    assert [(day.on.weekday(), day.hours) for day in days if day.hours] == [(0, (540, 1020)), (6, (540, 1020))]


def test_now_is_on_its_day_alone_by_the_owner_s_clock_and_is_always_drawn(world, ana):
    put(world, ana, "2026-01-13T09:00:00", "2026-01-13T10:00:00")
    put(world, ana, "2026-01-13T21:30:00", "2026-01-13T22:30:00")
    week = drawn(world, ana, now="2026-01-13T22:00:00+00:00")
    assert [(day.on.day, day.now, day.before_now) for day in week.days if day.is_today] == [(13, 23 * 60, 2)]
    assert week.last == 23
    assert all(day.now is None for day in drawn(world, ana, now="2026-02-13T22:00:00+00:00").days)


def test_no_two_blocks_of_a_day_are_drawn_over_each_other(world, ana):
    for minute in range(0, 180, 7):
        start = at("2026-01-13T09:00:00") + timedelta(minutes=minute)
        put(world, ana, start.isoformat(), (start + timedelta(minutes=5 + minute % 50)).isoformat())
    (day,) = [day for day in drawn(world, ana).days if day.blocks]
    lanes = {}
    for block in day.blocks:
        assert 0 <= block.lane < block.lanes
        lanes.setdefault(block.lane, []).append(block)
    for blocks in lanes.values():
        assert all(before.drawn_end <= after.start for before, after in pairwise(blocks))


def test_the_style_has_one_rule_for_each_block_and_none_that_is_not_a_place(world, ana):
    put(world, ana, "2026-01-13T09:00:00", "2026-01-13T11:00:00", subject="}</style><script>")
    style = drawn(world, ana).style()
    assert "#e0{top:" in style
    assert "<" not in style
    assert style.count("{") == style.count("}")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["busy", "accepted", "from Ana Kim"]),
        ({"show_as": "tentative", "response": "tentativelyAccepted"}, ["tentatively accepted", "from Ana Kim"]),
        ({"show_as": "tentative", "response": "notResponded"}, ["tentative", "not answered", "from Ana Kim"]),
        ({"is_cancelled": True, "show_as": "free"}, ["cancelled"]),
    ],
)
def test_an_attendee_s_copy_says_what_its_owner_wants_to_know(world, ana, bo, changes, told):
    world.create_event(ana, an_event(bo.address), actor="ana")
    (copy,) = world.events(bo)
    for name, value in ({"show_as": "busy", "response": "accepted"} | changes).items():
        setattr(copy, name, value)
    assert states(copy) == told


def test_an_own_event_says_organizer_only_if_somebody_is_invited(world, ana, bo):
    alone = world.create_event(ana, an_event(), actor="ana")
    shared = world.create_event(
        ana, an_event(bo.address, start="2026-01-14T10:00:00", end="2026-01-14T11:00:00"), actor=""
    )
    assert (states(alone), states(shared)) == (["busy"], ["busy", "organizer"])


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\nb"),
        ("<ul><li>x</li><li>y</li></ul>", "• x\n\n• y"),
        ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("<script>alert(1)</script>left<style>p{}</style>", "left"),
        ("<script>never closed", ""),
        ("<a href='https://x.test'>here</a>", "here"),
        ("</script>after", "after"),
        ("<html><head><title>No</title><body>shown", "shown"),
        ("  many \n spaces  ", "many spaces"),
    ],
)
def test_html_is_read_as_the_text_it_shows(html, text):
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=5), "5 seconds"),
        (timedelta(seconds=0.2), "no time"),
        (timedelta(minutes=61), "1 hour 1 minute"),
        (timedelta(days=2, hours=3, minutes=4), "2 days 3 hours"),
    ],
)
def test_spans_are_said_in_two_units(length, words):
    assert span(length) == words


def test_times_are_said_by_the_clock_of_a_zone():
    start = at("2026-01-13T23:30:00+00:00")
    assert moment(start) == "Tue 13 Jan 2026 23:30"
    assert moment(start + timedelta(seconds=5), "Romance Standard Time") == "Wed 14 Jan 2026 00:30:05"
    assert moment(None) == "–"
    assert between(start, start + timedelta(minutes=15)) == "Tue 13 Jan 2026, 23:30 to 23:45"
    assert between(start, start + timedelta(hours=1)) == "Tue 13 Jan 2026 23:30 to Wed 14 Jan 2026 00:30"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("monday", "tuesday", "wednesday"), "Mon–Wed"),
        (("friday", "monday"), "Mon, Fri"),
        (("sunday", "monday", "tuesday", "saturday"), "Mon–Tue, Sat–Sun"),
        ((), ""),
    ],
)
def test_working_days_are_said_as_runs(days, words):
    assert days_in_words(days) == words


def test_a_zone_is_what_the_owner_has_whatever_the_event_was_written_in(world, bo):
    world.create_event(bo, an_event(start="2026-01-13T15:00:00", end="2026-01-13T16:00:00"), actor="bo")
    assert placed(drawn(world, bo), "2026-01-13") == [("Mentoring", "10:00–11:00", 0, 1)]
