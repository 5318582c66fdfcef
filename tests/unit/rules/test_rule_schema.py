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

ALL_PRACTICES = (
    "'answer_promptly', 'book_ahead', 'close_well', 'prepare', 'rebook_same_week', 'start_well', 'stay_in_touch',"
    " 'undisturbed' or 'video_first'"
)
SOURCES = "'chat', 'invite', 'mail' and 'question'"
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
    named = {rule.practice: rule for rule in rules.rules}
    book, rebook, video, answer = (
        named[name] for name in ("book_ahead", "rebook_same_week", "video_first", "answer_promptly")
    )
    assert book == BookAhead(name=book.name)
    assert (book.cohorts, book.for_all, book.mode) == (("all",), True, "observe")
    assert (book.cadence, book.duration) == (timedelta(days=14), timedelta(minutes=50))
    assert book.lead_time == LeadTime(at_least=timedelta(days=7), at_most=timedelta(days=21))
    assert book.first_session_within == WorkingDays(10)
    assert (book.mentor_limits.a_day, book.mentor_limits.a_week) == (2, 4)
    assert rebook == RebookSameWeek(
        name=rebook.name,
        wait=WorkingTime(timedelta(hours=2)),
        notice=timedelta(hours=24),
        short_notice=WorkingTime(timedelta(hours=4)),
        alternatives=2,
        search_after=timedelta(days=21),
        in_a_row=2,
    )
    assert video == VideoFirst(name=video.name, first_in_person=True)
    assert answer == AnswerPromptly(
        name=answer.name,
        sources=(RequestSource.INVITE, RequestSource.QUESTION),
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
    assert rules.candidates(BookAhead, "new-hires") == [weekly, for_all]
    assert rules.candidates(BookAhead, "others") == [for_all]
    assert rules.candidates(VideoFirst, "new-hires") == [video]
    assert rules.candidates(VideoFirst, "others") == []
    assert rules.candidates(AnswerPromptly, "new-hires") == []


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
            "mode: enforced",
            "rules.yaml:3:9: rule 'r': found mode 'enforced'; expected 'enforce', 'observe' or 'suggest'"
            " (did you mean 'enforce'?)",
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
            "rules.yaml:3:3: rule 'r': found key 'cohorts'; expected 'for', as it is called",
        ),
        (
            "when: x < 3",
            "rules.yaml:3:9: rule 'r': found the unknown fact 'x'; expected a fact of docs/rules.md",
        ),
        (
            "when: 'sessions.past < 3 and not mentee.is_awy'",
            "rules.yaml:3:36: rule 'r': found the unknown fact 'mentee.is_awy'; expected a fact of docs/rules.md"
            " (did you mean 'mentee.is_away'?)",
        ),
        (
            "when: sessions.past < 'three'",
            "rules.yaml:3:9: rule 'r': found values of different types; expected values that can be compared or"
            " reckoned with each other",
        ),
        (
            "when: 3",
            "rules.yaml:3:9: rule 'r': found when 3; expected a condition such as 'mentorship.age_days < 60 and not"
            " mentor.is_away'",
        ),
        (
            "cap: 0",
            "rules.yaml:3:8: rule 'r': found cap 0; expected a whole number from 1 to 10000",
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
        ("practice: answer_promptly, sources: chat", f"found sources 'chat'; expected a list of {SOURCES}"),
        ("practice: answer_promptly, sources: []", f"found sources a list; expected a list of {SOURCES}"),
        ("practice: answer_promptly, sources: [chat, chat]", "found an entry twice; expected each entry once"),
        ("practice: answer_promptly, sources: [3]", "found sources 3; expected 'chat', 'invite', 'mail' or 'question'"),
        (
            "practice: answer_promptly, invites: {}",
            "found invites keys of its own; expected '1 working day' to '20 working days'",
        ),
        (
            "practice: rebok_same_week",
            f"found practice 'rebok_same_week'; expected {ALL_PRACTICES} (did you mean 'rebook_same_week'?)",
        ),
        (
            "practice: stay_in_touch, touches: 3",
            "found key 'touches'; expected one of 'cap', 'for', 'ideas', 'lost_touch_after', 'mode', 'name',"
            " 'nudge_after', 'practice' or 'when'",
        ),
        (
            "practice: [video_first]",
            f"found practice a list; expected {ALL_PRACTICES}",
        ),
        (
            "mode: enforce",
            f"found no key 'practice'; expected 'practice' (one of {ALL_PRACTICES})",
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
        f"rules.yaml:3:23: found practice 'xy'; expected {ALL_PRACTICES}",
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
        "rules.yaml:3:40: rule 'b': found a second rule of practice 'book_ahead' for all cohorts; expected a `when`"
        " on the one before it, which leaves it nothing (in line 1)",
        "rules.yaml:4:41: rule 'c': found a second rule of practice 'video_first' for cohort 'new-hires'; expected"
        " a `when` on the one before it, which leaves it nothing (in line 2)",
    ]


def test_a_rule_with_a_condition_leaves_room_for_another():
    rules = read(
        "- {name: a, practice: book_ahead, when: mentorship.age_days < 60}\n- {name: b, practice: book_ahead}\n"
    ).rules
    assert [rule.name for rule in rules] == ["a", "b"]


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


def quiet_rule(key):
    (problem,) = problems_of(f"- {{name: r, practice: undisturbed, {key}}}\n")
    return problem.partition("rule 'r': ")[2]


@pytest.mark.parametrize("lunch", ["12:00", "12:00-25:00", "12:00-12:00", "3"])
def test_hours_of_the_day_are_two_times(lunch):
    problem = quiet_rule(f"lunch: '{lunch}'")
    assert problem == f"found lunch '{lunch}'; expected hours of the day such as '12:00-13:00', or 'none'"


def test_hours_of_the_day_are_read_and_printed_back():
    (rule,) = read("- {name: r, practice: undisturbed, lunch: 11:30-12:15}\n").rules
    assert str(rule.lunch) == "11:30-12:15"
    (rule,) = read("- {name: r, practice: undisturbed, lunch: none}\n").rules
    assert rule.lunch is None


def test_touch_is_lost_later_than_it_is_asked_about():
    (problem,) = problems_of("- {name: r, practice: stay_in_touch, nudge_after: 4}\n")
    assert problem == (
        "rules.yaml:1:51: rule 'r': found nudge_after 4; expected a number under lost_touch_after, which is 3"
    )
