"""Presence by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import BO, by_sdk, not_served, refused
from contract.teams_builders import CLIENT_ID
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.presence_status_message import PresenceStatusMessage

# The Python SDK writes a timedelta as `1:30:00`, which is no ISO 8601.
SPAN = {"expirationDuration": "PT1H30M"}


async def set_to(scene, availability, activity):
    from msgraph.generated.users.item.presence.set_presence.set_presence_post_request_body import (
        SetPresencePostRequestBody,
    )

    body = SetPresencePostRequestBody(
        session_id=CLIENT_ID, availability=availability, activity=activity, additional_data=SPAN
    )
    await scene.bo.presence.set_presence.post(body)


async def clear(scene):
    from msgraph.generated.users.item.presence.clear_presence.clear_presence_post_request_body import (
        ClearPresencePostRequestBody,
    )

    await scene.bo.presence.clear_presence.post(ClearPresencePostRequestBody(session_id=CLIENT_ID))


async def prefer(scene, availability, activity):
    from msgraph.generated.users.item.presence.set_user_preferred_presence import (
        set_user_preferred_presence_post_request_body as bodies,
    )

    body = bodies.SetUserPreferredPresencePostRequestBody(
        availability=availability, activity=activity, additional_data=SPAN
    )
    await scene.bo.presence.set_user_preferred_presence.post(body)


async def shown(scene):
    presence = await scene.bo.presence.get()
    return presence.availability, presence.activity


@by_sdk("getPresence")
async def get_presence(scene):
    await set_to(scene, "DoNotDisturb", "Presenting")
    presence = await scene.bo.presence.get()
    assert (presence.id, presence.availability) == (scene.world.user(BO).id, "DoNotDisturb")
    assert presence.out_of_office_settings.is_out_of_office is False
    named = await scene.client.communications.presences.by_presence_id(presence.id).get()
    assert (named.availability, named.activity) == ("DoNotDisturb", "Presenting")
    await clear(scene)


@by_sdk("getPresencesByUserId")
async def get_presences_by_user_id(scene):
    from msgraph.generated.communications.get_presences_by_user_id import (
        get_presences_by_user_id_post_request_body as bodies,
    )

    await set_to(scene, "Busy", "InACall")
    nobody = "00000000-0000-4000-8000-000000000000"
    body = bodies.GetPresencesByUserIdPostRequestBody(ids=[scene.world.user(BO).id, nobody])
    found = await scene.client.communications.get_presences_by_user_id.post(body)
    assert [(each.id, each.activity) for each in found.value] == [
        (scene.world.user(BO).id, "InACall"),
        (nobody, "PresenceUnknown"),
    ]
    await clear(scene)


@by_sdk("setPresence")
async def set_presence(scene):
    await set_to(scene, "Busy", "InACall")
    assert await shown(scene) == ("Busy", "InACall")
    session = scene.world.presences.sessions[scene.world.user(BO).id][CLIENT_ID]
    assert session.expires_at == scene.world.clock.now() + timedelta(minutes=90)
    await clear(scene)


@by_sdk("clearPresence")
async def clear_presence(scene):
    before = await shown(scene)
    await set_to(scene, "Busy", "InACall")
    assert await shown(scene) == ("Busy", "InACall")
    await clear(scene)
    assert await shown(scene) == before
    await refused(clear(scene), 404, "NotFound")


@by_sdk("setUserPreferredPresence")
async def set_user_preferred_presence(scene):
    await set_to(scene, "Available", "Available")
    await prefer(scene, "BeRightBack", "BeRightBack")
    assert await shown(scene) == ("BeRightBack", "BeRightBack")
    await scene.bo.presence.clear_user_preferred_presence.post()
    await clear(scene)


@by_sdk("clearUserPreferredPresence")
async def clear_user_preferred_presence(scene):
    await set_to(scene, "Busy", "InACall")
    await prefer(scene, "Away", "Away")
    assert await scene.bo.presence.clear_user_preferred_presence.post() is None
    assert await shown(scene) == ("Busy", "InACall")
    await clear(scene)


@by_sdk("setStatusMessage")
async def set_status_message(scene):
    from msgraph.generated.users.item.presence.set_status_message.set_status_message_post_request_body import (
        SetStatusMessagePostRequestBody,
    )

    message = PresenceStatusMessage(message=ItemBody(content="On leave"))
    body = SetStatusMessagePostRequestBody(status_message=message)
    await not_served(scene.bo.presence.set_status_message.post(body))
