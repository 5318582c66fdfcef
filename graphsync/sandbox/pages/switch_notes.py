"""What is said of each switch where it is declared, so that the page says the same."""

from __future__ import annotations

import inspect
import re
from functools import cache

from graphsync.sandbox.behavior import Behavior

_FIELD = re.compile(r"(\w+): ")


@cache
def switch_notes() -> dict[str, str]:
    """Return the comment above each field of `Behavior` by the field's name; those without one are left out."""
    try:
        lines = inspect.getsource(Behavior).splitlines()
    except OSError:
        # Installed without its source: the switches are there all the same.
        return {}
    notes: dict[str, str] = {}
    above: list[str] = []
    for line in map(str.strip, lines):
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
            continue
        field = _FIELD.match(line)
        if field and above:
            notes[field[1]] = " ".join(above)
        above = []
    return notes
