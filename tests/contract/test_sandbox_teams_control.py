"""Teams apps in scenario files, and people's clicks, feeds and switches through the control API."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from teams_builders import ANA, BO, CLIENT_ID, MANIFEST_ID, BotEndpoint, a_manifest, a_package, a_teams_world
from wire_client import client_of, run, serving

from graphsync.errors import ConfigError
from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.control import Control, ControlServer
from graphsync.sandbox.scenarios.scenario_file import populate, read_scenario

SCENARIO = """
starts_at: 2026-01-05T08:00:00Z
people:
  - {address: ana@fabrikam.test, name: Ana, zone: UTC}
  - {address: cy@fabrikam.test, name: Cy, zone: UTC, licence: false}
application:
  client_id: 9b1c2d3e-4f50-4a6b-8c7d-0e1f2a3b4c5d
  secret: secret
  permissions: {TeamsAppInstallation.ReadWriteSelfForUser.All: all, TeamsActivity.Send: all}
faults:
  - {kind: activity_token_key}
  - {kind: precondition_failed, operation: sendToConversation}
teams_apps:
"""
INLINE = """
  - id: 5d0e6f1a-2b3c-4d5e-8f90-a1b2c3d4e5f6
    name: Meeting Assist
    client_id: 9B1C2D3E-4f50-4a6b-8c7d-0e1f2a3b4c5d
    bot_id: 9b1c2d3e-4f50-4a6b-8c7d-0e1f2a3b4c5d
    activity_types: {approvalRequested: "{actor} asks about {what}"}
    consents: [TeamsActivity.Send.User]
    endpoint: https://localhost:9/api/messages
    installed_for: [ana@fabrikam.test]
"""


def read(tmp_path, apps):
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO + apps)
    return read_scenario(file)


def populated(scenario):
    world = World(clock=VirtualClock(scenario.starts_at), seed=1)
    populate(world, scenario)
    return world


def test_an_app_is_written_out_in_a_scenario_and_installed(tmp_path):
    world = populated(read(tmp_path, INLINE))
    (installed,) = world.apps.at(world.user(ANA).id)
    assert installed.manifest.activity_type("approvalRequested").template == "{actor} asks about {what}"
    assert installed.consented == {"TeamsActivity.Send.User"}
    assert world.bots.by_id[CLIENT_ID].endpoint == "https://localhost:9/api/messages"
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        assert len(graph.get(f"/users/{ANA}/teamwork/installedApps").json()["value"]) == 1


@pytest.mark.parametrize("form", ["json", "zip"])
def test_an_app_is_read_from_a_manifest_or_package_beside_the_scenario(tmp_path, form):
    content = json.dumps(a_manifest()).encode() if form == "json" else a_package()
    (tmp_path / "app").write_bytes(content)
    world = populated(read(tmp_path, "  - {manifest: app, distribution: store}"))
    (app,) = world.apps.catalogue()
    assert (app.id, app.current.manifest.name) == (MANIFEST_ID, "Meeting Assist")


@pytest.mark.parametrize(
    ("apps", "said"),
    [
        ("  - {manifest: nowhere.zip}", "unreadable file 'nowhere.zip'"),
        ("  - {manifest: wrong.json}", r"'wrong.json', in which version \| "),
        ("  - {name: Assist}", "neither 'manifest' nor both 'id' and 'name'"),
        ("  - {id: x, name: Assist, manifest: wrong.json}", "'id' beside 'manifest'"),
        ("  - {id: x, name: Assist, installed_for: [zoe@fabrikam.test]}", "'zoe@fabrikam.test'"),
        ("  - {id: x, name: Assist, installed_for: [cy@fabrikam.test]}", "without a licence"),
        ("  - {id: x, name: Assist, endpoint: 'http://localhost'}", "an https:// URL"),
        ("  - {id: x, name: Assist}\n  - {id: X, name: Other}", "the app 'x' a second time"),
    ],
)
def test_what_is_wrong_with_an_app_is_told_with_its_place(tmp_path, apps, said):
    (tmp_path / "wrong.json").write_text(json.dumps(a_manifest(version="one")))
    with pytest.raises(ConfigError, match=said) as caught:
        read(tmp_path, apps)
    assert all(problem.line > 13 for problem in caught.value.problems)


# The control API ---------------------------------------------------------------------------------------------


@pytest.fixture
def world():
    made = a_teams_world()
    made.install_app(ANA, MANIFEST_ID)
    return made


@pytest.fixture
def control(world):
    with ControlServer(Control(world)) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def test_a_click_through_the_control_api_shows_what_the_bot_answered(world, control, tmp_path):
    with serving(world) as server:
        bot = BotEndpoint(tmp_path, f"{server.base_url}/botframework/v1/.well-known/openidconfiguration")
        world.add_bot(CLIENT_ID, bot.url)
        conversation = world.bots.current(CLIENT_ID, world.user(ANA))
        card = {"type": "AdaptiveCard", "actions": [{"type": "Action.Execute", "verb": "approve"}]}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        world.bots.post(conversation, {"type": "message", "summary": "Decide", "attachments": [attachment]})
        (shown,) = control.get(f"/people/{ANA}/bot-messages").json()["value"]
        assert (shown["summary"], shown["actions"]) == ("Decide", ["approve"])
        value = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done"}
        bot.answer = (200, value)
        clicked = control.post(f"/people/{ANA}/click", json={"message": shown["id"], "action": "approve"})
        assert clicked.json() == {"kind": "message", "text": "Done", "card": None}
        assert control.post(f"/people/{ANA}/say", json={"bot": CLIENT_ID, "text": "help"}).status_code == 200
        run(world, timedelta())
        assert bot.activities[-1]["text"] == "help"
        bot.close()


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (f"/people/{ANA}/click", {"message": "1", "action": "yes"}, 400, "found 0 messages '1'"),
        (f"/people/{ANA}/click", {"message": "1"}, 400, "no key 'action'"),
        (f"/people/{ANA}/click", {"message": "1", "action": "yes", "inputs": [1]}, 400, "the text of each input"),
        (f"/people/{BO}/say", {"bot": CLIENT_ID, "text": "x"}, 400, "expected it installed"),
        (f"/people/{BO}/say", {"bot": "nobody", "text": "x"}, 400, "found no bot 'nobody'"),
        ("/people/zoe@fabrikam.test/click", {"message": "1", "action": "yes"}, 404, "ErrorInvalidUser"),
        (f"/people/{ANA}/app", {"app": "nothing"}, 404, "No Teams app"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(control, path, body, status, said):
    answer = control.post(path, json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_the_switches_of_a_person_are_set_for_one_app(world, control):
    url = f"/people/{ANA}/app"
    body = {"app": MANIFEST_ID, "blocked_by_policy": True, "bot_blocked": True, "muted": True, "chat_removed": True}
    app_id = world.apps.named(MANIFEST_ID).id
    assert control.post(url, json=body).json() == {
        "app": app_id,
        "blocked_by_policy": True,
        "muted": True,
        "bot_blocked": True,
    }
    ana = world.user(ANA)
    assert (ana.blocked_apps, ana.muted_apps, ana.blocked_bots) == ({app_id}, {app_id}, {CLIENT_ID})
    assert world.bots.current(CLIENT_ID, ana) is None
    assert control.post(url, json={"app": app_id, "muted": False}).json()["muted"] is False


def test_the_feed_of_a_person_is_shown(world, control):
    topic = {"source": "text", "value": "Review", "webUrl": "https://teams.microsoft.com/l/entity/app/inbox"}
    parameters = [{"name": "systemDefaultText", "value": "Please decide"}]
    body = {"topic": topic, "activityType": "systemDefault", "templateParameters": parameters}
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        graph.post(f"/users/{ANA}/teamwork/sendActivityNotification", json=body).raise_for_status()
    (entry,) = control.get(f"/people/{ANA}/feed").json()["value"]
    assert (entry["text"], entry["activityType"], entry["topic"]) == ("Please decide", "systemDefault", "Review")
