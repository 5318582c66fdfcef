"""Which configuration is in force, and what is wrong with one that was offered in its place and refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from graphsync.errors import Problem
from graphsync.rules.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """How the configuration of a running service stands.

    Attributes:
        since: when the set in force was taken over, UTC.
        refused: what is wrong with the files as they are now; empty where they are in force.
        refused_at: when they were read last and refused, UTC; None where they are in force.
    """

    since: datetime
    refused: tuple[Problem, ...] = ()
    refused_at: datetime | None = None


def not_while_running(old: Config, new: Config, file: str) -> Iterator[Problem]:
    """Yield what differs between two sets that only a restart can take up: where the service is, and its tenant."""
    for section in ("tenant", "service"):
        before, after = getattr(old.deployment, section), getattr(new.deployment, section)
        for key in type(before).model_fields:
            if key != "default_time_zone" and getattr(before, key) != getattr(after, key):
                found = f"another {section}.{key} than at the start"
                expected = "the one the service was started with; restart it to take this set up"
                yield Problem(file=file, line=0, column=0, found=found, expected=expected)
