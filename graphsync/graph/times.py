"""Graph's ways to write a time, to and from aware UTC datetimes.

Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from graphsync.calendar.slots import TimeSlot
from graphsync.calendar.time_zones import windows_name, zone
from graphsync.graph import sdk
from graphsync.graph.wire import DateTimeTimeZone, TimeSpan

# "Never", as Exchange writes it: year 1 where nobody has answered, 4501 after some updates. Year 1 also overflows
# when moved to a zone west of Greenwich.
_SENTINEL_YEARS = frozenset({1, 4501})

WRITTEN_IN_UTC = "UTC"


def instant_or_none(text: str | None) -> datetime | None:
    """Return the instant a `DateTimeOffset` names; None where it is missing or one of Exchange's words for never.

    Raises:
        ValueError: the text is no time.
    """
    if not text:
        return None
    found = datetime.fromisoformat(text)
    if found.year in _SENTINEL_YEARS:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def instant(text: str | None) -> datetime:
    """Return the instant a `DateTimeOffset` names.

    Raises:
        ValueError: there is none.
    """
    found = instant_or_none(text)
    if found is None:
        raise ValueError(f"expected an instant, found {text!r}")
    return found


def zoned_instant(value: DateTimeTimeZone | None) -> datetime:
    """Return the instant a wall-clock time with its zone names; without a zone it is UTC.

    Raises:
        ValueError: it is missing, a sentinel, or of a zone that is not known (`UnknownTimeZone`).
    """
    if value is None or not value.date_time:
        raise ValueError("expected a time with its zone, found none")
    found = datetime.fromisoformat(value.date_time)
    if found.year in _SENTINEL_YEARS:
        raise ValueError(f"expected a time with its zone, found Exchange's word for never, {value.date_time!r}")
    if found.tzinfo is None:
        name = value.time_zone or WRITTEN_IN_UTC
        found = found.replace(tzinfo=UTC if name in ("UTC", "Etc/UTC") else zone(name))
    return found.astimezone(UTC)


def slot_or_none(value: TimeSpan | None) -> TimeSlot | None:
    """Return a span that somebody proposed, None where there is none or it makes no sense."""
    if value is None:
        return None
    try:
        return TimeSlot(start=zoned_instant(value.start), end=zoned_instant(value.end))
    except ValueError:
        return None  # proposed by a person's client; without a span there is nothing to take up


def utc_text(moment: datetime) -> str:
    """Return an aware instant as Graph takes it in queries and for `DateTimeOffset`, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sdk_times(starts_at: datetime, ends_at: datetime, time_zone: str) -> tuple[sdk.DateTimeTimeZone, ...]:
    """Return start and end as the SDK's values, by the wall clock of `time_zone`, so that Outlook shows them so.

    Graph is given the Windows name, because it documents only some IANA names; the wall clock is therefore that
    zone's. Where it reads one of the two times twice that day, both are written in UTC.

    Args:
        starts_at: aware.
        ends_at: aware.
        time_zone: an IANA name.
    """
    name = windows_name(time_zone)
    clock = zone(name)
    moments = (starts_at, ends_at)
    # The wall clock names the first of two readings (fold 0): whatever does not come back came twice.
    if any(_read_off(moment, name).replace(tzinfo=clock).astimezone(UTC) != moment for moment in moments):
        name = WRITTEN_IN_UTC
    return tuple(
        sdk.DateTimeTimeZone(date_time=_read_off(moment, name).isoformat(), time_zone=name) for moment in moments
    )


def wall_clock_time(text: str | None) -> time:
    """Return a time of day, as of working hours.

    Raises:
        ValueError: it is missing or no time.
    """
    return time.fromisoformat(text or "")


def _read_off(moment: datetime, name: str) -> datetime:
    return moment.astimezone(zone(name)).replace(tzinfo=None, fold=0)
