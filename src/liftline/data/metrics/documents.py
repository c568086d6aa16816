"""Definition files as entries that remember their line, so that every error can name it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from liftline.core.units import BadDurationError, duration
from liftline.data.metrics.contracts import DefinitionError

MAX_FILE_BYTES = 262_144
MAX_NODES = 20_000
MAX_DEPTH = 8


class UnreadableFileError(DefinitionError):
    """A definition file is not the YAML it should be."""

    code = "metrics.unreadable_file"


class UnknownKeyError(DefinitionError):
    """A definition has a key that means nothing."""

    code = "metrics.unknown_key"


class MissingKeyError(DefinitionError):
    """A definition lacks a key it needs."""

    code = "metrics.missing_key"


class BadValueError(DefinitionError):
    """A key of a definition has a value it cannot have."""

    code = "metrics.bad_value"


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping of a file with the line of each key. Getters raise a DefinitionError."""

    path: str
    line: int
    values: dict[str, object]
    lines: dict[str, int]

    def only(self, allowed: Sequence[str]) -> None:
        """Refuse keys that mean nothing, with the nearest that would."""
        for key in self.values:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                raise UnknownKeyError(
                    f"{key!r} is not a key here",
                    path=self.path,
                    line=self.lines[key],
                    cure=f"write {near[0]!r}" if near else f"use one of {', '.join(allowed)}",
                )

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.bad(key, f"{key} must be text")
        return value.strip()

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.bad(key, f"{value!r} is no {key}", f"use one of {', '.join(allowed)}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.bad(key, f"{key} must be a number")
        return float(value)

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.bad(key, f"{key} must be a whole number of at least 0")
        return value

    def span(self, key: str, default: str | None = None) -> timedelta:
        text = self.text(key, default)
        try:
            return duration(text)
        except BadDurationError as error:
            raise self.bad(key, error.message, error.cure) from error

    def day(self, key: str) -> date:
        value = self._get(key, None)
        if type(value) is not date:
            raise self.bad(key, f"{key} must be a date", "write it as 2025-10-03")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.bad(key, f"{key} must be a list of texts")
        return tuple(value)

    def entry(self, key: str) -> Entry:
        value = self._get(key, None)
        if not isinstance(value, Entry):
            raise self.bad(key, f"{key} must be a mapping")
        return value

    def entries(self, key: str) -> tuple[Entry, ...]:
        value = self._get(key, None)
        if not isinstance(value, list) or not all(isinstance(item, Entry) for item in value):
            raise self.bad(key, f"{key} must be a list of mappings")
        return tuple(value)

    def bad(self, key: str, problem: str, cure: str = "") -> BadValueError:
        """The error for the value of `key`, ready to raise."""
        line = self.lines.get(key, self.line)
        return BadValueError(problem, path=self.path, line=line, cure=cure)

    def _get(self, key: str, default: object) -> object:
        if key in self.values:
            return self.values[key]
        if default is None:
            raise MissingKeyError(
                f"{key!r} is missing", path=self.path, line=self.line, cure=f"add `{key}:`"
            )
        return default


def read_document(path: Path) -> Entry:
    """The top mapping of a YAML file. Raises UnreadableFileError; bounded in size and depth."""
    name = str(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UnreadableFileError(
            f"the file is larger than {MAX_FILE_BYTES} bytes",
            path=name,
            line=1,
            cure="split it over several directories",
        )
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        document = _Reader(name, loader).read(node, 0) if node else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableFileError(
            f"not YAML: {getattr(error, 'problem', None) or error}",
            path=name,
            line=mark.line + 1 if mark else 1,
            cure="mend the file's syntax",
        ) from error
    if not isinstance(document, Entry):
        raise UnreadableFileError(
            "the file must be a mapping", path=name, line=1, cure="start it with `metrics:`"
        )
    return document


class _Reader:
    def __init__(self, path: str, loader: yaml.SafeLoader) -> None:
        self._path = path
        self._loader = loader
        self._nodes = 0

    def read(self, node: yaml.Node, depth: int) -> object:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise self._unreadable(node, "the file is too large or too deep")
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        value: object = self._loader.construct_object(node)
        return value

    def _mapping(self, node: yaml.MappingNode, depth: int) -> Entry:
        values: dict[str, object] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self.read(key_node, depth + 1)
            if not isinstance(key, str) or key in values:
                raise self._unreadable(key_node, f"the key {key!r} is not text or is there twice")
            values[key] = self.read(value_node, depth + 1)
            lines[key] = key_node.start_mark.line + 1
        return Entry(self._path, node.start_mark.line + 1, values, lines)

    def _unreadable(self, node: yaml.Node, problem: str) -> UnreadableFileError:
        return UnreadableFileError(problem, path=self._path, line=node.start_mark.line + 1)
