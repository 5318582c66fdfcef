"""The token endpoint of the sandbox, and what its tokens open: codes, PKCE, refresh, bots, Teams tabs, UserInfo."""

from __future__ import annotations

import jwt
import pytest
from contract.sign_in_client import (
    ANA,
    CALLBACK,
    CHALLENGE,
    VERIFIER,
    Browser,
    a_tenant,
    claims_of,
    later,
    msal_at,
    refused,
    told,
)
from contract.wire_client import error, serving, token_of

from graphsync.sandbox.refusals import GraphRefusal


@pytest.fixture
def world():
    return a_tenant()


@pytest.fixture
def server(world):
    with serving(world) as running:
        yield running


@pytest.fixture
def browser(server):
    with Browser(server) as made:
        yield made


# The token endpoint ------------------------------------------------------------------------------------------


def test_a_code_is_good_once_and_for_ten_minutes(browser, server):
    answer = browser.sign_in()
    assert browser.redeem(answer).status_code == 200
    assert refused(browser.redeem(answer)) == (400, "invalid_grant", 54005)
    late = browser.authorize()
    in_time = browser.authorize()
    later(server, minutes=9, seconds=50)
    assert browser.redeem(in_time).status_code == 200
    later(server, minutes=10, seconds=10)
    assert refused(browser.redeem(late)) == (400, "invalid_grant", 70008)


def test_a_code_is_for_who_asked_for_it_and_what_is_wrong_does_not_use_it_up(browser):
    answer = browser.sign_in()
    wrong = {"redirect_uri": "http://localhost/callback"}
    assert refused(browser.redeem(answer, **wrong)) == (400, "invalid_client", 500112)
    assert refused(browser.redeem(answer, redirect_uri=None)) == (400, "invalid_request", 900144)
    assert refused(browser.redeem(answer, client_id="other")) == (400, "invalid_grant", 70000)
    assert refused(browser.redeem(answer, client_secret="wrong")) == (401, "invalid_client", 7000215)
    assert refused(browser.redeem(answer, client_secret=None)) == (401, "invalid_client", 7000218)
    assert refused(browser.redeem(answer, client_id="nobody")) == (400, "unauthorized_client", 700016)
    assert refused(browser.redeem(answer, code="0.unknown")) == (400, "invalid_grant", 70000)
    assert refused(browser.redeem(answer, scope="User.Raed")) == (400, "invalid_scope", 70011)
    assert browser.redeem(answer).status_code == 200


@pytest.mark.parametrize(
    ("challenge", "method"),
    [(CHALLENGE, "S256"), (VERIFIER, "plain"), (VERIFIER, None)],
    ids=["S256", "plain", "unsaid"],
)
def test_pkce_is_verified(browser, challenge, method):
    answer = browser.sign_in(code_challenge=challenge, code_challenge_method=method)
    assert refused(browser.redeem(answer)) == (400, "invalid_grant", 501481)
    assert refused(browser.redeem(answer, code_verifier="w" * 43)) == (400, "invalid_grant", 501481)
    assert browser.redeem(answer, code_verifier=VERIFIER).status_code == 200


def test_the_credential_may_come_as_http_basic(browser, world):
    code = told(browser.sign_in())["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    path = f"/{world.tenant_id}/oauth2/v2.0/token"
    assert refused(browser.post(path, data=form, headers={"Authorization": "Basic nonsense"}))[2] == 9002313
    assert refused(browser.post(path, data=form, auth=("app", "wrong")))[2] == 7000215
    assert browser.post(path, data=form, auth=("app", "secret")).status_code == 200


def test_each_refresh_brings_a_new_refresh_token(browser, server):
    first = browser.tokens()
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = browser.token(**renew).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert jwt.decode(second["id_token"], options={"verify_signature": False})["preferred_username"] == ANA
    narrow = browser.token(**renew, scope="Calendars.Read").json()
    assert "Calendars.Read" in narrow["scope"]
    assert error(browser.graph("GET", "/me", narrow["access_token"]))[0] == 403
    assert refused(browser.token(**renew, client_id="other")) == (400, "invalid_grant", 70000)
    assert refused(browser.token(**renew | {"refresh_token": "1.x"})) == (400, "invalid_grant", 70000)
    assert refused(browser.token(**renew, scope="User.Read api://app/access_as_user"))[2] == 28000
    later(server, days=91)
    assert refused(browser.token(**renew)) == (400, "invalid_grant", 700082)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"grant_type": "password", "username": ANA, "password": "x"}, (400, "unsupported_grant_type", 70003)),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
            (400, "unsupported_grant_type", 70003),
        ),
        ({}, (400, "invalid_request", 900144)),
        ({"grant_type": "authorization_code"}, (400, "invalid_request", 900144)),
        ({"grant_type": "client_credentials", "client_id": None}, (400, "invalid_request", 900144)),
        ({"grant_type": "client_credentials", "scope": "User.Read"}, (400, "invalid_scope", 1002012)),
        (
            {"grant_type": "client_credentials", "scope": "https://vault.azure.net/.default"},
            (400, "invalid_resource", 500011),
        ),
    ],
    ids=str,
)
def test_what_the_token_endpoint_does_not_give(browser, form, expected):
    answer = browser.token(**form)
    assert refused(answer) == expected
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(answer.json())


def test_the_device_code_flow_is_off_for_this_kind_of_application(browser, world):
    answer = browser.post(f"/{world.tenant_id}/oauth2/v2.0/devicecode", data={"client_id": "app", "scope": "openid"})
    assert refused(answer) == (401, "invalid_client", 70002)


# What the tokens open ----------------------------------------------------------------------------------------


def test_a_persons_token_opens_me_and_no_route_of_applications(browser, server):
    token = browser.tokens(scope="openid User.Read Calendars.ReadWrite")["access_token"]
    assert browser.graph("GET", "/me?$select=mail", token).json()["mail"] == ANA
    assert error(browser.graph("GET", "/me?$slect=mail", token)) == (400, "BadRequest")
    assert error(browser.graph("GET", "/users", token)) == (403, "Authorization_RequestDenied")
    assert error(browser.graph("GET", f"/users/{ANA}/messages", token)) == (403, "ErrorAccessDenied")
    for method, path in (
        ("GET", f"/users/{ANA}/events"),
        ("GET", "/subscriptions"),
        ("GET", "/me/events"),
        ("PATCH", "/me"),
    ):
        assert error(browser.graph(method, path, token)) == (501, "NotImplemented"), path
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}
    assert error(browser.graph("POST", "/$batch", token, json=batch)) == (501, "NotImplemented")
    other = browser.redeem(browser.authorize(scope="openid")).json()["access_token"]
    assert error(browser.graph("GET", "/me", other)) == (403, "Authorization_RequestDenied")


def test_an_applications_token_does_not_open_me(browser, server):
    token = token_of(server)
    for path in ("/me", "/me/events", "/ME"):
        assert error(browser.graph("GET", path, token)) == (400, "BadRequest")
    assert browser.graph("GET", "/users", token).status_code == 200


def test_user_info_tells_what_its_scopes_allow(browser, server):
    def ask(token, method="GET"):
        return browser.request(method, "/oidc/userinfo", headers={"Authorization": f"Bearer {token}"})

    tokens = browser.tokens()
    subject = jwt.decode(tokens["id_token"], options={"verify_signature": False})["sub"]
    told = ask(tokens["access_token"]).json()
    assert told == {"sub": subject, "name": "Ana", "given_name": "Ana", "family_name": "Ana", "email": ANA}
    assert ask(tokens["access_token"], "POST").json() == told
    plain = browser.redeem(browser.authorize(scope="openid")).json()["access_token"]
    assert ask(plain).json() == {"sub": subject}
    without = browser.redeem(browser.authorize(scope="User.Read")).json()["access_token"]
    assert error(ask(without)) == (403, "Authorization_RequestDenied")
    assert error(ask(token_of(server))) == (403, "Authorization_RequestDenied")
    assert error(ask("unknown")) == (401, "InvalidAuthenticationToken")


def test_a_token_ends_with_its_person(browser, world):
    token = browser.tokens()["access_token"]
    world.remove_user(ANA)
    assert error(browser.graph("GET", "/me", token)) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("tenant", [None, "botframework.com", "d6d49420-f39b-4df7-a1dc-d59a935871db"])
def test_a_bot_gets_tokens_for_the_connector_at_both_tenants(browser, server, tenant):
    form = {"grant_type": "client_credentials", "scope": "https://api.botframework.com/.default"}
    token = browser.token(tenant=tenant, **form).json()["access_token"]
    assert server.face.tokens.bot(f"Bearer {token}").client_id == "app"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["appid"]) == ("https://api.botframework.com", "app")
    assert error(browser.graph("GET", "/users", token)) == (401, "InvalidAuthenticationToken")
    later(server, hours=2)
    with pytest.raises(GraphRefusal, match="expired"):
        server.face.tokens.bot(f"Bearer {token}")


def test_the_connector_takes_no_other_token_and_the_bots_tenant_gives_no_other(browser, server):
    for token in (token_of(server), browser.tokens()["access_token"], "unknown"):
        with pytest.raises(GraphRefusal) as caught:
            server.face.tokens.bot(f"Bearer {token}")
        assert caught.value.status == 401
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    assert refused(browser.token(tenant="botframework.com", **form)) == (400, "invalid_resource", 500011)
    code = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
    assert refused(browser.token(tenant="botframework.com", **code)) == (400, "unauthorized_client", 700016)


@pytest.mark.parametrize("resource", ["api://app", "api://tab.fabrikam.test/app", "app"])
def test_a_teams_tab_gets_a_token_the_application_can_check(browser, server, world, monkeypatch, resource):
    token = browser.tokens(scope=f"openid profile {resource}/access_as_user")["access_token"]
    claims = claims_of(server, token, monkeypatch)
    assert (claims["scp"], claims["azp"], claims["oid"]) == ("access_as_user", "app", world.user(ANA).id)
    assert claims["roles"] == ["Mentor", "Programme.Admin"]
    assert error(browser.graph("GET", "/me", token)) == (401, "InvalidAuthenticationToken")


def test_a_tabs_token_is_exchanged_for_one_to_graph_on_behalf_of_its_person(browser, server):
    with msal_at(server) as application:
        tokens = browser.tokens(scope="openid profile api://app/access_as_user")
        result = application.acquire_token_on_behalf_of(tokens["access_token"], ["User.Read"])
    assert browser.graph("GET", "/me", result["access_token"]).json()["mail"] == ANA
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": tokens["access_token"],
        "requested_token_use": "on_behalf_of",
        "scope": "User.Read",
    }
    for assertion in ("unknown", token_of(server)):
        assert refused(browser.token(**form | {"assertion": assertion})) == (400, "invalid_grant", 50013)
    assert refused(browser.token(**form, client_id="other")) == (400, "invalid_grant", 500131)
    assert refused(browser.token(**form | {"requested_token_use": "x"})) == (400, "invalid_request", 90023)
    later(server, hours=2)
    assert refused(browser.token(**form)) == (400, "invalid_grant", 500133)


def test_the_metadata_names_what_is_served(browser, server, world):
    found = browser.get(f"/{world.tenant_id}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{server.authority_url}/v2.0"
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint", "device_authorization_endpoint"):
        assert found[name].startswith(f"{server.authority_url}/oauth2/v2.0/")
    keys = browser.get(found["jwks_uri"]).json()["keys"]
    assert {key["kty"] for key in keys} == {"RSA", "EC"}
    assert len({key["kid"] for key in keys}) == len(keys)
    assert browser.get(found["userinfo_endpoint"]).status_code == 401
    assert browser.get(found["end_session_endpoint"]).status_code == 200
    by_domain = browser.get("/Fabrikam.test/v2.0/.well-known/openid-configuration").json()
    assert by_domain == found
