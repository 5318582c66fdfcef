"""Microsoft's own SDK, pointed at the sandbox: what the tests of typed builders share."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx
import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory
from wire_client import CERTIFICATES, token_of

# Each generated builder warns of its own older classes while it is imported.
GENERATED = pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")


class _Token(AccessTokenProvider):
    def __init__(self, token):
        self._token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self._token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator(["localhost"])


@asynccontextmanager
async def sdk_of(server):
    """Give a client of the official SDK that is signed in as `app`."""
    # The middleware of the SDK stands before this transport and does not close it.
    async with httpx.AsyncHTTPTransport(verify=CERTIFICATES.ssl_context()) as transport:
        plain = httpx.AsyncClient(transport=transport)
        adapter = GraphRequestAdapter(
            BaseBearerTokenAuthenticationProvider(_Token(token_of(server))),
            client=GraphClientFactory.create_with_default_middleware(client=plain),
        )
        adapter.base_url = server.graph_url
        yield GraphServiceClient(request_adapter=adapter)
