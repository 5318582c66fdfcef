"""How many subscriptions there may be of one resource.

Sources: https://learn.microsoft.com/graph/api/resources/subscription,
https://learn.microsoft.com/graph/change-notifications-with-resource-data (quotas of Teams resources)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graphsync.sandbox.notifications.resources import OUTLOOK
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application

if TYPE_CHECKING:
    from graphsync.sandbox.notifications.subscriptions import Subscription, SubscriptionRequest

MOST_PER_MAILBOX = 1_000
MOST_PER_PERSONS_CHATS = 10
MOST_OF_CHATS_PER_TENANT = 10_000


def check_quota(
    request: SubscriptionRequest, live: Iterable[Subscription], application: Application, tenant_id: str
) -> None:
    """Refuse a subscription that is one too many.

    Raises:
        GraphRefusal: 429 for a mailbox, as reported, where the page says 403; 403 for chats.
    """
    if request.kind in OUTLOOK:
        of_mailbox = [item for item in live if item.kind in OUTLOOK and item.watched == request.watched]
        if len(of_mailbox) >= MOST_PER_MAILBOX:
            raise GraphRefusal(
                429,
                "ExtensionError",
                f"Resource 'SubscriptionCountReached' has reached limit of '{MOST_PER_MAILBOX}'. "
                "Please retry after '12/31/9999 23:59:59'",
            )
        return
    of_chats = [item for item in live if item.kind not in OUTLOOK]
    same = [item for item in of_chats if (item.kind, item.watched) == (request.kind, request.watched)]
    place = request.resource.partition("?")[0].strip("/").upper()
    if any(item.application_id == application.client_id for item in same):
        raise _reached(f"App '{application.client_id}'", 1, place, tenant_id)
    if request.kind == "user_chats" and len(same) >= MOST_PER_PERSONS_CHATS:
        raise _reached(f"User '{request.watched}'", MOST_PER_PERSONS_CHATS, place, tenant_id)
    if len(of_chats) >= MOST_OF_CHATS_PER_TENANT:
        raise _reached("Organization", MOST_OF_CHATS_PER_TENANT, place, tenant_id)


def _reached(who: str, limit: int, place: str, tenant_id: str) -> GraphRefusal:
    """Return the refusal in the words reported for an app; those for a user and a tenant are by analogy."""
    return GraphRefusal(
        403,
        "ExtensionError",
        f"{who} has reached its limit of '{limit}' '{place}' subscription on tenant '{tenant_id}'",
    )
