"""What people have set in Outlook: working hours, automatic replies; and which online meetings a mailbox may make.

Source: https://learn.microsoft.com/graph/api/user-get-mailboxsettings and
https://learn.microsoft.com/graph/api/resources/mailboxsettings
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time
from typing import Final

from graphsync.calendar.time_zones import UnknownTimeZone, YearlyChange, custom_rule, iana_name, zone
from graphsync.engine.ports import MailboxSettings
from graphsync.graph import sdk, wire
from graphsync.graph.times import wall_clock_time, zoned_instant
from graphsync.graph.transport import Transport, query
from graphsync.mentoring import Absence, DayHours, WeeklyHours

SINCE_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When an absence began that was switched on without dates: Graph does not say, and one that moved with the clock
would be a new absence at every look."""

_WEEKDAYS: Final = {
    name: number
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}
_END_OF_DAY: Final = time.max

_log = logging.getLogger(__name__)


async def get_mailbox_settings(transport: Transport, user: str) -> MailboxSettings:
    """Return working hours and absences of a mailbox's owner."""
    builder = transport.graph.users.by_user_id(user).mailbox_settings
    found = await transport.read(
        "get_mailbox_settings", builder.to_get_request_information(), wire.MailboxSettings, mailbox=user
    )
    return settings_of(found)


async def allowed_online_meeting_providers(transport: Transport, user: str) -> frozenset[str]:
    """Return the providers of the default calendar, `teamsForBusiness` among them where Teams is licensed.

    Source: https://learn.microsoft.com/graph/outlook-calendar-online-meetings
    """
    parameters = sdk.CalendarRequestBuilder.CalendarRequestBuilderGetQueryParameters(
        select=["allowedOnlineMeetingProviders"]
    )
    info = transport.graph.users.by_user_id(user).calendar.to_get_request_information(query(parameters))
    found = await transport.read("get_calendar", info, wire.Calendar, mailbox=user)
    return frozenset(found.allowed_online_meeting_providers or ())


def settings_of(found: wire.MailboxSettings) -> MailboxSettings:
    """Return the values of an answer; see `MailboxSettings` for what is None."""
    locale = found.language.locale if found.language is not None else None
    hours, unknown_zone = None, ""
    try:
        hours = _hours(found)
    except UnknownTimeZone as error:
        _log.warning("get_mailbox_settings: unknown time zone %r", error.name)
        unknown_zone = error.name
    except ValueError as error:
        _log.warning("get_mailbox_settings: working hours are passed over: %s", error)
    return MailboxSettings(
        hours=hours,
        absences=_absences(found.automatic_replies_setting),
        language=(locale or "").partition("-")[0].casefold(),
        unknown_zone=unknown_zone,
    )


def zone_name(found: wire.WorkingZone | None) -> str | None:
    """Return the zone of working hours, None where none is set; a custom one as a POSIX rule.

    Raises:
        ValueError: the zone is not known, or its rules are of a kind that cannot be said (`UnknownTimeZone`).
    """
    if found is None:
        return None
    if found.bias is None:
        return iana_name(found.name) if found.name else None
    # `name` is then the literal 'Customized Time Zone', which no table knows: the rules count.
    standard, daylight = found.standard_offset, found.daylight_offset
    if standard is None or daylight is None or not standard.month or not daylight.month:
        return custom_rule(found.bias)
    return custom_rule(found.bias, _change(standard), _change(daylight), daylight.daylight_bias or 0)


def _hours(found: wire.MailboxSettings) -> WeeklyHours | None:
    working = found.working_hours
    if working is None or not working.days_of_week:
        return None
    name = zone_name(working.time_zone) or (iana_name(found.time_zone) if found.time_zone else None)
    if name is None:
        return None  # a mailbox never opened in Outlook
    zone(name)
    start, end = wall_clock_time(working.start_time), wall_clock_time(working.end_time)
    days = [_WEEKDAYS[day.casefold()] for day in working.days_of_week if day.casefold() in _WEEKDAYS]
    hours = [span for day in days for span in _hours_of_day(day, start, end)]
    return WeeklyHours(time_zone=name, hours=tuple(hours)) if hours else None


def _hours_of_day(weekday: int, start: time, end: time) -> list[DayHours]:
    if start < end:
        return [DayHours(weekday=weekday, start=start, end=end)]
    # A night shift, or a day that ends at midnight: until the day's last moment, and on the next day.
    spans = [DayHours(weekday=weekday, start=start, end=_END_OF_DAY)]
    if end > time.min:
        spans.append(DayHours(weekday=(weekday + 1) % 7, start=time.min, end=end))
    return spans


def _absences(found: wire.AutomaticReplies | None) -> tuple[Absence, ...]:
    status = ((found.status if found else None) or "").casefold()
    # The dates are filled in whatever the status: it is looked at first.
    if found is None or status not in ("alwaysenabled", "scheduled"):
        return ()
    if status == "alwaysenabled":
        return (Absence(starts_at=SINCE_ALWAYS),)
    try:
        starts_at = zoned_instant(found.scheduled_start_date_time)
        ends_at = zoned_instant(found.scheduled_end_date_time)
    except ValueError as error:
        _log.warning("get_mailbox_settings: scheduled automatic replies are passed over: %s", error)
        return ()
    return (Absence(starts_at=starts_at, ends_at=ends_at),) if starts_at < ends_at else ()


def _change(found: wire.ZoneChange) -> YearlyChange:
    if found.year:
        raise ValueError("the clocks of a custom time zone change in one year only, which graphsync does not know")
    weekday = _WEEKDAYS.get((found.day_of_week or "").casefold(), -1)
    return YearlyChange(
        month=found.month or 0,
        occurrence=found.day_occurrence or 0,
        weekday=weekday,
        at=wall_clock_time(found.time),
    )
