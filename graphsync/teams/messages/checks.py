"""What is wrong with a programme's own templates: every problem with its line, found before anybody is sent one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from graphsync.errors import Problem, near_miss, one_of
from graphsync.teams.messages.kinds import COMMON, KINDS, MessageKind
from graphsync.teams.messages.texts import LANGUAGES, Override, Parts, Reader, compiled, environment, taken_apart

_FORBIDDEN: Final = (
    nodes.Call,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
    nodes.Macro,
    nodes.CallBlock,
)
_PROBED: Final = Reader(name="Tom Ek", language="en", time_zone="Europe/Berlin")


def problems_in(overrides: Mapping[tuple[str, str], Override]) -> list[Problem]:
    """Return every problem of the overrides, by file and line."""
    return [problem for key in sorted(overrides) for problem in _problems(*key, overrides[key])]


def _problems(language: str, name: str, override: Override) -> Iterator[Problem]:
    def problem(line: int, found: str, expected: str) -> Problem:
        return Problem(file=override.file, line=line, column=1 if line else 0, found=found, expected=expected)

    if language not in LANGUAGES:
        yield problem(0, f"the language {language!r}", f"a folder named {one_of(LANGUAGES, language)}")
        return
    kind = KINDS.get(name)
    if kind is None:
        yield problem(0, f"a text named {name!r}", f"one of docs/messages.md, as <name>.html{near_miss(KINDS, name)}")
        return
    parts = taken_apart(override.source)
    if not parts.body.strip():
        yield problem(0, "an empty text", "the text itself, or no such file")
        return
    wanted = ("Subject", "Why") if kind.is_message else ("Subject",) if name == "digest" else ()
    for line in wanted:
        if line not in parts.head:
            yield problem(1, f"no line '{line}:'", f"a first line '{line}: …'")
    broken = [found for source, line in _pieces(parts) for found in _in_piece(language, kind, source, line)]
    yield from (problem(*found) for found in broken)
    if not broken:
        yield from (problem(line, *found) for line, found in _rendered(language, kind, parts))


def _pieces(parts: Parts) -> list[tuple[str, int]]:
    return [*((source, line) for line, source in parts.head.values()), (parts.body, parts.body_line)]


def _in_piece(language: str, kind: MessageKind, source: str, line: int) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong with one piece of a template, read but not rendered: line, found and expected."""
    env = environment(language)
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        yield (
            line + error.lineno - 1,
            f"a template that cannot be read: {_said(error)}",
            "Jinja2 as in the shipped texts",
        )
        return
    for node in tree.find_all(_FORBIDDEN):
        yield line + node.lineno - 1, "a call, an import or a macro", "variables, filters, `if` and `for` alone"
    unknown = False
    for used in tree.find_all((nodes.Filter, nodes.Test)):
        known = env.filters if isinstance(used, nodes.Filter) else env.tests
        if used.name not in known:
            unknown = True
            what = "filter" if isinstance(used, nodes.Filter) else "test"
            yield (
                line + used.lineno - 1,
                f"the unknown {what} {used.name!r}",
                f"a known one{near_miss(known, used.name)}",
            )
    if unknown:
        return
    allowed = variables_of(kind)
    for name in sorted(find_undeclared_variables(tree) - allowed.keys()):
        at = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        yield line + at - 1, f"the unknown variable {name!r}", f"one of {one_of(allowed, name)}"


def variables_of(kind: MessageKind) -> dict[str, str]:
    """Return the variables that the template of a kind may use, each with what it is."""
    return {**(COMMON if kind.is_message else {}), **kind.variables}


def _rendered(language: str, kind: MessageKind, parts: Parts) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield what breaks when the samples are put in: nobody is to find that in a message."""
    common = {"name": "Tom Ek", "other": "Mira Vogel", "contact": "coordinator@fabrikam.test", "pause_link": ""}
    seen = set()
    for sample in kind.samples_in(language):
        values: dict[str, Any] = {**(common if kind.is_message else {}), **sample}
        for source, line in _pieces(parts):
            try:
                compiled(source, language).render(values, _clock=_PROBED.time_zone)
            except (TemplateError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
                found = f"a text that breaks when it is put together: {_said(error)}"
                if found not in seen:
                    yield line, (found, "one that every sample of docs/messages.md can be put into")
                seen.add(found)


def _said(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).rstrip(".") or type(error).__name__
