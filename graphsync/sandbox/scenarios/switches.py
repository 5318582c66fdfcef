"""The switches of `Behavior` and faults as people write them: by name, in JSON or YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.faults import ACTIVITY, ACTIVITY_KINDS, KINDS, NOTIFICATION_KINDS, NOTIFY, Fault, kinds_of
from graphsync.sandbox.scenarios.fields import (
    LONGEST_S,
    Field,
    Path,
    Reader,
    Reading,
    Unfit,
    by_annotation,
    described,
    flag,
    instant,
    number,
    one_of,
    text,
    written,
)

# What the keys of a written fault are called in `Fault`, where it is not the same.
_ATTRIBUTES = {"from": "from_at", "until": "until_at"}


def behavior_fields() -> dict[str, Field]:
    """Return the switches by name."""
    hints = get_type_hints(Behavior)
    return {switch.name: Field(by_annotation(hints[switch.name])) for switch in fields(Behavior)}


def behavior_as_json(behavior: Behavior) -> dict[str, object]:
    """Return the switches as they stand."""
    return {switch.name: written(getattr(behavior, switch.name)) for switch in fields(Behavior)}


def set_switches(behavior: Behavior, switches: Mapping[str, Any]) -> None:
    """Set switches, already read, in place."""
    for name, value in switches.items():
        setattr(behavior, name, value)


def _times(value: object) -> Any:
    if value == "always":
        return value
    try:
        return number(1)(value)
    except Unfit as unfit:
        raise Unfit(unfit.found, f"{unfit.expected}, or 'always'") from unfit


def _anything(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit(described(value), "text")
    return value


def fault_fields(operations: frozenset[str]) -> dict[str, Field]:
    """Return the keys of a written fault; `operations` are the names that exist."""
    kinds: Reader = one_of(list(KINDS))
    return {
        "operation": Field(one_of(["*", NOTIFY, ACTIVITY, *sorted(operations)])),
        "kind": Field(kinds, required=True),
        "times": Field(_times),
        "skip": Field(number(0)),
        "subject": Field(_anything),
        "path": Field(text),
        "probability": Field(number(0, 1, whole=False, above=True)),
        "from": Field(instant),
        "until": Field(instant),
        "retry_after_s": Field(number(0, LONGEST_S)),
        "hold_s": Field(number(0, 600, whole=False)),
        "delay_s": Field(number(0, LONGEST_S, whole=False)),
        "announce": Field(flag),
    }


def read_fault(reading: Reading, value: object, path: Path, operations: frozenset[str]) -> Fault | None:
    """Return the fault that `value` describes, or None with the misfits told.

    Without an operation it is any request, `notify` where the kind is one of notifications, `tellBot` where it is one
    of activities to bots.
    """
    before = len(reading.misfits)
    found = reading.record(value, path, fault_fields(operations))
    if len(reading.misfits) > before:
        return None
    operation = found.pop("operation", _usual_operation(found["kind"]))
    fitting = kinds_of(operation)
    if found["kind"] not in fitting:
        reading.tell((*path, "kind"), f"{found['kind']!r} with operation {operation!r}", f"one of {sorted(fitting)}")
        return None
    try:
        return Fault(operation=operation, **{_ATTRIBUTES.get(key, key): item for key, item in found.items()})
    except ValueError as error:
        reading.tell(path, f"a fault that cannot be: {error}", "a fault that can strike")
        return None


def _usual_operation(kind: str) -> str:
    if kind in NOTIFICATION_KINDS:
        return NOTIFY
    return ACTIVITY if kind in ACTIVITY_KINDS else "*"


def fault_as_json(fault: Fault) -> dict[str, object]:
    """Return a fault as it is written, with its number and how often it has struck; what is not set is left out."""
    shown: dict[str, object] = {"id": fault.number, "struck": fault.struck}
    for key in fault_fields(frozenset()):
        value = getattr(fault, _ATTRIBUTES.get(key, key))
        if value is not None and value != "":
            shown[key] = written(value)
    return shown
