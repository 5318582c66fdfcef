"""Mail by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, BO, a_message, asking, by_sdk, refused
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


async def question(scene, subject):
    """Return a message that came to Bo, by the builder of what is done to it."""
    await scene.ana.messages.by_message_id((await scene.message(subject)).id).send.post()
    run(scene.world, timedelta(minutes=2))
    (found,) = [message for message in scene.world.messages(BO, "inbox") if message.subject == subject]
    return scene.bo.messages.by_message_id(found.id)


def recipient(address):
    return sdk.Recipient(email_address=sdk.EmailAddress(address=address))


def sent_by_bo(scene, subject):
    return [message.to for message in scene.world.messages(BO, "sentitems") if message.subject == subject]


@by_sdk("createReplyMessage")
async def create_reply(scene):
    from msgraph.generated.users.item.messages.item.create_reply.create_reply_post_request_body import (
        CreateReplyPostRequestBody,
    )

    asked = await question(scene, "To be answered later")
    draft = await asked.create_reply.post(CreateReplyPostRequestBody(comment="Fine"))
    assert (draft.subject, draft.is_draft) == ("RE: To be answered later", True)
    assert draft.conversation_id == (await asked.get()).conversation_id
    assert [item.email_address.address for item in draft.to_recipients] == [ANA]


@by_sdk("createReplyAllMessage")
async def create_reply_all(scene):
    from msgraph.generated.users.item.messages.item.create_reply_all.create_reply_all_post_request_body import (
        CreateReplyAllPostRequestBody,
    )

    asked = await question(scene, "To be answered to all later")
    body = CreateReplyAllPostRequestBody(message=sdk.Message(cc_recipients=[recipient("cy@fabrikam.test")]))
    draft = await asked.create_reply_all.post(body)
    assert [item.email_address.address for item in draft.cc_recipients] == ["cy@fabrikam.test"]


@by_sdk("createForwardMessage")
async def create_forward(scene):
    from msgraph.generated.users.item.messages.item.create_forward.create_forward_post_request_body import (
        CreateForwardPostRequestBody,
    )

    asked = await question(scene, "To be forwarded later")
    body = CreateForwardPostRequestBody(to_recipients=[recipient("cy@fabrikam.test")], comment="See below")
    draft = await asked.create_forward.post(body)
    assert draft.subject == "FW: To be forwarded later"
    assert "See below" in draft.body.content


@by_sdk("replyMessage")
async def reply(scene):
    from msgraph.generated.users.item.messages.item.reply.reply_post_request_body import ReplyPostRequestBody

    asked = await question(scene, "To be answered")
    assert await asked.reply.post(ReplyPostRequestBody(comment="Fine")) is None
    assert sent_by_bo(scene, "RE: To be answered") == [[ANA]]


@by_sdk("replyAllMessage")
async def reply_all(scene):
    from msgraph.generated.users.item.messages.item.reply_all.reply_all_post_request_body import (
        ReplyAllPostRequestBody,
    )

    asked = await question(scene, "To be answered to all")
    assert await asked.reply_all.post(ReplyAllPostRequestBody(comment="Fine")) is None
    assert sent_by_bo(scene, "RE: To be answered to all") == [[ANA]]


@by_sdk("forwardMessage")
async def forward(scene):
    from msgraph.generated.users.item.messages.item.forward.forward_post_request_body import ForwardPostRequestBody

    asked = await question(scene, "To be forwarded")
    body = ForwardPostRequestBody(to_recipients=[recipient("cy@fabrikam.test")], comment="See below")
    assert await asked.forward.post(body) is None
    assert sent_by_bo(scene, "FW: To be forwarded") == [["cy@fabrikam.test"]]


@by_sdk("copyMessage")
async def copy(scene):
    from msgraph.generated.users.item.messages.item.copy.copy_post_request_body import CopyPostRequestBody

    draft = await scene.message("Draft to be copied")
    copied = await scene.ana.messages.by_message_id(draft.id).copy.post(CopyPostRequestBody(destination_id="drafts"))
    assert (copied.subject, copied.id == draft.id) == ("Draft to be copied", False)


@by_sdk("listAttachments")
async def list_attachments(scene):
    draft = await scene.message("Draft without attachments")
    await refused(scene.ana.messages.by_message_id(draft.id).attachments.get(), 501, "NotImplemented")
