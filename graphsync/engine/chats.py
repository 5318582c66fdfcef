"""Looks at the chats of pairs that both agreed to it: what waits for an answer, and since when; never what was said."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from graphsync.engine.context import Context
from graphsync.engine.needed import status_of
from graphsync.engine.people import next_sweep
from graphsync.engine.ports import Alert, Ledger, Subject, SubjectKind
from graphsync.engine.waiting import FIRST_LOOK_BACK, OVERLAP, is_asked_for, keep_waiting
from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import Mentorship, MentorshipId, OpenRequest, OptIn, RequestSource, Status
from graphsync.teams.chats import ChatMessage, waiting_message

log = logging.getLogger(__name__)

NO_PERMISSION = "no-chat-permission"


@dataclass(frozen=True, slots=True)
class ChatLooks:
    """The looks at chats."""

    context: Context

    def pair(self, mentorship_id: MentorshipId) -> None:
        """Look whether the pair has a chat by now; asked again every day until it has."""
        context, now = self.context, self.context.now()
        subject = Subject(kind=SubjectKind.PAIR, owner=mentorship_id)
        with context.store.transaction() as ledger:
            mentorship = ledger.mentorships.get(mentorship_id)
            if mentorship is None:
                return
            if not self._may_be_read(ledger, mentorship):
                self._forget(ledger, mentorship_id)
                return
            if ledger.mentorships.chat(mentorship_id) is not None:
                ledger.work.drop_sweep(subject)
                return
        pair = frozenset((mentorship.mentor, mentorship.mentee))
        try:
            chats = context.graph.list_chats(mentorship.mentee)
        except GraphAuthError:
            # Reading chats cannot be scoped to mailboxes, so a tenant may well not grant it: the source is off.
            with context.store.transaction() as ledger:
                text = "chats cannot be read: grant Chat.Read.All, or take 'chat' out of the sources of answer_promptly"
                ledger.records.raise_alert(Alert(key=NO_PERMISSION, text=text, raised_at=now))
                ledger.work.set_sweep(subject, now + context.config.deployment.sweep.chats)
            return
        with context.store.transaction() as ledger:
            ledger.records.clear_alert(NO_PERMISSION)
        found = next((c for c in chats if c.chat_type == "oneOnOne" and c.members == pair), None)
        with context.store.transaction() as ledger:
            if found is None:
                ledger.work.set_sweep(subject, next_sweep(subject, context.config.deployment.sweep.chats, now))
                return
            ledger.work.drop_sweep(subject)
            ledger.mentorships.save_chat(mentorship_id, found.id, now - FIRST_LOOK_BACK)
            chat = Subject(kind=SubjectKind.CHAT, owner=found.id)
            ledger.work.mark(chat, now)
            ledger.work.set_sweep(chat, next_sweep(chat, context.config.deployment.sweep.chats, now))

    def _may_be_read(self, ledger: Ledger, mentorship: Mentorship) -> bool:
        asked_for = is_asked_for(self.context.config, mentorship, OptIn.CHAT, RequestSource.CHAT)
        return asked_for and status_of(ledger, mentorship, self.context.now()) is not Status.ENDED

    def _forget(self, ledger: Ledger, mentorship: MentorshipId) -> None:
        """Let go of a chat where consent or the mentorship has ended, or no rule asks for chats any more."""
        now, known = self.context.now(), ledger.mentorships.chat(mentorship)
        ledger.work.drop_sweep(Subject(kind=SubjectKind.PAIR, owner=mentorship))
        keep_waiting(ledger, _waiting(ledger, mentorship), None, now)
        if known is None:
            return
        ledger.mentorships.drop_chat(mentorship)
        # Two people who mentor each other have one chat: the other mentorship may still want it.
        ledger.work.mark(Subject(kind=SubjectKind.CHAT, owner=known[0]), now)
        ledger.work.mark(Subject(kind=SubjectKind.SUBSCRIPTION, owner=messages_of(known[0])), now)

    def chat(self, chat_id: str) -> None:
        """Look at what is new in one chat, and open or close what waits in it."""
        context, now = self.context, self.context.now()
        with context.store.transaction() as ledger:
            mentorship_id = ledger.mentorships.by_chat(chat_id)
            known = ledger.mentorships.chat(mentorship_id) if mentorship_id else None
            mentorship = ledger.mentorships.get(mentorship_id) if mentorship_id else None
            if mentorship_id is None or known is None or mentorship is None:
                ledger.work.drop_sweep(Subject(kind=SubjectKind.CHAT, owner=chat_id))
                return
            if not self._may_be_read(ledger, mentorship):
                self._forget(ledger, mentorship_id)
                return
            waiting = _waiting(ledger, mentorship_id)
        try:
            messages = context.graph.list_chat_messages(chat_id, known[1] - OVERLAP)
        except GraphNotFound:
            log.warning("chat of mentorship %s is gone", mentorship_id)
            return
        if waiting is not None:
            # What waited before stands first; the same message comes again, and wins, when it was reacted to.
            before = ChatMessage(
                id=waiting.key.rsplit("/", 1)[-1],
                chat_id=chat_id,
                author=mentorship.other(waiting.owed_by),
                created_at=waiting.asked_at,
                modified_at=waiting.asked_at,
            )
            messages = [before, *messages]
        found = waiting_message(messages, frozenset((mentorship.mentor, mentorship.mentee)))
        request = (
            None
            if found is None
            else OpenRequest(
                key=f"{mentorship_id}/chat/{found.message_id}",
                mentorship=mentorship_id,
                source=RequestSource.CHAT,
                owed_by=mentorship.other(found.author),
                asked_at=found.sent_at,
            )
        )
        read_until = max((message.modified_at for message in messages), default=known[1])
        with context.store.transaction() as ledger:
            ledger.mentorships.save_chat(mentorship_id, chat_id, max(read_until, known[1]))
            keep_waiting(ledger, waiting, request, now)


def messages_of(chat_id: str) -> str:
    """Return the resource by which the messages of a chat are subscribed to."""
    return f"chats/{chat_id}/messages"


def _waiting(ledger: Ledger, mentorship: MentorshipId) -> OpenRequest | None:
    return next((r for r in ledger.requests.of(mentorship) if r.source is RequestSource.CHAT), None)
