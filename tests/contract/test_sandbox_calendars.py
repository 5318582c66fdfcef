"""Calendars beside the default one, as a client sees them over TLS."""

from __future__ import annotations

from datetime import timedelta

import pytest
from wire_client import START, a_world, an_event, error, graph_of, run

ANA, BO, CY = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test", "/users/cy@fabrikam.test"
WINDOW = {"startDateTime": "2026-01-12T00:00:00Z", "endDateTime": "2026-01-26T00:00:00Z"}
# https://learn.microsoft.com/graph/api/resources/calendar
PROPERTIES = {
    "id",
    "name",
    "color",
    "hexColor",
    "changeKey",
    "canShare",
    "canViewPrivateItems",
    "canEdit",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "isTallyingResponses",
    "isRemovable",
    "isDefaultCalendar",
    "owner",
}


@pytest.fixture
def world():
    return a_world(response_delay=(60.0, 60.0))


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


@pytest.fixture
def private(graph):
    """A second calendar of Ana's."""
    answer = graph.post(f"{ANA}/calendars", json={"name": "Private", "color": "lightBlue"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def values(graph, path, **params):
    answer = graph.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def delta_round(graph, url, **params):
    body = graph.get(url, **params).raise_for_status().json()
    return body["value"], body["@odata.deltaLink"]


def test_every_mailbox_has_its_default_calendar_with_every_property(graph):
    (default,) = values(graph, f"{ANA}/calendars")
    assert set(default) == PROPERTIES
    assert (default["isDefaultCalendar"], default["isRemovable"], default["isTallyingResponses"]) == (True, False, True)
    assert default["owner"] == {"name": "Ana", "address": "ana@fabrikam.test"}
    by_id = graph.get(f"{ANA}/calendars/{default['id']}").json()
    assert {name: by_id[name] for name in PROPERTIES} == default
    assert {name: graph.get(f"{ANA}/calendar").json()[name] for name in PROPERTIES} == default
    assert values(graph, f"{CY}/calendars")[0]["allowedOnlineMeetingProviders"] == []
    assert error(graph.get(f"{BO}/calendars/{default['id']}")) == (404, "ErrorItemNotFound")


def test_a_calendar_is_made_listed_changed_and_deleted(graph, private):
    assert (private["name"], private["color"], private["isDefaultCalendar"]) == ("Private", "lightBlue", False)
    assert (private["isRemovable"], private["isTallyingResponses"]) == (True, False)
    assert [item["name"] for item in values(graph, f"{ANA}/calendars")] == ["Calendar", "Private"]
    only = {"$filter": "name eq 'private'", "$select": "name"}
    assert values(graph, f"{ANA}/calendars", **only) == [{"id": private["id"], "name": "Private"}]
    changed = graph.patch(f"{ANA}/calendars/{private['id']}", json={"name": "Own"})
    assert (changed.status_code, changed.json()["name"], changed.json()["color"]) == (200, "Own", "lightBlue")
    assert changed.json()["changeKey"] != private["changeKey"]
    assert graph.patch(f"{ANA}/calendar", json={"name": "Work"}).json()["isDefaultCalendar"] is True
    assert graph.delete(f"{ANA}/calendars/{private['id']}").status_code == 204
    assert [item["name"] for item in values(graph, f"{ANA}/calendars")] == ["Work"]
    assert error(graph.get(f"{ANA}/calendars/{private['id']}/events")) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "ErrorPropertyValidationFailure")),
        ({"name": " "}, (400, "ErrorPropertyValidationFailure")),
        ({"name": "calendar"}, (409, "ErrorFolderExists")),
        ({"name": "x", "color": "purple"}, (400, "RequestBodyRead")),
        ({"name": "x", "hexColor": "#ffffff"}, (400, "ErrorInvalidPropertySet")),
        ({"name": "x", "nmae": "y"}, (400, "RequestBodyRead")),
        ({"name": "x", "isDefaultCalendar": True}, (501, "NotImplemented")),
    ],
)
def test_a_calendar_graph_does_not_take_is_refused(graph, body, refusal):
    assert error(graph.post(f"{ANA}/calendars", json=body)) == refusal
    assert len(values(graph, f"{ANA}/calendars")) == 1


def test_the_default_calendar_cannot_be_deleted(graph):
    (default,) = values(graph, f"{ANA}/calendars")
    assert error(graph.delete(f"{ANA}/calendars/{default['id']}")) == (400, "ErrorDeleteDistinguishedFolder")


def test_events_live_in_one_calendar_and_have_ids_of_the_mailbox(graph, private):
    inside = graph.post(f"{ANA}/calendars/{private['id']}/events", json=an_event(subject="Inside")).json()
    outside = graph.post(f"{ANA}/events", json=an_event(subject="Outside")).json()
    assert f"/calendars('{private['id']}')/events/$entity" in inside["@odata.context"]
    (default,) = values(graph, f"{ANA}/calendars", **{"$filter": "name eq 'Calendar'"})
    for tail, more in (("events", {}), ("calendarView", WINDOW)):
        assert [item["subject"] for item in values(graph, f"{ANA}/calendars/{private['id']}/{tail}", **more)] == [
            "Inside"
        ]
        for path in ("", "/calendar", f"/calendars/{default['id']}"):
            assert [item["subject"] for item in values(graph, f"{ANA}{path}/{tail}", **more)] == ["Outside"]
    assert graph.get(f"{ANA}/events/{inside['id']}").json()["subject"] == "Inside"
    assert graph.get(f"{ANA}/calendars/{private['id']}/events/{inside['id']}").status_code == 200
    wrong = f"{ANA}/calendars/{private['id']}/events/{outside['id']}"
    assert error(graph.get(wrong)) == (404, "ErrorItemNotFound")
    assert error(graph.patch(wrong, json={"subject": "x"})) == (404, "ErrorItemNotFound")
    assert error(graph.delete(wrong)) == (404, "ErrorItemNotFound")
    changed = graph.patch(f"{ANA}/calendars/{private['id']}/events/{inside['id']}", json={"subject": "Changed"})
    assert changed.json()["subject"] == "Changed"


def test_a_series_in_another_calendar_has_instances_there(graph, private):
    weekly = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-01-13", "numberOfOccurrences": 2},
    }
    events = f"{ANA}/calendars/{private['id']}/events"
    master = graph.post(events, json=an_event(recurrence=weekly, attendees=[])).json()
    found = values(graph, f"{events}/{master['id']}/instances", **WINDOW)
    assert [item["type"] for item in found] == ["occurrence"] * 2
    changed = graph.patch(f"{events}/{found[0]['id']}", json={"subject": "Other"}).json()
    assert (changed["type"], changed["subject"]) == ("exception", "Other")


def test_an_invitation_from_another_calendar_arrives_in_the_default_one_and_answers_are_not_tracked(
    graph, world, private
):
    mine = graph.post(f"{ANA}/calendars/{private['id']}/events", json=an_event()).json()
    (theirs,) = values(graph, f"{BO}/events")
    graph.post(f"{BO}/events/{theirs['id']}/accept", json={})
    run(world, timedelta(minutes=5))
    assert graph.get(f"{BO}/events/{theirs['id']}").json()["responseStatus"]["response"] == "accepted"
    assert graph.get(f"{ANA}/events/{mine['id']}").json()["attendees"][0]["status"]["response"] == "none"
    inbox = values(graph, f"{ANA}/mailFolders/inbox/messages")
    assert [item["meetingMessageType"] for item in inbox] == ["meetingAccepted"]


def test_free_and_busy_times_are_those_of_the_default_calendar_alone(graph, private):
    graph.post(f"{ANA}/calendars/{private['id']}/events", json=an_event(attendees=[]))
    asked = {
        "schedules": ["ana@fabrikam.test"],
        "startTime": {"dateTime": "2026-01-13T08:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-01-13T12:00:00", "timeZone": "UTC"},
        "availabilityViewInterval": 60,
    }
    (found,) = graph.post(f"{ANA}/calendar/getSchedule", json=asked).json()["value"]
    assert (found["availabilityView"], found["scheduleItems"]) == ("0000", [])
    assert error(graph.post(f"{ANA}/calendars/{private['id']}/getSchedule", json=asked)) == (501, "NotImplemented")


def test_delta_is_of_one_calendar(graph, private):
    default = f"{ANA}/calendarView/delta"
    other = f"{ANA}/calendars/{private['id']}/calendarView/delta"
    _, mine = delta_round(graph, default, params=WINDOW)
    _, theirs = delta_round(graph, other, params=WINDOW)
    inside = graph.post(f"{ANA}/calendars/{private['id']}/events", json=an_event(attendees=[])).json()
    assert delta_round(graph, mine)[0] == []
    found, theirs = delta_round(graph, theirs)
    assert [item["id"] for item in found] == [inside["id"]]
    graph.delete(f"{ANA}/events/{inside['id']}")
    assert delta_round(graph, mine)[0] == []
    found, _ = delta_round(graph, theirs)
    assert [(item["id"], item["@removed"]) for item in found] == [(inside["id"], {"reason": "deleted"})]
    token = theirs.partition("$deltatoken=")[2]
    assert error(graph.get(f"{default}?$deltatoken={token}")) == (410, "SyncStateNotFound")


def test_deleting_a_calendar_takes_its_events_and_tells_nobody(graph, private):
    inside = graph.post(f"{ANA}/calendars/{private['id']}/events", json=an_event()).json()
    graph.delete(f"{ANA}/calendars/{private['id']}")
    assert error(graph.get(f"{ANA}/events/{inside['id']}")) == (404, "ErrorItemNotFound")
    assert [item["isCancelled"] for item in values(graph, f"{BO}/events")] == [False]


def test_a_transaction_id_is_of_the_mailbox_not_of_a_calendar(graph, private):
    body = an_event(transactionId="t-1")
    first = graph.post(f"{ANA}/events", json=body).json()
    assert graph.post(f"{ANA}/events", json=body).json()["id"] == first["id"]
    again = graph.post(f"{ANA}/calendars/{private['id']}/events", json=body)
    assert error(again) == (400, "ErrorDuplicateTransactionId")


def test_there_is_one_group_of_calendars_with_all_of_them(graph, private):
    (group,) = values(graph, f"{ANA}/calendarGroups")
    assert (group["name"], group["classId"]) == ("My Calendars", "0006f0b7-0000-0000-c000-000000000046")
    below = f"{ANA}/calendarGroups/{group['id']}"
    assert graph.get(below).json()["id"] == group["id"]
    assert [item["name"] for item in values(graph, f"{below}/calendars")] == ["Calendar", "Private"]
    made = graph.post(f"{below}/calendars/{private['id']}/events", json=an_event(attendees=[])).json()
    assert [item["id"] for item in values(graph, f"{below}/calendars/{private['id']}/events")] == [made["id"]]
    assert error(graph.get(f"{BO}/calendarGroups/{group['id']}/calendars")) == (404, "ErrorItemNotFound")
    assert error(graph.post(f"{ANA}/calendarGroups", json={"name": "x"})) == (501, "NotImplemented")
    assert error(graph.get(f"{ANA}/calendar/calendarPermissions")) == (501, "NotImplemented")


def test_reading_calendars_takes_the_least_permission_and_changing_them_more(world):
    world.add_application(client_id="app", secret="secret", permissions={"Calendars.ReadBasic": None})
    with graph_of(world) as graph:
        assert [item["name"] for item in values(graph, f"{ANA}/calendars")] == ["Calendar"]
        assert error(graph.post(f"{ANA}/calendars", json={"name": "x"})) == (403, "ErrorAccessDenied")
    assert world.clock.now() == START
