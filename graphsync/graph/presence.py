"""How people are shown in Teams.

Source: https://learn.microsoft.com/graph/api/presence-setuserpreferredpresence
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from graphsync.graph import sdk
from graphsync.graph.retrying import Repeat
from graphsync.graph.transport import Transport

LEAST: Final = timedelta(minutes=5)
"""Graph takes no shorter time."""


async def set_preferred_presence(transport: Transport, user: str, until: datetime, now: datetime) -> None:
    """Show somebody as do-not-disturb until `until`; it ends by itself, and at once where they choose otherwise."""
    body = sdk.PreferredPresence(
        availability="DoNotDisturb", activity="DoNotDisturb", expiration_duration=max(until - now, LEAST)
    )
    builder = transport.graph.users.by_user_id(user).presence.set_user_preferred_presence
    info = builder.to_post_request_information(body)
    await transport.do("set_preferred_presence", info, mailbox=None, repeat=Repeat.ALWAYS)
