"""Facts of events on the wire: making, reading, changing, inviting, answering."""

from __future__ import annotations

import re

import pytest
from contract.wire_facts.wire_target import fact

API = "https://learn.microsoft.com/graph/api"
RESOURCES = f"{API}/resources"
TAG = "String {6f2d3c1e-0b7a-4a53-9d0e-6d1b5f0a9c11} Name WireFact"
NEVER = "0001-01-01T00:00:00Z"
SEVEN_DIGITS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}")


def code(answer):
    return answer.json()["error"]["code"]


def tag(value):
    return {"singleValueExtendedProperties": [{"id": TAG, "value": value}]}


# Making ---------------------------------------------------------------------------------------------------------


@fact("a made event is answered 201, whole, with its etag", page=f"{API}/user-post-events")
def test_create_is_answered_with_the_event(target):
    event = target.event()
    assert re.search(r"\$metadata#users\('[^']+'\)/events/\$entity$", event["@odata.context"])
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'
    assert event["id"]
    assert event["iCalUId"]
    assert event["createdDateTime"].endswith("Z")
    assert event["webLink"].startswith("https://")
    assert event["organizer"]["emailAddress"]["address"].lower() == target.organizer.lower()
    assert event["responseStatus"] == {"response": "organizer", "time": NEVER}


@fact("what is not given has the documented default", page=f"{RESOURCES}/event")
def test_defaults_of_an_event(target):
    event = target.event()
    expected = {
        "allowNewTimeProposals": True,
        "hideAttendees": False,
        "importance": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOnlineMeeting": False,
        "isOrganizer": True,
        "onlineMeeting": None,
        "recurrence": None,
        "responseRequested": True,
        "sensitivity": "normal",
        "seriesMasterId": None,
        "showAs": "busy",
        "type": "singleInstance",
    }
    assert {name: event[name] for name in expected} == expected


@fact("times are in UTC with seven digits and no offset unless asked otherwise", page=f"{RESOURCES}/datetimetimezone")
def test_times_have_seven_digits(target):
    event = target.event()
    for name in ("start", "end"):
        assert event[name]["timeZone"] == "UTC"
        assert SEVEN_DIGITS.fullmatch(event[name]["dateTime"])
    assert event["start"]["dateTime"][:19] == target.at(0)["dateTime"]


@fact("Prefer: outlook.timezone puts times into that zone, and is named in the answer", page=f"{API}/event-get")
def test_a_zone_can_be_preferred(graph, target):
    event = target.event()
    headers = {"Prefer": 'outlook.timezone="India Standard Time"'}
    answer = graph.get(f"{target.mailbox}/events/{event['id']}", headers=headers)
    assert "outlook.timezone" in answer.headers["Preference-Applied"]
    start = answer.json()["start"]
    assert start["timeZone"] == "India Standard Time"
    assert start["dateTime"][:19] == target.at(5.5)["dateTime"]


@fact("Windows names and listed IANA names are taken as time zones", page=f"{RESOURCES}/datetimetimezone")
@pytest.mark.parametrize("zone", ["India Standard Time", "Asia/Kolkata"])
def test_zone_names_that_are_taken(target, zone):
    event = target.event(start=target.at(5.5, zone), end=target.at(6.5, zone))
    assert event["start"]["dateTime"][:19] == target.at(0)["dateTime"]


@fact(
    "a display name is no time zone: 400 TimeZoneNotSupportedException",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/4758",
)
def test_zone_names_that_are_refused(target):
    answer = target.post_event(target.body() | {"start": target.at(0, "Greenwich Mean Time")})
    assert (answer.status_code, code(answer)) == (400, "TimeZoneNotSupportedException")


@fact("calendar/events is events", page=f"{API}/user-post-events")
def test_both_paths_of_the_default_calendar(graph, target):
    event = target.event()
    read = graph.get(f"{target.mailbox}/calendar/events/{event['id']}").json()
    assert read["iCalUId"] == event["iCalUId"]


@fact("a user is named by id or userPrincipalName, percent-encoded or not", page=f"{API}/user-get")
def test_names_of_a_user_in_the_path(graph, target):
    event = target.event()
    person = graph.get(target.mailbox).json()
    for name in (person["id"], person["userPrincipalName"], person["userPrincipalName"].replace("@", "%40")):
        assert graph.get(f"/users/{name}/events/{event['id'].replace('=', '%3D')}").json()["id"] == event["id"]


@fact("values of enumerations are read in any case and written in camel case", page=f"{API}/user-sendmail")
def test_case_of_enumerations(target):
    event = target.event(showAs="OOF", importance="High", sensitivity="PRIVATE")
    assert [event[name] for name in ("showAs", "importance", "sensitivity")] == ["oof", "high", "private"]


@fact("location and locations mirror each other", page=f"{RESOURCES}/event")
def test_location_is_in_locations(target):
    event = target.event(location={"displayName": "Room 2"})
    assert event["location"]["displayName"] == "Room 2"
    assert [each["displayName"] for each in event["locations"]] == ["Room 2"]


@fact("an all-day event starts and ends at midnight, or is refused", page=f"{RESOURCES}/event")
def test_all_day_is_from_midnight(target):
    assert target.post_event(target.body() | {"isAllDay": True}).status_code == 400
    midnight = -target.starts_at.hour
    event = target.event(start=target.at(midnight), end=target.at(midnight + 24), isAllDay=True)
    assert event["isAllDay"]


@fact("an end before the start is refused with 400", page=f"{API}/user-post-events")
def test_end_before_start(target):
    assert target.post_event(target.body() | {"end": target.at(-1)}).status_code == 400


@fact("an HTML body comes back wrapped; as text when preferred", page=f"{API}/event-get")
def test_body_of_an_event(graph, target):
    event = target.event(body={"contentType": "HTML", "content": "<p>Agenda</p>"})
    assert event["body"]["contentType"] == "html"
    assert re.search(r"<html.*<p>Agenda</p>.*</html>", event["body"]["content"], re.S | re.I)
    assert event["bodyPreview"].strip() == "Agenda"
    headers = {"Prefer": 'outlook.body-content-type="text"'}
    answer = graph.get(f"{target.mailbox}/events/{event['id']}", headers=headers)
    assert "outlook.body-content-type" in answer.headers["Preference-Applied"]
    body = answer.json()["body"]
    assert (body["contentType"], body["content"].strip()) == ("text", "Agenda")


@fact(
    "an online meeting has joinUrl; without a Teams licence the event is made all the same, and is none",
    page="https://learn.microsoft.com/graph/outlook-calendar-online-meetings",
    reading=True,
)
def test_online_meeting(target):
    event = target.event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    target.reads(event["isOnlineMeeting"], sandbox=True, live=(True, False))
    assert event["onlineMeetingUrl"] is None
    if event["isOnlineMeeting"]:
        assert event["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/")
    else:
        assert (event["onlineMeeting"], event["onlineMeetingProvider"]) == (None, "unknown")


# Once, and only once -----------------------------------------------------------------------------------------------


@fact("the same body with the same transactionId makes one event and is answered 201 again", page=f"{RESOURCES}/event")
def test_transaction_id_replayed(graph, target):
    body = target.body(transactionId=target.subject("transaction"))
    assert [target.post_event(body).status_code for _ in range(2)] == [201, 201]
    params = {"$filter": f"subject eq '{body['subject']}'"}
    [event] = graph.get(f"{target.mailbox}/events", params=params).json()["value"]
    assert event["transactionId"] == body["transactionId"]


@fact(
    "the same transactionId for another event is ErrorDuplicateTransactionId",
    page="https://github.com/alcionai/corso/issues/2490",
    reading=True,
)
def test_transaction_id_of_another_event(target):
    body = target.body(transactionId=target.subject("transaction"))
    target.post_event(body)
    answer = target.post_event(body | {"subject": target.subject("Another")})
    assert code(answer) == "ErrorDuplicateTransactionId"
    target.reads(answer.status_code, sandbox=400, live=(400, 409))


# Reading ----------------------------------------------------------------------------------------------------------


@fact("with $select, id and etag come all the same", page=f"{API}/event-get")
def test_select_keeps_the_id(graph, target):
    event = target.event()
    read = graph.get(f"{target.mailbox}/events/{event['id']}", params={"$select": "subject,start"}).json()
    assert set(read) == {"@odata.context", "@odata.etag", "id", "subject", "start"}


@fact("an event is found by iCalUId", page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/6247")
def test_filter_by_ical_uid(graph, target):
    event = target.event()
    found = graph.get(f"{target.mailbox}/events", params={"$filter": f"iCalUId eq '{event['iCalUId']}'"}).json()
    assert [each["id"] for each in found["value"]] == [event["id"]]


@fact(
    "extended properties come only when expanded by their id",
    page=f"{API}/singlevaluelegacyextendedproperty-get",
)
def test_extended_properties_are_expanded(graph, target):
    event = target.event(**tag("42"))
    assert "singleValueExtendedProperties" not in event
    params = {"$expand": f"singleValueExtendedProperties($filter=id eq '{TAG}')"}
    read = graph.get(f"{target.mailbox}/events/{event['id']}", params=params).json()
    assert read["singleValueExtendedProperties"] == [{"id": TAG, "value": "42"}]


@fact(
    "events are found by the value of an extended property, in any case of letters",
    page=f"{API}/singlevaluelegacyextendedproperty-get",
)
def test_filter_by_an_extended_property(graph, target):
    value = target.subject("tagged")
    event = target.event(**tag(value))
    for wanted in (value, value.upper()):
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq '{wanted}')"
        found = graph.get(f"{target.mailbox}/events", params={"$filter": condition}).json()["value"]
        assert [each["id"] for each in found] == [event["id"]]


@fact(
    "an immutable id serves every request that asks for immutable ids",
    page="https://learn.microsoft.com/graph/outlook-immutable-id",
)
def test_immutable_ids(graph, target):
    event = target.event()
    headers = {"Prefer": 'IdType="ImmutableId"'}
    params = {"$filter": f"iCalUId eq '{event['iCalUId']}'"}
    [found] = graph.get(f"{target.mailbox}/events", params=params, headers=headers).json()["value"]
    changed = graph.patch(f"{target.mailbox}/events/{found['id']}", json={"showAs": "free"}, headers=headers).json()
    assert changed["id"] == found["id"]


# Changing ---------------------------------------------------------------------------------------------------------


@fact("PATCH answers 200 with the event; the id stays, changeKey does not", page=f"{API}/event-update")
def test_update_is_answered_with_the_event(graph, target):
    event = target.event()
    answer = graph.patch(f"{target.mailbox}/events/{event['id']}", json={"subject": target.subject("Renamed")})
    changed = answer.json()
    assert (answer.status_code, changed["id"]) == (200, event["id"])
    assert changed["subject"].startswith("Renamed")
    assert changed["changeKey"] != event["changeKey"]
    assert changed["iCalUId"] == event["iCalUId"]


@fact("attendees are replaced as a whole", page="https://github.com/microsoftgraph/msgraph-sdk-java/issues/1898")
def test_attendees_are_replaced(graph, target):
    event = target.event(invited=True)
    changed = graph.patch(f"{target.mailbox}/events/{event['id']}", json={"attendees": []}).json()
    assert changed["attendees"] == []


@fact(
    "an old etag in If-Match is answered 412 ErrorIrresolvableConflict, or not looked at",
    page="https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1201",
    reading=True,
)
def test_if_match(graph, target):
    event = target.event()
    path = f"{target.mailbox}/events/{event['id']}"
    graph.patch(path, json={"showAs": "free"})
    answer = graph.patch(path, json={"showAs": "oof"}, headers={"If-Match": event["@odata.etag"]})
    target.reads(answer.status_code, sandbox=412, live=(412, 200))
    if answer.status_code == 412:
        assert code(answer) == "ErrorIrresolvableConflict"


@fact(
    "DELETE is answered 204; what is gone is 404 ErrorItemNotFound",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/1332",
)
def test_delete(graph, target):
    path = f"{target.mailbox}/events/{target.event()['id']}"
    answer = graph.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = graph.get(path)
    assert (gone.status_code, code(gone)) == (404, "ErrorItemNotFound")
    assert gone.json()["error"]["message"] == "The specified object was not found in the store."


# Inviting and answering -------------------------------------------------------------------------------------------


@fact("the organizer's copy shows a silent attendee as none, answered never", page=f"{RESOURCES}/responsestatus")
def test_nobody_has_answered(target):
    [attendee] = target.event(invited=True)["attendees"]
    assert attendee["status"] == {"response": "none", "time": NEVER}
    assert attendee["type"] == "required"


@fact("each mailbox has its own copy with its own id; iCalUId is the same", page=f"{RESOURCES}/event")
def test_copies(target):
    event = target.event(invited=True)
    copy = target.invitation(event)
    assert copy["id"] != event["id"]
    assert copy["iCalUId"] == event["iCalUId"]
    assert (copy["isOrganizer"], copy["showAs"]) == (False, "tentative")
    assert copy["responseStatus"]["response"] == "notResponded"
    assert copy["organizer"]["emailAddress"]["address"].lower() == target.organizer.lower()


@fact(
    "the organizer's id is nobody's in the attendee's mailbox",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/14370",
)
def test_ids_are_per_mailbox(graph, target):
    event = target.event(invited=True)
    target.invitation(event)
    assert graph.get(f"{target.other}/events/{event['id']}").status_code == 404


@fact("accept is answered 202, empty; the answer reaches the organizer's copy", page=f"{API}/event-accept")
def test_accept(graph, target):
    event = target.event(invited=True)
    copy = target.invitation(event)
    answer = graph.post(f"{target.other}/events/{copy['id']}/accept", json={"sendResponse": True})
    assert (answer.status_code, answer.content) == (202, b"")

    def answered():
        [attendee] = graph.get(f"{target.mailbox}/events/{event['id']}").json()["attendees"]
        return attendee["status"] if attendee["status"]["response"] == "accepted" else None

    assert target.eventually(answered)["time"] != NEVER
    mine = graph.get(f"{target.other}/events/{copy['id']}").json()
    assert mine["responseStatus"]["response"] == "accepted"


@fact(
    "a declined meeting leaves the attendee's calendar",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/2284",
)
def test_decline(graph, target):
    event = target.event(invited=True)
    copy = target.invitation(event)
    answer = graph.post(f"{target.other}/events/{copy['id']}/decline", json={"comment": "Sorry"})
    assert answer.status_code == 202
    target.eventually(lambda: target.copy_of(event) is None)


@fact("a proposal comes with the attendee of the organizer's copy", page=f"{API}/event-tentativelyaccept")
def test_proposal(graph, target):
    event = target.event(invited=True)
    copy = target.invitation(event)
    slot = {"start": target.at(24), "end": target.at(25)}
    body = {"sendResponse": True, "proposedNewTime": slot}
    assert graph.post(f"{target.other}/events/{copy['id']}/tentativelyAccept", json=body).status_code == 202

    def proposed():
        [attendee] = graph.get(f"{target.mailbox}/events/{event['id']}").json()["attendees"]
        return attendee if attendee.get("proposedNewTime") else None

    attendee = target.eventually(proposed)
    assert attendee["status"]["response"] == "tentativelyAccepted"
    assert attendee["proposedNewTime"]["start"]["dateTime"][:19] == slot["start"]["dateTime"]


@fact("a proposal is refused with 400 where none are allowed, or without sendResponse", page=f"{API}/event-decline")
@pytest.mark.parametrize(("allowed", "send"), [(False, True), (True, False)], ids=["not allowed", "not sent"])
def test_proposal_refused(graph, target, allowed, send):
    copy = target.invitation(target.event(invited=True, allowNewTimeProposals=allowed))
    slot = {"start": target.at(24), "end": target.at(25)}
    body = {"sendResponse": send, "proposedNewTime": slot}
    assert graph.post(f"{target.other}/events/{copy['id']}/decline", json=body).status_code == 400


@fact(
    "the organizer does not answer the own meeting",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/560",
)
def test_organizer_does_not_answer(graph, target):
    event = target.event(invited=True)
    answer = graph.post(f"{target.mailbox}/events/{event['id']}/accept", json={"sendResponse": True})
    assert answer.status_code == 400


@fact("cancel is answered 202, empty; the organizer's copy is gone", page=f"{API}/event-cancel")
def test_cancel(graph, target):
    event = target.event(invited=True)
    path = f"{target.mailbox}/events/{event['id']}"
    answer = graph.post(f"{path}/cancel", json={"comment": "Snow"})
    assert (answer.status_code, answer.content) == (202, b"")
    gone = graph.get(path)
    assert (gone.status_code, code(gone)) == (404, "ErrorItemNotFound")


@fact(
    "a cancelled meeting stays with the attendee, marked",
    page="https://github.com/microsoftgraph/microsoft-graph-docs/issues/8692",
)
def test_cancelled_copy(graph, target):
    event = target.event(invited=True)
    target.invitation(event)
    graph.post(f"{target.mailbox}/events/{event['id']}/cancel", json={})

    def cancelled():
        copy = target.copy_of(event)
        return copy if copy and copy["isCancelled"] else None

    assert target.eventually(cancelled)["subject"] == f"Canceled: {event['subject']}"


@fact("only the organizer cancels: 400 for the attendee", page=f"{API}/event-cancel")
def test_attendee_does_not_cancel(graph, target):
    copy = target.invitation(target.event(invited=True))
    answer = graph.post(f"{target.other}/events/{copy['id']}/cancel", json={})
    assert answer.status_code == 400
    assert "You need to be an organizer to cancel a meeting." in answer.json()["error"]["message"]
