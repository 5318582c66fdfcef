"""Event Hubs, as far as notifications go: what is sent to one lies in a queue here, for anybody to read.

There is no handshake; a hub gets a message to be ignored instead, and no validation tokens.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-event-hubs
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from graphsync.sandbox.notifications.posting import Receipt, validation_token

MESSAGES_KEPT = 1000
# A hub by role, or a secret of a key vault with its connection string; `tenantId` is a domain.
FORMS = (
    "EventHub:https://<namespace>.servicebus.windows.net/eventhubname/<hub>?tenantId=<domain>",
    "EventHub:https://<vault>.vault.azure.net/secrets/<secret>?tenantId=<domain>",
)
_NAME, _DOMAIN = r"[A-Za-z0-9][A-Za-z0-9-]*", r"[A-Za-z0-9][A-Za-z0-9.-]*"
_HUB = re.compile(
    rf"EventHub:https://(?:{_NAME}\.servicebus\.windows\.net/eventhubname/[\w.-]+|{_NAME}\.vault\.azure\.net/secrets/"
    rf"{_NAME})\?tenantId={_DOMAIN}",
    re.IGNORECASE,
)


def is_event_hub(url: str) -> bool:
    """Return whether a notification URL means a hub, well formed or not."""
    return url.lower().startswith("eventhub:")


def names_a_hub(url: str) -> bool:
    """Return whether a URL has one of `FORMS`."""
    return _HUB.fullmatch(url) is not None


@dataclass(slots=True)
class EventHubs:
    """The last messages of each hub, by its URL."""

    _by_url: dict[str, deque[dict[str, Any]]] = field(default_factory=dict)

    def take(self, url: str, body: bytes) -> Receipt:
        """Put a message into the queue of a hub; one that breaks off is not taken."""
        try:
            message = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return Receipt(400)
        self._by_url.setdefault(url, deque(maxlen=MESSAGES_KEPT)).append(message)
        return Receipt(201)

    def validate(self, url: str, request_id: str) -> None:
        """Send the message that a hub gets when a subscription is made, with nothing in it."""
        item = {
            "subscriptionId": "NA",
            "subscriptionExpirationDateTime": "NA",
            "clientState": "NA",
            "changeType": validation_token(request_id),
            "resource": "NA",
            "resourceData": {"@odata.type": "NA", "@odata.id": "NA", "id": "NA"},
        }
        self.take(url, msgspec.json.encode({"value": [item]}))

    def messages(self) -> dict[str, list[dict[str, Any]]]:
        """Return what each hub was sent, oldest first, by URL."""
        return {url: list(self._by_url[url]) for url in sorted(self._by_url)}
