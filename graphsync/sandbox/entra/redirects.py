"""Redirect URIs: which may be registered, and whether one that is asked for is a registered one.

Source: https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

LONGEST = 256
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_UNSUPPORTED = "!$'(),;*"


def check_redirect_uri(uri: str) -> None:
    """Raise if Entra would not register this redirect URI.

    Raises:
        ValueError: it is not absolute, not https (http on the loopback alone), too long, or has a fragment, a wildcard
            or a character that is not supported.
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"found {uri!r} for a redirect URI: {error}") from error
    if parts.scheme not in {"https", "http"} or not host:
        raise ValueError(f"found {uri!r} for a redirect URI; expected https://…, or http://localhost…")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise ValueError(f"found {uri!r} for a redirect URI; http is for localhost and 127.0.0.1 alone")
    if not _is_plain(uri):
        raise ValueError(f"found {uri!r} for a redirect URI; expected printable ASCII without spaces")
    if "#" in uri or parts.username is not None or any(character in _UNSUPPORTED for character in uri):
        raise ValueError(f"found {uri!r} for a redirect URI; expected none of # @ {' '.join(_UNSUPPORTED)} in it")
    if len(uri) > LONGEST:
        raise ValueError(f"found a redirect URI of {len(uri)} characters; expected at most {LONGEST}")


def _is_plain(uri: str) -> bool:
    # What splits URLs drops control characters silently, a header must not have them.
    return uri.isascii() and uri.isprintable() and " " not in uri


def _without_port(parts: SplitResult) -> tuple[str, str, str, str]:
    return parts.scheme, parts.hostname or "", parts.path, parts.query


def is_registered(uri: str, registered: tuple[str, ...]) -> bool:
    """Return whether `uri` is one of `registered`, to the letter; on the loopback its port does not count."""
    if uri in registered:
        return True
    if not _is_plain(uri):
        return False
    try:
        asked = urlsplit(uri)
        _ = asked.port
    except ValueError:
        return False
    if asked.hostname not in _LOOPBACK or asked.fragment or asked.username is not None:
        return False
    known = (urlsplit(each) for each in registered)
    return any(each.hostname in _LOOPBACK and _without_port(each) == _without_port(asked) for each in known)


def with_path(uri: str) -> str:
    """Return the URI with the `/` that Entra adds where there is no path."""
    parts = urlsplit(uri)
    return uri if parts.path else parts._replace(path="/").geturl()
