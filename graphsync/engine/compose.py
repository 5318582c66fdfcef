"""Turns what was decided and placed into what is sent: invites and personal messages, ready to be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphsync.calendar import Placement, Reason, TimeSlot, zone
from graphsync.engine.payloads import NudgePayload
from graphsync.engine.ports import EventDraft, Invitee
from graphsync.mentoring import Medium, MentoringSession, Person, PersonId
from graphsync.rules.intents import BookSession, Matter, SendNudge
from graphsync.rules.state import MentorshipState
from graphsync.teams import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSession:
    """What people are told of a session that was lost: where it went, or why nowhere."""

    lost: MentoringSession
    slot: TimeSlot | None
    reason: str
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


def event_draft(
    state: MentorshipState, intent: BookSession, slot: TimeSlot, why: str, transaction_id: str, contact: str
) -> EventDraft:
    """Return the calendar event of a new session; whoever organizes it is not among the invited."""
    mentor, mentee = state.mentor, state.mentee
    invited = [person for person in (mentee, mentor) if person.id != state.organizer.id]
    how = wording.how_to_meet(intent.medium, phone=state.mentorship.phone, office=mentor.office_location)
    return EventDraft(
        subject=wording.session_subject(mentor.display_name, mentee.display_name),
        body_html=wording.invite_body(
            mentor=mentor.display_name, mentee=mentee.display_name, how=how, why=why, contact=contact
        ),
        starts_at=slot.start,
        ends_at=slot.end,
        time_zone=mentee.time_zone,
        attendees=tuple(Invitee(address=person.address, name=person.display_name) for person in invited),
        online=intent.online,
        location=mentor.office_location or "" if intent.medium is Medium.IN_PERSON else "",
        tag=session_tag(intent),
        transaction_id=transaction_id,
    )


def why_this_time(intent: BookSession, reason: str) -> str:
    """Return the sentence that says in an invite why it is at this time."""
    if intent.replaces is None:
        return "the best hour you both have free, at least a week ahead, so that both can prepare"
    return f"it stands for a session that was lost; {reason}" if reason else "it stands for a session lost this week"


def no_slot_reason(state: MentorshipState, reasons: Mapping[PersonId, Reason], *, week_over: bool) -> str:
    """Return, in words for the pair, why a session could not be put where it was wanted most."""
    if week_over:
        return "less than a day of the week was left"
    said = [_reason(person, reasons[person.id]) for person in (state.mentee, state.mentor) if person.id in reasons]
    return "; ".join(dict.fromkeys(said)) or "there was no hour that both had free"


def _reason(person: Person, reason: Reason) -> str:
    name = person.display_name
    match reason:
        case Reason.OUTSIDE_HOURS:
            return f"the working hours of {name} left no room"
        case Reason.BUSY:
            return f"the calendar of {name} had no hour left that suited both"
        case Reason.AWAY:
            return f"{name} is away"
        case Reason.NO_OVERLAP:
            return "the working hours of the two do not overlap"
        case Reason.UNREADABLE:
            return f"the calendar of {name} could not be read"
        case Reason.LIMIT:
            return f"{name} has as many mentoring sessions that week as are good for anybody"


def nudge_payload(state: MentorshipState, intent: SendNudge, contact: str) -> NudgePayload:
    """Return the message of a nudge, to one person."""
    person = state.person(intent.person)
    other = state.person(state.mentorship.other(intent.person))
    name, other_name = person.display_name, other.display_name
    session = next((s for s in state.sessions if s.number == intent.session), None)
    match intent.matter:
        case Matter.OFFER_HELP:
            message = wording.offer_help(name=name, other=other_name, contact=contact)
        case Matter.UNANSWERED_INVITE if session is not None:
            message = wording.unanswered_invite(
                name=name, other=other_name, starts_at=session.starts_at, clock=zone(person.time_zone), contact=contact
            )
        case Matter.UNANSWERED_INVITE | Matter.UNANSWERED_QUESTION:
            message = wording.unanswered_question(name=name, other=other_name, contact=contact)
    return NudgePayload(
        person=person.id,
        address=person.address,
        name=name,
        subject=message.subject,
        body_html=message.body_html,
        headers=_headers(state, intent.practice, intent.about, intent.rung),
        about=intent.about,
        session=intent.session,
    )


def lost_session_payload(
    state: MentorshipState, person: Person, told: LostSession, practice: str, contact: str
) -> NudgePayload:
    """Return the message about a lost session to one of the two."""
    other = state.person(state.mentorship.other(person.id))
    message = wording.put_back(
        name=person.display_name,
        other=other.display_name,
        clock=zone(person.time_zone),
        lost=told.lost.starts_at,
        slot=told.slot.start if told.slot else None,
        reason=told.reason,
        suggestion=told.suggestion.start if told.suggestion else None,
        alternatives=[slot.start for slot in told.alternatives],
        ask_standing_time=told.ask_standing_time,
        contact=contact,
    )
    about = f"session/{told.lost.number}"
    headers = _headers(state, practice, about, 1)
    if told.reason:
        headers = (*headers, ("x-graphsync-reason", told.reason))
    return NudgePayload(
        person=person.id,
        address=person.address,
        name=person.display_name,
        subject=message.subject,
        body_html=message.body_html,
        headers=headers,
        about=about,
        session=told.replacement,
        lasting=told.replacement is None,
        starts_at=told.slot.start if told.slot else None,
    )


def no_session_payload(
    state: MentorshipState, person: Person, reason: str, practice: str, contact: str
) -> NudgePayload:
    """Return the message to one of the two that their hours leave no room for sessions."""
    other = state.person(state.mentorship.other(person.id))
    message = wording.no_session(name=person.display_name, other=other.display_name, reason=reason, contact=contact)
    about = f"mentorship/{state.mentorship.id}"
    return NudgePayload(
        person=person.id,
        address=person.address,
        name=person.display_name,
        subject=message.subject,
        body_html=message.body_html,
        headers=(*_headers(state, practice, about, 1), ("x-graphsync-reason", reason)),
        about=about,
        lasting=True,
    )


def _headers(state: MentorshipState, practice: str, about: str, rung: int) -> tuple[tuple[str, str], ...]:
    return (
        ("x-graphsync-practice", practice),
        ("x-graphsync-about", about),
        ("x-graphsync-mentorship", state.mentorship.id),
        ("x-graphsync-rung", str(rung)),
    )


def runners_up(placement: Placement, most: int) -> tuple[TimeSlot, ...]:
    """Return up to `most` other slots that were free as well, best first."""
    return tuple(scored.slot for scored in placement.runners_up[:most])
