from datetime import UTC, datetime, time, timedelta

import pytest

from graphsync.calendar import Schedule, ScheduleItem, TimeSlot, busy_from
from graphsync.calendar.availability import (
    absence_mask,
    blocked_starts,
    cell_count,
    cells_of,
    cells_set,
    grid_over,
    hours_mask,
    local_days,
    local_quarters,
    mask,
    runs,
    slot_at,
    start_mask,
    whole_mask,
)
from graphsync.mentoring import Absence, DayHours, WeeklyHours


def at(clock):
    return datetime.fromisoformat(f"2026-11-03T{clock}").replace(tzinfo=UTC)


def slot(start, end):
    return TimeSlot(start=at(start), end=at(end))


GRID = slot("09:00", "10:00")


def a_schedule(*items, **changes):
    found = tuple(ScheduleItem(slot=slot(start, end), status=status) for start, end, status in items)
    return Schedule(address="ines@fabrikam.test", items=found, **changes)


@pytest.mark.parametrize(
    ("status", "blocks"),
    [
        ("busy", True),
        ("tentative", True),
        ("oof", True),
        ("unknown", True),
        ("free", False),
        ("workingElsewhere", False),
    ],
)
def test_items_block_unless_they_say_that_one_can_be_had(status, blocks):
    assert busy_from(a_schedule(("09:00", "10:00", status)), own=()) == ((GRID,) if blocks else ())


def test_busy_is_merged_and_in_order():
    schedule = a_schedule(("10:00", "11:00", "busy"), ("09:00", "10:00", "oof"), ("13:00", "14:00", "tentative"))
    assert busy_from(schedule, own=()) == (slot("09:00", "11:00"), slot("13:00", "14:00"))


def test_own_entry_takes_away_one_item_of_exactly_its_times():
    twice = a_schedule(("09:00", "10:00", "busy"), ("09:00", "10:00", "busy"), ("11:00", "12:00", "busy"))
    assert busy_from(twice, own=[GRID]) == (GRID, slot("11:00", "12:00"))
    assert busy_from(twice, own=[GRID, GRID]) == (slot("11:00", "12:00"),)
    assert busy_from(twice, own=[slot("11:00", "12:05"), slot("10:55", "12:00")]) == (GRID, slot("11:00", "12:00"))


def test_own_entry_shown_as_free_takes_nothing_away():
    schedule = a_schedule(("09:00", "10:00", "free"), ("09:00", "10:30", "busy"))
    assert busy_from(schedule, own=[GRID]) == (slot("09:00", "10:30"),)


def test_view_stands_in_for_missing_items():
    schedule = a_schedule(availability_view="0012043", view_starts_at=at("09:00"))
    assert busy_from(schedule, own=[slot("09:10", "09:20")]) == (slot("09:10", "09:20"), slot("09:30", "09:35"))


def test_view_has_its_own_interval():
    schedule = a_schedule(availability_view="02", view_starts_at=at("09:00"), view_interval=timedelta(minutes=30))
    assert busy_from(schedule, own=()) == (slot("09:30", "10:00"),)


def test_items_go_before_the_view():
    schedule = a_schedule(("09:00", "09:10", "busy"), availability_view="2222", view_starts_at=at("09:00"))
    assert busy_from(schedule, own=()) == (slot("09:00", "09:10"),)


def test_a_free_view_needs_no_start():
    assert busy_from(a_schedule(availability_view="0004"), own=()) == ()
    assert busy_from(a_schedule(), own=()) == ()


def test_a_busy_view_without_its_start_is_an_error():
    with pytest.raises(ValueError, match="view_starts_at"):
        busy_from(a_schedule(availability_view="2"), own=())


def test_unreadable_is_not_free():
    with pytest.raises(ValueError, match="marked unreadable"):
        busy_from(a_schedule(unreadable="5009"), own=())


def test_grid_runs_from_quarter_hour_to_quarter_hour():
    assert grid_over([slot("09:07", "09:20"), slot("08:59", "09:10")]) == slot("08:45", "09:30")
    assert grid_over([GRID]) == GRID
    assert cell_count(GRID) == 12


@pytest.mark.parametrize(
    ("start", "end", "touched", "whole"),
    [
        ("09:10", "09:20", 0b1100, 0b1100),
        ("09:07", "09:23", 0b11110, 0b1100),
        ("09:06", "09:09", 0b10, 0),
        ("08:00", "09:05", 0b1, 0b1),
        ("09:55", "11:00", 1 << 11, 1 << 11),
        ("10:00", "11:00", 0, 0),
        ("08:00", "09:00", 0, 0),
        ("08:00", "11:00", (1 << 12) - 1, (1 << 12) - 1),
    ],
)
def test_masks_round_what_blocks_up_and_what_allows_down(start, end, touched, whole):
    assert mask([slot(start, end)], GRID) == touched
    assert whole_mask([slot(start, end)], GRID) == whole


def test_masks_of_several_slots_are_united():
    assert mask([slot("09:00", "09:10"), slot("09:05", "09:15")], GRID) == 0b111


@pytest.mark.parametrize("cells", range(1, 9))
def test_runs_and_blocked_starts_agree_with_counting(cells):
    free = 0b1101111011111111000110
    assert runs(free, cells) == sum(
        1 << cell for cell in range(22) if all(free >> cell + more & 1 for more in range(cells))
    )
    assert blocked_starts(free, cells) == sum(
        1 << cell for cell in range(22) if any(free >> cell + more & 1 for more in range(cells))
    )


def test_starts_are_quarter_hours():
    assert cells_set(start_mask((1 << 12) - 1, 5, GRID)) == [0, 3, 6]


def test_a_cell_begun_is_taken():
    assert [cells_of(timedelta(minutes=minutes)) for minutes in (1, 5, 6, 50)] == [1, 1, 2, 10]


def test_slot_at_has_the_length_asked_for():
    assert slot_at(GRID, 3, timedelta(minutes=12)) == slot("09:15", "09:27")


def test_cells_set():
    assert cells_set(0b101001) == [0, 3, 5]
    assert cells_set(0) == []


def test_hours_mask():
    hours = WeeklyHours(time_zone="Europe/Berlin", hours=(DayHours(weekday=1, start=time(10, 10), end=time(10, 31)),))
    assert hours_mask(hours, GRID) == 0b111100


def test_absence_mask():
    absences = (
        Absence(starts_at=at("08:00"), ends_at=at("09:02")),
        Absence(starts_at=at("09:52")),
    )
    assert absence_mask(absences, GRID) == 0b110000000001
    assert absence_mask((), GRID) == 0


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
def test_quarter_hours_are_quarter_hours_on_every_wall_clock(zone):
    year = TimeSlot(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
    assert all(minute % 15 == 0 for _, minute in local_quarters(zone, year))


def test_local_quarters_show_the_clock_going_back():
    night = TimeSlot(start=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), end=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    shown = local_quarters("Europe/Berlin", night)
    assert [minute for _, minute in shown] == [150, 165, 120, 135]
    # 25 October 2026 is day 20,751 of the epoch.
    assert {day for day, _ in shown} == {20_751}


def test_local_days_divide_the_grid():
    grid = slot("22:30", "23:30")
    assert local_days("Europe/Berlin", grid) == {20_760: 0b111111, 20_761: 0b111111 << 6}
