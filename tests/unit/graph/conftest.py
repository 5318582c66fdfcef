import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest

from graphsync.clock import SteppedClock
from graphsync.graph.permits import Permits
from graphsync.graph.transport import Transport

GRAPH = "https://graph.test/v1.0"


class OneToken:
    """Stands in for msal."""

    def __init__(self):
        self.refusals = 0

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return "a-token"

    async def forget_after_refusal(self):
        self.refusals += 1


class Answers:
    """A network that answers from a list and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    async def handle(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def urls(self):
        return [str(request.url.copy_with(query=None)).removeprefix(GRAPH) for request in self.requests]

    def body(self, number=0):
        return json.loads(self.requests[number].content)


def ok(body, status=200):
    return httpx.Response(status, json=body)


def refused(status, code="", headers=None, **error):
    return httpx.Response(status, json={"error": {"code": code, "message": "-", **error}}, headers=headers)


class World:
    """Runs coroutines of graph/ against answers given beforehand."""

    ok = staticmethod(ok)
    refused = staticmethod(refused)
    url = GRAPH

    def __init__(self):
        self.slept = []
        self.tokens = OneToken()

    def run(self, answers, use):
        """Return what the coroutine `use(transport)` returns; `answers` is an `Answers`."""

        async def sleep(seconds):
            self.slept.append(seconds)

        async def main():
            transport = Transport(
                graph_url=GRAPH,
                tokens=self.tokens,
                ca_file=None,
                permits=Permits(),
                clock=SteppedClock(datetime(2026, 2, 3, 8, tzinfo=UTC)),
                sleep=sleep,
                network=httpx.MockTransport(answers.handle),
            )
            try:
                return await use(transport)
            finally:
                await transport.close()

        return asyncio.run(main())


@pytest.fixture
def graph():
    return World()


@pytest.fixture
def answering():
    return Answers
