"""Every operation of the sandbox by Microsoft's typed builders and models (msgraph-sdk), over TLS.

An operation that is served must have its call in a module of `sdk_operations`: `@by_sdk("nameOfTheOperation")` above a
coroutine that makes what it needs, calls the SDK, and looks at the model it gets. A new module there is found. What the
SDK cannot call is in `WITHOUT_SDK`, with the reason.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from contract.sdk_operations.registry import ANA, OPERATIONS, Scene
from contract.sign_in_client import CALLBACK, Browser
from contract.teams_builders import CLIENT_ID, a_manifest
from contract.wire_client import CERTIFICATES, a_world, serving, token_of
from contract.wire_receiver import receiving
from msgraph import graph_request_adapter

from graphsync.graph import sdk
from graphsync.sandbox.face import routes_bots
from graphsync.sandbox.scenarios.scenario_file import served_operations, served_permissions
from graphsync.sandbox.tenant.directory import Profile, Room

# The generated packages warn, when imported, of classes of their own.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

SUBJECTS = sorted(
    f"contract.sdk_operations.{module.stem}"
    for module in (Path(__file__).parent / "sdk_operations").glob("*.py")
    if module.stem != "registry"
)
# All are named before the first is imported: some import each other.
pytest.register_assert_rewrite(*SUBJECTS)
for subject in SUBJECTS:
    import_module(subject)

# Operations the SDK has no call for, with the reason.
WITHOUT_SDK: dict[str, str] = {
    "batch": "msgraph_core.requests imports the package 'deprecated', which msgraph-core does not require; "
    "test_sandbox_batch.py sends what it would write",
    "upgradeInstalledApp": "the SDK has `upgrade` for the apps of chats and teams, none for those of a person; "
    "test_sandbox_teams_apps.py posts it",
}


class StaticToken(sdk.AccessTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self._token

    def get_allowed_hosts_validator(self):
        return sdk.AllowedHostsValidator(["localhost"])


@pytest.fixture(scope="module")
def loop():
    """One event loop for all calls: the client keeps its connections in it."""
    with asyncio.Runner() as runner:
        yield runner


def a_tenant():
    """The tenant of the wire tests with groups, a room and a Teams app, whose application may do anything."""
    world = a_world()
    world.add_application(
        client_id=CLIENT_ID,
        secret="secret",
        permissions=dict.fromkeys(served_permissions()),
        redirect_uris=[CALLBACK],
    )
    world.grant_meeting_policy()
    world.add_teams_app(a_manifest())
    world.add_user(
        address="dee@fabrikam.test",
        display_name="Dee",
        windows_time_zone="UTC",
        profile=Profile(department="Platform", manager=ANA),
    )
    world.add_room_list("b1@fabrikam.test", "Building 1")
    world.add_user(
        address="r1@fabrikam.test",
        display_name="Room 1",
        windows_time_zone="UTC",
        purpose="room",
        room=Room(building="B1", floor_number=2, capacity=6, room_list="b1@fabrikam.test"),
    )
    new = world.add_group("New hires", ["bo@fabrikam.test", "dee@fabrikam.test"])
    world.add_group("Mentoring", [ANA, new], mail="mentoring@fabrikam.test")
    return world


def client_with(token, server, network):
    """Return a client of the SDK that sends this token."""
    adapter = sdk.GraphRequestAdapter(
        sdk.BaseBearerTokenAuthenticationProvider(StaticToken(token)),
        # With the SDK's own options, by which `/users/me-token-to-replace` becomes `/me`.
        client=sdk.GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(transport=network), options=graph_request_adapter.options
        ),
    )
    adapter.base_url = server.graph_url
    return sdk.GraphServiceClient(request_adapter=adapter)


@pytest.fixture(scope="module")
def scene(loop, tmp_path_factory):
    world = a_tenant()
    certificate, key = CERTIFICATES.issue(tmp_path_factory.mktemp("receiver"))
    # The SDK puts its own transport around this one and does not close it.
    network = httpx.AsyncHTTPTransport(verify=CERTIFICATES.ssl_context(), trust_env=False)
    with serving(world) as server, receiving(certificate, key) as receiver:
        with Browser(server) as browser:
            anas = browser.redeem(browser.sign_in(ANA, client_id=CLIENT_ID), client_id=CLIENT_ID).json()
        yield Scene(
            client=client_with(token_of(server, CLIENT_ID), server, network),
            as_ana=client_with(anas["access_token"], server, network),
            world=world,
            receiver=receiver,
        )
        loop.run(network.aclose())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_sdk_understands(operation, scene, loop):
    before = scene.world.request_counts.get(operation, 0)
    loop.run(OPERATIONS[operation](scene))
    assert scene.world.request_counts.get(operation, 0) > before


def test_every_operation_that_is_served_has_its_call():
    assert set(OPERATIONS) & set(WITHOUT_SDK) == set()
    # Bots speak to the connector, which is no part of Graph: the Bot Framework has an SDK of its own.
    connector = {route.operation for route in routes_bots.ROUTES}
    assert sorted(served_operations() - connector) == sorted({*OPERATIONS, *WITHOUT_SDK})
