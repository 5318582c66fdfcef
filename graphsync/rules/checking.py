"""Data against a model: the model's value, or every problem with its position.

pydantic finds what is wrong; this says it as `found …; expected …`, in the words of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from graphsync.errors import ConfigError, Problem, one_of
from graphsync.rules.kinds import shown
from graphsync.rules.positions import Document, Path

Result = TypeVar("Result")
Model = TypeVar("Model", bound=BaseModel)

RENAMED = {"cohort": "for", "cohorts": "for", "condition": "when", "enabled": "mode", "if": "when", "unless": "when"}
"""Keys that other tools have, or drafts of this one had, and what they are called here."""

SECRET_WORDS = ("secret", "password", "passphrase", "token", "private_key", "certificate")
SECRETS_COME_FROM = "secrets come from GRAPHSYNC_CLIENT_SECRET or the file GRAPHSYNC_CLIENT_SECRET_FILE names"


def gathered(parse: Callable[[], Result], problems: list[Problem]) -> Result | None:
    """Return what `parse` returns; where it raises ConfigError add its problems to `problems` and return None."""
    try:
        return parse()
    except ConfigError as error:
        problems.extend(error.problems)
        return None


def checked(model: type[Model], document: Document, path: Path = (), *, rule: str = "") -> Model:
    """Return the value at `path` of `document` as a `model`.

    Args:
        model: what the value has to be; its keys are those of the file.
        document: the file.
        path: where in the file the value is.
        rule: the name of the rule it belongs to, for the messages.

    Raises:
        ConfigError: the value is no such model; every problem is listed.
    """
    try:
        return model.model_validate(document.get(*path), by_alias=True, by_name=False)
    except ValidationError as error:
        problems = []
        for details in error.errors(include_url=False):
            finding = _finding(details, model)
            problems.append(
                document.problem(
                    (*path, *finding.path),
                    found=finding.found,
                    expected=finding.expected,
                    rule=rule,
                    at_key=finding.at_key,
                    offset=finding.offset,
                )
            )
        raise ConfigError(problems) from error


def refuse(document: Document, problems: Sequence[Problem]) -> None:
    """Raise what was found while `document` was read, and `problems`, if there are any.

    What could not be read is not complained about twice: of two problems at one place the earlier one stands.
    """
    read = {(problem.line, problem.column) for problem in document.problems}
    later = [problem for problem in problems if (problem.line, problem.column) not in read]
    if document.problems or later:
        raise ConfigError([*document.problems, *later])


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys a file may give for `model`, in the order of the model."""
    return [str(held.validation_alias or name) for name, held in model.model_fields.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    path: Path
    found: str
    expected: str
    at_key: bool = False
    offset: int = 0


def _finding(details: ErrorDetails, model: type[BaseModel]) -> _Finding:
    path, kind = details["loc"], details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path, keys_of(_model_at(model, path[:-1])))
    if kind == "missing":
        held = _fields(_model_at(model, path[:-1]))[str(path[-1])]
        return _Finding(path=path[:-1], found=f"no key {path[-1]!r}", expected=f"{path[-1]!r} ({held.description})")
    if path[-1:] == ("[key]",):
        return _Finding(path=path[:-1], found=f"key {path[-2]!r}", expected=details["ctx"]["expected"], at_key=True)
    name = ".".join(step for step in path if isinstance(step, str))
    found = f"{name} {shown(details['input'])}".strip()
    if kind == "model_type":
        return _Finding(path=path, found=found, expected=f"keys {one_of(keys_of(_model_at(model, path)))}")
    context = details["ctx"]
    return _Finding(
        path=(*path, *context["at"]),
        found=context["found"] or found,
        expected=context["expected"],
        offset=context["offset"],
    )


def _unknown_key(path: Path, allowed: Sequence[str]) -> _Finding:
    key = str(path[-1])
    if RENAMED.get(key) in allowed:
        expected = f"{RENAMED[key]!r}, as it is called"
    elif any(word in key.casefold() for word in SECRET_WORDS):
        expected = f"no secret here: {SECRETS_COME_FROM}"
    else:
        expected = f"one of {one_of(allowed, key)}"
    return _Finding(path=path, found=f"key {key!r}", expected=expected, at_key=True)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return dict(zip(keys_of(model), model.model_fields.values(), strict=True))


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """Return the model that checks what is at `path` under `model`."""
    held: object = model
    for step in path:
        if isinstance(held, type) and issubclass(held, BaseModel):
            held = _fields(held)[str(step)].annotation
        else:  # a mapping of names, or a list: each entry has the same model
            held = next(inner for inner in reversed(get_args(held)) if inner is not ...)
    return cast("type[BaseModel]", held)
