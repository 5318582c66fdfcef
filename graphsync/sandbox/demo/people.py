"""The people of the demo, acting by hand in Outlook and Teams on what they see in their own mailboxes.

They look at what is new in the world (`look`), make up their minds at once by the draws of `habits.py`, and act at
whole minutes of their own working time (`act`). They know nothing of the service: to them its invites and messages
are the organizer's invites and the programme's mail.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from graphsync.sandbox.demo.diary import busy_spans, free_starts
from graphsync.sandbox.demo.gatherings import gather
from graphsync.sandbox.demo.habits import (
    ORGANIZERS_TROUBLE,
    Answering,
    Habits,
    Leave,
    Question,
    Replying,
    Trouble,
    week_bounds,
)
from graphsync.sandbox.demo.hours import Span, overlap, whole_minute
from graphsync.sandbox.demo.programme import Pair, Programme
from graphsync.sandbox.demo.scenario import add_meeting, wire_time
from graphsync.sandbox.journal import JournalEntry
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.world import World

SESSION = timedelta(minutes=50)
A_DAY_OF_WORK = timedelta(hours=8)
# Nobody upsets a session so late that it could not be put back a day ahead.
_LATEST_TROUBLE = timedelta(hours=30)
# By then everybody has left a session.
_AFTERWARDS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A session at one time of its life; `ordinal` counts the pair's fresh sessions, 0 where it is not one.

    `calm` is a session that replaces another, which seldom meets trouble, or one at a time that the two fixed, moved
    or proposed themselves (`agreed`), which meets none.
    """

    pair: Pair
    ical_uid: str
    start: datetime
    ordinal: int
    calm: bool
    agreed: bool

    @property
    def name(self) -> str:
        """Names the occasion in draws."""
        return f"{self.pair.key}:{self.start.isoformat()}"


class People:
    """Everybody in the programme. Not thread-safe: the driver alone calls it, between the service's runs."""

    def __init__(self, world: World, programme: Programme, *, seed: int) -> None:
        self._world = world
        self._programme = programme
        self._habits = Habits(programme, seed)
        self._agenda: list[tuple[datetime, str, int, Callable[[], None]]] = []
        self._planned = 0
        self._cursor = 0
        self._occasions: dict[tuple[str, datetime], Occasion] = {}
        self._ordinals: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        # (who, which meeting, start) of times people proposed: to what one proposed oneself one says yes.
        self._proposed: set[tuple[str, str, datetime]] = set()
        self._met: set[tuple[str, str, datetime]] = set()
        self._gatherings: set[tuple[str, datetime]] = set()
        self._addresses = {world.user(address).id: address for address in programme.people}
        self._leaves = self._habits.leaves()
        self._away: dict[str, list[Span]] = {leave.address: [(leave.start, leave.end)] for leave in self._leaves}
        self._plan_the_run()

    def next_at(self) -> datetime | None:
        """Return when somebody acts next, a whole minute, or None if nobody has anything in mind."""
        return self._agenda[0][0] if self._agenda else None

    def act(self, now: datetime) -> int:
        """Let everybody do what is due by `now`, in a fixed order; return how many things were done."""
        done = 0
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[3]()
            done += 1
        return done

    def look(self) -> None:
        """Let everybody look at what is new since they looked last, and make up their minds."""
        entries = list(self._world.journal)
        for entry in entries[self._cursor :]:
            if entry.verb in ("event_created", "event_updated"):
                self._look_at_event(entry)
            elif entry.verb == "mail_sent" and entry.actor.startswith("app:"):
                self._look_at_mail(entry)
        self._cursor = len(entries)

    def _plan(self, at: datetime, address: str, what: str, action: Callable[[], None]) -> None:
        at = max(whole_minute(at), whole_minute(self._world.clock.now() + timedelta(seconds=1)))
        if at < self._programme.ends_at:
            self._planned += 1
            heapq.heappush(self._agenda, (at, f"{address}:{what}", self._planned, action))

    def _later(self, address: str, now: datetime, working: timedelta) -> datetime:
        return self._programme.hours(address).after(now, working, self._away.get(address, ()))

    # What is settled before the first day: leave, questions, meetings of their own.

    def _plan_the_run(self) -> None:
        for leave in self._leaves:
            self._plan(leave.announced_at, leave.address, "leave", partial(self._announce, leave))
        for pair in self._programme.pairs:
            if "chat" in pair.opt_ins or pair == self._programme.pairs[-1]:
                # The last pair writes too, without having agreed that anybody looks at it.
                self._world.create_chat(self._user(pair.mentor), self._user(pair.mentee))
                for question in self._habits.questions(pair):
                    self._plan(question.at, pair.mentee, "question", partial(self._ask, pair, question))
            if "self_booked" in pair.opt_ins:
                for at in self._habits.self_bookings(pair):
                    self._plan(at, pair.mentee, "self-booking", partial(self._book, pair, at))
        for address in self._programme.people:
            for at in self._habits.plannings(address):
                self._plan(at, address, "planning", partial(self._fix_a_meeting, address, at))

    def _user(self, address: str) -> User:
        return self._world.user(address)

    def _announce(self, leave: Leave) -> None:
        person = self._programme.people[leave.address]
        self._world.set_automatic_replies(self._user(leave.address), "scheduled", leave.start, leave.end)
        add_meeting(self._world, person, "On leave", leave.start, leave.end - leave.start, show_as="oof")

    def _is_away(self, address: str, instant: datetime) -> bool:
        return any(start <= instant < end for start, end in self._away.get(address, ()))

    def _fix_a_meeting(self, address: str, at: datetime) -> None:
        if self._is_away(address, at):
            return
        person = self._programme.people[address]
        draw = self._habits.draw(address, "meeting", at)
        day = at + timedelta(days=draw.randint(1, 10))
        window = (day - timedelta(hours=2), day + timedelta(hours=10))
        length = timedelta(minutes=draw.choice((30, 45, 60)))
        # Now and then somebody does not look at what is there already.
        busy = [] if draw.random() < 0.08 else self._busy(address, window)
        starts = free_starts([person.hours], [busy], window, length)
        if starts:
            add_meeting(self._world, person, "Catch-up", draw.choice(starts), length)

    # Invites.

    def _look_at_event(self, entry: JournalEntry) -> None:
        address = self._addresses.get(entry.user_id)
        copy = self._copy(address, entry.details["ical_uid"]) if address else None
        if address is None or copy is None or not copy.attendees:
            return
        pair = self._programme.pair_of(_people_of(copy))
        if pair is None or copy.start <= self._world.clock.now():
            return
        by_hand = entry.actor in self._programme.people
        occasion = self._occasion(pair, copy, by_hand=by_hand)
        self._plan_meeting(occasion, copy)
        if (address, copy.ical_uid, copy.start) in self._met:
            return
        self._met.add((address, copy.ical_uid, copy.start))
        if not copy.is_organizer:
            self._consider_invite(address, occasion)
        else:
            self._consider_own(address, occasion)

    def _occasion(self, pair: Pair, copy: Event, *, by_hand: bool) -> Occasion:
        key = (copy.ical_uid, copy.start)
        if key not in self._occasions:
            moved = any(ical_uid == copy.ical_uid for ical_uid, _ in self._occasions)
            calm = by_hand or moved or self._lost[pair.key] > 0
            if self._lost[pair.key] > 0:
                self._lost[pair.key] -= 1
            if not calm:
                self._ordinals[pair.key] += 1
            self._occasions[key] = Occasion(
                pair=pair,
                ical_uid=copy.ical_uid,
                start=copy.start,
                ordinal=0 if calm else self._ordinals[pair.key],
                calm=calm,
                agreed=by_hand or any(proposed[1:] == key for proposed in self._proposed),
            )
        return self._occasions[key]

    def _plan_meeting(self, occasion: Occasion, copy: Event) -> None:
        key = (occasion.ical_uid, occasion.start)
        if key not in self._gatherings:
            self._gatherings.add(key)
            meet = partial(gather, self._world, self._habits, occasion.pair, *key)
            self._plan(copy.end + _AFTERWARDS, occasion.pair.mentor, "meeting", meet)

    def _consider_own(self, address: str, occasion: Occasion) -> None:
        trouble = self._trouble(occasion)
        if trouble in ORGANIZERS_TROUBLE:
            self._plan_trouble(address, occasion, trouble)

    def _trouble(self, occasion: Occasion) -> Trouble | None:
        if occasion.agreed:
            return None
        return self._habits.trouble(
            occasion.pair, occasion.ordinal, occasion.start.isoformat(), replacement=occasion.calm
        )

    def _consider_invite(self, address: str, occasion: Occasion) -> None:
        pair = occasion.pair
        trouble = self._trouble(occasion)
        both_invited = pair.organizer not in pair.people
        if both_invited and self._habits.troublemaker(pair, occasion.ordinal) != address:
            trouble = None
        now = self._world.clock.now()
        draw = self._habits.draw(address, "delay", occasion.name)
        prompt = timedelta(minutes=draw.randint(3, 60))
        if trouble is None or trouble in ORGANIZERS_TROUBLE:
            answering = self._habits.answering(
                address, pair, occasion.ordinal, occasion.start.isoformat(), replacement=occasion.calm
            )
            if (address, occasion.ical_uid, occasion.start) in self._proposed:
                answering = Answering.PROMPT
            if answering is not Answering.NEVER:
                late = A_DAY_OF_WORK * draw.randint(1, 4) + timedelta(minutes=draw.randint(0, 240))
                delay = prompt if answering is Answering.PROMPT else late
                self._plan(
                    self._later(address, now, delay), address, "accept", partial(self._accept, address, occasion)
                )
            return
        if draw.random() < 0.4 and trouble in (Trouble.DECLINE, Trouble.DELETE):
            # First yes, and a few days before on second thoughts no.
            self._plan(self._later(address, now, prompt), address, "accept", partial(self._accept, address, occasion))
            self._plan_trouble(address, occasion, trouble)
            return
        # Nobody deletes an invite unseen: that takes a day at least.
        days = draw.randint(0, 1) + (trouble is Trouble.DELETE)
        at = self._later(address, now, prompt + A_DAY_OF_WORK * days)
        self._plan(at, address, trouble.value, partial(self._make_trouble, address, occasion, trouble))

    def _plan_trouble(self, address: str, occasion: Occasion, trouble: Trouble) -> None:
        """Plan it for about two days (cancelling) or three to four days before the start, in working time."""
        now = self._world.clock.now()
        draw = self._habits.draw(address, "trouble", occasion.name)
        ahead = timedelta(hours=50) if trouble is Trouble.CANCEL else timedelta(hours=draw.randint(70, 100))
        at = self._later(address, max(now, occasion.start - ahead), timedelta(minutes=draw.randint(0, 50)))
        while at > occasion.start - _LATEST_TROUBLE and ahead < timedelta(days=9):
            ahead += timedelta(hours=12)
            at = self._later(address, max(now, occasion.start - ahead), timedelta(minutes=draw.randint(0, 50)))
        self._plan(at, address, trouble.value, partial(self._make_trouble, address, occasion, trouble))

    def _still(self, address: str, occasion: Occasion) -> Event | None:
        """Return the person's copy if the session is still what it was when they made up their minds."""
        copy = self._copy(address, occasion.ical_uid)
        if copy is None or copy.is_cancelled or copy.start != occasion.start:
            return None
        return copy if copy.start > self._world.clock.now() else None

    def _accept(self, address: str, occasion: Occasion) -> None:
        copy = self._still(address, occasion)
        if copy is not None and copy.response in ("none", "notResponded"):
            self._world.respond(self._user(address), copy.id, "accepted", actor=address)

    def _make_trouble(self, address: str, occasion: Occasion, trouble: Trouble) -> None:
        now = self._world.clock.now()
        copy = self._still(address, occasion)
        if copy is None or now >= self._programme.calm_from or now > occasion.start - _LATEST_TROUBLE:
            return
        draw = self._habits.draw(address, trouble.value, occasion.name)
        user = self._user(address)
        if trouble is Trouble.CANCEL:
            self._lost[occasion.pair.key] += 1
            self._world.cancel_event(user, copy.id, "Something urgent came up, sorry.", actor=address)
            if "self_booked" in occasion.pair.opt_ins and draw.random() < 0.5:
                at = self._later(address, now, timedelta(minutes=draw.randint(20, 70)))
                self._plan(at, address, "self-booking", partial(self._book, occasion.pair, at, copy.start))
        elif trouble is Trouble.DELETE:
            self._lost[occasion.pair.key] += 1
            self._world.delete_event(user, copy.id, actor=address)
        elif trouble is Trouble.MOVE:
            self._move(address, occasion, copy, draw)
        else:
            self._turn_down(address, occasion, copy, trouble, draw)

    def _move(self, address: str, occasion: Occasion, copy: Event, draw: Random) -> None:
        starts = self._suitable(occasion.pair, occasion.start, copy)
        if starts:
            start, person = draw.choice(starts), self._programme.people[address]
            end = start + (copy.end - copy.start)
            changes = {"start": wire_time(start, person), "end": wire_time(end, person)}
            self._world.patch_event(self._user(address), copy.id, changes, actor=address)

    def _turn_down(self, address: str, occasion: Occasion, copy: Event, trouble: Trouble, draw: Random) -> None:
        proposed: Span | None = None
        if trouble is not Trouble.DECLINE:
            starts = self._suitable(occasion.pair, occasion.start, copy)
            if starts:
                start = draw.choice(starts)
                proposed = (start, start + (copy.end - copy.start))
                self._proposed.add((address, copy.ical_uid, start))
        tentative = trouble is Trouble.TENTATIVE_PROPOSING and proposed is not None
        if not tentative:
            self._lost[occasion.pair.key] += 1
        self._world.respond(
            self._user(address),
            copy.id,
            "tentativelyAccepted" if tentative else "declined",
            actor=address,
            comment="Could we find another time?",
            proposed=proposed,
        )

    # Times that suit both.

    def _copy(self, address: str, ical_uid: str) -> Event | None:
        return self._world.event_by_ical_uid(self._user(address), ical_uid)

    def _busy(self, address: str, window: Span) -> list[Span]:
        return busy_spans(self._world.events(self._user(address)), *window)

    def _suitable(self, pair: Pair, around: datetime, moving: Event | None = None) -> list[datetime]:
        """Return the quarter hours of the mentee's week around `around` that suit both and are a good day off."""
        week = week_bounds(self._programme.people[pair.mentee].zone, around)
        window = (max(week[0], self._world.clock.now() + timedelta(hours=32)), week[1])
        if window[0] >= window[1]:
            return []
        both = (pair.mentor, pair.mentee)
        length = moving.end - moving.start if moving else SESSION
        busy = [self._busy(address, window) for address in both]
        starts = free_starts([self._programme.hours(address, pair) for address in both], busy, window, length)
        return [at for at in starts if not any(overlap(away, (at, at + length)) for away in self._aways(pair))]

    def _aways(self, pair: Pair) -> list[Span]:
        return [span for address in sorted(pair.people) for span in self._away.get(address, ())]

    def _book(self, pair: Pair, at: datetime, around: datetime | None = None) -> None:
        """Fix a session of the week between the two without the programme, unless there is one; no link is added."""
        draw = self._habits.draw(pair.key, "book", at)
        lost_one = around is not None
        around = around or at + timedelta(days=2)
        if self._is_away(pair.mentee, at) or at >= self._programme.calm_from:
            return
        organizer = self._user(pair.mentee)
        week = week_bounds(self._programme.people[pair.mentee].zone, around)
        events = self._world.events(organizer)
        standing = [event for event in events if _is_session(event, pair) and week[0] <= event.start < week[1]]
        starts = self._suitable(pair, around)
        if standing or not starts:
            return
        start, person = draw.choice(starts), self._programme.people[pair.mentee]
        mentor = self._programme.people[pair.mentor]
        if lost_one:
            self._lost[pair.key] -= 1
        body = {
            "subject": f"{person.first_name} / {mentor.first_name}",
            "start": wire_time(start, person),
            "end": wire_time(start + SESSION, person),
            "attendees": [{"emailAddress": {"address": mentor.address, "name": mentor.name}, "type": "required"}],
        }
        self._world.create_event(organizer, body, actor=pair.mentee)

    # Chats and the programme's mail.

    def _ask(self, pair: Pair, question: Question) -> None:
        if self._is_away(pair.mentee, question.at):
            return
        chat = self._world.create_chat(self._user(pair.mentor), self._user(pair.mentee))
        message = self._world.post_message(chat.id, self._user(pair.mentee), "<p>A quick question, when you can.</p>")
        draw = self._habits.draw(pair.key, "reply", question.at)
        delays = {
            Replying.SOON: timedelta(minutes=draw.randint(5, 55)),
            Replying.LATE: A_DAY_OF_WORK + timedelta(minutes=draw.randint(30, 600)),
            Replying.REACTION: timedelta(minutes=draw.randint(10, 240)),
        }
        if question.replying in delays:
            at = self._later(pair.mentor, question.at, delays[question.replying])
            reacting = question.replying is Replying.REACTION
            self._plan(at, pair.mentor, "reply", partial(self._reply, pair, message.id, reacting=reacting))

    def _reply(self, pair: Pair, message_id: str, *, reacting: bool) -> None:
        mentor, mentee = self._user(pair.mentor), self._user(pair.mentee)
        chat = self._world.create_chat(mentor, mentee)
        asked = next(message for message in chat.messages if message.id == message_id)
        if any(message.author_id == mentor.id and message.created_at > asked.created_at for message in chat.messages):
            return
        if asked.reactions:
            return
        if reacting:
            self._world.react(chat.id, message_id, mentor)
            return
        answer = self._world.post_message(chat.id, mentor, "<p>Here is what I would do.</p>")
        draw = self._habits.draw(pair.key, "thanks", asked.created_at)
        at = self._later(pair.mentee, self._world.clock.now(), timedelta(minutes=draw.randint(2, 120)))
        if draw.random() < 0.85:
            self._plan(at, pair.mentee, "thanks", partial(self._thank, pair, answer.id))

    def _thank(self, pair: Pair, message_id: str) -> None:
        chat = self._world.create_chat(self._user(pair.mentor), self._user(pair.mentee))
        self._world.react(chat.id, message_id, self._user(pair.mentee))

    def _look_at_mail(self, entry: JournalEntry) -> None:
        headers = {name.lower(): value for name, value in entry.details["headers"].items()}
        if headers.get("x-graphsync-practice") != "answer_promptly":
            return
        about = f"{headers.get('x-graphsync-about')}:{headers.get('x-graphsync-rung')}"
        for address in entry.details["to"]:
            if address in self._programme.people and self._habits.follows_a_nudge(address, about):
                draw = self._habits.draw(address, "nudged", about)
                at = self._later(address, self._world.clock.now(), timedelta(minutes=draw.randint(15, 240)))
                self._plan(at, address, "catch up", partial(self._catch_up, address))

    def _catch_up(self, address: str) -> None:
        """Answer whatever waits: the message says that something does, not what it is about."""
        user, now = self._user(address), self._world.clock.now()
        for copy in list(self._world.events(user)):
            waiting = not copy.is_organizer and not copy.is_cancelled and copy.start > now
            if waiting and copy.response in ("none", "notResponded") and self._programme.pair_of(_people_of(copy)):
                self._world.respond(user, copy.id, "accepted", actor=address)
        for pair in self._programme.pairs_with(address):
            if "chat" not in pair.opt_ins:
                continue
            chat = self._world.create_chat(self._user(pair.mentor), self._user(pair.mentee))
            last = chat.messages[-1] if chat.messages else None
            if last is None or last.author_id == user.id or last.reactions:
                continue
            if address == pair.mentor:
                self._reply(pair, last.id, reacting=False)
            else:
                self._thank(pair, last.id)


def _people_of(copy: Event) -> frozenset[str]:
    return frozenset({copy.organizer_address.lower(), *(attendee.address.lower() for attendee in copy.attendees)})


def _is_session(event: Event, pair: Pair) -> bool:
    return not event.is_cancelled and bool(event.attendees) and _people_of(event) >= pair.people
