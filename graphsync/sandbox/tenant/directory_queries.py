"""Query options as the directory takes them: pages by token, counts and advanced filters by `ConsistencyLevel`.

Sources: https://learn.microsoft.com/graph/aad-advanced-queries, https://learn.microsoft.com/graph/paging
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from graphsync.sandbox.face.calls import METADATA, Answer, Call
from graphsync.sandbox.face.odata import AnyOf, Filter, Joined, Lookup, matches
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.refusals import GraphRefusal, not_served

T = TypeVar("T")

DEFAULT_PAGE, LARGEST_PAGE = 100, 999
# Only with ConsistencyLevel and $count: https://learn.microsoft.com/graph/aad-advanced-queries
_ADVANCED = frozenset({"ne", "endswith"})
_NEVER = frozenset({"contains"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """What a collection of the directory lets be asked: how an item is shown, by what it is filtered and ordered."""

    names: Sequence[str]
    show: Callable[[T, Sequence[str] | None], Json]
    filterable: Sequence[str] = ()
    orderable: Sequence[str] = ()

    def value(self, item: T, name: str) -> Any:
        """Return one property of an item."""
        return self.show(item, (name,))[name]


def unsupported_query(message: str) -> GraphRefusal:
    """Return the refusal for a query the directory does not do, or not without its header."""
    return GraphRefusal(400, "Request_UnsupportedQuery", message)


def is_eventual(call: Call) -> bool:
    """Return whether the caller takes an index that lags behind, which advanced queries need."""
    return call.request.headers.get("consistencylevel", "").lower() == "eventual"


def select_context(context: str, select: Sequence[str] | None) -> str:
    """Return a context with the selected properties named in it."""
    return context if select is None else f"{context}({','.join(select)})"


def selected(call: Call, listing: Listing[T], found: Sequence[T]) -> list[T]:
    """Return the items that meet `$filter`, in the order of `$orderby`.

    Raises:
        GraphRefusal: 400 `Request_UnsupportedQuery`; advanced without `ConsistencyLevel: eventual` and `$count=true`.
    """
    if call.query.take("$search") is not None:
        raise not_served("$search in the directory; filter by startsWith")
    wanted = call.query.filter(listing.filterable)
    order = call.query.order(listing.orderable)
    counted = call.query.take("$count") == "true"
    _check_advanced(wanted, is_ordered=bool(order), is_advanced=counted and is_eventual(call))
    items = [item for item in found if wanted is None or matches(wanted, _lookup(listing, item))]
    for name, is_descending in reversed(order):
        items.sort(key=partial(_order, listing, name), reverse=is_descending)
    return items


def _lookup(listing: Listing[T], item: T) -> Lookup:
    return lambda path: listing.value(item, "/".join(path))


def _order(listing: Listing[T], name: str, item: T) -> str:
    return str(listing.value(item, name)).lower()


def _check_advanced(wanted: Filter | None, *, is_ordered: bool, is_advanced: bool) -> None:
    operators = _operators(wanted)
    if operators & _NEVER:
        raise unsupported_query(f"Unsupported Query: the operator '{min(operators & _NEVER)}' is not supported here.")
    if is_advanced:
        return
    advanced = operators & _ADVANCED
    if advanced or (is_ordered and wanted is not None):
        what = f"Operator '{min(advanced)}'" if advanced else "Sorting a filtered collection"
        raise unsupported_query(
            f"{what} is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to "
            "https://aka.ms/graph-docs/advanced-queries for more information"
        )


def _operators(wanted: Filter | None) -> set[str]:
    if wanted is None:
        return set()
    if isinstance(wanted, Joined):
        return {operator for part in wanted.parts for operator in _operators(part)}
    return _operators(wanted.inner) if isinstance(wanted, AnyOf) else {wanted.operator}


def listed(call: Call, context: str, listing: Listing[T], found: Sequence[T]) -> Answer:
    """Return a page of a collection of the directory; `$count` counts all of it, where the header allows it.

    Raises:
        GraphRefusal: 400; an option or a property the collection does not have.
    """
    select = call.query.select(listing.names)
    items = selected(call, listing, found)
    counted = call.query.take("$count") == "true" and is_eventual(call)
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    start = _start(call.query.take("$skiptoken"))
    call.query.finish()
    body: Json = {"@odata.context": METADATA + select_context(context, select)}
    if counted:
        body["@odata.count"] = len(items)
    if start + size < len(items):
        body["@odata.nextLink"] = call.link({"$skiptoken": _token(start + size)})
    body["value"] = [listing.show(item, select) for item in items[start : start + size]]
    return Answer(status=200, body=body)


def counted_only(call: Call, listing: Listing[T], found: Sequence[T]) -> Answer:
    """Return how many there are, as plain text.

    Raises:
        GraphRefusal: 400; the header is missing: https://learn.microsoft.com/graph/api/user-list.
    """
    if not is_eventual(call):
        raise GraphRefusal(400, "Request_BadRequest", "$count is not currently supported.")
    wanted = call.query.filter(listing.filterable)
    call.query.finish()
    _check_advanced(wanted, is_ordered=False, is_advanced=True)
    number = sum(wanted is None or matches(wanted, _lookup(listing, item)) for item in found)
    return Answer(status=200, content=str(number).encode(), headers={"Content-Type": "text/plain"})


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        written = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        written = ""
    number = written.removeprefix("from:")
    if not number.isascii() or not number.isdigit():
        raise GraphRefusal(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        )
    return int(number)
