"""The three files of a deployment, read together: the configuration as one value, or everything wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, cast

from graphsync.errors import ConfigError, Problem
from graphsync.rules import sense
from graphsync.rules.checking import gathered
from graphsync.rules.deployment import Deployment, known_cohorts, parse_deployment
from graphsync.rules.mentorships import MentorshipRow, parse_mentorships
from graphsync.rules.positions import Document, parse_yaml
from graphsync.rules.rules_file import parse_rules
from graphsync.rules.schema import RuleSet
from graphsync.teams.messages import Override as TextOverride
from graphsync.teams.messages import Texts, problems_in

__all__ = ["Config", "Deployment", "FileNames", "Override", "parse_config"]


class FileNames(NamedTuple):
    """The files as messages name them."""

    graphsync: str = "graphsync.yaml"
    rules: str = "rules.yaml"
    mentorships: str = "mentorships.csv"


class Override(NamedTuple):
    """A value that replaces one of `graphsync.yaml`, and where it comes from, as messages name it."""

    source: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the files say; `remarks` are what may be meant and often is not."""

    deployment: Deployment
    rules: RuleSet
    mentorships: tuple[MentorshipRow, ...]
    texts: Texts = field(default_factory=Texts)
    remarks: tuple[Problem, ...] = ()


def parse_config(
    graphsync_yaml: str | None,
    rules_yaml: str | None,
    mentorships_csv: str | None,
    *,
    names: FileNames,
    overrides: Mapping[tuple[str, ...], Override] | None = None,
    messages: Mapping[tuple[str, str], TextOverride] | None = None,
) -> Config:
    """Return what the three files say together.

    Args:
        graphsync_yaml: the text of `graphsync.yaml`; None where there is no such file, here and below.
        rules_yaml: the text of `rules.yaml`.
        mentorships_csv: the text of `mentorships.csv`.
        names: the files as messages name them.
        overrides: values that win over those of `graphsync.yaml`, by their keys from the outermost in.
        messages: the programme's own texts, by language and kind.

    Raises:
        ConfigError: something is wrong; every problem of all files is listed.
    """
    problems: list[Problem] = []
    document = _document(graphsync_yaml, names.graphsync)
    cohorts = known_cohorts(document)
    for path, override in (overrides or {}).items():
        document = document.with_value(path, override.value, source=override.source)
    deployment = gathered(lambda: parse_deployment(document), problems)
    rules_document = _document(rules_yaml, names.rules)
    rules = gathered(lambda: parse_rules(rules_document, cohorts=cohorts), problems)
    if mentorships_csv is None:
        problems.append(_missing(names.mentorships))
        rows = None
    else:
        parse = partial(parse_mentorships, mentorships_csv, file=names.mentorships, cohorts=cohorts)
        rows = gathered(parse, problems)
    problems.extend(problems_in(messages or {}))
    if deployment is not None and rules is not None:
        problems.extend(sense.problems_in(deployment, document, rules, rules_document))
    if problems:
        raise ConfigError(problems)
    settled, held = cast("Deployment", deployment), cast("RuleSet", rules)
    listed = cast("tuple[MentorshipRow, ...]", rows)
    return Config(
        deployment=settled,
        rules=replace(held, nudges=settled.nudges, silences=settled.silences),
        mentorships=listed,
        remarks=tuple(sense.remarks_on(held, rules_document, listed, names.mentorships, settled)),
        texts=Texts(messages or {}),
    )


def _document(text: str | None, file: str) -> Document:
    return Document(file=file, problems=(_missing(file),)) if text is None else parse_yaml(text, file=file)


def _missing(file: str) -> Problem:
    return Problem(file=file, line=0, column=0, found="no such file", expected="a file that can be read")
