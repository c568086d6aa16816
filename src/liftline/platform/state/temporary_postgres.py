"""A PostgreSQL server for tests: its own directory, a Unix socket, gone when stopped.

initdb refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Final

INSTALL_LINE: Final = "needs PostgreSQL: apt-get install postgresql"
START_S: Final = 30.0
STOP_S: Final = 10.0
_READY: Final = b"database system is ready to accept connections"


def postgres_bin() -> Path | None:
    """Where the newest installed server's programs are; None when there is none."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    newest = found[-1] if found else (Path(on_path) if on_path else None)
    return newest.parent if newest else None


class TemporaryPostgres:
    """One server. Nothing is fsynced: it proves behaviour, never durability.

    Raises RuntimeError when the server does not become ready within START_S.
    """

    def __init__(self, programs: Path) -> None:
        self._user = "nobody" if os.getuid() == 0 else None
        self.directory = Path(tempfile.mkdtemp(prefix="liftline-pg-"))
        if self._user:
            nobody = pwd.getpwnam(self._user)
            os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)
        cluster = self.directory / "cluster"
        self._run(
            [
                programs / "initdb",
                "-D",
                cluster,
                "-U",
                "liftline",
                "-A",
                "trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]  # fmt: skip
        )
        self._server = subprocess.Popen(
            [
                programs / "postgres",
                "-D",
                cluster,
                "-k",
                self.directory,
                "-F",
                "-c",
                "listen_addresses=",
                "-c",
                "shared_buffers=16MB",
                "-c",
                "log_min_messages=log",
            ],  # fmt: skip
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.directory,
            user=self._user,
            extra_groups=[] if self._user else None,
        )
        self._ready = threading.Event()
        self._drain = threading.Thread(target=self._read_log, daemon=True)
        self._drain.start()
        if not self._ready.wait(START_S) or self._server.poll() is not None:
            self.stop()
            raise RuntimeError("the temporary PostgreSQL did not become ready")

    def url(self, database: str = "postgres") -> str:
        """How to reach a database of this server."""
        return f"postgresql://liftline@/{database}?host={self.directory}"

    def stop(self) -> None:
        """Stop the server, by its own process id, and remove its directory."""
        if self._server.poll() is None:
            # Immediate shutdown: nothing here is kept, so nothing needs a checkpoint.
            self._server.send_signal(signal.SIGQUIT)
            try:
                self._server.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait(STOP_S)
        self._drain.join(STOP_S)
        if self._server.stderr:
            self._server.stderr.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, command: list[str | Path]) -> None:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            cwd=self.directory,
            user=self._user,
            extra_groups=[] if self._user else None,
            timeout=START_S,
        )

    def _read_log(self) -> None:
        """Read the log so that the pipe never fills, and see the line that says ready."""
        assert self._server.stderr is not None
        for line in self._server.stderr:
            if _READY in line:
                self._ready.set()
        self._ready.set()
