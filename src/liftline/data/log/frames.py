"""How a frame looks on disk, and what makes it valid. Pure: bytes in, facts out.

A segment is NDJSON: each frame is one commit line and then its record lines.

    {"commit":{"first":1200,"records":2,"events":2,"bytes":611,"crc32":3735928559}}
    {"kind":"event",...}
    {"kind":"event",...}

The commit line comes first, so a reader knows where the frame ends without searching the
payload, and no record can pass for a commit line. `crc32` covers the payload and then the
commit line up to its own field, so a damaged count is found as surely as a damaged record.
A sealed segment ends with one seal line, which carries the log's running totals. A record
erased later becomes a tombstone of the same length: positions never move.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_LINE_BYTES: Final = 256
"""No commit or seal line is longer; five 19-digit numbers need less."""

_COMMIT: Final = re.compile(
    rb'(\{"commit":\{"first":(\d{1,19}),"records":(\d{1,19}),"events":(\d{1,19})'
    rb',"bytes":(\d{1,19})),"crc32":(\d{1,10})\}\}\n'
)
_SEAL: Final = re.compile(
    rb'(\{"seal":\{"frames":(\d{1,19}),"next_ordinal":(\d{1,19}),"events":(\d{1,19})'
    rb',"bytes":(\d{1,19})),"crc32":(\d{1,10})\}\}\n'
)
COMMIT_START: Final = b'{"commit":{'


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """What a commit line says of its frame; `size_bytes` is the payload's, without the line."""

    first_ordinal: int
    records: int
    events: int
    size_bytes: int
    crc32: int
    prefix: bytes
    line_bytes: int

    def matches(self, payload: bytes | memoryview) -> bool:
        """Whether the payload is what was committed."""
        return zlib.crc32(self.prefix, zlib.crc32(payload)) == self.crc32


@dataclass(frozen=True, slots=True, kw_only=True)
class SealLine:
    """What a seal line says: frames in the segment, totals of the log up to here.

    `size_bytes` is the segment's size before the seal line.
    """

    frames: int
    next_ordinal: int
    events: int
    size_bytes: int
    line_bytes: int


def commit_line(
    payloads: Sequence[bytes], *, first_ordinal: int, records: int, events: int
) -> bytes:
    """The line that goes in front of these payloads."""
    size_bytes = 0
    crc32 = 0
    for payload in payloads:
        size_bytes += len(payload)
        crc32 = zlib.crc32(payload, crc32)
    prefix = b'{"commit":{"first":%d,"records":%d,"events":%d,"bytes":%d' % (
        first_ordinal,
        records,
        events,
        size_bytes,
    )
    return b'%b,"crc32":%d}}\n' % (prefix, zlib.crc32(prefix, crc32))


def seal_line(*, frames: int, next_ordinal: int, events: int, size_bytes: int) -> bytes:
    """The last line of a segment that will not change again."""
    prefix = b'{"seal":{"frames":%d,"next_ordinal":%d,"events":%d,"bytes":%d' % (
        frames,
        next_ordinal,
        events,
        size_bytes,
    )
    return b'%b,"crc32":%d}}\n' % (prefix, zlib.crc32(prefix))


def parse_commit(chunk: bytes, at: int = 0) -> CommitLine | None:
    """The commit line that begins at `at`, or None when none does."""
    match = _COMMIT.match(chunk, at)
    if match is None:
        return None
    return CommitLine(
        first_ordinal=int(match[2]),
        records=int(match[3]),
        events=int(match[4]),
        size_bytes=int(match[5]),
        crc32=int(match[6]),
        prefix=match[1],
        line_bytes=match.end() - at,
    )


def parse_seal(chunk: bytes, at: int = 0) -> SealLine | None:
    """The seal line that begins at `at`, or None when none does or it is damaged."""
    match = _SEAL.match(chunk, at)
    if match is None or zlib.crc32(match[1]) != int(match[6]):
        return None
    return SealLine(
        frames=int(match[2]),
        next_ordinal=int(match[3]),
        events=int(match[4]),
        size_bytes=int(match[5]),
        line_bytes=match.end() - at,
    )
