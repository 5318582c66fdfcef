"""The sandbox's own keys: what Microsoft signs, it signs with these, and publishes them as a key set.

One RSA key is in use and earlier ones stay published, as keys of the real authority rotate often:
https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from graphsync.sandbox.face.wire import Json

ALGORITHM = "RS256"
_KEY_BITS = 2048


@dataclass(slots=True)
class SigningKeys:
    """RSA keys, the newest in use; the first is made when it is needed. Whoever calls holds the world's lock."""

    _keys: list[rsa.RSAPrivateKey] = field(default_factory=list)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a JWT of `claims`, signed with the key in use; its header names it by `kid`."""
        if not self._keys:
            self.rotate()
        headers = {"kid": f"sandbox-{len(self._keys)}"}
        return jwt.encode(dict(claims), self._keys[-1], algorithm=ALGORITHM, headers=headers)

    def rotate(self) -> None:
        """Take a new key into use; what the earlier ones signed can still be checked."""
        self._keys.append(rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS))

    def key_set(self) -> Json:
        """Return the public keys as a JSON Web Key Set: https://www.rfc-editor.org/rfc/rfc7517#section-5."""
        if not self._keys:
            self.rotate()
        published = [
            {
                **jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True),
                "kid": f"sandbox-{number}",
                "use": "sig",
                "alg": ALGORITHM,
            }
            for number, key in enumerate(self._keys, start=1)
        ]
        return {"keys": published}
