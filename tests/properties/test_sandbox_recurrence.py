"""A series of the sandbox takes place when python-dateutil, which knows nothing of Graph, says its rule does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.refusals import GraphRefusal

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
# Both sides of both changes of the clocks lie in every series that lasts; Arizona has none.
ZONES = {
    "Romance Standard Time": ZoneInfo("Europe/Paris"),
    "Eastern Standard Time": ZoneInfo("America/New_York"),
    "AUS Eastern Standard Time": ZoneInfo("Australia/Sydney"),
    "US Mountain Standard Time": ZoneInfo("America/Phoenix"),
}
YEARS = timedelta(days=3 * 366)


@st.composite
def patterns(draw):
    """Draw a pattern, and the rule of RFC 5545 that means the same."""
    kind = draw(
        st.sampled_from(("daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"))
    )
    interval = draw(st.integers(1, 4))
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True))
    index, first_day = draw(st.sampled_from(sorted(INDEXES))), draw(st.sampled_from(DAYS))
    day, month = draw(st.integers(1, 31)), draw(st.integers(1, 12))
    pattern = {"type": kind, "interval": interval}
    # A month that is too short has its last day: the last of those days up to `day` that the month has.
    clamped = {"bymonthday": tuple(range(min(day, 28), day + 1)), "bysetpos": -1}
    nth = {"byweekday": [DAYS.index(each) for each in days], "bysetpos": INDEXES[index]}
    match kind:
        case "daily":
            return pattern, {"freq": rrule.DAILY, "interval": interval}
        case "weekly":
            rule = {"freq": rrule.WEEKLY, "wkst": DAYS.index(first_day), "byweekday": nth["byweekday"]}
            return pattern | {"daysOfWeek": days, "firstDayOfWeek": first_day}, rule | {"interval": interval}
        case "absoluteMonthly":
            return pattern | {"dayOfMonth": day}, {"freq": rrule.MONTHLY, "interval": interval, **clamped}
        case "relativeMonthly":
            return pattern | {"daysOfWeek": days, "index": index}, {"freq": rrule.MONTHLY, "interval": interval, **nth}
        case "absoluteYearly":
            rule = {"freq": rrule.YEARLY, "interval": interval, "bymonth": month, **clamped}
            return pattern | {"dayOfMonth": day, "month": month}, rule
        case _:
            rule = {"freq": rrule.YEARLY, "interval": interval, "bymonth": month, **nth}
            return pattern | {"daysOfWeek": days, "index": index, "month": month}, rule


@st.composite
def series(draw):
    """Draw the body of an event that recurs, with the starts its rule has on the wall clock."""
    pattern, rule = draw(patterns())
    zone = draw(st.sampled_from(sorted(ZONES)))
    starts = datetime.combine(draw(st.dates(date(2024, 1, 1), date(2027, 12, 31))), time(draw(st.integers(4, 21)), 30))
    kind = draw(st.sampled_from(("endDate", "noEnd", "numbered")))
    span = {"type": kind, "startDate": starts.date().isoformat()}
    if kind == "endDate":
        last = starts.date() + timedelta(days=draw(st.integers(0, 1500)))
        span["endDate"] = last.isoformat()
        rule["until"] = datetime.combine(last, time.max)
    elif kind == "numbered":
        span["numberOfOccurrences"] = rule["count"] = draw(st.integers(1, 40))
    body = {
        "subject": "Series",
        "start": {"dateTime": starts.isoformat(), "timeZone": zone},
        "end": {"dateTime": (starts + timedelta(hours=1)).isoformat(), "timeZone": zone},
        "recurrence": {"pattern": pattern, "range": span},
    }
    return body, rrule.rrule(dtstart=starts, **rule), ZONES[zone]


def expected_starts(rule, zone, until):
    found = []
    for wall in rule:
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at >= until:
            break
        found.append(at)
    return found


@settings(deadline=None, max_examples=200)
@given(series())
def test_a_series_takes_place_when_its_rule_says_by_the_wall_clock_of_its_zone(drawn):
    body, rule, zone = drawn
    world = World(clock=VirtualClock(datetime(2024, 1, 1, tzinfo=UTC)), seed=1)
    ana = world.add_user(address="ana@fabrikam.test", display_name="Ana", windows_time_zone="UTC")
    begin = datetime.fromisoformat(body["start"]["dateTime"]).replace(tzinfo=zone).astimezone(UTC)
    until = begin + YEARS
    if next(iter(rule), None) is None:
        with pytest.raises(GraphRefusal, match="ErrorRecurrenceHasNoOccurrence"):
            world.create_event(ana, body, actor="ana")
        return
    master = world.create_event(ana, body, actor="ana")
    found = world.calendar_view(ana, begin - timedelta(days=1), until)
    assert [item.start for item in found] == expected_starts(rule, zone, until)
    assert master.start.astimezone(zone).replace(tzinfo=None) == next(iter(rule))
    assert {item.end - item.start for item in found} <= {timedelta(hours=1)}
    assert [world.calendars.find(ana, item.id).start for item in found[:3]] == [item.start for item in found[:3]]
