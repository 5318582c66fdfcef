"""The JWTs that prove a notification with resource data to be Graph's.

They live by the machine's own clock, since receivers check them against that one. Issuer and publisher are the real
ones, as receivers know them by heart; the keys are those of the sandbox, and what signs is found by discovery.

Source: https://learn.microsoft.com/graph/change-notifications-with-resource-data (validation tokens)
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from graphsync.clock import Clock, SystemClock
from graphsync.sandbox.core import Core
from graphsync.sandbox.entra.signing import SigningKeys

# "Microsoft Graph Change Tracking"
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
LIFETIME_S = 29_100  # exp - iat of the page's sample

TokenFlaw = Literal["token_wrong_audience", "token_wrong_publisher", "token_expired", "token_other_tenant"]


@dataclass(slots=True)
class ValidationTokens:
    """Issues validation tokens; whoever calls holds the world's lock."""

    core: Core
    keys: SigningKeys
    clock: Clock = field(default_factory=SystemClock)

    def issue(self, audiences: Iterable[str], flaw: TokenFlaw | None = None) -> list[str]:
        """Return one token for each application, each once; `flaw` says what is wrong with all of them."""
        return [self.keys.sign(self._claims(audience, flaw)) for audience in dict.fromkeys(audiences)]

    def _claims(self, audience: str, flaw: TokenFlaw | None) -> dict[str, Any]:
        draws = self.core.draws
        number = draws.ordinal("validation token", audience)
        stranger = draws.guid("stranger", audience)
        tenant = stranger if flaw == "token_other_tenant" else self.core.tenant_id
        publisher = stranger if flaw == "token_wrong_publisher" else PUBLISHER
        now = int(self.clock.now().timestamp())
        if flaw == "token_expired":
            now -= 2 * LIFETIME_S
        unique = base64.urlsafe_b64encode(draws.digest("validation token", audience, number)[:16]).decode().rstrip("=")
        claims = {
            "aud": stranger if flaw == "token_wrong_audience" else audience,
            "iss": f"https://sts.windows.net/{tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "aio": unique,
            "appid": publisher,
            "appidacr": "2",
            "idp": f"https://sts.windows.net/{tenant}/",
            "tid": tenant,
            "uti": unique,
            "ver": "1.0",
        }
        if self.core.behavior.validation_token_version == "v1":
            return claims
        # Seen with Teams resources: https://github.com/microsoftgraph/msgraph-sdk-dotnet-core/issues/317
        for name in ("appid", "appidacr", "idp"):
            del claims[name]
        issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
        return claims | {"iss": issuer, "azp": publisher, "azpacr": "2", "ver": "2.0"}
