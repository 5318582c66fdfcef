"""The tenant and the applications in it by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import by_sdk, read
from contract.teams_builders import CLIENT_ID

GRAPH = "00000003-0000-0000-c000-000000000000"


async def principal(scene, app_id):
    [found] = (await read(scene.client.service_principals, filter=f"appId eq '{app_id}'")).value
    return found


@by_sdk("listOrganization")
async def list_organization(scene):
    [tenant] = (await scene.client.organization.get()).value
    assert (tenant.id, tenant.tenant_type) == (scene.world.tenant_id, "AAD")
    assert [(domain.name, domain.is_default) for domain in tenant.verified_domains] == [("fabrikam.test", True)]


@by_sdk("listServicePrincipals")
async def list_service_principals(scene):
    graph = await principal(scene, GRAPH)
    assert (graph.display_name, graph.service_principal_type) == ("Microsoft Graph", "Application")
    [role] = [role for role in graph.app_roles if role.value == "Calendars.ReadWrite"]
    assert (role.allowed_member_types, role.is_enabled) == (["Application"], True)


@by_sdk("getServicePrincipal")
async def get_service_principal(scene):
    listed = await principal(scene, CLIENT_ID)
    one = await scene.client.service_principals.by_service_principal_id(listed.id).get()
    assert (one.id, one.app_id, one.account_enabled) == (listed.id, CLIENT_ID, True)
    assert str(one.app_owner_organization_id) == scene.world.tenant_id


@by_sdk("listAppRoleAssignments")
async def list_app_role_assignments(scene):
    graph, app = await principal(scene, GRAPH), await principal(scene, CLIENT_ID)
    found = await scene.client.service_principals.by_service_principal_id(app.id).app_role_assignments.get()
    names = {role.id: role.value for role in graph.app_roles}
    assert {str(item.resource_id) for item in found.value} == {graph.id}
    assert {"Calendars.ReadWrite", "Chat.Create"} <= {names[item.app_role_id] for item in found.value}
    assert {item.created_date_time for item in found.value} == {scene.world.began_at}
