"""Lists of names, written one after another as the reference pages do."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """Return the blank-separated words of `text`."""
    return frozenset(text.split())
