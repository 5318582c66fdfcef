"""Subscriptions by the SDK."""

from __future__ import annotations

from datetime import timedelta

from contract.sdk_operations.registry import ANA, by_sdk

from graphsync.graph import sdk


@by_sdk("createSubscription")
async def create_subscription(scene):
    subscription = await scene.subscription()
    assert (subscription.change_type, subscription.client_state) == ("created,updated,deleted", "sdk")
    assert scene.receiver.handshakes


@by_sdk("listSubscriptions")
async def list_subscriptions(scene):
    subscription = await scene.subscription()
    found = await scene.client.subscriptions.get()
    assert [(each.id, each.client_state) for each in found.value] == [(subscription.id, None)]


@by_sdk("getSubscription")
async def get_subscription(scene):
    subscription = await scene.subscription()
    read = await scene.client.subscriptions.by_subscription_id(subscription.id).get()
    assert read.resource == f"users/{ANA}/events"


@by_sdk("updateSubscription")
async def update_subscription(scene):
    subscription = await scene.subscription()
    later = subscription.expiration_date_time + timedelta(days=1)
    one = scene.client.subscriptions.by_subscription_id(subscription.id)
    renewed = await one.patch(sdk.Subscription(expiration_date_time=later))
    assert renewed.expiration_date_time == later


@by_sdk("deleteSubscription")
async def delete_subscription(scene):
    subscription = await scene.subscription()
    await scene.client.subscriptions.by_subscription_id(subscription.id).delete()
    assert scene.world.live_subscriptions() == []


@by_sdk("reauthorizeSubscription")
async def reauthorize_subscription(scene):
    subscription = await scene.subscription()
    one = scene.client.subscriptions.by_subscription_id(subscription.id)
    assert await one.reauthorize.post() is None
    assert (await one.get()).expiration_date_time == subscription.expiration_date_time
