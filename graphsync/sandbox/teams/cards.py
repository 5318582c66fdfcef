"""What a person can do on an Adaptive Card: its actions, and its inputs with what stands in them.

Source: https://adaptivecards.io/explorer/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphsync.errors import GraphsyncError
from graphsync.sandbox.refusals import close_to

Json = dict[str, Any]


class ClickRefused(GraphsyncError):
    """A person cannot click that; says what was found and what is there."""


class Button(NamedTuple):
    """An action of a card, with the card it stands on: a `ShowCard` has one of its own."""

    action: Mapping[str, Any]
    card: Mapping[str, Any]


def buttons_of(card: Mapping[str, Any]) -> list[Button]:
    """Return every action on a card, those of cards shown by it included."""
    return list(_buttons(card, card))


def _buttons(part: object, card: Mapping[str, Any]) -> Iterator[Button]:
    if isinstance(part, list):
        for item in part:
            yield from _buttons(item, card)
    if not isinstance(part, Mapping):
        return
    kind = str(part.get("type", ""))
    if kind.startswith("Action."):
        yield Button(part, card)
        shown = part.get("card")
        if kind == "Action.ShowCard" and isinstance(shown, Mapping):
            yield from _buttons(shown, {**shown, "body": [*_list(shown, "body"), *_list(card, "body")]})
        return
    for key, value in part.items():
        # Data is the bot's own, a fallback is for other clients, a refresh is not clicked.
        if key not in {"data", "fallback", "refresh", "authentication"}:
            yield from _buttons(value, card)


def _list(holder: Mapping[str, Any], key: str) -> list[Any]:
    value = holder.get(key)
    return value if isinstance(value, list) else []


def button(card: Mapping[str, Any], key: str) -> Button:
    """Return the action with this id, verb or title; the first that fits, in this order.

    Raises:
        ClickRefused: there is none.
    """
    found = buttons_of(card)
    for name in ("id", "verb", "title"):
        for item in found:
            if item.action.get(name) == key:
                return item
    known = [str(item.action.get(name)) for item in found for name in ("id", "verb", "title") if item.action.get(name)]
    raise ClickRefused(f"found no action {key!r} on the card; expected one it has{close_to(key, known)}")


def inputs_of(card: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the inputs on a card by their id."""
    return {str(item["id"]): item for item in _inputs(card)}


def _inputs(part: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, list):
        for item in part:
            yield from _inputs(item)
    if not isinstance(part, Mapping):
        return
    if str(part.get("type", "")).startswith("Input.") and isinstance(part.get("id"), str):
        yield part
        return
    for key, value in part.items():
        if key not in {"data", "fallback", "refresh", "authentication", "actions"}:
            yield from _inputs(value)


def filled(item: Button, typed: Mapping[str, str]) -> Json | str | None:
    """Return the data of an action with the inputs in it, as it is sent; data that is text takes none.

    Raises:
        ClickRefused: something was typed into an input that is not there, or a required one is empty.
    """
    inputs = inputs_of(item.card)
    unknown = [key for key in typed if key not in inputs]
    if unknown:
        raise ClickRefused(
            f"found no input {unknown[0]!r} on the card; expected one it has{close_to(unknown[0], inputs)}"
        )
    values: Json = {}
    for key, element in inputs.items():
        value = typed.get(key, element.get("value"))
        if value is None or value == "":
            if element.get("isRequired"):
                raise ClickRefused(f"found nothing in the input {key!r}; expected a value: it is required")
            continue
        values[key] = value
    data = item.action.get("data")
    if isinstance(data, str):
        return data
    if item.action.get("associatedInputs") == "none":
        values = {}
    return {**(data or {}), **values} if data is not None or values else None
