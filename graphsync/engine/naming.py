"""Which mentorship is meant by what somebody typed."""

from __future__ import annotations

import difflib

from graphsync.engine.context import pair_of
from graphsync.engine.ports import Ledger
from graphsync.errors import NotKnown
from graphsync.mentoring import MentorshipId, mentorship_id

CLOSE = 3
"""How many names that come close are shown."""


def named_mentorship(ledger: Ledger, named: str) -> MentorshipId:
    """Return the mentorship that is named, or whose action is.

    Args:
        ledger: an open transaction.
        named: a mentorship's id, an action's key, or the addresses of the two with a comma between (mentor first).

    Raises:
        NotKnown: there is none; says which come close.
    """
    found = ledger.mentorships.get(MentorshipId(named))
    if found is not None:
        return found.id
    mentor, _, mentee = (part.strip() for part in named.partition(","))
    found = ledger.mentorships.get(mentorship_id(mentor, mentee)) if mentee else None
    if found is not None:
        return found.id
    for part in named.split("/"):
        known = ledger.mentorships.get(MentorshipId(part))
        if known is not None:
            return known.id
    raise NotKnown(
        f"{named!r} is no mentorship's id, no action's key, and not 'mentor,mentee' by their addresses; "
        f"`graphsync mentorships list` shows ids{_near(ledger, named)}"
    )


def _near(ledger: Ledger, named: str) -> str:
    """Return ` (did you mean …?)` with the names that come close, in the form that was typed; nothing without any."""
    mentorships = ledger.mentorships.all()
    names = [str(mentorship.id) for mentorship in mentorships]
    if "," in named:
        pairs = [pair_of(ledger, mentorship) for mentorship in mentorships]
        names = [f"{mentor.address},{mentee.address}".casefold() for mentor, mentee in filter(None, pairs)]
    sought = ",".join(part.strip() for part in named.casefold().split(","))
    close = difflib.get_close_matches(sought, names, n=CLOSE)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
