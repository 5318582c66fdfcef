"""Faults: what goes wrong once or a few times, by operation. Each kind is one that the pages or reports tell of.

Sources: https://learn.microsoft.com/graph/throttling (429), https://learn.microsoft.com/graph/errors (503, 504),
https://learn.microsoft.com/graph/delta-query-overview (410),
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (delivery)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, get_args

RequestFaultKind = Literal[
    "throttled",  # 429, with Retry-After if retry_after_s is given
    "unavailable",  # 503 before anything was done
    "unavailable_after",  # 503 although the effect was stored
    "gateway_timeout",  # 504 before anything was done
    "dropped",  # the connection ends without an answer, nothing done
    "dropped_after",  # the same, the effect stored
    "timeout",  # no answer for hold_s real seconds, then the connection ends; nothing done
    "timeout_after",  # the same, the effect stored
    "delta_expired",  # 410 SyncStateNotFound; for calendarViewDelta
]
NotificationFaultKind = Literal[
    "duplicate",  # the item comes twice
    "lost",  # it never comes; with announce, a `missed` lifecycle notification does
    "delayed",  # it comes delay_s later than it would
    "reordered",  # it comes after the next one of its subscription
    "wrong_client_state",  # it carries another clientState
    "unknown_subscription",  # it carries a subscriptionId nobody has
]
FaultKind = RequestFaultKind | NotificationFaultKind

REQUEST_KINDS: frozenset[str] = frozenset(get_args(RequestFaultKind))
NOTIFICATION_KINDS: frozenset[str] = frozenset(get_args(NotificationFaultKind))
NOTIFY = "notify"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: hits the next `times` of `operation`, after letting `skip` of them through.

    `operation` is an operation name of the HTTP face, `*` for any, or `notify` for change notifications. `subject`
    narrows it: to requests whose path contains it, to notifications whose resource does.
    """

    operation: str
    kind: FaultKind
    times: int = 1
    skip: int = 0
    subject: str = ""
    retry_after_s: int | None = None
    hold_s: float = 5.0
    delay_s: float = 300.0
    announce: bool = False
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Check that the kind fits the operation.

        Raises:
            ValueError: a kind for requests with `notify`, or the reverse; `times` below 1.
        """
        kinds = NOTIFICATION_KINDS if self.operation == NOTIFY else REQUEST_KINDS
        if self.kind not in kinds:
            raise ValueError(f"{self.kind!r} is no fault of {self.operation!r}; expected one of {sorted(kinds)}")
        if self.times < 1:
            raise ValueError(f"a fault strikes at least once, not {self.times} times")


class Faults:
    """The faults still waiting to strike."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Let `fault` wait for its operation, and return it; `fault.struck` counts how often it hit."""
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults that have not struck."""
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Return the faults that still have something to strike, in the order they were added."""
        return list(self._waiting)

    def strike(self, operation: str, subject: str, kinds: Collection[str] | None = None) -> Fault | None:
        """Return the first fault that hits this operation now, used up by one; None if it goes well."""
        for fault in self._waiting:
            fits = fault.operation in {operation, "*"} and (operation != NOTIFY or fault.operation == NOTIFY)
            if not fits or fault.subject not in subject or (kinds is not None and fault.kind not in kinds):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.struck += 1
            if fault.struck >= fault.times:
                self._waiting.remove(fault)
            return fault
        return None
