"""What is seen while the demo runs: the virtual date, how far it is, counts, and the last events in words."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from graphsync.sandbox.demo.driver import Step
from graphsync.sandbox.demo.programme import Programme
from graphsync.sandbox.demo.ticker import LINES_KEPT, Ticker
from graphsync.sandbox.world import World

_REDRAW_EVERY_S = 0.1
_WIDTH = 100


class Display:
    """A live panel; a context manager. `step` is called by the driver after each step."""

    def __init__(self, console: Console, world: World, programme: Programme) -> None:
        self._programme = programme
        self._ticker = Ticker(world, programme)
        self._world = world
        self._drawn_at = 0.0
        self._width = min(console.width, _WIDTH)
        self._live = Live(self._panel("starting the service"), console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def step(self, step: Step) -> None:
        """Draw anew, but not more often than an eye can follow."""
        now = time.monotonic()
        if now - self._drawn_at >= _REDRAW_EVERY_S:
            self._drawn_at = now
            self._ticker.look()
            self._live.update(self._panel(f"{step.at:%A %d %B %Y, %H:%M} UTC"), refresh=True)

    def _panel(self, when: str) -> Panel:
        programme, ticker = self._programme, self._ticker
        span = (programme.ends_at - programme.starts_at).total_seconds()
        done = (self._world.clock.now() - programme.starts_at).total_seconds()
        week = min(programme.weeks, int(done // (7 * 86_400)) + 1)
        head = Table.grid(padding=(0, 2), expand=True)
        head.add_column(no_wrap=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True, justify="right")
        head.add_row(
            Text(when, style="bold"), ProgressBar(total=span, completed=done), f"week {week} of {programme.weeks}"
        )
        counts = Text()
        for number, name in (
            (ticker.booked, "booked"),
            (ticker.lost, "lost"),
            (ticker.put_back, "put back"),
            (ticker.messages, "messages"),
            (ticker.requests, "Graph requests"),
        ):
            counts.append(f"{number:,}", style="bold cyan")
            counts.append(f" {name}    ")
        lines = Table.grid(padding=(0, 2))
        lines.add_column(style="dim", no_wrap=True)
        lines.add_column(no_wrap=True, overflow="ellipsis")
        shown = list(ticker.lines)
        for at, words in [*shown, *[("", "")] * (LINES_KEPT - len(shown))]:
            lines.add_row(at, words)
        title = f"graphsync demo · {len(programme.pairs)} mentorships · seed {self._world.seed}"
        return Panel(Group(head, "", counts, "", lines), title=title, title_align="left", width=self._width)
