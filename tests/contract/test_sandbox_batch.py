"""`$batch` on the wire: https://learn.microsoft.com/graph/json-batching."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import httpx
import pytest
from wire_client import a_world, an_event, client_of, error, graph_of, serving

from graphsync.sandbox import Fault

ANA = "/users/ana@fabrikam.test"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def world():
    return a_world()


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def a_get(part_id, url=f"{ANA}/events", **more):
    return {"id": part_id, "method": "GET", "url": url, **more}


def a_post(part_id, body=None, **more):
    return {
        "id": part_id,
        "method": "POST",
        "url": f"{ANA}/events",
        "headers": JSON,
        "body": body or an_event(),
        **more,
    }


def chained(parts):
    return [part | ({"dependsOn": [parts[n - 1]["id"]]} if n else {}) for n, part in enumerate(parts)]


def send(graph, *parts):
    answer = graph.post("/$batch", json={"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in answer.json()["responses"]}


def statuses(found):
    return {part_id: part["status"] for part_id, part in sorted(found.items())}


def test_parts_are_answered_each_by_itself(graph):
    found = send(
        graph,
        a_get("ok"),
        a_get("no-slash", "users/ana@fabrikam.test/calendar?$select=name"),
        a_get("ghost", "/users/ghost@fabrikam.test/events"),
        a_get("nowhere", f"{ANA}/event"),
        a_get("version", f"/v1.0{ANA}/events"),
        a_post("made"),
    )
    assert statuses(found) == {"ok": 200, "no-slash": 200, "ghost": 404, "nowhere": 400, "version": 400, "made": 201}
    assert found["ghost"]["body"]["error"]["code"] == "ErrorInvalidUser"
    assert found["made"]["body"]["subject"] == "Mentoring"
    assert found["made"]["headers"]["Content-Type"] == "application/json"
    assert found["made"]["headers"]["request-id"] != found["ok"]["headers"]["request-id"]


def test_an_answer_without_content_has_no_body(graph):
    event = graph.post(f"{ANA}/events", json=an_event()).json()
    found = send(graph, {"id": "1", "method": "DELETE", "url": f"{ANA}/events/{event['id']}"})
    assert found["1"]["status"] == 204
    assert "body" not in found["1"]


def test_responses_come_in_another_order_the_same_for_one_seed():
    orders = []
    for _ in range(2):
        with graph_of(a_world()) as graph:
            body = {"requests": [a_get(str(n)) for n in range(8)]}
            orders.append([part["id"] for part in graph.post("/$batch", json=body).json()["responses"]])
    assert orders[0] == orders[1]
    assert orders[0] != [str(n) for n in range(8)]
    assert sorted(orders[0]) == [str(n) for n in range(8)]


def test_two_responses_never_come_as_asked(graph):
    for _ in range(6):
        answer = graph.post("/$batch", json={"requests": [a_get("1"), a_get("2")]})
        assert [part["id"] for part in answer.json()["responses"]] == ["2", "1"]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_body_may_be_base64(graph, encode):
    body = encode(json.dumps(an_event(subject="???>>> ü")).encode()).decode()
    found = send(graph, a_post("1", body))
    assert found["1"]["status"] == 201
    assert found["1"]["body"]["subject"] == "???>>> ü"


def test_a_part_with_another_content_type_is_refused_by_itself(graph):
    found = send(graph, a_post("1", headers={"Content-Type": "text/plain"}), a_get("2"))
    assert statuses(found) == {"1": 415, "2": 200}


def test_headers_of_a_part_count_for_it_alone(graph):
    graph.post(f"{ANA}/events", json=an_event())
    found = send(graph, a_get("1", headers={"prefer": 'outlook.timezone="Tokyo Standard Time"'}), a_get("2"))
    assert found["1"]["headers"]["Preference-Applied"] == 'outlook.timezone="Tokyo Standard Time"'
    assert found["1"]["body"]["value"][0]["start"]["timeZone"] == "Tokyo Standard Time"
    assert found["2"]["body"]["value"][0]["start"]["timeZone"] == "UTC"


def test_next_links_in_a_part_are_absolute_and_work(graph):
    for n in range(3):
        graph.post(f"{ANA}/events", json=an_event(subject=str(n)))
    found = send(graph, a_get("1", f"{ANA}/events?$top=2"))
    link = found["1"]["body"]["@odata.nextLink"]
    assert link.startswith(str(graph.base_url))
    assert len(graph.get(link).json()["value"]) == 1


def test_a_chain_is_done_in_order_however_it_is_listed(graph, world):
    parts = chained([a_post(str(n), an_event(subject=str(n))) for n in range(5)])
    assert set(statuses(send(graph, *reversed(parts))).values()) == {201}
    made = [entry.subject_id for entry in world.journal.entries("event_created") if entry.actor == "app:app"]
    subject_by_id = {event.id: event.subject for event in world.events("ana@fabrikam.test")}
    assert [subject_by_id[event_id] for event_id in made] == ["0", "1", "2", "3", "4"]


def test_what_depends_on_a_failure_is_not_done(graph, world):
    found = send(graph, *chained([a_post("a"), a_get("b", f"{ANA}/events/none"), a_post("c"), a_post("d")]))
    assert statuses(found) == {"a": 201, "b": 404, "c": 424, "d": 424}
    assert found["d"]["body"]["error"]["code"] == "FailedDependency"
    assert len(world.events("ana@fabrikam.test")) == 1
    assert world.request_counts["createEvent"] == 1


def test_a_dependency_is_named_in_any_case_of_letters(graph):
    found = send(graph, a_get("First"), a_get("second", dependsOn=["FIRST"]))
    assert statuses(found) == {"First": 200, "second": 200}


def test_one_common_dependency_is_a_switch(graph, world):
    parts = [a_get("1"), a_get("2", dependsOn=["1"]), a_get("3", dependsOn=["1"])]
    assert error(graph.post("/$batch", json={"requests": parts})) == (400, "BadRequest")
    world.behavior.batch_same_dependency = True
    assert statuses(send(graph, *parts)) == {"1": 200, "2": 200, "3": 200}
    failing = [a_get("1", f"{ANA}/events/none"), *parts[1:]]
    assert statuses(send(graph, *failing)) == {"1": 404, "2": 424, "3": 424}


@pytest.mark.parametrize(
    ("requests", "part"),
    [
        ([a_get(str(n)) for n in range(21)], "limit of 20"),
        ([], "empty"),
        ({}, "collection"),
        (None, "collection"),
        (["GET"], "object"),
        ([a_get("a"), a_get("A")], "id of its own"),
        ([a_get("")], "needs an id"),
        ([a_get(1)], "string"),
        ([{"id": "1", "method": "GET"}], "requests.url"),
        ([{"id": "1", "url": "/users"}], "requests.method"),
        ([a_get("1", method="FETCH")], "FETCH"),
        ([a_get("1", "")], "empty"),
        ([a_get("1", "https://graph.microsoft.com/v1.0/users")], "relative"),
        ([a_get("1", "//graph.microsoft.com/v1.0/users")], "relative"),
        ([a_get("1", "/$batch", method="POST", headers=JSON, body={"requests": []})], "batches"),
        ([a_post("1", headers={})], "Content-Type"),
        ([a_post("1", "no base64!")], "base64"),
        ([a_get("1", headers={"Prefer": 1})], "headers.Prefer"),
        ([a_get("1", dependson=["2"])], "did you mean 'dependsOn'"),
        ([a_get("1"), a_get("2", dependsOn=["3"])], "not in the batch"),
        ([a_get("1"), a_get("2"), a_get("3", dependsOn=["1", "2"])], "one is allowed"),
        ([a_get("1"), a_get("2"), a_get("3", dependsOn=["1"])], "fully sequential"),
        ([a_get("1", dependsOn=["1"])], "fully sequential"),
        ([a_get("1"), a_get("2", dependsOn=["3"]), a_get("3", dependsOn=["2"])], "fully sequential"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(graph, world, requests, part):
    answer = graph.post("/$batch", json={"requests": requests})
    assert answer.status_code == 400
    assert part in answer.json()["error"]["message"]
    assert world.request_counts == {"batch": 1}


def test_the_outer_request_has_a_content_type_and_a_token_of_its_own(graph):
    refused = graph.post("/$batch", content=b"{}", headers={"Content-Type": "text/plain"})
    assert error(refused) == (415, "RequestBodyRead")
    refused = graph.post("/$batch", json={"requests": [a_get("1")]}, headers={"Authorization": "Bearer x"})
    assert error(refused) == (401, "InvalidAuthenticationToken")
    assert error(graph.get("/$batch")) == (405, "Request_BadRequest")


def test_each_part_is_authorized_by_itself(world):
    ana = world.user("ana@fabrikam.test")
    world.add_application(client_id="app", secret="secret", permissions={"Calendars.Read": frozenset({ana.id})})
    with graph_of(world) as graph:
        found = send(graph, a_get("1"), a_get("2", "/users/bo@fabrikam.test/events"), a_get("3", "/users"), a_post("4"))
    assert statuses(found) == {"1": 200, "2": 403, "3": 403, "4": 403}
    assert found["2"]["body"]["error"]["message"] == "Access to OData is disabled."
    assert found["3"]["body"]["error"]["code"] == "Authorization_RequestDenied"


def test_a_part_cannot_bring_a_token_of_its_own(graph):
    assert statuses(send(graph, a_get("1", headers={"Authorization": "Bearer x"}))) == {"1": 200}


def test_the_batch_and_its_parts_are_counted_under_their_own_names(graph, world):
    send(graph, a_get("1"), a_get("2"), a_post("3"))
    assert world.request_counts == {"batch": 1, "listEvents": 2, "createEvent": 1}


def test_a_fault_strikes_one_part(graph, world):
    world.faults.add(Fault(operation="listEvents", kind="throttled", retry_after_s=7, skip=1))
    found = send(graph, a_get("1"), a_get("2"), a_get("3"))
    assert statuses(found) == {"1": 200, "2": 429, "3": 200}
    assert found["2"]["headers"]["Retry-After"] == "7"
    assert found["2"]["body"]["error"]["code"] == "ApplicationThrottled"


def test_a_fault_strikes_the_batch_as_a_whole(graph, world):
    world.faults.add(Fault(operation="batch", kind="unavailable_after"))
    assert error(graph.post("/$batch", json={"requests": [a_post("1")]})) == (503, "ServiceUnavailable")
    assert len(world.events("ana@fabrikam.test")) == 1


def test_a_part_that_drops_the_connection_drops_it_for_all(graph, world):
    world.faults.add(Fault(operation="createEvent", kind="dropped_after"))
    with pytest.raises(httpx.RemoteProtocolError):
        graph.post("/$batch", json={"requests": [a_post("1"), a_get("2")]})
    assert len(world.events("ana@fabrikam.test")) == 1


@pytest.mark.parametrize(("pace", "refused"), [("four_at_a_time", 0), ("all_at_once", 8)])
def test_parts_to_one_mailbox_run_four_at_a_time_or_are_throttled(pace, refused):
    world = a_world(throttling=True, batch_pace=pace)
    with graph_of(world) as graph:
        found = send(graph, *(a_post(str(n), an_event(subject=str(n))) for n in range(12)))
    throttled = [part for part in found.values() if part["status"] == 429]
    assert len(throttled) == refused
    assert all(part["headers"]["Retry-After"] == "10" for part in throttled)
    assert len(world.events("ana@fabrikam.test")) == 12 - refused


def test_a_chain_is_never_over_the_concurrency(world):
    world.behavior.throttling, world.behavior.batch_pace = True, "all_at_once"
    with graph_of(world) as graph:
        found = send(graph, *chained([a_get(str(n)) for n in range(20)]))
    assert set(statuses(found).values()) == {200}


def test_the_parts_of_a_batch_count_against_the_window(world):
    world.behavior.throttling, world.behavior.requests_per_10_minutes = True, 5
    with serving(world) as server, client_of(server) as graph:
        found = send(graph, *(a_get(str(n)) for n in range(8)))
        assert sorted(statuses(found).values()) == [200] * 5 + [429] * 3
        assert {part["headers"]["Retry-After"] for part in found.values() if part["status"] == 429} == {"600"}
        world.clock.set(world.clock.now() + timedelta(seconds=600))
        assert statuses(send(graph, a_get("1"))) == {"1": 200}


def test_what_microsofts_python_sdk_writes_is_understood(graph):
    part = {
        "id": "made",
        "method": "POST",
        "url": "/users/ana%40fabrikam.test/events",
        "depends_on": [],
        "headers": {"accept": "application/json", "content-type": "application/json"},
        "body": {"@odata.type": "#microsoft.graph.event", **an_event()},
    }
    bare = {"id": "bare", "method": "GET", "url": f"{ANA}/events/nothing", "depends_on": [], "headers": None}
    assert statuses(send(graph, part, bare)) == {"bare": 404, "made": 201}
