import pytest
from builders import NOW, a_mentorship, a_session, a_state, at

from graphsync.mentoring import Loss, OptIn
from graphsync.rules.conditions import Condition, ConditionError, condition, parse_condition

LOST = a_session(1, "09-10 10:00", loss=Loss.DECLINED, lost_at=at("09-09 10:00"))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("mentorship.cohort == 'new-hires'", True),
        ('mentorship.cohort != "new-hires"', False),
        ("mentorship.cohort in ['alumni', 'new-hires']", True),
        ("'chat' in mentorship.opt_ins", True),
        ("'mail' in mentorship.opt_ins or sessions.lost >= 1", True),
        ("not (mentor.is_away or mentee.is_away)", True),
        ("sessions.lost * 2 + 1 == 3 and sessions.lost - 1 < 0.5", True),
        ("-sessions.lost < 0", True),
        ("mentorship.has_standing_time == false", True),
        ("true", True),
        ("mentorship.cadence_days not in [7, 14]", True),
        ("today.weekday < 'n'", True),
    ],
)
def test_a_condition_is_a_yes_or_a_no(text, holds):
    state = a_state(LOST, mentorship=a_mentorship(opt_ins=frozenset({OptIn.CHAT})))
    assert parse_condition(text).evaluate(state, NOW).holds is holds


def test_the_values_found_are_told():
    came_to = parse_condition("sessions.lost > 3 and 'chat' in mentorship.opt_ins").evaluate(a_state(LOST), NOW)
    assert came_to.found == "sessions.lost = 1, mentorship.opt_ins = []"
    state = a_state(mentorship=a_mentorship(opt_ins=frozenset({OptIn.CHAT, OptIn.MAIL})))
    assert parse_condition("'x' in mentorship.opt_ins").evaluate(state, NOW).found == (
        "mentorship.opt_ins = ['chat', 'mail']"
    )


def test_what_cannot_be_worked_out_does_not_hold_and_says_why():
    came_to = parse_condition("12 / sessions.past > 3").evaluate(a_state(), NOW)
    assert (came_to.holds, came_to.problem) == (False, " (arithmetic error: division by zero)")
    assert came_to.found == "sessions.past = 0 (arithmetic error: division by zero)"


@pytest.mark.parametrize(
    ("text", "offset", "found"),
    [
        ("", 0, "an empty condition"),
        ("   ", 0, "an empty condition"),
        ("x < 3", 0, "the unknown fact 'x'"),
        ("sessions.lost < 3 and sessions.pasd > 1", 22, "the unknown fact 'sessions.pasd'"),
        ("mentorship < 3", 0, "the unknown fact 'mentorship'"),
        ("mentor.__class__ == 'x'", 0, "the unknown fact 'mentor.__class__'"),
        ("sessions.lost < 'three'", 0, "values of different types"),
        ("mentor.is_away and sessions.lost + 'x' > 3", 19, "values of different types"),
        ("sessions.lost == '3'", 0, "a number compared with a text"),
        ("mentor.is_away and sessions.lost", 0, "a number"),
        ("sessions.lost or mentor.is_away", 0, "a number"),
        ("not sessions.lost", 0, "a number"),
        ("sessions.lost", 0, "a number"),
        ("mentorship.opt_ins", 0, "a list"),
        ("mentorship.cohort in 'abc'", 0, "a text sought in a text"),
        ("mentorship.cohort in [1, 2]", 0, "a text sought in a list"),
        ("mentorship.cohort in []", 0, "a text sought in a list"),
        ("1 / 0 > 3", 0, "a division by zero"),
        ("sessions.lost <", 15, "the end of the condition"),
        ("(sessions.lost < 3", 18, "the end of the condition"),
        ("sessions.lost < 3)", 17, "')'"),
        ("sessions.lost sessions.past", 14, "'sessions.past'"),
        ("sessions.lost ** 9 > 3", 14, "'*'"),
        ("sessions.lost // 9 > 3", 14, "'/'"),
        ("sessions.lost << 9 > 3", 14, "'<'"),
        ("mentorship.cohort =~ '(a+)+b'", 18, "'='"),
        ("$now > 3", 0, "'$'"),
        ("[x for x in [1]] == [1]", 1, "the unknown fact 'x'"),
        ("sessions.lost < 1e99", 16, "'1e99'"),
        ("sessions.lost < 12345678901", 16, "'12345678901'"),
        ("mentorship.cohort == 'a\\nb'", 21, '"\'"'),
        ("mentorship.cohort == 'open", 21, '"\'"'),
        ("(" * 21 + "true" + ")" * 21, 20, "more than 20 open brackets"),
        ("true or " * 80 + "true", 500, "a condition of 644 characters"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(text, offset, found):
    with pytest.raises(ConditionError) as caught:
        parse_condition(text)
    assert (caught.value.offset, caught.value.found) == (offset, found)
    assert str(caught.value).startswith(found)


def test_the_nearest_fact_is_named():
    with pytest.raises(ConditionError, match=r"did you mean 'mentorship.age_days'\?"):
        parse_condition("mentorship.age_day < 3")


def test_conditions_of_one_text_are_equal():
    first, second = parse_condition("mentor.is_away"), condition("mentor.is_away")
    assert (first, hash(first)) == (second, hash(second))
    assert condition(first) is first
    assert first != parse_condition("mentee.is_away")
    assert isinstance(first, Condition)


def test_a_condition_knows_whether_time_alone_can_change_it():
    assert parse_condition("mentorship.age_days < 3").changes_with_time
    assert not parse_condition("mentorship.cohort == 'x'").changes_with_time
