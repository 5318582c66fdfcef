"""How Graph treats the endpoints that receive notifications: those that answer late are sent less.

Per host, over windows of ten minutes of virtual time. How small a sample counts is not published; the one here keeps a
receiver that is briefly down from being dropped.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (slow and drop)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from graphsync.sandbox.core import Core
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.notifications.posting import Receipt

WINDOW = timedelta(minutes=10)
LEAST_ANSWERS = 20
SLOW_OVER_S, DROP_OVER_S = 3.0, 10.0
SLOW_SHARE, DROP_SHARE = 0.10, 0.15

State = Literal["ok", "slow", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointReport:
    """How a host stands; the counts are those of the window under way. `until` is None while it is ok."""

    host: str
    state: State
    until: datetime | None
    answers: int
    over_3_s: int
    over_10_s: int


@dataclass(slots=True)
class _Endpoint:
    began_at: datetime
    answers: int = 0
    over_slow: int = 0
    over_drop: int = 0
    state: State = "ok"
    until: datetime | None = None
    told: set[str] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        self.began_at = now
        self.answers = self.over_slow = self.over_drop = 0

    def state_at(self, now: datetime) -> State:
        return self.state if self.until is not None and now < self.until else "ok"


@dataclass(slots=True)
class Endpoints:
    """All hosts that were sent something."""

    core: Core
    _by_host: dict[str, _Endpoint] = field(default_factory=dict)

    def answered(self, url: str, receipt: Receipt, timeout_s: float) -> None:
        """Count how an endpoint answered; none at all counts as over the time it had."""
        if not self.core.behavior.endpoint_states:
            return
        now, host = self.core.clock.now(), host_of(url)
        endpoint = self._by_host.setdefault(host, _Endpoint(now))
        if now >= endpoint.began_at + WINDOW:
            endpoint.begin(now)
        endpoint.answers += 1
        endpoint.over_slow += _is_over(SLOW_OVER_S, receipt, timeout_s)
        endpoint.over_drop += _is_over(DROP_OVER_S, receipt, timeout_s)
        if endpoint.answers < LEAST_ANSWERS:
            return
        if endpoint.over_drop > DROP_SHARE * endpoint.answers:
            self._enter("drop", host, endpoint, now)
        elif endpoint.over_slow > SLOW_SHARE * endpoint.answers and endpoint.state_at(now) != "drop":
            self._enter("slow", host, endpoint, now)

    def _enter(self, state: State, host: str, endpoint: _Endpoint, now: datetime) -> None:
        counted = {"answers": endpoint.answers, "over_3_s": endpoint.over_slow, "over_10_s": endpoint.over_drop}
        endpoint.state, endpoint.until = state, now + WINDOW
        endpoint.told.clear()
        endpoint.begin(now)
        self.core.journal.add(f"endpoint_{state}", actor=EXCHANGE, subject_id=host, details=counted)

    def state(self, url: str) -> State:
        """Return how what is new for this URL is treated now: delayed if slow, lost if drop."""
        endpoint = self._by_host.get(host_of(url)) if self.core.behavior.endpoint_states else None
        return "ok" if endpoint is None else endpoint.state_at(self.core.clock.now())

    def first_loss(self, url: str, subscription_id: str) -> bool:
        """Return whether this is the first that a subscription loses in the present span of drop."""
        told = self._by_host[host_of(url)].told
        is_first = subscription_id not in told
        told.add(subscription_id)
        return is_first

    def reports(self) -> list[EndpointReport]:
        """Return how each host stands, by name."""
        now = self.core.clock.now()
        return [
            EndpointReport(
                host=host,
                state=endpoint.state_at(now),
                until=None if endpoint.state_at(now) == "ok" else endpoint.until,
                answers=endpoint.answers,
                over_3_s=endpoint.over_slow,
                over_10_s=endpoint.over_drop,
            )
            for host, endpoint in sorted(self._by_host.items())
        ]


def host_of(url: str) -> str:
    """Return the host of a URL with its port: what a state belongs to."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _is_over(limit_s: float, receipt: Receipt, timeout_s: float) -> bool:
    return receipt.lasted_s > limit_s if receipt.status else timeout_s >= limit_s
