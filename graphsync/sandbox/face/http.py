"""The HTTP face without a socket: a request in, an answer out.

Order: authority, whole body, bearer, route, fault, permission, throttling, effect, fault, answer. Every refusal has
the shape of Graph and is in the journal; every answer has `request-id`, `client-request-id` and `Date`.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

import httpx
import msgspec

from graphsync.sandbox.entra.authority import Authority
from graphsync.sandbox.entra.delegated import person_of, refuse_below_me, refuse_delegated
from graphsync.sandbox.entra.published_keys import common_document
from graphsync.sandbox.entra.tokens import Caller, Tokens
from graphsync.sandbox.face import (
    routes_apps,
    routes_calendar,
    routes_calendars,
    routes_directory,
    routes_feed,
    routes_folders,
    routes_groups,
    routes_mail,
    routes_mailbox_settings,
    routes_me,
    routes_meetings,
    routes_organization,
    routes_places,
    routes_presence,
    routes_replies,
    routes_teams,
)
from graphsync.sandbox.face.batch import BatchRoutes, Respond
from graphsync.sandbox.face.calls import Answer, Call, Request, Route, parse_prefer
from graphsync.sandbox.face.connector import Connector
from graphsync.sandbox.face.odata import Query
from graphsync.sandbox.face.routes_subscriptions import SubscriptionRoutes
from graphsync.sandbox.face.routing import Router
from graphsync.sandbox.face.throttling import Arrival, Throttle
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.faults import HANDSHAKES, REQUEST_KINDS, Fault
from graphsync.sandbox.notifications.posting import Handshake, shake_hands, validation_timed_out
from graphsync.sandbox.refusals import GraphRefusal, bad_request, unknown_names
from graphsync.sandbox.teams.teams_permissions import permitted_in_teams
from graphsync.sandbox.tenant.directory import User, no_mailbox, unknown_mailbox
from graphsync.sandbox.world import SeenRequest, World

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
VERSION = "/v1.0"
_DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SB0"}}'
_AFTER = frozenset({"throttled_after", "unavailable_after", "dropped_after", "timeout_after"})
_encode = msgspec.json.encode
_log = logging.getLogger(__name__)


def all_routes(shake_hands: Handshake, respond: Respond) -> list[Route]:
    """Return every operation that is served."""
    return [
        *routes_apps.ROUTES,
        *routes_calendar.ROUTES,
        *routes_calendars.ROUTES,
        *routes_directory.ROUTES,
        *routes_feed.ROUTES,
        *routes_folders.ROUTES,
        *routes_replies.ROUTES,
        *routes_groups.ROUTES,
        *routes_mail.ROUTES,
        *routes_mailbox_settings.ROUTES,
        *routes_me.ROUTES,
        *routes_meetings.ROUTES,
        *routes_organization.ROUTES,
        *routes_places.ROUTES,
        *routes_presence.ROUTES,
        *routes_teams.ROUTES,
        *SubscriptionRoutes(shake_hands).routes(),
        *BatchRoutes(respond).routes(),
    ]


class Face:
    """Answers requests to one world."""

    def __init__(self, world: World, *, context: ssl.SSLContext | None = None) -> None:
        self.world = world
        self.tokens = Tokens(world)
        self.authority = Authority(self.tokens)
        self.throttle = Throttle(world.behavior, world.clock)
        self.connector = Connector(world, self.tokens, struck=self._struck)
        # Where the sandbox's page is, once there is one.
        self.page_url: str | None = None
        self._context = context
        self._client: httpx.AsyncClient | None = None
        self._router = Router(all_routes(self._shake_hands, self.respond))

    async def close(self) -> None:
        """Close the connections to receivers."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _shake_hands(self, urls: Sequence[str], request_id: str) -> None:
        if self._client is None:
            verify = True if self._context is None else self._context
            self._client = httpx.AsyncClient(verify=verify, trust_env=False)
        await shake_hands(self._client, urls, request_id, self.world.behavior.validation_timeout_s)

    async def respond(self, request: Request) -> Answer:
        """Return the answer to a request; never raises for what a caller can do wrong."""
        if request.path == "/" and request.method == "GET":
            return self._front(request)
        if self.connector.serves(request):
            return await self.connector.respond(request, self._request_id(request))
        if not request.path.lower().startswith(VERSION + "/"):
            return self._authority(request)
        request_id = self._request_id(request)
        try:
            answer = await self._graph(request, request_id)
        except GraphRefusal as refusal:
            answer = self._refused(request, refusal, request_id)
        return self._finished(request, answer, request_id)

    def _request_id(self, request: Request) -> str:
        draws = self.world.draws
        key = (
            request.headers.get("client-request-id", ""),
            request.method,
            request.path,
            self.world.clock.now().isoformat(),
        )
        with self.world.lock:
            return draws.guid("request", *key, draws.ordinal("request", *key))

    # The root, for those who look with a browser --------------------------------------------------------------

    def _front(self, request: Request) -> Answer:
        if self.page_url is not None:
            return Answer(status=303, headers={"Location": self.page_url})
        text = (
            f"This is a sandbox of Microsoft Graph.\n\nGraph      {request.base_url}{VERSION}\n"
            f"Authority  {request.base_url}/{self.world.tenant_id}\n"
        )
        return Answer(status=200, content=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})

    # Authority -----------------------------------------------------------------------------------------------

    def _authority(self, request: Request) -> Answer:
        try:
            with self.world.lock:
                answer = self.authority.respond(request)
        except GraphRefusal as refusal:
            request_id = self._request_id(request)
            return self._finished(request, self._refused(request, refusal, request_id), request_id)
        if answer is not None:
            return answer
        authority = f"/{self.world.tenant_id}"
        path = request.path.lower().rstrip("/")
        if (published := common_document(self.world, path, request.base_url)) is not None:
            return published
        message = f"Nothing is served at '{request.path}'; Graph is below {VERSION}, the authority below {authority}."
        return Answer(status=404, body={"error": {"code": "ResourceNotFound", "message": message}})

    # Graph ---------------------------------------------------------------------------------------------------

    async def _graph(self, request: Request, request_id: str) -> Answer:
        world = self.world
        if not request.is_whole:
            raise bad_request("The request body ended before its end was announced.")
        caller = self.tokens.caller(request.headers.get("authorization", ""))
        path = request.path[len(VERSION) :]
        refuse_below_me(request.method, path, caller)
        route, keys = self._router.match(request.method, path)
        operation = request.operation = route.operation
        with world.lock:
            world.request_counts[operation] = world.request_counts.get(operation, 0) + 1
        self._tell(operation, "received")
        with world.lock:
            fault = world.faults.strike(operation, path, self._kinds(operation), method=request.method)
        if fault is not None and fault.kind not in _AFTER:
            return self._struck(fault)
        call = Call(
            request=request,
            keys=keys,
            application=caller.application,
            query=Query(request.options),
            prefer=parse_prefer(request.headers.get("prefer", "")),
            request_id=request_id,
        )
        call.user_or_none = self._permitted(route, keys, caller)
        async with self.throttle.admitted(_arrival(route, call)):
            answer = await self._handle(route, call)
        self._tell(operation, "applied")
        if fault is not None:
            return self._struck(fault)
        if call.prefer.applied:
            applied = [*call.prefer.applied]
            if "Preference-Applied" in answer.headers:
                applied.append(answer.headers["Preference-Applied"])
            answer.headers["Preference-Applied"] = ", ".join(applied)
        return answer

    async def _handle(self, route: Route, call: Call) -> Answer:
        with unknown_names(refused=self.world.behavior.strict) as noted:
            try:
                return await self._carried_out(route, call)
            finally:
                self._note(call, noted)

    async def _carried_out(self, route: Route, call: Call) -> Answer:
        if route.later is not None:
            return await route.later(self.world, call)
        assert route.handler is not None
        with self.world.lock:
            return route.handler(self.world, call)

    def _note(self, call: Call, noted: Sequence[str]) -> None:
        """Write down what was let pass though nobody knows it."""
        for message in noted:
            _log.warning("%s, request-id %s: %s", call.request.operation, call.request_id, message)
            with self.world.lock:
                self.world.journal.add(
                    "unknown_name", actor=call.actor, subject_id=call.request_id, details={"message": message}
                )

    def _tell(self, operation: str, phase: str) -> None:
        if self.world.on_request is not None:
            self.world.on_request(operation, phase)

    def _permitted(self, route: Route, keys: Mapping[str, str], caller: Caller) -> User | None:
        """Return whom the path is about, if the caller may do this there.

        Source: https://learn.microsoft.com/graph/auth-limit-mailbox-access (scopes)
        """
        if route.delegated:
            return person_of(route, caller)
        if caller.person is not None:
            refuse_delegated(route, caller)
        application = caller.application
        if route.consented is not None:
            return permitted_in_teams(self.world, route, keys, application)
        if route.permissions and not application.holds_any(route.permissions):
            if route.subject == "communications":
                raise GraphRefusal(403, "Forbidden", "The application lacks a permission this request needs.")
            if route.subject == "directory":
                raise GraphRefusal(
                    403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
                )
            raise GraphRefusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if route.subject in {"none", "directory", "communications"}:
            return None
        user = self.world.directory.lookup(keys["user"])
        if user is None:
            raise unknown_mailbox(keys["user"])
        if route.permissions and not application.may(route.permissions, user.id):
            if route.subject == "mailbox":
                raise GraphRefusal(403, "ErrorAccessDenied", "Access to OData is disabled.")
            raise GraphRefusal(403, "Forbidden", "The application may not read this person's chats.")
        if route.subject == "mailbox" and user.mailbox != "ok":
            raise no_mailbox()
        return user

    def _kinds(self, operation: str) -> frozenset[str]:
        """Return which faults may strike: where no endpoint is validated, that cannot fail."""
        validates = operation in HANDSHAKES and (
            operation == "createSubscription" or self.world.behavior.validate_on_renewal
        )
        return REQUEST_KINDS if validates else REQUEST_KINDS - {"validation_unsent"}

    def _struck(self, fault: Fault) -> Answer:
        match fault.kind:
            case "throttled" | "throttled_after":
                headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
                raise GraphRefusal(
                    429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", headers=headers
                )
            case "unavailable" | "unavailable_after":
                headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
                raise GraphRefusal(
                    503, "ServiceUnavailable", "The service is temporarily unavailable.", headers=headers
                )
            case "gateway_timeout":
                raise GraphRefusal(504, "GatewayTimeout", "The upstream did not answer in time.")
            case "delta_expired":
                raise GraphRefusal(
                    410,
                    "SyncStateNotFound",
                    "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
                )
            case "validation_unsent":
                raise validation_timed_out()
            case "precondition_failed":
                raise GraphRefusal(412, "PreconditionFailed", "Precondition failed, please try again.")
            case "dropped" | "dropped_after":
                return Answer(status=200, interrupt=True)
            case "timeout" | "timeout_after":
                return Answer(status=200, interrupt=True, hold_s=fault.hold_s)
            case _:
                raise AssertionError(f"{fault.kind!r} is no fault of requests")

    def _refused(self, request: Request, refusal: GraphRefusal, request_id: str) -> Answer:
        now = self.world.clock.now()
        with self.world.lock:
            self.world.journal.add(
                "request_refused",
                actor=self.tokens.actor(request.headers.get("authorization", "")),
                subject_id=request_id,
                details={
                    "method": request.method,
                    "path": request.path,
                    "status": refusal.status,
                    "code": refusal.code,
                    "message": refusal.message,
                },
            )
        client_request_id = request.headers.get("client-request-id", request_id)
        inner: Json = {
            "date": f"{now:%Y-%m-%dT%H:%M:%S}",
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        if refusal.inner:
            inner = {**refusal.inner, **inner}
        error: Json = {"code": refusal.code, "message": refusal.message, **refusal.annotations}
        if self.world.behavior.inner_errors or refusal.inner:
            error["innerError"] = inner
        return Answer(status=refusal.status, body={"error": error}, headers=dict(refusal.headers))

    def _finished(self, request: Request, answer: Answer, request_id: str) -> Answer:
        seen = SeenRequest(
            at=self.world.clock.now(),
            method=request.method,
            path=request.path,
            operation=request.operation,
            status=0 if answer.interrupt else answer.status,
            request_id=request_id,
        )
        with self.world.lock:
            self.world.last_requests.append(seen)
        headers = answer.headers
        headers["request-id"] = request_id
        headers["client-request-id"] = request.headers.get("client-request-id", request_id)
        headers["Date"] = _http_date(seen.at)
        headers["Cache-Control"] = "private"
        headers["x-ms-ags-diagnostic"] = _DIAGNOSTIC
        return answer


@lru_cache(maxsize=16)
def _http_date(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)


def _arrival(route: Route, call: Call) -> Arrival:
    return Arrival(
        client_id=call.application.client_id,
        operation=route.operation,
        method=route.method,
        mailbox_id=call.user.id if route.subject == "mailbox" else None,
        size=len(call.request.body),
    )


def encoded(answer: Answer) -> bytes:
    """Return the body of an answer as it goes out."""
    return b"" if answer.body is None else _encode(answer.body)
