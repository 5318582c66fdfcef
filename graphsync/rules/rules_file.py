"""`rules.yaml` to a rule set: each rule against its schema, then what concerns several rules.

The checks across rules look at what is written, not at the models: a rule with a fault of its own still counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from pydantic_core import PydanticCustomError

from graphsync.errors import ConfigError, Problem, one_of
from graphsync.rules import kinds
from graphsync.rules.checking import checked, gathered, refuse
from graphsync.rules.kinds import ALL, shown
from graphsync.rules.positions import Document, Path
from graphsync.rules.schema import RULE_TYPES, Rule, RuleSet

PRACTICES = {str(rule_type.model_fields["practice"].default): rule_type for rule_type in RULE_TYPES}
"""The practices by the name a rule gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    """What an entry says of itself, as far as it can be read; `always`: it has no condition."""

    index: int
    name: str
    practice: object
    cohorts: tuple[str, ...]
    always: bool


def parse_rules(document: Document, *, cohorts: Collection[str] | None) -> RuleSet:
    """Return the rules of `document`, in the order of the file.

    Args:
        document: `rules.yaml`: a list of rules.
        cohorts: the cohorts there are; None where that is not known, so that no cohort is complained about.

    Raises:
        ConfigError: the file cannot be read, or a rule is wrong; every problem of every rule is listed.
    """
    problems: list[Problem] = []
    rules: list[Rule] = []
    if document.is_read and not (isinstance(document.data, list) and document.data):
        expected = "a list of rules, each starting with '- name: '"
        problems.append(document.problem((), found=shown(document.data), expected=expected))
    elif document.is_read:
        headings = [_heading(document, index) for index in range(len(cast("list[object]", document.data)))]
        for heading in headings:
            rule = gathered(partial(_rule, document, heading), problems)
            if rule is not None:
                rules.append(rule)
        problems.extend(_twice_named(document, headings))
        problems.extend(_unknown_cohorts(document, headings, cohorts))
        problems.extend(_clashes(document, headings))
    refuse(document, problems)
    return RuleSet(tuple(rules))


def _heading(document: Document, index: int) -> _Heading:
    name, said = document.get(index, "name"), document.get(index, "for")
    try:
        named = kinds.cohorts(ALL if said is None else said)
    except PydanticCustomError:
        named = ()
    return _Heading(
        index=index,
        name=name if isinstance(name, str) else "",
        practice=document.get(index, "practice"),
        cohorts=named,
        always=document.get(index, "when") is None,
    )


def _rule(document: Document, heading: _Heading) -> Rule:
    path: Path = (heading.index,)
    practice = heading.practice
    if not isinstance(document.get(*path), dict):
        found, expected = shown(document.get(*path)), "a rule: keys such as 'name' and 'practice'"
    elif practice is None:
        found, expected = "no key 'practice'", f"'practice' (one of {one_of(PRACTICES)})"
    elif not isinstance(practice, str) or practice not in PRACTICES:
        path = (*path, "practice")
        found, expected = f"practice {shown(practice)}", one_of(PRACTICES, practice)
    else:
        return checked(PRACTICES[practice], document, path, rule=heading.name)
    raise ConfigError([document.problem(path, found=found, expected=expected, rule=heading.name)])


def _twice_named(document: Document, headings: Sequence[_Heading]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for heading in headings:
        if heading.name and first.setdefault(heading.name, heading.index) != heading.index:
            line = document.values[first[heading.name], "name"].line
            yield document.problem(
                (heading.index, "name"),
                found=f"the name {heading.name!r} a second time",
                expected=f"each name once (line {line} has it too)",
                rule=heading.name,
            )


def _unknown_cohorts(
    document: Document, headings: Sequence[_Heading], cohorts: Collection[str] | None
) -> Iterator[Problem]:
    known = [*(cohorts or ()), ALL]
    for heading in headings if cohorts is not None else ():
        for place, name in enumerate(heading.cohorts):
            if name not in known:
                yield document.problem(
                    (heading.index, "for", place),
                    found=f"cohort {name!r}",
                    expected=f"a cohort of graphsync.yaml: {one_of(known, name)}",
                    rule=heading.name,
                )


def _clashes(document: Document, headings: Sequence[_Heading]) -> Iterator[Problem]:
    first: dict[tuple[str, str], _Heading] = {}
    for heading in headings:
        practice = heading.practice if isinstance(heading.practice, str) else ""
        for cohort in heading.cohorts if practice in PRACTICES else ():
            other = first.get((practice, cohort))
            if other is None and heading.always:
                first[practice, cohort] = heading
            if other is not None:
                group = "all cohorts" if cohort == ALL else f"cohort {cohort!r}"
                line = document.values[other.index,].line
                yield document.problem(
                    (heading.index, "for"),
                    found=f"a second rule of practice {practice!r} for {group}",
                    expected=f"a `when` on the one before it, which leaves it nothing (in line {line})",
                    rule=heading.name,
                )
