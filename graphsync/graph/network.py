"""What stands between this process and Microsoft: a proxy, and whom to trust. The same for tokens and for Graph."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from requests.utils import get_environ_proxies, select_proxy

from graphsync.errors import GraphRejected


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for `url`, None for none; what is on this machine needs none."""
    if _is_loopback(urlsplit(url).hostname or ""):
        return None
    found: str | None = select_proxy(url, get_environ_proxies(url))
    return found


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return what to trust: the CAs in `ca_file` alone, or the usual ones.

    Raises:
        GraphRejected: the file cannot be read as CA certificates.
    """
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise GraphRejected("tls_context", code="ca_file_unreadable") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
