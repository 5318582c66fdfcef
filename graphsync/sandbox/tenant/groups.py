"""Groups of the directory: who is in them, directly and through other groups.

Sources: https://learn.microsoft.com/graph/api/resources/group, group-list-members, group-list-transitivemembers
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graphsync.sandbox.core import Core
from graphsync.sandbox.tenant.directory import User, unknown_directory_object


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """A security group, or with `mail` a Microsoft 365 group; `member_ids` are of users and groups, in no order."""

    id: str
    display_name: str
    mail_nickname: str
    created_at: datetime
    description: str | None = None
    mail: str | None = None
    member_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Groups:
    """All groups of the tenant, by id."""

    core: Core
    by_id: dict[str, Group] = field(default_factory=dict)

    def add(
        self, display_name: str, members: Sequence[User | Group | str], *, mail: str | None, description: str | None
    ) -> Group:
        """Add a group; its id depends on its name and the seed.

        Raises:
            ValueError: there is a group of that name.
            GraphRefusal: 404; a member is nobody known.
        """
        group_id = self.core.draws.guid("group", display_name.lower())
        if group_id in self.by_id:
            raise ValueError(f"a group with the name {display_name!r} exists already")
        members_ids = [member.id if isinstance(member, Group) else self.core.user(member).id for member in members]
        nickname = mail.partition("@")[0] if mail else "".join(display_name.lower().split())
        group = self.by_id[group_id] = Group(
            id=group_id,
            display_name=display_name,
            mail_nickname=nickname,
            created_at=self.core.clock.now(),
            description=description,
            mail=mail,
            member_ids=list(dict.fromkeys(members_ids)),
        )
        self.core.journal.add(
            "group_created", actor="admin", subject_id=group.id, details={"member_ids": list(group.member_ids)}
        )
        return group

    def all(self) -> list[Group]:
        """Return all groups, by name."""
        return sorted(self.by_id.values(), key=lambda group: (group.display_name, group.id))

    def find(self, group_id: str) -> Group:
        """Return the group with this id.

        Raises:
            GraphRefusal: 404 `Request_ResourceNotFound`; there is none.
        """
        group = self.by_id.get(group_id.lower())
        if group is None:
            raise unknown_directory_object(group_id)
        return group

    def members(self, group: Group) -> list[User | Group]:
        """Return the direct members, people by address first; who left the directory is no member any more."""
        return self._ordered(group.member_ids)

    def transitive_members(self, group: Group) -> list[User | Group]:
        """Return the members and those of the groups among them, each once; a group in itself is let be."""
        found: dict[str, None] = {}
        waiting = list(group.member_ids)
        while waiting:
            member_id = waiting.pop()
            if member_id in found or member_id == group.id:
                continue
            found[member_id] = None
            if member_id in self.by_id:
                waiting.extend(self.by_id[member_id].member_ids)
        return self._ordered(found)

    def _ordered(self, member_ids: Sequence[str] | dict[str, None]) -> list[User | Group]:
        wanted = set(member_ids)
        people = [user for user in self.core.directory if user.id in wanted]
        return [*people, *(group for group in self.all() if group.id in wanted)]
