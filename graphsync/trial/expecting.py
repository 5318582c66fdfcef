"""Whether what a rule test expects is so; where it is not, what is so instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from graphsync.calendar import zone
from graphsync.mentoring import MentoringSession
from graphsync.rules.positions import Path
from graphsync.trial.script import Expectation
from graphsync.trial.world import Life, World

NAMING: Final = frozenset({"session", "mentorship", "to", "rule", "who"})
"""Keys by which an expectation names what it is about; the others say how that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An expectation that does not hold.

    Attributes:
        line: where the test says it, or the action that could not happen.
        expected: what it says.
        actual: what is so instead, a line each.
        trace: the last decision of each mentorship, a line each.
        path: where in its file what is expected is said; empty for an action.
        instead: what it would have to say to hold, by key, of what it says now; empty where no one thing comes nearest.
    """

    line: int
    expected: str
    actual: tuple[str, ...]
    trace: tuple[str, ...] = ()
    path: Path = ()
    instead: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is so: what an expectation can say of it, by key, and how a failure shows it."""

    says: Mapping[str, object]
    shown: str

    def agrees(self, key: str, wanted: object) -> bool:
        """Tell whether it is as an expectation says; what that does not say may be anything."""
        found = self.says[key]
        if isinstance(wanted, date) and isinstance(found, date) and key == "week_of":
            return wanted.isocalendar()[:2] == found.isocalendar()[:2]
        return wanted in (None, "", found)


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
    facts = list(_facts(world, plain, since))
    said = expectation.like.model_dump(exclude_unset=True)
    if plain == "nothing":
        found = not facts
    else:
        found = any(all(fact.agrees(key, wanted) for key, wanted in said.items()) for fact in facts)
    if found != negated:
        return None
    text = ", ".join(f"{key} {_as_text(value)}" for key, value in said.items())
    return Failure(
        line=expectation.line,
        expected=f"{kind}{f': {text}' if text else ''}",
        actual=tuple(fact.shown for fact in facts) or ("nothing of the kind",),
        trace=tuple(_trace(world)),
        path=expectation.path,
        instead={} if negated else _instead(facts, said),
    )


def _instead(facts: Sequence[Fact], said: Mapping[str, object]) -> Mapping[str, object]:
    """Return what is so of the one fact that comes nearest to what was said, where it is another; empty without one."""
    named = {key: wanted for key, wanted in said.items() if key in NAMING}
    meant = [fact for fact in facts if all(fact.agrees(key, wanted) for key, wanted in named.items())]
    counts = [sum(fact.agrees(key, wanted) for key, wanted in said.items()) for fact in meant]
    nearest = [fact for fact, count in zip(meant, counts, strict=True) if count == max(counts)]
    if not nearest or any(fact.says != nearest[0].says for fact in nearest):
        return {}
    return {key: nearest[0].says[key] for key, wanted in said.items() if not nearest[0].agrees(key, wanted)}


def _facts(world: World, kind: str, since: Since) -> Iterator[Fact]:
    """Yield all there is of the kind that an expectation is about."""
    sent = world.mail[since.mail :]
    match kind:
        case "booked" | "lost":
            for life, _, session in _sessions(world):
                if (session.loss is not None) == (kind == "lost"):
                    yield _session(world, life, session)
        case "sent":
            for m in sent:
                yield Fact({"to": m.to, "about": m.kind}, f"{m.kind} to {m.to} at {m.at.isoformat()}")
        case "flagged":
            for life in world.lives:
                for flag in sorted(life.flags):
                    yield Fact({"flag": flag, "mentorship": life.mentorship.id}, f"{flag} on {life.mentorship.id}")
        case "kept free":
            for _, number, session in _sessions(world):
                for hold in session.holds:
                    held = f"{hold.kind} session {number} for {hold.person}"
                    yield Fact({"who": hold.person, "session": number}, held)
        case "step":
            for life in world.lives:
                for line in life.decision.trace:
                    of = life.mentorship.id
                    yield Fact(
                        {"rule": line.rule, "step": line.step, "mentorship": of}, f"{line.rule or '-'} {line.step}"
                    )
        case "would":
            for life in world.lives:
                for intent in life.decision.observed:
                    would = f"{intent.rule}: {intent.reason}"
                    yield Fact({"rule": intent.rule, "mentorship": life.mentorship.id}, would)
        case "closed":
            for life in world.lives:
                if life.mentorship.closed_at is not None:
                    yield Fact({}, f"{life.mentorship.id} is closed")
        case "alerted":
            for alert in sorted(world.alerts):
                yield Fact({}, alert)
        case _:
            for m in sent:
                yield Fact({}, f"{m.kind} to {m.to}")
            for life, number, session in _sessions(world):
                if since.sessions.get((life.mentorship.id, number)) != _place(session):
                    yield _session(world, life, session)


def _sessions(world: World) -> Iterator[tuple[Life, int, MentoringSession]]:
    for life in world.lives:
        for number in sorted(life.sessions):
            yield life, number, life.sessions[number]


def _place(session: MentoringSession) -> object:
    return session.starts_at, session.loss


def _session(world: World, life: Life, session: MentoringSession) -> Fact:
    local = session.starts_at.astimezone(zone(world.people[life.mentorship.mentee].time_zone))
    parts = [f"session {session.number} of {life.mentorship.id}", f"{local:%a} {local.isoformat(timespec='minutes')}"]
    parts += [f"replaces {session.replaces}"] if session.replaces is not None else []
    parts += [f"lost: {session.loss}"] if session.loss is not None else []
    parts += [str(session.medium), "online"] if session.online else [str(session.medium)]
    parts += ["with a room"] if session.room else []
    says = {
        "session": session.number,
        "mentorship": life.mentorship.id,
        "at": session.starts_at,
        "on": local.date(),
        "week_of": local.date(),
        "replaces": session.replaces,
        "medium": session.medium,
        "online": session.online,
        "room": bool(session.room),
        "how": session.loss,
    }
    return Fact(says, ", ".join(parts))


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _trace(world: World) -> Iterator[str]:
    for life in world.lives:
        yield f"{life.mentorship.id}, decided last at {world.now.isoformat(timespec='minutes')}"
        for line in life.decision.trace:
            for check_ in line.checks:
                yield f"  {'✓' if check_.holds else '✗'} {check_.condition}: {check_.found}"
            yield f"  {line.rule or '-'}: {line.verdict}: {line.text}  [{line.step}]"
