"""From method and path to a route, and what to say when there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from graphsync.sandbox.face.calls import Route
from graphsync.sandbox.refusals import GraphRefusal, close_to

_PARENTHESES = re.compile(r"([A-Za-z]+)\('([^']*)'\)")


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    variable: _Node | None = None
    name: str = ""
    routes: dict[str, Route] = field(default_factory=dict)


def segments_of(path: str) -> list[str]:
    """Return the parts of a path: `users('x')` is `users/x`, a namespace and `()` of a function are left out."""
    if "('" in path:
        path = _PARENTHESES.sub(r"\1/\2", path)
    found: list[str] = []
    for part in path.strip("/").split("/"):
        plain = part.removesuffix("()")
        found.append(plain[16:] if plain.lower().startswith("microsoft.graph.") else plain)
    return found


class Router:
    """All routes, as a tree by path segment; literal segments match in any case of letters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.pattern.strip("/").split("/"):
            if part.startswith("{"):
                if node.variable is None:
                    node.variable = _Node()
                    node.name = part[1:-1]
                node = node.variable
            else:
                node.spelled[part.lower()] = part
                node = node.literals.setdefault(part.lower(), _Node())
        node.routes[route.method] = route

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route of a path below `/v1.0`, and the values of its variable parts.

        Raises:
            GraphRefusal: 400 for a path that is none, 405 for a method the path does not have.
        """
        node = self._root
        keys: dict[str, str] = {}
        for part in segments_of(path):
            literal = node.literals.get(part.lower())
            if literal is not None:
                node = literal
            elif node.variable is not None and part:
                keys[node.name] = part
                node = node.variable
            else:
                raise GraphRefusal(
                    400,
                    "BadRequest",
                    f"Resource not found for the segment '{part}'{close_to(part, node.spelled.values())}.",
                )
        route = node.routes.get(method)
        if route is None:
            if not node.routes:
                raise GraphRefusal(
                    400,
                    "BadRequest",
                    f"Resource not found for the path '{path}'{close_to('', node.spelled.values())}.",
                )
            raise GraphRefusal(
                405,
                "Request_BadRequest",
                f"The method {method} is not allowed for '{path}'{close_to(method, node.routes)}.",
            )
        return route, keys
