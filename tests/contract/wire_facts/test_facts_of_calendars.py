"""Facts of calendars on the wire: views, pages, delta, free and busy times, settings."""

from __future__ import annotations

import pytest
from contract.wire_facts.wire_target import fact

API = "https://learn.microsoft.com/graph/api"
DELTA = "https://learn.microsoft.com/graph/delta-query-events"
SCHEDULE = f"{API}/calendar-getschedule"
ISSUES = "https://github.com/microsoftgraph/microsoft-graph-docs/issues"


def code(answer):
    return answer.json()["error"]["code"]


def window(target, start=-24.0, end=24 * 22.0):
    return {"startDateTime": target.instant(start), "endDateTime": target.instant(end)}


def named(subject):
    return {"$filter": f"subject eq '{subject}'"}


def weekly(target, count=3):
    day = target.starts_at
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [f"{day:%A}".lower()]},
        "range": {"type": "numbered", "startDate": f"{day:%Y-%m-%d}", "numberOfOccurrences": count},
    }


# Views and pages --------------------------------------------------------------------------------------------------


@fact("a view needs both ends of its window", page=f"{API}/user-list-calendarview")
@pytest.mark.parametrize("left", ["startDateTime", "endDateTime"])
def test_view_needs_a_window(graph, target, left):
    params = {left: window(target)[left]}
    assert graph.get(f"{target.mailbox}/calendarView", params=params).status_code == 400


@fact(
    "the ends of a window without an offset are UTC, whatever zone is preferred", page=f"{API}/user-list-calendarview"
)
def test_window_is_utc(graph, target):
    event = target.event()
    bare = {name: value.removesuffix("Z") for name, value in window(target, -1, 2).items()}
    headers = {"Prefer": 'outlook.timezone="Tokyo Standard Time"'}
    params = bare | named(event["subject"])
    found = graph.get(f"{target.mailbox}/calendarView", params=params, headers=headers).json()["value"]
    assert [each["start"]["timeZone"] for each in found] == ["Tokyo Standard Time"]


@fact("ten come on a page unless $top says otherwise; the last page has no next link", page=f"{ISSUES}/6813")
def test_pages_of_ten(graph, target):
    subject = target.subject("Paged")
    for _ in range(12):
        target.event(subject=subject)
    first = graph.get(f"{target.mailbox}/events", params=named(subject)).json()
    assert len(first["value"]) == 10
    last = graph.get(first["@odata.nextLink"]).json()
    assert (len(last["value"]), "@odata.nextLink" in last) == (2, False)
    whole = graph.get(f"{target.mailbox}/events", params=named(subject) | {"$top": 12}).json()
    seen = {each["id"] for each in first["value"] + last["value"]}
    assert {each["id"] for each in whole["value"]} == seen


@fact(
    "$count tells how many match, not how many are on the page",
    page="https://learn.microsoft.com/graph/query-parameters",
)
def test_count(graph, target):
    subject = target.subject("Counted")
    for _ in range(3):
        target.event(subject=subject)
    params = named(subject) | {"$top": 2, "$count": "true"}
    assert graph.get(f"{target.mailbox}/events", params=params).json()["@odata.count"] == 3


@fact("events lists the master of a series, the view its occurrences", page=f"{API}/user-list-calendarview")
def test_series_in_list_and_view(graph, target):
    master = target.event(recurrence=weekly(target))
    assert (master["type"], master["seriesMasterId"]) == ("seriesMaster", None)
    listed = graph.get(f"{target.mailbox}/events", params=named(master["subject"])).json()["value"]
    assert [each["id"] for each in listed] == [master["id"]]
    view = graph.get(f"{target.mailbox}/calendarView", params=window(target) | {"$top": 500}).json()["value"]
    occurrences = [each for each in view if each["seriesMasterId"] == master["id"]]
    assert [each["type"] for each in occurrences] == ["occurrence"] * 3
    assert master["id"] not in {each["id"] for each in view}


# Delta ------------------------------------------------------------------------------------------------------------


def round_of(graph, link, **options):
    """Follow a round to its end; return the items and the link of the next round."""
    items = []
    while True:
        page = graph.get(link, **options).json()
        items += page["value"]
        if "@odata.deltaLink" in page:
            return items, page["@odata.deltaLink"]
        link, options = page["@odata.nextLink"], {"headers": options.get("headers")}


@fact("a round is followed by next links and ends in a delta link", page=DELTA)
def test_delta_round(graph, target):
    events = {target.event()["id"] for _ in range(3)}
    headers = {"Prefer": "odata.maxpagesize=2"}
    answer = graph.get(f"{target.mailbox}/calendarView/delta", params=window(target), headers=headers)
    first = answer.json()
    assert len(first["value"]) <= 2
    assert "@odata.deltaLink" not in first
    items, link = round_of(graph, first["@odata.nextLink"], headers=headers)
    assert events <= {each["id"] for each in first["value"] + items}
    assert "deltatoken" in link.lower()


@fact("the next round tells what was made, changed and deleted", page=DELTA)
def test_delta_changes(graph, target):
    changed, deleted = target.event(), target.event()
    _, link = round_of(graph, f"{target.mailbox}/calendarView/delta", params=window(target))
    made = target.event()
    graph.patch(f"{target.mailbox}/events/{changed['id']}", json={"subject": target.subject("Changed")})
    graph.delete(f"{target.mailbox}/events/{deleted['id']}")
    found = {}

    def told():
        nonlocal link
        items, link = round_of(graph, link)
        found.update({each["id"]: each for each in items})
        return {made["id"], changed["id"], deleted["id"]} <= set(found)

    target.eventually(told)
    assert found[deleted["id"]]["@removed"]["reason"] == "deleted"
    assert found[changed["id"]]["subject"].startswith("Changed")


@fact("delta, delta() and the qualified name are one function", page=f"{API}/event-delta")
@pytest.mark.parametrize("name", ["delta", "delta()", "microsoft.graph.delta()"])
def test_delta_by_each_name(graph, target, name):
    answer = graph.get(f"{target.mailbox}/calendarView/{name}", params=window(target))
    assert answer.status_code == 200


@fact("delta takes no $filter, $orderby, $expand, $search", page=f"{API}/event-delta", reading=True)
@pytest.mark.parametrize("option", [{"$filter": "isCancelled eq false"}, {"$orderby": "subject"}])
def test_delta_takes_no_query_options(graph, target, option):
    answer = graph.get(f"{target.mailbox}/calendarView/delta", params=window(target) | option)
    target.reads(answer.status_code, sandbox=400, live=(400, 200))


@fact("occurrences in delta are bare: the master has the rest", page=f"{ISSUES}/7632")
def test_delta_occurrences_are_bare(graph, target):
    master = target.event(recurrence=weekly(target))
    items, _ = round_of(graph, f"{target.mailbox}/calendarView/delta", params=window(target))
    occurrences = [each for each in items if each.get("seriesMasterId") == master["id"]]
    assert len(occurrences) == 3
    for each in occurrences:
        assert each["type"] == "occurrence"
        assert {"start", "end", "id"} <= set(each)
        assert "subject" not in each


# Free and busy times ----------------------------------------------------------------------------------------------


def asked(target, *schedules, hours=4.0, minutes=60, start=0.0):
    return {
        "schedules": list(schedules),
        "startTime": target.at(start),
        "endTime": target.at(start + hours),
        "availabilityViewInterval": minutes,
    }


@fact("one digit a slot: 0 free, 1 tentative, 2 busy, 3 away; elsewhere is free", page=SCHEDULE)
def test_digits_of_the_view(graph, target):
    base = 24 * 9.0
    for hours, show_as in ((0, "busy"), (1, "tentative"), (2, "oof"), (3, "workingElsewhere")):
        target.event(hours=base + hours, showAs=show_as)

    def settled():
        body = asked(target, target.organizer, hours=5, start=base)
        [found] = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body).json()["value"]
        return found if found["availabilityView"] == "21300" else None

    found = target.eventually(settled)
    assert {item["status"] for item in found["scheduleItems"]} >= {"busy", "tentative", "oof", "workingElsewhere"}


@fact("a slot that is partly taken takes the digit; items are not cut to the window", page=SCHEDULE)
def test_partly_taken_slot(graph, target):
    base = 24 * 10.0
    target.event(hours=base - 0.5)

    def settled():
        body = asked(target, target.organizer, hours=2, start=base)
        [found] = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body).json()["value"]
        return found if found["availabilityView"] == "20" else None

    [item] = target.eventually(settled)["scheduleItems"]
    assert item["start"]["dateTime"][:19] == target.at(base - 0.5)["dateTime"]


@fact("times of items are in the preferred zone", page=SCHEDULE)
def test_zone_of_items(graph, target):
    base = 24 * 11.0
    target.event(hours=base)
    headers = {"Prefer": 'outlook.timezone="India Standard Time"'}

    def settled():
        body = asked(target, target.organizer, start=base)
        answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body, headers=headers)
        return answer.json()["value"][0]["scheduleItems"]

    [item] = target.eventually(settled)
    assert item["start"]["timeZone"] == "India Standard Time"
    assert item["start"]["dateTime"] == f"{target.at(base + 5.5)['dateTime']}.0000000"


@fact("an address nobody has spoils its own element alone", page=f"{ISSUES}/11225")
def test_unknown_schedule(graph, target):
    ghost = f"nobody-{target.run_id.lower()}@{target.organizer.partition('@')[2]}"
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=asked(target, target.attendee, ghost))
    assert answer.status_code == 200
    found = {each["scheduleId"].lower(): each for each in answer.json()["value"]}
    assert len(found[target.attendee.lower()]["availabilityView"]) == 4
    assert found[ghost]["error"]["responseCode"] == "5009"
    assert "availabilityView" not in found[ghost]


@fact("working hours come with the schedule, their zone by name", page=SCHEDULE)
def test_working_hours(graph, target):
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=asked(target, target.attendee))
    hours = answer.json()["value"][0]["workingHours"]
    assert set(hours["daysOfWeek"]) <= {
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    }
    assert hours["startTime"].endswith(":00.0000000")
    assert hours["timeZone"]["name"]


@fact(
    "parameters of actions are taken as the SDK writes them, too",
    page="https://github.com/microsoftgraph/msgraph-sdk-python",
)
def test_pascal_case_parameters(graph, target):
    body = {name[0].upper() + name[1:]: value for name, value in asked(target, target.attendee).items()}
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body)
    assert len(answer.json()["value"][0]["availabilityView"]) == 4


@fact("slots last half an hour unless said otherwise", page=SCHEDULE)
def test_default_interval(graph, target):
    body = asked(target, target.attendee)
    del body["availabilityViewInterval"]
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body)
    assert len(answer.json()["value"][0]["availabilityView"]) == 8


@fact("a window is shorter than 62 days", page="https://learn.microsoft.com/graph/outlook-get-free-busy-schedule")
def test_longest_window(graph, target):
    body = asked(target, target.attendee, hours=63 * 24, minutes=1440)
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body)
    assert code(answer) == "ErrorTimeIntervalTooBig"


@fact("a slot lasts from 5 minutes to a day", page=f"{ISSUES}/6450")
@pytest.mark.parametrize("minutes", [4, 1441])
def test_bounds_of_the_interval(graph, target, minutes):
    body = asked(target, target.attendee, hours=48, minutes=minutes)
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body)
    assert code(answer) == "ErrorInvalidMergedFreeBusyInterval"


@fact("over a hundred addresses are too many, whatever is documented", page=f"{ISSUES}/7047")
def test_most_schedules(graph, target):
    domain = target.organizer.partition("@")[2]
    body = asked(target, *(f"nobody{number}@{domain}" for number in range(101)))
    answer = graph.post(f"{target.mailbox}/calendar/getSchedule", json=body)
    assert code(answer) == "ErrorMailboxDataArrayTooBig"


@fact("findMeetingTimes is not for applications", page=f"{API}/user-findmeetingtimes")
def test_find_meeting_times(graph, target):
    body = {"meetingDuration": "PT1H"}
    assert graph.post(f"{target.mailbox}/findMeetingTimes", json=body).status_code == 403


# Calendar and mailbox ---------------------------------------------------------------------------------------------


@fact("the default calendar says so, and which meetings it may have", page=f"{API}/calendar-get")
def test_default_calendar(graph, target):
    calendar = graph.get(f"{target.mailbox}/calendar").json()
    assert calendar["isDefaultCalendar"]
    assert calendar["owner"]["address"].lower() == target.organizer.lower()
    assert isinstance(calendar["allowedOnlineMeetingProviders"], list)
    assert calendar["defaultOnlineMeetingProvider"]


@fact("mailbox settings hold zone, language, hours and automatic replies", page=f"{API}/user-get-mailboxsettings")
def test_mailbox_settings(graph, target):
    settings = graph.get(f"{target.mailbox}/mailboxSettings").json()
    assert {"timeZone", "language", "workingHours", "automaticRepliesSetting"} <= set(settings)
    assert settings["automaticRepliesSetting"]["status"] in {"disabled", "alwaysEnabled", "scheduled"}


@fact("a setting that is an object is answered by itself", page=f"{API}/user-get-mailboxsettings")
def test_one_mailbox_setting(graph, target):
    hours = graph.get(f"{target.mailbox}/mailboxSettings/workingHours").json()
    assert {"daysOfWeek", "startTime", "endTime", "timeZone"} <= set(hours)
