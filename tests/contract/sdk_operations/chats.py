"""Chats by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import ANA, BO, asking, by_sdk, refused

from graphsync.graph import sdk


@by_sdk("createChat")
async def create_chat(scene):
    from msgraph.generated.models.aad_user_conversation_member import AadUserConversationMember
    from msgraph.generated.models.chat import Chat
    from msgraph.generated.models.chat_type import ChatType

    members = [
        AadUserConversationMember(
            odata_type="#microsoft.graph.aadUserConversationMember",
            roles=["owner"],
            additional_data={"user@odata.bind": f"https://graph.microsoft.com/v1.0/users('{address}')"},
        )
        for address in (ANA, BO)
    ]
    chat = await scene.client.chats.post(Chat(chat_type=ChatType.OneOnOne, members=members))
    assert (chat.id, chat.chat_type) == (scene.world.create_chat(ANA, BO).id, ChatType.OneOnOne)


@by_sdk("listChats")
async def list_chats(scene):
    chat = await scene.chat()
    builder = sdk.ChatsRequestBuilder.ChatsRequestBuilderGetQueryParameters
    found = await scene.ana.chats.get(asking(of=builder, expand=["members"]))
    [shown] = [each for each in found.value if each.id == chat.id]
    assert {member.email for member in shown.members} == {ANA, BO}


@by_sdk("listChatMessages")
async def list_chat_messages(scene):
    chat = await scene.chat()
    found = await scene.client.chats.by_chat_id(chat.id).messages.get()
    assert [message.body.content for message in found.value] == ["<p>Hello</p>"]
    assert found.value[0].from_.user.display_name == "Ana"


@by_sdk("listAllChatMessages")
async def list_all_chat_messages(scene):
    chat = await scene.chat()
    found = await scene.ana.chats.get_all_messages.get()
    assert {message.chat_id for message in found.value} == {chat.id}


@by_sdk("sendChatMessage")
async def send_chat_message(scene):
    from msgraph.generated.models.chat_message import ChatMessage

    chat = await scene.chat()
    body = ChatMessage(body=sdk.ItemBody(content="Hello"))
    await refused(scene.client.chats.by_chat_id(chat.id).messages.post(body), 412, "PreconditionFailed")
