"""One way in and out of the SDK: a request goes through its pipeline, the answer comes back as bytes.

The SDK's models cost milliseconds an event to parse (docs/decisions/0003), so answers are taken before it looks at
them: a response handler returns the HTTP response itself, and msgspec decodes the few properties graphsync reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar, cast

import httpx
import msgspec

from graphsync.clock import Clock
from graphsync.errors import GraphAuthError, GraphUnavailable
from graphsync.graph import sdk
from graphsync.graph.failures import error_of_answer, error_of_no_answer
from graphsync.graph.network import proxy_for, tls_context
from graphsync.graph.permits import Permits
from graphsync.graph.retrying import Repeat, Sleep, with_retries
from graphsync.graph.tokens import GraphAccessTokenProvider
from graphsync.graph.wire import Page, decode

T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0

# Ids stay the same when an item moves to another folder (https://learn.microsoft.com/graph/outlook-immutable-id),
# and all times come in UTC.
_PREFER = ('IdType="ImmutableId"', 'outlook.timezone="UTC"')


class Transport:
    """Sends requests made by the SDK's builders; belongs to the event loop of the bridge.

    `graph` is the SDK's client, the root of all builders. `network` stands in for the real one, in tests.
    """

    def __init__(
        self,
        *,
        graph_url: str,
        tokens: GraphAccessTokenProvider,
        ca_file: Path | None,
        permits: Permits,
        clock: Clock,
        sleep: Sleep,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._tokens = tokens
        self._permits = permits
        self._clock = clock
        self._sleep = sleep
        self._network = network or httpx.AsyncHTTPTransport(verify=tls_context(ca_file), proxy=proxy_for(graph_url))
        self._http = _sdk_client(self._network, answer_timeout_s)
        self._adapter = sdk.GraphRequestAdapter(sdk.BaseBearerTokenAuthenticationProvider(tokens), client=self._http)
        self._adapter.base_url = graph_url.rstrip("/")
        self.graph = sdk.GraphServiceClient(request_adapter=self._adapter)

    async def read(
        self,
        operation: str,
        info: sdk.RequestInformation,
        shape: type[T],
        *,
        mailbox: str | None,
        repeat: Repeat = Repeat.ALWAYS,
        delta: bool = False,
        prefer: tuple[str, ...] = (),
    ) -> T:
        """Send a request and return its answer as `shape`.

        Args:
            operation: our name of the call, for errors and logs; without ids.
            info: from a builder's `to_…_request_information`.
            shape: a struct of `wire`.
            mailbox: the mailbox whose limits the call counts against, None if none.
            repeat: whether it may be sent again after an unclear failure.
            delta: whether it is part of a delta round.
            prefer: preferences beyond those of every request.

        Raises:
            GraphError: by status and code, see `failures`; an answer that is not what Graph documents is
                `GraphUnavailable` with the code `unreadable_answer`.
        """
        response = await self._send(operation, info, mailbox, repeat, delta=delta, prefer=prefer)
        try:
            return decode(shape, response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # Not chained: msgspec's message may quote what it found.
            raise GraphUnavailable(
                operation,
                status=response.status_code,
                code="unreadable_answer",
                request_id=response.headers.get("request-id", ""),
            ) from None

    async def do(self, operation: str, info: sdk.RequestInformation, *, mailbox: str | None, repeat: Repeat) -> None:
        """Send a request whose answer has no body of interest; see `read`."""
        await self._send(operation, info, mailbox, repeat)

    async def pages(
        self,
        operation: str,
        info: sdk.RequestInformation,
        item: type[T],
        *,
        mailbox: str | None,
        delta: bool = False,
        prefer: tuple[str, ...] = (),
    ) -> AsyncIterator[Page[T]]:
        """Yield a collection page by page, following the opaque next links; see `read`."""
        shape = cast("type[Page[T]]", Page[item])  # type: ignore[valid-type] # mypy takes no variable as a type
        while True:
            page = await self.read(operation, info, shape, mailbox=mailbox, delta=delta, prefer=prefer)
            yield page
            if not page.next_link:
                return
            info = self.link(page.next_link)

    def link(self, url: str) -> sdk.RequestInformation:
        """Return the request for a next or delta link, which is opaque."""
        info = sdk.RequestInformation(sdk.Method.GET)
        info.url = url
        info.headers.try_add("Accept", "application/json")
        return info

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        # The SDK puts its pipeline around the transport and does not pass closing on to it.
        await self._network.aclose()

    async def _send(
        self,
        operation: str,
        info: sdk.RequestInformation,
        mailbox: str | None,
        repeat: Repeat,
        *,
        delta: bool = False,
        prefer: tuple[str, ...] = (),
    ) -> httpx.Response:
        info.headers.remove("Prefer")
        info.headers.add("Prefer", ", ".join(_PREFER + prefer))
        info.add_request_options([sdk.ResponseHandlerOption(sdk.NativeResponseHandler())])

        async def attempt() -> httpx.Response:
            async with self._permits.permit(mailbox):
                try:
                    response: httpx.Response = await self._adapter.send_primitive_async(info, "bytes", {})
                except httpx.TransportError as error:
                    raise error_of_no_answer(operation, error) from error
            if response.is_success:
                return response
            raise error_of_answer(
                operation,
                response.status_code,
                response.headers,
                response.content,
                now=self._clock.now(),
                delta=delta,
            )

        try:
            return await with_retries(attempt, repeat=repeat, sleep=self._sleep)
        except GraphAuthError as error:
            if error.status in (401, 403):
                await self._tokens.forget_after_refusal()
            raise


def query(parameters: object) -> sdk.RequestConfiguration:
    """Return a request configuration with these query parameters, of the builder's own class."""
    return sdk.RequestConfiguration(query_parameters=parameters)


def quoted(text: str) -> str:
    """Return `text` as an OData string literal."""
    return "'" + text.replace("'", "''") + "'"


def _sdk_client(network: httpx.AsyncBaseTransport, answer_timeout_s: float) -> httpx.AsyncClient:
    """Return an HTTP client with the SDK's pipeline, but for its retries and redirects."""
    client: httpx.AsyncClient = sdk.GraphClientFactory.create_with_default_middleware(
        client=httpx.AsyncClient(
            transport=network, timeout=httpx.Timeout(answer_timeout_s, connect=CONNECT_TIMEOUT_S, pool=None)
        ),
        options={
            # The SDK's own retry repeats every POST; `retrying` is the one policy.
            sdk.RetryHandlerOption.get_key(): sdk.RetryHandlerOption(should_retry=False),
            # Graph's JSON calls do not redirect; what does is a portal or proxy.
            sdk.RedirectHandlerOption.get_key(): sdk.RedirectHandlerOption(should_redirect=False),
        },
    )
    return client
