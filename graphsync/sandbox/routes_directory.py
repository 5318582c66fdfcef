"""Routes of the directory: users.

Sources: https://learn.microsoft.com/graph/api/user-get, https://learn.microsoft.com/graph/api/user-list
"""

from __future__ import annotations

from typing import Any

from graphsync.sandbox.calls import METADATA, Answer, Call, Route, collection, page
from graphsync.sandbox.directory import User, unknown_directory_object
from graphsync.sandbox.odata import Lookup, matches
from graphsync.sandbox.wire import USER_NAMES, user_json
from graphsync.sandbox.world import World

READ_USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
FILTERABLE = ("id", "mail", "userPrincipalName", "displayName", "accountEnabled", "officeLocation")
DEFAULT_PAGE, LARGEST_PAGE = 100, 999


def get_user(world: World, call: Call) -> Answer:
    """GET a user by id or userPrincipalName."""
    select = call.query.select(USER_NAMES)
    call.query.finish()
    user = world.directory.lookup(call.keys["user"])
    if user is None:
        raise unknown_directory_object(call.keys["user"])
    chosen = "" if select is None else f"({','.join(select)})"
    body = {"@odata.context": f"{METADATA}users{chosen}/$entity", **user_json(user, select)}
    return Answer(status=200, body=body)


def _lookup(user: User) -> Lookup:
    def lookup(path: tuple[str, ...]) -> Any:
        return user_json(user, path)[path[0]]

    return lookup


def list_users(world: World, call: Call) -> Answer:
    """GET users, by address."""
    select = call.query.select(USER_NAMES)
    wanted = call.query.filter(FILTERABLE)
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    found = [user for user in world.directory if wanted is None or matches(wanted, _lookup(user))]
    part, next_link = page(call, found, size)
    chosen = "" if select is None else f"({','.join(select)})"
    answer = collection(call, f"users{chosen}", [user_json(user, select) for user in part], next_link)
    call.query.finish()
    return answer


ROUTES: list[Route] = [
    Route(
        method="GET",
        pattern="users/{user}",
        operation="getUser",
        permissions=READ_USERS,
        subject="directory",
        handler=get_user,
    ),
    Route(
        method="GET",
        pattern="users",
        operation="listUsers",
        permissions=READ_USERS,
        subject="directory",
        handler=list_users,
    ),
]
