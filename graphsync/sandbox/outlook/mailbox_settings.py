"""Changes of mailbox settings: time zone, working hours, formats, automatic replies.

Source: https://learn.microsoft.com/graph/api/user-update-mailboxsettings
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from graphsync.sandbox.core import Core
from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.face.bodies import (
    is_annotation,
    list_of,
    object_of,
    one_of,
    text_of,
    unknown_property,
    zoned_time,
)
from graphsync.sandbox.refusals import GraphRefusal, invalid_property, not_served, refuse_unknown
from graphsync.sandbox.tenant.directory import AutomaticReplies, User
from graphsync.sandbox.zones import stored_name

SETTABLE = ("timeZone", "dateFormat", "timeFormat", "language", "workingHours", "automaticRepliesSetting")
_READ_ONLY = ("archiveFolder", "userPurpose")
_NOT_SERVED = ("delegateMeetingMessageDeliveryOptions",)
_REPLIES = (
    "status",
    "externalAudience",
    "internalReplyMessage",
    "externalReplyMessage",
    "scheduledStartDateTime",
    "scheduledEndDateTime",
)
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d{1,7})?)?")


def update_mailbox_settings(core: Core, user: User, body: Mapping[str, Any], *, actor: str) -> None:
    """Change a person's settings by what a PATCH sends; nothing of it holds if something in it is wrong.

    Raises:
        GraphRefusal: 400; a setting that does not exist, may not be set or has a value Graph does not take.
    """
    changes: dict[str, Any] = {}
    zone = _zone_after(user, body)
    for key, value in body.items():
        if is_annotation(key):
            continue
        if key in _NOT_SERVED:
            raise not_served(f"changes of {key}")
        if key in _READ_ONLY:
            raise GraphRefusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{key}'.")
        if key not in SETTABLE:
            refuse_unknown(unknown_property(key, "mailboxSettings", SETTABLE))
        elif value is not None:
            changes |= _changes(user, key, value, zone)
    for name, value in changes.items():
        setattr(user, name, value)
    core.journal.add(
        "mailbox_settings_updated", actor=actor, user_id=user.id, details={"changed": sorted(set(body) & set(SETTABLE))}
    )
    if "automatic_replies" in changes:
        journal_automatic_replies(core, user, actor=actor)


def journal_automatic_replies(core: Core, user: User, *, actor: str) -> None:
    """Write down how automatic replies stand now."""
    details = {
        "status": user.automatic_replies,
        "start": user.automatic_replies_start,
        "end": user.automatic_replies_end,
    }
    core.journal.add("automatic_replies", actor=actor, user_id=user.id, details=details)


def _zone_after(user: User, body: Mapping[str, Any]) -> str:
    """Return the zone the mailbox has once the change holds."""
    value = body.get("timeZone")
    return user.windows_time_zone if value is None else stored_name(text_of(value, "timeZone"))


def _changes(user: User, key: str, value: object, zone: str) -> dict[str, Any]:
    match key:
        case "timeZone":
            return {"windows_time_zone": zone}
        case "dateFormat":
            return {"date_format": text_of(value, key)}
        case "timeFormat":
            return {"time_format": text_of(value, key)}
        case "language":
            return {"preferred_language": text_of(object_of(value, key).get("locale"), "language.locale")}
        case "workingHours":
            return _working_hours(user, object_of(value, key), zone)
        case _:
            return _automatic_replies(user, object_of(value, key))


def _working_hours(user: User, hours: Mapping[str, Any], zone: str) -> dict[str, Any]:
    known = ("daysOfWeek", "startTime", "endTime", "timeZone")
    _check_keys(hours, "workingHours", known)
    start = _time_of_day(hours.get("startTime"), "startTime") or user.start
    end = _time_of_day(hours.get("endTime"), "endTime") or user.end
    if end <= start:
        raise invalid_property("Working hours end before they start.")
    changes: dict[str, Any] = {"start": start, "end": end}
    if hours.get("daysOfWeek") is not None:
        days = list_of(hours["daysOfWeek"], "daysOfWeek")
        changes["days"] = tuple(one_of(day, WEEKDAYS, "daysOfWeek") for day in days)
    if hours.get("timeZone") is not None:
        name = text_of(object_of(hours["timeZone"], "workingHours.timeZone").get("name"), "workingHours.timeZone.name")
        if stored_name(name) != zone:
            raise not_served("working hours in another zone than the mailbox's")
    return changes


def _time_of_day(value: object, where: str) -> str | None:
    if value is None:
        return None
    match = _TIME_OF_DAY.fullmatch(text_of(value, where))
    if match is None:
        raise invalid_property(f"'{value}' of '{where}' is no time of day such as '09:00:00.0000000'.")
    return f"{match[1]}:{match[2]}"


def _automatic_replies(user: User, setting: Mapping[str, Any]) -> dict[str, Any]:
    _check_keys(setting, "automaticRepliesSetting", _REPLIES)
    changes: dict[str, Any] = {}
    if setting.get("status") is not None:
        status = one_of(setting["status"], ("disabled", "alwaysEnabled", "scheduled"), "status")
        changes["automatic_replies"] = cast(AutomaticReplies, status)
    if setting.get("externalAudience") is not None:
        allowed = ("none", "contactsOnly", "all")
        changes["automatic_replies_audience"] = one_of(setting["externalAudience"], allowed, "externalAudience")
    for name, attribute in (("internalReplyMessage", "internal_reply"), ("externalReplyMessage", "external_reply")):
        if setting.get(name) is not None:
            changes[attribute] = text_of(setting[name], name)
    start, end = (
        zoned_time(setting[name], name)[0] if setting.get(name) is not None else before
        for name, before in (
            ("scheduledStartDateTime", user.automatic_replies_start),
            ("scheduledEndDateTime", user.automatic_replies_end),
        )
    )
    _check_span(changes.get("automatic_replies", user.automatic_replies), start, end)
    return changes | {"automatic_replies_start": start, "automatic_replies_end": end}


def _check_span(status: str, start: datetime | None, end: datetime | None) -> None:
    if status == "scheduled" and (start is None or end is None or end <= start):
        raise GraphRefusal(
            400, "ErrorInvalidParameter", "Scheduled automatic replies need a start and an end that is later."
        )


def _check_keys(found: Mapping[str, Any], resource: str, known: tuple[str, ...]) -> None:
    for key in found:
        if key not in known and not is_annotation(key):
            refuse_unknown(unknown_property(key, resource, known))
