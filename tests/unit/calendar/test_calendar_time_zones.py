from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import tz_win, win_tz

from graphsync.calendar import UnknownTimeZone, YearlyChange, custom_rule, iana_name, windows_name, zone

LAST_SUNDAY_OF_MARCH = YearlyChange(month=3, occurrence=5, weekday=6, at=time(2))
LAST_SUNDAY_OF_OCTOBER = YearlyChange(month=10, occurrence=5, weekday=6, at=time(3))


def offset_at(name, instant):
    return datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(zone(name)).utcoffset()


@pytest.mark.parametrize(
    ("name", "january", "july"),
    [
        ("Europe/Berlin", 1, 2),
        ("W. Europe Standard Time", 1, 2),
        ("w. europe standard time", 1, 2),
        ("Eastern Standard Time", -5, -4),
        ("US Mountain Standard Time", -7, -7),
        ("India Standard Time", 5.5, 5.5),
        ("Asia/Kathmandu", 5.75, 5.75),
        ("AUS Eastern Standard Time", 11, 10),
        ("UTC", 0, 0),
        ("EST5EDT", -5, -4),
        ("Etc/GMT+5", -5, -5),
        ("UTC-11", -11, -11),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1, 2),
        ("STD-5:30", 5.5, 5.5),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 11, 10),
    ],
)
def test_zone_reads_iana_names_windows_names_and_rules(name, january, july):
    assert offset_at(name, "2026-01-15T12:00") == timedelta(hours=january)
    assert offset_at(name, "2026-07-15T12:00") == timedelta(hours=july)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Customized Time Zone",
        "Greenwich Mean Time",
        "Europe/Atlantis",
        "America",
        "/etc/localtime",
        "../Europe/Berlin",
        "localtime",
        "Factory",
        "right/Europe/Berlin",
        "tzone://Microsoft/Custom",
        "STD",
        "STD-2DST",
        "STD-2DST-3,M13.1.0,M2.1.0",
        "STD-30",
    ],
)
def test_zone_refuses_what_is_no_zone(name):
    with pytest.raises(UnknownTimeZone) as raised:
        zone(name)
    assert raised.value.name == name
    assert repr(name) in str(raised.value)
    assert "set a time zone" in str(raised.value)


def test_zone_gives_the_same_clock_again():
    assert zone("Europe/Berlin") is zone("Europe/Berlin")


def test_every_windows_zone_has_a_clock():
    assert all(zone(name) == ZoneInfo(iana) for name, iana in win_tz.items() if name != "UTC")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", "UTC"),
    ],
)
def test_iana_name(name, expected):
    assert iana_name(name) == expected


@pytest.mark.parametrize("name", ["Customized Time Zone", "STD-2", ""])
def test_iana_name_refuses_what_has_none(name):
    with pytest.raises(UnknownTimeZone):
        iana_name(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/Madrid", "Romance Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("EST5EDT", "Eastern Standard Time"),
        ("GMT", "UTC"),
        ("Etc/UTC", "UTC"),
        ("w. europe standard time", "W. Europe Standard Time"),
        ("Antarctica/Troll", "UTC"),
        ("STD-2DST-3,M3.5.0,M10.5.0", "UTC"),
    ],
)
def test_windows_name(name, expected):
    assert windows_name(name) == expected


def test_windows_name_refuses_a_zone_that_does_not_exist():
    with pytest.raises(UnknownTimeZone):
        windows_name("Europe/Atlantis")


def test_names_of_one_zone_lead_back_to_the_same_windows_name():
    assert all(windows_name(iana_name(name)) == name for name in tz_win.values())


def test_rule_of_a_custom_zone_follows_both_changes():
    # The example of Graph's reference: two hours east, changes on the last Sundays of March and October.
    rule = custom_rule(-120, LAST_SUNDAY_OF_OCTOBER, LAST_SUNDAY_OF_MARCH, -60)
    assert rule == "STD-2:00DST-3:00,M3.5.0/2:00,M10.5.0/3:00"
    assert offset_at(rule, "2026-03-28T23:59:59") == timedelta(hours=2)
    assert offset_at(rule, "2026-03-29T00:00:00") == timedelta(hours=3)
    assert offset_at(rule, "2026-10-24T23:59:59") == timedelta(hours=3)
    assert offset_at(rule, "2026-10-25T00:00:00") == timedelta(hours=2)


def test_rule_of_a_custom_zone_west_of_greenwich_agrees_with_the_tz_database():
    rule = custom_rule(
        480,
        YearlyChange(month=11, occurrence=1, weekday=6, at=time(2)),
        YearlyChange(month=3, occurrence=2, weekday=6, at=time(2)),
        -60,
    )
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=5 * step) for step in range(1750)]
    los_angeles = ZoneInfo("America/Los_Angeles")
    assert all(i.astimezone(zone(rule)).utcoffset() == i.astimezone(los_angeles).utcoffset() for i in instants)


def test_rule_of_a_custom_zone_in_the_south_with_half_an_hour_of_summer_time():
    rule = custom_rule(
        -630,
        YearlyChange(month=4, occurrence=1, weekday=6, at=time(2)),
        YearlyChange(month=10, occurrence=1, weekday=6, at=time(2)),
        -30,
    )
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=5 * step) for step in range(1750)]
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert all(i.astimezone(zone(rule)).utcoffset() == i.astimezone(lord_howe).utcoffset() for i in instants)


def test_rule_in_which_summer_time_ends_at_midnight_changes_on_that_very_day():
    rule = custom_rule(-120, YearlyChange(month=10, occurrence=5, weekday=6, at=time(0)), LAST_SUNDAY_OF_MARCH, -60)
    assert offset_at(rule, "2026-10-24T20:59:59") == timedelta(hours=3)
    assert offset_at(rule, "2026-10-24T21:00:00") == timedelta(hours=2)


def test_rule_reads_the_last_millisecond_of_a_day_as_midnight():
    end = YearlyChange(month=10, occurrence=5, weekday=5, at=time(23, 59, 59, 999000))
    assert custom_rule(-120, end, LAST_SUNDAY_OF_MARCH, -60).endswith(",M10.5.6/24:00")


@pytest.mark.parametrize(
    ("changes", "daylight_bias"), [((None, None), -60), ((LAST_SUNDAY_OF_OCTOBER, LAST_SUNDAY_OF_MARCH), 0)]
)
def test_rule_without_summer_time(changes, daylight_bias):
    rule = custom_rule(-330, *changes, daylight_bias)
    assert rule == "STD-5:30"
    assert offset_at(rule, "2026-07-15T12:00") == timedelta(hours=5.5)


def test_rule_needs_both_changes_or_none():
    with pytest.raises(ValueError, match="or neither"):
        custom_rule(-60, LAST_SUNDAY_OF_OCTOBER, None, -60)


def test_rule_refuses_a_bias_of_a_day():
    with pytest.raises(ValueError, match="1440 minutes"):
        custom_rule(1440)


@pytest.mark.parametrize("wrong", [{"month": 0}, {"occurrence": 6}, {"weekday": 7}])
def test_change_checks_itself(wrong):
    with pytest.raises(ValueError, match="month 1 to 12"):
        YearlyChange(**{"month": 3, "occurrence": 5, "weekday": 6, "at": time(2)} | wrong)
