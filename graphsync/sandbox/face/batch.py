"""`$batch`: up to twenty requests in one, each authorized, counted, throttled and answered by itself.

The outer answer is 200 once the batch could be read, whatever became of its parts; a batch that cannot be read is
refused whole, and nothing of it is done.

Source: https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from graphsync.sandbox.face.bodies import fingerprint, is_annotation, list_of, object_of, text_of, unknown_property
from graphsync.sandbox.face.calls import Answer, Call, Request, Route
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.refusals import GraphRefusal, bad_request, close_to, refuse_unknown
from graphsync.sandbox.world import World

MOST_PARTS = 20
# Outlook works on four parts of a batch at a time: https://learn.microsoft.com/graph/throttling-limits
PARTS_AT_A_TIME = 4
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
KEYS = ("id", "method", "url", "headers", "body", "dependsOn")
# Microsoft's Python SDK writes this key in every part, where dependsOn is meant, and Graph serves it:
# https://github.com/microsoftgraph/msgraph-sdk-python-core (batch_request_item.py)
PASSED_OVER = "depends_on"
PART_CONTENT_TYPE = "application/json"

Respond = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One request of a batch; `depends_on` is the id, in lower case, of the part that must succeed before it."""

    id: str
    method: str
    path: str
    options: dict[str, str]
    headers: dict[str, str]
    body: bytes
    depends_on: str | None

    @property
    def key(self) -> str:
        """Return the id as it is compared: in any case of letters."""
        return self.id.lower()


def read_batch(body: Json, *, same_dependency: bool) -> list[list[Part]]:
    """Return the parts of a batch as groups in the order they are done; those of one group stand side by side.

    Without dependencies that is one group, with a chain one group per part. `same_dependency` also takes the
    form in which all dependent parts name one and the same other.

    Raises:
        GraphRefusal: 400; the batch is not what the page describes.
    """
    for key in body:
        if key != "requests" and not is_annotation(key):
            refuse_unknown(unknown_property(key, "batchRequestContent", ("requests",)))
    items = list_of(body.get("requests"), "requests")
    if not items:
        raise bad_request("Invalid batch payload format: 'requests' is empty.")
    if len(items) > MOST_PARTS:
        raise bad_request(f"Number of requests inside batch exceeds the limit of {MOST_PARTS}; there are {len(items)}.")
    parts = [_part(item) for item in items]
    known = {part.key for part in parts}
    if len(known) < len(parts):
        raise bad_request("Each request in a batch needs an id of its own, whatever the case of its letters.")
    for part in parts:
        if part.depends_on is not None and part.depends_on not in known:
            raise bad_request(f"Request '{part.id}' depends on '{part.depends_on}', which is not in the batch.")
    return _groups(parts, same_dependency=same_dependency)


def _groups(parts: list[Part], *, same_dependency: bool) -> list[list[Part]]:
    free = [part for part in parts if part.depends_on is None]
    waiting = [part for part in parts if part.depends_on is not None]
    if not waiting:
        return [free]
    named = {part.depends_on for part in waiting}
    if same_dependency and len(named) == 1 and named <= {part.key for part in free}:
        return [free, *([part] for part in waiting)]
    follower = {part.depends_on: part for part in waiting}
    chain = free[:1]
    while chain and len(chain) <= len(parts):
        following = follower.get(chain[-1].key)
        if following is None:
            break
        chain.append(following)
    if len(free) != 1 or len(chain) != len(parts):
        raise bad_request("A batch is either fully sequential, each request depending on the one before, or parallel.")
    return [[part] for part in chain]


def _part(item: object) -> Part:
    holder = object_of(item, "requests")
    for key in holder:
        if key not in (*KEYS, PASSED_OVER) and not is_annotation(key):
            refuse_unknown(unknown_property(key, "batchRequestStep", KEYS))
    part_id = text_of(holder.get("id"), "requests.id")
    if not part_id:
        raise bad_request("Each request in a batch needs an id.")
    method = text_of(holder.get("method"), "requests.method").upper()
    if method not in METHODS:
        raise bad_request(f"The method '{method}' of request '{part_id}' is not valid{close_to(method, METHODS)}.")
    path, options = _address(part_id, text_of(holder.get("url"), "requests.url"))
    headers = {
        name.lower(): text_of(value, f"headers.{name}")
        for name, value in object_of(holder.get("headers") or {}, "requests.headers").items()
    }
    depends_on = [text_of(value, "dependsOn").lower() for value in list_of(holder.get("dependsOn") or [], "dependsOn")]
    if len(depends_on) > 1:
        raise bad_request(f"Request '{part_id}' depends on {len(depends_on)} others; one is allowed.")
    body = b""
    if holder.get("body") is not None:
        if "content-type" not in headers:
            raise bad_request(f"Request '{part_id}' has a body and no Content-Type header.")
        body = _body(part_id, holder["body"])
    return Part(
        id=part_id,
        method=method,
        path=path,
        options=options,
        headers=headers,
        body=b"" if method in {"GET", "DELETE"} else body,
        depends_on=depends_on[0] if depends_on else None,
    )


def _address(part_id: str, url: str) -> tuple[str, dict[str, str]]:
    pieces = urlsplit(url)
    if pieces.scheme or pieces.netloc:
        raise bad_request(f"The url of request '{part_id}' must be relative, without host and version.")
    path = unquote(pieces.path).strip("/")
    if not path:
        raise bad_request(f"The url of request '{part_id}' is empty.")
    if path.lower() == "$batch":
        raise bad_request(f"Request '{part_id}' is a batch; a batch does not contain batches.")
    return path, dict(parse_qsl(pieces.query, keep_blank_values=True))


def _body(part_id: str, value: Any) -> bytes:
    if not isinstance(value, str):
        return msgspec.json.encode(value)
    plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"The body of request '{part_id}' is neither JSON nor base64.") from error


class BatchRoutes:
    """The one operation that is made of others; `respond` is what answers each of them."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    async def batch(self, world: World, call: Call) -> Answer:
        """POST a batch: read it whole, do its parts, and answer in an order that is not the one asked in."""
        call.query.finish()
        body = call.json()
        groups = read_batch(body, same_dependency=world.behavior.batch_same_dependency)
        answers = await self._answers(world, call, groups)
        broken = next((answer for answer in answers.values() if answer.interrupt), None)
        if broken is not None:
            # There is one connection for all parts.
            return Answer(status=200, interrupt=True, hold_s=broken.hold_s)
        asked = [text_of(item["id"], "requests.id") for item in body["requests"]]
        content = fingerprint(body).hex()
        with world.lock:
            key = ("batch", world.clock.now().isoformat(), content)
            order = list(asked)
            world.draws.random(*key, world.draws.ordinal(*key)).shuffle(order)
        if order == asked:
            order = [*order[1:], *order[:1]]
        return Answer(status=200, body={"responses": [_shown(part_id, answers[part_id.lower()]) for part_id in order]})

    async def _answers(self, world: World, call: Call, groups: Sequence[Sequence[Part]]) -> dict[str, Answer]:
        all_at_once = world.behavior.batch_pace == "all_at_once"
        places = asyncio.Semaphore(MOST_PARTS if all_at_once else PARTS_AT_A_TIME)
        answers: dict[str, Answer] = {}

        async def one(part: Part) -> None:
            before = None if part.depends_on is None else answers[part.depends_on]
            if before is not None and (before.interrupt or before.status >= 400):
                answers[part.key] = _failed_dependency()
                return
            async with places:
                answers[part.key] = await self._respond(_request(call, part))

        for group in groups:
            await asyncio.gather(*(one(part) for part in group))
        return answers

    def routes(self) -> list[Route]:
        """Return the route of `$batch`."""
        return [
            Route(method="POST", pattern="$batch", operation="batch", permissions=(), subject="none", later=self.batch)
        ]


def _request(call: Call, part: Part) -> Request:
    # One Authorization header counts for the whole batch.
    return Request(
        method=part.method,
        path=f"{call.request.path.rstrip('/').rpartition('/')[0]}/{part.path}",
        options=part.options,
        headers={**part.headers, "authorization": call.request.headers.get("authorization", "")},
        body=part.body,
        base_url=call.request.base_url,
    )


def _failed_dependency() -> Answer:
    refusal = GraphRefusal(424, "FailedDependency", "The request this one depends on has failed.")
    return Answer(status=refusal.status, body={"error": {"code": refusal.code, "message": refusal.message}})


def _shown(part_id: str, answer: Answer) -> Json:
    shown: Json = {"id": part_id, "status": answer.status, "headers": dict(answer.headers)}
    if answer.content is not None:
        shown["body"] = base64.b64encode(answer.content).decode()
    if answer.body is not None:
        shown["headers"]["Content-Type"] = PART_CONTENT_TYPE
        shown["body"] = answer.body
    return shown
