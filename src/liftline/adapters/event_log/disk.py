"""The three acts on a disk that can fail, as a port, so that tests can make them fail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol


class Disk(Protocol):
    """Writes bytes at an offset and makes them durable. Raises OSError; never retried."""

    def write(self, descriptor: int, parts: Sequence[bytes], offset: int) -> int:
        """Write some of the parts' bytes, in order (maybe not all), and say how many."""
        ...

    def sync(self, descriptor: int) -> None:
        """Return when everything written survives a power cut."""
        ...

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        """Reserve space ahead, so that sync need not record a new file size each time."""
        ...


class OsDisk:
    """The operating system's disk."""

    def write(self, descriptor: int, parts: Sequence[bytes], offset: int) -> int:
        return os.pwritev(descriptor, parts, offset)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def allocate(self, descriptor: int, offset: int, size_bytes: int) -> None:
        os.posix_fallocate(descriptor, offset, size_bytes)
