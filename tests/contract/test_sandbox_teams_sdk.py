"""The official msgraph-sdk against the app catalogue, installations and the activity feed of the sandbox."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.aad_user_notification_recipient import AadUserNotificationRecipient
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.key_value_pair import KeyValuePair
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.teamwork_activity_topic import TeamworkActivityTopic
from msgraph.generated.models.teamwork_activity_topic_source import TeamworkActivityTopicSource
from msgraph.generated.models.user_scope_teams_app_installation import UserScopeTeamsAppInstallation
from msgraph.generated.teamwork.send_activity_notification_to_recipients.send_activity_notification_to_recipients_post_request_body import (  # noqa: E501
    SendActivityNotificationToRecipientsPostRequestBody,
)
from msgraph.generated.users.item.teamwork.send_activity_notification.send_activity_notification_post_request_body import (  # noqa: E501
    SendActivityNotificationPostRequestBody,
)
from msgraph_core import GraphClientFactory
from teams_builders import ANA, CLIENT_ID, DEEP_LINK, MANIFEST_ID, a_teams_world
from wire_client import CERTIFICATES, run, serving, token_of

# The SDK is full of names that it calls deprecated itself.
OWN_WARNING = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


class _Token(AccessTokenProvider):
    def __init__(self, token):
        self._token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self._token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator(["localhost"])


@asynccontextmanager
async def sdk_of(server):
    # The SDK puts its own transport around this one and does not close it.
    async with httpx.AsyncHTTPTransport(verify=CERTIFICATES.ssl_context(), trust_env=False) as transport:
        adapter = GraphRequestAdapter(
            BaseBearerTokenAuthenticationProvider(_Token(token_of(server, CLIENT_ID))),
            GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport)),
        )
        adapter.base_url = server.graph_url
        yield GraphServiceClient(request_adapter=adapter)


def a_notice(body_class, **more):
    return body_class(
        topic=TeamworkActivityTopic(source=TeamworkActivityTopicSource.Text, value="Budget review", web_url=DEEP_LINK),
        activity_type="approvalRequested",
        preview_text=ItemBody(content="Move it?"),
        template_parameters=[KeyValuePair(name="meetingTitle", value="Budget review")],
        **more,
    )


@OWN_WARNING
def test_the_typed_builders_of_the_sdk_find_install_and_notify():
    # Imported here: the modules warn of themselves.
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.app_catalogs.teams_apps.teams_apps_request_builder import TeamsAppsRequestBuilder
    from msgraph.generated.users.item.teamwork.installed_apps.installed_apps_request_builder import (
        InstalledAppsRequestBuilder,
    )

    world = a_teams_world()

    async def use(server):
        async with sdk_of(server) as sdk:
            query = TeamsAppsRequestBuilder.TeamsAppsRequestBuilderGetQueryParameters(
                filter=f"externalId eq '{MANIFEST_ID}'", expand=["appDefinitions"]
            )
            found = await sdk.app_catalogs.teams_apps.get(RequestConfiguration(query_parameters=query))
            (app,) = found.value
            assert app.app_definitions[0].authorization.client_app_id == CLIENT_ID
            teamwork = sdk.users.by_user_id(ANA).teamwork
            installation = UserScopeTeamsAppInstallation(
                additional_data={
                    "teamsApp@odata.bind": f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app.id}"
                }
            )
            await teamwork.installed_apps.post(installation)
            with pytest.raises(ODataError) as caught:
                await teamwork.installed_apps.post(installation)
            assert (caught.value.response_status_code, caught.value.error.code) == (409, "Conflict")
            query = InstalledAppsRequestBuilder.InstalledAppsRequestBuilderGetQueryParameters(
                expand=["teamsApp"], filter=f"teamsApp/id eq '{app.id}'"
            )
            listed = await teamwork.installed_apps.get(RequestConfiguration(query_parameters=query))
            (item,) = listed.value
            assert item.teams_app.external_id == MANIFEST_ID
            one = teamwork.installed_apps.by_user_scope_teams_app_installation_id(item.id)
            assert (await one.chat.get()).id.startswith("19:")
            await teamwork.send_activity_notification.post(a_notice(SendActivityNotificationPostRequestBody))
            recipients = [
                AadUserNotificationRecipient(
                    odata_type="microsoft.graph.aadUserNotificationRecipient", user_id=world.user(ANA).id
                )
            ]
            bulk = a_notice(SendActivityNotificationToRecipientsPostRequestBody, recipients=recipients)
            await sdk.teamwork.send_activity_notification_to_recipients.post(bulk)
            run(world, timedelta(minutes=1))
            assert len(world.feed(ANA)) == 2
            await one.delete()
            assert (await teamwork.installed_apps.get()).value == []

    with serving(world) as server:
        asyncio.run(use(server))
    assert world.feed(ANA)[0].text == "Meeting Assist asks you to decide about Budget review"
