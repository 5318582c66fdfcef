"""Request bodies in: what Graph takes as an event, a time, a recipient, and how it refuses the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import msgspec

from graphsync.sandbox.names import names
from graphsync.sandbox.outlook.events import Attendee, AttendeeType, EventChanges, Response, ShowAs
from graphsync.sandbox.refusals import GraphRefusal, close_to, invalid_property, refuse_unknown
from graphsync.sandbox.zones import instant_of, local_time, stored_name

MOST_ATTENDEES = 500  # https://learn.microsoft.com/graph/api/resources/event

WRITABLE_ON_CREATE = names(
    """
    subject body start end location locations attendees isOnlineMeeting onlineMeetingProvider allowNewTimeProposals
    responseRequested hideAttendees isReminderOn reminderMinutesBeforeStart categories importance sensitivity showAs
    transactionId singleValueExtendedProperties isAllDay recurrence
    """
)
WRITABLE_ON_UPDATE = WRITABLE_ON_CREATE - {"transactionId"}
READ_ONLY = names(
    """
    id changeKey createdDateTime lastModifiedDateTime iCalUId originalStartTimeZone originalEndTimeZone organizer
    responseStatus seriesMasterId type webLink onlineMeetingUrl onlineMeeting isCancelled isDraft isOrganizer
    hasAttachments bodyPreview originalStart
    """
)

_SHOW_AS = ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere")
_IMPORTANCE = ("low", "normal", "high")
_SENSITIVITY = ("normal", "personal", "private", "confidential")
_ATTENDEE_TYPES = ("required", "optional", "resource")
_RESPONSES = ("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded")
_PROVIDERS = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")


def is_annotation(key: str) -> bool:
    """Return whether a body key is an OData annotation, which every body may carry."""
    return key.startswith("@") or "@odata." in key


def body_refusal(message: str) -> GraphRefusal:
    """Return the refusal for a body that does not have the documented shape."""
    return GraphRefusal(400, "RequestBodyRead", message)


def object_of(value: object, where: str) -> dict[str, Any]:
    """Return `value` if it is a JSON object; `where` names it in the refusal."""
    if not isinstance(value, dict):
        raise body_refusal(f"'{where}' must be an object, not {type(value).__name__}.")
    return value


def list_of(value: object, where: str) -> list[Any]:
    """Return `value` if it is a JSON array."""
    if not isinstance(value, list):
        raise body_refusal(f"'{where}' must be a collection, not {type(value).__name__}.")
    return value


def text_of(value: object, where: str) -> str:
    """Return `value` if it is text."""
    if not isinstance(value, str):
        raise body_refusal(f"'{where}' must be a string, not {type(value).__name__}.")
    return value


def flag_of(value: object, where: str) -> bool:
    """Return a boolean; the quoted form of the doc samples is taken too."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise body_refusal(f"'{where}' must be a boolean, not {value!r}.")


def number_of(value: object, where: str) -> int:
    """Return a whole number; the quoted form of the doc samples is taken too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    raise body_refusal(f"'{where}' must be a whole number, not {value!r}.")


def one_of(value: object, allowed: Collection[str], where: str) -> str:
    """Return the member of `allowed` meant by `value`, whatever its case."""
    text = text_of(value, where)
    lowered = text.lower()
    for item in allowed:
        if item == text or item.lower() == lowered:
            return item
    raise body_refusal(f"Requested value '{text}' of '{where}' was not found{close_to(text, allowed)}.")


def parameters_of(body: Mapping[str, Any], known: Iterable[str], action: str) -> dict[str, Any]:
    """Return the parameters of an action under the names in `known`; the SDK writes them in PascalCase.

    Raises:
        GraphRefusal: a parameter the action does not have.
    """
    by_lower = {name.lower(): name for name in known}
    found: dict[str, Any] = {}
    for key, value in body.items():
        if is_annotation(key):
            continue
        name = by_lower.get(key.lower())
        if name is None:
            refuse_unknown(
                body_refusal(
                    f"The parameter '{key}' in the request payload is not a valid parameter for the operation "
                    f"'{action}'{close_to(key, by_lower.values())}."
                )
            )
            continue
        found[name] = value
    return found


def fingerprint(body: Mapping[str, Any]) -> bytes:
    """Return bytes that are equal for equal JSON, whatever the order of keys."""
    return msgspec.json.encode(body, order="sorted")


def zoned_time(value: object, where: str) -> tuple[datetime, str]:
    """Return the UTC instant and the zone name of a `dateTimeTimeZone`."""
    pair = object_of(value, where)
    unknown = [key for key in pair if key not in {"dateTime", "timeZone"} and not is_annotation(key)]
    if unknown:
        refuse_unknown(unknown_property(unknown[0], "dateTimeTimeZone", ("dateTime", "timeZone")))
    if pair.get("dateTime") is None:
        raise invalid_property(f"'{where}' has no dateTime.")
    name = text_of(pair.get("timeZone") or "UTC", f"{where}.timeZone")
    instant = instant_of(text_of(pair["dateTime"], f"{where}.dateTime"), name, where)
    return instant, stored_name(name)


def unknown_property(name: str, resource: str, known: Iterable[str]) -> GraphRefusal:
    """Return the refusal for a body key the resource does not have, naming what comes close."""
    return body_refusal(
        f"The property '{name}' does not exist on type 'microsoft.graph.{resource}'{close_to(name, known)}."
    )


def email_address(value: object, where: str) -> tuple[str, str]:
    """Return address and name of a recipient (`{"emailAddress": {...}}`)."""
    holder = object_of(value, where)
    pair = object_of(holder.get("emailAddress"), f"{where}.emailAddress")
    address = text_of(pair.get("address"), f"{where}.emailAddress.address").strip()
    if "@" not in address.strip("@"):
        raise GraphRefusal(400, "ErrorInvalidRecipients", f"'{address}' is no SMTP address.")
    return address, text_of(pair.get("name") or address, f"{where}.emailAddress.name")


def extended_properties(value: object) -> dict[str, str]:
    """Return id to value of `singleValueExtendedProperties`.

    Source: https://learn.microsoft.com/graph/api/resources/extended-properties-overview (form of the id)
    """
    found: dict[str, str] = {}
    for item in list_of(value, "singleValueExtendedProperties"):
        pair = object_of(item, "singleValueExtendedProperties")
        name = text_of(pair.get("id"), "singleValueExtendedProperties.id")
        if len(name.split()) < 2:
            raise GraphRefusal(
                400, "ErrorInvalidProperty", f"The property Id '{name}' is not '{{type}} {{guid}} Name {{name}}'."
            )
        found[name] = text_of(pair.get("value"), "singleValueExtendedProperties.value")
    return found


def _attendee(value: object) -> Attendee:
    holder = object_of(value, "attendees")
    known = {"emailAddress", "type", "status", "proposedNewTime"}
    for key in holder:
        if key not in known and not is_annotation(key):
            refuse_unknown(unknown_property(key, "attendee", known))
    address, name = email_address(holder, "attendees")
    kind = one_of(holder.get("type") or "required", _ATTENDEE_TYPES, "attendees.type")
    status = holder.get("status") or {}
    response = one_of(object_of(status, "attendees.status").get("response") or "none", _RESPONSES, "response")
    return Attendee(address=address, name=name, type=cast(AttendeeType, kind), response=cast(Response, response))


def event_changes(body: Mapping[str, Any], *, creating: bool) -> EventChanges:
    """Return what an event body asks for, in our names, with every value checked by itself.

    Raises:
        GraphRefusal: 400, for an unknown or read-only property and for each value Graph does not take.
    """
    allowed = WRITABLE_ON_CREATE if creating else WRITABLE_ON_UPDATE
    changes: EventChanges = {}
    for key, value in body.items():
        if is_annotation(key):
            continue
        if key in READ_ONLY or (key == "transactionId" and not creating):
            raise GraphRefusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{key}'.")
        if key not in allowed:
            refuse_unknown(unknown_property(key, "event", allowed))
            continue
        if value is None and key not in {"recurrence", "location", "transactionId"}:
            continue
        _take(changes, key, value)
    return changes


def _take(changes: EventChanges, key: str, value: Any) -> None:
    match key:
        case "subject":
            changes["subject"] = text_of(value, key)
        case "body":
            holder = object_of(value, key)
            kind = one_of(holder.get("contentType") or "text", ("html", "text"), "body.contentType")
            changes["body_type"] = cast(Literal["html", "text"], kind)
            changes["body_html"] = text_of(holder.get("content") or "", "body.content")
        case "start":
            changes["start"], changes["original_time_zone"] = zoned_time(value, key)
        case "end":
            changes["end"], _ = zoned_time(value, key)
        case "location" | "locations":
            first = value if key == "location" else next(iter(list_of(value, key)), None)
            holder = object_of(first or {}, key)
            changes["location"] = text_of(holder.get("displayName") or "", "location.displayName")
            changes["location_address"] = holder.get("locationEmailAddress")
        case "attendees":
            people = [_attendee(item) for item in list_of(value, key)]
            if len(people) > MOST_ATTENDEES:
                raise invalid_property(f"{len(people)} attendees; at most {MOST_ATTENDEES} are allowed.")
            changes["attendees"] = list({person.address.lower(): person for person in people}.values())
        case "categories":
            changes["categories"] = [text_of(item, key) for item in list_of(value, key)]
        case "singleValueExtendedProperties":
            changes["extended_properties"] = extended_properties(value)
        case "recurrence":
            changes["recurrence"] = None if value is None else object_of(value, key)
        case "showAs":
            changes["show_as"] = cast(ShowAs, one_of(value, _SHOW_AS, key))
        case "importance":
            changes["importance"] = one_of(value, _IMPORTANCE, key)
        case "sensitivity":
            changes["sensitivity"] = one_of(value, _SENSITIVITY, key)
        case "onlineMeetingProvider":
            changes["online_meeting_provider"] = one_of(value, _PROVIDERS, key)
        case "reminderMinutesBeforeStart":
            changes["reminder_minutes"] = number_of(value, key)
        case "transactionId":
            changes["transaction_id"] = None if value is None else text_of(value, key)
        case _:
            _take_flag(changes, key, flag_of(value, key))


def _take_flag(changes: EventChanges, key: str, value: bool) -> None:
    match key:
        case "isOnlineMeeting":
            changes["is_online_meeting"] = value
        case "allowNewTimeProposals":
            changes["allow_new_time_proposals"] = value
        case "responseRequested":
            changes["response_requested"] = value
        case "hideAttendees":
            changes["hide_attendees"] = value
        case "isReminderOn":
            changes["is_reminder_on"] = value
        case "isAllDay":
            changes["is_all_day"] = value
        case _:
            raise AssertionError(f"no rule for the writable property {key!r}")


def check_times(start: datetime, end: datetime, zone_name: str, *, is_all_day: bool) -> None:
    """Refuse an event that ends before it starts, or an all-day one that is not from midnight to midnight.

    Source: https://learn.microsoft.com/graph/api/resources/event (isAllDay)
    """
    if end < start:
        raise invalid_property("The event's end is before its start.")
    if is_all_day:
        first, last = local_time(start, zone_name), local_time(end, zone_name)
        at_midnight = first.time() == last.time() == datetime.min.time()
        if not at_midnight or last - first < timedelta(days=1):
            raise invalid_property("The Event.Start and Event.End of an all-day event must be set to midnight.")
