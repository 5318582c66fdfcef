"""getSchedule: the fold into digits, errors per address, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_builders import an_event, zoned

from graphsync.sandbox import GraphRefusal
from graphsync.sandbox.outlook.schedules import availability_view
from graphsync.sandbox.tenant.directory import Application

START = datetime(2026, 1, 13, 8, 0, tzinfo=UTC)
APPLICATION = Application(
    client_id="x", secret="s", certificate_pem=None, permissions={"Calendars.Read": None}, object_id="o"
)
RANK = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3}

ITEMS = st.lists(
    st.tuples(st.integers(-120, 600), st.integers(0, 300), st.sampled_from(sorted(RANK))).map(
        lambda drawn: (START + timedelta(minutes=drawn[0]), START + timedelta(minutes=sum(drawn[:2])), drawn[2])
    ),
    max_size=8,
)


@given(items=ITEMS, interval=st.integers(5, 120), window=st.integers(125, 600))
def test_each_digit_is_the_highest_status_touching_its_slot(items, interval, window):
    end = START + timedelta(minutes=window)
    view = availability_view(items, START, end, timedelta(minutes=interval))
    assert len(view) == -(-window // interval)
    for slot, digit in enumerate(view):
        first = START + timedelta(minutes=slot * interval)
        last = min(end, first + timedelta(minutes=interval))
        touching = [RANK[status] for start, stop, status in items if start < last and stop > first and stop > start]
        assert int(digit) == max(touching, default=0)


@given(items=ITEMS)
def test_the_order_of_items_does_not_matter(items):
    end = START + timedelta(hours=8)
    half = timedelta(minutes=30)
    assert availability_view(items, START, end, half) == availability_view(items[::-1], START, end, half)


def read(world, *addresses, hours=4, zone="UTC", **more):
    body = {
        "Schedules": list(addresses),
        "StartTime": zoned("2026-01-13T08:00:00"),
        "EndTime": zoned((START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")),
        **more,
    }
    return world.schedules.read(body, zone=zone, application=APPLICATION)


def test_an_invitation_shows_as_tentative_and_an_own_meeting_as_busy(world, ana, bo):
    world.create_event(ana, an_event(bo.address), actor=ana.address)
    mine, theirs = read(world, ana.address, "BO@fabrikam.test")
    assert mine["availabilityView"] == "00002200"
    assert theirs["availabilityView"] == "00001100"
    assert theirs["scheduleId"] == "BO@fabrikam.test"
    assert mine["scheduleItems"] == [
        {
            "status": "busy",
            "start": zoned("2026-01-13T10:00:00.0000000"),
            "end": zoned("2026-01-13T11:00:00.0000000"),
        }
    ]
    assert mine["workingHours"]["timeZone"] == {"name": "Romance Standard Time"}


def test_a_cancelled_copy_is_free(world, ana, bo):
    meeting = world.create_event(ana, an_event(bo.address), actor=ana.address)
    world.cancel_event(ana, meeting.id, actor=ana.address)
    assert read(world, bo.address)[0]["availabilityView"] == "00000000"


def test_item_times_are_in_the_zone_asked_for_and_details_are_a_switch(world, ana):
    world.behavior.schedule_details = True
    world.create_event(ana, an_event(sensitivity="private"), actor=ana.address)
    [item] = read(world, ana.address, zone="Tokyo Standard Time")[0]["scheduleItems"]
    assert item["start"] == zoned("2026-01-13T19:00:00.0000000", "Tokyo Standard Time")
    assert item["isPrivate"] is True
    assert "subject" not in item


def test_an_address_that_cannot_be_read_does_not_fail_the_call(world, ana):
    world.add_user(address="old@fabrikam.test", display_name="x", windows_time_zone="UTC", mailbox="on_premises")
    good, ghost, old = read(world, ana.address, "ghost@fabrikam.test", "old@fabrikam.test")
    assert "availabilityView" in good
    assert ghost == {
        "scheduleId": "ghost@fabrikam.test",
        "error": {
            "message": "Unable to resolve e-mail address ghost@fabrikam.test to an Active Directory object.",
            "responseCode": "5009",
        },
    }
    assert old["error"]["responseCode"] == "5009"


@pytest.mark.parametrize(
    ("hours", "more", "status", "code"),
    [
        (63 * 24, {}, 400, "ErrorTimeIntervalTooBig"),
        (4, {"AvailabilityViewInterval": 4}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        (4, {"AvailabilityViewInterval": 240}, 400, "ErrorInvalidMergedFreeBusyInterval"),
        (4, {"AvailabilityViewInterval": None}, 500, "InternalServerError"),
        (4, {"Interval": 5}, 400, "RequestBodyRead"),
        (-1, {}, 400, "ErrorInvalidTimeInterval"),
    ],
)
def test_limits(world, ana, hours, more, status, code):
    with pytest.raises(GraphRefusal) as refused:
        read(world, ana.address, hours=hours, **more)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_twenty_addresses_and_no_more_unless_switched(world, ana):
    with pytest.raises(GraphRefusal) as refused:
        read(world, *[ana.address] * 21)
    assert refused.value.code == "ErrorMailboxDataArrayTooBig"
    assert "allowed size = 20; the actual size = 21" in refused.value.message
    world.behavior.schedule_limit = 100
    assert len(read(world, *[ana.address] * 21, AvailabilityViewInterval="15")) == 21


def test_a_scope_can_be_made_to_hold_for_the_addresses_too(world, ana, bo):
    world.behavior.schedule_within_scope = True
    scoped = Application(
        client_id="x",
        secret="s",
        certificate_pem=None,
        permissions={"Calendars.Read": frozenset({ana.id})},
        object_id="o",
    )
    body = {
        "schedules": [ana.address, bo.address],
        "startTime": zoned("2026-01-13T08:00:00"),
        "endTime": zoned("2026-01-13T12:00:00"),
    }
    mine, theirs = world.schedules.read(body, zone="UTC", application=scoped)
    assert "error" not in mine
    assert "error" in theirs
