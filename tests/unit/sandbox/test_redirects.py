"""Redirect URIs: what Entra registers, and what it does not."""

from __future__ import annotations

import pytest

from graphsync.sandbox.entra.redirects import check_redirect_uri, is_registered


@pytest.mark.parametrize(
    "uri",
    [
        "https://contoso.com",
        "https://contoso.com/abc/response-oidc",
        "https://contoso.com/abc?query=1",
        "https://localhost",
        "http://localhost",
        "http://localhost:5000/abc",
        "http://127.0.0.1/abc",
        "https://contoso.com/" + "a" * 236,
    ],
)
def test_what_may_be_registered_is(uri):
    check_redirect_uri(uri)
    assert is_registered(uri, (uri,))


@pytest.mark.parametrize(
    ("uri", "part"),
    [
        ("http://contoso.com/abc", "http is for localhost"),
        ("javascript:alert(1)", "expected https"),
        ("/callback", "expected https"),
        ("https:///callback", "expected https"),
        ("http://[::1]/callback", "http is for localhost"),
        ("https://[contoso/callback", "Invalid IPv6 URL"),
        ("https://contoso.com:nine/", "Port"),
        ("https://contoso.com/a b", "without spaces"),
        ("https://contoso.com/a\nb", "without spaces"),
        ("https://contoso.com/#here", "expected none of"),
        ("https://me@contoso.com/", "expected none of"),
        ("https://*.contoso.com/", "expected none of"),
        ("https://contoso.com/" + "a" * 237, "at most 256"),
    ],
)
def test_what_may_not_be_registered_is_refused_with_the_reason(uri, part):
    with pytest.raises(ValueError, match="found") as caught:
        check_redirect_uri(uri)
    assert part in str(caught.value)


def test_ports_count_but_on_the_loopback():
    assert is_registered("http://localhost:1234/app", ("http://localhost:5000/app",))
    assert is_registered("https://127.0.0.1:1234/app", ("https://127.0.0.1/app",))
    assert not is_registered("https://contoso.com:1234/app", ("https://contoso.com/app",))
    assert not is_registered("http://localhost:1234/app", ("https://contoso.com/app",))


@pytest.mark.parametrize("uri", ["http://localhost:1/a\npp", "http://localhost:1/app\r\n", "http://localhost:1/app "])
def test_what_only_looks_like_a_registered_one_is_none(uri):
    assert not is_registered(uri, ("http://localhost/app",))
