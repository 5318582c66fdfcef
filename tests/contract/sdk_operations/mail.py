"""Mail by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, BO, a_message, asking, by_sdk
from contract.wire_client import run

from graphsync.graph import sdk


@by_sdk("sendMail")
async def send_mail(scene):
    from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody

    body = SendMailPostRequestBody(message=a_message("Sent by the SDK"), save_to_sent_items=False)
    assert await scene.ana.send_mail.post(body) is None
    run(scene.world, timedelta(minutes=2))
    assert "Sent by the SDK" in {message.subject for message in scene.world.messages(BO, "inbox")}


@by_sdk("createMessage")
async def create_message(scene):
    draft = await scene.message("Draft by the SDK")
    assert (draft.is_draft, draft.flag.flag_status.value, draft.importance.value) == (True, "notFlagged", "normal")
    assert draft.to_recipients[0].email_address.address == BO


@by_sdk("sendMessage")
async def send_message(scene):
    draft = await scene.message("Draft to be sent")
    await scene.ana.messages.by_message_id(draft.id).send.post()
    assert draft.id in {message.id for message in scene.world.messages(ANA, "sentitems")}


@by_sdk("getMessage")
async def get_message(scene):
    draft = await scene.message("Draft to be read")
    read = await scene.ana.messages.by_message_id(draft.id).get()
    assert (read.subject, read.internet_message_id) == ("Draft to be read", draft.internet_message_id)


@by_sdk("listMessages")
async def list_messages(scene):
    await scene.message("Draft to be listed")
    builder = sdk.FolderMessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
    folder = scene.ana.mail_folders.by_mail_folder_id("drafts")
    found = await folder.messages.get(asking(of=builder, filter="subject eq 'Draft to be listed'"))
    assert [message.is_draft for message in found.value] == [True]


@by_sdk("updateMessage")
async def update_message(scene):
    draft = await scene.message("Draft to be marked")
    one = scene.ana.messages.by_message_id(draft.id)
    changed = await one.patch(sdk.Message(is_read=True, categories=["Mentoring"]))
    for message in (changed, await one.get()):
        assert (message.id, message.is_read, message.categories) == (draft.id, True, ["Mentoring"])


@by_sdk("deleteMessage")
async def delete_message(scene):
    draft = await scene.message("Draft to be deleted")
    one = scene.ana.messages.by_message_id(draft.id)
    assert await one.delete() is None
    drafts = await scene.ana.mail_folders.by_mail_folder_id("drafts").messages.get()
    assert draft.id not in {message.id for message in drafts.value}


@by_sdk("moveMessage")
async def move_message(scene):
    from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody

    draft = await scene.message("Draft to be moved")
    one = scene.ana.messages.by_message_id(draft.id)
    moved = await one.move.post(MovePostRequestBody(destination_id="deleteditems"))
    deleted = await scene.ana.mail_folders.by_mail_folder_id("deleteditems").get()
    assert (moved.subject, moved.parent_folder_id) == ("Draft to be moved", deleted.id)
    assert moved.parent_folder_id != draft.parent_folder_id
