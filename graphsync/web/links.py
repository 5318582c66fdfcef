"""Personal links: signed, for one person, one matter and one answer, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

from graphsync.clock import Clock
from graphsync.mentoring import Choice, MentorshipId, PersonId

PATH: Final = "/a/"
LASTS: Final = timedelta(days=60)
"""How long a link can be used: longer than any matter is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a link says: who answers what about which matter; `starts_at` is the time a yes is for."""

    mentorship: MentorshipId
    person: PersonId
    about: str
    choice: Choice
    starts_at: datetime | None
    made_at: datetime


class LinkForged(Exception):
    """The link was not made here, or was changed on its way."""


class LinkExpired(Exception):
    """The link is too old to be used."""


class SignedLinks:
    """`ports.Links` by itsdangerous: whoever has no key of ours can make none, and none can be changed."""

    def __init__(self, key: str, public_url: str, clock: Clock) -> None:
        self._signer = URLSafeSerializer(key, salt="graphsync.answer")
        self._public_url = public_url.rstrip("/")
        self._clock = clock

    def answer(
        self, mentorship: MentorshipId, person: PersonId, about: str, choice: Choice, starts_at: datetime | None
    ) -> str:
        """Return the address of the page on which `person` answers; opening it changes nothing."""
        at = None if starts_at is None else int(starts_at.timestamp())
        said = [mentorship, person, about, str(choice), at, int(self._clock.now().timestamp())]
        return f"{self._public_url}{PATH}{self._signer.dumps(said)}"

    def read(self, token: str) -> Answer:
        """Return what the last part of a link says.

        Raises:
            LinkForged: it was not made here.
            LinkExpired: it is older than `LASTS`.
        """
        try:
            mentorship, person, about, choice, at, made = self._signer.loads(token)
        except BadSignature as error:
            raise LinkForged from error
        made_at = datetime.fromtimestamp(made, UTC)
        if self._clock.now() - made_at > LASTS:
            raise LinkExpired
        return Answer(
            mentorship=MentorshipId(mentorship),
            person=PersonId(person),
            about=about,
            choice=Choice(choice),
            starts_at=None if at is None else datetime.fromtimestamp(at, UTC),
            made_at=made_at,
        )
