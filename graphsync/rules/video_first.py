"""`video_first`: every session is a Teams meeting unless the two meet in person or somebody chose the phone."""

from __future__ import annotations

from typing import Final

from graphsync.calendar import TimeSlot
from graphsync.mentoring import Medium, MentoringSession
from graphsync.rules.intents import AddOnlineMeeting, AlertAdmin, ChangeRoom, Step, Verdict
from graphsync.rules.practice import Practice
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


def wants_room(walk: Walk, rule: VideoFirst | None, medium: Medium) -> bool:
    """Tell whether a room is sought for a session that is held by `medium`."""
    return rule is not None and rule.room and walk.acts(rule) and medium is Medium.IN_PERSON


MOST_DECLINES: Final = 1
"""After so many rooms that turned a session down another one is asked, and after one more none."""

NOTHING_MISSING = Step("video_first.nothing_missing", Verdict.DOES_NOT_APPLY)
BY_PHONE = Step("video_first.by_phone", Verdict.DOES_NOT_APPLY)
UNDER_WAY = Step("video_first.under_way", Verdict.WAITS)
HELD_BACK = Step("video_first.held_back", Verdict.HOLDS)
WAITS_FOR_LICENCE = Step("video_first.waits_for_licence", Verdict.HOLDS)
NO_TEAMS = Step("video_first.no_teams", Verdict.ACTS)
ADDS_LINK = Step("video_first.adds_link", Verdict.ACTS)
CHANGES_ROOM = Step("video_first.changes_room", Verdict.ACTS)


def video_first(walk: Walk, rule: VideoFirst) -> None:
    """See to it that each coming video session has its link, also one that people booked themselves.

    A pair that chose the phone has no video sessions, whoever books them.
    """
    state = walk.state
    coming = [s for s in state.sessions if s.stands and s.starts_at > walk.now]
    without = [session for session in coming if session.medium is Medium.VIDEO and not session.online]
    if state.mentorship.medium is Medium.PHONE:
        walk.note(rule, BY_PHONE, "the pair chose the phone")
    elif not without:
        walk.note(rule, NOTHING_MISSING, "each session to come by video has its link")
    else:
        for session in without:
            _add_link(walk, rule, session)
    for session in coming if rule.room else ():
        if session.room in session.rooms_declined:
            _change_room(walk, rule, session)


def _add_link(walk: Walk, rule: VideoFirst, session: MentoringSession) -> None:
    state = walk.state
    prefix = f"online/{state.mentorship.id}/{session.number}"
    moving = f"move/{state.mentorship.id}/{session.number}/"
    if walk.under_way(f"{prefix}/", moving):
        walk.note(rule, UNDER_WAY, f"session {session.number} is being changed")
        return
    if walk.held_back(rule, HELD_BACK, prefix):
        return
    organizer = state.organizer if session.organizer == state.organizer.id else state.person(session.organizer)
    if not walk.check("the organizer has Teams", organizer.has_teams, organizer.has_teams is not False):
        # The organizer has no Teams licence: somebody has to give one; falling to phone quietly would hide it.
        key = f"no-teams/{organizer.id}"
        if key in state.alerts or walk.wanted(rule, key):
            walk.note(rule, WAITS_FOR_LICENCE, f"session {session.number} waits for a Teams licence")
            return
        alert = AlertAdmin(
            key=key,
            mentorship=state.mentorship.id,
            rule=rule.name,
            reason="the organizer's mailbox cannot make Teams meetings",
            text=f"mailbox {organizer.id} organizes mentoring sessions and has no Teams licence or policy: "
            "give it one, or choose another organizer for the cohort",
        )
        walk.act(rule, NO_TEAMS, alert)
        return
    link = AddOnlineMeeting(
        key=prefix,
        mentorship=state.mentorship.id,
        rule=rule.name,
        reason=f"session {session.number} has no Teams meeting yet",
        number=session.number,
    )
    walk.act(rule, ADDS_LINK, link)


def _change_room(walk: Walk, rule: VideoFirst, session: MentoringSession) -> None:
    """Have another room asked in place of the one that turned a session down; once, and then none."""
    mentorship, declined = walk.state.mentorship.id, len(session.rooms_declined)
    prefix = f"room/{mentorship}/{session.number}/{declined}"
    moving = f"move/{mentorship}/{session.number}/"
    if walk.under_way(f"{prefix}/", moving):
        walk.note(rule, UNDER_WAY, f"session {session.number} is being changed")
        return
    if walk.held_back(rule, HELD_BACK, prefix):
        return
    another = walk.check("rooms that turned it down", declined, declined <= MOST_DECLINES)
    change = ChangeRoom(
        key=prefix,
        mentorship=mentorship,
        rule=rule.name,
        reason=f"the room of session {session.number} turned it down" + ("" if another else ", and no other is asked"),
        number=session.number,
        slot=TimeSlot(start=session.starts_at, end=session.ends_at),
        room=session.room,
        declined=session.rooms_declined,
        another=another,
    )
    walk.act(rule, CHANGES_ROOM, change)


PRACTICE = Practice(
    rule_type=VideoFirst,
    run=video_first,
    steps=(NOTHING_MISSING, BY_PHONE, UNDER_WAY, HELD_BACK, WAITS_FOR_LICENCE, NO_TEAMS, ADDS_LINK, CHANGES_ROOM),
)
