"""The people, rooms, lists and groups of a scenario file: how they are read, and put into a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.scenarios.fields import (
    Field,
    Path,
    Reading,
    Unfit,
    address,
    described,
    flag,
    hours,
    list_of,
    number,
    one_of,
    text,
    time_zone,
)
from graphsync.sandbox.tenant.directory import WORK_DAYS, MailboxState, Profile, Purpose, Room, UserType
from graphsync.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPerson:
    """Somebody of the tenant, a guest, a room or a shared mailbox."""

    address: str
    name: str
    zone: str
    days: tuple[str, ...] = WORK_DAYS
    hours: tuple[str, str] = ("09:00", "17:00")
    office: str | None = None
    usage_location: str | None = None
    language: str = "en-US"
    licence: bool = True
    mailbox: MailboxState = "ok"
    kind: Purpose = "user"
    enabled: bool = True
    job_title: str | None = None
    department: str | None = None
    employee_id: str | None = None
    other_mails: tuple[str, ...] = ()
    manager: str | None = None
    user_type: UserType = "Member"
    attendance_reports: bool = True
    room: Room | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGroup:
    """A group; its members are addresses of people, and names of groups that stand before it."""

    name: str
    members: tuple[str, ...]
    mail: str | None = None


def _room(value: object) -> Room:
    """Read what is in a room, and where it is."""
    reading = Reading()
    found = reading.record(
        value,
        (),
        {
            "building": Field(text),
            "floor": Field(number(-100, 200)),
            "floor_label": Field(text),
            "label": Field(text),
            "capacity": Field(number(0, 100_000)),
            "list": Field(address),
            "audio": Field(text),
            "video": Field(text),
            "display": Field(text),
            "wheelchair": Field(flag),
            "tags": Field(list_of(text, "words")),
        },
    )
    if reading.misfits:
        first = reading.misfits[0]
        raise Unfit(f"{'.'.join(map(str, first.path))}: {first.found}", first.expected)
    renamed = {
        "floor": "floor_number",
        "list": "room_list",
        "audio": "audio_device",
        "video": "video_device",
        "display": "display_device",
        "wheelchair": "wheelchair_accessible",
    }
    values: dict[str, Any] = {renamed.get(key, key): item for key, item in found.items()}
    return Room(**values | {"tags": tuple(found.get("tags", ()))})


def person_fields() -> dict[str, Field]:
    """Return the keys of a person."""
    return {
        "address": Field(address, required=True),
        "name": Field(text, required=True),
        "zone": Field(time_zone, required=True),
        "days": Field(list_of(one_of(WEEKDAYS), f"days such as {WEEKDAYS[0]!r}", least=1)),
        "hours": Field(hours),
        "office": Field(text),
        "usage_location": Field(text),
        "language": Field(text),
        "licence": Field(flag),
        "mailbox": Field(one_of(get_args(MailboxState))),
        "kind": Field(one_of(get_args(Purpose))),
        "enabled": Field(flag),
        "job_title": Field(text),
        "department": Field(text),
        "employee_id": Field(text),
        "other_mails": Field(list_of(address, "addresses")),
        "manager": Field(address),
        "user_type": Field(one_of(get_args(UserType))),
        "attendance_reports": Field(flag),
        "room": Field(_room),
    }


def read_room_lists(reading: Reading, value: object) -> dict[str, str]:
    """Return the names of room lists by their address."""
    lists: dict[str, str] = {}
    for path, item in reading.items(value, ("room_lists",), "room lists"):
        before = len(reading.misfits)
        found = reading.record(
            item, path, {"address": Field(address, required=True), "name": Field(text, required=True)}
        )
        if len(reading.misfits) == before:
            lists[found["address"]] = found["name"]
    return lists


def read_groups(reading: Reading, value: object, known: set[str]) -> tuple[ScenarioGroup, ...]:
    """Return the groups; `known` are the addresses of people, in lower case."""
    groups: list[ScenarioGroup] = []
    fields = {
        "name": Field(text, required=True),
        "members": Field(list_of(text, "addresses and names of groups"), required=True),
        "mail": Field(address),
    }
    for path, item in reading.items(value, ("groups",), "groups"):
        before = len(reading.misfits)
        found = reading.record(item, path, fields)
        names = {group.name.lower() for group in groups}
        if str(found.get("name", "")).lower() in names:
            reading.tell((*path, "name"), f"{found['name']!r} a second time", "each name once")
        for index, member in enumerate(found.get("members", ())):
            _check_member(reading, (*path, "members", index), member, known | names)
        if len(reading.misfits) == before:
            found["members"] = tuple(found["members"])
            groups.append(ScenarioGroup(**found))
    return tuple(groups)


def _check_member(reading: Reading, path: Path, member: str, known: set[str]) -> None:
    if member.lower() not in known:
        reading.tell(path, described(member), "somebody under 'people', or a group before this one")


def add_person(world: World, person: ScenarioPerson) -> None:
    """Put a person into a world."""
    user = world.add_user(
        address=person.address,
        display_name=person.name,
        windows_time_zone=person.zone,
        days=person.days,
        start=person.hours[0],
        end=person.hours[1],
        office_location=person.office,
        usage_location=person.usage_location,
        preferred_language=person.language,
        teams_licence=person.licence,
        mailbox=person.mailbox,
        purpose=person.kind,
        profile=Profile(
            job_title=person.job_title,
            department=person.department,
            employee_id=person.employee_id,
            other_mails=person.other_mails,
            manager=person.manager,
            user_type=person.user_type,
        ),
        room=person.room,
    )
    user.account_enabled, user.attendance_reports = person.enabled, person.attendance_reports


def add_groups(world: World, groups: tuple[ScenarioGroup, ...]) -> None:
    """Put groups into a world that has their people."""
    made: dict[str, Any] = {}
    for group in groups:
        members = [made.get(member.lower(), member) for member in group.members]
        made[group.name.lower()] = world.add_group(group.name, members, mail=group.mail)
