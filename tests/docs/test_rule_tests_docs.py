"""docs/rule-tests.md names every key, action and expectation, and its example is a test that passes."""

import re
from pathlib import Path

from graphsync.settings import load_settings
from graphsync.trial.running import run
from graphsync.trial.script import TEST_KEYS, parse_scripts
from graphsync.trial.shapes import ACTIONS, EXPECTATIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rule-tests.md").read_text(encoding="utf-8")


def first_cells(title):
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`[^|]*) \|", found, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_key_action_and_expectation_is_described_and_no_other():
    assert first_cells("What a test says") == set(TEST_KEYS)
    assert first_cells("What can happen") == set(ACTIONS)
    assert first_cells("What can be expected") == {
        k for k in EXPECTATIONS if not k.startswith("not ") and k != "would not"
    }


def test_the_example_passes():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rules = load_settings({}, ROOT / "config").config.rules
    for script in parse_scripts(example, file="docs", rules=rules):
        assert run(script, rules).failures == ()
