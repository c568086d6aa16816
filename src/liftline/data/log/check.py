"""Verifying a whole log: every frame, every seal, and that no segment is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from liftline.data.log.contracts import LogStats
from liftline.data.log.mark import MarkReader
from liftline.data.log.segments import SegmentName, Walk, list_segments, walk_segment


def check_log(directory: Path) -> Iterator[tuple[Walk, str]]:
    """Each segment with what is wrong with it (empty when nothing is), oldest first.

    The last segment may be in use: it is judged up to the durable position. Cost: one read
    of the whole log, about 1 s per gigabyte; memory is bounded by the largest frame.
    """
    mark = MarkReader(directory)
    published = mark.current()
    mark.close()
    names = list_segments(directory)
    next_ordinal: int | None = None
    before: SegmentName | None = None
    for name in names:
        is_last = name == names[-1]
        walk = walk_segment(directory, name, durable_end=_durable_end(name, is_last, published))
        damage = walk.damage or _break_in_the_chain(walk, before, next_ordinal)
        yield walk, damage
        before = name
        if walk.next_ordinal is not None:
            next_ordinal = walk.next_ordinal
    last_sequence = names[-1].sequence if names else 0
    if published is not None and published.durable.sequence > last_sequence:
        lost = SegmentName(published.durable.epoch, published.durable.sequence)
        yield _missing(lost), "the segment is missing"


def _durable_end(name: SegmentName, is_last: bool, published: LogStats | None) -> int | None:
    """Up to where the last segment must be whole; None where a seal says it."""
    if not is_last or published is None:
        return None
    durable = published.durable
    return durable.offset if (durable.epoch, durable.sequence) == tuple(name) else 0


def _break_in_the_chain(walk: Walk, before: SegmentName | None, next_ordinal: int | None) -> str:
    if before is not None and walk.name.sequence != before.sequence + 1:
        return f"segment {before.sequence + 1} before it is missing"
    has_gap = next_ordinal is not None and walk.first_ordinal not in (None, next_ordinal)
    return f"its first ordinal is not {next_ordinal}" if has_gap else ""


def _missing(name: SegmentName) -> Walk:
    return Walk(
        name=name,
        frames=0,
        records=0,
        events=0,
        first_ordinal=None,
        next_ordinal=None,
        valid_bytes=0,
        size_bytes=0,
        seal=None,
        damage="the segment is missing",
    )
