"""`graphsync sandbox --calendars DIR` as people run it: what their files hold is what Graph shows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_sandbox_control import COMMAND, Sandbox

from graphsync.cli import main

DATA = Path(__file__).parents[1] / "data" / "calendars"
SCENARIO = """\
starts_at: 2026-10-05T06:00:00Z
people:
  - {address: ines.vogel@fabrikam.test, name: Ines Vogel, zone: W. Europe Standard Time}
  - {address: nadia@fabrikam.test, name: Nadia Rahimi, zone: W. Europe Standard Time}
  - {address: bo@fabrikam.test, name: Bo Lee, zone: Eastern Standard Time}
application:
  client_id: app
  secret: secret
  permissions: {Calendars.Read: all}
"""
FIRST_WEEK = {"startDateTime": "2026-10-05T00:00:00Z", "endDateTime": "2026-10-12T00:00:00Z", "$top": "100"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    directory, calendars = tmp_path_factory.mktemp("sandbox"), tmp_path_factory.mktemp("calendars")
    (directory / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    (calendars / "ines.ics").write_bytes((DATA / "windows-zone.ics").read_bytes())
    (calendars / "nadia@fabrikam.test.ics").write_bytes((DATA / "unreadable.ics").read_bytes())
    running = Sandbox(directory, "--scenario", str(directory / "scenario.yaml"), "--calendars", str(calendars))
    yield running
    assert running.end() == 0


def test_the_calendar_shows_the_meetings_of_the_file(sandbox):
    asked = sandbox.graph.get(
        "/users/ines.vogel@fabrikam.test/calendarView",
        params=FIRST_WEEK,
        headers={"Prefer": 'outlook.timezone="W. Europe Standard Time"'},
    )
    meetings = {(event["subject"], event["start"]["dateTime"]) for event in asked.json()["value"]}
    assert ("Team sync", "2026-10-06T10:00:00.0000000") in meetings
    assert ("Call with Pune", "2026-10-07T10:30:00.0000000") in meetings


def test_whoever_has_no_file_has_an_empty_calendar(sandbox):
    assert sandbox.graph.get("/users/bo@fabrikam.test/events").json()["value"] == []


def test_what_cannot_be_read_is_named_and_keeps_its_owner_busy(sandbox):
    told = [line for line in sandbox.printed.splitlines() if "nadia@fabrikam.test.ics:" in line]
    assert any(line.partition(".ics:")[2].startswith("11:") for line in told)
    found = sandbox.graph.post(
        "/users/bo@fabrikam.test/calendar/getSchedule",
        json={
            "schedules": ["nadia@fabrikam.test"],
            "startTime": {"dateTime": "2026-10-05T00:00:00", "timeZone": "UTC"},
            "endTime": {"dateTime": "2026-10-12T00:00:00", "timeZone": "UTC"},
        },
    ).json()["value"]
    assert {item["status"] for item in found[0]["scheduleItems"]} == {"busy"}


def test_a_wrong_folder_ends_it_with_2_and_all_that_is_wrong(tmp_path):
    (tmp_path / "nobody.ics").write_bytes((DATA / "private.ics").read_bytes())
    (tmp_path / "ana.ics").write_bytes((DATA / "no-calendar.ics").read_bytes())
    run = subprocess.run([*COMMAND, "--calendars", str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "nobody.ics: found the name 'nobody', which nobody with a mailbox in the tenant has" in run.stdout
    assert "ana.ics:1:1: found '<!DOCTYPE html>'; expected an iCalendar file (BEGIN:VCALENDAR)" in run.stdout
    assert run.stdout.endswith("2 problems\n")


def test_a_week_to_begin_with_needs_calendars():
    result = CliRunner().invoke(main, ["sandbox", "--calendars-from", "2025-03-26"])
    assert result.exit_code == 2
    assert "--calendars-from needs --calendars" in result.output
