"""Reads YAML 1.2 into plain values, and remembers the line and column of each.

Anchors, tags and merges are refused: each value stands where it is read. Times stay text, so that nobody but the reader
of a field decides what they mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from graphsync.errors import ConfigError, Problem
from graphsync.sandbox.scenarios.fields import Misfit, Path

_CORE = "tag:yaml.org,2002:"
# Deeper than anything that is written by hand, and far from what Python's stack holds.
_DEEPEST = 50


@dataclass(slots=True)
class Source:
    """One file: its value, and where everything in it stands."""

    file: str
    value: Any = None
    _places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _key_places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _problems: list[Problem] = field(default_factory=list)

    def problem(self, misfit: Misfit) -> Problem:
        """Return a misfit as a problem at its line and column."""
        places = self._key_places if misfit.of_key else self._places
        line, column = places.get(misfit.path) or self._nearest(misfit.path)
        label = "" if misfit.of_key or not misfit.path else f" for {str(misfit.path[-1])!r}"
        if misfit.path and isinstance(misfit.path[-1], int):
            label = ""
        return Problem(
            file=self.file, line=line, column=column, found=f"{misfit.found}{label}", expected=misfit.expected
        )

    def _nearest(self, path: Path) -> tuple[int, int]:
        for length in range(len(path), -1, -1):
            if path[:length] in self._places:
                return self._places[path[:length]]
        return 1, 1

    def _take(self, node: Node | None, path: Path) -> Any:
        if node is None:
            return None
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self._places[path] = place
        if node.anchor is not None:
            self._tell(place, f"anchor {node.anchor!r}", "each value written out where it is read")
            return None
        if len(path) > _DEEPEST:
            self._tell(place, f"values nested {len(path)} deep", "fewer levels")
            return None
        match node:
            case MappingNode():
                return self._mapping(node, path)
            case SequenceNode():
                return [self._take(item, (*path, index)) for index, item in enumerate(node.value)]
            case ScalarNode():
                return self._scalar(node, place)
            case _:
                raise AssertionError(f"YAML has no nodes of {type(node).__name__}")

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, ScalarNode):
                self._tell(place, "a key that is a list or has keys itself", "text as a key")
                continue
            key = str(key_node.value)
            if key in found:
                self._tell(place, f"key {key!r} a second time", "each key once")
                continue
            self._key_places[*path, key] = place
            found[key] = self._take(value_node, (*path, key))
        return found

    def _scalar(self, node: ScalarNode, place: tuple[int, int]) -> Any:
        text = str(node.value)
        match str(node.tag).removeprefix(_CORE):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return self._number(text, place)
            case "float":
                return float(re.sub(r"\.(?=inf|nan)|_", "", text.lower()))
            case "str" | "timestamp":
                return text
            case tag:
                self._tell(place, f"tag {tag!r}", "a plain value")
                return None

    def _number(self, text: str, place: tuple[int, int]) -> int | None:
        try:
            return int(text, 10 if text.lstrip("+-").isdigit() else 0)
        except ValueError:
            self._tell(place, f"{text[:40]!r}", "a number")
            return None

    def _tell(self, place: tuple[int, int], found: str, expected: str) -> None:
        self._problems.append(Problem(file=self.file, line=place[0], column=place[1], found=found, expected=expected))

    @property
    def problems(self) -> list[Problem]:
        """Return what is wrong with the YAML itself."""
        return list(self._problems)


def read_yaml(text: str, file: str) -> Source:
    """Return what a YAML text holds.

    Raises:
        ConfigError: it is no YAML; what else is wrong is among the source's `problems`.
    """
    source = Source(file)
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        found = " ".join(str(error.problem or error.context or "something").split())
        raise ConfigError(
            [Problem(file=file, line=line, column=column, found=f"text that is no YAML: {found}", expected="YAML 1.2")]
        ) from error
    except (YAMLError, RecursionError) as error:
        found = " ".join(str(error).split())
        raise ConfigError(
            [Problem(file=file, line=0, column=0, found=f"text that is no YAML: {found[:200]}", expected="YAML 1.2")]
        ) from error
    source.value = source._take(node, ())
    return source
