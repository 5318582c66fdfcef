"""What looks at chats and at mail have in common: how far back they read, and how they keep what they found waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from graphsync.engine.context import mark_mentorship
from graphsync.engine.ports import Ledger
from graphsync.mentoring import Mentorship, OpenRequest, OptIn, RequestSource
from graphsync.rules.config import Config
from graphsync.rules.schema import AnswerPromptly

FIRST_LOOK_BACK: Final = timedelta(days=7)
"""How far back is read where nothing is known to wait."""

OVERLAP: Final = timedelta(minutes=1)
"""Read again at each look, since messages become readable a little after their own time."""


def is_asked_for(config: Config, mentorship: Mentorship, opt_in: OptIn, source: RequestSource) -> bool:
    """Tell whether both have agreed that their messages are looked at, and a rule asks for what waits in them."""
    rules = config.rules.candidates(AnswerPromptly, mentorship.cohort)
    return opt_in in mentorship.opt_ins and any(source in rule.sources for rule in rules)


def keep_waiting(ledger: Ledger, known: OpenRequest | None, seen: OpenRequest | None, now: datetime) -> None:
    """Have the store hold what a look saw waiting in place of what was known before, each None for nothing."""
    if known == seen:
        return
    if known is not None and (seen is None or seen.key != known.key):
        ledger.requests.close(known.key)
    if seen is not None:
        ledger.requests.save(seen)
    changed = seen or known
    if changed is not None:
        mark_mentorship(ledger, changed.mentorship, now)
