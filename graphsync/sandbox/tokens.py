"""Sign-in of applications: OIDC discovery, and tokens for a client secret or a certificate assertion.

Access tokens are JWTs signed here, with the app's permissions as `roles`; they live by the machine's own clock, since
msal reads that one. Sources: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from graphsync.clock import Clock, SystemClock
from graphsync.sandbox.calls import Answer
from graphsync.sandbox.directory import Application
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.world import World

LIFETIME_S = 3599
RESOURCE = "https://graph.microsoft.com"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _refused(status: int, error: str, number: int, text: str) -> Answer:
    return Answer(
        status=status, body={"error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number]}
    )


@dataclass(slots=True)
class Tokens:
    """Issues access tokens, and knows whom each belongs to."""

    world: World
    clock: Clock = field(default_factory=SystemClock)
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _issued: dict[str, tuple[str, float]] = field(default_factory=dict)

    def authenticate(self, authorization: str) -> Application:
        """Return whose bearer token this is.

        Raises:
            GraphRefusal: 401; no token, one that was not issued here, or one that has expired.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        found = self._issued.get(token.strip())
        if found is None:
            raise _unauthorized("CompactToken parsing failed: the token was not issued by this authority.")
        if found[1] <= self.clock.now().timestamp():
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        application = self.world.directory.applications.get(found[0])
        if application is None:
            raise _unauthorized("The application is not registered any more.")
        return application

    def actor(self, authorization: str) -> str:
        """Return how the journal names the caller of a request, whether its token is good or not."""
        found = self._issued.get(authorization.partition(" ")[2].strip())
        return f"app:{found[0]}" if found else "app:unknown"

    def revoke_all(self) -> None:
        """Make every token issued so far unknown."""
        self._issued.clear()

    def discovery(self, base_url: str) -> Answer:
        """Return the OpenID Connect metadata."""
        authority = f"{base_url}/{self.world.tenant_id}"
        return Answer(
            status=200,
            body={
                "issuer": f"{authority}/v2.0",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "jwks_uri": f"{authority}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["ES256"],
            },
        )

    def keys(self) -> Answer:
        """Return the public key that access tokens are signed with."""
        public: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return Answer(status=200, body={"keys": [{**public, "kid": "sandbox", "use": "sig", "alg": "ES256"}]})

    def token(self, body: bytes, base_url: str) -> Answer:
        """Answer a token request in form encoding."""
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            return _refused(
                400, "unsupported_grant_type", 70003, f"The grant type {form.get('grant_type')!r} is not served."
            )
        application = self.world.directory.applications.get(form.get("client_id", ""))
        if application is None:
            return _refused(401, "unauthorized_client", 700016, "The application was not found in the directory.")
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            return _refused(
                400,
                "invalid_scope",
                1002012,
                f"The value for scope {scope!r} is not valid: it must end in /.default.",
            )
        refusal = self._check_credential(application, form, base_url)
        if refusal is not None:
            return refusal
        token = self._issue(application)
        return Answer(
            status=200,
            body={
                "token_type": "Bearer",
                "expires_in": LIFETIME_S,
                "ext_expires_in": LIFETIME_S,
                "access_token": token,
            },
        )

    def _check_credential(self, application: Application, form: Mapping[str, str], base_url: str) -> Answer | None:
        assertion = form.get("client_assertion")
        if assertion is not None:
            return self._check_assertion(application, form, assertion, base_url)
        secret = form.get("client_secret")
        if secret is None:
            return _refused(401, "invalid_client", 7000218, "client_assertion or client_secret is missing.")
        if application.secret is None or not hmac.compare_digest(secret.encode(), application.secret.encode()):
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return None

    def _check_assertion(
        self, application: Application, form: Mapping[str, str], assertion: str, base_url: str
    ) -> Answer | None:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return _refused(400, "invalid_request", 90023, "client_assertion_type is not the JWT bearer type.")
        if application.certificate_pem is None:
            return _refused(401, "invalid_client", 700027, "The application has no certificate.")
        key = x509.load_pem_x509_certificate(application.certificate_pem).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return _refused(401, "invalid_client", 700027, "The application's certificate has no RSA key.")
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        try:
            claims = jwt.decode(
                assertion,
                pem,
                algorithms=["PS256", "RS256"],
                audience=f"{base_url}/{self.world.tenant_id}/oauth2/v2.0/token",
                options={"require": ["exp", "iss", "sub", "jti"]},
            )
        except jwt.InvalidTokenError as error:
            return _refused(401, "invalid_client", 700027, f"Client assertion failed validation: {error}.")
        if claims["iss"] != application.client_id or claims["sub"] != application.client_id:
            return _refused(401, "invalid_client", 700021, "Issuer and subject of the assertion must be the client id.")
        return None

    def _issue(self, application: Application) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "aud": RESOURCE,
            "iss": f"https://sts.windows.net/{self.world.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "appid": application.client_id,
            "idtyp": "app",
            "oid": application.object_id,
            "sub": application.object_id,
            "tid": self.world.tenant_id,
            "roles": sorted(application.permissions),
            "ver": "1.0",
        }
        token: str = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": "sandbox"})
        self._issued[token] = (application.client_id, now + LIFETIME_S)
        return token


def _unauthorized(message: str) -> GraphRefusal:
    return GraphRefusal(
        401,
        "InvalidAuthenticationToken",
        message,
        headers={"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'},
    )
