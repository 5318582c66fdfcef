"""What a faithful calendar emulator must do, point by point, as a plain client sees it over TLS.

Each test is named for its point and names the page it goes by. What a point asks and the sandbox does not do is in
docs/sandbox.md, with what happens instead.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from wire_client import (
    CERTIFICATES,
    START,
    a_mail,
    a_world,
    an_event,
    client_of,
    error,
    graph_of,
    run,
    serving,
    token_of,
)

from graphsync.sandbox import Fault

ANA, BO, CY = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test", "/users/cy@fabrikam.test"
TAG = "String {6f2d3c1e-0b7a-4a53-9d0e-6d1b5f0a9c11} Name MentoringSession"
WINDOW = {"startDateTime": "2026-01-12T00:00:00Z", "endDateTime": "2026-01-26T00:00:00Z"}


@pytest.fixture
def world():
    return a_world(response_delay=(60.0, 60.0))


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def at(day, hour, zone="UTC"):
    return {"dateTime": f"2026-01-{day:02d}T{hour:02d}:00:00", "timeZone": zone}


def a_schedule(*addresses, minutes=60, **more):
    return {
        "schedules": list(addresses),
        "startTime": at(13, 8),
        "endTime": at(13, 12),
        "availabilityViewInterval": minutes,
        **more,
    }


def made(graph, **more):
    answer = graph.post(f"{ANA}/events", json=an_event(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()


def copy_of(graph, event, mailbox=BO):
    found = graph.get(f"{mailbox}/events", params={"$filter": f"iCalUId eq '{event['iCalUId']}'"}).json()["value"]
    return found[0] if found else None


def round_of(graph, link, **options):
    """Follow a delta round to its end; return pages of items and the next round's link."""
    pages = []
    while True:
        answer = graph.get(link, **options).json()
        pages.append(answer["value"])
        if "@odata.deltaLink" in answer:
            return pages, answer["@odata.deltaLink"]
        link, options = answer["@odata.nextLink"], {"headers": options.get("headers")}


def test_01_sign_in_over_tls_and_bearer_and_scope(world):
    """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (tokens).

    https://learn.microsoft.com/graph/auth-limit-mailbox-access (scopes).
    """
    ana = world.user("ana@fabrikam.test")
    world.add_application(client_id="app", secret="secret", permissions={"Calendars.Read": frozenset({ana.id})})
    with serving(world) as server, httpx.Client(verify=CERTIFICATES.ssl_context(), trust_env=False) as plain:
        with httpx.Client(trust_env=False) as distrustful, pytest.raises(httpx.ConnectError):
            distrustful.get(server.base_url)
        found = plain.get(f"{server.authority_url}/v2.0/.well-known/openid-configuration").json()
        assert found["token_endpoint"] == f"{server.authority_url}/oauth2/v2.0/token"
        assert plain.get(found["jwks_uri"]).json()["keys"]
        refused = plain.get(f"{server.graph_url}{ANA}/events", headers={"Authorization": "Bearer unknown"})
        assert error(refused) == (401, "InvalidAuthenticationToken")
        assert token_of(server)
        with client_of(server) as graph:
            assert graph.get(f"{ANA}/events").status_code == 200
            assert error(graph.get(f"{BO}/events")) == (403, "ErrorAccessDenied")
            assert error(graph.post(f"{ANA}/events", json=an_event())) == (403, "ErrorAccessDenied")


def test_02_paths_in_every_documented_spelling(graph, world):
    """https://learn.microsoft.com/graph/api/event-delta, api/user-list-events."""
    event = made(graph)
    ana = world.user("ana@fabrikam.test")
    encoded = event["id"].replace("=", "%3D")
    for user in ("ana%40fabrikam.test", "ANA@Fabrikam.test", ana.id, ana.id.upper()):
        assert graph.get(f"/users/{user}/events/{encoded}").json()["id"] == event["id"]
    assert graph.get(f"{ANA}/calendar/events").json()["value"] == graph.get(f"{ANA}/events").json()["value"]
    assert graph.get("/users('ana@fabrikam.test')/events").status_code == 200
    for name in ("delta", "delta()", "microsoft.graph.delta()"):
        assert graph.get(f"{ANA}/calendarView/{name}", params=WINDOW).status_code == 200


def test_03_parameters_and_enum_values_in_any_case_and_in_quotes(graph):
    """https://learn.microsoft.com/graph/api/event-decline (the samples quote and the SDK writes PascalCase)."""
    event = made(graph, showAs="OOF", isOnlineMeeting="false", reminderMinutesBeforeStart="5", importance="High")
    assert (event["showAs"], event["importance"], event["isOnlineMeeting"]) == ("oof", "high", False)
    assert event["reminderMinutesBeforeStart"] == 5
    mine = copy_of(graph, event)
    answer = graph.post(f"{BO}/events/{mine['id']}/decline", json={"COMMENT": "no", "SendResponse": "true"})
    assert answer.status_code == 202
    body = a_schedule("ana@fabrikam.test", minutes="60")
    pascal = {name[0].upper() + name[1:]: value for name, value in body.items()}
    assert graph.post(f"{ANA}/calendar/getSchedule", json=pascal).status_code == 200


def test_04_each_mailbox_has_its_own_copy(graph):
    """https://learn.microsoft.com/graph/api/resources/event, api/resources/eventmessage."""
    event = made(graph)
    mine = copy_of(graph, event)
    assert mine["iCalUId"] == event["iCalUId"]
    assert mine["id"] != event["id"]
    assert mine["changeKey"] != event["changeKey"]
    assert (event["isOrganizer"], event["showAs"]) == (True, "busy")
    assert (mine["isOrganizer"], mine["showAs"], mine["responseStatus"]["response"]) == (
        False,
        "tentative",
        "notResponded",
    )
    [message] = graph.get(f"{BO}/mailFolders/inbox/messages").json()["value"]
    assert message["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert message["meetingMessageType"] == "meetingRequest"


def test_05_responses_travel_and_are_asked_for_again(graph, world):
    """https://learn.microsoft.com/graph/outlook-calendar-meeting-proposals, api/event-tentativelyaccept."""

    def answer_of(number=0):
        return graph.get(f"{ANA}/events/{event['id']}").json()["attendees"][number]["status"]["response"]

    event = made(graph, allowNewTimeProposals=True)
    mine = f"{BO}/events/{copy_of(graph, event)['id']}"
    proposal = {"proposedNewTime": {"start": at(14, 9), "end": at(14, 10)}}
    for refused in (
        graph.post(f"{mine}/accept", json=proposal),
        graph.post(f"{mine}/tentativelyAccept", json=proposal | {"sendResponse": False}),
        graph.post(f"{ANA}/events/{event['id']}/accept", json={}),
    ):
        assert refused.status_code == 400
    assert graph.post(f"{mine}/accept", json={"sendResponse": False}).status_code == 202
    run(world, timedelta(minutes=5))
    assert answer_of() == "none"
    assert graph.post(f"{mine}/accept", json={}).status_code == 202
    assert answer_of() == "none"
    run(world, timedelta(seconds=59))
    assert answer_of() == "none"
    run(world, timedelta(seconds=1))
    assert answer_of() == "accepted"
    moved = graph.patch(f"{ANA}/events/{event['id']}", json={"start": at(15, 9), "end": at(15, 10)})
    assert moved.json()["attendees"][0]["status"] == {"response": "notResponded", "time": "4501-01-01T00:00:00Z"}
    assert graph.get(mine).json()["responseStatus"]["response"] == "notResponded"
    assert graph.post(f"{mine}/tentativelyAccept", json=proposal).status_code == 202
    run(world, timedelta(minutes=2))
    shown = graph.get(f"{ANA}/events/{event['id']}").json()["attendees"][0]
    assert (shown["status"]["response"], shown["proposedNewTime"]["start"]["dateTime"][:13]) == (
        "tentativelyAccepted",
        "2026-01-14T09",
    )
    closed = made(graph, allowNewTimeProposals=False)
    refused = graph.post(f"{BO}/events/{copy_of(graph, closed)['id']}/decline", json=proposal)
    assert error(refused) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_06_cancelled_and_deleted(graph, way):
    """https://learn.microsoft.com/graph/api/event-cancel, api/event-delete."""
    event = made(graph)
    path = f"{ANA}/events/{event['id']}"
    mine = f"{BO}/events/{copy_of(graph, event)['id']}"
    refused = graph.post(f"{mine}/cancel", json={})
    assert refused.status_code == 400
    assert "organizer" in refused.json()["error"]["message"]
    if way == "cancel":
        assert graph.post(f"{path}/cancel", json={"Comment": "Room flooded"}).status_code == 202
    else:
        assert graph.delete(path).status_code == 204
    assert error(graph.get(path)) == (404, "ErrorItemNotFound")
    left = graph.get(mine).json()
    assert (left["isCancelled"], left["subject"]) == (True, "Canceled: Mentoring")
    assert graph.delete(mine).status_code == 204
    assert error(graph.get(mine)) == (404, "ErrorItemNotFound")


def test_07_transaction_ids_are_kept_per_mailbox(graph, world):
    """https://learn.microsoft.com/graph/api/calendar-post-events, https://github.com/alcionai/corso/issues/2490."""
    first = made(graph, transactionId="t1")
    again = graph.post(f"{ANA}/events", json=an_event(transactionId="t1"))
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    for status in (400, 409):
        world.behavior.duplicate_transaction_status = status
        other = graph.post(f"{ANA}/events", json=an_event(transactionId="t1", subject="Another"))
        assert error(other) == (status, "ErrorDuplicateTransactionId")
        assert other.json()["error"]["@event.existingEventId"] == first["id"]
    elsewhere = graph.post(f"{CY}/events", json=an_event(transactionId="t1", subject="Another"))
    assert (elsewhere.status_code, elsewhere.json()["id"] != first["id"]) == (201, True)


def test_08_times_in_windows_and_listed_names(graph):
    """https://learn.microsoft.com/graph/api/resources/datetimetimezone."""
    for zone, utc in (("W. Europe Standard Time", "09"), ("Europe/Berlin", "09"), ("Asia/Tokyo", "01"), ("UTC", "10")):
        event = made(graph, start=at(13, 10, zone), end=at(13, 11, zone))
        assert event["start"] == {"dateTime": f"2026-01-13T{utc}:00:00.0000000", "timeZone": "UTC"}
    for zone in ("Greenwich Mean Time", "Europe/Madrid", "Nowhere"):
        refused = graph.post(f"{ANA}/events", json=an_event(start=at(13, 10, zone)))
        assert error(refused) == (400, "TimeZoneNotSupportedException")
        refused = graph.get(f"{ANA}/events", headers={"Prefer": f'outlook.timezone="{zone}"'})
        assert error(refused) == (400, "TimeZoneNotSupportedException")
    shown = graph.get(f"{ANA}/events/{event['id']}", headers={"Prefer": 'outlook.timezone="Tokyo Standard Time"'})
    assert shown.json()["start"] == {"dateTime": "2026-01-13T19:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert shown.headers["preference-applied"] == 'outlook.timezone="Tokyo Standard Time"'


def test_09_free_and_busy_times(graph, world):
    """https://learn.microsoft.com/graph/api/calendar-getschedule, outlook-get-free-busy-schedule."""

    def view(**more):
        answer = graph.post(f"{ANA}/calendar/getSchedule", json=a_schedule("ana@fabrikam.test", **more))
        return answer.json()["value"][0]["availabilityView"] if answer.status_code == 200 else error(answer)

    for hour, show_as in ((8, "tentative"), (9, "busy"), (10, "workingElsewhere"), (11, "oof")):
        made(graph, start=at(13, hour), end=at(13, hour + 1), showAs=show_as)
    assert view() == "1203"
    made(graph, start=at(13, 8), end={"dateTime": "2026-01-13T08:30:00", "timeZone": "UTC"}, showAs="busy")
    assert view() == "2203"
    assert view(minutes=30) == "21220033"
    answer = graph.post(f"{ANA}/calendar/getSchedule", json=a_schedule("ana@fabrikam.test", "ghost@fabrikam.test"))
    good, bad = answer.json()["value"]
    assert (answer.status_code, len(good["scheduleItems"])) == (200, 5)
    assert (set(bad), bad["error"]["responseCode"]) == ({"scheduleId", "error"}, "5009")
    many = {"schedules": ["ana@fabrikam.test"] * 21}
    assert view(**many) == (400, "ErrorMailboxDataArrayTooBig")
    world.behavior.schedule_limit = 100
    assert view(**many) == "2203"
    late = (START + timedelta(days=80)).strftime("%Y-%m-%dT%H:%M:%S")
    assert view(endTime={"dateTime": late, "timeZone": "UTC"}) == (400, "ErrorTimeIntervalTooBig")
    for minutes in (4, 1441, 240):
        assert view(minutes=minutes) == (400, "ErrorInvalidMergedFreeBusyInterval")
    assert view(minutes=None) == (500, "InternalServerError")


def test_10_pages_filters_and_extended_properties(graph):
    """https://learn.microsoft.com/graph/paging, api/singlevaluelegacyextendedproperty-get."""
    events = [
        made(graph, subject=f"{n:02d}", singleValueExtendedProperties=[{"id": TAG, "value": f"Pair-{n}"}])
        for n in range(12)
    ]
    first = graph.get(f"{ANA}/events").json()
    assert len(first["value"]) == 10
    second = graph.get(first["@odata.nextLink"]).json()
    assert (len(second["value"]), "@odata.nextLink" in second) == (2, False)
    assert len(graph.get(f"{ANA}/events?$top=1000").json()["value"]) == 12
    assert graph.get(f"{ANA}/events?$top=1001").status_code == 400
    found = graph.get(
        f"{ANA}/events",
        params={
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq 'pair-3')",
            "$expand": f"singleValueExtendedProperties($filter=id eq '{TAG}')",
        },
    ).json()["value"]
    assert [item["singleValueExtendedProperties"] for item in found] == [[{"id": TAG, "value": "Pair-3"}]]
    assert "singleValueExtendedProperties" not in events[3]
    wanted = {"$filter": f"iCalUId eq '{events[4]['iCalUId']}'"}
    assert [item["subject"] for item in graph.get(f"{ANA}/events", params=wanted).json()["value"]] == ["04"]


def test_11_delta_with_all_its_oddities(graph, world):
    """https://learn.microsoft.com/graph/api/event-delta, delta-query-overview."""
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-01-13", "numberOfOccurrences": 2},
    }
    made(graph, recurrence=weekly, attendees=[])
    start = f"{ANA}/calendarView/delta"
    [page], link = round_of(graph, start, params=WINDOW)
    by_type = {item["type"]: item for item in page}
    assert set(by_type["occurrence"]) <= {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
    assert by_type["seriesMaster"]["id"] == by_type["occurrence"]["seriesMasterId"]
    outside = made(graph, start=at(30, 9), end=at(30, 10), attendees=[])
    [page], link = round_of(graph, link)
    assert [(item["id"], item["@removed"]) for item in page] == [(outside["id"], {"reason": "deleted"})]
    made(graph, attendees=[])
    world.behavior.empty_delta_pages = True
    pages, _ = round_of(graph, link)
    assert [len(items) for items in pages] == [0, 1]
    world.behavior.empty_delta_pages, world.behavior.repeated_delta_items = False, True
    [page], _ = round_of(graph, link)
    assert [item["id"] for item in page] == [page[0]["id"]] * 2
    for option in ("$select=id", "$expand=x", "$filter=x", "$orderby=x", "$search=x"):
        assert graph.get(f"{start}?{option}", params=None).status_code == 400
    world.expire_delta_tokens("ana@fabrikam.test")
    assert error(graph.get(link)) == (410, "SyncStateNotFound")


def test_12_batches(graph, world):
    """https://learn.microsoft.com/graph/json-batching; more in test_sandbox_batch.py."""

    def parts(count):
        return [{"id": str(n), "method": "GET", "url": f"{ANA}/events"} for n in range(count)]

    def statuses(requests):
        found = graph.post("/$batch", json={"requests": requests}).json()["responses"]
        assert [part["id"] for part in found] != [part["id"] for part in requests]
        return {part["id"]: (part["status"], part["headers"].get("Retry-After")) for part in found}

    assert graph.post("/$batch", json={"requests": parts(21)}).status_code == 400
    world.faults.add(Fault(operation="listEvents", kind="throttled", retry_after_s=7))
    chain = [part | ({"dependsOn": [str(n - 1)]} if n else {}) for n, part in enumerate(parts(3))]
    assert statuses(chain) == {"0": (429, "7"), "1": (424, None), "2": (424, None)}
    world.behavior.throttling = True
    assert {status for status, _ in statuses(parts(20)).values()} == {200}
    world.behavior.batch_pace = "all_at_once"
    assert sorted(status for status, _ in statuses(parts(20)).values()) == [200] * 4 + [429] * 16


def test_13_throttling_and_what_fails_after_it_was_stored(graph, world):
    """https://learn.microsoft.com/graph/throttling, throttling-limits, errors; more in test_sandbox_throttling.py."""
    world.behavior.throttling, world.behavior.requests_per_10_minutes = True, 2
    answers = [graph.get(f"{ANA}/events") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (error(answers[2]), answers[2].headers["retry-after"]) == ((429, "ApplicationThrottled"), "600")
    world.behavior.throttled_with_retry_after = False
    assert "retry-after" not in graph.get(f"{ANA}/events").headers
    world.behavior.throttling = False
    world.faults.add(Fault(operation="createEvent", kind="unavailable_after"))
    assert error(graph.post(f"{ANA}/events", json=an_event(transactionId="t"))) == (503, "ServiceUnavailable")
    assert len(world.events("ana@fabrikam.test")) == 1
    assert graph.post(f"{ANA}/events", json=an_event(transactionId="t")).status_code == 201
    assert len(world.events("ana@fabrikam.test")) == 1
    world.faults.add(Fault(operation="createEvent", kind="gateway_timeout"))
    assert error(graph.post(f"{ANA}/events", json=an_event())) == (504, "GatewayTimeout")
    assert len(world.events("ana@fabrikam.test")) == 1


def test_14_states_of_a_mailbox(world):
    """https://learn.microsoft.com/graph/errors, auth-limit-mailbox-access; microsoft-graph-docs issues 5888, 9741."""
    reached = frozenset(user.id for user in world.users() if user.address != "bo@fabrikam.test")
    world.add_application(client_id="app", secret="secret", permissions={"Calendars.ReadWrite": reached})
    with graph_of(world) as graph:
        assert graph.get(f"{ANA}/events").status_code == 200
        assert error(graph.get("/users/none@fabrikam.test/events")) == (404, "MailboxNotEnabledForRESTAPI")
        assert error(graph.get("/users/ghost@fabrikam.test/events")) == (404, "ErrorInvalidUser")
        assert error(graph.get(f"{BO}/events")) == (403, "ErrorAccessDenied")
        for path, is_online in ((ANA, True), (CY, False)):
            answer = graph.post(f"{path}/events", json=an_event(attendees=[], isOnlineMeeting=True))
            assert (answer.status_code, answer.json()["isOnlineMeeting"]) == (201, is_online)


def test_15_mail_is_taken_without_an_id_and_sent_within_limits(graph, world):
    """https://learn.microsoft.com/graph/api/user-sendmail, defender-office-365/outbound-spam-policies-configure."""

    def inbox(of=BO):
        return graph.get(f"{of}/mailFolders/inbox/messages?$top=1000").json()["value"]

    for n in range(29):
        answer = graph.post(f"{ANA}/sendMail", json=a_mail("bo@fabrikam.test", subject=str(n)))
        assert (answer.status_code, answer.content) == (202, b"")
    made(graph)
    assert graph.post(f"{ANA}/sendMail", json=a_mail("bo@fabrikam.test", subject="late")).status_code == 202
    run(world, timedelta(seconds=59))
    assert len(inbox()) == 30
    run(world, timedelta(seconds=1))
    assert inbox()[0]["subject"] == "late"
    world.behavior.throttling, world.behavior.recipients_per_day = True, 31
    refused = graph.post(f"{ANA}/sendMail", json=a_mail("bo@fabrikam.test"))
    assert error(refused) == (429, "ErrorExceededMessageLimit")
    event = made(graph, subject="Unheard")
    assert copy_of(graph, event) is None
    assert inbox(ANA)[0]["subject"] == "Undeliverable: Unheard"
    run(world, timedelta(minutes=1))
    world.behavior.over_recipients_per_day = "bounced"
    assert graph.post(f"{ANA}/sendMail", json=a_mail("bo@fabrikam.test", subject="Later")).status_code == 202
    run(world, timedelta(minutes=1))
    assert inbox(ANA)[0]["subject"] == "Undeliverable: Later"
    assert len(inbox()) == 31


def test_16_online_meetings_are_read_by_policy_for_their_organizer_with_a_report_for_each_session(world):
    """https://learn.microsoft.com/graph/api/onlinemeeting-get, api/meetingattendancereport-list.

    More in test_sandbox_online_meetings.py.
    """
    granted = ("Calendars.ReadWrite", "OnlineMeetings.Read.All", "OnlineMeetingArtifact.Read.All")
    world.add_application(client_id="app", secret="secret", permissions=dict.fromkeys(granted))
    world.behavior.report_delay = (300.0, 300.0)
    ana, bo = (f"/users/{world.user(f'{name}@fabrikam.test').id}/onlineMeetings" for name in ("ana", "bo"))
    with graph_of(world) as graph:
        event = made(graph, isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
        link = event["onlineMeeting"]["joinUrl"]
        assert copy_of(graph, event)["onlineMeeting"]["joinUrl"] == link
        wanted = {"$filter": f"JoinWebUrl eq '{link}'"}
        assert error(graph.get(ana, params=wanted)) == (403, "Forbidden")
        world.grant_meeting_policy()
        [meeting] = graph.get(ana, params=wanted).json()["value"]
        assert error(graph.get(bo, params=wanted)) == (403, "Forbidden")
        held = world.events("ana@fabrikam.test")[0]
        for first, last in ((0, 20), (30, 50)):
            span = (held.start + timedelta(minutes=minute) for minute in (first, last))
            world.attend(held, "bo@fabrikam.test", *span)
        reports = f"{ana}/{meeting['id']}/attendanceReports"
        for minute, sessions in ((10, 0), (24, 0), (25, 1), (50, 1), (55, 2)):
            world.clock.set(held.start + timedelta(minutes=minute))
            assert len(graph.get(reports).json()["value"]) == sessions, minute


def test_17_ids_and_date_on_every_answer(graph, world):
    """https://learn.microsoft.com/graph/errors, https://github.com/microsoftgraph/microsoft-graph-docs/issues/2350."""
    event = made(graph)
    answers = [
        graph.get(f"{ANA}/events"),
        graph.post(f"{ANA}/events/{event['id']}/cancel"),
        graph.post(f"{ANA}/sendMail", json={}),
        graph.get(f"{ANA}/nothing"),
        graph.get("/users/ghost@fabrikam.test"),
        graph.get(f"{ANA}/events", headers={"Authorization": "Bearer x"}),
        graph.post("/$batch", json={}),
    ]
    for answer in answers:
        assert answer.headers["date"] == "Mon, 05 Jan 2026 08:00:00 GMT"
        assert answer.headers["client-request-id"] == answer.headers["request-id"]
    assert len({answer.headers["request-id"] for answer in answers}) == len(answers)
    for has_inner in (True, False):
        world.behavior.inner_errors = has_inner
        refused = graph.get(f"{ANA}/events/x", headers={"client-request-id": "mine"})
        assert refused.headers["client-request-id"] == "mine"
        inner = refused.json()["error"].get("innerError")
        assert inner == (
            {
                "date": "2026-01-05T08:00:00",
                "request-id": refused.headers["request-id"],
                "client-request-id": "mine",
            }
            if has_inner
            else None
        )
