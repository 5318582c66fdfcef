"""A small programme on an empty week, and what the service and the people may do in it, in one call each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox_builders import let_pass

from graphsync.sandbox.clock import VirtualClock
from graphsync.sandbox.demo.outcome import judge
from graphsync.sandbox.demo.programme import PROGRAMME_MAILBOX, Programme, the_programme
from graphsync.sandbox.demo.record import TAG_ID, read_record
from graphsync.sandbox.demo.scenario import CLIENT_ID, add_people
from graphsync.sandbox.world import World

APP = f"app:{CLIENT_ID}"
INES, OMAR, PRIYA = (f"{name}@fabrikam.test" for name in ("ines.vogel", "omar.haddad", "priya.nair"))
SOFIA, MARGARET = "sofia.lindqvist@fabrikam.test", "margaret.doyle@fabrikam.test"
IDS = {OMAR: "m-omar", PRIYA: "m-priya", SOFIA: "m-sofia"}
FIRST = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
"""Monday of the first week, 10:00 in Berlin; an hour at which Ines, Omar and Priya work."""
LENGTH = timedelta(minutes=50)


class Play:
    """The world of a few weeks, played by hand. Omar and Sofia's invites go from Omar and Margaret."""

    def __init__(self, weeks=4):
        whole = the_programme(weeks)
        pairs = tuple(pair for pair in whole.pairs if pair.mentee in IDS)
        people = {address: whole.people[address] for address in (INES, OMAR, PRIYA, SOFIA, MARGARET)}
        self.programme = Programme(weeks=weeks, people=people, pairs=pairs)
        self.world = World(clock=VirtualClock(whole.starts_at), seed=1)
        add_people(self.world, self.programme)
        self.at(FIRST)

    def at(self, instant):
        let_pass(self.world, instant - self.world.clock.now())
        self.world.clock.set(instant)

    def settle(self):
        """Let answers travel."""
        let_pass(self.world, timedelta(minutes=5))

    def pair(self, mentee=OMAR):
        return next(pair for pair in self.programme.pairs if pair.mentee == mentee)

    def invite(self, start, mentee=OMAR, number=1, replaces=None, medium=None, online=True, attendees=None, tag=None):
        pair = self.pair(mentee)
        others = attendees or sorted(pair.people - {pair.organizer})
        body = {
            "subject": "Mentoring session",
            **self.times(start),
            "isOnlineMeeting": online,
            "onlineMeetingProvider": "teamsForBusiness",
            "attendees": [{"emailAddress": {"address": address}, "type": "required"} for address in others],
            "singleValueExtendedProperties": [
                {"id": TAG_ID, "value": tag or self.tag(mentee, number, replaces, medium)}
            ],
        }
        if not online:
            del body["onlineMeetingProvider"]
        event = self.world.create_event(pair.organizer, body, actor=APP)
        self.settle()
        return event

    def tag(self, mentee, number, replaces=None, medium=None):
        value = f"mentorship={IDS[mentee]};number={number};rule=everyone-meets"
        value += f";replaces={replaces}" if replaces else ""
        return value + (f";medium={medium}" if medium else "")

    def times(self, start):
        return {
            name: {"dateTime": instant.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
            for name, instant in (("start", start), ("end", start + LENGTH))
        }

    def move(self, event, start, actor=APP, number=None, replaces=None, mentee=OMAR):
        changes = self.times(start)
        if number:
            tag = {"id": TAG_ID, "value": self.tag(mentee, number, replaces)}
            changes["singleValueExtendedProperties"] = [tag]
        self.world.patch_event(event.user_id, event.id, changes, actor=actor)
        self.settle()

    def answer(self, who, event, response, proposed=None):
        copy = self.world.event_by_ical_uid(who, event.ical_uid)
        self.world.respond(who, copy.id, response, actor=who, proposed=proposed)
        self.settle()

    def appointment(self, who, start, show_as="busy"):
        self.world.create_event(who, {"subject": "x", "showAs": show_as, **self.times(start)}, actor=who)

    def mail(self, *recipients, practice="answer_promptly", about="invite/1", rung=1, reason=None, mentee=OMAR):
        headers = {
            "x-graphsync-practice": practice,
            "x-graphsync-about": about,
            "x-graphsync-mentorship": IDS[mentee],
            "x-graphsync-rung": str(rung),
        } | ({"x-graphsync-reason": reason} if reason else {})
        self.world.send_mail(
            PROGRAMME_MAILBOX,
            {
                "subject": "Mentoring",
                "body": {"contentType": "text", "content": "Hello"},
                "toRecipients": [{"emailAddress": {"address": address}} for address in recipients],
                "internetMessageHeaders": [{"name": name, "value": value} for name, value in headers.items()],
            },
            actor=APP,
        )
        self.settle()

    def end(self):
        self.at(self.programme.ends_at)
        return self.outcome()

    def outcome(self):
        return judge(self.world, self.record(), seed=1, wall_s=1.0)

    def record(self):
        return read_record(self.world, self.programme)

    def kinds(self):
        return sorted({violation["kind"] for violation in self.end()["violations"]})


def days(number, hours=0):
    """Return the instant so long after `FIRST`."""
    return FIRST + timedelta(days=number, hours=hours)
