"""A small service that works on the world directly, as the app: enough of the practices to try the demo's parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from graphsync.sandbox.demo.diary import busy_spans, free_starts
from graphsync.sandbox.demo.habits import week_bounds
from graphsync.sandbox.demo.programme import PROGRAMME_MAILBOX
from graphsync.sandbox.demo.record import TAG_ID
from graphsync.sandbox.demo.scenario import CLIENT_ID

ACTOR = f"app:{CLIENT_ID}"
LENGTH = timedelta(minutes=50)


@dataclass
class Booked:
    number: int
    ical_uid: str
    event_id: str
    start: object
    lost: bool = False


@dataclass
class StandInService:
    """Books, puts back and reminds, looking at everything every few hours."""

    world: object
    programme: object
    every: timedelta = timedelta(hours=3)
    booked: dict = field(default_factory=dict)
    said: set = field(default_factory=set)
    seen: set = field(default_factory=set)
    runs: list = field(default_factory=list)

    def start(self):
        pass

    def kill(self):
        pass

    def wait_gone(self):
        pass

    def run_at(self, instant):
        self.runs.append(instant)
        for number, pair in enumerate(self.programme.pairs):
            self._see_to(f"m{number:012x}", pair)
        return instant + self.every

    def _see_to(self, mentorship, pair):
        now = self.world.clock.now()
        sessions = self.booked.setdefault(pair.key, [])
        for session in list(sessions):
            if not session.lost and session.start > now:
                self._put_back_if_lost(mentorship, pair, session)
                self._remind(mentorship, pair, session)
        if not any(not session.lost and session.start > now for session in sessions):
            window = (max(now + timedelta(days=7, minutes=5), self._later(sessions, pair)), now + timedelta(days=21))
            start = self._slot(pair, window)
            if start is not None:
                self._invite(mentorship, pair, start, None)
        self._add_links(pair)
        self._answer_chat(mentorship, pair)

    def _add_links(self, pair):
        for event in self.world.events(pair.mentee):
            own = event.is_organizer and not event.extended_properties and not event.is_online_meeting
            theirs = [attendee.address for attendee in event.attendees] == [pair.mentor]
            if own and theirs and "self_booked" in pair.opt_ins:
                link = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
                self.world.patch_event(pair.mentee, event.id, link, actor=ACTOR)

    def _later(self, sessions, pair):
        last = max((session.start for session in sessions), default=self.world.clock.now() - timedelta(days=20))
        return last + timedelta(days=pair.cadence_days - 2)

    def _slot(self, pair, window):
        if window[0] >= window[1]:
            return None
        both = (pair.mentor, pair.mentee)
        busy = [busy_spans(self.world.events(address), *window) for address in both]
        starts = free_starts([self.programme.hours(address, pair) for address in both], busy, window, LENGTH)
        for start in starts:
            if all(not self._away(address, start) for address in both) and self._room(pair.mentor, start):
                return start
        return None

    def _room(self, mentor, start):
        hours = self.programme.hours(mentor)
        starts = [
            session.start
            for pair in self.programme.pairs_with(mentor)
            for session in self.booked.get(pair.key, ())
            if not session.lost and pair.mentor == mentor
        ]
        week = hours.local(start).isocalendar()[:2]
        same_day = [at for at in starts if hours.local(at).date() == hours.local(start).date()]
        return len(same_day) < 2 and len([at for at in starts if hours.local(at).isocalendar()[:2] == week]) < 4

    def _away(self, address, instant):
        return self.world.user(address).is_away(instant)

    def _body(self, mentorship, pair, number, start, replaces):
        tag = f"mentorship={mentorship};number={number};rule=everyone-meets"
        tag += f";replaces={replaces}" if replaces else ""
        same_office = len({self.programme.people[address].office for address in pair.people}) == 1
        medium = "phone" if pair.medium == "phone" else "in_person" if number == 1 and same_office else "video"
        tag += f";medium={medium}" if medium != "video" else ""
        body = {
            "start": {"dateTime": start.replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
            "end": {"dateTime": (start + LENGTH).replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
            "singleValueExtendedProperties": [{"id": TAG_ID, "value": tag}],
        }
        if medium == "video":
            body |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
        return body

    def _invite(self, mentorship, pair, start, replaces):
        sessions = self.booked[pair.key]
        number = len(sessions) + 1
        body = self._body(mentorship, pair, number, start, replaces)
        body["subject"] = "Mentoring session"
        body["attendees"] = [
            {"emailAddress": {"address": address, "name": address}, "type": "required"}
            for address in sorted(pair.people - {pair.organizer})
        ]
        event = self.world.create_event(pair.organizer, body, actor=ACTOR)
        sessions.append(Booked(number=number, ical_uid=event.ical_uid, event_id=event.id, start=start))

    def _put_back_if_lost(self, mentorship, pair, session):
        original = self.world.event_by_ical_uid(pair.organizer, session.ical_uid)
        if original is not None:
            session.start = original.start
            for address in pair.people - {pair.organizer}:
                if self.world.event_by_ical_uid(address, session.ical_uid):
                    self.seen.add((address, session.ical_uid))
        missing = original is not None and any(
            self.world.event_by_ical_uid(address, session.ical_uid) is None and (address, session.ical_uid) in self.seen
            for address in pair.people - {pair.organizer}
        )
        if original is not None:
            missing = missing or any(attendee.response == "declined" for attendee in original.attendees)
        absent = any(self._away(address, session.start) for address in pair.people)
        if original is not None and not missing and not absent:
            return
        now = self.world.clock.now()
        week = week_bounds(self.programme.people[pair.mentee].zone, session.start)
        start = self._slot(pair, (max(now + timedelta(hours=25), week[0]), week[1]))
        why = None
        if start is None:
            why = "no time in that week suits both"
            start = self._slot(pair, (max(now + timedelta(hours=25), week[1]), week[1] + timedelta(days=21)))
        if why and not self._tell(mentorship, pair, "rebook_same_week", f"session/{session.number}", why):
            return
        session.lost = True
        if start is None:
            return
        if original is None:
            self._invite(mentorship, pair, start, session.number)
            return
        number = len(self.booked[pair.key]) + 1
        body = self._body(mentorship, pair, number, start, session.number)
        self.world.patch_event(pair.organizer, session.event_id, body, actor=ACTOR)
        self.booked[pair.key].append(
            Booked(number=number, ical_uid=session.ical_uid, event_id=session.event_id, start=start)
        )
        self.seen = {(address, uid) for address, uid in self.seen if uid != session.ical_uid}

    def _tell(self, mentorship, pair, practice, about, reason=None):
        now = self.world.clock.now()
        for address in sorted(pair.people):
            if self._works(address, now):
                self._mail(mentorship, address, practice, about, reason)
        return all((mentorship, about, 1, address) in self.said for address in pair.people)

    def _works(self, address, now):
        return self.programme.hours(address).contains(now) and not self._away(address, now)

    def _mail(self, mentorship, address, practice, about, reason=None, rung=1):
        if (mentorship, about, rung, address) in self.said:
            return
        self.said.add((mentorship, about, rung, address))
        headers = {
            "x-graphsync-practice": practice,
            "x-graphsync-about": about,
            "x-graphsync-mentorship": mentorship,
            "x-graphsync-rung": str(rung),
        } | ({"x-graphsync-reason": reason} if reason else {})
        self.world.send_mail(
            PROGRAMME_MAILBOX,
            {
                "subject": "Mentoring",
                "body": {"contentType": "html", "content": "<p>Hello</p>"},
                "toRecipients": [{"emailAddress": {"address": address}}],
                "internetMessageHeaders": [{"name": name, "value": value} for name, value in headers.items()],
            },
            actor=ACTOR,
        )

    def _remind(self, mentorship, pair, session):
        now = self.world.clock.now()
        for address in sorted(pair.people - {pair.organizer}):
            copy = self.world.event_by_ical_uid(address, session.ical_uid)
            if copy is None or copy.response not in ("none", "notResponded") or not self._works(address, now):
                continue
            if now - copy.modified_at > timedelta(days=3):
                self._mail(mentorship, address, "answer_promptly", f"invite/{session.number}")

    def _answer_chat(self, mentorship, pair):
        if "chat" not in pair.opt_ins:
            return
        now = self.world.clock.now()
        members = {self.world.user(address).id for address in pair.people}
        for chat in self.world.chats():
            if set(chat.member_ids) != members or not chat.messages:
                continue
            last = chat.messages[-1]
            owed = self.world.user(next(iter(members - {last.author_id}))).address
            if not last.reactions and now - last.created_at > timedelta(days=2) and self._works(owed, now):
                self._mail(mentorship, owed, "answer_promptly", f"chat/{last.id}")
