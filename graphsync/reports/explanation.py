"""`graphsync explain`: a decision rule by rule, each condition with the value found, ticked or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphsync.calendar import Census, Reason, RoomChoice, WhyNoRoom
from graphsync.engine.explain import Explanation, Found, Story
from graphsync.mentoring import PersonId
from graphsync.reports.plan import ABOUT_WAITING, shown_steps
from graphsync.reports.times import span, when
from graphsync.rules.intents import TraceLine, Verdict

_SIGN: Final = {
    Verdict.ACTS: "→",
    Verdict.SUGGESTS: "?",
    Verdict.OBSERVES: "o",
    Verdict.WAITS: "…",
    Verdict.HOLDS: "■",
    Verdict.APPLIES: "·",
    Verdict.DOES_NOT_APPLY: "·",
}
_REASONS: Final = {
    Reason.OUTSIDE_HOURS: "outside working hours",
    Reason.BUSY: "busy",
    Reason.AWAY: "away",
    Reason.NO_OVERLAP: "no hours in common",
    Reason.UNREADABLE: "calendar not readable",
    Reason.LIMIT: "as many sessions as allowed",
}

_NO_ROOM: Final = {
    WhyNoRoom.NONE_LISTED: "none names the office as its building and seats two",
    WhyNoRoom.ALL_TAKEN: "none is free",
    WhyNoRoom.NOT_PERMITTED: "Place.Read.All is not granted",
    WhyNoRoom.UNREADABLE: "they could not be read",
}


def explanation_text(explanation: Explanation, *, full: bool) -> str:
    """Return an explanation as text.

    Args:
        explanation: of one decision.
        full: whether open requests, messages and each person's part are told.
    """
    return "\n".join(_lines(explanation, full=full)) + "\n"


def _lines(it: Explanation, *, full: bool) -> Iterator[str]:
    zone = it.mentee.time_zone
    made = "as it was made" if it.is_recorded else "as it is made now"
    yield f"{it.mentee.display_name} and {it.mentor.display_name} ({it.mentorship.cohort}, {it.mentorship.id})"
    yield f"decided {when(it.at, zone)} ({zone}), {made}"
    if it.last_at != it.at:
        yield f"and again, on the same facts and to the same end, until {when(it.last_at, zone)}"
    for line in it.general:
        yield from _step(line)
    for story in it.stories:
        if full or story.practice != ABOUT_WAITING:
            yield from _story(story, full=full)
    if it.without:
        yield ""
        yield f"no rule for this cohort: {', '.join(it.without)}"
    for found in it.found:
        yield from _times(found, zone, _names(it), full=full)
    yield ""
    yield "never looks again by itself" if it.wake_at is None else f"looks again {when(it.wake_at, zone)} ({zone})"
    if not full:
        yield ""
        yield "What waits for an answer, messages, and each person's part are shown with --full; looks are kept."


def _names(it: Explanation) -> Mapping[PersonId, str]:
    return {person.id: person.display_name for person in (it.mentor, it.mentee)}


def _story(story: Story, *, full: bool) -> Iterator[str]:
    yield ""
    mode = story.mode or "gone from rules.yaml"
    yield f"{story.practice}: {story.rule} ({mode})"
    for line in shown_steps(story.lines, full=full):
        yield from _step(line)


def _step(line: TraceLine) -> Iterator[str]:
    for check in line.checks:
        yield f"    {'✓' if check.holds else '✗'} {check.condition}: {check.found}"
    yield f"  {_SIGN[line.verdict]} {line.verdict}: {line.text}  [{line.step}]"


def _times(found: Found, zone: str, names: Mapping[PersonId, str], *, full: bool) -> Iterator[str]:
    place = found.place.placement
    yield ""
    yield f"times sought {when(found.at, zone)} for {found.place.key}"
    if place.slot is None:
        yield "  none found"
    else:
        yield f"  chosen: {span(place.slot.start, place.slot.end, zone)}, score {place.score}"
        for scored in place.runners_up:
            yield f"  also free: {span(scored.slot.start, scored.slot.end, zone)}, score {scored.score}"
    if found.place.room is not None:
        yield f"  {_room(found.place.room)}"
    for census in found.place.censuses:
        yield from _census(census, zone, names, full=full)


def _room(choice: RoomChoice) -> str:
    passed_over = f"; not free: {', '.join(choice.passed_over)}" if choice.passed_over else ""
    if choice.room is not None:
        return f"room: {choice.room.name}{passed_over}"
    return f"no room: {_NO_ROOM[choice.why_none] if choice.why_none else 'none was chosen'}{passed_over}"


def _census(census: Census, zone: str, names: Mapping[PersonId, str], *, full: bool) -> Iterator[str]:
    window = f"{when(census.window.start, zone)} to {when(census.window.end, zone)}"
    yield f"  of {census.starts} starts from {window} {census.left} suited both"
    for person, taken in census.fell_away.items() if full else ():
        said = ", ".join(f"{count} {_REASONS[reason]}" for reason, count in taken.items()) or "nothing"
        yield f"    {names.get(person, person)}: {said}"


def explanation_data(it: Explanation, *, full: bool) -> dict[str, Any]:
    """Return the same for machines; instants in UTC."""
    return {
        "mentorship": it.mentorship.id,
        "at": it.at.isoformat(),
        "last_at": it.last_at.isoformat(),
        "recorded": it.is_recorded,
        "steps": [
            {
                "rule": line.rule,
                "step": line.step,
                "verdict": str(line.verdict),
                "text": line.text,
                "checks": [{"condition": c.condition, "found": c.found, "holds": c.holds} for c in line.checks],
            }
            for line in shown_steps(it.trace, full=full)
        ],
        "no_rule_for": list(it.without),
        "times": [_found_data(found, full=full) for found in it.found],
        "looks_again_at": it.wake_at and it.wake_at.isoformat(),
    }


def _found_data(found: Found, *, full: bool) -> dict[str, Any]:
    place, room = found.place.placement, found.place.room
    return {
        "key": found.place.key,
        "at": found.at.isoformat(),
        "chosen": place.slot and place.slot.start.isoformat(),
        "score": place.score,
        "room": None if room is None else {"name": room.room and room.room.name, "why_none": room.why_none},
        "runners_up": [{"start": s.slot.start.isoformat(), "score": s.score} for s in place.runners_up],
        "windows": [
            {
                "start": census.window.start.isoformat(),
                "end": census.window.end.isoformat(),
                "starts": census.starts,
                "left": census.left,
                "fell_away": {p: {str(r): n for r, n in taken.items()} for p, taken in census.fell_away.items()}
                if full
                else None,
            }
            for census in found.place.censuses
        ],
    }
