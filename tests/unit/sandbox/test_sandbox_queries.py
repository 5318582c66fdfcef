"""Query options, paths and preferences as they are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphsync.sandbox import GraphRefusal
from graphsync.sandbox.face.calls import Route, parse_prefer
from graphsync.sandbox.face.odata import Query, expanded_properties, matches, parse_filter
from graphsync.sandbox.face.routing import Router, segments_of
from graphsync.sandbox.notifications.posting import validation_url
from graphsync.sandbox.zones import stored_name, wall_time, zone_of

ALLOWED = ("subject", "from/emailAddress/address", "receivedDateTime", "isDraft", "tags")
ITEM = {
    "subject": "It's on",
    "from": {"emailAddress": {"address": "ana@fabrikam.test"}},
    "receivedDateTime": datetime(2026, 1, 5, 8, tzinfo=UTC),
    "isDraft": False,
    "tags": [{"id": "a", "value": "One"}, {"id": "b", "value": "Two"}],
}


def lookup(path):
    value = ITEM
    for part in path:
        value = value[part]
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subject eq 'it''s on'", True),
        ("SUBJECT ne 'x' and isDraft eq false", True),
        ("subject eq 'x' or startswith(from/emailAddress/address, 'ANA@')", True),
        ("(subject eq 'x' or isDraft eq false) and contains(subject,'off')", False),
        ("receivedDateTime ge 2026-01-05T08:00:00Z", True),
        ("receivedDateTime gt 2026-01-05T09:30:00+01:00", False),
        ("tags/any(t: t/id eq 'a' and t/value eq 'one')", True),
        ("tags/Any(t: t/id eq 'a' and t/value eq 'two')", False),
    ],
)
def test_filters(text, expected):
    assert matches(parse_filter(text, ALLOWED), lookup) is expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("subjct eq 'x'", "did you mean 'subject'"),
        ("subject is 'x'", "operator 'is'"),
        ("subject eq", "a value is expected"),
        ("subject eq 'x' 'y'", "not expected"),
        ("tags/any(t: u/id eq 'a')", "does not start with 't/'"),
        ("subject eq #", "syntax error"),
        ("(subject eq 'x'", "')' expected"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(text, part):
    with pytest.raises(GraphRefusal) as refused:
        parse_filter(text, ALLOWED)
    assert refused.value.status == 400
    assert part in refused.value.message


def test_options_nobody_asks_for_are_refused():
    query = Query({"$Top": "5", "$serach": "x"})
    assert query.number("$top", 10, 50) == 5
    assert query.take("$search") is None
    with pytest.raises(GraphRefusal, match=r"did you mean '\$search'"):
        query.finish()


@pytest.mark.parametrize("text", ["0", "51", "x", "-1"])
def test_a_page_size_has_bounds(text):
    with pytest.raises(GraphRefusal, match="a number from 1 to 50"):
        Query({"$top": text}).number("$top", 10, 50)


def test_expanding_extended_properties():
    text = "singleValueExtendedProperties($filter=id eq 'String {x} Name A' or id eq 'String {x} Name B')"
    assert expanded_properties(text) == ("String {x} Name A", "String {x} Name B")
    assert expanded_properties(None) == ()
    with pytest.raises(GraphRefusal, match="attachments"):
        expanded_properties("attachments")


def test_paths_of_the_sdk_and_of_odata_are_the_same():
    assert segments_of("/users('x')/calendarView/microsoft.graph.delta()") == ["users", "x", "calendarView", "delta"]


def test_a_route_is_found_in_any_case_and_a_near_miss_is_named():
    route = Route(method="GET", pattern="users/{user}/events", operation="o", permissions=(), subject="none")
    router = Router([route])
    assert router.match("GET", "/Users/x/EVENTS") == (route, {"user": "x"})
    with pytest.raises(GraphRefusal, match="did you mean 'events'"):
        router.match("GET", "/users/x/event")
    with pytest.raises(GraphRefusal, match="POST is not allowed"):
        router.match("POST", "/users/x/events")


def test_preferences():
    found = parse_prefer(
        'odata.maxpagesize=7, outlook.timezone="Tokyo Standard Time", IdType="ImmutableId", respond-async'
    )
    assert (found.page_size, found.zone, found.immutable_ids) == (7, "Tokyo Standard Time", True)
    with pytest.raises(GraphRefusal) as refused:
        parse_prefer('outlook.timezone="GMT+6:30"')
    assert refused.value.code == "TimeZoneNotSupportedException"


@pytest.mark.parametrize(
    ("name", "key", "stored"),
    [
        ("W. Europe Standard Time", "Europe/Berlin", "W. Europe Standard Time"),
        ("europe/berlin", "Europe/Berlin", "W. Europe Standard Time"),
        ("utc", "UTC", "UTC"),
    ],
)
def test_zones(name, key, stored):
    assert zone_of(name).key == key
    assert stored_name(name) == stored


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29T01:59:00.0000000"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29T03:00:00.0000000"),
    ],
    ids=["before-summer-time", "after"],
)
def test_wall_time_on_both_sides_of_a_clock_change(instant, expected):
    assert wall_time(instant, "W. Europe Standard Time") == expected


def test_the_handshake_keeps_the_query_and_encodes_as_graph_does():
    assert validation_url("https://x.test/n?shard=3", "a: b") == "https://x.test/n?shard=3&validationToken=a%3a+b"
    assert validation_url("https://x.test/n", "a") == "https://x.test/n?validationToken=a"
