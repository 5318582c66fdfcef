"""Every kind of fault at once: where each can strike, which comes first, and how it is told."""

from __future__ import annotations

import pytest

from graphsync.cli import demo
from graphsync.sandbox.demo.story import troubles
from graphsync.sandbox.faults import (
    ACTIVITY,
    ACTIVITY_KINDS,
    KINDS,
    NOTIFICATION_KINDS,
    NOTIFY,
    every_fault,
    operations_of,
)
from graphsync.sandbox.scenarios.scenario_file import served_operations


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_befalls_operations_that_are_served(kind):
    operations = operations_of(kind)
    assert operations
    if kind in NOTIFICATION_KINDS:
        assert operations == (NOTIFY,)
    elif kind in ACTIVITY_KINDS:
        assert operations == (ACTIVITY,)
    else:
        assert set(operations) <= {"*", *served_operations()}


def test_there_is_one_fault_for_each_kind_and_operation():
    faults = every_fault(0.05, hold_s=0.5)
    found = [(fault.kind, fault.operation) for fault in faults]
    assert sorted(found) == sorted((kind, operation) for kind in KINDS for operation in operations_of(kind))
    assert {(fault.probability, fault.hold_s, fault.times) for fault in faults} == {(0.05, 0.5, "always")}


def test_what_can_befall_one_operation_alone_is_not_behind_what_befalls_any(world):
    for fault in every_fault(1.0, hold_s=0.0):
        world.faults.add(fault)
    for kind, about in KINDS.items():
        for operation in set(about.operations) - {"*"}:
            struck = world.faults.strike(operation, "/some/path", [kind])
            assert struck is not None
            assert struck.kind == kind
    first = world.faults.strike("calendarViewDelta", "/some/path")
    assert first is not None
    assert first.operation == "calendarViewDelta"


def test_the_same_requests_are_struck_by_the_same_faults(world):
    def struck(faults):
        for fault in every_fault(0.05, hold_s=0.0):
            faults.add(fault)
        hits = [faults.strike("getEvent", f"/users/u/events/{number % 7}") for number in range(400)]
        faults.clear()
        return [None if fault is None else fault.kind for fault in hits]

    first = struck(type(world.faults)(world.clock, world.draws))
    assert first == struck(type(world.faults)(world.clock, world.draws))
    assert 0.2 < sum(kind is not None for kind in first) / 400 < 0.5


def test_what_struck_is_told_in_one_line_the_most_frequent_first():
    told = troubles({"lost": 3, "throttled": 1204, "delta_expired": 0, "delayed": 3}, 2.5)
    assert told == ("Faults, each at 2.5 %, struck 1,210 times: throttled 1,204, delayed 3, lost 3, delta_expired 0")


@pytest.mark.parametrize(
    ("arguments", "percent"),
    [([], None), (["--faults"], 5.0), (["--faults", "--headless"], 5.0), (["--faults", "0.5"], 0.5)],
    ids=str,
)
def test_the_command_takes_a_chance_or_its_own(arguments, percent):
    assert demo.make_context("demo", list(arguments)).params["fault_percent"] == percent
