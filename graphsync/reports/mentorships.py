"""`graphsync mentorships`: how all of them stand, and what follows from an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from graphsync.engine.orders import Ordered
from graphsync.engine.overview import Listed
from graphsync.mentoring import OrderKind, Reach
from graphsync.reports.times import counted
from graphsync.rules.mentorship_lines import Rewritten

NOBODY_TOLD = "No rule of close_well acts for them"


def overview_text(listed: Sequence[Listed]) -> str:
    """Return a table of mentorships as text, with a line on each that somebody has to see to."""
    if not listed:
        return "no mentorships: the service takes up those of mentorships.csv when it starts\n"
    rows = [("mentorship", "mentee", "mentor", "cohort", "status", "next session")]
    rows += [(one.id, one.mentee, one.mentor, one.cohort, _status(one), _day(one.next_session_on)) for one in listed]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    unlisted = [one for one in listed if one.unlisted]
    if unlisted:
        lines += ["", "No line in mentorships.csv yet, kept without one:"]
        lines += [f"  {one.id}, started {one.started_on}" for one in unlisted]
    return "\n".join([*lines, "", counted(len(listed), "mentorship")]) + "\n"


def _status(one: Listed) -> str:
    said = str(one.status)
    if one.paused_until is not None:
        said += f" until {one.paused_until}"
    if one.ends_on is not None:
        said += f", last day {one.ends_on}"
    if one.rematched_to is not None:
        said += f", rematched to {one.rematched_to}"
    return f"{said}, to renew" if one.to_renew else said


def _day(day: date | None) -> str:
    return "-" if day is None else f"{day:%a} {day}"


def overview_data(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """Return the same for machines."""
    return [
        {
            "id": one.id,
            "mentor": one.mentor,
            "mentee": one.mentee,
            "cohort": one.cohort,
            "started": str(one.started_on),
            "status": str(one.status),
            "paused_until": one.paused_until and str(one.paused_until),
            "last_day": one.ends_on and str(one.ends_on),
            "next_session": one.next_session_on and str(one.next_session_on),
            "to_renew": one.to_renew,
            "rematched_to": one.rematched_to,
            "has_line": not one.unlisted,
        }
        for one in listed
    ]


def ordered_text(ordered: Ordered, line: Rewritten) -> str:
    """Return what follows from an order, and what the mentorships file would have to say.

    Args:
        ordered: the order.
        line: as it is to be for the file to say the same.
    """
    return "\n".join([" ".join(_follows(ordered)), "", *_in_file(ordered, line)]) + "\n"


def _follows(it: Ordered) -> Iterator[str]:
    pair = f"{it.mentee.display_name} and {it.mentor.display_name} ({it.mentorship.id})"
    match it.kind:
        case OrderKind.PAUSE:
            yield f"{pair} are paused until {it.day} and go on by themselves that day."
            yield "No session is booked meanwhile; those that stand stay in the calendars."
        case OrderKind.RESUME:
            yield f"{pair} go on from today."
            yield "Both are told." if it.closes_well else f"{NOBODY_TOLD}, so nobody is told."
        case OrderKind.END if it.day is not None:
            yield f"{pair} have {it.day} as their last day."
            yield _last_day(it)
        case OrderKind.END:
            yield f"{pair} are ended."
            yield _ended(it)
        case OrderKind.START:
            name = "" if it.new_mentor is None else it.new_mentor.display_name
            welcome = ", which begins with a welcome to both" if it.welcomes else ""
            yield f"{name} mentors {it.mentee.display_name} from today ({it.successor}){welcome}."
            yield f"With {it.mentor.display_name} ({it.mentorship.id}) it is ended. {_ended(it)}"


def _ended(it: Ordered) -> str:
    if it.mentorship.closed_at is not None:
        return "That was told, and its sessions cancelled, before."
    if it.closes_well:
        has_left = any(person.reach is Reach.GONE for person in (it.mentor, it.mentee))
        whom = "whoever is still there" if has_left else "both"
        return f"Sessions to come are cancelled, and a thank-you goes to {whom}."
    return f"{NOBODY_TOLD}: sessions to come stay in the calendars, and nobody is told."


def _last_day(it: Ordered) -> str:
    if it.closing_session:
        return "A closing session is booked before it where one fits, and both get a thank-you afterwards."
    if it.closes_well:
        return "Both get a thank-you afterwards."
    return f"{NOBODY_TOLD}, so nobody is told."


def _in_file(it: Ordered, line: Rewritten) -> Iterator[str]:
    if it.kind is OrderKind.START:
        where = "add this line" if line.number is None else f"put this line in the place of line {line.number}"
        yield f"In mentorships.csv {where}; until then the new mentorship is kept, with an alert:"
    elif line.number is None:
        yield "It has no line in mentorships.csv."
        return
    else:
        yield "This holds until started, status, paused_until or ends of its line in mentorships.csv changes."
        yield f"For the file to say the same, make line {line.number}:"
    yield f"  {line.line}"
    if line.header:
        yield "with this as the first line of the file, which has more columns:"
        yield f"  {line.header}"


def ordered_data(ordered: Ordered, line: Rewritten) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "ordered": "rematch" if ordered.kind is OrderKind.START else str(ordered.kind),
        "mentorship": ordered.mentorship.id,
        "mentor": ordered.mentor.display_name,
        "mentee": ordered.mentee.display_name,
        "day": ordered.day and str(ordered.day),
        "successor": ordered.successor,
        "new_mentor": ordered.new_mentor and ordered.new_mentor.display_name,
        "follows": list(_follows(ordered)),
        "file": {"number": line.number, "line": line.line, "header": line.header or None},
    }
