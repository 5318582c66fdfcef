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

# Outlook item ids are opaque text of one length; a longer one of ours names an occurrence (recurrence.py).
ITEM_ID_LENGTH = 42


class Draws:
    """Identifiers and random draws by key."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        # By a digest of the key: keys hold whole bodies, and there is one for each thing made and each request.
        self._used: Counter[bytes] = Counter()

    def digest(self, *key: object) -> bytes:
        """Return 32 bytes that depend on the seed and `key` alone."""
        text = "\x1f".join(map(str, (self.seed, *key)))
        return hashlib.blake2b(text.encode(), digest_size=32).digest()

    def ordinal(self, *key: object) -> int:
        """Return how often `key` was asked for before: what tells equal things made at one instant apart."""
        name = hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=16).digest()
        self._used[name] += 1
        return self._used[name] - 1

    def guid(self, *key: object) -> str:
        """Return a GUID for `key`."""
        value = bytearray(self.digest("guid", *key)[:16])
        # Version 4, and the variant of https://www.rfc-editor.org/rfc/rfc9562#section-5.4
        value[6] = value[6] & 0x0F | 0x40
        value[8] = value[8] & 0x3F | 0x80
        text = value.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

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
        return Random(":".join(map(str, (self.seed, *key))))

    def duration(self, span: tuple[float, float], *key: object) -> timedelta:
        """Return a duration within `span`, given in seconds, in whole milliseconds."""
        low, high = span
        return timedelta(milliseconds=round(self.random("duration", *key).uniform(low, high) * 1000))
