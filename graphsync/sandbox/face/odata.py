"""OData query options: $select, $filter, $orderby, $expand, $top, $skip, read strictly.

An option or a property an endpoint does not take is refused, with what comes close.
Source: https://learn.microsoft.com/graph/query-parameters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graphsync.sandbox.refusals import GraphRefusal, close_to, refuse_unknown

Value = str | int | bool | datetime | tuple[Any, ...] | None
# What a filter sees of an item: the value at a path such as ("from", "emailAddress", "address").
Lookup = Callable[[tuple[str, ...]], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)"
    r"|(?P<number>-?\d+(?![\w-]))"
    r"|(?P<word>[A-Za-z_@$][\w@.$]*(?:/[A-Za-z_@$][\w@.$]*)*)"
    r"|(?P<sign>[(),:]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: bool(left == right),
    "ne": lambda left, right: bool(left != right),
    "gt": lambda left, right: left is not None and bool(left > right),
    "ge": lambda left, right: left is not None and bool(left >= right),
    "lt": lambda left, right: left is not None and bool(left < right),
    "le": lambda left, right: left is not None and bool(left <= right),
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "contains": lambda text, part: part in text,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a filter: `operator` is a comparison or a function of text."""

    path: tuple[str, ...]
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`path/any(v: condition)`: some member of a collection meets `inner`, whose paths start at the member."""

    path: tuple[str, ...]
    inner: Filter


@dataclass(frozen=True, slots=True)
class Joined:
    """Filters joined by `and` or `or`."""

    operator: str
    parts: tuple[Filter, ...]


Filter = Condition | AnyOf | Joined


def invalid_query(message: str) -> GraphRefusal:
    """Return the refusal for a query option that is not understood."""
    return GraphRefusal(400, "BadRequest", message)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise invalid_query(f"Invalid filter clause: syntax error at position {position} in '{text}'.")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self.position = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def next(self) -> tuple[str, str]:
        token = self.peek()
        self.position += 1
        return token

    def expect(self, sign: str) -> None:
        if self.next() != ("sign", sign):
            raise invalid_query(f"Invalid filter clause: '{sign}' expected in '{self.text}'.")

    def is_word(self, word: str) -> bool:
        kind, text = self.peek()
        return kind == "word" and text.lower() == word

    def disjunction(self, variable: str) -> Filter:
        return self._joined("or", lambda: self._joined("and", lambda: self.primary(variable)))

    def _joined(self, word: str, part: Callable[[], Filter]) -> Filter:
        parts = [part()]
        while self.is_word(word):
            self.next()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def primary(self, variable: str) -> Filter:
        kind, text = self.next()
        if (kind, text) == ("sign", "("):
            inner = self.disjunction(variable)
            self.expect(")")
            return inner
        if kind != "word":
            raise invalid_query(f"Invalid filter clause: a property is expected, not '{text}', in '{self.text}'.")
        if text.lower() in _FUNCTIONS and self.peek() == ("sign", "("):
            return self._function(text.lower(), variable)
        head, _, last = text.rpartition("/")
        if last.lower() == "any" and self.peek() == ("sign", "("):
            return self._any(head)
        operator = self.next()[1].lower()
        if operator == "in":
            return Condition(self._path(text, variable), operator, self._listed())
        if operator not in _COMPARISONS:
            raise invalid_query(f"Invalid filter clause: operator '{operator}'{close_to(operator, _COMPARISONS)}.")
        return Condition(self._path(text, variable), operator, self.literal())

    def _listed(self) -> tuple[Value, ...]:
        self.expect("(")
        values = [self.literal()]
        while self.peek() == ("sign", ","):
            self.next()
            values.append(self.literal())
        self.expect(")")
        return tuple(values)

    def _function(self, name: str, variable: str) -> Condition:
        self.expect("(")
        path = self._path(self.next()[1], variable)
        self.expect(",")
        value = self.literal()
        self.expect(")")
        return Condition(path, name, value)

    def _any(self, collection: str) -> AnyOf:
        self.expect("(")
        variable = self.next()[1]
        self.expect(":")
        inner = self.disjunction(variable)
        self.expect(")")
        return AnyOf(tuple(collection.split("/")), inner)

    def _path(self, text: str, variable: str) -> tuple[str, ...]:
        parts = tuple(text.split("/"))
        if variable:
            if parts[0] != variable:
                raise invalid_query(f"Invalid filter clause: '{text}' does not start with '{variable}/'.")
            return parts[1:]
        return parts

    def literal(self) -> Value:
        kind, text = self.next()
        match kind:
            case "string":
                return text[1:-1].replace("''", "'")
            case "number":
                return int(text)
            case "time":
                instant = datetime.fromisoformat(text)
                return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
            case "word" if text.lower() in {"true", "false", "null"}:
                return {"true": True, "false": False, "null": None}[text.lower()]
            case _:
                raise invalid_query(f"Invalid filter clause: a value is expected, not '{text}', in '{self.text}'.")


def parse_filter(text: str, allowed: Iterable[str]) -> Filter:
    """Return the filter written in `text`; its paths are of `allowed`, in the spelling used there.

    Args:
        text: the value of `$filter`.
        allowed: paths that may be filtered on, such as `from/emailAddress/address`; of a collection its name.

    Raises:
        GraphRefusal: 400; a syntax error, or a property that cannot be filtered on.
    """
    parser = _Parser(text)
    parsed = parser.disjunction("")
    if parser.peek()[0] != "end":
        raise invalid_query(f"Invalid filter clause: '{parser.peek()[1]}' is not expected in '{text}'.")
    return _checked(parsed, {path.lower(): path for path in allowed})


def _checked(item: Filter, allowed: Mapping[str, str]) -> Filter:
    if isinstance(item, Joined):
        return Joined(item.operator, tuple(_checked(part, allowed) for part in item.parts))
    path = "/".join(item.path)
    known = allowed.get(path.lower())
    if known is None:
        raise GraphRefusal(
            400,
            "UnsupportedEntityExpression",
            f"The property '{path}' does not support filtering here{close_to(path, allowed.values())}.",
        )
    spelled = tuple(known.split("/"))
    return AnyOf(spelled, item.inner) if isinstance(item, AnyOf) else Condition(spelled, item.operator, item.value)


def matches(item: Filter, lookup: Lookup) -> bool:
    """Return whether an item meets the filter; `lookup` gives its values. Text is compared in any case of letters.

    Source: https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get (values in any case)
    """
    if isinstance(item, Joined):
        every = all if item.operator == "and" else any
        return every(matches(part, lookup) for part in item.parts)
    found = lookup(item.path)
    if isinstance(item, AnyOf):
        return any(matches(item.inner, lookup_in(member)) for member in found or ())
    if isinstance(item.value, tuple):
        return any(matches(Condition(item.path, "eq", value), lookup) for value in item.value)
    if item.operator in _FUNCTIONS:
        return isinstance(found, str) and _FUNCTIONS[item.operator](found.lower(), str(item.value).lower())
    if isinstance(found, str) and isinstance(item.value, str):
        return _COMPARISONS[item.operator](found.lower(), item.value.lower())
    return _COMPARISONS[item.operator](found, item.value)


def lookup_in(member: Mapping[str, Any]) -> Lookup:
    """Return what a filter sees of an item that is there as JSON."""

    def lookup(path: tuple[str, ...]) -> Any:
        value: Any = member
        for part in path:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    return lookup


def conditions(item: Filter) -> list[Condition]:
    """Return the plain conditions of a filter in the order they are written."""
    if isinstance(item, Joined):
        return [condition for part in item.parts for condition in conditions(part)]
    return [item] if isinstance(item, Condition) else []


class Query:
    """The query options of one request; every one must be asked for by the endpoint, or `finish` refuses it."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = {name.lower(): (name, value) for name, value in options.items()}
        self._taken: set[str] = set()

    def take(self, name: str) -> str | None:
        """Return the value of an option, in any case of its name, or None."""
        lowered = name.lower()
        self._taken.add(lowered)
        found = self._options.get(lowered)
        return found[1] if found else None

    def number(self, name: str, default: int, highest: int, lowest: int = 1) -> int:
        """Return a number within its bounds.

        Raises:
            GraphRefusal: 400; it is no number, or out of bounds.
        """
        text = self.take(name)
        if text is None:
            return default
        if not text.isdigit() or not lowest <= int(text) <= highest:
            raise invalid_query(f"Invalid value '{text}' for {name}: a number from {lowest} to {highest} is expected.")
        return int(text)

    def select(self, known: Iterable[str]) -> tuple[str, ...] | None:
        """Return the selected properties in the spelling of `known`, or None if all are wanted.

        Raises:
            GraphRefusal: 400; a property does not exist.
        """
        text = self.take("$select")
        if text is None:
            return None
        by_lower = {name.lower(): name for name in known}
        chosen: list[str] = []
        for part in text.split(","):
            name = by_lower.get(part.strip().lower())
            if name is None:
                raise invalid_query(
                    f"Parsing OData Select and Expand failed: Could not find a property named '{part.strip()}'"
                    f"{close_to(part.strip(), by_lower.values())}."
                )
            chosen.append(name)
        return tuple(dict.fromkeys(chosen))

    def filter(self, allowed: Iterable[str]) -> Filter | None:
        """Return the parsed `$filter`, or None."""
        text = self.take("$filter")
        return None if text is None else parse_filter(text, allowed)

    def order(self, allowed: Iterable[str]) -> list[tuple[str, bool]]:
        """Return the properties of `$orderby` with whether each is descending, in order.

        Raises:
            GraphRefusal: 400; a property cannot be ordered by.
        """
        text = self.take("$orderby")
        by_lower = {name.lower(): name for name in allowed}
        found: list[tuple[str, bool]] = []
        for part in (text or "").split(","):
            words = part.split()
            if not words:
                continue
            name = by_lower.get(words[0].lower())
            direction = words[1].lower() if len(words) > 1 else "asc"
            if name is None or direction not in {"asc", "desc"} or len(words) > 2:
                raise invalid_query(
                    f"$orderby '{part.strip()}' is not supported{close_to(words[0], by_lower.values())}."
                )
            found.append((name, direction == "desc"))
        return found

    def finish(self) -> None:
        """Refuse the options nobody asked for.

        Raises:
            GraphRefusal: 400; the endpoint does not have such an option.
        """
        for lowered, (name, _) in self._options.items():
            if lowered not in self._taken:
                refuse_unknown(
                    invalid_query(
                        f"The query specified in the URI is not valid: '{name}' is not supported here"
                        f"{close_to(name, self._taken)}."
                    )
                )


_EXPAND = re.compile(r"\s*singleValueExtendedProperties\s*\(\s*\$filter\s*=\s*(.+)\)\s*", re.I | re.S)
_EXCEPTIONS = re.compile(r"\s*exceptionOccurrences\s*(?:\(\s*\$select\s*=\s*([^()]+)\))?\s*", re.I)


def expansions(text: str) -> list[str]:
    """Return the parts of `$expand`: what stands between commas outside of parentheses and quotes."""
    return re.findall(r"(?:[^,()']|'[^']*'|\((?:[^()']|'[^']*'|\([^()]*\))*\))+", text)


def expanded_exceptions(text: str | None) -> tuple[bool, str | None, str | None]:
    """Return whether `$expand` asks for `exceptionOccurrences`, the `$select` within, and `$expand` without it."""
    parts = expansions(text or "")
    found = next((match for part in parts if (match := _EXCEPTIONS.fullmatch(part))), None)
    if found is None:
        return False, None, text
    rest = [part for part in parts if _EXCEPTIONS.fullmatch(part) is None]
    return True, found.group(1), ",".join(rest) or None


# A client asks for the same ones again and again.
@lru_cache(maxsize=256)
def expanded_properties(text: str | None) -> tuple[str, ...]:
    """Return the ids of the extended properties asked for by `$expand`.

    Raises:
        GraphRefusal: 400; anything but `singleValueExtendedProperties($filter=id eq '…')`, with `or` for several.
    """
    if text is None:
        return ()
    match = _EXPAND.fullmatch(text)
    if match is None:
        raise invalid_query(
            f"$expand '{text}' is not supported (known here: singleValueExtendedProperties($filter=id eq '…'), and "
            "exceptionOccurrences of one event)."
        )
    wanted = parse_filter(match.group(1), ("id",))
    found = conditions(wanted)
    if any(condition.operator != "eq" for condition in found):
        raise invalid_query("singleValueExtendedProperties are expanded by 'id eq'.")
    return tuple(str(condition.value) for condition in found)
