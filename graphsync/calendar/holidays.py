"""Public holidays of a country and its regions, as days away; the `holidays` library knows them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final

import holidays

from graphsync.calendar.time_zones import zone
from graphsync.calendar.working_time import start_of_day
from graphsync.mentoring import Absence

_A_DAY: Final = timedelta(days=1)


@cache
def regions_of(country: str) -> frozenset[str]:
    """Return the subdivisions of a country that have holidays of their own, without the country: `BY` of `DE-BY`."""
    return frozenset(holidays.list_supported_countries(include_aliases=False).get(country, ()))


@cache
def countries() -> frozenset[str]:
    """Return the countries whose holidays are known, by ISO 3166-1 code."""
    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=4096)
def holidays_of(country: str, region: str, time_zone: str, since: date, until: date) -> tuple[Absence, ...]:
    """Return the public holidays from `since` to before `until`, each a whole day in `time_zone`.

    Args:
        country: ISO 3166-1 alpha-2; one whose holidays are not known has none.
        region: an ISO 3166-2 code such as `DE-BY`, whose country wins over `country`; or empty.
        time_zone: where the person lives; their days are those of its clock.
        since: the first day.
        until: the day after the last.
    """
    of, _, part = region.partition("-") if region else (country, "", "")
    if of not in countries() or until <= since:
        return ()
    years = range(since.year, until.year + 1)
    # Built anew each time: the library's tables grow while they are read, and one shared would answer by its history.
    known = holidays.country_holidays(of, subdiv=part if part in regions_of(of) else None, years=years)
    return tuple(
        Absence(starts_at=start_of_day(day, time_zone), ends_at=start_of_day(day + _A_DAY, time_zone))
        for day in sorted(known)
        if since <= day < until
    )


def holidays_around(
    country: str, region: str, time_zone: str, now: datetime, *, back: timedelta, ahead: timedelta
) -> tuple[Absence, ...]:
    """Return the holidays from some days before `now` to some days after it."""
    today = now.astimezone(zone(time_zone)).date()
    return holidays_of(country, region, time_zone, today - back, today + ahead)
