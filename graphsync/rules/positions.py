"""YAML text to plain data in which every key and value knows where it was written.

ruamel.yaml parses (YAML 1.2: `yes` is text) and keeps the positions; what data means is left to the schemas. Values
are text, whole numbers, true, false, nothing, lists and mappings. Anything else a file may hold stays text, so that
the reader of a problem sees what was written. Anchors are refused: each value stands where it is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from graphsync.errors import Problem

Path = tuple[str | int, ...]
"""The keys and list places (from 0) that lead to a value."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_OWN_TAGS = "map seq null bool int float str timestamp merge value"
_PLAIN_TAGS = frozenset(_TAG + kind for kind in _OWN_TAGS.split())


class Place(NamedTuple):
    """Where something was written; line and column from 1, or 0 for the source as a whole."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The data of one file, with the place of every key and value by its path.

    `texts` has the place of the first character of each text that is written in one piece, as it is. `problems` is
    what was found while reading; where nothing could be read, `is_read` is false and `data` is None.
    """

    file: str
    data: object = None
    is_read: bool = False
    keys: Mapping[Path, Place] = field(default_factory=dict)
    values: Mapping[Path, Place] = field(default_factory=dict)
    texts: Mapping[Path, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem(
        self, path: Path, *, found: str, expected: str, rule: str = "", at_key: bool = False, offset: int = 0
    ) -> Problem:
        """Return a problem at the value at `path`, or at its key; at what is around it where it was not written.

        An `offset` is that of a character in a text, and counts where the text is written in one piece.
        """
        place = self.keys.get(path) if at_key else None
        if offset and path in self.texts:
            place = self.texts[path]._replace(column=self.texts[path].column + offset)
        for length in range(len(path), -1, -1):
            place = place or self.values.get(path[:length])
        place = place or Place(self.file, 0, 0)
        return Problem(file=place.file, line=place.line, column=place.column, rule=rule, found=found, expected=expected)

    def get(self, *path: str | int) -> object:
        """Return the value at `path`, or None where there is none."""
        value = self.data
        for step in path:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def with_value(self, path: tuple[str, ...], value: str, *, source: str) -> Document:
        """Return the document with `value` at `path`; problems with it name `source` as their file.

        Mappings on the way are made where there are none. Where something else stands in their place the document
        is returned as it is: that is a problem already.
        """
        data, places = _merged(self.data if self.is_read else None, path, value), dict(self.values)
        places[path] = Place(source, 0, 0)
        return self if data is None else replace(self, data=data, values=places)


def parse_yaml(text: str, *, file: str) -> Document:
    """Return the data of `text`; what is wrong with it as YAML is in `problems`, with its position.

    Args:
        text: one YAML document, possibly with a byte order mark.
        file: the name that problems give as theirs.
    """
    text = text.removeprefix("\ufeff")
    places = _Places(file, text)
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        return Document(file=file, problems=(_syntax_problem(error, places),))
    except ReaderError as error:
        found, expected = f"the character U+{error.character:04X}", "text without control characters"
        return Document(file=file, problems=(_problem(places.at(error.position), found, expected),))
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        # An escape beyond Unicode, a version directive of a YAML to come, lists nested a thousand deep.
        found = f"text that is not YAML ({type(error).__name__})"
        return Document(file=file, problems=(_problem(Place(file, 0, 0), found, "a YAML 1.2 file"),))
    if node is None:
        return Document(file=file, problems=(_problem(Place(file, 0, 0), "an empty file", "keys and their values"),))
    reading = _Reading(places)
    data = reading.read(node, ())
    return Document(
        file=file,
        data=data,
        is_read=True,
        keys=reading.keys,
        values=reading.values,
        texts=reading.texts,
        problems=tuple(reading.problems),
    )


class _Places:
    """Turns offsets into places. Lines are an editor's: ruamel.yaml also counts ends of lines that YAML 1.2 dropped."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def at(self, offset: int) -> Place:
        line = bisect_right(self.starts, offset)
        return Place(self.file, line, offset - self.starts[line - 1] + 1)


class _Reading:
    """One walk over the nodes of a file."""

    def __init__(self, places: _Places) -> None:
        self.places = places
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.texts: dict[Path, Place] = {}
        self.problems: list[Problem] = []

    def read(self, node: Node, path: Path) -> object:
        place = self.places.at(node.start_mark.index)
        self.values[path] = place
        if node.anchor:
            self.problems.append(_problem(place, f"the anchor '&{node.anchor}'", "each value written where it is used"))
            return None
        if node.tag not in _PLAIN_TAGS:
            self.problems.append(_problem(place, f"the tag {node.tag!r}", "a value without a tag"))
        if isinstance(node, MappingNode):
            return dict(self.entries(node, path))
        if isinstance(node, SequenceNode):
            return [self.read(entry, (*path, index)) for index, entry in enumerate(node.value)]
        around = node.end_mark.index - node.start_mark.index - len(node.value)
        if around in (0, 2):  # as it is, or in quotes; escapes, doubled quotes and folded lines take more
            self.texts[path] = place._replace(column=place.column + around // 2)
        return _scalar(node)

    def entries(self, node: MappingNode, path: Path) -> Iterator[tuple[str, object]]:
        for key_node, value_node in node.value:
            place = self.places.at(key_node.start_mark.index)
            if not isinstance(key_node, ScalarNode) or key_node.anchor:
                self.problems.append(_problem(place, "a key that is no plain text", "text as a key"))
                continue
            key = key_node.value
            first = self.keys.get((*path, key))
            if first is not None:
                self.problems.append(
                    _problem(place, f"key {key!r} a second time", f"each key once (line {first.line} has it too)")
                )
                continue
            self.keys[(*path, key)] = place
            yield key, self.read(value_node, (*path, key))
            if value_node.value == "":  # an empty value is marked where the next thing starts, maybe lines below
                self.values[(*path, key)] = place


def _scalar(node: Node) -> object:
    text = str(node.value)
    if node.tag == _TAG + "null":
        return None
    if node.tag == _TAG + "bool":
        return text.lower() == "true"
    return int(text) if node.tag == _TAG + "int" and _NUMBER.fullmatch(text) else text


def _merged(data: object, path: tuple[str, ...], value: str) -> dict[str, object] | None:
    if not isinstance(data, dict | None):
        return None
    below: object = value if len(path) == 1 else _merged((data or {}).get(path[0]), path[1:], value)
    return None if below is None else {**(data or {}), path[0]: below}


def _problem(place: Place, found: str, expected: str) -> Problem:
    return Problem(file=place.file, line=place.line, column=place.column, found=found, expected=expected)


def _syntax_problem(error: MarkedYAMLError, places: _Places) -> Problem:
    place = places.at((error.problem_mark or error.context_mark).index)
    if "\\t" in str(error.problem):
        return _problem(place, "a tab", "spaces to indent")
    what = re.sub(r"\s+", " ", f"{error.context or ''} {error.problem or ''}").strip()
    return _problem(
        place, f"text that is not YAML ({what})", "'key: value', or '- ' and an entry, lined up with its kind"
    )
