"""A plain HTTP client of the sandbox, over TLS: what the wire tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.certificates import Certificates
from graphsync.sandbox.server import SandboxServer

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
CERTIFICATES = Certificates()
PERMISSIONS = dict.fromkeys(
    (
        "Calendars.ReadWrite",
        "Chat.Create",
        "Chat.Read.All",
        "Mail.ReadWrite",
        "Mail.Send",
        "MailboxSettings.Read",
        "User.Read.All",
    )
)


def a_world(**behavior) -> World:
    """A tenant with Ana, Bo, Cy who has no Teams licence, and No who has no mailbox; `app` may do anything."""
    world = World(clock=VirtualClock(START), seed=5)
    for name, value in behavior.items():
        setattr(world.behavior, name, value)
    world.add_user(address="ana@fabrikam.test", display_name="Ana", windows_time_zone="Romance Standard Time")
    world.add_user(address="bo@fabrikam.test", display_name="Bo", windows_time_zone="Eastern Standard Time")
    world.add_user(address="cy@fabrikam.test", display_name="Cy", windows_time_zone="UTC", teams_licence=False)
    world.add_user(address="none@fabrikam.test", display_name="No", windows_time_zone="UTC", mailbox="none")
    world.add_application(client_id="app", secret="secret", permissions=PERMISSIONS)
    return world


def token_of(server: SandboxServer, client_id: str = "app", scope: str = "https://graph.microsoft.com/.default") -> str:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "secret", "scope": scope}
    with httpx.Client(verify=CERTIFICATES.ssl_context(), trust_env=False) as client:
        answer = client.post(f"{server.authority_url}/oauth2/v2.0/token", data=form)
    return answer.raise_for_status().json()["access_token"]


@contextmanager
def serving(world: World) -> Iterator[SandboxServer]:
    """Serve a world with the certificates that all wire tests trust."""
    with SandboxServer(world, certificates=CERTIFICATES) as server:
        yield server


@contextmanager
def client_of(server: SandboxServer, client_id: str = "app") -> Iterator[httpx.Client]:
    """A client that is signed in."""
    with httpx.Client(
        base_url=server.graph_url,
        headers={"Authorization": f"Bearer {token_of(server, client_id)}"},
        verify=CERTIFICATES.ssl_context(),
        trust_env=False,
    ) as client:
        yield client


@contextmanager
def graph_of(world: World) -> Iterator[httpx.Client]:
    """A signed-in client of a world that is served meanwhile."""
    with serving(world) as server, client_of(server) as client:
        yield client


def an_event(**more):
    return {
        "subject": "Mentoring",
        "start": {"dateTime": "2026-01-13T10:00:00", "timeZone": "Romance Standard Time"},
        "end": {"dateTime": "2026-01-13T11:00:00", "timeZone": "Romance Standard Time"},
        "attendees": [{"emailAddress": {"address": "bo@fabrikam.test"}, "type": "required"}],
        **more,
    }


def a_mail(*addresses, subject="Hello"):
    return {
        "message": {"subject": subject, "toRecipients": [{"emailAddress": {"address": each}} for each in addresses]}
    }


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def run(world: World, span: timedelta) -> None:
    """Let virtual time pass, stepping to each thing that is due."""
    until = world.clock.now() + span
    while (due := world.next_due_at()) is not None and due <= until:
        world.clock.set(max(due, world.clock.now()))
        world.run_due()
    world.clock.set(until)
    world.run_due()
