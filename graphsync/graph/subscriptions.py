"""Subscriptions to change notifications.

Source: https://learn.microsoft.com/graph/api/resources/subscription
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from graphsync.engine.ports import SubscriptionGrant
from graphsync.errors import GraphNotFound, GraphUnavailable
from graphsync.graph import sdk, wire
from graphsync.graph.retrying import Repeat
from graphsync.graph.times import instant
from graphsync.graph.transport import Transport

LONGEST_CLIENT_STATE: Final = 128


async def create_subscription(
    transport: Transport,
    resource: str,
    *,
    change_type: str,
    notification_url: str,
    client_state: str,
    expires_at: datetime,
) -> SubscriptionGrant:
    """Subscribe; lifecycle notifications go to the same URL. Graph asks that URL for an answer meanwhile.

    Args:
        transport: where the request goes.
        resource: a path such as `users/{id}/events`.
        change_type: a comma list of `created`, `updated`, `deleted`.
        notification_url: https; it must answer Graph's validation request while this call is open.
        client_state: at most 128 characters; comes back with every notification.
        expires_at: aware; Graph may grant less.

    Raises:
        GraphRejected: among other causes, the URL did not answer the validation.
        GraphUnavailable: the subscription may stand all the same; list before creating again.
        ValueError: `client_state` is too long, or `expires_at` naive.
    """
    if len(client_state) > LONGEST_CLIENT_STATE:
        raise ValueError(f"a clientState has at most {LONGEST_CLIENT_STATE} characters, not {len(client_state)}")
    body = sdk.Subscription()
    body.resource = resource
    body.change_type = change_type
    body.notification_url = notification_url
    # Needed for Teams resources that live longer than an hour, and welcome for all; it cannot be added later.
    body.lifecycle_notification_url = notification_url
    body.client_state = client_state
    body.expiration_date_time = _aware(expires_at)
    info = transport.graph.subscriptions.to_post_request_information(body)
    found = await transport.read(
        "create_subscription", info, wire.Subscription, mailbox=None, repeat=Repeat.IF_NOT_DONE
    )
    return _grant("create_subscription", found)


async def renew_subscription(transport: Transport, subscription_id: str, expires_at: datetime) -> SubscriptionGrant:
    """Move the expiry, and answer a request to reauthorize by that; what was granted is returned.

    Raises:
        GraphNotFound: the subscription is gone; create it again.
    """
    body = sdk.Subscription()
    body.expiration_date_time = _aware(expires_at)
    builder = transport.graph.subscriptions.by_subscription_id(subscription_id)
    info = builder.to_patch_request_information(body)
    return _grant(
        "renew_subscription", await transport.read("renew_subscription", info, wire.Subscription, mailbox=None)
    )


async def list_subscriptions(transport: Transport) -> list[SubscriptionGrant]:
    """Return every subscription of this application in the tenant."""
    # The call takes no query options (https://learn.microsoft.com/graph/api/subscription-list).
    info = transport.graph.subscriptions.to_get_request_information()
    grants: dict[str, SubscriptionGrant] = {}
    async for page in transport.pages("list_subscriptions", info, wire.Subscription, mailbox=None):
        for found in page.value:
            grants[found.id] = _grant("list_subscriptions", found)
    return list(grants.values())


async def delete_subscription(transport: Transport, subscription_id: str) -> None:
    """End a subscription; one that is gone already is what was wanted."""
    info = transport.graph.subscriptions.by_subscription_id(subscription_id).to_delete_request_information()
    try:
        await transport.do("delete_subscription", info, mailbox=None, repeat=Repeat.ALWAYS)
    except GraphNotFound:
        return


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an expiry without its zone is refused by Graph; expected an aware datetime")
    return moment.astimezone(UTC)


def _grant(operation: str, found: wire.Subscription) -> SubscriptionGrant:
    try:
        expires_at = instant(found.expiration_date_time)
    except ValueError:
        raise GraphUnavailable(operation, status=200, code="unreadable_answer") from None
    return SubscriptionGrant(
        id=found.id,
        resource=found.resource or "",
        notification_url=found.notification_url or "",
        expires_at=expires_at,
    )
