"""Watches the configuration directory: a good set of files is offered whole, a bad one refused with the old kept.

Editors write files in many ways: over the old one, to another name and renamed, several at a time, and Kubernetes
swaps a link. So nothing is read from what a notification says: after each, and every half minute, all that is in the
directory is compared with what was read last.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from watchfiles import watch

from graphsync.clock import Clock
from graphsync.engine.configured import Configured, not_while_running
from graphsync.errors import ConfigError, Problem
from graphsync.rules.config import Config, FileNames

log = logging.getLogger(__name__)

SETTLED = timedelta(milliseconds=400)
"""Changes that follow each other so closely are one: a set that is half saved is not read."""

LOOK_EVERY = timedelta(seconds=30)
"""How often the files are compared though no change was heard of, as where the directory itself is another one."""


class ConfigWatch:
    """Keeps the configuration of a running service in step with its files.

    Args:
        directory: of the configuration.
        config: the set in force, read from there.
        load: reads the set anew; raises `ConfigError` where something is wrong.
        offer: is given each good set that differs from the one before.
        clock: the service's time.
    """

    def __init__(
        self,
        directory: Path,
        config: Config,
        load: Callable[[], Config],
        offer: Callable[[Config], None],
        clock: Clock,
    ) -> None:
        self._directory = directory
        self._started_with = config
        self._load = load
        self._offer = offer
        self._clock = clock
        self._seen = self._fingerprint()
        self._standing = Configured(since=clock.now())
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="graphsync-config", daemon=True)

    @property
    def standing(self) -> Configured:
        """How the configuration stands now; may be asked from any thread."""
        return self._standing

    def start(self) -> None:
        """Watch from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        changes = watch(
            self._directory,
            stop_event=self._stopping,
            debounce=int(SETTLED / timedelta(milliseconds=1)),
            rust_timeout=int(LOOK_EVERY / timedelta(milliseconds=1)),
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        self.follow(changes)

    def follow(self, changes: Iterable[object]) -> None:
        """Look at the files after each of `changes`, whatever it says."""
        for _change in changes:
            seen = self._fingerprint()
            if seen != self._seen:
                self._seen = seen
                self._read()

    def _read(self) -> None:
        now = self._clock.now()
        try:
            config = self._load()
            names = FileNames()
            problems = list(not_while_running(self._started_with, config, str(self._directory / names.graphsync)))
            if problems:
                raise ConfigError(problems)
        except ConfigError as error:
            problems = [self._within(problem) for problem in error.problems]
            self._standing = Configured(since=self._standing.since, refused=tuple(problems), refused_at=now)
            # Where, and no more: what was found may be an address. `graphsync check` says the rest.
            places = ", ".join(problem.place for problem in problems)
            log.error(
                "the configuration was changed and is refused, the old one stays; see `graphsync check`: %s", places
            )
            return
        self._standing = Configured(since=now)
        log.info("the configuration was changed and is taken over")
        self._offer(config)

    def _within(self, problem: Problem) -> Problem:
        """Return a problem with its file named from the directory: where that lies is nobody's business on a page."""
        file = Path(problem.file).resolve()
        directory = self._directory.resolve()
        return replace(problem, file=str(file.relative_to(directory))) if file.is_relative_to(directory) else problem

    def _fingerprint(self) -> str:
        """Return what tells one state of the directory's files from another."""
        found = hashlib.sha256()
        names = FileNames()
        own_texts = sorted(self._directory.glob("messages/*/*"))
        for path in (*(self._directory / name for name in names), *own_texts):
            try:
                content = path.read_bytes()
            except OSError as error:
                content = type(error).__name__.encode()
            found.update(f"{path}\0{len(content)}\0".encode() + content)
        return found.hexdigest()
