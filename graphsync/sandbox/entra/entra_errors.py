"""What the authority says when it refuses: OAuth's `error`, and a number of Entra's own.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from datetime import datetime

from graphsync.errors import GraphsyncError
from graphsync.sandbox.draws import Draws
from graphsync.sandbox.face.wire import Json


class AuthorityRefusal(GraphsyncError):
    """The authority says no: to a program as JSON, to a person on a page, or to the app they came from."""

    def __init__(self, error: str, number: int, text: str, *, status: int = 400) -> None:
        self.error = error
        self.number = number
        self.text = text
        self.status = status
        super().__init__(f"{error}: {self.description}")

    @property
    def description(self) -> str:
        """Return the text with its number before it."""
        return f"AADSTS{self.number}: {self.text}"

    def body(self, draws: Draws, now: datetime, correlation_id: str) -> Json:
        """Return what a program is told; `trace_id` is drawn by what is refused and how often it was before."""
        trace_id = draws.guid("trace", self.number, draws.ordinal("trace", self.number))
        return {
            "error": self.error,
            "error_description": self.description,
            "error_codes": [self.number],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
            "trace_id": trace_id,
            "correlation_id": correlation_id or trace_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }


def user_disabled(error: str) -> AuthorityRefusal:
    """Return the refusal for an account that is disabled, or that nobody signs in with."""
    return AuthorityRefusal(error, 50057, "The user account is disabled.")


def unknown_application(client_id: str, tenant_id: str, *, status: int = 400) -> AuthorityRefusal:
    """Return the refusal for a client id that is not registered."""
    return AuthorityRefusal(
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant_id}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
        status=status,
    )
