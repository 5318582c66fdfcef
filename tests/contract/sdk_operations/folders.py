"""Mail folders and message delta by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import by_sdk, read


@by_sdk("listMailFolders")
async def list_mail_folders(scene):
    found = await read(scene.ana.mail_folders, top=100)
    names = {folder.display_name: folder for folder in found.value}
    assert {"Inbox", "Drafts", "Sent Items", "Deleted Items"} <= set(names)
    assert all(folder.child_folder_count == 0 for folder in found.value)


@by_sdk("getMailFolder")
async def get_mail_folder(scene):
    before = await scene.ana.mail_folders.by_mail_folder_id("drafts").get()
    await scene.message("Counted")
    by_id = await scene.ana.mail_folders.by_mail_folder_id(before.id).get()
    assert (by_id.id, by_id.display_name) == (before.id, "Drafts")
    assert by_id.total_item_count == before.total_item_count + 1


@by_sdk("messagesDelta")
async def messages_delta(scene):
    rounds = scene.ana.mail_folders.by_mail_folder_id("drafts").messages.delta
    draft = await scene.message("In the round of mail")
    page = await read(rounds, select=["subject"])
    found = list(page.value)
    while page.odata_next_link:
        page = await rounds.with_url(page.odata_next_link).get()
        found += page.value
    assert {message.id: message.subject for message in found}[draft.id] == "In the round of mail"
    await scene.ana.messages.by_message_id(draft.id).delete()
    [gone] = (await rounds.with_url(page.odata_delta_link).get()).value
    assert (gone.id, gone.additional_data["@removed"]) == (draft.id, {"reason": "deleted"})
