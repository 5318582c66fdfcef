"""All mentorships at a glance, for coordinators: how each stands and when the two meet next, and nothing of delays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from graphsync.calendar import zone
from graphsync.engine.ports import AuditEntry, Ledger
from graphsync.engine.state import load_state
from graphsync.mentoring import MentorshipId, Reach, Status
from graphsync.rules.config import Config
from graphsync.rules.standing import standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One mentorship as a coordinator sees it.

    Attributes:
        id: its id.
        mentor: their name.
        mentee: likewise.
        cohort: its cohort.
        started_on: its first day.
        status: how it stands.
        paused_until: the day a pause is over, where it is known.
        ends_on: the last day to come, where it is known.
        next_session_on: the day of the next session, by the mentee's clock; None where none stands.
        to_renew: whether one of the two has left, and nobody has taken the match up again.
        rematched_to: what took its place, where the mentor was swapped.
        unlisted: whether it has no line in the mentorships file yet, and is to get one.
    """

    id: MentorshipId
    mentor: str
    mentee: str
    cohort: str
    started_on: date
    status: Status
    paused_until: date | None
    ends_on: date | None
    next_session_on: date | None
    to_renew: bool
    rematched_to: MentorshipId | None
    unlisted: bool


def overview(ledger: Ledger, config: Config, now: datetime) -> list[Listed]:
    """Return all mentorships whose people are known, by cohort and names, and keep in the audit that they were seen.

    Args:
        ledger: an open transaction.
        config: who organizes for which cohort.
        now: the present instant.
    """
    found = [_listed(ledger, config, mentorship.id, now) for mentorship in ledger.mentorships.all()]
    listed = [one for one in found if one is not None]
    for one in listed:
        ledger.records.add_audit(
            AuditEntry(at=now, mentorship=one.id, action="listed", rule="", outcome="looked at", detail="")
        )
    return sorted(listed, key=lambda one: (one.cohort, one.mentee, one.mentor, one.id))


def _listed(ledger: Ledger, config: Config, mentorship_id: MentorshipId, now: datetime) -> Listed | None:
    state = load_state(ledger, config.deployment, mentorship_id, now, {})
    if state is None:
        return None
    mentorship, standing, clock = state.mentorship, standing_of(state, now), zone(state.mentee.time_zone)
    paused = standing.status is Status.PAUSED and standing.until is not None
    starts = [session.starts_at for session in state.sessions if session.stands and session.starts_at > now]
    order = ledger.mentorships.order(mentorship_id)
    return Listed(
        id=mentorship.id,
        mentor=state.mentor.display_name,
        mentee=state.mentee.display_name,
        cohort=mentorship.cohort,
        started_on=mentorship.started_on,
        status=standing.status,
        paused_until=standing.until.astimezone(clock).date() if paused and standing.until is not None else None,
        ends_on=None if standing.status is Status.ENDED else mentorship.ends_on,
        next_session_on=min(starts).astimezone(clock).date() if starts else None,
        to_renew=mentorship.rematched_to is None and any(person.reach is Reach.GONE for person in state.pair),
        rematched_to=mentorship.rematched_to,
        unlisted=order is not None and order.unlisted,
    )
