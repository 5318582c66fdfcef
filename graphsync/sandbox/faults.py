"""Faults: what goes wrong, for which requests or notifications, how often and when.

Each kind is one that the pages or reports tell of; `KINDS` has a sentence and the page for each. A fault is narrowed by
operation, by path, by count, by probability and by virtual time; all that is given must hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from graphsync.clock import Clock
from graphsync.sandbox.draws import Draws

RequestFaultKind = Literal[
    "throttled",
    "throttled_after",
    "unavailable",
    "unavailable_after",
    "gateway_timeout",
    "dropped",
    "dropped_after",
    "timeout",
    "timeout_after",
    "delta_expired",
    "validation_unsent",
    "precondition_failed",
]
NotificationFaultKind = Literal[
    "duplicate",
    "lost",
    "delayed",
    "reordered",
    "wrong_client_state",
    "unknown_subscription",
    "huge_batch",
    "malformed_json",
    "extra_properties",
    "other_case",
    "offset_expiry",
    "token_wrong_audience",
    "token_wrong_publisher",
    "token_expired",
    "token_other_tenant",
    "bad_signature",
]
ActivityFaultKind = Literal[
    "activity_token_expired",
    "activity_token_audience",
    "activity_token_issuer",
    "activity_token_service_url",
    "activity_token_key",
]
FaultKind = RequestFaultKind | NotificationFaultKind | ActivityFaultKind

REQUEST_KINDS: frozenset[str] = frozenset(get_args(RequestFaultKind))
NOTIFICATION_KINDS: frozenset[str] = frozenset(get_args(NotificationFaultKind))
# They strike what carries resource data alone; others are let pass, uncounted.
RICH_KINDS: frozenset[str] = frozenset(
    {"token_wrong_audience", "token_wrong_publisher", "token_expired", "token_other_tenant", "bad_signature"}
)
# Where an endpoint is asked for the echo of a token.
HANDSHAKES = frozenset({"createSubscription", "updateSubscription", "reauthorizeSubscription"})
ACTIVITY_KINDS: frozenset[str] = frozenset(get_args(ActivityFaultKind))
NOTIFY = "notify"
ACTIVITY = "tellBot"
_KINDS_OF = {NOTIFY: NOTIFICATION_KINDS, ACTIVITY: ACTIVITY_KINDS}


def kinds_of(operation: str) -> frozenset[str]:
    """Return the kinds of fault that an operation can have; every request has the same."""
    return _KINDS_OF.get(operation, REQUEST_KINDS)


class Kind(NamedTuple):
    """What a kind of fault does, in a sentence, the page it comes from, and the operations it can befall.

    For a kind of notifications or activities it is always `notify` or `tellBot`, whatever `operations` says.
    """

    sentence: str
    page: str
    operations: tuple[str, ...] = ("*",)


_METHOD = re.compile(r"(?:GET|POST|PATCH|PUT|DELETE) [/*]", re.IGNORECASE)
_ERRORS = "https://learn.microsoft.com/graph/errors"
_DELIVERY = "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks"
_LIFECYCLE = "https://learn.microsoft.com/graph/change-notifications-lifecycle-events"
_ITEM = "https://learn.microsoft.com/graph/api/resources/changenotification"
_OUTLOOK = "https://learn.microsoft.com/graph/outlook-change-notifications-overview"
_RICH = "https://learn.microsoft.com/graph/change-notifications-with-resource-data"
_BOT_TOKEN = "https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication"
# No page of Graph promises an answer; what a client may conclude from none is HTTP's.
_NO_ANSWER = "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2"

KINDS: Mapping[FaultKind, Kind] = MappingProxyType(
    {
        "throttled": Kind(
            "429, with Retry-After if retry_after_s is given", "https://learn.microsoft.com/graph/throttling"
        ),
        "throttled_after": Kind(
            "429 although the effect was stored, with Retry-After if retry_after_s is given",
            "https://learn.microsoft.com/graph/throttling",
        ),
        "unavailable": Kind("503 before anything was done", _ERRORS),
        "unavailable_after": Kind("503 although the effect was stored", _ERRORS),
        "gateway_timeout": Kind("504 before anything was done", _ERRORS),
        "dropped": Kind("the connection ends without an answer, nothing done", _NO_ANSWER),
        "dropped_after": Kind("the connection ends without an answer, the effect stored", _NO_ANSWER),
        "timeout": Kind("no answer for hold_s real seconds, then the connection ends; nothing done", _NO_ANSWER),
        "timeout_after": Kind(
            "no answer for hold_s real seconds, then the connection ends; the effect stored", _NO_ANSWER
        ),
        "delta_expired": Kind(
            "410 SyncStateNotFound; for calendarViewDelta and messagesDelta",
            "https://learn.microsoft.com/graph/delta-query-overview",
            operations=("calendarViewDelta", "messagesDelta"),
        ),
        "validation_unsent": Kind(
            "the request that validates an endpoint never arrives: 400, as after its 10 seconds; for "
            "createSubscription, updateSubscription, reauthorizeSubscription",
            "https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2805",
            operations=tuple(sorted(HANDSHAKES)),
        ),
        "precondition_failed": Kind(
            "412 before anything was done; of the bot connector, to be tried again",
            "https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages",
            operations=(
                "createConversation",
                "sendToConversation",
                "replyToActivity",
                "updateActivity",
                "deleteActivity",
            ),
        ),
        "activity_token_expired": Kind("an activity comes with a token that has expired", _BOT_TOKEN),
        "activity_token_audience": Kind("an activity comes with a token for another bot", _BOT_TOKEN),
        "activity_token_issuer": Kind("an activity comes with a token of another issuer", _BOT_TOKEN),
        "activity_token_service_url": Kind("an activity comes with a token for another serviceUrl", _BOT_TOKEN),
        "activity_token_key": Kind("an activity comes with a token signed by a key that is not published", _BOT_TOKEN),
        "duplicate": Kind("the item comes twice", _DELIVERY),
        "lost": Kind("the item never comes; with announce, a `missed` lifecycle notification does", _LIFECYCLE),
        "delayed": Kind("the item comes delay_s later than it would", _DELIVERY),
        "reordered": Kind("the item comes after the next one of its subscription", _DELIVERY),
        "wrong_client_state": Kind("the item carries another clientState", _DELIVERY),
        "unknown_subscription": Kind("the item carries a subscriptionId nobody has", _DELIVERY),
        "huge_batch": Kind("the item comes 500 times in one request", _DELIVERY),
        "malformed_json": Kind(
            "the item's request breaks off in the middle of its JSON; the next attempt is whole, if the receiver "
            "refuses it",
            _DELIVERY,
        ),
        "extra_properties": Kind("the item and its request carry properties nobody knows", _ITEM),
        "other_case": Kind("resource, @odata.id and @odata.type come in another case and punctuation", _OUTLOOK),
        "offset_expiry": Kind("subscriptionExpirationDateTime has the offset +05:30", _OUTLOOK),
        "token_wrong_audience": Kind("the validation token is for another application", _RICH),
        "token_wrong_publisher": Kind("the validation token was asked for by another application than Graph", _RICH),
        "token_expired": Kind("the validation token expired hours ago", _RICH),
        "token_other_tenant": Kind("the validation token is of another tenant", _RICH),
        "bad_signature": Kind("dataSignature is not that of the encrypted data", _RICH),
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: hits the next `times` of `operation`, after letting `skip` of them through.

    Args:
        operation: an operation name of the HTTP face, `*` for any, `notify` for change notifications, or `tellBot` for
            activities to bots.
        kind: what happens; see `KINDS`.
        times: how often it strikes; not given, it is once, or without end (`always`) where a probability or a time
            says how much is enough.
        skip: how many it lets through first.
        subject: a part of the path below `/v1.0`; for notifications, of the resource.
        path: a pattern of the whole of `METHOD /path`, in any case of letters: a glob such as
            `PATCH /users/*/events/*`, without the method for any method, or a regular expression after `re:`, searched
            for. For notifications, a pattern of the resource.
        probability: how many of those that all else fits are struck, over 0 to 1; drawn from the seed for the nth
            request of one operation and path, so that the order in which requests of different paths arrive changes
            nothing.
        from_at: strikes from this virtual instant on.
        until_at: strikes before this virtual instant.
    """

    operation: str
    kind: FaultKind
    times: int | Literal["always"] | None = None
    skip: int = 0
    subject: str = ""
    path: str = ""
    probability: float | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    retry_after_s: int | None = None
    hold_s: float = 5.0
    delay_s: float = 300.0
    announce: bool = False
    struck: int = field(default=0, init=False)
    number: int = field(default=0, init=False)
    _pattern: re.Pattern[str] | None = field(default=None, init=False, repr=False)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check that the kind fits the operation, and that the fault can strike.

        Raises:
            ValueError: a kind that is none of this operation; `times` below 1; a probability that is
                none; a pattern that cannot be read; a span of time that is empty or without zone.
        """
        kinds = kinds_of(self.operation)
        if self.kind not in kinds:
            raise ValueError(f"{self.kind!r} is no fault of {self.operation!r}; expected one of {sorted(kinds)}")
        if self.kind == "validation_unsent" and self.operation not in {"*", *HANDSHAKES}:
            raise ValueError(f"{self.operation!r} validates no endpoint; expected '*' or one of {sorted(HANDSHAKES)}")
        if self.times is None:
            narrowed = self.probability is not None or self.from_at is not None or self.until_at is not None
            self.times = "always" if narrowed else 1
        if self.times != "always" and self.times < 1:
            raise ValueError(f"a fault strikes at least once, not {self.times} times")
        if self.probability is not None and not 0 < self.probability <= 1:
            raise ValueError(f"a probability is over 0 and at most 1, not {self.probability}")
        for instant in (self.from_at, self.until_at):
            if instant is not None and instant.tzinfo is None:
                raise ValueError(f"the time {instant.isoformat()} of a fault has no zone")
        if self.from_at is not None and self.until_at is not None and self.until_at <= self.from_at:
            raise ValueError(f"a fault from {self.from_at.isoformat()} cannot end at {self.until_at.isoformat()}")
        self._pattern = compiled(self.path, with_method=self.operation != NOTIFY) if self.path else None

    def fits(self, operation: str, method: str, subject: str, now: datetime) -> bool:
        """Return whether this is one that the fault may strike, count and chance aside."""
        if self.operation != operation and (self.operation != "*" or operation in _KINDS_OF):
            return False
        if self.subject not in subject:
            return False
        if (self.from_at is not None and now < self.from_at) or (self.until_at is not None and now >= self.until_at):
            return False
        return self._pattern is None or self._pattern.search(f"{method} {subject}".lstrip()) is not None

    def falls(self, operation: str, subject: str, draws: Draws) -> bool:
        """Return whether chance has it that the fault strikes now; the same for the same seed."""
        if self.probability is None:
            return True
        ordinal = self._seen[operation, subject]
        self._seen[operation, subject] += 1
        return draws.random("fault", self.number, operation, subject, ordinal).random() < self.probability


def compiled(pattern: str, *, with_method: bool = True) -> re.Pattern[str]:
    """Return the regular expression meant by the `path` of a fault.

    Raises:
        ValueError: what stands after `re:` is no regular expression; a glob that no request can fit.
    """
    if pattern.startswith("re:"):
        try:
            return re.compile(pattern[3:], re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    any_method = with_method and pattern.startswith(("/", "*"))
    if with_method and not any_method and not _METHOD.match(pattern):
        raise ValueError(f"{pattern!r} starts neither with '/', '*' nor a method as in 'GET /users/*'")
    glob = translate(pattern)
    return re.compile(rf"\A(?:[A-Z]+ )?(?:{glob})" if any_method else rf"\A(?:{glob})", re.IGNORECASE)


def operations_of(kind: FaultKind) -> tuple[str, ...]:
    """Return the operations that a kind of fault can befall: names, `*` for any request, `notify` or `tellBot`."""
    for operation, kinds in _KINDS_OF.items():
        if kind in kinds:
            return (operation,)
    return KINDS[kind].operations


def every_fault(probability: float, *, hold_s: float) -> list[Fault]:
    """Return a fault of every kind for each operation it can befall: those of named operations before those of any.

    Args:
        probability: of each by itself, so that a request meets the more the more kinds fit; over 0 to 1.
        hold_s: real seconds that those last which let a client wait.
    """
    found = [
        Fault(operation=operation, kind=kind, probability=probability, hold_s=hold_s)
        for kind in KINDS
        for operation in operations_of(kind)
    ]
    # The first that fits strikes: the rare would seldom come after the many.
    return sorted(found, key=lambda fault: fault.operation == "*")


class Faults:
    """The faults still waiting to strike."""

    def __init__(self, clock: Clock, draws: Draws) -> None:
        self._clock = clock
        self._draws = draws
        self._waiting: list[Fault] = []
        self._added = 0

    def add(self, fault: Fault) -> Fault:
        """Let `fault` wait for its operation, number it and return it; `fault.struck` counts how often it hit."""
        self._added += 1
        fault.number = self._added
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults that have not struck."""
        self._waiting.clear()

    def remove(self, number: int) -> bool:
        """Forget the fault with this number; return whether it was waiting."""
        kept = [fault for fault in self._waiting if fault.number != number]
        removed = len(kept) < len(self._waiting)
        self._waiting[:] = kept
        return removed

    def waiting(self) -> list[Fault]:
        """Return the faults that still have something to strike, in the order they were added."""
        return list(self._waiting)

    def strike(
        self, operation: str, subject: str, kinds: Collection[str] | None = None, *, method: str = ""
    ) -> Fault | None:
        """Return the first fault that hits this operation now, used up by one; None if it goes well."""
        if not self._waiting:
            return None
        now = self._clock.now()
        for fault in self._waiting:
            if not fault.fits(operation, method, subject, now) or (kinds is not None and fault.kind not in kinds):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if not fault.falls(operation, subject, self._draws):
                continue
            fault.struck += 1
            if fault.times != "always" and fault.struck >= (fault.times or 1):
                self._waiting.remove(fault)
            return fault
        return None
