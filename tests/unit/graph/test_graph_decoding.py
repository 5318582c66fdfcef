import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphsync.graph import wire
from graphsync.graph.decoding import event_of, readable_event
from graphsync.mentoring import Response

DATA = Path(__file__).parents[2] / "data" / "graph"


def event(name="event_of_the_reference_page.json", **changes):
    found = json.loads((DATA / name).read_text())
    found.update(changes)
    return wire.decode(wire.Event, json.dumps({k: v for k, v in found.items() if v is not ...}))


def test_event_of_the_reference_page_is_read_without_its_words():
    found = event_of(event())
    assert found.id == "AAMkAGQx...AAA="
    assert found.ical_uid == "040000008200E00074C5B7101A82E008"
    assert found.change_key == "q1w2e3r4T5y6AAAB=="
    assert (found.starts_at, found.ends_at) == (
        datetime(2026, 2, 3, 9, tzinfo=UTC),
        datetime(2026, 2, 3, 9, 45, tzinfo=UTC),
    )
    assert (found.organizer_address, found.is_organizer) == ("bot@fabrikam.test", True)
    assert found.own_response is Response.ORGANIZER
    assert found.is_online_meeting
    assert found.join_url.startswith("https://teams.microsoft.com/l/meetup-join/")
    assert found.tag == "mentorship=m1;number=2;rule=everyone-meets"
    attendee, room = found.attendees
    assert (attendee.address, attendee.response, attendee.responded_at) == ("ines@fabrikam.test", Response.NONE, None)
    assert attendee.proposed is None
    assert room.type == "resource"
    for words in ("Agenda", "Room R2", "1:1"):
        assert words not in repr(found)


def test_answer_and_proposed_time_are_read_with_their_instants():
    answered = {
        "type": "Required",
        "status": {"response": "tentativelyAccepted", "time": "2026-01-21T07:00:00.1234567Z"},
        "emailAddress": {"address": "ines@fabrikam.test"},
        "proposedNewTime": {
            "start": {"dateTime": "2026-02-05T10:00:00.0000000", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-02-05T10:45:00.0000000", "timeZone": "Europe/Berlin"},
        },
    }
    (attendee,) = event_of(event(attendees=[answered])).attendees
    assert (attendee.type, attendee.response) == ("required", Response.TENTATIVE)
    assert attendee.responded_at == datetime(2026, 1, 21, 7, 0, 0, 123456, tzinfo=UTC)
    assert attendee.proposed.start == datetime(2026, 2, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "response"),
    [
        ("none", Response.NONE),
        ("notResponded", Response.NONE),
        ("Accepted", Response.ACCEPTED),
        ("declined", Response.DECLINED),
        ("delegated", Response.NONE),
        (None, Response.NONE),
    ],
)
def test_answers_are_read_in_any_case_and_unknown_ones_count_as_silence(word, response):
    status = {"response": word, "time": "4501-01-01T00:00:00Z"}
    assert event_of(event(responseStatus=status)).own_response is response


def test_words_that_graph_got_since_are_read_as_the_careful_ones():
    found = event_of(event(showAs="hybrid", type="pattern", attendees=[{"type": "panelist", "emailAddress": None}]))
    assert (found.show_as, found.type) == ("unknown", "singleInstance")
    assert [(one.address, one.type) for one in found.attendees] == [("", "required")]


def test_words_of_enumerations_are_read_in_any_case():
    assert event_of(event(showAs="Busy", type="SeriesMaster")).show_as == "busy"


def test_event_of_which_nearly_all_is_missing_or_null_is_read():
    found = event_of(event("event_with_nulls.json"))
    assert found.organizer_address == ""
    assert (found.attendees, found.join_url, found.series_master_id, found.tag) == ((), None, None, None)


def test_change_key_is_taken_from_the_etag_where_it_is_missing():
    assert event_of(event(changeKey=...)).change_key == "q1w2e3r4T5y6AAAB=="


def test_tag_property_is_found_in_any_case_of_its_id_and_others_are_passed_over():
    properties = [
        {"id": "String {00020329-0000-0000-c000-000000000046} Name other", "value": "x"},
        {"id": "String {9B6C1F5E-3D0C-4F5E-8A57-6D1F2C9A7E40} Name graphsync", "value": "number=2"},
    ]
    assert event_of(event(singleValueExtendedProperties=properties)).tag == "number=2"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": None},
        {"start": None},
        {"start": {"dateTime": "2026-02-03T12:00:00", "timeZone": "UTC"}},
        {"start": {"dateTime": "yesterday", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-02-03T08:00:00", "timeZone": "Middle-earth Standard Time"}},
    ],
    ids=["empty id", "no id", "no start", "ends before it starts", "no time", "unknown zone"],
)
def test_event_that_makes_no_sense_is_passed_over_and_logged_without_its_words(changes, caplog):
    with caplog.at_level(logging.WARNING):
        assert readable_event(event(**changes), "list_calendar_view") is None
    (record,) = caplog.records
    assert "passed over" in record.getMessage()
    assert "1:1" not in record.getMessage()


def test_answer_with_an_unreadable_time_counts_without_it():
    status = {"response": "accepted", "time": "just now"}
    found = event_of(event(attendees=[{"status": status, "emailAddress": {"address": "ines@fabrikam.test"}}]))
    assert [(one.response, one.responded_at) for one in found.attendees] == [(Response.ACCEPTED, None)]
