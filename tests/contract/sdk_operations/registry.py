"""The calls of the SDK, by the operation of the sandbox each is for, and what they start from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from contract.wire_receiver import Receiver

from graphsync.graph import sdk
from graphsync.sandbox import World

ANA, BO = "ana@fabrikam.test", "bo@fabrikam.test"
TEN = "2026-01-13T10:00:00"
WINDOW = {"start_date_time": "2026-01-12T00:00:00Z", "end_date_time": "2026-01-26T00:00:00Z"}


@dataclass(slots=True)
class Scene:
    """The tenant of the module; `client` is the application, `as_ana` the same one with Ana signed in."""

    client: sdk.GraphServiceClient
    as_ana: sdk.GraphServiceClient
    world: World
    receiver: Receiver

    @property
    def ana(self):
        return self.client.users.by_user_id(ANA)

    @property
    def bo(self):
        return self.client.users.by_user_id(BO)

    async def event(self, subject="Mentoring", **more):
        return await self.ana.events.post(an_event(subject=subject, **more))

    async def invitation(self):
        """Return Bo's copy of a meeting of Ana's."""
        event = await self.event(attendees=[attendee(BO)])
        copy = self.world.event_by_ical_uid(BO, event.i_cal_u_id)
        return self.bo.events.by_event_id(copy.id)

    async def message(self, subject="Hello"):
        return await self.ana.messages.post(a_message(subject))

    async def chat(self):
        chat = self.world.create_chat(ANA, BO)
        if not chat.messages:
            self.world.post_message(chat.id, ANA, "<p>Hello</p>")
        return chat

    async def subscription(self):
        for live in list(self.world.live_subscriptions()):
            self.world.remove_subscription(live.id)
        return await self.client.subscriptions.post(a_subscription(self))


By = Callable[[Scene], Awaitable[None]]
OPERATIONS: dict[str, By] = {}


def by_sdk(operation: str) -> Callable[[By], By]:
    """Register the call of an operation."""

    def register(call: By) -> By:
        assert operation not in OPERATIONS, operation
        OPERATIONS[operation] = call
        return call

    return register


def at(wall: str, zone: str = "Romance Standard Time") -> sdk.DateTimeTimeZone:
    return sdk.DateTimeTimeZone(date_time=wall, time_zone=zone)


def attendee(address: str) -> sdk.Attendee:
    return sdk.Attendee(email_address=sdk.EmailAddress(address=address), type=sdk.AttendeeType.Required)


def an_event(**more) -> sdk.Event:
    return sdk.Event(**({"subject": "Mentoring", "start": at(TEN), "end": at("2026-01-13T11:00:00")} | more))


def a_message(subject: str) -> sdk.Message:
    return sdk.Message(
        subject=subject,
        body=sdk.ItemBody(content_type=sdk.BodyType.Html, content="<p>Hello</p>"),
        to_recipients=[sdk.Recipient(email_address=sdk.EmailAddress(address=BO))],
    )


def a_subscription(scene: Scene) -> sdk.Subscription:
    return sdk.Subscription(
        change_type="created,updated,deleted",
        notification_url=scene.receiver.url,
        resource=f"users/{ANA}/events",
        expiration_date_time=scene.world.clock.now() + timedelta(days=1),
        client_state="sdk",
    )


def asking(**parameters):
    """Return a request configuration whose query parameters are these, under the builder's own class."""
    builder = parameters.pop("of")
    return sdk.RequestConfiguration(query_parameters=builder(**parameters))


async def read(builder, **parameters):
    """GET by a builder with the query parameters of its own class."""
    kind = type(builder)
    return await builder.get(asking(of=getattr(kind, f"{kind.__name__}GetQueryParameters"), **parameters))


async def refused(call, status: int, code: str) -> None:
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    with pytest.raises(ODataError) as refusal:
        await call
    assert (refusal.value.response_status_code, refusal.value.error.code) == (status, code)
    assert refusal.value.error.inner_error.request_id


async def not_served(call) -> None:
    await refused(call, 501, "NotImplemented")
