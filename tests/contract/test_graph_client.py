"""The Graph client against the sandbox: real msal, real msgraph-sdk, real TLS."""

import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from graphsync.calendar.rooms import Room
from graphsync.calendar.slots import TimeSlot
from graphsync.engine.ports import EventChange, EventDraft, Invitee, MailDraft, RoomChange
from graphsync.errors import (
    DeltaExpired,
    GraphAuthError,
    GraphConflict,
    GraphNotFound,
    GraphRejected,
    GraphThrottled,
    GraphUnavailable,
    TokenRefused,
)
from graphsync.graph.client import GraphClient, GraphConnection
from graphsync.graph.credentials import ClientCertificate, ClientSecret
from graphsync.mentoring import Response
from graphsync.sandbox.certificates import Certificates
from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.faults import Fault
from graphsync.sandbox.server import SandboxServer
from graphsync.sandbox.tenant.directory import Room as TenantRoom
from graphsync.sandbox.world import World

NOW = datetime(2026, 1, 12, 8, tzinfo=UTC)
START = datetime(2026, 2, 3, 9, tzinfo=UTC)
WINDOW = TimeSlot(start=datetime(2026, 2, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))
CLIENT, SECRET = "7a1d2c3b-0000-4000-8000-9f0e1d2c3b4a", "a-secret"
PERMISSIONS = [
    "Calendars.ReadWrite",
    "MailboxSettings.Read",
    "Mail.ReadWrite",
    "Mail.Send",
    "User.Read.All",
    "Chat.Read.All",
]


class Scene:
    """A tenant with a few people, its server, and a client that waits without waiting."""

    def __init__(self, certificates):
        self.world = World(clock=VirtualClock(NOW), seed=1)
        self.ines = self.add("ines", "Ines Vogel", "W. Europe Standard Time", office_location="Berlin")
        self.omar = self.add("omar", "Omar Haddad", "Eastern Standard Time")
        self.bot = self.add("bot", "Mentoring", "UTC")
        self.permit(dict.fromkeys(PERMISSIONS))
        self.server = SandboxServer(self.world, certificates=certificates)
        self.slept = []

    def add(self, name, display_name="Somebody", zone="UTC", **more):
        address = f"{name}@fabrikam.test"
        return self.world.add_user(address=address, display_name=display_name, windows_time_zone=zone, **more)

    def permit(self, permissions, **more):
        self.world.add_application(**({"client_id": CLIENT, "secret": SECRET, "permissions": permissions} | more))

    def client(self, **changes):
        async def sleep(seconds):
            self.slept.append(seconds)

        values = {
            "authority": self.server.authority_url,
            "client_id": CLIENT,
            "credential": ClientSecret(secret=SECRET),
            "graph_url": self.server.graph_url,
            "ca_file": self.server.ca_file,
            "answer_timeout_s": 5.0,
        } | changes
        return GraphClient(GraphConnection(**values), clock=self.world.clock, sleep=sleep)

    def fault(self, operation, kind, **more):
        return self.world.faults.add(Fault(operation=operation, kind=kind, **more))

    def settle(self, span=timedelta(hours=2)):
        """Let invitations and answers arrive."""
        end = self.world.clock.now() + span
        while (due := self.world.next_due_at()) is not None and due <= end:
            self.world.clock.set(max(due, self.world.clock.now()))
            self.world.run_due()
        self.world.clock.set(end)


@pytest.fixture(scope="module")
def certificates():
    certificates = Certificates()
    yield certificates
    certificates.close()


@pytest.fixture
def scene(certificates):
    scene = Scene(certificates)
    with scene.server:
        yield scene


@pytest.fixture
def graph(scene):
    with scene.client() as client:
        yield client


def a_draft(scene, **changes):
    values = {
        "subject": "Mentoring: private words",
        "body_html": "<p>private words</p>",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=50),
        "time_zone": "Europe/Berlin",
        "attendees": (Invitee(address=scene.omar.address, name="Omar"),),
        "online": True,
        "location": "",
        "tag": "mentorship=m1;number=1;rule=it's",
        "transaction_id": "t-1",
    }
    return EventDraft(**(values | changes))


def create(graph, scene, user=None, **changes):
    return graph.create_event((user or scene.ines).id, graph.event_body(a_draft(scene, **changes)))


def meetings(scene, user):
    return [event for event in scene.world.events(user.id) if not event.is_cancelled]


# ---------------------------------------------------------------- people


def test_person_is_known_by_address_in_any_case(scene, graph):
    found = graph.get_user("INES@fabrikam.test")
    assert (found.id, found.address) == (scene.ines.id, "ines@fabrikam.test")
    assert (found.display_name, found.office_location, found.account_enabled) == ("Ines Vogel", "Berlin", True)


def test_disabled_account_is_seen_and_unknown_person_is_not_found(scene, graph):
    scene.world.disable_user(scene.omar.id)
    assert not graph.get_user(scene.omar.address).account_enabled
    with pytest.raises(GraphNotFound) as caught:
        graph.get_user("ghost@fabrikam.test")
    assert "ghost" not in str(caught.value)
    assert caught.value.request_id


def test_working_hours_follow_the_persons_zone(scene, graph):
    assert graph.get_mailbox_settings(scene.ines.id).hours.time_zone == "Europe/Berlin"
    hours = graph.get_mailbox_settings(scene.omar.id).hours
    assert hours.time_zone == "America/New_York"
    assert [(day.weekday, day.start.hour, day.end.hour) for day in hours.hours] == [(day, 9, 17) for day in range(5)]


def test_automatic_replies_are_absences(scene, graph):
    assert graph.get_mailbox_settings(scene.ines.id).absences == ()
    scene.world.set_automatic_replies(scene.ines.id, "scheduled", START, START + timedelta(days=3))
    (absence,) = graph.get_mailbox_settings(scene.ines.id).absences
    assert (absence.starts_at, absence.ends_at) == (START, START + timedelta(days=3))
    scene.world.set_automatic_replies(scene.ines.id, "alwaysEnabled")
    (absence,) = graph.get_mailbox_settings(scene.ines.id).absences
    assert absence.ends_at is None
    assert absence.covers(NOW)


def test_teams_licence_shows_in_the_providers(scene, graph):
    phone = scene.add("phone", teams_licence=False)
    assert "teamsForBusiness" in graph.allowed_online_meeting_providers(scene.ines.id)
    assert "teamsForBusiness" not in graph.allowed_online_meeting_providers(phone.id)


# ---------------------------------------------------------------- events


def test_created_event_comes_back_whole_and_can_be_found_again(scene, graph):
    made = create(graph, scene)
    assert (made.starts_at, made.ends_at) == (START, START + timedelta(minutes=50))
    assert (made.is_organizer, made.organizer_address, made.own_response) == (
        True,
        scene.ines.address,
        Response.ORGANIZER,
    )
    assert made.is_online_meeting
    assert made.join_url.startswith("https://")
    assert made.tag == "mentorship=m1;number=1;rule=it's"
    assert [(one.address, one.response) for one in made.attendees] == [(scene.omar.address, Response.NONE)]
    assert graph.get_event(scene.ines.id, made.id) == made
    assert graph.find_event_by_tag(scene.ines.id, made.tag) == made
    assert graph.find_event_by_tag(scene.ines.id, made.tag.upper()) is None
    assert graph.find_event_by_ical_uid(scene.ines.id, made.ical_uid) == made
    assert "private" not in repr(made)


def test_body_is_written_into_the_calendar_as_it_was_drafted(scene, graph):
    create(graph, scene, online=False, location="Berlin, Room 2")
    (event,) = meetings(scene, scene.ines)
    assert (event.subject, event.location, event.is_online_meeting) == (
        "Mentoring: private words",
        "Berlin, Room 2",
        False,
    )
    assert event.original_time_zone == "W. Europe Standard Time"
    assert event.categories == ["graphsync"]
    assert event.transaction_id == "t-1"


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 28, 9, tzinfo=UTC),
        datetime(2026, 3, 29, 9, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ],
    ids=["before the change", "after the change", "hour that comes twice", "its second time"],
)
def test_times_mean_the_same_instant_on_both_sides_of_a_clock_change(scene, graph, start):
    made = create(graph, scene, starts_at=start, ends_at=start + timedelta(minutes=50))
    assert (made.starts_at, made.ends_at) == (start, start + timedelta(minutes=50))


def test_same_body_again_is_the_same_event_and_another_one_a_conflict(scene, graph):
    made = create(graph, scene)
    assert create(graph, scene).id == made.id
    with pytest.raises(GraphConflict) as caught:
        create(graph, scene, subject="Another")
    assert caught.value.existing_id in ("", made.id)
    assert len(meetings(scene, scene.ines)) == 1


def test_missing_licence_makes_an_event_that_is_not_online(scene, graph):
    phone = scene.add("phone", teams_licence=False)
    made = create(graph, scene, user=phone)
    assert (made.is_online_meeting, made.join_url) == (False, None)


def test_moving_writes_times_and_tag_and_keeps_everything_else(scene, graph):
    made = create(graph, scene)
    change = EventChange(
        starts_at=START + timedelta(days=1),
        ends_at=START + timedelta(days=1, minutes=50),
        time_zone="Europe/Berlin",
        tag="mentorship=m1;number=2;rule=r;replaces=1",
    )
    moved = graph.update_event(scene.ines.id, made.id, change)
    assert (moved.id, moved.ical_uid) == (made.id, made.ical_uid)
    assert moved.starts_at == START + timedelta(days=1)
    assert moved == graph.get_event(scene.ines.id, made.id)
    assert moved.tag == change.tag
    assert [one.address for one in moved.attendees] == [scene.omar.address]


def test_online_meeting_is_added_and_nothing_else_changed(scene, graph):
    made = create(graph, scene, online=False)
    changed = graph.update_event(scene.ines.id, made.id, EventChange(online=True))
    assert changed.is_online_meeting
    assert changed.join_url
    assert (changed.tag, changed.starts_at, changed.attendees) == (made.tag, made.starts_at, made.attendees)


# ---------------------------------------------------------------- rooms


def add_rooms(scene, *names, building="Berlin 2"):
    scene.permit(dict.fromkeys([*PERMISSIONS, "Place.Read.All"]))
    for name in names:
        scene.add(name, name.title(), purpose="room", room=TenantRoom(building=building, capacity=4))


def test_rooms_are_read_on_every_page(scene, graph, monkeypatch):
    monkeypatch.setattr("graphsync.graph.places.PAGE_SIZE", 2)
    add_rooms(scene, "ahorn", "linden", "saal")
    before = scene.world.request_counts.get("listRooms", 0)
    assert graph.list_rooms() == [
        Room(address=f"{name}@fabrikam.test", name=name.title(), building="Berlin 2", capacity=4)
        for name in ("ahorn", "linden", "saal")
    ]
    assert scene.world.request_counts["listRooms"] - before == 2


def test_rooms_are_refused_without_the_permission(graph):
    with pytest.raises(GraphAuthError):
        graph.list_rooms()


def with_room(scene, graph, name, **changes):
    room = Invitee(address=f"{name}@fabrikam.test", name=name.title())
    return create(graph, scene, online=False, room=room, location=f"{room.name}, Berlin 2", **changes)


def answers(event):
    return {one.address: (one.type, one.response) for one in event.attendees}


def test_a_room_answers_an_invite_by_itself_free_or_taken(scene, graph):
    add_rooms(scene, "linden")
    free = with_room(scene, graph, "linden")
    taken = with_room(scene, graph, "linden", transaction_id="t-2", tag="another")
    scene.settle()
    first, second = (graph.get_event(scene.ines.id, made.id) for made in (free, taken))
    assert answers(first)["linden@fabrikam.test"] == ("resource", Response.ACCEPTED)
    assert answers(second)["linden@fabrikam.test"] == ("resource", Response.DECLINED)
    assert answers(second)[scene.omar.address] == ("required", Response.NONE)
    assert graph.get_schedule(scene.ines.id, ["linden@fabrikam.test"], WINDOW)["linden@fabrikam.test"].items


def test_another_room_is_asked_and_everybody_else_stays_invited(scene, graph):
    add_rooms(scene, "ahorn", "linden")
    made = with_room(scene, graph, "linden")
    scene.settle()
    ahorn = Invitee(address="ahorn@fabrikam.test", name="Ahorn")
    change = RoomChange(remove="LINDEN@fabrikam.test", add=ahorn, location="Ahorn, Berlin 2")
    changed = graph.update_event(scene.ines.id, made.id, EventChange(room=change))
    assert (changed.tag, changed.starts_at) == (made.tag, made.starts_at)
    scene.settle()
    seen = graph.get_event(scene.ines.id, made.id)
    assert answers(seen) == {
        scene.omar.address: ("required", Response.NONE),
        "ahorn@fabrikam.test": ("resource", Response.ACCEPTED),
    }
    (event,) = meetings(scene, scene.ines)
    assert (event.location, event.location_address) == ("Ahorn, Berlin 2", "ahorn@fabrikam.test")
    assert meetings(scene, scene.world.user("linden@fabrikam.test")) == []


def test_a_room_that_somebody_has_taken_off_is_not_replaced(scene, graph):
    made = create(graph, scene)
    change = EventChange(room=RoomChange(remove="linden@fabrikam.test", add=None, location="Berlin 2"))
    with pytest.raises(GraphConflict):
        graph.update_event(scene.ines.id, made.id, change)
    assert [one.address for one in graph.get_event(scene.ines.id, made.id).attendees] == [scene.omar.address]


# ---------------------------------------------------------------- answers


def test_answers_are_read_from_the_organizers_copy_and_the_attendees_own(scene, graph):
    made = create(graph, scene)
    scene.settle()
    copy = graph.find_event_by_ical_uid(scene.omar.id, made.ical_uid)
    assert (copy.is_organizer, copy.own_response, copy.tag) == (False, Response.NONE, None)
    assert copy.id != made.id
    proposed = (START + timedelta(days=2), START + timedelta(days=2, minutes=50))
    scene.world.respond(scene.omar.id, copy.id, "tentativelyAccepted", actor=scene.omar.address, proposed=proposed)
    scene.settle()
    (omar,) = graph.get_event(scene.ines.id, made.id).attendees
    assert omar.response is Response.TENTATIVE
    assert NOW < omar.responded_at < NOW + timedelta(hours=5)
    assert omar.proposed == TimeSlot(start=proposed[0], end=proposed[1])
    assert graph.get_event(scene.omar.id, copy.id).own_response is Response.TENTATIVE


def test_declined_copy_is_gone_and_cancelled_one_is_marked(scene, graph):
    first, second = create(graph, scene), create(graph, scene, transaction_id="t-2", tag="n=2")
    scene.settle()
    declined = graph.find_event_by_ical_uid(scene.omar.id, first.ical_uid)
    scene.world.respond(scene.omar.id, declined.id, "declined", actor=scene.omar.address)
    scene.world.cancel_event(scene.ines.id, second.id, actor=scene.ines.address)
    scene.settle()
    assert graph.find_event_by_ical_uid(scene.omar.id, first.ical_uid) is None
    assert graph.find_event_by_ical_uid(scene.omar.id, second.ical_uid).is_cancelled
    with pytest.raises(GraphNotFound):
        graph.get_event(scene.ines.id, second.id)
    with pytest.raises(GraphNotFound):
        graph.get_event(scene.omar.id, first.id)


def test_calendar_view_gives_every_page_and_every_occurrence(scene, graph):
    base = {"attendees": [], "subject": "private words"}
    for number in range(120):
        at = START + timedelta(minutes=30 * number)
        zoned = [
            {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
            for moment in (at, at + timedelta(minutes=30))
        ]
        scene.world.create_event(scene.ines.id, {**base, "start": zoned[0], "end": zoned[1]}, actor=scene.ines.address)
    found = graph.list_calendar_view(scene.ines.id, WINDOW)
    assert len(found) == 120
    assert scene.world.request_counts["listCalendarView"] == 2
    assert "private" not in repr(found)
    assert graph.list_calendar_view(scene.omar.id, WINDOW) == []


def weekly(scene, user):
    body = {
        "subject": "private words",
        "start": {"dateTime": "2026-02-03T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-02-03T10:00:00", "timeZone": "UTC"},
        "attendees": [{"emailAddress": {"address": scene.omar.address}, "type": "required"}],
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
            "range": {"type": "endDate", "startDate": "2026-02-03", "endDate": "2026-02-24"},
        },
    }
    return scene.world.create_event(user.id, body, actor=user.address)


def test_series_shows_as_its_occurrences_in_view_and_delta(scene, graph):
    master = weekly(scene, scene.bot)
    view = graph.list_calendar_view(scene.bot.id, WINDOW)
    assert [(event.type, event.starts_at.day) for event in view] == [("occurrence", day) for day in (3, 10, 17, 24)]
    round_ = graph.calendar_view_delta(scene.bot.id, WINDOW, None)
    found = sorted(round_.events, key=lambda event: event.starts_at)
    assert [event.starts_at.day for event in found] == [3, 10, 17, 24]
    assert {event.series_master_id for event in found} == {master.id}
    assert {event.organizer_address for event in found} == {scene.bot.address}
    assert all(event.attendees[0].address == scene.omar.address for event in found)
    assert "private" not in repr(round_)


# ---------------------------------------------------------------- delta


def test_delta_gives_all_first_and_then_what_has_changed(scene, graph):
    made = [create(graph, scene, user=scene.bot, transaction_id=f"t-{n}", tag=f"n={n}") for n in range(3)]
    first = graph.calendar_view_delta(scene.bot.id, WINDOW, None)
    assert {event.id for event in first.events} == {event.id for event in made}
    assert graph.calendar_view_delta(scene.bot.id, WINDOW, first.delta_link).events == ()
    moved_to = START + timedelta(days=1)
    graph.update_event(
        scene.bot.id,
        made[0].id,
        EventChange(starts_at=moved_to, ends_at=moved_to + timedelta(minutes=50), tag="n=0"),
    )
    scene.world.delete_event(scene.bot.id, made[1].id, actor=scene.bot.address)
    second = graph.calendar_view_delta(scene.bot.id, WINDOW, first.delta_link)
    assert [(event.id, event.starts_at) for event in second.events] == [(made[0].id, moved_to)]
    assert second.removed_ids == (made[1].id,)


def test_lost_delta_token_is_told_apart_from_a_lost_event(scene, graph):
    first = graph.calendar_view_delta(scene.bot.id, WINDOW, None)
    scene.world.expire_delta_tokens(scene.bot.id)
    with pytest.raises(DeltaExpired):
        graph.calendar_view_delta(scene.bot.id, WINDOW, first.delta_link)
    scene.fault("calendarViewDelta", "delta_expired")
    with pytest.raises(DeltaExpired):
        graph.calendar_view_delta(scene.bot.id, WINDOW, None)
    assert graph.calendar_view_delta(scene.bot.id, WINDOW, None).events == ()


# ---------------------------------------------------------------- free/busy


def test_free_busy_of_many_names_who_cannot_be_read(scene, graph):
    create(graph, scene)
    people = [scene.add(f"person{number}").address for number in range(25)]
    asked = ["INES@fabrikam.test", "ghost@fabrikam.test", *people]
    found = graph.get_schedule(scene.bot.id, asked, WINDOW)
    assert list(found) == asked
    assert scene.world.request_counts["getSchedule"] == 2
    ines = found["INES@fabrikam.test"]
    assert [(item.slot, item.status) for item in ines.items] == [
        (TimeSlot(start=START, end=START + timedelta(minutes=50)), "busy")
    ]
    assert len(ines.availability_view) == WINDOW.length // ines.view_interval
    assert ines.availability_view.count("2") == 10
    assert found["ghost@fabrikam.test"].unreadable
    assert found[people[0]].items == ()
    assert found[people[0]].unreadable is None


def test_free_busy_over_months_is_one_schedule(scene, graph):
    create(graph, scene)
    later = START + timedelta(days=70)
    create(graph, scene, transaction_id="t-2", starts_at=later, ends_at=later + timedelta(hours=1))
    window = TimeSlot(start=WINDOW.start, end=WINDOW.start + timedelta(days=100))
    schedule = graph.get_schedule(scene.bot.id, [scene.ines.address], window)[scene.ines.address]
    assert [item.slot.start for item in schedule.items] == [START, later]
    assert len(schedule.availability_view) == window.length // schedule.view_interval
    assert schedule.availability_view[(later - window.start) // schedule.view_interval] == "2"


# ---------------------------------------------------------------- mail


def a_mail(scene):
    headers = (("x-graphsync-practice", "answer_promptly"), ("x-graphsync-rung", "1"))
    to = Invitee(address=scene.ines.address, name="Ines")
    return MailDraft(to=to, subject="private words", body_html="<p>Hi</p>", headers=headers)


def test_mail_is_drafted_then_sent_and_found_where_it_is(scene, graph):
    draft = graph.create_mail_draft(scene.bot.id, a_mail(scene))
    assert graph.find_mail(scene.bot.id, "drafts", draft.internet_message_id) == draft
    assert graph.find_mail(scene.bot.id, "sentitems", draft.internet_message_id) is None
    graph.send_mail_draft(scene.bot.id, draft.id)
    scene.settle()
    assert graph.find_mail(scene.bot.id, "drafts", draft.internet_message_id) is None
    sent = graph.find_mail(scene.bot.id, "sentitems", draft.internet_message_id)
    assert sent.internet_message_id == draft.internet_message_id
    assert sent.id == draft.id
    (received,) = scene.world.messages(scene.ines.id, "inbox")
    assert {name.lower(): value for name, value in dict(received.headers).items()}["x-graphsync-rung"] == "1"


@pytest.mark.parametrize("kind", ["unavailable_after", "dropped_after"])
def test_mail_whose_answer_was_lost_is_sent_once_and_can_be_found(scene, graph, kind):
    draft = graph.create_mail_draft(scene.bot.id, a_mail(scene))
    fault = scene.fault("sendMessage", kind)
    with pytest.raises(GraphUnavailable):
        graph.send_mail_draft(scene.bot.id, draft.id)
    assert fault.struck == 1
    scene.settle()
    assert graph.find_mail(scene.bot.id, "sentitems", draft.internet_message_id) is not None
    assert len(scene.world.messages(scene.ines.id, "inbox")) == 1


def mailed(scene, author, to, *, copy=(), headers=None):
    """Let somebody write to somebody, and return the copy that arrived last."""
    people = {"toRecipients": [to], "ccRecipients": copy}
    body = {"subject": "private words", "body": {"contentType": "text", "content": "private words"}} | {
        name: [{"emailAddress": {"address": person.address}} for person in found] for name, found in people.items()
    }
    scene.world.mailroom.send_mail(author, body, actor=author.address, save=True, headers=headers)
    scene.settle(timedelta(minutes=1))
    return scene.world.messages(to.id, "inbox")[0]


def test_mail_from_one_person_is_read_with_the_least_permission_and_without_its_words(scene, graph):
    scene.permit({"Mail.ReadBasic.All": None})
    old = mailed(scene, scene.omar, scene.ines)
    since = scene.world.clock.now()
    mailed(scene, scene.bot, scene.ines)
    mailed(scene, scene.ines, scene.omar)
    new = mailed(scene, scene.omar, scene.ines)
    away = mailed(scene, scene.omar, scene.ines, headers={"Auto-Submitted": "auto-replied"})
    copied = mailed(scene, scene.omar, scene.ines, copy=[scene.bot])
    found = graph.list_mail_from(scene.ines.id, scene.omar.address, since)
    assert {one.id: one.is_for(scene.ines.address) for one in found} == {new.id: True, away.id: False, copied.id: False}
    assert "private" not in repr(found)
    assert {one.id for one in graph.list_mail_from(scene.ines.id, scene.omar.address, NOW)} > {old.id}


def test_an_invite_is_no_letter(scene, graph):
    create(graph, scene)
    scene.settle()
    (invite,) = graph.list_mail_from(scene.omar.id, scene.ines.address, NOW)
    assert invite.is_meeting


def test_much_mail_is_read_to_the_end(scene, graph):
    for _ in range(120):
        mailed(scene, scene.omar, scene.ines)
    assert len(graph.list_mail_from(scene.ines.id, scene.omar.address, NOW)) == 120


def test_mail_is_not_read_without_the_permission_or_outside_its_scope(scene, graph):
    scene.permit({"User.Read.All": None})
    with pytest.raises(GraphAuthError):
        graph.list_mail_from(scene.ines.id, scene.omar.address, NOW)
    scene.permit({"Mail.ReadBasic.All": frozenset({scene.ines.id})})
    assert graph.list_mail_from(scene.ines.id, scene.omar.address, NOW) == []
    with pytest.raises(GraphAuthError):
        graph.list_mail_from(scene.omar.id, scene.ines.address, NOW)


# ---------------------------------------------------------------- chats


def test_chats_and_messages_are_read_without_their_words(scene, graph):
    chat = scene.world.create_chat(scene.ines.id, scene.omar.id)
    scene.world.create_chat(scene.ines.id, scene.bot.id)
    found = graph.list_chats(scene.ines.id)
    assert {frozenset(one.members) for one in found} == {
        frozenset({scene.ines.id, scene.omar.id}),
        frozenset({scene.ines.id, scene.bot.id}),
    }
    assert {one.chat_type for one in found} == {"oneOnOne"}
    old = scene.world.post_message(chat.id, scene.ines.id, "<p>private words</p>")
    scene.world.clock.set(NOW + timedelta(hours=1))
    new = scene.world.post_message(chat.id, scene.omar.id, "<p>private words</p>")
    messages = graph.list_chat_messages(chat.id, NOW - timedelta(days=1))
    assert [(one.id, one.author) for one in messages] == [(new.id, scene.omar.id), (old.id, scene.ines.id)]
    assert "private" not in repr(messages)
    assert [one.id for one in graph.list_chat_messages(chat.id, NOW + timedelta(minutes=30))] == [new.id]
    scene.world.clock.set(NOW + timedelta(hours=2))
    scene.world.react(chat.id, old.id, scene.omar.id)
    (reacted,) = graph.list_chat_messages(chat.id, NOW + timedelta(minutes=90))
    assert (reacted.id, reacted.reactions[0].by) == (old.id, scene.omar.id)


def test_long_chats_are_read_to_the_end(scene, graph):
    chat = scene.world.create_chat(scene.ines.id, scene.omar.id)
    for minute in range(120):
        scene.world.clock.set(NOW + timedelta(minutes=minute))
        scene.world.post_message(chat.id, scene.ines.id, "<p>x</p>")
    assert len(graph.list_chat_messages(chat.id, NOW - timedelta(days=1))) == 120


# ---------------------------------------------------------------- subscriptions


class Receiver(BaseHTTPRequestHandler):
    """Answers Graph's validation request, and nothing else."""

    def do_POST(self):
        token = parse_qs(urlsplit(self.path).query)["validationToken"][0].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(token)))
        self.end_headers()
        self.wfile.write(token)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver_url(certificates):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    certificate, key = certificates.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}/graph/notifications/1"
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(graph, resource, url, expires_at):
    return graph.create_subscription(
        resource, change_type="created,updated,deleted", notification_url=url, client_state="s", expires_at=expires_at
    )


def test_subscription_is_made_renewed_listed_and_deleted(scene, graph, receiver_url):
    wanted = NOW + timedelta(days=6)
    granted = subscribe(graph, f"users/{scene.ines.id}/events", receiver_url, wanted)
    assert granted.expires_at <= wanted
    assert granted.notification_url == receiver_url
    (live,) = scene.world.live_subscriptions()
    assert (live.client_state, live.lifecycle_url) == ("s", receiver_url)
    renewed = graph.renew_subscription(granted.id, wanted + timedelta(hours=1))
    assert renewed.expires_at == live.expires_at
    assert renewed.expires_at > granted.expires_at
    assert graph.list_subscriptions() == [renewed]
    graph.delete_subscription(granted.id)
    graph.delete_subscription(granted.id)
    assert graph.list_subscriptions() == []
    with pytest.raises(GraphNotFound):
        graph.renew_subscription(granted.id, wanted)


def test_chats_are_subscribed_to_for_three_days(scene, graph, receiver_url):
    chat = scene.world.create_chat(scene.ines.id, scene.omar.id)
    wanted = NOW + timedelta(days=2, hours=23)
    assert subscribe(graph, f"chats/{chat.id}/messages", receiver_url, wanted).expires_at <= wanted


def test_receiver_that_does_not_answer_is_a_refusal(scene, graph):
    with pytest.raises(GraphRejected) as caught:
        subscribe(graph, f"users/{scene.ines.id}/events", "https://localhost:1/n", NOW + timedelta(days=1))
    assert caught.value.status == 400


# ---------------------------------------------------------------- what goes wrong


def test_throttling_is_waited_out_as_long_as_graph_asks(scene, graph):
    scene.fault("listCalendarView", "throttled", retry_after_s=7)
    assert graph.list_calendar_view(scene.ines.id, WINDOW) == []
    assert scene.slept == [7.0]


def test_throttling_without_a_time_is_backed_off_from(scene, graph):
    scene.fault("getEvent", "throttled", times=2)
    made = create(graph, scene)
    assert graph.get_event(scene.ines.id, made.id).id == made.id
    assert scene.slept == [1.0, 2.0]


def test_throttling_for_minutes_is_handed_back(scene, graph):
    scene.fault("getMailboxSettings", "throttled", retry_after_s=300)
    with pytest.raises(GraphThrottled) as caught:
        graph.get_mailbox_settings(scene.ines.id)
    assert caught.value.retry_after == timedelta(minutes=5)
    assert caught.value.code == "ApplicationThrottled"
    assert scene.slept == []


@pytest.mark.parametrize(
    "kind", ["throttled", "unavailable", "unavailable_after", "gateway_timeout", "dropped", "dropped_after"]
)
def test_event_is_made_once_whatever_happens_to_the_answer(scene, graph, kind):
    fault = scene.fault("createEvent", kind, times=2)
    made = create(graph, scene)
    assert fault.struck == 2
    assert [event.id for event in meetings(scene, scene.ines)] == [made.id]
    scene.settle()
    assert len(meetings(scene, scene.omar)) == 1
    assert len(scene.world.messages(scene.omar.id, "inbox")) == 1


@pytest.mark.parametrize("kind", ["timeout", "timeout_after"])
def test_event_is_made_once_although_graph_keeps_silent(scene, kind):
    with scene.client(answer_timeout_s=1.0) as graph:
        scene.fault("createEvent", kind, hold_s=2.0)
        made = create(graph, scene)
    assert [event.id for event in meetings(scene, scene.ines)] == [made.id]


@pytest.mark.parametrize("kind", ["unavailable_after", "dropped_after"])
def test_event_whose_every_answer_is_lost_can_be_found_by_its_tag(scene, graph, kind):
    scene.fault("createEvent", kind, times=9)
    with pytest.raises(GraphUnavailable):
        create(graph, scene)
    scene.world.faults.clear()
    found = graph.find_event_by_tag(scene.ines.id, a_draft(scene).tag)
    assert [event.id for event in meetings(scene, scene.ines)] == [found.id]


@pytest.mark.parametrize("kind", ["unavailable_after", "dropped_after"])
def test_move_whose_answer_is_lost_mails_people_once(scene, graph, kind):
    made = create(graph, scene)
    scene.settle()
    before = len(scene.world.messages(scene.omar.id, "inbox"))
    scene.fault("updateEvent", kind)
    later = START + timedelta(days=1)
    graph.update_event(
        scene.ines.id, made.id, EventChange(starts_at=later, ends_at=later + timedelta(minutes=50), tag="n=2")
    )
    scene.settle()
    assert len(scene.world.messages(scene.omar.id, "inbox")) == before + 1


def test_outage_is_given_up_after_a_few_attempts(scene, graph):
    fault = scene.fault("getUser", "unavailable", times=99)
    with pytest.raises(GraphUnavailable) as caught:
        graph.get_user(scene.ines.address)
    assert (fault.struck, caught.value.status, scene.slept) == (4, 503, [1.0, 2.0, 4.0])


def test_mailbox_out_of_scope_is_the_operators_matter(scene, graph):
    scene.permit({**dict.fromkeys(PERMISSIONS), "Calendars.ReadWrite": frozenset({scene.ines.id})})
    assert graph.list_calendar_view(scene.ines.id, WINDOW) == []
    with pytest.raises(GraphAuthError) as caught:
        graph.list_calendar_view(scene.omar.id, WINDOW)
    assert (caught.value.status, caught.value.code) == (403, "ErrorAccessDenied")


def test_permission_that_was_not_granted_is_the_operators_matter(scene, graph):
    scene.permit({"User.Read.All": None})
    for call in (graph.list_chats, graph.get_mailbox_settings):
        with pytest.raises(GraphAuthError):
            call(scene.ines.id)


@pytest.mark.parametrize("mailbox", ["none", "on_premises"])
def test_person_without_a_mailbox_is_told_by_the_code(scene, graph, mailbox):
    external = scene.add("external", mailbox=mailbox)
    with pytest.raises(GraphNotFound) as caught:
        graph.get_mailbox_settings(external.id)
    assert caught.value.code in ("MailboxNotEnabledForRESTAPI", "ResourceNotFound")


def test_deleted_person_is_not_found(scene, graph):
    scene.world.remove_user(scene.omar.id)
    with pytest.raises(GraphNotFound):
        graph.list_calendar_view(scene.omar.id, WINDOW)


def test_revoked_token_is_the_operators_matter_and_a_new_one_is_fetched_later(scene, graph):
    graph.get_user(scene.ines.address)
    scene.server.face.tokens.revoke_all()
    with pytest.raises(GraphAuthError) as caught:
        graph.get_user(scene.ines.address)
    assert caught.value.status == 401
    scene.world.clock.set(NOW + timedelta(minutes=10))
    with pytest.raises(GraphAuthError):
        graph.get_user(scene.ines.address)
    assert graph.get_user(scene.ines.address).id == scene.ines.id


def test_wrong_secret_says_what_to_do_and_keeps_the_secret(scene):
    wrong = ClientSecret(secret="quite-another")
    with scene.client(credential=wrong) as graph, pytest.raises(TokenRefused) as caught:
        graph.get_user(scene.ines.address)
    assert caught.value.code == "invalid_client AADSTS7000215"
    assert "quite-another" not in str(caught.value)
    assert scene.slept == []


def test_certificate_signs_in(scene):
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("graphsync.test", key_type=trustme.KeyType.RSA)
    certificate = issued.cert_chain_pems[0].bytes()
    scene.permit(dict.fromkeys(PERMISSIONS), secret=None, certificate_pem=certificate)
    pem = issued.private_key_pem.bytes().decode() + certificate.decode()
    with scene.client(credential=ClientCertificate(pem=pem)) as graph:
        assert graph.get_user(scene.ines.address).id == scene.ines.id


def test_certificate_that_is_not_registered_is_refused(scene):
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("graphsync.test", key_type=trustme.KeyType.RSA)
    pem = issued.private_key_pem.bytes().decode() + issued.cert_chain_pems[0].bytes().decode()
    with (
        scene.client(credential=ClientCertificate(pem=pem)) as graph,
        pytest.raises(TokenRefused, match="AADSTS700027"),
    ):
        graph.get_user(scene.ines.address)


def test_server_of_an_unknown_authority_is_not_trusted(scene):
    with scene.client(ca_file=None) as graph, pytest.raises(GraphUnavailable) as caught:
        graph.get_user(scene.ines.address)
    assert caught.value.code == "certificate_not_trusted"


def test_stopped_server_is_unavailable(certificates):
    scene = Scene(certificates)
    with scene.server, scene.client() as graph:
        graph.get_user(scene.ines.address)
        scene.server.stop()
        with pytest.raises(GraphUnavailable):
            graph.get_user(scene.ines.address)


def test_foreign_delta_link_is_not_followed(scene, graph):
    with pytest.raises(GraphRejected, match="foreign_link"):
        graph.calendar_view_delta(
            scene.bot.id, WINDOW, "https://localhost:1/v1.0/users/x/calendarView/delta?$deltatoken=1"
        )


def test_many_threads_share_one_token_and_keep_the_limit_per_mailbox(scene):
    in_flight, most, lock = 0, 0, threading.Lock()

    def watch(operation, phase):
        nonlocal in_flight, most
        with lock:
            in_flight += 1 if phase == "received" else -1
            most = max(most, in_flight)

    with scene.client() as graph:
        scene.world.on_request = watch
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda _: graph.list_calendar_view(scene.ines.id, WINDOW), range(40)))
    assert found == [[]] * 40
    assert most <= 3


def test_nothing_private_is_in_the_logs(scene, graph, caplog):
    with caplog.at_level("DEBUG", logger="graphsync"):
        scene.fault("createEvent", "unavailable")
        scene.fault("getEvent", "unavailable", times=9)
        made = create(graph, scene)
        with pytest.raises(GraphUnavailable) as caught:
            graph.get_event(scene.ines.id, made.id)
    text = json.dumps([record.getMessage() for record in caplog.records]) + str(caught.value)
    for word in ("private", "fabrikam", SECRET, "Bearer"):
        assert word not in text


def test_closed_client_refuses_and_its_thread_is_gone(scene):
    graph = scene.client()
    graph.close()
    graph.close()
    with pytest.raises(GraphUnavailable, match="shut_down"):
        graph.get_user(scene.ines.address)
    assert not any(thread.name == "graphsync-graph" for thread in threading.enumerate())
