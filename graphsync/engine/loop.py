"""The loop: timers, looks, decisions, actions, until nothing is left to do at this instant."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from graphsync.engine.attendance import AttendanceLooks
from graphsync.engine.chats import ChatLooks
from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.coordinators import CoordinatorLooks
from graphsync.engine.mail import MailLooks
from graphsync.engine.needed import is_needed, let_go
from graphsync.engine.outcomes import matter_of
from graphsync.engine.people import PeopleLooks, next_sweep
from graphsync.engine.perform import Performer
from graphsync.engine.plan import FREE_BUSY_REFUSED, Planner
from graphsync.engine.ports import Action, Alert, Claim, Ledger, Subject, SubjectKind
from graphsync.engine.sessions import SessionLooks
from graphsync.engine.subscriptions import SubscriptionLooks
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound, GraphTransient, StoreUnavailable, need_retry
from graphsync.mentoring import MentorshipId, PersonId, Reach
from graphsync.rules.config import Config
from graphsync.rules.mentorships import MentorshipRow

log = logging.getLogger(__name__)

LOOKS = frozenset(SubjectKind) - {SubjectKind.MENTORSHIP}
OF_PEOPLE = frozenset({SubjectKind.EVENT, SubjectKind.MAILBOX, SubjectKind.PERSON})
"""The looks that read of one person, whose id is the owner."""
CLAIMS = 200
ALL_AT_ONCE = 1_000_000
MOST_ROUNDS = 200
"""More rounds than this at one instant are a fault of ours: the loop stops and says so, rather than spin."""

ADMIN_WAIT = timedelta(hours=1)
REJECTED_WAIT = timedelta(hours=6)
FAULT_WAIT = timedelta(hours=1)
"""How long what brought a bug of ours to light is left alone; all else goes on meanwhile."""


@dataclass(slots=True)
class Engine:
    """Runs the loop over one store and one Graph.

    With `performs` off nothing is written to Graph: what was decided stays in the outbox, and subscriptions are left
    as they are. That is for a store that is thrown away afterwards.
    """

    context: Context
    performs: bool = True
    _people: PeopleLooks = field(init=False)
    _sessions: SessionLooks = field(init=False)
    _chats: ChatLooks = field(init=False)
    _mail: MailLooks = field(init=False)
    _subscriptions: SubscriptionLooks = field(init=False)
    _attendance: AttendanceLooks = field(init=False)
    _coordinators: CoordinatorLooks = field(init=False)
    _planner: Planner = field(init=False)
    _performer: Performer = field(init=False)
    _rows: Sequence[MentorshipRow] = field(init=False)
    _start_at: datetime | None = field(init=False, default=None)
    _starts: int = field(init=False, default=0)
    _throttled: dict[str, datetime] = field(init=False, default_factory=dict)
    """Until when Graph wants to hear nothing of a mailbox, by owner of the subjects in it."""
    _purged_on: date | None = field(init=False, default=None)
    _offered: deque[Config] = field(init=False, default_factory=lambda: deque(maxlen=1))

    def __post_init__(self) -> None:
        self._people = PeopleLooks(self.context)
        self._sessions = SessionLooks(self.context)
        self._chats = ChatLooks(self.context)
        self._mail = MailLooks(self.context)
        self._subscriptions = SubscriptionLooks(self.context)
        self._attendance = AttendanceLooks(self.context)
        self._coordinators = CoordinatorLooks(self.context)
        self._planner = Planner(self.context)
        self._performer = Performer(self.context)
        self._rows = self.context.config.mentorships

    def run(self) -> datetime | None:
        """Work until nothing is left to do now; return when the next timer is due, None where there is none."""
        self._take_up()
        self._start()
        self._purge()
        for _round in range(MOST_ROUNDS):
            if not self._round():
                break
        else:
            log.error("still work after %s rounds at one instant: stopped until the next tick", MOST_ROUNDS)
        with self.context.store.transaction() as ledger:
            timers = (ledger.work.next_at(), self._start_at)
        return min((instant for instant in timers if instant is not None), default=None)

    def offer(self, config: Config) -> None:
        """Have the next run take up `config`, whole; may be called from any thread, and returns at once."""
        self._offered.append(config)

    def _take_up(self) -> None:
        """Take up a configuration that was offered: everything is decided anew under it."""
        if not self._offered:
            return
        config = self._offered.pop()
        self.context.config = config
        self._rows = config.mentorships
        self._start_at = self.context.now()
        with self.context.store.transaction() as ledger:
            for mentorship in ledger.mentorships.all():
                mark_mentorship(ledger, mentorship.id, self.context.now())

    def _start(self) -> None:
        """Do what a life of the service begins with; what cannot be done now is tried again later.

        What was known before goes on meanwhile, with the mentorships that could be taken up.
        """
        now = self.context.now()
        if self._starts and (self._start_at is None or now < self._start_at):
            return
        self._starts += 1
        self._start_at = None
        error: GraphError | None = None
        try:
            self._rows, error = self._people.enlist(self._rows)
            self._subscriptions.want()
            self._coordinators.want()
            if error is None and self.performs:
                self._subscriptions.clean()
        except GraphError as of_cleaning:
            error = of_cleaning
        if error is not None:
            self._start_at = now + (need_retry(error, self._starts) or ADMIN_WAIT)
            log.warning("a start is not complete, again at %s: %s", self._start_at.isoformat(), error)
        elif self._rows:
            # Somebody the directory does not know yet: an account may be made on the first day of work.
            self._start_at = now + self.context.config.deployment.sweep.people
        if isinstance(error, GraphAuthError):
            self._alert("refused/start", f"the mentorships file cannot be taken up: {error}")
        else:
            with self.context.store.transaction() as ledger:
                ledger.records.clear_alert("refused/start")

    def _round(self) -> bool:
        """Do one round; return whether there was anything to do."""
        now = self.context.now()
        kinds = LOOKS if self.performs else LOOKS - {SubjectKind.SUBSCRIPTION, SubjectKind.COORDINATORS}
        with self.context.store.transaction() as ledger:
            self._timers(ledger, now)
            looks = ledger.work.claim(now, kinds, CLAIMS)
        seen = [(claim, self._look(claim)) for claim in looks]
        if any(claim.subject.kind is SubjectKind.PAIR for claim in looks):
            self._subscriptions.want()
        with self.context.store.transaction() as ledger:
            # Settled together: should this process die before, all are looked at again, which does no harm.
            for claim, again in seen:
                if again is None:
                    ledger.work.settle(claim)
                    self._all_is_well(ledger, claim)
                else:
                    ledger.work.postpone(claim, now + again)
            # A cap is judged over all that is due: taken in parts, each part could keep it.
            capped = any(rule.cap is not None for rule in self.context.config.rules.rules)
            due = ledger.work.claim(now, {SubjectKind.MENTORSHIP}, ALL_AT_ONCE if capped else CLAIMS)
        if due:
            self._decide(due)
        actions: Sequence[Action] = ()
        if self.performs:
            with self.context.store.transaction() as ledger:
                actions = ledger.outbox.due(now)
        for action in actions:
            self._perform(action)
        return bool(looks or due or actions)

    def _timers(self, ledger: Ledger, now: datetime) -> None:
        """Turn every timer that is due into a dirty mark; there is no second way to act."""
        sweep = self.context.config.deployment.sweep
        every = {
            SubjectKind.MAILBOX: sweep.mailboxes,
            SubjectKind.PERSON: sweep.people,
            SubjectKind.CHAT: sweep.chats,
            SubjectKind.PAIR: sweep.chats,
        }
        for subject in ledger.work.due_sweeps(now):
            ledger.work.mark(subject, now)
            if subject.kind in every:
                ledger.work.set_sweep(subject, next_sweep(subject, every[subject.kind], now))
            else:
                ledger.work.drop_sweep(subject)  # the look sets the next one
        for mentorship in ledger.mentorships.due(now):
            ledger.mentorships.set_wake_at(mentorship, None)
            ledger.work.mark(Subject(kind=SubjectKind.MENTORSHIP, owner=mentorship), now)

    def _look(self, claim: Claim) -> timedelta | None:
        """Look at one dirty subject; return how long until it is looked at again, None where all is settled."""
        subject, now = claim.subject, self.context.now()

        def look() -> timedelta | None:
            throttled_until = self._throttled.get(subject.owner, now)
            if throttled_until > now:
                return throttled_until - now  # a notification makes it due sooner than Graph wants to be asked
            try:
                return self._look_at(claim)
            except GraphAuthError as error:
                self._alert(
                    f"refused/{subject.kind}/{subject.owner}",
                    f"{subject.kind} {subject.owner} cannot be looked at: {error}; "
                    "grant the permission, or add the mailbox to the scope",
                )
                return ADMIN_WAIT
            except GraphError as error:
                wait = need_retry(error, claim.attempts + 1)
                if wait is None:
                    log.error("look at %s failed: %s", subject, error)
                elif isinstance(error, GraphTransient) and error.retry_after is not None:
                    self._throttled[subject.owner] = now + wait
                return wait or REJECTED_WAIT

        return self._apart(f"{subject.kind}/{subject.owner}", look)

    def _perform(self, action: Action) -> None:
        def perform() -> None:
            self._performer.perform(action)

        wait = self._apart(matter_of(action), perform)
        if wait is not None:  # its outcome is not known: an action is looked for before it is done again
            with self.context.store.transaction() as ledger:
                ledger.outbox.postpone(action.key, self.context.now() + wait)

    def _apart(self, name: str, work: Callable[[], timedelta | None], *, alone: bool = True) -> timedelta | None:
        """Do one item of work; return what it returns, or `FAULT_WAIT` itself where it brought a bug to light.

        The one broad catch of this loop: what is wrong with one item must not keep all others waiting. It is logged
        with its traceback, and stands as an alert until the item goes well.

        Args:
            name: of the item, in logs and alerts.
            work: does it, and returns how long until it has to be done again, None where all is settled.
            alone: whether it is one item; of several one has still to be found.

        Raises:
            StoreUnavailable: nothing can be done without the store.
        """
        try:
            return work()
        except StoreUnavailable:
            raise
        except Exception as fault:
            log.exception("%s: a fault of graphsync", name)
            if alone:
                text = f"{name}: a fault of graphsync, {type(fault).__name__}: report it with the log; all else goes on"
                self._alert(f"fault/{name}", text)
            return FAULT_WAIT

    def _alert(self, key: str, text: str) -> None:
        with self.context.store.transaction() as ledger:
            ledger.records.raise_alert(Alert(key=key, text=text, raised_at=self.context.now()))

    def _all_is_well(self, ledger: Ledger, claim: Claim) -> None:
        """End the alerts about a subject that went wrong before and has gone well now."""
        if claim.attempts:
            for what in ("refused", "fault"):
                ledger.records.clear_alert(f"{what}/{claim.subject.kind}/{claim.subject.owner}")

    def _look_at(self, claim: Claim) -> timedelta | None:
        """Look at one dirty subject; return when it wants a second look, None where it does not."""
        subject = claim.subject
        if subject.kind in OF_PEOPLE and self._is_let_go(PersonId(subject.owner)):
            return None
        match subject.kind:
            case SubjectKind.EVENT:
                return self._sessions.event(PersonId(subject.owner), subject.item)
            case SubjectKind.MAILBOX:
                try:
                    self._sessions.mailbox(PersonId(subject.owner))
                except GraphNotFound:
                    # No mailbox there (any more): the look at the person finds out what that means.
                    self._mark(Subject(kind=SubjectKind.PERSON, owner=subject.owner))
                except GraphAuthError:
                    self._people.person(PersonId(subject.owner))
                    if not self._is_out_of_scope(PersonId(subject.owner)):
                        raise
                    # That is said by an alert of its own, and the mailbox is swept once it is in scope.
            case SubjectKind.PERSON:
                self._people.person(PersonId(subject.owner))
            case SubjectKind.CHAT:
                self._chats.chat(subject.owner)
            case SubjectKind.PAIR:
                self._chats.pair(MentorshipId(subject.owner))
            case SubjectKind.MAIL:
                self._mail.pair(MentorshipId(subject.owner))
            case SubjectKind.SUBSCRIPTION:
                self._subscriptions.subscription(subject.owner)
            case SubjectKind.ATTENDANCE:
                return self._attendance.session(MentorshipId(subject.owner), int(subject.item))
            case SubjectKind.COORDINATORS:
                self._coordinators.week()
            case SubjectKind.MENTORSHIP:
                raise AssertionError("mentorships are decided, not looked at")
        return None

    def _is_let_go(self, person: PersonId) -> bool:
        """Tell whether nobody's mentorship needs this person looked at any more; they are let go of then."""
        with self.context.store.transaction() as ledger:
            if is_needed(self.context, ledger, person):
                return False
            let_go(ledger, person, self.context.now())
        return True

    def _is_out_of_scope(self, person_id: PersonId) -> bool:
        with self.context.store.transaction() as ledger:
            person = ledger.people.get(person_id)
        return person is not None and person.reach is Reach.OUT_OF_SCOPE

    def _decide(self, claims: Sequence[Claim]) -> None:
        """Decide what is due together; what brings a bug to light is found by deciding each apart."""
        alone = len(claims) == 1
        name = f"{SubjectKind.MENTORSHIP}/{claims[0].subject.owner}" if alone else f"{len(claims)} mentorships"
        wait = self._apart(name, lambda: self._plan(claims), alone=alone)
        if wait is FAULT_WAIT and not alone:
            for claim in claims:
                self._decide([claim])
            return
        with self.context.store.transaction() as ledger:
            for claim in claims:
                if wait is None:
                    self._all_is_well(ledger, claim)
                else:
                    ledger.work.postpone(claim, self.context.now() + wait)

    def _plan(self, claims: Sequence[Claim]) -> timedelta | None:
        """Decide the mentorships of `claims`; return how long they have to wait, None where all is written."""
        try:
            self._planner.plan(claims)
        except GraphError as error:
            # Free/busy could not be read: nothing is booked over a calendar nobody has seen.
            wait = need_retry(error, max(claim.attempts for claim in claims) + 1) or ADMIN_WAIT
            log.warning("deciding waits %s: %s", wait, error)
            if isinstance(error, GraphAuthError):
                self._alert(FREE_BUSY_REFUSED, f"free/busy cannot be read: {error}")
            return wait
        return None

    def _mark(self, subject: Subject) -> None:
        with self.context.store.transaction() as ledger:
            ledger.work.mark(subject, self.context.now())

    def _purge(self) -> None:
        """Once a day, delete what has had its term."""
        now = self.context.now()
        if self._purged_on == now.date():
            return
        privacy = self.context.config.deployment.privacy
        with self.context.store.transaction() as ledger:
            ledger.records.purge(requests_before=now - privacy.open_requests, facts_before=now - privacy.session_facts)
        self._purged_on = now.date()
