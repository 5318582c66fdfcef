"""Online meetings: what is behind the join link of an event, who may read it, and meetings that are on no calendar.

A meeting is read from the event it belongs to, so that time, subject and people are always the event's. What was
attended stays known when its event is gone.

Sources: https://learn.microsoft.com/graph/api/onlinemeeting-get, application-post-onlinemeetings,
https://learn.microsoft.com/graph/cloud-communication-online-meeting-application-access-policy
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import fingerprint, is_annotation, text_of, unknown_property
from graphsync.sandbox.names import names
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.refusals import GraphRefusal, bad_request, invalid_property, not_served, refuse_unknown
from graphsync.sandbox.tenant.directory import Application, User
from graphsync.sandbox.zones import instant_of

_THREAD = re.compile(r"19%3ameeting_([0-9A-Za-z]+)%40thread\.v2")
_ORGANIZER = re.compile(r'"Oid":"([^"]+)"')
_ID = re.compile(r"1\*([0-9a-f-]{36})\*0\*\*19:meeting_([0-9A-Za-z]+)@thread\.v2")
_TAKEN_ON_CREATE = ("subject", "startDateTime", "endDateTime")
# https://learn.microsoft.com/graph/api/resources/onlinemeeting
_KNOWN_ON_CREATE = names(
    """
    participants lobbyBypassSettings allowedPresenters allowAttendeeToEnableCamera allowAttendeeToEnableMic
    allowMeetingChat allowTeamworkReactions allowRecording allowTranscription audioConferencing chatRestrictions
    externalId isEntryExitAnnounced joinMeetingIdSettings recordAutomatically shareMeetingChatHistoryDefault
    watermarkProtection allowedLobbyAdmitters meetingTemplateId isEndToEndEncryptionEnabled
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineMeeting:
    """A Teams meeting; `thread` names its chat, `attendees` are addresses as the event has them."""

    thread: str
    organizer_id: str
    join_url: str
    subject: str
    start: datetime
    end: datetime
    created_at: datetime
    attendees: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """Return the id: base64 of organizer and chat, as real ones are."""
        return base64.b64encode(f"1*{self.organizer_id}*0**{self.chat_id}".encode()).decode()

    @property
    def chat_id(self) -> str:
        """Return the id of the meeting's chat."""
        return f"19:meeting_{self.thread}@thread.v2"

    @property
    def number(self) -> str:
        """Return the `joinMeetingId`, with which people dial in."""
        return f"{int(self.thread[:16], 16) % 10**12:012d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An application access policy granted to one user (None: the tenant), for one application (None: every)."""

    user_id: str | None
    client_id: str | None
    acts_from: datetime


def join_url(thread: str, tenant_id: str, organizer_id: str) -> str:
    """Return the link that opens a meeting in Teams."""
    context = quote(f'{{"Tid":"{tenant_id}","Oid":"{organizer_id}"}}', safe="")
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context={context}"


def meeting_not_found() -> GraphRefusal:
    """Return the refusal for a meeting that is not there."""
    return GraphRefusal(404, "NotFound", "3004: Meeting not found.")


@dataclass(slots=True)
class Meetings:
    """Finds meetings, and says which application may read whose."""

    core: Core
    # By join link: those that are on no calendar, and those that somebody attended.
    kept: dict[str, OnlineMeeting] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)

    def grant(self, user: User | None, client_id: str | None) -> None:
        """Grant the application access policy; it acts after `meeting_policy_delay`."""
        now = self.core.clock.now()
        key = (user.id if user else "", client_id or "")
        waits = self.core.draws.duration(self.core.behavior.meeting_policy_delay, "policy", *key)
        self.grants.append(
            Grant(user_id=user.id if user else None, client_id=client_id, acts_from=now + waits),
        )
        self.core.journal.add("meeting_policy_granted", actor="admin", user_id=key[0], details={"client_id": client_id})

    def check_policy(self, application: Application, user: User) -> None:
        """Refuse an application that no policy lets at the meetings of `user`.

        Raises:
            GraphRefusal: 403, in the words chosen by `meeting_policy_refusal`.
        """
        now = self.core.clock.now()
        for grant in self.grants:
            of_user = grant.user_id in (None, user.id)
            if of_user and grant.client_id in (None, application.client_id) and grant.acts_from <= now:
                return
        if self.core.behavior.meeting_policy_refusal == "no_policy":
            raise GraphRefusal(403, "Forbidden", "No Application Access Policy found for this app.")
        raise GraphRefusal(
            403,
            "Unauthorized",
            f"App {application.client_id} is not authorized to access meetings on behalf of user {user.id}",
        )

    def create(self, organizer: User, body: Mapping[str, Any], *, actor: str) -> OnlineMeeting:
        """Make a meeting that is on no calendar.

        Raises:
            GraphRefusal: 400 for a body Graph does not take, 403 without a Teams licence.
        """
        for key in body:
            if key in _KNOWN_ON_CREATE:
                raise not_served(f"'{key}' of an online meeting")
            if key not in _TAKEN_ON_CREATE and not is_annotation(key):
                refuse_unknown(unknown_property(key, "onlineMeeting", (*_TAKEN_ON_CREATE, *_KNOWN_ON_CREATE)))
        if not organizer.teams_licence:
            raise GraphRefusal(403, "Forbidden", "The user has no licence for Microsoft Teams.")
        now = self.core.clock.now()
        start, end = (
            instant_of(text_of(body[key], key), "UTC", key) if body.get(key) is not None else now
            for key in ("startDateTime", "endDateTime")
        )
        if end < start:
            raise invalid_property("The meeting's end is before its start.")
        content = ("online-meeting", organizer.id, now.isoformat(), fingerprint(body).hex())
        thread = self.core.draws.hexadecimal(*content, self.core.draws.ordinal(*content))[:40]
        made = OnlineMeeting(
            thread=thread,
            organizer_id=organizer.id,
            join_url=join_url(thread, self.core.tenant_id, organizer.id),
            subject=text_of(body.get("subject") or "", "subject"),
            start=start,
            end=end,
            created_at=now,
        )
        self.kept[made.join_url] = made
        self.core.journal.add("online_meeting_created", actor=actor, user_id=organizer.id, subject_id=made.id)
        return made

    def keep(self, meeting: OnlineMeeting) -> None:
        """Keep a meeting known though its event may go."""
        self.kept[meeting.join_url] = meeting

    def of_event(self, event: Event) -> OnlineMeeting:
        """Return the meeting of any copy of an event.

        Raises:
            ValueError: the event has no online meeting.
        """
        found = self.by_join_url(event.join_url) if event.join_url else None
        if found is None:
            raise ValueError(f"the event {event.id!r} has no online meeting")
        return found

    def by_join_url(self, link: str) -> OnlineMeeting | None:
        """Return the meeting behind a join link, or None."""
        thread, organizer_id = _THREAD.search(link), _ORGANIZER.search(unquote(link))
        organizer = self.core.directory.lookup(organizer_id.group(1)) if organizer_id else None
        if thread is None or organizer is None:
            return None
        return next((meeting for meeting in self.of(organizer) if meeting.join_url == link), None)

    def by_id(self, meeting_id: str) -> OnlineMeeting | None:
        """Return the meeting with this id, or None."""
        try:
            written = base64.b64decode(meeting_id, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        parts = _ID.fullmatch(written)
        return self.by_join_url(join_url(parts[2], self.core.tenant_id, parts[1])) if parts else None

    def by_number(self, number: str) -> OnlineMeeting | None:
        """Return the meeting with this `joinMeetingId`, or None."""
        wanted = "".join(number.split())
        people = iter(self.core.directory)
        return next((meeting for user in people for meeting in self.of(user) if meeting.number == wanted), None)

    def of(self, organizer: User) -> Iterator[OnlineMeeting]:
        """Yield the meetings a person organizes, those with an event first."""
        box = self.core.mailboxes.get(organizer.id)
        seen: set[str] = set()
        for event in box.copies.values() if box else ():
            if event.is_organizer and event.join_url and event.join_url not in seen:
                seen.add(event.join_url)
                yield _meeting_of(event, organizer)
        for link, meeting in self.kept.items():
            if meeting.organizer_id == organizer.id and link not in seen:
                yield meeting

    def check_reader(self, meeting: OnlineMeeting, user: User, *, artifacts: bool) -> None:
        """Refuse everybody but the organizer; attendees read the meeting itself by `meetings_for_attendees`.

        Raises:
            GraphRefusal: 403: https://github.com/microsoftgraph/microsoft-graph-docs/issues/17234.
        """
        if user.id == meeting.organizer_id:
            return
        is_attendee = any(address.lower() == user.address.lower() for address, _ in meeting.attendees)
        if self.core.behavior.meetings_for_attendees and is_attendee and not artifacts:
            return
        raise GraphRefusal(403, "Forbidden", "3003: User does not have access to lookup meeting.")

    def person(self, key: str) -> User:
        """Return the user of a path: by object id alone, unless `meeting_paths` says otherwise.

        Raises:
            GraphRefusal: 404 for nobody, 400 for an address.
        """
        user = self.core.directory.lookup(key)
        if user is None:
            raise GraphRefusal(404, "NotFound", f"The user '{key}' was not found.")
        if self.core.behavior.meeting_paths == "object_id" and key.lower() != user.id:
            raise bad_request(f"The user must be named by object id here ('{user.id}'), not by '{key}'.")
        return user


def _meeting_of(event: Event, organizer: User) -> OnlineMeeting:
    assert event.join_url is not None
    thread = _THREAD.search(event.join_url)
    assert thread is not None, event.join_url
    return OnlineMeeting(
        thread=thread.group(1),
        organizer_id=organizer.id,
        join_url=event.join_url,
        subject=event.subject,
        start=event.start,
        end=event.end,
        created_at=event.created_at,
        attendees=tuple((attendee.address, attendee.name) for attendee in event.attendees),
    )
