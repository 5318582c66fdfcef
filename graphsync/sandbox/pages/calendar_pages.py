"""Pages about calendars: somebody's week, and one event with what its owner may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.pages.visits import Action, Done, PageMissing, Shown, Steering, View, Visit, path, person_path
from graphsync.sandbox.pages.visits import week_path as week_at
from graphsync.sandbox.pages.week import monday_of, week_of
from graphsync.sandbox.pages.words import RESPONSES, SHOWN_AS, shown_body, states
from graphsync.sandbox.refusals import item_not_found
from graphsync.sandbox.tenant.directory import NO_MAILBOX_TEXT, User
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import local_time

# More people than these are found by searching, not in a list to choose from.
MOST_CHOICES = 50
_HERE = frozenset({"localhost", "127.0.0.1"})


def week(steering: Steering, visit: Visit) -> Shown:
    """Show a week of somebody's calendar: the present one and the first person's, unless options say otherwise."""
    world = steering.world
    people = world.users()
    if not people:
        return Shown(template="week.html", title="No people", section="week", values={"user": None})
    user = _chosen(world, people, visit.options.get("person", ""))
    now = world.clock.now()
    today = local_time(now, user.windows_time_zone).date()
    monday = monday_of(_day_asked_for(visit.options.get("week", ""), today))
    values = {
        "user": user,
        "tab": "week",
        "choices": people if len(people) <= MOST_CHOICES else [],
        "count": len(people),
        "before": week_at(user.address, monday - timedelta(days=7)),
        "after": week_at(user.address, monday + timedelta(days=7)),
        "present": week_at(user.address),
        "is_present": monday == monday_of(today),
        "local_now": local_time(now, user.windows_time_zone),
        "heading": "Calendar",
    }
    if user.mailbox != "ok":
        return Shown(
            template="week.html",
            title=f"Calendar of {user.display_name}",
            section="week",
            values={**values, "week": None, "no_mailbox": NO_MAILBOX_TEXT},
        )
    # A day more on both sides: days begin at other instants elsewhere, and events of whole days have their own zone.
    start = datetime.combine(monday, time(), tzinfo=now.tzinfo) - timedelta(days=1)
    shown = week_of(user, world.calendar_view(user, start, start + timedelta(days=9)), monday, now)
    return Shown(
        template="week.html",
        title=f"Calendar of {user.display_name}",
        section="week",
        values={**values, "week": shown, "states": states, "event_path": _event_path},
        style=shown.style(),
    )


def _chosen(world: World, people: Sequence[User], address: str) -> User:
    if address:
        return person_of(world, address)
    able = [user for user in people if user.mailbox == "ok" and user.purpose == "user"]
    return (able or people)[0]


def person_of(world: World, address: str) -> User:
    """Return who has this address or id.

    Raises:
        PageMissing: nobody has.
    """
    user = world.directory.lookup(address)
    if user is None:
        raise PageMissing(f"found nobody with the address {address!r}; expected one of those on the page of people")
    return user


def _day_asked_for(text: str, today: date) -> date:
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PageMissing(f"found week {text!r}; expected a day such as '{today.isoformat()}'") from error
    if not 1970 <= day.year < 2200:
        raise PageMissing(f"found a week of the year {day.year}; expected a year from 1970 to 2199")
    return day


def _event_path(user: User, event: Event) -> str:
    return person_path(user.address, "events", event.id)


def event(steering: Steering, visit: Visit) -> Shown:
    """Show one event as it stands in somebody's calendar."""
    world = steering.world
    user = person_of(world, visit.keys[0])
    copy = world.core.mailbox(user).find(visit.keys[1])
    if copy is None:
        raise item_not_found()
    is_meeting = bool(copy.attendees)
    return Shown(
        template="event.html",
        title=copy.subject or "(no subject)",
        section="week",
        values={
            "user": user,
            "tab": "week",
            "event": copy,
            "zone": user.windows_time_zone,
            "states": states(copy),
            "shown_as": SHOWN_AS.get(copy.show_as, copy.show_as),
            "responses": RESPONSES,
            "body": shown_body(copy.body_html, copy.body_type),
            "join_is_here": _is_here(copy.join_url),
            "may_answer": is_meeting and not copy.is_organizer and not copy.is_cancelled,
            "may_cancel": copy.is_organizer and not copy.is_cancelled,
            "is_meeting": is_meeting,
            "here": _event_path(user, copy),
            "week_path": week_at(user.address, local_time(copy.start, user.windows_time_zone).date()),
        },
    )


def _is_here(url: str | None) -> bool:
    """Return whether a link leads to the sandbox itself: others are shown and cannot be followed by accident."""
    parts = urlsplit(url or "")
    return parts.scheme in {"http", "https"} and parts.hostname in _HERE


def answer(steering: Steering, visit: Visit) -> Done:
    """Answer an invitation as the owner of the calendar."""
    user = person_of(steering.world, visit.keys[0])
    body = {"event": visit.keys[1], "response": visit.form.get("response", "")}
    if visit.form.get("comment"):
        body["comment"] = visit.form["comment"]
    leaves = week_at(user.address, _day_of(steering.world, user, visit.keys[1]))
    steering.respond("POST", path("people", user.address, "answer"), body)
    gone = steering.world.core.mailbox(user).find(visit.keys[1]) is None
    words = RESPONSES[body["response"]]
    told = "The organizer hears of it when time passes."
    return Done(f"{user.display_name} {words} the meeting. {told}", to=leaves if gone else "")


def cancel(steering: Steering, visit: Visit) -> Done:
    """Call a meeting off as its organizer."""
    user = person_of(steering.world, visit.keys[0])
    leaves = week_at(user.address, _day_of(steering.world, user, visit.keys[1]))
    steering.world.cancel_event(user, visit.keys[1], visit.form.get("comment", ""), actor=user.address)
    return Done(f"{user.display_name} cancelled the event.", to=leaves)


def _day_of(world: World, user: User, event_id: str) -> date:
    with world.lock:
        copy = world.core.mailbox(user).find(event_id)
    if copy is None:
        raise item_not_found()
    return local_time(copy.start, user.windows_time_zone).date()


PAGES: tuple[tuple[str, View], ...] = (
    ("/", week),
    ("/page/people/{address}/events/{id}", event),
)
ACTIONS: tuple[tuple[str, Action], ...] = (
    ("/page/people/{address}/events/{id}/answer", answer),
    ("/page/people/{address}/events/{id}/cancel", cancel),
)
