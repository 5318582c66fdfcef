"""A Graph that is only read: every call that would change something raises, and is never sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from graphsync.engine.ports import Graph
from graphsync.errors import WriteRefused

READS: Final = frozenset(
    {
        "get_user",
        "get_mailbox_settings",
        "allowed_online_meeting_providers",
        "get_event",
        "find_event_by_ical_uid",
        "find_event_by_tag",
        "list_calendar_view",
        "calendar_view_delta",
        "get_schedule",
        "list_rooms",
        "event_body",
        "attendance",
        "find_mail",
        "list_mail_from",
        "list_chats",
        "list_chat_messages",
        "list_subscriptions",
    }
)
"""The calls of `ports.Graph` that change nothing; what is not named here is refused, whatever is added later."""


class ReadOnlyGraph:
    """`ports.Graph` around another one, for reading."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._graph, name)
        return call if name in READS else _refused(name, call)


def _refused(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def refuse(*_arguments: object, **_options: object) -> None:
        raise WriteRefused(name)

    return refuse


def read_only(graph: Graph) -> Graph:
    """Return `graph` as one that is only read."""
    return cast("Graph", ReadOnlyGraph(graph))
