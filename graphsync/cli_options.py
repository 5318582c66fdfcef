"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

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
