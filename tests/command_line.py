"""Runs commands of graphsync within the test's process: most of a process of its own would be loading what is loaded.

That they are also commands of their own is shown where one is started: `check`, `serve` and `demo`.
"""

from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from graphsync.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def graphsync(*arguments, environment=None, cwd=".", typed=""):
    """Run `graphsync ARGUMENTS` in a directory; `typed` is all there is on its standard input."""
    with chdir(Path(cwd)):
        result = CliRunner().invoke(main, [str(one) for one in arguments], env=environment, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
