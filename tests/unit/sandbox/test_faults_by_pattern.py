"""Faults narrowed by path, by probability from the seed and by virtual time; what cannot strike is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from sandbox_builders import START, a_world

from graphsync.sandbox import Fault
from graphsync.sandbox.faults import ACTIVITY_KINDS, KINDS, NOTIFICATION_KINDS, REQUEST_KINDS, FaultKind
from graphsync.sandbox.scenarios.fields import Reading
from graphsync.sandbox.scenarios.scenario_file import served_operations
from graphsync.sandbox.scenarios.switches import fault_as_json, read_fault


def struck(world, *requests):
    """Return which of (operation, method, path) are struck, in order."""
    return [
        world.faults.strike(name, path, REQUEST_KINDS, method=method) is not None for name, method, path in requests
    ]


GET = ("getEvent", "GET", "/users/u1/events/e1")
PATCH = ("updateEvent", "PATCH", "/users/u1/events/e1")
VIEW = ("listCalendarView", "GET", "/users/u1/calendarView")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("PATCH /users/*/events/*", [False, True, False]),
        ("get /USERS/*", [True, False, True]),
        ("/users/*/events/*", [True, True, False]),
        ("*/calendarview", [False, False, True]),
        ("re:^(GET|PATCH) /users/[^/]+/events", [True, True, False]),
        ("re:/calendarView$", [False, False, True]),
    ],
)
def test_a_pattern_chooses_by_method_and_path(pattern, expected):
    world = a_world()
    world.faults.add(Fault(operation="*", kind="unavailable", path=pattern, times="always"))
    assert struck(world, GET, PATCH, VIEW) == expected


def test_a_glob_names_the_whole_path():
    world = a_world()
    world.faults.add(Fault(operation="*", kind="unavailable", path="/users/*/events", times="always"))
    assert struck(world, GET, ("createEvent", "POST", "/users/u1/events")) == [False, True]


def test_notifications_are_chosen_by_a_pattern_of_their_resource():
    world = a_world()
    world.faults.add(Fault(operation="notify", kind="lost", path="Users/*/Events/*", times="always"))
    assert world.faults.strike("notify", "Users/u1/Events/e1") is not None
    assert world.faults.strike("notify", "chats('c1')/messages('m1')") is None


def chances(seed, paths, count=200):
    world = a_world(seed=seed)
    world.faults.add(Fault(operation="*", kind="unavailable", probability=0.1))
    return {(path, ordinal): struck(world, ("getEvent", "GET", path))[0] for ordinal in range(count) for path in paths}


def test_a_probability_strikes_about_as_often_and_the_same_for_a_seed():
    first = chances(3, ["/a", "/b"])
    assert first == chances(3, ["/a", "/b"])
    assert first != chances(4, ["/a", "/b"])
    assert 20 <= sum(first.values()) <= 65


def test_chance_does_not_depend_on_the_order_in_which_paths_are_asked_for():
    assert chances(3, ["/a", "/b"]) == chances(3, ["/b", "/a"])


def test_a_fault_that_was_let_pass_by_chance_leaves_the_next_one_its_turn():
    world = a_world()
    world.faults.add(Fault(operation="*", kind="throttled", probability=1e-9))
    world.faults.add(Fault(operation="getEvent", kind="unavailable"))
    found = world.faults.strike("getEvent", "/users/u1/events/e1", REQUEST_KINDS, method="GET")
    assert found is not None
    assert found.kind == "unavailable"


def test_a_window_of_virtual_time_begins_and_ends():
    world = a_world()
    span = {"from_at": START + timedelta(hours=1), "until_at": START + timedelta(hours=2)}
    fault = world.faults.add(Fault(operation="getEvent", kind="gateway_timeout", **span))
    found = []
    for minutes in (0, 60, 119, 120):
        world.clock.set(START + timedelta(minutes=minutes))
        found += struck(world, GET)
    assert found == [False, True, True, False]
    assert fault.struck == 2


def test_without_a_probability_or_a_window_a_fault_strikes_once():
    assert Fault(operation="*", kind="dropped").times == 1
    assert Fault(operation="*", kind="dropped", path="/users/*").times == 1
    assert Fault(operation="*", kind="dropped", probability=0.5).times == "always"
    assert Fault(operation="*", kind="dropped", until_at=START, times=2).times == 2


def test_a_fault_is_removed_by_its_number():
    world = a_world()
    kept, gone = (world.faults.add(Fault(operation="*", kind="dropped")) for _ in range(2))
    assert world.faults.remove(gone.number)
    assert not world.faults.remove(gone.number)
    assert world.faults.waiting() == [kept]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"path": "re:("}, "is no regular expression"),
        ({"path": "users/*"}, "starts neither with"),
        ({"path": "FETCH /users/*"}, "starts neither with"),
        ({"probability": 0.0}, "over 0 and at most 1, not 0.0"),
        ({"probability": 1.5}, "not 1.5"),
        ({"times": 0}, "at least once, not 0"),
        ({"from_at": datetime(2026, 1, 5)}, "has no zone"),  # noqa: DTZ001 - naive is what is refused
        ({"from_at": START, "until_at": START}, "cannot end at"),
        ({"kind": "lost"}, "'lost' is no fault of '\\*'"),
    ],
)
def test_a_fault_that_cannot_strike_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Fault(**({"operation": "*", "kind": "unavailable"} | wrong))


def test_every_kind_has_a_sentence_and_a_page():
    kinds = {kind for part in get_args(FaultKind) for kind in get_args(part)}
    assert set(KINDS) == kinds == REQUEST_KINDS | NOTIFICATION_KINDS | ACTIVITY_KINDS
    assert all(kind.sentence and kind.page.startswith("https://") for kind in KINDS.values())


def test_a_fault_is_read_as_it_is_written():
    written = {
        "kind": "lost",
        "path": "Users/*",
        "from": "2026-01-05T08:00:00+00:00",
        "until": "2026-01-06T08:00:00+00:00",
        "probability": 0.5,
        "announce": True,
    }
    reading = Reading()
    fault = read_fault(reading, written, (), served_operations())
    assert reading.misfits == []
    assert fault is not None
    assert (fault.operation, fault.until_at) == ("notify", datetime(2026, 1, 6, 8, tzinfo=UTC))
    shown = fault_as_json(fault)
    assert {key: shown[key] for key in written} == written
