"""`graphsync replay`: what other rules would have wanted, beside what was wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from graphsync.engine.replay import Difference
from graphsync.reports.times import counted, when

_WHAT: Final = {
    "BookSession": "session",
    "MoveSession": "session",
    "KeepReason": "session",
    "LoseSession": "session",
    "SendNudge": "nudge",
    "FlagMentorship": "flag",
}


def kind_of(difference: Difference) -> str:
    """Return `session`, `nudge`, `flag` or `other`: what a difference is about."""
    return _WHAT.get(difference.kind, "other")


def differences_text(differences: Sequence[Difference], looked_at: int, since: datetime, until: datetime) -> str:
    """Return a table of differences as text, by mentorship and time.

    Args:
        differences: as `replay` returns them.
        looked_at: how many recorded decisions were asked again.
        since: the beginning of the span.
        until: its end.
    """
    span = f"{when(since, 'UTC')} to {when(until, 'UTC')} UTC"
    if not differences:
        return f"{counted(looked_at, 'decision')} from {span}: no difference\n"
    counts = Counter(kind_of(one) for one in differences)
    said = ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
    lines = [f"{counted(looked_at, 'decision')} from {span}: {counted(len(differences), 'difference')} ({said})", ""]
    rows = [("mentorship", "when (UTC)", "what", "change", "before", "after")]
    rows += [
        (
            one.mentorship,
            when(one.at, "UTC"),
            f"{kind_of(one)} {one.key}",
            str(one.change),
            one.before or "-",
            one.after or "-",
        )
        for one in differences
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def differences_data(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return the same for machines; instants in UTC."""
    return [
        {
            "mentorship": one.mentorship,
            "at": one.at.isoformat(),
            "what": kind_of(one),
            "key": one.key,
            "change": str(one.change),
            "before": one.before,
            "after": one.after,
        }
        for one in differences
    ]
