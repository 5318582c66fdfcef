"""Groups and who is in them by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import by_sdk, read
from msgraph.generated.models.group import Group
from msgraph.generated.models.user import User


async def named(scene, name):
    [group] = (await read(scene.client.groups, filter=f"displayName eq '{name}'")).value
    return scene.client.groups.by_group_id(group.id)


@by_sdk("listGroups")
async def list_groups(scene):
    found = await read(scene.client.groups, filter="startsWith(displayName,'Ment')")
    assert [(group.display_name, group.mail) for group in found.value] == [("Mentoring", "mentoring@fabrikam.test")]


@by_sdk("getGroup")
async def get_group(scene):
    mentoring, new = [await (await named(scene, name)).get() for name in ("Mentoring", "New hires")]
    assert (mentoring.group_types, mentoring.mail_enabled, mentoring.security_enabled) == (["Unified"], True, False)
    assert (new.group_types, new.mail_enabled, new.security_enabled) == ([], False, True)
    assert new.created_date_time == scene.world.began_at


@by_sdk("listGroupMembers")
async def list_group_members(scene):
    group = await named(scene, "Mentoring")
    found = (await group.members.get()).value
    assert {(type(each), each.display_name) for each in found} == {(User, "Ana"), (Group, "New hires")}
    assert [each.display_name for each in (await group.members.graph_user.get()).value] == ["Ana"]


@by_sdk("listTransitiveGroupMembers")
async def list_transitive_group_members(scene):
    group = await named(scene, "Mentoring")
    found = (await group.transitive_members.get()).value
    assert {each.display_name for each in found} == {"Ana", "Bo", "Dee", "New hires"}
    people = (await group.transitive_members.graph_user.get()).value
    assert sorted(each.display_name for each in people) == ["Ana", "Bo", "Dee"]
