"""Time kept free around a session: what a practice wants there is kept, and what it wants no longer is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphsync.calendar import TimeSlot
from graphsync.mentoring import Hold, HoldKind, MentoringSession, PersonId, Response
from graphsync.rules.intents import HoldTime, Step, Verdict
from graphsync.rules.requests import give_back
from graphsync.rules.schema import Rule
from graphsync.rules.strays import is_stray
from graphsync.rules.walk import Walk

Wanted = Mapping[tuple[HoldKind, PersonId], TimeSlot]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSteps:
    """The steps a practice takes with the time it keeps."""

    under_way: Step
    failed: Step
    keeps: Step
    gives_back: Step

    @property
    def all(self) -> tuple[Step, ...]:
        """Every one of them."""
        return self.under_way, self.failed, self.keeps, self.gives_back


def hold_steps(practice: str) -> HoldSteps:
    """Return the steps of a practice that keeps time."""
    return HoldSteps(
        under_way=Step(f"{practice}.hold_under_way", Verdict.WAITS),
        failed=Step(f"{practice}.hold_failed", Verdict.HOLDS),
        keeps=Step(f"{practice}.keeps_free", Verdict.ACTS),
        gives_back=Step(f"{practice}.gives_back", Verdict.ACTS),
    )


def keep(
    walk: Walk, rule: Rule, steps: HoldSteps, session: MentoringSession, kinds: frozenset[HoldKind], wanted: Wanted
) -> bool:
    """Bring the time of some `kinds` in step with what is `wanted` around a session; return whether there is any.

    What is kept for nothing is given back without a rule (`strays`). What lies behind is left as it was: nobody looks
    at it, and taking it away would only make noise.
    """
    if not session.stands or session.starts_at <= walk.now:
        return False
    kept = {(hold.kind, hold.person): hold for hold in session.holds if hold.kind in kinds}
    surplus = [h for key, h in kept.items() if not _fits(h, wanted.get(key)) and not is_stray(walk, session, h)]
    for hold in surplus:
        give_back(walk, rule, (steps.gives_back, steps.failed), session, hold)
    for (kind, person), slot in wanted.items():
        if (kind, person) not in kept:  # what is to be given back is given back first
            _hold(walk, rule, steps, session, kind, person, slot)
    return bool(surplus or wanted)


def is_going(session: MentoringSession, person: PersonId) -> bool:
    """Tell whether somebody has said that they come: nothing is put around an invite that is not accepted."""
    answer = session.answers.get(person)
    return answer is not None and answer.response in (Response.ACCEPTED, Response.ORGANIZER)


def _fits(hold: Hold, slot: TimeSlot | None) -> bool:
    return slot is not None and (hold.starts_at, hold.ends_at) == (slot.start, slot.end)


def _hold(
    walk: Walk,
    rule: Rule,
    steps: HoldSteps,
    session: MentoringSession,
    kind: HoldKind,
    person: PersonId,
    slot: TimeSlot,
) -> None:
    """Want time kept, once."""
    key = f"hold/{session.mentorship}/{session.number}/{kind}/{walk.state.role(person)}/{slot.start:%Y%m%dT%H%M}"
    if walk.under_way(f"{key}/"):
        walk.note(rule, steps.under_way, f"time around session {session.number} is being kept")
        return
    if walk.held_back(rule, steps.failed, key):
        return
    reason = f"session {session.number} wants a little air around it"
    if kind is HoldKind.REREAD:
        reason = f"the mentor wished some time before session {session.number}"
    walk.act(
        rule,
        steps.keeps,
        HoldTime(
            key=key,
            mentorship=session.mentorship,
            rule=rule.name,
            reason=reason,
            number=session.number,
            kind=kind,
            person=person,
            slot=slot,
        ),
    )
