"""docs/sandbox.md names every fault kind, switch, key, option and control request there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from graphsync import cli
from graphsync.sandbox import Behavior, VirtualClock, World
from graphsync.sandbox.control import Control
from graphsync.sandbox.faults import KINDS
from graphsync.sandbox.scenarios.scenario_file import (
    ScenarioApplication,
    ScenarioMeeting,
    ScenarioPerson,
    read_scenario,
    served_operations,
)
from graphsync.sandbox.scenarios.scenario_teams import app_fields
from graphsync.sandbox.scenarios.switches import fault_fields

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def section(title):
    """Return what stands under a heading, up to the next one of any level."""
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def rows(text):
    """Return the rows of the tables in `text`, each with its cells."""
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\| `.*\|$", text, re.M)]
    return [[cell.strip("| ") for cell in row] for row in found]


def test_every_operation_has_its_row():
    # What is refused at the connector has a table of its own there, with words beside the names.
    tables = rows(section("What is served")) + rows(section("The bot connector"))
    names = [row[0] for row in tables if re.fullmatch(r"`\w+`(, `\w+`)*", row[0])]
    written = {name for cell in names for name in re.findall(r"`(\w+)`", cell)}
    # An operation that no application may use stands among what is refused.
    assert written == served_operations() - {"findMeetingTimes"}


def test_every_kind_of_fault_has_its_row_and_its_page():
    written = {row[0].strip("`"): row[2] for row in rows(section("Faults")) if row[2].startswith("https://")}
    assert written == {name: kind.page for name, kind in KINDS.items()}


def test_every_key_of_a_fault_has_its_row():
    written = {name for row in rows(section("Faults")) for name in re.findall(r"`(\w+)`", row[0])}
    assert written == {*KINDS, *fault_fields(served_operations())}


@pytest.mark.parametrize("switch", [switch.name for switch in fields(Behavior)])
def test_every_switch_is_named(switch):
    assert f"`{switch}`" in PAGE or f"`{switch}=" in PAGE


def test_every_key_of_a_scenario_has_its_row():
    text = " ".join(row[0] for row in rows(section("The scenario file")))
    for model in (ScenarioPerson, ScenarioApplication, ScenarioMeeting):
        for key in fields(model):
            assert re.search(rf"\.{key.name}`", text), key.name


def test_every_key_of_a_teams_app_has_its_row():
    text = " ".join(row[0] for row in rows(section("The scenario file")) if "teams_apps" in row[0])
    assert [key for key in app_fields(ROOT) if f".{key}`" not in text] == []


def test_every_option_of_the_command_has_its_row():
    text = " ".join(row[0] for row in rows(section("A program of its own")))
    options = [option for parameter in cli.sandbox.params for option in parameter.opts]
    assert all(f"`{option}`" in text for option in options)


def test_every_control_request_has_its_row():
    world = World(clock=VirtualClock(read_scenario(ROOT / "config" / "sandbox.yaml").starts_at), seed=1)
    _, index = Control(world).respond("GET", "/", None)
    text = " ".join(row[0] for row in rows(section("The control API")))
    assert [request for request in index["value"] if f"`{request}`" not in text] == []
