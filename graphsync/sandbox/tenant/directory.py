"""The tenant's people, rooms and shared mailboxes, their mailbox settings, and the registered applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.draws import Draws
from graphsync.sandbox.refusals import GraphRefusal
from graphsync.sandbox.zones import local_time, stored_name, zone_of

MailboxState = Literal["ok", "none", "on_premises"]
Purpose = Literal["user", "shared", "room"]
UserType = Literal["Member", "Guest"]
AutomaticReplies = Literal["disabled", "alwaysEnabled", "scheduled"]

WORK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
NO_MAILBOX_TEXT = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the directory says of a person beside name and place; `manager` is an address, looked up when asked for.

    A guest belongs to another tenant: the address is one of theirs, and there is no mailbox here.

    Source: https://learn.microsoft.com/graph/api/resources/user
    """

    job_title: str | None = None
    department: str | None = None
    employee_id: str | None = None
    other_mails: tuple[str, ...] = ()
    manager: str | None = None
    user_type: UserType = "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the directory of places says of a room; `room_list` is the address of the list it is in.

    Source: https://learn.microsoft.com/graph/api/resources/room
    """

    building: str | None = None
    floor_number: int | None = None
    floor_label: str | None = None
    label: str | None = None
    capacity: int | None = None
    room_list: str | None = None
    audio_device: str | None = None
    video_device: str | None = None
    display_device: str | None = None
    wheelchair_accessible: bool = False
    tags: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person, a room or a shared mailbox of the tenant; a guest's `principal_name` is not their address."""

    id: str
    address: str
    display_name: str
    windows_time_zone: str
    days: tuple[str, ...]
    start: str
    end: str
    office_location: str | None
    usage_location: str | None
    preferred_language: str
    teams_licence: bool
    mailbox: MailboxState
    purpose: Purpose
    principal_name: str
    profile: Profile = field(default_factory=Profile)
    room: Room = field(default_factory=Room)
    account_enabled: bool = True
    # Whether the meeting policy of this person lets their meetings be reported on.
    attendance_reports: bool = True
    date_format: str = "yyyy-MM-dd"
    time_format: str = "HH:mm"
    automatic_replies: AutomaticReplies = "disabled"
    automatic_replies_audience: str = "none"
    internal_reply: str | None = None
    external_reply: str = ""
    automatic_replies_start: datetime | None = None
    automatic_replies_end: datetime | None = None
    # Catalogue ids of Teams apps: kept away by the app permission policy, muted in the activity feed; blocked bots.
    blocked_apps: set[str] = field(default_factory=set)
    muted_apps: set[str] = field(default_factory=set)
    blocked_bots: set[str] = field(default_factory=set)

    @property
    def is_guest(self) -> bool:
        """Return whether the account belongs to another tenant."""
        return self.profile.user_type == "Guest"

    def is_working(self, instant: datetime) -> bool:
        """Return whether `instant` lies in the working hours of the mailbox settings; the end of a day is not in."""
        local = local_time(instant, self.windows_time_zone)
        return WEEKDAYS[local.weekday()] in self.days and self.start <= f"{local:%H:%M}" < self.end

    @property
    def may_sign_in(self) -> bool:
        """Return whether this is a person whose account is enabled; rooms and shared mailboxes have no sign-in."""
        return self.account_enabled and self.purpose == "user"

    def is_away(self, instant: datetime) -> bool:
        """Return whether automatic replies are on at `instant`."""
        if self.automatic_replies == "alwaysEnabled":
            return True
        if self.automatic_replies == "disabled":
            return False
        start, end = self.automatic_replies_start, self.automatic_replies_end
        return (start is None or start <= instant) and (end is None or instant < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An app registration with its granted application permissions, each over user ids or the whole tenant.

    People are sent back to `redirect_uris` after sign-in; `app_roles` says which user ids have a role in the app.
    """

    client_id: str
    secret: str | None
    certificate_pem: bytes | None
    permissions: Mapping[str, frozenset[str] | None]
    object_id: str
    redirect_uris: tuple[str, ...] = ()
    app_roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def holds_any(self, permissions: Sequence[str]) -> bool:
        """Return whether one of `permissions` was granted at all, over whatever scope."""
        return any(permission in self.permissions for permission in permissions)

    def may(self, permissions: Sequence[str], user_id: str) -> bool:
        """Return whether one of `permissions` covers the mailbox of `user_id`."""
        for permission in permissions:
            if permission in self.permissions:
                scope = self.permissions[permission]
                if scope is None or user_id in scope:
                    return True
        return False

    def roles_of(self, user_id: str) -> list[str]:
        """Return the app roles of a person, by name."""
        return sorted(role for role, assigned in self.app_roles.items() if user_id in assigned)


@dataclass(slots=True)
class Directory:
    """Users by id and by address (in any case), applications by client id."""

    draws: Draws
    _by_id: dict[str, User] = field(default_factory=dict)
    _by_address: dict[str, User] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)

    def add(
        self,
        *,
        address: str,
        display_name: str,
        windows_time_zone: str,
        days: Sequence[str],
        start: str,
        end: str,
        office_location: str | None,
        usage_location: str | None,
        preferred_language: str,
        teams_licence: bool,
        mailbox: MailboxState,
        purpose: Purpose,
        profile: Profile,
        room: Room,
    ) -> User:
        """Add a user and return it; its id depends on the address and the seed alone.

        Raises:
            ValueError: the address is taken, or a day or the time zone does not exist.
        """
        if address.lower() in self._by_address:
            raise ValueError(f"a user with the address {address!r} exists already")
        zone_of(windows_time_zone)
        is_guest = profile.user_type == "Guest"
        user = User(
            id=self.draws.guid("user", address.lower()),
            address=address,
            display_name=display_name,
            windows_time_zone=stored_name(windows_time_zone),
            days=tuple(day.lower() for day in days),
            start=start,
            end=end,
            office_location=office_location,
            usage_location=usage_location,
            preferred_language=preferred_language,
            teams_licence=teams_licence,
            mailbox="none" if is_guest else mailbox,
            purpose=purpose,
            principal_name=self._guest_name(address) if is_guest else address,
            profile=profile,
            room=room,
        )
        self._by_id[user.id] = user
        self._by_address[address.lower()] = self._by_address[user.principal_name.lower()] = user
        return user

    def _guest_name(self, address: str) -> str:
        """Return a guest's `userPrincipalName`: https://learn.microsoft.com/entra/external-id/user-properties."""
        domain = next(iter(self.domains()), "tenant.onmicrosoft.test")
        return f"{address.replace('@', '_')}#EXT#@{domain}"

    def remove(self, user: User) -> None:
        """Take a user out of the directory, as when an account is deleted."""
        self._by_id.pop(user.id, None)
        self._by_address.pop(user.address.lower(), None)
        self._by_address.pop(user.principal_name.lower(), None)

    def lookup(self, key: str) -> User | None:
        """Return the user with this id or address, or None."""
        return self._by_id.get(key) or self._by_address.get(key.lower()) or self._by_id.get(key.lower())

    def by_address(self, address: str) -> User | None:
        """Return the user with this address, in any case of letters, or None."""
        return self._by_address.get(address.lower())

    def has_domain(self, address: str) -> bool:
        """Return whether the part after the `@` is a domain of this tenant."""
        return address.lower().rpartition("@")[2] in self.domains()

    def domains(self) -> list[str]:
        """Return the domains of the tenant, in the order in which somebody was added with them."""
        own = (user.address.rpartition("@")[2].lower() for user in self._by_id.values() if not user.is_guest)
        return list(dict.fromkeys(own))

    def __iter__(self) -> Iterator[User]:
        return iter(sorted(self._by_id.values(), key=lambda user: user.address))


def unknown_mailbox(key: str) -> GraphRefusal:
    """Return the refusal of Outlook paths for somebody who is not in the directory."""
    return GraphRefusal(404, "ErrorInvalidUser", f"The requested user '{key}' is invalid.")


def unknown_directory_object(key: str) -> GraphRefusal:
    """Return the refusal of `/users/{id}` for somebody who is not in the directory."""
    return GraphRefusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_mailbox() -> GraphRefusal:
    """Return the refusal for a user without a mailbox in the cloud.

    Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/5888
    """
    return GraphRefusal(404, "MailboxNotEnabledForRESTAPI", NO_MAILBOX_TEXT)
