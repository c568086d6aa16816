"""Publishing and reading control snapshots, without any heavy package.

The app publishes; the hot processes read from disk, keep the last good version, and start
without the app. Call `refresh()` at least once a second: it reads 20 bytes when nothing changed.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Final

from prometheus_client import Gauge

from liftline.platform.control import publish
from liftline.platform.control.contracts import Snapshot
from liftline.platform.control.publish import (
    SNAPSHOT_BYTES_MAX,
    BadSnapshotError,
    DamagedSnapshotError,
)

__all__ = [
    "SNAPSHOT_BYTES_MAX",
    "BadSnapshotError",
    "DamagedSnapshotError",
    "SnapshotPublisher",
    "SnapshotReader",
]

VERSION: Final = Gauge(
    "liftline_control_version", "The control snapshot in force in this process.", ["name"]
)
DAMAGED: Final = Gauge(
    "liftline_control_damaged",
    "1 while the newest control snapshot cannot be used and an older one serves.",
    ["name"],
)
_log = logging.getLogger(__name__)


class SnapshotPublisher:
    """Writes the versions of a directory's control files.

    Only the app process publishes. Safe from many threads. A version is durable (file and
    directory fsynced) before the pointer names it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def publish(self, name: str, body: bytes) -> int:
        """Put a new version in force; returns its number, which only ever rises.

        Raises BadSnapshotError for a bad name or a body over SNAPSHOT_BYTES_MAX, OSError
        when the disk refuses (the version in force then stays in force).
        """
        publish.checked_name(name)
        if len(body) > SNAPSHOT_BYTES_MAX:
            raise BadSnapshotError(f"{name}: {len(body)} bytes are more than a snapshot may have")
        with self._lock:
            return publish.write_version(self._directory, name, body)


class SnapshotReader:
    """The newest good version of one control file, as this process sees it.

    Not safe from many threads: one owner refreshes. `damage` says what is wrong with the
    newest version while an older one is served, and is empty when all is well.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = publish.checked_name(name)
        self._current: Snapshot | None = None
        self._seen: bytes | None = None
        self.damage = ""

    def current(self) -> Snapshot | None:
        """The version in force here, None before the first good one. Never touches the disk."""
        return self._current

    def refresh(self) -> bool:
        """Look at the pointer, take over a newer good version; True when `current` changed.

        A damaged newest version is not taken: the last good one stays, or at a cold start
        the newest older one that proves itself. Then every refresh looks again.
        """
        pointed = self._pointed()
        if pointed is None:
            # No pointer and no version: nothing was ever published.
            return self._recover("the pointer is missing") if self._versions() else False
        if pointed == self._seen:
            return False
        try:
            snapshot = self._load(pointed)
        except DamagedSnapshotError as damaged:
            self._seen = None
            return self._recover(damaged.message)
        self._seen = pointed
        return self._take(snapshot)

    def _pointed(self) -> bytes | None:
        # Its content and not its stat: two publications within one clock tick of the file
        # system can leave the same inode, time and size behind.
        try:
            with publish.pointer_path(self._directory, self._name).open("rb") as pointer:
                return pointer.read(200)
        except OSError:
            return None

    def _load(self, pointed: bytes) -> Snapshot:
        names = {path.name.encode(): path for _, path in self._versions()}
        if pointed not in names:
            raise DamagedSnapshotError(f"the pointer of {self._name} names no version")
        return publish.load(names[pointed], self._name)

    def _take(self, snapshot: Snapshot) -> bool:
        if self._current is not None and snapshot.version < self._current.version:
            older = f"version {snapshot.version} is older than {self._current.version}"
            return self._say(f"the pointer went back: {older}")
        self.damage = ""
        DAMAGED.labels(name=self._name).set(0)
        VERSION.labels(name=self._name).set(snapshot.version)
        is_new = self._current is None or snapshot.version > self._current.version
        self._current = snapshot
        return is_new

    def _recover(self, why: str) -> bool:
        self._say(why)
        if self._current is not None:
            return False
        for _, path in self._versions():
            try:
                self._current = publish.load(path, self._name)
            except DamagedSnapshotError:
                continue
            VERSION.labels(name=self._name).set(self._current.version)
            return True
        return False

    def _say(self, why: str) -> bool:
        if why != self.damage:
            _log.warning("control snapshot %s: %s; keeping the last good one", self._name, why)
        self.damage = why
        DAMAGED.labels(name=self._name).set(1)
        return False

    def _versions(self) -> list[tuple[int, Path]]:
        return publish.version_paths(self._directory, self._name)
