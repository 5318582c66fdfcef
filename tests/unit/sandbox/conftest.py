from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphsync.sandbox import Behavior, VirtualClock, World
from graphsync.sandbox.directory import User

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def a_world(*, seed: int = 7, behavior: Behavior | None = None) -> World:
    return World(clock=VirtualClock(START), seed=seed, behavior=behavior)


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def ana(world: World) -> User:
    return world.add_user(
        address="ana@fabrikam.test", display_name="Ana Kim", windows_time_zone="Romance Standard Time"
    )


@pytest.fixture
def bo(world: World) -> User:
    return world.add_user(
        address="bo@fabrikam.test", display_name="Bo Lee", windows_time_zone="Eastern Standard Time"
    )
