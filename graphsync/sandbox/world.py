"""The world of the sandbox: one tenant with its people, mailboxes and chats, in virtual time.

`World` composes the services and is what drivers, judges and the HTTP face hold; the rules are in the services.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any, Literal

from graphsync.sandbox.agenda import Agenda
from graphsync.sandbox.behavior import Behavior
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.core import Core
from graphsync.sandbox.draws import Draws
from graphsync.sandbox.entra.redirects import check_redirect_uri
from graphsync.sandbox.entra.signing import SigningKeys
from graphsync.sandbox.faults import Faults
from graphsync.sandbox.journal import Journal
from graphsync.sandbox.notifications.delivery import HEADERS, Notifier, timeout_of
from graphsync.sandbox.notifications.endpoints import EndpointReport
from graphsync.sandbox.notifications.event_hubs import EventHubs, is_event_hub
from graphsync.sandbox.notifications.outbox import Item
from graphsync.sandbox.notifications.posting import Deliver, Poster
from graphsync.sandbox.notifications.subscriptions import Subscription, Subscriptions
from graphsync.sandbox.notifications.validation_tokens import ValidationTokens
from graphsync.sandbox.outlook.calendar_folders import CalendarFolders
from graphsync.sandbox.outlook.calendars import Calendars
from graphsync.sandbox.outlook.copies import Copies
from graphsync.sandbox.outlook.delta import DeltaRounds
from graphsync.sandbox.outlook.events import Answer, Event
from graphsync.sandbox.outlook.invitations import Invitations
from graphsync.sandbox.outlook.mail import Mailroom
from graphsync.sandbox.outlook.mail_delta import MailRounds
from graphsync.sandbox.outlook.mailbox_settings import journal_automatic_replies
from graphsync.sandbox.outlook.mailboxes import DEFAULT_CALENDAR, Folder, MailMessage
from graphsync.sandbox.outlook.schedules import Schedules
from graphsync.sandbox.teams.attendance import Artifacts, Attendance
from graphsync.sandbox.teams.chats import Chat, ChatMessage, Chats
from graphsync.sandbox.teams.meetings import Meetings, OnlineMeeting
from graphsync.sandbox.teams.presence import Presences
from graphsync.sandbox.teams.teamwork import Teamwork
from graphsync.sandbox.tenant.directory import (
    WORK_DAYS,
    Application,
    AutomaticReplies,
    Directory,
    MailboxState,
    Profile,
    Purpose,
    Room,
    User,
)
from graphsync.sandbox.tenant.groups import Group, Groups
from graphsync.sandbox.tenant.places import Places

TENANT_ID = "7d1f0c1e-3f5a-4b6e-9a51-0c8e5f2b4d60"

# Looked at by hand only; the journal keeps all that changed something.
REQUESTS_KEPT = 1000

Who = User | str
Phase = Literal["received", "applied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """A request to Graph that was answered; `operation` is empty where no route was found, `status` 0 if cut off."""

    at: datetime
    method: str
    path: str
    operation: str
    status: int
    request_id: str


class World(Teamwork):
    """One tenant. Every method takes `lock`; what is returned is the live state and is read, not written."""

    def __init__(
        self, *, clock: VirtualClock, seed: int, tenant_id: str = TENANT_ID, behavior: Behavior | None = None
    ) -> None:
        self.lock = RLock()
        self._due_lock = RLock()
        self.clock = clock
        self.began_at = clock.now()
        self.seed = seed
        self.tenant_id = tenant_id
        self.behavior = behavior or Behavior()
        self.draws = Draws(seed)
        self.journal = Journal(clock)
        self.faults = Faults(clock, self.draws)
        self.directory = Directory(self.draws)
        self.agenda = Agenda(clock)
        self.core = Core(
            tenant_id=tenant_id,
            clock=clock,
            draws=self.draws,
            behavior=self.behavior,
            journal=self.journal,
            agenda=self.agenda,
            directory=self.directory,
        )
        self.subscriptions = Subscriptions(self.core)
        self.signing = SigningKeys()
        tokens = ValidationTokens(self.core, self.signing)
        self.notifier = Notifier(self.core, self.subscriptions, self.faults, tokens)
        self.mailroom = Mailroom(self.core, self.notifier)
        copies = Copies(self.core, self.notifier)
        self.invitations = Invitations(self.core, copies, self.mailroom)
        self.calendars = Calendars(self.core, copies, self.invitations)
        self.calendar_folders = CalendarFolders(self.core, copies)
        self.schedules = Schedules(self.core)
        self.delta = DeltaRounds(self.core)
        self.mail_delta = MailRounds(self.core)
        self.teams = Chats(self.core, self.notifier)
        self.meetings = Meetings(self.core)
        self.artifacts = Artifacts(self.core, self.meetings)
        self.presences = Presences(self.core)
        self.places = Places(self.core)
        self.groups = Groups(self.core)
        self.poster = Poster()
        self.deliver: Deliver = self.poster
        self.event_hubs = EventHubs()
        super().__init__(
            core=self.core,
            lock=self.lock,
            chats=self.teams,
            faults=self.faults,
            signing=self.signing,
            ask=self.poster,
        )
        self.on_request: Callable[[str, str], None] | None = None
        self.request_counts: dict[str, int] = Counter()
        self.last_requests: deque[SeenRequest] = deque(maxlen=REQUESTS_KEPT)

    # The tenant ----------------------------------------------------------------------------------------------

    def add_user(
        self,
        *,
        address: str,
        display_name: str,
        windows_time_zone: str,
        days: Sequence[str] = WORK_DAYS,
        start: str = "09:00",
        end: str = "17:00",
        office_location: str | None = None,
        usage_location: str | None = None,
        preferred_language: str = "en-US",
        teams_licence: bool = True,
        mailbox: MailboxState = "ok",
        purpose: Purpose = "user",
        profile: Profile | None = None,
        room: Room | None = None,
    ) -> User:
        """Add a person, a guest by their `profile`, a room or a shared mailbox; the id depends on address and seed.

        Raises:
            ValueError: the address is taken.
            GraphRefusal: the time zone does not exist.
        """
        with self.lock:
            return self.directory.add(
                address=address,
                display_name=display_name,
                windows_time_zone=windows_time_zone,
                days=days,
                start=start,
                end=end,
                office_location=office_location,
                usage_location=usage_location,
                preferred_language=preferred_language,
                teams_licence=teams_licence,
                mailbox=mailbox,
                purpose=purpose,
                profile=profile or Profile(),
                room=room or Room(),
            )

    def user(self, id_or_address: str) -> User:
        """Return the user with this id or address.

        Raises:
            GraphRefusal: 404; nobody has it.
        """
        with self.lock:
            return self.core.user(id_or_address)

    def users(self) -> list[User]:
        """Return all users, by address."""
        with self.lock:
            return list(self.directory)

    def remove_user(self, user: Who) -> None:
        """Delete an account: it is not found any more, its mailbox neither."""
        with self.lock:
            self.directory.remove(self.core.user(user))

    def disable_user(self, user: Who) -> None:
        """Disable an account; the mailbox stays as it is."""
        with self.lock:
            self.core.user(user).account_enabled = False

    def add_application(
        self,
        *,
        client_id: str,
        secret: str | None = None,
        certificate_pem: bytes | None = None,
        permissions: Mapping[str, frozenset[str] | None],
        redirect_uris: Sequence[str] = (),
        app_roles: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """Register an app, or replace its registration.

        Args:
            client_id: how the app calls itself.
            secret: the client secret it signs in with, if it has one.
            certificate_pem: the certificate it signs in with, if it has one.
            permissions: Graph permission to the user ids in scope, None for the tenant.
            redirect_uris: where people may be sent back to after sign-in.
            app_roles: role to the user ids that have it.

        Raises:
            ValueError: a redirect URI that Entra would not register.
        """
        for uri in redirect_uris:
            check_redirect_uri(uri)
        with self.lock:
            self.directory.applications[client_id] = Application(
                client_id=client_id,
                secret=secret,
                certificate_pem=certificate_pem,
                permissions=dict(permissions),
                object_id=self.draws.guid("application", client_id),
                redirect_uris=tuple(redirect_uris),
                app_roles=dict(app_roles or {}),
            )

    def add_group(
        self,
        display_name: str,
        members: Sequence[User | Group | str],
        *,
        mail: str | None = None,
        description: str | None = None,
    ) -> Group:
        """Add a security group, or with `mail` a Microsoft 365 group; members are people and groups added before."""
        with self.lock:
            return self.groups.add(display_name, members, mail=mail, description=description)

    def add_room_list(self, address: str, display_name: str) -> None:
        """Add a room list; rooms name it by its address."""
        with self.lock:
            self.places.add_list(address, display_name)

    def grant_meeting_policy(self, user: Who | None = None, *, client_id: str | None = None) -> None:
        """Let an application (every one, if none is named) at the online meetings of a person, or of the tenant."""
        with self.lock:
            self.meetings.grant(None if user is None else self.core.user(user), client_id)

    # What people do by hand ----------------------------------------------------------------------------------

    def create_event(self, user: Who, body: dict[str, Any], *, actor: str) -> Event:
        """Create an event in a person's calendar; `body` is what Graph takes."""
        with self.lock:
            return self.calendars.create(self.core.user(user), body, actor=actor)

    def patch_event(self, user: Who, event_id: str, changes: dict[str, Any], *, actor: str) -> Event:
        """Change an event; `changes` is what a PATCH to Graph takes."""
        with self.lock:
            return self.calendars.patch(self.core.user(user), event_id, changes, actor=actor)

    def cancel_event(self, user: Who, event_id: str, comment: str = "", *, actor: str) -> None:
        """Call a meeting off, as its organizer."""
        with self.lock:
            self.calendars.cancel(self.core.user(user), event_id, comment, actor=actor)

    def delete_event(self, user: Who, event_id: str, *, actor: str) -> None:
        """Delete an event from a calendar; for an attendee that is silent."""
        with self.lock:
            self.calendars.delete(self.core.user(user), event_id, actor=actor)

    def respond(
        self,
        user: Who,
        event_id: str,
        response: Answer,
        *,
        actor: str,
        comment: str = "",
        send_response: bool = True,
        proposed: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Answer an invitation from the attendee's own copy."""
        with self.lock:
            self.invitations.respond(
                self.core.user(user),
                event_id,
                response,
                actor=actor,
                comment=comment,
                send_response=send_response,
                proposed=proposed,
            )

    def set_automatic_replies(
        self,
        user: Who,
        status: AutomaticReplies,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        """Switch a person's automatic replies; `start` and `end` count for `scheduled` alone."""
        with self.lock:
            person = self.core.user(user)
            person.automatic_replies = status
            person.automatic_replies_start, person.automatic_replies_end = start, end
            journal_automatic_replies(self.core, person, actor=person.address)

    def attend(self, meeting: Event | OnlineMeeting, who: Who, joined_at: datetime, left_at: datetime) -> Attendance:
        """Be in the online meeting of an event; `who` may be a name, of somebody without account.

        Raises:
            ValueError: the event has no online meeting, or they left before they came.
        """
        with self.lock:
            found = self.meetings.of_event(meeting) if isinstance(meeting, Event) else meeting
            return self.artifacts.attend(found, who, joined_at, left_at)

    def transcribe(self, meeting: Event | OnlineMeeting, content: str, start: datetime, end: datetime) -> None:
        """Let what was said from `start` to `end` be written down; `content` is WebVTT."""
        with self.lock:
            found = self.meetings.of_event(meeting) if isinstance(meeting, Event) else meeting
            self.artifacts.transcribe(found, content, start, end)

    def send_mail(self, user: Who, message: dict[str, Any], *, actor: str) -> MailMessage:
        """Send a mail from a person's mailbox; `message` is what Graph takes."""
        with self.lock:
            return self.mailroom.send_mail(self.core.user(user), message, actor=actor, save=True)

    def create_chat(self, a: Who, b: Who) -> Chat:
        """Return the chat of two people, made if they had none."""
        with self.lock:
            first = self.core.user(a)
            return self.teams.open(first, self.core.user(b), actor=first.address)

    def post_message(self, chat_id: str, author: Who, html: str) -> ChatMessage:
        """Write a chat message as a person."""
        with self.lock:
            return self.teams.post(chat_id, self.core.user(author), html)

    def react(self, chat_id: str, message_id: str, author: Who, reaction: str = "like") -> None:
        """React to a chat message as a person."""
        with self.lock:
            self.teams.react(chat_id, message_id, self.core.user(author), reaction)

    # Reading the state ---------------------------------------------------------------------------------------

    def events(self, user: Who, calendar_id: str = DEFAULT_CALENDAR) -> list[Event]:
        """Return the copies in a person's calendar, cancelled ones and series masters included, by start and id."""
        with self.lock:
            copies = [copy for copy in self.core.mailbox(user).copies.values() if copy.calendar_id == calendar_id]
            return sorted(copies, key=lambda event: (event.start, event.id))

    def calendar_view(
        self, user: Who, start: datetime, end: datetime, calendar_id: str = DEFAULT_CALENDAR
    ) -> list[Event]:
        """Return single events and occurrences of series in a calendar that overlap the span, by start and id."""
        with self.lock:
            return self.core.mailbox(user).view(start, end, calendar_id)

    def event_by_ical_uid(self, user: Who, ical_uid: str) -> Event | None:
        """Return a person's copy of a meeting, or None if the calendar has none."""
        with self.lock:
            return self.core.mailbox(user).by_ical_uid(ical_uid)

    def messages(self, user: Who, folder: Folder) -> list[MailMessage]:
        """Return the messages in a folder, newest first."""
        with self.lock:
            return self.mailroom.messages(self.core.user(user), folder)

    def chats(self) -> list[Chat]:
        """Return all chats, by id."""
        with self.lock:
            return [self.teams.by_id[chat_id] for chat_id in sorted(self.teams.by_id)]

    # What goes wrong by itself -------------------------------------------------------------------------------

    def live_subscriptions(self) -> list[Subscription]:
        """Return all live subscriptions, by id."""
        with self.lock:
            return [self.subscriptions.by_id[key] for key in sorted(self.subscriptions.by_id)]

    def notifications_waiting(self, subscription_id: str) -> int:
        """Return how many notifications wait for a subscription."""
        with self.lock:
            return self.notifier.waiting_for(subscription_id)

    def remove_subscription(self, subscription_id: str) -> None:
        """Take a subscription away as Graph may; its lifecycle URL hears `subscriptionRemoved`."""
        with self.lock:
            self.notifier.remove(self.subscriptions.by_id[subscription_id])

    def lose_notifications(self, subscription_id: str, *, announce: bool) -> int:
        """Drop what waits for a subscription; with `announce` its lifecycle URL hears `missed`."""
        with self.lock:
            return self.notifier.lose_waiting(self.subscriptions.by_id[subscription_id], announce=announce)

    def ask_for_reauthorization(self, subscription_id: str) -> None:
        """Send `reauthorizationRequired` now."""
        with self.lock:
            self.notifier.send_lifecycle(self.subscriptions.by_id[subscription_id], "reauthorizationRequired")

    def endpoints(self) -> list[EndpointReport]:
        """Return how each host that was sent notifications stands, by name."""
        with self.lock:
            return self.notifier.endpoints.reports()

    def expire_delta_tokens(self, user: Who) -> None:
        """Drop the sync state of a mailbox: every delta token given so far is answered 410."""
        with self.lock:
            person = self.core.user(user)
            self.delta.expire(person)
            self.mail_delta.expire(person)

    # Time ----------------------------------------------------------------------------------------------------

    def next_due_at(self) -> datetime | None:
        """Return when something next happens by itself, or None if nothing waits."""
        with self.lock:
            waiting = (self.agenda.next_due_at(), self.notifier.next_due_at(), self.activities.next_due_at())
            due = [at for at in waiting if at is not None]
            return min(due) if due else None

    def run_due(self) -> int:
        """Do all that is due now, what it brings due included, in a fixed order; return how many things were done.

        Notifications and activities are delivered in the calling thread, without the lock: the receiver may call back.
        """
        done = 0
        with self._due_lock:
            while True:
                with self.lock:
                    done += self.agenda.run_due()
                    batch = self.notifier.take_batch()
                if batch:
                    self._deliver(batch)
                    done += len(batch)
                elif self._tell_a_bot():
                    done += 1
                else:
                    return done

    def _deliver(self, batch: list[Item]) -> None:
        with self.lock:
            body, url = self.notifier.body_of(batch), batch[0].url
        if is_event_hub(url):
            receipt = self.event_hubs.take(url, body)
        else:
            receipt = self.deliver(url, body, dict(HEADERS), timeout_of(batch))
        with self.lock:
            self.notifier.settle(batch, receipt)
