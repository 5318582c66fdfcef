"""Keeps the subscriptions Graph notifies through: those wanted are there, alive, and there once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from graphsync.clock import new_secret
from graphsync.engine.chats import messages_of
from graphsync.engine.context import Context
from graphsync.engine.needed import events_of, is_needed, is_over
from graphsync.engine.ports import Alert, Ledger, Subject, SubjectKind, Subscription, SubscriptionGrant
from graphsync.errors import GraphAuthError, GraphConflict, GraphNotFound, GraphRejected
from graphsync.mentoring import PersonId, Reach

log = logging.getLogger(__name__)

EVENT_LIFE = timedelta(minutes=10_000)
"""Asked for: the documented limit is 10,080 minutes, and more than 10,070 was seen refused.

Source: https://learn.microsoft.com/graph/change-notifications-overview#subscription-lifetime
"""

CHAT_LIFE = timedelta(minutes=4_300)
"""Asked for: chats allow 4,320 minutes (same page)."""

REFUSED_WAIT = timedelta(hours=1)

CREATE_TRIES = 4
"""How often a subscription is asked for while Graph keeps answering that it is there: each answer may be lost again."""


@dataclass(frozen=True, slots=True)
class SubscriptionLooks:
    """The looks at subscriptions."""

    context: Context

    def want(self) -> None:
        """Bring the list of wanted subscriptions in step with the people and chats that are to be looked at."""
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            wanted = {subscription.resource: subscription for subscription in self._wanted(ledger)}
            known = {subscription.resource for subscription in ledger.subscriptions.all()}
            for resource in sorted(wanted.keys() - known):
                ledger.subscriptions.save(wanted[resource])
            for resource in sorted(wanted.keys() ^ known):
                ledger.work.mark(Subject(kind=SubjectKind.SUBSCRIPTION, owner=resource), now)

    def _wanted(self, ledger: Ledger) -> Iterator[Subscription]:
        now = self.context.now()
        active = [m for m in ledger.mentorships.all() if not is_over(ledger, m, now)]
        people = {person for mentorship in active for person in (mentorship.mentor, mentorship.mentee)}
        for address in self.context.config.deployment.organizers.programme_mailboxes:
            mailbox = ledger.people.by_address(address)
            if mailbox is not None:
                people.add(mailbox.id)
        for person in sorted(people):
            yield Subscription(
                resource=events_of(person),
                subject=Subject(kind=SubjectKind.MAILBOX, owner=person),
                client_state=new_secret(),
            )
        for mentorship in active:
            chat = ledger.mentorships.chat(mentorship.id)
            if chat is not None:
                yield Subscription(
                    resource=messages_of(chat[0]),
                    subject=Subject(kind=SubjectKind.CHAT, owner=chat[0]),
                    client_state=new_secret(),
                )

    def clean(self) -> None:
        """Delete subscriptions to our address that no row knows: made by a process that died before it noted them."""
        granted = self.context.graph.list_subscriptions()
        with self.context.store.transaction() as ledger:
            known = {subscription.id for subscription in ledger.subscriptions.all()}
        for grant in granted:
            if grant.notification_url == self.context.notification_url and grant.id not in known:
                self.context.graph.delete_subscription(grant.id)

    def subscription(self, resource: str) -> None:
        """Make or renew one subscription, or end it where nobody needs it any more.

        What was missed before it stood is looked for.
        """
        context, now = self.context, self.context.now()
        with context.store.transaction() as ledger:
            known = ledger.subscriptions.get(resource)
            is_wanted = known is not None and self._is_wanted(ledger, known.subject)
            if not is_wanted:
                ledger.subscriptions.remove(resource)
                ledger.work.drop_sweep(Subject(kind=SubjectKind.SUBSCRIPTION, owner=resource))
                ledger.records.clear_alert(f"subscription/{resource}")
        if known is None:
            return
        if not is_wanted:
            self._delete(known)
            return
        with context.store.transaction() as ledger:
            owner = ledger.people.get(PersonId(known.subject.owner))
            if known.subject.kind is SubjectKind.MAILBOX and owner is not None and owner.reach is not Reach.OK:
                return  # an alert says so already; when the mailbox can be reached again this is looked at again
        life = EVENT_LIFE if known.subject.kind is SubjectKind.MAILBOX else CHAT_LIFE
        alert_key = f"subscription/{resource}"
        try:
            if known.id is not None and known.expires_at is not None and known.expires_at > now:
                try:
                    grant = context.graph.renew_subscription(known.id, now + life)
                except GraphNotFound:
                    known = replace(known, id=None)
            if known.id is None or known.expires_at is None or known.expires_at <= now:
                # Graph may notify before its answer is here: a row without id is known by its clientState.
                known = replace(known, id=None, expires_at=None)
                with context.store.transaction() as ledger:
                    ledger.subscriptions.save(known)
                grant = self._create(known, now + life)
        except (GraphAuthError, GraphNotFound, GraphRejected) as error:
            # No permission, no mailbox, or an endpoint Graph cannot reach: sweeps go on meanwhile, the admin is told.
            with context.store.transaction() as ledger:
                ledger.records.raise_alert(
                    Alert(key=alert_key, text=f"no subscription to {resource}: {error}", raised_at=now)
                )
                ledger.subscriptions.save(replace(known, id=None, expires_at=None))
                ledger.work.set_sweep(Subject(kind=SubjectKind.SUBSCRIPTION, owner=resource), now + REFUSED_WAIT)
            return
        made = grant.id != known.id
        with context.store.transaction() as ledger:
            ledger.subscriptions.save(replace(known, id=grant.id, expires_at=grant.expires_at))
            # Renewed at half of what was granted, which may be less than was asked for.
            renew_at = now + (grant.expires_at - now) / 2
            ledger.work.set_sweep(Subject(kind=SubjectKind.SUBSCRIPTION, owner=resource), renew_at)
            ledger.records.clear_alert(alert_key)
            if made:
                ledger.work.mark(known.subject, now)

    def _is_wanted(self, ledger: Ledger, subject: Subject) -> bool:
        if subject.kind is SubjectKind.CHAT:
            return ledger.mentorships.by_chat(subject.owner) is not None
        return is_needed(self.context, ledger, PersonId(subject.owner))

    def _delete(self, known: Subscription) -> None:
        """Delete a subscription that nobody needs any more; no row knows it, so a start deletes what is left of it."""
        if known.id is None:
            return
        try:
            self.context.graph.delete_subscription(known.id)
        except (GraphAuthError, GraphNotFound) as error:
            log.info("subscription to %s is left to run out: %s", known.resource, error)

    def _create(self, wanted: Subscription, expires_at: datetime) -> SubscriptionGrant:
        """Subscribe; where Graph says that there is one already, an earlier request got through whose answer was lost.

        That one is deleted and made anew, since a subscription does not tell which `clientState` it was made with.
        """
        graph, url = self.context.graph, self.context.notification_url
        create = partial(
            graph.create_subscription,
            wanted.resource,
            change_type="created,updated,deleted",
            notification_url=url,
            client_state=wanted.client_state,
            expires_at=expires_at,
        )
        for _ in range(CREATE_TRIES - 1):
            try:
                return create()
            except GraphConflict:
                for grant in graph.list_subscriptions():
                    if grant.notification_url == url and grant.resource.casefold() == wanted.resource.casefold():
                        graph.delete_subscription(grant.id)
        return create()
