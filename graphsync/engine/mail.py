"""Looks at the mail of pairs that both agreed to it: what waits for an answer, and since when; never what was written.

Nothing is kept of a look but what waits: each one reads anew since then, or some days back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from graphsync.engine.context import Context, pair_of
from graphsync.engine.needed import status_of
from graphsync.engine.people import next_sweep
from graphsync.engine.ports import Alert, Ledger, Subject, SubjectKind
from graphsync.engine.waiting import FIRST_LOOK_BACK, OVERLAP, is_asked_for, keep_waiting
from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import (
    Choice,
    Mentorship,
    MentorshipId,
    OpenRequest,
    OptIn,
    Person,
    Reach,
    Reply,
    RequestSource,
    Status,
)
from graphsync.teams.mail import Received, waiting_mail

log = logging.getLogger(__name__)

NO_PERMISSION: Final = "no-mail-permission/"
"""How the keys of the alert begin; the mentorship follows by which it was noticed."""

FORBIDDEN: Final = 403
SPREAD: Final = timedelta(minutes=1)


def mail_key(mentorship: MentorshipId, message_id: str) -> str:
    """Return the key of the open request that a mail is; without a message, how all of a mentorship begin."""
    return f"{mentorship}/mail/{message_id}"


@dataclass(frozen=True, slots=True)
class MailLooks:
    """The looks at mail."""

    context: Context

    def pair(self, mentorship_id: MentorshipId) -> bool:
        """Look at what two people have mailed each other, and open or close what waits.

        Where consent or the mentorship has ended, or no rule asks for mail any more, what waited is closed instead.

        Returns:
            Whether what is known to wait is as it is now. It may not be where a mailbox cannot be read, and in a
            pause: nothing is opened or closed then.
        """
        context, now = self.context, self.context.now()
        subject = Subject(kind=SubjectKind.MAIL, owner=mentorship_id)
        with context.store.transaction() as ledger:
            mentorship = ledger.mentorships.get(mentorship_id)
            people = None if mentorship is None else pair_of(ledger, mentorship)
            waiting = next((r for r in ledger.requests.of(mentorship_id) if r.source is RequestSource.MAIL), None)
            replies = ledger.replies.of(mentorship_id)
            status = Status.ENDED if mentorship is None else status_of(ledger, mentorship, now)
            asked_for = mentorship is not None and is_asked_for(
                context.config, mentorship, OptIn.MAIL, RequestSource.MAIL
            )
            if mentorship is None or status is Status.ENDED or not asked_for:
                self._forget(ledger, subject, waiting, now)
                return True
            ledger.work.set_sweep(subject, next_sweep(subject, context.config.deployment.sweep.mail, now, SPREAD))
        if people is None or status is Status.PAUSED or any(person.reach is not Reach.OK for person in people):
            return False
        since = now - FIRST_LOOK_BACK if waiting is None else waiting.asked_at - OVERLAP
        received = self._received(mentorship_id, people, since, replies)
        if received is None:
            return False
        with context.store.transaction() as ledger:
            ledger.records.clear_alert(NO_PERMISSION + mentorship_id)
            seen = self._waiting(ledger, mentorship, received)
            keep_waiting(ledger, waiting, seen, now)
        return True

    def _forget(self, ledger: Ledger, subject: Subject, waiting: OpenRequest | None, now: datetime) -> None:
        ledger.work.drop_sweep(subject)
        ledger.records.clear_alert(NO_PERMISSION + subject.owner)
        keep_waiting(ledger, waiting, None, now)

    def _received(
        self, mentorship_id: MentorshipId, people: tuple[Person, Person], since: datetime, replies: Sequence[Reply]
    ) -> list[Received] | None:
        """Return what each of the two has got from the other since `since`, or None where it cannot be read."""
        mentor, mentee = people
        answered = {
            reply.person: reply.at
            for reply in replies  # oldest first
            if reply.choice is Choice.ANSWERED and reply.about.startswith(mail_key(mentorship_id, ""))
        }
        try:
            return [
                Received(
                    author=author.id,
                    address=owner.address,
                    mail=tuple(self.context.graph.list_mail_from(owner.id, author.address, since)),
                    answered_at=answered.get(owner.id),
                )
                for owner, author in ((mentor, mentee), (mentee, mentor))
            ]
        except GraphNotFound:
            log.warning("a mailbox of mentorship %s is gone", mentorship_id)
        except GraphAuthError as error:
            if error.status != FORBIDDEN:
                raise
            self._refused(mentorship_id)
        return None

    def _refused(self, mentorship_id: MentorshipId) -> None:
        """Tell the admin, once for all mentorships: it stands until the one it names can be read, or is not to be."""
        with self.context.store.transaction() as ledger:
            if any(alert.key.startswith(NO_PERMISSION) for alert in ledger.records.alerts()):
                return
            text = (
                f"mail of mentorship {mentorship_id} cannot be read: grant Mail.ReadBasic.All for the mailboxes of "
                "both, or take 'mail' out of the sources of answer_promptly"
            )
            key = NO_PERMISSION + mentorship_id
            ledger.records.raise_alert(Alert(key=key, text=text, raised_at=self.context.now()))

    def _waiting(self, ledger: Ledger, mentorship: Mentorship, received: Sequence[Received]) -> OpenRequest | None:
        closed = {
            mail.id
            for mailbox in received
            for mail in mailbox.mail
            if ledger.requests.was_closed(mail_key(mentorship.id, mail.id))
        }
        found = waiting_mail(received, closed)
        if found is None:
            return None
        return OpenRequest(
            key=mail_key(mentorship.id, found.message_id),
            mentorship=mentorship.id,
            source=RequestSource.MAIL,
            owed_by=mentorship.other(found.author),
            asked_at=found.sent_at,
        )
