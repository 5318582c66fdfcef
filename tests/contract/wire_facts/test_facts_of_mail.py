"""Facts of mail and people on the wire."""

from __future__ import annotations

from contract.wire_facts.wire_target import fact

API = "https://learn.microsoft.com/graph/api"
RESOURCES = f"{API}/resources"


def code(answer):
    return answer.json()["error"]["code"]


def a_message(target, **more):
    return {
        "subject": target.subject("A message"),
        "body": {"contentType": "Text", "content": "Hello"},
        "toRecipients": [{"emailAddress": {"address": target.attendee}}],
        **more,
    }


def in_folder(graph, mailbox, folder, subject, **more):
    params = {"$filter": f"subject eq '{subject}'", **more}
    return graph.get(f"{mailbox}/mailFolders/{folder}/messages", params=params).json()["value"]


# Mail -------------------------------------------------------------------------------------------------------------


@fact("sendMail is answered 202, empty, without an id; the message arrives later", page=f"{API}/user-sendmail")
def test_send_mail(graph, target):
    message = a_message(target)
    answer = graph.post(f"{target.mailbox}/sendMail", json={"message": message})
    assert (answer.status_code, answer.content) == (202, b"")
    [arrived] = target.eventually(lambda: in_folder(graph, target.other, "inbox", message["subject"]))
    assert arrived["from"]["emailAddress"]["address"].lower() == target.organizer.lower()
    assert arrived["isDraft"] is False
    [sent] = target.eventually(lambda: in_folder(graph, target.mailbox, "sentitems", message["subject"]))
    assert sent["internetMessageId"] == arrived["internetMessageId"]
    assert sent["id"] != arrived["id"]


@fact("saveToSentItems false leaves no copy; quoted booleans are taken", page=f"{API}/user-sendmail")
def test_send_mail_without_copy(graph, target):
    message = a_message(target)
    body = {"message": message, "saveToSentItems": "false"}
    assert graph.post(f"{target.mailbox}/sendMail", json=body).status_code == 202
    target.eventually(lambda: in_folder(graph, target.other, "inbox", message["subject"]))
    assert in_folder(graph, target.mailbox, "sentitems", message["subject"]) == []


@fact(
    "a draft is made with 201 and sent with 202; the sent copy keeps the immutable id",
    page="https://learn.microsoft.com/graph/outlook-immutable-id",
)
def test_draft_then_send(graph, target):
    immutable = {"Prefer": 'IdType="ImmutableId"'}
    made = graph.post(f"{target.mailbox}/messages", json=a_message(target), headers=immutable)
    draft = made.json()
    assert (made.status_code, draft["isDraft"]) == (201, True)
    assert draft["internetMessageId"].startswith("<")
    answer = graph.post(f"{target.mailbox}/messages/{draft['id']}/send", headers=immutable)
    assert (answer.status_code, answer.content) == (202, b"")

    def sent():
        found = graph.get(f"{target.mailbox}/messages/{draft['id']}", headers=immutable)
        return found.status_code == 200 and not found.json()["isDraft"] and found.json()

    assert target.eventually(sent)["id"] == draft["id"]


@fact("internet headers come only when selected", page=f"{RESOURCES}/message")
def test_internet_headers_are_selected(graph, target):
    headers = [{"name": "x-wire-fact", "value": "42"}]
    message = a_message(target, internetMessageHeaders=headers)
    draft = graph.post(f"{target.mailbox}/messages", json=message).json()
    path = f"{target.mailbox}/messages/{draft['id']}"
    assert "internetMessageHeaders" not in graph.get(path).json()
    read = graph.get(path, params={"$select": "internetMessageHeaders"}).json()
    assert headers[0] in read["internetMessageHeaders"]


@fact("the name of a header of one's own starts with x-", page=f"{RESOURCES}/internetmessageheader", reading=True)
def test_internet_headers_start_with_x(graph, target):
    message = a_message(target, internetMessageHeaders=[{"name": "wire-fact", "value": "42"}])
    answer = graph.post(f"{target.mailbox}/messages", json=message)
    target.reads(answer.status_code, sandbox=400, live=(400, 201))
    if answer.status_code == 400:
        assert code(answer) == "InvalidInternetMessageHeader"


@fact("what orders must lead the filter, or it is InefficientFilter", page=f"{API}/user-list-messages")
def test_inefficient_filter(graph, target):
    condition = f"from/emailAddress/address eq '{target.organizer}'"
    params = {"$filter": condition, "$orderby": "receivedDateTime desc"}
    answer = graph.get(f"{target.other}/messages", params=params)
    assert (answer.status_code, code(answer)) == (400, "InefficientFilter")
    params["$filter"] = f"receivedDateTime ge 2020-01-01T00:00:00Z and {condition}"
    assert graph.get(f"{target.other}/messages", params=params).status_code == 200


@fact("an invitation arrives as an eventMessageRequest", page=f"{RESOURCES}/eventmessage")
def test_invitation_is_a_message(graph, target):
    event = target.event(invited=True)

    def arrived():
        return in_folder(graph, target.other, "inbox", event["subject"])

    [message] = target.eventually(arrived)
    assert message["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert message["meetingMessageType"] == "meetingRequest"


@fact("an answer arrives with the organizer as an eventMessageResponse", page=f"{RESOURCES}/eventmessageresponse")
def test_answer_is_a_message(graph, target):
    event = target.event(invited=True)
    copy = target.invitation(event)
    graph.post(f"{target.other}/events/{copy['id']}/accept", json={"sendResponse": True})
    params = {"$filter": f"contains(subject, '{event['subject']}')"}

    def arrived():
        found = graph.get(f"{target.mailbox}/mailFolders/inbox/messages", params=params).json()["value"]
        return [each for each in found if each.get("@odata.type", "").endswith("eventMessageResponse")]

    [message] = target.eventually(arrived)
    assert message["meetingMessageType"] == "meetingAccepted"


@fact("a message has its flag and its importance", page=f"{RESOURCES}/message")
def test_flag_of_a_message(graph, target):
    draft = graph.post(f"{target.mailbox}/messages", json=a_message(target)).json()
    assert (draft["flag"], draft["importance"]) == ({"flagStatus": "notFlagged"}, "normal")


@fact("a flag's due date needs a start date", page=f"{RESOURCES}/followupflag")
def test_flag_with_dates(graph, target):
    flag = {"flagStatus": "flagged", "startDateTime": target.at(0), "dueDateTime": target.at(24)}
    draft = graph.post(f"{target.mailbox}/messages", json=a_message(target, flag=flag)).json()
    assert draft["flag"]["flagStatus"] == "flagged"
    assert draft["flag"]["dueDateTime"]["dateTime"].startswith(target.at(24)["dateTime"][:10])
    del flag["startDateTime"]
    assert graph.post(f"{target.mailbox}/messages", json=a_message(target, flag=flag)).status_code == 400


# People -----------------------------------------------------------------------------------------------------------


@fact("a person comes with a small set of properties unless selected", page=f"{API}/user-get")
def test_default_properties_of_a_person(graph, target):
    person = graph.get(target.mailbox).json()
    assert set(person) - {"@odata.context"} == {
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    }
    chosen = graph.get(target.mailbox, params={"$select": "accountEnabled,mail"}).json()
    assert set(chosen) - {"@odata.context"} == {"accountEnabled", "mail"}


@fact("a person is found by address", page=f"{API}/user-list")
def test_person_by_address(graph, target):
    person = graph.get(target.mailbox).json()
    found = graph.get("/users", params={"$filter": f"mail eq '{person['mail']}'"}).json()["value"]
    assert [each["id"] for each in found] == [person["id"]]


@fact("nobody of that name is 404, in the directory and in mailboxes", page="https://learn.microsoft.com/graph/errors")
def test_nobody(graph, target):
    ghost = f"/users/nobody-{target.run_id.lower()}@{target.organizer.partition('@')[2]}"
    assert graph.get(ghost).status_code == 404
    assert graph.get(f"{ghost}/events").status_code == 404
