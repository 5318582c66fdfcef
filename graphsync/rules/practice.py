"""What a practice is to `decide`: a rule type, the function that walks it, and every step it can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphsync.rules.intents import Step
from graphsync.rules.schema import CommonKeys
from graphsync.rules.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """One practice.

    Attributes:
        rule_type: the model of its rules, which names it.
        run: walks one rule of it over one mentorship.
        steps: every step `run` can note, so that rule tests can tell which of them no test reaches.
    """

    rule_type: type[CommonKeys]
    run: Callable[[Walk, Any], None]
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The practice as a rule file names it."""
        return str(self.rule_type.model_fields["practice"].default)
