import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from graphsync.calendar.slots import TimeSlot
from graphsync.errors import GraphRejected
from graphsync.graph import schedules

START = datetime(2026, 2, 3, 8, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def item(start, end, status="busy", zone="UTC"):
    return {
        "status": status,
        "subject": "private words",
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
    }


class FreeBusy:
    """Answers getSchedule; `say` makes the entry of an address for a request body."""

    def __init__(self, say):
        self.say = say
        self.bodies = []
        self.requests = []
        self.now = self.most = 0

    async def handle(self, request):
        self.requests.append(request)
        body = json.loads(request.content)
        self.bodies.append(body)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        entries = [self.say(address, body) for address in reversed(body["Schedules"])]
        return httpx.Response(200, json={"value": [entry for entry in entries if entry is not None]})


def slots(body):
    start, end = (datetime.fromisoformat(body[key]["dateTime"]) for key in ("StartTime", "EndTime"))
    return (end - start) // FIVE


def free(address, body):
    return {"scheduleId": address, "availabilityView": "0" * slots(body), "scheduleItems": []}


@pytest.fixture
def read(graph):
    def read(say, addresses, window):
        network = FreeBusy(say)

        async def use(transport):
            return await schedules.get_schedule(transport, "requester", addresses, window)

        return graph.run(network, use), network

    return read


def window(length):
    return TimeSlot(start=START, end=START + length)


def test_items_become_slots_in_utc_without_their_words(read):
    def say(address, body):
        taken = [
            item("2026-02-03T09:00:00.0000000", "2026-02-03T10:15:00.0000000", "Busy"),
            item("2026-02-03T11:00:00", "2026-02-03T12:00:00", "tentative", "W. Europe Standard Time"),
            item("2026-02-03T11:00:00", "2026-02-03T11:00:00"),
            item("2026-02-03T11:00:00", "2026-02-03T12:00:00", "dreaming"),
        ]
        return {"scheduleId": address, "availabilityView": "2" * slots(body), "scheduleItems": taken}

    found, network = read(say, ["ines@fabrikam.test"], window(timedelta(hours=4)))
    schedule = found["ines@fabrikam.test"]
    assert [(entry.slot.start.hour, entry.status) for entry in schedule.items] == [
        (9, "busy"),
        (10, "tentative"),
        (11, "unknown"),
    ]
    assert (schedule.availability_view, schedule.view_starts_at, schedule.view_interval) == ("2" * 48, START, FIVE)
    assert schedule.unreadable is None
    assert "private" not in repr(found)
    assert network.bodies[0]["AvailabilityViewInterval"] == 5
    assert network.requests[0].url.path == "/v1.0/users/requester/calendar/getSchedule"


def test_addresses_go_in_twenties_three_calls_at_a_time_and_come_back_as_they_were_asked(read):
    addresses = [f"Person{number}@fabrikam.test" for number in range(95)]
    found, network = read(free, [*addresses, "PERSON1@fabrikam.test"], window(timedelta(days=1)))
    assert list(found) == [*addresses, "PERSON1@fabrikam.test"]
    assert sorted(len(body["Schedules"]) for body in network.bodies) == [15, 20, 20, 20, 20]
    assert network.most == 3
    assert all(schedule.unreadable is None for schedule in found.values())


@pytest.mark.parametrize(
    "length",
    [
        timedelta(minutes=5),
        timedelta(minutes=7),
        timedelta(days=61),
        timedelta(days=61, minutes=5),
        timedelta(days=62),
        timedelta(days=150),
    ],
)
def test_windows_are_cut_under_62_days_and_the_views_stay_in_step(read, length):
    def say(address, body):
        return {"scheduleId": address, "availabilityView": "3" * slots(body), "scheduleItems": []}

    found, network = read(say, ["a"], window(length))
    assert all(slots(body) >= 2 and slots(body) * FIVE < timedelta(days=62) for body in network.bodies)
    view = found["a"].availability_view
    assert set(view) == {"3"}
    assert timedelta(0) <= len(view) * FIVE - max(length, 2 * FIVE) < FIVE


def test_item_that_reaches_over_a_cut_is_there_once(read):
    def say(address, body):
        taken = [item("2026-04-04T00:00:00", "2026-04-06T00:00:00")]
        return {"scheduleId": address, "availabilityView": "", "scheduleItems": taken}

    found, network = read(say, ["a"], window(timedelta(days=100)))
    assert len(network.bodies) == 2
    assert len(found["a"].items) == 1
    assert found["a"].availability_view == ""


def test_one_bad_address_spoils_no_other(read):
    def say(address, body):
        if address == "ghost@fabrikam.test":
            message = "Unable to resolve e-mail address ghost@fabrikam.test."
            return {"scheduleId": address, "error": {"message": message, "responseCode": "5009"}}
        return free(address, body) if address != "missing@fabrikam.test" else None

    found, _ = read(say, ["ghost@fabrikam.test", "missing@fabrikam.test", "a"], window(timedelta(days=1)))
    assert [schedule.unreadable for schedule in found.values()] == ["5009", "not_answered", None]


def test_schedule_that_is_unreadable_in_one_part_is_unreadable(read):
    def say(address, body):
        if body["StartTime"]["dateTime"].startswith("2026-02"):
            return free(address, body)
        return {"scheduleId": address, "error": {"responseCode": None}}

    found, _ = read(say, ["a"], window(timedelta(days=100)))
    assert (found["a"].unreadable, found["a"].items) == ("no_response_code", ())


def test_item_that_cannot_be_placed_makes_the_schedule_unreadable(read):
    def say(address, body):
        entry = item("2026-02-03T09:00:00", "2026-02-03T10:00:00", zone="tzone://Microsoft/Custom")
        return free(address, body) | {"scheduleItems": [entry]}

    assert read(say, ["a"], window(timedelta(days=1)))[0]["a"].unreadable == "unreadable_item"


@pytest.mark.parametrize("view", ["000", "x" * 288, ""])
def test_view_of_another_length_or_alphabet_is_left_out(read, view):
    def say(address, body):
        return free(address, body) | {"availabilityView": view}

    assert read(say, ["a"], window(timedelta(days=1)))[0]["a"].availability_view == ""


def test_nobody_is_asked_for_nobody(read):
    found, network = read(free, [], window(timedelta(days=1)))
    assert (found, network.bodies) == ({}, [])


def test_refusal_of_one_call_is_raised(graph, answering):
    async def use(transport):
        return await schedules.get_schedule(transport, "r", ["a"], window(timedelta(days=1)))

    with pytest.raises(GraphRejected, match="ErrorMailboxDataArrayTooBig"):
        graph.run(answering(graph.refused(400, "ErrorMailboxDataArrayTooBig")), use)
