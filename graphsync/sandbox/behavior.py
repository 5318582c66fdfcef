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
    # Grants less than was asked for: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2930
    longest_grant: timedelta | None = None
    # First page of a delta round empty, with a nextLink: microsoft-graph-docs issue 2839
    empty_delta_pages: bool = False
    response_delay: tuple[float, float] = (5.0, 90.0)
    room_delay: tuple[float, float] = (2.0, 10.0)
    event_notification_delay: tuple[float, float] = (1.0, 30.0)
    chat_notification_delay: tuple[float, float] = (1.0, 10.0)
    # One edit gives several `updated` items: microsoft-graph-docs issues 3072, 8497, 2155
    updated_items: tuple[int, int] = (1, 3)
    # https://learn.microsoft.com/exchange/… outbound limits: 30 messages a minute, excess is delayed
    messages_per_minute: int = 30
    notifications_per_request: int = 20
