"""Sends messages: by a draft that is looked for again, and only of what is still so when they go out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from graphsync.engine.compose import Composer
from graphsync.engine.context import Context
from graphsync.engine.mail import MailLooks, mail_key
from graphsync.engine.outcomes import AGAIN_SOON, NotYet, Outcomes
from graphsync.engine.payloads import NudgePart, NudgePayload, SentMail, StillTrue, from_json, to_json
from graphsync.engine.ports import Action, Invitee, Ledger, MailDraft, Outcome
from graphsync.engine.state import load_state
from graphsync.errors import ActionRefused
from graphsync.mentoring import Person, PersonId, Status
from graphsync.rules.answer_promptly import open_invites
from graphsync.rules.decide import decide
from graphsync.rules.nudging import hearing_time
from graphsync.rules.standing import standing_of
from graphsync.rules.state import MentorshipState

ADMIN_WAIT = timedelta(hours=1)
MAIL_LOOKS = 3
STANDINGS: Final = MappingProxyType({StillTrue.PAUSED: Status.PAUSED, StillTrue.ENDED: Status.ENDED})
"""How a mentorship stands when it is told that it is paused, or has ended; whatever else is said, it is active."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """Sends the messages of the outbox."""

    context: Context
    outcomes: Outcomes

    def send(self, action: Action) -> str:
        """Send one message; a mail that may have gone out by now is looked for first."""
        payload = from_json(action.payload, NudgePayload)
        graph, now = self.context.graph, self.context.now()
        with self.context.store.transaction() as ledger:
            sender = ledger.people.by_address(self.context.config.deployment.mail.sender)
        if sender is None:
            raise NotYet(ADMIN_WAIT)
        mail = from_json(action.progress, SentMail) if action.progress else None
        if mail is not None:
            if graph.find_mail(sender.id, "sentitems", mail.internet_message_id) is not None:
                return self._sent(action, now)
            if graph.find_mail(sender.id, "drafts", mail.internet_message_id) is None:
                return self._uncertain(action, mail, now)
        unsure = self._unsure(payload)
        with self.context.store.transaction() as ledger:
            parts = self._still_true(ledger, payload, unsure, now)
        if mail is None:
            subject, body_html = Composer(self.context).together(parts, payload)
            to = Invitee(address=payload.address, name=payload.name)
            mail_draft = MailDraft(to=to, subject=subject, body_html=body_html, headers=payload.headers)
            draft = graph.create_mail_draft(sender.id, mail_draft)
            mail = SentMail(id=draft.id, internet_message_id=draft.internet_message_id)
            with self.context.store.transaction() as ledger:
                ledger.outbox.note_progress(action.key, to_json(mail))
        graph.send_mail_draft(sender.id, mail.id)
        return self._sent(action, now)

    def _sent(self, action: Action, now: datetime) -> str:
        with self.context.store.transaction() as ledger:
            self.outcomes.done(ledger, action, "sent", now)
        return "sent"

    def _uncertain(self, action: Action, mail: SentMail, now: datetime) -> str:
        """Look again later for a mail that is in neither folder; it is not sent a second time."""
        if mail.looks >= MAIL_LOOKS:
            self.outcomes.end(action, Outcome.FAILED, "uncertain: in neither Drafts nor Sent Items", retry_at=None)
            return "uncertain"
        with self.context.store.transaction() as ledger:
            looked = SentMail(id=mail.id, internet_message_id=mail.internet_message_id, looks=mail.looks + 1)
            ledger.outbox.note_progress(action.key, to_json(looked))
            ledger.outbox.postpone(action.key, now + AGAIN_SOON)
        return "looked for"

    def _unsure(self, payload: NudgePayload) -> frozenset[str]:
        """Look again at the mail a message is about, which nobody notifies of; return what cannot be told just now."""
        looks = MailLooks(self.context)
        return frozenset(
            part.about
            for part in payload.parts
            if part.about.startswith(mail_key(part.mentorship, "")) and not looks.pair(part.mentorship)
        )

    def _still_true(
        self, ledger: Ledger, payload: NudgePayload, unsure: frozenset[str], now: datetime
    ) -> list[NudgePart]:
        """Return the matters of a message that are still so; those that are `unsure` are left out.

        A question that was relayed has none: somebody wrote it, and it goes out as it is.

        Raises:
            ActionRefused: none is; with the reason.
            NotYet: nothing is left but what is unsure, or it is no time for a message to this person.
        """
        kept, refused = [], ""
        for part in payload.parts:
            if part.about in unsure:
                continue
            try:
                self._check(ledger, part, payload.person, now)
            except ActionRefused as refusal:
                refused = refusal.reason
            else:
                kept.append(part)
        if unsure and not kept:
            raise NotYet(ADMIN_WAIT)
        if payload.parts and not kept:
            raise ActionRefused(refused)
        return kept

    def _check(self, ledger: Ledger, part: NudgePart, person: PersonId, now: datetime) -> None:
        """Check that a matter is still so, and that it is the time to tell `person` of it.

        Raises:
            ActionRefused: it is not so any more; with the reason.
            NotYet: it waits, for the hour or for what it tells of.
        """
        if part.still is StillTrue.ALWAYS:
            return
        state = load_state(ledger, self.context.config.deployment, part.mentorship, now, {})
        if state is None:
            raise ActionRefused("the mentorship is not known any more")
        standing = standing_of(state, now)
        if standing.status is not STANDINGS.get(part.still, Status.ACTIVE):
            raise ActionRefused(standing.why or "the mentorship goes on")
        recipient = state.person(person)
        self._check_matter(state, part, recipient, now)
        if not recipient.hours.hours:
            raise NotYet(ADMIN_WAIT)
        hears_at = hearing_time(recipient, now, self.context.config.rules.nudges.quiet_hours, digest=False)
        if hears_at > now:
            raise NotYet(hears_at - now)

    def _check_matter(self, state: MentorshipState, part: NudgePart, recipient: Person, now: datetime) -> None:
        about = next((session for session in state.sessions if session.number == part.session), None)
        is_to_come = about is not None and about.stands and about.starts_at > now
        match part.still:
            case StillTrue.REPLACEMENT_STANDS:
                if about is None:
                    raise NotYet(AGAIN_SOON)
                if not is_to_come or about.starts_at != part.starts_at:
                    raise ActionRefused("the session has changed again meanwhile")
            case StillTrue.SESSION_STANDS:
                if not is_to_come:
                    raise ActionRefused("the session does not stand any more")
            case StillTrue.REQUEST_IS_OPEN:
                if all(request.key != part.about for request in state.open_requests):
                    raise ActionRefused("it was answered meanwhile")
            case StillTrue.INVITE_IS_OPEN | StillTrue.INVITE_IS_OWED:
                owing = {request.owed_by for request, _number in open_invites(state, now) if request.key == part.about}
                if recipient.id not in owing and (part.still is StillTrue.INVITE_IS_OWED or not owing):
                    raise ActionRefused("it was answered meanwhile")
            case StillTrue.QUESTION_STANDS:
                self._question_stands(state, part, now)

    def _question_stands(self, state: MentorshipState, part: NudgePart, now: datetime) -> None:
        """Check that what is suggested would be suggested now, had nobody been asked yet."""
        if part.starts_at is not None and part.starts_at <= now:
            raise ActionRefused("the time that was found is over")
        not_asked = tuple(nudge for nudge in state.nudges if nudge.about != part.about)
        decision = decide(replace(state, nudges=not_asked), self.context.config.rules, now)
        if all(suggestion.about != part.about for suggestion in decision.suggestions):
            raise ActionRefused("what was to be asked is settled by now")
