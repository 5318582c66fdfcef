"""Series with exceptions, as a client sees them over TLS from both mailboxes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from wire_client import a_world, an_event, error, graph_of, run

from graphsync.sandbox.notifications.posting import Receipt

ANA, BO, CY = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test", "/users/cy@fabrikam.test"
ZONE = "Romance Standard Time"
JANUARY = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z", "$top": "100"}
TUESDAYS = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
    "range": {"type": "numbered", "startDate": "2026-01-13", "numberOfOccurrences": 3},
}


@pytest.fixture
def world():
    return a_world(response_delay=(60.0, 60.0))


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def at(day, hour, month=1):
    return {"dateTime": f"2026-{month:02d}-{day:02d}T{hour:02d}:00:00", "timeZone": ZONE}


def a_series(graph, **more):
    answer = graph.post(f"{ANA}/events", json=an_event(recurrence=TUESDAYS, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


def view(graph, mailbox=ANA, window=None, **more):
    return graph.get(f"{mailbox}/calendarView", params={**(window or JANUARY), **more}).json()["value"]


def days(found):
    return [int(item["start"]["dateTime"][8:10]) for item in found]


def of(graph, event_id, mailbox=ANA, **params):
    answer = graph.get(f"{mailbox}/events/{event_id}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def patched(graph, event_id, mailbox=ANA, **changes):
    answer = graph.patch(f"{mailbox}/events/{event_id}", json=changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def answers(event):
    return {item["emailAddress"]["address"]: item["status"]["response"] for item in event["attendees"]}


def delta_round(graph, url, **params):
    found = []
    while True:
        body = graph.get(url, **params).raise_for_status().json()
        found += body["value"]
        params = {}
        url = body.get("@odata.nextLink")
        if url is None:
            return found, body["@odata.deltaLink"]


def test_a_changed_occurrence_is_an_exception_with_the_same_id_and_its_original_start(graph):
    master = a_series(graph)
    second = view(graph)[1]
    assert (second["type"], second["seriesMasterId"], second["originalStart"]) == (
        "occurrence",
        master["id"],
        "2026-01-20T09:00:00Z",
    )
    changed = patched(graph, second["id"], start=at(21, 14), end=at(21, 15), subject="Moved", showAs="oof")
    assert (changed["id"], changed["type"], changed["subject"]) == (second["id"], "exception", "Moved")
    found = view(graph)
    assert [(item["type"], item["subject"], item["showAs"]) for item in found] == [
        ("occurrence", "Mentoring", "busy"),
        ("exception", "Moved", "oof"),
        ("occurrence", "Mentoring", "busy"),
    ]
    assert found[1]["start"]["dateTime"] == "2026-01-21T13:00:00.0000000"
    assert found[1]["originalStart"] == second["originalStart"]
    assert found[1]["iCalUId"] == second["iCalUId"] != found[0]["iCalUId"]
    assert of(graph, master["id"])["subject"] == "Mentoring"
    assert "originalStart" not in of(graph, master["id"])


def test_lists_hold_the_master_alone_and_instances_what_it_stands_for(graph):
    master = a_series(graph)
    third = view(graph)[2]
    patched(graph, third["id"], subject="Last")
    listed = graph.get(f"{ANA}/events").json()["value"]
    assert [(item["type"], item["id"]) for item in listed] == [("seriesMaster", master["id"])]
    until = {"startDateTime": "2026-01-14T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"}
    found = graph.get(f"{ANA}/events/{master['id']}/instances", params=until).json()["value"]
    assert [(item["type"], item["subject"]) for item in found] == [("occurrence", "Mentoring"), ("exception", "Last")]
    first = graph.get(f"{ANA}/events/{master['id']}/instances", params={**until, "$top": "1", "$select": "subject"})
    assert [item["subject"] for item in first.json()["value"]] == ["Mentoring"]
    assert graph.get(first.json()["@odata.nextLink"]).json()["value"][0]["subject"] == "Last"
    assert error(graph.get(f"{ANA}/events/{master['id']}/instances")) == (400, "ErrorInvalidParameter")
    assert error(graph.get(f"{ANA}/events/{third['id']}/instances", params=until)) == (400, "ErrorInvalidRequest")


def test_what_is_not_served_says_so(graph):
    master = a_series(graph)
    assert error(graph.get(f"{ANA}/events/{master['id']}/instances/delta", params=JANUARY)) == (501, "NotImplemented")
    assert error(graph.get(f"{ANA}/events/delta", params=JANUARY)) == (501, "NotImplemented")
    assert error(graph.get(f"{ANA}/events", params={"$search": '"Mentoring"'})) == (501, "NotImplemented")


def test_the_master_names_exceptions_and_cancelled_occurrences_only_when_asked_as_the_page_says(graph):
    master = a_series(graph)
    first, second, _ = view(graph)
    patched(graph, second["id"], subject="Other")
    assert graph.delete(f"{ANA}/events/{first['id']}").status_code == 204
    assert not {"exceptionOccurrences", "cancelledOccurrences"} & of(graph, master["id"]).keys()
    wanted = {
        "$select": "subject,exceptionOccurrences,cancelledOccurrences",
        "$expand": "exceptionOccurrences($select=subject,type)",
    }
    found = of(graph, master["id"], **wanted)
    assert found["cancelledOccurrences"] == [f"OID.{master['id']}.2026-01-13"]
    (exception,) = found["exceptionOccurrences"]
    assert (exception["id"], exception["subject"], exception["type"]) == (second["id"], "Other", "exception")
    assert "start" not in exception
    assert "exceptionOccurrences" not in of(graph, master["id"], **{"$expand": "exceptionOccurrences"})
    assert "cancelledOccurrences" not in of(graph, second["id"], **wanted)


def test_an_exception_travels_to_the_attendee_who_is_asked_again_for_it_alone(graph, world):
    a_series(graph)
    theirs = view(graph, BO)
    graph.post(f"{BO}/events/{theirs[0]['seriesMasterId']}/accept", json={})
    run(world, timedelta(minutes=5))
    patched(graph, view(graph)[1]["id"], start=at(20, 15), end=at(20, 16))
    found = view(graph, BO)
    assert [(item["type"], item["showAs"], item["responseStatus"]["response"]) for item in found] == [
        ("occurrence", "busy", "accepted"),
        ("exception", "tentative", "notResponded"),
        ("occurrence", "busy", "accepted"),
    ]
    assert found[1]["id"] == theirs[1]["id"]
    assert found[1]["start"] == view(graph)[1]["start"]
    assert found[1]["iCalUId"] == view(graph)[1]["iCalUId"]
    mine = [answers(item)["bo@fabrikam.test"] for item in view(graph)]
    assert mine == ["accepted", "notResponded", "accepted"]


@pytest.mark.parametrize(("action", "response"), [("accept", "accepted"), ("tentativelyAccept", "tentativelyAccepted")])
def test_an_answer_to_one_occurrence_makes_exceptions_of_it_on_both_sides(graph, world, action, response):
    master = a_series(graph)
    theirs = view(graph, BO)[2]
    assert graph.post(f"{BO}/events/{theirs['id']}/{action}", json={"comment": "This one"}).status_code == 202
    own = of(graph, theirs["id"], BO)
    assert (own["type"], own["responseStatus"]["response"]) == ("exception", response)
    assert answers(view(graph)[2])["bo@fabrikam.test"] == "none"
    run(world, timedelta(minutes=5))
    first, _, third = view(graph)
    assert (third["type"], answers(third)["bo@fabrikam.test"]) == ("exception", response)
    assert (first["type"], answers(first)["bo@fabrikam.test"]) == ("occurrence", "none")
    assert answers(of(graph, master["id"]))["bo@fabrikam.test"] == "none"
    (mail,) = graph.get(f"{ANA}/mailFolders/inbox/messages").json()["value"]
    assert mail["@odata.type"] == "#microsoft.graph.eventMessageResponse"


def test_a_declined_occurrence_leaves_the_attendees_calendar_and_comes_back_with_a_new_time(graph, world):
    a_series(graph)
    graph.post(f"{BO}/events/{view(graph, BO)[1]['id']}/decline", json={})
    run(world, timedelta(minutes=5))
    assert days(view(graph, BO)) == [13, 27]
    assert answers(view(graph)[1])["bo@fabrikam.test"] == "declined"
    patched(graph, view(graph)[1]["id"], subject="Please come")
    assert days(view(graph, BO)) == [13, 27]
    patched(graph, view(graph)[1]["id"], start=at(22, 10), end=at(22, 11))
    found = view(graph, BO)
    assert days(found) == [13, 22, 27]
    assert (found[1]["subject"], found[1]["responseStatus"]["response"]) == ("Please come", "notResponded")
    assert answers(view(graph)[1])["bo@fabrikam.test"] == "notResponded"


def test_a_proposal_for_one_occurrence_shows_on_the_organizers_exception_alone(graph, world):
    a_series(graph)
    slot = {"start": at(21, 10), "end": at(21, 11)}
    theirs = view(graph, BO)[1]
    graph.post(f"{BO}/events/{theirs['id']}/decline", json={"proposedNewTime": slot})
    run(world, timedelta(minutes=5))
    proposed = [item["attendees"][0].get("proposedNewTime", {}).get("start") for item in view(graph)]
    assert proposed == [None, {"dateTime": "2026-01-21T09:00:00.0000000", "timeZone": "UTC"}, None]


def test_an_occurrence_cancelled_by_the_organizer_stays_marked_with_the_attendee(graph):
    master = a_series(graph)
    second = view(graph)[1]
    theirs = view(graph, BO)
    not_theirs = graph.post(f"{BO}/events/{theirs[1]['id']}/cancel", json={})
    assert error(not_theirs) == (400, "ErrorInvalidRequest")
    assert graph.post(f"{ANA}/events/{second['id']}/cancel", json={"comment": "Ill"}).status_code == 202
    assert error(graph.get(f"{ANA}/events/{second['id']}")) == (404, "ErrorItemNotFound")
    assert days(view(graph)) == [13, 27]
    assert of(graph, master["id"])["isCancelled"] is False
    marked = view(graph, BO)
    assert [(item["isCancelled"], item["showAs"]) for item in marked] == [
        (False, "tentative"),
        (True, "free"),
        (False, "tentative"),
    ]
    assert (marked[1]["id"], marked[1]["subject"]) == (theirs[1]["id"], "Canceled: Mentoring")
    mail = graph.get(f"{BO}/mailFolders/inbox/messages").json()["value"]
    assert sorted(item["meetingMessageType"] for item in mail) == ["meetingCancelled", "meetingRequest"]
    assert error(graph.post(f"{BO}/events/{theirs[1]['id']}/accept", json={})) == (400, "ErrorInvalidRequest")
    assert graph.delete(f"{BO}/events/{theirs[1]['id']}").status_code == 204
    assert days(view(graph, BO)) == [13, 27]
    assert error(graph.delete(f"{ANA}/events/{second['id']}")) == (404, "ErrorItemNotFound")


def test_cancelling_the_series_marks_its_exceptions_and_the_copies_of_those_invited_to_one(graph):
    master = a_series(graph)
    both = [{"emailAddress": {"address": f"{name}@fabrikam.test"}} for name in ("bo", "cy")]
    patched(graph, view(graph)[1]["id"], attendees=both, subject="With Cy")
    (theirs,) = view(graph, CY)
    assert (theirs["type"], theirs["subject"], theirs["iCalUId"]) == (
        "singleInstance",
        "With Cy",
        view(graph)[1]["iCalUId"],
    )
    assert list(answers(view(graph)[0])) == ["bo@fabrikam.test"]
    graph.post(f"{ANA}/events/{master['id']}/cancel", json={})
    assert view(graph) == []
    assert [item["subject"] for item in view(graph, BO)] == [
        "Canceled: Mentoring",
        "Canceled: With Cy",
        "Canceled: Mentoring",
    ]
    assert [item["isCancelled"] for item in (*view(graph, BO), *view(graph, CY))] == [True] * 4


def test_a_change_of_the_series_reaches_what_an_exception_has_not_otherwise(graph):
    master = a_series(graph)
    patched(graph, view(graph)[1]["id"], subject="Special")
    patched(graph, master["id"], subject="Weekly", location={"displayName": "R2"})
    for mailbox in (ANA, BO):
        assert [(item["subject"], item["location"]["displayName"]) for item in view(graph, mailbox)] == [
            ("Weekly", "R2"),
            ("Special", "R2"),
            ("Weekly", "R2"),
        ]
    mail = graph.get(f"{BO}/mailFolders/inbox/messages").json()["value"]
    # Invited, told of the exception; then one for the series and one for the instance updated separately.
    assert len(mail) == 4


def test_a_new_time_of_the_series_drops_exceptions_and_what_was_taken_out(graph, world):
    master = a_series(graph)
    first, second, _ = view(graph)
    patched(graph, second["id"], subject="Special")
    graph.delete(f"{ANA}/events/{first['id']}")
    patched(graph, master["id"], start=at(13, 16), end=at(13, 17))
    for mailbox in (ANA, BO):
        found = view(graph, mailbox)
        assert [(item["type"], item["subject"]) for item in found] == [("occurrence", "Mentoring")] * 3
        assert {item["start"]["dateTime"][11:13] for item in found} == {"15"}


def test_another_end_of_the_range_keeps_the_exceptions_within_it(graph):
    master = a_series(graph)
    first, second, _ = view(graph)
    patched(graph, second["id"], subject="Special")
    graph.delete(f"{ANA}/events/{first['id']}")
    shorter = {**TUESDAYS, "range": {**TUESDAYS["range"], "numberOfOccurrences": 2}}
    patched(graph, master["id"], recurrence=shorter)
    assert [(item["type"], item["subject"]) for item in view(graph)] == [("exception", "Special")]


def test_a_series_moved_to_another_day_begins_there(graph):
    master = a_series(graph)
    moved = patched(graph, master["id"], start=at(15, 10), end=at(15, 11))
    # Its pattern still says Tuesday, so that the first one is on the next.
    assert moved["recurrence"]["range"]["startDate"] == "2026-01-20"
    window = {**JANUARY, "endDateTime": "2026-03-01T00:00:00Z"}
    assert days(view(graph, window=window)) == [20, 27, 3]


def test_an_exception_moves_in_and_out_of_a_window_for_views_delta_and_schedules(graph):
    master = a_series(graph)
    window = {"startDateTime": "2026-01-19T00:00:00Z", "endDateTime": "2026-01-24T00:00:00Z"}
    second, third = view(graph)[1:]
    found, link = delta_round(graph, f"{ANA}/calendarView/delta", params=window)
    assert [(item["type"], item["id"]) for item in found] == [
        ("seriesMaster", master["id"]),
        ("occurrence", second["id"]),
    ]
    patched(graph, third["id"], start=at(23, 10), end=at(23, 11), subject="Earlier")
    found, link = delta_round(graph, link)
    assert [item["type"] for item in found] == ["seriesMaster", "occurrence", "exception"]
    assert (found[2]["id"], found[2]["subject"], found[2]["isOrganizer"]) == (third["id"], "Earlier", True)
    assert "subject" not in found[1]
    assert days(view(graph, window=window)) == [20, 23]
    patched(graph, second["id"], start=at(17, 10), end=at(17, 11))
    found, link = delta_round(graph, link)
    assert [item.get("type", "gone") for item in found] == ["seriesMaster", "exception", "gone"]
    assert (found[2]["id"], found[2]["@removed"]) == (second["id"], {"reason": "deleted"})
    asked = {"schedules": ["ana@fabrikam.test"], "startTime": at(17, 8), "endTime": at(23, 18)}
    (schedule,) = graph.post(f"{BO}/calendar/getSchedule", json=asked).json()["value"]
    assert [item["start"]["dateTime"][:13] for item in schedule["scheduleItems"]] == ["2026-01-17T09", "2026-01-23T09"]
    graph.delete(f"{ANA}/events/{master['id']}")
    found, _ = delta_round(graph, link)
    assert [item["id"] for item in found if "@removed" in item] == [master["id"], third["id"]]


@pytest.mark.parametrize("told", ["removed", "silent"])
def test_delta_tells_of_a_deleted_occurrence_or_only_sends_the_series_again(graph, world, told):
    world.behavior.vanished_occurrences = told
    a_series(graph)
    first = view(graph)[0]
    window = {name: value for name, value in JANUARY.items() if name != "$top"}
    _, link = delta_round(graph, f"{ANA}/calendarView/delta", params=window)
    graph.delete(f"{ANA}/events/{first['id']}")
    found, link = delta_round(graph, link)
    assert [item.get("type") for item in found[:3]] == ["seriesMaster", "occurrence", "occurrence"]
    assert [item["id"] for item in found[3:]] == ([first["id"]] if told == "removed" else [])
    assert delta_round(graph, link)[0] == []


@pytest.mark.parametrize(
    ("day", "hour", "status"),
    [(14, 10, 200), (26, 10, 200), (13, 18, 400), (12, 10, 400), (27, 7, 400), (28, 10, 400)],
)
def test_an_occurrence_stays_between_the_days_of_its_neighbors(graph, day, hour, status):
    a_series(graph)
    second = view(graph)[1]
    answer = graph.patch(f"{ANA}/events/{second['id']}", json={"start": at(day, hour), "end": at(day, hour + 1)})
    assert answer.status_code == status
    if status == 400:
        assert error(answer) == (400, "ErrorOccurrenceCrossingBoundary")
        assert view(graph)[1] == second


def test_the_change_key_of_an_exception_is_its_own_and_guards_it(graph):
    a_series(graph)
    second = view(graph)[1]
    old = {"If-Match": second["@odata.etag"]}
    changed = graph.patch(f"{ANA}/events/{second['id']}", json={"subject": "One"}, headers=old).json()
    assert changed["changeKey"] not in {second["changeKey"], view(graph)[0]["changeKey"]}
    again = graph.patch(f"{ANA}/events/{second['id']}", json={"subject": "Two"}, headers=old)
    assert error(again) == (412, "ErrorIrresolvableConflict")
    assert error(graph.delete(f"{ANA}/events/{second['id']}", headers=old)) == (412, "ErrorIrresolvableConflict")
    assert of(graph, second["id"])["subject"] == "One"


def test_a_person_added_to_or_left_out_of_the_series_is_so_in_its_exceptions(graph):
    master = a_series(graph)
    patched(graph, view(graph)[1]["id"], start=at(20, 15), end=at(20, 16))
    patched(graph, master["id"], attendees=[{"emailAddress": {"address": "cy@fabrikam.test"}}])
    assert [list(answers(item)) for item in view(graph)] == [["cy@fabrikam.test"]] * 3
    assert [item["start"]["dateTime"][11:13] for item in view(graph, CY)] == ["09", "14", "09"]
    assert [item["isCancelled"] for item in view(graph, BO)] == [True] * 3


def test_what_an_attendee_changes_of_one_occurrence_is_theirs_alone(graph):
    a_series(graph)
    theirs = view(graph, BO)[0]
    patched(graph, theirs["id"], BO, categories=["Red"], isReminderOn=False)
    assert [item["categories"] for item in view(graph, BO)] == [["Red"], [], []]
    assert [item["type"] for item in view(graph)] == ["occurrence"] * 3


def test_a_change_of_one_occurrence_is_told_on_the_id_of_its_master(graph, world):
    master = a_series(graph)
    posted = []
    world.deliver = lambda url, body, headers, timeout_s: posted.append(body) or Receipt(202)
    wanted = {
        "changeType": "created,updated,deleted",
        "notificationUrl": "https://hooks.test/notify",
        "resource": "users/ana@fabrikam.test/events",
        "expirationDateTime": "2026-01-10T00:00:00Z",
    }
    application = world.directory.applications["app"]
    world.notifier.began(world.subscriptions.store(world.subscriptions.check(wanted, application), application))
    patched(graph, view(graph)[1]["id"], subject="Other")
    graph.delete(f"{ANA}/events/{view(graph)[0]['id']}")
    run(world, timedelta(minutes=1))
    told = [item for body in posted for item in json.loads(body)["value"]]
    assert {(item["resourceData"]["id"], item["changeType"]) for item in told} == {(master["id"], "updated")}
    entries = [entry for entry in world.journal if entry.details.get("occurrence") == view(graph)[0]["id"]]
    assert [(entry.subject_id, entry.details["changed"]) for entry in entries] == [(master["id"], ["deviations"])]


@pytest.mark.parametrize(
    ("pattern", "span", "code"),
    [
        ({"type": "hourly"}, {}, "RequestBodyRead"),
        ({"interval": 0}, {}, "ErrorPropertyValidationFailure"),
        ({"interval": 100}, {}, "ErrorPropertyValidationFailure"),
        ({"daysOfWeek": []}, {}, "ErrorPropertyValidationFailure"),
        ({"daysOfWeek": ["funday"]}, {}, "RequestBodyRead"),
        ({"type": "absoluteMonthly"}, {}, "ErrorPropertyValidationFailure"),
        ({"type": "absoluteMonthly", "dayOfMonth": 32}, {}, "ErrorPropertyValidationFailure"),
        ({"type": "relativeYearly", "index": "fifth", "month": 1}, {}, "RequestBodyRead"),
        ({"type": "relativeYearly"}, {}, "ErrorPropertyValidationFailure"),
        ({"every": 2}, {}, "RequestBodyRead"),
        ({}, {"startDate": "2026-01-12"}, "ErrorPropertyValidationFailure"),
        ({}, {"startDate": "soon"}, "RequestBodyRead"),
        ({}, {"numberOfOccurrences": 1000}, "ErrorPropertyValidationFailure"),
        ({}, {"type": "endDate", "endDate": "2026-01-12"}, "ErrorPropertyValidationFailure"),
        ({"daysOfWeek": ["monday"]}, {"type": "endDate", "endDate": "2026-01-14"}, "ErrorRecurrenceHasNoOccurrence"),
        ({}, {"recurrenceTimeZone": "Mars"}, "TimeZoneNotSupportedException"),
    ],
)
def test_a_recurrence_graph_does_not_take_is_refused(graph, pattern, span, code):
    wanted = {"pattern": TUESDAYS["pattern"] | pattern, "range": TUESDAYS["range"] | span}
    assert error(graph.post(f"{ANA}/events", json=an_event(recurrence=wanted))) == (400, code)
    assert graph.get(f"{ANA}/events").json()["value"] == []


def test_a_recurrence_comes_back_whole_and_can_be_written_back(graph):
    master = a_series(graph)
    assert master["recurrence"] == {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": ["tuesday"],
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "numbered",
            "startDate": "2026-01-13",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": ZONE,
            "numberOfOccurrences": 3,
        },
    }
    patched(graph, view(graph)[1]["id"], subject="Kept")
    patched(graph, master["id"], recurrence=master["recurrence"])
    assert [item["subject"] for item in view(graph)] == ["Mentoring", "Kept", "Mentoring"]


def test_a_series_keeps_to_the_clock_of_the_zone_its_range_names(graph):
    """Noon in UTC is one in the afternoon in Paris until its clocks change, and noon of UTC is left behind then."""
    utc = {"dateTime": "2026-03-24T12:00:00", "timeZone": "UTC"}
    until = {"dateTime": "2026-03-24T13:00:00", "timeZone": "UTC"}
    span = {"type": "numbered", "startDate": "2026-03-24", "numberOfOccurrences": 2, "recurrenceTimeZone": ZONE}
    weekly = {"pattern": TUESDAYS["pattern"], "range": span}
    graph.post(f"{ANA}/events", json=an_event(start=utc, end=until, recurrence=weekly)).raise_for_status()
    window = {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-05-01T00:00:00Z"}
    assert [item["start"]["dateTime"][:13] for item in view(graph, window=window)] == ["2026-03-24T12", "2026-03-31T11"]
