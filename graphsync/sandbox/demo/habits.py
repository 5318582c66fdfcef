"""What the people of the demo are like: every draw is made from the seed and from what it is about, never in turn.

Some draws are spread over the programme on purpose (`Habits.fates`), so that each habit is met in every run: a
demo that by chance shows no silent decline shows nothing of it. `people.py` carries out what is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from graphsync.sandbox.demo.diary import free_starts
from graphsync.sandbox.demo.programme import Pair, Programme


class Trouble(StrEnum):
    """What keeps a session from taking place as it was fixed."""

    CANCEL = "cancel"
    MOVE = "move"
    DECLINE = "decline"
    DECLINE_PROPOSING = "decline_proposing"
    TENTATIVE_PROPOSING = "tentative_proposing"
    DELETE = "delete"


class Answering(StrEnum):
    """How long an invite waits for its answer."""

    PROMPT = "prompt"
    LATE = "late"
    NEVER = "never"


class Replying(StrEnum):
    """What becomes of a question in a chat."""

    SOON = "soon"
    LATE = "late"
    REACTION = "reaction"
    REMINDED = "reminded"


ORGANIZERS_TROUBLE = frozenset({Trouble.CANCEL, Trouble.MOVE})
"""What only somebody whose calendar holds the session can do."""

_NEEDS_A_SLOT = frozenset({Trouble.MOVE, Trouble.DECLINE_PROPOSING, Trouble.TENTATIVE_PROPOSING})
_RANDOM_TROUBLE = 0.10
_TROUBLE_WITH_A_REPLACEMENT = 0.03
_MISSED = 0.06
_DROPPED_OUT = 0.08
_LONG_ENOUGH_TO_COME_BACK = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A week away: told on `announced_at`, from `start` to `end`."""

    address: str
    announced_at: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A mentee's question in the chat, and what the mentor makes of it."""

    at: datetime
    replying: Replying


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a drawn session is meant to meet, if it can."""

    trouble: Trouble | None = None
    answering: Answering | None = None


class Habits:
    """The draws of one run."""

    def __init__(self, programme: Programme, seed: int) -> None:
        self.programme = programme
        self.seed = seed
        self.meeting_pairs = [pair for pair in programme.pairs if _can_meet(programme, pair)]
        self._fates: dict[tuple[str, int], Fate] = {}
        self._spread_fates()

    def draw(self, *key: object) -> Random:
        """Return a random source that always starts the same for `key`."""
        return Random(":".join(str(part) for part in (self.seed, *key)))

    def _spread_fates(self) -> None:
        wanted = [
            *(Fate(trouble=trouble) for trouble in Trouble),
            Fate(answering=Answering.NEVER),
            Fate(answering=Answering.LATE),
        ]
        for ordinal in (1, 2):
            left = list(self.meeting_pairs)
            self.draw("fates", ordinal).shuffle(left)
            for fate in wanted:
                pair = next((pair for pair in left if self._fits(pair, fate)), None)
                if pair is not None:
                    left.remove(pair)
                    self._fates[pair.key, ordinal] = fate

    def _fits(self, pair: Pair, fate: Fate) -> bool:
        if fate.trouble in ORGANIZERS_TROUBLE and pair.organizer not in pair.people:
            return False
        mentor, mentee = (self.programme.people[address] for address in (pair.mentor, pair.mentee))
        return fate.trouble not in _NEEDS_A_SLOT or mentor.place == mentee.place

    def trouble(self, pair: Pair, ordinal: int, occasion: str, *, replacement: bool) -> Trouble | None:
        """Return what the session meets: `ordinal` counts a pair's fresh sessions, `occasion` names this one."""
        if replacement:
            draw = self.draw(pair.key, "replacement", occasion)
            return Trouble.DECLINE if draw.random() < _TROUBLE_WITH_A_REPLACEMENT else None
        fate = self._fates.get((pair.key, ordinal))
        if fate is not None:
            return fate.trouble
        draw = self.draw(pair.key, "trouble", ordinal)
        if draw.random() >= _RANDOM_TROUBLE:
            return None
        return draw.choice([trouble for trouble in Trouble if self._fits(pair, Fate(trouble=trouble))])

    def troublemaker(self, pair: Pair, ordinal: int) -> str:
        """Return who of the two does it where both are attendees."""
        return self.draw(pair.key, "who", ordinal).choice((pair.mentor, pair.mentee))

    def answering(self, address: str, pair: Pair, ordinal: int, occasion: str, *, replacement: bool) -> Answering:
        """Return how `address` goes about answering this invite."""
        fate = self._fates.get((pair.key, ordinal))
        if not replacement and fate is not None and fate.answering is not None:
            return fate.answering
        punctual = self.draw(address, "character").uniform(0.55, 0.9)
        drawn = self.draw(address, "answer", pair.key, occasion).random()
        if drawn < punctual:
            return Answering.PROMPT
        return Answering.LATE if drawn < punctual + (1 - punctual) * 0.8 else Answering.NEVER

    def follows_a_nudge(self, address: str, about: str) -> bool:
        """Tell whether `address` does what the message about a matter asks; most do."""
        return self.draw(address, "nudge", about).random() < 0.88

    def stays(self, address: str, pair: Pair, occasion: str, length: timedelta) -> list[tuple[timedelta, timedelta]]:
        """Return when `address` is in the meeting of a session, counted from its start: nothing if they miss it.

        Of sessions that stand, few are missed, and then by one of the two.
        """
        turnout = self.draw(pair.key, "turnout", occasion)
        missed = turnout.random() < _MISSED
        absentee = turnout.choice((pair.mentor, pair.mentee))
        if missed and absentee == address:
            return []
        draw = self.draw(address, "stay", pair.key, occasion)
        length_s = length // timedelta(seconds=1)
        joined = timedelta(seconds=draw.randint(-120, min(300, length_s // 10)))
        left = length + timedelta(seconds=draw.randint(-min(480, length_s // 6), 240))
        if draw.random() >= _DROPPED_OUT or length < _LONG_ENOUGH_TO_COME_BACK:
            return [(joined, left)] if joined < left else []
        # The connection is lost, and found again within the session.
        gone = joined + (left - joined) * draw.uniform(0.2, 0.7)
        gone -= timedelta(microseconds=gone.microseconds)
        return [(joined, gone), (gone + timedelta(seconds=draw.randint(20, 150)), left)]

    def leaves(self) -> list[Leave]:
        """Return who goes on leave and when: two people of different pairs, nobody in a short run."""
        weeks = self.programme.weeks
        if weeks < 4:
            return []
        people: list[str] = []
        pairs = [pair for pair in self.meeting_pairs if (pair.key, 1) not in self._fates]
        self.draw("leaves").shuffle(pairs)
        for pair in pairs:
            somebody = self.draw("leaves", pair.key).choice((pair.mentor, pair.mentee))
            if somebody not in people:
                people.append(somebody)
        return [self._leave(address, weekday) for address, weekday in zip(people[:2], (0, 2), strict=False)]

    def _leave(self, address: str, weekday: int) -> Leave:
        draw = self.draw(address, "leave")
        zone = ZoneInfo(self.programme.people[address].zone)
        week = draw.randint(2, self.programme.weeks - 2)
        first = self.programme.starts_at.date() + timedelta(weeks=week, days=weekday)
        start = datetime.combine(first, time(0), zone).astimezone(self.programme.starts_at.tzinfo)
        end = datetime.combine(first + timedelta(days=7), time(0), zone).astimezone(self.programme.starts_at.tzinfo)
        announced = self.working_minute(address, start - timedelta(days=draw.randint(5, 9)), draw)
        return Leave(address=address, announced_at=announced, start=start, end=end)

    def questions(self, pair: Pair) -> list[Question]:
        """Return the questions the mentee asks in the chat, and how each is met; every way of it in turn."""
        styles = list(Replying)
        turn = self.programme.pairs.index(pair) + self.draw("questions").randrange(len(styles))
        found: list[Question] = []
        for number in range(max(1, self.programme.weeks // 2)):
            draw = self.draw(pair.key, "question", number)
            on = self.programme.starts_at + timedelta(days=14 * number + draw.randint(1, 8))
            at = self.working_minute(pair.mentee, on, draw)
            if at < self.programme.calm_from - timedelta(days=2):
                found.append(Question(at=at, replying=styles[(turn + number) % len(styles)]))
        return found

    def self_bookings(self, pair: Pair) -> list[datetime]:
        """Return when the two think of fixing a meeting by themselves."""
        found: list[datetime] = []
        for number in range(max(1, self.programme.weeks // 2)):
            draw = self.draw(pair.key, "self-booking", number)
            on = self.programme.starts_at + timedelta(days=14 * number + draw.randint(0, 1))
            if number == 0 or draw.random() < 0.6:
                found.append(self.working_minute(pair.mentee, on, draw))
        return [at for at in found if at < self.programme.calm_from]

    def plannings(self, address: str) -> list[datetime]:
        """Return the quarter hours, early in the working day, at which a person fixes a meeting of their own."""
        found: list[datetime] = []
        for week in range(self.programme.weeks):
            for number in range(2):
                draw = self.draw(address, "planning", week, number)
                day = self.programme.starts_at + timedelta(weeks=week, days=draw.randrange(5))
                hours = self.programme.hours(address)
                spans = hours.spans(day, day + timedelta(days=2))
                if spans:
                    found.append(spans[0][0] + draw.randrange(4) * timedelta(minutes=15))
        return sorted(set(found))

    def working_minute(self, address: str, day: datetime, draw: Random) -> datetime:
        """Return a drawn minute of the person's working day that begins at or after `day`."""
        hours = self.programme.hours(address)
        return hours.after(hours.after(day, timedelta()), timedelta(minutes=draw.randint(5, 400)))


def _can_meet(programme: Programme, pair: Pair) -> bool:
    both = [programme.hours(address, pair) for address in (pair.mentor, pair.mentee)]
    week = (programme.starts_at, programme.starts_at + timedelta(days=7))
    return bool(free_starts(both, [[], []], week, timedelta(minutes=50)))


def week_bounds(zone: str, instant: datetime) -> tuple[datetime, datetime]:
    """Return start and end of the ISO week around `instant` by the wall clock of `zone`, in UTC."""
    local = instant.astimezone(ZoneInfo(zone))
    monday: date = local.date() - timedelta(days=local.weekday())
    start = datetime.combine(monday, time(0), ZoneInfo(zone))
    end = datetime.combine(monday + timedelta(days=7), time(0), ZoneInfo(zone))
    return start.astimezone(instant.tzinfo), end.astimezone(instant.tzinfo)
