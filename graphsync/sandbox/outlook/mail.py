"""Mail: drafts, sending with Exchange's rate, folders, and the messages that carry meetings.

Sources: https://learn.microsoft.com/graph/api/user-sendmail, user-post-messages, message-send, user-list-messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import fingerprint
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.folders import folder_id
from graphsync.sandbox.outlook.mail_bodies import message_changes, new_message_values
from graphsync.sandbox.outlook.mailboxes import Folder, MailMessage, MessageKind
from graphsync.sandbox.refusals import GraphRefusal, item_not_found
from graphsync.sandbox.tenant.directory import User

# The report 5.1.90 of https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
DAILY_LIMIT_TEXT = (
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients."
)


class MailListener(Protocol):
    """Hears of mail that arrives; the subscriptions are one."""

    def message_received(self, user: User, message: MailMessage) -> None:
        """Take note that a message was put into the inbox of `user`."""
        ...


@dataclass(slots=True)
class Mailroom:
    """Everything that is sent leaves through here, invitations too."""

    core: Core
    listener: MailListener

    def leave(
        self, user_id: str, recipients: Sequence[str], *, kind: MessageKind, subject: str, body: str = ""
    ) -> datetime | None:
        """Count one meeting message against the sender's rate, journal it, and return when it leaves.

        None if the sender's recipients of a day are used up: it never leaves, and a report says so in their inbox.
        """
        box = self.core.mailbox(user_id)
        if not self._may_send(user_id, len(recipients)):
            self._report_limit(self.core.user(user_id), subject)
            return None
        leaves_at = box.next_free_minute(self.core.clock.now(), self.core.behavior.messages_per_minute)
        sender = self.core.user(user_id).address
        self.core.journal.add(
            "meeting_message",
            actor=EXCHANGE,
            user_id=user_id,
            details={
                "kind": kind,
                "from": sender,
                "to": list(recipients),
                "subject": subject,
                "comment": body,
                "leaves_at": leaves_at,
            },
        )
        return leaves_at

    def deliver_meeting_message(
        self,
        user: User,
        event: Event,
        kind: MessageKind,
        meeting_message_type: str,
        subject: str,
        comment: str = "",
        *,
        sender: str | None = None,
        proposed: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Put the message that carries a meeting request, an answer or a cancellation into an inbox."""
        sender = sender or event.organizer_address
        content = ("meeting", event.ical_uid, kind, user.id, sender, self.core.clock.now().isoformat())
        internet_id = self._internet_id(sender, *content, self.core.draws.ordinal(*content))
        self._receive(
            user,
            MailMessage(
                id="",
                user_id=user.id,
                folder="inbox",
                internet_message_id=internet_id,
                conversation_id="",
                subject=subject,
                body=comment or event.body_html,
                from_address=sender,
                to=[user.address],
                kind=kind,
                meeting_message_type=meeting_message_type,
                ical_uid=event.ical_uid,
                proposed=proposed,
                created_at=self.core.clock.now(),
                sent_at=self.core.clock.now(),
            ),
        )

    def compose(self, user: User, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> MailMessage:
        """Return a new message as `body` has it, which is in no folder yet; it has its ids from now on.

        Args:
            user: whose message it is.
            body: a `message` as Graph takes it.
            headers: further headers, to which the limits of `internetMessageHeaders` do not apply.

        Raises:
            GraphRefusal: 400 for a body Graph does not take; 403 for another sender.
        """
        values = new_message_values(body, sender=user.address)
        content = (user.id, self.core.clock.now().isoformat(), fingerprint(body).hex())
        identity = (*content, self.core.draws.ordinal("message", *content))
        message = MailMessage(
            id=self.core.draws.item_id("message", *identity),
            user_id=user.id,
            folder="drafts",
            internet_message_id=self._internet_id(user.address, *identity),
            conversation_id="",
            subject="",
            body="",
            body_type="text",
            from_address=user.address,
            to=[],
            created_at=self.core.clock.now(),
            is_draft=True,
            is_read=True,
        )
        for name, value in values.items():
            setattr(message, name, value)
        message.headers = dict(headers or {}) | message.headers
        message.conversation_id = self._conversation_id(user.id, message.subject)
        return message

    def keep_draft(self, user: User, message: MailMessage, *, actor: str) -> MailMessage:
        """Put a composed message into Drafts and return it."""
        self._store(message)
        self.core.journal.add(
            "draft_created",
            actor=actor,
            user_id=user.id,
            subject_id=message.id,
            details={"message_id": message.internet_message_id, "subject": message.subject},
        )
        return message

    def create_draft(
        self, user: User, body: Mapping[str, Any], *, actor: str, headers: Mapping[str, str] | None = None
    ) -> MailMessage:
        """Store a draft and return it.

        Raises:
            GraphRefusal: 400 for a body Graph does not take.
        """
        return self.keep_draft(user, self.compose(user, body, headers), actor=actor)

    def send_draft(self, user: User, message_id: str, *, actor: str) -> None:
        """Send a draft; its copy in Sent Items keeps the id.

        Raises:
            GraphRefusal: 404; 400 without recipients, or if it was sent already.
        """
        message = self.find(user, message_id)
        if not message.is_draft:
            raise GraphRefusal(400, "ErrorInvalidOperation", "The message has been sent already.")
        self.send(user, message, actor, save=True)

    def send_mail(
        self,
        user: User,
        body: Mapping[str, Any],
        *,
        actor: str,
        save: bool,
        headers: Mapping[str, str] | None = None,
    ) -> MailMessage:
        """Send a message at once; over HTTP its id is not told.

        Raises:
            GraphRefusal: 400 for a body Graph does not take, or without recipients.
        """
        message = self.compose(user, body, headers)
        self.send(user, message, actor, save=save)
        return message

    def send(self, user: User, message: MailMessage, actor: str, *, save: bool) -> None:
        """Send a message that was composed, or is a draft.

        Raises:
            GraphRefusal: 400 without recipients; 429 over the recipients of a day, if these are refused.
        """
        recipients = [*message.to, *message.cc, *message.bcc]
        if not recipients:
            raise GraphRefusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        box = self.core.mailbox(user)
        now = self.core.clock.now()
        within_limit = self._may_send(user.id, len(recipients))
        if not within_limit and self.core.behavior.over_recipients_per_day == "refused":
            raise GraphRefusal(429, "ErrorExceededMessageLimit", DAILY_LIMIT_TEXT)
        left = message.folder if message.id in box.messages else None
        message.is_draft = False
        message.folder = "sentitems"
        message.sent_at = message.received_at = now
        if save:
            self._store(message, left=left)
        if not within_limit:
            self._report_limit(user, message.subject)
            return
        leaves_at = box.next_free_minute(now, self.core.behavior.messages_per_minute)
        self.core.journal.add(
            "mail_sent",
            actor=actor,
            user_id=user.id,
            subject_id=message.id,
            details={
                "kind": message.kind,
                "message_id": message.internet_message_id,
                "from": message.from_address,
                "to": list(message.to),
                "cc": list(message.cc),
                "bcc": list(message.bcc),
                "subject": message.subject,
                "body": message.body,
                "headers": dict(message.headers),
                "leaves_at": leaves_at,
            },
        )
        self.core.agenda.at(
            leaves_at, f"mail:{message.internet_message_id}", lambda: self._deliver(user, message, recipients)
        )

    def find(self, user: User, message_id: str) -> MailMessage:
        """Return the message with this id.

        Raises:
            GraphRefusal: 404; it is not in this mailbox.
        """
        message = self.core.mailbox(user).messages.get(message_id)
        if message is None:
            raise item_not_found()
        return message

    def messages(self, user: User, folder: Folder | None) -> list[MailMessage]:
        """Return the messages of a folder, or of all, newest first."""
        found = [
            message
            for message in self.core.mailbox(user).messages.values()
            if folder is None or message.folder == folder
        ]
        found.sort(key=lambda message: (message.received_at or message.created_at, message.id), reverse=True)
        return found

    def patch(self, user: User, message_id: str, body: Mapping[str, Any], *, actor: str) -> MailMessage:
        """Change a message; its subject, text and people only as long as it is a draft.

        Raises:
            GraphRefusal: 404; 400 for a value or key Graph does not take, or what only drafts can have changed.

        Source: https://learn.microsoft.com/graph/api/message-update
        """
        message = self.find(user, message_id)
        changes = message_changes(message, body, sender=user.address)
        for name, value in changes.items():
            setattr(message, name, value)
        if "subject" in changes and not message.is_reply:
            message.conversation_id = self._conversation_id(user.id, message.subject)
        self._changed(message, "message_updated", actor, details={"changed": sorted(changes)})
        return message

    def copy(self, user: User, message_id: str, folder: Folder, *, actor: str) -> MailMessage:
        """Put a copy of a message into a folder and return it; it has an id of its own.

        Raises:
            GraphRefusal: 404; it is not in this mailbox.
        """
        message = self.find(user, message_id)
        key = ("message-copy", message.id, self.core.draws.ordinal("message-copy", message.id))
        copied = replace(
            deepcopy(message),
            id=self.core.draws.item_id(*key),
            folder=folder,
            created_at=self.core.clock.now(),
            modified_at=self.core.clock.now(),
            change_key="",
            revision=0,
        )
        self._store(copied)
        details = {"copy_of": message.id, "from": message.folder, "to": folder}
        self.core.journal.add("message_copied", actor=actor, user_id=user.id, subject_id=copied.id, details=details)
        return copied

    def move(self, user: User, message_id: str, folder: Folder, *, actor: str) -> MailMessage:
        """Move a message to another folder; ids are immutable, so that it keeps its own.

        Raises:
            GraphRefusal: 404; it is not in this mailbox.
        """
        message = self.find(user, message_id)
        left, message.folder = message.folder, folder
        self._changed(message, "message_moved", actor, details={"from": left, "to": folder}, left=left)
        return message

    def delete(self, user: User, message_id: str, *, actor: str) -> None:
        """Move a message to Deleted Items; from there it goes for good.

        Raises:
            GraphRefusal: 404; it is not in this mailbox.
        """
        message = self.find(user, message_id)
        if message.folder != "deleteditems":
            self.move(user, message_id, "deleteditems", actor=actor)
            return
        self.core.mailbox(user).drop_message(message)
        self.core.journal.add("message_deleted", actor=actor, user_id=user.id, subject_id=message.id, details={})

    def _changed(
        self, message: MailMessage, verb: str, actor: str, *, details: dict[str, Any], left: Folder | None = None
    ) -> None:
        message.revision += 1
        message.change_key = self.core.draws.change_key("message", message.id, message.revision)
        message.modified_at = self.core.clock.now()
        self._store(message, left=left)
        self.core.journal.add(verb, actor=actor, user_id=message.user_id, subject_id=message.id, details=details)

    def _store(self, message: MailMessage, *, left: Folder | None = None) -> None:
        message.folder_id = folder_id(self.core, message.user_id, message.folder)
        self.core.mailbox(message.user_id).put_message(message, left=left if left != message.folder else None)

    def _deliver(self, sender: User, message: MailMessage, recipients: Sequence[str]) -> None:
        for address in dict.fromkeys(item.lower() for item in recipients):
            reached = self.core.mailbox_at(address)
            if reached is not None:
                # A flag is the sender's own.
                arrived = replace(message, bcc=[], folder="inbox", is_draft=False, flag={"flagStatus": "notFlagged"})
                self._receive(reached[0], arrived)
            elif self.core.directory.has_domain(address):
                self._bounce(sender, message, address)

    def _bounce(self, sender: User, message: MailMessage, address: str) -> None:
        # A 202 says only that the message was taken; what fails later arrives as a report in the sender's inbox.
        key = ("bounce", message.internet_message_id, address)
        text = f"Your message to {address} couldn't be delivered. {address} wasn't found."
        self._report(sender, message.subject, text, key, headers={"X-Failed-Recipients": address})

    def _may_send(self, user_id: str, count: int) -> bool:
        behavior = self.core.behavior
        per_day = behavior.recipients_per_day if behavior.throttling else None
        return self.core.mailbox(user_id).take_recipients(self.core.clock.now(), count, per_day)

    def _report_limit(self, sender: User, subject: str) -> None:
        content = (sender.id, self.core.clock.now().isoformat(), subject)
        key = ("daily-limit", *content, self.core.draws.ordinal("daily-limit", *content))
        self._report(sender, subject, DAILY_LIMIT_TEXT, key, headers={})

    def _report(
        self, sender: User, subject: str, text: str, key: tuple[object, ...], *, headers: dict[str, str]
    ) -> None:
        self._receive(
            sender,
            MailMessage(
                id="",
                user_id=sender.id,
                folder="inbox",
                internet_message_id=self._internet_id(sender.address, *key),
                conversation_id="",
                subject=f"Undeliverable: {subject}",
                body=text,
                body_type="text",
                from_address=f"postmaster@{sender.address.rpartition('@')[2]}",
                to=[sender.address],
                headers=headers,
                kind="nonDeliveryReport",
                created_at=self.core.clock.now(),
                sent_at=self.core.clock.now(),
            ),
        )

    def _receive(self, user: User, message: MailMessage) -> None:
        message.id = self.core.draws.item_id("inbox", user.id, message.internet_message_id)
        message.user_id = user.id
        if message.id in self.core.mailbox(user).messages:
            # The store drops a second message with one internetMessageId (DUPLICATEDELIVER):
            # https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking
            self.core.journal.add(
                "duplicate_dropped", actor=EXCHANGE, user_id=user.id, subject_id=message.id, details={}
            )
            return
        message.received_at = self.core.clock.now()
        message.conversation_id = self._conversation_id(user.id, message.subject)
        message.is_read = False
        self._store(message)
        self.listener.message_received(user, message)

    def _internet_id(self, address: str, *key: object) -> str:
        domain = address.rpartition("@")[2]
        return f"<{self.core.draws.hexadecimal('internet-message', *key)[:32].upper()}@{domain}>"

    def _conversation_id(self, user_id: str, subject: str) -> str:
        topic = subject.rpartition(": ")[2].lower()
        return self.core.draws.item_id("conversation", user_id, topic)
