"""People and mailboxes by the SDK."""

from __future__ import annotations

from datetime import time

from contract.sdk_operations.registry import ANA, BO, asking, by_sdk, not_served, read, refused
from msgraph.generated.models.automatic_replies_setting import AutomaticRepliesSetting
from msgraph.generated.models.automatic_replies_status import AutomaticRepliesStatus
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.user import User
from msgraph.generated.models.working_hours import WorkingHours

from graphsync.graph import sdk

CY, DEE = "cy@fabrikam.test", "dee@fabrikam.test"


@by_sdk("getUser")
async def get_user(scene):
    user = await scene.ana.get()
    assert (user.display_name, user.mail, user.user_principal_name) == ("Ana", ANA, ANA)


@by_sdk("listUsers")
async def list_users(scene):
    builder = sdk.UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
    found = await scene.client.users.get(asking(of=builder, filter=f"mail eq '{BO}'", select=["displayName"]))
    assert [user.display_name for user in found.value] == ["Bo"]


@by_sdk("countUsers")
async def count_users(scene):
    from msgraph.generated.users.count.count_request_builder import CountRequestBuilder

    query = asking(of=CountRequestBuilder.CountRequestBuilderGetQueryParameters, filter="department eq 'Platform'")
    query.headers.add("ConsistencyLevel", "eventual")
    assert await scene.client.users.count.get(query) == 1


@by_sdk("usersDelta")
async def users_delta(scene):
    await not_served(scene.client.users.delta.get())


@by_sdk("getMe")
async def get_me(scene):
    me = await scene.as_ana.me.get()
    assert (me.id, me.display_name, me.user_principal_name) == (scene.world.user(ANA).id, "Ana", ANA)


@by_sdk("getManager")
async def get_manager(scene):
    manager = await scene.client.users.by_user_id(DEE).manager.get()
    assert (type(manager), manager.user_principal_name) == (User, ANA)
    await refused(scene.ana.manager.get(), 404, "Request_ResourceNotFound")


@by_sdk("listDirectReports")
async def list_direct_reports(scene):
    found = await read(scene.ana.direct_reports, select=["displayName"])
    assert [(type(each), each.display_name) for each in found.value] == [(User, "Dee")]


@by_sdk("listLicenseDetails")
async def list_license_details(scene):
    for address, status in ((ANA, "Success"), (CY, "Disabled")):
        [product] = (await scene.client.users.by_user_id(address).license_details.get()).value
        plans = {plan.service_plan_name: plan.provisioning_status for plan in product.service_plans}
        assert (product.sku_part_number, plans["TEAMS1"]) == ("ENTERPRISEPACK", status)


@by_sdk("getPhoto")
async def get_photo(scene):
    await refused(scene.ana.photo.get(), 404, "ImageNotFound")
    await refused(scene.ana.photo.content.get(), 404, "ImageNotFound")


@by_sdk("updateMailboxSettings")
async def update_mailbox_settings(scene):
    hours = WorkingHours(
        days_of_week=[DayOfWeek.Monday, DayOfWeek.Thursday], start_time=time(9, 30), end_time=time(16, 0)
    )
    away = AutomaticRepliesSetting(status=AutomaticRepliesStatus.AlwaysEnabled, internal_reply_message="Away")
    changed = await scene.client.users.by_user_id(CY).mailbox_settings.patch(
        MailboxSettings(working_hours=hours, automatic_replies_setting=away, date_format="yyyy-MM-dd")
    )
    shown = await scene.client.users.by_user_id(CY).mailbox_settings.get()
    for settings in (changed, shown):
        assert [day.value for day in settings.working_hours.days_of_week] == ["monday", "thursday"]
        assert (settings.working_hours.start_time, settings.working_hours.end_time) == (time(9, 30), time(16, 0))
        assert settings.automatic_replies_setting.status.value == "alwaysEnabled"
        assert settings.date_format == "yyyy-MM-dd"


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
