"""The route that changes mailbox settings; they are read in routes_calendar.py.

Source: https://learn.microsoft.com/graph/api/user-update-mailboxsettings
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Route
from graphsync.sandbox.face.wire import mailbox_settings_json
from graphsync.sandbox.outlook.mailbox_settings import SETTABLE, update_mailbox_settings
from graphsync.sandbox.world import World


def patch_mailbox_settings(world: World, call: Call) -> Answer:
    """PATCH mailboxSettings, and give back those that were sent."""
    call.query.finish()
    body = call.json()
    update_mailbox_settings(world.core, call.user, body, actor=call.actor)
    shown = mailbox_settings_json(call.user, world.clock.now())
    context = f"{METADATA}users('{call.user.id}')/mailboxSettings"
    return Answer(
        status=200, body={"@odata.context": context, **{name: shown[name] for name in SETTABLE if name in body}}
    )


ROUTES: list[Route] = [
    Route(
        method="PATCH",
        pattern="users/{user}/mailboxSettings",
        operation="updateMailboxSettings",
        permissions=("MailboxSettings.ReadWrite",),
        subject="mailbox",
        handler=patch_mailbox_settings,
    )
]
