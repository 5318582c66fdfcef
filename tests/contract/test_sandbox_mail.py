"""Mail folders, message delta, and what is done to a message, as a client sees them over TLS."""

from __future__ import annotations

from datetime import timedelta

import pytest
from wire_client import a_mail, a_world, an_event, error, graph_of, run

from graphsync.sandbox import Fault

ANA, BO = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test"
INBOX = f"{BO}/mailFolders/inbox"


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
    assert error(graph.patch(path, json={"subject": "x"})) == (501, "NotImplemented")
    assert error(graph.post(f"{path}/reply", json={"comment": "x"})) == (501, "NotImplemented")
    assert error(graph.get(f"{path}/attachments")) == (501, "NotImplemented")
    assert error(graph.get(f"{BO}/messages", params={"$search": '"x"'})) == (501, "NotImplemented")
    assert error(graph.post(f"{path}/move", json={"destinationId": "outbox"})) == (400, "ErrorInvalidIdMalformed")
