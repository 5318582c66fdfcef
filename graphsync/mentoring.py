"""Who mentors whom, and what is known of their sessions: values without Graph in them.

Facts only. What ought to happen is decided in `rules/`; when something can happen is found in `calendar/`.
Instants are aware UTC datetimes; what repeats is a wall-clock time with an IANA zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NewType

PersonId = NewType("PersonId", str)
"""The object id of a person or mailbox in Entra ID."""

MentorshipId = NewType("MentorshipId", str)
"""Names a mentorship in tags, logs and files without naming its people."""


class Reach(StrEnum):
    """Whether a person's calendar can be read, and if not, why not for good."""

    OK = "ok"
    EXTERNAL = "external"
    ON_PREMISES = "on_premises"
    GONE = "gone"
    OUT_OF_SCOPE = "out_of_scope"


class Status(StrEnum):
    """Whether a mentorship is acted on."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Medium(StrEnum):
    """How the two meet."""

    VIDEO = "video"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Response(StrEnum):
    """What somebody has answered to an invite; Graph's `none` and `notResponded` are both NONE."""

    NONE = "none"
    ORGANIZER = "organizer"
    ACCEPTED = "accepted"
    TENTATIVE = "tentativelyAccepted"
    DECLINED = "declined"


class Loss(StrEnum):
    """How a session was lost."""

    CANCELLED = "cancelled"
    DECLINED = "declined"
    DROPPED = "dropped"
    ABSENT = "absent"
    NOT_HELD = "not_held"


class RequestSource(StrEnum):
    """Where an open request came from."""

    INVITE = "invite"
    QUESTION = "question"
    CHAT = "chat"
    MAIL = "mail"


class OptIn(StrEnum):
    """What both people of a mentorship have agreed to beyond their invites.

    `REREAD` is the mentor's wish for a quarter of an hour to themselves before a session.
    """

    CHAT = "chat"
    MAIL = "mail"
    SELF_BOOKED = "self_booked"
    REREAD = "reread"


class Choice(StrEnum):
    """What somebody answers on the page that a personal link opens; which ones are offered depends on the matter."""

    YES = "yes"
    NO = "no"
    MET = "met"
    NOT_MET = "not_met"
    SETTLED = "settled"
    TALKED = "talked"
    ANSWERED = "answered"
    ASK = "ask"
    SKIP = "skip"
    HELP = "help"
    PAUSE = "pause"
    END = "end"


class HoldKind(StrEnum):
    """What time graphsync keeps free around a session, in one person's own calendar."""

    BEFORE = "before"
    AFTER = "after"
    REREAD = "reread"


class OrderKind(StrEnum):
    """What a coordinator orders by command; START is of the mentorship that begins where a mentor was swapped."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    START = "start"


class FlagKind(StrEnum):
    """What a coordinator is told of a mentorship: that it needs a look, never since when or because of whom."""

    NOT_STARTED = "not_started"
    NOT_MEETING = "not_meeting"
    LOST_TOUCH = "lost_touch"
    HELP_ASKED = "help_asked"
    NO_HOURS = "no_hours"
    TO_RENEW = "to_renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """Hours on one weekday (0 is Monday) by the wall clock; `end` is excluded and lies after `start`."""

    weekday: int
    start: time
    end: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday is 0 (Monday) to 6 (Sunday), not {self.weekday}")
        if self.start >= self.end:
            raise ValueError(f"hours start at {self.start} and end at {self.end}; they end the same day, later")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours:
    """When somebody works, week by week: hours in any order, and the IANA zone whose clock they follow."""

    time_zone: str
    hours: tuple[DayHours, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A time when somebody is away (automatic replies, leave); without `ends_at` until further notice."""

    starts_at: datetime
    ends_at: datetime | None = None

    def covers(self, instant: datetime) -> bool:
        """Tell whether `instant` lies within; the end is excluded."""
        return self.starts_at <= instant and (self.ends_at is None or instant < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A mentor or mentee, as the directory and the mailbox settings describe them.

    `hours` are their own working hours; `has_teams` is None while nobody has looked. With `weekly_digest` they get what
    is not urgent once a week. `language` is the one they read, as an ISO 639 code; `country` (ISO 3166-1 alpha-2) and
    `region` (its subdivision) tell which public holidays they have, each empty where it is not known.
    """

    id: PersonId
    address: str
    display_name: str
    hours: WeeklyHours
    office_location: str | None = None
    absences: tuple[Absence, ...] = ()
    reach: Reach = Reach.OK
    has_teams: bool | None = None
    weekly_digest: bool = False
    language: str = "en"
    country: str = ""
    region: str = ""

    @property
    def time_zone(self) -> str:
        """The IANA zone the person lives by."""
        return self.hours.time_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTime:
    """The weekday (0 is Monday) and wall-clock time, in the mentee's zone, that a pair likes best."""

    weekday: int
    at: time


def mentorship_id(mentor_address: str, mentee_address: str) -> MentorshipId:
    """Return the id of the mentorship of these two: the same for the same pair, and it names neither."""
    key = f"{mentor_address.casefold()}\n{mentee_address.casefold()}".encode()
    return MentorshipId("m" + blake2b(key, digest_size=6).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentorship:
    """One mentor, one mentee, and what they have settled.

    `cadence` overrides the rule's; `phone` names caller and number where `medium` is PHONE; `mentor_offers` and
    `mentee_offers` are hours beyond a person's own, by the wall clock of that person's zone. `paused_until` is the day
    a pause is over, where one is known; such a pause ends by itself, so `status` is PAUSED only for one without an end.
    `ends_on` is the last day, where that is known. `released_at` is when an imported mentorship takes its turn,
    `closed_at` when graphsync ended it, `rematched_to` the one that took its place when the mentor was swapped.
    """

    id: MentorshipId
    mentor: PersonId
    mentee: PersonId
    cohort: str
    started_on: date
    status: Status = Status.ACTIVE
    cadence: timedelta | None = None
    standing: StandingTime | None = None
    medium: Medium = Medium.VIDEO
    phone: str = ""
    opt_ins: frozenset[OptIn] = frozenset()
    mentor_offers: tuple[DayHours, ...] = ()
    mentee_offers: tuple[DayHours, ...] = ()
    paused_until: date | None = None
    ends_on: date | None = None
    released_at: datetime | None = None
    closed_at: datetime | None = None
    rematched_to: MentorshipId | None = None

    def other(self, person: PersonId) -> PersonId:
        """Return the one of the two who is not `person`."""
        return self.mentee if person == self.mentor else self.mentor


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a mentorship stands by a coordinator's command, whatever its line in the mentorships file says meanwhile.

    `status`, `paused_until` and `ends_on` take the place of the line's. `row` is what the line says of how the
    mentorship stands (`MentorshipRow.stands`), empty where there is no line: once it says something else, the file
    holds again. With `unlisted` the mentorship has no line yet, and is kept without one.
    """

    mentorship: MentorshipId
    kind: OrderKind
    status: Status
    paused_until: date | None
    ends_on: date | None
    row: str
    given_at: datetime
    unlisted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one person has answered to an invite, and when (None where nothing was, or nobody said when)."""

    response: Response = Response.NONE
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A new time that somebody proposed in Outlook while answering an invite."""

    by: PersonId
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Time kept in one person's own calendar around a session; it follows the session's moves and vanishes with it."""

    kind: HoldKind
    person: PersonId
    event_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MentoringSession:
    """One planned meeting of a mentorship, as it stands in the calendars.

    Sessions of a mentorship are numbered from 1 in the order they were planned. A replacement has a number of its
    own and names in `replaces` the one it stands for, also where the same calendar event was moved. `invited_at`
    is when the invite for this number went out; `written_start`, `written_end` are the times graphsync wrote last
    (they differ from `starts_at`, `ends_at` after somebody moved the session by hand).

    `loss` says how the session was lost; `no_slot_reason` why a lost session was not put back into its week, kept
    where there is something to say. `asked_at` is since when the present times wait for answers; `agreed` are those
    who proposed the present time, and so have accepted it. `copies` are the event ids of the attendees' own copies,
    once seen; `copies_looked_at` is when they were last looked for. `booked_over` are those in whose calendar something
    else lies over it; `attended` those whom an attendance report shows; `holds` the time kept around it. `room` is the
    address of the room that was asked for it, `rooms_declined` are those that have turned its present time down.
    """

    mentorship: MentorshipId
    number: int
    starts_at: datetime
    ends_at: datetime
    organizer: PersonId
    event_id: str
    ical_uid: str
    invited_at: datetime
    written_start: datetime
    written_end: datetime
    medium: Medium = Medium.VIDEO
    online: bool = False
    rule: str = ""
    replaces: int | None = None
    self_booked: bool = False
    loss: Loss | None = None
    lost_at: datetime | None = None
    no_slot_reason: str = ""
    asked_at: datetime | None = None
    answers: Mapping[PersonId, Answer] = field(default_factory=dict)
    agreed: frozenset[PersonId] = frozenset()
    proposal: Proposal | None = None
    copies: Mapping[PersonId, str] = field(default_factory=dict)
    copies_looked_at: datetime | None = None
    booked_over: frozenset[PersonId] = frozenset()
    attended: frozenset[PersonId] = frozenset()
    holds: tuple[Hold, ...] = ()
    room: str = ""
    rooms_declined: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.starts_at >= self.ends_at:
            raise ValueError(f"session {self.number} ends before it starts: {self.starts_at} to {self.ends_at}")

    @property
    def stands(self) -> bool:
        """Whether the session is still to happen, or has happened."""
        return self.loss is None

    @property
    def moved_by_person(self) -> bool:
        """Whether its times are not the ones graphsync wrote last."""
        return (self.starts_at, self.ends_at) != (self.written_start, self.written_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """Something one of the two has waiting for the other; measured, not the person.

    `key` names the matter (an invite, a chat message) and is the same each time it is looked at.
    """

    key: str
    mentorship: MentorshipId
    source: RequestSource
    owed_by: PersonId
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A message sent, or about to be, to one person; `about` names the matter, `rung` how often it was said."""

    mentorship: MentorshipId
    person: PersonId
    practice: str
    about: str
    rung: int
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one person answered about one matter, on a page that their personal link opened; the last one counts.

    `until` goes with PAUSE, `starts_at` with a YES to a suggested time.
    """

    mentorship: MentorshipId
    person: PersonId
    about: str
    choice: Choice
    at: datetime
    until: date | None = None
    starts_at: datetime | None = None
