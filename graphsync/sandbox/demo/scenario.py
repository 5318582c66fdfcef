"""Builds the world of the demo from the programme: mailboxes, filled calendars, chats, permissions, config files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType
from zoneinfo import ZoneInfo

from graphsync.sandbox.demo.hours import WEEKDAYS
from graphsync.sandbox.demo.programme import (
    COORDINATOR,
    ORGANIZERS,
    PROGRAMME_MAILBOX,
    WEEKS_BEYOND,
    Pair,
    Person,
    Programme,
)
from graphsync.sandbox.scenarios.calendar_filling import add_entries
from graphsync.sandbox.scenarios.ical import Entry
from graphsync.sandbox.world import World

CLIENT_ID = "5f0c2f0e-64c5-4d43-9a5e-0c2b8d1f7a31"
CLIENT_SECRET = "demo-secret-of-the-sandbox"

_STANDING_MEETINGS = (
    "Team sync",
    "Project board",
    "Design review",
    "One on one",
    "Customer call",
    "Stand-up",
    "Planning",
)
_SINGLE_MEETINGS = (
    "Budget talk",
    "Interview",
    "Vendor demo",
    "Workshop",
    "Dentist",
    "Release check",
    "Town hall prep",
)
_FOCUS = ("Focus time", "Deep work", "Writing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the service finds the sandbox and is found itself."""

    authority: str
    graph_url: str
    public_url: str
    listen: str
    database: str


def build_world(
    world: World, programme: Programme, calendars: Mapping[str, Sequence[Entry]] = MappingProxyType({})
) -> None:
    """Put people, mailboxes, calendars and the app's permissions into an empty world at the programme's start.

    Whoever has an entry in `calendars`, by address, has these in their calendar, and the others what is drawn.
    """
    add_people(world, programme)
    _register_application(world, programme)
    for person in programme.people.values():
        if person.address in calendars:
            add_entries(world, person.address, calendars[person.address])
        else:
            fill_calendar(world, programme, person)


def add_people(world: World, programme: Programme) -> None:
    """Add the people with empty calendars, the programme's mailbox and the coordinator."""
    for person in programme.people.values():
        world.add_user(
            address=person.address,
            display_name=person.name,
            windows_time_zone=person.windows_zone,
            start=person.start,
            end=person.end,
            office_location=person.office,
        )
    zone = "W. Europe Standard Time"
    world.add_user(
        address=PROGRAMME_MAILBOX, display_name="Mentoring Programme", windows_time_zone=zone, purpose="shared"
    )
    world.add_user(address=COORDINATOR, display_name="Programme Coordinator", windows_time_zone=zone)


def _register_application(world: World, programme: Programme) -> None:
    mailboxes = frozenset(world.user(address).id for address in (*programme.people, PROGRAMME_MAILBOX))
    sender = frozenset({world.user(PROGRAMME_MAILBOX).id})
    world.add_application(
        client_id=CLIENT_ID,
        secret=CLIENT_SECRET,
        permissions={
            "User.Read.All": None,
            "Chat.Read.All": None,  # cannot be scoped to mailboxes
            "Place.Read.All": None,  # nor can this
            "Calendars.ReadWrite": mailboxes,
            "MailboxSettings.Read": mailboxes,
            "Mail.ReadWrite": sender,
            "Mail.Send": sender,
        },
    )


def fill_calendar(world: World, programme: Programme, person: Person) -> None:
    """Put a working life into a calendar: lunch, standing meetings, focus blocks, single meetings, about 45 %."""
    draw = Random(f"{world.seed}:{person.address}:calendar")
    taken: dict[int, list[tuple[int, int]]] = {weekday: [] for weekday in range(5)}
    first = programme.starts_at.astimezone(ZoneInfo(person.zone)).date()
    first -= timedelta(days=first.weekday())
    weeks = programme.weeks + WEEKS_BEYOND
    lunch = draw.choice((720, 735, 750, 780))
    lunch_length = draw.choice((45, 60))
    for weekday in range(5):
        taken[weekday].append((lunch, lunch + lunch_length))
    _series(world, person, "Lunch", first, tuple(range(5)), lunch, lunch_length, weeks, show_as="busy")
    day = (_minutes(person.start), _minutes(person.end))
    for subject in draw.sample(_STANDING_MEETINGS, draw.randint(5, 6)):
        weekday = draw.randrange(5)
        length = draw.choice((30, 45, 60, 60))
        at = _gap(draw, taken[weekday], day, length)
        if at is not None:
            taken[weekday].append((at, at + length))
            _series(world, person, subject, first, (weekday,), at, length, weeks, show_as="busy")
    for weekday in draw.sample(range(5), 2):
        at = _gap(draw, taken[weekday], day, 120)
        if at is not None:
            taken[weekday].append((at, at + 120))
            _series(world, person, draw.choice(_FOCUS), first, (weekday,), at, 120, weeks, show_as="busy")
    for week in range(weeks):
        for _ in range(draw.randint(4, 6)):
            weekday = draw.randrange(5)
            length = draw.choice((30, 60, 60, 90))
            at = _gap(draw, taken[weekday], day, length)
            if at is not None:
                show_as = draw.choices(("busy", "tentative", "free"), (8, 1, 1))[0]
                on = first + timedelta(weeks=week, days=weekday)
                start = _instant(person.zone, on, at)
                subject = draw.choice(_SINGLE_MEETINGS)
                add_meeting(world, person, subject, start, timedelta(minutes=length), show_as=show_as)


def add_meeting(
    world: World, person: Person, subject: str, start: datetime, length: timedelta, *, show_as: str = "busy"
) -> None:
    """Let `person` put a meeting of their own into their calendar; `start` is an instant."""
    world.create_event(
        world.user(person.address),
        {
            "subject": subject,
            "start": wire_time(start, person),
            "end": wire_time(start + length, person),
            "showAs": show_as,
            "isReminderOn": False,
        },
        actor=person.address,
    )


def wire_time(instant: datetime, person: Person) -> dict[str, str]:
    """Return an instant as Graph's dateTimeTimeZone in the person's own Windows zone."""
    local = instant.astimezone(ZoneInfo(person.zone)).replace(tzinfo=None)
    return {"dateTime": local.isoformat(), "timeZone": person.windows_zone}


def _series(
    world: World,
    person: Person,
    subject: str,
    first: date,
    weekdays: tuple[int, ...],
    at: int,
    length: int,
    weeks: int,
    *,
    show_as: str,
) -> None:
    on = first + timedelta(days=weekdays[0])
    start = _instant(person.zone, on, at)
    world.create_event(
        world.user(person.address),
        {
            "subject": subject,
            "start": wire_time(start, person),
            "end": wire_time(start + timedelta(minutes=length), person),
            "showAs": show_as,
            "isReminderOn": False,
            "recurrence": {
                "pattern": {
                    "type": "weekly",
                    "interval": 1,
                    "daysOfWeek": [WEEKDAYS[weekday] for weekday in weekdays],
                    "firstDayOfWeek": "monday",
                },
                "range": {
                    "type": "endDate",
                    "startDate": on.isoformat(),
                    "endDate": (first + timedelta(weeks=weeks)).isoformat(),
                    "recurrenceTimeZone": person.windows_zone,
                },
            },
        },
        actor=person.address,
    )


def _gap(draw: Random, taken: list[tuple[int, int]], day: tuple[int, int], length: int) -> int | None:
    """Return a drawn minute of the day at which `length` minutes are free of `taken`, or None."""
    starts = [
        at
        for at in range(day[0], day[1] - length + 1, 15)
        if not any(at < end and start < at + length for start, end in taken)
    ]
    return draw.choice(starts) if starts else None


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _instant(zone: str, on: date, minute: int) -> datetime:
    return datetime.combine(on, time(minute // 60, minute % 60), ZoneInfo(zone)).astimezone(UTC)


def write_config(directory: Path, programme: Programme, world: World, addresses: Addresses) -> None:
    """Write the three files the service is started with, in the form of the shipped `config/`."""
    (directory / "graphsync.yaml").write_text(_service_file(world, addresses), encoding="utf-8")
    (directory / "rules.yaml").write_text(RULES, encoding="utf-8")
    with (directory / "mentorships.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(_row(programme.pairs[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(pair) for pair in programme.pairs)


def _row(pair: Pair) -> dict[str, str]:
    return {
        "mentor": pair.mentor,
        "mentee": pair.mentee,
        "cohort": pair.cohort,
        "started": pair.started.isoformat(),
        "cadence": f"{pair.cadence_days} days",
        "standing": pair.standing,
        "medium": pair.medium,
        "phone": pair.phone,
        "opt_ins": " ".join(sorted(pair.opt_ins)),
        "mentor_offers": pair.mentor_offers,
        "mentee_offers": pair.mentee_offers,
    }


def _service_file(world: World, addresses: Addresses) -> str:
    cohorts = ", ".join(f"{cohort}: {{organizer: {organizer}}}" for cohort, organizer in ORGANIZERS.items())
    return f"""\
tenant:
  id: {world.tenant_id}
  client_id: {CLIENT_ID}
  default_time_zone: Europe/Berlin
  authority: {addresses.authority}
  graph_url: {addresses.graph_url}
service:
  public_url: {addresses.public_url}
  database: {addresses.database}
  listen: {addresses.listen}
organizers: {{programme_mailboxes: [{PROGRAMME_MAILBOX}]}}
mail: {{sender: {PROGRAMME_MAILBOX}}}
coordinators: [{COORDINATOR}]
cohorts: {{{cohorts}}}
sweep: {{mailboxes: 168 hours, people: 24 hours, chats: 48 hours}}
"""


RULES = """\
- name: everyone-meets
  practice: book_ahead
  for: all
  mode: enforce
  cadence: 14 days
  lead_time: {at_least: 7 days, at_most: 21 days}
  duration: 50 minutes
- name: put-back
  practice: rebook_same_week
  mode: enforce
- name: on-video
  practice: video_first
  mode: enforce
- name: answers
  practice: answer_promptly
  mode: enforce
  sources: [invite, chat]
"""
