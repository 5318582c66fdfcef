"""Who was in a Teams meeting, by its attendance reports; when each came and went is not read.

Sources: https://learn.microsoft.com/graph/api/onlinemeeting-get,
https://learn.microsoft.com/graph/api/meetingattendancereport-list
"""

from __future__ import annotations

from graphsync.graph import sdk, wire
from graphsync.graph.transport import Transport, query, quoted


async def attendance(transport: Transport, organizer: str, join_url: str) -> frozenset[str] | None:
    """Return ids and folded addresses of who was in a meeting; None where there is no report (yet).

    Args:
        transport: where the requests go.
        organizer: the object id of who organizes it; Graph takes no address here.
        join_url: of the meeting, as its event has it.

    Raises:
        GraphAuthError: `OnlineMeetings.Read.All`, `OnlineMeetingArtifact.Read.All` or the application access policy
            is missing.
    """
    meetings = transport.graph.users.by_user_id(organizer).online_meetings
    parameters = sdk.OnlineMeetingsRequestBuilder.OnlineMeetingsRequestBuilderGetQueryParameters(
        filter=f"JoinWebUrl eq {quoted(join_url)}"
    )
    info = meetings.to_get_request_information(query(parameters))
    found = await transport.read("find_online_meeting", info, wire.Page[wire.Identified], mailbox=None)
    if not found.value:
        return None
    reports = meetings.by_online_meeting_id(found.value[0].id).attendance_reports
    ids: list[str] = []
    listing = reports.to_get_request_information()
    async for page in transport.pages("list_attendance_reports", listing, wire.Identified, mailbox=None):
        ids.extend(report.id for report in page.value)
    if not ids:
        return None
    there: set[str] = set()
    for report_id in ids:  # one for each time the meeting was held
        item = reports.by_meeting_attendance_report_id(report_id)
        parameter_type = (
            sdk.AttendanceReportItemRequestBuilder.MeetingAttendanceReportItemRequestBuilderGetQueryParameters
        )
        info = item.to_get_request_information(query(parameter_type(expand=["attendanceRecords"])))
        report = await transport.read("get_attendance_report", info, wire.AttendanceReport, mailbox=None)
        for record in report.attendance_records:
            there.add((record.email_address or "").casefold())
            there.add((record.identity.id if record.identity else None) or "")
    return frozenset(there - {""})
