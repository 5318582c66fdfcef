"""What the service must never do, looked for in the record of a run: the judge's second half.

Each check takes the record and yields what it found; none excuses anything that its docstring does not name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from graphsync.sandbox.demo.diary import spans_of, takes_time
from graphsync.sandbox.demo.hours import overlap
from graphsync.sandbox.demo.programme import Pair
from graphsync.sandbox.demo.record import Mail, Placement, Record, Session, in_absence

LEAD = timedelta(days=7)
NO_MOVE_WITHIN = timedelta(hours=24)
# What was lost so shortly before the end may be put back after it.
GRACE = timedelta(days=3)
MOST_A_DAY, MOST_A_WEEK = 2, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that should not have happened. `who` is an address, or the two of a pair."""

    kind: str
    at: datetime
    who: str
    what: str


def violations(record: Record) -> list[Violation]:
    """Return everything forbidden that the record shows, by time."""
    found = [violation for check in _CHECKS for violation in check(record)]
    return sorted(found, key=lambda violation: (violation.at, violation.kind, violation.who, violation.what))


def week_of(instant: datetime, record: Record, address: str) -> tuple[int, int]:
    """Return the ISO year and week of `instant` by the person's wall clock."""
    iso = record.programme.people[address].hours.local(instant).isocalendar()
    return (iso.year, iso.week)


def replacement_of(record: Record, session: Session) -> Session | None:
    """Return what stands for a lost session: the one that names it, or one that the two fixed after the loss."""
    fellows = [other for other in record.sessions if other.pair == session.pair and other is not session]
    for other in fellows:
        if session.number and other.replaces == session.number and other.by_service:
            return other
    if session.lost_index is None:
        return None
    return next((other for other in fellows if not other.by_service and other.index >= session.lost_index), None)


def reason_for(record: Record, session: Session) -> str | None:
    """Return why a lost session was not put back into its week, as the pair was told, or None if nobody was."""
    mentorship = session.mentorship or record.mentorship_ids().get(session.pair.key, "")
    return next(
        (
            mail.reason
            for mail in record.mails
            if mail.reason and mail.mentorship == mentorship and mail.about == f"session/{session.number}"
        ),
        None,
    )


def _names(pair: Pair) -> str:
    return f"{pair.mentor}, {pair.mentee}"


def _own_placements(record: Record) -> Iterator[tuple[Session, Placement]]:
    for session in record.sessions:
        for placement in session.placements:
            if placement.by_service:
                yield session, placement


def _placed(placement: Placement) -> str:
    return f"{placement.start:%Y-%m-%d %H:%M}Z"


def _double_bookings(record: Record) -> Iterator[Violation]:
    """A session was put by the service over another that stood."""
    for session, placement in _own_placements(record):
        for other in record.sessions:
            standing = None if other is session else other.stands_at(placement.index)
            if standing is None or not overlap(standing.span, placement.span):
                continue
            for address in sorted(session.pair.people & other.pair.people):
                yield Violation(
                    kind="double_booking",
                    at=placement.at,
                    who=address,
                    what=f"two sessions at once: {_placed(placement)} and {_placed(standing)}",
                )


def _over_something_busy(record: Record) -> Iterator[Violation]:
    """A session was put by the service over what stood in a calendar, or into a leave that was told."""
    for session, placement in _own_placements(record):
        for address in sorted(session.pair.people):
            for appointment in record.appointments.get(address, ()):
                known = appointment.since <= placement.index and (
                    appointment.until is None or placement.index < appointment.until
                )
                if not known or not takes_time(appointment.event):
                    continue
                if any(spans_of(appointment.event, placement.start, placement.end)):
                    yield Violation(
                        kind="over_busy_time",
                        at=placement.at,
                        who=address,
                        what=f"session at {_placed(placement)} over an appointment that was there",
                    )
            if in_absence(record, address, placement.span, placement.index):
                yield Violation(
                    kind="over_busy_time",
                    at=placement.at,
                    who=address,
                    what=f"session at {_placed(placement)} on leave",
                )


def _outside_hours(record: Record) -> Iterator[Violation]:
    """A session was put by the service outside the hours somebody works or has offered to this pair."""
    for session, placement in _own_placements(record):
        for address in sorted(session.pair.people):
            hours = record.programme.hours(address, session.pair)
            if not hours.covers(placement.span):
                yield Violation(
                    kind="outside_hours",
                    at=placement.at,
                    who=address,
                    what=f"session at {hours.local(placement.start):%a %Y-%m-%d %H:%M} local time",
                )


def _short_notice(record: Record) -> Iterator[Violation]:
    """A session of the service that replaces none was booked less than seven days ahead."""
    for session in record.sessions:
        first = session.placements[0]
        if session.by_service and session.replaces is None and first.start - session.invited_at < LEAD:
            days = (first.start - session.invited_at) / timedelta(days=1)
            yield Violation(
                kind="short_notice",
                at=session.invited_at,
                who=_names(session.pair),
                what=f"session {session.number} booked {days:.2f} days ahead",
            )


def _moves(record: Record) -> Iterator[Violation]:
    """The service moved a session that stood. A time proposed by one of the two may be taken, a day ahead."""
    for session in record.sessions:
        changes = [
            (before, after)
            for before, after in zip(session.placements, session.placements[1:], strict=False)
            if after.by_service and (session.lost_index is None or after.index < session.lost_index)
        ]
        if session.superseded_index is not None and session.loss is None:
            # The event was given to a new number though nothing had happened to the old one.
            successor = next(
                other
                for other in record.sessions
                if other.ical_uid == session.ical_uid and other.index == session.superseded_index
            )
            changes.append((session.placements[-1], successor.placements[0]))
        for before, after in changes:
            yield from _judge_move(session, before, after)


def _judge_move(session: Session, before: Placement, after: Placement) -> Iterator[Violation]:
    who = _names(session.pair)
    what = f"session {session.number} moved from {_placed(before)} to {_placed(after)}"
    if before.start - after.at < NO_MOVE_WITHIN:
        yield Violation(kind="moved_late", at=after.at, who=who, what=what)
    if any(at <= after.at and span == after.span for at, span in session.proposals):
        return
    by_hand = not before.by_service and session.by_service
    yield Violation(kind="human_change_undone" if by_hand else "moved_unasked", at=after.at, who=who, what=what)


def _twice_invited(record: Record) -> Iterator[Violation]:
    """One number of a mentorship was given to two invites, or one lost session was put back twice."""
    numbers: dict[tuple[str, int], Session] = {}
    replaced: dict[tuple[str, int], Session] = {}
    for session in record.sessions:
        if not session.by_service:
            continue
        if (session.mentorship, session.number) in numbers:
            yield Violation(
                kind="invited_twice",
                at=session.invited_at,
                who=_names(session.pair),
                what=f"session {session.number} has two invites",
            )
        numbers[session.mentorship, session.number] = session
        if session.replaces is None:
            continue
        if (session.mentorship, session.replaces) in replaced:
            yield Violation(
                kind="invited_twice",
                at=session.invited_at,
                who=_names(session.pair),
                what=f"session {session.replaces} was put back twice",
            )
        replaced[session.mentorship, session.replaces] = session


def _mails(record: Record) -> Iterator[Violation]:
    """A message was sent twice, to several people, or when its reader does not work."""
    sent: Counter[tuple[str, ...]] = Counter()
    for mail in record.mails:
        if len(mail.to) != 1:
            yield Violation(
                kind="several_recipients",
                at=mail.sent_at,
                who=", ".join(mail.to),
                what=f"one message about {mail.about!r} to {len(mail.to)} people",
            )
        for address in mail.to:
            key = (mail.mentorship, mail.practice, mail.about, mail.rung, address)
            sent[key] += 1
            if sent[key] == 2:
                yield Violation(
                    kind="nudged_twice",
                    at=mail.sent_at,
                    who=address,
                    what=f"{mail.practice} about {mail.about!r}, rung {mail.rung!r}, more than once",
                )
            yield from _quiet_hours(record, mail, address)


def _quiet_hours(record: Record, mail: Mail, address: str) -> Iterator[Violation]:
    if address not in record.programme.people:
        return
    hours = record.programme.hours(address)
    moment = (mail.sent_at, mail.sent_at + timedelta(minutes=1))
    if not hours.contains(mail.sent_at):
        what = f"message about {mail.about!r} at {hours.local(mail.sent_at):%a %Y-%m-%d %H:%M} local time"
        yield Violation(kind="nudge_outside_hours", at=mail.sent_at, who=address, what=what)
    elif in_absence(record, address, moment, mail.index):
        what = f"message about {mail.about!r} during leave"
        yield Violation(kind="nudge_outside_hours", at=mail.sent_at, who=address, what=what)


def _without_a_medium(record: Record) -> Iterator[Violation]:
    """A session is neither online, nor in person at one office, nor by the phone the pair chose.

    Excused are sessions that were lost, and those the two fixed themselves within the last day of the run or without
    having agreed that theirs are looked at.
    """
    ends_at = record.programme.ends_at
    for session in record.sessions:
        theirs = not session.by_service and (
            session.invited_at > ends_at - timedelta(days=1) or "self_booked" not in session.pair.opt_ins
        )
        if session.is_lost or session.online or theirs:
            continue
        people = record.programme.people
        same_office = people[session.pair.mentor].office == people[session.pair.mentee].office
        by_phone = session.medium == "phone" and session.pair.medium == "phone"
        if by_phone or (session.medium == "in_person" and same_office):
            continue
        yield Violation(
            kind="no_medium",
            at=session.invited_at,
            who=_names(session.pair),
            what=f"session at {_placed(session.placements[-1])} has no link and no stated reason for it",
        )


def _silently_lost(record: Record) -> Iterator[Violation]:
    """A session was lost before the last days, and not put back in its week, and nobody was told why."""
    for session in record.sessions:
        lost_at = session.lost_at or session.superseded_at
        if lost_at is None or lost_at > record.programme.ends_at - GRACE:
            continue
        mentee = session.pair.mentee
        replacement = replacement_of(record, session)
        if replacement is not None and week_of(replacement.placements[0].start, record, mentee) == week_of(
            session.start, record, mentee
        ):
            continue
        if reason_for(record, session) is None:
            missed = "not put back" if replacement is None else "put back in another week"
            yield Violation(
                kind="lost_without_reason",
                at=lost_at,
                who=_names(session.pair),
                what=f"session {session.number} of {_placed(session.placements[-1])} was {missed}, without a reason",
            )


def _touched(record: Record) -> Iterator[Violation]:
    """The service changed something that is none of its business."""
    for at, who, what in record.touched:
        yield Violation(kind="touched_other", at=at, who=who, what=what)


def _too_many(record: Record) -> Iterator[Violation]:
    """The service gave a mentor more than two sessions a day or four a week."""
    for session, placement in _own_placements(record):
        mentor = session.pair.mentor
        days: dict[str, int] = defaultdict(int)
        hours = record.programme.people[mentor].hours
        day = hours.local(placement.start).date()
        for other in record.sessions:
            standing = other.stands_at(placement.index)
            if standing is None or other.pair.mentor != mentor:
                continue
            days["day"] += hours.local(standing.start).date() == day
            days["week"] += week_of(standing.start, record, mentor) == week_of(placement.start, record, mentor)
        for span, most in (("day", MOST_A_DAY), ("week", MOST_A_WEEK)):
            if days[span] > most:
                yield Violation(
                    kind="too_many_sessions",
                    at=placement.at,
                    who=mentor,
                    what=f"{days[span]} sessions in the {span} of {_placed(placement)}, {most} at most",
                )


_CHECKS = (
    _double_bookings,
    _over_something_busy,
    _outside_hours,
    _short_notice,
    _moves,
    _twice_invited,
    _mails,
    _without_a_medium,
    _silently_lost,
    _touched,
    _too_many,
)
