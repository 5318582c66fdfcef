"""Subscriptions: what is watched for whom, their limits, and which of them a change concerns.

Sources: https://learn.microsoft.com/graph/api/subscription-post-subscriptions, subscription-update,
subscription-reauthorize; https://learn.microsoft.com/graph/change-notifications-lifecycle-events;
the error texts are those of notifications.md section 1.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from graphsync.sandbox.bodies import is_annotation, text_of
from graphsync.sandbox.core import Core
from graphsync.sandbox.directory import Application, User
from graphsync.sandbox.names import names
from graphsync.sandbox.refusals import GraphRefusal, close_to, not_served, refuse_unknown

ResourceKind = Literal["events", "messages", "chat", "user_chats"]

SHORTEST_LIFE = timedelta(minutes=45)
LONGEST_OUTLOOK_MINUTES = 10_070  # the documented 10,080 are refused: notifications.md section 0
LONGEST_TEAMS_MINUTES = 4_320
LIFECYCLE_URL_NEEDED_ABOVE = timedelta(hours=1)
LONGEST_CLIENT_STATE = 128
MOST_PER_MAILBOX = 1000
CHANGE_TYPES = ("created", "updated", "deleted")

SETTABLE = names(
    """
    changeType notificationUrl lifecycleNotificationUrl resource expirationDateTime clientState
    latestSupportedTlsVersion includeResourceData encryptionCertificate encryptionCertificateId
    notificationQueryOptions notificationUrlAppId
    """
)
UPDATABLE = frozenset({"expirationDateTime", "notificationUrl"})

_PERMISSIONS: dict[ResourceKind, tuple[str, ...]] = {
    "events": ("Calendars.Read", "Calendars.ReadWrite"),
    "messages": ("Mail.ReadBasic.All", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"),
    "chat": ("Chat.Read.All", "Chat.ReadWrite.All"),
    "user_chats": ("Chat.Read.All", "Chat.ReadWrite.All"),
}
_RESOURCES: tuple[tuple[re.Pattern[str], ResourceKind], ...] = (
    (re.compile(r"users/([^/]+)/(?:calendar/)?events", re.I), "events"),
    (re.compile(r"users/([^/]+)/mailfolders/inbox/messages", re.I), "messages"),
    (re.compile(r"users/([^/]+)/messages", re.I), "messages"),
    (re.compile(r"chats/([^/]+)/messages", re.I), "chat"),
    (re.compile(r"users/([^/]+)/chats/getallmessages(?:\(\))?", re.I), "user_chats"),
)


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription:
    """One live subscription. `watched` is the id of the user or chat, `generation` counts renewals."""

    id: str
    application_id: str
    creator_id: str
    resource: str
    kind: ResourceKind
    watched: str
    change_types: tuple[str, ...]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    created_at: datetime
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """A checked request to create one."""

    resource: str
    kind: ResourceKind
    watched: str
    change_types: tuple[str, ...]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime


def invalid_subscription(message: str) -> GraphRefusal:
    """Return the refusal for a subscription request that is not right."""
    return GraphRefusal(400, "InvalidRequest", message)


def extension_error(status: int, operation: str, reason: str, name: str) -> GraphRefusal:
    """Return the wrapper in which the owning workload's refusal arrives."""
    return GraphRefusal(
        status, "ExtensionError", f"Operation: {operation}; Exception: [Status Code: {name}; Reason: {reason}]"
    )


def subscription_not_found(subscription_id: str) -> GraphRefusal:
    """Return the refusal for an id that is unknown, removed or expired."""
    return GraphRefusal(404, "ResourceNotFound", f"The object '{subscription_id}' was not found.")


@dataclass(slots=True)
class Subscriptions:
    """All live subscriptions, by id."""

    core: Core
    by_id: dict[str, Subscription] = field(default_factory=dict)
    # By what is watched, so that a change need not look at all; those that are gone are dropped when met.
    _by_watched: dict[tuple[ResourceKind, str], list[Subscription]] = field(default_factory=dict)

    def check(self, body: Mapping[str, Any], application: Application) -> SubscriptionRequest:
        """Return the request a body makes; what follows is the handshake, then `store`.

        Raises:
            GraphRefusal: 400, 403, 404, 409 or 429, with the texts Graph uses.
        """
        for key in body:
            if key not in SETTABLE and not is_annotation(key):
                refuse_unknown(
                    invalid_subscription(
                        "Could not process subscription creation payload. Are all property names spelled and "
                        f"camelCased properly? '{key}'{close_to(key, SETTABLE)}"
                    )
                )
        if body.get("includeResourceData"):
            raise not_served("notifications with resource data")
        resource = text_of(body.get("resource"), "resource")
        kind, watched = self._watched(resource)
        user = self._permitted(kind, watched, application, "Create")
        client_state = body.get("clientState")
        if client_state is not None and len(text_of(client_state, "clientState")) > LONGEST_CLIENT_STATE:
            raise invalid_subscription(f"clientState is longer than {LONGEST_CLIENT_STATE} characters.")
        lifecycle_url = body.get("lifecycleNotificationUrl")
        request = SubscriptionRequest(
            resource=resource,
            kind=kind,
            watched=user.id if user else watched,
            change_types=_change_types(body.get("changeType")),
            notification_url=_https(body.get("notificationUrl"), "notificationUrl"),
            lifecycle_url=None if lifecycle_url is None else _https(lifecycle_url, "lifecycleNotificationUrl"),
            client_state=client_state,
            expires_at=self._granted(body.get("expirationDateTime"), kind, has_lifecycle=lifecycle_url is not None),
        )
        self._check_quota(request, application)
        return request

    def _watched(self, resource: str) -> tuple[ResourceKind, str]:
        path = resource.partition("?")[0].strip("/")
        if "?" in resource:
            raise not_served("query options in a subscription's resource")
        plain = re.sub(r"\('([^']*)'\)", r"/\1", path)
        for pattern, kind in _RESOURCES:
            match = pattern.fullmatch(plain)
            if match:
                return kind, match.group(1)
        known = ("users/{id}/events", "users/{id}/messages", "chats/{id}/messages", "users/{id}/chats/getAllMessages")
        raise invalid_subscription(f"Resource '{resource}' is not supported{close_to(resource, known)}.")

    def _permitted(self, kind: ResourceKind, watched: str, application: Application, operation: str) -> User | None:
        if kind == "chat":
            if not application.holds_any(_PERMISSIONS[kind]):
                raise extension_error(403, operation, "Access denied", "Forbidden")
            return None
        user = self.core.directory.lookup(watched)
        if user is None:
            raise extension_error(404, operation, f"The requested user '{watched}' is invalid.", "NotFound")
        if not application.may(_PERMISSIONS[kind], user.id):
            raise extension_error(403, operation, "Access denied", "Forbidden")
        if kind in {"events", "messages"} and user.mailbox != "ok":
            raise extension_error(404, operation, "REST API is not yet supported for this mailbox.", "NotFound")
        return user

    def _granted(self, value: object, kind: ResourceKind, *, has_lifecycle: bool) -> datetime:
        if value is None:
            raise invalid_subscription("expirationDateTime is a required property for subscription creation")
        wanted = _zoned_instant(text_of(value, "expirationDateTime"))
        now = self.core.clock.now()
        if kind in {"chat", "user_chats"}:
            if wanted - now > LIFECYCLE_URL_NEEDED_ABOVE and not has_lifecycle:
                raise invalid_subscription(
                    "lifecycleNotificationUrl is required for subscription creation on this resource when the "
                    "expirationDateTime value exceeds 1 hour"
                )
            if wanted - now > timedelta(minutes=LONGEST_TEAMS_MINUTES):
                raise extension_error(
                    400,
                    "Create",
                    f"Expiration time '{wanted:%Y-%m-%dT%H:%M:%SZ}' ('{wanted - now}' from now) is beyond allowed "
                    "max '3.00:00:00'.",
                    "BadRequest",
                )
        elif wanted - now > timedelta(minutes=LONGEST_OUTLOOK_MINUTES):
            raise GraphRefusal(
                400,
                "ExtensionError",
                f"Subscription expiration can only be {LONGEST_OUTLOOK_MINUTES} minutes in the future.",
            )
        longest = self.core.behavior.longest_grant
        granted = max(wanted, now + SHORTEST_LIFE)
        return granted if longest is None else min(granted, now + longest)

    def _check_quota(self, request: SubscriptionRequest, application: Application) -> None:
        same_place = self._watching(request.kind, request.watched)
        mine = [item for item in same_place if item.application_id == application.client_id]
        if request.kind in {"chat", "user_chats"} and mine:
            raise GraphRefusal(
                403,
                "ExtensionError",
                f"App '{application.client_id}' has reached its limit of '1' "
                f"'{request.resource.strip('/').upper()}' subscription on tenant '{self.core.tenant_id}'",
            )
        if request.kind in {"events", "messages"} and len(same_place) >= MOST_PER_MAILBOX:
            raise GraphRefusal(
                429,
                "ExtensionError",
                f"Resource 'SubscriptionCountReached' has reached limit of '{MOST_PER_MAILBOX}'. "
                "Please retry after '12/31/9999 23:59:59'",
            )
        if self.core.behavior.duplicate_subscriptions == "conflict":
            for item in mine:
                if set(item.change_types) == set(request.change_types):
                    raise GraphRefusal(
                        409,
                        "ExtensionError",
                        f"Subscription Id {item.id} already exists for the requested combination",
                    )

    def store(self, request: SubscriptionRequest, application: Application) -> Subscription:
        """Make the subscription of a request whose handshake went well."""
        key = (application.client_id, request.kind, request.watched, ",".join(request.change_types))
        subscription = Subscription(
            id=self.core.draws.guid("subscription", *key, self.core.draws.ordinal("subscription", *key)),
            application_id=application.client_id,
            creator_id=application.object_id,
            resource=request.resource,
            kind=request.kind,
            watched=request.watched,
            change_types=request.change_types,
            notification_url=request.notification_url,
            lifecycle_url=request.lifecycle_url,
            client_state=request.client_state,
            expires_at=request.expires_at,
            created_at=self.core.clock.now(),
        )
        self.by_id[subscription.id] = subscription
        self._by_watched.setdefault((subscription.kind, subscription.watched), []).append(subscription)
        return subscription

    def find(self, subscription_id: str, application: Application) -> Subscription:
        """Return the application's live subscription with this id.

        Raises:
            GraphRefusal: 404; unknown, removed, expired, or of another application.
        """
        subscription = self.by_id.get(subscription_id.lower())
        if subscription is None or subscription.application_id != application.client_id:
            raise subscription_not_found(subscription_id)
        return subscription

    def of(self, application: Application) -> list[Subscription]:
        """Return the live subscriptions an application made, oldest first."""
        mine = [item for item in self.by_id.values() if item.application_id == application.client_id]
        mine.sort(key=lambda item: (item.created_at, item.id))
        return mine

    def check_update(
        self, subscription: Subscription, body: Mapping[str, Any], application: Application
    ) -> tuple[datetime, str]:
        """Return the expiry and the URL a PATCH asks for.

        Raises:
            GraphRefusal: 400 for what cannot be changed or is out of range, 403 if the permission was withdrawn.
        """
        for key in body:
            if key not in UPDATABLE and not is_annotation(key):
                refusal = invalid_subscription(f"Property '{key}' cannot be updated{close_to(key, UPDATABLE)}.")
                if key in SETTABLE:
                    raise refusal
                refuse_unknown(refusal)
        self._permitted(subscription.kind, subscription.watched, application, "Update")
        expires_at = subscription.expires_at
        if "expirationDateTime" in body:
            has_lifecycle = subscription.lifecycle_url is not None
            expires_at = self._granted(body["expirationDateTime"], subscription.kind, has_lifecycle=has_lifecycle)
        url = subscription.notification_url
        if "notificationUrl" in body:
            url = _https(body["notificationUrl"], "notificationUrl")
        return expires_at, url

    def check_reauthorize(self, subscription: Subscription, application: Application) -> None:
        """Refuse if the permission the subscription needs was withdrawn."""
        self._permitted(subscription.kind, subscription.watched, application, "Reauthorize")

    def watching(self, kind: ResourceKind, watched: str, change_type: str) -> list[Subscription]:
        """Return who is to be told of a change, in a fixed order."""
        found = [item for item in self._watching(kind, watched) if change_type in item.change_types]
        found.sort(key=lambda item: item.id)
        return found

    def _watching(self, kind: ResourceKind, watched: str) -> list[Subscription]:
        """Return the live subscriptions to one thing, oldest first."""
        known = self._by_watched.get((kind, watched))
        if known is None:
            return []
        known[:] = [item for item in known if item.id in self.by_id]
        return list(known)


def _zoned_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise _unprocessable() from error
    if instant.tzinfo is None:
        raise _unprocessable()
    return instant.astimezone(UTC)


def _unprocessable() -> GraphRefusal:
    return invalid_subscription(
        "Could not process subscription creation payload. Are all property names spelled and camelCased properly? "
        "Also are the Datatypes of each property correct?"
    )


def _change_types(value: object) -> tuple[str, ...]:
    wanted = tuple(part.strip().lower() for part in text_of(value, "changeType").split(",") if part.strip())
    unknown = [part for part in wanted if part not in CHANGE_TYPES]
    if unknown or not wanted:
        raise invalid_subscription(f"changeType '{value}' is not supported{close_to(str(value), CHANGE_TYPES)}.")
    return wanted


def _https(value: object, where: str) -> str:
    url = text_of(value, where)
    if not url.lower().startswith("https://"):
        raise invalid_subscription(f"{where} must be an https URL.")
    return url
