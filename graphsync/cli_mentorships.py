"""`graphsync mentorships`: how mentorships stand, and orders of a coordinator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphsync.cli_options import config_option, json_option

if TYPE_CHECKING:
    from graphsync.engine.orders import Ordered, Orders

_DAY = click.DateTime(["%Y-%m-%d"])

which = click.argument("mentorship")


@click.group()
def mentorships() -> None:
    """List, pause, resume, end and rematch mentorships, while the service runs or not.

    MENTORSHIP is an id, or the two addresses with a comma between (mentor,mentee). Days are days of the mentee's zone.
    Orders are kept in the audit, and hold beside mentorships.csv until its line changes; see docs/mentorships.md. They
    end with 0 where they were taken, with 1 where they cannot be, and with 2 where the command or the configuration is
    wrong; then nothing is written.
    """


@mentorships.command(name="list")
@config_option
@json_option
def list_(directory: Path, as_data: bool) -> None:
    """Show who mentors whom, how each mentorship stands, and the day of its next session; looks are kept."""
    from graphsync.reports.mentorships import overview_data, overview_text
    from graphsync.reports.plan import as_json
    from graphsync.wiring import list_mentorships

    listed = list_mentorships(directory)
    click.echo(as_json(overview_data(listed)) if as_data else overview_text(listed), nl=False)


@mentorships.command()
@config_option
@which
@click.option("--until", type=_DAY, required=True, help="The day it goes on by itself, such as 2026-04-01.")
@json_option
def pause(directory: Path, mentorship: str, until: datetime, as_data: bool) -> None:
    """Pause MENTORSHIP until a day."""
    _give(directory, lambda orders: orders.pause(mentorship, until.date()), as_data=as_data)


@mentorships.command()
@config_option
@which
@json_option
def resume(directory: Path, mentorship: str, as_data: bool) -> None:
    """Have MENTORSHIP go on today, whoever paused it."""
    _give(directory, lambda orders: orders.resume(mentorship), as_data=as_data)


@mentorships.command()
@config_option
@which
@click.option("--on", type=_DAY, help="The last day, such as 2026-04-01; it ends now if none is given.")
@json_option
def end(directory: Path, mentorship: str, on: datetime | None, as_data: bool) -> None:
    """End MENTORSHIP well: sessions to come are cancelled, and both get a thank-you, as close_well says."""
    last_day: date | None = None if on is None else on.date()
    _give(directory, lambda orders: orders.end(mentorship, last_day), as_data=as_data)


@mentorships.command()
@config_option
@which
@click.option("--mentor", required=True, help="The new mentor's mail address.")
@json_option
def rematch(directory: Path, mentorship: str, mentor: str, as_data: bool) -> None:
    """Give the mentee of MENTORSHIP another mentor: it ends well, and a new one begins today.

    The new one has the cohort, the cadence and the last day of the old; history stays with the old. It is kept though
    mentorships.csv has no line for it, until it gets the one that is printed.
    """
    from pydantic_core import PydanticCustomError

    from graphsync.rules.kinds import address

    try:
        address(mentor)
    except PydanticCustomError as error:
        raise click.UsageError(f"--mentor is no mail address: {mentor!r}") from error
    _give(directory, lambda orders: orders.rematch(mentorship, mentor), as_data=as_data)


def _give(directory: Path, order: Callable[[Orders], Ordered], *, as_data: bool) -> None:
    from graphsync.reports.mentorships import ordered_data, ordered_text
    from graphsync.reports.plan import as_json
    from graphsync.wiring import give_order

    ordered, line = give_order(directory, order)
    click.echo(as_json(ordered_data(ordered, line)) if as_data else ordered_text(ordered, line), nl=False)
