"""Activity feed notifications, on the wire.

Pages: https://learn.microsoft.com/graph/teams-send-activityfeednotifications,
https://learn.microsoft.com/graph/api/userteamwork-sendactivitynotification, chat-sendactivitynotification,
teamwork-sendactivitynotificationtorecipients.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from teams_builders import (
    ANA,
    BO,
    CLIENT_ID,
    CY,
    DEEP_LINK,
    INSTALLED,
    MANIFEST_ID,
    a_manifest,
    a_teams_world,
)
from wire_client import START, client_of, error, run, serving

from graphsync.clock import SteppedClock, SystemClock

SEND = "/users/{}/teamwork/sendActivityNotification"
BULK = "/teamwork/sendActivityNotificationToRecipients"
OTHER_ID = "11111111-2222-4333-8444-555555555555"
RSC_ONLY = dict.fromkeys(["TeamsAppInstallation.ReadWriteForUser.All"])


@pytest.fixture
def world():
    made = a_teams_world()
    made.install_app(ANA, MANIFEST_ID)
    return made


@pytest.fixture
def server(world):
    with serving(world) as running:
        yield running


@pytest.fixture
def graph(server):
    with client_of(server, CLIENT_ID) as client:
        yield client


def a_notice(**more):
    return {
        "topic": {"source": "text", "value": "Budget review", "webUrl": DEEP_LINK},
        "activityType": "approvalRequested",
        "previewText": {"content": "Move it to Tue 15:00?"},
        "templateParameters": [{"name": "meetingTitle", "value": "Budget review"}],
        **more,
    }


def without(key):
    return {name: value for name, value in a_notice().items() if name != key}


def recipients(world, *people):
    kind = "microsoft.graph.aadUserNotificationRecipient"
    return [{"@odata.type": kind, "userId": world.user(person).id} for person in people]


def message(answer):
    return answer.json()["error"]["message"]


# To a person -------------------------------------------------------------------------------------------------


def test_send_activity_notification_shows_the_template_filled_in_with_the_app_as_actor(world, graph):
    answer = graph.post(SEND.format(ANA), json=a_notice())
    assert (answer.status_code, answer.content) == (204, b"")
    (entry,) = world.feed(ANA)
    assert entry.text == "Meeting Assist asks you to decide about Budget review"
    assert (entry.preview, entry.topic, entry.web_url) == ("Move it to Tue 15:00?", "Budget review", DEEP_LINK)
    assert world.feed(BO) == []


def test_system_default_needs_no_declaration_and_its_one_parameter(world, graph):
    parameters = [{"name": "systemDefaultText", "value": "Please decide"}]
    notice = a_notice(activityType="systemDefault", templateParameters=parameters)
    assert graph.post(SEND.format(ANA), json=notice).status_code == 204
    assert world.feed(ANA)[0].text == "Please decide"
    refused = graph.post(SEND.format(ANA), json=a_notice(activityType="systemDefault"))
    assert error(refused) == (400, "BadRequest")
    assert "'systemDefaultText'" in message(refused)


def test_entries_come_newest_first_and_the_preview_is_cut_at_150(world, graph):
    graph.post(SEND.format(ANA), json=a_notice(previewText={"content": "x" * 200}))
    world.clock.set(START + timedelta(minutes=1))
    graph.post(SEND.format(ANA), json=a_notice(previewText={"content": "later"}))
    assert [entry.preview for entry in world.feed(ANA)] == ["later", "x" * 150]


def test_a_chain_id_replaces_the_earlier_entry_in_its_place(world, graph):
    for chain, text in ((81, "first"), (82, "second"), (81, "third")):
        graph.post(SEND.format(ANA), json=a_notice(chainId=chain, previewText={"content": text}))
    assert [(entry.chain_id, entry.preview) for entry in world.feed(ANA)] == [(82, "second"), (81, "third")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (a_notice(activityType="approvalRequsted"), "did you mean 'approvalRequested'"),
        (a_notice(templateParameters=[]), "'meetingTitle'"),
        (a_notice(topic={"source": "text", "value": "x"}), "'topic.webUrl' is required"),
        (a_notice(topic={"source": "text", "value": "x", "webUrl": "https://fabrikam.test"}), "deep link"),
        (a_notice(topic={"source": "entityUrl", "value": "https://fabrikam.test/x"}), "app installation"),
        (a_notice(topic={"source": "url", "value": "x"}), "'topic.source'"),
        (a_notice(topic={"source": "text", "value": "x", "webURL": DEEP_LINK}), "did you mean 'webUrl'"),
        (a_notice(chainId=2**63), "Int64"),
        (a_notice(iconId="star"), "'star'"),
        (a_notice(activityTyp="x"), "did you mean 'activityType'"),
        (without("topic"), "'topic'"),
        (without("activityType"), "'activityType'"),
    ],
)
def test_a_body_against_the_rules_is_refused_and_the_message_says_what_is_wrong(world, graph, body, said):
    refused = graph.post(SEND.format(ANA), json=body)
    assert refused.status_code == 400
    assert said in message(refused)
    assert world.feed(ANA) == []


def test_any_web_address_will_do_where_the_switch_says_so(world, graph):
    world.behavior.topic_web_url = "any"
    notice = a_notice(topic={"source": "text", "value": "x", "webUrl": "https://fabrikam.test"})
    assert graph.post(SEND.format(ANA), json=notice).status_code == 204


def test_the_topic_may_be_the_installation_of_the_person_or_the_app_of_the_catalogue(world, graph):
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    root = "https://graph.microsoft.com/v1.0"
    for value in (
        f"{root}/users/{world.user(ANA).id}/teamwork/installedApps/{item['id']}",
        f"{root}/appCatalogs/teamsApps/{world.apps.named(MANIFEST_ID).id}",
    ):
        notice = a_notice(topic={"source": "entityUrl", "value": value})
        assert graph.post(SEND.format(ANA), json=notice).status_code == 204
    world.install_app(BO, MANIFEST_ID)
    others = f"{root}/users/{world.user(ANA).id}/teamwork/installedApps/{item['id']}"
    notice = a_notice(topic={"source": "entityUrl", "value": others})
    assert error(graph.post(SEND.format(BO), json=notice)) == (400, "BadRequest")


def test_who_has_not_the_app_gets_nothing_and_the_refusal_says_so(world, graph):
    refused = graph.post(SEND.format(BO), json=a_notice())
    assert error(refused) == (403, "Forbidden")
    assert "is not authorized to generate custom text notifications about" in message(refused)
    assert "Ensure that the expected Teams app is installed in the target scope" in message(refused)
    assert world.feed(BO) == []


def test_two_apps_of_one_application_are_a_conflict_until_one_is_named(world, graph):
    second = world.add_teams_app(a_manifest(id=OTHER_ID, name={"short": "Second"}, bots=[]))
    world.install_app(ANA, OTHER_ID)
    refused = graph.post(SEND.format(ANA), json=a_notice())
    assert error(refused) == (409, "Conflict")
    assert message(refused).startswith(f"Found multiple applications with the same AAD App ID '{CLIENT_ID}'")
    assert graph.post(SEND.format(ANA), json=a_notice(teamsAppId=second.id)).status_code == 204
    assert world.feed(ANA)[0].app_name == "Second"
    assert graph.post(SEND.format(ANA), json=a_notice(teamsAppId="another")).status_code == 403


def test_who_muted_the_app_sees_nothing_though_the_call_succeeds(world, graph):
    world.mute_app(ANA, MANIFEST_ID)
    assert graph.post(SEND.format(ANA), json=a_notice()).status_code == 204
    assert world.feed(ANA) == []
    assert [entry.user_id for entry in world.journal.entries("activity_notification_muted")] == [world.user(ANA).id]


def test_the_consent_that_comes_with_the_installation_is_enough_for_that_person():
    world = a_teams_world(RSC_ONLY)
    world.install_app(ANA, MANIFEST_ID)
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        assert graph.post(SEND.format(ANA), json=a_notice()).status_code == 204
        refused = graph.post(SEND.format(BO), json=a_notice())
    assert error(refused) == (403, "Forbidden")
    assert "API requires one of 'TeamsActivity.Send.User, TeamsActivity.Send'" in message(refused)
    assert message(refused).endswith("Resource specific consent grants on the request ''.")


# To members of a chat ----------------------------------------------------------------------------------------


def test_in_a_chat_the_app_of_the_chat_speaks_to_its_members(world, graph):
    chat = world.create_chat(ANA, BO)
    url = f"/chats/{chat.id}/sendActivityNotification"
    topic = {"source": "entityUrl", "value": f"https://graph.microsoft.com/v1.0/chats/{chat.id}"}
    (bo,) = recipients(world, BO)
    assert error(graph.post(url, json=a_notice(recipient=bo, topic=topic))) == (403, "Forbidden")
    world.install_app_in_chat(chat.id, MANIFEST_ID)
    assert graph.post(url, json=a_notice(recipient=bo, topic=topic)).status_code == 204
    assert [len(world.feed(who)) for who in (ANA, BO)] == [0, 1]
    (cy,) = recipients(world, CY)
    assert error(graph.post(url, json=a_notice(recipient=cy))) == (403, "Forbidden")
    everybody = {"@odata.type": "microsoft.graph.chatMembersNotificationRecipient", "chatId": chat.id}
    assert graph.post(url, json=a_notice(recipient=everybody)).status_code == 204
    assert [len(world.feed(who)) for who in (ANA, BO)] == [1, 2]


def test_teams_are_not_served(graph):
    assert error(graph.post("/teams/1/sendActivityNotification", json=a_notice())) == (501, "NotImplemented")


# To many -----------------------------------------------------------------------------------------------------


def test_the_bulk_call_is_accepted_and_reaches_those_who_have_the_app_some_time_later(world, graph):
    answer = graph.post(BULK, json=a_notice(recipients=recipients(world, ANA, BO)))
    assert (answer.status_code, answer.content) == (202, b"")
    assert world.feed(ANA) == []
    run(world, timedelta(minutes=1))
    assert [len(world.feed(who)) for who in (ANA, BO)] == [1, 0]
    assert len(world.journal.entries("activity_notification_lost")) == 1


@pytest.mark.parametrize(("count", "status"), [(0, 400), (100, 202), (101, 400)])
def test_the_bulk_call_takes_a_hundred_recipients(world, graph, count, status):
    assert graph.post(BULK, json=a_notice(recipients=recipients(world, *[ANA] * count))).status_code == status


def test_the_bulk_call_takes_persons_alone_and_the_catalogue_as_topic(world, graph):
    team = {"@odata.type": "microsoft.graph.teamMembersNotificationRecipient", "teamId": "1"}
    assert error(graph.post(BULK, json=a_notice(recipients=[team]))) == (501, "NotImplemented")
    nobody = {"@odata.type": "microsoft.graph.aadUserNotificationRecipient", "userId": ANA}
    assert error(graph.post(BULK, json=a_notice(recipients=[nobody]))) == (404, "NotFound")
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    installation = f"https://graph.microsoft.com/v1.0/users/{ANA}/teamwork/installedApps/{item['id']}"
    topic = {"source": "entityUrl", "value": installation}
    refused = graph.post(BULK, json=a_notice(topic=topic, recipients=recipients(world, ANA)))
    assert error(refused) == (400, "BadRequest")


def test_412_for_the_bulk_call_with_a_token_that_ends_within_45_minutes(world, server):
    tokens = server.face.tokens
    tokens.clock = SteppedClock(SystemClock().now() - timedelta(minutes=20))
    with client_of(server, CLIENT_ID) as graph:
        tokens.clock = SystemClock()
        refused = graph.post(BULK, json=a_notice(recipients=recipients(world, ANA)))
        assert error(refused) == (412, "PreconditionFailed")
        assert graph.post(SEND.format(ANA), json=a_notice()).status_code == 204


# Rates -------------------------------------------------------------------------------------------------------


def test_five_notifications_and_two_bulk_calls_a_second():
    world = a_teams_world(throttling=True)
    world.install_app(ANA, MANIFEST_ID)
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        found = [graph.post(SEND.format(ANA), json=a_notice()) for _ in range(6)]
        assert [answer.status_code for answer in found] == [204] * 5 + [429]
        assert found[-1].headers["retry-after"] == "1"
        bulk = [graph.post(BULK, json=a_notice(recipients=recipients(world, ANA))) for _ in range(3)]
        assert [answer.status_code for answer in bulk] == [202, 202, 429]
