"""What is wrong with people, mailboxes and requests is said where it can be mended, and everybody else goes on."""

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from tenant import PROGRAMME, SESSION, TamperedGraph, a_pair, a_person, berlin

from graphsync.calendar import Schedule
from graphsync.errors import StoreUnavailable
from graphsync.mentoring import Response
from graphsync.sandbox.tenant.directory import Profile
from graphsync.web.counters import Count

TWO_PAIRS = {
    "people": [a_person(name) for name in ("mira", "tom", "noor")],
    "pairs": [a_pair("mira", "tom"), a_pair("mira", "noor")],
}
SOMEBODY_UNKNOWN = [a_pair("mira", "tom"), a_pair("mira", "nobody"), a_pair("nobody", "tom")]


def user(tenant, name):
    return tenant.world.user(name if "@" in name else f"{name}@fabrikam.test")


# People ------------------------------------------------------------------------------------------------------


def test_people_the_directory_does_not_know_are_named_with_their_line_and_the_others_go_on(open_tenant):
    tenant = open_tenant(pairs=SOMEBODY_UNKNOWN)
    tenant.run_for(minutes=5)
    assert tenant.only_meeting("tom", "mira")
    assert sorted(text.split(": the directory")[0] for text in tenant.alerts().values()) == [
        "mentorships.csv:3: mentee 'nobody@fabrikam.test'",
        "mentorships.csv:4: mentor 'nobody@fabrikam.test'",
    ]


def test_somebody_whose_account_is_made_later_is_taken_up_within_a_day(open_tenant):
    tenant = open_tenant(pairs=SOMEBODY_UNKNOWN, sweep_hours=24)
    tenant.run_for(hours=5)
    tenant.add_person("nobody")
    tenant.grant()
    tenant.run_for(days=1)
    assert tenant.only_meeting("nobody", "mira")
    assert tenant.only_meeting("nobody", "tom")
    assert tenant.alerts() == {}


def test_an_alert_about_a_line_goes_when_the_line_was_corrected(open_tenant):
    tenant = open_tenant(pairs=SOMEBODY_UNKNOWN)
    tenant.run_for(minutes=5)
    tenant.config = replace(tenant.config, mentorships=tenant.config.mentorships[:1])
    tenant.start_service()
    tenant.run_for(minutes=5)
    assert tenant.alerts() == {}


UNREACHABLE = {
    "no mailbox": ("has no mailbox in the cloud", lambda tenant: setattr(user(tenant, "tom"), "mailbox", "none")),
    "on premises": ("has no mailbox in the cloud", lambda t: setattr(user(t, "tom"), "mailbox", "on_premises")),
    "disabled": ("has left the directory or is disabled", lambda t: t.world.disable_user("tom@fabrikam.test")),
    "out of scope": ("outside the scope granted", lambda t: (t.out_of_scope.add("tom"), t.grant())),
}


@pytest.mark.parametrize(("said", "spoil"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_nothing_is_booked_with_somebody_whose_calendar_cannot_be_read_and_the_others_go_on(open_tenant, said, spoil):
    tenant = open_tenant(**TWO_PAIRS)
    spoil(tenant)
    tenant.run_for(days=1)
    assert tenant.meetings("mira", "tom") == []
    assert tenant.only_meeting("mira", "noor")
    assert [said in text for text in tenant.alerts().values()] == [True]
    assert set(tenant.alerts()) == {f"unreachable/{user(tenant, 'tom').id}"}


MENDED = {
    "no mailbox": (
        lambda tenant: setattr(user(tenant, "tom"), "mailbox", "none"),
        lambda tenant: setattr(user(tenant, "tom"), "mailbox", "ok"),
    ),
    "out of scope": (
        lambda tenant: (tenant.out_of_scope.add("tom"), tenant.grant()),
        lambda tenant: (tenant.out_of_scope.discard("tom"), tenant.grant()),
    ),
}


@pytest.mark.parametrize(("spoil", "mend"), MENDED.values(), ids=MENDED)
def test_what_was_mended_is_booked_again_within_a_day_and_the_alert_goes(open_tenant, spoil, mend):
    tenant = open_tenant(sweep_hours=24)
    spoil(tenant)
    tenant.run_for(hours=3)
    mend(tenant)
    tenant.run_for(days=1)
    assert tenant.only_meeting("mira").ical_uid == tenant.only_meeting("tom").ical_uid
    assert tenant.alerts() == {}
    watched = {subscription.resource for subscription in tenant.world.live_subscriptions()}
    assert any(user(tenant, "tom").id in resource for resource in watched)


@pytest.mark.parametrize(("spoil", "mend"), MENDED.values(), ids=MENDED)
def test_a_mailbox_that_is_out_of_reach_for_a_while_loses_no_session(open_tenant, spoil, mend):
    tenant = open_tenant(sweep_hours=24)
    tenant.run_for(minutes=5)
    before = tenant.only_meeting("tom")
    tenant.answer("mira", before, "accepted")
    spoil(tenant)
    tenant.run_for(days=2)
    assert [session.loss for session in tenant.sessions()] == [None]
    mend(tenant)
    tenant.run_for(days=1)
    assert tenant.only_meeting("tom").ical_uid == before.ical_uid
    assert [session.loss for session in tenant.sessions()] == [None]
    assert tenant.alerts() == {}


def test_a_programme_mailbox_out_of_scope_holds_its_own_cohort_only(open_tenant):
    tenant = open_tenant(
        people=TWO_PAIRS["people"],
        pairs=[a_pair("mira", "tom", cohort="by-programme"), a_pair("mira", "noor")],
        out_of_scope={"mentoring"},
        sweep_hours=24,
    )
    tenant.run_for(hours=5)
    assert tenant.meetings("tom") == []
    assert tenant.only_meeting("noor")
    assert set(tenant.alerts()) == {f"unreachable/{user(tenant, PROGRAMME).id}"}
    assert tenant.requests("createEvent") == 1
    tenant.out_of_scope.clear()
    tenant.grant()
    tenant.run_for(days=1)
    assert tenant.only_meeting("tom").organizer_address == PROGRAMME
    assert tenant.alerts() == {}


def test_a_shared_mailbox_has_no_account_to_sign_in_with_and_organizes_all_the_same(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")], sweep_hours=24)
    tenant.world.disable_user(PROGRAMME)
    tenant.run_for(days=1)
    assert tenant.only_meeting("tom").organizer_address == PROGRAMME
    assert tenant.alerts() == {}


def test_free_busy_is_asked_for_from_a_mailbox_in_scope_whoever_comes_first(open_tenant):
    tenant = open_tenant(**TWO_PAIRS, out_of_scope={"mentoring", "noor"})
    tenant.run_for(hours=2)
    assert tenant.only_meeting("tom", "mira")


def test_scope_lost_right_before_booking_is_found_out_and_the_others_are_booked(open_tenant):
    tenant = open_tenant(**TWO_PAIRS)

    def lose_scope(operation, phase):
        if (operation, phase) == ("getSchedule", "received") and "tom" not in tenant.out_of_scope:
            tenant.out_of_scope |= {"tom", "mentoring"}
            tenant.grant()

    tenant.world.on_request = lose_scope
    tenant.run_for(hours=3)
    assert tenant.meetings("tom") == []
    assert tenant.only_meeting("noor")
    assert any("grant the permission" in text for text in tenant.alerts().values())


@pytest.mark.parametrize("code", ["5006", ""], ids=["too many entries", "no reason given"])
def test_nothing_is_booked_over_one_calendar_that_cannot_be_read_and_it_is_tried_again_soon(open_tenant, code):
    tenant = open_tenant(**TWO_PAIRS)
    until = berlin("2026-03-02 08:25")

    def get_schedule(real, requester, addresses, window):
        read = real(requester, addresses, window)
        hidden = {"tom@fabrikam.test"} & read.keys() if tenant.now < until else ()
        return read | {address: Schedule(address=address, unreadable=code) for address in hidden}

    tenant.start_service(graph=TamperedGraph(tenant.graph, get_schedule=get_schedule))
    tenant.run_until(until)
    assert tenant.meetings("tom") == []
    assert tenant.only_meeting("noor")
    assert "the calendar of the mentee could not be read" in [entry.detail for entry in tenant.audit()]
    tenant.run_for(hours=1)
    assert tenant.only_meeting("tom")


def test_all_calendars_out_of_reach_is_an_alert_that_goes_when_they_are_back(open_tenant):
    tenant = open_tenant()

    def refuse(operation, _phase):
        if operation == "createSubscription" and tenant.requests(operation) == 3:  # the last thing before deciding
            tenant.world.on_request = None
            tenant.permissions["Calendars.ReadWrite"] = "refused"
            tenant.grant()

    tenant.world.on_request = refuse
    tenant.run_for(minutes=30)
    assert "free/busy cannot be read" in tenant.alerts()["refused/free-busy"]
    del tenant.permissions["Calendars.ReadWrite"]
    tenant.grant()
    tenant.run_for(hours=2)
    assert tenant.only_meeting("tom")
    assert "refused/free-busy" not in tenant.alerts()


def test_a_directory_that_may_not_be_read_is_an_alert_and_the_start_is_tried_again(open_tenant):
    tenant = open_tenant(permissions={"User.Read.All": "refused"})
    tenant.run_for(minutes=30)
    assert "the mentorships file cannot be taken up" in tenant.alerts()["refused/start"]
    assert tenant.requests("getUser") < 10
    tenant.permissions["User.Read.All"] = None
    tenant.grant()
    tenant.run_for(hours=1)
    assert tenant.only_meeting("tom")
    assert tenant.alerts() == {}


def test_the_answer_of_a_guest_is_read_from_the_organizers_copy_and_their_calendar_is_nobodys(open_tenant, caplog):
    guest = "gast@elsewhere.test"
    people = [a_person("tom"), a_person(guest, profile=Profile(user_type="Guest"))]
    tenant = open_tenant(people=people, pairs=[a_pair(guest, "tom", standing="tue 10:00")], sweep_hours=24)
    tenant.run_for(hours=2)

    def declined(real, *asked):
        found = real(*asked)
        said = {"response": Response.DECLINED, "responded_at": tenant.now}
        return replace(found, attendees=tuple(replace(a, **said) if a.address == guest else a for a in found.attendees))

    tenant.start_service(graph=TamperedGraph(tenant.graph, get_event=declined))
    tenant.run_for(days=2)
    (first, *_) = tenant.sessions(guest)
    assert first.loss == "declined"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_an_attendee_whose_mailbox_left_the_scope_still_answers_on_the_organizers_copy(open_tenant, caplog):
    tenant = open_tenant(sweep_hours=24)
    tenant.run_for(minutes=30)
    meeting = tenant.only_meeting("tom")
    tenant.out_of_scope.add("mira")
    tenant.grant()
    tenant.run_for(days=1, hours=2)
    tenant.answer("mira", meeting, "declined")
    tenant.run_for(hours=3)
    assert tenant.sessions()[0].loss == "declined"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


# Odd settings ------------------------------------------------------------------------------------------------


def test_an_unknown_time_zone_falls_back_to_the_configured_one_and_the_admin_is_told(open_tenant):
    tenant = open_tenant(sweep_hours=2)
    tom = user(tenant, "tom")
    tom.windows_time_zone = "Mars Standard Time"
    tenant.run_for(minutes=5)
    meeting = tenant.only_meeting("tom")
    assert meeting.start.astimezone(berlin("2026-03-02").tzinfo).hour in range(9, 17)
    text = tenant.alerts()[f"unknown-zone/{tom.id}"]
    assert "'Mars Standard Time', which is not a known one: their hours are taken to be in Europe/Berlin" in text
    tom.windows_time_zone = "W. Europe Standard Time"
    tenant.run_for(hours=3)
    assert tenant.alerts() == {}


def test_an_unknown_time_zone_is_no_matter_where_the_file_names_the_zone(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", mentee_time_zone="Europe/Paris")])
    user(tenant, "tom").windows_time_zone = "Mars Standard Time"
    tenant.run_for(minutes=5)
    assert tenant.alerts() == {}


def test_automatic_replies_that_stay_on_without_an_end_are_told_to_the_admin_after_a_fortnight(open_tenant):
    tenant = open_tenant(sweep_hours=12)
    tenant.run_for(minutes=5)
    tom = user(tenant, "tom")
    tenant.world.set_automatic_replies(tom.address, "alwaysEnabled")
    tenant.run_for(days=14)
    assert tenant.alerts() == {}
    tenant.run_for(days=1)
    assert "ask them for an end, or to switch them off" in tenant.alerts()[f"away-without-end/{tom.id}"]
    tenant.world.set_automatic_replies(tom.address, "disabled")
    tenant.run_for(hours=13)
    assert tenant.alerts() == {}


@pytest.mark.parametrize("who", ["a mailbox of ours", "somebody who has left"])
def test_the_clock_of_nobody_in_the_programme_is_no_alert(open_tenant, who):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")], sweep_hours=12)
    tenant.run_for(minutes=5)
    address = "mentoring@fabrikam.test" if who == "a mailbox of ours" else "tom@fabrikam.test"
    tenant.world.set_automatic_replies(address, "alwaysEnabled")
    tenant.world.user(address).windows_time_zone = "Mars Standard Time"
    if who == "somebody who has left":
        tenant.run_for(days=15)
        assert len(clock_alerts(tenant)) == 2
        tenant.world.disable_user(address)
        tenant.run_for(days=1)
    else:
        tenant.run_for(days=16)
    assert clock_alerts(tenant) == []


def clock_alerts(tenant):
    return [key for key in tenant.alerts() if key.startswith(("unknown-zone/", "away-without-end/"))]


ODD_HOURS = {
    "no days": {"days": ()},
    "weekend": {"days": ("saturday", "sunday")},
    "night shift": {"start": "22:00", "end": "06:00"},
    "round the clock": {"start": "00:00", "end": "00:00"},
    "a quarter of an hour": {"start": "09:00", "end": "09:15"},
}


@pytest.mark.parametrize("hours", ODD_HOURS.values(), ids=ODD_HOURS)
def test_odd_working_hours_of_mentor_or_mentee_stop_nothing(open_tenant, hours):
    tenant = open_tenant(
        people=[a_person("odd", **hours), a_person("mira"), a_person("tom"), a_person("noor")],
        pairs=[a_pair("mira", "odd"), a_pair("odd", "tom"), a_pair("mira", "noor")],
    )
    tenant.run_for(minutes=30)
    tenant.world.set_automatic_replies("odd@fabrikam.test", "alwaysEnabled")
    tenant.start_service()
    tenant.run_for(minutes=30)
    assert tenant.only_meeting("noor")
    assert tenant.alerts() == {}


# Bugs of ours, and of Graph ----------------------------------------------------------------------------------


def fails_for(name):
    """Return a stand-in for `event_body` that fails where somebody of that name is invited."""

    def event_body(real, draft):
        if any(invitee.name.casefold() == name for invitee in draft.attendees):
            raise KeyError("something nobody has thought of")
        return real(draft)

    return event_body


def test_a_fault_in_one_mentorship_is_an_alert_and_all_others_are_booked(open_tenant, caplog):
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", "tom", "eve", "noor")],
        pairs=[a_pair("eve", "noor"), a_pair("mira", "tom")],
    )
    tenant.start_service(graph=TamperedGraph(tenant.graph, event_body=fails_for("eve")))
    tenant.run_for(hours=3)
    assert tenant.only_meeting("tom")
    assert tenant.meetings("noor") == []
    (alert,) = tenant.alerts().values()
    assert "a fault of graphsync, KeyError" in alert
    assert "something nobody has thought of" in caplog.text, "the log has the traceback"
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(hours=1)
    assert tenant.only_meeting("noor")
    assert tenant.alerts() == {}


@pytest.mark.parametrize("call", ["get_mailbox_settings", "list_calendar_view", "create_event", "create_subscription"])
def test_a_fault_in_one_call_keeps_nobody_else_waiting(open_tenant, call):
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", "tom", "eve", "noor")],
        pairs=[a_pair("eve", "noor"), a_pair("mira", "tom")],
    )
    noor = user(tenant, "noor").id

    def fail(real, first, *args, **options):
        if noor in first:
            raise ValueError("odd data")
        return real(first, *args, **options)

    tenant.start_service(graph=TamperedGraph(tenant.graph, **{call: fail}))
    tenant.run_for(hours=2)
    assert tenant.only_meeting("tom")
    assert [key.split("/")[0] for key in tenant.alerts()] == ["fault"]
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(hours=2)
    assert tenant.only_meeting("noor")
    assert tenant.alerts() == {}


def test_times_graph_shows_late_after_our_own_move_are_not_taken_for_a_move_by_hand(open_tenant):
    tenant = open_tenant()
    tenant.run_for(minutes=5)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    former = []

    def update_event(real, mailbox, event_id, change):
        former.append((tenant.now, tenant.graph.get_event(mailbox, event_id)))
        return real(mailbox, event_id, change)

    def get_event(real, mailbox, event_id):
        late = [event for at, event in former if event.id == event_id and tenant.now - at < timedelta(minutes=1)]
        return late[0] if late else real(mailbox, event_id)

    tenant.start_service(graph=TamperedGraph(tenant.graph, get_event=get_event, update_event=update_event))
    tenant.run_for(hours=6)
    assert len(former) == 1
    lost, replacement = tenant.sessions()
    assert lost.loss == "declined"
    assert not replacement.moved_by_person
    assert replacement.starts_at == tenant.only_meeting("tom").start


def test_an_event_graph_does_not_find_right_after_it_was_made_is_not_called_cancelled(open_tenant):
    tenant = open_tenant()
    made = tenant.now

    def get_event(real, mailbox, event_id):
        return real(mailbox, event_id if tenant.now > made else "AAMkAGnotYet")

    tenant.start_service(graph=TamperedGraph(tenant.graph, get_event=get_event))
    tenant.run_for(hours=5)
    assert [session.loss for session in tenant.sessions()] == [None]
    assert len(tenant.meetings("tom")) == 1


def test_events_of_a_delta_round_without_an_icaluid_are_no_session_of_ours(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort="by-programme")])
    tenant.run_for(minutes=5)
    (session,) = tenant.sessions()

    def delta(real, mailbox, window, link):
        round_ = real(mailbox, window, link)
        strange = tuple(
            replace(
                event,
                id=f"occurrence-{number}",
                ical_uid="",
                starts_at=event.starts_at + SESSION,
                ends_at=event.ends_at + SESSION,
            )
            for number, event in enumerate(round_.events)
        )
        return replace(round_, events=(*round_.events, *strange))

    def by_ical_uid(real, mailbox, ical_uid):
        assert ical_uid
        return real(mailbox, ical_uid)

    tenant.world.expire_delta_tokens(PROGRAMME)
    graph = TamperedGraph(tenant.graph, calendar_view_delta=delta, find_event_by_ical_uid=by_ical_uid)
    tenant.start_service(graph=graph)
    tenant.run_for(hours=2)
    (after,) = tenant.sessions()
    assert (after.starts_at, after.event_id, after.copies) == (session.starts_at, session.event_id, session.copies)
    assert tenant.alerts() == {}


# Requests at the receiver ------------------------------------------------------------------------------------


def genuine(tenant, **changes):
    """Return a notification as Graph sends it for Tom's calendar, with `changes`."""
    tom = user(tenant, "tom").id
    subscription = next(s for s in tenant.world.live_subscriptions() if tom in s.resource)
    resource = f"Users/{tom}/Events/{tenant.only_meeting('tom').id}"
    return {
        "subscriptionId": subscription.id,
        "clientState": subscription.client_state,
        "changeType": "updated",
        "resource": resource,
        "subscriptionExpirationDateTime": "2026-03-09T00:00:00Z",
        "tenantId": tenant.world.tenant_id,
        "resourceData": {
            "id": resource.rsplit("/", 1)[-1],
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
        },
    } | changes


FORGED = {
    "another clientState": {"clientState": "guessed"},
    "no clientState": {"clientState": None},
    "unknown subscription": {"subscriptionId": "00000000-0000-4000-8000-000000000000", "clientState": "guessed"},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED)
def test_a_forged_notification_is_dropped_and_changes_nothing(tenant, changes):
    tenant.run_for(minutes=30)
    before = dict(tenant.world.request_counts)
    answer = tenant.post(json.dumps({"value": [genuine(tenant, **changes)]}))
    tenant.run_for(minutes=1)
    assert answer.status_code == 202, "whoever guesses learns nothing"
    assert dict(tenant.world.request_counts) == before
    counts = tenant.intake.counters.as_dict()
    assert counts[Count.MISMATCHED] + counts[Count.UNKNOWN] + counts[Count.MALFORMED] == 1


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", '{"value": 3}', '"x"', "null", '{"value": [' + "[" * 500],
    ids=lambda body: body[:12] or "empty",
)
def test_a_malformed_request_is_refused_and_the_next_one_is_taken(tenant, body):
    tenant.run_for(minutes=30)
    assert tenant.post(body).status_code == 400
    assert tenant.post(json.dumps({"value": [genuine(tenant)]})).status_code == 202


def test_what_is_wrong_with_one_item_does_not_keep_the_others_of_its_request(tenant):
    tenant.run_for(minutes=30)
    before = tenant.requests("getEvent")
    items = [genuine(tenant, clientState="guessed"), {"odd": True}, genuine(tenant)]
    assert tenant.post(json.dumps({"value": items})).status_code == 202
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)
    assert tenant.requests("getEvent") == before + 1


def test_a_database_that_is_locked_is_answered_503_and_graph_sends_again(tenant):
    tenant.run_for(minutes=5)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    lock = sqlite3.connect(tenant.directory / "graphsync.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    while 503 not in [status for status, _ in tenant.delivered]:
        tenant.world.clock.set(tenant.world.next_due_at())
        tenant.world.run_due()
    with pytest.raises(StoreUnavailable):
        tenant.engine.run()
    lock.execute("ROLLBACK")
    lock.close()
    tenant.run_for(hours=4)
    assert [session.loss for session in tenant.sessions()] == ["declined", None]


def test_a_full_disk_is_answered_503_and_nothing_is_lost(tenant):
    tenant.run_for(minutes=5)
    tenant.answer("mira", tenant.only_meeting("tom"), "declined")
    tenant.disk.is_full = True
    tenant.run_for(minutes=10)
    assert {status for status, _ in tenant.delivered[-3:]} == {503}
    assert [session.loss for session in tenant.sessions()] == [None]
    tenant.disk.is_full = False
    tenant.run_for(hours=4)
    assert [session.loss for session in tenant.sessions()] == ["declined", None]
