"""What a coordinator orders by command: a pause, its end, the end of a mentorship, another mentor.

Each order is one transaction on the store that the service works on; the dirty mark in it has the service decide the
mentorship anew. Nothing is done here but that: calendars and messages are the rules' matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.heeding import forget_order, under_order
from graphsync.engine.meant import Meant, meant_by, row_now, row_of, standing_cells, successor_cells
from graphsync.engine.people import newly_known, watch
from graphsync.engine.ports import AuditEntry, Ledger
from graphsync.engine.state import load_state
from graphsync.engine.subscriptions import SubscriptionLooks
from graphsync.errors import GraphError, GraphNotFound, NotKnown, OrderRefused
from graphsync.mentoring import (
    Choice,
    Mentorship,
    MentorshipId,
    Order,
    OrderKind,
    Person,
    Reach,
    Status,
    mentorship_id,
)
from graphsync.rules.mentorships import MentorshipRow
from graphsync.rules.schema import CloseWell, StartWell
from graphsync.rules.walk import Walk

A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What was ordered, and what follows from it.

    Attributes:
        kind: what was ordered; START where the mentor was swapped.
        mentorship: the one that was named.
        mentor: of the one that was named.
        mentee: likewise.
        day: when a pause is over, or the last day; None where neither is.
        closes_well: whether a rule of `close_well` acts for it now, so that an end is told and sessions are cancelled.
        closing_session: whether that rule books a closing session before a last day that is known.
        line: of the mentorship in the file; None where it has none.
        cells: what the line has to say for the file to say the same, by column.
        successor: the mentorship that takes its place; None but where the mentor was swapped.
        new_mentor: of that one.
        welcomes: whether a rule of `start_well` acts for that one, so that both are welcomed.
    """

    kind: OrderKind
    mentorship: Mentorship
    mentor: Person
    mentee: Person
    day: date | None
    closes_well: bool
    closing_session: bool
    line: int | None
    cells: Mapping[str, str]
    successor: MentorshipId | None = None
    new_mentor: Person | None = None
    welcomes: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """Takes orders; every one that cannot be is refused before anything is written."""

    context: Context

    def pause(self, named: str, until: date) -> Ordered:
        """Pause a mentorship until a day of the mentee's zone, on which it goes on by itself.

        Raises:
            NotKnown: there is no such mentorship.
            OrderRefused: it is ended, or the day is not ahead.
        """
        with self.context.store.transaction() as ledger:
            meant = self._going_on(ledger, named)
            if until <= meant.today:
                raise OrderRefused(
                    f"a pause until {until} is over already: for the mentee it is {meant.today}; give a later day"
                )
            self._has_line(meant)
            ledger.replies.withdraw(meant.mentorship.id, Choice.PAUSE)
            paused = replace(meant.mentorship, status=Status.ACTIVE, paused_until=until)
            self._keep(ledger, meant, paused, OrderKind.PAUSE, f"until {until}")
            return self._ordered(ledger, meant, OrderKind.PAUSE, until, standing_cells(paused, meant.today))

    def resume(self, named: str) -> Ordered:
        """Have a paused mentorship go on from today, whoever paused it.

        Raises:
            NotKnown: there is no such mentorship.
            OrderRefused: it is ended, or not paused.
        """
        with self.context.store.transaction() as ledger:
            meant = self._going_on(ledger, named)
            if meant.standing.status is not Status.PAUSED:
                raise OrderRefused(f"mentorship {meant.mentorship.id} is not paused")
            self._has_line(meant)
            ledger.replies.withdraw(meant.mentorship.id, Choice.PAUSE)
            # The pause is over today: that is what the two are told.
            resumed = replace(meant.mentorship, status=Status.ACTIVE, paused_until=meant.today)
            self._keep(ledger, meant, resumed, OrderKind.RESUME, "")
            return self._ordered(ledger, meant, OrderKind.RESUME, None, standing_cells(resumed, meant.today))

    def end(self, named: str, on: date | None) -> Ordered:
        """End a mentorship now, or after its last day in the mentee's zone.

        Raises:
            NotKnown: there is no such mentorship.
            OrderRefused: it is ended already, or the day is past or before it begins.
        """
        with self.context.store.transaction() as ledger:
            meant = self._going_on(ledger, named)
            begins_on = meant.mentorship.started_on
            if on is not None and on < meant.today:
                raise OrderRefused(f"the last day {on} is past: for the mentee it is {meant.today}; give a later day")
            if on is not None and on < begins_on:
                raise OrderRefused(f"the last day {on} lies before the first, {begins_on}; without --on it ends now")
            self._end(ledger, meant, on, meant.mentorship, "now" if on is None else f"last day {on}")
            cells: Mapping[str, str] = {"status": "ended", "paused_until": ""}
            if on is not None:
                cells = standing_cells(replace(meant.mentorship, ends_on=on), meant.today)
            return self._ordered(ledger, meant, OrderKind.END, on, cells)

    def rematch(self, named: str, address: str) -> Ordered:
        """Swap the mentor: the mentorship ends well, and a new one with the same mentee begins today.

        The new one has its cohort, cadence, and last day; what the two before had settled stays with them, and so do
        their sessions.

        Args:
            named: the mentorship.
            address: of the new mentor; the directory is asked where they are not known yet.

        Raises:
            NotKnown: there is no such mentorship, or the directory knows nobody by that address.
            OrderRefused: it is ended for good or rematched already, the mentee has left, or these two cannot be paired.
            GraphError: the directory was to be asked and could not be; nothing was written.
        """
        with self.context.store.transaction() as ledger:
            self._may_be_rematched(ledger, named, address)
            known = ledger.people.by_address(address)
        mentor = known or self._looked_up(address)
        with self.context.store.transaction() as ledger:
            meant = self._may_be_rematched(ledger, named, address)
            mentor = ledger.people.get(mentor.id) or mentor
            if mentor.reach is Reach.GONE:
                raise OrderRefused("the new mentor has left the directory or is disabled; name somebody else")
            if mentor.id in (meant.state.mentor.id, meant.state.mentee.id):
                raise OrderRefused("the new mentor is one of the two already; name somebody else")
            ledger.people.save(mentor)
            for person in (mentor, meant.state.mentee):
                watch(self.context, ledger, person, self.context.now())
            successor = self._begin(ledger, meant, mentor, mentorship_id(address, meant.mentee_address))
            ended = replace(meant.mentorship, rematched_to=successor.id)
            self._end(ledger, meant, None, ended, f"rematched to {successor.id}")
            cells = successor_cells(successor, address, meant)
            ordered = replace(
                self._ordered(ledger, meant, OrderKind.START, None, cells),
                successor=successor.id,
                new_mentor=mentor,
                welcomes=self._welcomes(ledger, successor.id),
            )
        SubscriptionLooks(self.context).want()
        return ordered

    # ------------------------------------------------------------ what is meant, and whether it may be

    def _going_on(self, ledger: Ledger, named: str) -> Meant:
        meant = meant_by(self.context, ledger, named)
        if meant.is_ended:
            raise OrderRefused(
                f"mentorship {meant.mentorship.id} is ended already; a line with another first day in mentorships.csv "
                "begins it anew"
            )
        return meant

    def _has_line(self, meant: Meant) -> None:
        if meant.row is None and not (meant.order is not None and meant.order.unlisted):
            raise OrderRefused(
                f"mentorship {meant.mentorship.id} has no line in mentorships.csv any more, so the service ends "
                "it when it reads the file; put the line back first"
            )

    def _may_be_rematched(self, ledger: Ledger, named: str, address: str) -> Meant:
        meant = meant_by(self.context, ledger, named)
        mentorship, (mentor, mentee) = meant.mentorship, meant.state.pair
        if mentorship.rematched_to is not None:
            raise OrderRefused(f"mentorship {mentorship.id} is rematched already, to {mentorship.rematched_to}")
        if mentee.reach is Reach.GONE:
            raise OrderRefused(f"the mentee of mentorship {mentorship.id} has left: there is nobody to be mentored")
        if meant.is_ended and not meant.has_left:
            raise OrderRefused(
                f"mentorship {mentorship.id} is ended already; a new pair is a new line in mentorships.csv"
            )
        if address.casefold() == mentor.address.casefold():
            raise OrderRefused("the new mentor is the one it has already; name somebody else")
        if address.casefold() == mentee.address.casefold():
            raise OrderRefused("nobody is their own mentor; name somebody else than the mentee")
        new = mentorship_id(address, meant.mentee_address)
        row = row_of(self.context.config, new)
        if row is not None or ledger.mentorships.get(new) is not None:
            place = "they had one before" if row is None else f"line {row.line} of mentorships.csv"
            raise OrderRefused(
                f"these two have a mentorship already, {new} ({place}); to begin it anew, give its line a new first day"
            )
        return meant

    def _looked_up(self, address: str) -> Person:
        """Return somebody who is not known yet, as the directory has them; nothing is written."""
        try:
            user = self.context.graph.get_user(address)
        except GraphNotFound as error:
            raise NotKnown(f"the directory knows nobody by the address {address!r}; nothing was written") from error
        except GraphError as error:
            raise OrderRefused(
                f"the directory could not be asked about the new mentor, and nothing was written: {error}"
            ) from error
        if not user.account_enabled:
            raise OrderRefused("the new mentor's account is disabled; name somebody else")
        with self.context.store.transaction() as ledger:
            known = ledger.people.get(user.id)
        return known or newly_known(user, address, self.context.config.deployment.tenant.default_time_zone)

    # ------------------------------------------------------------ writing

    def _end(self, ledger: Ledger, meant: Meant, on: date | None, mentorship: Mentorship, detail: str) -> None:
        """Order the end; without a day the last one was yesterday, so that what is to come today is cancelled too."""
        last_day = on or meant.today - A_DAY
        self._keep(ledger, meant, replace(mentorship, ends_on=last_day), OrderKind.END, detail)

    def _keep(self, ledger: Ledger, meant: Meant, wanted: Mentorship, kind: OrderKind, detail: str) -> None:
        """Keep an order, and the mentorship as it stands by it; have it decided anew."""
        # With its alert, which is raised again when the file is read next, where it is still due.
        forget_order(ledger, wanted.id)
        order = Order(
            mentorship=wanted.id,
            kind=kind,
            status=wanted.status,
            paused_until=wanted.paused_until,
            ends_on=wanted.ends_on,
            row=row_now(meant),
            given_at=self.context.now(),
            unlisted=kind is not OrderKind.END and meant.order is not None and meant.order.unlisted,
        )
        ledger.mentorships.save(under_order(wanted, order))
        ledger.mentorships.save_order(order)
        mark_mentorship(ledger, wanted.id, order.given_at)
        self._audit(ledger, wanted.id, str(kind), detail)

    def _begin(self, ledger: Ledger, meant: Meant, mentor: Person, new: MentorshipId) -> Mentorship:
        """Begin the mentorship that takes another's place."""
        before, now = meant.mentorship, self.context.now()
        last_day = before.ends_on if before.ends_on is not None and before.ends_on >= meant.today else None
        begun = Mentorship(
            id=new,
            mentor=mentor.id,
            mentee=before.mentee,
            cohort=before.cohort,
            started_on=meant.today,
            cadence=before.cadence,
            mentee_offers=before.mentee_offers,
            ends_on=last_day,
        )
        as_row = MentorshipRow(mentor="", mentee="", cohort="", started_on=begun.started_on, ends_on=last_day)
        ledger.mentorships.save(begun)
        ledger.mentorships.save_order(
            Order(
                mentorship=new,
                kind=OrderKind.START,
                status=begun.status,
                paused_until=None,
                ends_on=last_day,
                row=as_row.stands,
                given_at=now,
                unlisted=True,
            )
        )
        mark_mentorship(ledger, new, now)
        self._audit(ledger, new, str(OrderKind.START), f"rematched from {before.id}")
        return begun

    def _audit(self, ledger: Ledger, mentorship: MentorshipId, action: str, detail: str) -> None:
        ledger.records.add_audit(
            AuditEntry(
                at=self.context.now(), mentorship=mentorship, action=action, rule="", outcome="ordered", detail=detail
            )
        )

    def _welcomes(self, ledger: Ledger, mentorship: MentorshipId) -> bool:
        now = self.context.now()
        state = load_state(ledger, self.context.config.deployment, mentorship, now, {})
        if state is None:
            return False
        walk = Walk(state, self.context.config.rules, now)
        return walk.acts(walk.rule(StartWell))

    def _ordered(
        self, ledger: Ledger, meant: Meant, kind: OrderKind, day: date | None, cells: Mapping[str, str]
    ) -> Ordered:
        """Return what was ordered, with what the rules make of it now."""
        now = self.context.now()
        state = load_state(ledger, self.context.config.deployment, meant.mentorship.id, now, {}) or meant.state
        walk = Walk(state, self.context.config.rules, now)
        close = walk.rule(CloseWell)
        return Ordered(
            kind=kind,
            mentorship=state.mentorship,
            mentor=state.mentor,
            mentee=state.mentee,
            day=day,
            closes_well=walk.acts(close),
            closing_session=close is not None and walk.acts(close) and close.closing_session,
            line=None if meant.row is None else meant.row.line,
            cells=cells,
        )
