import json
from datetime import UTC, datetime, timedelta

import pytest

from graphsync.engine.ports import EventChange, EventDraft, Invitee, RoomChange
from graphsync.graph import events, wire
from graphsync.graph.event_bodies import changed_event, drafted_event

START = datetime(2026, 2, 3, 9, tzinfo=UTC)


def a_draft(**changes):
    values = {
        "subject": "Mentoring",
        "body_html": "<p>Agenda é</p>",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=50),
        "time_zone": "Europe/Berlin",
        "attendees": (Invitee(address="omar@fabrikam.test", name="Omar"),),
        "online": True,
        "location": "",
        "tag": "mentorship=m1;number=1;rule=r",
        "transaction_id": "k-1",
    }
    return EventDraft(**(values | changes))


@pytest.fixture
def written(graph, answering):
    async def use(transport):
        return events.event_body(transport, a_draft())

    return graph.run(answering(), use)


def test_body_is_what_graph_documents(written):
    assert json.loads(written) == {
        "@odata.type": "#microsoft.graph.event",
        "subject": "Mentoring",
        "body": {"contentType": "html", "content": "<p>Agenda é</p>"},
        "start": {"dateTime": "2026-02-03T10:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-02-03T10:50:00", "timeZone": "W. Europe Standard Time"},
        "attendees": [
            {
                "@odata.type": "#microsoft.graph.attendee",
                "emailAddress": {"address": "omar@fabrikam.test", "name": "Omar"},
                "type": "required",
            }
        ],
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
        "categories": ["graphsync"],
        "allowNewTimeProposals": True,
        "responseRequested": True,
        "transactionId": "k-1",
        "singleValueExtendedProperties": [
            {
                "id": "String {9b6c1f5e-3d0c-4f5e-8a57-6d1f2c9a7e40} Name graphsync",
                "value": "mentorship=m1;number=1;rule=r",
            }
        ],
    }


def test_body_is_the_same_for_the_same_draft(graph, answering, written):
    async def use(transport):
        return events.event_body(transport, a_draft())

    assert graph.run(answering(), use) == written


def test_session_in_person_has_its_place_and_no_online_meeting():
    event = drafted_event(a_draft(online=False, location="Berlin, Room 2"))
    assert (event.is_online_meeting, event.location.display_name) == (None, "Berlin, Room 2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attendees": ()}, "at least one attendee"),
        ({"transaction_id": ""}, "transaction id"),
        ({"ends_at": START}, "ends before it starts"),
    ],
)
def test_draft_that_makes_no_sense_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        drafted_event(a_draft(**changes))


@pytest.mark.parametrize("change", [EventChange(), EventChange(starts_at=START), EventChange(ends_at=START, tag="x")])
def test_change_of_nothing_or_of_half_a_time_is_refused(change):
    with pytest.raises(ValueError, match="change"):
        changed_event(change)


def test_only_what_changes_is_written(graph, answering):
    answers = answering(graph.ok({"id": "e", "start": utc("09"), "end": utc("10")}))
    change = EventChange(starts_at=START, ends_at=START + timedelta(hours=1), time_zone="America/Toronto", tag="t")

    async def use(transport):
        return await events.update_event(transport, "u", "e", change)

    assert graph.run(answers, use).tag == "t"
    body = answers.body()
    assert answers.requests[0].method == "PATCH"
    assert set(body) == {"@odata.type", "start", "end", "singleValueExtendedProperties"}
    assert body["start"] == {"dateTime": "2026-02-03T04:00:00", "timeZone": "Eastern Standard Time"}


def test_change_without_a_tag_reads_the_event_again_for_the_tag_it_has(graph, answering):
    properties = [{"id": "String {9b6c1f5e-3d0c-4f5e-8a57-6d1f2c9a7e40} Name graphsync", "value": "t"}]
    answers = answering(
        graph.ok({"id": "e", "start": utc("09"), "end": utc("10")}),
        graph.ok({"id": "e", "start": utc("09"), "end": utc("10"), "singleValueExtendedProperties": properties}),
    )

    async def use(transport):
        return await events.update_event(transport, "u", "e", EventChange(online=True))

    assert graph.run(answers, use).tag == "t"
    body = answers.body()
    assert {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}.items() <= body.items()
    assert set(body) == {"@odata.type", "isOnlineMeeting", "onlineMeetingProvider"}


def utc(hour):
    return {"dateTime": f"2026-02-03T{hour}:00:00.0000000", "timeZone": "UTC"}


def test_switching_off_the_online_meeting_asks_for_no_provider():
    event = changed_event(EventChange(online=False))
    assert (event.is_online_meeting, event.online_meeting_provider) == (False, None)


# ---------------------------------------------------------------- rooms

LINDEN = Invitee(address="linden@fabrikam.test", name="Linden")
AHORN = Invitee(address="ahorn@fabrikam.test", name="Ahorn")


def invited(address, kind, name=""):
    return wire.InvitedTo(type=kind, email_address=wire.NamedAddress(address=address, name=name))


def on_event(location="Linden, Berlin 2"):
    return wire.RoomsOfEvent(
        attendees=[
            invited("omar@fabrikam.test", "required", "Omar"),
            invited("LINDEN@fabrikam.test", "resource", "Linden"),
            invited("guest@contoso.test", "optional", "A guest"),
            wire.InvitedTo(),
        ],
        location=wire.Place(display_name=location),
    )


def attendees(event):
    return [(a.email_address.address, a.email_address.name, a.type.value) for a in event.attendees]


def test_a_room_is_invited_as_a_resource_and_is_the_place():
    event = drafted_event(a_draft(online=False, location="Linden, Berlin 2", room=LINDEN))
    assert attendees(event) == [
        ("omar@fabrikam.test", "Omar", "required"),
        ("linden@fabrikam.test", "Linden", "resource"),
    ]
    place = event.location
    assert (place.display_name, place.location_email_address) == ("Linden, Berlin 2", "linden@fabrikam.test")


@pytest.mark.parametrize(
    ("add", "asked", "location"),
    [
        pytest.param(AHORN, [("ahorn@fabrikam.test", "Ahorn", "resource")], "Ahorn, Berlin 2", id="another room"),
        pytest.param(None, [], "Berlin 2", id="none"),
    ],
)
def test_another_room_takes_its_place_and_everybody_else_stays(add, asked, location):
    change = EventChange(room=RoomChange(remove=LINDEN.address, add=add, location=location))
    event = changed_event(change, on_event())
    people = [("omar@fabrikam.test", "Omar", "required"), ("guest@contoso.test", "A guest", "optional")]
    assert attendees(event) == [*people, (None, None, "required"), *asked]
    assert all(attendee.status is None for attendee in event.attendees)
    assert (event.location.display_name, event.location.location_email_address) == (location, add and add.address)
    assert event.start is None


@pytest.mark.parametrize("place", ["Café", ""])
def test_a_place_that_somebody_else_wrote_is_left_as_it_is(place):
    change = EventChange(room=RoomChange(remove=LINDEN.address, add=AHORN, location="Ahorn, Berlin 2"))
    assert changed_event(change, on_event(place)).location is None
    assert changed_event(change, wire.RoomsOfEvent(attendees=on_event().attendees)).location is None
