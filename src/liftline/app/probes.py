"""Looking at a process from outside: is it ready, is it the one that listens, how big is it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

PROBE_TIMEOUT_S: Final = 1.0
_LISTENING: Final = "0A"
_REQUEST: Final = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

Address = tuple[str, int] | Path
"""Host and port, or a Unix socket's path."""


async def answers_ready(address: Address) -> bool:
    """Whether GET /readyz answers 200 within PROBE_TIMEOUT_S."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            if isinstance(address, Path):
                reader, writer = await asyncio.open_unix_connection(str(address))
            else:
                reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(_REQUEST)
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status


def is_listener(pid: int, address: Address) -> bool:
    """Whether this process holds the listening socket, so that no stranger passes for it.

    A Unix socket lies in our own directory and needs no proof. Where /proc cannot be read
    the answer is yes: the probe alone decides.
    """
    if isinstance(address, Path):
        return True
    try:
        held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
        listening = _listening_inodes(address[1])
    except OSError:
        return True
    return any(f"socket:[{inode}]" in held for inode in listening)


def rss_bytes(pid: int) -> int | None:
    """Resident memory, None when the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text("ascii").splitlines()[1:]:
            fields = line.split()
            local, state, inode = fields[1], fields[3], fields[9]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(inode)
    return found
