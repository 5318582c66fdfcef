"""What goes in and out of a page: the request, what is shown, what was done, what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from graphsync.errors import GraphsyncError
from graphsync.sandbox.world import World


class Steering(Protocol):
    """Does what the control API is asked for; `Control` is one."""

    world: World

    def respond(self, method: str, target: str, body: object) -> tuple[int, dict[str, Any]]:
        """Return status and body for a request, or raise a `GraphsyncError` that says what is wrong with it."""
        ...


class PageMissing(GraphsyncError):
    """There is no such page, or what it was about is gone."""


class PageRefused(GraphsyncError):
    """A form that is not taken; `status` says how."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page or of a form: the variable parts of the path, the query options, the fields of the form."""

    keys: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page before it is rendered: `section` is its place in the navigation, `style` rules for this page alone."""

    template: str
    title: str
    section: str
    values: Mapping[str, Any] = field(default_factory=dict)
    style: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a form did, in a sentence; `to` is where to look next, the page of the form if empty."""

    message: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


View = Callable[[Steering, Visit], Shown]
Action = Callable[[Steering, Visit], Done]


def path(*parts: str, **options: object) -> str:
    """Return the address of a page: `parts` encoded one by one, options that are neither None nor empty."""
    given = {name: str(value) for name, value in options.items() if value not in (None, "")}
    return "/" + "/".join(quote(part, safe="@") for part in parts) + (f"?{urlencode(given)}" if given else "")


def person_path(address: str, *parts: str, **options: object) -> str:
    """Return the address of a page about somebody."""
    return path("page", "people", address, *parts, **options)


def week_path(address: str, on: object = None) -> str:
    """Return the address of somebody's week: the one with the day `on`, or the present one."""
    return path(person=address, week=on)
