"""What people do in a rule test: each action changes the world as Outlook, Teams or an answer page would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from graphsync.calendar import TimeSlot
from graphsync.mentoring import (
    Absence,
    Answer,
    Choice,
    Loss,
    MentoringSession,
    OpenRequest,
    PersonId,
    Proposal,
    Reach,
    Reply,
    Response,
)
from graphsync.rules.rebook_same_week import about_lost
from graphsync.rules.standing import about_mentorship
from graphsync.trial.shapes import AskSaid, AwaySaid, BookSaid, BusySaid, FailSaid, OfSession, SaySaid, WhoSaid
from graphsync.trial.world import Life, World

LENGTH: Final = timedelta(minutes=50)


class Impossible(Exception):
    """An action that cannot happen in the world as it is by then; the message says why."""


def act(world: World, name: str, said: Any) -> None:
    """Let somebody do something now, and have what follows decided.

    Raises:
        Impossible: it cannot be done: there is no such session, or no such message.
    """
    _DO[name](world, said)
    for life in world.lives:
        world.touch(life)
    world.settle()


def _life(world: World, pair: str, person: str) -> Life:
    found = [
        life
        for life in world.lives
        if pair in ("", life.mentorship.id) and person in (life.mentorship.mentor, life.mentorship.mentee)
    ]
    if len(found) != 1:
        raise Impossible(f"{person} is in {len(found)} such mentorships; say which by `mentorship: mentor-mentee`")
    return found[0]


def _session(world: World, said: OfSession) -> tuple[Life, MentoringSession]:
    life = _life(world, said.mentorship, said.by)
    session = life.sessions.get(said.session)
    if session is None or not session.stands:
        standing = sorted(number for number, session in life.sessions.items() if session.stands)
        raise Impossible(f"session {said.session} does not stand by then; those that do: {standing or 'none'}")
    return life, session


def _lost(how: Loss) -> Callable[[World, OfSession], None]:
    def lose(world: World, said: OfSession) -> None:
        life, session = _session(world, said)
        answers = dict(session.answers)
        if how is Loss.DECLINED:
            answers[PersonId(said.by)] = Answer(response=Response.DECLINED, answered_at=world.now)
        proposal = None
        if said.to is not None:
            ends_at = said.to + (session.ends_at - session.starts_at)
            proposal = Proposal(by=PersonId(said.by), starts_at=said.to, ends_at=ends_at)
        life.put(replace(session, loss=how, lost_at=world.now, answers=answers, proposal=proposal))

    return lose


def _accept(world: World, said: OfSession) -> None:
    life, session = _session(world, said)
    answer = Answer(response=Response.ACCEPTED, answered_at=world.now)
    life.put(replace(session, answers={**session.answers, PersonId(said.by): answer}))


def _propose(world: World, said: OfSession) -> None:
    life, session = _session(world, said)
    if said.to is None:
        raise Impossible("a proposal needs a time: `to: 2026-03-10T10:00+01:00`")
    ends_at = said.to + (session.ends_at - session.starts_at)
    by, answers = PersonId(said.by), dict(session.answers)
    if by != session.organizer:
        answers[by] = Answer(response=Response.TENTATIVE, answered_at=world.now)
    life.put(replace(session, answers=answers, proposal=Proposal(by=by, starts_at=said.to, ends_at=ends_at)))


def _move(world: World, said: OfSession) -> None:
    life, session = _session(world, said)
    if said.to is None:
        raise Impossible("a move needs a time: `to: 2026-03-10T10:00+01:00`")
    ends_at = said.to + (session.ends_at - session.starts_at)
    moved = replace(session, starts_at=said.to, ends_at=ends_at, asked_at=world.now)
    life.put(replace(moved, booked_over=frozenset(), rooms_declined=frozenset()))


def _room_taken(world: World, said: OfSession) -> None:
    life, session = _session(world, said)
    if not session.room:
        raise Impossible(f"session {said.session} has no room by then")
    life.put(replace(session, rooms_declined=session.rooms_declined | {session.room}))


def _book(world: World, said: BookSaid) -> None:
    life = _life(world, said.mentorship, said.by)
    number = max(life.sessions, default=0) + 1
    both = (life.mentorship.mentor, life.mentorship.mentee)
    life.put(
        MentoringSession(
            mentorship=life.mentorship.id,
            number=number,
            starts_at=said.at,
            ends_at=said.at + LENGTH,
            organizer=PersonId(said.by),
            event_id=f"event-{number}",
            ical_uid=f"{life.mentorship.id}-{number}",
            invited_at=world.now,
            written_start=said.at,
            written_end=said.at + LENGTH,
            self_booked=True,
            answers={
                person: Answer(response=Response.ORGANIZER if person == said.by else Response.ACCEPTED)
                for person in both
            },
        )
    )


def _ask(world: World, said: AskSaid) -> None:
    life = _life(world, said.mentorship, said.by)
    key = f"{life.mentorship.id}/{said.source}/{len(life.requests) + 1}"
    life.requests[key] = OpenRequest(
        key=key,
        mentorship=life.mentorship.id,
        source=said.source,
        owed_by=life.mentorship.other(PersonId(said.by)),
        asked_at=world.now,
    )


def _say(world: World, said: SaySaid) -> None:
    life = _life(world, said.mentorship, said.by)
    got = [
        mail
        for mail in world.mail
        if mail.to == said.by and mail.mentorship == life.mentorship.id and said.to in ("", mail.kind)
    ]
    if not got and said.to:
        raise Impossible(f"{said.by} got no message of the kind {said.to!r} by then")
    about = got[-1].about if said.to else about_mentorship(world.state(life))
    if said.choice is Choice.SKIP:
        lost = [session for session in life.sessions.values() if session.loss is not None]
        if not lost:
            raise Impossible("no session is lost by then that could be skipped")
        about = about_lost(lost[-1])
    life.replies.append(
        Reply(
            mentorship=life.mentorship.id,
            person=PersonId(said.by),
            about=about,
            choice=said.choice,
            at=world.now,
            until=said.until,
            starts_at=got[-1].suggested_at if said.to else None,
        )
    )


def _away(world: World, said: AwaySaid) -> None:
    who = PersonId(said.who)
    person = world.people[who]
    leave = Absence(starts_at=said.start or world.now, ends_at=said.until)
    world.people[who] = replace(person, absences=(*person.absences, leave))


def _back(world: World, said: WhoSaid) -> None:
    who = PersonId(said.who)
    kept = tuple(leave for leave in world.people[who].absences if not leave.covers(world.now))
    world.people[who] = replace(world.people[who], absences=kept)


def _busy(world: World, said: BusySaid) -> None:
    who = PersonId(said.who)
    if said.start >= said.until:
        raise Impossible("a meeting ends after it begins")
    taken = TimeSlot(start=said.start, end=said.until)
    world.extra.setdefault(who, []).append(taken)
    for life in world.lives:
        for session in list(life.sessions.values()):
            time = TimeSlot(start=session.starts_at, end=session.ends_at)
            theirs = who in (life.mentorship.mentor, life.mentorship.mentee)
            if theirs and session.stands and session.starts_at > world.now and time.common(taken):
                life.put(replace(session, booked_over=session.booked_over | {who}))


def _gone(world: World, said: WhoSaid) -> None:
    who = PersonId(said.who)
    world.people[who] = replace(world.people[who], reach=Reach.GONE)


def _stall(world: World, _said: object) -> None:
    world.stalled = True


def _resume(world: World, _said: object) -> None:
    world.resume()


def _fail(world: World, said: FailSaid) -> None:
    world.failing = set() if said.what == "nothing" else world.failing | {said.what}


_DO: Final[Mapping[str, Callable[[World, Any], None]]] = {
    "cancel": _lost(Loss.CANCELLED),
    "decline": _lost(Loss.DECLINED),
    "drop": _lost(Loss.DROPPED),
    "accept": _accept,
    "propose": _propose,
    "move": _move,
    "book": _book,
    "ask": _ask,
    "say": _say,
    "away": _away,
    "back": _back,
    "busy": _busy,
    "gone": _gone,
    "stall": _stall,
    "resume": _resume,
    "room taken": _room_taken,
    "fail": _fail,
}
