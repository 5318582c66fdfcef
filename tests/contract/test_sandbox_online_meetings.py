"""Online meetings behind join links, and who attended them, over TLS.

Pages: https://learn.microsoft.com/graph/api/onlinemeeting-get, meetingattendancereport-list,
meetingattendancereport-get, https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from wire_client import PERMISSIONS, START, a_world, an_event, client_of, error, graph_of, run, serving

from graphsync.sandbox.control import Control, ControlRefusal
from graphsync.sandbox.tenant.directory import Profile

GRANTED = {
    **PERMISSIONS,
    **dict.fromkeys(
        (
            "OnlineMeetings.ReadWrite.All",
            "OnlineMeetingArtifact.Read.All",
            "OnlineMeetingTranscript.Read.All",
            "OnlineMeetingRecording.Read.All",
        )
    ),
}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world():
    world = a_world(report_delay=(60.0, 60.0))
    world.add_application(client_id="app", secret="secret", permissions=GRANTED)
    world.grant_meeting_policy()
    return world


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def ana(world):
    return f"/users/{world.user('ana@fabrikam.test').id}/onlineMeetings"


def bo(world):
    return f"/users/{world.user('bo@fabrikam.test').id}/onlineMeetings"


def held(world, **more):
    """An event of Ana's with Bo and a link behind it."""
    return world.create_event("ana@fabrikam.test", an_event(isOnlineMeeting=True, **more), actor="ana@fabrikam.test")


def by_link(link):
    return {"$filter": f"JoinWebUrl eq '{link}'"}


def meeting_of(graph, world, event):
    answer = graph.get(ana(world), params=by_link(event.join_url))
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["value"]
    return found


def reports_of(graph, world, event):
    meeting = meeting_of(graph, world, event)
    return graph.get(f"{ana(world)}/{meeting['id']}/attendanceReports").json()["value"]


# The meeting -------------------------------------------------------------------------------------------------


def test_a_meeting_is_found_by_its_link_its_number_and_its_id(graph, world):
    event = held(world)
    found = meeting_of(graph, world, event)
    assert (found["joinWebUrl"], found["subject"], found["startDateTime"]) == (
        event.join_url,
        "Mentoring",
        "2026-01-13T09:00:00Z",
    )
    assert found["participants"]["organizer"]["upn"] == "ana@fabrikam.test"
    assert [person["upn"] for person in found["participants"]["attendees"]] == ["bo@fabrikam.test"]
    assert found["chatInfo"]["threadId"].endswith("@thread.v2")
    number = found["joinMeetingIdSettings"]["joinMeetingId"]
    same = graph.get(ana(world), params={"$filter": f"joinMeetingIdSettings/joinMeetingId eq '{number}'"}).json()
    assert same["value"] == [found]
    again = graph.get(f"{ana(world)}/{found['id']}", params={"$select": "id,subject"}).json()
    assert {name for name in again if not name.startswith("@")} == {"id", "subject"}


def test_a_meeting_has_the_time_of_its_event(graph, world):
    event = held(world)
    later = (
        {"dateTime": "2026-01-14T10:00:00", "timeZone": "UTC"},
        {"dateTime": "2026-01-14T11:00:00", "timeZone": "UTC"},
    )
    world.patch_event("ana@fabrikam.test", event.id, {"start": later[0], "end": later[1]}, actor="ana@fabrikam.test")
    assert meeting_of(graph, world, event)["startDateTime"] == "2026-01-14T10:00:00Z"
    world.cancel_event("ana@fabrikam.test", event.id, actor="ana@fabrikam.test")
    assert error(graph.get(ana(world), params=by_link(event.join_url))) == (404, "NotFound")


@pytest.mark.parametrize(
    "options",
    [{}, {"$filter": "subject eq 'Mentoring'"}, {"$filter": "startsWith(JoinWebUrl,'https')"}],
    ids=["no filter", "by subject", "by a part of the link"],
)
def test_other_listings_are_refused(graph, world, options):
    held(world)
    assert graph.get(ana(world), params=options).status_code == 400


def test_a_link_must_be_encoded_once_more(graph, world):
    link = held(world).join_url
    assert "%3ameeting" in link
    assert error(graph.get(f"{ana(world)}?$filter=JoinWebUrl eq '{link}'")) == (404, "NotFound")
    encoded = quote(link, safe="")
    assert graph.get(f"{ana(world)}?$filter=JoinWebUrl eq '{encoded}'").status_code == 200


def test_a_link_that_leads_nowhere(graph, world):
    link = held(world).join_url.replace("meeting_", "meeting_0")
    assert error(graph.get(ana(world), params=by_link(link))) == (404, "NotFound")
    world.behavior.unknown_join_url = "empty"
    assert graph.get(ana(world), params=by_link(link)).json()["value"] == []
    assert error(graph.get(f"{ana(world)}/AAAA")) == (404, "NotFound")


def test_people_are_named_by_object_id(graph, world):
    event = held(world)
    path = "/users/ana@fabrikam.test/onlineMeetings"
    assert error(graph.get(path, params=by_link(event.join_url))) == (400, "BadRequest")
    world.behavior.meeting_paths = "any"
    assert len(graph.get(path, params=by_link(event.join_url)).json()["value"]) == 1
    assert error(graph.get("/users/ghost@fabrikam.test/onlineMeetings")) == (404, "NotFound")


def test_only_the_organizer_reads_a_meeting_and_attendees_by_a_switch(graph, world):
    event = held(world)
    meeting = meeting_of(graph, world, event)
    assert error(graph.get(bo(world), params=by_link(event.join_url))) == (403, "Forbidden")
    world.behavior.meetings_for_attendees = True
    assert graph.get(bo(world), params=by_link(event.join_url)).json()["value"] == [meeting]
    assert error(graph.get(f"{bo(world)}/{meeting['id']}/attendanceReports")) == (403, "Forbidden")
    cy = f"/users/{world.user('cy@fabrikam.test').id}/onlineMeetings"
    assert error(graph.get(cy, params=by_link(event.join_url))) == (403, "Forbidden")


def test_without_a_policy_nothing_is_read_in_either_wording():
    world = a_world()
    world.add_application(client_id="app", secret="secret", permissions=GRANTED)
    event = held(world)
    with graph_of(world) as graph:
        refused = graph.get(ana(world), params=by_link(event.join_url))
        assert error(refused) == (403, "Forbidden")
        assert refused.json()["error"]["message"] == "No Application Access Policy found for this app."
        world.behavior.meeting_policy_refusal = "not_authorized"
        refused = graph.get(ana(world), params=by_link(event.join_url))
        assert error(refused) == (403, "Unauthorized")
        assert "is not authorized" in refused.json()["error"]["message"]
        world.behavior.meeting_policy_delay = (1800.0, 1800.0)
        world.grant_meeting_policy("ana@fabrikam.test")
        assert graph.get(ana(world), params=by_link(event.join_url)).status_code == 403
        run(world, timedelta(minutes=30))
        assert graph.get(ana(world), params=by_link(event.join_url)).status_code == 200
        assert graph.get(bo(world), params=by_link(event.join_url)).status_code == 403


def test_a_policy_may_name_one_application(world):
    world.meetings.grants.clear()
    world.add_application(client_id="other", secret="secret", permissions=GRANTED)
    world.grant_meeting_policy(client_id="other")
    event = held(world)
    with serving(world) as server, client_of(server) as mine, client_of(server, "other") as other:
        assert mine.get(ana(world), params=by_link(event.join_url)).status_code == 403
        assert other.get(ana(world), params=by_link(event.join_url)).status_code == 200


def test_scopes_over_mailboxes_do_not_govern_meetings_and_permissions_do(world):
    event = held(world)
    bo_alone = frozenset({world.user("bo@fabrikam.test").id})
    world.add_application(client_id="app", secret="secret", permissions={"OnlineMeetings.Read.All": bo_alone})
    with graph_of(world) as graph:
        meeting = meeting_of(graph, world, event)
        assert error(graph.get(f"{ana(world)}/{meeting['id']}/attendanceReports")) == (403, "Forbidden")
        assert error(graph.get(f"{ana(world)}/{meeting['id']}/transcripts")) == (403, "Forbidden")
        assert error(graph.post(ana(world), json={"subject": "x"})) == (403, "Forbidden")


def test_a_meeting_on_no_calendar(graph, world):
    body = {"subject": "Ad hoc", "startDateTime": "2026-01-06T10:00:00Z", "endDateTime": "2026-01-06T11:00:00+00:00"}
    made = graph.post(ana(world), json=body)
    assert (made.status_code, made.json()["subject"]) == (201, "Ad hoc")
    found = graph.get(ana(world), params=by_link(made.json()["joinWebUrl"])).json()["value"]
    assert [meeting["id"] for meeting in found] == [made.json()["id"]]
    assert world.events("ana@fabrikam.test") == []
    other = graph.post(ana(world), json=body).json()
    assert other["id"] != made.json()["id"]
    cy = f"/users/{world.user('cy@fabrikam.test').id}/onlineMeetings"
    assert error(graph.post(cy, json=body)) == (403, "Forbidden")
    backwards = body | {"endDateTime": "2026-01-06T09:00:00Z"}
    assert error(graph.post(ana(world), json=backwards)) == (400, "ErrorPropertyValidationFailure")
    assert error(graph.post(ana(world), json={"subjekt": "x"})) == (400, "RequestBodyRead")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/createOrGet"),
        ("GET", "/getAllTranscripts(meetingOrganizerUserId='x',startDateTime=2026-01-01T00:00:00Z)"),
        ("PATCH", "/x"),
        ("DELETE", "/x"),
        ("POST", ""),
    ],
)
def test_what_graph_has_and_the_sandbox_has_not(graph, world, method, path):
    answer = graph.request(method, f"{ana(world)}{path}", json={"allowedPresenters": "organizer"})
    assert error(answer) == (501, "NotImplemented")


# Who attended ------------------------------------------------------------------------------------------------


def test_a_report_says_who_was_there_how_long_and_in_what_role(graph, world):
    event = held(world)
    world.attend(event, "ana@fabrikam.test", event.start, event.start + 40 * MINUTE)
    world.attend(event, "bo@fabrikam.test", event.start + MINUTE, event.start + 10 * MINUTE)
    world.attend(event, "bo@fabrikam.test", event.start + 12 * MINUTE, event.start + 41 * MINUTE)
    world.attend(event, "Somebody", event.start + 2 * MINUTE, event.start + 3 * MINUTE)
    world.clock.set(event.end + timedelta(hours=1))
    [listed] = reports_of(graph, world, event)
    assert (listed["attendanceRecords"], listed["totalParticipantCount"]) == ([], 3)
    assert (listed["meetingStartDateTime"], listed["meetingEndDateTime"]) == (
        "2026-01-13T09:00:00Z",
        "2026-01-13T09:41:00Z",
    )
    path = f"{ana(world)}/{meeting_of(graph, world, event)['id']}/attendanceReports/{listed['id']}"
    assert "attendanceRecords" not in graph.get(path).json()
    report = graph.get(path, params={"$expand": "attendanceRecords"}).json()
    records = report["attendanceRecords"]
    assert records == graph.get(f"{path}/attendanceRecords").json()["value"]
    first = graph.get(f"{path}/attendanceRecords", params={"$top": 2}).json()
    assert len(first["value"]) == 2
    assert graph.get(first["@odata.nextLink"]).json()["value"] == records[2:]
    assert [(item["emailAddress"], item["role"], item["totalAttendanceInSeconds"]) for item in records] == [
        ("ana@fabrikam.test", "Organizer", 2400),
        ("bo@fabrikam.test", "Presenter", 540 + 1740),
        (None, "Attendee", 60),
    ]
    assert records[1]["identity"]["id"] == world.user("bo@fabrikam.test").id
    assert records[1]["attendanceIntervals"][1] == {
        "joinDateTime": "2026-01-13T09:12:00Z",
        "leaveDateTime": "2026-01-13T09:41:00Z",
        "durationInSeconds": 1740,
    }
    assert graph.get(path, params={"$expand": "people"}).status_code == 400
    assert error(graph.get(f"{path[:-4]}0000")) == (404, "NotFound")


def test_there_is_no_report_while_the_meeting_is_on_and_one_some_time_later(graph, world):
    event = held(world)
    world.attend(event, "ana@fabrikam.test", event.start, event.start + 30 * MINUTE)
    for since, reports in ((-1, 0), (10, 0), (30, 0), (30.9, 0), (31, 1)):
        world.clock.set(event.start + since * MINUTE)
        assert len(reports_of(graph, world, event)) == reports, since


def test_who_comes_back_after_the_end_makes_another_report(graph, world):
    event = held(world)
    for from_minute, to_minute in ((0, 5), (7, 30)):
        for who in ("ana@fabrikam.test", "bo@fabrikam.test"):
            world.attend(event, who, event.start + from_minute * MINUTE, event.start + to_minute * MINUTE)
    world.clock.set(event.start + 20 * MINUTE)
    assert [report["meetingEndDateTime"] for report in reports_of(graph, world, event)] == ["2026-01-13T09:05:00Z"]
    world.clock.set(event.end)
    reports = reports_of(graph, world, event)
    assert [report["meetingStartDateTime"][11:16] for report in reports] == ["09:00", "09:07"]
    assert len({report["id"] for report in reports}) == 2


def test_occurrences_of_a_series_share_a_meeting_and_have_a_report_each(graph, world):
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-01-13", "numberOfOccurrences": 2},
    }
    event = held(world, recurrence=weekly)
    occurrences = world.calendar_view("ana@fabrikam.test", START, START + timedelta(days=30))
    assert len(occurrences) == 2
    for occurrence in occurrences:
        world.attend(occurrence, "bo@fabrikam.test", occurrence.start, occurrence.end)
    world.clock.set(START + timedelta(days=30))
    assert [report["meetingStartDateTime"][:10] for report in reports_of(graph, world, event)] == [
        "2026-01-13",
        "2026-01-20",
    ]


def test_reports_are_off_for_a_person_or_the_tenant(graph, world):
    event = held(world)
    world.attend(event, "ana@fabrikam.test", event.start, event.end)
    world.clock.set(event.end + timedelta(hours=1))
    organizer = world.user("ana@fabrikam.test")
    organizer.attendance_reports = False
    assert reports_of(graph, world, event) == []
    organizer.attendance_reports, world.behavior.attendance_reports = True, False
    assert reports_of(graph, world, event) == []
    world.behavior.attendance_reports = True
    assert len(reports_of(graph, world, event)) == 1


def test_a_guest_is_known_by_id_without_an_address(graph, world):
    guest = world.add_user(
        address="eva@contoso.test",
        display_name="Eva",
        windows_time_zone="UTC",
        profile=Profile(user_type="Guest"),
    )
    event = held(world)
    world.attend(event, guest, event.start, event.end)
    world.clock.set(event.end + timedelta(hours=1))
    [report] = reports_of(graph, world, event)
    path = f"{ana(world)}/{meeting_of(graph, world, event)['id']}/attendanceReports/{report['id']}/attendanceRecords"
    [record] = graph.get(path).json()["value"]
    assert (record["emailAddress"], record["identity"]["id"], record["role"]) == (None, guest.id, "Attendee")


def test_reports_stay_when_the_event_is_gone(graph, world):
    event = held(world)
    world.attend(event, "ana@fabrikam.test", event.start, event.end)
    world.clock.set(event.end + timedelta(hours=1))
    world.delete_event("ana@fabrikam.test", event.id, actor="ana@fabrikam.test")
    assert len(reports_of(graph, world, event)) == 1


def test_attending_is_in_the_journal_and_needs_a_link_and_time(world):
    event = held(world)
    world.attend(event, "bo@fabrikam.test", event.start, event.end)
    [entry] = world.journal.entries("meeting_attended")
    assert (entry.user_id, entry.details["left_at"]) == (world.user("bo@fabrikam.test").id, event.end)
    with pytest.raises(ValueError, match="left at"):
        world.attend(event, "bo@fabrikam.test", event.start, event.start)
    offline = world.create_event("ana@fabrikam.test", an_event(), actor="ana@fabrikam.test")
    with pytest.raises(ValueError, match="no online meeting"):
        world.attend(offline, "bo@fabrikam.test", event.start, event.end)


def test_transcripts_are_those_the_world_was_told(graph, world):
    event = held(world)
    path = f"{ana(world)}/{meeting_of(graph, world, event)['id']}"
    assert graph.get(f"{path}/transcripts").json()["value"] == []
    assert graph.get(f"{path}/recordings").json()["value"] == []
    world.transcribe(event, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ana>Hello</v>\n", event.start, event.end)
    assert graph.get(f"{path}/transcripts").json()["value"] == []
    world.clock.set(event.end)
    [transcript] = graph.get(f"{path}/transcripts").json()["value"]
    assert transcript["createdDateTime"] == "2026-01-13T09:00:00Z"
    content = graph.get(transcript["transcriptContentUrl"])
    assert (content.headers["content-type"], content.text[:6]) == ("text/vtt", "WEBVTT")
    assert graph.get(f"{path}/transcripts/{transcript['id']}").json()["id"] == transcript["id"]
    assert error(graph.get(f"{path}/transcripts/{transcript['id']}/content?$format=text/plain"))[0] == 501
    assert error(graph.get(f"{path}/transcripts/none")) == (404, "NotFound")
    assert graph.get(f"{path}/transcripts?$top=1").status_code == 400


def test_a_transcript_within_a_batch_comes_as_base64(graph, world):
    event = held(world)
    world.transcribe(event, "WEBVTT\n", event.start, event.end)
    world.clock.set(event.end)
    path = f"{ana(world)}/{meeting_of(graph, world, event)['id']}/transcripts"
    [transcript] = graph.get(path).json()["value"]
    part = {"id": "1", "method": "GET", "url": f"{path}/{transcript['id']}/content"}
    [answer] = graph.post("/$batch", json={"requests": [part]}).json()["responses"]
    assert (answer["headers"]["Content-Type"], answer["body"]) == ("text/vtt", "V0VCVlRUCg==")


def test_attending_by_the_control_api(world):
    event = held(world)
    mine = world.event_by_ical_uid("bo@fabrikam.test", event.ical_uid)
    control = Control(world)

    def attend(**body):
        return control.respond("POST", "/people/bo@fabrikam.test/attend", {"event": mine.id, **body})

    status, _ = attend(joined="2026-01-13T09:00:00Z", left="2026-01-13T09:30:00Z")
    assert (status, len(world.journal.entries("meeting_attended"))) == (200, 1)
    with pytest.raises(ControlRefusal, match="a stay that cannot be"):
        attend(joined="2026-01-13T09:30:00Z", left="2026-01-13T09:00:00Z")
    with pytest.raises(ControlRefusal, match="ErrorItemNotFound"):
        attend(event=event.id, joined="2026-01-13T09:00:00Z", left="2026-01-13T09:30:00Z")
