"""Finding the lines of a slice that do not parse, with a bound on the work.

What a line is found to be depends on its frame alone, never on where a batch begins or ends:
a rebuild must find the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from liftline.data.log.contracts import LogBatch, Position

PARSES_PER_FRAME: Final = 24
"""Enough to find two misshapen lines among a hundred; a frame with more is set aside whole."""
PARSES_PER_SLICE: Final = 512
"""Past it the slice ends at the last frame that was looked at; the next one goes on there."""

BLANK: Final = b"{}\n"
"""Stands in for a line that cannot be parsed, so that every other line keeps its number."""

UNREADABLE: Final = "the line is not a JSON object of the record's shape"
TOO_MANY: Final = (
    f"the line's frame has more unreadable lines than {PARSES_PER_FRAME} parses can find"
)


class SliceTooDearError(Exception):
    """Looking at the whole slice costs too much at once: load it up to `end` first."""

    def __init__(self, end: Position) -> None:
        super().__init__(f"load up to {end} first")
        self.end = end


class PoisonSearch:
    """One search through one slice. `parses` says whether lines parse to one row each."""

    def __init__(self, batch: LogBatch, parses: Callable[[list[bytes]], bool]) -> None:
        self._frames = batch.frames
        self._lines = split_lines(batch.payload)
        self._parses = parses
        self._count = 0
        self._starts = [0]
        for frame in batch.frames:
            self._starts.append(self._starts[-1] + frame.records)

    def run(self) -> dict[int, str]:
        """Line number -> what is wrong with it. Raises SliceTooDearError."""
        bad: dict[int, str] = {}
        waiting = [(0, len(self._frames))]
        while waiting:
            low, high = waiting.pop()
            if low and self._count >= PARSES_PER_SLICE:
                raise SliceTooDearError(self._frames[low - 1].end)
            first, after = self._starts[low], self._starts[high]
            if first == after or self._is_good(first, after, {}):
                continue
            if high - low == 1:
                bad |= self._in_frame(first, after)
                continue
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]  # the earlier half is looked at first
        return bad

    def _in_frame(self, first: int, after: int) -> dict[int, str]:
        """The bad lines of a frame that has some: what is no object is seen without a parse,
        the others are found by halving.
        """
        bad = {n: UNREADABLE for n in range(first, after) if not _is_object(self._lines[n])}
        budget = self._count + PARSES_PER_FRAME
        waiting = [(first, after)]
        while waiting:
            low, high = waiting.pop()
            if all(n in bad for n in range(low, high)):
                continue
            if self._count >= budget:
                return dict.fromkeys(range(first, after), TOO_MANY)
            if self._is_good(low, high, bad):
                continue
            if high - low == 1:
                bad[low] = UNREADABLE
                continue
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
        return bad

    def _is_good(self, low: int, high: int, bad: dict[int, str]) -> bool:
        self._count += 1
        return self._parses([BLANK if n in bad else self._lines[n] for n in range(low, high)])


def split_lines(payload: bytes) -> list[bytes]:
    """Every line with its newline."""
    return [line + b"\n" for line in payload.removesuffix(b"\n").split(b"\n")]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def cut(batch: LogBatch, target: Position) -> LogBatch:
    """The part of a batch up to a frame's end."""
    if batch.end <= target:
        return batch
    kept = tuple(frame for frame in batch.frames if frame.end <= target)
    lines = sum(frame.records for frame in kept)
    at = 0
    for _ in range(lines):
        at = batch.payload.index(b"\n", at) + 1
    return LogBatch(start=batch.start, end=target, payload=batch.payload[:at], frames=kept)
