"""The authority's documents for all tenants: OpenID discovery, and the keys that validation tokens are signed with.

Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc (the two versions of the document)
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import Answer
from graphsync.sandbox.world import World

_KEY_SETS = ("/common/discovery/keys", "/common/discovery/v2.0/keys")
# Path of each document: the version in the paths it names, and the issuer, whose tenant stays open.
_DOCUMENTS = {
    "/common/.well-known/openid-configuration": ("", "https://sts.windows.net/{tenantid}/"),
    "/common/v2.0/.well-known/openid-configuration": ("/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0"),
}


def common_document(world: World, path: str, base_url: str) -> Answer | None:
    """Return what is published at a path in lower case, None where nothing is."""
    if path in _KEY_SETS:
        with world.lock:
            return Answer(status=200, body=world.signing.key_set())
    if path not in _DOCUMENTS:
        return None
    version, issuer = _DOCUMENTS[path]
    authority = f"{base_url}/common"
    return Answer(
        status=200,
        body={
            "token_endpoint": f"{authority}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{authority}/discovery{version}/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer,
            "authorization_endpoint": f"{authority}/oauth2{version}/authorize",
        },
    )
