from datetime import timedelta

import pytest
from pydantic import ValidationError

from graphsync.errors import ConfigError
from graphsync.mentoring import RequestSource
from graphsync.rules import kinds
from graphsync.rules.durations import WorkingDays, WorkingTime
from graphsync.rules.positions import parse_yaml
from graphsync.rules.rules_file import PRACTICES, parse_rules
from graphsync.rules.schema import AnswerPromptly, BookAhead, LeadTime, RebookSameWeek, RuleSet, VideoFirst

COHORTS = ("new-hires", "newly-promoted")


def read(text, cohorts=COHORTS):
    return parse_rules(parse_yaml(text, file="rules.yaml"), cohorts=cohorts)


def problems_of(text, cohorts=COHORTS):
    with pytest.raises(ConfigError) as caught:
        read(text, cohorts)
    return [str(problem) for problem in caught.value.problems]


def rule_with(line):
    """Return the only problem of a book_ahead rule that has `line` as its third line."""
    (problem,) = problems_of(f"- name: r\n  practice: book_ahead\n  {line}\n")
    return problem


def test_a_rule_that_says_only_its_practice_has_the_defaults_of_the_design():
    rules = read("".join(f"- {{name: r{n}, practice: {name}}}\n" for n, name in enumerate(PRACTICES)))
    book, rebook, video, answer = rules.rules
    assert book == BookAhead(name="r0")
    assert (book.cohorts, book.for_all, book.mode) == (("all",), True, "observe")
    assert (book.cadence, book.duration) == (timedelta(days=14), timedelta(minutes=50))
    assert book.lead_time == LeadTime(at_least=timedelta(days=7), at_most=timedelta(days=21))
    assert book.first_session_within == WorkingDays(10)
    assert (book.mentor_limits.a_day, book.mentor_limits.a_week) == (2, 4)
    assert rebook == RebookSameWeek(
        name="r1",
        wait=WorkingTime(timedelta(hours=2)),
        notice=timedelta(hours=24),
        short_notice=WorkingTime(timedelta(hours=4)),
        alternatives=2,
        search_after=timedelta(days=21),
        in_a_row=2,
    )
    assert video == VideoFirst(name="r2", first_in_person=True)
    assert answer == AnswerPromptly(
        name="r3",
        sources=(RequestSource.INVITE,),
        invites=WorkingDays(2),
        questions=WorkingDays(1),
        again_after=WorkingDays(3),
        offer_help=True,
    )


def test_what_a_rule_says_wins_over_the_defaults():
    (rule,) = read(
        "- name: weekly\n  practice: book_ahead\n  for: [new-hires, newly-promoted]\n  mode: enforce\n"
        "  cadence: 7 days\n  lead_time: {at_most: 14 days}\n  mentor_limits: {a_week: 3}\n"
    ).rules
    assert isinstance(rule, BookAhead)
    assert (rule.cohorts, rule.for_all, rule.mode) == (COHORTS, False, "enforce")
    assert rule.cadence == timedelta(days=7)
    assert rule.lead_time == LeadTime(at_most=timedelta(days=14))
    assert (rule.mentor_limits.a_day, rule.mentor_limits.a_week) == (2, 3)


def test_a_rule_that_names_the_cohort_wins_over_one_for_all():
    for_all, weekly = BookAhead(name="all"), BookAhead(name="weekly", cohorts=("new-hires",))
    video = VideoFirst(name="video", cohorts=("new-hires",))
    rules = RuleSet((for_all, weekly, video))
    assert rules.rule(BookAhead, "new-hires") is weekly
    assert rules.rule(BookAhead, "others") is for_all
    assert rules.rule(VideoFirst, "new-hires") is video
    assert rules.rule(VideoFirst, "others") is None
    assert rules.rule(AnswerPromptly, "new-hires") is None


def test_models_are_frozen():
    with pytest.raises(ValidationError):
        BookAhead(name="r").cadence = timedelta(days=1)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "cadence: 14 dayz",
            "rules.yaml:3:12: rule 'r': found cadence '14 dayz'; expected '1 day' to '92 days', in whole days",
        ),
        (
            "cadence: 36 hours",
            "rules.yaml:3:12: rule 'r': found cadence '36 hours'; expected '1 day' to '92 days', in whole days",
        ),
        (
            "cadence: 93 days",
            "rules.yaml:3:12: rule 'r': found cadence '93 days'; expected '1 day' to '92 days', in whole days",
        ),
        (
            "lead_time: {at_least: 3 days}",
            "rules.yaml:3:25: rule 'r': found lead_time.at_least '3 days'; expected '7 days' to '60 days', in whole"
            " days (the practice is an invite at least 7 days ahead, so that both can prepare)",
        ),
        (
            "lead_time: {at_least: 9 days, at_most: 9 days}",
            "rules.yaml:3:42: rule 'r': found at_most '9 days'; expected at_most to be longer than at_least, which is"
            " 9 days",
        ),
        (
            "lead_time: 7 days",
            "rules.yaml:3:14: rule 'r': found lead_time '7 days'; expected keys 'at_least' or 'at_most'",
        ),
        (
            "lead_time: {at_lest: 7 days}",
            "rules.yaml:3:15: rule 'r': found key 'at_lest'; expected one of 'at_least' or 'at_most' (did you mean"
            " 'at_least'?)",
        ),
        (
            "duration: 48 minutes",
            "rules.yaml:3:13: rule 'r': found duration '48 minutes'; expected '5 minutes' to '4 hours', in steps of 5"
            " minutes",
        ),
        (
            "first_session_within: 5 working days",
            "rules.yaml:3:25: rule 'r': found first_session_within '5 working days'; expected more working days than"
            " lead_time.at_least (7 days) takes up",
        ),
        (
            "first_session_within: 14 days",
            "rules.yaml:3:25: rule 'r': found first_session_within '14 days'; expected '1 working day' to"
            " '60 working days'",
        ),
        (
            "mentor_limits: {a_day: 5}",
            "rules.yaml:3:26: rule 'r': found a_day 5; expected a number up to a_week, which is 4",
        ),
        (
            "mentor_limits: {a_week: true}",
            "rules.yaml:3:27: rule 'r': found mentor_limits.a_week true; expected a whole number from 1 to 40",
        ),
        (
            "mode: suggest",
            "rules.yaml:3:9: rule 'r': found mode 'suggest'; expected 'enforce' or 'observe' ('suggest'"
            " comes in a later version)",
        ),
        (
            "mode: enforced",
            "rules.yaml:3:9: rule 'r': found mode 'enforced'; expected 'enforce' or 'observe' (did you"
            " mean 'enforce'?)",
        ),
        (
            "for: new-hire",
            "rules.yaml:3:8: rule 'r': found cohort 'new-hire'; expected a cohort of graphsync.yaml:"
            " 'all', 'new-hires' or 'newly-promoted' (did you mean 'new-hires'?)",
        ),
        (
            "for: [new-hires, xy]",
            "rules.yaml:3:20: rule 'r': found cohort 'xy'; expected a cohort of graphsync.yaml:"
            " 'all', 'new-hires' or 'newly-promoted'",
        ),
        ("for: []", "rules.yaml:3:8: rule 'r': found for a list; expected a cohort, a list of cohorts, or 'all'"),
        (
            "for: [new-hires, new-hires]",
            "rules.yaml:3:8: rule 'r': found a cohort named twice; expected each cohort once",
        ),
        (
            "for: [all, new-hires]",
            "rules.yaml:3:8: rule 'r': found 'all' beside other cohorts; expected either 'all' or the names of cohorts",
        ),
        ("for:", "rules.yaml:3:3: rule 'r': found for nothing; expected a cohort, a list of cohorts, or 'all'"),
        (
            "cohorts: new-hires",
            "rules.yaml:3:3: rule 'r': found key 'cohorts'; expected one of 'cadence', 'duration',"
            " 'first_session_within', 'for', 'lead_time', 'mentor_limits', 'mode', 'name' or"
            " 'practice'",
        ),
        (
            "when: x < 3",
            "rules.yaml:3:3: rule 'r': found key 'when'; expected 'cadence', 'duration',"
            " 'first_session_within', 'for', 'lead_time', 'mentor_limits', 'mode', 'name' or 'practice'"
            " ('when' comes in a later version)",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(line, problem):
    assert rule_with(line) == problem


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            "practice: rebook_same_week, notice: 12 hours",
            "found notice '12 hours'; expected '1 day' to '3 days', in"
            " whole hours (the practice is at least 24 hours ahead)",
        ),
        (
            "practice: rebook_same_week, wait: 17 working hours",
            "found wait '17 working hours'; expected '0 working hours' to '16 working hours'",
        ),
        ("practice: rebook_same_week, alternatives: 3", "found alternatives 3; expected a whole number from 0 to 2"),
        ("practice: video_first, first_in_person: yes", "found first_in_person 'yes'; expected true or false"),
        ("practice: answer_promptly, sources: chat", "found sources 'chat'; expected a list of 'chat' and 'invite'"),
        ("practice: answer_promptly, sources: []", "found sources a list; expected a list of 'chat' and 'invite'"),
        ("practice: answer_promptly, sources: [chat, chat]", "found an entry twice; expected each entry once"),
        ("practice: answer_promptly, sources: [3]", "found sources 3; expected 'chat' or 'invite'"),
        (
            "practice: answer_promptly, invites: {}",
            "found invites keys of its own; expected '1 working day' to '20 working days'",
        ),
        (
            "practice: rebok_same_week",
            "found practice 'rebok_same_week'; expected 'answer_promptly', 'book_ahead',"
            " 'rebook_same_week' or 'video_first' (did you mean 'rebook_same_week'?)",
        ),
        (
            "practice: stay_in_touch",
            "found practice 'stay_in_touch'; expected 'answer_promptly', 'book_ahead',"
            " 'rebook_same_week' or 'video_first' ('stay_in_touch' comes in a later version)",
        ),
        (
            "practice: [video_first]",
            "found practice a list; expected 'answer_promptly', 'book_ahead', 'rebook_same_week' or 'video_first'",
        ),
        (
            "mode: enforce",
            "found no key 'practice'; expected 'practice' (one of 'answer_promptly', 'book_ahead',"
            " 'rebook_same_week' or 'video_first')",
        ),
    ],
)
def test_a_wrong_rule_of_any_practice_is_told(keys, problem):
    (said,) = problems_of(f"- {{name: r, {keys}}}\n")
    assert said.endswith(f": rule 'r': {problem}")


def test_a_rule_needs_a_name_that_is_a_slug():
    assert problems_of(
        "- practice: video_first\n- {name: My Rule, practice: book_ahead}\n- {name: 7, practice: xy}\n"
    ) == [
        "rules.yaml:1:3: found no key 'name'; expected 'name' (what the rule is called in messages and explanations;"
        " each name once)",
        "rules.yaml:2:10: rule 'My Rule': found name 'My Rule'; expected lower-case letters, digits and hyphens, such"
        " as 'new-hires'",
        "rules.yaml:3:23: found practice 'xy'; expected 'answer_promptly', 'book_ahead', 'rebook_same_week' or"
        " 'video_first'",
    ]


def test_names_are_unique_and_a_practice_has_one_rule_for_a_cohort():
    text = (
        "- {name: a, practice: book_ahead}\n"
        "- {name: a, practice: video_first, for: new-hires}\n"
        "- {name: b, practice: book_ahead, for: all}\n"
        "- {name: c, practice: video_first, for: [newly-promoted, new-hires]}\n"
        "- {name: d, practice: book_ahead, for: new-hires}\n"
    )
    assert problems_of(text) == [
        "rules.yaml:2:10: rule 'a': found the name 'a' a second time; expected each name once (line 1 has it too)",
        "rules.yaml:3:40: rule 'b': found a second rule of practice 'book_ahead' for all cohorts; expected one rule"
        " of a practice for each cohort (the other is in line 1)",
        "rules.yaml:4:41: rule 'c': found a second rule of practice 'video_first' for cohort 'new-hires'; expected"
        " one rule of a practice for each cohort (the other is in line 2)",
    ]


def test_cohorts_are_not_complained_about_where_they_are_not_known():
    (rule,) = read("- {name: r, practice: video_first, for: anything}\n", cohorts=None).rules
    assert rule.cohorts == ("anything",)


@pytest.mark.parametrize(("text", "found"), [("{}\n", "keys of its own"), ("[]\n", "a list"), ("text\n", "'text'")])
def test_a_file_that_is_no_list_of_rules_is_refused(text, found):
    assert problems_of(text) == [
        f"rules.yaml:1:1: found {found}; expected a list of rules, each starting with '- name: '"
    ]


def test_an_entry_that_is_no_rule_is_refused():
    assert problems_of("- text\n- 3\n") == [
        "rules.yaml:1:3: found 'text'; expected a rule: keys such as 'name' and 'practice'",
        "rules.yaml:2:3: found 3; expected a rule: keys such as 'name' and 'practice'",
    ]


def test_what_could_not_be_read_is_told_once():
    assert problems_of("- {name: r, practice: book_ahead, cadence: &c 7 days, cadence: 3}\n") == [
        "rules.yaml:1:44: found the anchor '&c'; expected each value written where it is used",
        "rules.yaml:1:55: found key 'cadence' a second time; expected each key once (line 1 has it too)",
    ]
    assert problems_of("- {") == [str(p) for p in parse_yaml("- {", file="rules.yaml").problems]


def test_long_text_is_cut_in_messages():
    assert kinds.shown("x" * 100) == repr("x" * 59 + "…")
