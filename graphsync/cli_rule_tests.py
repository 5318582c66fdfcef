"""`graphsync test`: runs rule tests, and brings them up to date where somebody says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphsync.cli_options import EXIT_FAILED, config_option

if TYPE_CHECKING:
    from graphsync.trial.expecting import Failure
    from graphsync.trial.running import Ran


@click.command()
@config_option
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "text", default="", help="Run only tests whose name has this in it.")
@click.option("--coverage", "covers", is_flag=True, help="Show which branches of the rules no test reaches.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Where to write the outcome in JUnit's XML."
)
@click.option(
    "--update", is_flag=True, help="Show what tests that fail would have to say, and ask whether to write that."
)
def test(directory: Path, paths: tuple[Path, ...], text: str, covers: bool, junit: Path | None, update: bool) -> None:
    """Run the rule tests in PATHS (the directory `tests` of the configuration, if none are given) in virtual time.

    Ends with 0 where all pass, with 1 where one fails, and with 2 where a test or the configuration is wrong. With
    --update a file is written only after a yes; then the tests are run again.
    """
    from graphsync.settings import load_scripts, load_settings
    from graphsync.trial.reporting import as_junit, as_text
    from graphsync.trial.running import coverage, run

    rules = load_settings(os.environ, directory).config.rules

    def run_all() -> list[Ran]:
        scripts = [script for script in load_scripts(paths or (directory / "tests",), rules) if text in script.name]
        ran = [run(script, rules) for script in scripts]
        click.echo(as_text(ran, coverage(ran, rules) if covers else None), nl=False)
        return ran

    ran = run_all()
    if update and _updated(ran):
        ran = run_all()
    if junit is not None:
        junit.write_text(as_junit(ran), encoding="utf-8")
    raise SystemExit(EXIT_FAILED if any(one.failures for one in ran) else 0)


def _updated(ran: list[Ran]) -> bool:
    """Show what tests that fail would have to say, and write that if somebody says yes; return whether they did."""
    from graphsync.trial.updating import changed, changes

    failures: dict[str, list[Failure]] = {}
    for one in ran:
        failures.setdefault(one.script.file, []).extend(one.failures)
    texts = {file: Path(file).read_bytes().decode("utf-8") for file in failures}
    made = {file: changes(texts[file], file, held) for file, held in failures.items()}
    count = sum(map(len, made.values()))
    if not count:
        if any(failures.values()):
            click.echo("no value to update: what failed is not one value in the place of another")
        return False
    for change in (change for held in made.values() for change in held):
        click.echo(str(change))
    try:
        is_meant = click.confirm(f"Is {'this' if count == 1 else 'all of this'} as it should be, and to be written?")
    except click.Abort:  # nobody there to say yes
        is_meant = False
    if not is_meant:
        click.echo("nothing was written")
        return False
    for file, held in made.items():
        if held:
            Path(file).write_bytes(changed(texts[file], held).encode("utf-8"))
    return True
