"""Who somebody is, when they work and are away, and whether they can be reached: the directory and their mailbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from graphsync.engine.ports import Graph
from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import Absence, DayHours, Person, Reach
from graphsync.rules.mentorships import MentorshipRow
from graphsync.teams.messages import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody as they are now, and the name of the zone of their mailbox where that is not a known one and counts."""

    person: Person
    unknown_zone: str = ""


def look_up(graph: Graph, known: Person, said: Callable[[str], Any], now: datetime, *, needs_account: bool) -> Seen:
    """Return somebody as the directory and their mailbox have them now.

    Args:
        graph: is asked twice, for the directory entry and for the mailbox settings.
        known: as they were known; what cannot be read stays.
        said: what the mentorships file says of them (`said_of`), which wins.
        now: since when somebody is away whose automatic replies are on without dates, and were not before.
        needs_account: whether a disabled account means that they have left.

    Raises:
        GraphError: Graph could not be asked; that somebody has no mailbox, or one out of scope, is an answer.
    """
    try:
        user = graph.get_user(known.id)
    except GraphNotFound:
        return Seen(person=replace(known, reach=Reach.GONE))
    seen = replace(
        known,
        display_name=user.display_name,
        office_location=user.office_location,
        country=user.country,
        region=said("region") or "",
        language=_spoken(user.language) or known.language,
        reach=Reach.EXTERNAL if user.is_guest else Reach.OK,
    )
    if user.is_guest:
        seen = replace(seen, hours=replace(seen.hours, hours=seen.hours.hours or _office_hours()))
    if not user.account_enabled and needs_account:
        return Seen(person=replace(seen, reach=Reach.GONE))
    return _with_mailbox(graph, seen, said, now) if seen.reach is Reach.OK else Seen(person=seen)


def _with_mailbox(graph: Graph, seen: Person, said: Callable[[str], Any], now: datetime) -> Seen:
    try:
        settings = graph.get_mailbox_settings(seen.id)
    except GraphNotFound:
        return Seen(person=replace(seen, reach=Reach.ON_PREMISES))
    except GraphAuthError:
        return Seen(person=replace(seen, reach=Reach.OUT_OF_SCOPE))
    hours = settings.hours or replace(seen.hours, hours=seen.hours.hours or _office_hours())
    hours = replace(hours, time_zone=said("time_zone") or hours.time_zone, hours=said("hours") or hours.hours)
    language = _spoken(settings.language) or seen.language
    person = replace(seen, hours=hours, absences=_since_seen(seen, settings.absences, now), language=language)
    return Seen(person=person, unknown_zone="" if said("time_zone") else settings.unknown_zone)


def _since_seen(known: Person, absences: tuple[Absence, ...], now: datetime) -> tuple[Absence, ...]:
    """Return absences as they are, but that one without dates began when it was first seen: Graph does not say when."""
    before = next((absence for absence in known.absences if absence.ends_at is None), None)
    return tuple(
        absence if absence.ends_at is not None else before or replace(absence, starts_at=now) for absence in absences
    )


def said_of(rows: Sequence[MentorshipRow], address: str, what: str) -> Any:
    """Return what the mentorships file says of somebody, of the kinds in `PERSONAL`; None where it says nothing."""
    folded = address.casefold()
    for row in rows:
        for role, theirs in (("mentor", row.mentor), ("mentee", row.mentee)):
            said = getattr(row, f"{role}_{what}")
            if theirs.casefold() == folded and said:
                return said
    return None


def _spoken(language: str) -> str:
    """Return a language that texts are written in, or nothing where it is another one."""
    return language if language in LANGUAGES else ""


def _office_hours() -> tuple[DayHours, ...]:
    """Return the hours of somebody who has never set any: Monday to Friday, nine to five, as Outlook begins with."""
    return tuple(DayHours(weekday=day, start=time(9), end=time(17)) for day in range(5))
