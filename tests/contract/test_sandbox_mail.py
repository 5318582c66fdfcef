"""Mail folders, message delta, and what is done to a message, as a client sees them over TLS."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from email.message import EmailMessage

import pytest
from wire_client import a_mail, a_world, an_event, client_of, error, graph_of, run, serving

from graphsync.sandbox import Fault

ANA, BO = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test"
INBOX = f"{BO}/mailFolders/inbox"
TO = [{"emailAddress": {"address": "cy@fabrikam.test"}}]


@pytest.fixture
def world():
    return a_world()


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def send(graph, subject="Hello"):
    assert graph.post(f"{ANA}/sendMail", json=a_mail("bo@fabrikam.test", subject=subject)).status_code == 202


def listed(graph, path, **params):
    answer = graph.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def delta_round(graph, url, **params):
    """Return the items of each page, and the link of the next round."""
    pages = []
    while True:
        answer = graph.get(url, **params)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        pages.append(body["value"])
        params = {}
        url = body.get("@odata.nextLink")
        if url is None:
            return pages, body["@odata.deltaLink"]


def subjects(pages):
    return [item["subject"] for items in pages for item in items]


def test_folders_have_ids_names_and_counts(graph):
    send(graph, "One")
    send(graph, "Two")
    first = listed(graph, f"{INBOX}/messages")[0]
    graph.patch(f"{BO}/messages/{first['id']}", json={"isRead": True})
    folders = {item["displayName"]: item for item in listed(graph, f"{BO}/mailFolders")}
    assert list(folders) == ["Inbox", "Sent Items", "Drafts", "Deleted Items"]
    inbox = folders["Inbox"]
    assert (inbox["totalItemCount"], inbox["unreadItemCount"], inbox["childFolderCount"]) == (2, 1, 0)
    assert first["parentFolderId"] == inbox["id"]
    by_name = graph.get(f"{BO}/mailFolders/Inbox", params={"$select": "unreadItemCount"}).json()
    assert (by_name["id"], by_name["unreadItemCount"]) == (inbox["id"], 1)
    assert len(listed(graph, f"{BO}/mailFolders/{inbox['id']}/messages")) == 2
    assert error(graph.get(f"{ANA}/mailFolders/{inbox['id']}")) == (400, "ErrorInvalidIdMalformed")
    assert error(graph.get(f"{BO}/mailFolders/outbox")) == (400, "ErrorInvalidIdMalformed")


def test_a_first_round_has_all_and_later_ones_what_changed(graph, world):
    send(graph, "One")
    run(world, timedelta(minutes=1))
    send(graph, "Two")
    pages, link = delta_round(graph, f"{INBOX}/messages/delta")
    assert subjects(pages) == ["Two", "One"]
    assert delta_round(graph, link)[0] == [[]]
    two, one = pages[0]
    graph.patch(f"{BO}/messages/{one['id']}", json={"isRead": True, "categories": ["Red"]}).raise_for_status()
    send(graph, "Three")
    pages, link = delta_round(graph, link)
    assert {item["subject"]: item["isRead"] for item in pages[0]} == {"One": True, "Three": False}
    graph.delete(f"{BO}/messages/{two['id']}")
    pages, link = delta_round(graph, link)
    assert [(item["id"], item["@removed"]) for item in pages[0]] == [(two["id"], {"reason": "deleted"})]
    answer = graph.get(link)
    assert answer.headers["Preference-Applied"] == "odata.track-changes"


def test_what_comes_and_goes_between_two_rounds_is_not_told(graph):
    _, link = delta_round(graph, f"{INBOX}/messages/delta")
    send(graph)
    (message,) = listed(graph, f"{INBOX}/messages")
    graph.delete(f"{BO}/messages/{message['id']}")
    assert delta_round(graph, link)[0] == [[]]


def test_a_draft_that_is_sent_leaves_its_folder_and_comes_into_the_other(graph):
    draft = graph.post(f"{ANA}/messages", json=a_mail("bo@fabrikam.test")["message"]).json()
    pages, drafts = delta_round(graph, f"{ANA}/mailFolders/drafts/messages/delta")
    assert [item["id"] for item in pages[0]] == [draft["id"]]
    _, sent = delta_round(graph, f"{ANA}/mailFolders/sentitems/messages/delta")
    _, everything = delta_round(graph, f"{ANA}/messages/delta")
    graph.post(f"{ANA}/messages/{draft['id']}/send")
    assert [list(item) for item in delta_round(graph, drafts)[0][0]] == [["@odata.type", "id", "@removed"]]
    assert [item["id"] for item in delta_round(graph, sent)[0][0]] == [draft["id"]]
    assert [(item["id"], item["isDraft"]) for item in delta_round(graph, everything)[0][0]] == [(draft["id"], False)]


def test_pages_select_and_bounds_are_carried_on_by_the_tokens(graph, world):
    for number in range(5):
        send(graph, str(number))
        run(world, timedelta(minutes=1))
    wanted = {
        "$select": "subject",
        "$filter": "receivedDateTime ge 2026-01-05T08:01:00Z",
        "$orderby": "receivedDateTime desc",
    }
    pages, link = delta_round(
        graph, f"{INBOX}/messages/delta", params=wanted, headers={"Prefer": "odata.maxpagesize=3"}
    )
    assert subjects(pages) == ["4", "3", "2", "1"]
    assert len(pages) == 2
    assert "body" not in pages[0][0]
    send(graph, "5")
    pages, _ = delta_round(graph, link)
    assert subjects(pages) == ["5"]
    assert "body" not in pages[0][0]
    after = {"$filter": "receivedDateTime gt 2026-01-05T08:01:00Z"}
    assert "1" not in subjects(delta_round(graph, f"{INBOX}/messages/delta", params=after)[0])


def test_a_change_type_leaves_out_the_others(graph):
    send(graph, "Old")
    links = {
        kind: delta_round(graph, f"{INBOX}/messages/delta", params={"changeType": kind})[1]
        for kind in ("created", "updated", "deleted")
    }
    send(graph, "New")
    send(graph, "Gone")
    old = next(item for item in listed(graph, f"{INBOX}/messages") if item["subject"] == "Old")
    graph.patch(f"{BO}/messages/{old['id']}", json={"isRead": True})
    assert sorted(subjects(delta_round(graph, links["created"])[0])) == ["Gone", "New"]
    assert subjects(delta_round(graph, links["updated"])[0]) == ["Old"]
    assert delta_round(graph, links["deleted"])[0] == [[]]
    graph.delete(f"{BO}/messages/{old['id']}")
    assert [item["id"] for item in delta_round(graph, links["deleted"])[0][0]] == [old["id"]]


def test_a_lost_state_or_a_token_of_another_folder_is_gone(graph, world):
    _, link = delta_round(graph, f"{INBOX}/messages/delta")
    elsewhere = link.replace("/inbox/", "/drafts/")
    assert error(graph.get(elsewhere)) == (410, "SyncStateNotFound")
    assert error(graph.get(f"{INBOX}/messages/delta?$deltatoken=x")) == (400, "ErrorInvalidUrlQuery")
    world.faults.add(Fault(operation="messagesDelta", kind="delta_expired"))
    assert error(graph.get(link)) == (410, "SyncStateNotFound")
    assert delta_round(graph, link)[0] == [[]]
    world.expire_delta_tokens("bo@fabrikam.test")
    assert error(graph.get(link)) == (410, "SyncStateNotFound")


def test_the_oddities_of_delta_are_those_of_events_too(graph, world):
    send(graph)
    world.behavior.empty_delta_pages, world.behavior.repeated_delta_items = True, True
    pages, _ = delta_round(graph, f"{INBOX}/messages/delta")
    assert [len(items) for items in pages] == [0, 2]


@pytest.mark.parametrize(
    "params",
    [
        {"$search": '"x"'},
        {"changeType": "moved"},
        {"$orderby": "receivedDateTime asc"},
        {"$orderby": "subject"},
        {"$filter": "receivedDateTime le 2026-01-05T08:01:00Z"},
        {"$filter": "subject eq 'x'"},
        {"$skip": "1"},
    ],
)
def test_delta_takes_no_other_options(graph, params):
    assert graph.get(f"{INBOX}/messages/delta", params=params).status_code == 400


def test_answers_to_invitations_are_found_by_delta_of_the_inbox(graph, world):
    _, link = delta_round(graph, f"{ANA}/mailFolders/inbox/messages/delta")
    graph.post(f"{ANA}/events", json=an_event()).raise_for_status()
    (copy,) = listed(graph, f"{BO}/events")
    graph.post(f"{BO}/events/{copy['id']}/accept", json={})
    run(world, timedelta(minutes=5))
    pages, _ = delta_round(graph, link)
    found = [(item["@odata.type"], item["meetingMessageType"]) for item in pages[0]]
    assert found == [("#microsoft.graph.eventMessageResponse", "meetingAccepted")]


def test_a_message_is_marked_moved_and_deleted(graph):
    send(graph)
    (message,) = listed(graph, f"{INBOX}/messages")
    assert message["isRead"] is False
    body = {"isRead": True, "importance": "high"}
    marked = graph.patch(f"{INBOX}/messages/{message['id']}", json=body).json()
    assert (marked["isRead"], marked["importance"]) == (True, "high")
    assert marked["changeKey"] != message["changeKey"]
    moved = graph.post(f"{BO}/messages/{message['id']}/move", json={"destinationId": "drafts"})
    assert (moved.status_code, moved.json()["id"]) == (201, message["id"])
    assert listed(graph, f"{INBOX}/messages") == []
    assert error(graph.patch(f"{INBOX}/messages/{message['id']}", json={})) == (404, "ErrorItemNotFound")
    assert graph.delete(f"{BO}/messages/{message['id']}").status_code == 204
    assert [item["id"] for item in listed(graph, f"{BO}/mailFolders/deleteditems/messages")] == [message["id"]]
    assert graph.delete(f"{BO}/messages/{message['id']}").status_code == 204
    assert error(graph.get(f"{BO}/messages/{message['id']}")) == (404, "ErrorItemNotFound")
    assert error(graph.delete(f"{BO}/messages/{message['id']}")) == (404, "ErrorItemNotFound")


def test_what_cannot_be_changed_or_is_not_served_says_so(graph):
    send(graph)
    (message,) = listed(graph, f"{INBOX}/messages")
    path = f"{BO}/messages/{message['id']}"
    assert error(graph.patch(path, json={"isread": True})) == (400, "RequestBodyRead")
    assert error(graph.patch(path, json={"internetMessageHeaders": []})) == (501, "NotImplemented")
    assert error(graph.post(f"{path}/reply", json={"coment": "x"})) == (400, "RequestBodyRead")
    assert error(graph.get(f"{path}/attachments")) == (501, "NotImplemented")
    assert error(graph.get(f"{BO}/messages", params={"$search": '"x"'})) == (501, "NotImplemented")
    assert error(graph.post(f"{path}/move", json={"destinationId": "outbox"})) == (400, "ErrorInvalidIdMalformed")


# Folders by name ---------------------------------------------------------------------------------------------------


def test_who_may_read_the_basics_of_mail_gets_no_text_and_no_extended_properties(world, graph):
    tag = "String {6f2d3c1e-0b7a-4a53-9d0e-6d1b5f0a9c11} Name MentoringSession"
    body = a_mail("bo@fabrikam.test")["message"] | {"singleValueExtendedProperties": [{"id": tag, "value": "1"}]}
    url = f"{ANA}/messages/{graph.post(f'{ANA}/messages', json=body).json()['id']}"
    expand = {"$expand": f"singleValueExtendedProperties($filter=id eq '{tag}')"}
    hidden = {"body", "bodyPreview", "singleValueExtendedProperties"}
    assert hidden <= set(graph.get(url, params=expand).json())
    world.add_application(client_id="app", secret="secret", permissions={"Mail.ReadBasic.All": None})
    shown = graph.get(url, params=expand).json()
    assert shown["subject"] == body["subject"]
    assert not hidden & set(shown)
    assert error(graph.patch(url, json={"isRead": True})) == (403, "ErrorAccessDenied")


def test_a_folder_is_found_by_its_name(graph):
    found = listed(graph, f"{ANA}/mailFolders", **{"$filter": "displayName eq 'Sent Items'"})
    assert [item["displayName"] for item in found] == ["Sent Items"]
    assert listed(graph, f"{ANA}/mailFolders", **{"$filter": "displayName eq 'Nothing'"}) == []
    refused = graph.get(f"{ANA}/mailFolders", params={"$filter": "totalItemCount eq 1"})
    assert error(refused) == (400, "UnsupportedEntityExpression")


# Replies and forwarding --------------------------------------------------------------------------------------------


@pytest.fixture
def question(graph, world):
    """A message of Ana's in Bo's inbox, with Cy in copy."""
    message = a_mail("bo@fabrikam.test", "eva@contoso.test", subject="Question")["message"]
    message["ccRecipients"] = recipients("cy@fabrikam.test")
    message["body"] = {"contentType": "html", "content": "<html><body><p>How are you?</p></body></html>"}
    assert graph.post(f"{ANA}/sendMail", json={"message": message}).status_code == 202
    run(world, timedelta(minutes=2))
    (found,) = listed(graph, f"{INBOX}/messages")
    return found


def recipients(*addresses):
    return [{"emailAddress": {"address": address}} for address in addresses]


def addresses(message, key="toRecipients"):
    return [item["emailAddress"]["address"] for item in message[key]]


def acted(graph, original, action, **body):
    return graph.post(f"{BO}/messages/{original['id']}/{action}", json=body)


def made(graph, original, action, **body):
    answer = acted(graph, original, action, **body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("action", "subject", "to", "cc"),
    [
        ("createReply", "RE: Question", ["ana@fabrikam.test"], []),
        ("createReplyAll", "RE: Question", ["ana@fabrikam.test", "eva@contoso.test"], ["cy@fabrikam.test"]),
        ("createForward", "FW: Question", [], []),
    ],
)
def test_an_answer_is_made_as_a_draft_of_the_same_conversation(graph, question, action, subject, to, cc):
    draft = made(graph, question, action, comment="Fine")
    assert (draft["subject"], addresses(draft), addresses(draft, "ccRecipients")) == (subject, to, cc)
    assert (draft["isDraft"], draft["conversationId"]) == (True, question["conversationId"])
    text = draft["body"]["content"]
    assert text.index("Fine") < text.index("<b>From:</b> Ana &lt;ana@fabrikam.test&gt;") < text.index("How are you?")
    assert text.lower().count("<body") == 1
    assert [item["id"] for item in listed(graph, f"{BO}/mailFolders/drafts/messages")] == [draft["id"]]


def test_the_time_of_what_is_quoted_is_in_the_preferred_zone(graph, question):
    path = f"{BO}/messages/{question['id']}/createReply"
    assert "<b>Sent:</b> Monday, January 5, 2026 8:00 AM" in graph.post(path).json()["body"]["content"]
    there = graph.post(path, headers={"Prefer": 'outlook.timezone="Eastern Standard Time"'}).json()
    assert "<b>Sent:</b> Monday, January 5, 2026 3:00 AM" in there["body"]["content"]


def test_a_draft_of_an_answer_is_changed_and_sent(graph, world, question):
    draft = made(graph, question, "createReply")
    text = {"contentType": "html", "content": "<p>Fine</p>"}
    path = f"{BO}/messages/{draft['id']}"
    changed = graph.patch(
        path, json={"body": text, "subject": "Answer", "ccRecipients": recipients("cy@fabrikam.test")}
    )
    assert changed.status_code == 200
    assert (changed.json()["subject"], changed.json()["conversationId"]) == ("Answer", question["conversationId"])
    assert graph.post(f"{path}/send").status_code == 202
    run(world, timedelta(minutes=2))
    (arrived,) = listed(graph, f"{ANA}/mailFolders/inbox/messages")
    assert (arrived["subject"], addresses(arrived, "ccRecipients")) == ("Answer", ["cy@fabrikam.test"])
    assert "<p>Fine</p>" in arrived["body"]["content"]
    assert "How are you?" not in arrived["body"]["content"]


def test_an_answer_is_sent_at_once_and_names_what_it_answers(graph, world, question):
    assert acted(graph, question, "reply", comment="Fine").status_code == 202
    run(world, timedelta(minutes=2))
    (sent,) = listed(graph, f"{BO}/mailFolders/sentitems/messages")
    assert (sent["subject"], sent["conversationId"]) == ("RE: Question", question["conversationId"])
    (arrived,) = listed(graph, f"{ANA}/mailFolders/inbox/messages")
    (asked,) = listed(graph, f"{ANA}/mailFolders/sentitems/messages")
    assert arrived["conversationId"] == asked["conversationId"]
    select = {"$select": "internetMessageHeaders"}
    told = graph.get(f"{ANA}/messages/{arrived['id']}", params=select).json()["internetMessageHeaders"]
    named = {item["name"]: item["value"] for item in told}
    assert named == dict.fromkeys(("In-Reply-To", "References"), question["internetMessageId"])
    again = graph.post(f"{ANA}/messages/{arrived['id']}/createReply").json()
    assert again["subject"] == "RE: Question"
    shown = graph.get(f"{ANA}/messages/{again['id']}", params=select).json()["internetMessageHeaders"]
    assert shown[1]["value"] == f"{question['internetMessageId']} {arrived['internetMessageId']}"


def test_an_answer_to_all_reaches_all_but_oneself(graph, world, question):
    assert acted(graph, question, "replyAll", comment="Fine").status_code == 202
    run(world, timedelta(minutes=2))
    for person in ("ana@fabrikam.test", "cy@fabrikam.test"):
        found = listed(graph, f"/users/{person}/mailFolders/inbox/messages", **{"$filter": "subject eq 'RE: Question'"})
        assert len(found) == 1
    assert "RE: Question" not in {item["subject"] for item in listed(graph, f"{INBOX}/messages")}


def test_a_message_is_forwarded(graph, world, question):
    assert acted(graph, question, "forward", comment="See", toRecipients=recipients("cy@fabrikam.test")).is_success
    assert acted(graph, question, "forward", message={"toRecipients": recipients("cy@fabrikam.test")}).is_success
    run(world, timedelta(minutes=2))
    found = [item["subject"] for item in listed(graph, "/users/cy@fabrikam.test/mailFolders/inbox/messages")]
    assert found.count("FW: Question") == 2


def test_the_message_of_an_answer_goes_before_what_the_original_says(graph, question):
    given = {
        "subject": "Other",
        "toRecipients": recipients("cy@fabrikam.test"),
        "body": {"contentType": "text", "content": "Mine"},
        "importance": "high",
        "ccRecipients": None,
    }
    draft = made(graph, question, "createReplyAll", message=given)
    assert (draft["subject"], addresses(draft), draft["importance"]) == ("Other", ["cy@fabrikam.test"], "high")
    assert draft["body"] == {"contentType": "text", "content": "Mine"}
    assert addresses(draft, "ccRecipients") == ["cy@fabrikam.test"]


def test_an_answer_goes_where_the_sender_wants_answers(graph, world):
    message = a_mail("bo@fabrikam.test")["message"] | {"replyTo": recipients("cy@fabrikam.test")}
    message["body"] = {"contentType": "text", "content": "1 < 2\nend"}
    graph.post(f"{ANA}/sendMail", json={"message": message})
    run(world, timedelta(minutes=2))
    (found,) = listed(graph, f"{INBOX}/messages")
    draft = made(graph, found, "createReply")
    assert addresses(draft) == ["cy@fabrikam.test"]
    assert "1 &lt; 2<br>end" in draft["body"]["content"]


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("reply", {"comment": "x", "message": {"body": {"content": "y"}}}, "ErrorInvalidRequest"),
        ("createReplyAll", {"comment": "x", "message": {"body": {"content": "y"}}}, "ErrorInvalidRequest"),
        ("forward", {"comment": "x"}, "ErrorInvalidRecipients"),
        ("forward", {"toRecipients": TO, "message": {"toRecipients": TO}}, "ErrorInvalidRequest"),
        ("reply", {"toRecipients": TO}, "RequestBodyRead"),
        ("reply", {"message": {"subjekt": "x"}}, "RequestBodyRead"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(graph, question, action, body, code):
    assert error(acted(graph, question, action, **body)) == (400, code)


def test_a_draft_is_not_answered_nor_what_is_not_there(graph, question):
    draft = made(graph, question, "createReply")
    assert error(acted(graph, draft, "createReply")) == (400, "ErrorInvalidRequest")
    assert error(acted(graph, {"id": "AAMkNothing="}, "reply")) == (404, "ErrorItemNotFound")
    elsewhere = f"{BO}/mailFolders/drafts/messages/{question['id']}/reply"
    assert error(graph.post(elsewhere, json={})) == (404, "ErrorItemNotFound")


def test_sending_an_answer_and_drafting_one_need_their_own_permissions(world):
    for client_id, permission in (("sender", "Mail.Send"), ("writer", "Mail.ReadWrite")):
        world.add_application(client_id=client_id, secret="secret", permissions={permission: None})
    with serving(world) as server, client_of(server) as graph:
        send(graph)
        (message,) = listed(graph, f"{INBOX}/messages")
        with client_of(server, "sender") as sender, client_of(server, "writer") as writer:
            assert acted(sender, message, "reply", comment="x").status_code == 202
            assert acted(writer, message, "createReply").status_code == 201
            assert error(acted(writer, message, "reply", comment="x")) == (403, "ErrorAccessDenied")
            assert error(acted(sender, message, "createReply")) == (403, "ErrorAccessDenied")
            assert error(acted(sender, message, "copy", destinationId="drafts")) == (403, "ErrorAccessDenied")


# Copies and changes ------------------------------------------------------------------------------------------------


def test_a_copy_has_an_id_of_its_own(graph, question):
    copied = made(graph, question, "copy", destinationId="deleteditems")
    assert copied["id"] != question["id"]
    assert copied["internetMessageId"] == question["internetMessageId"]
    graph.patch(f"{BO}/messages/{copied['id']}", json={"categories": ["Red"]})
    (kept,) = listed(graph, f"{INBOX}/messages")
    assert (kept["id"], kept["categories"]) == (question["id"], [])
    assert [item["id"] for item in listed(graph, f"{BO}/mailFolders/deleteditems/messages")] == [copied["id"]]
    assert made(graph, question, "copy", destinationId="inbox")["id"] != copied["id"]
    assert error(acted(graph, question, "copy", destinationId="outbox")) == (400, "ErrorInvalidIdMalformed")


def test_a_draft_and_its_copy_arrive_once(graph, world):
    draft = graph.post(f"{ANA}/messages", json=a_mail("bo@fabrikam.test")["message"]).json()
    copied = graph.post(f"{ANA}/messages/{draft['id']}/copy", json={"destinationId": "drafts"}).json()
    assert graph.post(f"{ANA}/messages/{draft['id']}/send").status_code == 202
    run(world, timedelta(minutes=2))
    (arrived,) = listed(graph, f"{INBOX}/messages")
    graph.post(f"{BO}/messages/{arrived['id']}/move", json={"destinationId": "deleteditems"}).raise_for_status()
    assert graph.post(f"{ANA}/messages/{copied['id']}/send").status_code == 202
    run(world, timedelta(minutes=2))
    assert listed(graph, f"{INBOX}/messages") == []
    assert len(listed(graph, f"{ANA}/mailFolders/sentitems/messages")) == 2


def test_a_draft_can_have_everything_changed(graph):
    draft = graph.post(f"{ANA}/messages", json=a_mail("bo@fabrikam.test")["message"]).json()
    changes = {
        "subject": "Other",
        "body": {"contentType": "text", "content": "Text"},
        "toRecipients": recipients("cy@fabrikam.test"),
        "bccRecipients": recipients("bo@fabrikam.test"),
        "replyTo": recipients("bo@fabrikam.test"),
        "internetMessageId": "<other@fabrikam.test>",
        "isReadReceiptRequested": True,
        "from": {"emailAddress": {"address": "ANA@fabrikam.test"}},
    }
    changed = graph.patch(f"{ANA}/messages/{draft['id']}", json=changes).json()
    assert (changed["subject"], changed["body"]["content"], changed["isReadReceiptRequested"]) == (
        "Other",
        "Text",
        True,
    )
    assert addresses(changed) == ["cy@fabrikam.test"]
    assert addresses(changed, "bccRecipients") == addresses(changed, "replyTo") == ["bo@fabrikam.test"]
    assert changed["internetMessageId"] == "<other@fabrikam.test>"
    assert changed["conversationId"] != draft["conversationId"]
    other = {"from": {"emailAddress": {"address": "bo@fabrikam.test"}}}
    assert error(graph.patch(f"{ANA}/messages/{draft['id']}", json=other)) == (403, "ErrorSendAsDenied")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subject": "x"}, "ErrorInvalidPropertySet"),
        ({"body": {"contentType": "text", "content": "x"}}, "ErrorInvalidPropertySet"),
        ({"toRecipients": []}, "ErrorInvalidPropertySet"),
        ({"replyTo": []}, "ErrorInvalidPropertySet"),
        ({"internetMessageId": "<x@y>"}, "ErrorInvalidPropertySet"),
        ({"from": {"emailAddress": {"address": "bo@fabrikam.test"}}}, "ErrorInvalidPropertySet"),
        ({"isReadReceiptRequested": True}, "ErrorInvalidPropertyUpdateSentMessage"),
    ],
)
def test_what_only_drafts_can_have_changed_is_refused_of_others(graph, question, change, code):
    answer = graph.patch(f"{BO}/messages/{question['id']}", json={"isRead": True} | change)
    assert error(answer) == (400, code)
    assert listed(graph, f"{INBOX}/messages")[0]["isRead"] is False


def test_a_flag_is_set_on_a_message_that_arrived(graph, question):
    changed = graph.patch(f"{BO}/messages/{question['id']}", json={"flag": {"flagStatus": "flagged"}})
    assert changed.json()["flag"] == {"flagStatus": "flagged"}


# MIME --------------------------------------------------------------------------------------------------------------


def a_mime(**fields):
    mail = EmailMessage()
    names = {"From": "Ana <ana@fabrikam.test>", "To": "Bo Öst <bo@fabrikam.test>", "Subject": "Grüße"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    for name, value in names.items():
        if value is not None:
            mail[name] = value
    mail.set_content("Plain")
    return mail


def post_mime(graph, path, mail):
    content = mail if isinstance(mail, bytes) else b64encode(mail.as_bytes())
    return graph.post(path, content=content, headers={"Content-Type": "text/plain"})


def test_mail_in_mime_is_sent(graph, world):
    mail = a_mime(Cc="cy@fabrikam.test", Bcc="eva@contoso.test", X_Pair="7", Importance="High", X_Mailer="pine")
    mail.add_alternative("<p>Größe</p>", subtype="html")
    assert post_mime(graph, f"{ANA}/sendMail", mail).status_code == 202
    run(world, timedelta(minutes=2))
    (sent,) = listed(graph, f"{ANA}/mailFolders/sentitems/messages")
    assert addresses(sent, "bccRecipients") == ["eva@contoso.test"]
    (arrived,) = listed(graph, f"{INBOX}/messages")
    assert (arrived["subject"], arrived["importance"], arrived["body"]["contentType"]) == ("Grüße", "high", "html")
    assert "<p>Größe</p>" in arrived["body"]["content"]
    assert (addresses(arrived), addresses(arrived, "ccRecipients")) == (["bo@fabrikam.test"], ["cy@fabrikam.test"])
    assert addresses(arrived, "bccRecipients") == []
    select = {"$select": "internetMessageHeaders"}
    told = graph.get(f"{BO}/messages/{arrived['id']}", params=select).json()["internetMessageHeaders"]
    assert {item["name"]: item["value"] for item in told} == {"X-Pair": "7", "X-Mailer": "pine"}


def test_a_draft_is_made_of_mime(graph):
    wrapped = b64encode(a_mime(Reply_To="cy@fabrikam.test").as_bytes())
    answer = post_mime(graph, f"{ANA}/messages", b"\r\n".join((wrapped[:60], wrapped[60:], b"")))
    assert answer.status_code == 201
    draft = answer.json()
    assert (draft["isDraft"], draft["subject"]) == (True, "Grüße")
    assert draft["body"] == {"contentType": "text", "content": "Plain\n"}
    assert addresses(draft, "replyTo") == ["cy@fabrikam.test"]


def test_a_reply_in_mime_goes_to_the_sender_and_a_forwarded_one_where_it_says(graph, world, question):
    mail = a_mime(From=None, To="cy@fabrikam.test", Subject="RE: Question")
    assert post_mime(graph, f"{BO}/messages/{question['id']}/reply", mail).status_code == 202
    assert post_mime(graph, f"{BO}/messages/{question['id']}/forward", mail).status_code == 202
    run(world, timedelta(minutes=2))
    (arrived,) = listed(graph, f"{ANA}/mailFolders/inbox/messages")
    assert (arrived["subject"], arrived["body"]["content"]) == ("RE: Question", "Plain\n")
    found = listed(graph, "/users/cy@fabrikam.test/mailFolders/inbox/messages")
    assert "RE: Question" in {item["subject"] for item in found}


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: not encoded",
        b"Zm9v*",
        b"Zm9vY",
        b64encode(b"no field at all"),
        b64encode(b"Subject: x\nContent-Type: text/plain; charset=martian\n\nx"),
        b64encode(b"To: Bo <bo@fabrikam.test>, Cy <cy@[.test>\n\nx"),
    ],
    ids=["no base64", "a foreign character", "cut off", "no fields", "unknown charset", "unreadable address"],
)
def test_what_is_no_mime_is_refused(graph, content):
    answer = post_mime(graph, f"{ANA}/sendMail", content)
    assert error(answer) == (400, "ErrorMimeContentInvalidBase64String")
    assert answer.json()["error"]["message"] == "Invalid base64 string for MIME content."


def test_mime_is_checked_as_json_is(graph):
    assert error(post_mime(graph, f"{ANA}/sendMail", a_mime(To=None))) == (400, "ErrorInvalidRecipients")
    other = a_mime(From="bo@fabrikam.test")
    assert error(post_mime(graph, f"{ANA}/sendMail", other)) == (403, "ErrorSendAsDenied")
    mail = a_mime()
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="x.pdf")
    assert error(post_mime(graph, f"{ANA}/sendMail", mail)) == (501, "NotImplemented")
    xml = graph.post(f"{ANA}/sendMail", content=b"<x/>", headers={"Content-Type": "application/xml"})
    assert error(xml) == (415, "RequestBodyRead")
    assert listed(graph, f"{ANA}/messages") == []
