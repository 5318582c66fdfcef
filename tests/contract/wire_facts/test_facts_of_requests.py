"""Facts of every request: headers, errors, batches."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import httpx
import pytest
from contract.wire_facts.wire_target import fact

BATCHES = "https://learn.microsoft.com/graph/json-batching"
ERRORS = "https://learn.microsoft.com/graph/errors"
ISSUES = "https://github.com/microsoftgraph/microsoft-graph-docs/issues"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MINE = "0e8a3c58-6a3f-4a38-9d5c-7c2f5b1d9a10"


# Headers and errors -----------------------------------------------------------------------------------------------


@fact("an answer carries request-id and Date, and the client's own id when it sent one", page=f"{ISSUES}/2350")
@pytest.mark.parametrize("path", ["", "/events/nothing"], ids=["answered", "refused"])
def test_ids_of_a_request(graph, target, path):
    answer = graph.get(f"{target.mailbox}{path}", headers={"client-request-id": MINE})
    assert answer.headers["client-request-id"] == MINE
    assert GUID.fullmatch(answer.headers["request-id"])
    assert answer.headers["request-id"] != MINE
    assert parsedate_to_datetime(answer.headers["Date"])


@fact("without a client-request-id it is the request-id", page=f"{ISSUES}/2350")
def test_client_request_id_is_made_up(graph, target):
    answer = graph.get(f"{target.mailbox}/events/nothing")
    assert answer.headers["client-request-id"] == answer.headers["request-id"]


@fact("answers are JSON with minimal metadata", page=BATCHES)
def test_content_type(graph, target):
    content_type = graph.get(target.mailbox).headers["content-type"].replace(" ", "")
    assert content_type.startswith("application/json;odata.metadata=minimal")


@fact("an error has code, message and innerError with the ids of the request", page=ERRORS)
def test_shape_of_an_error(graph, target):
    answer = graph.get(f"{target.mailbox}/events/nothing", headers={"client-request-id": MINE})
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert error["code"]
    assert error["message"]
    inner = error["innerError"]
    assert (inner["request-id"], inner["client-request-id"]) == (answer.headers["request-id"], MINE)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])


@fact("a bearer nobody issued is 401 InvalidAuthenticationToken", page=ERRORS)
def test_unknown_bearer(graph, target):
    answer = graph.get(target.mailbox, headers={"Authorization": "Bearer nothing"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


@fact("a segment that does not exist is 400 BadRequest and named", page=f"{ISSUES}/6305")
def test_unknown_segment(graph, target):
    error = graph.get(f"{target.mailbox}/calenders").json()["error"]
    assert error["code"] == "BadRequest"
    assert "Resource not found for the segment 'calenders'" in error["message"]


@fact("a body that is no JSON is 400", page=ERRORS)
def test_broken_body(graph, target):
    headers = {"Content-Type": "application/json"}
    assert graph.post(f"{target.mailbox}/events", content=b'{"subject": ', headers=headers).status_code == 400


@fact("preferences come in one header or in several", page="https://www.rfc-editor.org/rfc/rfc7240#section-2")
def test_repeated_preferences(graph, target):
    event = target.event(body={"contentType": "HTML", "content": "<p>Agenda</p>"})
    url = f"{graph.base_url}{target.mailbox.removeprefix('/')}/events/{event['id']}"
    headers = [("Prefer", 'outlook.timezone="India Standard Time"'), ("Prefer", 'outlook.body-content-type="text"')]
    read = graph.get(url, headers=httpx.Headers([*graph.headers.multi_items(), *headers])).json()
    assert (read["start"]["timeZone"], read["body"]["contentType"]) == ("India Standard Time", "text")


@fact("a preference nobody knows is passed over", page="https://www.rfc-editor.org/rfc/rfc7240")
def test_unknown_preference(graph, target):
    answer = graph.get(f"{target.mailbox}/events", headers={"Prefer": "wire-fact=1"})
    assert answer.status_code == 200
    assert "wire-fact" not in answer.headers.get("Preference-Applied", "")


# Batches ----------------------------------------------------------------------------------------------------------


def send(graph, *parts):
    return graph.post("/$batch", json={"requests": list(parts)})


def responses(answer):
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()["responses"]}


def get(part_id, url, **more):
    return {"id": part_id, "method": "GET", "url": url, **more}


@fact("parts are answered by their ids, each with its status; the batch is 200", page=BATCHES)
def test_parts_of_a_batch(graph, target):
    found = responses(
        send(graph, get("a", target.mailbox), get("b", f"{target.mailbox}/events/nothing"), get("c", target.other[1:]))
    )
    assert {part_id: each["status"] for part_id, each in found.items()} == {"a": 200, "b": 404, "c": 200}
    assert found["a"]["body"]["userPrincipalName"].lower() == target.organizer.lower()
    assert found["b"]["body"]["error"]["code"] == "ErrorItemNotFound"
    assert found["a"]["headers"]["Content-Type"].startswith("application/json")


@fact("a part is asked as alone: method, headers, body", page=BATCHES)
def test_headers_and_body_of_a_part(graph, target):
    event = target.event()
    patch = {
        "id": "1",
        "method": "PATCH",
        "url": f"{target.mailbox}/events/{event['id']}",
        "headers": {"Content-Type": "application/json", "Prefer": 'outlook.timezone="India Standard Time"'},
        "body": {"showAs": "free"},
    }
    [part] = responses(send(graph, patch)).values()
    assert (part["status"], part["body"]["showAs"]) == (200, "free")
    assert part["body"]["start"]["timeZone"] == "India Standard Time"


@fact("what depends on a failure is 424", page=BATCHES)
def test_failed_dependency(graph, target):
    lost = get("1", f"{target.mailbox}/events/nothing")
    found = responses(send(graph, lost, get("2", target.mailbox, dependsOn=["1"])))
    assert {part_id: each["status"] for part_id, each in found.items()} == {"1": 404, "2": 424}


@fact("a chain is done in its order", page=BATCHES)
def test_chain(graph, target):
    event = target.event()
    url = f"{target.mailbox}/events/{event['id']}"
    delete = {"id": "1", "method": "DELETE", "url": url}
    found = responses(send(graph, delete, get("2", target.mailbox, dependsOn=["1"])))
    assert {part_id: each["status"] for part_id, each in found.items()} == {"1": 204, "2": 200}
    assert graph.get(url).status_code == 404


@fact("at most twenty parts, each with an id of its own, or the batch is 400", page=BATCHES)
@pytest.mark.parametrize("ids", [[str(number) for number in range(21)], ["1", "1"]], ids=["too many", "twice"])
def test_refused_batches(graph, target, ids):
    assert send(graph, *(get(part_id, target.mailbox) for part_id in ids)).status_code == 400


@fact(
    "the url of a part is without version",
    page="https://github.com/microsoftgraph/msgraph-sdk-javascript/issues/1178",
)
def test_version_in_the_url_of_a_part(graph, target):
    [part] = responses(send(graph, get("1", f"/v1.0{target.mailbox}"))).values()
    assert part["status"] == 400
    assert "Resource not found for the segment 'v1.0'" in part["body"]["error"]["message"]
