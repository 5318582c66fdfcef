"""Who was in which meeting and when, and the reports Graph makes of it: one for each time a meeting was on.

A meeting is on while somebody is in it; when the last one leaves it has ended, and whoever comes back later begins
another one, with a report of its own.

Sources: https://learn.microsoft.com/graph/api/meetingattendancereport-list, meetingattendancereport-get,
https://learn.microsoft.com/graph/api/resources/attendancerecord
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from graphsync.sandbox.core import Core
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.teams.meetings import Meetings, OnlineMeeting
from graphsync.sandbox.tenant.directory import User

Role = Literal["Organizer", "Presenter", "Attendee"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Somebody's stay in a meeting; `identity` is a user's id, or for people without account one drawn for them.

    `address` is None for guests: what a report says of them is not documented.
    """

    identity: str
    name: str
    address: str | None
    role: Role
    joined_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is told of one time a meeting was on: all stays, by when they began."""

    id: str
    start: datetime
    end: datetime
    stays: tuple[Attendance, ...]

    def identities(self) -> list[str]:
        """Return who was there, in the order in which they first came."""
        return list(dict.fromkeys(stay.identity for stay in self.stays))

    def of(self, identity: str) -> list[Attendance]:
        """Return the stays of one of them."""
        return [stay for stay in self.stays if stay.identity == identity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in a meeting, as WebVTT."""

    id: str
    created_at: datetime
    ended_at: datetime
    content: str


@dataclass(slots=True)
class Artifacts:
    """All that remains of meetings, by join link."""

    core: Core
    meetings: Meetings
    stays: dict[str, list[Attendance]] = field(default_factory=dict)
    transcripts: dict[str, list[Transcript]] = field(default_factory=dict)

    def attend(self, meeting: OnlineMeeting, who: User | str, joined_at: datetime, left_at: datetime) -> Attendance:
        """Note that somebody was in a meeting; both instants may be yet to come.

        Args:
            meeting: which meeting.
            who: a user, their id or address; any other text is the name of a person without account.
            joined_at: when they came.
            left_at: when they left.

        Raises:
            ValueError: they left before they came, or at once.
        """
        if left_at <= joined_at:
            raise ValueError(f"left at {left_at.isoformat()}; expected later than {joined_at.isoformat()}")
        user = who if isinstance(who, User) else self.core.directory.lookup(who)
        name = user.display_name if user else str(who)
        stay = Attendance(
            identity=user.id if user else self.core.draws.guid("visitor", meeting.join_url, name),
            name=name,
            address=None if user is None or user.is_guest else user.address,
            role=_role(meeting, user),
            joined_at=joined_at,
            left_at=left_at,
        )
        self.meetings.keep(meeting)
        self.stays.setdefault(meeting.join_url, []).append(stay)
        self.core.journal.add(
            "meeting_attended",
            actor=EXCHANGE,
            user_id=user.id if user else "",
            subject_id=meeting.id,
            details={"identity": stay.identity, "joined_at": joined_at, "left_at": left_at},
        )
        return stay

    def transcribe(self, meeting: OnlineMeeting, content: str, start: datetime, end: datetime) -> Transcript:
        """Note what was said in a meeting."""
        number = len(self.transcripts.get(meeting.join_url, ()))
        transcript = Transcript(
            id=self.core.draws.item_id("transcript", meeting.join_url, number),
            created_at=start,
            ended_at=end,
            content=content,
        )
        self.meetings.keep(meeting)
        self.transcripts.setdefault(meeting.join_url, []).append(transcript)
        self.core.journal.add("meeting_transcribed", actor=EXCHANGE, subject_id=meeting.id)
        return transcript

    def transcripts_of(self, meeting: OnlineMeeting) -> list[Transcript]:
        """Return the transcripts of what is over, oldest first."""
        now = self.core.clock.now()
        return [item for item in self.transcripts.get(meeting.join_url, ()) if item.ended_at <= now]

    def reports(self, meeting: OnlineMeeting) -> list[Report]:
        """Return the reports there are by now, oldest first: none while the meeting is on, and `report_delay` later.

        There are none at all where reports are switched off for the tenant or the organizer.

        Source: https://learn.microsoft.com/microsoftteams/teams-analytics-and-reports/meeting-attendance-report
        """
        organizer = self.core.directory.lookup(meeting.organizer_id)
        is_on = self.core.behavior.attendance_reports and (organizer is None or organizer.attendance_reports)
        if not is_on:
            return []
        now, span = self.core.clock.now(), self.core.behavior.report_delay
        found = [self._report(meeting, stays) for stays in _sessions(self.stays.get(meeting.join_url, []))]
        return [report for report in found if report.end + self.core.draws.duration(span, report.id) <= now]

    def _report(self, meeting: OnlineMeeting, stays: list[Attendance]) -> Report:
        start = stays[0].joined_at
        return Report(
            id=self.core.draws.guid("report", meeting.join_url, start.isoformat()),
            start=start,
            end=max(stay.left_at for stay in stays),
            stays=tuple(stays),
        )


def _role(meeting: OnlineMeeting, user: User | None) -> Role:
    if user is None or user.is_guest:
        return "Attendee"
    # Everybody presents unless the meeting says otherwise.
    return "Organizer" if user.id == meeting.organizer_id else "Presenter"


def _sessions(stays: list[Attendance]) -> list[list[Attendance]]:
    """Return the stays by the time the meeting was on: one that begins when nobody is there any more begins anew."""
    sessions: list[list[Attendance]] = []
    until: datetime | None = None
    for stay in sorted(stays, key=lambda stay: (stay.joined_at, stay.left_at, stay.identity)):
        if until is None or stay.joined_at >= until:
            sessions.append([])
            until = stay.left_at
        sessions[-1].append(stay)
        until = max(until, stay.left_at)
    return sessions
