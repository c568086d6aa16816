"""Goal: what dies is restarted, what is told to stop drains, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from liftline.app.paths import Layout
from liftline.app.records import ProcessRecord
from liftline.app.supervisor import AlreadyRunningError, only_one

pytestmark = pytest.mark.slow

BOUND_S = 20.0

CHILD = """
import signal, sys, socket
from liftline.app.processes import die_with_parent
die_with_parent(int(sys.argv[2]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = socket.create_server(("127.0.0.1", 0))
print('{"event": "child is up"}', flush=True)
while True:
    connection, _ = server.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
"""

PARENT = """
import asyncio, os, sys
from pathlib import Path
from liftline.app.paths import Layout
from liftline.app.supervisor import ChildSpec, Supervisor, only_one
from liftline.core.clock import SystemClock
root, child = sys.argv[1:]
layout = Layout(Path(root)); layout.make()
children = (
    ChildSpec(name="steady", command=(sys.executable, child, root, str(os.getpid())), probe=None),
    ChildSpec(name="later", command=(sys.executable, child, root, str(os.getpid())), probe=None,
              after=("steady",)),
)
def ready(seconds): print("ready", flush=True)
with only_one(layout):
    asyncio.run(Supervisor(layout, children, SystemClock(), ready).run())
"""


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition with a bound; the tests' only way to wait."""
    end = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < end, f"not within {BOUND_S} s: {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def records(root: Path) -> dict[str, ProcessRecord]:
    body = Layout(root).processes_file.read_bytes()
    return {record.name: record for record in msgspec.json.decode(body, type=list[ProcessRecord])}


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    child, parent = tmp_path / "child.py", tmp_path / "parent.py"
    child.write_text(textwrap.dedent(CHILD))
    parent.write_text(textwrap.dedent(PARENT))
    root = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, str(parent), str(root), str(child)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process, root
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_child_that_dies_is_restarted(supervised) -> None:
    _, root = supervised
    first = records(root)["steady"].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: records(root)["steady"].restarts == 1, "a restart is counted")
    eventually(lambda: records(root)["steady"].pid not in (None, first), "a new pid")
    eventually(lambda: records(root)["steady"].state == "ready", "ready again")
    assert records(root)["steady"].last_exit == -signal.SIGKILL
    assert records(root)["later"].restarts == 0


def test_sigterm_drains_every_child(supervised) -> None:
    process, root = supervised
    log = root / "logs" / "steady.jsonl"
    eventually(lambda: "child is up" in log.read_text(), "the child's output is kept")
    pids = [record.pid for record in records(root).values()]
    process.send_signal(signal.SIGTERM)
    assert process.wait(BOUND_S) == 0
    assert all(pid is not None and not alive(pid) for pid in pids)
    assert {record.state for record in records(root).values()} == {"stopped"}


def test_children_die_with_a_supervisor_that_is_killed(supervised) -> None:
    process, root = supervised
    pids = [record.pid for record in records(root).values() if record.pid is not None]
    assert len(pids) == 2
    process.kill()
    eventually(lambda: not any(alive(pid) for pid in pids), "the children are gone")


def test_two_supervisors_cannot_share_a_directory(supervised) -> None:
    _, root = supervised
    with pytest.raises(AlreadyRunningError) as caught, only_one(Layout(root)):
        pass
    assert "--data" in caught.value.cure
