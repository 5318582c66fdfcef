from builders import NOW, a_state, ahead, rules, start, touch

from graphsync.mentoring import FlagKind
from graphsync.rules.caps import Exceeded, exceeded
from graphsync.rules.decide import decide
from graphsync.rules.intents import Decision, FlagMentorship


def test_what_a_rule_wants_is_counted_over_all_decisions_of_a_round():
    held = rules(ahead(cap=2), touch())
    decision = decide(a_state(), held, NOW)
    assert exceeded([decision] * 2, held) == ()
    assert exceeded([decision] * 3, held) == (Exceeded(rule="ahead", wanted=3, cap=2),)


def test_what_is_asked_first_counts_as_well():
    held = rules(start(), ahead(cap=1))
    decision = decide(a_state(), held, NOW)
    assert len(decision.suggestions) == 1
    assert [one.rule for one in exceeded([decision] * 2, held)] == ["ahead"]


def test_flags_and_what_is_only_observed_are_no_actions():
    held = rules(touch(cap=1), ahead(mode="observe", cap=1))
    flag = FlagMentorship(key="f", mentorship="m1", rule="touch", reason="", flag=FlagKind.NOT_MEETING)
    assert exceeded([Decision(intents=(flag,) * 3), *([decide(a_state(), held, NOW)] * 3)], held) == ()
