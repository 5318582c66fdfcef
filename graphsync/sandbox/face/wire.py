"""Values out as Graph's JSON: events, messages, chats, mailbox settings.

Only what is selected is computed. Sources: https://learn.microsoft.com/graph/api/resources/event, message, chat,
chatmessage, mailboxsettings
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import quote

from graphsync.sandbox.outlook.events import Attendee, Event
from graphsync.sandbox.outlook.mailboxes import MailMessage, UserCalendar
from graphsync.sandbox.outlook.schedules import working_hours_json
from graphsync.sandbox.teams.chats import Chat, ChatMessage, last_written_at
from graphsync.sandbox.tenant.directory import Directory, User
from graphsync.sandbox.zones import utc_text, wall_time

Json = dict[str, Any]

NEVER = "0001-01-01T00:00:00Z"
RESET = (
    "4501-01-01T00:00:00Z"  # after a reschedule: https://learn.microsoft.com/graph/outlook-calendar-meeting-proposals
)


class View:
    """How one request wants things shown: the zone of start and end, bodies as text, system messages by name."""

    __slots__ = ("as_text", "system_names", "zone")

    def __init__(self, *, zone: str = "UTC", as_text: bool = False, system_names: bool = False) -> None:
        self.zone = zone
        self.as_text = as_text
        self.system_names = system_names


def zoned(instant: datetime, view: View) -> Json:
    """Return an instant as a `dateTimeTimeZone` in the zone asked for."""
    return {"dateTime": wall_time(instant, view.zone), "timeZone": view.zone}


def plain_text(html: str) -> str:
    """Return the text of an HTML body."""
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(?:br|/p|/div)[^>]*>", "\r\n", html))).strip()


def _body(content: str, kind: str, view: View) -> Json:
    if view.as_text:
        return {"contentType": "text", "content": plain_text(content)}
    return {"contentType": kind, "content": content}


def _recipient(address: str, name: str | None = None) -> Json:
    return {"emailAddress": {"name": name or address, "address": address}}


def _stored_body(content: str, kind: str, view: View) -> Json:
    if kind == "html" and content and "<html" not in content.lower():
        # The body of an item comes back wrapped by the server.
        content = f"<html><head></head><body>{content}</body></html>"
    return _body(content, kind, view)


def _location(event: Event) -> Json:
    place: Json = {"displayName": event.location, "locationType": "default", "uniqueIdType": "unknown"}
    if event.location:
        place |= {"uniqueId": event.location, "uniqueIdType": "private"}
    if event.location_address:
        place["locationEmailAddress"] = event.location_address
    return place


def _attendee(attendee: Attendee, event: Event, view: View) -> Json:
    # Only the organizer's copy knows the answers.
    response = attendee.response if event.is_organizer else "none"
    answered_at = attendee.responded_at if event.is_organizer else None
    silent = RESET if response == "notResponded" else NEVER
    shown: Json = {
        "type": attendee.type,
        "status": {"response": response, "time": utc_text(answered_at) or silent},
        "emailAddress": {"name": attendee.name, "address": attendee.address},
    }
    if event.is_organizer and attendee.proposed is not None:
        start, end = attendee.proposed
        shown["proposedNewTime"] = {"start": zoned(start, view), "end": zoned(end, view)}
    return shown


def _in_url(item_id: str) -> str:
    # Nothing but the padding at the end has to be written otherwise, and `quote` is quick where there is nothing to do.
    plain = item_id.rstrip("=")
    return quote(plain) + "%3D" * (len(item_id) - len(plain))


EVENT_FIELDS: dict[str, Callable[[Event, View], Any]] = {
    "createdDateTime": lambda e, v: utc_text(e.created_at),
    "lastModifiedDateTime": lambda e, v: utc_text(e.modified_at),
    "changeKey": lambda e, v: e.change_key,
    "categories": lambda e, v: e.categories,
    "transactionId": lambda e, v: e.transaction_id,
    "originalStartTimeZone": lambda e, v: e.original_time_zone,
    "originalEndTimeZone": lambda e, v: e.original_time_zone,
    "iCalUId": lambda e, v: e.ical_uid,
    "reminderMinutesBeforeStart": lambda e, v: e.reminder_minutes,
    "isReminderOn": lambda e, v: e.is_reminder_on,
    "hasAttachments": lambda e, v: False,
    "subject": lambda e, v: e.subject,
    "bodyPreview": lambda e, v: plain_text(e.body_html)[:255],
    "importance": lambda e, v: e.importance,
    "sensitivity": lambda e, v: e.sensitivity,
    "isAllDay": lambda e, v: e.is_all_day,
    "isCancelled": lambda e, v: e.is_cancelled,
    "isOrganizer": lambda e, v: e.is_organizer,
    "responseRequested": lambda e, v: e.response_requested,
    "seriesMasterId": lambda e, v: e.series_master_id,
    "originalStart": lambda e, v: utc_text(e.original_start),
    "showAs": lambda e, v: e.show_as,
    "type": lambda e, v: e.type,
    "webLink": lambda e, v: f"https://outlook.office365.com/owa/?itemid={_in_url(e.id)}&exvsurl=1&path=/calendar/item",
    "onlineMeetingUrl": lambda e, v: None,
    "isOnlineMeeting": lambda e, v: e.is_online_meeting,
    "onlineMeetingProvider": lambda e, v: e.online_meeting_provider if e.is_online_meeting else "unknown",
    "allowNewTimeProposals": lambda e, v: e.allow_new_time_proposals,
    "isDraft": lambda e, v: False,
    "hideAttendees": lambda e, v: e.hide_attendees,
    "recurrence": lambda e, v: e.recurrence,
    "responseStatus": lambda e, v: {"response": e.response, "time": utc_text(e.responded_at) or NEVER},
    "body": lambda e, v: _stored_body(e.body_html, e.body_type, v),
    "start": lambda e, v: zoned(e.start, v),
    "end": lambda e, v: zoned(e.end, v),
    "location": lambda e, v: _location(e),
    "locations": lambda e, v: [_location(e)] if e.location else [],
    "attendees": lambda e, v: [_attendee(a, e, v) for a in e.attendees],
    "organizer": lambda e, v: _recipient(e.organizer_address, e.organizer_name),
    "onlineMeeting": lambda e, v: {"joinUrl": e.join_url} if e.join_url else None,
}
EVENT_NAMES = ("id", *EVENT_FIELDS)
# Given for one event, a series master, and when selected: https://learn.microsoft.com/graph/api/resources/event
EXCEPTION_OCCURRENCES, CANCELLED_OCCURRENCES = "exceptionOccurrences", "cancelledOccurrences"
MASTER_NAMES = (*EVENT_NAMES, EXCEPTION_OCCURRENCES, CANCELLED_OCCURRENCES)
# Calendars.ReadBasic hides these: https://learn.microsoft.com/graph/permissions-reference
HIDDEN_FROM_READ_BASIC = frozenset({"body", "bodyPreview", "onlineMeeting"})


def event_json(
    event: Event, view: View, select: Iterable[str] | None = None, expand: Iterable[str] = (), *, basic: bool = False
) -> Json:
    """Return an event, or the selected part of it; `id` and `@odata.etag` always come.

    `expand` names the extended properties wanted; `basic` leaves out what `Calendars.ReadBasic` may not see.
    """
    shown: Json = {"@odata.etag": f'W/"{event.change_key}"', "id": event.id}
    for name in EVENT_FIELDS if select is None else select:
        if name not in EVENT_FIELDS or (basic and name in HIDDEN_FROM_READ_BASIC):
            continue
        # Single instances and masters have no such property.
        if name == "originalStart" and event.original_start is None:
            continue
        shown[name] = EVENT_FIELDS[name](event, view)
    found = [
        {"id": name, "value": event.extended_properties[name]} for name in expand if name in event.extended_properties
    ]
    if found and not basic:
        shown["singleValueExtendedProperties"] = found
    return shown


def cancelled_occurrences(event: Event) -> list[str]:
    """Return what `cancelledOccurrences` of a series master names: the master's id and a date each."""
    return [f"OID.{event.id}.{on.isoformat()}" for on in sorted(event.excluded_on)]


def skeleton_json(event: Event, view: View) -> Json:
    """Return an occurrence as delta gives it: https://github.com/microsoftgraph/microsoft-graph-docs/issues/7632."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": f'W/"{event.change_key}"',
        "seriesMasterId": event.series_master_id,
        "type": "occurrence",
        "id": event.id,
        "start": zoned(event.start, view),
        "end": zoned(event.end, view),
    }


MESSAGE_FIELDS: dict[str, Callable[[MailMessage, View], Any]] = {
    "createdDateTime": lambda m, v: utc_text(m.created_at),
    "lastModifiedDateTime": lambda m, v: utc_text(m.modified_at or m.received_at or m.created_at),
    "changeKey": lambda m, v: m.change_key or m.id[6:30],
    "categories": lambda m, v: m.categories,
    "receivedDateTime": lambda m, v: utc_text(m.received_at or m.created_at),
    "sentDateTime": lambda m, v: utc_text(m.sent_at or m.created_at),
    "hasAttachments": lambda m, v: False,
    "internetMessageId": lambda m, v: m.internet_message_id,
    "subject": lambda m, v: m.subject,
    "bodyPreview": lambda m, v: plain_text(m.body)[:255],
    "importance": lambda m, v: m.importance,
    "parentFolderId": lambda m, v: m.folder_id,
    "conversationId": lambda m, v: m.conversation_id,
    "isRead": lambda m, v: m.is_read,
    "isDraft": lambda m, v: m.is_draft,
    "body": lambda m, v: _stored_body(m.body, m.body_type, v),
    "sender": lambda m, v: _recipient(m.from_address),
    "from": lambda m, v: _recipient(m.from_address),
    "toRecipients": lambda m, v: [_recipient(item) for item in m.to],
    "ccRecipients": lambda m, v: [_recipient(item) for item in m.cc],
    "bccRecipients": lambda m, v: [_recipient(item) for item in m.bcc],
    "replyTo": lambda m, v: [_recipient(item) for item in m.reply_to],
    "isReadReceiptRequested": lambda m, v: m.wants_read_receipt,
    "isDeliveryReceiptRequested": lambda m, v: m.wants_delivery_receipt,
    "inferenceClassification": lambda m, v: "focused",
    "flag": lambda m, v: m.flag,
    "webLink": lambda m, v: (
        f"https://outlook.office365.com/owa/?ItemID={quote(m.id)}&exvsurl=1&viewmodel=ReadMessageItem"
    ),
}
# Given only when selected: https://learn.microsoft.com/graph/api/resources/message
INTERNET_MESSAGE_HEADERS = "internetMessageHeaders"
MESSAGE_NAMES = ("id", *MESSAGE_FIELDS, INTERNET_MESSAGE_HEADERS)
HIDDEN_FROM_MAIL_BASIC = frozenset({"body", "bodyPreview"})


def message_json(
    message: MailMessage,
    view: View,
    select: Iterable[str] | None = None,
    expand: Iterable[str] = (),
    *,
    basic: bool = False,
) -> Json:
    """Return a message, or the selected part of it; `basic` leaves out what `Mail.ReadBasic` may not see."""
    shown: Json = {"@odata.etag": f'W/"{message.change_key or message.id[6:30]}"', "id": message.id}
    if message.kind.startswith("eventMessage"):
        shown["@odata.type"] = f"#microsoft.graph.{message.kind}"
        shown["meetingMessageType"] = message.meeting_message_type
    for name in MESSAGE_FIELDS if select is None else select:
        if name == INTERNET_MESSAGE_HEADERS:
            shown[name] = [{"name": key, "value": value} for key, value in message.headers.items()]
        elif name != "id" and not (basic and name in HIDDEN_FROM_MAIL_BASIC):
            shown[name] = MESSAGE_FIELDS[name](message, view)
    if message.proposed is not None:
        start, end = message.proposed
        shown["proposedNewTime"] = {"start": zoned(start, view), "end": zoned(end, view)}
    found = [
        {"id": name, "value": message.extended_properties[name]}
        for name in expand
        if name in message.extended_properties
    ]
    if found and not basic:
        shown["singleValueExtendedProperties"] = found
    return shown


def mailbox_settings_json(user: User, now: datetime) -> Json:
    """Return a user's `mailboxSettings`; the scheduled times of automatic replies are filled whatever the status."""
    utc = View()
    start = user.automatic_replies_start or now
    end = user.automatic_replies_end or now
    away = "" if user.automatic_replies == "disabled" else "<html>I am away.</html>"
    return {
        "archiveFolder": f"{user.id[:8]}-archive",
        "timeZone": user.windows_time_zone,
        "dateFormat": user.date_format,
        "timeFormat": user.time_format,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "language": {"locale": user.preferred_language, "displayName": user.preferred_language},
        "workingHours": working_hours_json(user),
        "userPurpose": {"value": user.purpose},
        "automaticRepliesSetting": {
            "status": user.automatic_replies,
            "externalAudience": user.automatic_replies_audience,
            "internalReplyMessage": away if user.internal_reply is None else user.internal_reply,
            "externalReplyMessage": user.external_reply,
            "scheduledStartDateTime": zoned(start, utc),
            "scheduledEndDateTime": zoned(end, utc),
        },
    }


CALENDAR_NAMES = (
    "id",
    "name",
    "color",
    "hexColor",
    "isDefaultCalendar",
    "changeKey",
    "canShare",
    "canViewPrivateItems",
    "canEdit",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "isTallyingResponses",
    "isRemovable",
    "owner",
)


def calendar_json(user: User, calendar: UserCalendar, select: Iterable[str] | None = None) -> Json:
    """Return a calendar, or the selected part; without a Teams licence no online meeting provider is allowed.

    Source: https://learn.microsoft.com/graph/api/resources/calendar
    """
    providers = ["teamsForBusiness"] if user.teams_licence else []
    shown: Json = {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        # Empty as long as nobody chose a color by its code, which nobody can here.
        "hexColor": "",
        "isDefaultCalendar": calendar.is_default,
        "changeKey": calendar.change_key,
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        "isTallyingResponses": calendar.is_default,
        "isRemovable": not calendar.is_default,
        "owner": {"name": user.display_name, "address": user.address},
    }
    return shown if select is None else {name: shown[name] for name in dict.fromkeys(("id", *select))}


def chat_json(chat: Chat, directory: Directory, tenant_id: str, *, members: bool, preview: bool, view: View) -> Json:
    """Return a chat, with its members and the preview of its last message if they are expanded."""
    shown: Json = {
        "id": chat.id,
        "topic": None,
        "createdDateTime": utc_text(chat.created_at),
        "lastUpdatedDateTime": utc_text(last_written_at(chat)),
        "chatType": "oneOnOne",
        "webUrl": f"https://teams.microsoft.com/l/chat/{quote(chat.id, safe='')}/0?tenantId={tenant_id}",
        "tenantId": tenant_id,
        "onlineMeetingInfo": None,
        "viewpoint": None,
        "isHiddenForAllMembers": False,
    }
    if members:
        # A bot is no member in Graph: https://learn.microsoft.com/graph/api/chat-list-members
        shown["members"] = [_member(each, directory, tenant_id) for each in chat.member_ids if each != chat.bot_id]
    if preview:
        last = chat.messages[-1] if chat.messages else None
        shown["lastMessagePreview"] = None if last is None else _preview(last, directory, tenant_id, view)
    return shown


def _member(user_id: str, directory: Directory, tenant_id: str) -> Json:
    user = directory.lookup(user_id)
    return {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "id": f"MCMjMCMj{user_id.replace('-', '')}",
        "roles": ["owner"],
        "displayName": user.display_name if user else None,
        "visibleHistoryStartDateTime": NEVER,
        "userId": user_id,
        "email": user.address if user else None,
        "tenantId": tenant_id,
    }


def _from(user_id: str, directory: Directory, tenant_id: str) -> Json:
    user = directory.lookup(user_id)
    name = user.display_name if user else None
    person = {"id": user_id, "displayName": name, "userIdentityType": "aadUser", "tenantId": tenant_id}
    return {"application": None, "device": None, "conversation": None, "user": person}


def _preview(message: ChatMessage, directory: Directory, tenant_id: str, view: View) -> Json:
    return {
        "id": message.id,
        "createdDateTime": utc_text(message.created_at),
        "isDeleted": False,
        "messageType": "message",
        "eventDetail": None,
        "body": _body(message.html, "html", view),
        "from": _from(message.author_id, directory, tenant_id),
    }


def chat_message_json(message: ChatMessage, directory: Directory, tenant_id: str) -> Json:
    """Return a chat message with its reactions."""
    etag = str(round(message.modified_at.timestamp() * 1000))
    return {
        "@odata.type": "#microsoft.graph.chatMessage",
        "id": message.id,
        "replyToId": None,
        "etag": etag,
        "messageType": "message",
        "createdDateTime": utc_text(message.created_at),
        "lastModifiedDateTime": utc_text(message.modified_at),
        "lastEditedDateTime": None,
        "deletedDateTime": None,
        "subject": None,
        "summary": None,
        "chatId": message.chat_id,
        "importance": "normal",
        "locale": "en-us",
        "webUrl": None,
        "channelIdentity": None,
        "policyViolation": None,
        "eventDetail": None,
        "from": _from(message.author_id, directory, tenant_id),
        "body": {"contentType": "html", "content": message.html},
        "attachments": [],
        "mentions": [],
        "reactions": [
            {
                "reactionType": kind,
                "displayName": None,
                "createdDateTime": utc_text(at),
                "user": _from(by, directory, tenant_id),
            }
            for (by, at), kind in zip(message.reactions, message.reaction_types, strict=True)
        ],
        "messageHistory": [],
    }
