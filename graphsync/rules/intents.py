"""What `decide` answers with: intents, the trace of how it came to them, and when to look again.

An intent is frozen data: the rule it comes from, a reason a mentor would understand, a key that makes it happen
once, and all that is needed to carry it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from graphsync.calendar import BookingRequest, TimeSlot
from graphsync.mentoring import Medium, MentorshipId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What all intents say: where they come from, and why."""

    key: str
    mentorship: MentorshipId
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSession(Intent):
    """Give the pair a session.

    Attributes:
        number: the session's number.
        request: what the scheduler is to look for.
        medium: how they meet.
        online: whether it is to be a Teams meeting.
        replaces: the lost session it stands for, if any.
        same_event: whether the lost session's own event is moved, so that both keep their copy.
        week: the week a lost session is to be put back into; the first `week_windows` windows lie in it.
        week_windows: how many of the request's windows lie in that week.
        short_notice: where the week has no slot with proper notice: the span in which one may still be suggested.
        alternatives: how many other slots are offered beside it.
        proposal_by: who proposed the time of the request's first window, if that is what it is.
        least_lead: the start lies at least this far ahead when the invite goes out; checked again then.
    """

    number: int
    request: BookingRequest
    medium: Medium
    online: bool
    replaces: int | None = None
    same_event: bool = False
    week: TimeSlot | None = None
    week_windows: int = 0
    short_notice: TimeSlot | None = None
    alternatives: int = 0
    proposal_by: PersonId | None = None
    least_lead: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSession(Intent):
    """Move a session that stands to the time somebody proposed; the request has that one window."""

    number: int
    request: BookingRequest
    proposal_by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOnlineMeeting(Intent):
    """Make a session that is none a Teams meeting; nothing else about it changes."""

    number: int


class Matter(StrEnum):
    """What a nudge is about; each has its wording."""

    UNANSWERED_INVITE = "unanswered_invite"
    UNANSWERED_QUESTION = "unanswered_question"
    OFFER_HELP = "offer_help"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNudge(Intent):
    """Send one person one short message.

    Attributes:
        person: who gets it, alone.
        practice: the practice it serves.
        matter: what it is about.
        about: the key of the very thing, so that it is said once; `rung` is how often it has been said with this.
        session: the number of the session it is about, if it is about one.
    """

    person: PersonId
    practice: str
    matter: Matter
    about: str
    rung: int
    session: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReason(Intent):
    """Settle a lost session without a replacement: keep why, and tell the pair."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAdmin(Intent):
    """Tell the tenant admin of something only they can mend."""

    text: str


AnyIntent = BookSession | MoveSession | AddOnlineMeeting | SendNudge | KeepReason | AlertAdmin


class Verdict(StrEnum):
    """How one step of the walk ended."""

    ACTS = "acts"
    OBSERVES = "observes"
    WAITS = "waits"
    HOLDS = "holds"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One step of the walk `decide` made: the rule, how it ended, and the values found."""

    rule: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now, what rules on `observe` would do, and when to look again.

    `wake_at` is the next instant at which the answer may differ with no new fact; None: never.
    """

    intents: tuple[AnyIntent, ...] = ()
    observed: tuple[AnyIntent, ...] = ()
    wake_at: datetime | None = None
    trace: tuple[TraceLine, ...] = ()
