"""YAML as plain values, with the line of each, and none of YAML's surprises.

Only what JSON has: texts, numbers, true, false, null, lists, mappings with text keys. `no`
is a text, an unquoted instant is a text, 0777 is refused by whoever wants a number. The
same key twice is an error, anchors and aliases are refused: one file, read top to bottom,
says what it means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

Place = tuple[str | int, ...]
MAX_FILE_BYTES: Final = 262_144
MAX_NESTING: Final = 40

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_PLAIN_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_KINDS: Final = frozenset(
    ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
)
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class YamlDefectError(Exception):
    """What is wrong with the text, and on which line (from 1); its reader adds the file."""

    def __init__(self, *, line: int, message: str, cure: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.cure = cure


@dataclass(frozen=True, slots=True)
class YamlTree:
    """A document's values and, for each place in it, the line where it starts."""

    value: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(text: str) -> YamlTree:
    """Parse one document. Raises YamlDefectError. Bounds: MAX_FILE_BYTES, MAX_NESTING."""
    import yaml  # noqa: PLC0415 - the collector imports this package and must not pay for YAML

    if len(text.encode()) > MAX_FILE_BYTES:
        raise YamlDefectError(
            line=1, message="the file is larger than 256 KB", cure="one event per file"
        )
    # libyaml reads ten times as fast, and is part of PyYAML's wheels.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _bound_nesting(yaml.parse(text, Loader=loader))
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise _syntax_defect(error) from None
    tree = YamlTree({} if root is None else None)
    if root is None:
        return tree
    walk = _Walk(tree.lines)
    return YamlTree(walk.value(root, ()), tree.lines)


def _bound_nesting(events: Iterable[Any]) -> None:
    """Look at the depth first, event by event: libyaml's composer recurses without a bound
    and takes the whole process down on a thousand brackets."""
    depth = 0
    for event in events:
        name = type(event).__name__
        if name in ("MappingStartEvent", "SequenceStartEvent"):
            depth += 1
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if depth > MAX_NESTING:
            line = event.start_mark.line + 1
            raise YamlDefectError(line=line, message="the file nests too deep", cure="flatten it")


class _Walk:
    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self._seen: set[int] = set()

    def value(self, node: Any, place: Place) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(place, line)
        if id(node) in self._seen:
            raise YamlDefectError(
                line=line, message="an alias (*name) is used", cure="write the value out"
            )
        self._seen.add(id(node))
        if node.tag.removeprefix(_PLAIN_TAG) not in _PLAIN_KINDS:
            raise YamlDefectError(
                line=line, message=f"the tag {node.tag} is used", cure="leave tags (!...) out"
            )
        if node.id == "mapping":
            return self._mapping(node, place)
        if node.id == "sequence":
            return [self.value(one, (*place, index)) for index, one in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.id != "scalar":
                raise YamlDefectError(
                    line=line, message="a key is not a text", cure="use a plain name"
                )
            key = key_node.value
            if key in found:
                raise YamlDefectError(
                    line=line,
                    message=f"the key `{key}` is there twice",
                    cure=f"keep one; the first is on line {self._lines[(*place, key)]}",
                )
            self._lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return found


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style:  # quoted or a block; plain is None, or "" from libyaml
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and len(text) < 40:
        return int(text)
    if _NUMBER.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _syntax_defect(error: Exception) -> YamlDefectError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return YamlDefectError(
        line=1 if mark is None else mark.line + 1,
        message=f"this is not YAML: {problem}",
        cure="indent with spaces, and put a text that holds `: ` or starts with a sign in quotes",
    )
