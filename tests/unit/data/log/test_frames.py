"""Goal: a frame says exactly what it holds, and any changed byte of it is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftline.data.log.contracts import (
    START,
    BadPositionError,
    Position,
    parse_position,
)
from liftline.data.log.frames import (
    MAX_LINE_BYTES,
    commit_line,
    parse_commit,
    parse_seal,
    seal_line,
)

BIGGEST = 9_999_999_999_999_999_999


def test_a_commit_line_reads_back() -> None:
    line = commit_line([b"ab\n", b"c\n"], first_ordinal=7, records=2, events=3)
    commit = parse_commit(line + b"ab\nc\n")
    assert commit is not None
    assert (commit.first_ordinal, commit.records, commit.events) == (7, 2, 3)
    assert (commit.size_bytes, commit.line_bytes) == (5, len(line))
    assert commit.matches(b"ab\nc\n")
    assert not commit.matches(b"ab\nd\n")


def test_the_longest_lines_fit_their_bound() -> None:
    commit = commit_line([b"\n"], first_ordinal=BIGGEST, records=BIGGEST, events=BIGGEST)
    seal = seal_line(frames=BIGGEST, next_ordinal=BIGGEST, events=BIGGEST, size_bytes=BIGGEST)
    assert max(len(commit), len(seal)) <= MAX_LINE_BYTES
    assert parse_commit(commit) is not None
    assert parse_seal(seal) is not None


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.data())
def test_any_changed_byte_of_a_frame_is_found(body: bytes, draw: st.DataObject) -> None:
    payload = body + b"\n"
    frame = commit_line([payload], first_ordinal=1234, records=1, events=56) + payload
    at = draw.draw(st.integers(0, len(frame) - 1))
    flip = draw.draw(st.integers(1, 255))
    harmed = frame[:at] + bytes([frame[at] ^ flip]) + frame[at + 1 :]
    commit = parse_commit(harmed)
    if commit is not None:
        found = harmed[commit.line_bytes : commit.line_bytes + commit.size_bytes]
        assert len(found) != commit.size_bytes or not commit.matches(found)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 200), st.integers(1, 255))
def test_any_changed_byte_of_a_seal_is_found(at: int, flip: int) -> None:
    line = seal_line(frames=3, next_ordinal=1234, events=56, size_bytes=789)
    at %= len(line)
    harmed = line[:at] + bytes([line[at] ^ flip]) + line[at + 1 :]
    assert parse_seal(harmed) is None


@pytest.mark.parametrize("text", ["", "{}", '{"kind":"event"}\n', '{"commit":{"first":-1'])
def test_other_lines_are_no_commit(text: str) -> None:
    assert parse_commit(text.encode()) is None
    assert parse_seal(text.encode()) is None


def test_positions_read_back_and_sort_as_text() -> None:
    positions = [
        START,
        Position(1, 2, 3),
        Position(1, 2, 40),
        Position(1, 10, 0),
        Position(2, 1, 1),
    ]
    assert [parse_position(str(position)) for position in positions] == positions
    assert sorted(map(str, positions)) == [str(position) for position in sorted(positions)]


def test_a_text_that_is_no_position_is_refused() -> None:
    with pytest.raises(BadPositionError):
        parse_position("1:2:3")
