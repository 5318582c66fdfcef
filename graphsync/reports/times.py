"""Instants as people read them."""

from __future__ import annotations

from datetime import datetime

from graphsync.calendar import zone


def when(instant: datetime, time_zone: str) -> str:
    """Return an instant by the clock of a zone, such as `Tue 10 Mar 2026 10:00`."""
    local = instant.astimezone(zone(time_zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def span(start: datetime, end: datetime, time_zone: str) -> str:
    """Return a span of one day, such as `Tue 10 Mar 2026 10:00-10:50 (Europe/Berlin)`."""
    return f"{when(start, time_zone)}-{end.astimezone(zone(time_zone)):%H:%M} ({time_zone})"


def counted(count: int, noun: str) -> str:
    """Return `1 rule` or `2 rules`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
