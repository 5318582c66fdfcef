"""One request on its way: what the HTTP face hands to a handler, what it gets back, and how a route is described."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote, urlencode

import msgspec

from graphsync.sandbox.face.bodies import body_refusal
from graphsync.sandbox.face.odata import Query
from graphsync.sandbox.face.wire import Json, View
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.tenant.directory import Application, User
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import zone_of

_PREFERENCE = re.compile(r'([\w.\-]+)(?:\s*=\s*("[^"]*"|[^,;\s]+))?')
METADATA = "https://graph.microsoft.com/v1.0/$metadata#"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The `Prefer` header, read; what is not known is not applied, as HTTP has it."""

    zone: str = "UTC"
    as_text: bool = False
    page_size: int | None = None
    immutable_ids: bool = False
    unknown_enum_members: bool = False
    applied: tuple[str, ...] = ()


# Few are told apart, and every request has one.
@lru_cache(maxsize=256)
def parse_prefer(text: str) -> Preferences:
    """Return the preferences in a `Prefer` header.

    Raises:
        GraphRefusal: 400 `TimeZoneNotSupportedException`; an `outlook.timezone` Graph does not know.
    """
    if not text:
        return Preferences()
    found = {name.lower(): (value or "").strip('"') for name, value in _PREFERENCE.findall(text)}
    applied: list[str] = []
    zone = "UTC"
    if "outlook.timezone" in found:
        zone = found["outlook.timezone"]
        zone_of(zone)
        applied.append(f'outlook.timezone="{zone}"')
    as_text = found.get("outlook.body-content-type", "").lower() == "text"
    if as_text:
        applied.append('outlook.body-content-type="text"')
    size = found.get("odata.maxpagesize", "")
    if size.isdigit() and int(size):
        applied.append(f"odata.maxpagesize={size}")
    immutable = found.get("idtype", "").lower() == "immutableid"
    if immutable:
        applied.append('IdType="ImmutableId"')
    return Preferences(
        zone=zone,
        as_text=as_text,
        page_size=int(size) if size.isdigit() and int(size) else None,
        immutable_ids=immutable,
        unknown_enum_members="include-unknown-enum-members" in found,
        applied=tuple(applied),
    )


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it came: path and query decoded, header names in lower case; `operation` once a route was found.

    `is_whole` is False if the connection ended before the body did.
    """

    method: str
    path: str
    options: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base_url: str
    operation: str = ""
    is_whole: bool = True


@dataclass(slots=True, kw_only=True)
class Answer:
    """What is sent back: `body` as JSON, or `content` as it is, with its own `Content-Type` among the headers.

    Each of `cookies` is a `Set-Cookie` header. `interrupt` ends the connection instead, after `hold_s` seconds.
    """

    status: int
    body: Json | None = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    interrupt: bool = False
    hold_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Call:
    """A request that found its route: `keys` are the variable parts of the path, `user` whom it is about.

    `matched` is how many items a collection has of which the answer is one page; `page` notes it.
    """

    request: Request
    keys: dict[str, str]
    application: Application
    query: Query
    prefer: Preferences
    request_id: str
    user_or_none: User | None = None
    matched: int | None = None

    @property
    def user(self) -> User:
        """Return the user of the path; the face has looked them up."""
        assert self.user_or_none is not None
        return self.user_or_none

    @property
    def actor(self) -> str:
        """Return how the journal names the caller."""
        return f"app:{self.application.client_id}"

    @property
    def view(self) -> View:
        """Return how things are to be shown."""
        return View(zone=self.prefer.zone, as_text=self.prefer.as_text, system_names=self.prefer.unknown_enum_members)

    def json(self) -> Json:
        """Return the body as a JSON object; an absent one as an empty object.

        Raises:
            GraphRefusal: 400 for what is no JSON object, 415 for another content type.
        """
        if not self.request.body:
            return {}
        content_type = self.request.headers.get("content-type", "application/json").partition(";")[0].strip()
        if content_type.lower() != "application/json":
            raise GraphRefusal(
                415, "RequestBodyRead", f"A content type application/json is expected, not '{content_type}'."
            )
        try:
            decoded = msgspec.json.decode(self.request.body)
        except msgspec.DecodeError as error:
            raise body_refusal(f"Unable to read JSON request payload: {error}.") from error
        if not isinstance(decoded, dict):
            raise body_refusal("Unable to read JSON request payload: an object is expected.")
        return decoded

    def covered_only_by(self, least: Sequence[str], more: Sequence[str]) -> bool:
        """Return whether the caller may see this mailbox by one of `least` and by none of `more`."""
        return not self.application.may(more, self.user.id) and self.application.may(least, self.user.id)

    def link(self, changed: Mapping[str, str]) -> str:
        """Return this request's URL with some options set anew: what a next link is."""
        options = {name: value for name, value in self.request.options.items() if name not in changed}
        return self.url(self.request.path, options | dict(changed))

    def url(self, path: str, options: Mapping[str, str]) -> str:
        """Return an absolute URL of this service."""
        return f"{self.request.base_url}{quote(path)}?{urlencode(options, safe='$:')}"


def collection(call: Call, context: str, items: list[Json], next_link: str | None = None) -> Answer:
    """Return the answer that is a page of a collection; `nextLink` is absent on the last page.

    `$count=true` tells all that match, whatever the page: https://learn.microsoft.com/graph/query-parameters (count).
    """
    body: Json = {"@odata.context": METADATA + context}
    if (call.query.take("$count") or "").lower() == "true":
        body["@odata.count"] = len(items) if call.matched is None else call.matched
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    body["value"] = items
    return Answer(status=200, body=body)


def page(call: Call, found: Sequence[Any], size: int) -> tuple[Sequence[Any], str | None]:
    """Return one page of `found` by `$skip`, and the link to the next one or None."""
    skip = call.query.number("$skip", 0, 1_000_000, 0)
    call.matched = len(found)
    part = found[skip : skip + size]
    more = skip + size < len(found)
    return part, call.link({"$skip": str(skip + size)}) if more else None


Subject = Literal["mailbox", "directory", "communications", "user", "none"]
Handler = Callable[[World, Call], Answer]
AsyncHandler = Callable[[World, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: where it is, what it needs, who does it.

    `pattern` has `{name}` for variable parts. `permissions` are alternatives. `subject` says what `{user}` must be: a
    mailbox in the permission's scope, an object of the directory, somebody who meets and is present (whom scopes of
    mailboxes do not protect), a person in scope, or nothing. `delegated` is for people who have signed in;
    `permissions` are then those of their token, and applications by themselves are refused. `consented` are the
    resource-specific permissions which an app installed at `{user}` or `{chat}` may bring instead; where it is not None
    a lack is refused in the words of Teams.
    """

    method: str
    pattern: str
    operation: str
    permissions: tuple[str, ...]
    subject: Subject
    handler: Handler | None = None
    later: AsyncHandler | None = None
    delegated: bool = False
    consented: tuple[str, ...] | None = None
