"""docs/trying-rules.md shows commands that exist, with options they have."""

import re
from pathlib import Path

import click

from graphsync.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "trying-rules.md").read_text(encoding="utf-8")


def test_every_command_shown_exists_with_its_options():
    shown = re.findall(r"^    graphsync (.+)$", PAGE, re.MULTILINE)
    assert len(shown) >= 7
    for line in shown:
        name, *words = line.split()
        command = main.commands[name]
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        assert {word for word in words if word.startswith("--")} <= options
        assert isinstance(command, click.Command)
