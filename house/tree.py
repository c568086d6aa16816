"""The files of the project, as the rules walk them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

NOT_OURS = {
    "__pycache__",
    "node_modules",
    "dist",
    "build",
    "liftline-data",
    "results",
    "target",
}


def files(*tops: str, suffixes: tuple[str, ...] = (".py",), root: Path = ROOT) -> Iterator[Path]:
    """Files below the given folders (or the files themselves), without what is generated."""
    for top in tops:
        start = root / top
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        for path in found:
            parts = path.relative_to(root).parts
            is_ours = not NOT_OURS.intersection(parts) and not any(
                part.startswith(".") and part != ".ci" for part in parts
            )
            if is_ours and path.is_file() and (not suffixes or path.suffix in suffixes):
                yield path


def shown(path: Path, root: Path = ROOT) -> str:
    """The path as a reader types it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))
