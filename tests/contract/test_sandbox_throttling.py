"""Throttling on the wire: https://learn.microsoft.com/graph/throttling, throttling-limits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from wire_client import CERTIFICATES, START, a_world, error, graph_of, serving, token_of

ANA, BO = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test"


def at_once(world, *paths):
    """Return the answers to GETs that are in flight together, in the order of `paths`."""

    async def ask(server):
        async with httpx.AsyncClient(
            base_url=server.graph_url,
            headers={"Authorization": f"Bearer {token_of(server)}"},
            verify=CERTIFICATES.ssl_context(),
            trust_env=False,
        ) as client:
            return await asyncio.gather(*(client.get(path) for path in paths))

    with serving(world) as server:
        return asyncio.run(ask(server))


def test_nothing_is_throttled_unless_asked_for():
    found = at_once(a_world(request_lasts_s=0.3), *[f"{ANA}/events"] * 8)
    assert {answer.status_code for answer in found} == {200}


@pytest.mark.parametrize(("counts", "refused"), [("mailbox", [2, 0]), ("application", None)])
def test_four_requests_at_once(counts, refused):
    world = a_world(throttling=True, request_lasts_s=2.0, concurrency_counts=counts)
    found = at_once(world, *[f"{ANA}/events"] * 6, *[f"{BO}/events"] * 4)
    throttled = [answer for answer in found if answer.status_code == 429]
    assert all(error(answer) == (429, "ApplicationThrottled") for answer in throttled)
    assert all(answer.headers["retry-after"] == "10" for answer in throttled)
    assert all("MailboxConcurrency" in answer.json()["error"]["message"] for answer in throttled)
    if refused is None:
        assert len(throttled) == 6
    else:
        assert [sum(answer.status_code == 429 for answer in part) for part in (found[:6], found[6:])] == refused


def test_requests_one_after_another_are_never_over_the_concurrency():
    world = a_world(throttling=True, concurrent_requests=1)
    with graph_of(world) as graph:
        assert {graph.get(f"{ANA}/events").status_code for _ in range(5)} == {200}


def test_a_window_is_of_virtual_time_and_counts_what_it_refused():
    world = a_world(throttling=True, requests_per_10_minutes=3)
    with graph_of(world) as graph:
        assert [graph.get(f"{ANA}/events").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert graph.get(f"{BO}/events").status_code == 200
        assert graph.get("/users").status_code == 200
        world.clock.set(START + timedelta(minutes=9, seconds=59))
        refused = graph.get(f"{ANA}/events")
        assert (refused.status_code, int(refused.headers["retry-after"])) == (429, 1)
        world.clock.set(START + timedelta(minutes=10))
        assert graph.get(f"{ANA}/events").status_code == 200


def test_a_throttled_request_has_no_effect_and_is_in_the_journal():
    world = a_world(throttling=True, requests_per_10_minutes=0)
    with graph_of(world) as graph:
        refused = graph.post(f"{ANA}/sendMail", json={"message": {}})
    assert error(refused) == (429, "ApplicationThrottled")
    assert [entry.details["status"] for entry in world.journal.entries("request_refused")] == [429]
    assert world.request_counts["sendMail"] == 1


def test_messages_of_chats_are_read_twenty_times_a_second():
    world = a_world(throttling=True)
    chat = world.create_chat("ana@fabrikam.test", "bo@fabrikam.test")
    with graph_of(world) as graph:
        found = [graph.get(f"/chats/{chat.id}/messages") for _ in range(21)]
        assert [answer.status_code for answer in found] == [200] * 20 + [429]
        assert found[-1].headers["retry-after"] == "1"
        world.clock.set(START + timedelta(seconds=1))
        assert graph.get(f"/chats/{chat.id}/messages").status_code == 200
