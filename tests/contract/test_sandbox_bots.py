"""The bot connector, and what bots are told, on the wire; the bot's endpoint checks each token by the published keys.

Pages: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages,
conversation-messages, https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model,
https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from urllib.parse import quote

import httpx
import jwt
import pytest
from teams_builders import (
    ANA,
    BO,
    CLIENT_ID,
    MANIFEST_ID,
    BotEndpoint,
    a_teams_world,
)
from wire_client import CERTIFICATES, START, error, run, serving, token_of

from graphsync.sandbox import Fault
from graphsync.sandbox.teams.cards import ClickRefused

OTHER_BOT = "11111111-2222-4333-8444-555555555555"
SCOPE = "https://api.botframework.com/.default"
CARD = "application/vnd.microsoft.card.adaptive"
FAILED = "Something went wrong. Please try again."


@pytest.fixture
def world():
    return a_teams_world()


@pytest.fixture
def server(world):
    with serving(world) as running:
        yield running


@pytest.fixture
def bot(world, server, tmp_path):
    made = BotEndpoint(tmp_path, f"{server.base_url}/botframework/v1/.well-known/openidconfiguration")
    world.add_bot(CLIENT_ID, made.url)
    yield made
    made.close()


def bot_token(server, client_id=CLIENT_ID, tenant="botframework.com", scope=SCOPE, secret="secret"):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
    with httpx.Client(verify=CERTIFICATES.ssl_context(), trust_env=False) as client:
        return client.post(f"{server.base_url}/{tenant}/oauth2/v2.0/token", data=form)


@contextmanager
def connector_of(server, client_id=CLIENT_ID, base=None):
    token = bot_token(server, client_id).raise_for_status().json()["access_token"]
    with httpx.Client(
        base_url=base or f"{server.base_url}/connector",
        headers={"Authorization": f"Bearer {token}"},
        verify=CERTIFICATES.ssl_context(),
        trust_env=False,
    ) as client:
        yield client


@pytest.fixture
def connector(server):
    with connector_of(server) as client:
        yield client


def asked(world, member=None, **more):
    return {
        "bot": {"id": f"28:{CLIENT_ID}"},
        "isGroup": False,
        "tenantId": world.tenant_id,
        "members": [member or {"id": world.user(ANA).id}],
        **more,
    }


def opened(world, connector):
    """Return the activities' path of Ana's conversation; the app is installed for her if it was not."""
    if not world.apps.at(world.user(ANA).id):
        world.install_app(ANA, MANIFEST_ID)
    made = connector.post("/v3/conversations", json=asked(world)).raise_for_status().json()
    return f"/v3/conversations/{quote(made['id'], safe='')}/activities"


def a_card(**more):
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "Move it?"},
            {"type": "Input.Text", "id": "note", "value": "ok"},
        ],
        "actions": [
            {"type": "Action.Execute", "id": "yes", "verb": "approve", "title": "Yes", "data": {"requestId": "r81"}},
            {"type": "Action.Submit", "id": "later", "data": {"requestId": "r81"}},
            {"type": "Action.OpenUrl", "id": "open", "url": "https://fabrikam.test/r/81"},
        ],
        **more,
    }


def a_message(card=None, **more):
    attachments = [{"contentType": CARD, "content": card or a_card()}]
    return {"type": "message", "summary": "Decision needed", "attachments": attachments, **more}


def sent(world, connector, **more):
    answer = connector.post(opened(world, connector), json=a_message(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def replied(card):
    return 200, {"statusCode": 200, "type": CARD, "value": card}


# Sign-in -----------------------------------------------------------------------------------------------------


def test_bots_get_a_token_for_the_connector_from_either_tenant(world, server):
    for tenant in ("botframework.com", world.tenant_id):
        token = bot_token(server, tenant=tenant).json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["aud"], claims["appid"]) == ("https://api.botframework.com", CLIENT_ID)
    assert bot_token(server, secret="wrong").json()["error"] == "invalid_client"
    assert bot_token(server, client_id="nobody").json()["error"] == "unauthorized_client"
    assert bot_token(server, scope="https://graph.microsoft.com/.default").json()["error"] == "invalid_resource"


def test_a_token_of_graph_opens_no_connector_and_the_reverse(world, server, connector):
    graph_token = token_of(server, CLIENT_ID)
    refused = connector.post("/v3/conversations", json=asked(world), headers={"Authorization": f"Bearer {graph_token}"})
    assert refused.status_code == 401
    assert refused.json() == {"message": "Authorization has been denied for this request."}
    assert connector.get(f"{server.graph_url}/users").status_code == 401


def test_an_application_without_a_bot_is_not_registered(world, server):
    with connector_of(server, "app") as connector:
        assert error(connector.post("/v3/conversations", json=asked(world))) == (401, "BotNotRegistered")


# Conversations -----------------------------------------------------------------------------------------------


def test_v3_conversations_are_made_for_an_object_id_and_for_the_bots_own_member_id(world, connector, bot):
    world.install_app(ANA, MANIFEST_ID)
    by_object_id = connector.post("/v3/conversations", json=asked(world))
    assert by_object_id.status_code == 201
    made = by_object_id.json()
    assert made["id"].startswith("a:1")
    assert made["activityId"] is None
    assert made["serviceUrl"].endswith(f"/connector/emea/{world.tenant_id}/")
    run(world, timedelta())
    member_id = bot.activities[0]["from"]["id"]
    assert member_id.startswith("29:")
    again = connector.post("/v3/conversations", json=asked(world, {"id": member_id}))
    assert again.json()["id"] == made["id"]


@pytest.mark.parametrize(
    "member",
    [{"aadObjectId": "{id}"}, {"id": ANA}, {"id": "29:1nobody"}, {"id": ""}],
    ids=["object id in aadObjectId", "UPN", "another bot's id", "empty"],
)
def test_a_member_named_in_any_other_way_is_400(world, connector, member):
    world.install_app(ANA, MANIFEST_ID)
    member = {key: value.format(id=world.user(ANA).id) for key, value in member.items()}
    assert error(connector.post("/v3/conversations", json=asked(world, member))) == (400, "BadArgument")


def test_the_ids_of_people_are_another_for_each_bot(world):
    ana = world.user(ANA)
    assert world.bots.member_id(CLIENT_ID, ana) != world.bots.member_id(OTHER_BOT, ana)
    assert world.bots.member(OTHER_BOT, world.bots.member_id(CLIENT_ID, ana)) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tenantId": "another"}, (400, "BadArgument")),
        ({"bot": {"id": f"28:{OTHER_BOT}"}}, (400, "BadArgument")),
        ({"members": []}, (400, "BadArgument")),
        ({"isGroup": True}, (501, "NotImplemented")),
    ],
)
def test_what_else_is_wrong_with_a_conversation_is_refused(world, connector, change, expected):
    world.install_app(ANA, MANIFEST_ID)
    assert error(connector.post("/v3/conversations", json={**asked(world), **change})) == expected


def test_who_has_not_the_app_cannot_be_written_to(world, connector):
    world.add_bot(CLIENT_ID, None)
    refused = connector.post("/v3/conversations", json=asked(world))
    assert error(refused) == (403, "BotNotInConversationRoster")


def test_a_conversation_may_be_made_with_its_first_message(world, connector):
    world.install_app(ANA, MANIFEST_ID)
    made = connector.post("/v3/conversations", json=asked(world, activity=a_message())).json()
    assert [message.id for message in world.bot_messages(ANA)] == [made["activityId"]]


def test_the_regional_service_url_and_the_chat_id_of_graph_lead_to_the_same_conversation(world, server):
    world.install_app(ANA, MANIFEST_ID)
    chat_id = f"19:{world.user(ANA).id}_{CLIENT_ID}@unq.gbl.spaces"
    with connector_of(server, base=world.bots.service_url) as connector:
        answer = connector.post(f"v3/conversations/{quote(chat_id, safe='')}/activities", json=a_message())
        assert answer.status_code == 201
        elsewhere = f"{server.base_url}/connector/emea/other-tenant/v3/conversations"
        assert error(connector.post(elsewhere, json=asked(world))) == (403, "Forbidden")
        assert error(connector.post(f"{server.base_url}/connector/mars/v3/conversations", json={})) == (
            404,
            "ServiceError",
        )
    assert len(world.bot_messages(ANA)) == 1


# Messages ----------------------------------------------------------------------------------------------------


def test_activities_are_posted_put_in_place_and_deleted(world, connector):
    path = opened(world, connector)
    first = sent(world, connector, text="first")
    second = sent(world, connector, text="second")
    assert int(second) > int(first)
    done = connector.put(f"{path}/{first}", json=a_message(card=a_card(body=[]), text="decided"))
    assert (done.status_code, done.json()) == (200, {"id": first})
    shown = world.bot_messages(ANA)
    assert [(message.id, message.text) for message in shown] == [(first, "decided"), (second, "second")]
    assert shown[0].card["body"] == []
    assert shown[0].summary == "Decision needed"
    assert connector.delete(f"{path}/{second}").status_code == 200
    assert [message.id for message in world.bot_messages(ANA)] == [first]
    third = sent(world, connector)
    assert third not in {first, second}
    gone = connector.put(f"{path}/{second}", json=a_message())
    assert error(gone) == (404, "ActivityNotFoundInConversation")


def test_a_reply_names_its_message_in_the_conversation_or_in_the_path(world, connector):
    path = opened(world, connector)
    first = sent(world, connector)
    conversation, _ = path.rsplit("/", 1)
    threaded = f"{conversation}{quote(';messageid=' + first, safe='')}/activities"
    assert connector.post(threaded, json=a_message()).status_code == 201
    assert connector.post(f"{path}/{first}", json=a_message()).status_code == 201
    answers = [message.activity.get("replyToId") for message in world.bot_messages(ANA)]
    assert answers == [None, first, first]


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ({"type": "message"}, (400, "BadArgument")),
        ({"text": "no type"}, (400, "BadArgument")),
        ({"type": "event", "text": "x"}, (400, "BadArgument")),
        ({"type": "message", "attachments": [{"contentType": CARD, "content": "{}"}]}, (400, "BadArgument")),
        ({"type": "typing"}, None),
        ({"type": "message", "text": "hi"}, None),
    ],
)
def test_what_is_no_message_is_refused(world, connector, activity, expected):
    answer = connector.post(opened(world, connector), json=activity)
    if expected is None:
        assert answer.status_code == 201
    else:
        assert error(answer) == expected
    assert len(world.bot_messages(ANA)) == (activity == {"type": "message", "text": "hi"})


def test_members_are_listed_whole_and_in_pages(world, connector):
    path = opened(world, connector).removesuffix("/activities")
    ana = world.user(ANA)
    (member,) = connector.get(f"{path}/members").json()
    assert (member["aadObjectId"], member["userPrincipalName"]) == (ana.id, ANA)
    assert connector.get(f"{path}/pagedMembers?pageSize=50").json()["members"] == [member]
    assert connector.get(f"{path}/members/{quote(member['id'], safe='')}").json() == member
    bo = connector.get(f"{path}/members/{world.user(BO).id}")
    assert error(bo) == (404, "MemberNotFoundInConversation")


# What goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["blocked", "uninstalled"])
def test_403_message_writes_blocked_when_the_person_blocked_the_bot_or_removed_the_app(world, connector, how):
    path = opened(world, connector)
    if how == "blocked":
        world.block_bot(ANA, CLIENT_ID)
    else:
        world.uninstall_app(ANA, MANIFEST_ID)
    refused = connector.post(path, json=a_message())
    assert (refused.status_code, refused.json()["errorCode"]) == (403, 209)
    assert json.loads(refused.json()["message"])["subCode"] == "MessageWritesBlocked"
    world.behavior.blocked_bot = "ConversationBlockedByUser"
    assert error(connector.post(path, json=a_message())) == (403, "ConversationBlockedByUser")
    if how == "blocked":
        world.block_bot(ANA, CLIENT_ID, blocked=False)
        assert connector.post(path, json=a_message()).status_code == 201


def test_403_by_policy_is_bot_disabled_by_admin(world, connector):
    path = opened(world, connector)
    world.block_app(ANA, MANIFEST_ID)
    assert error(connector.post(path, json=a_message())) == (403, "BotDisabledByAdmin")


def test_404_conversation_not_found_after_the_person_removed_the_chat_until_it_is_made_anew(world, connector):
    path = opened(world, connector)
    assert error(connector.post("/v3/conversations/a:1nobody/activities", json=a_message())) == (
        404,
        "ConversationNotFound",
    )
    world.remove_bot_chat(ANA, CLIENT_ID)
    assert error(connector.post(path, json=a_message())) == (404, "ConversationNotFound")
    anew = opened(world, connector)
    assert anew != path
    assert connector.post(anew, json=a_message()).status_code == 201


def test_another_bot_is_not_in_the_roster(world, server, connector):
    path = opened(world, connector)
    world.add_application(client_id=OTHER_BOT, secret="secret", permissions={})
    world.add_bot(OTHER_BOT, None)
    with connector_of(server, OTHER_BOT) as other:
        assert error(other.post(path, json=a_message())) == (403, "BotNotInConversationRoster")


def test_412_of_parallel_operations_is_a_fault_and_has_the_connectors_shape(world, connector):
    path = opened(world, connector)
    world.faults.add(Fault(operation="sendToConversation", kind="precondition_failed"))
    refused = connector.post(path, json=a_message())
    assert (refused.status_code, refused.json()) == (
        412,
        {"error": {"code": "PreconditionFailed", "message": "Precondition failed, please try again."}},
    )
    assert connector.post(path, json=a_message()).status_code == 201


@pytest.mark.parametrize(
    ("counted_as", "limit", "length", "status"),
    [
        ("utf-16", 102_400, 51_000, 201),
        ("utf-16", 102_400, 52_000, 413),
        ("utf-8", 102_400, 102_000, 201),
        ("utf-8", 70_000, 70_000, 413),
    ],
)
def test_413_above_the_size_which_counts_as_utf_16(world, connector, counted_as, limit, length, status):
    world.behavior.bot_message_counted_as, world.behavior.bot_message_bytes = counted_as, limit
    image = "data:image/png;base64," + "A" * 60_000
    activity = {"type": "message", "text": "x" * length, "attachments": [{"contentUrl": image}]}
    answer = connector.post(opened(world, connector), json=activity)
    assert answer.status_code == status
    if status == 413:
        assert error(answer) == (413, "MessageSizeTooBig")


def test_429_with_the_windows_of_one_conversation(world, connector):
    path = opened(world, connector)
    world.behavior.throttling = True
    found = [connector.post(path, json={"type": "message", "text": "x"}) for _ in range(8)]
    assert [answer.status_code for answer in found] == [201] * 7 + [429]
    assert found[-1].json()["error"]["code"] == "Throttled"
    assert found[-1].headers["retry-after"] == "1"
    # Seven and eight were counted within two seconds: the second window is full.
    world.clock.set(START + timedelta(seconds=1))
    refused = connector.post(path, json={"type": "message", "text": "x"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    world.clock.set(START + timedelta(seconds=3))
    assert connector.post(path, json={"type": "message", "text": "x"}).status_code == 201


# What bots are told ------------------------------------------------------------------------------------------


def test_installing_tells_the_bot_who_has_it_and_where_to_write(world, server, bot):
    world.install_app(ANA, MANIFEST_ID)
    assert bot.activities == []
    run(world, timedelta())
    assert bot.types() == ["conversationUpdate", "installationUpdate"]
    told, ana = bot.activities[0], world.user(ANA)
    assert told["from"] == {
        "id": world.bots.member_id(CLIENT_ID, ana),
        "name": "Ana",
        "aadObjectId": ana.id,
    }
    assert told["recipient"]["id"] == f"28:{CLIENT_ID}"
    assert told["membersAdded"] == [{"id": f"28:{CLIENT_ID}"}]
    assert told["conversation"]["tenantId"] == told["channelData"]["tenant"]["id"] == world.tenant_id
    assert bot.activities[1]["action"] == "add"
    with connector_of(server, base=told["serviceUrl"]) as connector:
        path = f"v3/conversations/{quote(told['conversation']['id'], safe='')}/activities"
        assert connector.post(path, json=a_message()).status_code == 201
    world.uninstall_app(ANA, MANIFEST_ID)
    run(world, timedelta())
    assert bot.activities[-1]["action"] == "remove"


def test_a_message_of_a_person_arrives_with_its_text(world, bot):
    world.install_app(ANA, MANIFEST_ID)
    written = world.write_to_bot(ANA, CLIENT_ID, "help")
    run(world, timedelta())
    told = bot.activities[-1]
    assert (told["type"], told["text"], told["id"]) == ("message", "help", written.id)
    assert bot.headers[-1]["x-ms-conversation-id"] == told["conversation"]["id"]
    assert world.bot_messages(ANA) == []
    with pytest.raises(ClickRefused, match="expected it installed"):
        world.write_to_bot(BO, CLIENT_ID, "help")


def test_what_a_bot_refuses_is_tried_again_only_if_the_switches_say_so(world, bot):
    world.behavior.activity_attempts, world.behavior.activity_copies = 2, 2
    bot.answer = (500, b"")
    world.install_app(ANA, MANIFEST_ID)
    world.run_due()
    assert len(bot.activities) == 4
    run(world, timedelta(hours=1))
    assert len(bot.activities) == 8
    assert len({activity["id"] for activity in bot.activities}) == 2
    assert len(world.journal.entries("activity_failed")) == 8


def test_a_rotated_key_is_published_and_checks(world, bot):
    world.install_app(ANA, MANIFEST_ID)
    world.run_due()
    world.signing.rotate()
    world.write_to_bot(ANA, CLIENT_ID, "help")
    world.run_due()
    assert bot.types()[-1] == "message"
    assert bot.refused == []


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("activity_token_expired", "ExpiredSignatureError"),
        ("activity_token_audience", "InvalidAudienceError"),
        ("activity_token_issuer", "InvalidIssuerError"),
        ("activity_token_service_url", "InvalidTokenError"),
        ("activity_token_key", "InvalidSignatureError"),
    ],
)
def test_a_token_that_is_wrong_is_seen_by_the_bot(world, bot, kind, seen):
    world.faults.add(Fault(operation="tellBot", kind=kind, path=f"POST /bots/{CLIENT_ID}/conversationUpdate"))
    world.install_app(ANA, MANIFEST_ID)
    world.run_due()
    assert bot.refused == [seen]
    assert bot.types() == ["installationUpdate"]


# Clicks ------------------------------------------------------------------------------------------------------


def test_a_click_invokes_the_bot_and_its_card_replaces_the_one_that_was_clicked(world, connector, bot):
    message_id = sent(world, connector)
    done = a_card(body=[{"type": "TextBlock", "text": "Approved by Ana"}], actions=[])
    bot.answer = replied(done)
    seen = world.click(ANA, message_id, "approve", {"note": "fine"})
    assert (seen.kind, seen.card) == ("card", done)
    invoke = bot.activities[-1]
    assert (invoke["type"], invoke["name"], invoke["replyToId"]) == ("invoke", "adaptiveCard/action", message_id)
    assert invoke["value"] == {
        "action": {
            "type": "Action.Execute",
            "id": "yes",
            "verb": "approve",
            "data": {"requestId": "r81", "note": "fine"},
        },
        "trigger": "manual",
    }
    assert invoke["from"]["aadObjectId"] == world.user(ANA).id
    assert world.bot_messages(ANA)[0].card == done
    connector.put(f"{opened(world, connector)}/{message_id}", json=a_message()).raise_for_status()
    assert world.bot_messages(ANA)[0].card == a_card()


def test_the_bot_may_write_while_the_person_waits_for_its_answer(world, connector, bot):
    message_id = sent(world, connector)
    path = opened(world, connector)

    def answer(activity):
        if activity["type"] == "invoke":
            connector.put(f"{path}/{activity['replyToId']}", json=a_message(card=a_card(body=[])))
        return 200, {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Thank you"}

    bot.answer = answer
    seen = world.click(ANA, message_id, "yes")
    assert (seen.kind, seen.text) == ("message", "Thank you")
    assert world.bot_messages(ANA)[0].card["body"] == []


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (
            (200, {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": {"message": "No"}}),
            "error",
            "No",
        ),
        (
            (200, {"statusCode": 401, "type": "application/vnd.microsoft.activity.loginRequest", "value": {}}),
            "login",
            "",
        ),
        (
            (200, {"statusCode": 401, "type": "application/vnd.microsoft.error.incorrectAuthCode", "value": None}),
            "error",
            FAILED,
        ),
        (
            (200, {"statusCode": 412, "type": "application/vnd.microsoft.error.preconditionFailed", "value": {}}),
            "error",
            FAILED,
        ),
        ((500, b""), "error", FAILED),
        ((201, {"statusCode": 200, "type": CARD, "value": a_card()}), "error", FAILED),
        ((200, b""), "error", FAILED),
        ((200, {"type": CARD, "value": a_card()}), "error", FAILED),
        (
            (200, {"statusCode": 200, "type": "application/vnd.microsoft.adaptive.card", "value": a_card()}),
            "error",
            FAILED,
        ),
        ((200, {"statusCode": 500, "type": CARD, "value": a_card()}), "error", FAILED),
        ((200, {"statusCode": 200, "type": CARD, "value": {"type": "Card"}}), "error", FAILED),
        ((200, {"statusCode": 200, "type": "application/vnd.microsoft.error", "value": {}}), "error", FAILED),
    ],
)
def test_what_a_bot_answers_is_shown_and_what_is_no_answer_is_an_error(world, connector, bot, answer, kind, text):
    message_id = sent(world, connector)
    bot.answer = answer
    seen = world.click(ANA, message_id, "yes")
    assert (seen.kind, seen.text) == (kind, text)
    assert world.bot_messages(ANA)[0].card == a_card()


def test_a_bot_that_does_not_answer_in_time_is_an_error(world, connector, bot):
    message_id = sent(world, connector)
    world.behavior.invoke_timeout_s = 0.2
    given_up = Event()

    def answer(activity):
        given_up.wait(5)
        return replied(a_card(body=[]))

    bot.answer = answer
    seen = world.click(ANA, message_id, "yes")
    given_up.set()
    assert (seen.kind, seen.text) == ("error", FAILED)
    assert world.journal.entries("card_answered")[-1].details["reason"] == "no answer in time"


def test_submit_is_heard_as_a_message_with_its_value(world, connector, bot):
    message_id = sent(world, connector)
    assert world.click(ANA, message_id, "later").kind == "sent"
    world.run_due()
    told = bot.activities[-1]
    assert (told["type"], told["value"]) == ("message", {"requestId": "r81", "note": "ok"})
    assert told["replyToId"] == message_id
    assert "text" not in told


def test_a_link_opens_and_tells_the_bot_nothing(world, connector, bot):
    message_id = sent(world, connector)
    world.run_due()
    before = len(bot.activities)
    assert world.click(ANA, message_id, "open").text == "https://fabrikam.test/r/81"
    world.run_due()
    assert len(bot.activities) == before


@pytest.mark.parametrize(
    ("action", "inputs", "said"),
    [
        ("yess", {}, "did you mean '[Yy]es'"),
        ("yes", {"nte": "x"}, "did you mean 'note'"),
        ("yes", {"note": ""}, "it is required"),
    ],
)
def test_what_is_not_on_the_card_cannot_be_clicked(world, connector, bot, action, inputs, said):
    body = [{"type": "Input.Text", "id": "note", "isRequired": True}]
    message_id = sent(world, connector, card=a_card(body=body))
    with pytest.raises(ClickRefused, match=said):
        world.click(ANA, message_id, action, inputs)
    assert "invoke" not in bot.types()
    with pytest.raises(ClickRefused, match="found 0 messages"):
        world.click(BO, message_id, "yes")


def test_a_card_refreshes_by_itself_for_those_it_names(world, connector, bot):
    refresh = {"action": {"type": "Action.Execute", "verb": "refresh", "data": {"requestId": "r81"}}}
    member = world.bots.member_id(CLIENT_ID, world.user(ANA))
    message_id = sent(world, connector, card=a_card(refresh={**refresh, "userIds": [member]}))
    newer = a_card(body=[])
    bot.answer = replied(newer)
    assert world.refresh_card(ANA, message_id).card == newer
    assert bot.activities[-1]["value"]["trigger"] == "automatic"
    manual = sent(world, connector, card=a_card(refresh={**refresh, "userIds": []}))
    with pytest.raises(ClickRefused, match="no automatic refresh"):
        world.refresh_card(ANA, manual)


def test_answers_are_plain_json_not_odata(world, connector):
    world.install_app(ANA, MANIFEST_ID)
    answer = connector.post("/v3/conversations", json=asked(world))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_two_worlds_of_one_seed_have_the_same_ids():
    def ids():
        world = a_teams_world()
        installed = world.install_app(ANA, MANIFEST_ID)
        ana = world.user(ANA)
        return installed.id, world.bots.open(CLIENT_ID, ana).id, world.bots.member_id(CLIENT_ID, ana)

    assert ids() == ids()
