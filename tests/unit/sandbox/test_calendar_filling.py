"""Calendar files in the mailboxes of any tenant: whose they are, which weeks are taken, what is put there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sandbox_builders import a_world

from graphsync.errors import ConfigError
from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.scenarios.calendar_filling import WEEKS_AHEAD, WEEKS_BACK, fill_from_files

DATA = Path(__file__).parents[2] / "data" / "calendars"
FILES = sorted(path for path in DATA.glob("*.ics") if path.name != "no-calendar.ics")
START = datetime(2026, 10, 5, 8, tzinfo=UTC)
BERLIN = "W. Europe Standard Time"


def a_tenant(*names, zone=BERLIN, **more):
    world = World(clock=VirtualClock(START), seed=1)
    for name in names:
        local = ".".join(name.lower().split())
        world.add_user(address=f"{local}@fabrikam.test", display_name=name, windows_time_zone=zone, **more)
    return world


def a_file(directory, name, *lines):
    text = "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    (directory / f"{name}.ics").write_text(text, encoding="utf-8")


def test_each_mailbox_holds_what_its_file_holds(tmp_path):
    world = a_tenant(*(path.stem for path in FILES))
    for path in FILES:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    files = fill_from_files(world, tmp_path)
    assert len(files.entries) == len(FILES) == 12
    for address, entries in files.entries.items():
        held = [(event.start, event.end, event.show_as, event.is_all_day) for event in world.events(address)]
        assert held == sorted((entry.start, entry.end, entry.show_as, entry.is_all_day) for entry in entries)
    assert sum(map(len, files.entries.values())) > 40
    assert {Path(problem.file).name for problem in files.problems} >= {"unreadable.ics", "cut-off.ics"}


@pytest.mark.parametrize("name", ["Ana", "ana.kim", "ANA.KIM@fabrikam.test"])
def test_a_file_is_named_by_first_name_local_part_or_address(tmp_path, name):
    world = a_tenant("Ana Kim", "Bo Lee")
    a_file(tmp_path, name, "DTSTART:20261006T090000Z", "DURATION:PT1H", "SUMMARY:Own")
    fill_from_files(world, tmp_path)
    assert [event.subject for event in world.events("ana.kim@fabrikam.test")] == ["Own"]
    assert world.events("bo.lee@fabrikam.test") == []


def test_a_name_that_two_have_is_nobodys(tmp_path):
    a_file(tmp_path, "Ana", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    with pytest.raises(ConfigError, match="the name 'Ana', which nobody with a mailbox in the tenant has"):
        fill_from_files(a_tenant("Ana Kim", "Ana Lee"), tmp_path)


def test_a_local_part_goes_before_a_first_name(tmp_path):
    world = a_tenant("Ana Kim")
    world.add_user(address="ana@fabrikam.test", display_name="Room Ana", windows_time_zone=BERLIN, purpose="room")
    a_file(tmp_path, "ana", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    assert list(fill_from_files(world, tmp_path).entries) == ["ana@fabrikam.test"]


def test_whoever_has_no_mailbox_in_the_cloud_has_no_calendar_to_fill(tmp_path):
    a_file(tmp_path, "ana.kim", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    with pytest.raises(ConfigError, match="which nobody with a mailbox in the tenant has"):
        fill_from_files(a_tenant("Ana Kim", mailbox="on_premises"), tmp_path)


def test_nothing_is_put_anywhere_where_one_file_is_wrong(tmp_path):
    world = a_tenant("Ana Kim", "Bo Lee")
    a_file(tmp_path, "ana", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    (tmp_path / "bo.ics").write_bytes((DATA / "no-calendar.ics").read_bytes())
    a_file(tmp_path, "cy", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    with pytest.raises(ConfigError) as caught:
        fill_from_files(world, tmp_path)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["bo.ics", "cy.ics"]
    assert world.events("ana.kim@fabrikam.test") == []


def test_a_series_without_end_is_taken_from_four_weeks_before_to_half_a_year_after(tmp_path):
    world = a_tenant("Ana Kim")
    a_file(tmp_path, "ana", "DTSTART:20250101T120000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY")
    fill_from_files(world, tmp_path)
    starts = [event.start for event in world.events("ana.kim@fabrikam.test")]
    assert starts[0] == datetime(2026, 9, 7, 12, tzinfo=UTC)
    assert starts[-1] == datetime(2027, 4, 4, 12, tzinfo=UTC)
    assert len(starts) == (WEEKS_BACK + WEEKS_AHEAD) * 7


def test_a_file_of_other_weeks_is_told_and_can_be_moved(tmp_path):
    (tmp_path / "ana.ics").write_bytes((DATA / "other-weeks.ics").read_bytes())
    (line,) = fill_from_files(a_tenant("Ana Kim"), tmp_path).told()
    assert "nothing between 2026-10-05 and 2027-04-04, the 26 weeks from the beginning" in line
    assert "--calendars-from DATE" in line
    world = a_tenant("Ana Kim")
    assert list(fill_from_files(world, tmp_path, week_of=date(2025, 3, 26)).told()) == []
    assert world.events("ana.kim@fabrikam.test")[0].start == datetime(2026, 10, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize("hour", ["00", "01"], ids=["first time", "second time"])
def test_an_hour_the_clocks_show_twice_keeps_its_instant(tmp_path, hour):
    world = a_tenant("Ana Kim")
    a_file(tmp_path, "ana", f"DTSTART:20261025T{hour}1500Z", "DURATION:PT30M")
    fill_from_files(world, tmp_path)
    (event,) = world.events("ana.kim@fabrikam.test")
    assert event.start == datetime(2026, 10, 25, int(hour), 15, tzinfo=UTC)
    assert event.end - event.start == timedelta(minutes=30)


def test_a_day_is_one_of_the_persons_own_zone(tmp_path):
    world = a_tenant("Ana Kim", zone="Eastern Standard Time")
    a_file(tmp_path, "ana", "DTSTART;VALUE=DATE:20261007")
    fill_from_files(world, tmp_path)
    (event,) = world.events("ana.kim@fabrikam.test")
    assert (event.is_all_day, event.start) == (True, datetime(2026, 10, 7, 4, tzinfo=UTC))


def test_people_without_a_name_can_have_a_file(tmp_path):
    world = a_world()
    world.clock.set(START)
    world.add_user(address="x@fabrikam.test", display_name=" ", windows_time_zone="UTC")
    a_file(tmp_path, "x", "DTSTART:20261006T090000Z", "DURATION:PT1H")
    assert list(fill_from_files(world, tmp_path).entries) == ["x@fabrikam.test"]
