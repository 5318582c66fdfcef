"""Calendars beside the default one, their groups, and the occurrences of a series, by the SDK."""

from __future__ import annotations

from datetime import date

from contract.sdk_operations.registry import ANA, WINDOW, at, by_sdk, not_served, read, refused
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.calendar_color import CalendarColor
from msgraph.generated.models.calendar_group import CalendarGroup
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType


async def calendar(scene, name):
    made = await scene.ana.calendars.post(Calendar(name=name, color=CalendarColor.LightBlue))
    return made, scene.ana.calendars.by_calendar_id(made.id)


async def series(scene, subject):
    """Return the builder of a series of Ana's on three days."""
    recurrence = PatternedRecurrence(
        pattern=RecurrencePattern(type=RecurrencePatternType.Daily, interval=1),
        range=RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=date(2026, 1, 13), number_of_occurrences=3),
    )
    master = await scene.event(subject, recurrence=recurrence)
    return master, scene.ana.events.by_event_id(master.id)


async def the_group(scene):
    [group] = (await scene.ana.calendar_groups.get()).value
    return group


# Calendars ---------------------------------------------------------------------------------------------------


@by_sdk("createCalendar")
async def create_calendar(scene):
    made, _ = await calendar(scene, "Made")
    assert (made.name, made.color, made.is_default_calendar) == ("Made", CalendarColor.LightBlue, False)
    assert (made.owner.address, made.can_edit, made.is_removable) == (ANA, True, True)


@by_sdk("listCalendars")
async def list_calendars(scene):
    made, _ = await calendar(scene, "Listed")
    found = (await read(scene.ana.calendars, top=100)).value
    assert [each.name for each in found if each.is_default_calendar] == ["Calendar"]
    assert made.id in {each.id for each in found}
    group = await the_group(scene)
    grouped = await read(scene.ana.calendar_groups.by_calendar_group_id(group.id).calendars, filter="name eq 'Listed'")
    assert [each.id for each in grouped.value] == [made.id]


@by_sdk("updateCalendar")
async def update_calendar(scene):
    made, one = await calendar(scene, "To be renamed")
    changed = await one.patch(Calendar(name="Renamed"))
    assert (changed.id, changed.name, changed.color) == (made.id, "Renamed", CalendarColor.LightBlue)
    assert changed.change_key != made.change_key


@by_sdk("deleteCalendar")
async def delete_calendar(scene):
    _, one = await calendar(scene, "To be deleted")
    assert await one.delete() is None
    await refused(one.get(), 404, "ErrorItemNotFound")
    default = scene.ana.calendars.by_calendar_id((await scene.ana.calendar.get()).id)
    await refused(default.delete(), 400, "ErrorDeleteDistinguishedFolder")


@by_sdk("listCalendarPermissions")
async def list_calendar_permissions(scene):
    await not_served(scene.ana.calendar.calendar_permissions.get())


@by_sdk("getScheduleOfCalendar")
async def get_schedule_of_calendar(scene):
    from msgraph.generated.users.item.calendars.item.get_schedule.get_schedule_post_request_body import (
        GetSchedulePostRequestBody,
    )

    body = GetSchedulePostRequestBody(
        schedules=[ANA], start_time=at("2026-01-13T09:00:00", "UTC"), end_time=at("2026-01-13T11:00:00", "UTC")
    )
    default = await scene.ana.calendar.get()
    await not_served(scene.ana.calendars.by_calendar_id(default.id).get_schedule.post(body))


# Groups of calendars -----------------------------------------------------------------------------------------


@by_sdk("listCalendarGroups")
async def list_calendar_groups(scene):
    group = await the_group(scene)
    assert (group.name, str(group.class_id)) == ("My Calendars", "0006f0b7-0000-0000-c000-000000000046")


@by_sdk("getCalendarGroup")
async def get_calendar_group(scene):
    group = await the_group(scene)
    one = await scene.ana.calendar_groups.by_calendar_group_id(group.id).get()
    assert (one.id, one.name, one.change_key) == (group.id, "My Calendars", group.change_key)


@by_sdk("createCalendarGroup")
async def create_calendar_group(scene):
    await not_served(scene.ana.calendar_groups.post(CalendarGroup(name="Own")))


@by_sdk("updateCalendarGroup")
async def update_calendar_group(scene):
    group = scene.ana.calendar_groups.by_calendar_group_id((await the_group(scene)).id)
    await not_served(group.patch(CalendarGroup(name="Own")))


@by_sdk("deleteCalendarGroup")
async def delete_calendar_group(scene):
    group = scene.ana.calendar_groups.by_calendar_group_id((await the_group(scene)).id)
    await not_served(group.delete())


# Series ------------------------------------------------------------------------------------------------------


@by_sdk("listInstances")
async def list_instances(scene):
    master, one = await series(scene, "Daily")
    found = (await read(one.instances, **WINDOW)).value
    assert [(each.type.value, each.series_master_id) for each in found] == [("occurrence", master.id)] * 3
    assert [each.start.date_time[:10] for each in found] == ["2026-01-13", "2026-01-14", "2026-01-15"]


@by_sdk("instancesDelta")
async def instances_delta(scene):
    _, one = await series(scene, "Daily, in rounds")
    await not_served(read(one.instances.delta, **WINDOW))


@by_sdk("eventsDelta")
async def events_delta(scene):
    await not_served(scene.ana.events.delta.get())
