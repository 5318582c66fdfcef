"""`graphsync preview`: what pairs have booked and lost, and when they could meet; text, JSON, HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from jinja2 import Environment, PackageLoader

from graphsync.calendar import zone
from graphsync.engine.preview import AHEAD, BACK, LATE, SOON, Pair, Preview
from graphsync.mentoring import Person, Reach
from graphsync.reports.times import counted, when

HOUR: Final = timedelta(hours=1)
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_UNREADABLE: Final = {
    Reach.GONE: "has left, or the account is disabled",
    Reach.ON_PREMISES: "has no mailbox in the cloud",
    Reach.OUT_OF_SCOPE: "has a calendar that graphsync was not granted",
    Reach.EXTERNAL: "is a guest, whose calendar cannot be read",
}

_PAGES: Final = Environment(
    loader=PackageLoader("graphsync.reports"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of finding: of which pairs it holds, and what is said of each of them.

    `one` and `many` complete "1 of 12 pairs" and "3 of 12 pairs".
    """

    name: str
    title: str
    one: str
    many: str
    holds: Callable[[Pair], bool]
    says: Callable[[Pair], str]
    advice: str

    def among(self, pairs: tuple[Pair, ...]) -> list[Pair]:
        """Return the pairs it holds of."""
        return [pair for pair in pairs if self.holds(pair)]

    def headline(self, pairs: tuple[Pair, ...]) -> str:
        """Return `3 of 12 pairs have nothing booked`."""
        count = len(self.among(pairs))
        return f"{count} of {counted(len(pairs), 'pair')} {self.one if count == 1 else self.many}"


def _name(person: Person | None, address: str) -> str:
    return address if person is None else person.display_name


def names(pair: Pair) -> str:
    """Return `Tom Ek and Mira Vogel`, the mentee first; an address stands for whom nobody knows."""
    (mentor, mentee), (of_mentor, of_mentee) = pair.people, pair.addresses
    return f"{_name(mentee, of_mentee)} and {_name(mentor, of_mentor)}"


def _unreadable(pair: Pair) -> str:
    said = []
    for person, address in zip(pair.people, pair.addresses, strict=True):
        if person is None:
            said.append(f"nobody in the directory has the address {address}")
        elif person.reach is not Reach.OK:
            said.append(f"{person.display_name} {_UNREADABLE[person.reach]}")
    return "; ".join(said)


def _zone(pair: Pair) -> str:
    return pair.mentee.time_zone if pair.mentee is not None else "UTC"


def _at(instant: datetime, pair: Pair) -> str:
    return f"{when(instant, _zone(pair))} ({_zone(pair)})"


def _could_meet(pair: Pair) -> str:
    if pair.days_free is None:
        return "their free time could not be read"
    if pair.first_free is None:
        return f"no time that both have free, {SOON.days} to {LATE.days} days from now"
    return f"both have time on {counted(pair.days_free, 'day')}, first {_at(pair.first_free, pair)}"


def _hours(pair: Pair) -> str:
    mentor, mentee = pair.people
    zones = [person.time_zone for person in (mentee, mentor) if person is not None]
    return " and ".join(dict.fromkeys(zones))


FINDINGS: Final = (
    Finding(
        name="nothing_booked",
        title="Nothing booked",
        one="has nothing booked",
        many="have nothing booked",
        holds=lambda pair: pair.can_be_read and pair.next_at is None,
        says=_could_meet,
        advice=f"No meeting of the two in the coming {AHEAD.days} days. The practice book_ahead books one in time.",
    ),
    Finding(
        name="never_put_back",
        title="Cancelled and never put back",
        one="has a cancelled meeting that was never put back",
        many="have a cancelled meeting that was never put back",
        holds=lambda pair: pair.can_be_read and bool(pair.lost),
        says=lambda pair: ", ".join(_at(slot.start, pair) for slot in pair.lost),
        advice="And no other meeting of the two in the same week. The practice rebook_same_week puts it back.",
    ),
    Finding(
        name="no_hours_in_common",
        title="No hours in common",
        one="has no working hours in common",
        many="have no working hours in common",
        holds=lambda pair: pair.can_be_read and not pair.week,
        says=_hours,
        advice="No session can be booked unless one of the two offers hours beyond their own.",
    ),
    Finding(
        name="cannot_be_read",
        title="Cannot be read",
        one="has a calendar that cannot be read",
        many="have a calendar that cannot be read",
        holds=lambda pair: not pair.can_be_read,
        says=_unreadable,
        advice="Nothing is booked over a calendar that cannot be seen.",
    ),
)


def preview_text(seen: Preview) -> str:
    """Return a preview for a terminal."""
    width = max((len(names(pair)) for pair in seen.pairs), default=0)
    lines = [f"{counted(len(seen.pairs), 'pair')}, seen on {when(seen.at, 'UTC')} UTC; nothing was written.", ""]
    lines += [f"  {finding.headline(seen.pairs)}" for finding in FINDINGS]
    for finding in FINDINGS:
        among = finding.among(seen.pairs)
        if among:
            lines += ["", finding.title, *(f"  {names(pair):{width}}  {finding.says(pair)}" for pair in among)]
    lines += ["", "All pairs", *_table(seen.pairs)]
    return "\n".join(lines) + "\n"


def _table(pairs: tuple[Pair, ...]) -> Iterator[str]:
    rows = [("", "next meeting", "hours in common a week", "days with time for both")]
    for pair in pairs:
        next_at = "–" if pair.next_at is None else _at(pair.next_at, pair)
        days = "–" if pair.days_free is None else str(pair.days_free)
        rows.append((names(pair), next_at, f"{pair.hours_in_common / HOUR:g}" if pair.can_be_read else "–", days))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        yield "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def preview_json(seen: Preview) -> str:
    """Return a preview as JSON; instants are ISO 8601 in UTC."""
    data = {
        "at": seen.at.isoformat(),
        "findings": {finding.name: len(finding.among(seen.pairs)) for finding in FINDINGS},
        "pairs": [_data(pair) for pair in seen.pairs],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _data(pair: Pair) -> dict[str, Any]:
    mentor, mentee = pair.addresses
    return {
        "mentor": mentor,
        "mentee": mentee,
        "findings": [finding.name for finding in FINDINGS if finding.holds(pair)],
        "unreadable": _unreadable(pair),
        "next_at": pair.next_at and pair.next_at.isoformat(),
        "lost": [slot.start.isoformat() for slot in pair.lost],
        "hours_in_common": pair.hours_in_common / HOUR,
        "days_free": pair.days_free,
        "first_free": pair.first_free and pair.first_free.isoformat(),
    }


# ------------------------------------------------------------ the page


def preview_page(seen: Preview) -> str:
    """Return a preview as one HTML page, whole in itself."""
    findings = [
        {
            "name": finding.name,
            "title": finding.title,
            "headline": finding.headline(seen.pairs),
            "count": len(finding.among(seen.pairs)),
            "advice": finding.advice,
            "pairs": [(names(pair), finding.says(pair)) for pair in finding.among(seen.pairs)],
        }
        for finding in FINDINGS
    ]
    rows = [
        {
            "names": names(pair),
            "readable": pair.can_be_read,
            "next": "" if pair.next_at is None else _at(pair.next_at, pair),
            "elsewhere": _elsewhere(pair),
            "hours": f"{pair.hours_in_common / HOUR:g}",
            "week": list(_bars(pair)),
            "zone": _zone(pair),
            "days": pair.days_free,
            "first": "" if pair.first_free is None else when(pair.first_free, _zone(pair)),
            "fine": not any(finding.holds(pair) for finding in FINDINGS),
        }
        for pair in seen.pairs
    ]
    return _PAGES.get_template("preview.html").render(
        at=when(seen.at, "UTC"),
        pairs=counted(len(seen.pairs), "pair"),
        findings=findings,
        rows=rows,
        days=DAYS,
        ahead=AHEAD.days,
        back=BACK.days,
        soon=SOON.days,
        late=LATE.days,
    )


def _elsewhere(pair: Pair) -> str:
    """Return the next meeting by the mentor's clock, where that shows another time."""
    mentor = pair.mentor
    if pair.next_at is None or mentor is None:
        return ""
    theirs = when(pair.next_at, mentor.time_zone)
    return "" if theirs == when(pair.next_at, _zone(pair)) else f"{theirs} ({mentor.time_zone})"


def _bars(pair: Pair) -> Iterator[dict[str, float]]:
    """Yield when both work, as parts of a drawing of the week: `day` 0 to 6, `top` and `height` in parts of a day."""
    clock = zone(_zone(pair))
    for slot in pair.week:
        start, end = slot.start.astimezone(clock), slot.end.astimezone(clock)
        day = start.weekday()
        while start < end:
            midnight = (start + timedelta(days=1)).replace(hour=0, minute=0)
            stop = min(end, midnight)
            top = (start.hour * 60 + start.minute) / 1440
            until = 1.0 if stop == midnight else (stop.hour * 60 + stop.minute) / 1440
            yield {"day": day, "top": round(top, 4), "height": round(until - top, 4)}
            start, day = stop, day + 1
