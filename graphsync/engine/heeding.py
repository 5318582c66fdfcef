"""What was ordered by command beside what the mentorships file says, each time that is read.

An order holds until its mentorship's line says something else of how it stands than when the order was given. A line
that says `ended` is no such thing for an ordered end, and neither is one that is gone before the end was done well;
what began by a swapped mentor is kept until it has a line.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from graphsync.engine.ports import Alert, AuditEntry, Ledger
from graphsync.mentoring import Mentorship, MentorshipId, Order, OrderKind, Status
from graphsync.rules.mentorships import MentorshipRow

log = logging.getLogger(__name__)


def under_order(mentorship: Mentorship, order: Order) -> Mentorship:
    """Return a mentorship as it stands by an order."""
    return replace(mentorship, status=order.status, paused_until=order.paused_until, ends_on=order.ends_on)


def heed_order(ledger: Ledger, mentorship: Mentorship, row: MentorshipRow, now: datetime) -> Mentorship:
    """Return a mentorship of the file as it stands by the order that holds for it; one that holds no more is dropped.

    Args:
        ledger: an open transaction.
        mentorship: as the file has it.
        row: its line.
        now: the present instant.
    """
    order = ledger.mentorships.order(mentorship.id)
    if order is None:
        return mentorship
    if order.unlisted:
        ledger.records.clear_alert(_unlisted(mentorship.id))
    if order.row != row.stands and not (row.status is Status.ENDED and order.kind is OrderKind.END):
        forget_order(ledger, mentorship.id)
        if order.kind is not OrderKind.START and under_order(mentorship, order) != mentorship:
            _note_dropped(ledger, order, now)
        return mentorship
    ledger.mentorships.save_order(replace(order, unlisted=False))
    return under_order(mentorship, order)


def holds_unlisted(ledger: Ledger, mentorship: Mentorship) -> bool:
    """Tell whether a mentorship goes on without a line in the file: it has yet to get one, or has yet to end well."""
    order = ledger.mentorships.order(mentorship.id)
    if order is None:
        return False
    if order.unlisted and mentorship.closed_at is None:
        text = (
            f"mentorship {mentorship.id} began by `graphsync mentorships rematch` and has no line in mentorships.csv: "
            "it is kept meanwhile; add the line that the command printed"
        )
        alert = Alert(key=_unlisted(mentorship.id), text=text, raised_at=order.given_at)
        ledger.records.raise_alert(alert)
        return True
    return order.kind is OrderKind.END and mentorship.closed_at is None


def forget_order(ledger: Ledger, mentorship: MentorshipId) -> None:
    """Let what was ordered for a mentorship hold no more, and its alert stand no more."""
    ledger.mentorships.drop_order(mentorship)
    ledger.records.clear_alert(_unlisted(mentorship))


def _unlisted(mentorship: MentorshipId) -> str:
    return f"unlisted/{mentorship}"


def _note_dropped(ledger: Ledger, order: Order, now: datetime) -> None:
    detail = "its line in mentorships.csv has changed since"
    log.warning("mentorship %s: what was ordered (%s) holds no more: %s", order.mentorship, order.kind, detail)
    ledger.records.add_audit(
        AuditEntry(
            at=now, mentorship=order.mentorship, action=str(order.kind), rule="", outcome="holds no more", detail=detail
        )
    )
