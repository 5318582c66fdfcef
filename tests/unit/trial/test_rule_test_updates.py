"""`graphsync test --update`: values that are not so are replaced by what is, and only after a yes."""

from pathlib import Path

import pytest
from command_line import graphsync

from graphsync.settings import load_settings
from graphsync.trial.running import run
from graphsync.trial.script import parse_scripts
from graphsync.trial.updating import changed, changes

ROOT = Path(__file__).parents[3]
RULES = load_settings({}, ROOT / "config").config.rules
HEAD = """\
# A remark.
- test:   one
  from: 2026-03-02T08:00+01:00
  people: {mira: , tom: }
  mentorships: [{mentor: mira, mentee: tom}]
  only: [everybody-has-a-next-session, lost-sessions-come-back]
  timeline:
"""
BOOKED = "2026-03-09T09:30+01:00"


def updated(text):
    failures = [failure for script in parse_scripts(text, file="t.yaml", rules=RULES) for failure in failed(script)]
    found = changes(text, "t.yaml", failures)
    return changed(text, found), [str(change) for change in found]


def failed(script):
    return run(script, RULES).failures


def with_expectation(said):
    return f"{HEAD}    - {{at: +1 hour, expect: {said}}}   # as it was\n"


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("[booked: {session: 1, at: 2026-03-10T10:00+01:00}]", f"[booked: {{session: 1, at: {BOOKED}}}]"),
        (
            "[booked: {at: '2026-03-10T09:00Z', medium: phone}]",
            "[booked: {at: '2026-03-09T08:30+00:00', medium: video}]",
        ),
        ("{booked: {on: 2026-03-10}}", "{booked: {on: 2026-03-09}}"),
        ("[booked: {week_of: 2026-03-16, online: true}]", "[booked: {week_of: 2026-03-09, online: false}]"),
    ],
)
def test_a_value_is_replaced_where_it_is_written_and_nothing_else(said, then):
    text, _ = updated(with_expectation(said))
    assert text == with_expectation(then)
    assert updated(text) == (text, [])


def test_a_change_is_shown_with_its_place_and_both_values():
    _, shown = updated(with_expectation("[booked: {at: 2026-03-10T10:00+01:00}]"))
    assert shown == [f"t.yaml:8:43: at: 2026-03-10T10:00+01:00 -> {BOOKED}"]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("[booked: {session: 2, at: 2026-03-10T10:00+01:00}]", id="another session is not this one"),
        pytest.param("[booked: {replaces: 1}]", id="what should not be said at all"),
        pytest.param("[not booked: {session: 1}]", id="what must not be"),
        pytest.param("[lost, nothing, sent: {to: tom}]", id="nothing of the kind"),
        pytest.param("[step: {step: close_well.ends}]", id="many that come as near"),
    ],
)
def test_what_has_no_one_value_to_take_its_place_is_left_to_somebody(said):
    text = with_expectation(said)
    assert failed(parse_scripts(text, file="t.yaml", rules=RULES)[0])
    assert updated(text) == (text, [])


def test_line_ends_and_a_byte_order_mark_stay_as_they_are():
    text = "\ufeff" + with_expectation("[booked: {on: 2026-03-10}]").replace("\n", "\r\n")
    assert updated(text)[0] == text.replace("2026-03-10", "2026-03-09")


def command(file, answer):
    return graphsync("test", file, "--update", cwd=ROOT, typed=answer)


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "nothing said", "nobody there"])
def test_without_a_yes_nothing_is_written(tmp_path, answer):
    file = tmp_path / "t.yaml"
    file.write_text(with_expectation("[booked: {on: 2026-03-10}]"), encoding="utf-8")
    before = file.read_bytes()
    result = command(file, answer)
    assert (result.returncode, file.read_bytes()) == (1, before)
    assert "on: 2026-03-10 -> 2026-03-09" in result.stdout
    assert result.stdout.endswith("nothing was written\n")


def test_with_a_yes_the_file_is_written_and_the_tests_run_again(tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(with_expectation("[booked: {on: 2026-03-10}]"), encoding="utf-8")
    result = command(file, "y\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert file.read_text(encoding="utf-8") == with_expectation("[booked: {on: 2026-03-09}]")
    assert result.stdout.endswith("1 rule tests, all passed\n")


def test_what_cannot_be_updated_is_said(tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(with_expectation("[lost]"), encoding="utf-8")
    result = command(file, "y\n")
    assert result.returncode == 1
    assert "no value to update" in result.stdout
