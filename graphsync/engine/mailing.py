"""Sends messages: by a draft that is looked for again, and only of what is still so when they go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from graphsync.engine.compose import Composer
from graphsync.engine.context import Context, pair_of
from graphsync.engine.mail import MailLooks, mail_key
from graphsync.engine.outcomes import AGAIN_SOON, NotYet, Outcomes
from graphsync.engine.payloads import NudgePart, NudgePayload, SentMail, StillTrue, from_json, to_json
from graphsync.engine.ports import Action, Invitee, Ledger, MailDraft, Outcome
from graphsync.errors import ActionRefused
from graphsync.mentoring import MentoringSession
from graphsync.rules.answer_promptly import open_invites
from graphsync.rules.state import MentorshipState

ADMIN_WAIT = timedelta(hours=1)
MAIL_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Mailing:
    """Sends the messages of the outbox."""

    context: Context
    outcomes: Outcomes

    def send(self, action: Action) -> str:
        """Send one message; a mail that may have gone out by now is looked for first."""
        payload = from_json(action.payload, NudgePayload)
        graph, now = self.context.graph, self.context.now()
        unsure = frozenset[str]() if action.progress else self._unsure(payload)
        with self.context.store.transaction() as ledger:
            sender = ledger.people.by_address(self.context.config.deployment.mail.sender)
            if sender is None:
                raise NotYet(ADMIN_WAIT)
            parts = [] if action.progress else self._still_true(ledger, payload, unsure, now)
        if action.progress:
            mail = from_json(action.progress, SentMail)
            if graph.find_mail(sender.id, "sentitems", mail.internet_message_id) is not None:
                return self._sent(action, now)
            if graph.find_mail(sender.id, "drafts", mail.internet_message_id) is None:
                return self._uncertain(action, mail, now)
        else:
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

        Raises:
            ActionRefused: none is; with the reason.
            NotYet: nothing is left but what is unsure.
        """
        kept, refused = [], ""
        for part in payload.parts:
            if part.about in unsure:
                continue
            try:
                self._check(ledger, part, now)
            except ActionRefused as refusal:
                refused = refusal.reason
            else:
                kept.append(part)
        if unsure and not kept:
            raise NotYet(ADMIN_WAIT)
        if not kept:
            raise ActionRefused(refused)
        return kept

    def _check(self, ledger: Ledger, part: NudgePart, now: datetime) -> None:
        sessions = ledger.sessions.of(part.mentorship)
        about = next((s for s in sessions if s.number == part.session), None)
        match part.still:
            case StillTrue.ALWAYS:
                return
            case StillTrue.REPLACEMENT_STANDS:
                if about is None:
                    raise NotYet(AGAIN_SOON)
                if not about.stands or about.starts_at != part.starts_at:
                    raise ActionRefused("the session has changed again meanwhile")
            case StillTrue.SESSION_STANDS:
                if about is None or not about.stands:
                    raise ActionRefused("the session does not stand any more")
            case StillTrue.REQUEST_IS_OPEN:
                if all(request.key != part.about for request in ledger.requests.of(part.mentorship)):
                    raise ActionRefused("it was answered meanwhile")
            case StillTrue.INVITE_IS_OPEN:
                self._invite_is_open(ledger, part, sessions, now)

    def _invite_is_open(self, ledger: Ledger, part: NudgePart, sessions: list[MentoringSession], now: datetime) -> None:
        mentorship = ledger.mentorships.get(part.mentorship)
        people = None if mentorship is None else pair_of(ledger, mentorship)
        if mentorship is None or people is None:
            raise ActionRefused("the mentorship is not known any more")
        state = MentorshipState(
            mentorship=mentorship, mentor=people[0], mentee=people[1], organizer=people[0], sessions=tuple(sessions)
        )
        if all(request.key != part.about for request, _number in open_invites(state, now)):
            raise ActionRefused("it was answered meanwhile")
