"""A browser and an application that sign people in at the sandbox: what the sign-in tests share."""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import msal
import requests
from contract.wire_client import CERTIFICATES, a_world

from graphsync.clock import SteppedClock, SystemClock

CALLBACK = "https://app.test/callback"
ANA, BO = "ana@fabrikam.test", "bo@fabrikam.test"
SECRET = {"client_id": "app", "client_secret": "secret"}
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
EVERYTHING = "openid profile email offline_access User.Read"


class Page(HTMLParser):
    """The forms of a page, and all that could lead or load from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.buttons, self.scripts, self.addresses = [], {}, 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.addresses += [values[name] for name in ("href", "src", "action") if name in values]
        if tag == "form":
            self.forms.append((values["action"], {}))
        elif tag == "input":
            self.forms[-1][1][values["name"]] = values.get("value", "")
        elif tag == "button" and "name" in values:
            self.buttons.setdefault(values["name"], []).append(values["value"])
        elif tag == "script":
            self.scripts += 1


class Browser(httpx.Client):
    """A browser with its cookies, that follows no redirect by itself."""

    def __init__(self, server):
        super().__init__(base_url=server.base_url, verify=CERTIFICATES.ssl_context(), trust_env=False)
        self.server = server

    def authorize(self, tenant=None, **parameters):
        asked = {
            "client_id": "app",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": EVERYTHING,
            "state": "s t&ate",
        } | parameters
        path = f"/{tenant or self.server.world.tenant_id}/oauth2/v2.0/authorize"
        return self.get(path, params={name: value for name, value in asked.items() if value is not None})

    def pick(self, shown, address, **fields):
        """Sign in on the page that is shown."""
        action, hidden = Page(shown.text).forms[0]
        who = {} if address is None else {"login": self.server.world.user(address).id}
        return self.post(action, data=hidden | who | fields)

    def sign_in(self, address=ANA, **parameters):
        return self.pick(self.authorize(**parameters), address)

    def token(self, tenant=None, **form):
        path = f"/{tenant or self.server.world.tenant_id}/oauth2/v2.0/token"
        data = SECRET | form
        return self.post(path, data={name: value for name, value in data.items() if value is not None})

    def redeem(self, answer, **more):
        form = {"grant_type": "authorization_code", "code": told(answer)["code"], "redirect_uri": CALLBACK}
        return self.token(**(form | more))

    def tokens(self, address=ANA, **parameters):
        """Return all tokens of a person who signs in."""
        return self.redeem(self.sign_in(address, **parameters)).raise_for_status().json()

    def graph(self, method, path, token, **more):
        return self.request(method, f"/v1.0{path}", headers={"Authorization": f"Bearer {token}"}, **more)


def told(answer):
    """Return what the application is told by a redirect."""
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    return dict(parse_qsl(parts.query or parts.fragment))


def refused(answer):
    """Return how the token endpoint refuses."""
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return answer.status_code, body["error"], body["error_codes"][0]


def a_tenant():
    """A tenant with `app` to sign in to, whose roles Ana and Bo have, and `other` beside it."""
    made = a_world()
    roles = {
        "Programme.Admin": frozenset({made.user(ANA).id}),
        "Mentor": frozenset(made.user(who).id for who in (ANA, BO)),
    }
    made.add_application(
        client_id="app",
        secret="secret",
        permissions={"User.Read.All": None, "Calendars.ReadWrite": None},
        redirect_uris=[CALLBACK, "http://localhost/callback", "https://bare.test", "https://app.test/with?fixed=1"],
        app_roles=roles,
    )
    made.add_application(client_id="other", secret="secret", permissions={}, redirect_uris=[CALLBACK])
    return made


def later(server, **span):
    """Let time pass for the authority, which lives by the machine's clock."""
    server.face.tokens.clock = SteppedClock(SystemClock().now() + timedelta(**span))


@contextmanager
def msal_at(server):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(server.ca_file)
        yield msal.ConfidentialClientApplication(
            "app",
            client_credential="secret",
            authority=server.authority_url,
            instance_discovery=False,
            http_client=session,
        )


def claims_of(server, token, monkeypatch, audience="app"):
    """Return the claims of a token that PyJWT has checked by the published keys."""
    monkeypatch.setenv("NO_PROXY", "localhost")
    keys = jwt.PyJWKClient(f"{server.authority_url}/discovery/v2.0/keys", ssl_context=CERTIFICATES.ssl_context())
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=audience,
        issuer=f"{server.authority_url}/v2.0",
        options={"require": ["exp", "iat", "nbf", "sub", "aud", "iss"]},
    )
