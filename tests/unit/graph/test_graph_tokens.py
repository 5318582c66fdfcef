import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses

from graphsync.clock import SteppedClock
from graphsync.errors import GraphAuthError, GraphRejected, GraphUnavailable, TokenRefused
from graphsync.graph.credentials import ClientSecret
from graphsync.graph.tokens import GraphAccessTokenProvider, TokenSource

AUTHORITY = "https://login.test/7a1d2c3b-0000-4000-8000-9f0e1d2c3b4a"
DISCOVERY = AUTHORITY + "/v2.0/.well-known/openid-configuration"
TOKEN = AUTHORITY + "/oauth2/v2.0/token"
SECRET = "hunter2-never-shown"
NOW = datetime(2026, 2, 3, 8, tzinfo=UTC)


@pytest.fixture
def entra():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def clock():
    return SteppedClock(NOW)


@pytest.fixture
def source(clock):
    source = TokenSource(
        authority=AUTHORITY,
        client_id="c-1",
        credential=ClientSecret(secret=SECRET),
        scope="https://graph.microsoft.com/.default",
        ca_file=None,
        clock=clock,
    )
    yield source
    source.close()


def discover(entra):
    entra.get(DISCOVERY, json={"issuer": AUTHORITY, "authorization_endpoint": AUTHORITY, "token_endpoint": TOKEN})


def token(entra, text="t-1", status=200, **more):
    entra.post(TOKEN, json={"token_type": "Bearer", "expires_in": 3599, "access_token": text} | more, status=status)


def refusal(entra, error, number, text="the app 'secret-app-name'"):
    answer = {
        "error": error,
        "error_description": f"AADSTS{number}: {text}",
        "error_codes": [number],
        "correlation_id": "cor-1",
    }
    entra.post(TOKEN, json=answer, status=401)


def test_token_comes_from_the_authority_once_and_then_from_the_cache(entra, source):
    discover(entra)
    token(entra)
    assert [source.acquire(), source.acquire()] == ["t-1", "t-1"]
    assert [call.request.url for call in entra.calls] == [DISCOVERY, TOKEN]
    assert "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in entra.calls[1].request.body


@pytest.mark.parametrize(
    ("error", "number", "advice"),
    [
        ("invalid_client", 7000215, "copy its value, not its id"),
        ("invalid_client", 7000222, "has expired: make a new one"),
        ("unauthorized_client", 700016, "does not know this application"),
        ("invalid_client", 700027, "the certificate is not the one registered"),
        ("invalid_request", 90002, "there is no such tenant"),
        ("invalid_client", 9999999, "the secret or certificate was not accepted"),
        ("brand_new_error", 9999999, "run 'graphsync doctor'"),
    ],
)
def test_refusal_says_code_number_and_what_the_admin_has_to_do(entra, source, error, number, advice):
    discover(entra)
    refusal(entra, error, number)
    with pytest.raises(TokenRefused) as caught:
        source.acquire()
    assert isinstance(caught.value, GraphAuthError)
    assert caught.value.code == f"{error} AADSTS{number}"
    assert caught.value.request_id == "cor-1"
    assert advice in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "secret-app-name" not in str(caught.value)


def test_number_is_read_from_the_description_where_there_is_no_list(entra, source):
    discover(entra)
    entra.post(TOKEN, json={"error": "invalid_client", "error_description": "AADSTS7000222: x"}, status=401)
    with pytest.raises(TokenRefused, match="has expired"):
        source.acquire()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"json": {"error": "temporarily_unavailable"}, "status": 400}, "temporarily_unavailable"),
        ({"body": "<html>sign in to the hotel wifi</html>", "status": 200}, "unreadable_answer"),
        ({"body": "", "status": 200}, "unreadable_answer"),
        ({"json": ["no", "object"], "status": 200}, "unreadable_answer"),
        ({"body": "oops", "status": 503}, "server_error"),
        ({"body": requests.ConnectionError("refused")}, "ConnectionError"),
        ({"body": requests.ReadTimeout("slow")}, "ReadTimeout"),
        ({"body": requests.exceptions.SSLError("unknown CA")}, "certificate_not_trusted"),
    ],
    ids=["passing error", "portal page", "nothing", "odd JSON", "503", "network down", "timeout", "unknown CA"],
)
def test_token_endpoint_that_gives_no_answer_of_its_own_is_unavailable(entra, source, answer, code):
    discover(entra)
    entra.post(TOKEN, **answer)
    with pytest.raises(GraphUnavailable) as caught:
        source.acquire()
    assert (caught.value.operation, caught.value.code) == ("acquire_token", code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"body": "<html>proxy</html>", "status": 200}, "unreadable_answer"),
        ({"json": {"hello": "world"}, "status": 200}, "unreadable_answer"),
        ({"body": "x", "status": 502}, "server_error"),
        ({"body": requests.ConnectionError("down")}, "ConnectionError"),
    ],
    ids=["proxy page", "other JSON", "502", "network down"],
)
def test_authority_out_of_reach_is_unavailable_and_asked_again_the_next_time(entra, source, answer, code):
    entra.get(DISCOVERY, **answer)
    with pytest.raises(GraphUnavailable) as caught:
        source.acquire()
    assert caught.value.code == code
    entra.remove(responses.GET, DISCOVERY)
    discover(entra)
    token(entra)
    assert source.acquire() == "t-1"


def test_authority_that_knows_no_such_tenant_is_the_admins_matter(entra, source):
    entra.get(DISCOVERY, json={"error": "invalid_tenant"}, status=400)
    with pytest.raises(TokenRefused, match=r"check 'tenant\.authority' and 'tenant\.id'"):
        source.acquire()


@pytest.mark.parametrize("authority", ["http://localhost:8080/t", "https://login.test", "https://login.test/", "login"])
def test_authority_without_https_or_tenant_is_refused_before_any_request(authority, clock):
    with pytest.raises(TokenRefused, match="expected an https address"):
        TokenSource(
            authority=authority,
            client_id="c",
            credential=ClientSecret(secret="s"),
            scope="x/.default",
            ca_file=None,
            clock=clock,
        )


def test_ca_file_holds_although_the_environment_names_another(entra, clock, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/other.pem")
    ca_file = tmp_path / "ca.pem"
    source = TokenSource(
        authority=AUTHORITY,
        client_id="c",
        credential=ClientSecret(secret="s"),
        scope="x/.default",
        ca_file=ca_file,
        clock=clock,
    )
    discover(entra)
    token(entra)
    source.acquire()
    source.close()
    assert [call.request.req_kwargs["verify"] for call in entra.calls] == [str(ca_file)] * 2
    assert all(call.request.req_kwargs["timeout"] for call in entra.calls)


def test_claims_challenge_passes_the_cache_over(entra, source):
    discover(entra)
    token(entra, "t-1")
    token(entra, "t-2")
    assert source.acquire() == "t-1"
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1604106651"}}})
    assert source.acquire(claims) == "t-2"


def test_refusal_drops_a_token_that_may_be_older_than_what_was_granted_since(entra, source, clock):
    discover(entra)
    token(entra, "t-1")
    token(entra, "t-2")
    source.forget_after_refusal()
    assert source.acquire() == "t-1"
    source.forget_after_refusal()
    assert source.acquire() == "t-1"
    clock.set(NOW + timedelta(minutes=6))
    source.forget_after_refusal()
    assert source.acquire() == "t-2"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/v1.0/users?$skip=1",
        "https://graph.test:444/v1.0/users",
        "http://graph.test/v1.0/users",
        "https://graph.test@evil.test/v1.0",
    ],
)
def test_no_other_address_than_graphs_is_shown_a_token(source, link):
    provider = GraphAccessTokenProvider(source, "https://graph.test/v1.0")
    with pytest.raises(GraphRejected, match="foreign_link"):
        asyncio.run(provider.get_authorization_token(link))


def test_many_requests_at_once_ask_for_one_token(entra, source):
    discover(entra)
    token(entra)
    provider = GraphAccessTokenProvider(source, "https://graph.test/v1.0")

    async def many():
        return await asyncio.gather(*(provider.get_authorization_token("https://graph.test/v1.0/x") for _ in range(9)))

    assert set(asyncio.run(many())) == {"t-1"}
    assert len(entra.calls) == 2


def test_ssl_error_below_a_network_error_is_named(entra, source):
    discover(entra)
    error = requests.ConnectionError("x")
    error.__cause__ = ssl.SSLCertVerificationError()
    entra.post(TOKEN, body=error)
    with pytest.raises(GraphUnavailable, match="certificate_not_trusted"):
        source.acquire()


def test_proxy_of_the_environment_is_used_for_tokens_too(entra, clock, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    source = TokenSource(
        authority=AUTHORITY,
        client_id="c",
        credential=ClientSecret(secret="s"),
        scope="x/.default",
        ca_file=None,
        clock=clock,
    )
    discover(entra)
    token(entra)
    source.acquire()
    source.close()
    assert {call.request.req_kwargs["proxies"]["https"] for call in entra.calls} == {"http://proxy.test:3128"}


def test_sdk_may_ask_which_host_sees_a_token(source):
    validator = GraphAccessTokenProvider(source, "https://graph.test/v1.0").get_allowed_hosts_validator()
    assert validator.is_url_host_valid("https://graph.test/v1.0/x")
    assert not validator.is_url_host_valid("https://evil.test/")
