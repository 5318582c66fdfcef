"""The commands; each parses its arguments, calls one step, and answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from graphsync.errors import ConfigError
from graphsync.settings import CONFIG, load_settings

EXIT_CONFIG = 2
"""What a command ends with where the configuration is wrong."""


class _Commands(click.Group):
    """The commands, all of which say what is wrong with the configuration in the same way."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(str(problem))
            click.echo(_counted(len(error.problems), "problem"))
            ctx.exit(EXIT_CONFIG)


config_option = click.option(
    "--config",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=CONFIG,
    default=Path("config"),
    show_default=True,
    help="The directory of graphsync.yaml, rules.yaml and mentorships.csv.",
)


@click.group(cls=_Commands)
@click.version_option(package_name="graphsync")
def main() -> None:
    """Keep mentoring meetings in Microsoft 365 in step, through Microsoft Graph."""


@main.command()
@config_option
def check(directory: Path) -> None:
    """Check the configuration and print every problem at once.

    Ends with 0 where there is none, and with 2 otherwise.
    """
    config = load_settings(os.environ, directory).config
    rules, mentorships = _counted(len(config.rules.rules), "rule"), _counted(len(config.mentorships), "mentorship")
    click.echo(f"3 files: {rules}, {mentorships}, no problems")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
