"""Patterns of module names, as the walls write them."""

from __future__ import annotations

import re
from functools import cache


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.escape(text).replace(r"\*\*", ".+").replace(r"\*", "[^.]+")
    return re.compile(parts + r"(\..+)?\Z")


def matches(module: str, pattern: str) -> bool:
    """Is `module` what the pattern names, or inside it?

    `*` stands for one segment of a dotted name and `**` for one or more.
    """
    return bool(_pattern(pattern).match(module))


def matches_any(module: str, patterns: list[str]) -> bool:
    return any(matches(module, pattern) for pattern in patterns)
