from datetime import UTC, datetime

import pytest

from graphsync.calendar.slots import TimeSlot
from graphsync.errors import DeltaExpired, GraphUnavailable
from graphsync.graph import delta
from graphsync.mentoring import Response

WINDOW = TimeSlot(start=datetime(2026, 2, 1, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))
LINK = "https://graph.test/v1.0/users/u/calendarView/delta?$deltatoken=Zk9p3"
NEXT = "https://graph.test/v1.0/users/u/calendarView/delta?$skiptoken=1"


def times(day):
    return {
        "start": {"dateTime": f"2026-02-{day:02}T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"2026-02-{day:02}T10:00:00.0000000", "timeZone": "UTC"},
    }


def whole(event_id, day=3, **more):
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": 'W/"k1"',
        "id": event_id,
        "subject": "private words",
        "bodyPreview": "private words",
        "type": "singleInstance",
        "organizer": {"emailAddress": {"address": "bot@fabrikam.test"}},
        "attendees": [],
        **times(day),
        **more,
    }


def occurrence(event_id, day, master):
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": 'W/"k2"',
        "id": event_id,
        "type": "occurrence",
        "seriesMasterId": master,
        **times(day),
    }


MASTER_PARTS = {
    "attendees": [{"type": "required", "emailAddress": {"address": "ines@fabrikam.test"}}],
    "showAs": "busy",
    "isOrganizer": True,
    "responseStatus": {"response": "organizer"},
}


def gone(event_id):
    return {"@odata.type": "#microsoft.graph.event", "id": event_id, "@removed": {"reason": "deleted"}}


def last(*items):
    return {"value": list(items), "@odata.deltaLink": LINK}


@pytest.fixture
def read(graph, answering):
    def read(*answers, link=None):
        network = answering(*answers)

        async def use(transport):
            return await delta.calendar_view_delta(transport, "u", WINDOW, link)

        return graph.run(network, use), network

    return read


def test_first_round_follows_every_page_empty_ones_too_and_keeps_the_last_link(graph, read):
    found, network = read(
        graph.ok({"value": [whole("1")], "@odata.nextLink": NEXT}),
        graph.ok({"value": [], "@odata.nextLink": NEXT + "1"}),
        graph.ok(last(whole("2"))),
    )
    assert [event.id for event in found.events] == ["1", "2"]
    assert found.delta_link == LINK
    assert network.urls[0] == "/users/u/calendarView/delta()"
    assert set(network.requests[0].url.params) == {"startDateTime", "endDateTime"}
    for request in network.requests:
        assert request.headers["Prefer"] == 'IdType="ImmutableId", outlook.timezone="UTC", odata.maxpagesize=50'


def test_next_round_starts_from_its_link_as_it_is(graph, read):
    found, network = read(graph.ok(last(gone("1"))), link=LINK)
    assert found.removed_ids == ("1",)
    assert str(network.requests[0].url) == LINK


def test_nothing_private_is_in_what_comes_back(graph, read):
    found, _ = read(graph.ok(last(whole("1"))))
    assert "private" not in repr(found)
    assert found.events[0].change_key == "k1"


@pytest.mark.parametrize(
    ("items", "events", "removed"),
    [
        ([whole("1", 3), whole("1", 4)], [("1", 4)], ()),
        ([whole("1", 3), gone("1")], [], ("1",)),
        ([gone("1"), whole("1", 3)], [("1", 3)], ()),
        ([gone("1"), gone("1")], [], ("1",)),
    ],
    ids=["twice", "then gone", "back again", "gone twice"],
)
def test_last_word_on_an_id_counts(graph, read, items, events, removed):
    found, _ = read(graph.ok(last(*items)))
    assert ([(event.id, event.starts_at.day) for event in found.events], found.removed_ids) == (events, removed)


def test_skeletons_are_filled_in_from_a_master_that_comes_after_them(graph, read):
    master = whole("m", 2, type="seriesMaster", **MASTER_PARTS)
    found, _ = read(graph.ok(last(occurrence("o1", 4, "m"), occurrence("o2", 11, "m"), master)))
    assert [event.id for event in found.events] == ["o1", "o2"]
    first = found.events[0]
    assert (first.organizer_address, first.attendees[0].address) == ("bot@fabrikam.test", "ines@fabrikam.test")
    assert (first.is_organizer, first.own_response) == (True, Response.ORGANIZER)
    assert (first.starts_at.day, first.type, first.series_master_id) == (4, "occurrence", "m")


def test_master_that_is_not_in_the_round_is_fetched_once(graph, read):
    master = whole("m", 2, type="seriesMaster", **MASTER_PARTS)
    answers = (graph.ok(last(occurrence("o1", 4, "m"), occurrence("o2", 11, "m"))), graph.ok(master))
    found, network = read(*answers)
    assert [event.organizer_address for event in found.events] == ["bot@fabrikam.test"] * 2
    assert network.urls[1] == "/users/u/events/m"
    assert "subject" not in network.requests[1].url.params["$select"]


def test_occurrences_of_a_series_that_is_gone_are_gone(graph, read):
    found, _ = read(graph.ok(last(occurrence("o1", 4, "m"))), graph.refused(404, "ErrorItemNotFound"))
    assert (found.events, found.removed_ids) == ((), ("o1",))


def test_exception_of_a_series_needs_no_master(graph, read):
    found, network = read(graph.ok(last(whole("x", 5, type="exception", seriesMasterId="m"))))
    assert [(event.id, event.type) for event in found.events] == [("x", "exception")]
    assert len(network.requests) == 1


def test_event_without_an_id_is_passed_over(graph, read):
    found, _ = read(graph.ok(last(whole(""), whole("1"))))
    assert [event.id for event in found.events] == ["1"]


@pytest.mark.parametrize("status", [410, 404])
def test_token_lost_at_once_or_midway_asks_for_a_full_round(graph, read, status):
    with pytest.raises(DeltaExpired):
        read(graph.refused(status, "SyncStateNotFound"), link=LINK)
    with pytest.raises(DeltaExpired):
        read(graph.ok({"value": [whole("1")], "@odata.nextLink": NEXT}), graph.refused(status, "syncStateNotFound"))


def test_round_that_ends_without_a_link_is_no_round(graph, read):
    with pytest.raises(GraphUnavailable, match="no_delta_link"):
        read(graph.ok({"value": [whole("1")]}))
