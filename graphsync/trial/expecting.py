"""Whether what a rule test expects is so; where it is not, what is so instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from graphsync.calendar import zone
from graphsync.mentoring import MentoringSession
from graphsync.trial.script import Expectation
from graphsync.trial.shapes import FlagLike, HoldLike, MessageLike, RuleLike, SessionLike, StepLike
from graphsync.trial.world import Life, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An expectation that does not hold.

    Attributes:
        line: where the test says it, or the action that could not happen.
        expected: what it says.
        actual: what is so instead, a line each.
        trace: the last decision of each mentorship, a line each.
    """

    line: int
    expected: str
    actual: tuple[str, ...]
    trace: tuple[str, ...] = ()


@dataclass(slots=True)
class Since:
    """What was so at the last expectations: what is new since is told from what was there."""

    mail: int = 0
    sessions: dict[tuple[str, int], object] = field(default_factory=dict)

    @classmethod
    def now(cls, world: World) -> Since:
        """Return what is so now."""
        return cls(len(world.mail), {(life.mentorship.id, n): _place(s) for life, n, s in _sessions(world)})


def check(world: World, expectation: Expectation, since: Since) -> Failure | None:
    """Return why an expectation does not hold, or None where it does."""
    kind = expectation.kind
    negated = kind.startswith("not ") or kind == "would not"
    plain = "would" if kind == "would not" else kind.removeprefix("not ")
    found, actual = _look(world, plain, expectation.like, since)
    if found != negated:
        return None
    said = _said(expectation.like)
    return Failure(
        line=expectation.line,
        expected=f"{kind}{f': {said}' if said else ''}",
        actual=tuple(actual) or ("nothing of the kind",),
        trace=tuple(_trace(world)),
    )


def _look(world: World, kind: str, like: Any, since: Since) -> tuple[bool, list[str]]:
    """Return whether there is such a thing, and all there is of its kind."""
    match kind:
        case "booked" | "lost":
            lost = kind == "lost"
            all_of = [(life, s) for life, _, s in _sessions(world) if (s.loss is not None) == lost]
            return any(_is_like(world, life, s, like) for life, s in all_of), [_shown(world, *one) for one in all_of]
        case "sent":
            sent = world.mail[since.mail :]
            return any(_is_message(m, like) for m in sent), [f"{m.kind} to {m.to} at {m.at.isoformat()}" for m in sent]
        case "flagged":
            flags = [(life.mentorship.id, flag) for life in world.lives for flag in sorted(life.flags)]
            held = [one for one in flags if _is_flag(one, like)]
            return bool(held), [f"{flag} on {mentorship}" for mentorship, flag in flags]
        case "kept free":
            holds = [(hold, s) for _, _, s in _sessions(world) for hold in s.holds]
            found = [h for h, s in holds if like.who in ("", h.person) and like.session in (None, s.number)]
            return bool(found), [f"{h.kind} session {s.number} for {h.person}" for h, s in holds]
        case "step":
            lines = [(life.mentorship.id, line) for life in world.lives for line in life.decision.trace]
            hits = [x for x in lines if _is_step(x[0], x[1].rule, x[1].step, like)]
            return bool(hits), [f"{line.rule or '-'} {line.step}" for _, line in lines]
        case "would":
            wanted = [(life.mentorship.id, intent) for life in world.lives for intent in life.decision.observed]
            is_so = [x for x in wanted if like.rule in ("", x[1].rule) and like.mentorship in ("", x[0])]
            return bool(is_so), [f"{intent.rule}: {intent.reason}" for _, intent in wanted]
        case "closed":
            closed = [life.mentorship.id for life in world.lives if life.mentorship.closed_at is not None]
            return bool(closed), [f"{mentorship} is closed" for mentorship in closed]
        case "alerted":
            return bool(world.alerts), sorted(world.alerts)
    new = [f"{m.kind} to {m.to}" for m in world.mail[since.mail :]]
    new += [
        _shown(world, life, session)
        for life, number, session in _sessions(world)
        if since.sessions.get((life.mentorship.id, number)) != _place(session)
    ]
    return not new, new


def _sessions(world: World) -> Iterator[tuple[Life, int, MentoringSession]]:
    for life in world.lives:
        for number in sorted(life.sessions):
            yield life, number, life.sessions[number]


def _place(session: MentoringSession) -> object:
    return session.starts_at, session.loss


def _is_like(world: World, life: Life, session: MentoringSession, like: SessionLike) -> bool:
    day = _day(world, life, session)
    return all(
        wanted in (None, "", found)
        for wanted, found in (
            (like.session, session.number),
            (like.mentorship, life.mentorship.id),
            (like.at, session.starts_at),
            (like.on, day),
            (like.week_of and like.week_of.isocalendar()[:2], day.isocalendar()[:2]),
            (like.replaces, session.replaces),
            (like.medium, session.medium),
            (like.online, session.online),
            (like.how, session.loss),
        )
    )


def _is_message(message: Any, like: MessageLike) -> bool:
    return like.to in ("", message.to) and like.about in ("", message.kind)


def _is_flag(one: tuple[str, str], like: FlagLike) -> bool:
    return like.mentorship in ("", one[0]) and like.flag in (None, one[1])


def _is_step(mentorship: str, rule: str, step: str, like: StepLike) -> bool:
    return like.mentorship in ("", mentorship) and like.rule in ("", rule) and like.step in ("", step)


def _day(world: World, life: Life, session: MentoringSession) -> date:
    clock = zone(world.people[life.mentorship.mentee].time_zone)
    return session.starts_at.astimezone(clock).date()


def _shown(world: World, life: Life, session: MentoringSession) -> str:
    clock = zone(world.people[life.mentorship.mentee].time_zone)
    local = session.starts_at.astimezone(clock)
    parts = [f"session {session.number} of {life.mentorship.id}", f"{local:%a} {local.isoformat(timespec='minutes')}"]
    parts += [f"replaces {session.replaces}"] if session.replaces is not None else []
    parts += [f"lost: {session.loss}"] if session.loss is not None else []
    parts += [str(session.medium), "online"] if session.online else [str(session.medium)]
    return ", ".join(parts)


def _said(like: SessionLike | MessageLike | FlagLike | HoldLike | StepLike | RuleLike) -> str:
    said = like.model_dump(exclude_unset=True)
    return ", ".join(f"{key} {_as_text(value)}" for key, value in said.items())


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _trace(world: World) -> Iterator[str]:
    for life in world.lives:
        yield f"{life.mentorship.id}, decided last at {world.now.isoformat(timespec='minutes')}"
        for line in life.decision.trace:
            for check_ in line.checks:
                yield f"  {'✓' if check_.holds else '✗'} {check_.condition}: {check_.found}"
            yield f"  {line.rule or '-'}: {line.verdict}: {line.text}  [{line.step}]"
