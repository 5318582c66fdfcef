"""The mentorship that an order is for, as it is known, and the cells of its line in the mentorships file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from graphsync.calendar import zone
from graphsync.engine.context import Context
from graphsync.engine.naming import named_mentorship
from graphsync.engine.ports import Ledger
from graphsync.engine.state import load_state
from graphsync.errors import NotKnown
from graphsync.mentoring import Mentorship, MentorshipId, Order, Reach, Status
from graphsync.rules.config import Config
from graphsync.rules.mentorship_lines import offers_cell
from graphsync.rules.mentorships import MentorshipRow
from graphsync.rules.standing import Standing, standing_of
from graphsync.rules.state import MentorshipState

OF_THE_MENTOR: Final = ("mentor_time_zone", "mentor_hours", "mentor_region", "mentor_offers")
OF_THE_PAIR: Final = ("status", "paused_until", "standing", "medium", "phone", "opt_ins")
"""Columns that say nothing of a new pair: what the mentor before had, and what the two before had settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The mentorship that an order is for, as it is known."""

    state: MentorshipState
    standing: Standing
    row: MentorshipRow | None
    order: Order | None
    today: date

    @property
    def mentorship(self) -> Mentorship:
        """The mentorship itself."""
        return self.state.mentorship

    @property
    def mentee_address(self) -> str:
        """The mentee's address as the file has it, since ids are made of that."""
        return self.state.mentee.address if self.row is None else self.row.mentee

    @property
    def is_ended(self) -> bool:
        """Whether nothing is done for it any more but to end it."""
        return self.standing.status is Status.ENDED

    @property
    def has_left(self) -> bool:
        """Whether one of the two has left, so that the match is to be renewed."""
        return any(person.reach is Reach.GONE for person in self.state.pair)


def meant_by(context: Context, ledger: Ledger, named: str) -> Meant:
    """Return what is known of the mentorship that is named.

    Raises:
        NotKnown: there is none, or its people are not known yet.
    """
    mentorship = named_mentorship(ledger, named)
    now = context.now()
    state = load_state(ledger, context.config.deployment, mentorship, now, {})
    if state is None:
        raise NotKnown(f"mentorship {mentorship}: its people are not known yet; the service looks them up at its start")
    return Meant(
        state=state,
        standing=standing_of(state, now),
        row=row_of(context.config, mentorship),
        order=ledger.mentorships.order(mentorship),
        today=now.astimezone(zone(state.mentee.time_zone)).date(),
    )


def row_of(config: Config, mentorship: MentorshipId) -> MentorshipRow | None:
    """Return the line of a mentorship in the file, or None."""
    return next((row for row in config.mentorships if row.id == mentorship), None)


def row_now(meant: Meant) -> str:
    """Return what the line of a mentorship says, or is to say, of how it stands; empty where it is to have none."""
    if meant.row is not None:
        return meant.row.stands
    # Without a line yet, it is to get the one that was printed: that one is no change.
    return meant.order.row if meant.order is not None and meant.order.unlisted else ""


def standing_cells(mentorship: Mentorship, today: date) -> dict[str, str]:
    """Return how a mentorship that is not ended stands, as the cells of its line."""
    until = mentorship.paused_until
    is_timed = until is not None and until > today
    return {
        "status": "paused" if is_timed or mentorship.status is Status.PAUSED else "",
        "paused_until": str(until) if is_timed else "",
        "ends": "" if mentorship.ends_on is None else str(mentorship.ends_on),
    }


def successor_cells(begun: Mentorship, mentor: str, meant: Meant) -> dict[str, str]:
    """Return what the line of a mentorship that takes another's place says where that one said something else."""
    cells = {
        "mentor": mentor,
        "mentee": meant.mentee_address,
        "cohort": begun.cohort,
        "started": str(begun.started_on),
        "ends": "" if begun.ends_on is None else str(begun.ends_on),
        **dict.fromkeys((*OF_THE_PAIR, *OF_THE_MENTOR), ""),
    }
    if meant.row is None:
        cells |= {
            "cadence": "" if begun.cadence is None else f"{begun.cadence.days} days",
            "mentee_offers": offers_cell(begun.mentee_offers),
        }
    return cells
