"""Routes of presence.

Sources: https://learn.microsoft.com/graph/api/presence-get, cloudcommunications-getpresencesbyuserid,
presence-setpresence, presence-clearpresence, presence-setuserpreferredpresence, presence-clearuserpreferredpresence
"""

from __future__ import annotations

from typing import Any

from graphsync.sandbox.face.bodies import list_of, parameters_of, text_of
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection
from graphsync.sandbox.refusals import GraphRefusal, bad_request, not_served
from graphsync.sandbox.teams.presence import UNKNOWN, State
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

READ = ("Presence.Read.All", "Presence.ReadWrite.All")
WRITE = ("Presence.ReadWrite.All",)
MOST_IDS = 650
PRESENCE_NAMES = (
    "id",
    "availability",
    "activity",
    "statusMessage",
    "outOfOfficeSettings",
    "workLocation",
    "sequenceNumber",
)


def _person(world: World, call: Call) -> User:
    user = world.directory.lookup(call.keys["user"])
    if user is None:
        raise GraphRefusal(404, "NotFound", f"The user '{call.keys['user']}' was not found.")
    return user


def _cased(world: World, value: str) -> str:
    return value if world.behavior.presence_casing == "pascal" else value[0].lower() + value[1:]


def _shown(world: World, user_id: str, state: State, *, away: bool) -> dict[str, Any]:
    return {
        "id": user_id,
        "availability": _cased(world, state[0]),
        "activity": _cased(world, state[1]),
        "statusMessage": None,
        "outOfOfficeSettings": {"message": None, "isOutOfOffice": away},
        "workLocation": None,
        "sequenceNumber": None,
    }


def _presence_json(world: World, user: User) -> dict[str, Any]:
    return _shown(world, user.id, world.presences.state(user), away=world.presences.is_out_of_office(user))


def get_presence(world: World, call: Call) -> Answer:
    """GET the presence of a person."""
    user = _person(world, call)
    select = call.query.select(PRESENCE_NAMES)
    call.query.finish()
    shown = _presence_json(world, user)
    chosen = shown if select is None else {name: shown[name] for name in select}
    return Answer(status=200, body={"@odata.context": f"{METADATA}users('{user.id}')/presence/$entity", **chosen})


def get_presences_by_user_id(world: World, call: Call) -> Answer:
    """POST up to 650 ids and read the presence of each; of an id nobody has nothing is known."""
    call.query.finish()
    found = parameters_of(call.json(), ("ids",), "getPresencesByUserId")
    ids = [text_of(item, "ids") for item in list_of(found.get("ids"), "ids")]
    if not 0 < len(ids) <= MOST_IDS:
        raise bad_request(f"From 1 to {MOST_IDS} ids are taken, not {len(ids)}.")
    people = [(user_id, world.directory.lookup(user_id)) for user_id in dict.fromkeys(ids)]
    items = [
        _presence_json(world, user) if user else _shown(world, user_id, UNKNOWN, away=False) for user_id, user in people
    ]
    return collection(call, "Collection(microsoft.graph.presence)", items)


def set_presence(world: World, call: Call) -> Answer:
    """POST the state of the application's own presence session."""
    call.query.finish()
    world.presences.set_session(_person(world, call), call.json(), call.application, actor=call.actor)
    return Answer(status=200)


def clear_presence(world: World, call: Call) -> Answer:
    """POST the end of the application's presence session."""
    call.query.finish()
    world.presences.clear_session(_person(world, call), call.json(), call.application, actor=call.actor)
    return Answer(status=200)


def set_user_preferred_presence(world: World, call: Call) -> Answer:
    """POST what a person prefers to show."""
    call.query.finish()
    world.presences.prefer(_person(world, call), call.json(), actor=call.actor)
    return Answer(status=200)


def clear_user_preferred_presence(world: World, call: Call) -> Answer:
    """POST that a person has no preference any more."""
    call.query.finish()
    world.presences.forget_preference(_person(world, call), call.json(), actor=call.actor)
    return Answer(status=200)


def set_status_message(world: World, call: Call) -> Answer:
    """POST a status message is not served."""
    raise not_served("status messages of presence")


def _routes(method: str, path: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> list[Route]:
    """Return a route under both names of a presence; `communications/presences` is what subscriptions name."""
    return [
        Route(
            method=method,
            pattern=base + path,
            operation=operation,
            permissions=permissions,
            subject="communications",
            handler=handler,
        )
        for base in ("users/{user}/presence", "communications/presences/{user}")
    ]


ROUTES: list[Route] = [
    *_routes("GET", "", "getPresence", READ, get_presence),
    *_routes("POST", "/setPresence", "setPresence", WRITE, set_presence),
    *_routes("POST", "/clearPresence", "clearPresence", WRITE, clear_presence),
    *_routes("POST", "/setUserPreferredPresence", "setUserPreferredPresence", WRITE, set_user_preferred_presence),
    *_routes("POST", "/clearUserPreferredPresence", "clearUserPreferredPresence", WRITE, clear_user_preferred_presence),
    *_routes("POST", "/setStatusMessage", "setStatusMessage", WRITE, set_status_message),
    Route(
        method="POST",
        pattern="communications/getPresencesByUserId",
        operation="getPresencesByUserId",
        permissions=READ,
        subject="communications",
        handler=get_presences_by_user_id,
    ),
]
