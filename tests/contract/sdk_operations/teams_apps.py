"""The catalogue of Teams apps, and what is installed for a person, by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import by_sdk, read, refused
from contract.teams_builders import CLIENT_ID, MANIFEST_ID, a_manifest, a_package
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.teams_app import TeamsApp
from msgraph.generated.models.teams_app_definition import TeamsAppDefinition
from msgraph.generated.models.teams_app_distribution_method import TeamsAppDistributionMethod
from msgraph.generated.models.user_scope_teams_app_installation import UserScopeTeamsAppInstallation

OTHER_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


async def the_app(scene):
    found = await read(scene.client.app_catalogs.teams_apps, filter=f"externalId eq '{MANIFEST_ID}'")
    [app] = found.value
    return app


async def installed(scene):
    """Return the builder of Ana's installation of the app, made if she has none."""
    app = await the_app(scene)
    apps = scene.ana.teamwork.installed_apps
    wanted = f"teamsApp/id eq '{app.id}'"
    found = (await read(apps, filter=wanted)).value
    if not found:
        await apps.post(an_installation(app))
        found = (await read(apps, filter=wanted)).value
    return apps.by_user_scope_teams_app_installation_id(found[0].id)


def an_installation(app):
    bound = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app.id}"
    return UserScopeTeamsAppInstallation(additional_data={"teamsApp@odata.bind": bound})


async def upload(builder, model, package):
    """POST a package: the models hold no zip, so the request of the builder is given one."""
    request = builder.to_post_request_information(model())
    request.headers.remove("content-type")
    request.set_stream_content(package, "application/zip")
    return await builder.request_adapter.send_async(request, model, {"XXX": ODataError})


@by_sdk("listTeamsApps")
async def list_teams_apps(scene):
    found = await read(
        scene.client.app_catalogs.teams_apps, filter=f"externalId eq '{MANIFEST_ID}'", expand=["appDefinitions"]
    )
    [app] = found.value
    assert (app.display_name, app.distribution_method) == ("Meeting Assist", TeamsAppDistributionMethod.Organization)
    assert app.app_definitions[-1].authorization.client_app_id == CLIENT_ID
    [asked] = app.app_definitions[-1].authorization.required_permission_set.resource_specific_permissions
    assert (asked.permission_value, asked.permission_type.value) == ("TeamsActivity.Send.User", "application")


@by_sdk("getTeamsApp")
async def get_teams_app(scene):
    app = await the_app(scene)
    one = await read(scene.client.app_catalogs.teams_apps.by_teams_app_id(app.id), expand=["appDefinitions"])
    assert (one.id, one.external_id) == (app.id, MANIFEST_ID)
    assert {each.teams_app_id for each in one.app_definitions} == {app.id}


@by_sdk("publishTeamsApp")
async def publish_teams_app(scene):
    catalogue = scene.client.app_catalogs.teams_apps
    package = a_package(a_manifest(id=OTHER_ID, name={"short": "Other", "full": "Another app"}))
    await refused(upload(catalogue, TeamsApp, package), 403, "Forbidden")
    scene.world.behavior.app_only_catalog_upload = "served"
    made = await upload(catalogue, TeamsApp, package)
    scene.world.behavior.app_only_catalog_upload = "refused"
    assert (made.external_id, made.display_name) == (OTHER_ID, "Other")
    assert made.id in {app.id for app in (await catalogue.get()).value}


@by_sdk("updateTeamsApp")
async def update_teams_app(scene):
    app = await the_app(scene)
    definitions = scene.client.app_catalogs.teams_apps.by_teams_app_id(app.id).app_definitions
    scene.world.behavior.app_only_catalog_upload = "served"
    made = await upload(definitions, TeamsAppDefinition, a_package(a_manifest(version="1.1.0")))
    scene.world.behavior.app_only_catalog_upload = "refused"
    assert (made.teams_app_id, made.version, made.publishing_state.value) == (app.id, "1.1.0", "published")


@by_sdk("addInstalledApp")
async def add_installed_app(scene):
    await (await installed(scene)).delete()
    app = await the_app(scene)
    # Graph answers 201 without a body, so there is no model.
    assert await scene.ana.teamwork.installed_apps.post(an_installation(app)) is None
    await refused(scene.ana.teamwork.installed_apps.post(an_installation(app)), 409, "Conflict")


@by_sdk("listInstalledApps")
async def list_installed_apps(scene):
    await installed(scene)
    found = await read(
        scene.ana.teamwork.installed_apps,
        filter=f"teamsApp/externalId eq '{MANIFEST_ID}'",
        expand=["teamsApp", "teamsAppDefinition"],
    )
    [item] = found.value
    assert (item.teams_app.external_id, item.teams_app_definition.display_name) == (MANIFEST_ID, "Meeting Assist")


@by_sdk("getInstalledApp")
async def get_installed_app(scene):
    item = await read(await installed(scene), expand=["teamsApp"])
    app = await the_app(scene)
    assert (item.teams_app.id, item.teams_app.external_id) == (app.id, MANIFEST_ID)
    assert item.teams_app.distribution_method == TeamsAppDistributionMethod.Organization


@by_sdk("getInstalledAppChat")
async def get_installed_app_chat(scene):
    chat = await (await installed(scene)).chat.get()
    assert chat.id.startswith("19:")
    assert chat.chat_type.value == "oneOnOne"


@by_sdk("deleteInstalledApp")
async def delete_installed_app(scene):
    item = await installed(scene)
    assert await item.delete() is None
    await refused(item.get(), 404, "NotFound")
