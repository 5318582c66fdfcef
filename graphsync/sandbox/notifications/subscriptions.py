"""Subscriptions: what is watched for whom, their limits, and which of them a change concerns.

Sources: https://learn.microsoft.com/graph/api/subscription-post-subscriptions, subscription-update,
subscription-reauthorize; https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import flag_of, is_annotation, text_of
from graphsync.sandbox.names import names
from graphsync.sandbox.notifications.event_hubs import FORMS, is_event_hub, names_a_hub
from graphsync.sandbox.notifications.quotas import check_quota
from graphsync.sandbox.notifications.resources import OUTLOOK, Resource, ResourceKind, parse_resource
from graphsync.sandbox.notifications.rich import Encryption, check_rich, encryption_of
from graphsync.sandbox.notifications.subscription_refusals import (
    extension_error,
    invalid_subscription,
    subscription_not_found,
    unprocessable_subscription,
)
from graphsync.sandbox.refusals import GraphRefusal, close_to, not_served, refuse_unknown
from graphsync.sandbox.tenant.directory import Application, User

SHORTEST_LIFE = timedelta(minutes=45)
# The documented 10,080 are refused; with resource data it is a day:
# https://learn.microsoft.com/graph/api/resources/subscription (subscription lifetime)
LONGEST_OUTLOOK_MINUTES, LONGEST_RICH_OUTLOOK_MINUTES = 10_070, 1_440
LONGEST_TEAMS_MINUTES = 4_320
LIFECYCLE_URL_NEEDED_ABOVE = timedelta(hours=1)
LONGEST_CLIENT_STATE = 128
CHANGE_TYPES = ("created", "updated", "deleted")
TLS_VERSIONS = ("v1_0", "v1_1", "v1_2", "v1_3")

SETTABLE = names(
    """
    changeType notificationUrl lifecycleNotificationUrl resource expirationDateTime clientState
    latestSupportedTlsVersion includeResourceData encryptionCertificate encryptionCertificateId
    notificationQueryOptions notificationUrlAppId
    """
)
UPDATABLE = names("expirationDateTime notificationUrl encryptionCertificate encryptionCertificateId")
# For browsers alone: https://learn.microsoft.com/graph/api/resources/subscription
WEB_PUSH = names("vapidPublicKey webPushEncryptionP256dhPublicKey webPushEncryptionSecret")
ELSEWHERE = {"notificationQueryOptions": "Universal Print", "blobStoreUrl": "Event Hubs"}

_DATA_TYPES = "Also are the Datatypes of each property correct?"
_PERMISSIONS: dict[ResourceKind, tuple[str, ...]] = {
    "events": ("Calendars.Read", "Calendars.ReadWrite"),
    "messages": ("Mail.ReadBasic.All", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"),
    "chat": ("Chat.Read.All", "Chat.ReadWrite.All"),
    "user_chats": ("Chat.Read.All", "Chat.ReadWrite.All"),
}


@dataclass(slots=True, kw_only=True, eq=False)
class SubscriptionRequest:
    """A checked request to create one. `watched` is the id of the user or chat."""

    target: Resource
    watched: str
    change_types: tuple[str, ...]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    is_rich: bool = False
    encryption: Encryption | None = None
    token_app_id: str | None = None
    tls_version: str = "v1_2"

    @property
    def kind(self) -> ResourceKind:
        """Return what kind of thing is watched."""
        return self.target.kind

    @property
    def resource(self) -> str:
        """Return what is watched, as it was written."""
        return self.target.text

    @property
    def place(self) -> tuple[object, ...]:
        """Return what is equal for requests of the same resource, however it is written."""
        return (self.kind, self.watched, self.target.folder, self.target.options)


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription(SubscriptionRequest):
    """One live subscription. `generation` counts renewals."""

    id: str
    application_id: str
    creator_id: str
    created_at: datetime
    generation: int = 0

    @property
    def token_audience(self) -> str | None:
        """Return the application its validation tokens are for, None if it gets none."""
        return (self.token_app_id or self.application_id) if self.is_rich else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionUpdate:
    """A checked request to change one: all that can change, as it is to be."""

    expires_at: datetime
    notification_url: str
    encryption: Encryption | None


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
        _check_names(body)
        target = parse_resource(text_of(body.get("resource"), "resource"))
        user = self._permitted(target.kind, target.owner, application, "Create")
        is_rich = flag_of(body.get("includeResourceData") or False, "includeResourceData")
        encryption = encryption_of(body)
        if is_rich:
            check_rich(target, encryption)
        lifecycle_url = body.get("lifecycleNotificationUrl")
        request = SubscriptionRequest(
            target=target,
            watched=user.id if user else target.owner,
            change_types=_change_types(body.get("changeType")),
            notification_url=_endpoint(body.get("notificationUrl"), "notificationUrl"),
            lifecycle_url=None if lifecycle_url is None else _endpoint(lifecycle_url, "lifecycleNotificationUrl"),
            client_state=_client_state(body.get("clientState")),
            expires_at=self._granted(
                body.get("expirationDateTime"), target.kind, is_rich=is_rich, has_lifecycle=lifecycle_url is not None
            ),
            is_rich=is_rich,
            encryption=encryption,
            token_app_id=_text_or_none(body, "notificationUrlAppId"),
            tls_version=_tls_version(body.get("latestSupportedTlsVersion")),
        )
        check_quota(request, self._counted_with(request), application, self.core.tenant_id)
        self._check_duplicates(request, application)
        return request

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

    def _granted(self, value: object, kind: ResourceKind, *, is_rich: bool, has_lifecycle: bool) -> datetime:
        if value is None:
            raise invalid_subscription("expirationDateTime is a required property for subscription creation")
        wanted = _zoned_instant(text_of(value, "expirationDateTime"))
        now = self.core.clock.now()
        longest_outlook = LONGEST_RICH_OUTLOOK_MINUTES if is_rich else LONGEST_OUTLOOK_MINUTES
        if kind not in OUTLOOK:
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
        elif wanted - now > timedelta(minutes=longest_outlook):
            raise GraphRefusal(
                400,
                "ExtensionError",
                f"Subscription expiration can only be {longest_outlook} minutes in the future.",
            )
        longest = self.core.behavior.longest_grant
        granted = max(wanted, now + SHORTEST_LIFE)
        return granted if longest is None else min(granted, now + longest)

    def _check_duplicates(self, request: SubscriptionRequest, application: Application) -> None:
        if self.core.behavior.duplicate_subscriptions == "allow":
            return
        for item in self._watching(request.kind, request.watched):
            mine = item.application_id == application.client_id and item.place == request.place
            if mine and set(item.change_types) == set(request.change_types):
                raise GraphRefusal(
                    409, "ExtensionError", f"Subscription Id {item.id} already exists for the requested combination"
                )

    def store(self, request: SubscriptionRequest, application: Application) -> Subscription:
        """Make the subscription of a request whose handshake went well."""
        key = (application.client_id, request.kind, request.watched, ",".join(request.change_types))
        subscription = Subscription(
            id=self.core.draws.guid("subscription", *key, self.core.draws.ordinal("subscription", *key)),
            application_id=application.client_id,
            creator_id=application.object_id,
            created_at=self.core.clock.now(),
            **{name.name: getattr(request, name.name) for name in fields(SubscriptionRequest)},
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
    ) -> SubscriptionUpdate:
        """Return what a PATCH makes of a subscription.

        Raises:
            GraphRefusal: 400 for what cannot be changed or is out of range, 403 if the permission was withdrawn.
        """
        for key in body:
            if key not in UPDATABLE and not is_annotation(key):
                refusal = invalid_subscription(f"Property '{key}' cannot be updated{close_to(key, UPDATABLE)}.")
                if key in SETTABLE or key in WEB_PUSH:
                    raise refusal
                refuse_unknown(refusal)
        self._permitted(subscription.kind, subscription.watched, application, "Update")
        expires_at = subscription.expires_at
        if "expirationDateTime" in body:
            expires_at = self._granted(
                body["expirationDateTime"],
                subscription.kind,
                is_rich=subscription.is_rich,
                has_lifecycle=subscription.lifecycle_url is not None,
            )
        url = subscription.notification_url
        if "notificationUrl" in body:
            url = _endpoint(body["notificationUrl"], "notificationUrl")
        return SubscriptionUpdate(
            expires_at=expires_at, notification_url=url, encryption=encryption_of(body) or subscription.encryption
        )

    def check_reauthorize(self, subscription: Subscription, application: Application) -> None:
        """Refuse if the permission the subscription needs was withdrawn."""
        self._permitted(subscription.kind, subscription.watched, application, "Reauthorize")

    def watching(self, kind: ResourceKind, watched: str, change_type: str) -> list[Subscription]:
        """Return who is to be told of a change, in a fixed order."""
        found = [item for item in self._watching(kind, watched) if change_type in item.change_types]
        found.sort(key=lambda item: item.id)
        return found

    def _counted_with(self, request: SubscriptionRequest) -> Iterable[Subscription]:
        """Return the live subscriptions that a quota counts with this one: those of a mailbox, or of all chats."""
        if request.kind not in OUTLOOK:
            return self.by_id.values()
        return [item for kind in sorted(OUTLOOK) for item in self._watching(kind, request.watched)]

    def _watching(self, kind: ResourceKind, watched: str) -> list[Subscription]:
        """Return the live subscriptions to one thing, oldest first."""
        known = self._by_watched.get((kind, watched))
        if known is None:
            return []
        known[:] = [item for item in known if item.id in self.by_id]
        return list(known)


def _check_names(body: Mapping[str, Any]) -> None:
    for key, value in body.items():
        if key in WEB_PUSH:
            raise invalid_subscription(f"'{key}' is for web push and cannot be set with a notificationUrl.")
        if key in ELSEWHERE and value is not None:
            raise not_served(f"'{key}' of a subscription, which is for {ELSEWHERE[key]}")
        if key not in SETTABLE and key not in ELSEWHERE and not is_annotation(key):
            refuse_unknown(unprocessable_subscription(f"'{key}'{close_to(key, SETTABLE)}"))


def _client_state(value: object) -> str | None:
    if value is not None and len(text_of(value, "clientState")) > LONGEST_CLIENT_STATE:
        raise invalid_subscription(f"clientState is longer than {LONGEST_CLIENT_STATE} characters.")
    return None if value is None else text_of(value, "clientState")


def _text_or_none(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else text_of(body[name], name)


def _tls_version(value: object) -> str:
    if value is None:
        return "v1_2"
    version = text_of(value, "latestSupportedTlsVersion")
    if version not in TLS_VERSIONS:
        raise invalid_subscription(
            f"latestSupportedTlsVersion '{version}' is not supported{close_to(version, TLS_VERSIONS)}."
        )
    return version


def _zoned_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise unprocessable_subscription(_DATA_TYPES) from error
    if instant.tzinfo is None:
        raise unprocessable_subscription(_DATA_TYPES)
    return instant.astimezone(UTC)


def _change_types(value: object) -> tuple[str, ...]:
    wanted = tuple(part.strip().lower() for part in text_of(value, "changeType").split(",") if part.strip())
    unknown = [part for part in wanted if part not in CHANGE_TYPES]
    if unknown or not wanted:
        raise invalid_subscription(f"changeType '{value}' is not supported{close_to(str(value), CHANGE_TYPES)}.")
    return wanted


def _endpoint(value: object, where: str) -> str:
    url = text_of(value, where)
    if url.lower().startswith("eventgrid:"):
        raise not_served(f"{where} of Event Grid")
    if is_event_hub(url):
        if not names_a_hub(url):
            raise invalid_subscription(f"{where} is no Event Hubs URL (known here: {' and '.join(FORMS)}).")
        return url
    if not url.lower().startswith("https://"):
        raise invalid_subscription(f"{where} must be an https URL.")
    return url
