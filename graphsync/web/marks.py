"""What a genuine notification makes dirty."""

from __future__ import annotations

from hmac import compare_digest
from typing import assert_never

from graphsync.engine.ports import Subject, SubjectKind, Subscription
from graphsync.errors import ClientStateMismatch
from graphsync.notifications import ChangeNotification, LifecycleEvent, LifecycleNotification, item_id

Notification = ChangeNotification | LifecycleNotification


def has_client_state(notification: Notification, subscription: Subscription) -> bool:
    """Tell in constant time whether the notification carries the `clientState` its subscription was made with.

    One that is empty on either side is never right.
    """
    given, stored = notification.client_state.encode(), subscription.client_state.encode()
    return compare_digest(given, stored) and bool(stored)


def check_client_state(notification: Notification, subscription: Subscription) -> None:
    """Return if the `clientState` is the stored one.

    Raises:
        ClientStateMismatch: it is not; somebody else than Graph has sent this.
    """
    if not has_client_state(notification, subscription):
        raise ClientStateMismatch(notification.subscription_id)


def marks_of(notification: Notification, subscription: Subscription) -> tuple[Subject, ...]:
    """Return what is to be looked at, at least one subject; `subscription` is the one the notification belongs to."""
    if isinstance(notification, ChangeNotification):
        return (_changed(notification, subscription.subject),)
    itself = Subject(kind=SubjectKind.SUBSCRIPTION, owner=subscription.resource)
    match notification.lifecycle_event:
        # Some notifications were not delivered; the subscription lives on.
        case LifecycleEvent.MISSED:
            return (subscription.subject,)
        # Graph's own token is ageing, or the expiry is near; nothing is lost yet.
        case LifecycleEvent.REAUTHORIZATION_REQUIRED:
            return (itself,)
        # The subscription is gone, and with it what changed until there is a new one.
        case LifecycleEvent.SUBSCRIPTION_REMOVED | LifecycleEvent.UNKNOWN:
            return (itself, subscription.subject)
        case _ as unreachable:
            assert_never(unreachable)


def _changed(notification: ChangeNotification, subject: Subject) -> Subject:
    """Return the one event where the notification names it, and else all that the subscription is about."""
    if subject.kind is not SubjectKind.MAILBOX:
        return subject
    # `#Microsoft.Graph.Event` here and `#microsoft.graph.event` there:
    # https://learn.microsoft.com/graph/outlook-change-notifications-overview
    names_event = notification.odata_type.casefold() in ("", "#microsoft.graph.event")
    found = item_id(notification) if names_event else None
    if found is None:
        return subject
    return Subject(kind=SubjectKind.EVENT, owner=subject.owner, item=found)
