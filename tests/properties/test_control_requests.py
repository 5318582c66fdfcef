"""Whatever is sent to the control API, it is done or refused with a sentence; it never fails."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.control import Control, ControlRefusal
from graphsync.sandbox.faults import KINDS
from graphsync.sandbox.scenarios.switches import behavior_fields, fault_fields

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["always", "*", "notify", "getEvent", "2 hours", "1 day", "2026-01-06T08:00:00Z", *KINDS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["run_to", "step", "event", "response", *behavior_fields(), *fault_fields(frozenset({"getEvent"}))]
)
BODIES = VALUES | st.dictionaries(KEYS, VALUES, max_size=5)
TARGETS = st.sampled_from(
    [
        ("POST", "/clock"),
        ("POST", "/faults"),
        ("PATCH", "/behavior"),
        ("DELETE", "/faults/1"),
        ("GET", "/requests?last=3"),
        ("POST", "/people/ana@fabrikam.test/answer"),
        ("GET", "/people/%F0%9F/events"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(requests=st.lists(st.tuples(TARGETS, BODIES), max_size=4))
def test_every_request_is_done_or_refused(requests):
    world = World(clock=VirtualClock(START), seed=1)
    world.add_user(address="ana@fabrikam.test", display_name="Ana", windows_time_zone="Romance Standard Time")
    control = Control(world)
    for (method, target), body in requests:
        try:
            status, answer = control.respond(method, target, body)
        except ControlRefusal as refusal:
            status, answer = refusal.status, str(refusal)
        assert status in {200, 201, 400, 404}
        assert answer
        # What was taken can be met by a request without a failure of its own.
        world.faults.strike("getEvent", "/users/x/events/y", method="GET")
        world.faults.strike("notify", "Users/x/Events/y")
        control.respond("GET", "/behavior", None)
