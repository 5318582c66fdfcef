"""Sign-in at the sandbox's authority, over TLS: msal, PyJWT and a browser use it as they would Microsoft Entra ID."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from contract.sign_in_client import (
    ANA,
    BO,
    CALLBACK,
    CHALLENGE,
    EVERYTHING,
    Browser,
    Page,
    a_tenant,
    claims_of,
    later,
    msal_at,
    refused,
    told,
)
from contract.wire_client import serving
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
# msal recommends form_post; both are used here.
by_query = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")


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


# As msal and PyJWT do it -------------------------------------------------------------------------------------


@by_query
def test_msal_signs_a_person_in_with_pkce_and_nonce(server, browser, world, monkeypatch):
    with msal_at(server) as application:
        flow = application.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK)
        assert "code_challenge=" in flow["auth_uri"]
        back = told(browser.pick(browser.get(flow["auth_uri"]), ANA))
        result = application.acquire_token_by_auth_code_flow(flow, back)
        assert "error" not in result
        (account,) = application.get_accounts()
        silent = application.acquire_token_silent(["User.Read"], account)
        renewed = application.acquire_token_silent(["User.Read"], account, force_refresh=True)
    ana = world.user(ANA)
    assert account["home_account_id"] == f"{ana.id}.{world.tenant_id}"
    assert silent["access_token"] == result["access_token"]
    assert renewed["access_token"] != result["access_token"]
    claims = claims_of(server, result["id_token"], monkeypatch)
    assert (claims["oid"], claims["tid"], claims["ver"]) == (ana.id, world.tenant_id, "2.0")
    assert (claims["name"], claims["preferred_username"]) == ("Ana", ANA)
    assert claims["roles"] == ["Mentor", "Programme.Admin"]
    assert browser.graph("GET", "/me", result["access_token"]).json()["userPrincipalName"] == ANA
    assert browser.graph("GET", "/me", renewed["access_token"]).json()["id"] == ana.id


def test_msal_is_answered_by_form_post(server, browser):
    with msal_at(server) as application:
        flow = application.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK, response_mode="form_post")
        answer = browser.pick(browser.get(flow["auth_uri"]), BO)
        ((action, fields),) = Page(answer.text).forms
        assert (answer.status_code, action) == (200, CALLBACK)
        assert application.acquire_token_by_auth_code_flow(flow, fields)["id_token_claims"]["name"] == "Bo"
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]


@by_query
def test_msal_is_told_that_a_person_went_back(server, browser, world):
    with msal_at(server) as application:
        flow = application.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK)
        result = application.acquire_token_by_auth_code_flow(
            flow, told(browser.pick(browser.get(flow["auth_uri"]), None, cancel="1"))
        )
    assert result["error"] == "access_denied"
    (entry,) = world.journal.entries("sign_in_refused")
    assert entry.details == {"error": "access_denied", "number": 65004}


def test_an_id_token_outlives_the_key_that_signed_it(server, browser, world, monkeypatch):
    before = browser.tokens()["id_token"]
    with world.lock:
        world.signing.rotate()
    after = browser.redeem(browser.authorize()).json()["id_token"]
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert claims_of(server, before, monkeypatch)["sub"] == claims_of(server, after, monkeypatch)["sub"]


def test_an_id_token_says_what_its_scopes_allow(browser, server, monkeypatch):
    plain = browser.tokens(scope="openid", nonce="once")
    claims = claims_of(server, plain["id_token"], monkeypatch)
    assert claims["nonce"] == "once"
    assert not {"oid", "name", "preferred_username", "email"} & set(claims)
    assert "refresh_token" not in plain
    full = browser.redeem(browser.authorize(scope=EVERYTHING)).json()
    assert claims_of(server, full["id_token"], monkeypatch)["email"] == ANA
    assert full["scope"] == "openid profile email User.Read"
    assert "id_token" not in browser.redeem(browser.authorize(scope="User.Read")).json()


def test_the_subject_is_the_same_each_time_and_another_in_each_application(browser):
    def subject(client_id, address):
        browser.cookies.clear()
        answer = browser.sign_in(address, client_id=client_id)
        token = browser.redeem(answer, client_id=client_id).json()["id_token"]
        return jwt.decode(token, options={"verify_signature": False})["sub"]

    assert subject("app", ANA) == subject("app", ANA)
    assert len({subject("app", ANA), subject("other", ANA), subject("app", BO)}) == 3


def test_a_person_without_a_role_has_no_roles_claim(browser, world):
    world.add_user(address="dee@fabrikam.test", display_name="Dee", windows_time_zone="UTC")
    token = browser.tokens("dee@fabrikam.test")["id_token"]
    assert "roles" not in jwt.decode(token, options={"verify_signature": False})


# The page ----------------------------------------------------------------------------------------------------


def test_the_page_offers_enabled_people_escaped_and_nothing_from_elsewhere(browser, world):
    world.add_user(address="eve@fabrikam.test", display_name="<b>Eve</b> & Co", windows_time_zone="UTC")
    world.add_user(address="room@fabrikam.test", display_name="Room", windows_time_zone="UTC", purpose="room")
    world.disable_user(BO)
    shown = browser.authorize(state='"><script>alert(1)</script>')
    page = Page(shown.text)
    offered = {user.id for user in world.users()} - {world.user(BO).id, world.user("room@fabrikam.test").id}
    assert set(page.buttons["login"]) == offered
    assert "&lt;b&gt;Eve&lt;/b&gt; &amp; Co" in shown.text
    assert (page.scripts, page.addresses) == (0, [f"/{world.tenant_id}/login"] * 2)
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert told(browser.pick(shown, ANA))["state"] == '"><script>alert(1)</script>'


def test_whoever_is_hinted_is_offered_first(browser, world):
    assert Page(browser.authorize(login_hint=BO.upper()).text).buttons["login"][0] == world.user(BO).id
    assert Page(browser.authorize(domain_hint="fabrikam.test").text).buttons["login"][0] == world.user(ANA).id


def test_an_address_can_be_typed_and_a_wrong_one_is_said_on_the_page(browser):
    shown = browser.authorize()
    again = browser.pick(shown, None, loginfmt="nobody@<b>.test")
    assert again.status_code == 200
    assert "No account has the address" in again.text
    assert "nobody@&lt;b&gt;.test" in again.text
    assert "Pick an account, or type" in browser.pick(again, None, loginfmt=" ").text
    assert told(browser.pick(again, None, loginfmt=f" {BO} "))["code"]


def test_nobody_is_signed_in_by_a_form_that_says_another_address_to_go_back_to(browser):
    action, hidden = Page(browser.authorize().text).forms[0]
    forged = hidden["ctx"].replace("app.test", "evil.test")
    assert forged != hidden["ctx"]
    answer = browser.post(action, data={"ctx": forged, "login": browser.server.world.user(ANA).id})
    assert "AADSTS50011" in answer.text
    assert "location" not in answer.headers
    assert "AADSTS900144" in browser.post(action, data={"login": "x"}).text


# The session -------------------------------------------------------------------------------------------------


def test_a_session_signs_in_silently_until_it_ends(browser, server, world):
    before = told(browser.authorize(prompt="none"))
    assert before["error"] == "login_required"
    assert before["error_description"].startswith("AADSTS50058")
    assert before["state"] == "s t&ate"
    answer = browser.sign_in()
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("ESTSAUTH=", "HttpOnly", "Secure", "SameSite=None", "Path=/"))
    silent = told(browser.authorize(prompt="none"))
    assert set(silent) == {"code", "state", "session_state"}
    assert silent["code"] != told(answer)["code"]
    assert silent["session_state"] == told(answer)["session_state"]
    assert told(browser.authorize(client_id="other", prompt="none"))["code"]
    assert told(browser.authorize(login_hint=ANA, prompt="none"))["code"]
    assert [(entry.actor, entry.subject_id) for entry in world.journal.entries("signed_in")][:2] == [(ANA, "app")] * 2
    for hours in (20, 40):
        later(server, hours=hours)
        assert told(browser.authorize(prompt="none"))["code"]
    later(server, hours=65)
    assert told(browser.authorize(prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize(
    "asked", [{"prompt": "login"}, {"prompt": "select_account"}, {"prompt": "consent"}, {"login_hint": BO}]
)
def test_with_a_session_the_page_is_shown_when_asked_for(browser, asked):
    browser.sign_in()
    shown = browser.authorize(**asked)
    assert shown.status_code == 200
    assert told(browser.pick(shown, BO))["code"]
    assert told(browser.authorize(prompt="none", login_hint=ANA))["error"] == "login_required"
    assert told(browser.authorize(prompt="none", login_hint=BO))["code"]


def test_signing_out_ends_the_session_and_leads_to_registered_addresses_alone(browser, server, world):
    browser.sign_in()
    path = f"/{world.tenant_id}/oauth2/v2.0/logout"
    answer = browser.get(path, params={"post_logout_redirect_uri": CALLBACK})
    assert (answer.status_code, answer.headers["location"]) == (302, CALLBACK)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert told(browser.authorize(prompt="none"))["error"] == "login_required"
    assert [entry.actor for entry in world.journal.entries("signed_out")] == [ANA]
    for elsewhere in ("https://evil.test/callback", ""):
        answer = browser.post(path, data={"post_logout_redirect_uri": elsewhere})
        assert (answer.status_code, "location" in answer.headers) == (200, False)
        assert "You signed out of your account" in answer.text
    assert browser.get("/common/oauth2/v2.0/logout").status_code == 200


def test_an_unreadable_cookie_is_no_session(browser):
    browser.cookies.set("ESTSAUTH", "unknown", domain="localhost.local")
    assert browser.authorize().status_code == 200
    assert browser.get("/common/oauth2/v2.0/logout", headers={"Cookie": "a[b=c; ESTSAUTH"}).status_code == 200


def test_a_disabled_person_is_not_let_in(browser, world):
    shown = browser.authorize()
    tokens = browser.redeem(browser.pick(shown, ANA)).json()
    waiting = browser.authorize(prompt="none")
    world.disable_user(ANA)
    refusal = told(browser.authorize(prompt="none"))
    assert (refusal["error"], refusal["error_description"][:11]) == ("interaction_required", "AADSTS50057")
    assert browser.authorize().status_code == 200
    answer = browser.pick(shown, ANA)
    assert answer.status_code == 400
    assert "AADSTS50057" in answer.text
    assert "location" not in answer.headers
    assert world.journal.entries("sign_in_refused")[-1].user_id == world.user(ANA).id
    assert refused(browser.redeem(waiting)) == (400, "invalid_grant", 50057)
    renewal = browser.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refused(renewal) == (400, "invalid_grant", 50057)


# What is refused at the authorize endpoint -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"client_id": "<b>nobody"}, 700016),
        ({"client_id": None}, 900144),
        ({"redirect_uri": "https://evil.test/callback"}, 50011),
        ({"redirect_uri": CALLBACK + "/"}, 50011),
        ({"redirect_uri": CALLBACK.upper()}, 50011),
        ({"redirect_uri": CALLBACK + "?more=1"}, 50011),
        ({"redirect_uri": "https://app.test:8443/callback"}, 50011),
        ({"redirect_uri": "http://localhost:5000/other"}, 50011),
        ({"redirect_uri": "https://localhost:5000/callback"}, 50011),
        ({"redirect_uri": "http://127.0.0.1:5000/callback"}, 50011),
        ({"redirect_uri": "http://localhost:5000/callback#x"}, 50011),
        ({"redirect_uri": "http://evil@localhost/callback"}, 50011),
        ({"redirect_uri": "http://localhost:nine/callback"}, 50011),
        ({"redirect_uri": "javascript:alert(1)"}, 50011),
    ],
    ids=str,
)
def test_who_cannot_be_told_is_shown_a_page_and_never_sent_on(browser, asked, number):
    answer = browser.authorize(prompt="none", **asked)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert f"AADSTS{number}" in answer.text
    assert Page(answer.text).addresses == []
    assert "<b>" not in answer.text


def test_without_a_registered_address_there_is_no_sign_in(browser, world):
    world.add_application(client_id="daemon", secret="secret", permissions={})
    assert "AADSTS500113" in browser.authorize(client_id="daemon").text


@pytest.mark.parametrize(
    ("redirect_uri", "back"),
    [
        (CALLBACK, "https://app.test/callback?"),
        ("http://localhost/callback", "http://localhost/callback?"),
        ("http://localhost:5000/callback", "http://localhost:5000/callback?"),
        ("https://bare.test", "https://bare.test/?"),
        ("https://app.test/with?fixed=1", "https://app.test/with?fixed=1&"),
        (None, "https://app.test/callback?"),
    ],
)
def test_registered_addresses_are_sent_back_to(browser, redirect_uri, back):
    answer = browser.sign_in(redirect_uri=redirect_uri)
    assert answer.headers["location"].startswith(back + "code=")
    if redirect_uri is not None:
        assert browser.redeem(answer, redirect_uri=redirect_uri).status_code == 200


def test_a_code_comes_back_in_the_fragment_too(browser):
    answer = browser.sign_in(response_mode="fragment")
    assert answer.headers["location"].startswith(CALLBACK + "#code=")


@pytest.mark.parametrize(
    ("asked", "expected", "number"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 700051),
        ({"response_type": "id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "code id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "none"}, "unsupported_response_type", 70005),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_mode": "web_message"}, "invalid_request", 70007),
        ({"prompt": "nothing"}, "invalid_request", 90023),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "User.Raed"}, "invalid_scope", 70011),
        ({"scope": "https://graph.microsoft.com/User.Raed"}, "invalid_scope", 70011),
        ({"scope": "api://app/write"}, "invalid_scope", 70011),
        ({"scope": "https://vault.azure.net/.default"}, "invalid_resource", 500011),
        ({"scope": "https://evil.test/app/access_as_user"}, "invalid_resource", 500011),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge_method": "S256"}, "invalid_request", 900144),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"}, "invalid_request", 90023),
    ],
    ids=str,
)
def test_the_application_is_told_what_it_asked_wrong(browser, world, asked, expected, number):
    answer = told(browser.authorize(**asked))
    assert (answer["error"], answer["state"]) == (expected, "s t&ate")
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    assert "code" not in answer
    assert world.journal.entries("sign_in_refused")[-1].details["number"] == number


def test_a_wrong_request_is_told_by_form_post_too(browser):
    answer = browser.authorize(response_mode="form_post", scope="User.Raed")
    ((action, fields),) = Page(answer.text).forms
    assert (action, fields["error"]) == (CALLBACK, "invalid_scope")
    assert "did you mean 'User.Read'" in fields["error_description"]


def test_tenants_by_name_and_tenants_that_are_none(browser, world):
    assert told(browser.pick(browser.authorize(tenant="fabrikam.test"), ANA))["code"]
    assert told(browser.authorize(tenant=world.tenant_id.upper()))["code"]
    for many in ("common", "organizations"):
        assert "AADSTS50194" in browser.authorize(tenant=many).text
    assert "AADSTS90002" in browser.authorize(tenant="contoso.test").text
    assert "AADSTS90002" in browser.authorize(tenant="botframework.com").text
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    assert browser.token(tenant="fabrikam.test", **form).status_code == 200
    assert refused(browser.token(tenant="common", **form)) == (400, "invalid_request", 50194)
    assert refused(browser.token(tenant="contoso.test", **form)) == (400, "invalid_request", 90002)
    assert browser.get("/contoso.test/v2.0/.well-known/openid-configuration").status_code == 404


# In a real browser -------------------------------------------------------------------------------------------


class _App(BaseHTTPRequestHandler):
    """The application people come back to; writes down what it is told."""

    def _answer(self, fields):
        self.server.told.append(fields)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>app</title><h1>Welcome back</h1>")

    def do_GET(self):
        if urlsplit(self.path).path == "/callback":
            self._answer({name: each[0] for name, each in parse_qs(urlsplit(self.path).query).items()})
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer({name: each[0] for name, each in parse_qs(body).items()})

    def log_message(self, *_):
        pass


@pytest.fixture
def app():
    with ThreadingHTTPServer(("127.0.0.1", 0), _App) as server:
        server.told = []
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def chromium():
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@by_query
@pytest.mark.browser
@pytest.mark.parametrize(("width", "mode"), [(1280, "query"), (360, "form_post")])
def test_people_sign_in_by_keyboard_and_by_mouse(server, world, app, chromium, width, mode):
    world.add_user(
        address="maximiliana.featherstonehaugh-montgomery@fabrikam.test",
        display_name="Maximiliana Featherstonehaugh-Montgomery",
        windows_time_zone="UTC",
    )
    callback = f"http://localhost:{app.server_port}/callback"
    with (
        msal_at(server) as application,
        chromium.new_context(ignore_https_errors=True, viewport={"width": width, "height": 900}) as context,
    ):
        page = context.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)

        flow = application.initiate_auth_code_flow(["User.Read"], redirect_uri=callback, response_mode=mode)
        page.goto(flow["auth_uri"])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.activeElement.value") == world.user(ANA).id
        page.get_by_label("Or type an address").fill("nobody@fabrikam.test")
        page.keyboard.press("Enter")
        assert "nobody@fabrikam.test" in page.get_by_role("alert").inner_text()
        assert page.evaluate("document.activeElement.id") == "loginfmt"
        page.get_by_role("button", name=ANA).focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Welcome back").wait_for()
        result = application.acquire_token_by_auth_code_flow(flow, app.told[-1])
        assert result["id_token_claims"]["preferred_username"] == BO

        again = application.initiate_auth_code_flow([], redirect_uri=callback, prompt="select_account")
        page.goto(again["auth_uri"])
        page.get_by_role("button", name="Maximiliana").click()
        page.get_by_text("Welcome back").wait_for()
        silent = application.initiate_auth_code_flow([], redirect_uri=callback, prompt="none")["auth_uri"]
        page.goto(silent)
        assert "code" in app.told[-1]
        page.goto(f"{server.authority_url}/oauth2/v2.0/logout")
        page.goto(silent)
        assert app.told[-1]["error"] == "login_required"
    assert complaints == []
