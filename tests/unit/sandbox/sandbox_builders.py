"""Bodies as Graph takes them, with defaults that are valid; and the little it takes to let virtual time pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from graphsync.sandbox import Behavior, VirtualClock, World

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def a_world(*, seed: int = 7, behavior: Behavior | None = None) -> World:
    return World(clock=VirtualClock(START), seed=seed, behavior=behavior)


def zoned(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def person(address: str, kind: str = "required") -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": kind}


def an_event(
    *addresses: str,
    start: str = "2026-01-13T10:00:00",
    end: str = "2026-01-13T11:00:00",
    zone: str = "UTC",
    **more: Any,
) -> dict[str, Any]:
    return {
        "subject": "Mentoring",
        "start": zoned(start, zone),
        "end": zoned(end, zone),
        "attendees": [person(address) for address in addresses],
        **more,
    }


def let_pass(world: World, span: timedelta) -> None:
    """Let `span` pass, doing each thing when it is due."""
    end = world.clock.now() + span
    while (due := world.next_due_at()) is not None and due <= end:
        world.clock.set(max(due, world.clock.now()))
        world.run_due()
    world.clock.set(end)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)
