"""People and mailboxes by the SDK."""

from __future__ import annotations

from contract.sdk_operations.registry import ANA, BO, asking, by_sdk

from graphsync.graph import sdk


@by_sdk("getUser")
async def get_user(scene):
    user = await scene.ana.get()
    assert (user.display_name, user.mail, user.user_principal_name) == ("Ana", ANA, ANA)


@by_sdk("listUsers")
async def list_users(scene):
    builder = sdk.UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
    found = await scene.client.users.get(asking(of=builder, filter=f"mail eq '{BO}'", select=["displayName"]))
    assert [user.display_name for user in found.value] == ["Bo"]


@by_sdk("getMailboxSettings")
async def get_mailbox_settings(scene):
    settings = await scene.ana.mailbox_settings.get()
    assert settings.time_zone == "Romance Standard Time"
    assert [day.value for day in settings.working_hours.days_of_week[:2]] == ["monday", "tuesday"]
    assert settings.automatic_replies_setting.status.value == "disabled"


@by_sdk("getCalendar")
async def get_calendar(scene):
    calendar = await scene.ana.calendar.get()
    assert (calendar.name, calendar.is_default_calendar, calendar.owner.address) == ("Calendar", True, ANA)
    assert [each.value for each in calendar.allowed_online_meeting_providers] == ["teamsForBusiness"]
