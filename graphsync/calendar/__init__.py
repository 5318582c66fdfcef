"""Pure: when people work, when they are free, and which time suits whom. Import it always as `graphsync.calendar`.

No clock is read and nothing is fetched; `graph/` brings calendars in as the values of `events`.
"""

from graphsync.calendar.availability import PersonAvailability, busy_from
from graphsync.calendar.bookings import BookingRequest, Limits, Placement, Reason, ScoredSlot
from graphsync.calendar.census import Census, census
from graphsync.calendar.events import Attendee, CalendarEvent, Schedule, ScheduleItem
from graphsync.calendar.holidays import countries, holidays_around, regions_of
from graphsync.calendar.rooms import Room, RoomChoice, WhyNoRoom, choose_room, rooms_of
from graphsync.calendar.scheduling import schedule
from graphsync.calendar.slots import TimeSlot, free_slots, merged, without
from graphsync.calendar.time_zones import UnknownTimeZone, YearlyChange, custom_rule, iana_name, windows_name, zone
from graphsync.calendar.working_time import (
    add_working_days,
    add_working_time,
    iso_week,
    next_working_instant,
    same_iso_week,
    start_of_day,
    working_slots,
    working_time_between,
)

__all__ = [
    "Attendee",
    "BookingRequest",
    "CalendarEvent",
    "Census",
    "Limits",
    "PersonAvailability",
    "Placement",
    "Reason",
    "Room",
    "RoomChoice",
    "Schedule",
    "ScheduleItem",
    "ScoredSlot",
    "TimeSlot",
    "UnknownTimeZone",
    "WhyNoRoom",
    "YearlyChange",
    "add_working_days",
    "add_working_time",
    "busy_from",
    "census",
    "choose_room",
    "countries",
    "custom_rule",
    "free_slots",
    "holidays_around",
    "iana_name",
    "iso_week",
    "merged",
    "next_working_instant",
    "regions_of",
    "rooms_of",
    "same_iso_week",
    "schedule",
    "start_of_day",
    "windows_name",
    "without",
    "working_slots",
    "working_time_between",
    "zone",
]
