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
from contract.sdk_operations.registry import OPERATIONS, Scene
from contract.wire_client import CERTIFICATES, a_world, serving, token_of
from contract.wire_receiver import receiving

from graphsync.graph import sdk
from graphsync.sandbox.scenarios.scenario_file import served_operations

# The generated packages warn, when imported, of classes of their own.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

for module in sorted((Path(__file__).parent / "sdk_operations").glob("*.py")):
    if module.stem != "registry":
        pytest.register_assert_rewrite(f"contract.sdk_operations.{module.stem}")
        import_module(f"contract.sdk_operations.{module.stem}")

# Operations the SDK has no call for, with the reason.
WITHOUT_SDK: dict[str, str] = {
    "batch": "msgraph_core.requests imports the package 'deprecated', which msgraph-core does not require; "
    "test_sandbox_batch.py sends what it would write",
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


@pytest.fixture(scope="module")
def scene(loop, tmp_path_factory):
    world = a_world()
    certificate, key = CERTIFICATES.issue(tmp_path_factory.mktemp("receiver"))
    # The SDK puts its own transport around this one and does not close it.
    network = httpx.AsyncHTTPTransport(verify=CERTIFICATES.ssl_context(), trust_env=False)
    with serving(world) as server, receiving(certificate, key) as receiver:
        adapter = sdk.GraphRequestAdapter(
            sdk.BaseBearerTokenAuthenticationProvider(StaticToken(token_of(server))),
            client=sdk.GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=network)),
        )
        adapter.base_url = server.graph_url
        yield Scene(client=sdk.GraphServiceClient(request_adapter=adapter), world=world, receiver=receiver)
        loop.run(network.aclose())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_sdk_understands(operation, scene, loop):
    before = scene.world.request_counts.get(operation, 0)
    loop.run(OPERATIONS[operation](scene))
    assert scene.world.request_counts.get(operation, 0) > before


def test_every_operation_that_is_served_has_its_call():
    assert set(OPERATIONS) & set(WITHOUT_SDK) == set()
    assert sorted(served_operations()) == sorted({*OPERATIONS, *WITHOUT_SDK})
