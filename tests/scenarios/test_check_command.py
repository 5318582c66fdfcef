"""A coordinator checks the configuration before anybody is affected by it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "config"


def run_check(directory, *arguments, **environ):
    """Run the real command in `directory`; only GRAPHSYNC_* variables that are given reach it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHSYNC_")}
    return subprocess.run(
        [sys.executable, "-c", "from graphsync.cli import main; main()", "check", *arguments],
        cwd=directory,
        env={**clean, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def workplace(tmp_path):
    """Return a directory with a copy of the shipped configuration in `config`."""
    shutil.copytree(SHIPPED, tmp_path / "config")
    return tmp_path


def change(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def test_the_shipped_configuration_has_no_problems(workplace):
    result = run_check(workplace)
    assert (result.stdout, result.stderr) == ("3 files: 10 rules, 4 mentorships, no problems\n", "")
    assert result.returncode == 0


def test_every_typo_is_told_at_once_with_file_line_and_column(workplace):
    change(
        workplace / "config" / "rules.yaml",
        ("cadence: 14 days", "cadance: 14 days"),
        ("at_least: 7 days", "at_least: 2 days"),
        ("for: new-hires", "for: new-hirse"),
        ("practice: rebook_same_week", "practice: rebok_same_week"),
    )
    change(
        workplace / "config" / "graphsync.yaml",
        ("default_time_zone: Europe/Berlin", "default_time_zone: Europe/Berlim"),
        ("  client_id:", "  client_secret: hunter2\n  client_id:"),
    )
    change(workplace / "config" / "mentorships.csv", ("2026-02-16", "16.02.2026"), ("new-system", "new-sytem"))
    result = run_check(workplace)
    assert result.stdout.splitlines() == [
        "config/graphsync.yaml:8:3: found key 'client_secret'; expected no secret here: secrets come from"
        " GRAPHSYNC_CLIENT_SECRET or the file GRAPHSYNC_CLIENT_SECRET_FILE names",
        "config/graphsync.yaml:10:22: found tenant.default_time_zone 'Europe/Berlim'; expected an IANA time zone such"
        " as 'Europe/Berlin', or its Windows name (did you mean 'Europe/Berlin'?)",
        "config/mentorships.csv:3:67: found started '16.02.2026'; expected a date such as '2026-03-02'",
        "config/mentorships.csv:4:55: found cohort 'new-sytem'; expected a cohort of graphsync.yaml: 'new-hires',"
        " 'new-system' or 'newly-promoted' (did you mean 'new-system'?)",
        "config/rules.yaml:16:3: rule 'everybody-has-a-next-session': found key 'cadance'; expected one of 'cadence',"
        " 'cap', 'duration', 'first_session_within', 'for', 'lead_time', 'mentor_limits', 'mode', 'name', 'practice'"
        " or 'when' (did you mean 'cadence'?)",
        "config/rules.yaml:17:25: rule 'everybody-has-a-next-session': found lead_time.at_least '2 days'; expected"
        " '7 days' to '60 days', in whole days (the practice is an invite at least 7 days ahead, so that both can"
        " prepare)",
        "config/rules.yaml:25:8: rule 'new-hires-meet-weekly': found cohort 'new-hirse'; expected a cohort of"
        " graphsync.yaml: 'all', 'new-hires', 'new-system' or 'newly-promoted' (did you mean 'new-hires'?)",
        "config/rules.yaml:31:13: rule 'lost-sessions-come-back': found practice 'rebok_same_week'; expected"
        " 'answer_promptly', 'book_ahead', 'close_well', 'prepare', 'rebook_same_week', 'start_well', 'stay_in_touch',"
        " 'undisturbed' or 'video_first' (did you mean 'rebook_same_week'?)",
        "8 problems",
    ]
    assert "hunter2" not in result.stdout + result.stderr
    assert result.returncode == 2


def test_the_directory_comes_from_the_option_or_the_environment(workplace):
    (workplace / "config").rename(workplace / "elsewhere")
    assert run_check(workplace).returncode == 2
    assert run_check(workplace, "--config", "elsewhere").returncode == 0
    assert run_check(workplace, GRAPHSYNC_CONFIG="elsewhere").returncode == 0


def test_a_variable_nobody_reads_is_told(workplace):
    result = run_check(workplace, GRAPHSYNC_CLIENT_SECRT="hunter2")
    assert result.stdout.splitlines() == [
        "GRAPHSYNC_CLIENT_SECRT: found a variable graphsync does not know; expected one that it reads (did you mean"
        " 'GRAPHSYNC_CLIENT_SECRET'?)",
        "1 problem",
    ]
    assert result.returncode == 2
