"""The small world of a rule test: people with calendars, mentorships with facts, and a service that never fails.

`decide` and `schedule` are the real ones. What they want is done at once, as the service would have done it once all
was well: a session is on both calendars, a message is in somebody's mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from graphsync.calendar import PersonAvailability, Placement, Reason, TimeSlot, holidays_around, schedule, zone
from graphsync.mentoring import (
    Answer,
    FlagKind,
    Hold,
    Loss,
    MentoringSession,
    Mentorship,
    MentorshipId,
    Nudge,
    OpenRequest,
    Person,
    PersonId,
    Reach,
    Reply,
    Response,
    WeeklyHours,
)
from graphsync.rules.decide import decide
from graphsync.rules.intents import (
    AddOnlineMeeting,
    AlertAdmin,
    AnyIntent,
    BookSession,
    CancelSession,
    ChangeRoom,
    Decision,
    EndMentorship,
    FlagMentorship,
    HoldTime,
    KeepReason,
    LoseSession,
    MoveSession,
    ReleaseTime,
    SendNudge,
    SetPresence,
)
from graphsync.rules.schema import RuleSet
from graphsync.rules.state import Attempt, MentorshipState
from graphsync.trial.script import Script
from graphsync.trial.shapes import Busy, MentorshipSaid, PersonSaid

A_DAY: Final = timedelta(days=1)
MOST_ROUNDS: Final = 50
"""More rounds at one instant are a rule that never comes to rest."""

_KINDS: Final[Mapping[type, str]] = {
    BookSession: "book",
    MoveSession: "move",
    AddOnlineMeeting: "online",
    HoldTime: "hold",
    ReleaseTime: "hold",
    CancelSession: "cancel",
    ChangeRoom: "room",
}
"""What can be held up or fail, in the words of a rule test."""

HOLIDAYS: Final = timedelta(days=200)


class NoRest(Exception):
    """The rules want something anew each time, at one instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that somebody got: its kind is that of its text."""

    at: datetime
    to: PersonId
    kind: str
    mentorship: MentorshipId
    about: str
    suggested_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Life:
    """All facts of one mentorship."""

    mentorship: Mentorship
    organizer: PersonId
    sessions: dict[int, MentoringSession] = field(default_factory=dict)
    requests: dict[str, OpenRequest] = field(default_factory=dict)
    nudges: list[Nudge] = field(default_factory=list)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    pending: frozenset[str] = frozenset()
    flags: frozenset[FlagKind] = frozenset()
    wake_at: datetime | None = None
    decision: Decision = field(default_factory=Decision)

    def put(self, session: MentoringSession) -> None:
        """Keep a session as it is now."""
        self.sessions[session.number] = session


class World:
    """The people and mentorships of one rule test, under some rules."""

    def __init__(self, script: Script, rules: RuleSet) -> None:
        self.now = script.starts_at
        self.rules = rules
        self.said = script.people
        self.people = {PersonId(name): _person(name, said) for name, said in script.people.items()}
        self.extra: dict[PersonId, list[TimeSlot]] = {}
        self.lives = [self._life(number, said) for number, said in enumerate(script.mentorships)]
        self.mail: list[Sent] = []
        self.alerts: set[str] = set()
        self.decisions: list[Decision] = []
        self.stalled = False
        self.failing: set[str] = set()

    def _life(self, number: int, said: MentorshipSaid) -> Life:
        today = self.now.astimezone(zone(self.people[PersonId(said.mentee)].time_zone)).date()
        mentorship = Mentorship(
            id=MentorshipId(f"{said.mentor}-{said.mentee}"),
            mentor=PersonId(said.mentor),
            mentee=PersonId(said.mentee),
            cohort=said.cohort,
            started_on=said.started or today,
            status=said.status,
            cadence=said.cadence,
            standing=said.standing,
            medium=said.medium,
            opt_ins=said.opt_ins,
            mentor_offers=said.mentor_offers,
            mentee_offers=said.mentee_offers,
            paused_until=said.paused_until,
            ends_on=said.ends,
            released_at=said.released,
        )
        wished = PersonId(getattr(said, said.organizer))
        is_outside = self.people[wished].reach is Reach.EXTERNAL
        organizer = mentorship.other(wished) if is_outside else wished
        return Life(mentorship=mentorship, organizer=organizer, wake_at=self.now)

    # ------------------------------------------------------------ time

    def run_until(self, at: datetime) -> None:
        """Let time pass until `at`, which is played too."""
        while True:
            due = [life.wake_at for life in self.lives if life.wake_at is not None and life.wake_at <= at]
            self.now = max(min(due, default=at), self.now)
            self.settle()
            if self.now >= at and not any(life.wake_at is not None and life.wake_at <= at for life in self.lives):
                return

    def settle(self) -> None:
        """Decide until nothing is left to do at this instant."""
        for _round in range(MOST_ROUNDS):
            due = [life for life in self.lives if life.wake_at is not None and life.wake_at <= self.now]
            if not due:
                return
            self._round(due)
        raise NoRest(f"no rest after {MOST_ROUNDS} rounds at {self.now.isoformat()}")

    def touch(self, life: Life) -> None:
        """See to it that a mentorship is decided again."""
        life.wake_at = self.now

    def _round(self, due: list[Life]) -> None:
        decided = []
        for life in due:
            state = self.state(life)
            decision = decide(state, self.rules, self.now)
            self.decisions.append(decision)
            life.decision, life.wake_at = decision, decision.wake_at
            decided.append((life, state, decision))
        bookings = [
            intent
            for _, _, decision in decided
            for intent in (*decision.intents, *(suggestion.intent for suggestion in decision.suggestions))
            if isinstance(intent, BookSession | MoveSession)
        ]
        availability = self.availability(bookings)
        placements = {placement.key: placement for placement in schedule([b.request for b in bookings], availability)}
        for life, state, decision in decided:
            before = self._facts(life)
            self._carry_out(life, state, decision, placements, availability)
            if self._facts(life) != before:
                self.touch(life)

    def _facts(self, life: Life) -> object:
        """Return what a decision can change: where it has, the mentorship is decided again."""
        facts = dict(life.sessions), len(life.nudges), dict(life.attempts), life.mentorship
        return facts, life.pending, len(self.alerts)

    def resume(self) -> None:
        """Carry out again what is decided; what was held up is decided anew."""
        self.stalled = False
        for life in self.lives:
            life.pending = frozenset()

    def _is_held_up(self, life: Life, intent: AnyIntent) -> bool:
        """Tell whether the service does not get to an intent now, or fails at it."""
        kind = _KINDS.get(type(intent))
        if kind is None:
            return False
        if self.stalled:
            life.pending |= {f"{intent.key}/stalled"}
        elif kind in self.failing:
            self._attempt(life, intent.key, "it failed", self.now + A_DAY)
        return self.stalled or kind in self.failing

    def state(self, life: Life) -> MentorshipState:
        """Return what the rules may look at of a mentorship now."""
        mentorship = life.mentorship
        mentor, mentee = self.people[mentorship.mentor], self.people[mentorship.mentee]
        lately = {
            person: tuple(
                sorted(
                    nudge.sent_at
                    for other in self.lives
                    for nudge in other.nudges
                    if nudge.person == person and nudge.sent_at > self.now - 7 * A_DAY
                )
            )
            for person in (mentor.id, mentee.id)
        }
        return MentorshipState(
            mentorship=mentorship,
            mentor=self._with_holidays(mentor),
            mentee=self._with_holidays(mentee),
            organizer=self.people[life.organizer],
            sessions=tuple(life.sessions[number] for number in sorted(life.sessions)),
            open_requests=tuple(life.requests[key] for key in sorted(life.requests)),
            nudges=tuple(life.nudges),
            nudges_lately=lately,
            pending=life.pending,
            attempts=tuple(life.attempts.values()),
            alerts=frozenset(self.alerts),
            mentor_sessions=tuple(
                session.starts_at
                for other in self.lives
                if other.mentorship.mentor == mentor.id
                for session in other.sessions.values()
                if session.stands
            ),
            replies=tuple(life.replies),
        )

    def _with_holidays(self, person: Person) -> Person:
        days = holidays_around(
            person.country, person.region, person.time_zone, self.now, back=HOLIDAYS / 7, ahead=HOLIDAYS
        )
        return replace(person, absences=(*person.absences, *days))

    # ------------------------------------------------------------ calendars

    def availability(self, bookings: list[BookSession | MoveSession]) -> dict[PersonId, PersonAvailability]:
        """Return when everybody concerned can meet: their own meetings and sessions."""
        windows = [window for intent in bookings for window in intent.request.windows]
        if not windows:
            return {}
        span = TimeSlot(start=min(w.start for w in windows) - A_DAY, end=max(w.end for w in windows) + 15 * A_DAY)
        wanted: dict[PersonId, list[BookSession | MoveSession]] = {}
        for intent in bookings:
            for person in (intent.request.mentor, intent.request.mentee):
                wanted.setdefault(person, []).append(intent)
        found = {}
        for person, theirs in wanted.items():
            known = self._with_holidays(self.people[person])
            offered = tuple(
                hours
                for life in self.lives
                for who, offers in (
                    (life.mentorship.mentor, life.mentorship.mentor_offers),
                    (life.mentorship.mentee, life.mentorship.mentee_offers),
                )
                if who == person
                for hours in offers
            )
            found[person] = PersonAvailability(
                person=person,
                hours=known.hours,
                offered=WeeklyHours(time_zone=known.time_zone, hours=offered) if offered else None,
                busy=tuple(self.busy(person, span)),
                busy_to_moves={
                    intent.request.key: tuple(self.busy(person, span, _moved(intent)))
                    for intent in theirs
                    if _moved(intent) is not None
                },
                absences=known.absences,
            )
        return found

    def busy(
        self, person: PersonId, span: TimeSlot, moved: tuple[MentorshipId, int] | None = None
    ) -> Iterator[TimeSlot]:
        """Yield when somebody has something else in `span` than the session that is moved."""
        if self.people[person].reach is Reach.EXTERNAL:
            return
        for said in self.said[person].busy:
            yield from _occurrences(said, self.people[person].time_zone, span)
        yield from self.extra.get(person, ())
        for life in self.lives:
            for session in life.sessions.values():
                if person not in (life.mentorship.mentor, life.mentorship.mentee):
                    continue
                if session.stands and (session.mentorship, session.number) != moved:
                    yield TimeSlot(start=session.starts_at, end=session.ends_at)
                    holds = (hold for hold in session.holds if hold.person == person)
                    yield from (TimeSlot(start=hold.starts_at, end=hold.ends_at) for hold in holds)

    # ------------------------------------------------------------ what the service does

    def _carry_out(
        self,
        life: Life,
        state: MentorshipState,
        decision: Decision,
        placements: Mapping[str, Placement],
        availability: dict[PersonId, PersonAvailability],
    ) -> None:
        mentorship = life.mentorship.id
        for intent in decision.intents:
            if self._is_held_up(life, intent):
                continue
            match intent:
                case BookSession():
                    self._book(life, state, intent, placements[intent.request.key], availability)
                case MoveSession():
                    self._move(life, intent, placements[intent.request.key])
                case SendNudge():
                    self._message(life, intent.person, str(intent.matter), intent.about, intent.practice, intent.rung)
                case KeepReason():
                    lost = life.sessions[intent.number]
                    life.put(replace(lost, no_slot_reason=intent.code))
                    self._tell(life, "put_back", f"session/{intent.number}")
                case LoseSession():
                    life.put(replace(life.sessions[intent.number], loss=Loss.NOT_HELD, lost_at=self.now))
                case CancelSession():
                    cancelled = replace(life.sessions[intent.number], loss=Loss.CANCELLED, lost_at=self.now)
                    life.put(replace(cancelled, no_slot_reason=intent.code))
                case EndMentorship():
                    life.mentorship = replace(life.mentorship, closed_at=self.now)
                case AddOnlineMeeting():
                    life.put(replace(life.sessions[intent.number], online=True))
                case ChangeRoom():
                    session = life.sessions[intent.number]
                    room = f"room-{len(intent.declined) + 1}" if intent.another else ""
                    life.put(replace(session, room=room))
                case HoldTime():
                    session = life.sessions[intent.number]
                    hold = Hold(
                        kind=intent.kind,
                        person=intent.person,
                        event_id=intent.key,
                        starts_at=intent.slot.start,
                        ends_at=intent.slot.end,
                    )
                    life.put(replace(session, holds=(*session.holds, hold)))
                case ReleaseTime():
                    session = life.sessions[intent.number]
                    left = tuple(hold for hold in session.holds if hold.event_id != intent.event_id)
                    life.put(replace(session, holds=left))
                case SetPresence():
                    self._attempt(life, intent.key, "done", None)
                case AlertAdmin():
                    self.alerts.add(intent.key)
                case FlagMentorship():
                    pass  # they stand together, below
        for suggestion in decision.suggestions:
            asked = suggestion.intent
            at = None
            if isinstance(asked, BookSession | MoveSession):
                placement = placements[asked.request.key]
                if placement.slot is None:  # there is nothing to ask: what follows is the same as without asking
                    if isinstance(asked, BookSession):
                        self._book(life, state, asked, placement, availability)
                    else:
                        self._move(life, asked, placement)
                    continue
                at = placement.slot.start
            self.mail.append(
                Sent(
                    at=self.now,
                    to=suggestion.person,
                    kind="suggestion",
                    mentorship=mentorship,
                    about=suggestion.about,
                    suggested_at=at,
                )
            )
            self._nudged(life, suggestion.person, "suggestion", suggestion.about, suggestion.asked)
        life.flags = frozenset(intent.flag for intent in decision.intents if isinstance(intent, FlagMentorship))

    def _book(
        self,
        life: Life,
        state: MentorshipState,
        intent: BookSession,
        placement: Placement,
        availability: dict[PersonId, PersonAvailability],
    ) -> None:
        lost = life.sessions.get(intent.replaces) if intent.replaces is not None else None
        in_week = placement.window is not None and placement.window < intent.week_windows
        if placement.slot is None:
            if lost is not None and lost.loss is not None:
                life.put(replace(lost, no_slot_reason="no slot"))
                self._tell(life, "put_back", f"session/{lost.number}")
                return
            never = lost is None and _never_meet(intent, availability)
            if never:
                self._tell(life, "no_session", f"mentorship/{life.mentorship.id}", once=True)
            self._attempt(life, intent.key, "no slot", self.now + A_DAY, no_hours=never)
            return
        if lost is not None:
            settled = lost if lost.loss is not None else replace(lost, loss=Loss.ABSENT, lost_at=self.now)
            why = "" if in_week or placement.window is None else ", ".join(map(str, placement.reasons.values()))
            life.put(replace(settled, proposal=None, no_slot_reason=why))
        slot = placement.slot
        taken = lost is not None and lost.proposal is not None and lost.proposal.starts_at == slot.start
        agreed = frozenset({intent.proposal_by} if taken and intent.proposal_by is not None else ())
        life.put(
            MentoringSession(
                mentorship=life.mentorship.id,
                number=intent.number,
                starts_at=slot.start,
                ends_at=slot.end,
                organizer=life.organizer,
                event_id=f"event-{intent.number}",
                ical_uid=f"{life.mentorship.id}-{intent.number}",
                invited_at=self.now,
                written_start=slot.start,
                written_end=slot.end,
                medium=intent.medium,
                online=intent.online and self.people[life.organizer].has_teams is not False,
                rule=intent.rule,
                replaces=intent.replaces,
                asked_at=self.now,
                agreed=agreed,
                answers=self._answers(life),
                room="room-1" if intent.room else "",
            )
        )
        if lost is not None and (not in_week or intent.alternatives):
            people = [life.mentorship.mentee] if in_week else [life.mentorship.mentee, life.mentorship.mentor]
            for person in people if placement.runners_up or not in_week else []:
                self.mail.append(self._sent(life, person, "put_back", f"session/{lost.number}"))

    def _answers(self, life: Life) -> dict[PersonId, Answer]:
        """Return what the two answer to an invite at once, each as they are."""
        answers = {}
        for person in (life.mentorship.mentor, life.mentorship.mentee):
            if person == life.organizer:
                answers[person] = Answer(response=Response.ORGANIZER)
            elif self.said[person].answers == "accept":
                answers[person] = Answer(response=Response.ACCEPTED, answered_at=self.now)
            else:
                answers[person] = Answer()
        return answers

    def _move(self, life: Life, intent: MoveSession, placement: Placement) -> None:
        session = life.sessions[intent.number]
        if placement.slot is None:
            if intent.proposal_by is not None:
                self._attempt(life, intent.key, "no slot", None)
                return
            for person in sorted(intent.wished_by):
                self._once(life, person, "not_moved", f"session/{intent.number}")
            self._attempt(life, intent.key, "no slot", self.now + A_DAY)
            return
        start, end = placement.slot.start, placement.slot.end
        life.put(
            replace(
                session,
                starts_at=start,
                ends_at=end,
                written_start=start,
                written_end=end,
                asked_at=self.now,
                agreed=intent.agreed,
                booked_over=frozenset(),
                rooms_declined=frozenset(),
                proposal=None,
                answers=self._answers(life),
            )
        )

    # ------------------------------------------------------------ messages

    def _sent(self, life: Life, to: PersonId, kind: str, about: str) -> Sent:
        return Sent(at=self.now, to=to, kind=kind, mentorship=life.mentorship.id, about=about)

    def _tell(self, life: Life, kind: str, about: str, *, once: bool = False) -> None:
        for person in (life.mentorship.mentee, life.mentorship.mentor):
            if once:
                self._once(life, person, kind, about)
            else:
                self.mail.append(self._sent(life, person, kind, about))

    def _once(self, life: Life, person: PersonId, kind: str, about: str) -> None:
        """Send somebody a message that they have not had yet."""
        if all((mail.to, mail.kind, mail.about) != (person, kind, about) for mail in self.mail):
            self.mail.append(self._sent(life, person, kind, about))

    def _message(self, life: Life, person: PersonId, kind: str, about: str, practice: str, rung: int) -> None:
        self.mail.append(self._sent(life, person, kind, about))
        self._nudged(life, person, practice, about, rung)

    def _nudged(self, life: Life, person: PersonId, practice: str, about: str, rung: int) -> None:
        life.nudges.append(
            Nudge(
                mentorship=life.mentorship.id,
                person=person,
                practice=practice,
                about=about,
                rung=rung,
                sent_at=self.now,
            )
        )

    def _attempt(self, life: Life, key: str, reason: str, retry_at: datetime | None, *, no_hours: bool = False) -> None:
        life.attempts[key] = Attempt(
            mentorship=life.mentorship.id,
            key=key,
            tried_at=self.now,
            reason=reason,
            retry_at=retry_at,
            no_hours=no_hours,
        )


def _person(name: str, said: PersonSaid) -> Person:
    return Person(
        id=PersonId(name),
        address=f"{name}@fabrikam.test",
        display_name=name.title(),
        hours=WeeklyHours(time_zone=said.zone, hours=said.hours),
        office_location=said.office or None,
        reach=Reach.EXTERNAL if said.outside else Reach.OK,
        has_teams=said.teams,
        weekly_digest=said.weekly_digest,
        country=said.country,
        region=said.region,
    )


def _moved(intent: BookSession | MoveSession) -> tuple[MentorshipId, int] | None:
    """Return the session whose time an intent gives up, if it gives up one that stands."""
    number = intent.number if isinstance(intent, MoveSession) else intent.replaces
    return None if number is None else (intent.mentorship, number)


def _never_meet(intent: BookSession, availability: dict[PersonId, PersonAvailability]) -> bool:
    """Tell whether the two would find no slot even with empty calendars."""
    empty = {
        person: replace(availability[person], busy=(), absences=())
        for person in (intent.request.mentor, intent.request.mentee)
    }
    placement = schedule([replace(intent.request, mentor_limits=None)], empty)[0]
    return placement.slot is None and Reason.UNREADABLE not in placement.reasons.values()


def _occurrences(said: Busy, time_zone: str, span: TimeSlot) -> Iterator[TimeSlot]:
    clock = zone(time_zone)
    day, last = span.start.astimezone(clock).date(), span.end.astimezone(clock).date()
    days = [said.day] if said.day is not None else [day + n * A_DAY for n in range((last - day).days + 1)]
    for one in days:
        if said.day is not None or one.weekday() in said.weekdays:
            start = datetime.combine(one, said.start, clock).astimezone(UTC)
            end = datetime.combine(one, said.end, clock).astimezone(UTC)
            if start < end:
                yield TimeSlot(start=start, end=end)
