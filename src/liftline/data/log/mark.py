"""The durable mark: how far the log has survived fdatasync, for every process to read.

A small memory-mapped file with two slots, written in turn, each with a running number and
a checksum. A reader takes the valid slot with the higher number; a writer killed in the
middle of one slot leaves the other. No lock on either side; a reader only asks whether the
file is still the one it mapped. The file itself is not synced: after a power cut it may be
old, never ahead of the segments, and the next writer publishes anew.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Final

from liftline.data.log.contracts import LogStats, Position

MARK_FILE: Final = "durable.mark"
READ_ATTEMPTS: Final = 100
"""Both slots can only be torn at once by a writer that publishes twice during one read."""

_FIELDS: Final = struct.Struct("<QQQQQQQQ")
_CHECK: Final = struct.Struct("<I")
_SLOT_BYTES: Final = 128
_FILE_BYTES: Final = 2 * _SLOT_BYTES


class MarkWriter:
    """Publishes the durable position; one per log."""

    def __init__(self, directory: Path) -> None:
        descriptor = os.open(directory / MARK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if os.fstat(descriptor).st_size != _FILE_BYTES:
                os.ftruncate(descriptor, _FILE_BYTES)
            self._map = mmap.mmap(descriptor, _FILE_BYTES)
        finally:
            os.close(descriptor)
        self._number = max(
            _slot_number(self._map[:_SLOT_BYTES]), _slot_number(self._map[_SLOT_BYTES:])
        )

    def publish(self, stats: LogStats) -> None:
        """Make this the position that readers see."""
        self._number += 1
        fields = _FIELDS.pack(
            self._number,
            stats.durable.epoch,
            stats.durable.sequence,
            stats.durable.offset,
            stats.next_ordinal,
            stats.events,
            stats.size_bytes,
            stats.segments,
        )
        start = self._number % 2 * _SLOT_BYTES
        slot = fields + _CHECK.pack(zlib.crc32(fields))
        self._map[start : start + len(slot)] = slot

    def close(self) -> None:
        self._map.flush()
        self._map.close()


class MarkReader:
    """Sees the durable position from any process."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / MARK_FILE
        self._map: mmap.mmap | None = None
        self._mapped: tuple[int, int] | None = None

    def current(self) -> LogStats | None:
        """Where the log stands, or None when no writer ever published (or the file is damaged)."""
        if self._map is not None and self._mapped != self._there():
            self.close()  # another file took its place: the log was restored or replaced
        if self._map is None:
            self._map = self._open()
        if self._map is None:
            return None
        for _ in range(READ_ATTEMPTS):
            copy = self._map[:]
            slots = [_parse(copy[:_SLOT_BYTES]), _parse(copy[_SLOT_BYTES:])]
            valid = [slot for slot in slots if slot is not None]
            if valid:
                return max(valid, key=lambda slot: slot[0])[1]
        return None

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> mmap.mmap | None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(descriptor)
            if found.st_size != _FILE_BYTES:
                return None
            self._mapped = found.st_dev, found.st_ino
            return mmap.mmap(descriptor, _FILE_BYTES, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None


def _parse(slot: bytes) -> tuple[int, LogStats] | None:
    fields = slot[: _FIELDS.size]
    (check,) = _CHECK.unpack_from(slot, _FIELDS.size)
    number, epoch, sequence, offset, next_ordinal, events, size_bytes, segments = _FIELDS.unpack(
        fields
    )
    if number == 0 or zlib.crc32(fields) != check:
        return None
    return number, LogStats(
        durable=Position(epoch, sequence, offset),
        next_ordinal=next_ordinal,
        events=events,
        size_bytes=size_bytes,
        segments=segments,
    )


def _slot_number(slot: bytes) -> int:
    parsed = _parse(slot)
    return parsed[0] if parsed else 0
