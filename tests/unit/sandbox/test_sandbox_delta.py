"""Delta rounds: whatever happens between and during them, applying them gives the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_builders import a_world, an_event

from graphsync.sandbox import Behavior, GraphRefusal

START = datetime(2026, 1, 12, tzinfo=UTC)
END = datetime(2026, 1, 19, tzinfo=UTC)


def body_on(day: int) -> dict:
    return an_event(start=f"2026-01-{day:02d}T10:00:00", end=f"2026-01-{day:02d}T11:00:00")


def follow(world, user, token, size, known, between=lambda: None):
    """Follow a round to its end, applying each page to `known`; `between` is called between the pages."""
    found = (
        world.delta.begin(user, START, END, size) if token is None else world.delta.resume(user, token, "delta", size)
    )
    while True:
        for item in found.items:
            if isinstance(item, str):
                known.pop(item, None)
            else:
                known[item.id] = (item.start, item.subject)
        if found.kind == "delta":
            return found.token
        between()
        found = world.delta.resume(user, found.token, "skip", size)


def expected(world, user):
    return {
        event.id: (event.start, event.subject)
        for event in world.events(user)
        if event.start < END and event.end > START
    }


CHANGES = st.lists(
    st.tuples(st.sampled_from(["create", "move", "rename", "delete"]), st.integers(0, 30), st.integers(8, 22)),
    max_size=12,
)


def change(world, user, steps):
    for kind, which, day in steps:
        events = world.events(user)
        if kind == "create" or not events:
            world.create_event(user, body_on(day), actor="x")
            continue
        event = events[which % len(events)]
        if kind == "delete":
            world.delete_event(user, event.id, actor="x")
        elif kind == "rename":
            world.patch_event(user, event.id, {"subject": f"no {which}"}, actor="x")
        else:
            times = {name: body_on(day)[name] for name in ("start", "end")}
            world.patch_event(user, event.id, times, actor="x")


@settings(deadline=None, max_examples=60)
@given(before=CHANGES, during=CHANGES, after=CHANGES, size=st.integers(1, 5), empty=st.booleans())
def test_rounds_converge_to_the_calendar(before, during, after, size, empty):
    world = a_world(behavior=Behavior(empty_delta_pages=empty))
    user = world.add_user(address="ana@fabrikam.test", display_name="Ana", windows_time_zone="UTC")
    change(world, user, before)
    known: dict = {}
    waiting = list(during)

    def between() -> None:
        if waiting:
            change(world, user, [waiting.pop()])

    token = follow(world, user, None, size, known, between)
    change(world, user, after)
    token = follow(world, user, token, size, known)
    assert known == expected(world, user)
    assert follow(world, user, token, size, known)


def test_a_change_outside_the_window_comes_as_removed_even_if_never_seen(world, ana):
    token = follow(world, ana, None, 10, {})
    event = world.create_event(ana, body_on(25), actor="x")
    assert world.delta.resume(ana, token, "delta", 10).items == [event.id]


def test_a_changed_series_is_sent_whole_in_one_page(world, ana):
    recurrence = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-01-13", "numberOfOccurrences": 4},
    }
    body = {**body_on(13), "recurrence": recurrence}
    world.create_event(ana, body, actor="x")
    found = world.delta.begin(ana, START, END, 1)
    assert [item.type for item in found.items] == ["seriesMaster", *["occurrence"] * 4]


def test_tokens_from_before_the_state_was_dropped_are_gone(world, ana):
    token = follow(world, ana, None, 10, {})
    world.expire_delta_tokens(ana)
    with pytest.raises(GraphRefusal) as refused:
        world.delta.resume(ana, token, "delta", 10)
    assert (refused.value.status, refused.value.code) == (410, "SyncStateNotFound")
    assert follow(world, ana, None, 10, {})


def test_a_token_of_another_mailbox_or_no_token_is_refused(world, ana, bo):
    token = follow(world, ana, None, 10, {})
    with pytest.raises(GraphRefusal) as refused:
        world.delta.resume(bo, token, "delta", 10)
    assert refused.value.status == 410
    with pytest.raises(GraphRefusal) as refused:
        world.delta.resume(ana, "nonsense!", "delta", 10)
    assert refused.value.status == 400


def test_the_window_moves_only_with_a_new_round(world, ana):
    token = follow(world, ana, None, 10, {})
    world.clock.set(world.clock.now() + timedelta(days=30))
    assert world.delta.resume(ana, token, "delta", 10).items == []
