"""What several commands have: options, how they end, and how they count."""

from __future__ import annotations

from pathlib import Path

import click

EXIT_FAILED = 1
"""What a command ends with where something failed, or could not be done."""

# `settings.CONFIG`; to load that module takes as long as to start the sandbox, which needs nothing of it.
_CONFIG = "GRAPHSYNC_CONFIG"

config_option = click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=_CONFIG,
    default=Path("config"),
    show_default=True,
    help="The directory of graphsync.yaml, rules.yaml and mentorships.csv.",
)

json_option = click.option("--json", "as_data", is_flag=True, help="Print JSON.")


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, such as `2 problems`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
