"""What each decision was made on, and what it came to, kept so that it can be explained and tried under other rules.

A state is kept whole but for names and addresses, which no rule looks at. It holds the times of open requests, and so
is kept no longer than those may be: `explain --at` and `replay` reach back that far, and say so.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from graphsync.calendar import Census, PersonAvailability, Placement, RoomChoice, census
from graphsync.engine.ports import DecisionRow, Ledger
from graphsync.mentoring import MentorshipId, Person, PersonId
from graphsync.rules.intents import AnyIntent, BookSession, Decision, MoveSession, TraceLine
from graphsync.rules.state import MentorshipState


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One thing a decision wanted: its key, what it is, whose rule it was, and how far that rule went."""

    key: str
    kind: str
    rule: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a session was put, or why nowhere: what the scheduler answered, and where the other times had gone.

    `key` is the intent's; `censuses` has one entry for each window that was searched, up to the one that had room.
    `room` is the room it gets, or why none; None where none was sought.
    """

    key: str
    placement: Placement
    censuses: tuple[Census, ...]
    room: RoomChoice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One decision of the past: when, on which state, what it wanted, how it came to that, and the times found.

    `last_at` is when it was last made again, on the same state and to the same end; `wake_at` is when it was to be
    made again though no fact changed.
    """

    mentorship: MentorshipId
    at: datetime
    last_at: datetime
    state: MentorshipState
    wanted: tuple[Wanted, ...]
    trace: tuple[TraceLine, ...]
    places: tuple[Place, ...]
    wake_at: datetime | None


def wanted_by(decision: Decision) -> tuple[Wanted, ...]:
    """Return what a decision wants, in its order: what is done, what is asked first, what is only observed."""
    return tuple(
        Wanted(key=intent.key, kind=type(intent).__name__, rule=intent.rule, mode=mode)
        for mode, intent in _all_intents(decision)
    )


def _all_intents(decision: Decision) -> Iterator[tuple[str, AnyIntent]]:
    yield from (("enforce", intent) for intent in decision.intents)
    yield from (("suggest", suggestion.intent) for suggestion in decision.suggestions)
    yield from (("observe", intent) for intent in decision.observed)


def places_of(
    decision: Decision,
    placements: Mapping[str, Placement],
    availability: Mapping[PersonId, PersonAvailability],
    rooms: Mapping[str, RoomChoice],
) -> tuple[Place, ...]:
    """Return the times found for what a decision books, moves or suggests.

    Args:
        decision: as `decide` returned it.
        placements: what the scheduler answered, by the key of the request.
        availability: what it was asked on.
        rooms: the rooms that were chosen, by the key of the intent.
    """
    bookings = [
        intent
        for intent in (*decision.intents, *(suggestion.intent for suggestion in decision.suggestions))
        if isinstance(intent, BookSession | MoveSession)
    ]
    return tuple(
        _place(intent, placements[intent.request.key], availability, rooms.get(intent.key)) for intent in bookings
    )


def _place(
    intent: BookSession | MoveSession,
    placement: Placement,
    availability: Mapping[PersonId, PersonAvailability],
    room: RoomChoice | None,
) -> Place:
    request = intent.request
    searched = len(request.windows) if placement.window is None else placement.window + 1
    censuses = tuple(census(request, availability, at) for at in range(searched))
    return Place(key=intent.key, placement=placement, censuses=censuses, room=room)


def record(
    ledger: Ledger, state: MentorshipState, decision: Decision, now: datetime, places: tuple[Place, ...] = ()
) -> None:
    """Keep what was decided, on what, and how; the same once more only moves on when it was made last."""
    ledger.records.add_decision(
        DecisionRow(
            mentorship=state.mentorship.id,
            at=now,
            last_at=now,
            state=zlib.compress(msgspec.json.encode(_nameless(state))),
            wanted=msgspec.json.encode(wanted_by(decision)).decode(),
            trace=zlib.compress(msgspec.json.encode(decision.trace)),
            places=zlib.compress(msgspec.json.encode(places)) if places else b"",
            wake_at=decision.wake_at,
        )
    )


def recorded(
    ledger: Ledger, mentorship: MentorshipId | None = None, *, since: datetime, until: datetime
) -> list[Recorded]:
    """Return the decisions made from `since` to before `until`, oldest first; of one mentorship or of all."""
    return [as_recorded(row) for row in ledger.records.decisions(mentorship, since=since, until=until)]


def as_recorded(row: DecisionRow) -> Recorded:
    """Return a decision as it was made, from how it is kept."""
    places = zlib.decompress(row.places) if row.places else b"[]"
    return Recorded(
        mentorship=row.mentorship,
        at=row.at,
        last_at=row.last_at,
        state=msgspec.json.decode(zlib.decompress(row.state), type=MentorshipState),
        wanted=msgspec.json.decode(row.wanted, type=tuple[Wanted, ...]),
        trace=msgspec.json.decode(zlib.decompress(row.trace), type=tuple[TraceLine, ...]),
        places=msgspec.json.decode(places, type=tuple[Place, ...]),
        wake_at=row.wake_at,
    )


def _nameless(state: MentorshipState) -> MentorshipState:
    def without(person: Person) -> Person:
        return replace(person, address="", display_name="")

    return replace(
        state, mentor=without(state.mentor), mentee=without(state.mentee), organizer=without(state.organizer)
    )
