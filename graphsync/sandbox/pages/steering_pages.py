"""Pages that steer: the clock, faults, switches. Their forms do what the control API does, and refuse in its words."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Literal, get_args, get_origin, get_type_hints

from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.faults import KINDS, NOTIFICATION_KINDS, NOTIFY
from graphsync.sandbox.pages.switch_notes import switch_notes
from graphsync.sandbox.pages.visits import Action, Done, Shown, Steering, View, Visit, path
from graphsync.sandbox.pages.words import in_utc, moment
from graphsync.sandbox.scenarios.scenario_file import served_operations
from graphsync.sandbox.scenarios.switches import behavior_as_json

# Fields of a new fault, and how each is written in JSON; what is left empty is left out.
_NUMBERS = frozenset({"times", "skip", "probability", "retry_after_s", "hold_s", "delay_s"})
_TEXTS = frozenset({"kind", "operation", "path", "subject", "from", "until"})


# The clock ---------------------------------------------------------------------------------------------------


def clock(steering: Steering, visit: Visit) -> Shown:
    """Show the time, and what lets it pass."""
    return Shown(
        template="clock.html",
        title="Clock",
        section="clock",
        values={"example": in_utc(steering.world.clock.now())},
    )


def pass_time(steering: Steering, visit: Visit) -> Done:
    """Let time pass: by a span, or to an instant."""
    body = {name: visit.form[name].strip() for name in ("step", "run_to") if visit.form.get(name, "").strip()}
    _, told = steering.respond("POST", "/clock", body)
    done = told["done"]
    things = f"{done} thing{'s' if done != 1 else ''} happened" if done else "nothing was due"
    return Done(f"It is {moment(datetime.fromisoformat(told['now']))} UTC; {things}.")


# Faults ------------------------------------------------------------------------------------------------------


def faults(steering: Steering, visit: Visit) -> Shown:
    """List the faults that wait, with a form for another."""
    _, told = steering.respond("GET", "/faults", None)
    return Shown(
        template="faults.html",
        title="Faults",
        section="faults",
        values={
            "faults": told["value"],
            "kinds": KINDS,
            "request_kinds": [name for name in KINDS if name not in NOTIFICATION_KINDS],
            "notification_kinds": [name for name in KINDS if name in NOTIFICATION_KINDS],
            "operations": ["*", NOTIFY, *sorted(served_operations())],
            "example": in_utc(steering.world.clock.now()),
        },
    )


def add_fault(steering: Steering, visit: Visit) -> Done:
    """Let another fault wait."""
    body: dict[str, object] = {
        name: _number(value.strip()) if name in _NUMBERS else value.strip()
        for name, value in visit.form.items()
        if name in _NUMBERS | _TEXTS and value.strip()
    }
    if visit.form.get("announce") == "true":
        body["announce"] = True
    _, told = steering.respond("POST", "/faults", body)
    return Done(f"Fault {told['id']} waits: {told['kind']} for {operation_words(told['operation'])}.")


def operation_words(operation: str) -> str:
    """Return an operation of a fault in words."""
    return {"*": "any request", NOTIFY: "notifications"}.get(operation, operation)


def clear_faults(steering: Steering, visit: Visit) -> Done:
    """Forget all faults."""
    _, told = steering.respond("DELETE", "/faults", None)
    return Done(f"Cleared {told['cleared']} fault{'s' if told['cleared'] != 1 else ''}.")


def remove_fault(steering: Steering, visit: Visit) -> Done:
    """Forget one fault."""
    steering.respond("DELETE", path("faults", visit.keys[0]), None)
    return Done(f"Removed fault {visit.keys[0]}.")


# Switches ----------------------------------------------------------------------------------------------------


def switches(steering: Steering, visit: Visit) -> Shown:
    """List the switches as they stand, in a form that sets them."""
    shipped = behavior_as_json(Behavior())
    hints = get_type_hints(Behavior)
    notes = switch_notes()
    rows = [
        {
            "name": name,
            "note": notes.get(name, ""),
            "value": _written(value),
            "shipped": _written(shipped[name]),
            "choices": _choices(hints[name]),
            "hint": _hint(hints[name]),
        }
        for name, value in steering.respond("GET", "/behavior", None)[1].items()
    ]
    return Shown(template="switches.html", title="Switches", section="switches", values={"switches": rows})


def set_switches(steering: Steering, visit: Visit) -> Done:
    """Set those switches whose field says something else than what stands."""
    standing = steering.respond("GET", "/behavior", None)[1]
    hints = get_type_hints(Behavior)
    changed = {
        switch.name: _read(visit.form[switch.name], hints[switch.name])
        for switch in fields(Behavior)
        if switch.name in visit.form and visit.form[switch.name].strip() != _written(standing[switch.name])
    }
    if not changed:
        return Done("Nothing was changed: each switch says what it said.")
    told = steering.respond("PATCH", "/behavior", changed)[1]
    return Done("Set " + ", ".join(f"{name} to {_written(told[name])}" for name in changed) + ".")


def _written(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "on" if value else "off"
        case list():
            # Either spans of time, any number of them, or the two ends of a draw.
            if all(isinstance(item, str) for item in value):
                return ", ".join(value)
            return " to ".join(f"{item:g}" for item in value)
        case _:
            return str(value)


def _choices(annotation: Any) -> list[str]:
    if annotation is bool:
        return ["on", "off"]
    return [str(choice) for choice in get_args(annotation)] if get_origin(annotation) is Literal else []


def _hint(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return "spans such as 30 seconds, 2 minutes" if timedelta in get_args(annotation) else "least to most"
    if type(None) in get_args(annotation):
        return "a span such as 2 days, or none" if timedelta in get_args(annotation) else "or none"
    return ""


def _read(text: str, annotation: Any) -> object:
    """Return what a field says as JSON has it; what cannot be read is left as it is, to be refused by name."""
    text = text.strip()
    if annotation is bool and text in {"on", "off"}:
        return text == "on"
    if get_origin(annotation) is Literal:
        return next((choice for choice in get_args(annotation) if str(choice) == text), text)
    if get_origin(annotation) is tuple and timedelta in get_args(annotation):
        return [part.strip() for part in text.split(",")]
    if get_origin(annotation) is tuple:
        return [_number(part.strip()) for part in text.split(" to ")]
    if type(None) in get_args(annotation) and text in {"", "none"}:
        return None
    return text if annotation is str else _number(text)


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


PAGES: tuple[tuple[str, View], ...] = (
    ("/page/clock", clock),
    ("/page/faults", faults),
    ("/page/switches", switches),
)
ACTIONS: tuple[tuple[str, Action], ...] = (
    ("/page/clock", pass_time),
    ("/page/faults", add_fault),
    ("/page/faults/clear", clear_faults),
    ("/page/faults/{id}/remove", remove_fault),
    ("/page/switches", set_switches),
)
