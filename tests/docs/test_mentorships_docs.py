"""docs/mentorships.md shows every command of `graphsync mentorships`, with options it has."""

import re
from pathlib import Path

from graphsync.cli_mentorships import mentorships

PAGE = (Path(__file__).parents[2] / "docs" / "mentorships.md").read_text(encoding="utf-8")


def test_every_command_is_shown_with_options_it_has():
    shown = [line.split() for line in re.findall(r"^    graphsync mentorships (.+)$", PAGE, re.MULTILINE)]
    assert {name for name, *_ in shown} == set(mentorships.commands)
    for name, *words in shown:
        options = {option for parameter in mentorships.commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options
