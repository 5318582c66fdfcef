"""docs/messages.md names every text with its variables, and its example is a text that will do."""

import re
from pathlib import Path

from graphsync.teams.messages import KINDS, Override, problems_in
from graphsync.teams.messages.kinds import COMMON

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")


def test_every_text_is_described_with_its_variables_and_no_other():
    found = {
        name: (description, set(re.findall(r"`(\w+)`: ", variables)))
        for name, description, variables in re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)
    }
    assert found == {kind.name: (kind.description, set(kind.variables)) for kind in KINDS.values()}


def test_the_variables_of_every_message_are_described():
    assert dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", PAGE, re.MULTILINE)) == dict(COMMON)


def test_the_example_is_a_text_that_will_do():
    (example,) = re.findall(r"```html\n(.*?)```", PAGE, re.DOTALL)
    assert problems_in({("en", "prepare"): Override(file="example", source=example)}) == []
