"""Facts of Teams chats on the wire; the chats themselves are those the people have."""

from __future__ import annotations

from contract.wire_facts.wire_target import fact

API = "https://learn.microsoft.com/graph/api"


@fact("chats are listed, with members and the last message only when expanded", page=f"{API}/chat-list")
def test_list_chats(graph, target):
    chat_id = target.chat_id()
    path = f"{target.mailbox}/chats"
    plain = {each["id"]: each for each in graph.get(path).json()["value"]}[chat_id]
    assert plain["chatType"] in {"oneOnOne", "group", "meeting"}
    assert "members" not in plain
    params = {"$expand": "members,lastMessagePreview"}
    full = {each["id"]: each for each in graph.get(path, params=params).json()["value"]}[chat_id]
    assert {member["@odata.type"] for member in full["members"]} == {"#microsoft.graph.aadUserConversationMember"}
    assert "lastMessagePreview" in full


@fact("chats are ordered by their last message alone", page="https://learn.microsoft.com/answers/questions/873489")
def test_order_of_chats(graph, target):
    path = f"{target.mailbox}/chats"
    params = {"$expand": "lastMessagePreview", "$orderby": "lastMessagePreview/createdDateTime desc"}
    assert graph.get(path, params=params).status_code == 200
    assert graph.get(path, params={"$orderby": "lastUpdatedDateTime desc"}).status_code == 400


@fact("at most fifty messages on a page", page=f"{API}/chat-list-messages", reading=True)
def test_largest_page_of_messages(graph, target):
    path = f"/chats/{target.chat_id()}/messages"
    assert graph.get(path, params={"$top": 50}).status_code == 200
    target.reads(graph.get(path, params={"$top": 51}).status_code, sandbox=400, live=(400, 200))


@fact("messages come newest first, with author and body", page=f"{API}/chat-list-messages")
def test_messages_of_a_chat(graph, target):
    messages = graph.get(f"/chats/{target.chat_id()}/messages").json()["value"]
    times = [each["createdDateTime"] for each in messages]
    assert times == sorted(times, reverse=True)
    for each in messages:
        assert {"body", "chatId", "from", "id", "messageType", "reactions"} <= set(each)


@fact("messages are filtered by the time they are ordered by, with gt", page=f"{API}/chat-list-messages", reading=True)
def test_filter_of_messages(graph, target):
    path = f"/chats/{target.chat_id()}/messages"
    params = {
        "$filter": "lastModifiedDateTime gt 2020-01-01T00:00:00Z",
        "$orderby": "lastModifiedDateTime desc",
    }
    assert graph.get(path, params=params).status_code == 200
    params["$filter"] = "lastModifiedDateTime ge 2020-01-01T00:00:00Z"
    target.reads(graph.get(path, params=params).status_code, sandbox=400, live=(400, 200))


@fact(
    "an application does not write into chats: 412 PreconditionFailed",
    page="https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/2080",
)
def test_applications_do_not_write(graph, target):
    answer = graph.post(f"/chats/{target.chat_id()}/messages", json={"body": {"content": "Hello"}})
    assert answer.status_code == 412
    assert answer.json()["error"]["code"] == "PreconditionFailed"
