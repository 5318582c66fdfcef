"""Relays a question from one of the two to the other by mail, and keeps that it waits; its text is not stored.

The text goes into a draft in the sender's mailbox, and from there to the other one. What is kept is that there is a
question, and which mail it is: a question that Graph did not take is said to whoever asked, who still has the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from graphsync.engine.context import Context, mark_mentorship, pair_of
from graphsync.engine.payloads import NudgePayload, SentMail, to_json
from graphsync.engine.ports import Action, ActionKind, Invitee, Ledger, MailDraft
from graphsync.errors import ActionRefused
from graphsync.mentoring import Choice, Mentorship, MentorshipId, OpenRequest, Person, PersonId, RequestSource, Status
from graphsync.teams.messages import Reader

MOST_OPEN: Final = 5
"""So many questions of one to the other may wait at a time; more would be a flood, or not by a person."""

PRACTICE: Final = "answer_promptly"


@dataclass(frozen=True, slots=True)
class Asking:
    """Relays questions."""

    context: Context

    def ask(self, mentorship_id: MentorshipId, asker_id: PersonId, number: str, text: str) -> None:
        """Relay `text` to the other one of the two.

        Args:
            mentorship_id: of the two.
            asker_id: who asks.
            number: tells this question from others of theirs; one that is sent twice is relayed once.
            text: the question, as it was typed.

        Raises:
            ActionRefused: it cannot be relayed, with the reason.
            GraphError: Graph did not take it; nothing was sent.
        """
        context, now = self.context, self.context.now()
        key = f"{mentorship_id}/question/{asker_id}/{number}"
        with context.store.transaction() as ledger:
            mentorship, asker, other = self._the_two(ledger, mentorship_id, asker_id)
            if ledger.requests.was_closed(key) or any(r.key == key for r in ledger.requests.of(mentorship_id)):
                return  # a page that was sent twice
            waiting = [request for request in ledger.requests.of(mentorship_id) if request.owed_by == other.id]
            if len([request for request in waiting if request.source is RequestSource.QUESTION]) >= MOST_OPEN:
                raise ActionRefused("too many questions wait already")
            sender = ledger.people.by_address(context.config.deployment.mail.sender)
        if sender is None:
            raise ActionRefused("the mailbox that messages come from is not known yet")
        draft = context.graph.create_mail_draft(sender.id, self._mail(mentorship, asker, other, key, text))
        request = OpenRequest(
            key=key, mentorship=mentorship_id, source=RequestSource.QUESTION, owed_by=other.id, asked_at=now
        )
        with context.store.transaction() as ledger:
            ledger.requests.save(request)
            action = Action(
                key=f"relay/{key}",
                kind=ActionKind.NUDGE,
                mentorship=mentorship_id,
                rule="",
                reason="a question was asked",
                payload=to_json(_nothing_to_add(other)),
                created_at=now,
                next_attempt_at=now,
            )
            if ledger.outbox.add(action):
                mail = SentMail(id=draft.id, internet_message_id=draft.internet_message_id)
                ledger.outbox.note_progress(action.key, to_json(mail))
            mark_mentorship(ledger, mentorship_id, now)

    def _the_two(
        self, ledger: Ledger, mentorship_id: MentorshipId, asker_id: PersonId
    ) -> tuple[Mentorship, Person, Person]:
        mentorship = ledger.mentorships.get(mentorship_id)
        people = None if mentorship is None else pair_of(ledger, mentorship)
        if mentorship is None or people is None or mentorship.closed_at or mentorship.status is Status.ENDED:
            raise ActionRefused("the mentorship has ended")
        mentor, mentee = people
        return (mentorship, mentor, mentee) if asker_id == mentor.id else (mentorship, mentee, mentor)

    def _mail(self, mentorship: Mentorship, asker: Person, other: Person, key: str, text: str) -> MailDraft:
        reader = Reader(name=other.display_name, language=other.language, time_zone=other.time_zone)
        lines = [line.rstrip() for line in text.strip().splitlines()]
        answered = self.context.links.answer(mentorship.id, other.id, key, Choice.ANSWERED, None)
        message = self.context.config.texts.message(
            "question",
            {"other": asker.display_name, "lines": lines, "answered_link": answered},
            reader,
            contact=self.context.config.deployment.coordinators[0],
        )
        return MailDraft(
            to=Invitee(address=other.address, name=other.display_name),
            subject=message.subject,
            body_html=message.body_html,
            headers=(
                ("x-graphsync-practice", PRACTICE),
                ("x-graphsync-about", "question"),
                ("x-graphsync-mentorship", mentorship.id),
            ),
            reply_to=Invitee(address=asker.address, name=asker.display_name),
        )


def _nothing_to_add(other: Person) -> NudgePayload:
    """Return the payload of a message whose draft exists: it is only to be sent."""
    return NudgePayload(
        person=other.id,
        address=other.address,
        name=other.display_name,
        language=other.language,
        time_zone=other.time_zone,
        pause_link="",
        headers=(),
        parts=(),
    )
