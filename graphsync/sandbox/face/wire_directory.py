"""Objects of the directory out as Graph's JSON: users, what they are licensed for, groups, the organization, apps.

Sources: https://learn.microsoft.com/graph/api/resources/user, group, organization, licensedetails, serviceprincipal,
approleassignment
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphsync.sandbox.draws import Draws
from graphsync.sandbox.tenant.directory import Application, Directory, User
from graphsync.sandbox.tenant.groups import Group
from graphsync.sandbox.zones import utc_text

Json = dict[str, Any]

# https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
MICROSOFT_TENANT_ID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
USER_TYPE, GROUP_TYPE = "#microsoft.graph.user", "#microsoft.graph.group"


def _mail(user: User) -> str | None:
    return None if user.mailbox == "none" and not user.is_guest else user.address


USER_FIELDS: dict[str, Callable[[User], Any]] = {
    "businessPhones": lambda u: [],
    "displayName": lambda u: u.display_name,
    "givenName": lambda u: u.display_name.split()[0] if u.display_name else None,
    "jobTitle": lambda u: u.profile.job_title,
    "mail": _mail,
    "mobilePhone": lambda u: None,
    "officeLocation": lambda u: u.office_location,
    "preferredLanguage": lambda u: u.preferred_language,
    "surname": lambda u: u.display_name.split()[-1] if u.display_name else None,
    "userPrincipalName": lambda u: u.principal_name,
    "accountEnabled": lambda u: u.account_enabled,
    "usageLocation": lambda u: u.usage_location,
    "userType": lambda u: u.profile.user_type,
    "proxyAddresses": lambda u: [f"SMTP:{u.address}"],
    "department": lambda u: u.profile.department,
    "employeeId": lambda u: u.profile.employee_id,
    "otherMails": lambda u: list(u.profile.other_mails),
}
USER_NAMES = ("id", *USER_FIELDS)
# https://learn.microsoft.com/graph/api/user-get: the set that comes without $select
USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)


def user_json(user: User, select: Iterable[str] | None = None) -> Json:
    """Return a user of the directory, or the selected part."""
    chosen = USER_DEFAULT if select is None else select
    return {name: user.id if name == "id" else USER_FIELDS[name](user) for name in chosen}


# Office 365 E3: https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
_SKU = ("6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK")
_EXCHANGE = ("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE")
_TEAMS = ("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1")


def license_details_json(user: User, draws: Draws) -> list[Json]:
    """Return what a person is licensed for: nothing, or one product with a Teams plan that is on or off."""
    if user.is_guest or (user.mailbox == "none" and not user.teams_licence):
        return []
    plans = (_EXCHANGE, user.mailbox == "ok"), (_TEAMS, user.teams_licence)
    return [
        {
            "id": draws.guid("licence", user.id),
            "skuId": _SKU[0],
            "skuPartNumber": _SKU[1],
            "servicePlans": [
                {
                    "servicePlanId": plan_id,
                    "servicePlanName": name,
                    "provisioningStatus": "Success" if is_on else "Disabled",
                    "appliesTo": "User",
                }
                for (plan_id, name), is_on in plans
            ],
        }
    ]


GROUP_FIELDS: dict[str, Callable[[Group], Any]] = {
    "id": lambda g: g.id,
    "deletedDateTime": lambda g: None,
    "classification": lambda g: None,
    "createdDateTime": lambda g: utc_text(g.created_at),
    "description": lambda g: g.description,
    "displayName": lambda g: g.display_name,
    "groupTypes": lambda g: ["Unified"] if g.mail else [],
    "mail": lambda g: g.mail,
    "mailEnabled": lambda g: g.mail is not None,
    "mailNickname": lambda g: g.mail_nickname,
    "securityEnabled": lambda g: g.mail is None,
    "proxyAddresses": lambda g: [f"SMTP:{g.mail}"] if g.mail else [],
    "visibility": lambda g: "Private" if g.mail else None,
}
GROUP_NAMES = tuple(GROUP_FIELDS)


def group_json(group: Group, select: Iterable[str] | None = None) -> Json:
    """Return a group, or the selected part."""
    return {name: GROUP_FIELDS[name](group) for name in (GROUP_FIELDS if select is None else select)}


def member_json(member: User | Group, select: Iterable[str] | None, *, hidden: bool) -> Json:
    """Return a member of a group with its type; of `hidden` ones the id is told alone, the rest is null.

    Source: https://learn.microsoft.com/graph/permissions-overview (limited information for inaccessible members)
    """
    kind = USER_TYPE if isinstance(member, User) else GROUP_TYPE
    known = USER_NAMES if isinstance(member, User) else GROUP_NAMES
    chosen = None if select is None else [name for name in select if name in known]
    shown = user_json(member, chosen) if isinstance(member, User) else group_json(member, chosen)
    if hidden:
        shown = {name: value if name == "id" else None for name, value in shown.items()}
    return {"@odata.type": kind, **shown}


def organization_json(tenant_id: str, name: str, directory: Directory) -> Json:
    """Return the tenant itself, with its domains."""
    return {
        "id": tenant_id,
        "displayName": name,
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": number == 0,
                "isInitial": number == 0,
                "name": domain,
                "type": "Managed",
            }
            for number, domain in enumerate(directory.domains())
        ],
    }


def service_principal_json(application: Application, tenant_id: str) -> Json:
    """Return what stands for an application in the tenant."""
    return {
        "id": application.object_id,
        "accountEnabled": True,
        "appId": application.client_id,
        "appOwnerOrganizationId": tenant_id,
        "appDisplayName": application.client_id,
        "displayName": application.client_id,
        "servicePrincipalType": "Application",
        "appRoles": [],
    }


def graph_principal_json(principal_id: str, app_id: str, roles: Mapping[str, str]) -> Json:
    """Return what stands for Graph itself in the tenant; `roles` are ids of permissions by their name."""
    return {
        "id": principal_id,
        "accountEnabled": True,
        "appId": app_id,
        "appOwnerOrganizationId": MICROSOFT_TENANT_ID,
        "appDisplayName": "Microsoft Graph",
        "displayName": "Microsoft Graph",
        "servicePrincipalType": "Application",
        "appRoles": [
            {
                "id": role_id,
                "value": name,
                "allowedMemberTypes": ["Application"],
                "isEnabled": True,
                "origin": "Application",
            }
            for name, role_id in roles.items()
        ],
    }
