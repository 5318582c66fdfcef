"""Activity feed notifications by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, BO, by_sdk, not_served, refused
from contract.sdk_operations.teams_apps import installed
from contract.teams_builders import DEEP_LINK, MANIFEST_ID
from contract.wire_client import run
from msgraph.generated.models.aad_user_notification_recipient import AadUserNotificationRecipient
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.key_value_pair import KeyValuePair
from msgraph.generated.models.teamwork_activity_topic import TeamworkActivityTopic
from msgraph.generated.models.teamwork_activity_topic_source import TeamworkActivityTopicSource


def a_notice(body, topic, **more):
    return body(
        topic=TeamworkActivityTopic(source=TeamworkActivityTopicSource.Text, value=topic, web_url=DEEP_LINK),
        activity_type="approvalRequested",
        preview_text=ItemBody(content="Move it?"),
        template_parameters=[KeyValuePair(name="meetingTitle", value=topic)],
        **more,
    )


def recipient(scene, address):
    return AadUserNotificationRecipient(
        odata_type="microsoft.graph.aadUserNotificationRecipient", user_id=scene.world.user(address).id
    )


def texts(scene, address):
    return [entry.text for entry in scene.world.feed(address)]


@by_sdk("sendActivityNotification")
async def send_activity_notification(scene):
    from msgraph.generated.users.item.teamwork.send_activity_notification import (
        send_activity_notification_post_request_body as bodies,
    )

    await installed(scene)
    notice = a_notice(bodies.SendActivityNotificationPostRequestBody, "Budget")
    assert await scene.ana.teamwork.send_activity_notification.post(notice) is None
    assert texts(scene, ANA)[0] == "Meeting Assist asks you to decide about Budget"
    await refused(scene.bo.teamwork.send_activity_notification.post(notice), 403, "Forbidden")


@by_sdk("sendChatActivityNotification")
async def send_chat_activity_notification(scene):
    from msgraph.generated.chats.item.send_activity_notification import (
        send_activity_notification_post_request_body as bodies,
    )

    chat = await scene.chat()
    scene.world.install_app_in_chat(chat.id, MANIFEST_ID)
    body = a_notice(bodies.SendActivityNotificationPostRequestBody, "In a chat", recipient=recipient(scene, BO))
    assert await scene.client.chats.by_chat_id(chat.id).send_activity_notification.post(body) is None
    assert texts(scene, BO)[0] == "Meeting Assist asks you to decide about In a chat"


@by_sdk("sendActivityNotificationToRecipients")
async def send_activity_notification_to_recipients(scene):
    from msgraph.generated.teamwork.send_activity_notification_to_recipients import (
        send_activity_notification_to_recipients_post_request_body as bodies,
    )

    await installed(scene)
    kind = bodies.SendActivityNotificationToRecipientsPostRequestBody
    body = a_notice(kind, "For many", recipients=[recipient(scene, ANA)])
    assert await scene.client.teamwork.send_activity_notification_to_recipients.post(body) is None
    run(scene.world, timedelta(minutes=1))
    assert texts(scene, ANA)[0] == "Meeting Assist asks you to decide about For many"


@by_sdk("sendTeamActivityNotification")
async def send_team_activity_notification(scene):
    from msgraph.generated.teams.item.send_activity_notification import (
        send_activity_notification_post_request_body as bodies,
    )

    body = a_notice(bodies.SendActivityNotificationPostRequestBody, "For a team")
    await not_served(scene.client.teams.by_team_id("1").send_activity_notification.post(body))
