"""Splitting a body into its events when the fast parser gives up on it.

Half of a surrogate pair, or values nested too deep, make the fast parser refuse the whole
body, though only one event is harmed. This one looks at strings and brackets alone, so it
finds where each event begins and ends whatever is inside.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_SPLIT_BYTES: Final = 1 << 20
"""Larger bodies are refused whole: the walk takes about 0.1 s per megabyte."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_LISTS: Final = frozenset({b'"events"', b'"batch"'})


class Split(NamedTuple):
    """The events' bytes, and the body with an empty list in their place."""

    raws: list[bytes]
    envelope: bytes


def split_exactly(body: bytes) -> Split | None:
    """Find the list of events by brackets; None when there is none or they do not match."""
    if len(body) > MAX_SPLIT_BYTES:
        return None
    depth = 0
    key = b""
    list_depth = 0
    list_start = item_start = 0
    raws: list[bytes] = []
    for token in _TOKEN.finditer(body):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            is_list = mark == b"[" and (depth == 1 or (depth == 2 and key in _LISTS))
            if not list_depth and is_list:
                list_depth, list_start = depth, token.start()
                item_start = token.end()
        elif mark in (b"]", b"}"):
            if list_depth and depth == list_depth:
                _add(raws, body[item_start : token.start()])
                return Split(raws, body[:list_start] + b"[]" + body[token.end() :])
            depth -= 1
        elif mark == b",":
            if depth == list_depth and list_depth:
                _add(raws, body[item_start : token.start()])
                item_start = token.end()
        elif depth == 1:
            key = mark
    return None


def _add(raws: list[bytes], item: bytes) -> None:
    item = item.strip()
    if item or raws:
        raws.append(item)
