"""Measure reading a page of 50 events: the SDK's own models against bytes and msgspec (docs/decisions/0003).

Both go through the SDK's pipeline to a network in memory, in one process, in alternating rounds. Run as
`python benchmarks/graph_read.py`; figures are wall time, read the ratio.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx

from graphsync.calendar.slots import TimeSlot
from graphsync.clock import SystemClock
from graphsync.graph import events, sdk
from graphsync.graph.permits import Permits
from graphsync.graph.transport import Transport, query

EVENTS = 50
ROUNDS = 5
WINDOW = TimeSlot(start=datetime(2026, 2, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))


class OneToken:
    """Stands in for msal, whose cached token costs next to nothing."""

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:
        """Return a token."""
        return "token"

    async def forget_after_refusal(self) -> None:
        """Nothing to forget."""


def page() -> bytes:
    """Return a page of events with the properties that `events.SELECT` asks for."""
    attendees = [
        {
            "type": "required",
            "status": {"response": "accepted", "time": "2026-01-20T07:13:00.1234567Z"},
            "emailAddress": {"name": f"Person {number}", "address": f"person{number}@fabrikam.test"},
        }
        for number in range(2)
    ]
    value = [
        {
            "@odata.etag": 'W/"q1w2e3r4T5y6AAAB=="',
            "id": f"AAMkAGQx{number:04}AAA=",
            "iCalUId": f"040000008200E00074C5B7101A82E008{number:04}",
            "changeKey": "q1w2e3r4T5y6AAAB==",
            "isAllDay": False,
            "isCancelled": False,
            "isOrganizer": True,
            "showAs": "busy",
            "type": "singleInstance",
            "seriesMasterId": None,
            "isOnlineMeeting": True,
            "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm9v%40thread.v2/0"},
            "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
            "start": {"dateTime": "2026-02-03T09:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-02-03T09:50:00.0000000", "timeZone": "UTC"},
            "attendees": attendees,
            "organizer": {"emailAddress": {"name": "Ines Vogel", "address": "ines@fabrikam.test"}},
        }
        for number in range(EVENTS)
    ]
    return json.dumps({"value": value}).encode()


async def timed(read: Callable[[], Awaitable[int]]) -> float:
    """Return the milliseconds one page takes."""
    start = time.perf_counter()
    found = await read()
    elapsed = (time.perf_counter() - start) * 1000
    assert found == EVENTS, found
    return elapsed


async def main() -> None:
    """Measure and print."""
    body = page()

    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    transport = Transport(
        graph_url="https://graph.test/v1.0",
        tokens=OneToken(),  # type: ignore[arg-type] # all that the transport calls
        ca_file=None,
        permits=Permits(),
        clock=SystemClock(),
        sleep=asyncio.sleep,
        network=httpx.MockTransport(answer),
    )

    async def ours() -> int:
        return len(await events.list_calendar_view(transport, "u", WINDOW))

    async def typed() -> int:
        parameters = sdk.CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
            start_date_time="2026-02-01T00:00:00Z", end_date_time="2026-03-01T00:00:00Z", select=events.SELECT, top=100
        )
        found = await transport.graph.users.by_user_id("u").calendar_view.get(query(parameters))
        return len(found.value)

    first_ours, first_typed = await timed(ours), await timed(typed)
    rounds = [(await timed(typed), await timed(ours)) for _ in range(ROUNDS)]
    await transport.close()
    typed_ms, ours_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"page of {EVENTS} events, medians of {ROUNDS} alternating rounds")
    print(f"typed SDK models   {typed_ms:8.1f} ms   first page {first_typed:8.1f} ms")
    print(f"bytes and msgspec  {ours_ms:8.1f} ms   first page {first_ours:8.1f} ms")
    print(f"ratio of medians   {typed_ms / ours_ms:8.1f}")


if __name__ == "__main__":
    asyncio.run(main())
