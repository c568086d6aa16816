"""Goal: ready means that our own process says so, not that somebody answers."""

import asyncio
import os
import socket
import threading
from pathlib import Path

from liftline.app.probes import answers_ready, is_listener, rss_bytes


def serve_once(server: socket.socket, answer: bytes) -> threading.Thread:
    def run() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_only_a_200_is_ready() -> None:
    for status, expected in ((b"200 OK", True), (b"503 Not yet", False)):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = serve_once(server, b"HTTP/1.1 " + status + b"\r\n\r\n")
            assert asyncio.run(answers_ready(server.getsockname())) is expected
            thread.join(5)


def test_nobody_there_is_not_ready(tmp_path: Path) -> None:
    assert asyncio.run(answers_ready(tmp_path / "none.sock")) is False


def test_the_listener_is_told_from_a_stranger() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert is_listener(os.getpid(), address)
        assert not is_listener(os.getppid(), address), "our parent does not hold our socket"
    assert is_listener(os.getpid(), Path("/any/unix.sock"))


def test_memory_of_a_process_that_is_gone_is_unknown() -> None:
    own = rss_bytes(os.getpid())
    assert own is not None
    assert own > 1_000_000
    assert rss_bytes(2**22 + 1) is None
