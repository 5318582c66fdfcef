"""Access tokens by msal, handed to the SDK through an access token provider of our own.

msal caches tokens and renews them; this module runs it off the event loop, one request at a time, and turns what it
raises or returns into errors that say what the tenant admin has to do.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from requests.adapters import HTTPAdapter

from graphsync.clock import Clock
from graphsync.errors import GraphError, GraphRejected, GraphUnavailable, TokenRefused
from graphsync.graph.credentials import Credential
from graphsync.graph.network import proxy_for
from graphsync.graph.sdk import AccessTokenProvider, AllowedHostsValidator

OPERATION = "acquire_token"
TOKEN_TIMEOUT_S = 20.0

# A token carries the permissions it was issued with for an hour or more. After a refusal a token older than this is
# dropped, so that what the admin has granted since is seen soon; a younger one would only be fetched again in vain.
TRUSTED_FOR = timedelta(minutes=5)

# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_ADVICE_BY_NUMBER = {
    "AADSTS7000215": "the client secret is not the registration's: copy its value, not its id",
    "AADSTS7000222": "the client secret has expired: make a new one in the app registration",
    "AADSTS700016": "the tenant does not know this application: check 'tenant.client_id' and 'tenant.id'",
    "AADSTS90002": "there is no such tenant: check 'tenant.id'",
    "AADSTS900023": "this is no tenant: check 'tenant.id'",
    "AADSTS700027": "the certificate is not the one registered, or has expired: upload it to the app registration",
    "AADSTS7000112": "the application is disabled in the tenant: enable it under Enterprise applications",
    "AADSTS53003": "a Conditional Access policy blocks the application: exclude its workload identity",
}
_ADVICE_BY_ERROR = {
    "invalid_client": "the secret or certificate was not accepted: check it and 'tenant.client_id'",
    "unauthorized_client": "the application may not sign in by itself in this tenant: check the app registration",
    "invalid_scope": "Graph is not a resource this application knows: grant it application permissions",
    "invalid_resource": "Graph is not a resource this application knows: grant it application permissions",
    "invalid_request": "the request for a token was not accepted: check 'tenant.id' and 'tenant.client_id'",
}
_FALLBACK_ADVICE = "check the app registration and run 'graphsync doctor'"

# https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1, which Entra ID uses at the token endpoint too
_PASSING_ERRORS = frozenset({"temporarily_unavailable", "server_error", "timeout"})


class _Session(requests.Session):
    """Takes nothing from the environment but a proxy, and always ends.

    `trust_env` would put `REQUESTS_CA_BUNDLE` over the CA given, and `.netrc` over the authorization.
    """

    def __init__(self, authority: str, ca_file: Path | None) -> None:
        super().__init__()
        proxy = proxy_for(authority)
        if proxy is not None:
            self.proxies["https"] = proxy
        self.trust_env = False
        self.verify = str(ca_file) if ca_file else True
        self.mount("https://", HTTPAdapter(max_retries=1))

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send with a timeout; msal sets none on a session that is not its own."""
        kwargs.setdefault("timeout", TOKEN_TIMEOUT_S)
        return super().request(*args, **kwargs)


class TokenSource:
    """Gets application tokens for Graph.

    Args:
        authority: `https://login.microsoftonline.com/<tenant id>`, or an own one over https.
        client_id: the application's id.
        credential: its secret or certificate.
        scope: `<resource>/.default` of the Graph that is called.
        ca_file: PEM bundle of the CAs to trust instead of the usual ones.

    Raises:
        TokenRefused: the authority is not an https address with a tenant.
    """

    def __init__(
        self,
        *,
        authority: str,
        client_id: str,
        credential: Credential,
        scope: str,
        ca_file: Path | None,
        clock: Clock,
    ) -> None:
        parts = urlsplit(authority)
        if parts.scheme != "https" or not parts.hostname or not parts.path.strip("/"):
            raise TokenRefused(
                code="bad_authority",
                advice=f"'tenant.authority' is {authority!r}; expected an https address such as"
                " 'https://login.microsoftonline.com'",
            )
        self._authority = authority
        self._client_id = client_id
        self._credential = credential
        self._scope = scope
        self._clock = clock
        self._session = _Session(authority, ca_file)
        self._application: Any = None
        self._issued_at: datetime | None = None

    def acquire(self, claims: str | None = None) -> str:
        """Return a token, from msal's cache where it holds one. Blocks; not to be called from two threads at once.

        Args:
            claims: what Graph asked for in a claims challenge; the cache is then passed over.

        Raises:
            TokenRefused: the admin has to act.
            GraphUnavailable: no answer, or one that is none; worth another attempt.
        """
        try:
            if self._application is None:
                # Asks for the authority's OpenID configuration. Instance discovery would ask
                # login.microsoftonline.com about authorities that are not its own.
                self._application = msal.ConfidentialClientApplication(
                    self._client_id,
                    client_credential=self._credential.for_msal(),
                    authority=self._authority,
                    instance_discovery=False,
                    http_client=self._session,
                )
            result = self._application.acquire_token_for_client([self._scope], claims_challenge=claims)
        except requests.RequestException as error:
            raise GraphUnavailable(OPERATION, code=_network_code(error)) from error
        except msal.exceptions.MsalServiceError as error:
            # Any status from 500; msal answers the same request with it for another minute without asking.
            raise GraphUnavailable(OPERATION, code="server_error") from error
        except ValueError as error:
            raise _of_value_error(error) from error
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            # msal reads what a token endpoint would answer; a proxy's or portal's page has another shape.
            raise GraphUnavailable(OPERATION, code="unreadable_answer") from error
        return self._token_of(result)

    def forget_after_refusal(self) -> None:
        """Drop a cached token that is older than `TRUSTED_FOR`: permissions may have been granted since."""
        if self._application is None or self._issued_at is None:
            return
        if self._clock.now() - self._issued_at > TRUSTED_FOR:
            self._application.remove_tokens_for_client()
            self._issued_at = None

    def close(self) -> None:
        """Close the connections to the authority."""
        self._session.close()

    def _token_of(self, result: Mapping[str, Any] | None) -> str:
        if result is None:
            raise GraphUnavailable(OPERATION, code="no_answer")
        token = result.get("access_token")
        if isinstance(token, str) and token:
            if self._issued_at is None or result.get("token_source") != "cache":
                self._issued_at = self._clock.now()
            return token
        raise _of_error_answer(result)


class GraphAccessTokenProvider(AccessTokenProvider):  # type: ignore[misc] # the SDK is not followed by mypy
    """Gives the SDK a token for Graph's own address and no other, whatever link it was told to follow."""

    def __init__(self, source: TokenSource, graph_url: str) -> None:
        self._source = source
        self._graph = urlsplit(graph_url)
        self._lock = asyncio.Lock()

    async def get_authorization_token(
        self, uri: str, additional_authentication_context: dict[str, Any] | None = None
    ) -> str:
        """Return the token for a request to `uri`; the context may hold `claims` of a claims challenge.

        Raises:
            GraphRejected: `uri` is not Graph's; a next or delta link led elsewhere.
        """
        target = urlsplit(uri)
        if (target.scheme, target.netloc) != (self._graph.scheme, self._graph.netloc):
            raise GraphRejected(OPERATION, code="foreign_link")
        claims = (additional_authentication_context or {}).get("claims")
        async with self._lock:
            return await asyncio.to_thread(self._source.acquire, claims)

    async def forget_after_refusal(self) -> None:
        """See `TokenSource.forget_after_refusal`."""
        async with self._lock:
            await asyncio.to_thread(self._source.forget_after_refusal)

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """Return what the SDK asks to know which hosts may see a token."""
        return AllowedHostsValidator([self._graph.hostname or ""])


def _network_code(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "certificate_not_trusted"
    return type(error).__name__


def _of_value_error(error: ValueError) -> GraphError:
    # msal turns both into one ValueError: a 4xx of the OpenID configuration, and a text that is no JSON.
    if isinstance(error, json.JSONDecodeError) or isinstance(error.__context__, json.JSONDecodeError):
        return GraphUnavailable(OPERATION, code="unreadable_answer")
    return TokenRefused(
        code="unknown_authority",
        advice="the authority knows no such tenant, or msal refuses it: check 'tenant.authority' and 'tenant.id'",
    )


def _of_error_answer(result: Mapping[str, Any]) -> GraphError:
    error = str(result.get("error") or "no_error_code")
    correlation_id = str(result.get("correlation_id") or "")
    if error in _PASSING_ERRORS:
        return GraphUnavailable(OPERATION, code=error, request_id=correlation_id)
    numbers = result.get("error_codes") or []
    number = f"AADSTS{numbers[0]}" if isinstance(numbers, list) and numbers else _leading_number(result)
    advice = _ADVICE_BY_NUMBER.get(number) or _ADVICE_BY_ERROR.get(error) or _FALLBACK_ADVICE
    return TokenRefused(code=f"{error} {number}".strip(), advice=advice, request_id=correlation_id)


def _leading_number(result: Mapping[str, Any]) -> str:
    first = str(result.get("error_description") or "").partition(":")[0]
    return first if first.startswith("AADSTS") and first[6:].isdigit() else ""
