from __future__ import annotations

import pytest
from sandbox_builders import a_world

from graphsync.sandbox import World
from graphsync.sandbox.tenant.directory import User


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
    return world.add_user(address="bo@fabrikam.test", display_name="Bo Lee", windows_time_zone="Eastern Standard Time")
