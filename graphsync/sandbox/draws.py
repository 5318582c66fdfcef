"""Every draw and every identifier of the sandbox: functions of the seed and a stable key, of nothing else.

Neither the wall clock nor the order in which concurrent requests arrive changes what is drawn, so that two
runs with one seed are the same to the byte.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID

# Outlook item ids are opaque text of one length; a longer one of ours names an occurrence (recurrence.py).
ITEM_ID_LENGTH = 42


class Draws:
    """Identifiers and random draws by key."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._used: Counter[str] = Counter()

    def digest(self, *key: object) -> bytes:
        """Return 32 bytes that depend on the seed and `key` alone."""
        text = "\x1f".join(str(part) for part in (self.seed, *key))
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    def ordinal(self, *key: object) -> int:
        """Return how often `key` was asked for before: what tells equal things made at one instant apart."""
        name = "\x1f".join(str(part) for part in key)
        self._used[name] += 1
        return self._used[name] - 1

    def guid(self, *key: object) -> str:
        """Return a GUID for `key`."""
        return str(UUID(bytes=self.digest("guid", *key)[:16], version=4))

    def item_id(self, *key: object) -> str:
        """Return an Outlook item id for `key`; always `ITEM_ID_LENGTH` characters, safe in a path once encoded."""
        return "AAMkAD" + base64.urlsafe_b64encode(self.digest("item", *key)[:24]).decode() + "AAA="

    def change_key(self, *key: object) -> str:
        """Return a `changeKey` for `key`."""
        return base64.b64encode(self.digest("change", *key)[:16]).decode()

    def hexadecimal(self, *key: object) -> str:
        """Return 64 hexadecimal digits for `key`."""
        return self.digest("hex", *key).hex()

    def random(self, *key: object) -> Random:
        """Return a random source that always starts the same for `key`."""
        return Random(":".join(str(part) for part in (self.seed, *key)))

    def duration(self, span: tuple[float, float], *key: object) -> timedelta:
        """Return a duration within `span`, given in seconds, in whole milliseconds."""
        low, high = span
        return timedelta(milliseconds=round(self.random("duration", *key).uniform(low, high) * 1000))
