"""What a token got on behalf of a person opens: `GET /me`, and nothing that applications do by themselves.

Source: https://learn.microsoft.com/graph/auth/auth-concepts (delegated and application permissions)
"""

from __future__ import annotations

from typing import NoReturn

from graphsync.sandbox.entra.tokens import Caller
from graphsync.sandbox.face.calls import Route
from graphsync.sandbox.face.routing import segments_of
from graphsync.sandbox.refusals import GraphRefusal, bad_request, not_served
from graphsync.sandbox.tenant.directory import User


def refuse_below_me(method: str, path: str, caller: Caller) -> None:
    """Refuse what is asked of `/me` and not served; `path` is below the version.

    Raises:
        GraphRefusal: 400 for an application by itself, 501 for all but `GET /me`.
    """
    segments = [part.lower() for part in segments_of(path)]
    if segments[:1] != ["me"]:
        return
    if caller.person is None:
        raise bad_request("/me request is only valid with delegated authentication flow.")
    if segments != ["me"] or method != "GET":
        raise not_served(f"of /me only GET /me, not {method} {path}.")


def person_of(route: Route, caller: Caller) -> User:
    """Return the person who signed in, if their token allows what the route is for.

    Raises:
        GraphRefusal: 403; the scope is missing, or nobody signed in.
    """
    if caller.person is None or caller.scopes.isdisjoint(route.permissions):
        raise GraphRefusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return caller.person


def refuse_delegated(route: Route, caller: Caller) -> NoReturn:
    """Refuse a person's token where applications act by themselves: it has scopes, and no roles.

    Raises:
        GraphRefusal: 501 if Graph would let the person in by a scope of the token or by none, else 403.
    """
    if not route.permissions or not caller.scopes.isdisjoint(route.permissions):
        raise not_served(f"{route.operation} on behalf of a person; GET /me is.")
    if route.subject == "directory":
        raise GraphRefusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    raise GraphRefusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
