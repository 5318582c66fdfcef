"""The face of the bot connector: what is below `/connector`, and the keys that activities are signed with.

Bodies and errors are the Bot Framework's, not Graph's. Order: whole body, bearer, route, fault, rate, effect, fault.
Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import msgspec

from graphsync.sandbox.entra.tokens import Tokens
from graphsync.sandbox.face.calls import Answer, Call, Preferences, Request, Route
from graphsync.sandbox.face.odata import Query
from graphsync.sandbox.face.routes_bots import ROUTES, ConnectorRefusal
from graphsync.sandbox.face.routing import Router
from graphsync.sandbox.face.throttling import Window
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.faults import REQUEST_KINDS, Fault
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.teams.bots import CHANNEL, CONNECTOR
from graphsync.sandbox.world import SeenRequest, World

CONTENT_TYPE = "application/json; charset=utf-8"
ISSUER = "https://api.botframework.com"
METADATA_PATH = "/botframework/v1/.well-known/openidconfiguration"
KEYS_PATH = "/botframework/v1/.well-known/keys"
_REGIONS = frozenset({"amer", "apac", "emea", "in", "teams"})
_PATH = re.compile(rf"{CONNECTOR}(?:/(?P<region>[a-z]+))?(?:/(?P<tenant>[0-9a-z.-]+))?(?P<rest>/v3/.*)", re.IGNORECASE)
# (seconds, operations) of one bot in one conversation: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
SEND_WINDOWS = ((1, 7), (2, 8), (30, 60), (3600, 1800))
MEMBER_WINDOWS = ((1, 14), (2, 16), (30, 120), (3600, 3600))
# Requests of one app in one tenant, a second.
APP_RATE = 30
_AFTER = frozenset({"throttled_after", "unavailable_after", "dropped_after", "timeout_after"})


class Connector:
    """Answers requests of bots to one world."""

    def __init__(self, world: World, tokens: Tokens, *, struck: Callable[[Fault], Answer]) -> None:
        self.world = world
        self.tokens = tokens
        self._struck = struck
        self._router = Router(ROUTES)
        self._windows: dict[tuple[object, ...], Window] = {}

    def serves(self, request: Request) -> bool:
        """Return whether a request is for the connector, or for the keys of its activities."""
        path = request.path.lower()
        return path.startswith(f"{CONNECTOR}/") or path in {METADATA_PATH, KEYS_PATH}

    async def respond(self, request: Request, request_id: str) -> Answer:
        """Return the answer to such a request; never raises for what a caller can do wrong."""
        if not request.path.lower().startswith(f"{CONNECTOR}/"):
            answer = self._published(request)
            answer.headers["Content-Type"] = CONTENT_TYPE
            return answer
        try:
            answer = self._carried_out(request, request_id)
        except GraphRefusal as refusal:
            answer = self._refused(request, refusal, request_id)
        now = self.world.clock.now()
        seen = SeenRequest(
            at=now,
            method=request.method,
            path=request.path,
            operation=request.operation,
            status=0 if answer.interrupt else answer.status,
            request_id=request_id,
        )
        with self.world.lock:
            self.world.last_requests.append(seen)
        answer.headers["Content-Type"] = CONTENT_TYPE
        answer.headers["x-ms-request-id"] = request_id
        answer.headers["Date"] = format_datetime(now, usegmt=True)
        return answer

    def _published(self, request: Request) -> Answer:
        if request.path.lower() == METADATA_PATH:
            return Answer(status=200, body=_metadata(request.base_url))
        with self.world.lock:
            keys = self.world.signing.key_set()["keys"]
        return Answer(status=200, body={"keys": [{**key, "endorsements": [CHANNEL]} for key in keys]})

    def _carried_out(self, request: Request, request_id: str) -> Answer:
        world = self.world
        if not request.is_whole:
            raise GraphRefusal(400, "BadSyntax", "The request body ended before its end was announced.")
        application = self.tokens.bot(request.headers.get("authorization", ""))
        path = self._below(request.path)
        route, keys = self._router.match(request.method, path)
        operation = request.operation = route.operation
        with world.lock:
            world.request_counts[operation] = world.request_counts.get(operation, 0) + 1
        self._tell(operation, "received")
        with world.lock:
            fault = world.faults.strike(operation, path, REQUEST_KINDS, method=request.method)
        if fault is not None and fault.kind not in _AFTER:
            return self._struck(fault)
        call = Call(
            request=request,
            keys=keys,
            application=application,
            query=Query(request.options),
            prefer=Preferences(),
            request_id=request_id,
        )
        self._count(route, call)
        assert route.handler is not None
        with world.lock:
            answer = route.handler(world, call)
        self._tell(operation, "applied")
        return answer if fault is None else self._struck(fault)

    def _tell(self, operation: str, phase: str) -> None:
        if self.world.on_request is not None:
            self.world.on_request(operation, phase)

    def _below(self, path: str) -> str:
        """Return the path below the connector, whatever its region; another tenant's is not here."""
        match = _PATH.fullmatch(path)
        region = match["region"] if match else None
        tenant = match["tenant"] if match else None
        if match is None or (region is not None and region.lower() not in _REGIONS):
            raise GraphRefusal(404, "ServiceError", f"Nothing is served at '{path}'; conversations are below /v3.")
        if tenant is not None and tenant.lower() != self.world.tenant_id.lower():
            raise GraphRefusal(403, "Forbidden", f"The tenant '{tenant}' is not served here.")
        return match["rest"]

    # Rates ---------------------------------------------------------------------------------------------------

    def _count(self, route: Route, call: Call) -> None:
        if not self.world.behavior.throttling:
            return
        client_id = call.application.client_id
        place = call.keys.get("conversation", "").partition(";")[0]
        known = self.world.bots.conversation(place)
        where = known.id if known else _asked_member(call)
        kind = "create" if route.operation == "createConversation" else "send"
        windows = SEND_WINDOWS
        if route.method == "GET":
            kind, windows = "members", MEMBER_WINDOWS
        # Every window counts the request, whichever refuses it.
        waits = [self._take(1, APP_RATE, "app", client_id)]
        waits += [self._take(seconds, most, kind, client_id, where) for seconds, most in windows]
        wait_s = max(wait or 0 for wait in waits)
        if wait_s:
            headers = {"Retry-After": str(wait_s)} if self.world.behavior.throttled_with_retry_after else {}
            raise GraphRefusal(429, "Throttled", f"Too many requests. Retry after {wait_s} seconds.", headers=headers)

    def _take(self, seconds: int, most: int, *key: str) -> int | None:
        window = self._windows.setdefault((seconds, *key), Window(timedelta(seconds=seconds)))
        return window.take(self.world.clock.now(), 1, most)

    # Refusals ------------------------------------------------------------------------------------------------

    def _refused(self, request: Request, refusal: GraphRefusal, request_id: str) -> Answer:
        code, body = _shape(refusal)
        authorization = request.headers.get("authorization", "")
        try:
            actor = f"bot:{self.tokens.bot(authorization).client_id}"
        except GraphRefusal:
            actor = "bot:unknown"
        details = {"method": request.method, "path": request.path, "status": refusal.status, "code": code}
        with self.world.lock:
            self.world.journal.add("request_refused", actor=actor, subject_id=request_id, details=details)
        return Answer(status=refusal.status, body=body, headers=dict(refusal.headers))


def _asked_member(call: Call) -> str:
    """Return whom a conversation is created for: the limit is per conversation, and there is none yet."""
    try:
        return str(msgspec.json.decode(call.request.body)["members"][0]["id"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return ""


def _metadata(base_url: str) -> Json:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": f"{base_url}{KEYS_PATH}",
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }


def _shape(refusal: GraphRefusal) -> tuple[str, Json]:
    """Return the code and the body of a refusal in the connector's words."""
    if isinstance(refusal, ConnectorRefusal):
        return "MessageWritesBlocked", refusal.body
    if refusal.code == "InvalidAuthenticationToken":
        return "Unauthorized", {"message": "Authorization has been denied for this request."}
    code = "Throttled" if refusal.status == 429 else refusal.code
    return code, {"error": {"code": code, "message": refusal.message}}
