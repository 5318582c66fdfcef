"""The parts of Graph's answers that graphsync reads, as msgspec structs.

A property that is not named here is passed over by the decoder, so subjects, bodies and places never become values,
also where Graph cannot be told to leave them out (delta, answers to POST and PATCH). Everything Graph has been seen
to leave out or to give as null may be missing.

Sources: https://learn.microsoft.com/graph/api/resources/event and the resource pages named below.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Wire(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """A JSON object with Graph's camelCase names."""


class InnerError(Wire, rename=None):
    """What Microsoft's support asks for."""

    request_id: str | None = msgspec.field(name="request-id", default=None)


class ErrorDetails(Wire):
    """`error` of an answer; the SDK's own model knows only one of the two spellings of `innerError`."""

    code: str | None = None
    inner_error: InnerError | None = None
    inner_error_lower: InnerError | None = msgspec.field(name="innererror", default=None)
    existing_event_id: str | None = msgspec.field(name="@event.existingEventId", default=None)


class ErrorAnswer(Wire):
    """https://learn.microsoft.com/graph/errors."""

    error: ErrorDetails | None = None


class Page(Wire, Generic[T]):
    """One page of a collection."""

    value: list[T] = []
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class DateTimeTimeZone(Wire):
    """A wall-clock time of up to 7 fractional digits and the zone it is meant in."""

    date_time: str | None = None
    time_zone: str | None = None


class EmailAddress(Wire):
    """An SMTP address; names are not read."""

    address: str | None = None


class Recipient(Wire):
    """An organizer, say."""

    email_address: EmailAddress | None = None


class ResponseStatus(Wire):
    """An answer to an invite, and when it was given."""

    response: str | None = None
    time: str | None = None


class TimeSpan(Wire):
    """A proposed time."""

    start: DateTimeTimeZone | None = None
    end: DateTimeTimeZone | None = None


class Attendee(Wire):
    """https://learn.microsoft.com/graph/api/resources/attendee."""

    type: str | None = None
    status: ResponseStatus | None = None
    email_address: EmailAddress | None = None
    proposed_new_time: TimeSpan | None = None


class OnlineMeeting(Wire):
    """How to join."""

    join_url: str | None = None


class ExtendedProperty(Wire):
    """https://learn.microsoft.com/graph/api/resources/singlevaluelegacyextendedproperty."""

    id: str | None = None
    value: str | None = None


class Removed(Wire):
    """Marks an item of a delta round that is gone from the window."""

    reason: str | None = None


class Event(Wire):
    """An event without its subject, body and place."""

    id: str | None = None
    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    removed: Removed | None = msgspec.field(name="@removed", default=None)
    i_cal_u_id: str | None = msgspec.field(name="iCalUId", default=None)
    change_key: str | None = None
    start: DateTimeTimeZone | None = None
    end: DateTimeTimeZone | None = None
    is_all_day: bool | None = None
    is_cancelled: bool | None = None
    is_organizer: bool | None = None
    organizer: Recipient | None = None
    attendees: list[Attendee] | None = None
    show_as: str | None = None
    type: str | None = None
    series_master_id: str | None = None
    is_online_meeting: bool | None = None
    online_meeting: OnlineMeeting | None = None
    response_status: ResponseStatus | None = None
    single_value_extended_properties: list[ExtendedProperty] | None = None


class ScheduleItem(Wire):
    """https://learn.microsoft.com/graph/api/resources/scheduleitem."""

    status: str | None = None
    start: DateTimeTimeZone | None = None
    end: DateTimeTimeZone | None = None


class FreeBusyError(Wire):
    """Why one address could not be read; the message names the address and is not taken."""

    response_code: str | None = None


class ScheduleInformation(Wire):
    """https://learn.microsoft.com/graph/api/resources/scheduleinformation."""

    schedule_id: str | None = None
    availability_view: str | None = None
    schedule_items: list[ScheduleItem] | None = None
    error: FreeBusyError | None = None


class ZoneChange(Wire):
    """When the clocks change; `daylight_bias` only on the change to summer time."""

    time: str | None = None
    day_occurrence: int | None = None
    day_of_week: str | None = None
    month: int | None = None
    year: int | None = None
    daylight_bias: int | None = None


class WorkingZone(Wire):
    """A zone by its name, or a custom one by its rules.

    Source: https://learn.microsoft.com/graph/api/resources/customtimezone
    """

    name: str | None = None
    bias: int | None = None
    standard_offset: ZoneChange | None = None
    daylight_offset: ZoneChange | None = None


class WorkingHours(Wire):
    """https://learn.microsoft.com/graph/api/resources/workinghours."""

    days_of_week: list[str] | None = None
    start_time: str | None = None
    end_time: str | None = None
    time_zone: WorkingZone | None = None


class AutomaticReplies(Wire):
    """When automatic replies are sent; their texts are not read."""

    status: str | None = None
    scheduled_start_date_time: DateTimeTimeZone | None = None
    scheduled_end_date_time: DateTimeTimeZone | None = None


class LocaleInfo(Wire):
    """https://learn.microsoft.com/graph/api/resources/localeinfo."""

    locale: str | None = None


class MailboxSettings(Wire):
    """https://learn.microsoft.com/graph/api/resources/mailboxsettings."""

    time_zone: str | None = None
    working_hours: WorkingHours | None = None
    automatic_replies_setting: AutomaticReplies | None = None
    language: LocaleInfo | None = None


class Calendar(Wire):
    """https://learn.microsoft.com/graph/api/resources/calendar."""

    allowed_online_meeting_providers: list[str] | None = None


class User(Wire):
    """https://learn.microsoft.com/graph/api/resources/user."""

    id: str
    mail: str | None = None
    user_principal_name: str | None = None
    display_name: str | None = None
    office_location: str | None = None
    account_enabled: bool | None = None
    usage_location: str | None = None
    preferred_language: str | None = None
    user_type: str | None = None


class Room(Wire):
    """https://learn.microsoft.com/graph/api/resources/room."""

    email_address: str | None = None
    display_name: str | None = None
    building: str | None = None
    capacity: int | None = None
    booking_type: str | None = None


class NamedAddress(Wire):
    """An SMTP address with the name beside it."""

    address: str | None = None
    name: str | None = None


class InvitedTo(Wire):
    """Who is invited, to be written back whole; what they answered is not written."""

    type: str | None = None
    email_address: NamedAddress | None = None


class Place(Wire):
    """Where an event is."""

    display_name: str | None = None


class RoomsOfEvent(Wire):
    """What is read of one of our own events to change its room, and not kept."""

    attendees: list[InvitedTo] | None = None
    location: Place | None = None


class Message(Wire):
    """A mail without its subject and body."""

    id: str
    internet_message_id: str | None = None


class Unread(Wire):
    """Anything of which nothing is read, but that it is there."""


class InternetMessageHeader(Wire):
    """A header line; its value is left undecoded, since only that of one name is ever looked at.

    Source: https://learn.microsoft.com/graph/api/resources/internetmessageheader
    """

    name: str | None = None
    value: msgspec.Raw = msgspec.Raw(b"null")


class ReceivedMessage(Wire):
    """A mail in the mailbox it was sent to, without its subject and body; `@odata.type` marks those about meetings.

    Source: https://learn.microsoft.com/graph/api/resources/message
    """

    id: str
    type: str | None = msgspec.field(name="@odata.type", default=None)
    sender: Recipient | None = msgspec.field(name="from", default=None)
    to_recipients: list[Recipient] | None = None
    cc_recipients: list[Unread] | None = None
    received_date_time: str | None = None
    is_draft: bool | None = None
    internet_message_headers: list[InternetMessageHeader] | None = None


class Identified(Wire):
    """Anything of which the id alone matters."""

    id: str


class ChatMember(Wire):
    """https://learn.microsoft.com/graph/api/resources/aaduserconversationmember."""

    user_id: str | None = None


class Chat(Wire):
    """https://learn.microsoft.com/graph/api/resources/chat."""

    id: str
    chat_type: str | None = None
    members: list[ChatMember] | None = None


class Identity(Wire):
    """Somebody by id."""

    id: str | None = None


class AttendanceRecord(Wire):
    """That somebody was in a meeting; when they came and went is not read."""

    email_address: str | None = None
    identity: Identity | None = None


class AttendanceReport(Wire):
    """https://learn.microsoft.com/graph/api/resources/meetingattendancereport."""

    attendance_records: list[AttendanceRecord] = []


class IdentitySet(Wire):
    """Who did something; `user` is missing for bots and connectors."""

    user: Identity | None = None


class Reaction(Wire):
    """Who reacted when; with what is not read."""

    created_date_time: str | None = None
    user: IdentitySet | None = None


class ChatMessage(Wire):
    """A chat message without its text."""

    id: str
    message_type: str | None = None
    created_date_time: str | None = None
    last_modified_date_time: str | None = None
    deleted_date_time: str | None = None
    sender: IdentitySet | None = msgspec.field(name="from", default=None)
    reactions: list[Reaction] | None = None


class Subscription(Wire):
    """https://learn.microsoft.com/graph/api/resources/subscription."""

    id: str
    resource: str | None = None
    notification_url: str | None = None
    expiration_date_time: str | None = None


class SentEvent(Wire):
    """What is read back from an event body of our own before it is sent."""

    transaction_id: str | None = None
    single_value_extended_properties: list[ExtendedProperty] | None = None


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def decode(shape: type[T], body: bytes | str) -> T:
    """Return `body` as `shape`, one of the structs above; decoders are made once for each.

    Raises:
        msgspec.MsgspecError: it is no JSON, or not of this shape.
        UnicodeDecodeError: it is no UTF-8.
    """
    decoder: msgspec.json.Decoder[T] | None = _decoders.get(shape)
    if decoder is None:
        decoder = _decoders[shape] = msgspec.json.Decoder(shape)
    return decoder.decode(body)
