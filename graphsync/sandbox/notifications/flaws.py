"""What faults make wrong with a notification: with the item itself, or with the request that carries it.

Some are forms that Graph is known to send (https://learn.microsoft.com/graph/outlook-change-notifications-overview),
some what nobody should take; `KINDS` in faults.py has a sentence for each.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal, cast, get_args

import msgspec

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.faults import NotificationFaultKind
from graphsync.sandbox.notifications.validation_tokens import TokenFlaw, ValidationTokens

BodyFlaw = Literal["malformed_json", "huge_batch", "extra_properties"]
# What is wrong with a whole request; such an item shares none.
Flaw = BodyFlaw | TokenFlaw
HUGE_BATCH = 500
# The offset of the page's examples.
OFFSET = timezone(timedelta(hours=5, minutes=30))

_TOKEN_FLAWS = get_args(TokenFlaw)
_FLAWS = (*get_args(BodyFlaw), *_TOKEN_FLAWS)
_SEGMENT = re.compile(r"(\w+)(?:\('([^']+)'\)|/([^/]+))")


def spoil(payload: Json, kind: NotificationFaultKind, key: str, core: Core) -> Flaw | None:
    """Change an item as a fault wants it; return what is wrong with its request, if anything."""
    match kind:
        case "wrong_client_state":
            payload["clientState"] = f"not-{payload['clientState']}"
        case "unknown_subscription":
            payload["subscriptionId"] = core.draws.guid("nobody", key)
        case "extra_properties":
            _add_properties(payload, core)
        case "other_case":
            _respell(payload, key, core)
        case "offset_expiry":
            expiry = datetime.fromisoformat(payload["subscriptionExpirationDateTime"])
            payload["subscriptionExpirationDateTime"] = expiry.astimezone(OFFSET).isoformat()
        case "bad_signature":
            content = payload["encryptedContent"]
            payload["encryptedContent"] = content | {"dataSignature": _other_bytes(content["dataSignature"])}
        case _:
            pass
    return cast(Flaw, kind) if kind in _FLAWS else None


def body_with_flaw(
    payloads: Sequence[Json], tokens: ValidationTokens, audiences: Sequence[str], flaw: Flaw | None
) -> bytes:
    """Return the body of a request, spoiled as `flaw` says."""
    body: Json = {"value": list(payloads) * (HUGE_BATCH if flaw == "huge_batch" else 1)}
    if audiences:
        body["validationTokens"] = tokens.issue(audiences, cast(TokenFlaw, flaw) if flaw in _TOKEN_FLAWS else None)
    if flaw == "extra_properties":
        body["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#changeNotifications"
        body["sandboxBatch"] = {"items": len(payloads)}
    content = msgspec.json.encode(body)
    return content[: len(content) // 2] if flaw == "malformed_json" else content


def _add_properties(payload: Json, core: Core) -> None:
    """Add what items of some workloads carry, and what none has yet.

    Source: https://learn.microsoft.com/graph/changenotifications-for-presence (organizationId)
    """
    payload |= {
        "id": None,
        "organizationId": core.tenant_id,
        "eventTime": core.clock.now().isoformat(),
        "sequenceNumber": 7,
        "sandboxExtra": {"nested": [1, "two", None]},
    }
    payload["resourceData"] = payload["resourceData"] | {"sandboxExtra": True}


def _respell(payload: Json, key: str, core: Core) -> None:
    """Write `resource` in another of the forms there are; ids keep their case, since Outlook's depend on it."""
    parts = [(name, quoted or plain) for name, quoted, plain in _SEGMENT.findall(payload["resource"])]
    forms = [
        "/".join(f"{name.lower()}('{item}')" for name, item in parts),
        "/".join(f"{name.upper()}/{item}" for name, item in parts),
        "/".join(f"{name.capitalize()}('{item}')" for name, item in parts),
        "/".join(f"{name.lower()}/{item}" for name, item in parts),
    ]
    if parts[0][0].lower() == "users":
        (_, owner), *rest = parts
        forms.append("/".join([f"users/{owner}@{core.tenant_id}", *(f"{name.lower()}/{item}" for name, item in rest)]))
    others = [form for form in forms if form != payload["resource"]]
    resource = core.draws.random("other case", key).choice(others)
    data = payload["resourceData"]
    payload["resource"] = resource
    payload["resourceData"] = data | {"@odata.id": resource, "@odata.type": data["@odata.type"].lower()}


def _other_bytes(text: str) -> str:
    """Return base64 of as many bytes, each another one."""
    return base64.b64encode(bytes(byte ^ 0xFF for byte in base64.b64decode(text))).decode()
