from datetime import UTC, datetime, timedelta

import pytest

from graphsync.calendar import Attendee, CalendarEvent, Schedule, ScheduleItem, TimeSlot
from graphsync.mentoring import Response

START = datetime(2026, 11, 3, 9, tzinfo=UTC)
END = START + timedelta(minutes=50)


def an_event(**changes):
    values = {
        "id": "e1",
        "ical_uid": "u1",
        "change_key": "k1",
        "organizer_address": "ines@fabrikam.test",
        "is_organizer": True,
        "starts_at": START,
        "ends_at": END,
    }
    return CalendarEvent(**values | changes)


def test_event_has_neither_subject_nor_body():
    assert not {"subject", "body", "body_preview", "location"} & set(CalendarEvent.__dataclass_fields__)


def test_event_by_default_is_a_single_one_that_nobody_has_answered():
    event = an_event()
    assert (event.type, event.own_response, event.tag, event.attendees) == ("singleInstance", Response.NONE, None, ())


def test_who_is_on_an_event_are_its_people_and_no_room():
    guests = (Attendee(address="Omar@fabrikam.test"), Attendee(address="room@fabrikam.test", type="resource"))
    assert an_event(attendees=guests).people == {"ines@fabrikam.test", "omar@fabrikam.test"}


def test_event_may_have_no_length():
    assert an_event(ends_at=START).ends_at == START


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ends_at": START - timedelta(minutes=1)}, "'e1' ends before it starts"),
        ({"starts_at": datetime(2026, 11, 3, 9)}, "starts_at of an event"),  # noqa: DTZ001 - naive is what is refused
        ({"ends_at": datetime(2026, 11, 3, 9)}, "ends_at of an event"),  # noqa: DTZ001 - naive is what is refused
        ({"type": "single"}, "type of an event is one of exception, occurrence, seriesMaster, singleInstance"),
        ({"show_as": "Busy"}, "show_as of an event .* not 'Busy'"),
    ],
)
def test_event_checks_itself(changes, message):
    with pytest.raises(ValueError, match=message):
        an_event(**changes)


def test_attendee_checks_itself():
    proposed = TimeSlot(start=START, end=END)
    assert Attendee(address="a@b.test").response is Response.NONE
    assert Attendee(address="a@b.test", responded_at=START, proposed=proposed).proposed == proposed
    with pytest.raises(ValueError, match="type of an attendee"):
        Attendee(address="a@b.test", type="room")
    with pytest.raises(ValueError, match="responded_at of an attendee"):
        Attendee(address="a@b.test", responded_at=datetime(2026, 11, 3))  # noqa: DTZ001 - naive is what is refused


def test_schedule_item_checks_itself():
    with pytest.raises(ValueError, match="status of a schedule item"):
        ScheduleItem(slot=TimeSlot(start=START, end=END), status="away")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"availability_view": "00x"}, "digits 0 to 4"),
        ({"view_interval": timedelta(0)}, "longer than nothing"),
        ({"view_starts_at": datetime(2026, 11, 3)}, "view_starts_at of a schedule"),  # noqa: DTZ001 - naive is refused
    ],
)
def test_schedule_checks_itself(changes, message):
    with pytest.raises(ValueError, match=message):
        Schedule(address="a@b.test", **changes)
