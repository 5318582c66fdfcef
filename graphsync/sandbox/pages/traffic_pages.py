"""Pages about what goes over the wire: subscriptions, requests to Graph, notifications."""

from __future__ import annotations

from graphsync.sandbox.journal import JournalEntry
from graphsync.sandbox.notifications.subscriptions import Subscription
from graphsync.sandbox.pages.visits import Action, Done, PageMissing, Shown, Steering, View, Visit
from graphsync.sandbox.pages.words import span
from graphsync.sandbox.world import World

MOST_ROWS = 50
_NOTIFICATIONS = {
    "notification_delivered": "delivered",
    "notification_failed": "failed",
    "notification_lost": "lost",
    "notification_dropped": "given up",
}


def subscriptions(steering: Steering, visit: Visit) -> Shown:
    """List the live subscriptions with what waits for each."""
    world = steering.world
    live = world.live_subscriptions()
    now = world.clock.now()
    return Shown(
        template="subscriptions.html",
        title="Subscriptions",
        section="subscriptions",
        values={
            "subscriptions": [
                (item, world.notifications_waiting(item.id), span(item.expires_at - now), _watched(world, item))
                for item in live[:MOST_ROWS]
            ],
            "count": len(live),
        },
    )


def _watched(world: World, subscription: Subscription) -> str:
    user = world.directory.lookup(subscription.watched)
    return user.address if user else ""


def traffic(steering: Steering, visit: Visit) -> Shown:
    """List the last requests to Graph with the words of a refusal, and the last notifications."""
    world = steering.world
    requests = list(world.last_requests)[-MOST_ROWS:][::-1]
    wanted = {request.request_id for request in requests}
    refused: dict[str, JournalEntry] = {}
    notifications: list[JournalEntry] = []
    for entry in world.journal:
        if entry.verb == "request_refused" and entry.subject_id in wanted:
            refused[entry.subject_id] = entry
        elif entry.verb in _NOTIFICATIONS:
            notifications.append(entry)
    return Shown(
        template="traffic.html",
        title="Traffic",
        section="traffic",
        values={
            "requests": requests,
            "refused": refused,
            "notifications": notifications[-MOST_ROWS:][::-1],
            "verbs": _NOTIFICATIONS,
            "most": MOST_ROWS,
        },
    )


def _live(world: World, subscription_id: str) -> Subscription:
    found = next((item for item in world.live_subscriptions() if item.id == subscription_id), None)
    if found is None:
        raise PageMissing(f"found subscription {subscription_id!r}; expected one that is live")
    return found


def _told(subscription: Subscription, lifecycle_event: str) -> str:
    if subscription.lifecycle_url is None:
        return f"There is no lifecycle URL to be told {lifecycle_event}."
    return f"Its lifecycle URL is told {lifecycle_event} when time next passes."


def remove(steering: Steering, visit: Visit) -> Done:
    """Take a subscription away as Graph may."""
    found = _live(steering.world, visit.keys[0])
    steering.world.remove_subscription(found.id)
    return Done(f"Removed the subscription to {found.resource}. {_told(found, 'subscriptionRemoved')}")


def lose(steering: Steering, visit: Visit) -> Done:
    """Drop what waits for a subscription; its lifecycle URL is told `missed` if the form says so."""
    found = _live(steering.world, visit.keys[0])
    announce = visit.form.get("announce") == "true"
    lost = steering.world.lose_notifications(found.id, announce=announce)
    told = ""
    if announce and found.kind in {"events", "messages"}:
        told = " " + _told(found, "missed")
    elif announce:
        told = " missed is never sent for Teams resources."
    return Done(f"Lost {lost} notification{'s' if lost != 1 else ''} of {found.resource}.{told}")


def reauthorize(steering: Steering, visit: Visit) -> Done:
    """Ask for a reauthorization now."""
    found = _live(steering.world, visit.keys[0])
    steering.world.ask_for_reauthorization(found.id)
    return Done(f"Asked for reauthorization of {found.resource}. {_told(found, 'reauthorizationRequired')}")


PAGES: tuple[tuple[str, View], ...] = (
    ("/page/subscriptions", subscriptions),
    ("/page/traffic", traffic),
)
ACTIONS: tuple[tuple[str, Action], ...] = (
    ("/page/subscriptions/{id}/remove", remove),
    ("/page/subscriptions/{id}/lose", lose),
    ("/page/subscriptions/{id}/reauthorize", reauthorize),
)
