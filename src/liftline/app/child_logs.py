"""A child's output on disk, bounded: one file and one predecessor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LOG_MAX_BYTES: Final = 20 * 1024 * 1024
LAST_BYTES: Final = 4096


class ChildLog:
    """Takes what a child prints and never gets in its way.

    What the disk refuses is dropped (`dropped_bytes` counts it): a child whose pipe is not
    read stops at its next line, and a full disk must not stop the collector.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._size_bytes = 0
        self._last = b""
        self.dropped_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Keep a piece of output, as far as the disk takes it."""
        self._last = (self._last + chunk)[-LAST_BYTES:]
        try:
            if self._size_bytes + len(chunk) > LOG_MAX_BYTES:
                self.close()
                self._path.replace(self._path.with_suffix(".jsonl.1"))
            if self._descriptor is None:
                self._open()
            assert self._descriptor is not None
            self._size_bytes += os.write(self._descriptor, chunk)
        except OSError:
            self.dropped_bytes += len(chunk)

    def last_lines(self, count: int = 3) -> list[str]:
        """The newest lines, kept in memory too."""
        return self._last.decode("utf-8", "replace").splitlines()[-count:]

    def close(self) -> None:
        """Give the file back; the next write opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        self._size_bytes = os.fstat(self._descriptor).st_size
