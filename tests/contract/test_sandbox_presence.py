"""Presence over TLS: from the calendar, from applications, by preference.

Pages: https://learn.microsoft.com/graph/api/presence-get, presence-setpresence, presence-setuserpreferredpresence,
https://learn.microsoft.com/graph/cloud-communications-manage-presence-state
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from wire_client import CERTIFICATES, PERMISSIONS, START, a_world, error, graph_of, run, serving, token_of

ANA, BO, CY = "/users/ana@fabrikam.test", "/users/bo@fabrikam.test", "/users/cy@fabrikam.test"
GRANTED = {**PERMISSIONS, "Presence.ReadWrite.All": None}
# 08:00 UTC on a Monday: 09:00 for Ana, who works, and 03:00 for Bo.
A_CALL = {"sessionId": "app", "availability": "Busy", "activity": "InACall", "expirationDuration": "PT1H"}


@pytest.fixture
def world():
    world = a_world()
    world.add_application(client_id="app", secret="secret", permissions=GRANTED)
    return world


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def shown(graph, user=ANA):
    answer = graph.get(f"{user}/presence")
    assert answer.status_code == 200, answer.text
    return answer.json()["availability"], answer.json()["activity"]


def busy(world, user, minutes, show_as="busy"):
    now = world.clock.now()
    times = {
        name: {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
        for name, at in (("start", now), ("end", now + timedelta(minutes=minutes)))
    }
    world.create_event(user, {"subject": "x", "showAs": show_as, **times}, actor=user)


def later(world, **span):
    run(world, timedelta(**span))


def test_presence_follows_working_hours_and_the_calendar(graph, world):
    assert shown(graph) == ("Available", "Available")
    assert shown(graph, BO) == ("Offline", "Offline")
    assert shown(graph, CY) == ("PresenceUnknown", "PresenceUnknown")
    busy(world, "ana@fabrikam.test", 30)
    assert shown(graph) == ("Busy", "InAMeeting")
    later(world, minutes=30)
    assert shown(graph) == ("Available", "Available")
    busy(world, "ana@fabrikam.test", 30, show_as="free")
    assert shown(graph) == ("Available", "Available")
    later(world, hours=9)
    assert shown(graph) == ("Offline", "Offline")


@pytest.mark.parametrize("way", ["automatic replies", "calendar"])
def test_who_is_out_of_office_is_shown_so(graph, world, way):
    if way == "calendar":
        busy(world, "ana@fabrikam.test", 60, show_as="oof")
    else:
        world.set_automatic_replies("ana@fabrikam.test", "scheduled", START, START + timedelta(hours=1))
    presence = graph.get(f"{ANA}/presence").json()
    assert (presence["availability"], presence["activity"]) == ("Offline", "OutOfOffice")
    assert presence["outOfOfficeSettings"]["isOutOfOffice"] is True
    later(world, hours=1)
    presence = graph.get(f"{ANA}/presence").json()
    assert (presence["availability"], presence["outOfOfficeSettings"]["isOutOfOffice"]) == ("Available", False)


def test_a_session_of_an_application_ends_when_it_said(graph, world):
    assert graph.post(f"{BO}/presence/setPresence", json=A_CALL).status_code == 200
    assert shown(graph, BO) == ("Busy", "InACall")
    later(world, minutes=59)
    assert shown(graph, BO) == ("Busy", "InACall")
    later(world, minutes=1)
    assert shown(graph, BO) == ("Offline", "Offline")


def test_an_available_session_fades_unless_renewed(graph, world):
    available = A_CALL | {"availability": "Available", "activity": "Available"}
    assert graph.post(f"{BO}/presence/setPresence", json=available).status_code == 200
    seen = []
    for _ in range(3):
        seen.append(shown(graph, BO))
        later(world, minutes=5)
    assert seen == [("Available", "Available"), ("Available", "AvailableInactive"), ("Away", "Away")]
    graph.post(f"{BO}/presence/setPresence", json=available)
    assert shown(graph, BO) == ("Available", "Available")


def test_sessions_are_put_together_by_rank(graph, world):
    assert shown(graph) == ("Available", "Available")
    away = A_CALL | {"availability": "Away", "activity": "Away"}
    graph.post(f"{ANA}/presence/setPresence", json=away)
    assert shown(graph) == ("Available", "Available")
    presenting = A_CALL | {"availability": "DoNotDisturb", "activity": "Presenting"}
    graph.post(f"{ANA}/presence/setPresence", json=presenting)
    busy(world, "ana@fabrikam.test", 30)
    assert shown(graph) == ("DoNotDisturb", "Presenting")
    assert graph.post(f"{ANA}/presence/clearPresence", json={"sessionId": "app"}).status_code == 200
    assert shown(graph) == ("Busy", "InAMeeting")
    assert error(graph.post(f"{ANA}/presence/clearPresence", json={"sessionId": "app"})) == (404, "NotFound")


@pytest.mark.parametrize(
    "wrong",
    [
        {"activity": "Busy"},
        {"availability": "Offline", "activity": "OffWork"},
        {"sessionId": "another"},
        {"expirationDuration": "PT4M"},
        {"expirationDuration": "PT4H1S"},
        {"expirationDuration": "1:00:00"},
        {"availability": None},
        {"avail": "Busy"},
    ],
    ids=["activity", "a preferred state", "session", "too short", "too long", "no duration", "nothing", "unknown key"],
)
def test_a_session_that_is_not_taken(graph, wrong):
    assert graph.post(f"{ANA}/presence/setPresence", json=A_CALL | wrong).status_code == 400
    assert shown(graph) == ("Available", "Available")


def test_parameters_and_values_are_taken_in_any_case(graph):
    body = {"SessionId": "APP", "Availability": "busy", "Activity": "inAConferenceCall"}
    assert graph.post(f"{ANA}/presence/setPresence", json=body).status_code == 200
    assert shown(graph) == ("Busy", "InAConferenceCall")


@pytest.mark.parametrize(
    ("state", "days"),
    [
        (("Busy", "Busy"), 1),
        (("DoNotDisturb", "DoNotDisturb"), 1),
        (("BeRightBack", "BeRightBack"), 7),
        (("Offline", "OffWork"), 7),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else str(value),
)
def test_a_preference_goes_before_the_rest_for_a_day_or_a_week(graph, world, state, days):
    body = {"availability": state[0], "activity": state[1]}
    busy(world, "ana@fabrikam.test", 60)
    assert graph.post(f"{ANA}/presence/setUserPreferredPresence", json=body).status_code == 200
    assert shown(graph) == state
    later(world, days=days, minutes=-1)
    assert shown(graph) in {state, ("Offline", "Offline")}
    later(world, minutes=1)
    graph.post(f"{ANA}/presence/setPresence", json=A_CALL)
    assert shown(graph) == ("Busy", "InACall")


def test_a_preference_counts_beside_a_session_alone_and_may_end_early(graph, world):
    body = {"availability": "Away", "activity": "Away", "expirationDuration": "PT30M"}
    graph.post(f"{BO}/presence/setUserPreferredPresence", json=body)
    assert shown(graph, BO) == ("Offline", "Offline")
    graph.post(f"{BO}/presence/setPresence", json=A_CALL)
    assert shown(graph, BO) == ("Away", "Away")
    later(world, minutes=30)
    assert shown(graph, BO) == ("Busy", "InACall")
    graph.post(f"{BO}/presence/setUserPreferredPresence", json=body)
    for _ in range(2):
        assert graph.post(f"{BO}/presence/clearUserPreferredPresence").status_code == 200
    assert shown(graph, BO) == ("Busy", "InACall")
    wrong = {"availability": "Busy", "activity": "InACall"}
    assert error(graph.post(f"{BO}/presence/setUserPreferredPresence", json=wrong)) == (400, "BadRequest")
    assert [entry.verb for entry in world.journal][-4:].count("preferred_presence_cleared") == 1


def test_many_people_at_once(graph, world):
    ids = [world.user(name).id for name in ("ana@fabrikam.test", "bo@fabrikam.test")]
    found = graph.post("/communications/getPresencesByUserId", json={"ids": [*ids, "nobody"]}).json()["value"]
    assert [(item["id"], item["availability"]) for item in found] == [
        (ids[0], "Available"),
        (ids[1], "Offline"),
        ("nobody", "PresenceUnknown"),
    ]
    for count, status in ((650, 200), (651, 400), (0, 400)):
        many = {"ids": [f"id-{number}" for number in range(count)]}
        assert graph.post("/communications/getPresencesByUserId", json=many).status_code == status
    assert graph.get(f"/communications/presences/{ids[0]}").json()["id"] == ids[0]


def test_values_in_lower_case_by_a_switch(graph, world):
    world.behavior.presence_casing = "camel"
    busy(world, "ana@fabrikam.test", 30)
    assert shown(graph) == ("busy", "inAMeeting")


def test_presence_needs_its_permission_and_a_person(world):
    world.add_application(client_id="app", secret="secret", permissions={"Presence.Read.All": None})
    with graph_of(world) as graph:
        assert shown(graph) == ("Available", "Available")
        assert error(graph.post(f"{ANA}/presence/setPresence", json=A_CALL)) == (403, "Forbidden")
        assert error(graph.get("/users/ghost@fabrikam.test/presence")) == (404, "NotFound")
    world.add_application(client_id="app", secret="secret", permissions=PERMISSIONS)
    with graph_of(world) as graph:
        assert error(graph.get(f"{ANA}/presence")) == (403, "Forbidden")


def test_applications_do_not_subscribe_to_presence(graph):
    body = {
        "changeType": "updated",
        "notificationUrl": "https://localhost:9/notify",
        "resource": "communications/presences/x",
        "expirationDateTime": "2026-01-05T08:50:00Z",
    }
    assert error(graph.post("/subscriptions", json=body)) == (400, "InvalidRequest")
    assert error(graph.post(f"{ANA}/presence/setStatusMessage", json={})) == (501, "NotImplemented")


def test_presence_is_limited_to_1500_requests_in_30_seconds(world):
    world.behavior.throttling = True
    answers = []

    async def ask(server):
        headers = {"Authorization": f"Bearer {token_of(server)}"}
        async with httpx.AsyncClient(
            base_url=server.graph_url, headers=headers, verify=CERTIFICATES.ssl_context(), trust_env=False
        ) as client:
            parts = [{"id": str(n), "method": "GET", "url": f"{ANA}/presence"} for n in range(20)]
            for _ in range(75):
                batch = await client.post("/$batch", json={"requests": parts})
                answers.extend(part["status"] for part in batch.json()["responses"])
            refused = await client.get(f"{ANA}/presence")
            world.clock.set(world.clock.now() + timedelta(seconds=30))
            return refused, await client.get(f"{ANA}/presence")

    with serving(world) as server:
        refused, later_on = asyncio.run(ask(server))
    assert set(answers) == {200}
    assert len(answers) == 1500
    assert (error(refused), refused.headers["retry-after"]) == ((429, "ApplicationThrottled"), "30")
    assert later_on.status_code == 200
