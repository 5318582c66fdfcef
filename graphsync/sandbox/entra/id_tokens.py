"""ID tokens and the UserInfo endpoint: what an application learns about the person who signed in.

Sources: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference,
https://learn.microsoft.com/entra/identity-platform/userinfo
"""

from __future__ import annotations

import base64
import json
from collections.abc import Set

from graphsync.sandbox.entra.tokens import Caller, Tokens
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.face.wire_directory import user_json
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application, User

LIFETIME_S = 3600


def id_token(
    tokens: Tokens, application: Application, person: User, *, issuer: str, scopes: Set[str], nonce: str | None = None
) -> str:
    """Return a signed ID token; names and `oid` come with the scope `profile`, `email` with its own."""
    now = int(tokens.clock.now().timestamp())
    claims: Json = {
        "aud": application.client_id,
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_S,
        "sub": tokens.subject(application, person),
        "tid": tokens.world.tenant_id,
        "uti": tokens.world.draws.guid("uti", tokens.world.draws.ordinal("uti")),
        "ver": "2.0",
    }
    if "profile" in scopes:
        claims |= {"name": person.display_name, "oid": person.id, "preferred_username": person.address}
    if "email" in scopes:
        claims |= _email(person)
    if nonce is not None:
        claims["nonce"] = nonce
    if roles := application.roles_of(person.id):
        claims["roles"] = roles
    return tokens.world.signing.sign(claims)


def client_info(person: User, tenant_id: str) -> str:
    """Return what msal tells accounts apart by: ids of person and tenant, when `client_info=1` asks for it."""
    told = json.dumps({"uid": person.id, "utid": tenant_id}, separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def user_info(tokens: Tokens, caller: Caller) -> Json:
    """Return the claims of UserInfo. Names come with the scope `profile`, `email` with its own.

    Raises:
        GraphRefusal: 403; the token is not one of a person, or was got without the scope `openid`.
    """
    if caller.person is None or "openid" not in caller.scopes:
        raise GraphRefusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    told: Json = {"sub": tokens.subject(caller.application, caller.person)}
    if "profile" in caller.scopes:
        names = user_json(caller.person, ("displayName", "givenName", "surname"))
        told |= {"name": names["displayName"], "given_name": names["givenName"], "family_name": names["surname"]}
    if "email" in caller.scopes:
        told |= _email(caller.person)
    return told


def _email(person: User) -> Json:
    mail = user_json(person, ("mail",))["mail"]
    return {} if mail is None else {"email": mail}
