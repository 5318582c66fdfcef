"""docs/rules.md has every practice, key, fact and default there is, and every example in it loads."""

import re
from pathlib import Path

import pytest
from test_configuration_docs import keys

from graphsync.rules.checking import keys_of
from graphsync.rules.deployment import parse_deployment
from graphsync.rules.facts import FACTS
from graphsync.rules.positions import parse_yaml
from graphsync.rules.rules_file import PRACTICES, parse_rules
from graphsync.rules.schema import CommonKeys

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
COMMON = [*keys_of(CommonKeys), "practice"]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LEAST = """\
tenant: {id: 11111111-2222-4333-8444-555555555555, client_id: 11111111-2222-4333-8444-555555555555,
         default_time_zone: Europe/Berlin}
service: {public_url: "https://graphsync.example"}
mail: {sender: mentoring@fabrikam.test}
coordinators: [coordinator@fabrikam.test]
cohorts: {new-hires: {}}
"""


def section(title):
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def rows(text):
    return [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line[:3] == "| `"]


def test_every_key_that_all_rules_have_is_described_and_no_other():
    described = {row[0].strip("`"): row[1] for row in rows(section("Every rule"))}
    assert described == {**keys(CommonKeys), "practice": "required"}


@pytest.mark.parametrize("practice", PRACTICES)
def test_every_key_of_a_practice_is_described_with_its_default_and_a_reason(practice):
    own = {key: default for key, default in keys(PRACTICES[practice]).items() if key not in COMMON}
    described = rows(section(practice))
    assert {row[0].strip("`"): row[1] for row in described} == own
    assert all("; " in row[3] for row in described)


def test_every_fact_is_described_and_no_other():
    expected = [
        (f"`{fact.name}`", str(fact.type), "yes" if fact.changes_with_time else "no", fact.description)
        for fact in FACTS.values()
    ]
    assert rows(section("Conditions")) == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_loads(example):
    if example.startswith("- "):
        assert parse_rules(parse_yaml(example, file="docs"), cohorts=["new-hires"]).rules
    else:
        settled = parse_deployment(parse_yaml(LEAST + example, file="docs"))
        assert len(settled.silences) == 2
