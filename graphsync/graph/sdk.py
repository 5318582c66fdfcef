"""The parts of msgraph-sdk and kiota that graphsync uses, imported once and up front.

The SDK imports its builders when they are first used, and each of them warns then of a class of its own making that
is deprecated. Importing all of them here, on the thread that imports this module, keeps those warnings from showing
up in the middle of the first requests, and the import itself out of their time.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.method import Method
    from kiota_abstractions.native_response_handler import NativeResponseHandler
    from kiota_abstractions.request_information import RequestInformation
    from kiota_http.middleware.options import RedirectHandlerOption, ResponseHandlerOption, RetryHandlerOption
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.chats.chats_request_builder import ChatsRequestBuilder as AllChatsRequestBuilder
    from msgraph.generated.chats.item.chat_item_request_builder import ChatItemRequestBuilder
    from msgraph.generated.chats.item.messages.messages_request_builder import (
        MessagesRequestBuilder as ChatMessagesRequestBuilder,
    )
    from msgraph.generated.models.attendee import Attendee
    from msgraph.generated.models.attendee_type import AttendeeType
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.free_busy_status import FreeBusyStatus
    from msgraph.generated.models.internet_message_header import InternetMessageHeader
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.location import Location
    from msgraph.generated.models.message import Message
    from msgraph.generated.models.online_meeting_provider_type import OnlineMeetingProviderType
    from msgraph.generated.models.recipient import Recipient
    from msgraph.generated.models.sensitivity import Sensitivity
    from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
    from msgraph.generated.models.subscription import Subscription
    from msgraph.generated.places.graph_room.graph_room_request_builder import (
        GraphRoomRequestBuilder as RoomsRequestBuilder,
    )
    from msgraph.generated.places.places_request_builder import PlacesRequestBuilder
    from msgraph.generated.subscriptions.item.subscription_item_request_builder import (
        SubscriptionItemRequestBuilder,
    )
    from msgraph.generated.subscriptions.subscriptions_request_builder import SubscriptionsRequestBuilder
    from msgraph.generated.users.item.calendar.calendar_request_builder import CalendarRequestBuilder
    from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
        GetSchedulePostRequestBody,
    )
    from msgraph.generated.users.item.calendar.get_schedule.get_schedule_request_builder import (
        GetScheduleRequestBuilder,
    )
    from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
    from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
    from msgraph.generated.users.item.chats.chats_request_builder import ChatsRequestBuilder
    from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
    from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
    from msgraph.generated.users.item.events.item.cancel.cancel_request_builder import CancelRequestBuilder
    from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
    from msgraph.generated.users.item.mail_folders.item.mail_folder_item_request_builder import (
        MailFolderItemRequestBuilder,
    )
    from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import (
        MessagesRequestBuilder as FolderMessagesRequestBuilder,
    )
    from msgraph.generated.users.item.mail_folders.mail_folders_request_builder import MailFoldersRequestBuilder
    from msgraph.generated.users.item.mailbox_settings.mailbox_settings_request_builder import (
        MailboxSettingsRequestBuilder,
    )
    from msgraph.generated.users.item.messages.item.message_item_request_builder import MessageItemRequestBuilder
    from msgraph.generated.users.item.messages.item.send.send_request_builder import SendRequestBuilder
    from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
    from msgraph.generated.users.item.online_meetings.item.attendance_reports.attendance_reports_request_builder import (  # noqa: E501 - the SDK names it so
        AttendanceReportsRequestBuilder,
    )
    from msgraph.generated.users.item.online_meetings.item.attendance_reports.item.meeting_attendance_report_item_request_builder import (  # noqa: E501 - likewise
        MeetingAttendanceReportItemRequestBuilder as AttendanceReportItemRequestBuilder,
    )
    from msgraph.generated.users.item.online_meetings.item.online_meeting_item_request_builder import (
        OnlineMeetingItemRequestBuilder,
    )
    from msgraph.generated.users.item.online_meetings.online_meetings_request_builder import (
        OnlineMeetingsRequestBuilder,
    )
    from msgraph.generated.users.item.presence.set_user_preferred_presence.set_user_preferred_presence_post_request_body import (  # noqa: E501 - the SDK names it so
        SetUserPreferredPresencePostRequestBody as PreferredPresence,
    )
    from msgraph.generated.users.item.presence.set_user_preferred_presence.set_user_preferred_presence_request_builder import (  # noqa: E501 - likewise
        SetUserPreferredPresenceRequestBuilder,
    )
    from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped] # ships no types

__all__ = [
    "AccessTokenProvider",
    "AllChatsRequestBuilder",
    "AllowedHostsValidator",
    "AttendanceReportItemRequestBuilder",
    "AttendanceReportsRequestBuilder",
    "Attendee",
    "AttendeeType",
    "BaseBearerTokenAuthenticationProvider",
    "BodyType",
    "CalendarRequestBuilder",
    "CalendarViewRequestBuilder",
    "CancelPostRequestBody",
    "CancelRequestBuilder",
    "ChatItemRequestBuilder",
    "ChatMessagesRequestBuilder",
    "ChatsRequestBuilder",
    "DateTimeTimeZone",
    "DeltaRequestBuilder",
    "EmailAddress",
    "Event",
    "EventItemRequestBuilder",
    "EventsRequestBuilder",
    "FolderMessagesRequestBuilder",
    "FreeBusyStatus",
    "GetSchedulePostRequestBody",
    "GetScheduleRequestBuilder",
    "GraphClientFactory",
    "GraphRequestAdapter",
    "GraphServiceClient",
    "InternetMessageHeader",
    "ItemBody",
    "Location",
    "MailFolderItemRequestBuilder",
    "MailFoldersRequestBuilder",
    "MailboxSettingsRequestBuilder",
    "Message",
    "MessageItemRequestBuilder",
    "MessagesRequestBuilder",
    "Method",
    "NativeResponseHandler",
    "OnlineMeetingItemRequestBuilder",
    "OnlineMeetingProviderType",
    "OnlineMeetingsRequestBuilder",
    "PlacesRequestBuilder",
    "PreferredPresence",
    "Recipient",
    "RedirectHandlerOption",
    "RequestConfiguration",
    "RequestInformation",
    "ResponseHandlerOption",
    "RetryHandlerOption",
    "RoomsRequestBuilder",
    "SendRequestBuilder",
    "Sensitivity",
    "SetUserPreferredPresenceRequestBuilder",
    "SingleValueLegacyExtendedProperty",
    "Subscription",
    "SubscriptionItemRequestBuilder",
    "SubscriptionsRequestBuilder",
    "UserItemRequestBuilder",
    "UsersRequestBuilder",
]
