"""Routes of the directory: users, with their managers, licences and photos.

Sources: https://learn.microsoft.com/graph/api/user-get, user-list, user-list-manager, user-list-directreports,
user-list-licensedetails, profilephoto-get
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection
from graphsync.sandbox.face.wire import Json
from graphsync.sandbox.face.wire_directory import USER_NAMES, USER_TYPE, license_details_json, user_json
from graphsync.sandbox.refusals import GraphRefusal, not_served
from graphsync.sandbox.tenant.directory import User, unknown_directory_object
from graphsync.sandbox.tenant.directory_queries import Listing, counted_only, listed, select_context
from graphsync.sandbox.world import World

READ_USERS = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
READ_ALL_OF_USERS = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
READ_LICENCES = ("LicenseAssignment.Read.All", *READ_ALL_OF_USERS)
READ_PHOTOS = ("ProfilePhoto.Read.All", *READ_ALL_OF_USERS)
FILTERABLE = (
    "id",
    "mail",
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "accountEnabled",
    "officeLocation",
    "department",
    "jobTitle",
    "employeeId",
    "usageLocation",
    "preferredLanguage",
    "userType",
    "otherMails",
    "proxyAddresses",
)
USERS: Listing[User] = Listing(
    names=USER_NAMES, show=user_json, filterable=FILTERABLE, orderable=("displayName", "userPrincipalName")
)


def _person_json(user: User, select: Sequence[str] | None) -> Json:
    return {"@odata.type": USER_TYPE, **user_json(user, select)}


# Behind a relation an object comes with its type.
PEOPLE: Listing[User] = Listing(names=USER_NAMES, show=_person_json)


def _user(world: World, call: Call) -> User:
    user = world.directory.lookup(call.keys["user"])
    if user is None:
        raise unknown_directory_object(call.keys["user"])
    return user


def get_user(world: World, call: Call) -> Answer:
    """GET a user by id or userPrincipalName."""
    select = call.query.select(USER_NAMES)
    if call.query.take("$expand") is not None:
        raise not_served("$expand of users; ask for users/{id}/manager")
    call.query.finish()
    user = _user(world, call)
    body = {"@odata.context": f"{METADATA}{select_context('users', select)}/$entity", **user_json(user, select)}
    return Answer(status=200, body=body)


def list_users(world: World, call: Call) -> Answer:
    """GET users, by address."""
    if call.query.take("$expand") is not None:
        raise not_served("$expand of users; ask for users/{id}/manager")
    return listed(call, "users", USERS, list(world.directory))


def count_users(world: World, call: Call) -> Answer:
    """GET how many users there are."""
    return counted_only(call, USERS, list(world.directory))


def users_delta(world: World, call: Call) -> Answer:
    """GET what changed among the users is not served."""
    raise not_served("users/delta; list users")


def get_manager(world: World, call: Call) -> Answer:
    """GET who a user reports to."""
    user = _user(world, call)
    select = call.query.select(USER_NAMES)
    call.query.finish()
    manager = world.directory.lookup(user.profile.manager) if user.profile.manager else None
    if manager is None:
        raise unknown_directory_object("manager")
    context = f"{METADATA}directoryObjects/$entity"
    return Answer(status=200, body={"@odata.context": context, **PEOPLE.show(manager, select)})


def list_direct_reports(world: World, call: Call) -> Answer:
    """GET who reports to a user."""
    user = _user(world, call)
    known_as = {user.id, user.address.lower(), user.principal_name.lower()}
    found = [other for other in world.directory if (other.profile.manager or "").lower() in known_as]
    return listed(call, "directoryObjects", PEOPLE, found)


def list_license_details(world: World, call: Call) -> Answer:
    """GET what a user is licensed for; whether Teams is among it is a plan's `provisioningStatus`."""
    user = _user(world, call)
    call.query.finish()
    return collection(call, f"users('{user.id}')/licenseDetails", license_details_json(user, world.draws))


def get_photo(world: World, call: Call) -> Answer:
    """GET a photo: nobody has one, which Graph answers 404."""
    _user(world, call)
    raise GraphRefusal(404, "ImageNotFound", "The photo wasn't found.")


def _route(method: str, pattern: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> Route:
    return Route(
        method=method,
        pattern=pattern,
        operation=operation,
        permissions=permissions,
        subject="directory",
        handler=handler,
    )


ROUTES: list[Route] = [
    _route("GET", "users/{user}", "getUser", READ_USERS, get_user),
    _route("GET", "users", "listUsers", READ_USERS, list_users),
    _route("GET", "users/$count", "countUsers", READ_USERS, count_users),
    _route("GET", "users/delta", "usersDelta", READ_ALL_OF_USERS, users_delta),
    _route("GET", "users/{user}/manager", "getManager", READ_ALL_OF_USERS, get_manager),
    _route("GET", "users/{user}/directReports", "listDirectReports", READ_ALL_OF_USERS, list_direct_reports),
    _route("GET", "users/{user}/licenseDetails", "listLicenseDetails", READ_LICENCES, list_license_details),
    _route("GET", "users/{user}/photo", "getPhoto", READ_PHOTOS, get_photo),
    _route("GET", "users/{user}/photo/$value", "getPhoto", READ_PHOTOS, get_photo),
]
