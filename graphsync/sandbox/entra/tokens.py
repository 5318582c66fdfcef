"""Access tokens: for applications by themselves, and for applications on behalf of people who signed in.

They are JWTs signed here and known by what was issued; they live by the machine's own clock, since msal reads that one.
Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from graphsync.clock import Clock, SystemClock
from graphsync.sandbox.entra.scopes import ACCESS_AS_USER, BOT_FRAMEWORK, GRAPH
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application, User
from graphsync.sandbox.world import World

LIFETIME_S = 3599
_KEY_ID = "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an access token stands for; `user_id` is None for an application by itself."""

    client_id: str
    audience: str
    expires_at: float
    user_id: str | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose bearer token a request to Graph has: an application, on behalf of `person` if there is one."""

    application: Application
    person: User | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(slots=True)
class Tokens:
    """Issues access tokens, and knows whom each belongs to."""

    world: World
    clock: Clock = field(default_factory=SystemClock)
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _issued: dict[str, Grant] = field(default_factory=dict)

    def caller(self, authorization: str) -> Caller:
        """Return who calls Graph with this bearer token.

        Raises:
            GraphRefusal: 401; no token, one that was not issued here, one for another audience, or an expired one.
        """
        grant, application = self._known(authorization, GRAPH)
        if grant.user_id is None:
            return Caller(application=application)
        person = self.world.directory.lookup(grant.user_id)
        if person is None:
            raise _unauthorized("The user of the token is not in the directory any more.")
        return Caller(application=application, person=person, scopes=grant.scopes)

    def bot(self, authorization: str) -> Application:
        """Return which bot calls the connector with this bearer token.

        Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication

        Raises:
            GraphRefusal: 401; no token, or none that an application got for the Bot Framework and that still counts.
        """
        return self._known(authorization, BOT_FRAMEWORK)[1]

    def _known(self, authorization: str, audience: str) -> tuple[Grant, Application]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        grant = self._issued.get(token.strip())
        if grant is None:
            raise _unauthorized("CompactToken parsing failed: the token was not issued by this authority.")
        if grant.audience != audience:
            raise _unauthorized("Access token validation failure. Invalid audience.")
        if grant.expires_at <= self.clock.now().timestamp():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        application = self.world.directory.applications.get(grant.client_id)
        if application is None:
            raise _unauthorized("The application is not registered any more.")
        return grant, application

    def issued(self, token: str) -> Grant | None:
        """Return what a token stands for, expired or not, or None for one that was not issued here."""
        return self._issued.get(token)

    def actor(self, authorization: str) -> str:
        """Return how the journal names the caller of a request, whether its token is good or not."""
        found = self._issued.get(authorization.partition(" ")[2].strip())
        return f"app:{found.client_id}" if found else "app:unknown"

    def revoke_all(self) -> None:
        """Make every access token issued so far unknown."""
        self._issued.clear()

    def public_key(self) -> Json:
        """Return the public key that access tokens are signed with, as a JSON Web Key."""
        public: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**public, "kid": _KEY_ID, "use": "sig", "alg": "ES256"}

    def for_application(self, application: Application, *, audience: str, tenant_id: str) -> str:
        """Issue an access token for an application by itself; for Graph it has the app's permissions as `roles`."""
        claims: Json = {"idtyp": "app", "oid": application.object_id, "sub": application.object_id}
        if audience == GRAPH:
            claims["roles"] = sorted(application.permissions)
        claims |= self._registered(application, tenant_id) | {"aud": audience}
        return self._issue(claims, Grant(client_id=application.client_id, audience=audience, expires_at=claims["exp"]))

    def for_person(self, application: Application, person: User, *, scopes: frozenset[str]) -> str:
        """Issue an access token for Graph on behalf of a person."""
        claims: Json = {
            "idtyp": "user",
            "oid": person.id,
            "sub": self.subject(application, person),
            "name": person.display_name,
            "upn": person.address,
            "scp": " ".join(sorted(scopes)),
        }
        claims |= self._registered(application, self.world.tenant_id) | {"aud": GRAPH}
        grant = Grant(
            client_id=application.client_id,
            audience=GRAPH,
            expires_at=claims["exp"],
            user_id=person.id,
            scopes=scopes,
        )
        return self._issue(claims, grant)

    def for_own_api(self, application: Application, person: User, issuer: str) -> str:
        """Issue an access token for the app's own API: what a Teams tab gets, and what the app itself checks.

        Source: https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-overview
        """
        now = int(self.clock.now().timestamp())
        claims: Json = {
            "aud": application.client_id,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "azp": application.client_id,
            "azpacr": "1",
            "name": person.display_name,
            "oid": person.id,
            "preferred_username": person.address,
            "scp": ACCESS_AS_USER,
            "sub": self.subject(application, person),
            "tid": self.world.tenant_id,
            "uti": self.world.draws.guid("uti", self.world.draws.ordinal("uti")),
            "ver": "2.0",
        }
        if roles := application.roles_of(person.id):
            claims["roles"] = roles
        token = self.world.signing.sign(claims)
        self._issued[token] = Grant(
            client_id=application.client_id,
            audience=application.client_id,
            expires_at=claims["exp"],
            user_id=person.id,
            scopes=frozenset({ACCESS_AS_USER}),
        )
        return token

    def subject(self, application: Application, person: User) -> str:
        """Return `sub` of a person: another one in each application, the same each time."""
        digest = self.world.draws.digest("subject", application.client_id, person.id)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _registered(self, application: Application, tenant_id: str) -> Json:
        now = int(self.clock.now().timestamp())
        return {
            "iss": f"https://sts.windows.net/{tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "appid": application.client_id,
            "tid": tenant_id,
            "ver": "1.0",
        }

    def _issue(self, claims: Json, grant: Grant) -> str:
        token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": _KEY_ID})
        self._issued[token] = grant
        return token


def _unauthorized(message: str) -> GraphRefusal:
    return GraphRefusal(
        401,
        "InvalidAuthenticationToken",
        message,
        headers={"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'},
    )
