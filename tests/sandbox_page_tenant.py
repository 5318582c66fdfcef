"""A small tenant with something of everything its page shows, and its control server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.control import Control, ControlServer
from graphsync.sandbox.notifications.posting import Receipt
from graphsync.sandbox.outlook.mailboxes import MailMessage

START = datetime(2026, 1, 7, 9, 20, tzinfo=UTC)
EMILY, DANIEL, MIA = "emily.carter@fabrikam.test", "daniel.okafor@fabrikam.test", "mia.thompson@fabrikam.test"
MAILBOX, NOBOX = "mentoring@fabrikam.test", "noah.berg@fabrikam.test"
APP = "c2d7a4f8-1e95-4b3a-8d60-97b5e0f4a1c3"
SCRIPT = "<script>alert(1)</script>"


def zoned(text: str, zone: str) -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def an_event(subject: str, start: str, end: str, *, zone: str = "GMT Standard Time", to: tuple[str, ...] = (), **more):
    return {
        "subject": subject,
        "start": zoned(start, zone),
        "end": zoned(end, zone),
        "attendees": [{"emailAddress": {"address": address}, "type": "required"} for address in to],
        **more,
    }


def a_tenant() -> World:
    """Wednesday 7 January 2026, 09:20 UTC: invitations under way, mail, a chat, two subscriptions."""
    world = World(clock=VirtualClock(START - timedelta(days=2)), seed=3)
    people = (
        (EMILY, "Emily Carter", "Eastern Standard Time", {"start": "08:30", "end": "16:30"}),
        (DANIEL, "Daniel Okafor", "GMT Standard Time", {"days": ("monday", "tuesday", "wednesday", "thursday")}),
        (MIA, "Mia Thompson", "AUS Eastern Standard Time", {"teams_licence": False}),
        (MAILBOX, "Mentoring Programme", "W. Europe Standard Time", {"purpose": "shared"}),
        (NOBOX, "Noah Berg", "W. Europe Standard Time", {"mailbox": "on_premises"}),
    )
    for address, name, zone, more in people:
        world.add_user(address=address, display_name=name, windows_time_zone=zone, office_location="London 2", **more)
    world.add_application(
        client_id=APP,
        secret="secret",
        permissions=dict.fromkeys(("Calendars.ReadWrite", "Chat.Read.All", "Mail.ReadWrite", "User.Read.All")),
    )
    _fill(world)
    world.clock.set(START - timedelta(minutes=1))
    world.run_due()
    _subscribe(world)
    _talk(world)
    return world


def _fill(world: World) -> None:
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday"]},
        "range": {"type": "noEnd", "startDate": "2026-01-05"},
    }
    mine = (
        an_event("Stand-up", "2026-01-05T09:30:00", "2026-01-05T09:45:00", recurrence=weekly),
        an_event("Project board", "2026-01-06T10:00:00", "2026-01-06T11:30:00"),
        an_event("Interview", "2026-01-06T10:30:00", "2026-01-06T11:30:00", showAs="tentative"),
        an_event("Vendor demo", "2026-01-06T11:00:00", "2026-01-06T12:00:00", showAs="free"),
        an_event("Writing at home", "2026-01-07T13:00:00", "2026-01-07T15:00:00", showAs="workingElsewhere"),
        an_event("Dentist", "2026-01-08T08:15:00", "2026-01-08T09:15:00", showAs="oof"),
        an_event("Spring conference", "2026-01-07T00:00:00", "2026-01-09T00:00:00", isAllDay=True, showAs="oof"),
        an_event("Late call with Sydney", "2026-01-08T19:30:00", "2026-01-08T20:15:00"),
    )
    for body in mine:
        world.create_event(DANIEL, body, actor=DANIEL)
    session = an_event(
        "Mentoring: Emily and Daniel",
        "2026-01-08T15:00:00",
        "2026-01-08T15:50:00",
        to=(DANIEL,),
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
        body={"contentType": "html", "content": "<p>Bring the <b>two goals</b> we spoke of.</p>"},
    )
    world.create_event(EMILY, session, actor=EMILY)
    odd = an_event(f"Odd {SCRIPT}", "2026-01-07T10:00:00", "2026-01-07T11:00:00", to=(DANIEL,))
    world.create_event(EMILY, odd | {"body": {"contentType": "html", "content": f"<p>Hi</p>{SCRIPT}"}}, actor=EMILY)
    gone = world.create_event(
        EMILY, an_event("Coffee", "2026-01-07T16:00:00", "2026-01-07T16:30:00", to=(DANIEL,)), actor=EMILY
    )
    world.run_due()
    world.cancel_event(EMILY, gone.id, "No time, sorry", actor=EMILY)
    copy = copy_of(world, DANIEL, "Mentoring: Emily and Daniel")
    asked = an_event("Goals", "2026-01-06T14:00:00", "2026-01-06T15:00:00", to=(EMILY,))
    world.create_event(DANIEL, asked, actor=DANIEL)
    world.run_due()
    world.respond(EMILY, copy_of(world, EMILY, "Goals").id, "accepted", actor=EMILY)
    assert copy.response == "notResponded"


def copy_of(world: World, address: str, subject: str):
    (found,) = [event for event in world.events(address) if event.subject == subject]
    return found


def mail_with(world: World, address: str, subject: str) -> MailMessage:
    return next(message for message in world.messages(address, "inbox") if message.subject == subject)


def _subscribe(world: World) -> None:
    for address, kind, lifecycle in ((DANIEL, "events", True), (MAILBOX, "messages", False)):
        body = {
            "changeType": "created,updated",
            "notificationUrl": "https://localhost:9443/notifications",
            "resource": f"users/{address}/{kind}",
            "expirationDateTime": (world.clock.now() + timedelta(days=3)).isoformat(),
            "clientState": "not-to-be-shown",
        }
        if lifecycle:
            body["lifecycleNotificationUrl"] = "https://localhost:9443/lifecycle"
        application = world.directory.applications[APP]
        request = world.subscriptions.check(body, application)
        world.notifier.began(world.subscriptions.store(request, application))


def _talk(world: World) -> None:
    world.deliver = lambda url, body, headers, timeout: Receipt(202)
    mail = {
        "subject": f"A session waits {SCRIPT}",
        "body": {"contentType": "html", "content": f"<p>Dear Daniel,</p><p>a session waits.</p>{SCRIPT}"},
        "toRecipients": [{"emailAddress": {"address": DANIEL}}],
    }
    world.send_mail(MAILBOX, mail, actor=MAILBOX)
    chat = world.create_chat(EMILY, DANIEL)
    asked = world.post_message(chat.id, EMILY, f"<p>Shall we move it?</p>{SCRIPT}")
    world.clock.set(START)
    world.run_due()
    world.post_message(chat.id, DANIEL, "<p>Thursday is <i>fine</i>.</p>")
    world.react(chat.id, asked.id, DANIEL)
    world.deliver = lambda url, body, headers, timeout: Receipt(503)
    copy = copy_of(world, DANIEL, "Project board")
    world.patch_event(DANIEL, copy.id, {"subject": "Project board, moved room"}, actor=DANIEL)


@contextmanager
def page_of(world: World, *, clock_follows: bool = False) -> Iterator[str]:
    """Serve the page of a world; yield its address."""
    with ControlServer(Control(world, clock_follows=clock_follows)) as server:
        yield server.url
