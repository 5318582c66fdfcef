"""What `decide` may look at: the state of one mentorship, facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graphsync.calendar import start_of_day
from graphsync.mentoring import (
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    OpenRequest,
    Person,
    PersonId,
    Reach,
    Reply,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A booking that came to nothing: which one (its intent's key), when it was tried, and why not, in words.

    `retry_at` is when it is worth trying again; None where it is not. `no_hours` tells that the two would find no slot
    even with empty calendars.
    """

    mentorship: MentorshipId
    key: str
    tried_at: datetime
    reason: str
    retry_at: datetime | None
    no_hours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MentorshipState:
    """All the rules may look at of one mentorship.

    Attributes:
        organizer: the person or programme mailbox on whose calendar its sessions live.
        sessions: by number, lost ones included.
        open_requests: what one of the two has waiting for the other.
        nudges: every nudge of this mentorship, sent or under way.
        nudges_lately: per person, when they were last nudged within the budget's week, over all mentorships.
        pending: keys of the actions decided and not yet ended.
        attempts: bookings that found no slot.
        alerts: keys of the alerts that stand.
        mentor_sessions: starts of the mentor's standing sessions in all mentorships, this one included.
        replies: what the two answered by their personal links, oldest first.
    """

    mentorship: Mentorship
    mentor: Person
    mentee: Person
    organizer: Person
    sessions: tuple[MentoringSession, ...] = ()
    open_requests: tuple[OpenRequest, ...] = ()
    nudges: tuple[Nudge, ...] = ()
    nudges_lately: Mapping[PersonId, tuple[datetime, ...]] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    attempts: tuple[Attempt, ...] = ()
    alerts: frozenset[str] = frozenset()
    mentor_sessions: tuple[datetime, ...] = ()
    replies: tuple[Reply, ...] = ()

    @property
    def pair(self) -> tuple[Person, Person]:
        """The mentor and the mentee."""
        return self.mentor, self.mentee

    @property
    def has_external(self) -> bool:
        """Whether one of the two is outside the organization, so that their calendar cannot be read."""
        return any(person.reach is Reach.EXTERNAL for person in self.pair)

    @property
    def over_at(self) -> datetime | None:
        """When the last day is over, by the mentee's clock; None where none is known."""
        last = self.mentorship.ends_on
        return None if last is None else start_of_day(last + timedelta(days=1), self.mentee.time_zone)

    def person(self, person: PersonId) -> Person:
        """Return the mentor or the mentee by id."""
        return self.mentor if person == self.mentor.id else self.mentee

    def role(self, person: PersonId) -> str:
        """Return `mentor` or `mentee`: names one of the two where an id would say who."""
        return "mentor" if person == self.mentor.id else "mentee"

    def reply(self, about: str, person: PersonId | None = None) -> Reply | None:
        """Return the last reply about a matter, of one person or of either; None where nobody has replied."""
        said = (r for r in reversed(self.replies) if r.about == about and person in (None, r.person))
        return next(said, None)
