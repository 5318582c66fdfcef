"""Puts what calendar files hold into mailboxes: a person's entries, or a whole folder into a tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from graphsync.sandbox.scenarios.calendar_files import CalendarFiles, Weeks, read_folder
from graphsync.sandbox.scenarios.ical import Entry
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World
from graphsync.sandbox.zones import zone_of

# What stands in a mailbox: enough for whoever looks back, and beyond what anybody lets pass.
WEEKS_BACK, WEEKS_AHEAD = 4, 26


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    address: str
    first_name: str
    zone: str


def fill_from_files(world: World, directory: Path, *, week_of: date | None = None) -> CalendarFiles:
    """Put the calendars in `directory` into the mailboxes of a tenant, and return what was read.

    Args:
        world: its clock stands at the beginning; taken is what lies up to `WEEKS_BACK` before and `WEEKS_AHEAD` after.
        directory: `.ics` files, each named by the address, local part or first name of somebody with a mailbox.
        week_of: the week of this day is moved onto the one in which the run begins; None leaves all where it is.

    Raises:
        ConfigError: a name is nobody's, or a file is no calendar; all of it at once, and nothing was put anywhere.
    """
    now = world.clock.now()
    owners = [_owner(user) for user in world.users() if user.mailbox == "ok"]
    weeks = Weeks(
        starts_at=now,
        ends_at=now + timedelta(weeks=WEEKS_AHEAD),
        kept=(now - timedelta(weeks=WEEKS_BACK), now + timedelta(weeks=WEEKS_AHEAD)),
        called=f"the {WEEKS_AHEAD} weeks from the beginning",
    )
    files = read_folder(directory, owners, weeks, whose="with a mailbox in the tenant", week_of=week_of)
    for address, entries in files.entries.items():
        add_entries(world, address, entries)
    return files


def _owner(user: User) -> _Owner:
    first_name = user.display_name.split()[0] if user.display_name.strip() else ""
    return _Owner(address=user.address.lower(), first_name=first_name, zone=zone_of(user.windows_time_zone).key)


def add_entries(world: World, address: str, entries: Iterable[Entry]) -> None:
    """Put what a calendar file holds into a person's calendar, each time as an event of its own."""
    user = world.user(address)
    for entry in entries:
        world.create_event(
            user,
            {
                "subject": entry.subject,
                "start": _wire_time(entry.start, user),
                "end": _wire_time(entry.end, user),
                "showAs": entry.show_as,
                "isAllDay": entry.is_all_day,
                "sensitivity": "private" if entry.is_private else "normal",
                "isReminderOn": False,
            },
            actor=user.address,
        )


def _wire_time(instant: datetime, user: User) -> dict[str, str]:
    """Return an instant in the person's zone, or in UTC where their clocks show that time for the second time."""
    local = instant.astimezone(zone_of(user.windows_time_zone))
    if local.fold:
        return {"dateTime": instant.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
    return {"dateTime": local.replace(tzinfo=None).isoformat(), "timeZone": user.windows_time_zone}
