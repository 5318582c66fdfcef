import json
import logging
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from graphsync.calendar.time_zones import zone
from graphsync.graph import mailbox_settings, wire
from graphsync.graph.mailbox_settings import SINCE_ALWAYS, settings_of
from graphsync.mentoring import Absence, DayHours

DATA = Path(__file__).parents[2] / "data" / "graph"
NINE, HALF_PAST_FOUR = time(9), time(16, 30)


def settings(name="mailbox_settings_of_the_reference_page.json", **changes):
    found = json.loads((DATA / name).read_text()) | changes
    return settings_of(wire.decode(wire.MailboxSettings, json.dumps(found)))


def working(**changes):
    found = json.loads((DATA / "mailbox_settings_of_the_reference_page.json").read_text())
    return settings(workingHours=found["workingHours"] | changes)


def replies(status, start="2026-02-16T07:00:00.0000000", end="2026-02-20T17:00:00.0000000", time_zone="UTC"):
    return {
        "status": status,
        "internalReplyMessage": "private words",
        "scheduledStartDateTime": {"dateTime": start, "timeZone": time_zone},
        "scheduledEndDateTime": {"dateTime": end, "timeZone": time_zone},
    }


def test_settings_of_the_reference_page():
    found = settings()
    assert found.hours.time_zone == "Europe/Berlin"
    assert found.hours.hours == tuple(DayHours(weekday=day, start=NINE, end=HALF_PAST_FOUR) for day in range(4))
    assert found.absences == (
        Absence(starts_at=datetime(2026, 2, 16, 7, tzinfo=UTC), ends_at=datetime(2026, 2, 20, 17, tzinfo=UTC)),
    )


def test_zone_of_the_working_hours_comes_before_that_of_the_mailbox():
    assert working(timeZone={"name": "Tokyo Standard Time"}).hours.time_zone == "Asia/Tokyo"
    assert working(timeZone={"name": "Asia/Tokyo"}).hours.time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("zone_of_hours", [None, {"name": ""}, {"name": None}, {}])
def test_zone_of_the_mailbox_stands_in(zone_of_hours):
    assert working(timeZone=zone_of_hours).hours.time_zone == "Europe/Berlin"


def test_mailbox_never_opened_has_no_hours():
    assert settings("mailbox_settings_never_opened.json").hours is None


@pytest.mark.parametrize(
    ("changes", "logged"),
    [
        ({"timeZone": {"name": "Middle-earth Standard Time"}}, "unknown time zone"),
        ({"startTime": "morning"}, "passed over"),
        ({"startTime": None}, "passed over"),
        ({"daysOfWeek": []}, ""),
        ({"daysOfWeek": None}, ""),
        ({"daysOfWeek": ["someday"]}, ""),
    ],
)
def test_hours_that_cannot_be_read_are_none_and_said_so(changes, logged, caplog):
    with caplog.at_level(logging.WARNING):
        assert working(**changes).hours is None
    assert logged in caplog.text


def test_a_zone_that_is_not_a_known_one_is_named():
    assert working(timeZone={"name": "Middle-earth Standard Time"}).unknown_zone == "Middle-earth Standard Time"
    assert working(startTime="morning").unknown_zone == ""


def test_zone_set_by_hand_is_computed_from_its_rules():
    found = settings("mailbox_settings_custom_zone.json").hours
    clock = zone(found.time_zone)
    winter, summer = datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)
    assert winter.astimezone(clock).utcoffset() == timedelta(hours=2)
    assert summer.astimezone(clock).utcoffset() == timedelta(hours=3)
    assert {span.weekday for span in found.hours} == {6, 0}


def test_zone_set_by_hand_without_summer_time():
    never = {"time": "00:00:00.0000000", "dayOccurrence": 0, "dayOfWeek": "sunday", "month": 0, "year": 0}
    zone_of_hours = {"bias": -210, "name": "Customized Time Zone", "standardOffset": never, "daylightOffset": never}
    found = working(timeZone=zone_of_hours).hours
    offset = datetime(2026, 7, 15, 12, tzinfo=UTC).astimezone(zone(found.time_zone)).utcoffset()
    assert offset == timedelta(hours=3, minutes=30)


def test_zone_whose_clocks_change_in_one_year_only_is_not_guessed(caplog):
    change = {"time": "02:00:00", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 3, "year": 2026}
    with caplog.at_level(logging.WARNING):
        assert working(timeZone={"bias": 0, "standardOffset": change, "daylightOffset": change}).hours is None
    assert "in one year only" in caplog.text


def test_night_shift_ends_the_next_day_and_midnight_ends_the_day():
    night = working(daysOfWeek=["sunday"], startTime="22:00:00.0000000", endTime="06:00:00.0000000").hours.hours
    assert night == (
        DayHours(weekday=6, start=time(22), end=time.max),
        DayHours(weekday=0, start=time.min, end=time(6)),
    )
    late = working(daysOfWeek=["friday"], startTime="14:00:00", endTime="00:00:00").hours.hours
    assert late == (DayHours(weekday=4, start=time(14), end=time.max),)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (replies("disabled"), ()),
        (replies("alwaysEnabled"), (Absence(starts_at=SINCE_ALWAYS),)),
        (replies("AlwaysEnabled"), (Absence(starts_at=SINCE_ALWAYS),)),
        (replies("sometimes"), ()),
        (replies("scheduled", end="2026-02-16T07:00:00"), ()),
        (replies("scheduled", start="0001-01-01T00:00:00"), ()),
        (replies("scheduled", time_zone="Middle-earth Standard Time"), ()),
        (None, ()),
    ],
    ids=["disabled", "always", "any case", "unknown", "no length", "never", "unknown zone", "missing"],
)
def test_status_of_automatic_replies_is_looked_at_before_their_dates(setting, expected):
    assert settings(automaticRepliesSetting=setting).absences == expected


def test_scheduled_replies_are_read_by_their_own_zone():
    (absence,) = settings(automaticRepliesSetting=replies("scheduled", time_zone="Tokyo Standard Time")).absences
    assert absence.starts_at == datetime(2026, 2, 15, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"allowedOnlineMeetingProviders": ["teamsForBusiness", "unknown"]}, {"teamsForBusiness", "unknown"}),
        ({"allowedOnlineMeetingProviders": []}, set()),
        ({"allowedOnlineMeetingProviders": None}, set()),
        ({}, set()),
    ],
)
def test_online_meeting_providers_are_those_of_the_default_calendar(graph, answering, body, expected):
    answers = answering(graph.ok(body))

    async def use(transport):
        return await mailbox_settings.allowed_online_meeting_providers(transport, "u")

    assert graph.run(answers, use) == expected
    assert answers.urls == ["/users/u/calendar"]
