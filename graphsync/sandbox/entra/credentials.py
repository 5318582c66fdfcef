"""How an application proves who it is: by its client secret, in the form or as HTTP Basic, or by a signed assertion.

Sources: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from graphsync.sandbox.entra.entra_errors import AuthorityRefusal
from graphsync.sandbox.tenant.directory import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def with_basic(form: Mapping[str, str], authorization: str) -> dict[str, str]:
    """Return the form with client id and secret from an HTTP Basic header, where there is one.

    Raises:
        AuthorityRefusal: the header cannot be read.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return dict(form)
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _unreadable_basic() from error
    if not colon:
        raise _unreadable_basic()
    return {**form, "client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _unreadable_basic() -> AuthorityRefusal:
    return AuthorityRefusal("invalid_request", 9002313, "Invalid request. The Authorization header cannot be read.")


def check_credential(application: Application, form: Mapping[str, str], audiences: Sequence[str]) -> None:
    """Check the credential in a token request; `audiences` are the names of this endpoint.

    Raises:
        AuthorityRefusal: it is missing or wrong.
    """
    assertion = form.get("client_assertion")
    if assertion is not None:
        _check_assertion(application, form, assertion, audiences)
        return
    secret = form.get("client_secret")
    if secret is None:
        raise _invalid(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    if application.secret is None or not hmac.compare_digest(secret.encode(), application.secret.encode()):
        raise _invalid(7000215, "Invalid client secret provided.")


def _check_assertion(
    application: Application, form: Mapping[str, str], assertion: str, audiences: Sequence[str]
) -> None:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise AuthorityRefusal("invalid_request", 90023, "client_assertion_type is not the JWT bearer type.")
    if application.certificate_pem is None:
        raise _invalid(700027, "The application has no certificate.")
    key = x509.load_pem_x509_certificate(application.certificate_pem).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise _invalid(700027, "The application's certificate has no RSA key.")
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    try:
        claims = jwt.decode(
            assertion,
            pem,
            algorithms=["PS256", "RS256"],
            audience=audiences,
            options={"require": ["exp", "iss", "sub", "jti"]},
        )
    except jwt.InvalidTokenError as error:
        raise _invalid(700027, f"Client assertion failed validation: {error}.") from error
    if claims["iss"] != application.client_id or claims["sub"] != application.client_id:
        raise _invalid(700021, "Issuer and subject of the assertion must be the client id.")


def _invalid(number: int, text: str) -> AuthorityRefusal:
    return AuthorityRefusal("invalid_client", number, text, status=401)
