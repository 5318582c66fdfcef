"""The o365 library, unchanged, against the sandbox: calendars, free and busy times, mail, people.

It is pointed there by its own means: a protocol and a connection of one's own (https://o365.github.io/python-o365).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from contract.wire_client import CERTIFICATES, a_world, run, serving
from contract.wire_receiver import receiving
from msal import ConfidentialClientApplication
from O365 import Account, Connection, MSGraphProtocol
from O365.calendar import (
    AttendeeType,
    EventRecurrence,
    EventResponse,
    EventShowAs,
    EventType,
    OnlineMeetingProviderType,
)
from O365.message import MeetingMessageType
from O365.utils.token import FileSystemTokenBackend, MemoryTokenBackend
from requests import HTTPError

from graphsync.sandbox import Fault

PARIS = ZoneInfo("Europe/Paris")
TEN = datetime(2026, 1, 13, 10, tzinfo=PARIS)
ELEVEN = TEN + timedelta(hours=1)
DAY = {"start_recurring": datetime(2026, 1, 13, tzinfo=UTC), "end_recurring": datetime(2026, 1, 14, tzinfo=UTC)}


class SandboxProtocol(MSGraphProtocol):
    """Graph at another address; the scope stays Graph's."""

    def __init__(self, base_url: str, **more) -> None:
        self._protocol_url = f"{base_url}/"
        super().__init__(timezone=PARIS, **more)


class SandboxConnection(Connection):
    """A connection whose tokens come from another authority than login.microsoftonline.com."""

    def __init__(self, credentials, *, authority: str, **more) -> None:
        super().__init__(credentials, **more)
        self._msal_authority = authority

    @property
    def msal_client(self):
        if self._msal_client is None:
            self._msal_client = ConfidentialClientApplication(
                client_id=self.auth[0],
                client_credential=self.auth[1],
                authority=self._msal_authority,
                token_cache=self.token_backend,
                verify=self.verify_ssl,
                instance_discovery=False,
            )
        return self._msal_client


class SandboxAccount(Account):
    connection_constructor = SandboxConnection


def account_of(server, secret="secret", token_backend=None):
    return SandboxAccount(
        ("app", secret),
        protocol=SandboxProtocol(server.base_url),
        authority=server.authority_url,
        auth_flow_type="credentials",
        tenant_id=server.world.tenant_id,
        token_backend=token_backend or MemoryTokenBackend(),
        verify_ssl=str(CERTIFICATES.ca_file),
        requests_delay=0,
    )


@pytest.fixture
def world():
    return a_world(response_delay=(60.0, 60.0))


@pytest.fixture
def server(world, monkeypatch):
    # Where the machine has this variable, requests follows it rather than the session's `verify`.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATES.ca_file))
    with serving(world) as running:
        yield running


@pytest.fixture
def account(server):
    found = account_of(server)
    assert found.authenticate()
    yield found
    found.con.session.close()


@pytest.fixture
def schedule(account):
    return account.schedule(resource="ana@fabrikam.test")


def saved(schedule, subject="Mentoring", *attendees, **fields):
    event = schedule.new_event(subject)
    event.start, event.end = TEN, ELEVEN
    for address in attendees:
        event.attendees.add(address)
    for name, value in fields.items():
        setattr(event, name, value)
    assert event.save()
    return event


def refused(action):
    with pytest.raises(HTTPError) as refusal:
        action()
    answer = refusal.value.response
    return answer.status_code, answer.json()["error"]["code"]


# Sign-in ----------------------------------------------------------------------------------------------------------


def test_the_token_is_had_by_the_library_itself(server):
    account = account_of(server)
    assert not account.is_authenticated
    assert account.authenticate()
    assert account.is_authenticated
    schedule = account.schedule(resource="ana@fabrikam.test")
    assert [schedule.get_default_calendar().name for _ in range(2)] == ["Calendar", "Calendar"]
    account.con.session.close()


def test_a_token_on_file_serves_the_next_run(server, tmp_path):
    first = account_of(server, token_backend=FileSystemTokenBackend(token_path=tmp_path))
    assert first.authenticate()
    second = account_of(server, secret="forgotten", token_backend=FileSystemTokenBackend(token_path=tmp_path))
    assert second.is_authenticated
    assert second.directory().get_user("ana@fabrikam.test").display_name == "Ana"
    second.con.session.close()


def test_a_token_nobody_knows_any_more_is_refused(server, account, schedule):
    server.face.tokens.revoke_all()
    assert refused(schedule.get_default_calendar) == (401, "InvalidAuthenticationToken")


def test_a_wrong_secret_is_not_authenticated(server):
    assert not account_of(server, secret="wrong").authenticate()


# Calendar ---------------------------------------------------------------------------------------------------------


def test_the_default_calendar_is_found(schedule):
    calendar = schedule.get_default_calendar()
    assert (calendar.name, calendar.owner.address) == ("Calendar", "ana@fabrikam.test")
    assert calendar.can_edit
    assert calendar.calendar_id


def test_the_calendars_are_listed(schedule):
    [calendar] = schedule.list_calendars()
    assert calendar.calendar_id == schedule.get_default_calendar().calendar_id
    assert schedule.get_calendar(calendar_name="Calendar").calendar_id == calendar.calendar_id


def test_a_meeting_is_made_with_people_link_and_text(world, schedule):
    event = saved(
        schedule,
        "First talk",
        "bo@fabrikam.test",
        body="<p>Agenda</p>",
        location="Room 2",
        is_online_meeting=True,
        online_meeting_provider=OnlineMeetingProviderType.TeamsForBusiness,
        categories=["mentoring"],
        remind_before_minutes=30,
        show_as=EventShowAs.Oof,
    )
    [stored] = world.events("ana@fabrikam.test")
    assert (stored.id, stored.ical_uid) == (event.object_id, event.ical_uid)
    assert (stored.subject, stored.location, stored.show_as) == ("First talk", "Room 2", "oof")
    assert stored.start == TEN.astimezone(UTC)
    assert stored.original_time_zone == "Romance Standard Time"
    assert [attendee.address for attendee in stored.attendees] == ["bo@fabrikam.test"]
    assert stored.join_url
    assert stored.categories == ["mentoring"]
    [copy] = world.events("bo@fabrikam.test")
    assert copy.ical_uid == stored.ical_uid


def test_a_meeting_is_shown_as_it_is(schedule):
    made = saved(schedule, "Shown", "bo@fabrikam.test", body="<p>Agenda</p>", location="Room 2")
    [event] = schedule.get_events(query=f"iCalUId eq '{made.ical_uid}'", include_recurring=False)
    assert (event.subject, event.start, event.end) == ("Shown", TEN, ELEVEN)
    assert event.get_body_soup().get_text() == "Agenda"
    assert event.location["displayName"] == "Room 2"
    assert event.event_type is EventType.SingleInstance
    assert event.organizer.address == "ana@fabrikam.test"
    [attendee] = event.attendees
    assert (attendee.address, attendee.attendee_type) == ("bo@fabrikam.test", AttendeeType.Required)
    assert attendee.response_status.status is None


def test_an_event_is_found_by_its_id(schedule):
    made = saved(schedule, "By id")
    calendar = schedule.get_default_calendar()
    assert calendar.get_event(made.object_id).subject == "By id"
    assert refused(lambda: calendar.get_event("AAMkNothing=")) == (404, "ErrorItemNotFound")


def test_the_events_of_a_calendar_are_its_own(schedule):
    saved(schedule, "Mine")
    calendar = schedule.get_default_calendar()
    assert [event.subject for event in calendar.get_events(include_recurring=False)] == ["Mine"]
    assert [event.subject for event in calendar.get_events(**DAY)] == ["Mine"]
    later = calendar.new_event("By the calendar")
    later.start, later.end = TEN, ELEVEN
    assert later.save()
    assert len(list(calendar.get_events(include_recurring=False))) == 2


def test_events_are_filtered_ordered_and_cut(schedule):
    for subject in ("C of three", "A of three", "B of three", "Another"):
        saved(schedule, subject)
    builder = schedule.new_query()
    query = builder.contains("subject", "of three")
    found = schedule.get_events(limit=2, query=query, order_by="subject desc", include_recurring=False)
    assert [event.subject for event in found] == ["C of three", "B of three"]
    chosen = schedule.get_events(query=query & builder.select("subject"), include_recurring=False)
    assert sorted(event.subject for event in chosen) == ["A of three", "B of three", "C of three"]


def test_events_come_in_batches(schedule):
    subjects = [f"Batch {number:02d}" for number in range(7)]
    for subject in subjects:
        saved(schedule, subject)
    found = schedule.get_events(limit=None, batch=3, order_by="subject", include_recurring=False)
    assert [event.subject for event in found] == subjects
    some = schedule.get_events(limit=5, batch=3, order_by="subject", include_recurring=False)
    assert [event.subject for event in some] == subjects[:5]


def test_a_series_has_its_occurrences_in_the_view(world, schedule):
    event = schedule.new_event("Weekly")
    event.start, event.end = TEN, ELEVEN
    event.recurrence.set_weekly(
        1, days_of_week=["tuesday"], first_day_of_week="monday", start=TEN.date(), occurrences=4
    )
    assert event.save()
    [master] = world.events("ana@fabrikam.test")
    assert master.recurrence["pattern"]["daysOfWeek"] == ["tuesday"]
    view = schedule.get_events(
        start_recurring=datetime(2026, 1, 12, tzinfo=UTC),
        end_recurring=datetime(2026, 1, 28, tzinfo=UTC),
        order_by="start/dateTime",
    )
    occurrences = list(view)
    assert [each.start for each in occurrences] == [TEN + timedelta(weeks=week) for week in range(3)]
    assert {each.event_type for each in occurrences} == {EventType.Occurrence}
    [shown] = schedule.get_events(include_recurring=False)
    assert isinstance(shown.recurrence, EventRecurrence)
    assert (shown.event_type, shown.recurrence.occurrences) == (EventType.SeriesMaster, 4)


def test_a_change_is_saved_and_moves_the_copies(world, schedule):
    event = saved(schedule, "Before", "bo@fabrikam.test")
    event.subject = "After"
    event.start, event.end = TEN + timedelta(days=1), ELEVEN + timedelta(days=1)
    assert event.save()
    for address in ("ana@fabrikam.test", "bo@fabrikam.test"):
        [stored] = world.events(address)
        assert (stored.subject, stored.start) == ("After", (TEN + timedelta(days=1)).astimezone(UTC))


def test_a_deleted_event_is_gone(world, schedule):
    event = saved(schedule, "Deleted")
    assert event.delete()
    assert world.events("ana@fabrikam.test") == []


def test_a_meeting_is_cancelled_with_a_comment(world, schedule):
    event = saved(schedule, "Called off", "bo@fabrikam.test")
    assert event.cancel_event("Snow")
    assert world.events("ana@fabrikam.test") == []
    [copy] = world.events("bo@fabrikam.test")
    assert copy.is_cancelled
    run(world, timedelta(hours=1))
    assert world.messages("bo@fabrikam.test", "inbox")[0].body == "Snow"


@pytest.mark.parametrize(
    ("answer", "response", "shown_as", "stays"),
    [
        (lambda event: event.accept_event("Gladly"), "accepted", EventResponse.Accepted, True),
        (
            lambda event: event.accept_event(tentatively=True),
            "tentativelyAccepted",
            EventResponse.TentativelyAccepted,
            True,
        ),
        (lambda event: event.decline_event("Sorry"), "declined", EventResponse.Declined, False),
        (lambda event: event.decline_event(send_response=False), "none", None, False),
    ],
    ids=["accepted", "tentatively", "declined", "declined silently"],
)
def test_an_invitation_is_answered(world, account, schedule, answer, response, shown_as, stays):
    saved(schedule, "Invitation", "bo@fabrikam.test")
    [invitation] = account.schedule(resource="bo@fabrikam.test").get_events(**DAY)
    assert answer(invitation)
    run(world, timedelta(hours=1))
    [mine] = world.events("ana@fabrikam.test")
    assert mine.attendees[0].response == response
    assert len(world.events("bo@fabrikam.test")) == int(stays)
    [shown] = schedule.get_events(**DAY)
    [attendee] = shown.attendees
    assert attendee.response_status.status is shown_as


# Free and busy times ----------------------------------------------------------------------------------------------


def test_free_and_busy_times_are_told_by_words(schedule, account):
    saved(account.schedule(resource="bo@fabrikam.test"), "Busy")
    found = schedule.get_availability(
        ["bo@fabrikam.test", "ana@fabrikam.test"], TEN - timedelta(hours=1), TEN + timedelta(hours=2), 60
    )
    views = {each["scheduleId"]: each["availabilityView"] for each in found}
    assert views == {"bo@fabrikam.test": ["free", "busy", "free"], "ana@fabrikam.test": ["free", "free", "free"]}
    [item] = next(each["scheduleItems"] for each in found if each["scheduleId"] == "bo@fabrikam.test")
    assert (item["status"], item["start"]) == ("busy", TEN)


# Mail -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(account):
    return account.mailbox(resource="ana@fabrikam.test")


def a_message(mailbox, subject="Hello"):
    message = mailbox.new_message()
    message.to.add("bo@fabrikam.test")
    message.subject, message.body = subject, "<p>How are you?</p>"
    return message


def test_a_message_is_sent_and_read_by_the_other(world, account, mailbox):
    message = a_message(mailbox)
    message.cc.add("cy@fabrikam.test")
    message.message_headers = [{"name": "x-mentoring", "value": "42"}]
    assert message.send()
    run(world, timedelta(minutes=2))
    [arrived] = world.messages("bo@fabrikam.test", "inbox")
    assert (arrived.subject, arrived.cc, arrived.headers) == ("Hello", ["cy@fabrikam.test"], {"x-mentoring": "42"})
    assert len(world.messages("ana@fabrikam.test", "sentitems")) == 1
    [read] = account.mailbox(resource="bo@fabrikam.test").inbox_folder().get_messages()
    assert (read.subject, read.sender.address, read.is_draft) == ("Hello", "ana@fabrikam.test", False)
    assert read.get_body_text().strip() == "How are you?"
    [to] = read.to
    assert to.address == "bo@fabrikam.test"


def test_a_message_leaves_no_copy_when_told_so(world, mailbox):
    assert a_message(mailbox).send(save_to_sent_folder=False)
    assert world.messages("ana@fabrikam.test", "sentitems") == []


def test_a_draft_is_saved_then_sent(world, mailbox):
    draft = a_message(mailbox, "Draft")
    assert draft.save_draft()
    [stored] = world.messages("ana@fabrikam.test", "drafts")
    assert (stored.id, stored.is_draft) == (draft.object_id, True)
    [shown] = mailbox.drafts_folder().get_messages()
    assert shown.is_draft
    assert draft.send()
    run(world, timedelta(minutes=2))
    assert world.messages("ana@fabrikam.test", "drafts") == []
    assert [each.subject for each in world.messages("bo@fabrikam.test", "inbox")] == ["Draft"]


def test_a_flag_and_receipts_are_kept(world, account, mailbox):
    message = a_message(mailbox)
    message.flag.set_flagged(start_date=TEN, due_date=TEN + timedelta(days=1))
    message.is_read_receipt_requested = True
    assert message.save_draft()
    [draft] = mailbox.drafts_folder().get_messages()
    assert draft.flag.is_flagged
    assert draft.flag.due_date == TEN + timedelta(days=1)
    assert draft.is_read_receipt_requested
    assert not draft.is_delivery_receipt_requested
    assert draft.send()
    run(world, timedelta(minutes=2))
    [arrived] = account.mailbox(resource="bo@fabrikam.test").inbox_folder().get_messages()
    assert not arrived.flag.is_flagged


def test_a_message_is_found_by_id_and_by_filter(world, account, mailbox):
    for subject in ("One", "Two"):
        a_message(mailbox, subject).send()
    run(world, timedelta(minutes=2))
    inbox = account.mailbox(resource="bo@fabrikam.test").inbox_folder()
    [two] = inbox.get_messages(query="subject eq 'Two'")
    assert inbox.get_message(object_id=two.object_id).subject == "Two"
    assert [each.subject for each in inbox.get_messages(limit=1, order_by="subject")] == ["One"]


def test_an_invitation_in_the_inbox_is_an_event_message(world, account, schedule):
    saved(schedule, "Invitation", "bo@fabrikam.test")
    run(world, timedelta(minutes=2))
    [message] = account.mailbox(resource="bo@fabrikam.test").inbox_folder().get_messages()
    assert message.is_event_message
    assert message.meeting_message_type is MeetingMessageType.MeetingRequest


def test_a_message_is_answered(world, account, mailbox):
    a_message(mailbox, "Question").send()
    run(world, timedelta(minutes=2))
    [question] = account.mailbox(resource="bo@fabrikam.test").inbox_folder().get_messages()
    reply = question.reply(to_all=False)
    reply.body = "Fine"
    assert reply.send()
    run(world, timedelta(minutes=2))
    [answer] = world.messages("ana@fabrikam.test", "inbox")
    assert answer.subject == "RE: Question"
    assert "Fine" in answer.body


def test_a_message_is_forwarded_and_copied(world, account, mailbox):
    a_message(mailbox, "News").send()
    run(world, timedelta(minutes=2))
    [news] = account.mailbox(resource="bo@fabrikam.test").inbox_folder().get_messages()
    forwarded = news.forward()
    forwarded.to.add("cy@fabrikam.test")
    assert forwarded.send()
    run(world, timedelta(minutes=2))
    [arrived] = world.messages("cy@fabrikam.test", "inbox")
    assert arrived.subject == "FW: News"
    assert "How are you?" in arrived.body
    copied = news.copy("drafts")
    assert copied.object_id != news.object_id


def test_a_message_is_marked_as_read(world, account, mailbox):
    a_message(mailbox, "Unread").send()
    run(world, timedelta(minutes=2))
    inbox = account.mailbox(resource="bo@fabrikam.test").inbox_folder()
    [message] = inbox.get_messages()
    assert not message.is_read
    assert message.mark_as_read()
    [again] = inbox.get_messages()
    assert again.is_read


def test_the_folders_are_listed(mailbox):
    a_message(mailbox).send()
    names = {folder.name for folder in mailbox.get_folders()}
    assert {"Inbox", "Drafts", "Sent Items"} <= names
    assert mailbox.get_folder(folder_name="Sent Items").total_items_count == 1


def test_automatic_replies_are_read(world, mailbox):
    assert mailbox.get_settings().timezone == "Romance Standard Time"


# People -----------------------------------------------------------------------------------------------------------


def test_people_are_found(account):
    directory = account.directory()
    ana = directory.get_user("ana@fabrikam.test")
    assert (ana.display_name, ana.mail, ana.user_principal_name) == ("Ana", "ana@fabrikam.test", "ana@fabrikam.test")
    assert sorted(user.display_name for user in directory.get_users()) == ["Ana", "Bo", "Cy", "No"]
    [bo] = directory.get_users(query="startswith(displayName, 'B')")
    assert bo.object_id
    assert refused(lambda: directory.get_user("ghost@fabrikam.test")) == (404, "Request_ResourceNotFound")


def test_people_come_in_batches(account):
    found = account.directory().get_users(limit=None, batch=3)
    assert sorted(user.display_name for user in found) == ["Ana", "Bo", "Cy", "No"]


# Subscriptions ----------------------------------------------------------------------------------------------------


@pytest.fixture
def receiver(tmp_path):
    with receiving(*CERTIFICATES.issue(tmp_path)) as running:
        yield running


def test_a_subscription_tells_what_happens(world, account, schedule, receiver):
    subscriptions = account.subscriptions()
    made = subscriptions.create_subscription(
        receiver.url,
        resource="users/ana@fabrikam.test/events",
        change_type=["created", "deleted"],
        expiration_datetime=world.clock.now() + timedelta(hours=5),
        client_state="o365",
    )
    event = saved(schedule, "Told")
    event_id = event.object_id
    run(world, timedelta(minutes=5))
    event.delete()
    run(world, timedelta(minutes=5))
    assert [item["changeType"] for item in receiver.items] == ["created", "deleted"]
    for item in receiver.items:
        assert (item["subscriptionId"], item["clientState"]) == (made["id"], "o365")
        assert item["resourceData"]["id"] == event_id


def test_a_subscription_is_listed_renewed_and_deleted(world, account, receiver):
    subscriptions = account.subscriptions()
    made = subscriptions.create_subscription(
        receiver.url,
        resource="users/ana@fabrikam.test/events",
        expiration_datetime=world.clock.now() + timedelta(hours=1),
    )
    assert [each["id"] for each in subscriptions.list_subscriptions()] == [made["id"]]
    later = world.clock.now() + timedelta(hours=9)
    subscriptions.renew_subscription(made["id"], expiration_datetime=later)
    [live] = world.live_subscriptions()
    assert live.expires_at == later
    assert subscriptions.delete_subscription(made["id"])
    assert world.live_subscriptions() == []


# What goes wrong --------------------------------------------------------------------------------------------------


def test_a_throttled_request_is_sent_again_by_the_library(world, schedule):
    world.faults.add(Fault(operation="getCalendar", kind="throttled", retry_after_s=0))
    assert schedule.get_default_calendar().name == "Calendar"
    assert world.request_counts["getCalendar"] == 2


def test_a_refusal_is_an_error_with_graphs_words(schedule):
    event = schedule.new_event("Backwards")
    event.start, event.end = ELEVEN, TEN
    assert refused(event.save) == (400, "ErrorPropertyValidationFailure")
