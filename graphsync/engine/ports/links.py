"""Personal links, as the engine sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from graphsync.mentoring import Choice, MentorshipId, PersonId


class Links(Protocol):
    """Makes the links by which people answer; each opens one matter for one person, and no more."""

    def answer(
        self, mentorship: MentorshipId, person: PersonId, about: str, choice: Choice, starts_at: datetime | None
    ) -> str:
        """Return the address of the page on which `person` answers `choice` about a matter; empty where there is none.

        Opening it changes nothing: mail scanners open every link.
        """
        ...


class NoLinks:
    """`Links` where no page is served: texts leave them out."""

    def answer(
        self, mentorship: MentorshipId, person: PersonId, about: str, choice: Choice, starts_at: datetime | None
    ) -> str:
        """Return nothing."""
        return ""
