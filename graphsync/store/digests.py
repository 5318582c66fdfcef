"""Keyed hashes of what must be known again and not be readable any more."""

from __future__ import annotations

import hmac
from hashlib import sha256


class Digests:
    """Hashes texts with the database's own key; the same text gives another hash in another database."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of_request(self, key: str) -> str:
        """Return the digest of the key of an open request."""
        return self._digest("request", key)

    def of_action(self, key: str) -> str:
        """Return the digest of the key of an action."""
        return self._digest("action", key)

    def _digest(self, what: str, key: str) -> str:
        return hmac.new(self._key, f"{what}\n{key}".encode(), sha256).hexdigest()
