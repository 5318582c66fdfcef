"""The scopes an application asks for on behalf of a person: OpenID's own, Graph's, and those of the app's own API.

Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc
"""

from __future__ import annotations

from dataclasses import dataclass

from graphsync.sandbox.entra.entra_errors import AuthorityRefusal
from graphsync.sandbox.refusals import close_to

GRAPH = "https://graph.microsoft.com"
BOT_FRAMEWORK = "https://api.botframework.com"
OPENID = ("openid", "profile", "email", "offline_access")
DEFAULT = ".default"
# What Teams asks for before it signs a tab in: https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad
ACCESS_AS_USER = "access_as_user"
# Delegated permissions that a token may carry: https://learn.microsoft.com/graph/permissions-reference. Of these,
# User.Read is the one that opens something here.
DELEGATED = (
    "Calendars.Read",
    "Calendars.ReadBasic",
    "Calendars.ReadWrite",
    "Chat.Create",
    "Chat.Read",
    "Chat.ReadBasic",
    "Chat.ReadWrite",
    "ChatMessage.Send",
    "Mail.Read",
    "Mail.ReadBasic",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "OnlineMeetings.Read",
    "OnlineMeetings.ReadWrite",
    "People.Read",
    "Presence.Read",
    "Presence.Read.All",
    "User.Read",
    "User.Read.All",
    "User.ReadBasic.All",
)
_BY_LOWER = {name.lower(): name for name in DELEGATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What was asked for: scopes of OpenID, and by resource pairs of a scope as written and its plain name.

    A resource is `GRAPH`, or the client id for the app's own API.
    """

    openid: frozenset[str]
    by_resource: dict[str, tuple[tuple[str, str], ...]]

    @property
    def resource(self) -> str:
        """Return what the access token is for: the resource named first, Graph where none was."""
        return next(iter(self.by_resource), GRAPH)

    @property
    def names(self) -> frozenset[str]:
        """Return the scopes of that resource and those of OpenID, as a token carries them."""
        named = {name for _, name in self.by_resource.get(self.resource, ())}
        return self.openid - {"offline_access"} | named

    @property
    def text(self) -> str:
        """Return what is granted, as a token answer says it; `offline_access` is not among it."""
        named = [written for written, _ in self.by_resource.get(self.resource, ())]
        return " ".join([*(name for name in OPENID[:3] if name in self.openid), *named])

    def of_one_resource(self) -> Scopes:
        """Return these scopes, which must be of one resource as a token is.

        Raises:
            AuthorityRefusal: they are of several.
        """
        if len(self.by_resource) > 1:
            raise AuthorityRefusal(
                "invalid_request",
                28000,
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            )
        return self


def parse_scopes(text: str, client_id: str) -> Scopes:
    """Return the scopes in a `scope` parameter.

    Raises:
        AuthorityRefusal: there are none, or one is neither of OpenID nor of Graph nor of the app's own API.
    """
    openid: set[str] = set()
    by_resource: dict[str, list[tuple[str, str]]] = {}
    for written in text.split():
        if written.lower() in OPENID:
            openid.add(written.lower())
            continue
        resource, names = _read(written, client_id)
        by_resource.setdefault(resource, []).extend((written, name) for name in names)
    if not openid and not by_resource:
        raise missing("scope")
    return Scopes(openid=frozenset(openid), by_resource={key: tuple(each) for key, each in by_resource.items()})


def _read(written: str, client_id: str) -> tuple[str, tuple[str, ...]]:
    resource, _, name = written.rpartition("/")
    if resource in {"", GRAPH}:
        if name == DEFAULT:
            return GRAPH, ("User.Read",)
        known = _BY_LOWER.get(name.lower())
        if known is not None:
            return GRAPH, (known,)
        hint = close_to(name, DELEGATED)
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {written} is not valid"
        raise AuthorityRefusal("invalid_scope", 70011, f"{text}{hint}.")
    # Also `api://<host>/<client id>`, which Teams tabs have.
    if resource == client_id or (resource.startswith("api://") and resource.rpartition("/")[2] == client_id):
        if name in {ACCESS_AS_USER, DEFAULT}:
            return client_id, (ACCESS_AS_USER,)
        text = f"The scope {written} is not valid (known here: '{ACCESS_AS_USER}')."
        raise AuthorityRefusal("invalid_scope", 70011, f"The input parameter 'scope' is not valid. {text}")
    raise unknown_resource(resource)


def unknown_resource(resource: str) -> AuthorityRefusal:
    """Return the refusal for a resource that is not in the tenant."""
    hint = close_to(resource, (GRAPH, BOT_FRAMEWORK))
    text = f"The resource principal named {resource} was not found in the tenant{hint}."
    return AuthorityRefusal("invalid_resource", 500011, text)


def missing(parameter: str) -> AuthorityRefusal:
    """Return the refusal for a parameter that is not there."""
    return AuthorityRefusal(
        "invalid_request", 900144, f"The request body must contain the following parameter: '{parameter}'."
    )
