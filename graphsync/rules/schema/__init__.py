"""What a rule may say: one model for each practice, and the rule set they make up."""

from graphsync.rules.schema.common import CADENCE, DAY, HOUR, MINUTE, CommonKeys, Flag, Mode, Section, Slug
from graphsync.rules.schema.contact import AnswerPromptly, CloseWell, Prepare, StartWell, StayInTouch
from graphsync.rules.schema.rule_set import RULE_TYPES, NudgePolicy, Rule, RuleSet, RuleType, Silence
from graphsync.rules.schema.sessions import (
    BookAhead,
    LeadTime,
    MentorLimits,
    RebookSameWeek,
    Undisturbed,
    VideoFirst,
)

__all__ = [
    "CADENCE",
    "DAY",
    "HOUR",
    "MINUTE",
    "RULE_TYPES",
    "AnswerPromptly",
    "BookAhead",
    "CloseWell",
    "CommonKeys",
    "Flag",
    "LeadTime",
    "MentorLimits",
    "Mode",
    "NudgePolicy",
    "Prepare",
    "RebookSameWeek",
    "Rule",
    "RuleSet",
    "RuleType",
    "Section",
    "Silence",
    "Slug",
    "StartWell",
    "StayInTouch",
    "Undisturbed",
    "VideoFirst",
]
