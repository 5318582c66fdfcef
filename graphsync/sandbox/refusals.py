"""What Graph answers when it refuses: status, `error.code`, message.

Source: https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches

from graphsync.errors import GraphsyncError

NOT_FOUND_TEXT = "The specified object was not found in the store."


class GraphRefusal(GraphsyncError):
    """Graph says no.

    `annotations` are further members of `error`, `inner` of its `innerError`, `headers` further answer headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        annotations: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, object] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.annotations = dict(annotations or {})
        self.headers = dict(headers or {})
        self.inner = dict(inner or {})
        super().__init__(f"{status} {code}: {message}")


def item_not_found() -> GraphRefusal:
    """Return the refusal for an id that is not in this mailbox, already gone, or of another mailbox."""
    return GraphRefusal(404, "ErrorItemNotFound", NOT_FOUND_TEXT)


def invalid_request(message: str) -> GraphRefusal:
    """Return the refusal for a request that is well formed and may not be done."""
    return GraphRefusal(400, "ErrorInvalidRequest", message)


def invalid_property(message: str) -> GraphRefusal:
    """Return the refusal for a property value Graph does not take."""
    return GraphRefusal(400, "ErrorPropertyValidationFailure", f"At least one property failed validation. {message}")


def bad_request(message: str) -> GraphRefusal:
    """Return the refusal for something that is not Graph at all."""
    return GraphRefusal(400, "BadRequest", message)


def not_served(message: str) -> GraphRefusal:
    """Return the refusal for what Graph has and the sandbox has not: a reader must be able to tell the two apart."""
    return GraphRefusal(501, "NotImplemented", f"Not served by the sandbox: {message}")


_noted: ContextVar[list[str] | None] = ContextVar("noted", default=None)


@contextmanager
def unknown_names(*, refused: bool) -> Iterator[list[str]]:
    """Decide for what runs within what happens to options and keys nobody knows; yield what was let pass."""
    noted: list[str] = []
    before = _noted.set(None if refused else noted)
    try:
        yield noted
    finally:
        _noted.reset(before)


def refuse_unknown(refusal: GraphRefusal) -> None:
    """Raise the refusal for a name nobody knows, or note it where such names are let pass (`unknown_names`)."""
    noted = _noted.get()
    if noted is None:
        raise refusal
    noted.append(refusal.message)


def close_to(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` with what comes close to `name`, or with all that is known if it is little."""
    by_lower = {item.lower(): item for item in known}
    close = get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.6)
    if close:
        return " (did you mean " + " or ".join(repr(by_lower[item]) for item in close) + "?)"
    if 0 < len(by_lower) <= 12:
        return " (known here: " + ", ".join(sorted(by_lower.values())) + ")"
    return ""
