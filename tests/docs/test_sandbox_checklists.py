"""docs/sandbox-checklists.md has a line for every point, and its tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox-checklists.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and "`test_" in line]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.strip("| ")[:40])
def test_the_tests_of_a_line_exist(line):
    held = re.findall(r"`(test_\w+\.py)`: ((?:`test_\w+`(?:, )?)+)", line)
    assert held
    for file, names in held:
        defined = re.findall(r"^(?:async )?def (test_\w+)", (ROOT / "tests/contract" / file).read_text("utf-8"), re.M)
        assert set(re.findall(r"`(test_\w+)`", names)) <= set(defined)


@pytest.mark.parametrize(("title", "points"), [("Calendars and mail", 17), ("Notifications", 12)])
def test_no_point_is_left_out(title, points):
    (text,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", text, re.M)] == list(range(1, points + 1))


def test_every_test_named_after_a_point_stands_in_its_line():
    for file, pattern in (
        ("test_sandbox_checklist.py", r"test_\d\d_\w+"),
        ("test_sandbox_notifications.py", r"test_point_\w+"),
    ):
        defined = re.findall(rf"^def ({pattern})", (ROOT / "tests/contract" / file).read_text("utf-8"), re.M)
        assert defined
        assert [name for name in defined if f"`{name}`" not in PAGE] == []
