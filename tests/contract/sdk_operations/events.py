"""Events, views and free and busy times by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, BO, WINDOW, asking, at, attendee, by_sdk, refused
from contract.wire_client import run

from graphsync.graph import sdk


@by_sdk("createEvent")
async def create_event(scene):
    event = await scene.event(
        "By the SDK",
        attendees=[attendee(BO)],
        is_online_meeting=True,
        online_meeting_provider=sdk.OnlineMeetingProviderType.TeamsForBusiness,
        transaction_id="sdk-1",
    )
    assert event.type.value == "singleInstance"
    assert event.start.date_time == "2026-01-13T09:00:00.0000000"
    assert event.attendees[0].status.response.value == "none"
    assert event.online_meeting.join_url.startswith("https://teams.microsoft.com/")
    assert event.organizer.email_address.address == ANA


@by_sdk("getEvent")
async def get_event(scene):
    event = await scene.event("Read")
    read = await scene.ana.events.by_event_id(event.id).get()
    assert (read.id, read.i_cal_u_id, read.subject) == (event.id, event.i_cal_u_id, "Read")
    assert read.created_date_time == scene.world.clock.now()


@by_sdk("listEvents")
async def list_events(scene):
    await scene.event("Listed")
    builder = sdk.EventsRequestBuilder.EventsRequestBuilderGetQueryParameters
    found = await scene.ana.events.get(asking(of=builder, filter="subject eq 'Listed'", top=5, count=True))
    assert [event.subject for event in found.value] == ["Listed"]
    assert found.odata_count == 1


@by_sdk("updateEvent")
async def update_event(scene):
    event = await scene.event("Before")
    changed = await scene.ana.events.by_event_id(event.id).patch(sdk.Event(subject="After"))
    assert (changed.id, changed.subject) == (event.id, "After")


@by_sdk("deleteEvent")
async def delete_event(scene):
    event = await scene.event("Deleted")
    assert await scene.ana.events.by_event_id(event.id).delete() is None
    await refused(scene.ana.events.by_event_id(event.id).get(), 404, "ErrorItemNotFound")


@by_sdk("cancelEvent")
async def cancel_event(scene):
    from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody

    event = await scene.event("Called off", attendees=[attendee(BO)])
    await scene.ana.events.by_event_id(event.id).cancel.post(CancelPostRequestBody(comment="Snow"))
    assert scene.world.event_by_ical_uid(BO, event.i_cal_u_id).is_cancelled


async def answered(scene, copy, response):
    run(scene.world, timedelta(hours=1))
    shown = await copy.get()
    assert shown.response_status.response.value == response
    organizers = scene.world.event_by_ical_uid(ANA, shown.i_cal_u_id)
    assert organizers.attendees[0].response == response


@by_sdk("acceptEvent")
async def accept_event(scene):
    from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody

    copy = await scene.invitation()
    await copy.accept.post(AcceptPostRequestBody(comment="Gladly", send_response=True))
    await answered(scene, copy, "accepted")


@by_sdk("tentativelyAcceptEvent")
async def tentatively_accept_event(scene):
    from msgraph.generated.models.time_slot import TimeSlot
    from msgraph.generated.users.item.events.item.tentatively_accept.tentatively_accept_post_request_body import (
        TentativelyAcceptPostRequestBody,
    )

    copy = await scene.invitation()
    slot = TimeSlot(start=at("2026-01-14T10:00:00"), end=at("2026-01-14T11:00:00"))
    await copy.tentatively_accept.post(TentativelyAcceptPostRequestBody(send_response=True, proposed_new_time=slot))
    await answered(scene, copy, "tentativelyAccepted")


@by_sdk("declineEvent")
async def decline_event(scene):
    from msgraph.generated.users.item.events.item.decline.decline_post_request_body import DeclinePostRequestBody

    copy = await scene.invitation()
    await copy.decline.post(DeclinePostRequestBody(comment="Sorry"))
    await refused(copy.get(), 404, "ErrorItemNotFound")


@by_sdk("listCalendarView")
async def list_calendar_view(scene):
    await scene.event("In view")
    builder = sdk.CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters
    found = await scene.ana.calendar_view.get(asking(of=builder, filter="subject eq 'In view'", **WINDOW))
    assert [event.subject for event in found.value] == ["In view"]


@by_sdk("calendarViewDelta")
async def calendar_view_delta(scene):
    event = await scene.event("In the round")
    builder = sdk.DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
    configuration = asking(of=builder, **WINDOW)
    configuration.headers.add("Prefer", "odata.maxpagesize=100")
    page = await scene.ana.calendar_view.delta.get(configuration)
    assert event.id in {each.id for each in page.value}
    await scene.ana.events.by_event_id(event.id).delete()
    following = await scene.ana.calendar_view.delta.with_url(page.odata_delta_link).get()
    [gone] = following.value
    assert (gone.id, gone.additional_data["@removed"]) == (event.id, {"reason": "deleted"})


@by_sdk("getSchedule")
async def get_schedule(scene):
    body = sdk.GetSchedulePostRequestBody(
        schedules=["cy@fabrikam.test", "ghost@fabrikam.test"],
        start_time=at("2026-01-13T09:00:00", "UTC"),
        end_time=at("2026-01-13T11:00:00", "UTC"),
        availability_view_interval=60,
    )
    found = await scene.ana.calendar.get_schedule.post(body)
    assert [each.availability_view for each in found.value] == ["00", None]
    assert found.value[1].error.response_code == "5009"


@by_sdk("findMeetingTimes")
async def find_meeting_times(scene):
    from msgraph.generated.users.item.find_meeting_times.find_meeting_times_post_request_body import (
        FindMeetingTimesPostRequestBody,
    )

    body = FindMeetingTimesPostRequestBody(meeting_duration=timedelta(hours=1))
    await refused(scene.ana.find_meeting_times.post(body), 403, "ErrorAccessDenied")
