"""`graphsync test`: what a rule test says, how it fails, and what no test reaches."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import graphsync

from graphsync.errors import ConfigError
from graphsync.settings import load_scripts, load_settings
from graphsync.trial.reporting import as_junit, as_text
from graphsync.trial.running import coverage, run
from graphsync.trial.script import parse_scripts

ROOT = Path(__file__).parents[3]
BROKEN = sorted((ROOT / "tests" / "data" / "broken_rule_tests").glob("*.yaml"))
RULES = load_settings({}, ROOT / "config").config.rules
HEAD = """\
- test: one
  from: 2026-03-02T08:00+01:00
  people: {mira: , tom: }
  mentorships: [{mentor: mira, mentee: tom}]
  only: [everybody-has-a-next-session, lost-sessions-come-back]
  timeline:
"""


def ran(text, head=HEAD):
    (script,) = parse_scripts(head + text, file="t.yaml", rules=RULES)
    return run(script, RULES)


def test_every_shipped_rule_test_passes_and_every_branch_of_the_shipped_rules_is_reached():
    outcomes = [run(script, RULES) for script in load_scripts([ROOT / "config" / "tests"], RULES)]
    assert as_text(outcomes).splitlines()[-1] == f"{len(outcomes)} rule tests, all passed"
    covered = coverage(outcomes, RULES)
    assert covered.missed == ()
    assert (
        as_text(outcomes, covered).splitlines()[-1]
        == f"{covered.branches} of {covered.branches} branches of the rules reached"
    )


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_told_with_line_column_and_words(path):
    text = path.read_text(encoding="utf-8")
    expected, _, rest = text.removeprefix("# expected: ").partition("\n")
    with pytest.raises(ConfigError) as caught:
        parse_scripts(rest, file="f.yaml", rules=RULES)
    said = [str(problem).removeprefix("f.yaml:") for problem in caught.value.problems]
    assert any(expected in line for line in said), said


def test_all_that_is_wrong_is_told_at_once():
    texts = [path.read_text(encoding="utf-8").partition("\n")[2] for path in BROKEN if path.stem != "not-a-list"]
    with pytest.raises(ConfigError) as caught:
        parse_scripts("".join(texts), file="f.yaml", rules=RULES)
    assert len(caught.value.problems) >= len(texts)


def test_a_failure_shows_expected_beside_actual_and_the_trace():
    outcome = ran("    - {at: +1 hour, expect: [booked: {session: 1, at: 2026-03-10T10:00+01:00}]}\n")
    text = as_text([outcome])
    assert "t.yaml:7: one" in text
    assert "expected: booked: session 1, at 2026-03-10T09:00:00+00:00" in text
    assert re.search(r"actual:   session 1 of mira-tom, Mon 2026-03-09T\d\d:\d\d\+01:00, video", text)
    assert "✓ the mentorship has started: 2026-03-02" in text
    assert "[book_ahead.not_due]" in text
    assert text.endswith("1 rule tests, 1 failed\n")


@pytest.mark.parametrize(
    ("expectation", "holds"),
    [
        ("booked", True),
        ("not booked", False),
        ("lost", False),
        ("not lost", True),
        ("nothing", False),
        ("sent", False),
        ("flagged", False),
        ("closed", False),
        ("not closed", True),
        ("alerted", False),
        ("would", False),
        ("would not", True),
        ("kept free", False),
        ("step: {step: book_ahead.not_due}", True),
        ("step: {rule: nobody}", False),
        ("booked: {online: true}", False),
        ("booked: {week_of: 2026-03-13, medium: video}", True),
        ("booked: {on: 2026-03-10}", False),
    ],
)
def test_what_is_expected_is_so_or_not(expectation, holds):
    outcome = ran(f"    - {{at: +1 hour, expect: [{expectation}]}}\n")
    assert (outcome.failures == ()) is holds


def test_nothing_is_nothing_new_since_the_last_expectations():
    assert ran("    - {at: +1 hour, expect: [booked]}\n    - {at: +1 day, expect: [nothing]}\n").failures == ()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("cancel: {by: tom, session: 7}", "session 7 does not stand by then; those that do: [1]"),
        ("move: {by: tom}", "a move needs a time"),
        ("propose: {by: tom}", "a proposal needs a time"),
        ("say: {by: tom, choice: met, to: did_you_meet}", "tom got no message of the kind 'did_you_meet' by then"),
        ("say: {by: tom, choice: skip}", "no session is lost by then"),
        ("busy: {who: tom, from: 2026-03-10T10:00Z, until: 2026-03-10T10:00Z}", "a meeting ends after it begins"),
    ],
)
def test_an_action_that_cannot_happen_fails_the_test_and_says_why(action, why):
    (failure,) = ran(f"    - {{at: +1 hour, {action}}}\n    - {{at: +1 hour, expect: [booked]}}\n").failures
    assert why in failure.actual[0]
    assert failure.line == 7


def test_who_is_in_several_mentorships_says_which():
    head = HEAD.replace("tom: }", "tom: , ana: }").replace(
        "mentee: tom}]", "mentee: tom}, {mentor: mira, mentee: ana}]"
    )
    (failure,) = ran("    - {at: +1 hour, cancel: {by: mira}, expect: [booked]}\n", head).failures
    assert "mira is in 2 such mentorships" in failure.actual[0]
    assert ran("    - {at: +1 hour, cancel: {by: mira, mentorship: mira-ana}, expect: [lost]}\n", head).failures == ()


def test_who_comes_back_is_no_longer_away():
    outcome = ran(
        "    - {at: +1 hour, away: {who: mira}}\n"
        "    - {at: +1 day, back: {who: mira}}\n"
        "    - {at: +1 hour, expect: [booked]}\n"
    )
    assert outcome.failures == ()


def test_junit_has_a_suite_for_each_file_and_a_case_for_each_test():
    passed = ran("    - {at: +1 hour, expect: [booked]}\n")
    failed = ran("    - {at: +1 hour, expect: [lost]}\n")
    root = ElementTree.fromstring(as_junit([passed, failed]))
    (suite,) = root
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("t.yaml", "2", "1")
    assert [len(case) for case in suite] == [0, 1]
    assert suite[1][0].get("message") == "expected lost"


def test_what_no_test_reaches_is_named():
    covered = coverage([ran("    - {at: +1 hour, expect: [booked]}\n")], RULES)
    assert ("a-good-start", "the rule itself") in covered.missed
    assert ("lost-sessions-come-back", "rebook_same_week.puts_back") in covered.missed
    assert "  not reached: a-good-start: the rule itself" in as_text([], covered)


def command(*arguments, cwd):
    return graphsync("test", *arguments, cwd=cwd)


def test_the_command_runs_them_counts_them_and_writes_junit(tmp_path):
    result = command("--coverage", "--junit", str(tmp_path / "out.xml"), cwd=ROOT)
    assert (result.returncode, result.stderr) == (0, "")
    assert "rule tests, all passed" in result.stdout
    assert ElementTree.parse(tmp_path / "out.xml").getroot().tag == "testsuites"
    some = command("-k", "closing session", cwd=ROOT)
    assert some.stdout == "1 rule tests, all passed\n"


def test_the_command_ends_with_1_on_a_failure_and_2_on_a_broken_file(tmp_path):
    failing = tmp_path / "failing.yaml"
    failing.write_text(HEAD + "    - {at: +1 hour, expect: [lost]}\n", encoding="utf-8")
    assert command(str(failing), cwd=ROOT).returncode == 1
    failing.write_text("- test: x\n", encoding="utf-8")
    broken = command(str(failing), cwd=ROOT)
    assert (broken.returncode, "found no key 'from'" in broken.stdout) == (2, True)
    empty = command(str(tmp_path / "none"), cwd=ROOT)
    assert (empty.returncode, "a file that can be read" in empty.stdout) == (2, True)
