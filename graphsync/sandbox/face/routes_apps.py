"""Routes of the Teams app catalogue, and of what is installed for a person.

Sources: https://learn.microsoft.com/graph/api/appcatalogs-list-teamsapps, teamsapp-publish, teamsapp-update,
https://learn.microsoft.com/graph/api/userteamwork-list-installedapps, -get-installedapps, -post-installedapps,
-teamsappinstallation-upgrade, -delete-installedapps, https://learn.microsoft.com/graph/api/userscopeteamsappinstallation-get-chat
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from graphsync.sandbox.face.bodies import (
    body_refusal,
    is_annotation,
    list_of,
    object_of,
    one_of,
    text_of,
    unknown_property,
)
from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, Subject, collection, page
from graphsync.sandbox.face.odata import Filter, invalid_query, matches
from graphsync.sandbox.face.wire import Json, chat_json
from graphsync.sandbox.refusals import GraphRefusal, not_served, refuse_unknown
from graphsync.sandbox.teams.manifests import Manifest, UnfitManifest, manifest_in
from graphsync.sandbox.teams.teams_apps import AppDefinition, Installation, TeamsApp
from graphsync.sandbox.world import World

READ_CATALOGUE = ("AppCatalog.Read.All", "AppCatalog.ReadWrite.All")
WRITE_CATALOGUE = ("AppCatalog.ReadWrite.All",)
# May manage the one app whose webApplicationInfo names the caller.
MANAGE_SELF = (
    "TeamsAppInstallation.ReadWriteSelfForUser.All",
    "TeamsAppInstallation.ReadWriteAndConsentSelfForUser.All",
)
MANAGE_ANY = ("TeamsAppInstallation.ReadWriteForUser.All", "TeamsAppInstallation.ReadWriteAndConsentForUser.All")
MANAGE = (*MANAGE_SELF, *MANAGE_ANY)
READ_ANY = ("TeamsAppInstallation.ReadForUser.All", *MANAGE_ANY)
READ = ("TeamsAppInstallation.ReadForUser.All", *MANAGE)
LARGEST_PAGE = 999

_BOUND_APP = re.compile(r".*/appCatalogs/teamsApps(?:\('([^']+)'\)|/([^/?]+))", re.I)


# Catalogue ---------------------------------------------------------------------------------------------------


def list_teams_apps(world: World, call: Call) -> Answer:
    """GET the catalogue."""
    expand = _expanded(call, ("appDefinitions",))
    wanted = call.query.filter(("id", "externalId", "displayName", "distributionMethod"))
    found = [app for app in world.apps.catalogue() if wanted is None or _fits(wanted, app)]
    part, next_link = page(call, found, call.query.number("$top", LARGEST_PAGE, LARGEST_PAGE))
    select = call.query.select(("id", "externalId", "displayName", "distributionMethod"))
    items = [_selected(app_json(app, definitions="appDefinitions" in expand), select) for app in part]
    answer = collection(call, "appCatalogs/teamsApps", items, next_link)
    call.query.finish()
    return answer


def get_teams_app(world: World, call: Call) -> Answer:
    """GET one app of the catalogue."""
    expand = _expanded(call, ("appDefinitions",))
    call.query.finish()
    app = world.apps.find(call.keys["app"])
    return _one("appCatalogs/teamsApps/$entity", app_json(app, definitions="appDefinitions" in expand))


def publish_teams_app(world: World, call: Call) -> Answer:
    """POST a package: a new app of the organization."""
    if (call.query.take("requiresReview") or "false").lower() == "true":
        raise not_served("apps that wait for a review")
    call.query.finish()
    _check_app_only(world)
    app = world.apps.publish(_package(call), actor=call.actor)
    answer = _one("appCatalogs/teamsApps/$entity", app_json(app, definitions=False), status=201)
    answer.headers["Location"] = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app.id}"
    return answer


def update_teams_app(world: World, call: Call) -> Answer:
    """POST a package: another version of an app of the organization."""
    call.query.finish()
    _check_app_only(world)
    app = world.apps.find(call.keys["app"])
    definition = world.apps.update(app, _package(call), actor=call.actor)
    context = f"appCatalogs/teamsApps('{app.id}')/appDefinitions/$entity"
    return _one(context, definition_json(app, definition), status=201)


def _check_app_only(world: World) -> None:
    """The pages say "not supported" for applications: https://learn.microsoft.com/graph/api/teamsapp-update."""
    if world.behavior.app_only_catalog_upload == "refused":
        raise GraphRefusal(403, "Forbidden", "The API is not supported in application-only context.")


def _package(call: Call) -> Manifest:
    content_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/zip":
        raise GraphRefusal(415, "UnsupportedMediaType", f"application/zip is expected, not '{content_type}'.")
    try:
        if call.request.body[:2] != b"PK":
            raise GraphRefusal(400, "BadRequest", "The request body is not a zip archive.")
        return manifest_in(call.request.body)
    except UnfitManifest as error:
        details = [{"code": item.code, "message": item.message, "target": item.target} for item in error.problems]
        inner = {"code": "UnableToParseTeamsAppManifest", "message": str(error), "details": details}
        raise GraphRefusal(400, "BadRequest", str(error), inner=inner) from error


# Installed for a person --------------------------------------------------------------------------------------


def list_installed_apps(world: World, call: Call) -> Answer:
    """GET what is installed for a person; who may manage itself alone sees itself alone."""
    expand = _expanded(call, ("teamsApp", "teamsAppDefinition"))
    wanted = call.query.filter(
        ("teamsApp/id", "teamsApp/externalId", "teamsApp/displayName", "teamsApp/distributionMethod")
    )
    found = [
        item
        for item in world.apps.at(call.user.id)
        if _may_see(call, item) and (wanted is None or _fits(wanted, item.app))
    ]
    part, next_link = page(call, found, call.query.number("$top", LARGEST_PAGE, LARGEST_PAGE))
    items = [installation_json(item, expand) for item in part]
    answer = collection(call, f"users('{call.user.id}')/teamwork/installedApps", items, next_link)
    call.query.finish()
    return answer


def get_installed_app(world: World, call: Call) -> Answer:
    """GET one installation."""
    expand = _expanded(call, ("teamsApp", "teamsAppDefinition"))
    call.query.finish()
    item = _installation(world, call)
    return _one(f"users('{call.user.id}')/teamwork/installedApps/$entity", installation_json(item, expand))


def add_installed_app(world: World, call: Call) -> Answer:
    """POST an installation; the answer has no body."""
    call.query.finish()
    body = call.json()
    known = ("teamsApp@odata.bind", "consentedPermissionSet")
    for key in body:
        if key not in known and not key.startswith("@"):
            refuse_unknown(unknown_property(key, "userScopeTeamsAppInstallation", known))
    bound = text_of(body.get("teamsApp@odata.bind"), "teamsApp@odata.bind")
    match = _BOUND_APP.fullmatch(bound)
    if match is None:
        raise body_refusal(f"'teamsApp@odata.bind' must end in '/appCatalogs/teamsApps/{{id}}', not '{bound}'.")
    app = world.apps.find(match[1] or match[2])
    _check_manages(call, app.current.manifest, app)
    world.apps.install(call.user, app, _consent(body), actor=call.actor)
    return Answer(status=201)


def upgrade_installed_app(world: World, call: Call) -> Answer:
    """POST the upgrade of an installation to the version of the catalogue."""
    call.query.finish()
    body = call.json()
    for key in body:
        if key != "consentedPermissionSet" and not is_annotation(key):
            refuse_unknown(unknown_property(key, "userScopeTeamsAppInstallation", ("consentedPermissionSet",)))
    item = _installation(world, call, manage=True)
    world.apps.upgrade(call.user, item, _consent(body), actor=call.actor)
    return Answer(status=204)


def delete_installed_app(world: World, call: Call) -> Answer:
    """DELETE an installation."""
    call.query.finish()
    world.apps.remove(call.user, _installation(world, call, manage=True), actor=call.actor)
    return Answer(status=204)


def get_installed_app_chat(world: World, call: Call) -> Answer:
    """GET the chat of a person with the bot of an installed app."""
    call.query.finish()
    item = _installation(world, call)
    chat = None if item.manifest.bot_id is None else world.bots.personal_chat(call.user, item.manifest.bot_id)
    if chat is None:
        raise GraphRefusal(404, "NotFound", "The app has no bot in the personal scope, or the chat was removed.")
    shown = chat_json(chat, world.directory, world.tenant_id, members=False, preview=False, view=call.view)
    return _one("chats/$entity", shown)


def _installation(world: World, call: Call, *, manage: bool = False) -> Installation:
    item = world.apps.installation(call.user, call.keys["installation"])
    if manage or not call.application.may(READ_ANY, call.user.id):
        _check_manages(call, item.manifest, item.app)
    return item


def _may_see(call: Call, item: Installation) -> bool:
    return call.application.may(READ_ANY, call.user.id) or item.manifest.client_id == call.application.client_id.lower()


def _check_manages(call: Call, manifest: Manifest, app: TeamsApp) -> None:
    """Refuse who may manage itself alone and asks for another app.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/478
    """
    client_id = call.application.client_id
    if not call.application.may(MANAGE_ANY, call.user.id) and manifest.client_id != client_id.lower():
        raise GraphRefusal(
            403, "Forbidden", f"AAD App Id '{client_id}' is not allowed to manage the Teams App '{app.id}'."
        )


def _consent(body: Json) -> list[str]:
    value = body.get("consentedPermissionSet")
    if value is None:
        return []
    holder = object_of(value, "consentedPermissionSet")
    granted: list[str] = []
    for item in list_of(holder.get("resourceSpecificPermissions") or [], "resourceSpecificPermissions"):
        pair = object_of(item, "resourceSpecificPermissions")
        name = text_of(pair.get("permissionValue"), "resourceSpecificPermissions.permissionValue")
        kind = one_of(pair.get("permissionType"), ("application", "delegated"), "permissionType")
        if kind == "application":
            granted.append(name)
    return granted


# Shown -------------------------------------------------------------------------------------------------------


def app_json(app: TeamsApp, *, definitions: bool) -> Json:
    """Return an app of the catalogue."""
    shown: Json = {
        "id": app.id,
        "externalId": app.external_id,
        "displayName": app.current.manifest.name,
        "distributionMethod": app.distribution,
    }
    if definitions:
        shown["appDefinitions"] = [definition_json(app, item) for item in app.definitions]
    return shown


def definition_json(app: TeamsApp, definition: AppDefinition) -> Json:
    """Return one version of an app."""
    manifest = definition.manifest
    asked = [{"permissionValue": name, "permissionType": "application"} for name in manifest.permissions]
    return {
        "id": definition.id,
        "teamsAppId": app.id,
        "displayName": manifest.name,
        "version": manifest.version,
        "publishingState": "published",
        "shortDescription": manifest.short_description,
        "description": manifest.description,
        "lastModifiedDateTime": None,
        "createdBy": None,
        "authorization": {
            "clientAppId": manifest.client_id,
            "requiredPermissionSet": {"resourceSpecificPermissions": asked},
        },
    }


def installation_json(item: Installation, expand: Iterable[str]) -> Json:
    """Return an installation, with app and version if they are expanded."""
    shown: Json = {"id": item.id}
    if "teamsApp" in expand:
        shown["teamsApp"] = app_json(item.app, definitions=False)
    if "teamsAppDefinition" in expand:
        shown["teamsAppDefinition"] = definition_json(item.app, item.definition)
    return shown


def _one(context: str, shown: Json, *, status: int = 200) -> Answer:
    return Answer(status=status, body={"@odata.context": METADATA + context, **shown})


def _selected(shown: Json, select: tuple[str, ...] | None) -> Json:
    return (
        shown if select is None else {key: value for key, value in shown.items() if key in {*select, "appDefinitions"}}
    )


def _expanded(call: Call, known: tuple[str, ...]) -> set[str]:
    by_lower = {name.lower(): name for name in known}
    found: set[str] = set()
    for part in (call.query.take("$expand") or "").split(","):
        word = part.strip().lower()
        if not word:
            continue
        if "(" in word:
            raise not_served(f"options within $expand ('{part.strip()}')")
        if word not in by_lower:
            raise invalid_query(f"$expand takes {', '.join(known)}, not '{part.strip()}'.")
        found.add(by_lower[word])
    return found


def _fits(wanted: Filter, app: TeamsApp) -> bool:
    values: dict[str, Any] = {
        "id": app.id,
        "externalId": app.external_id,
        "displayName": app.current.manifest.name,
        "distributionMethod": app.distribution,
    }
    return matches(wanted, lambda path: values[path[-1]])


def _route(
    method: str, pattern: str, operation: str, permissions: tuple[str, ...], subject: Subject, handler: Handler
) -> Route:
    return Route(
        method=method,
        pattern=pattern,
        operation=operation,
        permissions=permissions,
        subject=subject,
        handler=handler,
        consented=(),
    )


_APPS = "appCatalogs/teamsApps"
_INSTALLED = "users/{user}/teamwork/installedApps"
ROUTES: list[Route] = [
    _route("GET", _APPS, "listTeamsApps", READ_CATALOGUE, "none", list_teams_apps),
    _route("POST", _APPS, "publishTeamsApp", WRITE_CATALOGUE, "none", publish_teams_app),
    _route("GET", f"{_APPS}/{{app}}", "getTeamsApp", READ_CATALOGUE, "none", get_teams_app),
    _route("POST", f"{_APPS}/{{app}}/appDefinitions", "updateTeamsApp", WRITE_CATALOGUE, "none", update_teams_app),
    _route("GET", _INSTALLED, "listInstalledApps", READ, "user", list_installed_apps),
    _route("POST", _INSTALLED, "addInstalledApp", MANAGE, "user", add_installed_app),
    _route("GET", f"{_INSTALLED}/{{installation}}", "getInstalledApp", READ, "user", get_installed_app),
    _route("DELETE", f"{_INSTALLED}/{{installation}}", "deleteInstalledApp", MANAGE, "user", delete_installed_app),
    _route(
        "POST", f"{_INSTALLED}/{{installation}}/upgrade", "upgradeInstalledApp", MANAGE, "user", upgrade_installed_app
    ),
    _route("GET", f"{_INSTALLED}/{{installation}}/chat", "getInstalledAppChat", READ, "user", get_installed_app_chat),
]
