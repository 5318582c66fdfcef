"""Reads rule tests from YAML: every problem of every test with its position, or the tests as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from pydantic_core import PydanticCustomError

from graphsync.errors import ConfigError, Problem, one_of
from graphsync.rules import kinds
from graphsync.rules.checking import checked, gathered, refuse
from graphsync.rules.durations import parse_duration
from graphsync.rules.kinds import shown
from graphsync.rules.positions import Document, Path, parse_yaml
from graphsync.rules.rules_file import parse_rules
from graphsync.rules.schema import NudgePolicy, RuleSet
from graphsync.rules.schema.common import MODES, Section
from graphsync.trial.shapes import ACTIONS, EXPECTATIONS, MentorshipSaid, MessageLike, PersonSaid

_LATER: Final = re.compile(r"\+ *(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One thing that is to be so, and where in its file it says that."""

    kind: str
    like: Any
    line: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One instant of a timeline: what happens then, and after that is to be so."""

    at: datetime
    line: int
    actions: tuple[tuple[str, Any], ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One rule test.

    Attributes:
        name: what it shows.
        file: where it is, for messages.
        line: in which line it begins.
        starts_at: when its time begins.
        people: by name.
        mentorships: in their order.
        entries: the timeline, in its order.
        rules: rules of its own; None for those of the programme.
        only: the names of the programme's rules it has; all where there are none.
        modes: a mode for some of them, such as `enforce` for one that observes.
        nudges: a nudge policy of its own; None for the programme's.
    """

    name: str
    file: str
    line: int
    starts_at: datetime
    people: Mapping[str, PersonSaid]
    mentorships: tuple[MentorshipSaid, ...]
    entries: tuple[Entry, ...]
    rules: RuleSet | None
    only: tuple[str, ...]
    modes: Mapping[str, str]
    nudges: NudgePolicy | None


TEST_KEYS: Final = ("test", "from", "people", "mentorships", "timeline", "rules", "only", "modes", "nudges")


def parse_scripts(text: str, *, file: str, rules: RuleSet) -> tuple[Script, ...]:
    """Return the rule tests of a file, in its order.

    Args:
        text: a YAML list of tests.
        file: as messages name it.
        rules: the programme's, whose names `only` and `modes` may say.

    Raises:
        ConfigError: a test is wrong; every problem of every test is listed.
    """
    document = parse_yaml(text, file=file)
    problems: list[Problem] = []
    scripts = []
    if document.is_read and not (isinstance(document.data, list) and document.data):
        expected = "a list of tests, each starting with '- test: '"
        problems.append(document.problem((), found=shown(document.data), expected=expected))
    for index in range(len(document.data) if isinstance(document.data, list) else 0):
        found: list[Problem] = []
        script = gathered(partial(_script, document, index, rules), found)
        problems.extend(found)
        if script is not None:
            scripts.append(script)
    refuse(document, problems)
    return tuple(scripts)


def _script(document: Document, index: int, rules: RuleSet) -> Script:
    reading = _Reading(document, index)
    keys = document.get(index)
    if not isinstance(keys, dict):
        reading.complain((), shown(keys), "a test: keys such as 'test', 'from', 'people' and 'timeline'")
        raise ConfigError(reading.problems)
    for key in keys:
        if key not in TEST_KEYS:
            reading.complain((key,), f"key {key!r}", f"one of {one_of(TEST_KEYS, key)}", at_key=True)
    for key in TEST_KEYS[:5]:
        if key not in keys:
            reading.complain((), f"no key {key!r}", f"{key!r}")
    name = keys.get("test")
    starts_at = reading.value(("from",), kinds.instant)
    people = {
        str(who): said
        for who in (keys["people"] if isinstance(keys.get("people"), dict) else ())
        if (said := reading.model(PersonSaid, ("people", who))) is not None
    }
    named = [str(who) for who in keys["people"]] if isinstance(keys.get("people"), dict) else []
    mentorships = reading.models(MentorshipSaid, "mentorships")
    for number, said in enumerate(mentorships):
        for role in ("mentor", "mentee"):
            reading.known(("mentorships", number, role), getattr(said, role), named)
    own = (
        gathered(lambda: parse_rules(reading.below("rules"), cohorts=None), reading.problems)
        if "rules" in keys
        else None
    )
    names = [rule.name for rule in (own or rules).rules]
    only = keys.get("only") or []
    for number, wanted in enumerate(only if isinstance(only, list) else []):
        reading.known(("only", number), wanted, names, what="rule")
    modes = keys.get("modes") or {}
    for rule, mode in modes.items() if isinstance(modes, dict) else ():
        reading.known(("modes", rule), rule, names, what="rule")
        reading.known(("modes", rule), mode, MODES, what="mode")
    entries = _entries(reading, starts_at, named, [f"{m.mentor}-{m.mentee}" for m in mentorships])
    said_any = [entry.get("expect") for entry in _list(keys.get("timeline")) if isinstance(entry, dict)]
    if starts_at is not None and not any(said_any):
        reading.complain(("timeline",), "a test that expects nothing", "an entry with 'expect'")
    if reading.problems or starts_at is None:
        raise ConfigError(reading.problems)
    return Script(
        name=str(name),
        file=document.file,
        line=document.values[index,].line,
        starts_at=starts_at,
        people=people,
        mentorships=tuple(mentorships),
        entries=tuple(entries),
        rules=own,
        only=tuple(map(str, only)),
        modes=dict(modes),
        nudges=reading.model(NudgePolicy, ("nudges",)) if "nudges" in keys else None,
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _entries(reading: _Reading, starts_at: datetime | None, people: list[str], pairs: list[str]) -> list[Entry]:
    timeline = reading.get("timeline")
    at = starts_at
    entries = []
    for number, said in enumerate(timeline if isinstance(timeline, list) else ()):
        path: Path = ("timeline", number)
        if not isinstance(said, dict):
            reading.complain(path, shown(said), "an entry: 'at', what happens, and 'expect'")
            continue
        at = reading.moment((*path, "at"), said.get("at"), at)
        actions, expectations = [], []
        for key in said:
            if key in ACTIONS:
                model = reading.model(ACTIONS[key], (*path, key))
                if model is not None:
                    reading.check_names((*path, key), model, people, pairs)
                    actions.append((key, model))
            elif key not in ("at", "expect"):
                allowed = [*ACTIONS, "at", "expect"]
                reading.complain((*path, key), f"key {key!r}", f"one of {one_of(allowed, key)}", at_key=True)
        wanted = said.get("expect", [])
        below: Path = (*path, "expect")
        listed = [((*below, place), one) for place, one in enumerate(wanted)] if isinstance(wanted, list) else None
        for where, one in [(below, wanted)] if listed is None else listed:
            expectation = _expectation(reading, where, one, people, pairs)
            if expectation is not None:
                expectations.append(expectation)
        if at is not None:
            line = reading.line(path)
            entries.append(Entry(at=at, line=line, actions=tuple(actions), expectations=tuple(expectations)))
    return entries


def _expectation(
    reading: _Reading, path: Path, said: object, people: list[str], pairs: list[str]
) -> Expectation | None:
    kinds_said = [said] if isinstance(said, str) else list(said) if isinstance(said, dict) else []
    if len(kinds_said) != 1 or kinds_said[0] not in EXPECTATIONS:
        found = shown(said) if not kinds_said else shown(kinds_said[0])
        reading.complain(path, found, f"one of {one_of(EXPECTATIONS, kinds_said[0] if kinds_said else None)}")
        return None
    kind = kinds_said[0]
    model_type = EXPECTATIONS[kind]
    if isinstance(said, str) or said[kind] is None:  # type: ignore[index] # a mapping, seen above
        return Expectation(kind=kind, like=model_type(), line=reading.line(path), path=())
    model = reading.model(model_type, (*path, kind))
    if model is None:
        return None
    reading.check_names((*path, kind), model, people, pairs)
    place = (*path, kind)
    return Expectation(kind=kind, like=model, line=reading.line(place), path=(reading.index, *place))


class _Reading:
    """One pass over one test, collecting what is wrong with it."""

    def __init__(self, document: Document, index: int) -> None:
        self.document = document
        self.index = index
        self.problems: list[Problem] = []

    def get(self, *path: str | int) -> object:
        return self.document.get(self.index, *path)

    def line(self, path: Path) -> int:
        return self.document.problem((self.index, *path), found="", expected="").line

    def below(self, key: str) -> Document:
        """Return what stands under a key as a document of its own, its places as they are."""
        prefix = (self.index, key)
        cut = len(prefix)
        return Document(
            file=self.document.file,
            data=self.get(key),
            is_read=True,
            keys={path[cut:]: place for path, place in self.document.keys.items() if path[:cut] == prefix},
            values={path[cut:]: place for path, place in self.document.values.items() if path[:cut] == prefix},
            texts={path[cut:]: place for path, place in self.document.texts.items() if path[:cut] == prefix},
        )

    def complain(self, path: Path, found: str, expected: str, *, at_key: bool = False) -> None:
        self.problems.append(self.document.problem((self.index, *path), found=found, expected=expected, at_key=at_key))

    def value(self, path: Path, read: Any) -> Any:
        said = self.get(*path)
        if said is None:
            return None
        try:
            return read(said)
        except PydanticCustomError as error:
            context: Any = error.context
            self.complain(path, context["found"] or f"{path[-1]} {shown(said)}", context["expected"])
            return None

    def model(self, model: type[Section], path: Path) -> Any:
        return gathered(lambda: checked(model, self._filled(path), (self.index, *path)), self.problems)

    def _filled(self, path: Path) -> Document:
        """Return the document, with an empty value (`tom:`) as one that has no keys."""
        return self.document if self.get(*path) is not None else _with_empty(self.document, (self.index, *path))

    def models(self, model: type[Section], key: str) -> list[Any]:
        said = self.get(key)
        if not isinstance(said, list) or not said:
            if said is not None:
                self.complain((key,), shown(said), f"a list of {key}")
            return []
        made = [self.model(model, (key, number)) for number in range(len(said))]
        return [one for one in made if one is not None]

    def known(self, path: Path, name: object, names: Any, *, what: str = "person") -> None:
        if name not in names:
            self.complain(path, f"{what} {shown(name)}", f"one of {one_of(names, name)}")

    def check_names(self, path: Path, model: Section, people: list[str], pairs: list[str]) -> None:
        for key in ("by", "who"):
            name = getattr(model, key, "")
            if name:
                self.known((*path, key), name, people)
        if isinstance(model, MessageLike) and model.to:
            self.known((*path, "to"), model.to, people)
        pair = getattr(model, "mentorship", "")
        if pair:
            self.known((*path, "mentorship"), pair, pairs, what="mentorship")

    def moment(self, path: Path, said: object, before: datetime | None) -> datetime | None:
        """Return an instant: as it is, or some time after the one before (`+2 days`)."""
        later = _LATER.fullmatch(said) if isinstance(said, str) else None
        if later is not None and before is not None:
            try:
                span = parse_duration(later[1])
            except ValueError:
                span = None
            if isinstance(span, timedelta):
                return before + span
        at = self.value(path, kinds.instant)
        if said is None:
            self.complain(
                path, "no 'at'", "a date and time with its offset from UTC, or '+2 days' after the one before"
            )
        elif isinstance(at, datetime) and before is not None and at < before:
            self.complain(path, f"at {shown(said)}", "an instant after the one before it")
        return at if isinstance(at, datetime) else before


def _with_empty(document: Document, path: Path) -> Document:
    def filled(data: Any, steps: Path) -> Any:
        if not steps:
            return {}
        copy: Any = dict(data) if isinstance(data, dict) else list(data)
        copy[steps[0]] = filled(data[steps[0]], steps[1:])
        return copy

    return replace(document, data=filled(document.data, path))
