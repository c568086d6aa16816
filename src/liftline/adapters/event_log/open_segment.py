"""The segment being written: create, append, sync, seal."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from liftline.adapters.event_log.disk import Disk
from liftline.data.log.frames import seal_line
from liftline.data.log.segments import SegmentName

ALLOCATION_BYTES: Final = 8 << 20
"""Space is reserved in steps of this; a seal gives back what was not used."""
SEALED_MODE: Final = 0o444
PARTS_PER_WRITE: Final = 1000
"""Linux gathers at most 1,024 parts in one call."""


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class OpenSegment:
    """One file that grows. Not safe for threads: the writer's own thread is its only user."""

    def __init__(self, directory: Path, name: SegmentName, disk: Disk, opened_at_s: float) -> None:
        self.name = name
        self.opened_at_s = opened_at_s
        self.size_bytes = 0
        self.frames = 0
        self._disk = disk
        self._allocated_bytes = 0
        self._may_allocate = True
        self._path = directory / name.file_name
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        sync_directory(directory)

    def append(self, frame: Sequence[bytes], size_bytes: int) -> None:
        """Write the parts of one frame and make it durable. Raises OSError."""
        end = self.size_bytes + size_bytes
        if end > self._allocated_bytes and self._may_allocate:
            self._allocate(end)
        self._write(frame)
        self._disk.sync(self._descriptor)
        self.size_bytes = end
        self.frames += 1

    def seal(self, *, next_ordinal: int, events: int) -> None:
        """Write the last line, cut what was reserved, make the file read-only."""
        line = seal_line(
            frames=self.frames,
            next_ordinal=next_ordinal,
            events=events,
            size_bytes=self.size_bytes,
        )
        self._write([line])
        os.ftruncate(self._descriptor, self.size_bytes + len(line))
        self._disk.sync(self._descriptor)
        # The loader has read all but the last second of it: kept in memory, a sealed segment
        # would only push out what the warehouse needs, and cost a fresh page for each of its own.
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.fchmod(self._descriptor, SEALED_MODE)
        os.close(self._descriptor)

    def abandon(self) -> None:
        """After a failure: cut what was not acknowledged, as far as the disk still lets us.

        A page whose sync failed may read well from memory and still be lost, so the next
        start must not find it and take it for durable.
        """
        try:
            os.ftruncate(self._descriptor, self.size_bytes)
        except OSError:
            pass  # the next start judges the tail by its checksum
        finally:
            os.close(self._descriptor)

    def _write(self, parts: Sequence[bytes]) -> None:
        """Gather small parts in the kernel rather than copy them together first."""
        offset = self.size_bytes
        for start in range(0, len(parts), PARTS_PER_WRITE):
            some = parts[start : start + PARTS_PER_WRITE]
            wanted = sum(map(len, some))
            written = self._disk.write(self._descriptor, some, offset)
            while written < wanted:
                rest = b"".join(some)[written:]
                more = self._disk.write(self._descriptor, [rest], offset + written)
                if more == 0:
                    raise OSError(errno.EIO, "the disk takes no more bytes")
                written += more
            offset += wanted

    def _allocate(self, end: int) -> None:
        """Reserving is only a speed-up: where it fails the write itself decides."""
        size_bytes = end - self._allocated_bytes + ALLOCATION_BYTES
        try:
            self._disk.allocate(self._descriptor, self._allocated_bytes, size_bytes)
            self._allocated_bytes += size_bytes
        except OSError:
            self._may_allocate = False
