"""Mail of a pair as far as graphsync looks at it: who wrote to the other, and when; never what.

What waits is judged strictly, so that nobody is asked for an answer that nobody wants; what answers is judged loosely,
so that nobody is who has given one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from graphsync.mentoring import PersonId
from graphsync.teams.waiting import WaitingMessage, Written, first_unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """A mail in somebody's mailbox without its subject and text.

    `to` holds the addresses it names, and `copied` says whether others got a copy openly. `is_meeting` marks invites
    and the answers to them, `is_automatic` what no person wrote: an automatic reply, say.
    """

    id: str
    received_at: datetime
    to: tuple[str, ...]
    copied: bool = False
    is_draft: bool = False
    is_meeting: bool = False
    is_automatic: bool = False

    @property
    def is_by_hand(self) -> bool:
        """Whether a person has sent it."""
        return not self.is_draft and not self.is_automatic

    def is_for(self, address: str) -> bool:
        """Tell whether a person wrote it to this address alone, and about no meeting; letters in any case."""
        if self.copied or self.is_meeting or not self.is_by_hand:
            return False
        return [to.casefold() for to in self.to] == [address.casefold()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What lies in the mailbox of one of a pair, `address`, of what the other one, `author`, has mailed; in any order.

    `answered_at` is when the owner of the mailbox last said, by a personal link, that they have answered.
    """

    author: PersonId
    address: str
    mail: tuple[ReceivedMail, ...]
    answered_at: datetime | None = None


def waiting_mail(mailboxes: Iterable[Received], closed: Container[str]) -> WaitingMessage | None:
    """Return the mail that waits for an answer between two people, or None where none does.

    What went to others as well, and what is about a meeting, answers and does not wait; automatic replies do neither.

    Args:
        mailboxes: those of both.
        closed: the ids of mail that waited once and does so no more.
    """
    return first_unanswered(
        Written(
            message_id=mail.id,
            author=received.author,
            sent_at=mail.received_at,
            waits=mail.is_for(received.address),
            answered=mail.id in closed
            or (received.answered_at is not None and mail.received_at <= received.answered_at),
        )
        for received in mailboxes
        for mail in received.mail
        if mail.is_by_hand
    )
