"""The token endpoint: what an application gets for its own credential, a code, a refresh token or somebody's token.

Sources: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow,
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphsync.sandbox.entra.credentials import check_credential, with_basic
from graphsync.sandbox.entra.entra_errors import AuthorityRefusal, unknown_application, user_disabled
from graphsync.sandbox.entra.id_tokens import client_info, id_token
from graphsync.sandbox.entra.scopes import (
    BOT_FRAMEWORK,
    DEFAULT,
    GRAPH,
    Scopes,
    missing,
    parse_scopes,
    unknown_resource,
)
from graphsync.sandbox.entra.sign_in import Code
from graphsync.sandbox.entra.tokens import LIFETIME_S, Tokens
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.tenant.directory import Application, User

ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# 90 days, and not revoked by use: https://learn.microsoft.com/entra/identity-platform/refresh-tokens
REFRESH_LIFETIME_S = 90 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request to the token endpoint.

    `tenant_id` is whose tokens are asked for, `issuer` who signs ID tokens, `audiences` the names of this endpoint.
    """

    form: Mapping[str, str]
    authorization: str
    tenant_id: str
    issuer: str
    audiences: Sequence[str]

    def needed(self, name: str) -> str:
        """Return a parameter.

        Raises:
            AuthorityRefusal: it is not there.
        """
        if name not in self.form:
            raise missing(name)
        return self.form[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refresh:
    client_id: str
    user_id: str
    scopes: Scopes
    expires_at: float


@dataclass(slots=True)
class TokenEndpoint:
    """Gives tokens out. Whoever calls holds the world's lock."""

    tokens: Tokens
    codes: Mapping[str, Code]
    _refresh: dict[str, _Refresh] = field(default_factory=dict)

    def answer(self, request: TokenRequest) -> Json:
        """Return the tokens that are asked for.

        Raises:
            AuthorityRefusal: they are not given.
        """
        form = with_basic(request.form, request.authorization)
        grant_type = request.needed("grant_type")
        grant = {
            "client_credentials": self._for_itself,
            "authorization_code": self._for_a_code,
            "refresh_token": self._for_a_refresh_token,
            ON_BEHALF_OF: self._on_behalf_of,
        }.get(grant_type)
        if grant is None:
            raise AuthorityRefusal(
                "unsupported_grant_type", 70003, f"The app returned an unsupported grant type '{grant_type}'."
            )
        if "client_id" not in form:
            raise missing("client_id")
        application = self.tokens.world.directory.applications.get(form["client_id"])
        if application is None:
            raise unknown_application(form["client_id"], request.tenant_id)
        if grant_type != "client_credentials" and request.tenant_id != self.tokens.world.tenant_id:
            raise unknown_application(application.client_id, request.tenant_id)
        check_credential(application, form, request.audiences)
        return grant(application, request)

    # The application by itself -------------------------------------------------------------------------------

    def _for_itself(self, application: Application, request: TokenRequest) -> Json:
        scope = request.needed("scope")
        resource, _, name = scope.rpartition("/")
        if name != DEFAULT:
            raise AuthorityRefusal(
                "invalid_scope",
                1002012,
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
                "with /.default suffixed to the resource identifier (application ID URI).",
            )
        served = {GRAPH, BOT_FRAMEWORK} if request.tenant_id == self.tokens.world.tenant_id else {BOT_FRAMEWORK}
        if resource not in served:
            raise unknown_resource(resource)
        token = self.tokens.for_application(application, audience=resource, tenant_id=request.tenant_id)
        return _bearer(token)

    # On behalf of a person -----------------------------------------------------------------------------------

    def _for_a_code(self, application: Application, request: TokenRequest) -> Json:
        code = self.codes.get(request.needed("code"))
        if code is None or code.client_id != application.client_id:
            raise _invalid_grant(70000, "The provided authorization code is invalid or malformed.")
        if code.is_used:
            raise _invalid_grant(
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
                "refresh token.",
            )
        if code.expires_at <= self.tokens.clock.now().timestamp():
            raise _invalid_grant(70008, "The provided authorization code or refresh token has expired.")
        redirect_uri = request.needed("redirect_uri")
        if redirect_uri != code.redirect_uri:
            # `invalid_client`, as public traffic shows: https://github.com/snok/django-auth-adfs/issues/354
            raise AuthorityRefusal(
                "invalid_client",
                500112,
                f"The reply address '{redirect_uri}' does not match the reply address '{code.redirect_uri}' provided "
                "when requesting Authorization code.",
            )
        _check_verifier(code, request.form.get("code_verifier"))
        person = self._person(code.user_id)
        scopes = self._narrowed(application, request, code.scopes)
        code.is_used = True
        return self._tokens_of(application, person, scopes, request, consented=code.scopes, nonce=code.nonce)

    def _for_a_refresh_token(self, application: Application, request: TokenRequest) -> Json:
        found = self._refresh.get(request.needed("refresh_token"))
        if found is None or found.client_id != application.client_id:
            raise _invalid_grant(70000, "Authentication failed. The refresh token is not valid.")
        if found.expires_at <= self.tokens.clock.now().timestamp():
            raise _invalid_grant(700082, "The refresh token has expired due to inactivity.")
        scopes = self._narrowed(application, request, found.scopes)
        return self._tokens_of(application, self._person(found.user_id), scopes, request, consented=found.scopes)

    def _on_behalf_of(self, application: Application, request: TokenRequest) -> Json:
        if request.needed("requested_token_use") != "on_behalf_of":
            raise AuthorityRefusal("invalid_request", 90023, "requested_token_use must be 'on_behalf_of'.")
        assertion = self.tokens.issued(request.needed("assertion"))
        if assertion is None or assertion.user_id is None:
            raise _invalid_grant(50013, "Assertion failed signature validation.")
        if assertion.audience != application.client_id:
            raise _invalid_grant(
                500131,
                "Assertion audience does not match the Client app presenting the assertion. The audience in the "
                f"assertion was '{assertion.audience}' and the expected audience is '{application.client_id}'.",
            )
        if assertion.expires_at <= self.tokens.clock.now().timestamp():
            raise _invalid_grant(500133, "Assertion is not within its valid time range.")
        scopes = parse_scopes(request.needed("scope"), application.client_id).of_one_resource()
        return self._tokens_of(application, self._person(assertion.user_id), scopes, request, consented=scopes)

    def _narrowed(self, application: Application, request: TokenRequest, consented: Scopes) -> Scopes:
        """Return the scopes this token is for; without a word of them, those that were asked of the person."""
        if "scope" not in request.form:
            return consented
        asked = parse_scopes(request.form["scope"], application.client_id).of_one_resource()
        # What OpenID gives was settled when the person signed in.
        return Scopes(openid=consented.openid, by_resource=asked.by_resource or consented.by_resource)

    def _person(self, user_id: str) -> User:
        person = self.tokens.world.directory.lookup(user_id)
        if person is None:
            raise _invalid_grant(50034, "The user account does not exist in the directory.")
        if not person.may_sign_in:
            raise user_disabled("invalid_grant")
        return person

    def _tokens_of(
        self,
        application: Application,
        person: User,
        scopes: Scopes,
        request: TokenRequest,
        *,
        consented: Scopes,
        nonce: str | None = None,
    ) -> Json:
        if scopes.resource == GRAPH:
            access_token = self.tokens.for_person(application, person, scopes=scopes.names)
        else:
            access_token = self.tokens.for_own_api(application, person, request.issuer)
        told = {**_bearer(access_token), "scope": scopes.text}
        if "offline_access" in scopes.openid:
            told["refresh_token"] = self._new_refresh_token(application, person, consented)
        if "openid" in scopes.openid:
            told["id_token"] = id_token(
                self.tokens, application, person, issuer=request.issuer, scopes=scopes.openid, nonce=nonce
            )
        if request.form.get("client_info") == "1":
            told["client_info"] = client_info(person, self.tokens.world.tenant_id)
        return told

    def _new_refresh_token(self, application: Application, person: User, scopes: Scopes) -> str:
        draws = self.tokens.world.draws
        token = f"1.{draws.hexadecimal('refresh', application.client_id, person.id, draws.ordinal('refresh'))}"
        self._refresh[token] = _Refresh(
            client_id=application.client_id,
            user_id=person.id,
            scopes=scopes,
            expires_at=self.tokens.clock.now().timestamp() + REFRESH_LIFETIME_S,
        )
        return token


def _bearer(token: str) -> Json:
    return {"token_type": "Bearer", "expires_in": LIFETIME_S, "ext_expires_in": LIFETIME_S, "access_token": token}


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None:
        return
    proof = verifier or ""
    if code.challenge_method == "S256":
        digest = hashlib.sha256(proof.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not verifier or not hmac.compare_digest(proof.encode(), code.challenge.encode()):
        raise _invalid_grant(
            501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        )


def _invalid_grant(number: int, text: str) -> AuthorityRefusal:
    return AuthorityRefusal("invalid_grant", number, text)
