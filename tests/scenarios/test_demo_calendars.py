from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from graphsync.cli import main
from graphsync.sandbox.demo.diary import TAKEN
from graphsync.sandbox.demo.hours import overlap
from graphsync.sandbox.demo.play import play
from graphsync.sandbox.demo.programme import the_programme
from graphsync.sandbox.scenarios.calendar_files import load_calendars

DATA = Path(__file__).parents[1] / "data" / "calendars"
OWNERS = {
    "ines": "windows-zone.ics",
    "omar.haddad": "series-with-exceptions.ics",
    "tom.ashworth@fabrikam.test": "custom-zone.ics",
    "margaret": "busy-status.ics",
    "sofia": "all-day.ics",
    "daniel": "floating-and-duration.ics",
    "emily": "private.ics",
    "katrin": "several-calendars-without-uids.ics",
    "matteo": "bom-and-folded-lines.ics",
    "nadia": "unreadable.ics",
    "lukas": "cut-off.ics",
    "grace": "other-weeks.ics",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    directory = tmp_path_factory.mktemp("calendars")
    for owner, source in OWNERS.items():
        (directory / f"{owner}.ics").write_bytes((DATA / source).read_bytes())
    # Full but for Thursdays and two days that are taken out of the series.
    (directory / "mia.ics").write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:full\nDTSTART;TZID=AUS Eastern Standard Time:20261005T080000\n"
        "DTEND;TZID=AUS Eastern Standard Time:20261005T180000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,FR\n"
        "EXDATE;TZID=AUS Eastern Standard Time:20261014T080000,20261023T080000\nEND:VEVENT\nEND:VCALENDAR\n",
        encoding="utf-8",
    )
    return directory


@pytest.fixture(scope="module")
def played(folder):
    files = load_calendars(folder, the_programme(1), week_of=None)
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="graphsync-test-", dir=memory if memory.is_dir() else None) as directory:
        yield files, play(Path(directory), weeks=1, seed=1, calendars=files.entries)


def test_calendars_of_all_kinds_bring_about_nothing_forbidden(played):
    _, run = played
    assert run.outcome["violations"] == []
    assert run.outcome["sessions"]


def test_nobody_is_booked_over_an_entry_of_their_file(played):
    files, run = played
    by_service = [session for session in run.record.sessions if session.by_service]
    checked = 0
    for session in by_service:
        for address in session.pair.people & files.entries.keys():
            taken = [entry for entry in files.entries[address] if entry.show_as in TAKEN]
            for placement in session.placements:
                checked += 1
                assert not any(overlap((entry.start, entry.end), placement.span) for entry in taken)
    assert checked >= 5


def test_the_mailbox_holds_what_the_file_holds_and_nothing_drawn(played):
    files, run = played
    for address, entries in files.entries.items():
        own = [event for event in run.world.events(address) if not event.attendees and event.is_organizer]
        by_file = sorted((entry.start, entry.end, entry.show_as, entry.is_all_day) for entry in entries)
        held = sorted((event.start, event.end, event.show_as, event.is_all_day) for event in own)
        assert [item for item in held if item in by_file] == by_file
        assert all(event.subject not in ("Lunch", "Focus time") for event in own)


def test_a_file_that_is_no_calendar_ends_the_command_with_2(tmp_path):
    (tmp_path / "ines.ics").write_bytes((DATA / "no-calendar.ics").read_bytes())
    result = CliRunner().invoke(main, ["demo", "--weeks", "1", "--headless", "--calendars", str(tmp_path)])
    assert result.exit_code == 2
    assert "ines.ics:1:1: found '<!DOCTYPE html>'; expected an iCalendar file (BEGIN:VCALENDAR)" in result.output


def test_a_week_to_play_from_needs_calendars():
    result = CliRunner().invoke(main, ["demo", "--calendars-from", "2025-03-26"])
    assert result.exit_code == 2
    assert "--calendars-from needs --calendars" in result.output


def test_the_week_of_a_day_in_the_files_is_played_first(folder):
    files = load_calendars(folder, the_programme(1), week_of=date(2025, 3, 26))
    assert files.entries["grace.chen@fabrikam.test"][0].start == datetime(2026, 10, 6, 7, tzinfo=UTC)
