"""Routes of groups and who is in them.

Sources: https://learn.microsoft.com/graph/api/group-list, group-get, group-list-members, group-list-transitivemembers
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route
from graphsync.sandbox.face.routes_directory import READ_USERS
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.face.wire_directory import GROUP_NAMES, USER_NAMES, group_json, member_json
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.tenant.directory_queries import Listing, listed, select_context
from graphsync.sandbox.tenant.groups import Group
from graphsync.sandbox.world import World

READ = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All")
GROUPS: Listing[Group] = Listing(
    names=GROUP_NAMES,
    show=group_json,
    filterable=("id", "displayName", "mail", "mailNickname", "mailEnabled", "securityEnabled"),
    orderable=("displayName",),
)
_MEMBER_NAMES = tuple(dict.fromkeys((*USER_NAMES, *GROUP_NAMES)))


def list_groups(world: World, call: Call) -> Answer:
    """GET groups, by name."""
    return listed(call, "groups", GROUPS, world.groups.all())


def get_group(world: World, call: Call) -> Answer:
    """GET a group by id."""
    select = call.query.select(GROUP_NAMES)
    call.query.finish()
    group = world.groups.find(call.keys["group"])
    context = f"{METADATA}{select_context('groups', select)}/$entity"
    return Answer(status=200, body={"@odata.context": context, **group_json(group, select)})


def _members(call: Call, found: Sequence[User | Group]) -> Answer:
    hides_people = not call.application.holds_any(READ_USERS)

    def show(member: User | Group, select: Sequence[str] | None) -> Json:
        return member_json(member, select, hidden=hides_people and isinstance(member, User))

    every: Listing[User | Group] = Listing(
        names=_MEMBER_NAMES, show=show, filterable=() if hides_people else ("id", "displayName", "mail")
    )
    return listed(call, "directoryObjects", every, found)


def _of(
    read: Callable[[World, Group], Sequence[User | Group]], *, only_people: bool = False
) -> Callable[[World, Call], Answer]:
    def handler(world: World, call: Call) -> Answer:
        found = read(world, world.groups.find(call.keys["group"]))
        return _members(call, [member for member in found if not only_people or isinstance(member, User)])

    return handler


def _route(pattern: str, operation: str, handler: Handler) -> Route:
    return Route(
        method="GET", pattern=pattern, operation=operation, permissions=READ, subject="directory", handler=handler
    )


def _direct(world: World, group: Group) -> list[User | Group]:
    return world.groups.members(group)


def _transitive(world: World, group: Group) -> list[User | Group]:
    return world.groups.transitive_members(group)


# `graph.user` is how the SDK casts; `microsoft.graph.` is left out by the router.
ROUTES: list[Route] = [
    _route("groups", "listGroups", list_groups),
    _route("groups/{group}", "getGroup", get_group),
    _route("groups/{group}/members", "listGroupMembers", _of(_direct)),
    _route("groups/{group}/transitiveMembers", "listTransitiveGroupMembers", _of(_transitive)),
    *(
        _route(f"groups/{{group}}/members/{cast}", "listGroupMembers", _of(_direct, only_people=True))
        for cast in ("user", "graph.user")
    ),
    *(
        _route(
            f"groups/{{group}}/transitiveMembers/{cast}",
            "listTransitiveGroupMembers",
            _of(_transitive, only_people=True),
        )
        for cast in ("user", "graph.user")
    ),
]
