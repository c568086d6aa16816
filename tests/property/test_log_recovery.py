"""Goal: whatever the disk keeps of an unsynced tail, recovery keeps every durable record, whole
frames only, and never gives a position out twice."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.adapters.event_log.segment import SegmentLimits, SegmentLogReader, SegmentLogWriter
from liftline.data.log.check import check_log
from liftline.data.log.conformance import append_all, line, read_all
from liftline.data.log.contracts import Position
from liftline.data.log.frames import commit_line
from liftline.data.log.mark import MARK_FILE
from liftline.data.log.segments import list_segments, read_seal

EXAMPLES = 1000 if os.environ.get("LIFTLINE_SOAK") == "1" else 40
LIVES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["closed", "cut", "garbled", "zeros", "extra frame"]),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=5,
)


def crash(directory: Path, kind: str, chance: int, next_ordinal: int) -> int:
    """Undo the seal of the last segment and leave a tail; returns records that may be there."""
    names = list_segments(directory)
    if kind == "closed" or not names:
        return 0
    seal = read_seal(directory, names[-1])
    assert seal is not None
    path = directory / names[-1].file_name
    path.chmod(0o644)
    durable = path.read_bytes()[: seal.size_bytes]
    payload = line(900_000 + next_ordinal)
    frame = commit_line([payload], first_ordinal=next_ordinal, records=1, events=1) + payload
    if kind == "cut":
        tail = frame[: chance % len(frame)]
    elif kind == "garbled":
        at = chance % len(frame)
        tail = frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1 :]
    elif kind == "zeros":
        tail = frame[: chance % len(frame)] + b"\0" * 300
    else:
        tail = frame
    path.write_bytes(durable + tail)
    return 1 if kind == "extra frame" else 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(LIVES)
def test_durable_records_survive_every_crash(lives: list[tuple[int, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        expected: list[bytes] = []
        positions: list[Position] = []
        for count, kind, chance in lives:
            limits = SegmentLimits(max_segment_bytes=200 + chance % 500)
            writer = SegmentLogWriter(directory, limits=limits)
            numbers = range(len(expected), len(expected) + count)
            if count:
                positions += append_all(writer, numbers)
            expected += map(line, numbers)
            mark = (directory / MARK_FILE).read_bytes()
            writer.close()
            (directory / MARK_FILE).write_bytes(mark)
            if crash(directory, kind, chance, len(expected)):
                expected.append(line(900_000 + len(expected)))
        writer = SegmentLogWriter(directory)
        payload, frames, _ = read_all(SegmentLogReader(directory))
        assert payload.splitlines(keepends=True) == expected
        assert sum(frame.records for frame in frames) == len(expected)
        assert positions == sorted(positions), "positions only rise"
        assert [damage for _, damage in check_log(directory) if damage] == []
        writer.close()
