"""What every part of the world shares: clock, draws, journal, directory, mailboxes, what is due later."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphsync.sandbox.agenda import Agenda
from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.draws import Draws
from graphsync.sandbox.journal import Journal
from graphsync.sandbox.outlook.mailboxes import Mailbox
from graphsync.sandbox.tenant.directory import Directory, User, no_mailbox, unknown_mailbox


@dataclass(slots=True, kw_only=True)
class Core:
    """The state the services of the world work on; whoever calls them holds the world's lock."""

    tenant_id: str
    clock: VirtualClock
    draws: Draws
    behavior: Behavior
    journal: Journal
    agenda: Agenda
    directory: Directory
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)

    def user(self, who: User | str) -> User:
        """Return the user with this id or address.

        Raises:
            GraphRefusal: 404 `ErrorInvalidUser`; nobody has it.
        """
        if isinstance(who, User):
            return who
        user = self.directory.lookup(who)
        if user is None:
            raise unknown_mailbox(who)
        return user

    def mailbox(self, who: User | str) -> Mailbox:
        """Return the mailbox of a user.

        Raises:
            GraphRefusal: 404; the user does not exist or has no mailbox in the cloud.
        """
        user = self.user(who)
        if user.mailbox != "ok":
            raise no_mailbox()
        box = self.mailboxes.get(user.id)
        if box is None:
            box = self.mailboxes[user.id] = Mailbox(user.id)
        return box

    def mailbox_at(self, address: str) -> tuple[User, Mailbox] | None:
        """Return who is reached in this tenant under `address`, or None for external people and dead addresses."""
        user = self.directory.by_address(address)
        if user is None or user.mailbox != "ok":
            return None
        return user, self.mailbox(user)
