"""Online meetings, attendance reports and transcripts out as Graph's JSON.

Sources: https://learn.microsoft.com/graph/api/resources/onlinemeeting, meetingattendancereport, attendancerecord,
calltranscript
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from graphsync.sandbox.core import Core
from graphsync.sandbox.teams.attendance import Attendance, Report, Transcript
from graphsync.sandbox.teams.meetings import OnlineMeeting
from graphsync.sandbox.zones import utc_text

Json = dict[str, Any]


def _participant(core: Core, key: str, name: str, role: str) -> Json:
    user = core.directory.lookup(key)
    who = {
        "id": user.id if user else None,
        "displayName": user.display_name if user else name,
        "tenantId": core.tenant_id if user and not user.is_guest else None,
    }
    return {
        "upn": user.principal_name if user else key,
        "role": role,
        "identity": {"application": None, "device": None, "user": who},
    }


def _participants(core: Core, meeting: OnlineMeeting) -> Json:
    return {
        "organizer": _participant(core, meeting.organizer_id, "", "presenter"),
        "attendees": [_participant(core, address, name, "presenter") for address, name in meeting.attendees],
    }


MEETING_FIELDS: dict[str, Callable[[Core, OnlineMeeting], Any]] = {
    "id": lambda c, m: m.id,
    "creationDateTime": lambda c, m: utc_text(m.created_at),
    "startDateTime": lambda c, m: utc_text(m.start),
    "endDateTime": lambda c, m: utc_text(m.end),
    "joinUrl": lambda c, m: m.join_url,
    "joinWebUrl": lambda c, m: m.join_url,
    "meetingCode": lambda c, m: m.number,
    "subject": lambda c, m: m.subject,
    "isBroadcast": lambda c, m: False,
    "autoAdmittedUsers": lambda c, m: "everyoneInCompany",
    "isEntryExitAnnounced": lambda c, m: False,
    "allowedPresenters": lambda c, m: "everyone",
    "allowMeetingChat": lambda c, m: "enabled",
    "allowTeamworkReactions": lambda c, m: True,
    "allowAttendeeToEnableMic": lambda c, m: True,
    "allowAttendeeToEnableCamera": lambda c, m: True,
    "allowRecording": lambda c, m: True,
    "allowTranscription": lambda c, m: True,
    "recordAutomatically": lambda c, m: False,
    "externalId": lambda c, m: None,
    "videoTeleconferenceId": lambda c, m: None,
    "lobbyBypassSettings": lambda c, m: {"scope": "organization", "isDialInBypassEnabled": False},
    "joinMeetingIdSettings": lambda c, m: {
        "isPasscodeRequired": False,
        "joinMeetingId": m.number,
        "passcode": None,
    },
    "chatInfo": lambda c, m: {"threadId": m.chat_id, "messageId": "0", "replyChainMessageId": None},
    "participants": _participants,
}
MEETING_NAMES = tuple(MEETING_FIELDS)


def meeting_json(core: Core, meeting: OnlineMeeting, select: Iterable[str] | None = None) -> Json:
    """Return an online meeting, or the selected part."""
    return {name: MEETING_FIELDS[name](core, meeting) for name in (MEETING_FIELDS if select is None else select)}


def report_json(core: Core, report: Report, *, records: bool | None) -> Json:
    """Return a report; its records are there, an empty list, or with None not even named.

    Source: https://learn.microsoft.com/graph/api/meetingattendancereport-list (the list has them empty)
    """
    shown: Json = {
        "id": report.id,
        "totalParticipantCount": len(report.identities()),
        "meetingStartDateTime": utc_text(report.start),
        "meetingEndDateTime": utc_text(report.end),
    }
    if records is not None:
        shown["attendanceRecords"] = records_json(core, report) if records else []
    return shown


def records_json(core: Core, report: Report) -> list[Json]:
    """Return one record per person, whoever came first at the top."""
    return [_record(core, report, report.of(identity)) for identity in report.identities()]


def _record(core: Core, report: Report, stays: list[Attendance]) -> Json:
    first = stays[0]
    return {
        "id": core.draws.guid("record", report.id, first.identity),
        "emailAddress": first.address,
        "totalAttendanceInSeconds": sum(_seconds(stay.left_at - stay.joined_at) for stay in stays),
        "role": first.role,
        "registrationId": None,
        "identity": {
            "@odata.type": "#microsoft.graph.communicationsUserIdentity",
            "id": first.identity,
            "displayName": first.name,
            "tenantId": core.tenant_id if first.address else None,
        },
        "attendanceIntervals": [
            {
                "joinDateTime": utc_text(stay.joined_at),
                "leaveDateTime": utc_text(stay.left_at),
                "durationInSeconds": _seconds(stay.left_at - stay.joined_at),
            }
            for stay in stays
        ],
    }


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def transcript_json(transcript: Transcript, meeting: OnlineMeeting, base_url: str, call_id: str) -> Json:
    """Return what is told of a transcript; its text is at `transcriptContentUrl`."""
    path = f"users/{meeting.organizer_id}/onlineMeetings/{meeting.id}/transcripts/{transcript.id}/content"
    organizer = {"id": meeting.organizer_id, "displayName": None, "tenantId": None}
    return {
        "id": transcript.id,
        "meetingId": meeting.id,
        "callId": call_id,
        "contentCorrelationId": None,
        "createdDateTime": utc_text(transcript.created_at),
        "endDateTime": utc_text(transcript.ended_at),
        "transcriptContentUrl": f"{base_url}/v1.0/{quote(path)}",
        "meetingOrganizer": {"application": None, "device": None, "user": organizer},
    }
