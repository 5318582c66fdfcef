"""Every text people get, in English and French, each a template of its own that a programme may override.

Texts are short, warm and concrete; they say why they were sent and how to pause, and nothing about anybody else's
delay. `en/` and `fr/` hold one template for each kind of `kinds.KINDS`.
"""

from graphsync.teams.messages.checks import problems_in
from graphsync.teams.messages.kinds import KINDS, MessageKind
from graphsync.teams.messages.texts import LANGUAGES, Message, Override, Reader, Section, Texts

__all__ = ["KINDS", "LANGUAGES", "Message", "MessageKind", "Override", "Reader", "Section", "Texts", "problems_in"]
