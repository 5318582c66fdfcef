"""The outcome of a run as a file: what the judge saw in calendars, mailboxes and chats, for machines to read.

The same world gives the same file but for `wall_s`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

from graphsync.sandbox.demo.forbidden import reason_for, replacement_of, violations, week_of
from graphsync.sandbox.demo.programme import PROGRAMME_MAILBOX, Pair
from graphsync.sandbox.demo.record import Mail, Record, Session
from graphsync.sandbox.teams.chats import Chat
from graphsync.sandbox.world import World

SessionOutcome = Literal["held", "cancelled", "declined", "dropped", "upcoming"]


class SessionLine(TypedDict):
    """One session; what each key means is said in docs/demo.md."""

    mentorship: str
    number: int
    starts_at: str
    invited_at: str
    lead_days: float
    online: bool
    in_person: bool
    organizer: str
    outcome: SessionOutcome
    replaces: int | None
    same_week: bool | None
    no_slot_reason: str | None
    moved_by: Literal["service", "person"] | None


class NudgeLine(TypedDict):
    """One message of the service to one person."""

    to: str
    about: str
    sent_at: str
    practice: str


RequestLine = TypedDict(
    "RequestLine",
    {"from": str, "to": str, "source": str, "asked_at": str, "answered_at": str | None, "flagged_at": str | None},
)
"""One invite or chat question that waited for an answer."""


class ViolationLine(TypedDict):
    """One thing that must not happen and did."""

    kind: str
    at: str
    who: str
    what: str


class Outcome(TypedDict):
    """The whole file, its keys in their order."""

    weeks: int
    seed: int
    mentorships: int
    wall_s: float
    graph_requests: dict[str, int]
    sessions: list[SessionLine]
    nudges: list[NudgeLine]
    requests: list[RequestLine]
    violations: list[ViolationLine]


def judge(world: World, record: Record, *, seed: int, wall_s: float) -> Outcome:
    """Return the outcome of a run that has ended."""
    programme = record.programme
    order = {pair.key: place for place, pair in enumerate(programme.pairs)}
    sessions = sorted(record.sessions, key=lambda session: (order[session.pair.key], session.number, session.index))
    return Outcome(
        weeks=programme.weeks,
        seed=seed,
        mentorships=len(programme.pairs),
        wall_s=round(wall_s, 2),
        graph_requests=dict(sorted(world.request_counts.items())),
        sessions=[_session_line(record, session) for session in sessions],
        nudges=[
            NudgeLine(
                to=mail.to[0] if mail.to else "", about=mail.about, sent_at=utc(mail.sent_at), practice=mail.practice
            )
            for mail in record.mails
        ],
        requests=requests(world, record),
        violations=[
            ViolationLine(kind=found.kind, at=utc(found.at), who=found.who, what=found.what)
            for found in violations(record)
        ],
    )


def as_json(outcome: Outcome) -> str:
    """Return the file's text."""
    return json.dumps(outcome, indent=2, ensure_ascii=False) + "\n"


def utc(instant: datetime) -> str:
    """Return an instant as `2026-10-05T08:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def outcome_of(record: Record, session: Session) -> SessionOutcome:
    """Return what became of a session by the end of the run."""
    if session.loss is not None:
        return session.loss
    if session.superseded_at is not None:
        return "declined"
    return "held" if session.end <= record.programme.ends_at else "upcoming"


def replaces(record: Record, session: Session) -> Session | None:
    """Return the lost session that this one stands for, or None."""
    return next(
        (
            lost
            for lost in record.sessions
            if lost.pair == session.pair and lost.is_lost and replacement_of(record, lost) is session
        ),
        None,
    )


def _session_line(record: Record, session: Session) -> SessionLine:
    lost = replaces(record, session)
    same_week = None
    reason = None
    if lost is not None:
        mentee = session.pair.mentee
        first = session.placements[0].start
        same_week = week_of(first, record, mentee) == week_of(lost.start, record, mentee)
        reason = None if same_week else reason_for(record, lost)
    elif session.is_lost and replacement_of(record, session) is None:
        reason = reason_for(record, session)
    last = session.placements[-1]
    moved_by: Literal["service", "person"] | None = None
    if len(session.placements) > 1 or not session.by_service:
        # Also where the first time was a person's: a session the two fixed themselves has no lead time to keep.
        moved_by = "service" if last.by_service else "person"
    return SessionLine(
        mentorship=session.mentorship,
        number=session.number,
        starts_at=utc(session.start),
        invited_at=utc(session.invited_at),
        lead_days=round((session.placements[0].start - session.invited_at) / timedelta(days=1), 2),
        online=session.online,
        in_person=session.medium == "in_person",
        organizer=session.organizer,
        outcome=outcome_of(record, session),
        replaces=lost.number if lost is not None else session.replaces,
        same_week=same_week,
        no_slot_reason=reason,
        moved_by=moved_by,
    )


def requests(world: World, record: Record) -> list[RequestLine]:
    """Return the invites, and the chat questions of pairs that opted in, that waited for an answer, by time."""
    found = [line for session in record.sessions for line in invites(record, session)]
    for chat in world.chats():
        members = frozenset(world.user(member).address.lower() for member in chat.member_ids)
        pair = record.programme.pair_of(members)
        if pair is not None and "chat" in pair.opt_ins:
            found.extend(_questions(world, record, pair, chat))
    return sorted(found, key=lambda line: (line["asked_at"], line["from"], line["to"], line["source"]))


def invites(record: Record, session: Session) -> Iterator[RequestLine]:
    """Yield one request for each time that was fixed and each person who was asked about it."""
    asked = session.pair.people - {session.organizer} if session.organizer != PROGRAMME_MAILBOX else session.pair.people
    for placement, following in zip(session.placements, [*session.placements[1:], None], strict=True):
        until = following.at if following else session.superseded_at
        for address in sorted(asked):
            answers = [
                at
                for who, at, _ in session.answers
                if who == address and at >= placement.at and (until is None or at < until)
            ]
            answered_at = answers[0] if answers else None
            yield RequestLine(
                {
                    "from": session.organizer,
                    "to": address,
                    "source": "invite",
                    "asked_at": utc(placement.at),
                    "answered_at": utc(answered_at) if answered_at else None,
                    "flagged_at": _flagged(record, session.pair, address, "invite", placement.at, answered_at or until),
                }
            )


def _questions(world: World, record: Record, pair: Pair, chat: Chat) -> Iterator[RequestLine]:
    """Yield each message that opens a matter: not one that answers, nor one more while the first still waits."""
    waiting_until: datetime | None = None
    waiting_from = ""
    for place, message in enumerate(chat.messages):
        author = world.user(message.author_id).address.lower()
        if waiting_from and (waiting_until is None or message.created_at <= waiting_until):
            if author != waiting_from:
                waiting_from = ""
            continue
        other = pair.other(author)
        answers = [at for who, at in message.reactions if world.user(who).address.lower() == other]
        later = (item for item in chat.messages[place + 1 :] if world.user(item.author_id).address.lower() == other)
        answers.extend(item.created_at for item in later)
        waiting_from, waiting_until = author, min(answers, default=None)
        yield RequestLine(
            {
                "from": author,
                "to": other,
                "source": "chat",
                "asked_at": utc(message.created_at),
                "answered_at": utc(waiting_until) if waiting_until else None,
                "flagged_at": _flagged(record, pair, other, "chat", message.created_at, waiting_until),
            }
        )


def _flagged(
    record: Record, pair: Pair, address: str, source: str, asked_at: datetime, until: datetime | None
) -> str | None:
    """Return when the first message about it went to whoever owes the answer, or None."""
    mentorship = record.mentorship_ids().get(pair.key)
    for mail in record.mails:
        if mail.practice != "answer_promptly" or mail.mentorship != mentorship or address not in mail.to:
            continue
        if mail.sent_at >= asked_at and (until is None or mail.sent_at <= until) and _may_be_about(mail, source):
            return utc(mail.sent_at)
    return None


def _may_be_about(mail: Mail, source: str) -> bool:
    """Tell whether a message's matter may be of this source; a key that names the other one is not."""
    other = "chat" if source == "invite" else "invite"
    return other not in mail.about
