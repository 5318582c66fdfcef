"""What `decide` answers with: intents, the trace of how it came to them, and when to look again.

An intent is frozen data: the rule it comes from, a reason a mentor would understand, a key that makes it happen
once, and all that is needed to carry it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from graphsync.calendar import BookingRequest, TimeSlot
from graphsync.mentoring import Choice, FlagKind, HoldKind, Medium, MentorshipId, PersonId


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
        closing: whether it is the last session before a known end.
        quiet_reminder: whether the invite reminds of a quiet room.
        room: whether a room of the office both work at is sought.
        consent: whether it moves a session 24 to 48 hours ahead, as somebody who was asked has agreed.
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
    closing: bool = False
    quiet_reminder: bool = False
    room: bool = False
    consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSession(Intent):
    """Move a session that stands: to the time somebody proposed, or to the best one where a move was accepted.

    `proposal_by` is who proposed the time of the request's one window, `wished_by` who let it be moved without one;
    `agreed` are those who said yes to a move 24 to 48 hours ahead, without whom it is refused then.
    """

    number: int
    request: BookingRequest
    proposal_by: PersonId | None = None
    wished_by: frozenset[PersonId] = frozenset()
    agreed: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOnlineMeeting(Intent):
    """Make a session that is none a Teams meeting; nothing else about it changes."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoom(Intent):
    """Take the room that turned a session down off its invite, and ask `another` in its place; the time stays."""

    number: int
    slot: TimeSlot
    room: str
    declined: frozenset[str]
    another: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTime(Intent):
    """Keep time free around a session, in one person's own calendar, shown as busy and private."""

    number: int
    kind: HoldKind
    person: PersonId
    slot: TimeSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTime(Intent):
    """Take away time that was kept around a session which has moved, was lost, or no longer wants it."""

    number: int
    kind: HoldKind
    person: PersonId
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPresence(Intent):
    """Show one person as do-not-disturb in Teams until `until`."""

    number: int
    person: PersonId
    until: datetime


class Matter(StrEnum):
    """What a nudge is about; each has its wording, and this is the order in which they claim a person's attention."""

    UNANSWERED_INVITE = "unanswered_invite"
    UNANSWERED_QUESTION = "unanswered_question"
    OFFER_HELP = "offer_help"
    CONSENT = "consent"
    BOOKED_OVER = "booked_over"
    WELCOME = "welcome"
    PREPARE = "prepare"
    NOTES = "notes"
    DID_YOU_MEET = "did_you_meet"
    MISSED_SESSIONS = "missed_sessions"
    LOST_TOUCH = "lost_touch"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    CLOSED = "closed"
    HAS_LEFT = "has_left"
    NEW_STANDING_TIME = "new_standing_time"
    IDEA = "idea"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNudge(Intent):
    """Send one person one short message; what is due for one person in one round goes out together.

    Attributes:
        person: who gets it, alone.
        practice: the practice it serves.
        matter: what it is about.
        about: the key of the very thing, so that it is said once; `rung` is how often it has been said with this.
        session: the number of the session it is about, if it is about one.
        choices: what the person can answer by the links in it.
        new_time: the time that is suggested with it.
        idea: which of the ideas it brings.
        source: where an open question came from.
        until: the day a pause is over.
        move_offered: whether a move of the session is offered with it.
    """

    person: PersonId
    practice: str
    matter: Matter
    about: str
    rung: int
    session: int | None = None
    choices: tuple[Choice, ...] = ()
    new_time: datetime | None = None
    idea: int | None = None
    source: str = ""
    until: date | None = None
    move_offered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReason(Intent):
    """Settle a lost session without a replacement: keep why, and tell the pair.

    `code` says why, as the text `reason` has it.
    """

    number: int
    code: str
    ask_standing_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseSession(Intent):
    """Take a session that both or one said did not happen as lost, without who."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSession(Intent):
    """Cancel a session to come that stands, for a reason the two know; nothing is put in its place.

    `code` is `ended` where the mentorship is, `skipped` where one of the two said that it is to be skipped.
    """

    number: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMentorship(Intent):
    """End the mentorship: nothing is booked for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagMentorship(Intent):
    """Show the coordinator that the mentorship needs a look; it stands as long as each decision wants it again."""

    flag: FlagKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAdmin(Intent):
    """Tell the tenant admin of something only they can mend."""

    text: str


CalendarIntent = BookSession | MoveSession | AddOnlineMeeting | HoldTime
"""What adds to a calendar: under `suggest` one person is asked before it is done."""

AnyIntent = (
    CalendarIntent
    | ChangeRoom
    | ReleaseTime
    | SetPresence
    | SendNudge
    | KeepReason
    | LoseSession
    | CancelSession
    | EndMentorship
    | FlagMentorship
    | AlertAdmin
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An action that one person is asked about before it is done; `asked` is how often they were with this."""

    intent: CalendarIntent
    person: PersonId
    asked: int

    @property
    def about(self) -> str:
        """The matter of the question, which the answer names."""
        return suggestion_about(self.intent)


def suggestion_about(intent: CalendarIntent) -> str:
    """Return the matter under which an action is suggested.

    For a replacement that is the session it stands for: the number it would get may go to another one.
    """
    if isinstance(intent, BookSession) and intent.replaces is not None:
        return f"suggest/replace/{intent.mentorship}/{intent.replaces}"
    return f"suggest/{intent.key}"


class Verdict(StrEnum):
    """How one step of the walk ended."""

    APPLIES = "applies"
    ACTS = "acts"
    SUGGESTS = "suggests"
    OBSERVES = "observes"
    WAITS = "waits"
    HOLDS = "holds"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True)
class Step:
    """A step a practice can take; `id` is stable and names its branch in the coverage of rule tests."""

    id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A condition that was looked at: what was asked, the value found, and whether it holds."""

    condition: str
    found: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One step of the walk `decide` made: the rule, which step, how it ended, and the values found on the way."""

    rule: str
    step: str
    verdict: Verdict
    text: str
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now, what is asked first, what rules on `observe` would do, and when to look again.

    `wake_at` is the next instant at which the answer may differ with no new fact; None: never.
    """

    intents: tuple[AnyIntent, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    observed: tuple[AnyIntent, ...] = ()
    wake_at: datetime | None = None
    trace: tuple[TraceLine, ...] = ()
