"""Whether an application may do something in Teams: by a permission of the tenant, or by an app installed there.

Source: https://learn.microsoft.com/microsoftteams/platform/graph-api/rsc/resource-specific-consent
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsync.sandbox.face.calls import Route
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application, User, unknown_mailbox
from graphsync.sandbox.world import World


def permitted_in_teams(world: World, route: Route, keys: Mapping[str, str], application: Application) -> User | None:
    """Return whom the path is about, if the application may do this there.

    Raises:
        GraphRefusal: 404 for nobody, 403 for a permission that is missing, or does not cover this person.
    """
    user: User | None = None
    if route.subject == "user":
        user = world.directory.lookup(keys["user"])
        if user is None:
            raise unknown_mailbox(keys["user"])
    place_id = user.id if user is not None else keys.get("chat", "")
    granted = world.apps.consented_at(place_id, application.client_id)
    if granted & set(route.consented or ()):
        return user
    if user is not None and application.may(route.permissions, user.id):
        return user
    if user is None and application.holds_any(route.permissions):
        return None
    # https://github.com/OfficeDev/microsoft-teams-library-js/issues/2256
    wanted = ", ".join([*(route.consented or ()), *route.permissions])
    held = ", ".join(sorted(application.permissions))
    raise GraphRefusal(
        403,
        "Forbidden",
        f"Missing role permissions on the request. API requires one of '{wanted}'. Roles on the request '{held}'. "
        f"Resource specific consent grants on the request '{', '.join(sorted(granted))}'.",
    )
