"""The three acts on a disk that can fail, as a port, so that tests can make them fail."""

from __future__ import annotations

import os
from typing import Protocol


class Disk(Protocol):
    """Writes bytes at an offset and makes them durable. Raises OSError; never retried."""

    def write(self, descriptor: int, content: bytes, offset: int) -> int:
        """Write some of `content` (maybe less than all) and say how many bytes."""
        ...

    def sync(self, descriptor: int) -> None:
        """Return when everything written survives a power cut."""
        ...

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        """Reserve space ahead, so that sync need not record a new file size each time."""
        ...


class OsDisk:
    """The operating system's disk."""

    def write(self, descriptor: int, content: bytes, offset: int) -> int:
        return os.pwrite(descriptor, content, offset)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        os.posix_fallocate(descriptor, offset, size_bytes)
