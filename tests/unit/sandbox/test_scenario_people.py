"""What a scenario file says of people, rooms, groups and meeting policies is in the world; what is wrong is told."""

from __future__ import annotations

import pytest
from test_sandbox_scenario_file import a_world, problems, read

from graphsync.sandbox import GraphRefusal
from graphsync.sandbox.tenant.directory import Profile, Room

SCENARIO = """\
people:
  - {address: ana@fabrikam.test, name: Ana Kim, zone: UTC, attendance_reports: false}
  - address: bo@fabrikam.test
    name: Bo Lee
    zone: UTC
    enabled: false
    job_title: Engineer
    department: Platform
    employee_id: "4711"
    other_mails: [bo@home.test]
    manager: ana@fabrikam.test
  - {address: eva@contoso.test, name: Eva, zone: UTC, user_type: Guest}
  - address: r1@fabrikam.test
    name: Room 1
    zone: UTC
    kind: room
    room: {building: B1, floor: 2, capacity: 6, list: b1@fabrikam.test, audio: Speaker, tags: [window]}
room_lists:
  - {address: b1@fabrikam.test, name: Building 1}
groups:
  - {name: New hires, members: [bo@fabrikam.test]}
  - {name: Mentoring, members: [New hires, ana@fabrikam.test], mail: mentoring@fabrikam.test}
application:
  client_id: app
  secret: s3cret
  permissions: {OnlineMeetings.Read.All: all, Presence.Read.All: all, Place.Read.All: all, Group.Read.All: all}
  meeting_policy: [ana@fabrikam.test]
"""


def test_people_rooms_groups_and_policies_are_in_the_world(tmp_path):
    world = a_world(read(tmp_path, SCENARIO))
    bo, room = world.user("bo@fabrikam.test"), world.user("r1@fabrikam.test")
    assert bo.profile == Profile(
        job_title="Engineer",
        department="Platform",
        employee_id="4711",
        other_mails=("bo@home.test",),
        manager="ana@fabrikam.test",
    )
    assert not bo.account_enabled
    assert not world.user("ana@fabrikam.test").attendance_reports
    assert world.user("eva@contoso.test").is_guest
    assert room.room == Room(
        building="B1",
        floor_number=2,
        capacity=6,
        room_list="b1@fabrikam.test",
        audio_device="Speaker",
        tags=("window",),
    )
    assert [found.display_name for found in world.places.lists()] == ["Building 1"]
    mentoring, hires = world.groups.all()
    assert mentoring.member_ids == [hires.id, world.user("ana@fabrikam.test").id]
    application = world.directory.applications["app"]
    world.meetings.check_policy(application, world.user("ana@fabrikam.test"))
    with pytest.raises(GraphRefusal, match="No Application Access Policy"):
        world.meetings.check_policy(application, bo)


def test_a_policy_may_be_for_all(tmp_path):
    world = a_world(read(tmp_path, SCENARIO.replace("[ana@fabrikam.test]\n", "all\n")))
    world.meetings.check_policy(world.directory.applications["app"], world.user("bo@fabrikam.test"))


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("manager: ana@", "manager: nobody@", ":11:14: found 'nobody@fabrikam.test' for 'manager'"),
        ("user_type: Guest", "user_type: Alien", "found 'Alien' for 'user_type'; expected one of 'Member', 'Guest'"),
        ("floor: 2", "floor: two", "found floor: 'two' for 'room'"),
        ("[New hires, ", "[Old hires, ", "found 'Old hires'"),
        ("name: Mentoring, m", "name: new hires, m", "found 'new hires' a second time"),
        ("meeting_policy: [ana@", "meeting_policy: [nobody@", "found 'nobody@fabrikam.test'"),
        ("name: Building 1", "nam: Building 1", "found key 'nam'"),
        (
            "groups:",
            "meetings: [{organizer: eva@contoso.test, subject: x, start: 2026-01-13T10:00, duration: 1 hour}]\ngroups:",
            "'eva@contoso.test' with mailbox 'none'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, good, bad, told):
    assert good in SCENARIO
    found = problems(tmp_path, SCENARIO.replace(good, bad, 1))
    assert any(told in problem for problem in found), found
