"""Mail: drafts, sending with Exchange's rate, folders, and the messages that carry meetings.

Sources: https://learn.microsoft.com/graph/api/user-sendmail, user-post-messages, message-send, user-list-messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol, cast

from graphsync.sandbox.core import Core
from graphsync.sandbox.face.bodies import (
    body_refusal,
    email_address,
    extended_properties,
    fingerprint,
    flag_of,
    is_annotation,
    list_of,
    object_of,
    one_of,
    text_of,
    unknown_property,
    zoned_time,
)
from graphsync.sandbox.journal import EXCHANGE
from graphsync.sandbox.names import names
from graphsync.sandbox.outlook.events import Event
from graphsync.sandbox.outlook.folders import folder_id
from graphsync.sandbox.outlook.mailboxes import Folder, MailMessage, MessageKind
from graphsync.sandbox.refusals import GraphRefusal, invalid_property, item_not_found, not_served, refuse_unknown
from graphsync.sandbox.tenant.directory import User
from graphsync.sandbox.zones import wall_time

MOST_HEADERS = 5
# The report 5.1.90 of https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
DAILY_LIMIT_TEXT = (
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients."
)
WRITABLE = names(
    """
    subject body toRecipients ccRecipients bccRecipients replyTo internetMessageHeaders importance categories
    singleValueExtendedProperties from sender isReadReceiptRequested isDeliveryReceiptRequested flag
    """
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

    def create_draft(self, user: User, body: Mapping[str, Any], *, actor: str) -> MailMessage:
        """Store a draft and return it; it has its `internetMessageId` from now on.

        Raises:
            GraphRefusal: 400 for a body Graph does not take.
        """
        message = self._parse(user, body)
        self._store(message)
        self.core.journal.add(
            "draft_created",
            actor=actor,
            user_id=user.id,
            subject_id=message.id,
            details={"message_id": message.internet_message_id, "subject": message.subject},
        )
        return message

    def send_draft(self, user: User, message_id: str, *, actor: str) -> None:
        """Send a draft; its copy in Sent Items keeps the id.

        Raises:
            GraphRefusal: 404; 400 without recipients, or if it was sent already.
        """
        message = self.core.mailbox(user).messages.get(message_id)
        if message is None:
            raise item_not_found()
        if not message.is_draft:
            raise GraphRefusal(400, "ErrorInvalidOperation", "The message has been sent already.")
        self._send(user, message, actor, save=True)

    def send_mail(self, user: User, body: Mapping[str, Any], *, actor: str, save: bool) -> MailMessage:
        """Send a message at once; over HTTP its id is not told.

        Raises:
            GraphRefusal: 400 for a body Graph does not take, or without recipients.
        """
        message = self._parse(user, body)
        self._send(user, message, actor, save=save)
        return message

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
        """Change whether a message was read, its categories, importance or extended properties.

        Raises:
            GraphRefusal: 404; 400 for a value or key Graph does not take; 501 for what only drafts can have changed.

        Source: https://learn.microsoft.com/graph/api/message-update
        """
        message = self.find(user, message_id)
        changes: dict[str, Any] = {}
        for key, value in body.items():
            match key:
                case "isRead":
                    changes["is_read"] = flag_of(value, key)
                case "categories":
                    changes["categories"] = [text_of(item, key) for item in list_of(value, key)]
                case "importance":
                    changes["importance"] = one_of(value, ("low", "normal", "high"), key)
                case "singleValueExtendedProperties":
                    changes["extended_properties"] = message.extended_properties | extended_properties(value)
                case _ if is_annotation(key):
                    continue
                case _ if key in WRITABLE:
                    raise not_served(f"a change of a message's '{key}'; a new draft can be made.")
                case _:
                    refuse_unknown(unknown_property(key, "message", {*WRITABLE, "isRead"}))
        for name, value in changes.items():
            setattr(message, name, value)
        self._changed(message, "message_updated", actor, details={"changed": sorted(changes)})
        return message

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

    def _parse(self, user: User, body: Mapping[str, Any]) -> MailMessage:
        for key in body:
            if key not in WRITABLE and not is_annotation(key):
                refuse_unknown(unknown_property(key, "message", WRITABLE))
        holder = object_of(body.get("body") or {}, "body")
        kind = one_of(holder.get("contentType") or "text", ("html", "text"), "body.contentType")
        content = (user.id, self.core.clock.now().isoformat(), fingerprint(body).hex())
        identity = (*content, self.core.draws.ordinal("message", *content))
        message = MailMessage(
            id=self.core.draws.item_id("message", *identity),
            user_id=user.id,
            folder="drafts",
            internet_message_id=self._internet_id(user.address, *identity),
            conversation_id="",
            subject=text_of(body.get("subject") or "", "subject"),
            body=text_of(holder.get("content") or "", "body.content"),
            body_type=cast(Literal["html", "text"], kind),
            from_address=user.address,
            to=_addresses(body, "toRecipients"),
            cc=_addresses(body, "ccRecipients"),
            bcc=_addresses(body, "bccRecipients"),
            reply_to=_addresses(body, "replyTo"),
            headers=_headers(body.get("internetMessageHeaders") or []),
            extended_properties=extended_properties(body.get("singleValueExtendedProperties") or []),
            categories=[text_of(item, "categories") for item in list_of(body.get("categories") or [], "categories")],
            importance=one_of(body.get("importance") or "normal", ("low", "normal", "high"), "importance"),
            flag=_followup_flag(body.get("flag") or {}),
            wants_read_receipt=flag_of(body.get("isReadReceiptRequested") or False, "isReadReceiptRequested"),
            wants_delivery_receipt=flag_of(
                body.get("isDeliveryReceiptRequested") or False, "isDeliveryReceiptRequested"
            ),
            created_at=self.core.clock.now(),
            is_draft=True,
            is_read=True,
        )
        message.conversation_id = self._conversation_id(user.id, message.subject)
        for name in ("from", "sender"):
            if body.get(name) is not None and email_address(body[name], name)[0].lower() != user.address.lower():
                raise GraphRefusal(
                    403,
                    "ErrorSendAsDenied",
                    "The user account which was used to submit this "
                    "request does not have the right to send mail on behalf of the specified account.",
                )
        return message

    def _send(self, user: User, message: MailMessage, actor: str, *, save: bool) -> None:
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


def _addresses(body: Mapping[str, Any], key: str) -> list[str]:
    return [email_address(item, key)[0] for item in list_of(body.get(key) or [], key)]


def _followup_flag(value: object) -> dict[str, Any]:
    """Return a `followupFlag` as it is stored: times in UTC.

    Source: https://learn.microsoft.com/graph/api/resources/followupflag (a due date needs a start date)
    """
    holder = object_of(value, "flag")
    times = ("startDateTime", "dueDateTime", "completedDateTime")
    for key in holder:
        if key not in ("flagStatus", *times) and not is_annotation(key):
            refuse_unknown(unknown_property(key, "followupFlag", ("flagStatus", *times)))
    status = one_of(holder.get("flagStatus") or "notFlagged", ("notFlagged", "complete", "flagged"), "flag.flagStatus")
    found: dict[str, Any] = {"flagStatus": status}
    for name in times:
        if holder.get(name) is not None:
            instant, _ = zoned_time(holder[name], f"flag.{name}")
            found[name] = {"dateTime": wall_time(instant, "UTC"), "timeZone": "UTC"}
    if "dueDateTime" in found and "startDateTime" not in found:
        raise invalid_property("A flag's dueDateTime needs a startDateTime.")
    return found


def _headers(value: object) -> dict[str, str]:
    """Return the custom headers of a message.

    Source: https://learn.microsoft.com/graph/api/resources/internetmessageheader (x- only; at most 5 is reported)
    """
    items = list_of(value, "internetMessageHeaders")
    if len(items) > MOST_HEADERS:
        raise GraphRefusal(
            400,
            "InvalidInternetMessageHeaderCollection",
            f"Maximum number of headers in one message should be less than or equal to {MOST_HEADERS}.",
        )
    found: dict[str, str] = {}
    for item in items:
        pair = object_of(item, "internetMessageHeaders")
        name = text_of(pair.get("name"), "internetMessageHeaders.name")
        if not name.lower().startswith("x-"):
            raise GraphRefusal(
                400,
                "InvalidInternetMessageHeader",
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.",
            )
        if name in found:
            raise body_refusal(f"The internet message header '{name}' is given twice.")
        found[name] = text_of(pair.get("value"), "internetMessageHeaders.value")
    return found
