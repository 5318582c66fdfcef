"""The commands; each parses its arguments, calls one step, and answers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click

from graphsync.cli_mentorships import mentorships
from graphsync.cli_options import EXIT_FAILED, config_option, counted, json_option
from graphsync.cli_rule_tests import test
from graphsync.errors import ConfigError, GraphsyncError

EXIT_SOMETHING = 2
"""What `plan` ends with where there is something to do."""
EXIT_CONFIG = 2
"""What a command ends with where the configuration is wrong."""


class _Instant(click.ParamType[datetime]):
    """An instant with its offset from UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date and time such as 2026-03-02T09:00+01:00", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no time zone; write 2026-03-02T09:00+01:00, or Z for UTC", param, ctx)
        return instant.astimezone(UTC)


_INSTANT = _Instant()


class _Commands(click.Group):
    """The commands, all of which say what is wrong with the configuration in the same way."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(str(problem))
            click.echo(counted(len(error.problems), "problem"))
            ctx.exit(EXIT_CONFIG)
        except GraphsyncError as error:
            click.echo(f"graphsync: {error}", err=True)
            ctx.exit(EXIT_FAILED)


@click.group(cls=_Commands)
@click.version_option(package_name="graphsync")
def main() -> None:
    """Keep mentoring meetings in Microsoft 365 in step, through Microsoft Graph."""


@main.command()
@config_option
@click.option(
    "--schema",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    help="A directory to write JSON Schemas of graphsync.yaml and rules.yaml into, for editors.",
)
def check(directory: Path, target: Path | None) -> None:
    """Check the configuration and print every problem at once.

    Beyond each key it looks for rules that can never hold, and remarks on what may be meant: a cohort nobody is in,
    hours that never meet. Ends with 0 where there is no problem, and with 2 otherwise.
    """
    if target is not None:
        from graphsync.rules.json_schema import schemas

        target.mkdir(parents=True, exist_ok=True)
        for name, schema in schemas().items():
            (target / name).write_text(schema, encoding="utf-8")
            click.echo(f"{target / name}")
        return
    from graphsync.settings import load_settings

    config = load_settings(os.environ, directory).config
    rules, mentorships = counted(len(config.rules.rules), "rule"), counted(len(config.mentorships), "mentorship")
    for remark in config.remarks:
        click.echo(f"{remark} (may be meant)")
    said = f", {counted(len(config.remarks), 'remark')}" if config.remarks else ""
    click.echo(f"3 files: {rules}, {mentorships}, no problems{said}")


@main.command()
@config_option
@click.option(
    "--preview",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A directory to write a page for each language into.",
)
def messages(directory: Path, target: Path) -> None:
    """Show all texts that people get, in every language, with samples; those of the programme's own are marked."""
    from graphsync.settings import load_settings
    from graphsync.teams.messages.preview import pages

    made = pages(load_settings(os.environ, directory).config.texts)
    target.mkdir(parents=True, exist_ok=True)
    for name, page in made.items():
        (target / name).write_text(page, encoding="utf-8")
    click.echo(f"{counted(len(made), 'page')} in {target}: open {target / next(iter(made))}")


full_option = click.option(
    "--full", is_flag=True, help="Show what waits for an answer, messages and each person's part; for operators."
)


@main.command()
@config_option
@full_option
@json_option
def plan(directory: Path, full: bool, as_data: bool) -> None:
    """Show what one round would do now, to whom, when and why, and what is held back. Nothing is written.

    Ends with 0 where there is nothing to do, with 2 where there is something, and with 1 where it cannot be told.
    """
    from graphsync.reports.plan import as_json, plan_data, plan_text
    from graphsync.wiring import plan_now

    try:
        made = plan_now(directory)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        raise SystemExit(EXIT_FAILED) from error
    click.echo(as_json(plan_data(made, full=full)) if as_data else plan_text(made, full=full), nl=False)
    raise SystemExit(0 if made.is_empty else EXIT_SOMETHING)


@main.command()
@config_option
@click.argument("pairs", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it as a page as well.")
@json_option
def preview(directory: Path, pairs: Path, html: Path | None, as_data: bool) -> None:
    """Show what the PAIRS of a file have booked and lost, and when they could meet; no rule is needed.

    PAIRS is a file such as mentorships.csv; the columns mentor and mentee are enough. Of the configuration only the
    tenant is read. Nothing is written to the tenant, and nothing is kept.
    """
    from graphsync.reports.preview import preview_json, preview_page, preview_text
    from graphsync.wiring import preview_now

    seen = preview_now(directory, pairs)
    if html is not None:
        html.write_text(preview_page(seen), encoding="utf-8")
    click.echo(preview_json(seen) if as_data else preview_text(seen), nl=False)
    if html is not None:
        click.echo(f"the page is in {html}", err=True)


@main.command()
@config_option
@click.argument("what")
@click.option("--at", type=_INSTANT, help="As it was decided then, such as 2026-03-02T09:00+01:00; now if not given.")
@full_option
@json_option
def explain(directory: Path, what: str, at: datetime | None, full: bool, as_data: bool) -> None:
    """Show why WHAT is as it is, or why nothing happens: each rule, each condition with the value found.

    WHAT is a mentorship's id, the two addresses with a comma between (mentor,mentee), or an action's key. Each look is
    kept in the audit.
    """
    from graphsync.reports.explanation import explanation_data, explanation_text
    from graphsync.reports.plan import as_json
    from graphsync.wiring import explain_one

    it = explain_one(directory, what, at)
    click.echo(as_json(explanation_data(it, full=full)) if as_data else explanation_text(it, full=full), nl=False)


@main.command()
@config_option
@click.option("--from", "since", type=_INSTANT, required=True, help="The beginning, such as 2026-03-02T00:00+01:00.")
@click.option("--to", "until", type=_INSTANT, required=True, help="The end, excluded.")
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The rules to be tried; those in force if not given.",
)
@json_option
def replay(directory: Path, since: datetime, until: datetime, rules_file: Path | None, as_data: bool) -> None:
    """Ask rules about recorded facts: which sessions, nudges and flags they would have wanted otherwise.

    Decisions are kept for 30 days at most. Facts stay as they were: what other rules would have booked is not in them.
    """
    from graphsync.reports.differences import differences_data, differences_text
    from graphsync.reports.plan import as_json
    from graphsync.wiring import replay_span

    if since >= until:
        raise click.UsageError("--from lies after --to")
    made = replay_span(directory, since, until, rules_file)
    if as_data:
        click.echo(as_json(differences_data(made.differences)), nl=False)
    else:
        click.echo(differences_text(made.differences, made.decisions, since, until), nl=False)


@main.command()
@config_option
def serve(directory: Path) -> None:
    """Run the service: take notifications in, look, decide, act.

    Ends with 0 on SIGTERM, and with 2 where the configuration is wrong.
    """
    # Imported here: the SDK behind it takes longer to load than `check` takes to run.
    from graphsync.wiring import run_service

    run_service(directory)


@main.command()
@click.option("--weeks", type=click.IntRange(1, 52), default=6, show_default=True, help="How many weeks are played.")
@click.option("--seed", type=int, default=1, show_default=True, help="What the people's habits are drawn from.")
@click.option("--headless", is_flag=True, help="Show nothing but the last line.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the outcome for machines.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to leave the configuration, database and log of the run.",
)
@click.option(
    "--calendars",
    type=click.Path(path_type=Path, file_okay=False),
    help="A directory of iCalendar files, each named by the person whose calendar it is.",
)
@click.option(
    "--calendars-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="A day of the week in those files that is played as the first.",
)
@click.option(
    "--faults",
    "fault_percent",
    type=click.FloatRange(0, 100, min_open=True),
    is_flag=False,
    flag_value=5.0,
    metavar="[PERCENT]",
    help="Let every kind of fault strike at this chance; 5 if no number is given.",
)
def demo(
    weeks: int,
    seed: int,
    headless: bool,
    json_file: Path | None,
    keep: Path | None,
    calendars: Path | None,
    calendars_from: datetime | None,
    fault_percent: float | None,
) -> None:
    """Play some weeks of a mentoring programme against the built-in sandbox, in virtual time.

    Ends with 1 if anything was seen that must never happen, and with 2 where a calendar file is wrong.
    """
    if calendars_from is not None and calendars is None:
        raise click.UsageError("--calendars-from needs --calendars")
    from graphsync.sandbox.demo.play import run_demo

    raise SystemExit(
        run_demo(
            weeks=weeks,
            seed=seed,
            headless=headless,
            json_file=json_file,
            keep=keep,
            calendars=calendars,
            calendars_from=None if calendars_from is None else calendars_from.date(),
            fault_percent=fault_percent,
        )
    )


@main.command()
@click.option(
    "--scenario",
    "scenario_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="People, application, meetings, switches and faults; without it, two people and an application.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where Graph is served; 0 for any free port.")
@click.option(
    "--control-port", type=click.IntRange(0, 65535), default=0, help="Where the control API is; 0 for any free port."
)
@click.option("--seed", type=int, default=1, show_default=True, help="What ids and chances are drawn from.")
@click.option(
    "--strict",
    type=click.Choice(["on", "off"]),
    help="Whether unknown query options and body keys are refused (on, if the scenario says nothing) or only logged.",
)
@click.option(
    "--clock",
    type=click.Choice(["virtual", "real"]),
    default="virtual",
    show_default=True,
    help="Time that stands until it is stepped, or the machine's.",
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to leave the certificate, the client secret and the addresses.",
)
@click.option(
    "--calendars",
    type=click.Path(path_type=Path, file_okay=False),
    help="A directory of iCalendar files, each named by the person whose mailbox it fills.",
)
@click.option(
    "--calendars-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="A day of the week in those files that is moved onto the first.",
)
def sandbox(
    scenario_file: Path | None,
    port: int,
    control_port: int,
    seed: int,
    strict: Literal["on", "off"] | None,
    clock: Literal["virtual", "real"],
    directory: Path | None,
    calendars: Path | None,
    calendars_from: datetime | None,
) -> None:
    """Serve a Microsoft Graph on this machine, for any client, until Ctrl-C or SIGTERM.

    Ends with 0 then, and with 2 where the scenario or a calendar file is wrong.
    """
    if calendars_from is not None and calendars is None:
        raise click.UsageError("--calendars-from needs --calendars")
    from graphsync.sandbox.standalone import run_sandbox

    run_sandbox(
        scenario_file=scenario_file,
        port=port,
        control_port=control_port,
        seed=seed,
        strict=None if strict is None else strict == "on",
        clock=clock,
        directory=directory,
        calendars=calendars,
        calendars_from=None if calendars_from is None else calendars_from.date(),
    )


main.add_command(mentorships)
main.add_command(test)


if __name__ == "__main__":
    main()
