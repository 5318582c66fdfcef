"""Routes of calendars as such: the list of them, their groups, making and deleting. Events are in routes_calendar.py.

Sources: https://learn.microsoft.com/graph/api/user-list-calendars, https://learn.microsoft.com/graph/api/resources/calendargroup
"""

from __future__ import annotations

from graphsync.sandbox.face.calls import METADATA, Answer, Call, Handler, Route, collection, page
from graphsync.sandbox.face.odata import Lookup, matches
from graphsync.sandbox.face.routes_calendar import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    READ,
    READ_BASIC,
    WRITE,
    calendar_answer,
    calendar_of,
    check_group,
    group_id,
)
from graphsync.sandbox.face.wire import CALENDAR_NAMES, Json, calendar_json
from graphsync.sandbox.outlook.mailboxes import UserCalendar
from graphsync.sandbox.refusals import not_served
from graphsync.sandbox.world import World

GROUP_NAMES = ("id", "name", "classId", "changeKey")
# The group that every mailbox has; its class is that of the sample at user-list-calendargroups.
MY_CALENDARS, CLASS_ID = "My Calendars", "0006f0b7-0000-0000-c000-000000000046"


def _lookup(calendar: UserCalendar) -> Lookup:
    return lambda path: {"name": calendar.name, "id": calendar.id}["/".join(path)]


def list_calendars(world: World, call: Call) -> Answer:
    """GET the calendars: https://learn.microsoft.com/graph/api/user-list-calendars."""
    check_group(world, call)
    select = call.query.select(CALENDAR_NAMES)
    wanted = call.query.filter(("name", "id"))
    size = call.query.number("$top", call.prefer.page_size or DEFAULT_PAGE, LARGEST_PAGE)
    found = world.calendar_folders.all(call.user)
    if wanted is not None:
        found = [calendar for calendar in found if matches(wanted, _lookup(calendar))]
    part, next_link = page(call, found, size)
    items = [calendar_json(call.user, calendar, select) for calendar in part]
    answer = collection(call, f"users('{call.user.id}')/calendars", items, next_link)
    call.query.finish()
    return answer


def create_calendar(world: World, call: Call) -> Answer:
    """POST a calendar: https://learn.microsoft.com/graph/api/user-post-calendars."""
    check_group(world, call)
    call.query.finish()
    return calendar_answer(call, world.calendar_folders.create(call.user, call.json(), actor=call.actor), 201)


def update_calendar(world: World, call: Call) -> Answer:
    """PATCH a calendar: https://learn.microsoft.com/graph/api/calendar-update."""
    call.query.finish()
    calendar = calendar_of(world, call)
    changed = world.calendar_folders.patch(call.user, calendar.id, call.json(), actor=call.actor)
    return calendar_answer(call, changed, 200)


def delete_calendar(world: World, call: Call) -> Answer:
    """DELETE a calendar: https://learn.microsoft.com/graph/api/calendar-delete."""
    call.query.finish()
    world.calendar_folders.delete(call.user, calendar_of(world, call).id, actor=call.actor)
    return Answer(status=204)


def _group(world: World, call: Call) -> Json:
    shown = group_id(world, call.user)
    change_key = world.draws.change_key("calendar-group", call.user.id)
    return {"id": shown, "name": MY_CALENDARS, "classId": CLASS_ID, "changeKey": change_key}


def list_calendar_groups(world: World, call: Call) -> Answer:
    """GET the one group there is: https://learn.microsoft.com/graph/api/user-list-calendargroups."""
    select = call.query.select(GROUP_NAMES)
    group = _group(world, call)
    items = [group if select is None else {name: group[name] for name in dict.fromkeys(("id", *select))}]
    answer = collection(call, f"users('{call.user.id}')/calendarGroups", items)
    call.query.finish()
    return answer


def get_calendar_group(world: World, call: Call) -> Answer:
    """GET a group: https://learn.microsoft.com/graph/api/calendargroup-get."""
    check_group(world, call)
    call.query.finish()
    context = f"{METADATA}users('{call.user.id}')/calendarGroups/$entity"
    return Answer(status=200, body={"@odata.context": context, **_group(world, call)})


def change_calendar_group(world: World, call: Call) -> Answer:
    """POST, PATCH, DELETE of groups: https://learn.microsoft.com/graph/api/resources/calendargroup."""
    raise not_served("making, changing and deleting calendar groups; there is 'My Calendars' alone.")


def calendar_permissions(world: World, call: Call) -> Answer:
    """GET who a calendar is shared with: https://learn.microsoft.com/graph/api/resources/calendarpermission."""
    raise not_served("calendarPermissions; no calendar is shared here.")


def get_schedule_of_calendar(world: World, call: Call) -> Answer:
    """POST getSchedule below one calendar, which the page does not have."""
    raise not_served("getSchedule of one calendar; 'calendar/getSchedule' is, and looks at default calendars alone.")


def _route(method: str, tail: str, operation: str, permissions: tuple[str, ...], handler: Handler) -> Route:
    return Route(
        method=method,
        pattern=f"users/{{user}}/{tail}",
        operation=operation,
        permissions=permissions,
        subject="mailbox",
        handler=handler,
    )


_BASIC = READ_BASIC + READ
_GROUP = "calendarGroups/{group}"

ROUTES: list[Route] = [
    *(
        route
        for start in ("calendars", f"{_GROUP}/calendars")
        for route in (
            _route("GET", start, "listCalendars", _BASIC, list_calendars),
            _route("POST", start, "createCalendar", WRITE, create_calendar),
            _route("PATCH", f"{start}/{{calendar}}", "updateCalendar", WRITE, update_calendar),
            _route("DELETE", f"{start}/{{calendar}}", "deleteCalendar", WRITE, delete_calendar),
        )
    ),
    _route("PATCH", "calendar", "updateCalendar", WRITE, update_calendar),
    _route("GET", "calendar/calendarPermissions", "listCalendarPermissions", READ, calendar_permissions),
    _route("GET", "calendars/{calendar}/calendarPermissions", "listCalendarPermissions", READ, calendar_permissions),
    _route("POST", "calendars/{calendar}/getSchedule", "getScheduleOfCalendar", _BASIC, get_schedule_of_calendar),
    _route("GET", "calendarGroups", "listCalendarGroups", _BASIC, list_calendar_groups),
    _route("POST", "calendarGroups", "createCalendarGroup", WRITE, change_calendar_group),
    _route("GET", _GROUP, "getCalendarGroup", _BASIC, get_calendar_group),
    _route("PATCH", _GROUP, "updateCalendarGroup", WRITE, change_calendar_group),
    _route("DELETE", _GROUP, "deleteCalendarGroup", WRITE, change_calendar_group),
]
