"""Online meetings, who attended and what was said, by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, BO, attendee, by_sdk, not_served, read, refused
from contract.wire_client import run
from msgraph.generated.models.online_meeting import OnlineMeeting

from graphsync.graph import sdk

HOUR = timedelta(hours=1)
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Ana>Hello</v>\n"


def meetings_of(scene, address=ANA):
    """Return the builder of a person's meetings, who is named by object id there."""
    return scene.client.users.by_user_id(scene.world.user(address).id).online_meetings


async def held(scene):
    """Return an event of Ana's that ended an hour ago, and the meeting behind it; Bo came for twenty minutes."""
    start = scene.world.clock.now() - 2 * HOUR
    times = [sdk.DateTimeTimeZone(date_time=f"{at:%Y-%m-%dT%H:%M:%S}", time_zone="UTC") for at in (start, start + HOUR)]
    made = await scene.event(
        "Held",
        start=times[0],
        end=times[1],
        attendees=[attendee(BO)],
        is_online_meeting=True,
        online_meeting_provider=sdk.OnlineMeetingProviderType.TeamsForBusiness,
    )
    event = scene.world.event_by_ical_uid(ANA, made.i_cal_u_id)
    scene.world.attend(event, BO, event.start, event.start + timedelta(minutes=20))
    scene.world.transcribe(event, VTT, event.start, event.end)
    run(scene.world, timedelta(minutes=10))
    found = await read(meetings_of(scene), filter=f"JoinWebUrl eq '{event.join_url}'")
    [meeting] = found.value
    return event, meetings_of(scene).by_online_meeting_id(meeting.id)


async def reported(scene):
    _, meeting = await held(scene)
    [report] = (await meeting.attendance_reports.get()).value
    return meeting.attendance_reports.by_meeting_attendance_report_id(report.id)


async def transcribed(scene):
    _, meeting = await held(scene)
    [transcript] = (await meeting.transcripts.get()).value
    return meeting.transcripts.by_call_transcript_id(transcript.id)


def assert_bo_came(records):
    [record] = records
    assert (record.email_address, record.total_attendance_in_seconds) == (BO, 1200)
    assert record.identity.display_name == "Bo"
    assert [stay.duration_in_seconds for stay in record.attendance_intervals] == [1200]


@by_sdk("listOnlineMeetings")
async def list_online_meetings(scene):
    event, _ = await held(scene)
    found = await read(meetings_of(scene), filter=f"JoinWebUrl eq '{event.join_url}'")
    [meeting] = found.value
    assert (meeting.subject, meeting.start_date_time, meeting.end_date_time) == ("Held", event.start, event.end)
    assert (meeting.participants.organizer.upn, meeting.participants.attendees[0].upn) == (ANA, BO)


@by_sdk("getOnlineMeeting")
async def get_online_meeting(scene):
    event, meeting = await held(scene)
    shown = await meeting.get()
    assert (shown.join_web_url, shown.allowed_presenters.value) == (event.join_url, "everyone")
    assert shown.lobby_bypass_settings.scope.value == "organization"
    assert shown.chat_info.thread_id.endswith("@thread.v2")


@by_sdk("createOnlineMeeting")
async def create_online_meeting(scene):
    now = scene.world.clock.now()
    body = OnlineMeeting(subject="On no calendar", start_date_time=now, end_date_time=now + HOUR)
    made = await meetings_of(scene).post(body)
    assert (made.subject, made.start_date_time, made.end_date_time) == ("On no calendar", now, now + HOUR)
    assert made.join_web_url.startswith("https://teams.microsoft.com/")
    assert made.participants.organizer.identity.user.id == scene.world.user(ANA).id


@by_sdk("createOrGetOnlineMeeting")
async def create_or_get_online_meeting(scene):
    from msgraph.generated.users.item.online_meetings.create_or_get.create_or_get_post_request_body import (
        CreateOrGetPostRequestBody,
    )

    await not_served(meetings_of(scene).create_or_get.post(CreateOrGetPostRequestBody(external_id="1")))


@by_sdk("updateOnlineMeeting")
async def update_online_meeting(scene):
    one = meetings_of(scene).by_online_meeting_id("1")
    await not_served(one.patch(OnlineMeeting(subject="Changed")))


@by_sdk("deleteOnlineMeeting")
async def delete_online_meeting(scene):
    await not_served(meetings_of(scene).by_online_meeting_id("1").delete())


@by_sdk("listCommunicationsOnlineMeetings")
async def list_communications_online_meetings(scene):
    await not_served(read(scene.client.communications.online_meetings, filter="VideoTeleconferenceId eq '1'"))


@by_sdk("listAttendanceReports")
async def list_attendance_reports(scene):
    event, meeting = await held(scene)
    [report] = (await meeting.attendance_reports.get()).value
    assert report.total_participant_count == 1
    assert report.meeting_start_date_time == event.start
    # The list has the records of no report.
    assert report.attendance_records == []


@by_sdk("getAttendanceReport")
async def get_attendance_report(scene):
    report = await reported(scene)
    assert (await report.get()).attendance_records is None
    assert_bo_came((await read(report, expand=["attendanceRecords"])).attendance_records)


@by_sdk("listAttendanceRecords")
async def list_attendance_records(scene):
    report = await reported(scene)
    assert_bo_came((await report.attendance_records.get()).value)


@by_sdk("listTranscripts")
async def list_transcripts(scene):
    event, meeting = await held(scene)
    [transcript] = (await meeting.transcripts.get()).value
    assert (transcript.created_date_time, transcript.end_date_time) == (event.start, event.end)
    assert transcript.meeting_organizer.user.id == scene.world.user(ANA).id


@by_sdk("getTranscript")
async def get_transcript(scene):
    transcript = await transcribed(scene)
    shown = await transcript.get()
    assert (await transcript.content.with_url(shown.transcript_content_url).get()).decode() == VTT
    await refused(meetings_of(scene, BO).by_online_meeting_id(shown.meeting_id).get(), 403, "Forbidden")


@by_sdk("getTranscriptContent")
async def get_transcript_content(scene):
    transcript = await transcribed(scene)
    assert (await transcript.content.get()).decode() == VTT


@by_sdk("listRecordings")
async def list_recordings(scene):
    _, meeting = await held(scene)
    assert (await meeting.recordings.get()).value == []
