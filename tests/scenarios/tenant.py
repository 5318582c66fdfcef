"""A small tenant for scenario tests: the sandbox Graph over TLS, and the whole service against it, in this process.

Everything is the real thing (msal, msgraph-sdk, SQLite, the Flask receiver) but the process: the engine is called
where the service's thread would call it, so that a test can stop it anywhere and look at everything.
"""

import asyncio
import csv
import io
import re
import shutil
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from werkzeug.serving import WSGIRequestHandler, make_server

from graphsync.clock import SteppedClock
from graphsync.engine.asking import Asking
from graphsync.engine.context import Context
from graphsync.engine.loop import Engine
from graphsync.errors import StoreUnavailable
from graphsync.graph.client import GraphClient, GraphConnection
from graphsync.graph.credentials import ClientSecret
from graphsync.mentoring import mentorship_id
from graphsync.rules.config import FileNames, parse_config
from graphsync.sandbox import VirtualClock, World
from graphsync.sandbox.notifications.posting import Receipt
from graphsync.sandbox.server import SandboxServer
from graphsync.store import open_store
from graphsync.web.answers import answers_blueprint
from graphsync.web.app import create_app
from graphsync.web.intake import Intake, StoreForNotifications
from graphsync.web.links import SignedLinks
from graphsync.web.receiver import receiver_paths

BERLIN, NEW_YORK, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
WINDOWS = {
    "Europe/Berlin": "W. Europe Standard Time",
    "Europe/London": "GMT Standard Time",
    "America/New_York": "Eastern Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
}
CLIENT_ID = "5f0c2f0e-64c5-4d43-9a5e-0c2b8d1f7a31"
PROGRAMME = "mentoring@fabrikam.test"
COORDINATOR = "coordinator@fabrikam.test"
SESSION = timedelta(minutes=50)

RULES = """\
- name: everyone-meets
  practice: book_ahead
  mode: enforce
- name: put-back
  practice: rebook_same_week
  mode: enforce
- name: on-video
  practice: video_first
  mode: enforce
- name: answers
  practice: answer_promptly
  mode: enforce
  sources: [invite, chat]
"""
MOST_ROUNDS = 50
START = datetime(2026, 3, 2, 8, tzinfo=BERLIN)
"""A Monday: New York changes its clocks on 8 March, Berlin on 29 March."""


def berlin(text):
    """Return the instant of a wall clock in Berlin, such as `2026-03-10 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def address_of(name):
    return name if "@" in name else f"{name}@fabrikam.test"


def a_person(name, zone="Europe/Berlin", **more):
    return {"name": name, "zone": zone, **more}


def a_pair(mentor, mentee, **more):
    """Return a row of `mentorships.csv`; the cohort says on whose calendar the sessions live."""
    row = {"mentor": address_of(mentor), "mentee": address_of(mentee), "cohort": "by-mentee", "started": "2026-03-02"}
    return row | more


def wire_time(instant):
    return {"dateTime": instant.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}


class TlsReceiver:
    """The receiver's application behind real HTTPS, which is what Graph shakes hands with."""

    def __init__(self, app, certificate, key):
        class Quiet(WSGIRequestHandler):
            def log(self, *_args):
                pass

        self._server = make_server(
            "localhost", 0, app, threaded=True, ssl_context=(certificate, key), request_handler=Quiet
        )
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Late:
    """An application that is named after the server in front of it has its port."""

    def __init__(self):
        self.app = None

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


class Crash(BaseException):
    """The process dies: nothing catches this but whoever starts the next life."""


WRITES = (
    "create_event",
    "update_event",
    "create_mail_draft",
    "send_mail_draft",
    "create_subscription",
    "renew_subscription",
    "delete_subscription",
)


class CrashingGraph:
    """The Graph client of a process that dies at its nth call that changes something, before or after the change."""

    def __init__(self, graph, nth, phase):
        self._graph, self._nth, self._phase = graph, nth, phase
        self.writes = []

    def __getattr__(self, name):
        call = getattr(self._graph, name)
        return self._counted(name, call) if name in WRITES else call

    def _counted(self, name, call):
        def counted(*args, **options):
            self.writes.append(name)
            dies = len(self.writes) == self._nth
            if dies and self._phase == "before":
                raise Crash(name)
            result = call(*args, **options)
            if dies:
                raise Crash(name)
            return result

        return counted


class CrashingStore:
    """The store of a process that dies at every nth transaction, before it is committed or right after."""

    def __init__(self, store, first, every):
        self._store, self._next, self._every = store, first, every
        self.transactions = 0

    @contextmanager
    def transaction(self):
        self.transactions += 1
        dies = self.transactions == self._next
        if dies:
            self._next += self._every
        with self._store.transaction() as ledger:
            yield ledger
            if dies and self.transactions % 2:
                raise Crash("before the commit")
        if dies:
            raise Crash("after the commit")


class TamperedGraph:
    """The Graph client with some calls answered otherwise: each is given the real call, and its arguments."""

    def __init__(self, graph, **calls):
        self._graph, self._calls = graph, calls

    def __getattr__(self, name):
        real = getattr(self._graph, name)
        return partial(self._calls[name], real) if name in self._calls else real


class Disk:
    """The store as the receiver sees it; while `is_full` no notification can be kept."""

    def __init__(self, store):
        self._store = store
        self.is_full = False

    def transaction(self):
        return self._store.transaction()

    def mark_batch(self, subjects, at, notified):
        if self.is_full:
            raise StoreUnavailable("the database 'graphsync.db' cannot grow: the disk or its quota is full; make room")
        self._store.mark_batch(subjects, at, notified)


class Tenant:
    """People, their calendars, the service, and time; all addresses may be given by first name."""

    def __init__(
        self,
        directory,
        certificates,
        certificate,
        key,
        empty_database,
        *,
        people,
        pairs,
        rules=RULES,
        starts_at=START,
        behavior=None,
        permissions=(),
        nudges=None,
        out_of_scope=(),
        answer_timeout_s=5.0,
        sweep_hours=168,
    ):
        self.world = World(clock=VirtualClock(starts_at), seed=1, behavior=behavior)
        for person in people:
            self.add_person(**person)
        self._add_mailboxes()
        self.out_of_scope = set(out_of_scope)
        self.permissions = {"Chat.Read.All": None, **dict(permissions)}
        self.grant()
        self.directory = directory
        self.clock = SteppedClock(starts_at)
        self.pairs = list(pairs)
        self.server = SandboxServer(self.world, certificates=certificates)
        self.server.start()
        late = Late()
        self.receiver = TlsReceiver(late, certificate, key)
        self.config = self._config(rules, nudges or {}, sweep_hours)
        shutil.copyfile(empty_database, directory / "graphsync.db")
        self.store = open_store(
            f"sqlite:///{directory / 'graphsync.db'}", self.clock, busy_timeout=timedelta(seconds=0.3)
        )
        self.graph = GraphClient(
            GraphConnection(
                authority=self.server.authority_url,
                client_id=CLIENT_ID,
                credential=ClientSecret(secret="secret"),
                graph_url=self.server.graph_url,
                ca_file=self.server.ca_file,
                answer_timeout_s=answer_timeout_s,
            ),
            clock=self.clock,
            sleep=self._no_time,
        )
        self.slept = []
        self.disk = Disk(self.store)
        self.intake = Intake(StoreForNotifications(self.disk), self.clock, read_every=timedelta(0))
        self.intake.start()
        self.links = SignedLinks(self.store.link_key, self.receiver.url, self.clock)
        answers = answers_blueprint(self.store, self.links, self.clock, on_marked=self._wake, ask=self._ask)
        late.app = self.app = create_app(intake=self.intake, clock=self.clock, answers=answers)
        self.web = self.app.test_client()
        self.world.deliver = self._deliver
        self.delivered = []
        self.crashes = 0
        self.ports = {}
        self.next_at = starts_at
        self.start_service()

    async def _no_time(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def close(self):
        self.intake.stop()
        self.graph.close()
        self.store.close()
        self.receiver.close()
        self.server.stop()

    # ------------------------------------------------------------ set-up

    def add_person(self, name, zone="Europe/Berlin", **more):
        return self.world.add_user(
            address=address_of(name), display_name=name.title(), windows_time_zone=WINDOWS.get(zone, zone), **more
        )

    def _add_mailboxes(self):
        for address in (PROGRAMME, COORDINATOR):
            self.world.add_user(
                address=address, display_name=address.split("@")[0].title(), windows_time_zone="UTC", purpose="shared"
            )

    def grant(self):
        """Give the application its permissions, over all mailboxes but those in `out_of_scope`."""
        inside = frozenset(u.id for u in self.world.users() if u.address.split("@")[0] not in self.out_of_scope)
        sender = frozenset({self.world.user(PROGRAMME).id})
        granted = {
            "User.Read.All": None,
            "Calendars.ReadWrite": inside,
            "MailboxSettings.Read": inside,
            "Mail.ReadWrite": sender,
            "Mail.Send": sender,
            **self.permissions,
        }
        self.world.add_application(
            client_id=CLIENT_ID,
            secret="secret",
            permissions={name: scope for name, scope in granted.items() if scope != "refused"},
        )

    def _config(self, rules, nudges, sweep_hours):
        text = f"""\
tenant:
  id: {self.world.tenant_id}
  client_id: {CLIENT_ID}
  default_time_zone: Europe/Berlin
  authority: {self.server.base_url}
  graph_url: {self.server.graph_url}
service: {{public_url: "{self.receiver.url}"}}
organizers: {{programme_mailboxes: [{PROGRAMME}]}}
mail: {{sender: {PROGRAMME}}}
coordinators: [{COORDINATOR}]
cohorts: {{by-mentee: {{organizer: mentee}}, by-mentor: {{organizer: mentor}}, by-programme: {{organizer: programme}}}}
nudges: {{per_person_and_week: {nudges.get("per_person_and_week", 1)}}}
sweep: {{mailboxes: {sweep_hours} hours, people: {sweep_hours} hours, chats: {sweep_hours} hours}}
"""
        self.files = {"graphsync.yaml": text, "rules.yaml": rules, "mentorships.csv": self._rows()}
        return parse_config(text, rules, self._rows(), names=FileNames())

    def write_files(self, directory):
        """Write the configuration this tenant has into a directory, and return the environment its commands need."""
        for name, text in self.files.items():
            (directory / name).write_text(text, encoding="utf-8")
        return {
            "GRAPHSYNC_DATABASE": f"sqlite:///{self.directory / 'graphsync.db'}",
            "GRAPHSYNC_CLIENT_SECRET": "secret",
            "GRAPHSYNC_CA_FILE": str(self.server.ca_file),
        }

    def rewrite(self, *, pairs=None, rules=None):
        """Write other lines of the mentorships file, or other rules; the next life of the service has them."""
        self.pairs = self.pairs if pairs is None else list(pairs)
        self.files |= {
            "rules.yaml": self.files["rules.yaml"] if rules is None else rules,
            "mentorships.csv": self._rows(),
        }
        self.config = parse_config(*self.files.values(), names=FileNames())

    def _rows(self):
        columns = list(dict.fromkeys(name for row in self.pairs for name in row))
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(self.pairs)
        return out.getvalue()

    # ------------------------------------------------------------ the service

    def start_service(self, **ports):
        """Begin a life of the service on the store there is; `graph` and `store` stand in for the real ones."""
        self.ports |= ports
        self.store.take_over()
        self.engine = Engine(
            context=Context(
                store=self.ports.get("store", self.store),
                graph=self.ports.get("graph", self.graph),
                clock=self.clock,
                config=self.config,
                notification_url=self.receiver.url + receiver_paths("")[0],
                links=self.links,
            )
        )
        self.next_at = self.world.clock.now()

    def _ask(self, *question):
        Asking(self.engine.context).ask(*question)

    def _wake(self):
        self.next_at = self.now

    def _deliver(self, url, body, headers, _timeout_s):
        status = self.web.post(url.removeprefix(self.receiver.url), data=body, headers=headers).status_code
        self.delivered.append((status, body))
        return Receipt(status)

    def post(self, body, content_type="application/json"):
        """Post something to the receiver, as anybody can."""
        return self.web.post(receiver_paths("")[0], data=body, headers={"Content-Type": content_type})

    # ------------------------------------------------------------ time

    def run_until(self, instant):
        """Let time pass until `instant`, which is played too: deliveries and the engine take turns."""
        while True:
            due = [at for at in (self.world.next_due_at(), self.next_at) if at is not None and at <= instant]
            self.step(max(min(due, default=instant), self.world.clock.now()))
            if not due:
                return

    def step(self, at):
        """Play one instant until neither the world nor the service has anything left to do at it."""
        self.world.clock.set(at)
        self.clock.set(at)
        for _ in range(MOST_ROUNDS):
            delivered = self.world.run_due()
            if delivered or (self.next_at is not None and self.next_at <= at):
                try:
                    self.next_at = self.engine.run()
                except Crash:
                    self.crashes += 1
                    self.start_service()
            else:
                return
        raise AssertionError(f"no rest at {at.isoformat()}")

    def run_for(self, **length):
        """Let time pass, such as `hours=2`."""
        self.run_until(self.now + timedelta(**length))

    @property
    def now(self):
        return self.world.clock.now()

    # ------------------------------------------------------------ what people do

    def busy(self, who, start, end, show_as="busy"):
        """Put a meeting of their own into somebody's calendar."""
        body = {"subject": "Own", "start": wire_time(start), "end": wire_time(end), "showAs": show_as}
        return self.world.create_event(address_of(who), body, actor=address_of(who))

    def book(self, who, other, start, **more):
        """Let somebody invite another by hand."""
        body = {
            "subject": "Us two",
            "start": wire_time(start),
            "end": wire_time(start + SESSION),
            "attendees": [{"emailAddress": {"address": address_of(other)}, "type": "required"}],
            **more,
        }
        return self.world.create_event(address_of(who), body, actor=address_of(who))

    def answer(self, who, meeting, response, proposed=None):
        """Answer from one's own copy; `proposed` is a start, for as long as the meeting is."""
        start = proposed and proposed.astimezone(UTC)
        times = start and (start, start + (meeting.end - meeting.start))
        self.world.respond(address_of(who), self.copy(who, meeting).id, response, actor=address_of(who), proposed=times)

    def cancel(self, who, meeting):
        self.world.cancel_event(address_of(who), self.copy(who, meeting).id, actor=address_of(who))

    def drop(self, who, meeting):
        """Delete an attendee's copy without a word."""
        self.world.delete_event(address_of(who), self.copy(who, meeting).id, actor=address_of(who))

    def move(self, who, meeting, start, **more):
        changes = {"start": wire_time(start), "end": wire_time(start + (meeting.end - meeting.start)), **more}
        self.world.patch_event(address_of(who), self.copy(who, meeting).id, changes, actor=address_of(who))

    def click(self, who, label, **form):
        """Let somebody follow the newest link of that label in their mail, and press its button; return the pages."""
        bodies = [mail.body for mail in self.mails(who)]
        links = [link for body in reversed(bodies) for link in re.findall(rf'<a href="([^"]+)">{label}</a>', body)]
        path = links[0].removeprefix(self.receiver.url)
        return self.web.get(path), self.web.post(path, data=form)

    # ------------------------------------------------------------ what there is

    def copy(self, who, meeting):
        return self.world.event_by_ical_uid(address_of(who), meeting.ical_uid)

    def meetings(self, who, other=None):
        """Return what stands in somebody's calendar with other people on it (with `other`, if given), by start."""
        found = []
        for event in self.world.events(address_of(who)):
            on_it = {event.organizer_address, *(attendee.address for attendee in event.attendees)}
            if event.attendees and not event.is_cancelled and (other is None or address_of(other) in on_it):
                found.append(event)
        return found

    def only_meeting(self, who, other=None):
        (meeting,) = self.meetings(who, other)
        return meeting

    def coming(self, who, other=None):
        """Return the next meeting with others that has not begun."""
        return next(meeting for meeting in self.meetings(who, other) if meeting.start > self.now)

    def starts(self, who, zone=BERLIN):
        """Return the starts of somebody's meetings with others by the wall clock, such as `Tue 10 Mar 10:00`."""
        return [wall(meeting.start, zone) for meeting in self.meetings(who)]

    def mails(self, who, about=None):
        """Return the service's messages to somebody, oldest first; of one practice if named."""
        messages = [m for m in self.world.messages(address_of(who), "inbox") if m.kind == "message"]
        headers = [({name.lower(): value for name, value in m.headers.items()}, m) for m in reversed(messages)]
        return [m for found, m in headers if about in (None, found.get("x-graphsync-practice"))]

    def alerts(self):
        with self.store.transaction() as ledger:
            return {alert.key: alert.text for alert in ledger.records.alerts()}

    def flags(self):
        """Return the flags that stand, over all mentorships."""
        with self.store.transaction() as ledger:
            return {flag for flags in ledger.records.flags().values() for flag in flags}

    def holds(self, who):
        """Return what is kept free in somebody's calendar, by start."""
        events = [e for e in self.world.events(address_of(who)) if e.sensitivity == "private" and not e.attendees]
        return [(e.start, e.end) for e in sorted(events, key=lambda event: event.start)]

    def sessions(self, mentor="mira", mentee="tom"):
        """Return what the store holds of a pair's sessions, by number."""
        with self.store.transaction() as ledger:
            return ledger.sessions.of(mentorship_id(address_of(mentor), address_of(mentee)))

    def audit(self):
        with self.store.transaction() as ledger:
            return ledger.records.audit()

    def invites(self, who):
        """Return the messages by which invitations and updates came to somebody."""
        return [m for m in self.world.messages(address_of(who), "inbox") if m.kind == "eventMessageRequest"]

    def requests(self, operation):
        return self.world.request_counts.get(operation, 0)


def wall(instant, zone=BERLIN):
    """Return an instant as a wall clock shows it."""
    return f"{instant.astimezone(zone):%a %-d %b %H:%M}"


def week_of(instant, zone=BERLIN):
    return instant.astimezone(zone).isocalendar()[:2]


@contextmanager
def opened(directory, certificates, receivers_certificate, empty_database, **options):
    tenant = Tenant(directory, certificates, *receivers_certificate, empty_database, **options)
    try:
        yield tenant
    finally:
        tenant.close()
