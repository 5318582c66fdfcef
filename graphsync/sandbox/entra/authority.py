"""The authority, as Microsoft Entra ID at one tenant: which path is what, discovery, the key set, UserInfo.

Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsync.sandbox.entra.entra_errors import AuthorityRefusal
from graphsync.sandbox.entra.grants import TokenEndpoint, TokenRequest
from graphsync.sandbox.entra.id_tokens import user_info
from graphsync.sandbox.entra.scopes import OPENID
from graphsync.sandbox.entra.sign_in import RESPONSE_MODES, SignIn, form_of
from graphsync.sandbox.entra.tokens import Tokens
from graphsync.sandbox.face.calls import Answer, Request
from graphsync.sandbox.face.wire import Json

# Where bots may get their tokens, by name or by id:
# https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
BOT_TENANT = "botframework.com"
BOT_TENANT_ID = "d6d49420-f39b-4df7-a1dc-d59a935871db"
# Endpoints for the accounts of many tenants.
MANY_TENANTS = frozenset({"common", "organizations", "consumers"})
USER_INFO = "/oidc/userinfo"

_AUTHORIZE = "oauth2/v2.0/authorize"
_TOKEN = "oauth2/v2.0/token"
_LOGOUT = "oauth2/v2.0/logout"
_DEVICE_CODE = "oauth2/v2.0/devicecode"
_LOGIN = "login"
_KEYS = "discovery/v2.0/keys"
_DISCOVERY = frozenset({"v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"})
_METHODS = {
    _AUTHORIZE: ("GET", "POST"),
    _LOGIN: ("POST",),
    _LOGOUT: ("GET", "POST"),
    _TOKEN: ("POST",),
    _DEVICE_CODE: ("POST",),
    _KEYS: ("GET",),
}
# Told to people on a page; the rest is for programs.
_FOR_PEOPLE = frozenset({_AUTHORIZE, _LOGIN, _LOGOUT})


@dataclass(frozen=True, slots=True)
class _Tenant:
    """A tenant as a path names it, and by its id."""

    name: str
    id: str


class Authority:
    """Answers what is asked of the authority of one tenant. Whoever calls holds the world's lock."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.sign_in = SignIn(tokens)
        self.endpoint = TokenEndpoint(tokens, self.sign_in.codes)

    def respond(self, request: Request) -> Answer | None:
        """Return the answer, or None if nothing is served there.

        Raises:
            GraphRefusal: 401 or 403 of UserInfo, which is Graph's.
        """
        name, _, rest = request.path.strip("/").partition("/")
        rest = rest.lower()
        if request.path.lower().rstrip("/") == USER_INFO and request.method in {"GET", "POST"}:
            caller = self.tokens.caller(request.headers.get("authorization", ""))
            return Answer(status=200, body=user_info(self.tokens, caller))
        if rest in _DISCOVERY and request.method == "GET":
            return self._discovery(request, name)
        if request.method not in _METHODS.get(rest, ()):
            return None
        try:
            return self._served(request, name, rest)
        except AuthorityRefusal as refusal:
            if rest in _FOR_PEOPLE:
                return self.sign_in.page_of(refusal, request)
            return self._told(refusal, request)

    def _served(self, request: Request, name: str, rest: str) -> Answer | None:
        tenant = self._tenant(name)
        if rest == _KEYS:
            return None if tenant is None else self._keys()
        if rest == _LOGOUT and (tenant is not None or name.lower() in MANY_TENANTS):
            return self.sign_in.logout(request)
        if tenant is None:
            raise self._not_this_tenant(request, name)
        if rest == _TOKEN:
            return Answer(status=200, body=self._token(request, tenant), headers={"Cache-Control": "no-store"})
        if rest == _DEVICE_CODE:
            raise AuthorityRefusal(
                "invalid_client",
                70002,
                "The provided client is not supported for this feature. The client application must be marked as "
                "'mobile.'",
                status=401,
            )
        if tenant.id != self.tokens.world.tenant_id:
            raise self._not_this_tenant(request, name)
        return self.sign_in.authorize(request, name) if rest == _AUTHORIZE else self.sign_in.login(request, name)

    def _tenant(self, name: str) -> _Tenant | None:
        """Return the tenant of a name: an id, a domain with people in it, or that of the Bot Framework."""
        own = self.tokens.world.tenant_id
        if name.lower() == own.lower() or ("." in name and self.tokens.world.directory.has_domain(f"@{name}")):
            return _Tenant(name, own)
        return _Tenant(name, BOT_TENANT_ID) if name.lower() in {BOT_TENANT, BOT_TENANT_ID} else None

    def _not_this_tenant(self, request: Request, name: str) -> AuthorityRefusal:
        if name.lower() in MANY_TENANTS:
            client_id = request.options.get("client_id") or form_of(request).get("client_id", "")
            return AuthorityRefusal(
                "invalid_request",
                50194,
                f"Application '{client_id}' is not configured as a multi-tenant application. Usage of the /{name} "
                "endpoint is not supported for such applications. Use a tenant-specific endpoint.",
            )
        return AuthorityRefusal(
            "invalid_request",
            90002,
            f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
            f"correct cloud. The tenant here is {self.tokens.world.tenant_id}.",
        )

    def _token(self, request: Request, tenant: _Tenant) -> Json:
        names = {tenant.name, tenant.id}
        asked = TokenRequest(
            form=form_of(request),
            authorization=request.headers.get("authorization", ""),
            tenant_id=tenant.id,
            issuer=f"{request.base_url}/{tenant.id}/v2.0",
            audiences=[f"{request.base_url}/{name}/{_TOKEN}" for name in sorted(names)],
        )
        return self.endpoint.answer(asked)

    def _told(self, refusal: AuthorityRefusal, request: Request) -> Answer:
        correlation_id = request.headers.get("client-request-id", "")
        body = refusal.body(self.tokens.world.draws, self.tokens.clock.now(), correlation_id)
        return Answer(status=refusal.status, body=body, headers={"Cache-Control": "no-store"})

    def _keys(self) -> Answer:
        signing = self.tokens.world.signing.key_set()
        return Answer(status=200, body={"keys": [*signing["keys"], self.tokens.public_key()]})

    def _discovery(self, request: Request, name: str) -> Answer | None:
        """Return the OpenID Connect metadata of a tenant: https://openid.net/specs/openid-connect-discovery-1_0.html."""
        tenant = self._tenant(name)
        return None if tenant is None else Answer(status=200, body=_metadata(request.base_url, tenant.id))


def _metadata(base_url: str, tenant_id: str) -> Json:
    authority = f"{base_url}/{tenant_id}"
    return {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/{_AUTHORIZE}",
        "token_endpoint": f"{authority}/{_TOKEN}",
        "device_authorization_endpoint": f"{authority}/{_DEVICE_CODE}",
        "end_session_endpoint": f"{authority}/{_LOGOUT}",
        "userinfo_endpoint": f"{base_url}{USER_INFO}",
        "jwks_uri": f"{authority}/{_KEYS}",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": list(RESPONSE_MODES),
        # Entra's says all four for every tenant; whether an app may use them is another matter.
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(OPENID),
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email")
        ],
        "request_uri_parameter_supported": False,
        "http_logout_supported": False,
        "frontchannel_logout_supported": False,
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }
