"""Finds the page or the action for a request, guards forms, and renders.

A form is taken from this run's own pages alone: it carries a token, and the browser's `Origin` must be the page's.
What it did, or what was wrong with it, is told on the page that is looked at next.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from graphsync.clock import new_secret
from graphsync.errors import GraphsyncError
from graphsync.sandbox.pages import calendar_pages, people_pages, steering_pages, traffic_pages
from graphsync.sandbox.pages.visits import (
    Action,
    Done,
    PageMissing,
    PageRefused,
    Reply,
    Shown,
    Steering,
    View,
    Visit,
    path,
    person_path,
    week_path,
)
from graphsync.sandbox.pages.words import between, days_in_words, in_utc, moment, span
from graphsync.sandbox.refusals import GraphRefusal

STYLE_PATH = "/page/style.css"
NAVIGATION = (
    ("week", "/", "Week"),
    ("people", "/page/people", "People"),
    ("subscriptions", "/page/subscriptions", "Subscriptions"),
    ("traffic", "/page/traffic", "Traffic"),
    ("faults", "/page/faults", "Faults"),
    ("switches", "/page/switches", "Switches"),
    ("clock", "/page/clock", "Clock"),
)
Kind = TypeVar("Kind")
_MESSAGES_KEPT = 50
_MOST_FIELDS = 200
_HEADERS = {
    "Cache-Control": "no-store",
    # With `no-referrer` browsers send `Origin: null`, and a form of ours could not be told from a stranger's.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a form did, or what was wrong with it and what it held."""

    message: str
    is_wrong: bool = False
    action: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)


def is_page(method: str, target: str, accept: str) -> bool:
    """Return whether a request is one for the pages: below `/page`, or a browser's for the root."""
    asked = urlsplit(target).path
    if asked == "/page" or asked.startswith("/page/"):
        return True
    return asked == "/" and method == "GET" and "text/html" in accept


class Site:
    """Answers for all pages of one tenant."""

    def __init__(self, steering: Steering) -> None:
        self._steering = steering
        self._token = new_secret()
        self._pages: list[tuple[re.Pattern[str], View]] = [
            (_compiled(pattern), view)
            for module in (calendar_pages, people_pages, traffic_pages, steering_pages)
            for pattern, view in module.PAGES
        ]
        self._actions: list[tuple[re.Pattern[str], Action]] = [
            (_compiled(pattern), action)
            for module in (calendar_pages, traffic_pages, steering_pages)
            for pattern, action in module.ACTIONS
        ]
        self._said: OrderedDict[str, Said] = OrderedDict()
        self._said_count = 0
        self._saying = Lock()
        self._style = files(__package__).joinpath("templates/page.css").read_bytes()
        self._templates = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            navigation=NAVIGATION,
            style_path=STYLE_PATH,
            between=between,
            days_in_words=days_in_words,
            moment=moment,
            path=path,
            person_path=person_path,
            week_path=week_path,
            operation_words=steering_pages.operation_words,
        )

    def respond(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """Return the answer to a browser; never raises for what a visitor can do wrong.

        Args:
            method: of the request.
            target: path and query, as they came.
            headers: by their names in lower case.
            content: the body.
        """
        try:
            if method == "POST":
                return self._act(target, headers, content)
            if method != "GET":
                raise PageRefused(405, f"found {method}; expected GET or POST")
            if urlsplit(target).path == STYLE_PATH:
                return Reply(status=200, headers={**_HEADERS, "Content-Type": "text/css"}, content=self._style)
            return self._show(target)
        except PageRefused as refusal:
            return self._wrong(refusal.status, str(refusal))
        except GraphRefusal as refusal:
            return self._wrong(refusal.status, f"{refusal.code}: {refusal.message}")
        except PageMissing as missing:
            return self._wrong(404, str(missing))

    # Pages ---------------------------------------------------------------------------------------------------

    def _show(self, target: str) -> Reply:
        parts = urlsplit(target)
        view, keys = _found(self._pages, parts.path)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        said = self._said.get(options.pop("said", ""))
        back = parts.path + (f"?{urlencode(options)}" if options else "")
        # What is shown is one state of the world, though others change it meanwhile.
        with self._steering.world.lock:
            shown = view(self._steering, Visit(keys=keys, options=options))
            return self._rendered(200, shown, back=back, said=said)

    def _wrong(self, status: int, message: str) -> Reply:
        title = "There is no such page" if status == 404 else "That was not done"
        shown = Shown(template="wrong.html", title=title, section="", values={"message": message, "status": status})
        return self._rendered(status, shown, back="/", said=None)

    def _rendered(self, status: int, shown: Shown, *, back: str, said: Said | None) -> Reply:
        html = self._templates.get_template(shown.template).render(
            **shown.values,
            title=shown.title,
            section=shown.section,
            style=shown.style,
            said=said,
            entered=said.entered if said else {},
            token=self._token,
            back=back,
            clock=self._clock(),
            tenant_id=self._steering.world.tenant_id,
            seed=self._steering.world.seed,
        )
        rules = "'self'"
        if shown.style:
            # The rules that place events are allowed by what they are; nothing else inline is.
            digest = b64encode(sha256(shown.style.encode()).digest()).decode()
            rules += f" 'sha256-{digest}'"
        policy = f"default-src 'none'; style-src {rules}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        return Reply(
            status=status,
            headers={**_HEADERS, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy},
            content=html.encode(),
        )

    def _clock(self) -> dict[str, Any]:
        _, told = self._steering.respond("GET", "/clock", None)
        now = datetime.fromisoformat(told["now"])
        due = None if told["next_due_at"] is None else datetime.fromisoformat(told["next_due_at"])
        return {
            "now": now,
            "due": due,
            "due_text": "" if due is None else in_utc(max(due, now)),
            "due_in": "" if due is None else ("now" if due <= now else f"in {span(due - now)}"),
            "stands": told["mode"] == "virtual",
        }

    # Forms ---------------------------------------------------------------------------------------------------

    def _act(self, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        asked = urlsplit(target).path
        action, keys = _found(self._actions, asked)
        form = self._form(headers, content)
        back = self._back(form.get("back", ""))
        try:
            done: Done = action(self._steering, Visit(keys=keys, form=form))
            said, to = Said(message=done.message), done.to or back
        except GraphsyncError as refusal:
            said, to = Said(message=str(refusal), is_wrong=True, action=asked, entered=form), back
        return Reply(status=303, headers={**_HEADERS, "Location": self._with_message(to, said)})

    def _form(self, headers: Mapping[str, str], content: bytes) -> dict[str, str]:
        """Return the fields of a form that comes from a page of this run."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise PageRefused(415, f"found content type {kind!r}; expected 'application/x-www-form-urlencoded'")
        origin, own = headers.get("origin"), f"http://{headers.get('host', '')}"
        if origin is not None and origin.lower() != own.lower():
            raise PageRefused(403, f"found a form of {origin!r}; expected one of {own!r}")
        try:
            pairs = parse_qsl(content.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise PageRefused(400, f"found a form that cannot be read: {error}; expected fields and values") from error
        form = dict(pairs)
        if not hmac.compare_digest(form.pop("token", "").encode(), self._token.encode()):
            raise PageRefused(
                403, "found a form without the token of this run; expected one of its own pages: load the page again"
            )
        return form

    def _back(self, text: str) -> str:
        """Return the address of a page of ours to go back to; whatever else is given, the root."""
        asked = text.partition("?")[0]
        if any(pattern.fullmatch(asked) for pattern, _ in self._pages) and text.isascii() and text.isprintable():
            return text
        return "/"

    def _with_message(self, to: str, said: Said) -> str:
        with self._saying:
            self._said_count += 1
            number = str(self._said_count)
            self._said[number] = said
            while len(self._said) > _MESSAGES_KEPT:
                self._said.popitem(last=False)
        return f"{to}{'&' if '?' in to else '?'}said={number}"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", pattern))


def _found(table: list[tuple[re.Pattern[str], Kind]], asked: str) -> tuple[Kind, tuple[str, ...]]:
    for pattern, found in table:
        match = pattern.fullmatch(asked.rstrip("/") or "/")
        if match is not None:
            return found, tuple(unquote(key) for key in match.groups())
    raise PageMissing(f"found path {asked!r}; expected one that a link here leads to")
