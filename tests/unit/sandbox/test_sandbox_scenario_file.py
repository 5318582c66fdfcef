"""Scenario files: what one says is in the world, and all that is wrong with one is said at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphsync.errors import ConfigError
from graphsync.sandbox import Fault, VirtualClock, World
from graphsync.sandbox.face.http import Face
from graphsync.sandbox.scenarios.scenario_file import populate, read_scenario, served_operations, served_permissions
from graphsync.sandbox.standalone import the_default

SHIPPED = Path(__file__).parents[3] / "config" / "sandbox.yaml"
EMILY, DANIEL = "emily.carter@fabrikam.test", "daniel.okafor@fabrikam.test"

PEOPLE = """\
people:
  - {address: ana@fabrikam.test, name: Ana Kim, zone: Romance Standard Time}
"""
APPLICATION = """\
application:
  client_id: app
  secret: s3cret
  permissions: {Calendars.ReadWrite: all}
"""


def read(tmp_path, text):
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    return read_scenario(file)


def problems(tmp_path, text):
    """Return what is wrong, without the directory of the file."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/scenario.yaml") for problem in caught.value.problems]


def a_world(scenario):
    world = World(clock=VirtualClock(scenario.starts_at or datetime(2026, 1, 5, 8, tzinfo=UTC)), seed=1)
    populate(world, scenario)
    return world


def test_the_shipped_scenario_loads_and_its_people_and_meetings_are_there():
    scenario = read_scenario(SHIPPED)
    world = a_world(scenario)
    assert len(world.users()) == 4
    assert world.clock.now() == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert not world.user("mia.thompson@fabrikam.test").teams_licence
    assert (world.user(EMILY).start, world.user(EMILY).office_location) == ("08:30", "New York 4")
    sync, mentoring = world.events(EMILY)
    assert (sync.subject, sync.start) == ("Team sync", datetime(2026, 1, 12, 15, tzinfo=UTC))
    assert mentoring.organizer_address == DANIEL
    assert mentoring.end - mentoring.start == timedelta(minutes=50)
    application = world.directory.applications[scenario.application.client_id]
    assert application.permissions["User.Read.All"] is None
    assert application.permissions["Mail.Send"] == {world.user("mentoring@fabrikam.test").id}
    assert world.behavior.response_delay == (5, 60)
    assert [fault.kind for fault in world.faults.waiting()] == ["unavailable", "lost"]


def test_without_a_file_there_are_two_people_and_an_application_that_may_do_everything():
    world = a_world(the_default())
    assert [user.address for user in world.users()] == ["ana@fabrikam.test", "bo@fabrikam.test"]
    (application,) = world.directory.applications.values()
    assert set(application.permissions) == served_permissions()


def test_the_names_of_operations_are_those_that_are_served():
    face = Face(World(clock=VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC)), seed=1))
    route, _ = face._router.match("POST", "/users/x/events")
    assert route.operation in served_operations()
    assert {"getEvent", "createSubscription"} <= served_operations()


def test_the_secret_may_stand_in_a_file_beside_the_scenario(tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n", encoding="utf-8")
    scenario = read(tmp_path, PEOPLE + APPLICATION.replace("secret: s3cret", "secret_file: secret"))
    assert scenario.application.secret == "from-a-file"
    assert "from-a-file" not in repr(scenario)


def test_switches_and_faults_take_every_form(tmp_path):
    more = """\
behavior: {strict: false, longest_grant: 2 days, updated_items: [1, 1], duplicate_subscriptions: allow}
faults:
  - {kind: throttled, operation: getSchedule, times: 3, skip: 1, retry_after_s: 7}
  - {kind: dropped, path: "re:^GET .*/events", times: always}
"""
    scenario = read(tmp_path, PEOPLE + APPLICATION + more)
    assert a_world(scenario).behavior.longest_grant == timedelta(days=2)
    assert scenario.behavior["strict"] is False
    assert scenario.faults[0] == Fault(operation="getSchedule", kind="throttled", times=3, skip=1, retry_after_s=7)
    assert (scenario.faults[1].operation, scenario.faults[1].times) == ("*", "always")


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    text = """\
starts_at: 2026-01-05T08:00
peeple: []
people:
  - {address: ana, name: Ana, zone: Mars, hours: 9-17}
  - {address: bo@f.test, name: Bo, zone: UTC, mailbox: onprem}
  - {address: bo@f.test, name: Bo, zone: UTC, offise: x}
application:
  client_id: app
  permissions: {Calendar.ReadWrite: all, Mail.Send: [cy@f.test]}
meetings:
  - {organizer: bo@f.test, subject: x, start: 2026-01-05T08:00Z, duration: 2 fortnights}
behavior: {schedul_limit: 3, updated_items: [3, 1]}
faults:
  - {kind: throtled}
  - {kind: lost, operation: getEvent}
"""
    found = problems(tmp_path, text)
    assert [item.split(": ")[0] for item in found] == [
        ":1:12",
        ":2:1",
        ":4:15",
        ":4:37",
        ":4:50",
        ":5:56",
        ":6:15",
        ":6:47",
        ":8:3",
        ":9:17",
        ":9:54",
        ":11:47",
        ":11:76",
        ":12:12",
        ":12:45",
        ":14:12",
        ":15:12",
    ]
    assert found[0].startswith(":1:12: found '2026-01-05T08:00' without an offset for 'starts_at'; expected an instant")
    assert found[1].endswith("(did you mean 'people'?)")
    assert "found no secret" in found[8]
    assert "did you mean 'Calendars.ReadWrite'" in found[9]
    assert found[13].endswith("keys (did you mean 'schedule_limit' or 'schedule_details'?)")
    assert "(did you mean 'throttled'" in found[15]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1:1: found nothing; expected the keys"),
        ("- a\n", ":1:1: found a list; expected the keys"),
        ("people: [\n", "found text that is no YAML"),
        ("a\0b", "found text that is no YAML"),
        (f"x: {'[' * 300}{']' * 300}", "nested"),
        (PEOPLE + APPLICATION + PEOPLE, ":7:1: found key 'people' a second time; expected each key once"),
        (PEOPLE.replace("Ana Kim", "&a Ana") + APPLICATION, "found anchor 'a'; expected each value written out"),
        (PEOPLE.replace("Ana Kim", "!!binary aGk=") + APPLICATION, "expected a plain value"),
        (PEOPLE + APPLICATION.replace("secret:", "secret_file:"), "found unreadable file 's3cret'"),
        (PEOPLE + APPLICATION + "  secret_file: x\n", "found both 'secret' and 'secret_file'"),
        (PEOPLE + "application: 5\n", "found 5 for 'application'; expected the keys"),
        (PEOPLE + APPLICATION + "faults: {}\n", "found keys and values for 'faults'; expected a list of faults"),
        (PEOPLE + APPLICATION + "faults: [5]\n", ":7:10: found 5; expected the keys"),
        (PEOPLE + APPLICATION + 'faults: [{kind: dropped, path: "re:("}]\n', "'re:(' is no regular expression"),
        (PEOPLE + APPLICATION + "faults: [{kind: dropped, probability: 0}]\n", "found 0 for 'probability'"),
        (PEOPLE + APPLICATION + "faults: [{kind: dropped, times: .nan}]\n", "found nan for 'times'"),
        (PEOPLE + APPLICATION + "behavior: {longest_grant: 99999999999999 weeks}\n", "at most 3660 days"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_a_scenario_that_cannot_be_read_says_why(tmp_path, text, said):
    found = problems(tmp_path, text)
    assert any(said in item for item in found), found


def test_a_file_that_is_not_there_is_a_problem_of_the_file(tmp_path):
    with pytest.raises(ConfigError, match="no readable file: No such file"):
        read_scenario(tmp_path / "none.yaml")


def test_redirect_uris_and_app_roles_are_in_the_registration(tmp_path):
    text = (
        PEOPLE
        + APPLICATION
        + (
            "  redirect_uris: [https://app.test/callback, http://localhost/callback]\n"
            "  app_roles: {Programme.Admin: [ANA@fabrikam.test], Nobody: []}\n"
        )
    )
    world = a_world(read(tmp_path, text))
    application = world.directory.applications["app"]
    assert application.redirect_uris == ("https://app.test/callback", "http://localhost/callback")
    assert application.roles_of(world.user("ana@fabrikam.test").id) == ["Programme.Admin"]


def test_what_is_wrong_with_redirect_uris_and_app_roles_is_said(tmp_path):
    text = (
        PEOPLE
        + APPLICATION
        + (
            "  redirect_uris: [http://app.test/callback]\n"
            "  app_roles: {Programme Admin: [], Mentor: ana@fabrikam.test, Mentee: [bo@fabrikam.test]}\n"
        )
    )
    found = problems(tmp_path, text)
    assert len(found) == 4
    for part in ("'http://app.test/callback'", "role 'Programme Admin'", "a list of addresses", "'bo@fabrikam.test'"):
        assert any(part in problem for problem in found), part
    (problem,) = problems(tmp_path, PEOPLE + APPLICATION + "  app_roles: [Mentor]\n")
    assert "roles, each with a list of addresses" in problem
