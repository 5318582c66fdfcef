"""Real HTTPS from the sandbox to the receiver: notifications, and the handshake before a subscription.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (validation, time limits)
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote_plus, urlsplit

import httpx

from graphsync.sandbox.notifications.subscription_refusals import invalid_subscription
from graphsync.sandbox.refusals import GraphRefusal

# Asks the endpoints at some URLs for the echo of a token; raises a refusal if one fails.
Handshake = Callable[[Sequence[str], str], Awaitable[None]]


class Receipt(NamedTuple):
    """How a receiver answered: the status, 0 without an answer, the real seconds it took, and the body."""

    status: int
    lasted_s: float = 0.0
    body: bytes = b""


# Posts a body with its headers to a URL, and waits for the answer as many seconds as it is told.
Deliver = Callable[[str, bytes, dict[str, str], float], Receipt]


class Poster:
    """Posts notifications and activities; trusts the authority it was given last, the system's before that."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None
        self._context: ssl.SSLContext | None = None

    def trust(self, context: ssl.SSLContext) -> None:
        """Check receivers against `context` from now on."""
        self.close()
        self._context = context

    def __call__(self, url: str, body: bytes, headers: dict[str, str], timeout_s: float) -> Receipt:
        """Post `body` and return what came back; no status if nothing did within `timeout_s`."""
        if self._client is None:
            self._client = httpx.Client(
                verify=True if self._context is None else self._context, trust_env=False, follow_redirects=False
            )
        try:
            answer = self._client.post(url, content=body, headers=headers, timeout=timeout_s)
        except httpx.HTTPError:
            return Receipt(0, timeout_s)
        # An answer that trickles in may be whole only after the time was up.
        lasted_s = answer.elapsed.total_seconds()
        if lasted_s > timeout_s:
            return Receipt(0, lasted_s)
        return Receipt(answer.status_code, lasted_s, answer.content)

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


async def shake_hands(client: httpx.AsyncClient, urls: Sequence[str], request_id: str, limit_s: float) -> None:
    """Ask each endpoint to echo a token within `limit_s`, all at the same time; a URL given twice is asked twice.

    Raises:
        GraphRefusal: 400; an endpoint did not answer in time, not with 200, or not with the token alone.
    """
    token = validation_token(request_id)
    await asyncio.gather(*(_validate(client, url, token, limit_s) for url in urls))


async def _validate(client: httpx.AsyncClient, url: str, token: str, limit_s: float) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        # Over all of the answer: one that trickles in is late as well.
        async with asyncio.timeout(limit_s):
            answer = await client.post(validation_url(url, token), content=b"", headers=headers, timeout=None)
    except TimeoutError as error:
        raise validation_timed_out() from error
    except httpx.HTTPError as error:
        raise invalid_subscription(
            "Subscription validation request failed. The notification endpoint cannot be reached."
        ) from error
    if answer.status_code != 200:
        reason = answer.reason_phrase or str(answer.status_code)
        raise invalid_subscription(
            f"Subscription validation request failed. HTTP status code is '{reason}'. "
            "Notification endpoint must respond with 200 OK to validation request."
        )
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "text/plain" or answer.text != token:
        raise invalid_subscription(
            "Subscription validation request failed. Response must exactly match validationToken query parameter."
        )


def validation_timed_out() -> GraphRefusal:
    """Return the refusal where no echo came in time."""
    return invalid_subscription("Subscription validation request timed out.")
