"""Real HTTPS from the sandbox to the receiver: notifications, and the handshake before a subscription.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (validation, time limits)
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote_plus, urlsplit

import httpx

from graphsync.sandbox.refusals import GraphRefusal

VALIDATION_TIMEOUT_S = 10.0

# Asks the endpoints at some URLs for the echo of a token; raises a refusal if one fails.
Handshake = Callable[[Sequence[str], str], Awaitable[None]]


class Poster:
    """Posts notifications; trusts the authority it was given last, the system's before that."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None
        self._context: ssl.SSLContext | None = None

    def trust(self, context: ssl.SSLContext) -> None:
        """Check receivers against `context` from now on."""
        self.close()
        self._context = context

    def __call__(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> int:
        """Post `body` and return the status, 0 if there was no answer within `timeout_s`."""
        if self._client is None:
            self._client = httpx.Client(
                verify=True if self._context is None else self._context, trust_env=False, follow_redirects=False
            )
        try:
            return self._client.post(url, content=body, headers=headers, timeout=timeout_s).status_code
        except httpx.HTTPError:
            return 0

    def close(self) -> None:
        """Close the connections kept open."""
        if self._client is not None:
            self._client.close()
            self._client = None


def validation_token(request_id: str) -> str:
    """Return the text an endpoint must echo; its form is today's and not promised."""
    return f"Validation: Testing client application reachability for subscription Request-Id: {request_id}"


def validation_url(url: str, token: str) -> str:
    """Return `url` with the token added as Graph writes it: form encoding, `%3a` in lower case, `+` for blanks."""
    joint = "&" if urlsplit(url).query else "?"
    encoded = quote_plus(token).replace("%3A", "%3a")
    return f"{url}{joint}validationToken={encoded}"


async def shake_hands(client: httpx.AsyncClient, urls: Sequence[str], request_id: str) -> None:
    """Ask each endpoint to echo a token, all at the same time.

    Raises:
        GraphRefusal: 400; an endpoint did not answer in time, not with 200, or not with the token alone.
    """
    token = validation_token(request_id)
    await asyncio.gather(*(_validate(client, url, token) for url in urls))


async def _validate(client: httpx.AsyncClient, url: str, token: str) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        answer = await client.post(
            validation_url(url, token), content=b"", headers=headers, timeout=VALIDATION_TIMEOUT_S
        )
    except httpx.TimeoutException as error:
        raise _failed("Subscription validation request timed out.") from error
    except httpx.HTTPError as error:
        raise _failed("Subscription validation request failed. The notification endpoint cannot be reached.") from error
    if answer.status_code != 200:
        reason = answer.reason_phrase or str(answer.status_code)
        raise _failed(
            f"Subscription validation request failed. HTTP status code is '{reason}'. "
            "Notification endpoint must respond with 200 OK to validation request."
        )
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "text/plain" or answer.text != token:
        raise _failed(
            "Subscription validation request failed. Response must exactly match validationToken query parameter."
        )


def _failed(message: str) -> GraphRefusal:
    return GraphRefusal(400, "InvalidRequest", message)
