"""Routes of subscriptions; the handshake with the receiver is made outside the world's lock.

Sources: https://learn.microsoft.com/graph/api/subscription-post-subscriptions, subscription-list, subscription-get,
subscription-update, subscription-delete, subscription-reauthorize
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import METADATA, Answer, AsyncHandler, Call, Handler, Route, collection
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.notifications.event_hubs import is_event_hub
from graphsync.sandbox.notifications.posting import Handshake
from graphsync.sandbox.notifications.subscriptions import Subscription
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import utc_text

CONTEXT = METADATA + "subscriptions/$entity"


def subscription_json(world: World, subscription: Subscription, *, with_state: bool) -> Json:
    """Return a subscription, its keys in Graph's order; `clientState` is told only to whoever just sent it."""
    encryption = subscription.encryption
    echoed = encryption is not None and world.behavior.certificate_echoed
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.application_id,
        "changeType": ",".join(subscription.change_types),
        "clientState": subscription.client_state if with_state else None,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": utc_text(subscription.expires_at),
        "creatorId": subscription.creator_id,
        "includeResourceData": True if subscription.is_rich else None,
        "latestSupportedTlsVersion": subscription.tls_version,
        "encryptionCertificate": encryption.given if encryption and echoed else None,
        "encryptionCertificateId": encryption.certificate_id if encryption else None,
        "notificationUrlAppId": subscription.token_app_id,
    }


def _shown(world: World, subscription: Subscription, status: int, *, with_state: bool) -> Answer:
    shown = subscription_json(world, subscription, with_state=with_state)
    return Answer(status=status, body={"@odata.context": CONTEXT, **shown})


def _journal(world: World, call: Call, verb: str, subscription: Subscription) -> None:
    world.journal.add(
        verb,
        actor=call.actor,
        subject_id=subscription.id,
        details={
            "resource": subscription.resource,
            "change_types": list(subscription.change_types),
            "expires_at": subscription.expires_at,
        },
    )


def list_subscriptions(world: World, call: Call) -> Answer:
    """GET all subscriptions this app made; `clientState` is not told."""
    found = [subscription_json(world, item, with_state=False) for item in world.subscriptions.of(call.application)]
    answer = collection(call, "subscriptions", found)
    call.query.finish()
    return answer


def get_subscription(world: World, call: Call) -> Answer:
    """GET one subscription."""
    subscription = world.subscriptions.find(call.keys["subscription"], call.application)
    answer = _shown(world, subscription, 200, with_state=world.behavior.client_state_on_get)
    select = call.query.select(answer.body or {})
    call.query.finish()
    if select is not None and answer.body is not None:
        answer.body = {name: answer.body[name] for name in ("@odata.context", *select)}
    return answer


def delete_subscription(world: World, call: Call) -> Answer:
    """DELETE a subscription."""
    call.query.finish()
    subscription = world.subscriptions.find(call.keys["subscription"], call.application)
    del world.subscriptions.by_id[subscription.id]
    world.notifier.forget(subscription)
    _journal(world, call, "subscription_deleted", subscription)
    return Answer(status=204)


class SubscriptionRoutes:
    """The operations that ask the receiver first."""

    def __init__(self, handshake: Handshake) -> None:
        self._handshake = handshake

    async def _ask(self, world: World, urls: list[str], request_id: str) -> None:
        """Validate each URL: an endpoint by the handshake, a hub by a message it need not answer."""
        for url in urls:
            if is_event_hub(url):
                with world.lock:
                    world.event_hubs.validate(url, request_id)
        await self._handshake([url for url in urls if not is_event_hub(url)], request_id)

    async def create(self, world: World, call: Call) -> Answer:
        """POST a subscription: check, handshake with both URLs, store."""
        call.query.finish()
        body = call.json()
        with world.lock:
            wanted = world.subscriptions.check(body, call.application)
        urls = [wanted.notification_url, *([wanted.lifecycle_url] if wanted.lifecycle_url else [])]
        await self._ask(world, urls, call.request_id)
        with world.lock:
            # Another request may have made the same one while the receiver answered.
            wanted = world.subscriptions.check(body, call.application)
            subscription = world.subscriptions.store(wanted, call.application)
            world.notifier.began(subscription)
            _journal(world, call, "subscription_created", subscription)
            return _shown(world, subscription, 201, with_state=True)

    async def update(self, world: World, call: Call) -> Answer:
        """PATCH a subscription: a new expiry also reauthorizes; a new URL is always validated."""
        call.query.finish()
        body = call.json()
        with world.lock:
            subscription = world.subscriptions.find(call.keys["subscription"], call.application)
            wanted = world.subscriptions.check_update(subscription, body, call.application)
        if world.behavior.validate_on_renewal or wanted.notification_url != subscription.notification_url:
            await self._ask(world, [wanted.notification_url], call.request_id)
        with world.lock:
            subscription = world.subscriptions.find(call.keys["subscription"], call.application)
            subscription.expires_at = wanted.expires_at
            subscription.notification_url = wanted.notification_url
            subscription.encryption = wanted.encryption
            world.notifier.began(subscription)
            _journal(world, call, "subscription_renewed", subscription)
            return _shown(world, subscription, 200, with_state=False)

    async def reauthorize(self, world: World, call: Call) -> Answer:
        """POST reauthorize: the expiry stays."""
        call.query.finish()
        with world.lock:
            subscription = world.subscriptions.find(call.keys["subscription"], call.application)
            world.subscriptions.check_reauthorize(subscription, call.application)
        if world.behavior.validate_on_renewal:
            await self._ask(world, [subscription.notification_url], call.request_id)
        with world.lock:
            _journal(world, call, "subscription_reauthorized", subscription)
        return Answer(status=204)

    def routes(self) -> list[Route]:
        """Return the routes of all subscription operations."""
        one = "subscriptions/{subscription}"
        return [
            _route("POST", "subscriptions", "createSubscription", None, self.create),
            _route("GET", "subscriptions", "listSubscriptions", list_subscriptions, None),
            _route("GET", one, "getSubscription", get_subscription, None),
            _route("PATCH", one, "updateSubscription", None, self.update),
            _route("DELETE", one, "deleteSubscription", delete_subscription, None),
            _route("POST", f"{one}/reauthorize", "reauthorizeSubscription", None, self.reauthorize),
        ]


def _route(method: str, pattern: str, operation: str, handler: Handler | None, later: AsyncHandler | None) -> Route:
    # What a caller may subscribe to is checked with the resource.
    return Route(
        method=method,
        pattern=pattern,
        operation=operation,
        permissions=(),
        subject="none",
        handler=handler,
        later=later,
    )
