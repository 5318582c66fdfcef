"""The sessions of the demo taking place: who joins the online meeting and who does not, by the draws of `habits.py`.

It happens once the session is over, and changes no calendar: what is drawn here is told by attendance reports alone.
"""

from __future__ import annotations

from datetime import datetime

from graphsync.sandbox.demo.habits import Habits
from graphsync.sandbox.demo.programme import Pair
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.world import World


def gather(world: World, habits: Habits, pair: Pair, ical_uid: str, start: datetime) -> None:
    """Let the two be in the meeting of a session that has ended, if it stood to its end and had a link."""
    copies = [_copy(world, address, ical_uid, start) for address in (pair.mentor, pair.mentee)]
    if any(copy is None for copy in copies):
        return
    for address, copy in zip((pair.mentor, pair.mentee), copies, strict=True):
        if copy is None or copy.join_url is None or world.user(address).is_away(start):
            continue
        for joined, left in habits.stays(address, pair, start.isoformat(), copy.end - copy.start):
            world.attend(copy, address, start + joined, start + left)


def _copy(world: World, address: str, ical_uid: str, start: datetime) -> Event | None:
    """Return somebody's copy of a session that they were to come to; who declined has none."""
    copy = world.event_by_ical_uid(address, ical_uid)
    return copy if copy is not None and not copy.is_cancelled and copy.start == start else None
