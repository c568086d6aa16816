"""Names: no grab-bags, no barrels, no hidden imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

GRAB_BAGS = {
    *("util", "utils", "helper", "helpers", "common", "misc", "shared", "base", "lib", "impl"),
    *("manager", "managers", "service", "services", "handler", "handlers", "tool", "tools"),
    *("data", "info"),
}
FLOOR_CALLED_DATA = ("src/liftline/data", "tests/unit/data")


def path_faults(path: str) -> Iterator[str]:
    """A module or folder whose name says nothing about what is inside."""
    pure = PurePosixPath(path)
    for level in (pure.with_suffix(""), *pure.parents):
        if level.name in GRAB_BAGS and level.as_posix() not in FLOOR_CALLED_DATA:
            yield f"{level.as_posix()}: `{level.name}` names no concept"


def barrel_faults(tree: ast.Module, *, is_root: bool = False) -> Iterator[str]:
    """An `__init__.py` holds one sentence and imports nothing."""
    if not ast.get_docstring(tree):
        yield "says nothing: one sentence on what is inside"
    for node in tree.body[1:]:
        is_version = (
            is_root and isinstance(node, ast.Assign) and ast.unparse(node).startswith("__version__")
        )
        if not is_version:
            yield f"line {node.lineno}: holds more than its sentence"


def hidden_import_faults(tree: ast.Module) -> Iterator[str]:
    """Imports by string, which no wall can see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            yield f"line {node.lineno}: imports by string"


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
