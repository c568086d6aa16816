"""Goal: a connection too many is told when to come back, and the others go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import uvicorn

from liftline.adapters.event_log.memory import MemoryLog, MemoryLogWriter
from liftline.data.collect.api import CollectorConfig, Limits, create_app
from liftline.data.collect.http import uvicorn_config

WAIT_S = 10


class _Caller:
    """One connection, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def ask(self) -> bytes:
        self.writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), WAIT_S)
        length = head.lower().partition(b"content-length:")[2].split()[0]
        return head + await asyncio.wait_for(self._reader.readexactly(int(length)), WAIT_S)

    async def is_closed(self) -> bool:
        return await asyncio.wait_for(self._reader.read(1), WAIT_S) == b""


async def _three_connections(directory: Path) -> list[bytes]:
    config = CollectorConfig(control_directory=directory, port=0, limits=Limits(connections=2))
    server = uvicorn.Server(
        uvicorn_config(create_app(config, MemoryLogWriter(MemoryLog())), config)
    )
    running = asyncio.create_task(server.serve())
    callers: list[_Caller] = []
    try:
        async with asyncio.timeout(WAIT_S):
            while not server.started:
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        answers: list[bytes] = []
        for _ in range(3):
            callers.append(_Caller(*await asyncio.open_connection("127.0.0.1", port)))
            answers.append(await callers[-1].ask())
        answers.append(await callers[0].ask())
        assert await callers[2].is_closed()
        return answers
    finally:
        for caller in callers:
            caller.writer.close()
        server.should_exit = True
        await running


def test_a_connection_too_many_is_told_when_to_come_back(tmp_path: Path) -> None:
    first, second, third, again = asyncio.run(_three_connections(tmp_path))
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in (first, second, again))
    assert third.startswith(b"HTTP/1.1 503")
    assert b"\r\nretry-after: 1\r\n" in third
    assert b"\r\nconnection: close\r\n" in third
    assert b'"code":"not_ready"' in third
