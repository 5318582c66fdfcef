"""getSchedule: free and busy times of several mailboxes, folded into one digit per slot.

Source: https://learn.microsoft.com/graph/api/calendar-getschedule and
https://learn.microsoft.com/graph/outlook-get-free-busy-schedule
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import list_of, number_of, parameters_of, text_of, zoned_time
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application, User
from graphsync.sandbox.zones import wall_time

PARAMETERS = ("schedules", "startTime", "endTime", "availabilityViewInterval")
LONGEST_WINDOW = timedelta(days=62)
MOST_ENTRIES = 1000
SHORTEST_INTERVAL, LONGEST_INTERVAL, DEFAULT_INTERVAL = 5, 1440, 30

# workingElsewhere shows as free, 0; 4 is never given.
_DIGIT = {"free": None, "workingElsewhere": None, "unknown": None, "tentative": b"1", "busy": b"2", "oof": b"3"}


def availability_view(
    items: Iterable[tuple[datetime, datetime, str]], start: datetime, end: datetime, interval: timedelta
) -> str:
    """Return one digit per slot of `interval` from `start` to `end`: the highest status that touches the slot.

    Args:
        items: start, end and status of what is in the calendar, in any order; they may reach outside the window.
        start: beginning of the window, included.
        end: end of the window, excluded; a last, shorter slot counts as one.
        interval: length of a slot, over zero.
    """
    slots = -(-(end - start) // interval)
    # Seconds as numbers: a microsecond in two months is far more than what a division of them rounds.
    slot_s, window_s = interval.total_seconds(), (end - start).total_seconds()
    spans: dict[bytes, list[tuple[int, int]]] = {b"1": [], b"2": [], b"3": []}
    for item_start, item_end, status in items:
        digit = _DIGIT[status]
        if digit is None:
            continue
        first_s, last_s = (item_start - start).total_seconds(), (item_end - start).total_seconds()
        if first_s < last_s and first_s < window_s and last_s > 0:
            first = int(first_s // slot_s) if first_s > 0 else 0
            spans[digit].append((first, -int(-last_s // slot_s) if last_s < window_s else slots))
    view = bytearray(b"0" * slots)
    # The highest comes last, over whatever it touches.
    for digit, taken in spans.items():
        for first, last in taken:
            view[first:last] = digit * (last - first)
    return view.decode("ascii")


def working_hours_json(user: User) -> dict[str, Any]:
    """Return the `workingHours` of a user, with the plain shape of its time zone."""
    return {
        "daysOfWeek": list(user.days),
        "startTime": f"{user.start}:00.0000000",
        "endTime": f"{user.end}:00.0000000",
        "timeZone": {"name": user.windows_time_zone},
    }


@dataclass(slots=True)
class Schedules:
    """Answers getSchedule."""

    core: Core

    def read(self, body: Mapping[str, Any], *, zone: str, application: Application) -> list[dict[str, Any]]:
        """Return one `scheduleInformation` per address asked about, in their order.

        An address that cannot be read has `error` instead of times; it does not fail the call.

        Raises:
            GraphRefusal: 400 for more addresses, a longer window or another interval than is allowed.
        """
        found = parameters_of(body, PARAMETERS, "getSchedule")
        if "availabilityViewInterval" in found and found["availabilityViewInterval"] is None:
            # https://github.com/microsoftgraph/microsoft-graph-docs/issues/4494
            raise GraphRefusal(500, "InternalServerError", "Object reference not set to an instance of an object.")
        addresses = [text_of(item, "schedules") for item in list_of(found.get("schedules"), "schedules")]
        start, _ = zoned_time(found.get("startTime"), "startTime")
        end, _ = zoned_time(found.get("endTime"), "endTime")
        minutes = number_of(found.get("availabilityViewInterval", DEFAULT_INTERVAL), "availabilityViewInterval")
        self._check_limits(addresses, start, end, minutes)
        interval = timedelta(minutes=minutes)
        return [self._one(address, start, end, interval, zone, application) for address in addresses]

    def _check_limits(self, addresses: list[str], start: datetime, end: datetime, minutes: int) -> None:
        limit = self.core.behavior.schedule_limit
        if not addresses:
            raise GraphRefusal(400, "ErrorInvalidParameter", "The parameter 'schedules' must not be empty.")
        if len(addresses) > limit:
            raise GraphRefusal(
                400,
                "ErrorMailboxDataArrayTooBig",
                f"There are too many target users in the request. The allowed size = {limit}; "
                f"the actual size = {len(addresses)}.",
            )
        if end <= start:
            raise GraphRefusal(400, "ErrorInvalidTimeInterval", "The end time must be later than the start time.")
        if end - start > LONGEST_WINDOW:
            days = -(-(end - start) // timedelta(days=1))
            raise GraphRefusal(
                400,
                "ErrorTimeIntervalTooBig",
                "The requested time duration specified for FreeBusyViewOptions.TimeWindow is not within the allowed "
                f"limits: allowed limit = {LONGEST_WINDOW.days} days; the actual limit = {days} days.",
            )
        in_range = SHORTEST_INTERVAL <= minutes <= LONGEST_INTERVAL
        if not in_range or timedelta(minutes=minutes) >= end - start:
            raise GraphRefusal(
                400,
                "ErrorInvalidMergedFreeBusyInterval",
                f"The interval must be between {SHORTEST_INTERVAL} and {LONGEST_INTERVAL} minutes and shorter than "
                f"the window; it is {minutes}.",
            )

    def _one(
        self,
        address: str,
        start: datetime,
        end: datetime,
        interval: timedelta,
        zone: str,
        application: Application,
    ) -> dict[str, Any]:
        reached = self.core.mailbox_at(address)
        if reached is None:
            return _unreadable(
                address,
                f"Unable to resolve e-mail address {address} to an Active Directory object.",
                "5009",
            )
        user, box = reached
        if self.core.behavior.schedule_within_scope and not application.may(
            ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"), user.id
        ):
            return _unreadable(address, "The caller may not read this calendar.", "5008")
        events = box.view(start, end)
        if len(events) > MOST_ENTRIES:
            # https://github.com/microsoftgraph/microsoft-graph-docs/pull/21589
            return _unreadable(address, f"More than {MOST_ENTRIES} entries in the time window.", "5006")
        spans = [(event.start, event.end, event.show_as) for event in events]
        return {
            "scheduleId": address,
            "availabilityView": availability_view(spans, start, end, interval),
            "scheduleItems": [self._item(event, zone) for event in events],
            "workingHours": working_hours_json(user),
        }

    def _item(self, event: Event, zone: str) -> dict[str, Any]:
        item: dict[str, Any] = {
            "status": event.show_as,
            "start": {"dateTime": wall_time(event.start, zone), "timeZone": zone},
            "end": {"dateTime": wall_time(event.end, zone), "timeZone": zone},
        }
        if self.core.behavior.schedule_details:
            is_private = event.sensitivity in {"private", "confidential"}
            item["isPrivate"] = is_private
            if not is_private:
                item["subject"] = event.subject
                item["location"] = event.location
        return item


def _unreadable(address: str, message: str, code: str) -> dict[str, Any]:
    return {"scheduleId": address, "error": {"message": message, "responseCode": code}}
