"""docs/configuration.md names every key, column and variable there is, with its default, and no other."""

import re
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from graphsync.rules.checking import keys_of
from graphsync.rules.config import FileNames
from graphsync.rules.deployment import CohortSettings, Deployment
from graphsync.rules.durations import Duration, format_duration, parse_duration
from graphsync.rules.mentorship_columns import COLUMNS
from graphsync.rules.positions import parse_yaml
from graphsync.rules.rules_file import PRACTICES, parse_rules
from graphsync.settings import OVERRIDES, VARIABLES, load_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def section(title):
    """Return what stands under a heading, up to the next one."""
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def table(text):
    """Return the rows of the tables in `text`: the name in the first cell and the text of the second."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*) \|", text, re.MULTILINE))


def written(value):
    """Return a default as the page has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Duration):
        return format_duration(value)
    if isinstance(value, tuple):
        return ", ".join(value) if value == ("all",) else f"[{', '.join(value)}]"
    return "none" if value is None else str(value)


def keys(model, prefix=""):
    """Return the keys of a model, those of its sections with them, each with its default."""
    found = {}
    for key, held in zip(keys_of(model), model.model_fields.values(), strict=True):
        assert held.description, f"{prefix}{key} says nothing of itself"
        if isinstance(held.annotation, type) and issubclass(held.annotation, BaseModel):
            found |= keys(held.annotation, f"{prefix}{key}.")
        else:
            found[prefix + key] = "required" if held.is_required() else f"`{written(held.default)}`"
    return found


def test_every_key_of_the_deployment_is_described_and_no_other():
    assert table(section("graphsync.yaml")) == keys(Deployment) | keys(CohortSettings, "cohorts.*.")


def test_every_column_is_described_and_no_other():
    expected = {name: "yes" if column.required else "no" for name, column in COLUMNS.items()}
    assert table(section("mentorships.csv")) == expected


def test_every_variable_is_described_and_no_other():
    said = table(section("Environment variables"))
    assert set(said) == VARIABLES
    assert {name: said[name] for name in OVERRIDES} == {name: f"`{'.'.join(path)}`" for name, path in OVERRIDES.items()}


def test_the_durations_shown_are_durations():
    shown = re.findall(r"`([0-9][^`]*)`", section("Durations"))
    assert [type(parse_duration(text)).__name__ for text in shown] == [
        *["timedelta"] * 3,
        "WorkingTime",
        "WorkingDays",
    ]
    assert parse_duration(shown[0]) == timedelta(days=7)


def test_the_rule_shown_loads():
    (text,) = re.findall(r"```yaml\n(.*?)```", section("rules.yaml"), re.DOTALL)
    (rule,) = parse_rules(parse_yaml(text, file="docs"), cohorts=["new-hires"]).rules
    assert rule.name == "new-hires-meet-weekly"


def test_the_shipped_configuration_loads_and_shows_every_practice():
    config = load_settings({}, ROOT / "config").config
    assert {rule.practice for rule in config.rules.rules} == set(PRACTICES)
    assert {path.name for path in (ROOT / "config").iterdir()} >= set(FileNames())
