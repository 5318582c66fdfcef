"""The loop: timers, looks, decisions, actions, until nothing is left to do at this instant."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from graphsync.engine.chats import ChatLooks
from graphsync.engine.context import Context
from graphsync.engine.people import PeopleLooks, next_sweep
from graphsync.engine.perform import Performer
from graphsync.engine.plan import Planner
from graphsync.engine.ports import Alert, Claim, Ledger, Subject, SubjectKind
from graphsync.engine.sessions import SessionLooks
from graphsync.engine.subscriptions import SubscriptionLooks
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound, need_retry
from graphsync.mentoring import MentorshipId, PersonId

log = logging.getLogger(__name__)

LOOKS = frozenset(SubjectKind) - {SubjectKind.MENTORSHIP}
CLAIMS = 200
MOST_ROUNDS = 200
"""More rounds than this at one instant are a fault of ours: the loop stops and says so, rather than spin."""

ADMIN_WAIT = timedelta(hours=1)
REJECTED_WAIT = timedelta(hours=6)


@dataclass(slots=True)
class Engine:
    """Runs the loop over one store and one Graph."""

    context: Context
    _people: PeopleLooks = field(init=False)
    _sessions: SessionLooks = field(init=False)
    _chats: ChatLooks = field(init=False)
    _subscriptions: SubscriptionLooks = field(init=False)
    _planner: Planner = field(init=False)
    _performer: Performer = field(init=False)
    _started: bool = field(init=False, default=False)
    _purged_on: date | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._people = PeopleLooks(self.context)
        self._sessions = SessionLooks(self.context)
        self._chats = ChatLooks(self.context)
        self._subscriptions = SubscriptionLooks(self.context)
        self._planner = Planner(self.context)
        self._performer = Performer(self.context)

    def run(self) -> datetime | None:
        """Work until nothing is left to do now; return when the next timer is due, None where there is none."""
        if not self._started:
            self._people.enlist()
            self._subscriptions.want()
            self._subscriptions.clean()
            self._started = True
        self._purge()
        for _round in range(MOST_ROUNDS):
            if not self._round():
                break
        else:
            log.error("still work after %s rounds at one instant: stopped until the next tick", MOST_ROUNDS)
        with self.context.store.transaction() as ledger:
            return ledger.work.next_at()

    def _round(self) -> bool:
        """Do one round; return whether there was anything to do."""
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            self._timers(ledger, now)
            looks = ledger.work.claim(now, LOOKS, CLAIMS)
        seen = [(claim, self._look(claim)) for claim in looks]
        if any(claim.subject.kind is SubjectKind.PAIR for claim in looks):
            self._subscriptions.want()
        with self.context.store.transaction() as ledger:
            # Settled together: should this process die before, all are looked at again, which does no harm.
            for claim, again in seen:
                if again is None:
                    ledger.work.settle(claim)
                else:
                    ledger.work.postpone(claim, now + again)
            due = ledger.work.claim(now, {SubjectKind.MENTORSHIP}, CLAIMS)
        if due:
            self._decide(due)
        with self.context.store.transaction() as ledger:
            actions = ledger.outbox.due(now)
        for action in actions:
            self._performer.perform(action)
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
        try:
            return self._look_at(claim)
        except GraphAuthError as error:
            with self.context.store.transaction() as ledger:
                text = f"{claim.subject.kind} {claim.subject.owner} cannot be looked at: {error}"
                alert = Alert(key=f"refused/{error.operation}", text=text, raised_at=self.context.now())
                ledger.records.raise_alert(alert)
            return ADMIN_WAIT
        except GraphError as error:
            wait = need_retry(error, claim.attempts + 1)
            if wait is None:
                log.error("look at %s failed: %s", claim.subject, error)
            return wait or REJECTED_WAIT

    def _look_at(self, claim: Claim) -> timedelta | None:
        """Look at one dirty subject; return when it wants a second look, None where it does not."""
        subject = claim.subject
        match subject.kind:
            case SubjectKind.EVENT:
                return self._sessions.event(PersonId(subject.owner), subject.item, claim.attempts)
            case SubjectKind.MAILBOX:
                try:
                    self._sessions.mailbox(PersonId(subject.owner))
                except GraphNotFound:
                    # No mailbox there (any more): the look at the person finds out what that means.
                    self._mark(Subject(kind=SubjectKind.PERSON, owner=subject.owner))
            case SubjectKind.PERSON:
                self._people.person(PersonId(subject.owner))
            case SubjectKind.CHAT:
                self._chats.chat(subject.owner)
            case SubjectKind.PAIR:
                self._chats.pair(MentorshipId(subject.owner))
            case SubjectKind.SUBSCRIPTION:
                self._subscriptions.subscription(subject.owner)
            case SubjectKind.MENTORSHIP:
                raise AssertionError("mentorships are decided, not looked at")
        return None

    def _decide(self, claims: list[Claim]) -> None:
        now = self.context.now()
        try:
            self._planner.plan(claims)
        except GraphError as error:
            # Free/busy could not be read: nothing is booked over a calendar nobody has seen.
            wait = need_retry(error, max(claim.attempts for claim in claims) + 1) or ADMIN_WAIT
            log.warning("deciding waits %s: %s", wait, error)
            with self.context.store.transaction() as ledger:
                if isinstance(error, GraphAuthError):
                    text = f"free/busy cannot be read: {error}"
                    ledger.records.raise_alert(Alert(key=f"refused/{error.operation}", text=text, raised_at=now))
                for claim in claims:
                    ledger.work.postpone(claim, now + wait)

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
