"""The files of the project, as the rules walk them."""

from __future__ import annotations

import ast
import os
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
        found = [start] if start.is_file() else _below(start)
        yield from (path for path in found if not suffixes or path.suffix in suffixes)


def _below(folder: Path) -> list[Path]:
    """Every file of ours; what is generated or hidden is not even entered."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_ours(name))
        found += [Path(here, name) for name in sorted(names) if _is_ours(name)]
    return found


def _is_ours(name: str) -> bool:
    return name not in NOT_OURS and (not name.startswith(".") or name == ".ci")


def shown(path: Path, root: Path = ROOT) -> str:
    """The path as a reader types it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))
