from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from graphsync.calendar import TimeSlot, free_slots, merged, without


def at(clock):
    return datetime.fromisoformat(f"2026-11-03T{clock}").replace(tzinfo=UTC)


def slot(start, end):
    return TimeSlot(start=at(start), end=at(end))


@pytest.mark.parametrize("end", ["09:00", "08:59"])
def test_slot_is_never_empty(end):
    with pytest.raises(ValueError, match="ends after its start"):
        slot("09:00", end)


@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")])
def test_slot_takes_instants_in_utc_only(zone):
    start = datetime(2026, 1, 5, 9, tzinfo=zone)
    with pytest.raises(ValueError, match=r"start of a slot .* astimezone\(UTC\)"):
        TimeSlot(start=start, end=at("10:00"))
    with pytest.raises(ValueError, match="end of a slot"):
        TimeSlot(start=at("09:00"), end=start.replace(year=2027))


def test_slots_that_touch_do_not_overlap():
    assert not slot("09:00", "10:00").overlaps(slot("10:00", "11:00"))
    assert not slot("10:00", "11:00").overlaps(slot("09:00", "10:00"))
    assert slot("09:00", "10:01").overlaps(slot("10:00", "11:00"))


def test_slot_contains_itself_and_its_parts():
    whole = slot("09:00", "10:00")
    assert whole.contains(whole)
    assert whole.contains(slot("09:15", "09:30"))
    assert not whole.contains(slot("08:59", "09:30"))
    assert not whole.contains(slot("09:30", "10:01"))


def test_slot_covers_its_start_and_not_its_end():
    assert slot("09:00", "10:00").covers(at("09:00"))
    assert not slot("09:00", "10:00").covers(at("10:00"))


def test_length():
    assert slot("09:00", "09:50").length == timedelta(minutes=50)


def test_common_is_what_both_have():
    assert slot("09:00", "10:00").common(slot("09:30", "11:00")) == slot("09:30", "10:00")
    assert slot("09:00", "10:00").common(slot("10:00", "11:00")) is None


def test_merged_joins_what_overlaps_or_touches():
    slots = [slot("13:00", "14:00"), slot("09:00", "10:00"), slot("10:00", "11:00"), slot("09:15", "09:30")]
    assert merged(slots) == [slot("09:00", "11:00"), slot("13:00", "14:00")]
    assert merged([]) == []


def test_without_cuts_at_both_ends_and_in_the_middle():
    taken = [
        slot("07:00", "07:30"),
        slot("08:00", "09:10"),
        slot("10:00", "10:15"),
        slot("11:50", "13:00"),
        slot("15:00", "16:00"),
    ]
    assert without([slot("09:00", "12:00")], taken) == [slot("09:10", "10:00"), slot("10:15", "11:50")]


def test_without_what_takes_all_leaves_nothing():
    assert without([slot("09:00", "12:00")], [slot("08:00", "12:00")]) == []


def test_free_slots_are_whole_gaps_of_the_length_or_more():
    busy = [slot("09:30", "10:00"), slot("08:00", "09:10"), slot("09:50", "10:30")]
    window = slot("09:00", "11:30")
    assert free_slots(busy, window, timedelta(minutes=20)) == [slot("09:10", "09:30"), slot("10:30", "11:30")]
    assert free_slots(busy, window, timedelta(minutes=21)) == [slot("10:30", "11:30")]
    assert free_slots(busy, window, timedelta(minutes=61)) == []


def test_free_slots_refuses_a_meeting_of_no_length():
    with pytest.raises(ValueError, match="longer than nothing"):
        free_slots([], slot("09:00", "11:30"), timedelta(0))
