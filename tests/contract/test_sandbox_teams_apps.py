"""The Teams app catalogue and personal installations, on the wire.

Pages: https://learn.microsoft.com/graph/api/appcatalogs-list-teamsapps, teamsapp-publish, teamsapp-update,
userteamwork-list-installedapps, userteamwork-post-installedapps.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from teams_builders import (
    ANA,
    BO,
    CLIENT_ID,
    CY,
    INSTALLED,
    MANIFEST_ID,
    a_manifest,
    a_package,
    a_teams_world,
    install,
)
from wire_client import START, client_of, error, graph_of, serving

from graphsync.sandbox.teams.manifests import UnfitManifest

ZIP = {"Content-Type": "application/zip"}
OTHER_ID = "11111111-2222-4333-8444-555555555555"
SELF = dict.fromkeys(("AppCatalog.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All"))


@pytest.fixture
def world():
    return a_teams_world()


@pytest.fixture
def app(world):
    return world.apps.named(MANIFEST_ID)


@pytest.fixture
def graph(world):
    with serving(world) as server, client_of(server, CLIENT_ID) as client:
        yield client


def inner(answer):
    return answer.json()["error"]["innerError"]


# The catalogue -----------------------------------------------------------------------------------------------


def test_app_catalogs_teams_apps_are_found_by_manifest_id_and_have_another_id_of_their_own(graph, app):
    found = graph.get("/appCatalogs/teamsApps", params={"$filter": f"externalId eq '{MANIFEST_ID}'"}).json()
    assert found["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#appCatalogs/teamsApps"
    shown = {
        "id": app.id,
        "externalId": MANIFEST_ID,
        "displayName": "Meeting Assist",
        "distributionMethod": "organization",
    }
    assert found["value"] == [shown]
    assert app.id != MANIFEST_ID
    assert graph.get(f"/appCatalogs/teamsApps/{app.id}").json().items() >= shown.items()
    assert error(graph.get(f"/appCatalogs/teamsApps/{MANIFEST_ID}")) == (404, "NotFound")


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ("id eq '{id}'", 1),
        ("distributionMethod eq 'organization'", 1),
        ("distributionMethod eq 'store'", 1),
        ("externalId ne '{id}' and displayName eq 'Other'", 1),
        ("externalId eq 'nobody'", 0),
    ],
)
def test_the_catalogue_is_filtered_by_any_property(world, graph, app, wanted, count):
    store = world.add_teams_app(a_manifest(id=OTHER_ID, name={"short": "Other"}), distribution="store")
    world.add_teams_app(a_manifest(id=CLIENT_ID), distribution="sideloaded")
    assert store.id == OTHER_ID
    found = graph.get("/appCatalogs/teamsApps", params={"$filter": wanted.format(id=app.id)})
    assert len(found.json()["value"]) == count


def test_expanded_definitions_show_version_consent_and_client(graph):
    (shown,) = graph.get("/appCatalogs/teamsApps?$expand=appDefinitions").json()["value"]
    (definition,) = shown["appDefinitions"]
    assert definition["version"] == "1.0.0"
    assert definition["publishingState"] == "published"
    assert definition["authorization"] == {
        "clientAppId": CLIENT_ID,
        "requiredPermissionSet": {
            "resourceSpecificPermissions": [
                {"permissionValue": "TeamsActivity.Send.User", "permissionType": "application"}
            ]
        },
    }


def test_an_application_may_not_publish_unless_the_switch_says_so(world, graph):
    package = a_package(a_manifest(id=OTHER_ID))
    refused = graph.post("/appCatalogs/teamsApps", content=package, headers=ZIP)
    assert error(refused) == (403, "Forbidden")
    world.behavior.app_only_catalog_upload = "served"
    made = graph.post("/appCatalogs/teamsApps", content=package, headers=ZIP)
    assert made.status_code == 201
    assert made.json()["externalId"] == OTHER_ID
    assert made.headers["location"].endswith(made.json()["id"])
    again = graph.post("/appCatalogs/teamsApps", content=package, headers=ZIP)
    assert error(again) == (409, "Conflict")


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"{}", {"Content-Type": "application/json"}, (415, "UnsupportedMediaType")),
        (b"{}", ZIP, (400, "BadRequest")),
        (b"PKnothing", ZIP, (400, "BadRequest")),
        (a_package(name="app/manifest.json"), ZIP, (400, "BadRequest")),
    ],
)
def test_what_is_no_package_is_refused(world, graph, content, headers, expected):
    world.behavior.app_only_catalog_upload = "served"
    assert error(graph.post("/appCatalogs/teamsApps", content=content, headers=headers)) == expected


def test_every_mistake_of_a_manifest_is_named(world, graph):
    world.behavior.app_only_catalog_upload = "served"
    wrong = a_manifest(id="app", activities={"activityTypes": [{"type": "systemDefault", "description": "x"}]})
    del wrong["name"]
    refused = graph.post("/appCatalogs/teamsApps", content=a_package(wrong), headers=ZIP)
    assert error(refused) == (400, "BadRequest")
    assert inner(refused)["code"] == "UnableToParseTeamsAppManifest"
    assert {item["target"] for item in inner(refused)["details"]} >= {
        "name",
        "id",
        "activities.activityTypes[0].type",
        "activities.activityTypes[0].templateText",
    }


def test_activities_need_a_manifest_of_their_time(world):
    with pytest.raises(UnfitManifest, match=r"activities \| Property 'activities' is not defined in manifest 1.6"):
        world.add_teams_app(a_manifest(id=OTHER_ID, manifestVersion="1.6"))


def test_another_version_is_published_under_the_same_app(world, graph, app):
    world.behavior.app_only_catalog_upload = "served"
    url = f"/appCatalogs/teamsApps/{app.id}/appDefinitions"
    made = graph.post(url, content=a_package(a_manifest(version="1.1.0")), headers=ZIP)
    assert (made.status_code, made.json()["version"]) == (201, "1.1.0")
    assert error(graph.post(url, content=a_package(a_manifest(version="1.1.0")), headers=ZIP)) == (409, "Conflict")
    assert error(graph.post(url, content=a_package(a_manifest(id=OTHER_ID)), headers=ZIP)) == (400, "BadRequest")


# Installation ------------------------------------------------------------------------------------------------


def test_users_teamwork_installed_apps_take_an_app_once_and_answer_without_a_body(graph, app):
    made = install(graph, app)
    assert (made.status_code, made.content) == (201, b"")
    assert error(install(graph, app)) == (409, "Conflict")
    listed = graph.get(INSTALLED.format(ANA)).json()["value"]
    assert [list(item) for item in listed] == [["id"]]
    assert graph.get(INSTALLED.format(BO)).json()["value"] == []


def test_an_installation_is_found_by_either_id_and_expanded(graph, app):
    install(graph, app)
    for wanted in (f"teamsApp/id eq '{app.id}'", f"teamsApp/externalId eq '{MANIFEST_ID}'"):
        (item,) = graph.get(
            INSTALLED.format(ANA), params={"$filter": wanted, "$expand": "teamsApp,teamsAppDefinition"}
        ).json()["value"]
        assert item["teamsApp"]["externalId"] == MANIFEST_ID
        assert item["teamsAppDefinition"]["version"] == "1.0.0"
    none = graph.get(INSTALLED.format(ANA), params={"$filter": "teamsApp/id eq 'another'"})
    assert none.json()["value"] == []
    one = graph.get(f"{INSTALLED.format(ANA)}/{item['id']}", params={"$expand": "teamsApp"}).json()
    assert one["teamsApp"]["id"] == app.id


def test_an_installation_keeps_its_version_until_it_is_upgraded(world, graph, app):
    install(graph, app)
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    world.behavior.app_only_catalog_upload = "served"
    newer = a_package(a_manifest(version="1.1.0"))
    graph.post(f"/appCatalogs/teamsApps/{app.id}/appDefinitions", content=newer, headers=ZIP).raise_for_status()

    def version():
        shown = graph.get(f"{INSTALLED.format(ANA)}/{item['id']}?$expand=teamsAppDefinition").json()
        return shown["teamsAppDefinition"]["version"]

    assert version() == "1.0.0"
    assert graph.post(f"{INSTALLED.format(ANA)}/{item['id']}/upgrade").status_code == 204
    assert version() == "1.1.0"


def test_an_upgrade_to_a_version_without_the_bot_takes_the_bot_away(world, graph, app):
    world.install_app(ANA, MANIFEST_ID)
    world.behavior.app_only_catalog_upload = "served"
    newer = a_package(a_manifest(version="2.0.0", bots=[]))
    graph.post(f"/appCatalogs/teamsApps/{app.id}/appDefinitions", content=newer, headers=ZIP).raise_for_status()
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    assert graph.post(f"{INSTALLED.format(ANA)}/{item['id']}/upgrade").status_code == 204
    assert not world.bots.is_installed(CLIENT_ID, world.user(ANA))
    assert graph.delete(f"{INSTALLED.format(ANA)}/{item['id']}").status_code == 204


def test_a_removed_app_is_gone_and_can_be_installed_again(graph, app):
    install(graph, app)
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    assert graph.delete(f"{INSTALLED.format(ANA)}/{item['id']}").status_code == 204
    assert error(graph.delete(f"{INSTALLED.format(ANA)}/{item['id']}")) == (404, "NotFound")
    assert install(graph, app).status_code == 201


def test_the_permission_policy_keeps_an_app_from_a_person(world, graph, app):
    world.block_app(ANA, MANIFEST_ID)
    refused = install(graph, app)
    ana = world.user(ANA)
    assert error(refused) == (403, "Forbidden")
    assert refused.json()["error"]["message"] == (
        f"App is blocked by app permission policy. TenantId: {world.tenant_id}, UserObjectId: {ana.id}, AppId: {app.id}"
    )
    assert inner(refused)["code"] == "AccessDenied"
    assert install(graph, app, BO).status_code == 201
    world.block_app(ANA, MANIFEST_ID, blocked=False)
    assert install(graph, app).status_code == 201


def test_a_person_without_a_teams_licence_gets_no_app(graph, app):
    refused = install(graph, app, CY)
    assert error(refused) == (403, "Forbidden")
    assert "license" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "RequestBodyRead")),
        ({"teamsApp@odata.bind": "https://graph.microsoft.com/v1.0/teams/1"}, (400, "RequestBodyRead")),
        (
            {"teamsApp@odata.bind": f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{MANIFEST_ID}"},
            (404, "NotFound"),
        ),
        (
            {"teamsApp@odata.bind": "https://graph.microsoft.com/v1.0/appCatalogs/teamsApps('x')", "app": 1},
            (400, "RequestBodyRead"),
        ),
    ],
)
def test_a_body_that_names_no_app_of_the_catalogue_is_refused(graph, body, expected):
    assert error(graph.post(INSTALLED.format(ANA), json=body)) == expected


def test_consent_is_taken_for_what_the_manifest_asks_for_alone(graph, app):
    def consent(name):
        granted = {"resourceSpecificPermissions": [{"permissionValue": name, "permissionType": "application"}]}
        return install(graph, app, consentedPermissionSet=granted)

    assert error(consent("ChatMessage.Read.Chat")) == (400, "BadRequest")
    assert consent("TeamsActivity.Send.User").status_code == 201


def test_read_write_self_for_user_manages_its_own_app_and_sees_no_other():
    world = a_teams_world(SELF)
    own = world.apps.named(MANIFEST_ID)
    other = world.add_teams_app(a_manifest(id=OTHER_ID, webApplicationInfo={"id": OTHER_ID}, bots=[]))
    world.install_app(ANA, OTHER_ID)
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        refused = install(graph, other, BO)
        assert error(refused) == (403, "Forbidden")
        assert refused.json()["error"]["message"] == (
            f"AAD App Id '{CLIENT_ID}' is not allowed to manage the Teams App '{other.id}'."
        )
        assert install(graph, own).status_code == 201
        listed = graph.get(f"{INSTALLED.format(ANA)}?$expand=teamsApp").json()["value"]
        assert [item["teamsApp"]["id"] for item in listed] == [own.id]


def test_without_a_permission_the_refusal_names_those_there_are():
    world = a_teams_world(dict.fromkeys(["User.Read.All"]))
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        refused = install(graph, world.apps.named(MANIFEST_ID))
    assert error(refused) == (403, "Forbidden")
    assert "API requires one of 'TeamsAppInstallation.ReadWriteSelfForUser.All" in refused.json()["error"]["message"]


def test_installing_an_app_with_a_bot_makes_their_chat(world, graph, app):
    install(graph, app)
    (item,) = graph.get(INSTALLED.format(ANA)).json()["value"]
    chat = graph.get(f"{INSTALLED.format(ANA)}/{item['id']}/chat").json()
    assert chat["id"] == f"19:{world.user(ANA).id}_{CLIENT_ID}@unq.gbl.spaces"
    assert chat["chatType"] == "oneOnOne"
    world.remove_bot_chat(ANA, CLIENT_ID)
    assert error(graph.get(f"{INSTALLED.format(ANA)}/{item['id']}/chat")) == (404, "NotFound")


def test_the_chat_with_a_bot_is_found_among_the_persons_chats_by_the_app(world, graph, app):
    world.create_chat(ANA, BO)
    install(graph, app)
    chat_id = f"19:{world.user(ANA).id}_{CLIENT_ID}@unq.gbl.spaces"
    wanted = f"installedApps/any(a:a/teamsApp/id eq '{app.id}')"
    found = graph.get(f"/users/{ANA}/chats", params={"$filter": wanted, "$expand": "members"}).json()["value"]
    assert [chat["id"] for chat in found] == [chat_id]
    assert [member["userId"] for member in found[0]["members"]] == [world.user(ANA).id]
    assert len(graph.get(f"/users/{ANA}/chats").json()["value"]) == 2
    world.remove_bot_chat(ANA, CLIENT_ID)
    assert graph.get(f"/users/{ANA}/chats", params={"$filter": wanted}).json()["value"] == []


# Rates and quotas --------------------------------------------------------------------------------------------


def test_installed_apps_are_removed_fifteen_times_a_second_and_the_catalogue_read_thirty():
    world = a_teams_world(throttling=True)
    with serving(world) as server, client_of(server, CLIENT_ID) as graph:
        removed = [graph.delete(f"{INSTALLED.format(ANA)}/none").status_code for _ in range(16)]
        assert removed == [404] * 15 + [429]
        read = [graph.get("/appCatalogs/teamsApps").status_code for _ in range(31)]
        assert read == [200] * 30 + [429]
        world.clock.set(START + timedelta(seconds=1))
        assert graph.get("/appCatalogs/teamsApps").status_code == 200


def test_402_for_the_metered_export_of_chats_over_the_quota_and_not_for_one_chat():
    world = a_teams_world(chat_exports="over_quota")
    chat = world.create_chat(ANA, BO)
    with graph_of(world) as graph:
        assert error(graph.get(f"/users/{ANA}/chats/getAllMessages")) == (402, "PaymentRequired")
        assert graph.get(f"/chats/{chat.id}/messages").status_code == 200
        world.behavior.chat_exports = "free"
        assert graph.get(f"/users/{ANA}/chats/getAllMessages").status_code == 200
