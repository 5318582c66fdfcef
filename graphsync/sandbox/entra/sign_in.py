"""Sign-in of people: the authorize endpoint, the page to pick a person, the session that remembers them, sign-out.

Sources: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow,
https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from graphsync.sandbox.entra.entra_errors import AuthorityRefusal, unknown_application, user_disabled
from graphsync.sandbox.entra.id_tokens import client_info
from graphsync.sandbox.entra.redirects import is_registered, with_path
from graphsync.sandbox.entra.scopes import Scopes, missing, parse_scopes
from graphsync.sandbox.entra.sign_in_pages import error_page, pick_page, return_page, signed_out_page
from graphsync.sandbox.entra.tokens import Tokens
from graphsync.sandbox.face.calls import Answer, Request
from graphsync.sandbox.refusals import close_to
from graphsync.sandbox.tenant.directory import Application, User

COOKIE = "ESTSAUTH"
# "Typically, they expire after about 10 minutes": the page of the authorization code flow.
CODE_LIFETIME_S = 600
# How long a browser session may be idle: https://learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes
SESSION_LIFETIME_S = 24 * 3600
PROMPTS = ("none", "login", "select_account", "consent")
RESPONSE_MODES = ("query", "fragment", "form_post")
# 43 to 128 characters: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
_CHALLENGE_SIZE = range(43, 129)


@dataclass(slots=True, kw_only=True)
class Code:
    """An authorization code: what one person let one application have, for one exchange."""

    client_id: str
    user_id: str
    redirect_uri: str
    scopes: Scopes
    nonce: str | None
    challenge: str | None
    challenge_method: str
    expires_at: float
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class _Session:
    user_id: str
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """Where the answer goes: an application at a redirect URI of its own."""

    application: Application
    redirect_uri: str
    mode: str
    state: str | None

    def answer(self, fields: Mapping[str, str]) -> Answer:
        told = dict(fields)
        if self.state is not None:
            told["state"] = self.state
        if self.mode == "form_post":
            return return_page(self.redirect_uri, told)
        joint = "#" if self.mode == "fragment" else "&" if "?" in self.redirect_uri else "?"
        return _sent_to(f"{with_path(self.redirect_uri)}{joint}{urlencode(told)}")

    def refused(self, refusal: AuthorityRefusal) -> Answer:
        told = {
            "error": refusal.error,
            "error_description": refusal.description,
            "error_uri": f"https://login.microsoftonline.com/error?code={refusal.number}",
        }
        return self.answer(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What an application asks for."""

    scopes: Scopes
    prompt: str
    nonce: str | None
    challenge: str | None
    challenge_method: str
    wants_client_info: bool


def _sent_to(address: str) -> Answer:
    headers = {"Location": address, "Cache-Control": "no-store, no-cache", "Referrer-Policy": "no-referrer"}
    return Answer(status=302, headers=headers)


def form_of(request: Request) -> dict[str, str]:
    """Return what a form holds; empty fields are as absent ones."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


@dataclass(slots=True)
class SignIn:
    """Signs people in; codes are redeemed by the token endpoint. Whoever calls holds the world's lock."""

    tokens: Tokens
    codes: dict[str, Code] = field(default_factory=dict)
    _sessions: dict[str, _Session] = field(default_factory=dict)

    # Asked by an application --------------------------------------------------------------------------------

    def authorize(self, request: Request, tenant: str) -> Answer:
        """Answer a request to the authorize endpoint; `tenant` is how the path names the tenant.

        Raises:
            AuthorityRefusal: the app or its redirect URI is not known, so that only a page can say so.
        """
        asked = {name: value for name, value in request.options.items() if value} | form_of(request)
        target = self._target(asked)
        try:
            return self._authorized(request, tenant, asked, target)
        except AuthorityRefusal as refusal:
            self._note_refusal(refusal, target.application)
            return target.refused(refusal)

    def _authorized(self, request: Request, tenant: str, asked: Mapping[str, str], target: _Return) -> Answer:
        order = _order(asked, target.application)
        hint = asked.get("login_hint", "")
        session_id, person = self._signed_in(request)
        fits = person is not None and (not hint or person is self._person(hint))
        if order.prompt == "none":
            if person is None or not fits:
                raise AuthorityRefusal(
                    "login_required", 50058, "A silent sign-in request was sent but no user is signed in."
                )
            if not person.may_sign_in:
                raise user_disabled("interaction_required")
            return self._let_in(person, session_id, order, target)
        if order.prompt == "" and person is not None and fits and person.may_sign_in:
            return self._let_in(person, session_id, order, target)
        return self._pick(tenant, asked, target.application)

    def _target(self, asked: Mapping[str, str]) -> _Return:
        client_id = asked.get("client_id")
        if client_id is None:
            raise missing("client_id")
        application = self.tokens.world.directory.applications.get(client_id)
        if application is None:
            raise unknown_application(client_id, self.tokens.world.tenant_id)
        registered = application.redirect_uris
        if not registered:
            raise AuthorityRefusal("invalid_request", 500113, "No reply address is registered for the application.")
        redirect_uri = asked.get("redirect_uri", registered[0])
        if not is_registered(redirect_uri, registered):
            raise AuthorityRefusal(
                "invalid_request",
                50011,
                f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs "
                f"configured for the application '{client_id}'{close_to(redirect_uri, registered)}.",
            )
        mode = asked.get("response_mode", "query")
        return _Return(
            application=application,
            redirect_uri=redirect_uri,
            mode=mode if mode in RESPONSE_MODES else "query",
            state=asked.get("state"),
        )

    # Asked of a person ---------------------------------------------------------------------------------------

    def _pick(
        self, tenant: str, asked: Mapping[str, str], application: Application, *, typed: str = "", wrong: str = ""
    ) -> Answer:
        people = [user for user in self.tokens.world.directory if user.may_sign_in]
        hinted = None if asked.get("prompt") == "select_account" else self._person(asked.get("login_hint", ""))
        if hinted is not None:
            people.sort(key=lambda user: user is not hinted)
        return pick_page(
            people,
            application=application.client_id,
            action=f"/{tenant}/login",
            context=urlencode(asked),
            typed=typed,
            wrong=wrong,
        )

    def login(self, request: Request, tenant: str) -> Answer:
        """Answer the form of the page: sign in who was picked, and go back to the application.

        Raises:
            AuthorityRefusal: the form is none of this page.
        """
        form = form_of(request)
        asked = dict(parse_qsl(form.get("ctx", "")))
        target = self._target(asked)
        try:
            order = _order(asked, target.application)
            if "cancel" in form:
                raise AuthorityRefusal("access_denied", 65004, "User declined to consent to access the app.")
        except AuthorityRefusal as refusal:
            self._note_refusal(refusal, target.application)
            return target.refused(refusal)
        typed = form.get("loginfmt", "").strip()
        person = self._person(form.get("login", "") or typed)
        if person is None:
            wrong = f"No account has the address '{typed}'." if typed else "Pick an account, or type its address."
            return self._pick(tenant, asked, target.application, typed=typed, wrong=wrong)
        if not person.may_sign_in:
            return self.page_of(user_disabled("invalid_request"), request, target.application, person)
        session_id = self._open(person)
        answer = self._let_in(person, session_id, order, target)
        answer.cookies.append(_cookie(session_id))
        return answer

    def _let_in(self, person: User, session_id: str, order: _Order, target: _Return) -> Answer:
        world, now = self.tokens.world, self.tokens.clock.now().timestamp()
        draws, client_id = world.draws, target.application.client_id
        code = f"0.{draws.hexadecimal('code', client_id, person.id, draws.ordinal('code'))}"
        self.codes[code] = Code(
            client_id=client_id,
            user_id=person.id,
            redirect_uri=target.redirect_uri,
            scopes=order.scopes,
            nonce=order.nonce,
            challenge=order.challenge,
            challenge_method=order.challenge_method,
            expires_at=now + CODE_LIFETIME_S,
        )
        self._sessions[session_id].expires_at = now + SESSION_LIFETIME_S
        world.journal.add("signed_in", actor=person.address, user_id=person.id, subject_id=client_id)
        told = {"code": code, "session_state": draws.guid("session_state", session_id, client_id)}
        if order.wants_client_info:
            told["client_info"] = client_info(person, world.tenant_id)
        return target.answer(told)

    # The session ---------------------------------------------------------------------------------------------

    def _person(self, key: str) -> User | None:
        return self.tokens.world.directory.lookup(key.strip()) if key else None

    def _open(self, person: User) -> str:
        draws = self.tokens.world.draws
        session_id = draws.hexadecimal("session", draws.ordinal("session"))
        expires_at = self.tokens.clock.now().timestamp() + SESSION_LIFETIME_S
        self._sessions[session_id] = _Session(user_id=person.id, expires_at=expires_at)
        return session_id

    def _signed_in(self, request: Request) -> tuple[str, User | None]:
        """Return the session of this browser and whose it is; None if nobody is signed in."""
        session_id = _cookie_in(request)
        session = self._sessions.get(session_id)
        if session is None or session.expires_at <= self.tokens.clock.now().timestamp():
            return session_id, None
        return session_id, self._person(session.user_id)

    def logout(self, request: Request) -> Answer:
        """End the session of this browser, and send it back to where it may go."""
        session_id, person = self._signed_in(request)
        self._sessions.pop(session_id, None)
        if person is not None:
            self.tokens.world.journal.add("signed_out", actor=person.address, user_id=person.id)
        wanted = (request.options | form_of(request)).get("post_logout_redirect_uri", "")
        applications = self.tokens.world.directory.applications.values()
        known = bool(wanted) and any(is_registered(wanted, each.redirect_uris) for each in applications)
        answer = _sent_to(wanted) if known else signed_out_page()
        answer.cookies.append(_cookie("", "; Max-Age=0"))
        return answer

    # Refusals ------------------------------------------------------------------------------------------------

    def page_of(
        self,
        refusal: AuthorityRefusal,
        request: Request,
        application: Application | None = None,
        person: User | None = None,
    ) -> Answer:
        """Return the page that shows a refusal."""
        draws = self.tokens.world.draws
        self._note_refusal(refusal, application, person)
        correlation_id = request.headers.get("client-request-id") or draws.guid("page", draws.ordinal("page"))
        return error_page(refusal, correlation_id=correlation_id, now=self.tokens.clock.now())

    def _note_refusal(
        self, refusal: AuthorityRefusal, application: Application | None, person: User | None = None
    ) -> None:
        self.tokens.world.journal.add(
            "sign_in_refused",
            actor=f"app:{'unknown' if application is None else application.client_id}",
            user_id="" if person is None else person.id,
            details={"error": refusal.error, "number": refusal.number},
        )


def _cookie(value: str, more: str = "") -> str:
    # SameSite=None, as Entra's: pages in frames, such as Teams tabs, ask with prompt=none from elsewhere.
    return f"{COOKIE}={value}; Path=/; HttpOnly; Secure; SameSite=None{more}"


def _cookie_in(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        # A cookie that cannot be read is one that was not sent.
        return ""
    return "" if found is None else found.value


def _order(asked: Mapping[str, str], application: Application) -> _Order:
    """Return what is asked for.

    Raises:
        AuthorityRefusal: something is missing, not supported or not allowed.
    """
    _check_response(asked)
    prompt = asked.get("prompt", "")
    if prompt and prompt not in PROMPTS:
        text = f"Unsupported 'prompt' value '{prompt}'{close_to(prompt, PROMPTS)}."
        raise AuthorityRefusal("invalid_request", 90023, text)
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method", "plain")
    if challenge is None and "code_challenge_method" in asked:
        raise missing("code_challenge")
    if challenge is not None and len(challenge) not in _CHALLENGE_SIZE:
        raise AuthorityRefusal("invalid_request", 501491, "Invalid size of Code_Challenge parameter.")
    if method not in {"plain", "S256"}:
        text = f"Unsupported 'code_challenge_method' value '{method}'{close_to(method, ('plain', 'S256'))}."
        raise AuthorityRefusal("invalid_request", 90023, text)
    return _Order(
        scopes=parse_scopes(asked.get("scope", ""), application.client_id),
        prompt=prompt,
        nonce=asked.get("nonce"),
        challenge=challenge,
        challenge_method=method,
        wants_client_info=asked.get("client_info") == "1",
    )


def _check_response(asked: Mapping[str, str]) -> None:
    response_type = asked.get("response_type")
    if response_type is None:
        raise missing("response_type")
    types = response_type.split()
    if "token" in types or "id_token" in types:
        # The implicit and the hybrid flow: off in an app registration until they are asked for.
        kind, number = ("token", 700051) if "token" in types else ("id_token", 700054)
        text = f"response_type '{kind}' is not enabled for the application."
        raise AuthorityRefusal("unsupported_response_type", number, text)
    if types != ["code"]:
        raise AuthorityRefusal(
            "unsupported_response_type",
            70005,
            f"The response type '{response_type}' is not supported; expected 'code'.",
        )
    mode = asked.get("response_mode", "query")
    if mode not in RESPONSE_MODES:
        text = f"'{mode}' is not a supported value of 'response_mode'{close_to(mode, RESPONSE_MODES)}."
        raise AuthorityRefusal("invalid_request", 70007, text)
