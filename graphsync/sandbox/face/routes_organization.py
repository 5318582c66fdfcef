"""Routes of the tenant itself and of the applications in it: what was granted to whom.

The ids of Graph's permissions are drawn here, not the real ones: a client reads them from Graph's own principal.

Sources: https://learn.microsoft.com/graph/api/organization-list, serviceprincipal-list,
serviceprincipal-list-approleassignments
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection
from graphsync.sandbox.face.odata import Condition, invalid_query
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.face.wire_directory import graph_principal_json, organization_json, service_principal_json
from graphsync.sandbox.refusals import not_served
from graphsync.sandbox.tenant.directory import unknown_directory_object
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import utc_text

READ_ORGANIZATION = ("Organization.Read.All", "Directory.Read.All")
READ_APPLICATIONS = ("Application.Read.All", "Directory.Read.All")
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
ORGANIZATION_NAMES = ("id", "displayName", "tenantType", "verifiedDomains")
ORGANIZATION_NAME = "Sandbox"


def list_organization(world: World, call: Call) -> Answer:
    """GET the tenant, a collection of one."""
    select = call.query.select(ORGANIZATION_NAMES)
    call.query.finish()
    shown = organization_json(world.tenant_id, ORGANIZATION_NAME, world.directory)
    return collection(call, "organization", [shown if select is None else {name: shown[name] for name in select}])


def _role_id(world: World, permission: str) -> str:
    return world.draws.guid("app-role", permission)


def _principals(world: World) -> list[Json]:
    applications = [world.directory.applications[key] for key in sorted(world.directory.applications)]
    granted = sorted({permission for application in applications for permission in application.permissions})
    roles = {permission: _role_id(world, permission) for permission in granted}
    graph = graph_principal_json(world.draws.guid("principal", GRAPH_APP_ID), GRAPH_APP_ID, roles)
    return [*(service_principal_json(application, world.tenant_id) for application in applications), graph]


def list_service_principals(world: World, call: Call) -> Answer:
    """GET the service principal of an application id."""
    wanted = call.query.filter(("appId", "displayName"))
    call.query.finish()
    if wanted is None:
        raise not_served("listing all service principals; filter by appId")
    if not isinstance(wanted, Condition) or wanted.operator != "eq":
        raise invalid_query("$filter takes appId or displayName, with eq.")
    value = str(wanted.value).lower()
    found = [item for item in _principals(world) if str(item[wanted.path[0]]).lower() == value]
    return collection(call, "servicePrincipals", found)


def _principal(world: World, call: Call) -> Json:
    key = call.keys["principal"].lower()
    for item in _principals(world):
        if item["id"] == key:
            return item
    raise unknown_directory_object(call.keys["principal"])


def get_service_principal(world: World, call: Call) -> Answer:
    """GET a service principal by id."""
    call.query.finish()
    found = _principal(world, call)
    return Answer(status=200, body={"@odata.context": f"{METADATA}servicePrincipals/$entity", **found})


def list_app_role_assignments(world: World, call: Call) -> Answer:
    """GET the application permissions granted to an application; scopes over mailboxes do not show here."""
    call.query.finish()
    principal = _principal(world, call)
    application = world.directory.applications.get(principal["appId"])
    items = [
        {
            "id": world.draws.item_id("app-role-assignment", principal["id"], permission),
            "appRoleId": _role_id(world, permission),
            "createdDateTime": utc_text(world.began_at),
            "principalDisplayName": principal["displayName"],
            "principalId": principal["id"],
            "principalType": "ServicePrincipal",
            "resourceDisplayName": "Microsoft Graph",
            "resourceId": world.draws.guid("principal", GRAPH_APP_ID),
        }
        for permission in sorted(application.permissions if application else ())
    ]
    return collection(call, f"servicePrincipals('{principal['id']}')/appRoleAssignments", items)


def _route(pattern: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> Route:
    return Route(
        method="GET",
        pattern=pattern,
        operation=operation,
        permissions=permissions,
        subject="directory",
        handler=handler,
    )


ROUTES: list[Route] = [
    _route("organization", "listOrganization", READ_ORGANIZATION, list_organization),
    _route("servicePrincipals", "listServicePrincipals", READ_APPLICATIONS, list_service_principals),
    _route("servicePrincipals/{principal}", "getServicePrincipal", READ_APPLICATIONS, get_service_principal),
    _route(
        "servicePrincipals/{principal}/appRoleAssignments",
        "listAppRoleAssignments",
        READ_APPLICATIONS,
        list_app_role_assignments,
    ),
]
