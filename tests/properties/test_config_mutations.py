"""One wrong keystroke anywhere in the shipped files gives a configuration or a list of problems, never a crash."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsync.errors import ConfigError
from graphsync.rules.config import FileNames, parse_config

SHIPPED = Path(__file__).parents[2] / "config"
NAMES = FileNames()
TEXTS = tuple((SHIPPED / name).read_text(encoding="utf-8") for name in NAMES)
SIGNS = st.one_of(st.sampled_from(list("\t\n\r \"'#&*!|>%@`:;,-?[]{}0a.\\\x00\x85\u2028\ufeff")), st.characters())


@st.composite
def mutations(draw, file):
    text = TEXTS[file]
    place = draw(st.integers(0, len(text) - 1))
    removed = draw(st.integers(0, 1))
    return text[:place] + draw(st.one_of(st.just(""), SIGNS)) + text[place + removed :]


@pytest.mark.parametrize("file", range(3), ids=NAMES)
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_wrong_keystroke_is_a_problem_with_its_place_or_none(file, data):
    texts = list(TEXTS)
    texts[file] = data.draw(mutations(file))
    try:
        parse_config(*texts, names=NAMES)
    except ConfigError as error:
        problems = error.problems
    else:
        return
    assert problems
    for problem in problems:
        assert problem.found
        assert problem.expected
        lines = re.split(r"\r\n|\r|\n", texts[NAMES.index(problem.file)])
        assert (problem.line == 0) == (problem.column == 0)
        assert 0 <= problem.line <= len(lines)
        assert 0 <= problem.column <= len(lines[problem.line - 1]) + 1
