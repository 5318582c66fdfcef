"""Snapshots of a copy in the journal: what it was like, whatever becomes of it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from sandbox_builders import an_event

from graphsync.sandbox.demo.diary import event_of
from graphsync.sandbox.outlook.events import Attendee, Event, attendee_snapshot, snapshot

PLAIN = {
    "id": "AAMkAD-1",
    "ical_uid": "0400",
    "change_key": "k",
    "user_id": "u",
    "organizer_address": "ana@fabrikam.test",
    "organizer_name": "Ana",
    "is_organizer": True,
    "subject": "Mentoring",
    "body_html": "",
    "start": datetime(2026, 1, 13, 10, tzinfo=UTC),
    "end": datetime(2026, 1, 13, 11, tzinfo=UTC),
    "original_time_zone": "UTC",
    "created_at": datetime(2026, 1, 5, tzinfo=UTC),
    "modified_at": datetime(2026, 1, 5, tzinfo=UTC),
}
ELSE = {
    "body_type": "text",
    "show_as": "oof",
    "organizer_show_as": "free",
    "is_all_day": True,
    "is_cancelled": True,
    "is_online_meeting": True,
    "online_meeting_provider": "teamsForBusiness",
    "join_url": "https://teams.microsoft.com/l/meetup-join/1",
    "location": "Room 1",
    "location_address": "room1@fabrikam.test",
    "categories": ["graphsync"],
    "importance": "high",
    "sensitivity": "private",
    "response": "accepted",
    "responded_at": datetime(2026, 1, 6, tzinfo=UTC),
    "transaction_id": "t",
    "extended_properties": {"String {0} Name x": "1"},
    "recurrence": {"pattern": {}, "range": {}},
    "series_master_id": "m",
    "type": "occurrence",
    "allow_new_time_proposals": False,
    "response_requested": False,
    "hide_attendees": True,
    "is_reminder_on": False,
    "reminder_minutes": 5,
    "sequence": 3,
    "revision": 4,
    "excluded_on": [date(2026, 1, 20)],
}


def plain_values(event):
    """What a snapshot shows, as plain values."""
    found = {field.name: getattr(event, field.name) for field in fields(event)}
    return found | {"attendees": [attendee_snapshot(attendee) for attendee in event.attendees]}


@pytest.mark.parametrize(
    "more", [{}, ELSE, *({name: value} for name, value in ELSE.items())], ids=lambda more: str(len(more))
)
def test_a_snapshot_shows_each_attribute_as_it_is(more):
    event = Event(**PLAIN, **more, attendees=[Attendee(address="bo@fabrikam.test", name="Bo")] if more else [])
    assert dict(snapshot(event)) == plain_values(event)


def test_what_is_each_copys_own_is_not_told_to_the_others(world, ana, bo):
    event = world.create_event(ana, an_event(bo.address), actor=ana.address)
    theirs = world.event_by_ical_uid(bo, event.ical_uid)
    before = theirs.change_key, len(world.messages(bo, "inbox"))
    world.patch_event(ana, event.id, {"categories": ["mentoring"], "showAs": "oof"}, actor=ana.address)
    assert (theirs.change_key, len(world.messages(bo, "inbox"))) == before
    world.patch_event(ana, event.id, {"subject": "Else"}, actor=ana.address)
    assert (theirs.subject, len(world.messages(bo, "inbox"))) == ("Else", before[1] + 1)


def test_what_changes_later_does_not_reach_it():
    event = Event(**PLAIN, **ELSE, attendees=[Attendee(address="bo@fabrikam.test", name="Bo")])
    taken, before = snapshot(event), plain_values(event)
    before |= {name: list(before[name]) for name in ("categories", "excluded_on")}
    before |= {"extended_properties": dict(before["extended_properties"])}
    event.subject, event.attendees[0].response = "Else", "declined"
    event.categories.append("more")
    event.excluded_on.clear()
    event.extended_properties["y"] = "2"
    assert dict(taken) == before


def test_two_snapshots_are_equal_if_nothing_changed_between_them():
    event = Event(**PLAIN)
    first = snapshot(event)
    assert first == snapshot(event) == dict(first)
    event.is_cancelled = True
    assert first != snapshot(event)


def test_a_name_that_no_copy_has_is_a_key_error():
    taken = snapshot(Event(**PLAIN))
    with pytest.raises(KeyError):
        taken["isCancelled"]
    assert "isCancelled" not in taken
    assert len(taken) == len(fields(Event))


def test_a_copy_can_be_made_of_it_again():
    event = Event(**PLAIN, show_as="oof")
    assert plain_values(event_of(snapshot(event)))["show_as"] == "oof"
