"""Recorded facts under other rules: what would have been wanted, beside what was.

Facts stay as they were between two recorded decisions, so that other rules can be asked at any instant between them.
What they would have done is not done, of course: a session they would have booked is not in the facts that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from graphsync.engine.recorded import Recorded, Wanted, wanted_by
from graphsync.mentoring import MentorshipId
from graphsync.rules.decide import decide
from graphsync.rules.schema import RuleSet

MOST_LOOKS = 2_000
"""How often other rules are asked between two recorded decisions: they may want to look again every minute."""


class Change(StrEnum):
    """How what other rules want differs from what was wanted."""

    ADDED = "added"
    DROPPED = "dropped"
    OTHER_MODE = "other mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that other rules would have wanted and nobody did, or the reverse.

    `at` is when it was, or would have been, wanted first; `before` and `after` the rule and mode on either side, empty
    where there is none.
    """

    mentorship: MentorshipId
    at: datetime
    key: str
    kind: str
    change: Change
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What other rules would have wanted of a span, and how many recorded decisions they were asked about."""

    decisions: int
    differences: tuple[Difference, ...]


def replay(decisions: Sequence[Recorded], rules: RuleSet, *, until: datetime) -> list[Difference]:
    """Return how `rules` differ from what was decided, by mentorship and time.

    Args:
        decisions: as recorded, oldest first; of any number of mentorships.
        rules: the rules to be tried.
        until: the end of the span, excluded.
    """
    by_mentorship: dict[MentorshipId, list[Recorded]] = {}
    for decision in decisions:
        by_mentorship.setdefault(decision.mentorship, []).append(decision)
    return [
        difference
        for mentorship in sorted(by_mentorship)
        for difference in _of_one(mentorship, by_mentorship[mentorship], rules, until)
    ]


def _of_one(
    mentorship: MentorshipId, decisions: Sequence[Recorded], rules: RuleSet, until: datetime
) -> list[Difference]:
    then = _first_wanted((decision.at, decision.wanted) for decision in decisions)
    now = _first_wanted(_under(decisions, rules, until))
    found = []
    for key in {**then, **now}:
        before, after = then.get(key), now.get(key)
        if before is not None and after is not None and before[1].mode == after[1].mode:
            continue
        known = after or before
        assert known is not None  # it came from one of the two
        at, wanted = known
        change = Change.ADDED if before is None else Change.DROPPED if after is None else Change.OTHER_MODE
        found.append(
            Difference(
                mentorship=mentorship,
                at=at,
                key=key,
                kind=wanted.kind,
                change=change,
                before=_named(before),
                after=_named(after),
            )
        )
    return sorted(found, key=lambda difference: (difference.at, difference.key))


def _named(side: tuple[datetime, Wanted] | None) -> str:
    return "" if side is None else f"{side[1].rule} ({side[1].mode})"


def _first_wanted(
    looks: Iterable[tuple[datetime, tuple[Wanted, ...]]],
) -> dict[str, tuple[datetime, Wanted]]:
    """Return each thing wanted once, with when it was wanted first; done counts over asked over only observed."""
    order = ("observe", "suggest", "enforce")
    found: dict[str, tuple[datetime, Wanted]] = {}
    for at, wanted in looks:
        for one in wanted:
            known = found.get(one.key)
            if known is None or order.index(one.mode) > order.index(known[1].mode):
                found[one.key] = (known[0] if known else at, one)
    return found


def _under(
    decisions: Sequence[Recorded], rules: RuleSet, until: datetime
) -> Iterable[tuple[datetime, tuple[Wanted, ...]]]:
    """Yield what `rules` want on the recorded states, at each recorded instant and whenever they would look again."""
    ends = [later.at for _, later in pairwise(decisions)] + [until]
    for decision, end in zip(decisions, ends, strict=True):
        at: datetime | None = decision.at
        for _look in range(MOST_LOOKS):
            if at is None or (at >= end and at != decision.at):
                break
            made = decide(decision.state, rules, at)
            yield at, wanted_by(made)
            at = made.wake_at
