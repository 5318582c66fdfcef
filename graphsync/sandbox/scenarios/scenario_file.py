"""Scenario files: who is in the tenant, what the application may do, what stands in calendars, what goes wrong.

`read_scenario` reports everything that is wrong at once, each with its line and column; `populate` puts a scenario into
an empty world. The keys are described in docs/sandbox.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

from graphsync.errors import ConfigError, Problem
from graphsync.sandbox.entra.redirects import check_redirect_uri
from graphsync.sandbox.face import routes_bots
from graphsync.sandbox.face.calls import Answer, Request
from graphsync.sandbox.face.http import all_routes
from graphsync.sandbox.faults import Fault
from graphsync.sandbox.outlook.events import ShowAs
from graphsync.sandbox.refusals import close_to
from graphsync.sandbox.scenarios.fields import (
    Field,
    Reading,
    Unfit,
    address,
    described,
    duration,
    flag,
    instant,
    list_of,
    one_of,
    tenant,
    text,
    wall_clock,
)
from graphsync.sandbox.scenarios.fields import Path as Place
from graphsync.sandbox.scenarios.scenario_people import (
    ScenarioGroup,
    ScenarioPerson,
    add_groups,
    add_person,
    person_fields,
    read_groups,
    read_room_lists,
)
from graphsync.sandbox.scenarios.scenario_teams import ScenarioTeamsApp, put_apps, read_apps
from graphsync.sandbox.scenarios.switches import behavior_fields, read_fault, set_switches
from graphsync.sandbox.scenarios.yaml_source import Source, read_yaml
from graphsync.sandbox.world import TENANT_ID, World

# Asked for by subscriptions, which have no permission of their own in the table of routes.
_FOR_SUBSCRIPTIONS = ("Mail.ReadBasic.All", "Chat.ReadWrite.All")
EVERYBODY = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioApplication:
    """The app registration: each permission over the tenant (None) or over some addresses, each app role of some.

    `meeting_policy` says at whose online meetings it may be, as a permission does.
    """

    client_id: str
    secret: str = field(repr=False)
    permissions: Mapping[str, tuple[str, ...] | None]
    meeting_policy: tuple[str, ...] | None = ()
    redirect_uris: tuple[str, ...] = ()
    app_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioMeeting:
    """A meeting that stands when the run begins; `start` is by the organizer's own clock."""

    organizer: str
    subject: str
    start: datetime
    duration: timedelta
    attendees: tuple[str, ...] = ()
    show_as: str = "busy"
    online: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a scenario file says. `starts_at` is None where the machine's clock says when the run begins."""

    people: tuple[ScenarioPerson, ...]
    application: ScenarioApplication
    tenant_id: str = TENANT_ID
    starts_at: datetime | None = None
    meetings: tuple[ScenarioMeeting, ...] = ()
    room_lists: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[ScenarioGroup, ...] = ()
    teams_apps: tuple[ScenarioTeamsApp, ...] = ()
    behavior: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


async def _shake_no_hands(urls: Sequence[str], request_id: str) -> None:
    raise AssertionError("routes are listed here, not served")


async def _respond_to_nobody(request: Request) -> Answer:
    raise AssertionError("routes are listed here, not served")


def served_operations() -> frozenset[str]:
    """Return the names of all operations that are served, those of the bot connector too."""
    routes = [*all_routes(_shake_no_hands, _respond_to_nobody), *routes_bots.ROUTES]
    return frozenset(route.operation for route in routes)


def served_permissions() -> frozenset[str]:
    """Return the application permissions that something served asks for."""
    routes = all_routes(_shake_no_hands, _respond_to_nobody)
    found = {name for route in routes if not route.delegated for name in route.permissions}
    return frozenset({*found, *_FOR_SUBSCRIPTIONS})


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a file; a `secret_file` in it is looked for beside it.

    Raises:
        ConfigError: the file cannot be read, or something in it is wrong; every problem is listed.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        problem = Problem(
            file=str(path), line=0, column=0, found=f"no readable file: {reason}", expected="a scenario in YAML"
        )
        raise ConfigError([problem]) from error
    source = read_yaml(content, str(path))
    reader = _ScenarioReader(source, path.parent)
    scenario = reader.scenario()
    problems = [*source.problems, *(source.problem(misfit) for misfit in reader.reading.misfits)]
    if problems or scenario is None:
        raise ConfigError(problems)
    return scenario


def _raw(value: object) -> object:
    """Take a value as it is; it is read in a step of its own."""
    return value


def _redirect_uri(value: object) -> str:
    uri = text(value)
    try:
        check_redirect_uri(uri)
    except ValueError as error:
        raise Unfit(described(value), "https://…, or http://localhost…, as Entra registers it") from error
    return uri


class _ScenarioReader:
    def __init__(self, source: Source, directory: Path) -> None:
        self.reading = Reading()
        self._source = source
        self._directory = directory
        self._addresses: dict[str, ScenarioPerson] = {}

    def scenario(self) -> Scenario | None:
        found = self.reading.record(
            self._source.value,
            (),
            {
                "tenant_id": Field(tenant),
                "starts_at": Field(instant),
                "people": Field(_raw, required=True),
                "application": Field(_raw, required=True),
                "meetings": Field(_raw),
                "room_lists": Field(_raw),
                "groups": Field(_raw),
                "teams_apps": Field(_raw),
                "behavior": Field(_raw),
                "faults": Field(_raw),
            },
        )
        people = self._people(found.pop("people", None))
        application = self._application(found.pop("application")) if "application" in found else None
        meetings = self._meetings(found.pop("meetings", None))
        room_lists = read_room_lists(self.reading, found.pop("room_lists", None))
        groups = read_groups(self.reading, found.pop("groups", None), set(self._addresses))
        teams_apps = read_apps(self.reading, found.pop("teams_apps", None), self._directory, self._has_teams)
        behavior = self._behavior(found.pop("behavior", None))
        faults = self._faults(found.pop("faults", None))
        if self.reading.misfits or application is None:
            return None
        return Scenario(
            people=people,
            application=application,
            meetings=meetings,
            room_lists=room_lists,
            groups=groups,
            teams_apps=teams_apps,
            behavior=behavior,
            faults=faults,
            **found,
        )

    def _people(self, value: object) -> tuple[ScenarioPerson, ...]:
        fields = person_fields()
        people: list[ScenarioPerson] = []
        managers: list[tuple[Place, str]] = []
        for path, item in self.reading.items(value, ("people",), "people"):
            before = len(self.reading.misfits)
            found = self.reading.record(item, path, fields)
            if found.get("address", "").lower() in self._addresses:
                self.reading.tell((*path, "address"), f"{found['address']!r} a second time", "each address once")
            if len(self.reading.misfits) > before:
                # Known all the same: whoever names them elsewhere is not wrong for it.
                if "address" in found:
                    self._addresses.setdefault(
                        found["address"].lower(), ScenarioPerson(address=found["address"], name="", zone="UTC")
                    )
                continue
            for key in ("days", "other_mails"):
                if key in found:
                    found[key] = tuple(found[key])
            if "manager" in found:
                managers.append(((*path, "manager"), found["manager"]))
            person = ScenarioPerson(**found)
            self._addresses[person.address.lower()] = person
            people.append(person)
        for path, manager in managers:
            self._is_known(manager, path, "somebody under 'people'")
        return tuple(people)

    def _application(self, value: object) -> ScenarioApplication | None:
        path: Place = ("application",)
        before = len(self.reading.misfits)
        found = self.reading.record(
            value,
            path,
            {
                "client_id": Field(text, required=True),
                "secret": Field(text),
                "secret_file": Field(self._secret_in),
                "permissions": Field(_raw, required=True),
                "meeting_policy": Field(_raw),
                "redirect_uris": Field(list_of(_redirect_uri, "redirect URIs")),
                "app_roles": Field(_raw),
            },
        )
        written = value if isinstance(value, Mapping) else {}
        if isinstance(value, Mapping) and ("secret" in written) == ("secret_file" in written):
            both = "both 'secret' and 'secret_file'" if "secret" in written else "no secret"
            self.reading.tell(path, both, "either 'secret' or 'secret_file'")
        permissions = self._permissions(found.get("permissions"), (*path, "permissions"))
        policy = self._scope(found.get("meeting_policy", []), (*path, "meeting_policy"))
        app_roles = self._app_roles(found.get("app_roles"), (*path, "app_roles"))
        if len(self.reading.misfits) > before:
            return None
        secret = found["secret"] if "secret" in found else found["secret_file"]
        return ScenarioApplication(
            client_id=found["client_id"],
            secret=secret,
            permissions=permissions,
            meeting_policy=policy,
            redirect_uris=tuple(found.get("redirect_uris", ())),
            app_roles=app_roles,
        )

    def _secret_in(self, value: object) -> str:
        file = self._directory / text(value)
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unfit(f"unreadable file {value!r}", "a file with the secret") from error
        if not secret:
            raise Unfit(f"empty file {value!r}", "a file with the secret")
        return secret

    def _permissions(self, value: object, path: Place) -> dict[str, tuple[str, ...] | None]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.reading.tell(path, described(value), "permissions, each with 'all' or a list of addresses")
            return {}
        known = served_permissions()
        found: dict[str, tuple[str, ...] | None] = {}
        for name, scope in value.items():
            if name not in known:
                expected = f"an application permission that is asked for here{close_to(str(name), known)}"
                self.reading.tell((*path, name), f"permission {name!r}", expected, of_key=True)
            else:
                found[name] = self._scope(scope, (*path, name))
        return found

    def _app_roles(self, value: object, path: Place) -> dict[str, tuple[str, ...]]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.reading.tell(path, described(value), "roles, each with a list of addresses")
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for name, assigned in value.items():
            if not isinstance(name, str) or not name or any(character.isspace() for character in name):
                self.reading.tell((*path, name), f"role {name!r}", "a name without spaces", of_key=True)
            elif not isinstance(assigned, list):
                self.reading.tell((*path, name), described(assigned), "a list of addresses")
            else:
                found[name] = self._known_among(assigned, (*path, name))
        return found

    def _scope(self, scope: object, path: Place) -> tuple[str, ...] | None:
        """Return whom something is about: the addresses listed, or None for everybody."""
        if scope == EVERYBODY:
            return None
        if not isinstance(scope, list):
            self.reading.tell(path, described(scope), f"{EVERYBODY!r} or a list of addresses")
            return ()
        return self._known_among(scope, path)

    def _known_among(self, addresses: Sequence[object], path: Place) -> tuple[str, ...]:
        return tuple(
            str(item)
            for index, item in enumerate(addresses)
            if self._is_known(item, (*path, index), "somebody under 'people'")
        )

    def _is_known(self, value: object, path: Place, expected: str) -> bool:
        if isinstance(value, str) and value.lower() in self._addresses:
            return True
        hint = close_to(value, self._addresses) if isinstance(value, str) else ""
        self.reading.tell(path, described(value), f"{expected}{hint}")
        return False

    def _has_teams(self, value: object, path: Place, expected: str) -> bool:
        if not self._is_known(value, path, expected):
            return False
        if not self._addresses[str(value).lower()].licence:
            self.reading.tell(path, f"{value!r} without a licence", f"{expected} with 'licence'")
            return False
        return True

    def _meetings(self, value: object) -> tuple[ScenarioMeeting, ...]:
        fields = {
            "organizer": Field(address, required=True),
            "subject": Field(text, required=True),
            "start": Field(wall_clock, required=True),
            "duration": Field(duration, required=True),
            "attendees": Field(list_of(address, "addresses")),
            "show_as": Field(one_of(get_args(ShowAs))),
            "online": Field(flag),
        }
        meetings: list[ScenarioMeeting] = []
        for path, item in self.reading.items(value, ("meetings",), "meetings"):
            before = len(self.reading.misfits)
            found = self.reading.record(item, path, fields)
            organizer = found.get("organizer")
            expected = "somebody under 'people' with a mailbox"
            if organizer is not None and self._is_known(organizer, (*path, "organizer"), expected):
                person = self._addresses[organizer.lower()]
                state = "none" if person.user_type == "Guest" else person.mailbox
                if state != "ok":
                    self.reading.tell((*path, "organizer"), f"{organizer!r} with mailbox {state!r}", expected)
            if len(self.reading.misfits) > before:
                continue
            if "attendees" in found:
                found["attendees"] = tuple(found["attendees"])
            meetings.append(ScenarioMeeting(**found))
        return tuple(meetings)

    def _behavior(self, value: object) -> dict[str, Any]:
        return {} if value is None else self.reading.record(value, ("behavior",), behavior_fields())

    def _faults(self, value: object) -> tuple[Fault, ...]:
        operations = served_operations()
        read = [
            read_fault(self.reading, item, path, operations)
            for path, item in self.reading.items(value, ("faults",), "faults")
        ]
        return tuple(fault for fault in read if fault is not None)


def populate(world: World, scenario: Scenario) -> None:
    """Put a scenario into an empty world; its clock stands at the beginning."""
    set_switches(world.behavior, scenario.behavior)
    for person in scenario.people:
        add_person(world, person)
    for where, name in scenario.room_lists.items():
        world.add_room_list(where, name)
    add_groups(world, scenario.groups)
    application = scenario.application
    world.add_application(
        client_id=application.client_id,
        secret=application.secret,
        permissions={
            name: None if scope is None else frozenset(world.user(who).id for who in scope)
            for name, scope in application.permissions.items()
        },
        redirect_uris=application.redirect_uris,
        app_roles={
            name: frozenset(world.user(who).id for who in assigned) for name, assigned in application.app_roles.items()
        },
    )
    if application.meeting_policy is None:
        world.grant_meeting_policy(client_id=application.client_id)
    for who in application.meeting_policy or ():
        world.grant_meeting_policy(who, client_id=application.client_id)
    for meeting in scenario.meetings:
        _hold(world, meeting)
    put_apps(world, scenario.teams_apps)
    for fault in scenario.faults:
        # A copy: the scenario can be put into another world.
        world.faults.add(replace(fault))


def _hold(world: World, meeting: ScenarioMeeting) -> None:
    organizer = world.user(meeting.organizer)

    def zoned(local: datetime) -> dict[str, str]:
        return {"dateTime": local.isoformat(), "timeZone": organizer.windows_time_zone}

    world.create_event(
        organizer,
        {
            "subject": meeting.subject,
            "start": zoned(meeting.start),
            "end": zoned(meeting.start + meeting.duration),
            "attendees": [{"emailAddress": {"address": who}, "type": "required"} for who in meeting.attendees],
            "showAs": meeting.show_as,
            "isOnlineMeeting": meeting.online,
        },
        actor=organizer.address,
    )
