"""`graphsync plan`: what would be done now, to whom, when and why, and what is held back by what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from graphsync.engine.needed import AWAY_WITHOUT_END, UNKNOWN_ZONE
from graphsync.engine.ports import ActionKind, Alert
from graphsync.engine.rehearsal import Considered, Plan, Planned
from graphsync.reports.times import counted, span, when
from graphsync.rules.intents import TraceLine, Verdict
from graphsync.rules.walk import SILENCED

ABOUT_WAITING: Final = "answer_promptly"
"""The practice whose messages tell that something is open."""

_DOING: Final = {
    ActionKind.BOOK: "book a session",
    ActionKind.MOVE: "move a session",
    ActionKind.ADD_ONLINE_MEETING: "add a Teams meeting",
    ActionKind.NUDGE: "send a message",
    ActionKind.HOLD: "keep time free",
    ActionKind.RELEASE: "give time back",
    ActionKind.CANCEL: "cancel a session",
    ActionKind.PRESENCE: "show as do-not-disturb",
    ActionKind.CHANGE_ROOM: "ask another room",
}


def plan_text(plan: Plan, *, full: bool) -> str:
    """Return a plan as text, by mentorship; those with nothing to say of are only counted.

    Args:
        plan: what a round would do.
        full: whether open requests, recipients and other people's part in it are told.
    """
    shown = [(one, list(_shown(one, full=full)), list(_held(one, full=full))) for one in plan.considered]
    count = sum(len(planned) for _, planned, _ in shown)
    acting = sum(1 for _, planned, _ in shown if planned)
    of = counted(len(plan.considered), "mentorship")
    to_do = f"{counted(count, 'thing')} to do for {acting} of {of}"
    lines = [f"Plan for {when(plan.at, 'UTC')} UTC, nothing written: {to_do}"]
    for one, planned, held in shown:
        if planned or held or one.flags:
            lines += ["", *_mentorship(one, planned, held)]
    alerts = [f"alert {alert.key}: {alert.text}" for alert in _alerts(plan, full=full)]
    lines += ["", *alerts] if alerts else []
    if not full:
        lines += ["", "Messages about what waits for an answer, and who gets which message, are shown with --full."]
    return "\n".join(lines) + "\n"


def _mentorship(one: Considered, planned: list[Planned], held: list[TraceLine]) -> Iterator[str]:
    zone = one.mentee.time_zone
    yield f"{one.mentee.display_name} and {one.mentor.display_name} ({one.mentorship.cohort}, {one.mentorship.id})"
    for action in planned:
        yield f"  {_what(action)}"
        yield f"      {action.rule or 'no rule'}: {action.reason}"
        yield from (f"      also free: {text}" for text in _runners_up(one, action))
    for flag in sorted(one.flags):
        yield f"  coordinator sees: {flag.replace('_', ' ')}"
    for line in held:
        yield f"  held back by {_by_what(line)}: {line.rule}: {line.text}"
    if one.wake_at is not None:
        yield f"  looks again {when(one.wake_at, zone)} ({zone})"


def _what(action: Planned) -> str:
    said = _DOING[action.kind]
    if action.starts_at is not None and action.ends_at is not None:
        said += f", {span(action.starts_at, action.ends_at, action.time_zone)}"
    if action.to is not None:
        said += f", {'to' if action.kind is ActionKind.NUDGE else 'for'} {action.to.display_name}"
    if action.about:
        said += f": {'; '.join(action.about)}"
    return said


def _runners_up(one: Considered, action: Planned) -> list[str]:
    places = [place for place in one.places if action.key.startswith(f"{place.key}/")]
    return [
        span(scored.slot.start, scored.slot.end, action.time_zone)
        for place in places
        for scored in place.placement.runners_up
    ]


def _shown(one: Considered, *, full: bool) -> Iterator[Planned]:
    for action in one.planned:
        if full:
            yield action
        elif action.practice != ABOUT_WAITING:
            yield _without_people(action) if action.kind is ActionKind.NUDGE else action


def _without_people(action: Planned) -> Planned:
    return replace(action, to=None, about=(), reason="a message to one of the two or both")


def _held(one: Considered, *, full: bool) -> Iterator[TraceLine]:
    return shown_steps(one.held_back, full=full)


def shown_steps(lines: Iterable[TraceLine], *, full: bool) -> Iterator[TraceLine]:
    """Return the steps that are shown.

    A coordinator is not shown what is open, nor who gets a message, nor by whose calendar or leave an earlier try came
    to nothing; that it did is no secret.
    """
    for line in lines:
        if full:
            yield line
        elif line.step.endswith("held_back"):
            yield replace(line, text="an earlier try came to nothing; --full tells why, and when the next is due")
        elif not line.step.startswith((f"{ABOUT_WAITING}.", "nudge.")):
            yield line


def _alerts(plan: Plan, *, full: bool) -> list[Alert]:
    return [alert for alert in plan.alerts if full or not alert.key.startswith((UNKNOWN_ZONE, AWAY_WITHOUT_END))]


def _by_what(line: TraceLine) -> str:
    if line.verdict is Verdict.OBSERVES:
        return "its mode"
    return "a silence" if line.step == SILENCED.id else "the budget or quiet hours"


def plan_data(plan: Plan, *, full: bool) -> dict[str, Any]:
    """Return the same for machines; instants in UTC."""
    return {
        "at": plan.at.isoformat(),
        "mentorships": [
            {
                "id": one.mentorship.id,
                "mentor": one.mentor.display_name,
                "mentee": one.mentee.display_name,
                "cohort": one.mentorship.cohort,
                "planned": [_action_data(action) for action in _shown(one, full=full)],
                "flags": sorted(one.flags),
                "held_back": [
                    {"rule": line.rule, "by": _by_what(line), "text": line.text} for line in _held(one, full=full)
                ],
                "looks_again_at": one.wake_at and one.wake_at.isoformat(),
            }
            for one in plan.considered
        ],
        "alerts": [{"key": alert.key, "text": alert.text} for alert in _alerts(plan, full=full)],
    }


def _action_data(action: Planned) -> dict[str, Any]:
    return {
        "key": action.key,
        "kind": str(action.kind),
        "rule": action.rule,
        "reason": action.reason,
        "due_at": action.due_at.isoformat(),
        "starts_at": action.starts_at and action.starts_at.isoformat(),
        "ends_at": action.ends_at and action.ends_at.isoformat(),
        "to": action.to and action.to.display_name,
    }


def as_json(data: Any) -> str:
    """Return data as JSON text, its keys in their order."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
