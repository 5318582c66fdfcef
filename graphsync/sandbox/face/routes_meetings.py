"""Routes of online meetings: the meeting, who attended, what was said.

Sources: https://learn.microsoft.com/graph/api/onlinemeeting-get, application-post-onlinemeetings,
meetingattendancereport-list, meetingattendancereport-get, attendancerecord-list, onlinemeeting-list-transcripts
"""

from __future__ import annotations

import re
from collections.abc import Callable

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection, page
from graphsync.sandbox.face.odata import Condition, invalid_query
from graphsync.sandbox.face.wire_meetings import (
    MEETING_NAMES,
    meeting_json,
    records_json,
    report_json,
    transcript_json,
)
from graphsync.sandbox.refusals import GraphRefusal, not_served
from graphsync.sandbox.teams.attendance import Report, Transcript
from graphsync.sandbox.teams.meetings import OnlineMeeting, meeting_not_found
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

READ = ("OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All")
WRITE = ("OnlineMeetings.ReadWrite.All",)
READ_REPORTS = ("OnlineMeetingArtifact.Read.All",)
READ_TRANSCRIPTS = ("OnlineMeetingTranscript.Read.All",)
READ_RECORDINGS = ("OnlineMeetingRecording.Read.All",)
DEFAULT_PAGE, LARGEST_PAGE = 100, 100
_BY = ("joinWebUrl", "joinMeetingIdSettings/joinMeetingId", "videoTeleconferenceId")
_FUNCTION = re.compile(r"getAll(?:Transcripts|Recordings)(?:\(.*)?", re.I)


def _person(world: World, call: Call) -> User:
    """Return whose meetings the path is about, if a policy lets the caller at them."""
    user = world.meetings.person(call.keys["user"])
    world.meetings.check_policy(call.application, user)
    return user


def _meeting(world: World, call: Call, *, artifacts: bool) -> OnlineMeeting:
    key = call.keys["meeting"]
    if _FUNCTION.fullmatch(key):
        raise not_served(f"{key.partition('(')[0]} over all meetings of a person; each meeting's own are served")
    user = _person(world, call)
    found = world.meetings.by_id(key)
    if found is None:
        raise meeting_not_found()
    world.meetings.check_reader(found, user, artifacts=artifacts)
    return found


def _path(user_id: str) -> str:
    return f"users('{user_id}')/onlineMeetings"


def list_online_meetings(world: World, call: Call) -> Answer:
    """GET the one meeting with a join link or a meeting number; Graph lists no others."""
    user = _person(world, call)
    select = call.query.select(MEETING_NAMES)
    wanted = call.query.filter(_BY)
    call.query.finish()
    if not isinstance(wanted, Condition) or wanted.operator != "eq":
        raise invalid_query("Filter expression expected: $filter=JoinWebUrl eq '{encoded link}'.")
    if wanted.path[0] == "videoTeleconferenceId":
        raise not_served("meetings by videoTeleconferenceId")
    by_link = wanted.path[0] == "joinWebUrl"
    found = (world.meetings.by_join_url if by_link else world.meetings.by_number)(str(wanted.value))
    if found is None and world.behavior.unknown_join_url == "not_found":
        raise meeting_not_found()
    if found is not None:
        world.meetings.check_reader(found, user, artifacts=False)
    items = [meeting_json(world.core, found, select)] if found else []
    return collection(call, _path(user.id), items)


def create_online_meeting(world: World, call: Call) -> Answer:
    """POST a meeting that is on no calendar."""
    call.query.finish()
    user = _person(world, call)
    made = world.meetings.create(user, call.json(), actor=call.actor)
    body = {"@odata.context": f"{METADATA}{_path(user.id)}/$entity", **meeting_json(world.core, made)}
    return Answer(status=201, body=body)


def get_online_meeting(world: World, call: Call) -> Answer:
    """GET a meeting by id."""
    found = _meeting(world, call, artifacts=False)
    select = call.query.select(MEETING_NAMES)
    call.query.finish()
    context = f"{METADATA}{_path(found.organizer_id)}/$entity"
    return Answer(status=200, body={"@odata.context": context, **meeting_json(world.core, found, select)})


def list_attendance_reports(world: World, call: Call) -> Answer:
    """GET the reports of a meeting, without the records in them."""
    meeting = _meeting(world, call, artifacts=True)
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    part, next_link = page(call, world.artifacts.reports(meeting), size)
    context = f"{_path(meeting.organizer_id)}('{meeting.id}')/attendanceReports"
    items = [report_json(world.core, report, records=False) for report in part]
    answer = collection(call, context, items, next_link)
    call.query.finish()
    return answer


def _report(world: World, call: Call) -> tuple[OnlineMeeting, Report]:
    meeting = _meeting(world, call, artifacts=True)
    wanted = call.keys["report"].lower()
    for report in world.artifacts.reports(meeting):
        if report.id == wanted:
            return meeting, report
    raise GraphRefusal(404, "NotFound", f"The attendance report '{call.keys['report']}' was not found.")


def get_attendance_report(world: World, call: Call) -> Answer:
    """GET a report, with its records when they are expanded."""
    meeting, report = _report(world, call)
    expand = call.query.take("$expand")
    call.query.finish()
    if expand is not None and expand.strip().lower() != "attendancerecords":
        raise invalid_query(f"$expand takes attendanceRecords, not '{expand}'.")
    context = f"{METADATA}{_path(meeting.organizer_id)}('{meeting.id}')/attendanceReports/$entity"
    shown = report_json(world.core, report, records=None if expand is None else True)
    return Answer(status=200, body={"@odata.context": context, **shown})


def list_attendance_records(world: World, call: Call) -> Answer:
    """GET who was there and when, a page at a time."""
    meeting, report = _report(world, call)
    size = call.query.number("$top", DEFAULT_PAGE, LARGEST_PAGE)
    part, next_link = page(call, records_json(world.core, report), size)
    context = f"{_path(meeting.organizer_id)}('{meeting.id}')/attendanceReports('{report.id}')/attendanceRecords"
    answer = collection(call, context, list(part), next_link)
    call.query.finish()
    return answer


def list_transcripts(world: World, call: Call) -> Answer:
    """GET the transcripts of a meeting; no query options."""
    meeting = _meeting(world, call, artifacts=True)
    call.query.finish()
    context = f"{_path(meeting.organizer_id)}('{meeting.id}')/transcripts"
    found = world.artifacts.transcripts_of(meeting)
    return collection(call, context, [_transcript_json(world, call, item, meeting) for item in found])


def _transcript_json(world: World, call: Call, item: Transcript, meeting: OnlineMeeting) -> dict[str, object]:
    return transcript_json(item, meeting, call.request.base_url, world.draws.guid("call", meeting.id, item.id))


def _transcript(world: World, call: Call) -> tuple[OnlineMeeting, Transcript]:
    meeting = _meeting(world, call, artifacts=True)
    for transcript in world.artifacts.transcripts_of(meeting):
        if transcript.id == call.keys["transcript"]:
            return meeting, transcript
    raise GraphRefusal(404, "NotFound", f"The transcript '{call.keys['transcript']}' was not found.")


def get_transcript(world: World, call: Call) -> Answer:
    """GET what is told of a transcript."""
    call.query.finish()
    meeting, transcript = _transcript(world, call)
    context = f"{METADATA}{_path(meeting.organizer_id)}('{meeting.id}')/transcripts/$entity"
    return Answer(status=200, body={"@odata.context": context, **_transcript_json(world, call, transcript, meeting)})


def get_transcript_content(world: World, call: Call) -> Answer:
    """GET the text of a transcript; `$format` may name WebVTT, the one format served."""
    asked = call.query.take("$format")
    call.query.finish()
    if asked is not None and asked.strip().lower() != "text/vtt":
        raise not_served(f"transcripts as '{asked}'")
    _, transcript = _transcript(world, call)
    return Answer(status=200, content=transcript.content.encode(), headers={"Content-Type": "text/vtt"})


def list_recordings(world: World, call: Call) -> Answer:
    """GET the recordings of a meeting: nobody records in the sandbox."""
    meeting = _meeting(world, call, artifacts=True)
    call.query.finish()
    return collection(call, f"{_path(meeting.organizer_id)}('{meeting.id}')/recordings", [])


def _unserved(what: str) -> Callable[[World, Call], Answer]:
    def refuse(world: World, call: Call) -> Answer:
        raise not_served(what)

    return refuse


def _route(method: str, path: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> Route:
    return Route(
        method=method,
        pattern=path,
        operation=operation,
        permissions=permissions,
        subject="communications",
        handler=handler,
    )


_ALL = "users/{user}/onlineMeetings"
_ONE = f"{_ALL}/{{meeting}}"
ROUTES: list[Route] = [
    _route("GET", _ALL, "listOnlineMeetings", READ, list_online_meetings),
    _route("POST", _ALL, "createOnlineMeeting", WRITE, create_online_meeting),
    _route("POST", f"{_ALL}/createOrGet", "createOrGetOnlineMeeting", WRITE, _unserved("createOrGet of meetings")),
    _route("GET", _ONE, "getOnlineMeeting", READ, get_online_meeting),
    _route("PATCH", _ONE, "updateOnlineMeeting", WRITE, _unserved("changes of a meeting; change its event")),
    _route("DELETE", _ONE, "deleteOnlineMeeting", WRITE, _unserved("deleting a meeting; delete its event")),
    _route("GET", f"{_ONE}/attendanceReports", "listAttendanceReports", READ_REPORTS, list_attendance_reports),
    _route("GET", f"{_ONE}/attendanceReports/{{report}}", "getAttendanceReport", READ_REPORTS, get_attendance_report),
    _route(
        "GET",
        f"{_ONE}/attendanceReports/{{report}}/attendanceRecords",
        "listAttendanceRecords",
        READ_REPORTS,
        list_attendance_records,
    ),
    _route("GET", f"{_ONE}/transcripts", "listTranscripts", READ_TRANSCRIPTS, list_transcripts),
    _route("GET", f"{_ONE}/transcripts/{{transcript}}", "getTranscript", READ_TRANSCRIPTS, get_transcript),
    _route(
        "GET",
        f"{_ONE}/transcripts/{{transcript}}/content",
        "getTranscriptContent",
        READ_TRANSCRIPTS,
        get_transcript_content,
    ),
    _route("GET", f"{_ONE}/recordings", "listRecordings", READ_RECORDINGS, list_recordings),
    _route(
        "GET",
        "communications/onlineMeetings",
        "listCommunicationsOnlineMeetings",
        READ,
        _unserved("meetings by VideoTeleconferenceId; ask below users/{id}/onlineMeetings"),
    ),
]
