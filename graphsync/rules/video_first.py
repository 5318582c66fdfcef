"""`video_first`: every session is a Teams meeting unless the two meet in person or somebody chose the phone."""

from __future__ import annotations

from graphsync.mentoring import Medium, MentoringSession
from graphsync.rules.intents import AddOnlineMeeting, AlertAdmin, Verdict
from graphsync.rules.schema import VideoFirst
from graphsync.rules.state import MentorshipState
from graphsync.rules.walk import Walk


def medium_of_next(state: MentorshipState, rule: VideoFirst | None, replaced: MentoringSession | None) -> Medium:
    """Return how the next session is held: as the one it replaces, by chosen phone, in person at first, or by video."""
    if replaced is not None:
        return replaced.medium
    if state.mentorship.medium is Medium.PHONE:
        return Medium.PHONE
    office = state.mentor.office_location
    first = not any(session.stands for session in state.sessions)
    if rule is not None and rule.first_in_person and first and office and office == state.mentee.office_location:
        return Medium.IN_PERSON
    return Medium.VIDEO


def video_first(walk: Walk, rule: VideoFirst) -> None:
    """See to it that each coming video session has its link, also one that people booked themselves."""
    state = walk.state
    for session in state.sessions:
        if not session.stands or session.starts_at <= walk.now or session.medium is not Medium.VIDEO or session.online:
            continue
        prefix = f"online/{state.mentorship.id}/{session.number}"
        moving = f"move/{state.mentorship.id}/{session.number}/"
        if walk.under_way(f"{prefix}/", moving) or walk.held_back(rule, prefix):
            continue
        organizer = state.organizer if session.organizer == state.organizer.id else state.person(session.organizer)
        if organizer.has_teams is False:
            # The organizer has no Teams licence: somebody has to give one; falling to phone quietly would hide it.
            key = f"no-teams/{organizer.id}"
            if key in state.alerts or walk.wanted(rule, key):
                walk.note(rule.name, Verdict.HOLDS, f"session {session.number} waits for a Teams licence")
                continue
            walk.act(
                rule,
                AlertAdmin(
                    key=key,
                    mentorship=state.mentorship.id,
                    rule=rule.name,
                    reason="the organizer's mailbox cannot make Teams meetings",
                    text=f"mailbox {organizer.id} organizes mentoring sessions and has no Teams licence or policy: "
                    "give it one, or choose another organizer for the cohort",
                ),
            )
            continue
        walk.act(
            rule,
            AddOnlineMeeting(
                key=prefix,
                mentorship=state.mentorship.id,
                rule=rule.name,
                reason=f"session {session.number} has no Teams meeting yet",
                number=session.number,
            ),
        )
    if state.mentorship.medium is Medium.PHONE:
        walk.note(rule.name, Verdict.DOES_NOT_APPLY, "the pair chose the phone")
