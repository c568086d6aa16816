"""A proxy that harms traffic on purpose, and a client that remembers what was acknowledged.

Both are seeded and bounded. The proxy understands just enough HTTP/1.1 to see whole requests
and answers (Content-Length bodies), so that it can send a request twice, hold it back, drop
it before the server, or drop the answer after the server took it.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

IO_TIMEOUT_S = 5.0
MAX_HEAD_BYTES = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """How likely each harm is, per request; `delay_s` is the longest pause."""

    duplicate: float = 0.15
    drop_request: float = 0.1
    drop_answer: float = 0.1
    delay: float = 0.2
    delay_s: float = 0.02


class FlakyProxy:
    """Listens on a free loopback port and passes requests on to a server, with harm."""

    def __init__(self, server_port: int, seed: int, harm: Harm | None = None) -> None:
        self._server_port = server_port
        self._harm = harm or Harm()
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self.harms: dict[str, int] = {}
        self._is_stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """Close the port; connections end by themselves within IO_TIMEOUT_S."""
        self._is_stopping.set()
        for thread in list(self._threads):
            thread.join(IO_TIMEOUT_S * 2)
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """One request per connection: the next gets its own fate."""
        with connection:
            connection.settimeout(IO_TIMEOUT_S)
            try:
                request = read_message(connection)
                if request is None or self._fate("drop_request"):
                    return
                if self._fate("delay"):
                    self._is_stopping.wait(self._chance.random() * self._harm.delay_s)
                answer = self._ask(request)
                if self._fate("duplicate"):
                    answer = self._ask(request) or answer
                if answer is not None and not self._fate("drop_answer"):
                    connection.sendall(answer)
            except OSError:
                return

    def _ask(self, request: bytes) -> bytes | None:
        try:
            with socket.create_connection(("127.0.0.1", self._server_port), IO_TIMEOUT_S) as server:
                server.sendall(request)
                return read_message(server)
        except OSError:
            return None

    def _fate(self, name: str) -> bool:
        with self._lock:
            is_struck = self._chance.random() < getattr(self._harm, name)
            if is_struck:
                self.harms[name] = self.harms.get(name, 0) + 1
            return is_struck


def read_message(connection: socket.socket) -> bytes | None:
    """One whole HTTP/1.1 message, or None when the other side hung up before its end."""
    message = b""
    while b"\r\n\r\n" not in message:
        chunk = connection.recv(65536)
        if not chunk or len(message) > MAX_HEAD_BYTES:
            return None
        message += chunk
    head = message.partition(b"\r\n\r\n")[0]
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    wanted = len(head) + 4 + length
    while len(message) < wanted:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        message += chunk
    return message


@dataclass(slots=True)
class AckedClient:
    """Sends batches until each is acknowledged or its attempts are spent.

    `acked` has every message id that was answered with 200 as accepted, `sent` all that ever
    left. A batch keeps its ids over all attempts, as a good client does.
    """

    port: Callable[[], int]
    secret: str
    make_event: Callable[[random.Random, str], dict[str, Any]]
    seed: int
    batch_events: int = 5
    attempts: int = 60
    pause_s: float = 0.02
    acked: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    rejected: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    positions: list[str] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._chance.seed(self.seed)

    def send(self, batches: int, is_stopping: threading.Event | None = None) -> None:
        """Send that many more batches, one after the other."""
        chance = self._chance
        pause = is_stopping or threading.Event()
        for _ in range(batches):
            if pause.is_set():
                return
            ids = [
                str(uuid.UUID(int=chance.getrandbits(128), version=4))
                for _ in range(self.batch_events)
            ]
            events = [self.make_event(chance, message_id) for message_id in ids]
            self._send_until_acked(ids, json.dumps({"events": events}).encode(), pause)

    def _send_until_acked(self, ids: list[str], body: bytes, pause: threading.Event) -> None:
        self.sent.update(ids)
        for _ in range(self.attempts):
            receipt = self._post(body)
            if receipt is not None:
                refused = {rejection["index"] for rejection in receipt["rejected"]}
                self.acked.update(each for at, each in enumerate(ids) if at not in refused)
                self.rejected += len(refused)
                self.positions.append(receipt["position"])
                return
            if pause.wait(self.pause_s):
                return

    def _post(self, body: bytes) -> dict[str, Any] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=IO_TIMEOUT_S)
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "Content-Type": "application/json",
            "Connection": "close",
        }
        try:
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        if answer.status != 200:
            return None
        receipt: dict[str, Any] = json.loads(content)
        return receipt


def wait_until(is_true: Callable[[], bool], bound_s: float, what: str) -> None:
    """Poll a condition, bounded; the only place of these tests that lets time pass."""
    deadline_s = time.monotonic() + bound_s
    while not is_true():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {bound_s} s: {what}")
        threading.Event().wait(0.01)
