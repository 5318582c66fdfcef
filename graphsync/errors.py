"""Every exception graphsync raises on purpose, cut by who must act on it.

`need_retry` is the one place that says whether an error is worth another attempt.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


class GraphsyncError(Exception):
    """The root of the tree; never raised itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a configuration file, said so that the reader can mend it.

    `line` and `column` count from 1; 0 means that the file as a whole is meant. `rule` is the rule's name, or
    empty outside rules. `found` and `expected` are phrases that complete "found …; expected …".
    """

    file: str
    line: int
    column: int
    rule: str = ""
    found: str
    expected: str

    def __str__(self) -> str:
        """Return `file:line:column: rule 'name': found …; expected …`."""
        rule = f"rule {self.rule!r}: " if self.rule else ""
        return f"{self.place}: {rule}found {self.found}; expected {self.expected}"

    @property
    def place(self) -> str:
        """Where it is, `file:line:column`; unlike what was found, it holds nothing of the file."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


def one_of(allowed: Iterable[str], found: object = None) -> str:
    """Return `'a', 'b' or 'c'`, sorted, with a hint where one of them comes close to `found`."""
    names = sorted(allowed)
    quoted = [repr(name) for name in names]
    listed = " or ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))
    return listed + near_miss(names, found)


def near_miss(allowed: Iterable[str], found: object, *, prefix: str = "") -> str:
    """Return ` (did you mean 'x'?)` for the allowed name closest to `found`, or nothing where none is close.

    A `prefix` that all of them have in common does not count as closeness.
    """
    folded = {name.removeprefix(prefix).casefold(): name for name in allowed}
    sought = [found.removeprefix(prefix).casefold()] if isinstance(found, str) else []
    close = [name for word in sought for name in difflib.get_close_matches(word, folded, n=1)]
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


class ConfigError(GraphsyncError):
    """Settings or rules are wrong: the operator mends a file; every problem is listed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.found)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotificationError(GraphsyncError):
    """A request at the receiver is not what Graph would send; the item is dropped, counted and logged."""


class MalformedNotification(NotificationError):
    """The body or an item of it does not have the documented shape."""


class ClientStateMismatch(NotificationError):
    """The `clientState` of an item is not the one its subscription was made with."""

    def __init__(self, subscription_id: str) -> None:
        self.subscription_id = subscription_id
        super().__init__(f"clientState of subscription {subscription_id!r} differs from the stored one")


class GraphError(GraphsyncError):
    """Graph refused or failed a request; carries what Microsoft's support asks for."""

    def __init__(self, operation: str, *, status: int = 0, code: str = "", request_id: str = "") -> None:
        self.operation = operation
        self.status = status
        self.code = code
        self.request_id = request_id
        super().__init__(f"{operation}: Graph answered {status or 'nothing'} {code!r} (request-id {request_id!r})")


class GraphTransient(GraphError):
    """It may pass: wait `retry_after`, or back off where Graph names no time (None)."""

    def __init__(
        self,
        operation: str,
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(operation, status=status, code=code, request_id=request_id)
        self.retry_after = retry_after


class GraphThrottled(GraphTransient):
    """429: the request was not carried out."""


class GraphUnavailable(GraphTransient):
    """5xx or no answer: the request may have been carried out all the same."""


class GraphConflict(GraphError):
    """409 or 412: our picture is stale; fetch again and decide again."""

    def __init__(
        self, operation: str, *, status: int = 0, code: str = "", request_id: str = "", existing_id: str = ""
    ) -> None:
        super().__init__(operation, status=status, code=code, request_id=request_id)
        self.existing_id = existing_id


class GraphNotFound(GraphError):
    """404, or 410 of a resource: a fact for `decide`, seldom a failure."""


class DeltaExpired(GraphError):
    """410 on a delta or next link: start a full round."""


class GraphAuthError(GraphError):
    """401, 403, or msal refuses: the operator acts; work waits and nothing is lost."""


class TokenRefused(GraphAuthError):
    """Entra ID, or msal before it, gives no token; `advice` says what the tenant admin has to do."""

    def __init__(self, *, code: str, advice: str, request_id: str = "") -> None:
        super().__init__("acquire_token", code=code, request_id=request_id)
        self.advice = advice

    def __str__(self) -> str:
        """Return code and advice; never the secret, nor Entra ID's text, which names the application."""
        return f"{self.operation}: no token, {self.code!r} (correlation id {self.request_id!r}): {self.advice}"


class GraphRejected(GraphError):
    """Any other 4xx: our own bug; not retried, kept with its request id."""


class NotKnown(GraphsyncError):
    """What was asked about is not known here, or not any more; the message says what would be."""


class OrderRefused(GraphsyncError):
    """What a coordinator ordered cannot be: nothing was written; the message says why, and what would do."""


class WriteRefused(GraphsyncError):
    """Something was to be written to Graph where it is only read: a bug of ours, and nothing was sent."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(f"{operation} would change something where Graph is only read: report it; nothing was sent")


class ActionRefused(GraphsyncError):
    """A precondition or a cap does not hold any more: recorded as the action's outcome."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ReservationConflict(GraphsyncError):
    """The database refused a reservation that overlaps one graphsync has made already."""


class StoreUnavailable(GraphsyncError):
    """The database is locked, full or gone: the request is answered 5xx, so that Graph sends it again."""


class ServiceFailed(GraphsyncError):
    """The service did not start, ended by itself, or did not come to rest in time; carries the end of its log."""

    def __init__(self, what: str, log_tail: str) -> None:
        self.log_tail = log_tail
        super().__init__(f"{what}; its log ends with:\n{log_tail}" if log_tail else f"{what}; its log is empty")


class ServiceDied(ServiceFailed):
    """The connection to the service ended while an answer was awaited."""


class NoRest(GraphsyncError):
    """At one instant deliveries and runs brought each other about without end."""

    def __init__(self, instant: datetime, rounds: int) -> None:
        self.instant = instant
        super().__init__(f"at {instant.isoformat()} the service had new work after each of {rounds} runs")


# Waits that Graph does not name: doubled from the first to the last, then given back to the outbox.
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=30)


def need_retry(error: Exception, attempt: int) -> timedelta | None:
    """Return how long to wait before attempt `attempt + 1`, or None where repeating cannot help.

    Args:
        error: what the last attempt raised.
        attempt: how many attempts were made, from 1.
    """
    if not isinstance(error, GraphTransient):
        return None
    if error.retry_after is not None:
        return error.retry_after
    doubled: timedelta = FIRST_WAIT * (1 << min(attempt, 20) - 1)
    return min(doubled, LONGEST_WAIT)
