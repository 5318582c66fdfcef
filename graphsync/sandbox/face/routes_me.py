"""The route of the person who signed in: `GET /me`.

Source: https://learn.microsoft.com/graph/api/user-get
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Route
from graphsync.sandbox.face.wire_directory import USER_NAMES, user_json
from graphsync.sandbox.world import World

READ_MYSELF = ("User.Read", "User.ReadBasic.All", "User.Read.All")


def get_me(world: World, call: Call) -> Answer:
    """GET the person the token is for."""
    select = call.query.select(USER_NAMES)
    call.query.finish()
    chosen = "" if select is None else f"({','.join(select)})"
    body = {"@odata.context": f"{METADATA}users{chosen}/$entity", **user_json(call.user, select)}
    return Answer(status=200, body=body)


ROUTES: list[Route] = [
    Route(
        method="GET",
        pattern="me",
        operation="getMe",
        permissions=READ_MYSELF,
        subject="user",
        handler=get_me,
        delegated=True,
    )
]
