"""The switches of the sandbox: where the pages leave a choice, or reports contradict them.

What happens once or a few times is a fault (faults.py); what holds for a whole run is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Behavior:
    """How this Graph behaves where the documentation is silent; set before or during a run.

    Spans are (least, most) seconds of virtual time, drawn per item.
    """

    # Off, query options and body keys that no page lists are noted in log and journal, and passed over:
    # https://learn.microsoft.com/graph/query-parameters
    strict: bool = True
    # 400 in quoted traffic, 409 in other public code: https://github.com/alcionai/corso/issues/2490
    duplicate_transaction_status: Literal[400, 409] = 400
    # 20 by the page, 100 let through in 2020: https://github.com/microsoftgraph/microsoft-graph-docs/issues/7047
    schedule_limit: int = 20
    # Subject and location of schedule items; app-only detail level is not documented.
    schedule_details: bool = False
    # Whether a mailbox scope also limits the addresses asked about; not documented.
    schedule_within_scope: bool = False
    attendee_delete_sends_response: bool = False
    # Documented as 409; two reports of 2025 and 2026 saw two live subscriptions.
    duplicate_subscriptions: Literal["conflict", "allow"] = "conflict"
    # Handshake again on renewal: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2805
    validate_on_renewal: bool = True
    # How long an endpoint has for the echo, in real seconds; Graph's is fixed:
    # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    validation_timeout_s: float = 10.0
    # `clientState` is kept secret on lists by the page; for a single subscription reports differ: docs issue 6462
    client_state_on_get: bool = False
    # One example of the pages echoes `encryptionCertificate`, another leaves it out.
    certificate_echoed: bool = True
    # The form of validation tokens: the page's, or that seen with Teams: msgraph-sdk-dotnet-core issue 317
    validation_token_version: Literal["v1", "v2"] = "v1"
    # Grants less than was asked for: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2930
    longest_grant: timedelta | None = None
    # First page of a delta round empty, with a nextLink: microsoft-graph-docs issue 2839
    empty_delta_pages: bool = False
    # An item comes twice on a page; replays are announced by https://learn.microsoft.com/graph/delta-query-overview
    repeated_delta_items: bool = False
    # Whether delta tells of an occurrence that is gone, beside sending the series again: the page has `@removed` for
    # whatever was deleted, a report of 2019 saw none for an occurrence (microsoft-graph-docs pull request 4501).
    vanished_occurrences: Literal["removed", "silent"] = "removed"
    response_delay: tuple[float, float] = (5.0, 90.0)
    room_delay: tuple[float, float] = (2.0, 10.0)
    event_notification_delay: tuple[float, float] = (1.0, 30.0)
    chat_notification_delay: tuple[float, float] = (1.0, 10.0)
    # One edit gives several `updated` items: microsoft-graph-docs issues 3072, 8497, 2155
    updated_items: tuple[int, int] = (1, 3)
    # https://learn.microsoft.com/exchange/… outbound limits: 30 messages a minute, excess is delayed
    messages_per_minute: int = 30
    # The published limits (throttling.py): https://learn.microsoft.com/graph/throttling-limits
    throttling: bool = False
    concurrent_requests: int = 4
    # The page says per application over all mailboxes, announcements and measurements say per application and mailbox.
    concurrency_counts: Literal["mailbox", "application"] = "mailbox"
    requests_per_10_minutes: int = 10_000
    upload_bytes_per_5_minutes: int = 150_000_000
    # The header is promised and missing at times: microsoft-graph-docs issue 2886
    throttled_with_retry_after: bool = True
    # How many real seconds a request to a mailbox stays in flight while throttling is on.
    request_lasts_s: float = 0.0
    # https://learn.microsoft.com/defender-office-365/outbound-spam-policies-configure, within 24 hours; counts with
    # throttling on. What sendMail answers over it is not documented: a refusal, or a report in the inbox.
    recipients_per_day: int = 10_000
    over_recipients_per_day: Literal["refused", "bounced"] = "refused"
    # Four parts at a time by the page; all at once, and 429 for what is over four, until 2020: issues 2886, 4366, 8760
    batch_pace: Literal["four_at_a_time", "all_at_once"] = "four_at_a_time"
    # Microsoft's JavaScript client still lets all parts depend on one; the page has it parallel or in a chain.
    batch_same_dependency: bool = False
    notifications_per_request: int = 20
    # How many seconds of virtual time a first attempt waits for others to share its request.
    notification_wait: float = 0.0
    # Waits between the attempts of one notification, the last one repeated until four hours are over; Graph's are not
    # published. With jitter each is up to a fifth shorter or longer.
    retry_schedule: tuple[timedelta, ...] = tuple(
        timedelta(seconds=seconds) for seconds in (10, 30, 60, 120, 300, 600, 1200, 2400, 3600)
    )
    retry_jitter: bool = False
    # Hosts that answer late are sent less (endpoints.py):
    # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
    endpoint_states: bool = True
    # The page has ids of users in paths of meetings; nothing says that addresses work.
    meeting_paths: Literal["object_id", "any"] = "object_id"
    # The page lets attendees look a meeting up, reports have 403: microsoft-graph-docs issue 17234
    meetings_for_attendees: bool = False
    # Two wordings of the 403 without a policy, one of the page, one of reports: microsoft-graph-docs-contrib issue 470
    meeting_policy_refusal: Literal["no_policy", "not_authorized"] = "no_policy"
    # Up to 30 minutes: https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy
    meeting_policy_delay: tuple[float, float] = (0.0, 0.0)
    # What a join link that leads nowhere gives is not documented.
    unknown_join_url: Literal["not_found", "empty"] = "not_found"
    # How long after the end of a meeting its attendance report is there; no page says.
    report_delay: tuple[float, float] = (60.0, 300.0)
    # The tenant's policy for attendance reports:
    # https://learn.microsoft.com/microsoftteams/teams-analytics-and-reports/meeting-attendance-report
    attendance_reports: bool = True
    # Busy or busy: pages and answers differ: https://learn.microsoft.com/graph/api/resources/presence
    presence_casing: Literal["pascal", "camel"] = "pascal"
    # Real bodies come with and without `innerError`: https://learn.microsoft.com/graph/errors
    inner_errors: bool = True
    # "Not supported" for applications by https://learn.microsoft.com/graph/api/teamsapp-update; reports are missing.
    app_only_catalog_upload: Literal["refused", "served"] = "refused"
    # All samples have deep links, no page says what other links do:
    # https://learn.microsoft.com/graph/teams-send-activityfeednotifications
    topic_web_url: Literal["teams_deep_link", "any"] = "teams_deep_link"
    # Exports of chats over the evaluation quota are 402; notes of 2026 call them unmetered since 2025-08-25:
    # https://learn.microsoft.com/graph/teams-licenses
    chat_exports: Literal["free", "over_quota"] = "free"
    # 100 KB as UTF-16: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages;
    # 413 at some 70 KB of UTF-8 was reported, which this explains: https://learn.microsoft.com/answers/questions/5566078
    bot_message_bytes: int = 102_400
    bot_message_counted_as: Literal["utf-16", "utf-8"] = "utf-16"
    # What a blocked or uninstalled bot hears: two pages of Microsoft's have two shapes.
    # https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages
    blocked_bot: Literal["MessageWritesBlocked", "ConversationBlockedByUser"] = "MessageWritesBlocked"
    # How often Teams tries to tell a bot something, and how often it does so though once was enough; not documented.
    activity_attempts: int = 1
    activity_copies: int = 1
    # Real seconds a bot has for its answer to a click; 10 to 15 are told of, none is documented.
    invoke_timeout_s: float = 10.0
