"""People as Entra ID knows them.

Source: https://learn.microsoft.com/graph/api/user-get
"""

from __future__ import annotations

from typing import Final

from graphsync.engine.ports import DirectoryUser
from graphsync.errors import GraphNotFound
from graphsync.graph import sdk, wire
from graphsync.graph.transport import Transport, query, quoted
from graphsync.mentoring import PersonId

SELECT: Final = [
    "id",
    "mail",
    "userPrincipalName",
    "displayName",
    "officeLocation",
    "accountEnabled",
    "usageLocation",
    "preferredLanguage",
    "userType",
]


async def get_user(transport: Transport, address: str) -> DirectoryUser:
    """Return the person with this sign-in name, or else with this mail address.

    The two are often the same and need not be. `account_enabled` is true where the permission granted does not
    show it.

    Raises:
        GraphNotFound: neither is known.
    """
    builder = transport.graph.users.by_user_id(address)
    parameters = sdk.UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=SELECT)
    info = builder.to_get_request_information(query(parameters))
    try:
        return user_of(await transport.read("get_user", info, wire.User, mailbox=None))
    except GraphNotFound:
        found = await _by_mail(transport, address)
        if found is None:
            raise
        return found


def user_of(found: wire.User) -> DirectoryUser:
    """Return the value of an answer."""
    return DirectoryUser(
        id=PersonId(found.id),
        address=found.mail or found.user_principal_name or "",
        display_name=found.display_name or "",
        office_location=found.office_location or None,
        account_enabled=found.account_enabled is not False,
        country=(found.usage_location or "").upper(),
        language=(found.preferred_language or "").partition("-")[0].casefold(),
        is_guest=found.user_type == "Guest",
    )


async def _by_mail(transport: Transport, address: str) -> DirectoryUser | None:
    parameters = sdk.UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter=f"mail eq {quoted(address)}", select=SELECT
    )
    info = transport.graph.users.to_get_request_information(query(parameters))
    async for page in transport.pages("find_user_by_mail", info, wire.User, mailbox=None):
        for found in page.value:
            return user_of(found)
    return None
