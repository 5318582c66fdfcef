"""What the facts of Graph's wire are held against: a sandbox of its own, or a real tenant.

The facts see a plain HTTP client, two mailboxes, and ways to wait and to name things so that they can be removed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from contract.wire_client import CERTIFICATES, START, a_world, client_of, serving
from contract.wire_receiver import receiving

from graphsync.clock import Clock, SystemClock
from graphsync.sandbox import World

# Other addresses serve national clouds: https://learn.microsoft.com/graph/deployments
GRAPH_URL, DEFAULT_GRAPH_URL = "GRAPHSYNC_LIVE_GRAPH_URL", "https://graph.microsoft.com"
LOGIN_URL, DEFAULT_LOGIN_URL = "GRAPHSYNC_LIVE_LOGIN_URL", "https://login.microsoftonline.com"
NOTIFICATION_URL = "GRAPHSYNC_LIVE_NOTIFICATION_URL"
REQUIRED = ("GRAPHSYNC_LIVE_TENANT", "GRAPHSYNC_LIVE_CLIENT_ID", "GRAPHSYNC_LIVE_ORGANIZER", "GRAPHSYNC_LIVE_ATTENDEE")
SECRET, SECRET_FILE = "GRAPHSYNC_LIVE_CLIENT_SECRET", "GRAPHSYNC_LIVE_CLIENT_SECRET_FILE"
POLL_S = 5.0
# What cancellations take to reach the other mailbox, before that is cleaned.
SETTLE_S = 60.0
# An address that answers and does not echo: a real Graph must be able to reach it.
NOT_A_RECEIVER = "https://www.example.com/"
# Free of what people have: weeks away from now in a real tenant.
AHEAD = timedelta(days=40)

Json = dict[str, Any]
T = TypeVar("T")


def fact(sentence: str, *, page: str, reading: bool = False) -> pytest.MarkDecorator:
    """Mark a test as holding a fact of Graph's wire.

    Args:
        sentence: the fact.
        page: where Microsoft, or who saw it, says so.
        reading: the pages are silent or reports differ; a real tenant may answer in each of the ways named.
    """
    return pytest.mark.fact(sentence, page=page, reading=reading)


def missing_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the environment variables a live run still needs."""
    missing = [name for name in REQUIRED if not environment.get(name)]
    return missing if environment.get(SECRET) or environment.get(SECRET_FILE) else [*missing, SECRET]


@dataclass(slots=True, kw_only=True)
class Target:
    """One Graph: `mailbox` and `other` are the paths of two people who may invite and write to each other."""

    graph: httpx.Client
    organizer: str
    attendee: str
    starts_at: datetime
    run_id: str
    receiver_url: str | None
    deaf_url: str
    clock: Clock
    world: World | None = None
    _events: list[str] = field(default_factory=list)
    _subscriptions: list[str] = field(default_factory=list)
    _named: int = 0

    @property
    def is_live(self) -> bool:
        return self.world is None

    @property
    def mailbox(self) -> str:
        return f"/users/{self.organizer}"

    @property
    def other(self) -> str:
        return f"/users/{self.attendee}"

    @property
    def tag(self) -> str:
        """Return what every subject of this run holds."""
        return f"wire facts {self.run_id}"

    def now(self) -> datetime:
        return self.clock.now()

    def subject(self, text: str = "A meeting") -> str:
        """Return a subject nothing else has."""
        self._named += 1
        return f"{text} {self._named} ({self.tag})"

    def at(self, hours: float, zone: str = "UTC") -> Json:
        """Return a `dateTimeTimeZone` so many hours after the first one; the wall clock is that of UTC."""
        return {"dateTime": f"{self.starts_at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}", "timeZone": zone}

    def instant(self, hours: float) -> str:
        return f"{self.starts_at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"

    def body(self, *, hours: float = 0.0, invited: bool = False, **more: Any) -> Json:
        """Return the body of an event of one hour."""
        people = [{"emailAddress": {"address": self.attendee}, "type": "required"}] if invited else []
        return {
            "subject": self.subject(),
            "start": self.at(hours),
            "end": self.at(hours + 1),
            "attendees": people,
            **more,
        }

    def event(self, **more: Any) -> Json:
        """Make an event in the organizer's calendar; it is removed at the end."""
        answer = self.post_event(self.body(**more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def post_event(self, body: Json) -> httpx.Response:
        answer = self.graph.post(f"{self.mailbox}/events", json=body)
        if answer.status_code == 201:
            self._events.append(answer.json()["id"])
        return answer

    def invitation(self, event: Json) -> Json:
        """Return the attendee's copy once it is there."""
        return self.eventually(lambda: self.copy_of(event))

    def copy_of(self, event: Json) -> Json | None:
        params = {"$filter": f"iCalUId eq '{event['iCalUId']}'"}
        found = self.graph.get(f"{self.other}/events", params=params).json()["value"]
        return found[0] if found else None

    def subscription(self, **more: Any) -> httpx.Response:
        """Ask for a subscription to the organizer's events; it is removed at the end."""
        if self.receiver_url is None:
            pytest.skip(f"set {NOTIFICATION_URL} to an endpoint that echoes validation tokens")
        body = {
            "changeType": "created",
            "notificationUrl": self.receiver_url,
            "resource": f"{self.mailbox[1:]}/events",
            "expirationDateTime": self.expiry(hours=1),
            "clientState": "wire-facts",
            **more,
        }
        answer = self.graph.post(
            "/subscriptions", json={name: value for name, value in body.items() if value is not None}
        )
        if answer.status_code == 201:
            self._subscriptions.append(answer.json()["id"])
        return answer

    def forget_subscriptions(self) -> None:
        while self._subscriptions:
            self.graph.delete(f"/subscriptions/{self._subscriptions.pop()}")

    def expiry(self, **span: float) -> str:
        return f"{self.now() + timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"

    def chat_id(self) -> str:
        """Return a chat of the organizer's; a real one is not made, since it could not be removed."""
        if self.world is not None:
            chat = self.world.create_chat(self.organizer, self.attendee)
            if not chat.messages:
                self.world.post_message(chat.id, self.attendee, "<p>Hello</p>")
            return chat.id
        chats = self.graph.get(f"{self.mailbox}/chats", params={"$top": 1}).json()["value"]
        if not chats:
            pytest.skip(f"{self.organizer} has no chat")
        return chats[0]["id"]

    def eventually(self, question: Callable[[], T | None], within: timedelta = timedelta(minutes=10)) -> T:
        """Return the first answer that is something; the virtual clock is stepped, a real one waited for."""
        until = self.now() + within
        while not (found := question()):
            if self.world is None:
                if self.now() > until:
                    pytest.fail(f"nothing after {within}")
                threading.Event().wait(POLL_S)
                continue
            due = self.world.next_due_at()
            if due is None or due > until:
                pytest.fail(f"nothing after {within}")
            self.world.clock.set(max(due, self.world.clock.now()))
            self.world.run_due()
        return found

    def reads(self, found: object, *, sandbox: object, live: tuple[object, ...]) -> None:
        """Assert what an answer says where the pages leave a choice: one reading here, any in a real tenant."""
        assert found in (live if self.is_live else (sandbox,))

    def clean_up(self) -> None:
        """Remove what was made; in the sandbox there is nothing to keep clean but subscriptions."""
        self.forget_subscriptions()
        if not self.is_live:
            return
        for event_id in self._events:
            self.graph.delete(f"{self.mailbox}/events/{event_id}")
        if self._events:
            threading.Event().wait(SETTLE_S)
        params = {"$filter": f"contains(subject, '{self.run_id}')", "$top": 1000, "$select": "id"}
        for mailbox in (self.mailbox, self.other):
            for kind in ("events", "messages"):
                answer = self.graph.get(f"{mailbox}/{kind}", params=params)
                for item in answer.json().get("value", []):
                    self.graph.delete(f"{mailbox}/{kind}/{item['id']}")


@contextmanager
def sandbox_target(directory: Path) -> Iterator[Target]:
    """A sandbox of two people, with a receiver that echoes and one that does not."""
    world = a_world(response_delay=(60.0, 60.0))
    certificate, key = CERTIFICATES.issue(directory)
    with (
        serving(world) as server,
        client_of(server) as client,
        receiving(certificate, key) as receiver,
        receiving(certificate, key) as deaf,
    ):
        deaf.echo = "something else"
        yield Target(
            graph=client,
            organizer="ana@fabrikam.test",
            attendee="bo@fabrikam.test",
            starts_at=START + timedelta(days=8),
            run_id="sandbox",
            receiver_url=receiver.url,
            deaf_url=deaf.url,
            clock=world.clock,
            world=world,
        )


def live_token(environment: Mapping[str, str]) -> str:
    """Return a token for Graph, by the client credentials in the environment."""
    secret = environment.get(SECRET) or Path(environment[SECRET_FILE]).read_text(encoding="utf-8").strip()
    form = {
        "grant_type": "client_credentials",
        "client_id": environment["GRAPHSYNC_LIVE_CLIENT_ID"],
        "client_secret": secret,
        "scope": f"{environment.get(GRAPH_URL) or DEFAULT_GRAPH_URL}/.default",
    }
    authority = f"{environment.get(LOGIN_URL) or DEFAULT_LOGIN_URL}/{environment['GRAPHSYNC_LIVE_TENANT']}"
    answer = httpx.post(f"{authority}/oauth2/v2.0/token", data=form, timeout=60)
    return answer.raise_for_status().json()["access_token"]


@contextmanager
def live_target(environment: Mapping[str, str] = os.environ) -> Iterator[Target]:
    """The tenant of the environment variables; all that is made there is removed at the end."""
    clock = SystemClock()
    now = clock.now()
    headers = {"Authorization": f"Bearer {live_token(environment)}"}
    base_url = f"{environment.get(GRAPH_URL) or DEFAULT_GRAPH_URL}/v1.0"
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
        target = Target(
            graph=client,
            organizer=environment["GRAPHSYNC_LIVE_ORGANIZER"],
            attendee=environment["GRAPHSYNC_LIVE_ATTENDEE"],
            starts_at=now.replace(hour=9, minute=0, second=0, microsecond=0) + AHEAD,
            run_id=f"{now:%Y%m%dT%H%M%S}",
            receiver_url=environment.get(NOTIFICATION_URL) or None,
            deaf_url=NOT_A_RECEIVER,
            clock=clock,
        )
        try:
            yield target
        finally:
            target.clean_up()
