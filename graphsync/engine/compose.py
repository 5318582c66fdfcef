"""Turns what was decided and placed into what is sent: invites and personal messages, ready to be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from babel.dates import format_time, get_day_names

from graphsync.calendar import Placement, Reason, Room, TimeSlot
from graphsync.engine.context import Context
from graphsync.engine.payloads import NudgePart, NudgePayload, StillTrue
from graphsync.engine.ports import EventDraft, Invitee
from graphsync.engine.rooms import place_of
from graphsync.mentoring import Choice, HoldKind, Medium, MentoringSession, Mentorship, Person, PersonId
from graphsync.rules.intents import (
    AddOnlineMeeting,
    BookSession,
    HoldTime,
    Matter,
    MoveSession,
    SendNudge,
    Suggestion,
)
from graphsync.rules.rebook_same_week import about_lost
from graphsync.rules.schema import BookAhead
from graphsync.rules.standing import about_mentorship
from graphsync.rules.state import MentorshipState
from graphsync.teams.messages import Reader, Section, Texts

USUAL_CADENCE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSlot:
    """Why a session could not be put where it was wanted most: said to each in their own language.

    `code` is one of the text `reason`; without one, `reasons` says it of each person.
    """

    code: str = ""
    reasons: Mapping[PersonId, Reason] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSession:
    """What people are told of a session that was lost: where it went, or why nowhere."""

    lost: MentoringSession
    slot: TimeSlot | None
    why: NoSlot | None
    replacement: int | None = None
    suggestion: TimeSlot | None = None
    alternatives: Sequence[TimeSlot] = ()
    ask_standing_time: bool = False


def session_tag(intent: BookSession) -> str:
    """Return the value of the extended property that marks an event as this session."""
    parts = [f"mentorship={intent.mentorship}", f"number={intent.number}", f"rule={intent.rule}"]
    if intent.replaces is not None:
        parts.append(f"replaces={intent.replaces}")
    if intent.medium is not Medium.VIDEO:
        parts.append(f"medium={intent.medium}")
    return ";".join(parts)


def reader_of(person: Person) -> Reader:
    """Return somebody as a reader of texts."""
    return Reader(name=person.display_name, language=person.language, time_zone=person.time_zone)


def runners_up(placement: Placement, most: int) -> tuple[TimeSlot, ...]:
    """Return up to `most` other slots that were free as well, best first."""
    return tuple(scored.slot for scored in placement.runners_up[:most])


def still_true(intent: SendNudge) -> StillTrue:
    """Return what must still be so of a nudge's matter when the message goes out."""
    match intent.matter:
        case Matter.UNANSWERED_INVITE:
            return StillTrue.INVITE_IS_OWED
        case Matter.UNANSWERED_QUESTION | Matter.OFFER_HELP:
            return StillTrue.REQUEST_IS_OPEN if intent.session is None else StillTrue.INVITE_IS_OPEN
        case Matter.PREPARE | Matter.CONSENT | Matter.BOOKED_OVER:
            return StillTrue.SESSION_STANDS
        case Matter.PAUSED:
            return StillTrue.PAUSED
        case Matter.ENDED | Matter.CLOSED | Matter.HAS_LEFT:
            return StillTrue.ENDED
        case _:
            return StillTrue.ACTIVE


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes what people are sent, in their language and by their clock."""

    context: Context

    @property
    def texts(self) -> Texts:
        """The texts: the shipped ones, and a programme's own in their place."""
        return self.context.config.texts

    @property
    def contact(self) -> str:
        """Whom people are told to write to."""
        return self.context.config.deployment.coordinators[0]

    # ------------------------------------------------------------ events

    def event_draft(
        self,
        state: MentorshipState,
        intent: BookSession,
        slot: TimeSlot,
        why_not: NoSlot | None,
        transaction_id: str,
        room: Room | None = None,
    ) -> EventDraft:
        """Return the calendar event of a new session, in the mentee's language; who organizes it is not invited."""
        mentor, mentee = state.mentor, state.mentee
        invited = [person for person in (mentee, mentor) if person.id != state.organizer.id]
        reader = reader_of(mentee)
        names = {"mentor": mentor.display_name, "mentee": mentee.display_name}
        office = mentor.office_location or ""
        # No room: it may turn the invite down, and the body is written once. The place of the event names it.
        how = {"medium": intent.medium, "phone": state.mentorship.phone, "office": office, "room": ""}
        subject = "closing_session_subject" if intent.closing else "session_subject"
        body = {
            **names,
            "how": self.texts.plain("how_to_meet", how, reader),
            "why": self._why_this_time(state, intent, why_not, reader),
            "contact": self.contact,
            "first": intent.number == 1,
            "closing": intent.closing,
            "undisturbed": intent.quiet_reminder,
        }
        return EventDraft(
            subject=self.texts.plain(subject, names, reader),
            body_html=self.texts.text("invite", body, reader),
            starts_at=slot.start,
            ends_at=slot.end,
            time_zone=mentee.time_zone,
            attendees=tuple(Invitee(address=person.address, name=person.display_name) for person in invited),
            online=intent.online,
            location=place_of(office, room) if intent.medium is Medium.IN_PERSON else "",
            tag=session_tag(intent),
            transaction_id=transaction_id,
            room=None if room is None else Invitee(address=room.address, name=room.name),
        )

    def cancelled(self, state: MentorshipState, code: str) -> str:
        """Return what is said with the cancelling of a session, to both, as plain text; `code` is `CancelSession`'s."""
        return self.texts.plain("cancelled", {"code": code}, reader_of(state.mentee))

    def hold_draft(self, state: MentorshipState, intent: HoldTime, tag: str, transaction_id: str) -> EventDraft:
        """Return the private event that keeps time free in one person's own calendar."""
        person = state.person(intent.person)
        other = state.person(state.mentorship.other(intent.person))
        kind = "reread" if intent.kind is HoldKind.REREAD else "before"
        subject = self.texts.plain("hold_subject", {"kind": kind, "other": other.display_name}, reader_of(person))
        return EventDraft(
            subject=subject,
            body_html="",
            starts_at=intent.slot.start,
            ends_at=intent.slot.end,
            time_zone=person.time_zone,
            attendees=(),
            online=False,
            location="",
            tag=tag,
            transaction_id=transaction_id,
            is_private=True,
        )

    def _why_this_time(
        self, state: MentorshipState, intent: BookSession, why_not: NoSlot | None, reader: Reader
    ) -> str:
        if intent.replaces is None:
            return self.texts.plain("why_this_time", {"kind": "first_choice", "reason": ""}, reader)
        reason = self.reason(state, why_not, reader)
        return self.texts.plain("why_this_time", {"kind": "replacement", "reason": reason}, reader)

    def reason(self, state: MentorshipState, why: NoSlot | None, reader: Reader) -> str:
        """Return, in words, why a session could not be put where it was wanted most; nothing where it could."""
        if why is None:
            return ""
        if why.code:
            return self.texts.plain("reason", {"code": why.code, "name": ""}, reader)
        reasons = why.reasons or {}
        said = [
            self.texts.plain("reason", {"code": str(reasons[person.id]), "name": person.display_name}, reader)
            for person in (state.mentee, state.mentor)
            if person.id in reasons
        ]
        without = self.texts.plain("reason", {"code": "no_common_hour", "name": ""}, reader)
        return "; ".join(dict.fromkeys(said)) or without

    def reason_kept(self, state: MentorshipState, why: NoSlot | None) -> str:
        """Return the same as it is kept, for explanations: in English, and with a role where a name would be."""
        mentor, mentee = (replace(person, display_name=f"the {state.role(person.id)}") for person in state.pair)
        nameless = replace(state, mentor=mentor, mentee=mentee)
        return self.reason(nameless, why, Reader(name="", language="en", time_zone="UTC"))

    # ------------------------------------------------------------ messages

    def together(self, parts: Sequence[NudgePart], payload: NudgePayload) -> tuple[str, str]:
        """Return subject and body of the mail in which `parts` of a payload go out."""
        reader = Reader(name=payload.name, language=payload.language, time_zone=payload.time_zone)
        sections = [
            Section(heading=part.heading, why=part.why, content=part.content, may_pause=part.may_pause)
            for part in parts
        ]
        message = self.texts.together(sections, reader, contact=self.contact, pause_link=payload.pause_link)
        return message.subject, message.body_html

    def nudges(self, wanted: Sequence[tuple[MentorshipState, SendNudge]]) -> NudgePayload:
        """Return one message of all matters that are due to one person, in their order."""
        state, first = wanted[0]
        parts = [self._nudge(of, intent) for of, intent in wanted]
        return self._payload(state, state.person(first.person), parts, first.practice, first.about, first.rung)

    def _nudge(self, state: MentorshipState, intent: SendNudge) -> NudgePart:
        person = state.person(intent.person)
        variables = self._variables(state, intent, person)
        still = still_true(intent)
        return self._part(state, person, str(intent.matter), variables, intent.about, still, session=intent.session)

    def _variables(self, state: MentorshipState, intent: SendNudge, person: Person) -> dict[str, Any]:
        session = next((s for s in state.sessions if s.number == intent.session), None)
        when = None if session is None else session.starts_at

        def link(choice: Choice, starts_at: datetime | None = None) -> str:
            return self._link(state, person, intent.about, choice, starts_at) if choice in intent.choices else ""

        match intent.matter:
            case Matter.WELCOME:
                return {
                    "cadence_days": self._cadence(state.mentorship).days,
                    "standing": self._standing_time(state, person),
                    "medium": str(state.mentorship.medium),
                    "settle_link": link(Choice.SETTLED),
                    "ask_link": self._ask_link(state, person),
                }
            case Matter.UNANSWERED_QUESTION:
                return {"source": intent.source, "answered_link": link(Choice.ANSWERED)}
            case Matter.OFFER_HELP:
                return {"help_link": link(Choice.HELP)}
            case Matter.CONSENT:
                times = {"when": when, "new_when": intent.new_time}
                return times | {
                    "yes_link": link(Choice.YES, intent.new_time),
                    "no_link": link(Choice.NO, intent.new_time),
                }
            case Matter.BOOKED_OVER:
                return {"when": when, "move_link": link(Choice.YES)}
            case Matter.NOTES:
                return {"when": when, "again": intent.rung > 1}
            case Matter.DID_YOU_MEET:
                return {"when": when, "met_link": link(Choice.MET), "not_met_link": link(Choice.NOT_MET)}
            case Matter.MISSED_SESSIONS:
                return {"talked_link": link(Choice.TALKED)}
            case Matter.LOST_TOUCH:
                return {"talked_link": link(Choice.TALKED), "end_link": link(Choice.END)}
            case Matter.PAUSED:
                return {"until": intent.until}
            case Matter.IDEA:
                return {"idea": intent.idea, "ask_link": self._ask_link(state, person)}
            case Matter.UNANSWERED_INVITE | Matter.PREPARE:
                return {"when": when}
            case Matter.RESUMED | Matter.ENDED | Matter.CLOSED | Matter.HAS_LEFT | Matter.NEW_STANDING_TIME:
                return {}

    def suggestion(self, state: MentorshipState, suggestion: Suggestion, slot: TimeSlot | None) -> NudgePayload:
        """Return the question whether an action is to be done, with the time found for it."""
        person, intent = state.person(suggestion.person), suggestion.intent
        at = None if slot is None else slot.start
        known = {session.number: session for session in state.sessions}
        about = suggestion.about
        variables: dict[str, Any] = {"proposed": False, "instead_of": None, "when": at}
        match intent:
            case BookSession():
                lost = known.get(intent.replaces) if intent.replaces is not None else None
                variables |= {"action": "rebook" if lost else "book", "instead_of": lost and lost.starts_at}
            case MoveSession():
                proposed = intent.proposal_by is not None
                variables |= {"action": "move", "proposed": proposed, "instead_of": known[intent.number].starts_at}
            case AddOnlineMeeting():
                variables |= {"action": "add_video", "when": known[intent.number].starts_at}
            case HoldTime():
                variables |= {"action": "hold", "when": known[intent.number].starts_at}
        variables["yes_link"] = self._link(state, person, about, Choice.YES, at)
        variables["no_link"] = self._link(state, person, about, Choice.NO, at)
        part = self._part(state, person, "suggestion", variables, about, StillTrue.QUESTION_STANDS, starts_at=at)
        return self._payload(state, person, [part], "suggestion", about, suggestion.asked)

    def lost_session(self, state: MentorshipState, person: Person, told: LostSession, practice: str) -> NudgePayload:
        """Return the message about a lost session to one of the two."""
        reader = reader_of(person)
        reason = self.reason(state, told.why, reader)
        variables = {
            "lost": told.lost.starts_at,
            "slot": told.slot.start if told.slot else None,
            "reason": reason,
            "suggestion": told.suggestion.start if told.suggestion else None,
            "alternatives": [slot.start for slot in told.alternatives],
            "ask_standing_time": told.ask_standing_time,
            "last": told.why is not None and told.why.code == "last_day",
            "skip_link": "",
        }
        if told.slot is not None:
            variables["skip_link"] = self._link(state, person, about_lost(told.lost), Choice.SKIP)
        about = f"session/{told.lost.number}"
        part = self._part(
            state,
            person,
            "put_back",
            variables,
            about,
            StillTrue.ACTIVE if told.replacement is None else StillTrue.REPLACEMENT_STANDS,
            session=told.replacement,
            starts_at=told.slot.start if told.slot else None,
        )
        payload = self._payload(state, person, [part], practice, about, 1)
        return payload if not reason else payload.with_header("x-graphsync-reason", self.reason_kept(state, told.why))

    def not_moved(
        self, state: MentorshipState, person: Person, session: MentoringSession, why: NoSlot, practice: str
    ) -> NudgePayload:
        """Return the message to somebody who wished that a session be moved that there is no other time for it yet."""
        about = f"session/{session.number}"
        variables = {"when": session.starts_at, "reason": self.reason(state, why, reader_of(person))}
        still = StillTrue.SESSION_STANDS
        part = self._part(state, person, "not_moved", variables, about, still, session=session.number)
        return self._payload(state, person, [part], practice, about, 1)

    def no_session(self, state: MentorshipState, person: Person, why: NoSlot, practice: str) -> NudgePayload:
        """Return the message to one of the two that their hours leave no room for sessions."""
        about = f"mentorship/{state.mentorship.id}"
        reason = self.reason(state, why, reader_of(person))
        part = self._part(state, person, "no_session", {"reason": reason}, about, StillTrue.ACTIVE)
        payload = self._payload(state, person, [part], practice, about, 1)
        return payload.with_header("x-graphsync-reason", self.reason_kept(state, why))

    def _part(
        self,
        state: MentorshipState,
        person: Person,
        kind: str,
        variables: Mapping[str, Any],
        about: str,
        still: StillTrue,
        *,
        session: int | None = None,
        starts_at: datetime | None = None,
    ) -> NudgePart:
        other = state.person(state.mentorship.other(person.id))
        section = self.texts.section(
            kind,
            {**variables, "other": other.display_name},
            reader_of(person),
            contact=self.contact,
            pause_link=self._pause_link(state, person),
        )
        return NudgePart(
            mentorship=state.mentorship.id,
            about=about,
            still=still,
            session=session,
            starts_at=starts_at,
            heading=section.heading,
            why=section.why,
            content=section.content,
            may_pause=section.may_pause,
        )

    def _payload(
        self, state: MentorshipState, person: Person, parts: Sequence[NudgePart], practice: str, about: str, rung: int
    ) -> NudgePayload:
        headers = {
            "x-graphsync-practice": practice,
            "x-graphsync-about": about,
            "x-graphsync-mentorship": state.mentorship.id,
            "x-graphsync-rung": str(rung),
        }
        return NudgePayload(
            person=person.id,
            address=person.address,
            name=person.display_name,
            language=person.language,
            time_zone=person.time_zone,
            pause_link=self._pause_link(state, person),
            headers=tuple(headers.items()),
            parts=tuple(parts),
        )

    def _link(
        self, state: MentorshipState, person: Person, about: str, choice: Choice, starts_at: datetime | None = None
    ) -> str:
        return self.context.links.answer(state.mentorship.id, person.id, about, choice, starts_at)

    def _pause_link(self, state: MentorshipState, person: Person) -> str:
        return self._link(state, person, about_mentorship(state), Choice.PAUSE)

    def _ask_link(self, state: MentorshipState, person: Person) -> str:
        return self._link(state, person, about_mentorship(state), Choice.ASK)

    def _cadence(self, mentorship: Mentorship) -> timedelta:
        held = self.context.config.rules.candidates(BookAhead, mentorship.cohort)
        return mentorship.cadence or (held[0].cadence if held else USUAL_CADENCE)

    def _standing_time(self, state: MentorshipState, person: Person) -> str:
        standing = state.mentorship.standing
        if standing is None:
            return ""
        locale = {"en": "en_GB", "fr": "fr_FR"}[person.language]
        weekday = get_day_names("wide", locale=locale)[standing.weekday]
        shown = {"weekday": weekday, "time": format_time(standing.at, "HH:mm", locale=locale)}
        return self.texts.plain("standing_time", shown, reader_of(person))
